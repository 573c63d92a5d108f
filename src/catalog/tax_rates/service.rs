use super::body::{PutTaxRate, TaxRate, TaxRateKey};
use super::store;
pub use super::store::Filter;
use crate::auth::actor::Context;
use crate::catalog::dates::always;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::types::fault::Faults;
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor, page_after};
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::HashSet;

/// Creates or replaces tax rates by their natural keys, in a number of statements that does not grow with them.
pub fn put_many(connection: &mut PgConnection, context: &Context, rows: &[PutTaxRate]) -> Result<Vec<TaxRate>, Error> {
    let keys: Vec<TaxRateKey> = rows.iter().map(PutTaxRate::key).collect();
    let mut faults = Faults::new();
    let mut seen = HashSet::new();
    for (i, (row, key)) in rows.iter().zip(&keys).enumerate() {
        row.check(&mut faults, &format!("/{i}"));
        let new = seen.insert(key);
        faults.require(new, format!("/{i}"), "duplicate_key", "country, region, category and valid_from_on each once in a call");
    }
    faults.into_result()?;
    let changed = store::upsert(connection, context, &keys, rows)?;
    let event = |rate: &TaxRate| {
        let event_type = if rate.version == 1 { "tax_rate.created" } else { "tax_rate.updated" };
        NewEvent::of(event_type, "organization", context.organization_id.0, json!(rate))
    };
    events::append(connection, context, &changed.iter().map(event).collect::<Vec<_>>())?;
    Ok(store::by_key(connection, context.organization_id, &keys)?)
}

/// `filters` names the filters of the list, so that a cursor is only good for them.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<&TaxRateKey>,
    filters: &str,
    limit: usize,
) -> Result<Page<TaxRate>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &cursor_key(row))))
}

fn cursor_key(row: &TaxRate) -> [String; 4] {
    [
        row.country.code().to_owned(),
        row.region.clone().unwrap_or_default(),
        row.tax_category.clone(),
        row.valid_from_on.unwrap_or(always()).to_string(),
    ]
}

/// The key after which a page starts; 400 `invalid_cursor`.
pub fn start(cursor: Option<&str>, filters: &str) -> Result<Option<TaxRateKey>, Error> {
    let read = |key: Vec<String>| {
        let [country, region, tax_category, valid_from_on] = <[String; 4]>::try_from(key).ok()?;
        Some(TaxRateKey { country, region, tax_category, valid_from_on: valid_from_on.parse().ok()? })
    };
    let key = page_after(cursor, filters, 4)?.map(read);
    key.map(|key| key.ok_or(Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))).transpose()
}
