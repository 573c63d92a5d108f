use super::body::{LedgerAccount, PutLedgerAccount};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::http::Answer;
use crate::types::page::{ChangedQuery, Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{get, put};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_ledger_accounts).service(put_ledger_accounts);
}

/// List the chart of accounts
///
/// Which account each role posts to; every role has one from the start.
#[utoipa::path(tag = "invoices", operation_id = "list_ledger_accounts", security(("oauth2" = ["invoices:read"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of accounts, by role, tax category and payment method", body = Page<LedgerAccount>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/ledger_accounts")]
pub async fn list_ledger_accounts(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    let query: ChangedQuery = call.query()?;
    let (limit, updated_from, bound_to) = (page_limit(query.limit)?, query.updated_from, query.fingerprint(service::LIST));
    let after = page_after(query.cursor.as_deref(), &bound_to, 3)?;
    let page =
        app.db.read(move |connection| service::list(connection, context.organization_id, updated_from, after.as_deref(), limit, &bound_to));
    let page = page.await?;
    Answer::ok(&page)
}

/// Change the chart of accounts
///
/// A row is told by `role`, `tax_category` and `payment_method`; rows that are not named stay as they are. Entries that are posted
/// keep their accounts.
#[utoipa::path(tag = "invoices", operation_id = "put_ledger_accounts", security(("oauth2" = ["invoices:write"])),
    request_body(content = Vec<PutLedgerAccount>, example = json!([
        {"role": "revenue", "code": "4-1000", "name": "Penjualan"},
        {"role": "bank", "payment_method": "cash", "code": "1-1100", "name": "Kas"}
    ])), responses(
    (status = 200, description = "The whole chart", body = Vec<LedgerAccount>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/ledger_accounts")]
pub async fn put_ledger_accounts(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let body: Vec<PutLedgerAccount> = call.json()?;
    let rows = app.db.write(move |connection| service::put(connection, &context, &body)).await?;
    Answer::ok(&rows)
}
