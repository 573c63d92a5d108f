use super::body::{
    AuthorizeReturn, CancelReturn, CompleteReturn, NewReturn, PatchReturnData, ReceiveReturn, RefuseReturn, ReplacementPrice, ReturnBody,
};
use super::service::{self, Filter};
use super::status::ReturnProgress;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::dry_run::difference::DryRun;
use crate::order_to_cash::dry_run::dry_run;
use crate::order_to_cash::returns::complete::{Completion, complete};
use crate::order_to_cash::returns::receive::receive;
use crate::order_to_cash::returns::replace::ReplacementOrder;
use crate::order_to_cash::returns::request::request;
use crate::orders::service as orders;
use crate::payments::service as payments;
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::{OrderId, OrganizationId, ReturnId};
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(request_return)
        .service(list_returns)
        .service(get_return)
        .service(patch_return)
        .service(authorize_return)
        .service(refuse_return)
        .service(cancel_return)
        .service(receive_return)
        .service(complete_return);
}

/// Query parameters of the return list. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReturnQuery {
    /// The order that the goods are of.
    order_id: Option<String>,
    /// Who bought them.
    customer_id: Option<String>,
    /// requested, authorized, refused, partially_received, received, completed, cancelled
    #[param(example = "authorized")]
    status: Option<String>,
    #[param(example = "RMA-000001")]
    number: Option<String>,
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

impl ReturnQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            order_id: parsed("order_id", self.order_id.as_deref())?,
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            status: known::<ReturnProgress>("status", self.status.as_deref())?,
            number: many(self.number.as_deref()),
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<ReturnId>, Error> {
        let filters = format!("returns {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// Ask for a return
///
/// Only what was shipped and neither came back nor is announced. A request after `window_ends_on` is taken and marked:
/// `within_window` is false, and it can only be authorized with `override`.
#[utoipa::path(tag = "returns", operation_id = "request_return", security(("oauth2" = ["returns:write"])), request_body = NewReturn,
    responses(
    (status = 201, description = "Asked for", body = ReturnBody, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/returns")]
pub async fn request_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let body: NewReturn = call.json()?;
    let key = call.idempotency_key()?;
    body.check()?;
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    let number = app.db.read(move |connection| service::next_number(connection, &numbers, organization_id)).await?;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let rma = request(connection, &context, &body, number.clone())?;
                Ok(Answer::created(format!("/v1/returns/{}", rma.id), &ReturnBody::from(&rma))?.with_version(rma.version))
            })
        })
        .await
}

/// List returns
///
/// Newest first. Poll with `updated_from` and `sort=updated_at`.
#[utoipa::path(tag = "returns", operation_id = "list_returns", security(("oauth2" = ["returns:read"])), params(ReturnQuery), responses(
    (status = 200, description = "One page of returns", body = Page<ReturnBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/returns")]
pub async fn list_returns(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_READ)?;
    let query: ReturnQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get a return
#[utoipa::path(tag = "returns", operation_id = "get_return", security(("oauth2" = ["returns:read"])), params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "The return", body = ReturnBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/returns/{id}")]
pub async fn get_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_READ)?;
    call.no_query()?;
    let id: ReturnId = call.path("id")?;
    let rma = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&rma)?.with_version(rma.version))
}

/// Change a return's note, external ids and metadata
#[utoipa::path(tag = "returns", operation_id = "patch_return", security(("oauth2" = ["returns:write"])), request_body(content = PatchReturnData, example = json!({"note": "Comes by parcel", "external_ids": {"zendesk": "4712"}})), params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "Changed", body = ReturnBody, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/returns/{id}")]
pub async fn patch_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let id: ReturnId = call.path("id")?;
    let (body, precondition): (PatchReturnData, _) = (call.json()?, call.precondition()?);
    let rma = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&rma)?.with_version(rma.version))
}

/// Authorize a return
///
/// The customer may send the goods. One that was asked for too late (`within_window` false) needs `override`; who let it in is kept.
#[utoipa::path(tag = "returns", operation_id = "authorize_return", security(("oauth2" = ["returns:write"])), request_body = Option<AuthorizeReturn>, params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "Authorized", body = ReturnBody, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/returns/{id}/authorize")]
pub async fn authorize_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let (id, body): (ReturnId, AuthorizeReturn) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let rma = service::authorize(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&rma)?.with_version(rma.version))
            })
        })
        .await
}

/// Refuse a return
#[utoipa::path(tag = "returns", operation_id = "refuse_return", security(("oauth2" = ["returns:write"])), request_body = RefuseReturn, params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "Refused", body = ReturnBody, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/returns/{id}/refuse")]
pub async fn refuse_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let (id, body): (ReturnId, RefuseReturn) = (call.path("id")?, call.json()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let rma = service::refuse(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&rma)?.with_version(rma.version))
            })
        })
        .await
}

