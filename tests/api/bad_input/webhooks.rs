//! Webhook endpoints, their deliveries, and the stream of events.

use super::{Caller, NOTHING, Row};
use reqwest::Method;
use serde_json::{Value, json};

pub fn rows() -> Vec<Row> {
    let endpoint = |what: &str, status, code, body: Value| Row::new(what, Method::POST, "/v1/webhook_endpoints", status, code).json(body);
    let again = |what: &str, status, code, body: Value| {
        Row::new(what, Method::POST, format!("/v1/webhook_endpoints/{NOTHING}/redeliver"), status, code).json(body)
    };
    let with = |url: &str| json!({"url": url});
    let mut rows = vec![
        endpoint("an endpoint without a URL", 422, "required", json!({})).at("/url"),
        endpoint("an endpoint that is no URL", 422, "invalid_url", with("hooks")).at("/url"),
        endpoint("an endpoint without TLS", 422, "https_required", with("http://example.com/")).at("/url"),
        endpoint("an endpoint with a password in it", 422, "invalid_url", with("https://a:b@example.com/")).at("/url"),
        endpoint("an endpoint at a metadata service", 422, "private_target", with("https://169.254.169.254/latest")).at("/url"),
        endpoint("an endpoint on this machine", 422, "private_target", with("https://localhost/")).at("/url"),
        endpoint("an endpoint on this machine in disguise", 422, "private_target", with("https://[::ffff:7f00:1]/")).at("/url"),
        endpoint("an endpoint with a secret of its own", 422, "unknown_field", json!({"url": "https://example.com/", "secret": "x"}))
            .at("/secret"),
        endpoint(
            "types that are none",
            422,
            "unknown_event_type",
            json!({"url": "https://example.com/", "event_types": ["order.lost", "order.*"]}),
        )
        .at("/event_types/0")
        .at("/event_types/1"),
        endpoint(
            "a type twice",
            422,
            "duplicate",
            json!({"url": "https://example.com/", "event_types": ["order.captured", "order.captured"]}),
        )
        .at("/event_types/1"),
        endpoint("types that are no list", 422, "invalid_type", json!({"url": "https://example.com/", "event_types": "order.captured"}))
            .at("/event_types"),
        endpoint("an endpoint by sales", 403, "insufficient_scope", with("https://example.com/")).by(Caller::Sales),
        Row::get("/v1/webhook_endpoints?active=true", 400, "unknown_parameter"),
        Row::get("/v1/webhook_endpoints?cursor=x", 400, "invalid_cursor"),
        Row::get("/v1/webhook_endpoints", 403, "insufficient_scope").by(Caller::Viewer),
        Row::get("/v1/webhook_endpoints/x", 400, "invalid_path"),
        Row::new("a change of nothing", Method::PATCH, format!("/v1/webhook_endpoints/{NOTHING}"), 404, "not_found")
            .json(json!({"active": false})),
        Row::new("a change to an address inside", Method::PATCH, format!("/v1/webhook_endpoints/{NOTHING}"), 422, "private_target")
            .json(with("https://10.0.0.1/"))
            .at("/url"),
        again("a redelivery without a time", 422, "required", json!({})).at("/from"),
        again("a redelivery of no time", 422, "invalid_timestamp", json!({"from": "yesterday"})).at("/from"),
        again(
            "a redelivery that ends before it begins",
            422,
            "out_of_range",
            json!({"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}),
        )
        .at("/to"),
        again("a redelivery of what is under way", 422, "unknown_value", json!({"from": "2026-03-02T00:00:00Z", "status": ["pending"]}))
            .at("/status/0"),
        again("a redelivery of nothing", 404, "not_found", json!({"from": "2026-03-02T00:00:00Z"})),
        Row::get("/v1/webhook_deliveries?status=lost", 400, "invalid_parameter"),
        Row::get("/v1/webhook_deliveries?event_type=order.captuerd", 400, "invalid_parameter"),
        Row::get("/v1/events/stream?type=order.captuerd", 400, "invalid_parameter"),
        Row::get("/v1/webhook_deliveries?endpoint_id=x", 400, "invalid_parameter"),
        Row::get("/v1/webhook_deliveries?order_id=x", 400, "invalid_parameter"),
        Row::get("/v1/webhook_deliveries?from=yesterday", 400, "invalid_parameter"),
        Row::get(format!("/v1/webhook_deliveries/{NOTHING}"), 404, "not_found"),
        Row::get("/v1/event_types?type=order", 400, "unknown_parameter"),
        Row::get("/v1/events/stream?after=x", 400, "invalid_cursor").header("accept", "text/event-stream"),
        Row::get("/v1/events/stream?after=AX__________", 400, "invalid_cursor"),
        Row::get("/v1/events/stream?type=order", 400, "invalid_parameter"),
        Row::get("/v1/events/stream?limit=5", 400, "unknown_parameter"),
        Row::get("/v1/events/stream", 400, "invalid_cursor").header("last-event-id", "x"),
        Row::get("/v1/events/stream", 406, "not_acceptable").header("accept", "application/json"),
        Row::get("/v1/events/stream", 401, "unauthenticated").by(Caller::Nobody),
    ];
    for action in ["rotate_secret", "test"] {
        rows.push(Row::new(
            format!("{action} of nothing"),
            Method::POST,
            format!("/v1/webhook_endpoints/{NOTHING}/{action}"),
            404,
            "not_found",
        ));
    }
    rows.push(Row::new(
        "a redelivery of one that is not",
        Method::POST,
        format!("/v1/webhook_deliveries/{NOTHING}/redeliver"),
        404,
        "not_found",
    ));
    rows.push(Row::new("the end of nothing", Method::DELETE, format!("/v1/webhook_endpoints/{NOTHING}"), 404, "not_found"));
    rows
}
