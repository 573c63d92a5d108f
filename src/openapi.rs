//! The OpenAPI 3.1 document: info, security schemes, shared answers.

use crate::app;
use crate::error::Problem;
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::OpenApi as Document;
use utoipa::{OpenApi, ToResponse};
use utoipa_swagger_ui::{Config, SwaggerUi};

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

/// The document as it is committed and served: indented JSON with a line break at its end.
pub fn json(document: &Document) -> String {
    document.to_pretty_json().map(|json| json + "\n").unwrap_or_default()
}

/// The document and Swagger UI, with everything it needs inside this program.
pub fn routes(json: String) -> impl FnOnce(&mut ServiceConfig) {
    let ui = SwaggerUi::new("/docs/{_:.*}").config(
        Config::new(["/openapi.json"])
            .validator_url("none")
            .deep_linking(true)
            .display_request_duration(true)
            .persist_authorization(true)
            .try_it_out_enabled(true)
            .default_models_expand_depth(-1)
            .doc_expansion("list"),
    );
    move |config: &mut ServiceConfig| {
        let serve = move || {
            let json = json.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(json) }
        };
        config
            .route("/openapi.json", web::get().to(serve))
            .route("/docs", web::get().to(|| async { HttpResponse::PermanentRedirect().insert_header(("Location", "/docs/")).finish() }))
            .service(ui);
    }
}

/// The documented paths with their methods, to tell a wrong method from a wrong path.
pub struct Paths(Vec<(Vec<String>, String)>);

impl Paths {
    pub fn of(document: &Document) -> Self {
        let json = serde_json::to_value(&document.paths).unwrap_or_default();
        let paths = json.as_object().cloned().unwrap_or_default();
        let known = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
        let methods = |item: &serde_json::Value| {
            let words = known.iter().filter(|method| item.get(**method).is_some()).map(|method| method.to_uppercase());
            words.collect::<Vec<_>>().join(", ")
        };
        Self(paths.iter().map(|(path, item)| (path.split('/').map(str::to_owned).collect(), methods(item))).collect())
    }

    /// `GET, PATCH` for a path that is documented, whatever its parameters.
    pub fn methods(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &[String]| {
            pattern.len() == parts.len()
                && pattern.iter().zip(&parts).all(|(p, part)| p == part || (p.starts_with('{') && !part.is_empty()))
        };
        self.0.iter().find(|(pattern, _)| fits(pattern)).map(|(_, methods)| methods.clone())
    }
}
