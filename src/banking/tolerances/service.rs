use super::body::{MatchingTolerance, PutTolerance, check};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::types::currency::Currency;
use crate::types::id::OrganizationId;
use crate::types::page::{Changed, Page, encode_cursor};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::HashMap;

/// What cursors of the list are bound to.
pub const LIST: &str = "bank_matching_tolerances";

/// More currencies than there are.
const ALL: i64 = 1_000;

/// Inserts or replaces by currency, and answers all of them.
pub fn put(connection: &mut PgConnection, context: &Context, rows: &[PutTolerance]) -> Result<Vec<MatchingTolerance>, Error> {
    check(rows)?;
    let changed = store::upsert(connection, context, rows)?;
    let event = |row: &MatchingTolerance| {
        let event_type = if row.version == 1 { "bank_matching_tolerance.created" } else { "bank_matching_tolerance.updated" };
        NewEvent::of(event_type, "organization", context.organization_id.0, json!(row))
    };
    events::append(connection, context, &changed.iter().map(event).collect::<Vec<_>>())?;
    Ok(store::page(connection, context.organization_id, None, None, ALL)?)
}

pub fn list(connection: &mut PgConnection, organization_id: OrganizationId, changed: &Changed) -> Result<Page<MatchingTolerance>, Error> {
    let rows = store::page(connection, organization_id, changed.updated_from, changed.after.as_deref(), changed.limit as i64 + 1)?;
    Ok(Page::cut(rows, changed.limit, |row| encode_cursor(&changed.fingerprint, &[row.currency.code().to_owned()])))
}

/// The tolerance of each currency that has one.
pub fn by_currency(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<HashMap<Currency, Decimal>, Error> {
    let rows = store::page(connection, organization_id, None, None, ALL)?;
    Ok(rows.into_iter().map(|row| (row.currency, row.amount.0)).collect())
}
