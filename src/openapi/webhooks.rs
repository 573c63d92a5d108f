//! The `webhooks` of the document: what a receiver is sent, one a type of events.

use crate::events::catalogue::{EventType, all};
use serde_json::{Value, json};
use utoipa::openapi::path::{PathItem, Paths};

const ID: &str = "019f4c8e-6f00-7000-8000-00000000002a";
const AT: &str = "2026-03-02T02:00:00Z";

/// All of them, by the names of their types.
pub fn all_webhooks() -> Paths {
    let mut paths = Paths::new();
    for event_type in all() {
        if let Ok(item) = serde_json::from_value::<PathItem>(item(event_type)) {
            paths.paths.insert(event_type.name.to_owned(), item);
        }
    }
    paths
}

fn item(event_type: &EventType) -> Value {
    let subject = event_type.name.split('.').next().unwrap_or_default();
    let data = event_type.data_schema().unwrap_or_else(|| json!({ "type": "object" }));
    let example = json!({
        "id": ID, "type": event_type.name, "occurred_at": AT, "position": "AQAAAAAAAAAq",
        "actor": { "type": "system", "id": null, "name": "system" }, "order_id": null,
        "subject": { "type": subject, "id": ID }, "data": event_type.data_example(), "timestamp": AT,
    });
    let own = json!({ "type": "object", "required": ["timestamp"], "properties": {
        "type": { "type": "string", "enum": [event_type.name] },
        "timestamp": { "type": "string", "format": "date-time", "description": "`occurred_at`, by the name that Standard Webhooks gives it" },
        "data": data,
    } });
    let header = |name: &str, what: &str| json!({ "name": name, "in": "header", "required": true, "description": what, "schema": { "type": "string" } });
    let received = json!({ "description": "It has been stored; anything else is tried again" });
    let gone = json!({ "description": "No more, please: the endpoint is disabled" });
    json!({ "post": {
        "tags": ["webhooks"],
        "operationId": format!("receive_{}", event_type.name.replace('.', "_")),
        "summary": event_type.name,
        "description": format!("{}. Takes the scope `{}`.", event_type.what, event_type.scope()),
        "parameters": [
            header("webhook-id", "Of the event; the same when it comes again"),
            header("webhook-timestamp", "Seconds since 1970, when it was sent"),
            header("webhook-signature", "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each valid secret, separated by spaces"),
        ],
        "requestBody": { "required": true, "content": { "application/json": {
            "schema": { "allOf": [{ "$ref": "#/components/schemas/Event" }, own] }, "example": example,
        } } },
        "responses": { "2XX": received, "410": gone },
    } })
}
