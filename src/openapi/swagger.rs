//! The document and Swagger UI, whose files are all inside this program.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, ServiceConfig};
use utoipa_swagger_ui::{Config, SwaggerUi, oauth};

/// `/openapi.json`, `/docs/`, and `/docs` on the way there.
pub fn routes(json: Bytes) -> impl FnOnce(&mut ServiceConfig) {
    let config = Config::new(["/openapi.json"])
        // The badge would send this document to a server of somebody else.
        .validator_url("none")
        // Without the bar that would load any other document.
        .use_base_layout()
        .deep_linking(true)
        .display_request_duration(true)
        .persist_authorization(true)
        .try_it_out_enabled(true)
        .default_models_expand_depth(-1)
        .doc_expansion("list");
    let ui = SwaggerUi::new("/docs/{_:.*}").config(config).oauth(oauth::Config::new().client_id("").app_name("Pesanan"));
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
