use super::body::{Notice, NoticeSettings, NoticeWithContent, PutNoticeSettings, ResendNotice};
use super::kind::{NoticeKind, NoticeStatus};
use super::service::{self, Filter};
use super::settings;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, known, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::NoticeId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, post, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.configure(super::templates::api::configure);
    config.service(get_notice_settings).service(put_notice_settings).service(list_notices).service(get_notice).service(resend_notice);
}

/// Get the settings of notices
#[utoipa::path(tag = "notices", operation_id = "get_notice_settings", security(("oauth2" = ["customers:read"])), responses(
    (status = 200, description = "The settings", body = NoticeSettings, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/notice_settings")]
pub async fn get_notice_settings(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    call.no_query()?;
    let smtp = app.config.smtp.is_some();
    let settings = app.db.read(move |connection| settings::get(connection, context.organization_id, smtp)).await?;
    Ok(Answer::ok(&settings)?.with_version(settings.version))
}

/// Replace the settings of notices
///
/// Off until `enabled`. From that moment on customers are told of what happens, never of what happened before it.
#[utoipa::path(tag = "notices", operation_id = "put_notice_settings", security(("oauth2" = ["admin"])), request_body = PutNoticeSettings, responses(
    (status = 200, description = "Replaced", body = NoticeSettings),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/notice_settings")]
pub async fn put_notice_settings(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: PutNoticeSettings = call.json()?;
    let (precondition, smtp) = (call.precondition()?, app.config.smtp.is_some());
    let settings = app.db.write(move |connection| settings::put(connection, &context, &body, &precondition, smtp)).await?;
    Ok(Answer::ok(&settings)?.with_version(settings.version))
}

/// Query parameters of the list of notices. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    /// About these orders.
    order_id: Option<String>,
    /// To these customers.
    customer_id: Option<String>,
    /// pending, sending, sent, failed, skipped
    status: Option<String>,
    /// acknowledgement, delay, dispatch, invoice, receipt, refund, reminder
    kind: Option<String>,
    /// Changed at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List notices to customers
///
/// Those of the kinds `invoice` and `reminder` with `invoices:read`, those of `receipt` and `refund` with `payments:read`.
#[utoipa::path(tag = "notices", operation_id = "list_notices", security(("oauth2" = ["customers:read"])), params(NoticeQuery), responses(
    (status = 200, description = "One page of notices, newest first", body = Page<Notice>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/notices")]
pub async fn list_notices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    let query: NoticeQuery = call.query()?;
    let asked = any_of(known::<NoticeKind>("kind", query.kind.as_deref())?);
    let kinds = NoticeKind::ALL.iter().filter(|kind| kind.may_be_read(context.permissions)).map(|kind| kind.as_str().to_owned());
    let kinds = kinds.filter(|kind| asked.as_ref().is_none_or(|asked| asked.contains(kind))).collect();
    let filter = Filter {
        order_id: any_of(parsed("order_id", query.order_id.as_deref())?),
        customer_id: any_of(parsed("customer_id", query.customer_id.as_deref())?),
        status: any_of(known::<NoticeStatus>("status", query.status.as_deref())?),
        kind: Some(kinds),
        updated_from: query.updated_from,
    };
    let (limit, filters) = (page_limit(query.limit)?, format!("notices {filter:?}"));
    let before = page_id(page_after(query.cursor.as_deref(), &filters, 1)?)?.map(NoticeId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &filters, before, limit)).await?;
    Answer::ok(&page)
}

/// Get a notice with its text and HTML
#[utoipa::path(tag = "notices", operation_id = "get_notice", security(("oauth2" = ["customers:read"])), params(("id" = NoticeId, Path, description = "Id of the notice")), responses(
    (status = 200, description = "The notice as it is sent", body = NoticeWithContent, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/notices/{id}")]
pub async fn get_notice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    call.no_query()?;
    let id: NoticeId = call.path("id")?;
    let notice = app.db.read(move |connection| service::get(connection, &context, id)).await?;
    Ok(Answer::ok(&notice)?.with_version(notice.notice.version))
}

/// Send a notice again
///
/// One that was sent or has failed, word for word, to the same address.
#[utoipa::path(tag = "notices", operation_id = "resend_notice", security(("oauth2" = ["customers:write"])), params(("id" = NoticeId, Path, description = "Id of the notice")),
    request_body = Option<ResendNotice>, responses(
    (status = 200, description = "Waits to be sent", body = Notice),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/notices/{id}/resend")]
pub async fn resend_notice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_WRITE)?;
    call.no_query()?;
    let id: NoticeId = call.path("id")?;
    let ResendNotice {} = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let notice = service::resend(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&notice)?.with_version(notice.version))
            })
        })
        .await
}
