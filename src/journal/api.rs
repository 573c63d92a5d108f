use super::body::{JournalEntry, JournalFeed, JournalFormat, to_csv};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events::position::Position;
use crate::openapi::ServiceConfig;
use crate::platform::filters;
use crate::platform::http::Answer;
use crate::types::id::{JournalEntryId, OrderId};
use crate::types::page::page_limit;
use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_journal_entries).service(get_journal_entry);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JournalQuery {
    /// `next_cursor` of the last answer or the `position` of an entry; without it the journal starts at its beginning.
    pub after: Option<String>,
    /// Only entries of this order.
    pub order_id: Option<String>,
    /// `json` (default) or `csv`.
    #[param(example = "json")]
    pub format: Option<String>,
    /// Entries a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Read the journal
///
/// Balanced double-entry lines of all documents, ordered, complete, each entry once: read on with `after` = `next_cursor`. A
/// document's entry is there about a second after the document. As CSV a row is a line of an entry; go on with the `position` of
/// the last row.
#[utoipa::path(tag = "invoices", operation_id = "list_journal_entries", security(("oauth2" = ["invoices:read", "payments:read"])), params(JournalQuery), responses(
    (status = 200, description = "The entries after the position, oldest first", content((JournalFeed = "application/json"), (String = "text/csv"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/journal_entries")]
pub async fn list_journal_entries(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    call.also(Permission::PAYMENTS_READ)?;
    let query: JournalQuery = call.query()?;
    let bad_cursor = || Error::bad_request("invalid_cursor", "take `after` from next_cursor or from an entry's position");
    let after = query.after.as_deref().map(|text| Position::decode(text).ok_or_else(bad_cursor)).transpose()?.unwrap_or_default();
    let format = query.format.as_deref().map(|format| filters::one::<JournalFormat>("format", format)).transpose()?;
    let order_id = query.order_id.as_deref().map(str::parse::<OrderId>).transpose();
    let order_id = order_id.map_err(|_| Error::bad_request("invalid_parameter", "order_id is the id of an order"))?;
    let limit = page_limit(query.limit)?;
    let feed = app.db.read(move |connection| service::read(connection, context.organization_id, order_id, after, limit)).await?;
    match format.unwrap_or(JournalFormat::Json) {
        JournalFormat::Json => Answer::ok(&feed),
        JournalFormat::Csv => Ok(Answer::csv(to_csv(&feed.data).map_err(Error::internal)?)),
    }
}

/// Get a journal entry
#[utoipa::path(tag = "invoices", operation_id = "get_journal_entry", security(("oauth2" = ["invoices:read", "payments:read"])), params(("id" = JournalEntryId, Path, description = "Id of the entry")), responses(
    (status = 200, description = "The entry", body = JournalEntry),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/journal_entries/{id}")]
pub async fn get_journal_entry(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    call.also(Permission::PAYMENTS_READ)?;
    call.no_query()?;
    let id: JournalEntryId = call.path("id")?;
    let entry = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Answer::ok(&entry)
}
