use super::balance::InvoiceStatus;
use super::body::{InvoiceBody, NewInvoice, PutDocumentData};
use super::service::{self, Filter, Sort};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::order_to_cash::invoice::{self, Issue};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::merge_patch::MergePatch;
use crate::types::id::{CustomerId, InvoiceId, OrderId};
use crate::types::page::{Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(issue_invoice).service(list_invoices).service(get_invoice).service(patch_invoice);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    order_id: Option<OrderId>,
    /// Who pays.
    customer_id: Option<CustomerId>,
    /// `issued`, `partially_paid`, `paid`, `credited`; many by comma.
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
    /// `created_at` (default), `updated_at` or `due_on`.
    sort: Option<Sort>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl InvoiceQuery {
    fn filter(&self) -> Result<Filter, Error> {
        let statuses = self.status.as_ref().map(|all| all.split(',').map(str::parse::<InvoiceStatus>).collect::<Result<Vec<_>, _>>());
        let statuses = statuses.transpose().map_err(|unknown| Error::bad_request("invalid_parameter", format!("status: {unknown}")))?;
        Ok(Filter {
            order_id: self.order_id,
            customer_id: self.customer_id,
            statuses,
            number: self.number.clone(),
            issued_from: self.issued_from,
            issued_to: self.issued_to,
            due_before: self.due_before,
            overdue: self.overdue,
            updated_from: self.updated_from,
            today: NaiveDate::default(),
        })
    }

    /// What a cursor is bound to.
    fn name(&self) -> String {
        format!("invoices {:?}", Self { limit: None, cursor: None, ..self.clone() })
    }

    fn after(&self, sort: Sort) -> Result<Option<(String, InvoiceId)>, Error> {
        let Some(key) = page_after(self.cursor.as_deref(), &self.name(), 2)? else { return Ok(None) };
        let id = key[1].parse().ok().filter(|_| sort.takes(&key[0]));
        let id = id.ok_or(Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))?;
        Ok(Some((key[0].clone(), id)))
    }
}

/// Issue an invoice
#[utoipa::path(tag = "invoices", operation_id = "issue_invoice", request_body(content = NewInvoice, description = "May be left out"),
    params(("id" = OrderId, Path, description = "Id of the order"), ("Idempotency-Key" = Option<String>, Header, description = "Repeats are answered like the first")),
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
                let body = InvoiceBody::of(&invoice, service::today(connection, &context)?);
                Ok(Answer::created(format!("/v1/invoices/{}", invoice.id), &body)?.with_version(invoice.version))
            })
        })
        .await
}

/// List invoices
#[utoipa::path(tag = "invoices", operation_id = "list_invoices", params(InvoiceQuery), responses(
    (status = 200, description = "One page of invoices", body = Page<InvoiceBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/invoices")]
pub async fn list_invoices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    let query: InvoiceQuery = call.query()?;
    let (filter, sort, name, limit) = (query.filter()?, query.sort.unwrap_or(Sort::CreatedAt), query.name(), page_limit(query.limit)?);
    let after = query.after(sort)?;
    let page = app
        .db
        .read(move |connection| {
            let after = after.as_ref().map(|(key, id)| (key.as_str(), *id));
            service::list(connection, &context, &filter, sort, &name, after, limit)
        })
        .await?;
    Answer::ok(&page)
}

/// Get an invoice
#[utoipa::path(tag = "invoices", operation_id = "get_invoice", params(("id" = InvoiceId, Path, description = "Id of the invoice")), responses(
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
#[utoipa::path(tag = "invoices", operation_id = "patch_invoice", request_body(
    content((MergePatch<PutDocumentData> = "application/merge-patch+json"), (MergePatch<PutDocumentData> = "application/json")),
    example = json!({"external_ids": {"datev": "4711"}})
), params(("id" = InvoiceId, Path, description = "Id of the invoice")), responses(
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
    let (body, precondition): (MergePatch<PutDocumentData>, _) = (call.json()?, call.precondition()?);
    let invoice = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&invoice)?.with_version(invoice.version))
}
