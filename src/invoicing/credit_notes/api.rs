use super::body::{CreditNoteBody, NewCreditNote};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::invoicing::documents::body::PatchDocumentData;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::credit;
use crate::order_to_cash::dry_run::difference::DryRun;
use crate::order_to_cash::dry_run::dry_run;
use crate::platform::filters::{many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::CreditNoteId;
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(issue_credit_note).service(list_credit_notes).service(get_credit_note).service(patch_credit_note);
}

/// Query parameters of the credit-note list. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreditNoteQuery {
    /// The invoice that is credited; many by comma.
    invoice_id: Option<String>,
    /// With a line of this order; many by comma.
    order_id: Option<String>,
    /// Who paid or pays; many by comma.
    customer_id: Option<String>,
    #[param(example = "CN-000001")]
    number: Option<String>,
    /// Issued on that day or later.
    issued_from: Option<NaiveDate>,
    /// Issued on that day or earlier.
    issued_to: Option<NaiveDate>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `-created_at` (default), `created_at`, `updated_at`, `-updated_at`
    sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl CreditNoteQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            invoice_id: parsed("invoice_id", self.invoice_id.as_deref())?,
            order_id: parsed("order_id", self.order_id.as_deref())?,
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            number: many(self.number.as_deref()),
            issued_from: self.issued_from,
            issued_to: self.issued_to,
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<CreditNoteId>, Error> {
        let filters = format!("credit_notes {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// Issue a credit note
///
/// Takes back a part of an invoice, or all that is left of it. What was paid too much becomes unapplied money of its payment. With
/// `dry_run`, which also wants `orders:read`, the answer is what would change, and nothing does.
#[utoipa::path(tag = "invoices", operation_id = "issue_credit_note", security(("oauth2" = ["invoices:write"])), request_body = NewCreditNote,
    responses(
    (status = 200, description = "With `dry_run`: what would change of the order", body = DryRun),
    (status = 201, description = "Issued", body = CreditNoteBody, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/credit_notes")]
pub async fn issue_credit_note(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let body: NewCreditNote = call.json()?;
    let key = call.idempotency_key()?;
    if body.dry_run {
        call.also(Permission::ORDERS_READ)?;
    }
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                if body.dry_run {
                    let order_id = credit::order_of(connection, &context, body.invoice_id)?;
                    let issue = |connection: &mut _| credit::issue(connection, &context, &body).map(drop);
                    return Answer::ok(&dry_run(connection, &context, order_id, issue)?);
                }
                let note = credit::issue(connection, &context, &body)?;
                let body = CreditNoteBody::from(&note);
                Ok(Answer::created(format!("/v1/credit_notes/{}", note.id), &body)?.with_version(note.version))
            })
        })
        .await
}

/// List credit notes
///
/// Newest first. Poll with `updated_from` and `sort=updated_at`.
#[utoipa::path(tag = "invoices", operation_id = "list_credit_notes", security(("oauth2" = ["invoices:read"])), params(CreditNoteQuery), responses(
    (status = 200, description = "One page of credit notes", body = Page<CreditNoteBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/credit_notes")]
pub async fn list_credit_notes(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    let query: CreditNoteQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get a credit note
#[utoipa::path(tag = "invoices", operation_id = "get_credit_note", security(("oauth2" = ["invoices:read"])), params(("id" = CreditNoteId, Path, description = "Id of the credit note")), responses(
    (status = 200, description = "The credit note", body = CreditNoteBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/credit_notes/{id}")]
pub async fn get_credit_note(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    call.no_query()?;
    let id: CreditNoteId = call.path("id")?;
    let note = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&note)?.with_version(note.version))
}

/// Change a credit note's external ids and metadata
#[utoipa::path(tag = "invoices", operation_id = "patch_credit_note", security(("oauth2" = ["invoices:write"])), request_body(content = PatchDocumentData, example = json!({"external_ids": {"datev": "4712"}})), params(("id" = CreditNoteId, Path, description = "Id of the credit note")), responses(
    (status = 200, description = "Changed", body = CreditNoteBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/credit_notes/{id}")]
pub async fn patch_credit_note(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let id: CreditNoteId = call.path("id")?;
    let (body, precondition): (PatchDocumentData, _) = (call.json()?, call.precondition()?);
    let note = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&note)?.with_version(note.version))
}
