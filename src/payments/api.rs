use super::body::{CapturePayment, NewAllocations, NewPayment, PatchPaymentData, PaymentBody, write_off};
use super::corrections::{ReleaseAllocations, ReversePayment};
use super::payment::{Payment, PaymentStatus};
use super::refunds::body::{NewRefund, RefundBody};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::actor::Context;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::release_allocation::release;
use crate::order_to_cash::reverse::reverse;
use crate::order_to_cash::{pay, refund};
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::{Answer, Precondition};
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::PaymentId;
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(receive_payment)
        .service(list_payments)
        .service(get_payment)
        .service(patch_payment)
        .service(allocate_payment)
        .service(release_allocations)
        .service(capture_payment)
        .service(void_payment)
        .service(fail_payment)
        .service(refund_payment)
        .service(reverse_payment);
}

/// Query parameters of the payment list. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentQuery {
    /// Payments announced for the order, or with money on it at any time.
    order_id: Option<String>,
    /// Payments with money on the invoice at any time.
    invoice_id: Option<String>,
    /// Who paid.
    customer_id: Option<String>,
    /// pending, authorized, captured, voided, failed, reversed, partially_refunded, refunded
    #[param(example = "captured")]
    status: Option<String>,
    #[param(example = "RCP-000001")]
    number: Option<String>,
    /// The whole reference.
    reference: Option<String>,
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

impl PaymentQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            order_id: parsed("order_id", self.order_id.as_deref())?,
            invoice_id: parsed("invoice_id", self.invoice_id.as_deref())?,
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            status: known::<PaymentStatus>("status", self.status.as_deref())?,
            number: many(self.number.as_deref()),
            reference: self.reference.clone(),
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<PaymentId>, Error> {
        let filters = format!("payments {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// A body without fields; it may be left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Book a payment
///
/// Money that arrived is never refused: what exceeds the debt stays as `unapplied_amount`. Adjustments of kind `write_off` need the
/// scope `payments:write_off`, and so do tax and fees above the money that they stand beside; an `early_payment_discount` is what the
/// terms of its invoice grant at most. What stands on the document already counts.
#[utoipa::path(tag = "payments", operation_id = "receive_payment", security(("oauth2" = ["payments:write"])), request_body = NewPayment,
    responses(
    (status = 201, description = "Booked", body = PaymentBody, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/payments")]
pub async fn receive_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let body: NewPayment = call.json()?;
    if write_off(body.allocations()) {
        call.require(Permission::PAYMENTS_WRITE_OFF)?;
    }
    let key = call.idempotency_key()?;
    body.check()?;
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    let number = app.db.read(move |connection| service::next_number(connection, &numbers, organization_id)).await?;
    let written = number.clone();
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let payment = pay::receive(connection, &context, &body, written.clone())?;
                let body = PaymentBody::of(&payment, vec![]);
                Ok(Answer::created(format!("/v1/payments/{}", payment.id), &body)?.with_version(payment.version))
            })
        })
        .await;
    service::put_number_back(&app.numbers, organization_id, &number, &answer);
    answer
}

/// List payments
///
/// Newest first. Poll with `updated_from` and `sort=updated_at`.
#[utoipa::path(tag = "payments", operation_id = "list_payments", security(("oauth2" = ["payments:read"])), params(PaymentQuery), responses(
    (status = 200, description = "One page of payments", body = Page<PaymentBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/payments")]
pub async fn list_payments(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let query: PaymentQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get a payment
#[utoipa::path(tag = "payments", operation_id = "get_payment", security(("oauth2" = ["payments:read"])), params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "The payment with its refunds", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/payments/{id}")]
pub async fn get_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    call.no_query()?;
    let id: PaymentId = call.path("id")?;
    let payment = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&payment)?.with_version(payment.version))
}

/// Change a payment's reference, external ids and metadata
#[utoipa::path(tag = "payments", operation_id = "patch_payment", security(("oauth2" = ["payments:write"])), request_body(content = PatchPaymentData, example = json!({"reference": "BCA 2026-03-02 / 7781"})), params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "Changed", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/payments/{id}")]
pub async fn patch_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: PaymentId = call.path("id")?;
    let (body, precondition): (PatchPaymentData, _) = (call.json()?, call.precondition()?);
    let payment = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&payment)?.with_version(payment.version))
}

