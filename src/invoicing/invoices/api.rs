use super::balance::InvoiceStatus;
use super::body::{InvoiceBody, NewInvoice};
use super::rebill::Rebill;
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::invoicing::documents::body::PatchDocumentData;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::dry_run::difference::DryRun;
use crate::order_to_cash::dry_run::dry_run;
use crate::order_to_cash::invoice::{self, Issue};
use crate::order_to_cash::rebill;
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::{InvoiceId, OrderId};
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(issue_invoice).service(list_invoices).service(get_invoice).service(patch_invoice).service(rebill_invoice);
}

/// Query parameters of the invoice list. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    /// With a line of this order; many by comma.
    order_id: Option<String>,
    /// Who pays.
    customer_id: Option<String>,
    /// issued, partially_paid, paid, credited
    #[param(example = "issued,partially_paid")]
    status: Option<String>,
    #[param(example = "INV-000001")]
    number: Option<String>,
    /// Issued on that day or later.
    issued_from: Option<NaiveDate>,
    /// Issued on that day or earlier.
    issued_to: Option<NaiveDate>,
    /// Due before that day.
    due_before: Option<NaiveDate>,
    /// Whether money is due that should have come before today.
    overdue: Option<bool>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `-created_at` (default), `created_at`, `updated_at`, `-updated_at`, `due_on`
    sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl InvoiceQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            order_id: parsed("order_id", self.order_id.as_deref())?,
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            status: known::<InvoiceStatus>("status", self.status.as_deref())?,
            number: many(self.number.as_deref()),
            issued_from: self.issued_from,
            issued_to: self.issued_to,
            due_before: self.due_before,
            overdue: self.overdue,
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<InvoiceId>, Error> {
        let filters = format!("invoices {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::DUE)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// Issue an invoice
#[utoipa::path(tag = "invoices", operation_id = "issue_invoice", security(("oauth2" = ["invoices:write"])), request_body = Option<NewInvoice>,
    params(("id" = OrderId, Path, description = "Id of the order")),
    responses(
    (status = 201, description = "Issued", body = InvoiceBody, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/{id}/invoices")]
pub async fn issue_invoice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let order_id: OrderId = call.path("id")?;
    let body: NewInvoice = call.json_or_empty()?;
    let issue = Issue { precondition: call.precondition()?, may_predate: call.actor.may(Permission::IMPORT), body };
    let key = call.idempotency_key()?;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let invoice = invoice::issue(connection, &context, order_id, &issue)?;
                let body = service::body(connection, &context, &invoice)?;
                Ok(Answer::created(format!("/v1/invoices/{}", invoice.id), &body)?.with_version(invoice.version))
            })
        })
        .await
}

/// List invoices
///
/// Newest first. Poll with `updated_from` and `sort=updated_at`.
#[utoipa::path(tag = "invoices", operation_id = "list_invoices", security(("oauth2" = ["invoices:read"])), params(InvoiceQuery), responses(
    (status = 200, description = "One page of invoices", body = Page<InvoiceBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/invoices")]
pub async fn list_invoices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    let query: InvoiceQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, &context, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get an invoice
#[utoipa::path(tag = "invoices", operation_id = "get_invoice", security(("oauth2" = ["invoices:read"])), params(("id" = InvoiceId, Path, description = "Id of the invoice")), responses(
    (status = 200, description = "The invoice", body = InvoiceBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/invoices/{id}")]
pub async fn get_invoice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    call.no_query()?;
    let id: InvoiceId = call.path("id")?;
    let invoice = app.db.read(move |connection| service::get(connection, &context, id)).await?;
    Ok(Answer::ok(&invoice)?.with_version(invoice.version))
}

/// Change an invoice's external ids and metadata
#[utoipa::path(tag = "invoices", operation_id = "patch_invoice", security(("oauth2" = ["invoices:write"])), request_body(content = PatchDocumentData, example = json!({"external_ids": {"datev": "4711"}})), params(("id" = InvoiceId, Path, description = "Id of the invoice")), responses(
    (status = 200, description = "Changed", body = InvoiceBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/invoices/{id}")]
pub async fn patch_invoice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let id: InvoiceId = call.path("id")?;
    let (body, precondition): (PatchDocumentData, _) = (call.json()?, call.precondition()?);
    let invoice = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&invoice)?.with_version(invoice.version))
}

/// Issue an invoice anew
///
/// Credit and rebill: what is left of the invoice is taken back by a credit note and invoiced anew in one step, for who was billed under
/// a wrong name, address, tax number or reference. Quantities, prices, taxes and the rate of exchange stay; what was paid on the invoice
/// moves to the new one. With `dry_run`, which also wants `orders:read`, the answer is what would change, and nothing does.
#[utoipa::path(tag = "invoices", operation_id = "rebill_invoice", security(("oauth2" = ["invoices:write"])), request_body = Rebill, params(("id" = InvoiceId, Path, description = "Id of the invoice")), responses(
    (status = 200, description = "With `dry_run`: what would change of the order", body = DryRun),
    (status = 201, description = "Issued: the new invoice", body = InvoiceBody, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/invoices/{id}/rebill")]
pub async fn rebill_invoice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let id: InvoiceId = call.path("id")?;
    let (body, precondition): (Rebill, _) = (call.json()?, call.precondition()?);
    let key = call.idempotency_key()?;
    if body.dry_run {
        call.also(Permission::ORDERS_READ)?;
    }
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                if body.dry_run {
                    let order_id = rebill::order_of(connection, &context, id)?;
                    let rebill = |connection: &mut _| rebill::rebill(connection, &context, id, &body, &precondition).map(drop);
                    return Answer::ok(&dry_run(connection, &context, order_id, rebill)?);
                }
                let invoice = rebill::rebill(connection, &context, id, &body, &precondition)?;
                let body = service::body(connection, &context, &invoice)?;
                Ok(Answer::created(format!("/v1/invoices/{}", invoice.id), &body)?.with_version(invoice.version))
            })
        })
        .await
}
