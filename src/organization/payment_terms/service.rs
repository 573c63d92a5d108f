use super::body::{PatchPaymentTerm, PaymentTerm, PutPaymentTerm};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use crate::types::page::{Changed, Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::BTreeMap;

/// Creates or replaces the terms `code`; those that stay as they are keep their version. The flag tells whether they are new.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    term: &PutPaymentTerm,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(PaymentTerm, bool), Error> {
    term.check()?;
    let current = store::lock(connection, context.organization_id, code)?;
    match &current {
        Some(current) if create_only => return Err(Error::Stale { current: current.version }),
        Some(current) => precondition.check(current.version)?,
        None if *precondition != Precondition::Any => return Err(Error::not_found("payment term")),
        None => {}
    }
    if let Some(current) = current.as_ref().filter(|current| term.is_already(current)) {
        return Ok((current.clone(), false));
    }
    let written = write(connection, context, code, term)?;
    // Another call may have created them between our look and our write.
    let created = written.version == 1;
    if create_only && !created {
        return Err(Error::Stale { current: written.version - 1 });
    }
    Ok((written, created))
}

/// Changes what the patch names; terms that stay as they are keep their version.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    patch: &PatchPaymentTerm,
    precondition: &Precondition,
) -> Result<PaymentTerm, Error> {
    let current = store::lock(connection, context.organization_id, code)?.ok_or(Error::not_found("payment term"))?;
    precondition.check(current.version)?;
    let term = patch.apply(&current)?;
    term.check()?;
    if term.is_already(&current) {
        return Ok(current);
    }
    write(connection, context, code, &term)
}

fn write(connection: &mut PgConnection, context: &Context, code: &str, term: &PutPaymentTerm) -> Result<PaymentTerm, Error> {
    let written = store::upsert(connection, context, code, term)?;
    let event_type = if written.version == 1 { "payment_term.created" } else { "payment_term.updated" };
    // Terms go by their code, which is in the data; what has an id is the organization that they are of.
    let event = NewEvent::of(event_type, "organization", context.organization_id.0, json!(written));
    events::append(connection, context, &[event])?;
    Ok(written)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<PaymentTerm, Error> {
    store::find(connection, organization_id, code)?.ok_or(Error::not_found("payment term"))
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    asked: &Changed,
    external_ids: &BTreeMap<String, String>,
) -> Result<Page<PaymentTerm>, Error> {
    let rows = store::page(connection, organization_id, asked, external_ids)?;
    Ok(Page::cut(rows, asked.limit, |row| encode_cursor(&asked.fingerprint, std::slice::from_ref(&row.code))))
}
