use super::body::{Price, PriceKey, PutPrice};
use super::store;
pub use super::store::Filter;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::types::bulk::BulkOutcome;
use crate::types::fault::Faults;
use crate::types::id::{OrganizationId, ProductId};
use crate::types::page::{Page, encode_cursor, page_after};
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// As [`put_all`], answered by the prices as they are now.
pub fn put_many(connection: &mut PgConnection, context: &Context, rows: &[PutPrice]) -> Result<Vec<Price>, Error> {
    put_all(connection, context, rows)?;
    let keys: Vec<PriceKey> = rows.iter().map(PutPrice::key).collect();
    Ok(store::by_key(connection, context.organization_id, &keys)?)
}

/// Creates or replaces prices by their natural keys, in a number of statements that does not grow with them. Tells of each, in their
/// order, what became of it.
pub fn put_all(connection: &mut PgConnection, context: &Context, rows: &[PutPrice]) -> Result<Vec<BulkOutcome>, Error> {
    let keys: Vec<PriceKey> = rows.iter().map(PutPrice::key).collect();
    let mut faults = Faults::new();
    let mut seen = HashSet::new();
    for (i, (row, key)) in rows.iter().zip(&keys).enumerate() {
        row.check(&mut faults, &format!("/{i}"));
        let new = seen.insert(key);
        faults.require(new, format!("/{i}"), "duplicate_key", "list, SKU, currency, min_quantity and valid_from_on each once in a call");
    }
    faults.into_result()?;
    let skus: HashSet<&str> = keys.iter().map(|key| key.sku.as_str()).collect();
    let unknown = store::unknown_skus(connection, context.organization_id, &skus.into_iter().collect::<Vec<_>>())?;
    if !unknown.is_empty() {
        let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
        let mut faults = Faults::new();
        for (i, key) in keys.iter().enumerate().filter(|(_, key)| unknown.contains(key.sku.as_str())) {
            faults.add(format!("/{i}/sku"), "unknown_sku", format!("no product has the SKU '{}'; create it first", key.sku));
        }
        faults.into_result()?;
    }
    let changed = store::upsert(connection, context, &keys, rows)?;
    let event = |(product_id, price): &(ProductId, Price)| {
        let event_type = if price.version == 1 { "price.created" } else { "price.updated" };
        NewEvent::of(event_type, "product", product_id.0, json!(price))
    };
    events::append(connection, context, &changed.iter().map(event).collect::<Vec<_>>())?;
    let mut outcomes: HashMap<PriceKey, BulkOutcome> = HashMap::with_capacity(changed.len());
    for (_, price) in &changed {
        outcomes.insert(PriceKey::of(price), if price.version == 1 { BulkOutcome::Created } else { BulkOutcome::Updated });
    }
    let left: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].source_version.is_some() && !outcomes.contains_key(&keys[*i])).collect();
    if !left.is_empty() {
        let versions: Vec<i64> = left.iter().filter_map(|i| rows[*i].source_version).collect();
        let left: Vec<PriceKey> = left.into_iter().map(|i| keys[i].clone()).collect();
        for place in store::late(connection, context.organization_id, &left, &versions)? {
            outcomes.extend(left.get(place).map(|key| (key.clone(), BulkOutcome::Late)));
        }
    }
    Ok(keys.iter().map(|key| outcomes.get(key).copied().unwrap_or(BulkOutcome::Unchanged)).collect())
}

/// `filters` names the filters of the list, so that a cursor is only good for them.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<&PriceKey>,
    filters: &str,
    limit: usize,
) -> Result<Page<Price>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &PriceKey::of(row).parts())))
}

/// The key after which a page starts; 400 `invalid_cursor`.
pub fn start(cursor: Option<&str>, filters: &str) -> Result<Option<PriceKey>, Error> {
    let key = page_after(cursor, filters, 5)?.map(PriceKey::read);
    key.map(|key| key.ok_or(Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))).transpose()
}
