use super::body::{PaymentProviderBody, PutPaymentProvider};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::page::ChangedQuery;
use crate::types::page::Page;
use actix_web::web::Data;
use actix_web::{get, put};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_payment_providers).service(get_payment_provider).service(put_payment_provider);
}

/// List payment providers
#[utoipa::path(tag = "payments", operation_id = "list_payment_providers", security(("oauth2" = ["admin"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of payment providers, by code", body = Page<PaymentProviderBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/payment_providers")]
pub async fn list_payment_providers(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    let query: ChangedQuery = call.query()?;
    let asked = query.read("payment_providers")?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &asked)).await?;
    Answer::ok(&page)
}

/// Get a payment provider
#[utoipa::path(tag = "payments", operation_id = "get_payment_provider", security(("oauth2" = ["admin"])), params(("code" = String, Path, description = "Code of the provider", example = "stripe")), responses(
    (status = 200, description = "The payment provider", body = PaymentProviderBody, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/payment_providers/{code}")]
pub async fn get_payment_provider(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let code = call.path_code("code", "payment provider")?;
    let provider = app.db.read(move |connection| service::get(connection, context.organization_id, &code)).await?;
    Ok(Answer::ok(&provider)?.with_version(provider.version))
}

/// Create or replace a payment provider
///
/// `api_key` and `webhook_secrets` are kept where they are absent. Payments name the provider by its code.
#[utoipa::path(tag = "payments", operation_id = "put_payment_provider", security(("oauth2" = ["admin"])), request_body = PutPaymentProvider, params(("code" = String, Path, description = "Code of the provider", example = "stripe")), responses(
    (status = 200, description = "Replaced", body = PaymentProviderBody),
    (status = 201, description = "Created", body = PaymentProviderBody),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/payment_providers/{code}")]
pub async fn put_payment_provider(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let code = call.path_code("code", "payment provider")?;
    let body: PutPaymentProvider = call.json()?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let location = format!("/v1/payment_providers/{code}");
    let (provider, created) =
        app.db.write(move |connection| service::put(connection, &context, &code, &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(location, &provider)? } else { Answer::ok(&provider)? };
    Ok(answer.with_version(provider.version))
}
