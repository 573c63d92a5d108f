//! What request bodies have in common.

use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{RefOr, Required, Schema};

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A `PATCH` takes both of its media types with the same example, and a body that may be left out is not null but absent.
pub fn complete(method: &HttpMethod, operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    if *method == HttpMethod::Patch {
        take_merge_patch(body);
    }
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content
            && let Some(RefOr::T(Schema::OneOf(choice))) = &content.schema
            && let [schema] = choice.items.iter().filter(|item| !is_null(item)).collect::<Vec<_>>().as_slice()
        {
            content.schema = Some((*schema).clone());
            body.required = Some(Required::False);
        }
    }
}

fn take_merge_patch(body: &mut RequestBody) {
    let with_example = body.content.values().find(|content| matches!(content, RefOr::T(content) if content.example.is_some()));
    if let Some(content) = with_example.or_else(|| body.content.values().next()).cloned() {
        body.content = [MERGE_PATCH, JSON].map(|kind| (kind.to_owned(), content.clone())).into_iter().collect();
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
