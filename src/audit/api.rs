use super::body::{AuditEntry, AuditQuery};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::page::{Page, page_after};
use actix_web::get;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_audit);
}

/// List who did what, when and from where
///
/// Every change (the type of its event is the `action`), and beside them logins, refused logins and refused permissions; newest
/// first. A search by actor, action, subject type or dates skips the thousands of events in which there is nothing of it; a page that has
/// looked far is short, or empty, and still has a `next_cursor`.
#[utoipa::path(tag = "access", operation_id = "list_audit", security(("oauth2" = ["admin"])), params(AuditQuery), responses(
    (status = 200, description = "One page of entries, newest first", body = Page<AuditEntry>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/audit")]
pub async fn list_audit(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    let query: AuditQuery = call.query()?;
    let (filter, filters, limit) = (query.filter()?, query.filters(), query.limit()?);
    let before = page_after(query.cursor.as_deref(), &filters, 1)?.and_then(|key| key[0].parse().ok());
    let page =
        app.reports.read(move |connection| service::list(connection, context.organization_id, &filter, &filters, before, limit)).await?;
    Answer::ok(&page)
}