/// Cancel a return
///
/// As long as nothing of it has arrived. What it announced may be announced anew.
#[utoipa::path(tag = "returns", operation_id = "cancel_return", security(("oauth2" = ["returns:write"])), request_body = Option<CancelReturn>, params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "Cancelled", body = ReturnBody, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/returns/{id}/cancel")]
pub async fn cancel_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let (id, body): (ReturnId, CancelReturn) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let rma = service::cancel(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&rma)?.with_version(rma.version))
            })
        })
        .await
}

/// Receive returned goods
///
/// As often as something arrives: more, less or other lines of the order than were announced, each with what inspection made of it.
/// `resellable` goes back on the shelf, `damaged` into quarantine, `scrap` is written off. With `dry_run`, which also wants
/// `orders:read`, the answer is what would change, and nothing does.
#[utoipa::path(tag = "returns", operation_id = "receive_return", security(("oauth2" = ["returns:write"])), request_body = ReceiveReturn, params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "The return; with `dry_run` an object of `before`, `after` and `difference`", body = ChangedReturn, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/returns/{id}/receive")]
pub async fn receive_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let (id, body): (ReturnId, ReceiveReturn) = (call.path("id")?, call.json()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    if body.dry_run {
        call.also(Permission::ORDERS_READ)?;
    }
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                if body.dry_run {
                    let order_id = service::order_of(connection, context.organization_id, id)?;
                    let command = |connection: &mut _| receive(connection, &context, id, &body, &precondition).map(drop);
                    return Answer::ok(&dry_run(connection, &context, order_id, command)?);
                }
                let rma = receive(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&ReturnBody::from(&rma))?.with_version(rma.version))
            })
        })
        .await
}

/// Complete a return
///
/// Credits what has arrived, less a restocking fee; what was not invoiced yet never is. With `refund` the money that this sets free
/// goes back to the payments that it came with, the newest first. With `replacement` an order for the same goods is placed:
/// at no charge, and then the sale stands and nothing is credited, or at the original price. `refund` also wants the scope
/// `payments:write`, `replacement` wants `orders:write`, and at no charge `orders:price`. With `dry_run`, which also wants
/// `orders:read`, the answer is what would change, and nothing does.
#[utoipa::path(tag = "returns", operation_id = "complete_return", security(("oauth2" = ["returns:write"])), request_body = Option<CompleteReturn>, params(("id" = ReturnId, Path, description = "Id of the return")), responses(
    (status = 200, description = "The return; with `dry_run` an object of `before`, `after` and `difference`", body = ChangedReturn, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/returns/{id}/complete")]
pub async fn complete_return(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::RETURNS_WRITE)?;
    call.no_query()?;
    let (id, body): (ReturnId, CompleteReturn) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    body.check()?;
    // Goods come back by whoever takes them in; money leaves, and goods go out again, by whoever may do that elsewhere.
    if body.refund {
        call.require(Permission::PAYMENTS_WRITE)?;
    }
    if body.replacement {
        call.require(Permission::ORDERS_WRITE)?;
        if body.replacement_price() == Some(ReplacementPrice::NoCharge) {
            call.require(Permission::ORDERS_PRICE)?;
        }
    }
    let only_asked = body.dry_run;
    if only_asked {
        call.also(Permission::ORDERS_READ)?;
    }
    let completion = numbered(&app, context.organization_id, id, body).await?;
    let cache = app.desk.master_data.clone();
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let settle = |connection: &mut _| complete(connection, &cache, &context, id, &completion, &precondition);
                if only_asked {
                    let order_id = service::order_of(connection, context.organization_id, id)?;
                    return Answer::ok(&dry_run(connection, &context, order_id, |connection| settle(connection).map(drop))?);
                }
                let rma = settle(connection)?;
                Ok(Answer::ok(&ReturnBody::from(&rma))?.with_version(rma.version))
            })
        })
        .await
}

/// The return, or with `dry_run` what would become of its order. Only for the document: each is written as it is.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ChangedReturn {
    Done(Box<ReturnBody>),
    DryRun(Box<DryRun>),
}

/// Takes the numbers that the documents of a completion may need.
async fn numbered(app: &App, organization_id: OrganizationId, id: ReturnId, body: CompleteReturn) -> Result<Completion, Error> {
    let numbers = app.numbers.clone();
    let replacement_id = OrderId::generate();
    app.db
        .read(move |connection| {
            let mut refund_numbers = vec![];
            if body.refund {
                let order_id = service::order_of(connection, organization_id, id)?;
                for _ in payments::of_order(connection, organization_id, order_id)? {
                    refund_numbers.push(payments::next_refund_number(connection, &numbers, organization_id)?);
                }
            }
            let replacement = match body.replacement {
                true => {
                    Some(ReplacementOrder { order_id: replacement_id, number: orders::next_number(connection, &numbers, organization_id)? })
                }
                false => None,
            };
            Ok(Completion { body: body.clone(), refund_numbers, replacement })
        })
        .await
}
