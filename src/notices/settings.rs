//! An organization's settings of its notices.

use super::body::{NoticeKinds, NoticeLanguage, NoticeSettings, PutNoticeSettings};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use serde_json::json;

/// The settings, or what holds before there are any: nothing is sent.
pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, smtp_configured: bool) -> Result<NoticeSettings, Error> {
    let stored = store::settings(connection, organization_id)?;
    Ok(stored.map(|stored| stored.shown(smtp_configured)).unwrap_or(NoticeSettings {
        enabled: false,
        sender_name: None,
        sender_email: None,
        reply_to: None,
        bcc: None,
        language: NoticeLanguage::Auto,
        kinds: NoticeKinds::default(),
        smtp_configured,
        version: 0,
        updated_at: None,
    }))
}

/// Replaces the settings. From the moment that they are enabled, and not before it, events are told of.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    new: &PutNoticeSettings,
    precondition: &Precondition,
    smtp_configured: bool,
) -> Result<NoticeSettings, Error> {
    new.check()?;
    let read_through = events::feed::last_position(connection)?;
    store::lock_settings(connection, context)?;
    let current = get(connection, context.organization_id, smtp_configured)?;
    precondition.check(current.version)?;
    let wanted = NoticeSettings {
        enabled: new.enabled,
        sender_name: new.sender_name.clone(),
        sender_email: new.sender_email.clone(),
        reply_to: new.reply_to.clone(),
        bcc: new.bcc.clone(),
        language: new.language.unwrap_or(NoticeLanguage::Auto),
        kinds: new.kinds.clone(),
        ..current.clone()
    };
    if wanted == current && current.version > 0 {
        return Ok(current);
    }
    let starts = wanted.enabled && !current.enabled;
    store::save_settings(connection, context, &wanted, starts.then_some(read_through))?;
    let settings = get(connection, context.organization_id, smtp_configured)?;
    let data = json!({ "enabled": settings.enabled, "language": settings.language, "kinds": settings.kinds, "version": settings.version });
    events::append(connection, context, &[NewEvent::of("notice_settings.updated", "organization", context.organization_id.0, data)])?;
    Ok(settings)
}
