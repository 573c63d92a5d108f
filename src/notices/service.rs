use super::body::{Notice, NoticeWithContent};
use super::kind::NoticeStatus;
use super::store;
pub use super::store::Filter;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::id::{NoticeId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "notice";

/// 404 where the reader may not see what it is about.
pub fn get(connection: &mut PgConnection, context: &Context, id: NoticeId) -> Result<NoticeWithContent, Error> {
    let seen = |notice: &Notice| notice.kind.may_be_read(context.permissions);
    let notice = store::find(connection, context.organization_id, id)?.filter(seen).ok_or(Error::not_found(WHAT))?;
    let content = store::content(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    Ok(NoticeWithContent { notice, text: content.text_body, html: content.html_body })
}

/// One page, the newest first.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    filters: &str,
    before: Option<NoticeId>,
    limit: usize,
) -> Result<Page<Notice>, Error> {
    let rows = store::page(connection, organization_id, filter, before, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])))
}

/// Sends once more what was sent or could not be; the job does it. What still waits is sent anyway.
pub fn resend(connection: &mut PgConnection, context: &Context, id: NoticeId, precondition: &Precondition) -> Result<Notice, Error> {
    let seen = |notice: &Notice| notice.kind.may_be_read(context.permissions);
    let current = store::lock(connection, context.organization_id, id)?.filter(seen).ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    match current.status {
        NoticeStatus::Sent | NoticeStatus::Failed => {}
        NoticeStatus::Pending | NoticeStatus::Sending | NoticeStatus::Skipped => {
            return Err(Error::invalid_transition(current.status.as_str(), "resend", &[]));
        }
    }
    let notice = store::queue_again(connection, context, id)?;
    events::append(connection, context, &[event("notice.resend_requested", &notice)])?;
    Ok(notice)
}

/// What events tell of a notice.
pub fn event(event_type: &'static str, notice: &Notice) -> NewEvent {
    let data = json!({
        "kind": notice.kind, "status": notice.status, "recipient": notice.recipient, "attempts": notice.attempts, "resends": notice.resends,
        "error": notice.last_error, "version": notice.version,
    });
    match notice.order_id {
        Some(order_id) => NewEvent::of_part(event_type, order_id, "notice", notice.id.0, data),
        None => NewEvent::of(event_type, "notice", notice.id.0, data),
    }
}
