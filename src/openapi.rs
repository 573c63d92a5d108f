//! The OpenAPI 3.1 document: info, security schemes, shared answers.

use crate::app;
use crate::error::Problem;
use utoipa::openapi::OpenApi as Document;
use utoipa::{OpenApi, ToResponse};

// Each run of rustfmt would indent the attribute further.
#[rustfmt::skip]
macro_rules! problem_response {
    ($name:ident, $description:literal, $status:literal, $code:literal, $title:literal, $detail:literal) => {
        #[derive(ToResponse)]
        #[response(description = $description, content_type = "application/problem+json", example = json!({
            "type": concat!("urn:pesanan:problem:", $code), "title": $title, "status": $status, "detail": $detail,
            "instance": "urn:uuid:01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "code": $code, "errors": []
        }))]
        #[allow(dead_code)]
        pub struct $name(#[to_schema] Problem);
    };
}

problem_response!(
    BadRequest,
    "Malformed syntax",
    400,
    "unknown_parameter",
    "The request is malformed",
    "'colour' is not a parameter of this operation"
);
problem_response!(NotFound, "Not there, or another organization's", 404, "not_found", "Not found", "no such order");
problem_response!(
    Conflict,
    "The stored state does not allow this",
    409,
    "invalid_transition",
    "The stored state does not allow this",
    "'ship' is not possible in status 'cancelled'"
);
problem_response!(
    Stale,
    "If-Match named another version",
    412,
    "stale_version",
    "The thing has changed since it was read",
    "the current version is 4; read it again"
);
problem_response!(Invalid, "Against schema or rule", 422, "validation_failed", "The body is against the rules", "2 faults; see errors");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pesanan",
        description = "Sales order management: order to cash.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem), responses(BadRequest, NotFound, Conflict, Stale, Invalid))
)]
struct Base;

/// The whole document, from the same registration that serves the routes.
pub fn document() -> Document {
    let (_, document) = app::routes(Base::openapi());
    document
}
