use super::body::{Coupon, CouponFilter, CouponRedemption, PatchCoupon, PutCoupon, canonical};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, many, take_external_ids};
use crate::platform::http::{Answer, Tagged, parse_query};
use crate::platform::idempotency;
use crate::types::id::{CouponId, OrderId};
use crate::types::page::{Page, PageQuery, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_coupons)
        .service(create_coupon)
        .service(get_coupon)
        .service(patch_coupon)
        .service(deactivate_coupon)
        .service(list_coupon_redemptions);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CouponQuery {
    /// Many by comma, in any case.
    #[param(example = "KOPI15")]
    code: Option<String>,
    /// Only those that are switched on, or off.
    active: Option<bool>,
    /// Changed at or after this instant; uses do not count as changes.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List coupons
#[utoipa::path(tag = "catalog", operation_id = "list_coupons", security(("oauth2" = ["catalog:read"])), params(
    CouponQuery,
    ("external_ids.shop" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of coupons, oldest first", body = Page<Coupon>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/coupons")]
pub async fn list_coupons(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_READ)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: CouponQuery = parse_query(&rest)?;
    let codes = many(query.code.as_deref()).iter().map(|code| canonical(code)).collect();
    let filter = CouponFilter { codes: any_of(codes), active: query.active, external_ids, updated_from: query.updated_from };
    let filters = format!("coupons {filter:?}");
    let limit = page_limit(query.limit)?;
    let after = page_id(page_after(query.cursor.as_deref(), &filters, 1)?)?.map(CouponId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, after, limit, &filters)).await?;
    Answer::ok(&page)
}

/// Create a coupon
#[utoipa::path(tag = "catalog", operation_id = "create_coupon", security(("oauth2" = ["catalog:write"])), request_body = PutCoupon, responses(
    (status = 201, description = "Created", body = Coupon, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/coupons")]
pub async fn create_coupon(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    call.no_query()?;
    let body: PutCoupon = call.json()?;
    let (key, id) = (call.idempotency_key()?, CouponId::generate());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let coupon = service::create(connection, &context, id, &body)?;
                Ok(Answer::created(format!("/v1/coupons/{}", coupon.id), &coupon)?.with_version(coupon.version))
            })
        })
        .await
}

/// Its uses move without its version, so the tag covers both.
fn tagged(coupon: &Coupon) -> Result<Tagged, Error> {
    Ok(Tagged { answer: Answer::ok(coupon)?.with_version(coupon.version), rest: Some(coupon.times_used.to_string()) })
}

/// Get a coupon
///
/// `ETag` covers `times_used`: it is another one after an order has used the coupon, though `version` stays and `If-Match` with it passes.
#[utoipa::path(tag = "catalog", operation_id = "get_coupon", security(("oauth2" = ["catalog:read"])), params(("id" = CouponId, Path, description = "Id of the coupon")), responses(
    (status = 200, description = "The coupon", body = Coupon, headers(("ETag" = String, description = "The version and the uses"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/coupons/{id}")]
pub async fn get_coupon(call: Call, app: Data<App>) -> Result<Tagged, Error> {
    let context = call.require(Permission::CATALOG_READ)?;
    call.no_query()?;
    let id: CouponId = call.path("id")?;
    let coupon = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    tagged(&coupon)
}

/// Change parts of a coupon
#[utoipa::path(tag = "catalog", operation_id = "patch_coupon", security(("oauth2" = ["catalog:write"])), params(("id" = CouponId, Path, description = "Id of the coupon")),
    request_body(content = PatchCoupon, example = json!({"usage_limit": 1000})), responses(
    (status = 200, description = "Changed; orders that hold the coupon keep what it gave them", body = Coupon, headers(("ETag" = String, description = "The version and the uses"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/coupons/{id}")]
pub async fn patch_coupon(call: Call, app: Data<App>) -> Result<Tagged, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    call.no_query()?;
    let id: CouponId = call.path("id")?;
    let body: PatchCoupon = call.json()?;
    let precondition = call.precondition()?;
    let coupon = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    tagged(&coupon)
}

/// Switch a coupon off
#[utoipa::path(tag = "catalog", operation_id = "deactivate_coupon", security(("oauth2" = ["catalog:write"])), params(("id" = CouponId, Path, description = "Id of the coupon")), responses(
    (status = 200, description = "Off; orders that hold it keep it", body = Coupon, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
))]
#[post("/v1/coupons/{id}/deactivate")]
pub async fn deactivate_coupon(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    call.no_query()?;
    let id: CouponId = call.path("id")?;
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    call.json_or_empty::<Nothing>()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let coupon = service::deactivate(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&coupon)?.with_version(coupon.version))
            })
        })
        .await
}

/// List the orders that use a coupon
#[utoipa::path(tag = "catalog", operation_id = "list_coupon_redemptions", security(("oauth2" = ["orders:read"])), params(("id" = CouponId, Path, description = "Id of the coupon"), PageQuery), responses(
    (status = 200, description = "One page of uses, in the order of the orders", body = Page<CouponRedemption>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/coupons/{id}/redemptions")]
pub async fn list_coupon_redemptions(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let query: PageQuery = call.query()?;
    let id: CouponId = call.path("id")?;
    let filters = format!("coupon_redemptions {id}");
    let limit = query.limit()?;
    let after = page_id(query.after(&filters, 1)?)?.map(OrderId);
    let page = app.db.read(move |connection| service::redemptions(connection, context.organization_id, id, after, limit, &filters)).await?;
    Answer::ok(&page)
}
