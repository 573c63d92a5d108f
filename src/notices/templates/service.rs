use super::body::{NoticePreview, NoticeTemplate, PreviewNotice, PutNoticeTemplate};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::notices::collect::seller;
use crate::notices::compose::{About, compose};
use crate::notices::kind::NoticeKind;
use crate::notices::samples::Samples;
use crate::organization;
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use crate::types::language::Language;
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "notice template";

/// One page, by kind and language; `after` are those two, `filters` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<&[String]>,
    limit: usize,
    filters: &str,
) -> Result<Page<NoticeTemplate>, Error> {
    let key = |row: &NoticeTemplate| vec![row.kind.to_string(), row.language.to_string()];
    let mut rows = store::all(connection, organization_id)?;
    rows.retain(|row| updated_from.is_none_or(|from| row.updated_at >= from) && after.is_none_or(|after| key(row).as_slice() > after));
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &key(row))))
}

pub fn get(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    kind: NoticeKind,
    language: Language,
) -> Result<NoticeTemplate, Error> {
    store::find(connection, organization_id, kind, language)?.ok_or(Error::not_found(WHAT))
}

/// Sets the words; whether there were none. The same words again leave the version.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    (kind, language): (NoticeKind, Language),
    put: &PutNoticeTemplate,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(NoticeTemplate, bool), Error> {
    put.check(kind)?;
    let words = put.words();
    let current = store::lock(connection, context.organization_id, kind, language)?;
    match &current {
        Some(current) if create_only => return Err(Error::Stale { current: current.version }),
        Some(current) => precondition.check(current.version)?,
        None if *precondition != Precondition::Any => return Err(Error::not_found(WHAT)),
        None => {}
    }
    if let Some(current) = current.as_ref().filter(|current| current.words() == words) {
        return Ok((current.clone(), false));
    }
    let template = store::save(connection, context, kind, language, &words)?;
    // Another call may have set some between our look and our write.
    let created = template.version == 1;
    if create_only && !created {
        return Err(Error::Stale { current: template.version - 1 });
    }
    tell(connection, context, "notice_template.updated", &template)?;
    Ok((template, created))
}

/// From now on the built-in words hold again.
pub fn delete(
    connection: &mut PgConnection,
    context: &Context,
    (kind, language): (NoticeKind, Language),
    precondition: &Precondition,
) -> Result<(), Error> {
    let current = store::lock(connection, context.organization_id, kind, language)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    store::delete(connection, context.organization_id, kind, language)?;
    tell(connection, context, "notice_template.deleted", &current)
}

fn tell(connection: &mut PgConnection, context: &Context, event_type: &'static str, template: &NoticeTemplate) -> Result<(), Error> {
    let data = json!({ "kind": template.kind, "language": template.language, "subject": template.subject, "version": template.version });
    Ok(events::append(connection, context, &[NewEvent::of(event_type, "organization", context.organization_id.0, data)])?)
}

/// A notice of sample things: in the words that are given, else in those that are sent now.
pub fn preview(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    (kind, language): (NoticeKind, Language),
    asked: &PreviewNotice,
) -> Result<NoticePreview, Error> {
    let words = match asked.template()? {
        Some(template) => {
            template.check(kind)?;
            Some(template.words())
        }
        None => store::find(connection, organization_id, kind, language)?.map(|template| template.words()),
    };
    let organization = organization::settings(connection, organization_id)?;
    let samples = Samples::of(organization.base_currency);
    let letter = compose(&About {
        kind,
        language,
        time_zone: organization.time_zone,
        seller: &seller(&organization.seller),
        reader: "Toko Sumber Rejeki",
        order: Some(&samples.order),
        shipment: Some(&samples.shipment),
        invoice: Some(&samples.invoice),
        payment: Some(&samples.payment),
        event: &samples.event,
        own: words.as_ref(),
    });
    Ok(NoticePreview { kind, language, own: words.is_some(), text: letter.text(), html: letter.html(language), subject: letter.subject })
}
