use super::body::{PaymentTerm, PutPaymentTerm};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use crate::types::page::Page;
use diesel::pg::PgConnection;

/// Creates or replaces the terms `code`. The flag tells whether they are new.
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
    match current {
        Some(version) if create_only => return Err(Error::Stale { current: version }),
        Some(version) => precondition.check(version)?,
        None if *precondition != Precondition::Any => return Err(Error::not_found("payment term")),
        None => {}
    }
    Ok((store::upsert(connection, context, code, term)?, current.is_none()))
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<PaymentTerm, Error> {
    store::find(connection, organization_id, code)?.ok_or(Error::not_found("payment term"))
}

/// `after` is the code of the last row of the page before.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<PaymentTerm>, Error> {
    let rows = store::page(connection, organization_id, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| crate::types::page::encode_cursor("payment_terms", std::slice::from_ref(&row.code))))
}