/// Put unapplied money on invoices and orders
#[utoipa::path(tag = "payments", operation_id = "allocate_payment", security(("oauth2" = ["payments:write"])), request_body(content = NewAllocations,
    example = json!({"allocations": [{"invoice_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "amount": "50000.00"}]})),
    params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "Applied", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/payments/{id}/allocations")]
pub async fn allocate_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    call.path::<PaymentId>("id")?;
    let body: NewAllocations = call.json()?;
    if write_off(&body.allocations) {
        call.require(Permission::PAYMENTS_WRITE_OFF)?;
    }
    act(&call, &app, context, move |connection, context, id, precondition| pay::allocate(connection, context, id, &body, precondition))
        .await
}

/// Take money off an invoice or order
///
/// For money that was put on the wrong document: it is unapplied again, the document is due again, and no money leaves. Put it where
/// it belongs with `allocations`.
#[utoipa::path(tag = "payments", operation_id = "release_allocations", security(("oauth2" = ["payments:write"])), request_body(content = ReleaseAllocations,
    example = json!({"invoice_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "reason": "The payer named the wrong invoice"})),
    params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "Unapplied", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/payments/{id}/allocations/release")]
pub async fn release_allocations(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    call.path::<PaymentId>("id")?;
    let body: ReleaseAllocations = call.json()?;
    body.check()?;
    act(&call, &app, context, move |connection, context, id, precondition| release(connection, context, id, &body, precondition)).await
}

/// Capture an authorized or announced payment
#[utoipa::path(tag = "payments", operation_id = "capture_payment", security(("oauth2" = ["payments:write"])), request_body = Option<CapturePayment>,
    params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "Captured", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/payments/{id}/capture")]
pub async fn capture_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let body: CapturePayment = call.json_or_empty()?;
    act(&call, &app, context, move |connection, context, id, precondition| pay::capture(connection, context, id, &body, precondition)).await
}

/// Void an authorized or announced payment
#[utoipa::path(tag = "payments", operation_id = "void_payment", security(("oauth2" = ["payments:write"])), params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "Voided", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
))]
#[post("/v1/payments/{id}/void")]
pub async fn void_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let Nothing {} = call.json_or_empty()?;
    act(&call, &app, context, pay::void).await
}

/// Mark an authorized or announced payment as failed
#[utoipa::path(tag = "payments", operation_id = "fail_payment", security(("oauth2" = ["payments:write"])), params(("id" = PaymentId, Path, description = "Id of the payment")), responses(
    (status = 200, description = "Failed", body = PaymentBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
))]
#[post("/v1/payments/{id}/fail")]
pub async fn fail_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let Nothing {} = call.json_or_empty()?;
    act(&call, &app, context, pay::fail).await
}

/// Runs an action on the payment in the path, once for its idempotency key.
async fn act<F>(call: &Call, app: &Data<App>, context: Context, action: F) -> Result<Answer, Error>
where
    F: Fn(&mut PgConnection, &Context, PaymentId, &Precondition) -> Result<Payment, Error> + Send + 'static,
{
    let id: PaymentId = call.path("id")?;
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let payment = action(connection, &context, id, &precondition)?;
                let body = service::body(connection, context.organization_id, &payment)?;
                Ok(Answer::ok(&body)?.with_version(payment.version))
            })
        })
        .await
}

/// Refund a payment
///
/// Takes unapplied money first, then what was put on a document last; that document becomes due again.
#[utoipa::path(tag = "payments", operation_id = "refund_payment", security(("oauth2" = ["payments:write"])), request_body = NewRefund,
    params(("id" = PaymentId, Path, description = "Id of the payment")),
    responses(
    (status = 201, description = "Refunded", body = RefundBody, headers(("Location" = String, description = "Where it is"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/payments/{id}/refund")]
pub async fn refund_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: PaymentId = call.path("id")?;
    let body: NewRefund = call.json()?;
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    body.check()?;
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    let number = app.db.read(move |connection| service::next_refund_number(connection, &numbers, organization_id)).await?;
    let written = number.clone();
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let refund = refund::refund(connection, &context, id, &body, written.clone(), &precondition)?;
                Answer::created(format!("/v1/refunds/{}", refund.id), &refund)
            })
        })
        .await;
    service::put_number_back(&app.numbers, organization_id, &number, &answer);
    answer
}

/// Reverse a payment
///
/// The payer's bank has taken the money back: a chargeback, a returned debit, a transfer that was called back. Takes unapplied money
/// first, then what was put on a document last, which becomes due again; nobody is asked to move money.
#[utoipa::path(tag = "payments", operation_id = "reverse_payment", security(("oauth2" = ["payments:write"])), request_body = ReversePayment,
    params(("id" = PaymentId, Path, description = "Id of the payment")),
    responses(
    (status = 201, description = "Reversed", body = RefundBody, headers(("Location" = String, description = "Where it is"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/payments/{id}/reverse")]
pub async fn reverse_payment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: PaymentId = call.path("id")?;
    let body: ReversePayment = call.json()?;
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    body.check()?;
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    let number = app.db.read(move |connection| service::next_refund_number(connection, &numbers, organization_id)).await?;
    let written = number.clone();
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let reversal = reverse(connection, &context, id, &body, written.clone(), &precondition)?;
                Answer::created(format!("/v1/refunds/{}", reversal.id), &reversal)
            })
        })
        .await;
    service::put_number_back(&app.numbers, organization_id, &number, &answer);
    answer
}
