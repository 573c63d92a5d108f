use super::body::{BankEntryBody, IgnoreBankEntry, MatchBankEntry};
use super::entry::BankEntryStatus;
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::actor::Context;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::banking::files::Direction;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::bank_entries::match_entry;
use crate::payments::body::write_off;
use crate::payments::service::{next_number, next_refund_number, put_number_back};
use crate::platform::filters;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::{BankEntryId, BankStatementId};
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_bank_entries)
        .service(get_bank_entry)
        .service(match_bank_entry)
        .service(ignore_bank_entry)
        .service(unmatch_bank_entry);
}

/// Query parameters of the entry list. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// `matched suggested unmatched ignored`
    #[param(example = "suggested,unmatched")]
    pub status: Option<String>,
    /// `credit` or `debit`
    #[param(example = "credit")]
    pub direction: Option<String>,
    /// IBAN or number of our account.
    pub account: Option<String>,
    /// Entries that these payments stand for.
    pub payment_id: Option<String>,
    /// Came or changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// One page of the entries of a statement, or of all; 404 for a statement that is not there.
pub async fn entries_of(app: &App, context: Context, query: &EntryQuery, statement_id: Option<BankStatementId>) -> Result<Answer, Error> {
    let filter = Filter {
        statement_id,
        status: filters::known::<BankEntryStatus>("status", query.status.as_deref())?,
        direction: filters::known::<Direction>("direction", query.direction.as_deref())?,
        account: filters::many(query.account.as_deref()),
        payment_id: filters::parsed("payment_id", query.payment_id.as_deref())?,
        updated_from: query.updated_from,
    };
    let bound_to = format!("bank_entries {filter:?}");
    let limit = page_limit(query.limit)?;
    let after = page_id(page_after(query.cursor.as_deref(), &bound_to, 1)?)?.map(BankEntryId);
    let page = app.db.read(move |connection| {
        if let Some(id) = filter.statement_id {
            crate::banking::statements::service::get(connection, context.organization_id, id)?;
        }
        service::list(connection, context.organization_id, &filter, after, limit, &bound_to)
    });
    Answer::ok(&page.await?)
}

/// List bank entries
///
/// Of all statements, in the order in which they came. `status=suggested,unmatched` is what waits for a person.
#[utoipa::path(tag = "payments", operation_id = "list_bank_entries", security(("oauth2" = ["payments:read"])), params(EntryQuery), responses(
    (status = 200, description = "One page of entries", body = Page<BankEntryBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/bank_entries")]
pub async fn list_bank_entries(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let query: EntryQuery = call.query()?;
    entries_of(&app, context, &query, None).await
}

/// Get a bank entry
#[utoipa::path(tag = "payments", operation_id = "get_bank_entry", security(("oauth2" = ["payments:read"])), params(("id" = BankEntryId, Path, description = "Id of the entry")), responses(
    (status = 200, description = "The entry with what it may be for", body = BankEntryBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/bank_entries/{id}")]
pub async fn get_bank_entry(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    call.no_query()?;
    let id: BankEntryId = call.path("id")?;
    let entry = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&entry)?.with_version(entry.version))
}

/// Match a bank entry
///
/// With `allocations` or `customer_id` the money is booked as a payment, received on the entry's day; with `payment_id` or `refund_id`
/// it is money that is booked already; with `reversed_payment_id` the payer's bank has taken that payment back, and it is reversed. An entry is matched once, a payment or refund stands for one entry. Adjustments of kind
/// `write_off` need the scope `payments:write_off`.
#[utoipa::path(tag = "payments", operation_id = "match_bank_entry", security(("oauth2" = ["payments:write"])), request_body = MatchBankEntry,
    params(("id" = BankEntryId, Path, description = "Id of the entry")), responses(
    (status = 200, description = "Matched", body = BankEntryBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/bank_entries/{id}/match")]
pub async fn match_bank_entry(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: BankEntryId = call.path("id")?;
    let body: MatchBankEntry = call.json()?;
    if write_off(body.allocations.as_deref().unwrap_or_default()) {
        call.require(Permission::PAYMENTS_WRITE_OFF)?;
    }
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    body.check()?;
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    // Reversals are numbered with refunds.
    let next = if body.reversed_payment_id.is_some() { next_refund_number } else { next_number };
    let number = app.db.read(move |connection| next(connection, &numbers, organization_id)).await?;
    let written = number.clone();
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let entry = match_entry(connection, &context, id, &body, written.clone(), &precondition)?;
                let version = entry.version;
                Ok(Answer::ok(&BankEntryBody::from(entry))?.with_version(version))
            })
        })
        .await;
    put_number_back(&app.numbers, organization_id, &number, &answer);
    answer
}

/// Ignore a bank entry
///
/// For fees, interest, transfers between own accounts: nothing is booked.
#[utoipa::path(tag = "payments", operation_id = "ignore_bank_entry", security(("oauth2" = ["payments:write"])), request_body = IgnoreBankEntry,
    params(("id" = BankEntryId, Path, description = "Id of the entry")), responses(
    (status = 200, description = "Ignored", body = BankEntryBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/bank_entries/{id}/ignore")]
pub async fn ignore_bank_entry(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: BankEntryId = call.path("id")?;
    let body: IgnoreBankEntry = call.json()?;
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let entry = service::ignore(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&entry)?.with_version(entry.version))
            })
        })
        .await
}

/// A body without fields; it may be left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Take the match of a bank entry back
///
/// Of an entry that is ignored, or linked to a payment or refund that had been booked before: it is open again. Where the match has
/// booked or reversed a payment, 409 `payment_booked`: that money has moved. Where it is on the wrong document, release its
/// allocation (`POST /v1/payments/{id}/allocations/release`) and allocate it elsewhere.
#[utoipa::path(tag = "payments", operation_id = "unmatch_bank_entry", security(("oauth2" = ["payments:write"])), params(("id" = BankEntryId, Path, description = "Id of the entry")), responses(
    (status = 200, description = "Open again", body = BankEntryBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
))]
#[post("/v1/bank_entries/{id}/unmatch")]
pub async fn unmatch_bank_entry(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: BankEntryId = call.path("id")?;
    let Nothing {} = call.json_or_empty()?;
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let entry = service::unmatch(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&entry)?.with_version(entry.version))
            })
        })
        .await
}
