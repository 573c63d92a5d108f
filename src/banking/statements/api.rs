use super::super::entries::api::{EntryQuery, entries_of};
use super::body::{BankStatement, BankStatementStatus, StatementFormat, StatementQuery};
use super::service::{self, Reading};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::banking::entries::body::BankEntryBody;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::bank_entries::book_certain_of;
use crate::platform::filters;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::BankStatementId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(import_bank_statement).service(list_bank_statements).service(get_bank_statement).service(list_bank_statement_entries);
}

/// Import a bank statement
///
/// A camt.053 document (ISO 20022, version 02 or 08) or a CSV file whose columns the query names, up to 32 MiB. The file is stored
/// before anything is made of it; the same bytes, and the same entry in another file, are taken in once. What is certain becomes a
/// payment on its documents before this is answered; the rest waits for a person with suggestions. A file that cannot be read as a
/// whole is kept as `rejected` and answered 422, each fault with its row or XPath; nothing of it is taken in. The same bytes with another
/// mapping are read anew while nothing of them is decided: their entries take the place of those before, and one that both readings have
/// keeps its id.
#[utoipa::path(tag = "payments", operation_id = "import_bank_statement", security(("oauth2" = ["payments:write"])), params(StatementQuery),
    request_body(content(
        (String = "application/xml", example = json!(include_str!("example.xml"))),
        (String = "text/xml", example = json!(include_str!("example.xml"))),
        (String = "text/csv", example = json!("booked_on,amount,remittance_text,counterparty_name\n2026-03-02,555000.00,INV-000001,Toko Sumber\n")),
    )),
    responses(
    (status = 200, description = "The same file was taken in before, by the same mapping", body = BankStatement, headers(("ETag" = String, description = "The version"))),
    (status = 201, description = "Taken in, or read anew", body = BankStatement, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/bank_statements")]
pub async fn import_bank_statement(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    let (kind, raw) = call.raw(&["application/xml", "text/xml", "text/csv"])?;
    let query: StatementQuery = call.query()?;
    let (format, reading) = match kind {
        "text/csv" => (StatementFormat::Csv, Reading::Csv(Box::new(query.mapping()?))),
        _ => (StatementFormat::Camt053, Reading::Camt053),
    };
    if raw.is_empty() {
        return Err(Error::invalid("", "required", "send the file as the body"));
    }
    let key = call.idempotency_key()?;
    let asked = key.clone();
    if let Some(answer) = app.db.read(move |connection| idempotency::answered(connection, asked.as_ref())).await? {
        return Ok(answer);
    }
    let raw: Arc<[u8]> = raw.into();
    let hash = digest::digest(&digest::SHA256, &raw).as_ref().to_vec();
    let new_id = BankStatementId::generate();
    let id = {
        let (context, raw) = (context.clone(), raw.clone());
        app.db.write(move |connection| Ok(service::receive(connection, &context, new_id, format, &hash, &raw)?)).await?
    };
    let imported = {
        let (context, reading) = (context.clone(), reading.clone());
        app.db.write(move |connection| service::import(connection, &context, id, &reading, &raw)).await
    };
    let known = match imported {
        Ok(known) => known,
        Err(Error::Invalid(faults)) => {
            let told = faults.clone();
            app.db.write(move |connection| service::reject(connection, &context, id, &told)).await?;
            return Err(Error::Invalid(faults));
        }
        Err(error) => return Err(error),
    };
    let (db, numbers, booker) = (app.db.clone(), app.numbers.clone(), context.clone());
    actix_web::web::block(move || book_certain_of(&db, &numbers, &booker)).await.map_err(Error::internal)??;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let statement = service::get(connection, context.organization_id, id)?;
                let answer = match known {
                    true => Answer::ok(&statement)?,
                    false => Answer::created(format!("/v1/bank_statements/{id}"), &statement)?,
                };
                Ok(answer.with_version(statement.version))
            })
        })
        .await
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BankStatementQuery {
    /// `received imported rejected`; many by comma.
    #[param(example = "rejected")]
    pub status: Option<String>,
    /// Came or changed at or after this instant; matching changes its entries, not the statement.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// List bank statements
#[utoipa::path(tag = "payments", operation_id = "list_bank_statements", security(("oauth2" = ["payments:read"])), params(BankStatementQuery), responses(
    (status = 200, description = "One page of bank statements, the newest first", body = Page<BankStatement>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/bank_statements")]
pub async fn list_bank_statements(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let query: BankStatementQuery = call.query()?;
    let status = filters::known::<BankStatementStatus>("status", query.status.as_deref())?;
    let updated_from = query.updated_from;
    let bound_to = format!("bank_statements {status:?} {updated_from:?}");
    let limit = page_limit(query.limit)?;
    let before = page_id(page_after(query.cursor.as_deref(), &bound_to, 1)?)?.map(BankStatementId);
    let page = app
        .db
        .read(move |connection| service::list(connection, context.organization_id, &status, updated_from, before, limit, &bound_to))
        .await?;
    Answer::ok(&page)
}

/// Get a bank statement
#[utoipa::path(tag = "payments", operation_id = "get_bank_statement", security(("oauth2" = ["payments:read"])), params(("id" = BankStatementId, Path, description = "Id of the statement")), responses(
    (status = 200, description = "The statement with the counts of its entries", body = BankStatement),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/bank_statements/{id}")]
pub async fn get_bank_statement(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    call.no_query()?;
    let id: BankStatementId = call.path("id")?;
    let statement = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Answer::ok(&statement)
}

/// List the entries of a bank statement
///
/// In the order in which they came. `status=suggested,unmatched` is what waits for a person.
#[utoipa::path(tag = "payments", operation_id = "list_bank_statement_entries", security(("oauth2" = ["payments:read"])), params(("id" = BankStatementId, Path, description = "Id of the statement"), EntryQuery), responses(
    (status = 200, description = "One page of entries", body = Page<BankEntryBody>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/bank_statements/{id}/entries")]
pub async fn list_bank_statement_entries(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let query: EntryQuery = call.query()?;
    let id: BankStatementId = call.path("id")?;
    entries_of(&app, context, &query, Some(id)).await
}
