//! Stock of a file: counts of now, or with `as_of` and `source_version` the figures of an outside system.

use super::{Item, Told};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::imports::store::PendingRow;
use crate::inventory::stock::adjustments::body::PostAdjustment;
use crate::inventory::stock::snapshots::body::{PutSnapshot, SnapshotOutcome};
use crate::order_to_cash::counting;
use crate::platform::http::{from_value, parse_json};
use crate::types::bulk::BulkOutcome;
use crate::types::decimal::Quantity;
use crate::types::fault::{Fault, Faults};
use crate::types::id::StockChangeId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

/// What lies of one product at one location.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockRow {
    pub location: String,
    pub sku: String,
    /// On hand, in the product's base unit.
    pub quantity: Quantity,
    /// The moment for which the figure holds.
    #[serde(default)]
    pub as_of: Option<DateTime<Utc>>,
    /// As `version` of `PUT /v1/inventory/snapshots`.
    #[serde(default)]
    pub source_version: Option<i64>,
}

impl StockRow {
    pub fn name(&self) -> String {
        format!("{} {}", self.location, self.sku)
    }
}

pub fn read(row: &PendingRow) -> Result<StockRow, Error> {
    let body: StockRow = parse_json(&row.raw)?;
    let mut faults = Faults::new();
    faults.require(body.quantity.0 >= Decimal::ZERO, "/quantity", "out_of_range", "must not be below 0");
    let both = "give as_of and source_version together, or neither for a count of now";
    faults.require(body.as_of.is_some() || body.source_version.is_none(), "/as_of", "required", both);
    faults.require(body.source_version.is_some() || body.as_of.is_none(), "/source_version", "required", both);
    faults.into_result()?;
    Ok(body)
}

/// Rows that go into one call, in the order of the file.
pub fn groups(items: Vec<Item<StockRow>>) -> Vec<Vec<Item<StockRow>>> {
    let mut groups: Vec<Vec<Item<StockRow>>> = vec![];
    let mut places = HashMap::new();
    for item in items {
        let key = (item.body.location.clone(), item.body.as_of, item.body.source_version);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(vec![]);
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.push(item);
        }
    }
    groups
}

/// Takes one group in.
pub fn put(connection: &mut PgConnection, context: &Context, group: &[Item<StockRow>]) -> Result<Vec<Told>, Error> {
    let Some(first) = group.first().map(|item| &item.body) else { return Ok(vec![]) };
    let id = StockChangeId::generate();
    let changed: Result<HashMap<String, BulkOutcome>, Error> = match (first.as_of, first.source_version) {
        (Some(as_of), Some(version)) => {
            let lines: Vec<_> = group.iter().map(|item| json!({"sku": item.body.sku, "quantity": item.body.quantity})).collect();
            let body: PutSnapshot = from_value(&json!({"location": first.location, "as_of": as_of, "version": version, "lines": lines}))?;
            counting::take_snapshot(connection, context, id, &body).map(|snapshot| {
                let outcome = |outcome, change: Quantity| if outcome == SnapshotOutcome::Late { BulkOutcome::Late } else { moved(change) };
                snapshot.lines.into_iter().map(|line| (line.sku, outcome(line.outcome, line.change))).collect()
            })
        }
        _ => {
            let lines: Vec<_> = group.iter().map(|item| json!({"sku": item.body.sku, "counted": item.body.quantity})).collect();
            let body: PostAdjustment = from_value(&json!({"location": first.location, "reason": "import", "lines": lines}))?;
            counting::adjust(connection, context, id, &body)
                .map(|change| change.lines.into_iter().map(|line| (line.sku, moved(line.change))).collect())
        }
    };
    let changed = changed.map_err(|error| of_rows(error, group.len()))?;
    let told = |item: &Item<StockRow>| {
        let outcome = changed.get(&item.body.sku).copied().unwrap_or(BulkOutcome::Unchanged);
        (outcome, None, format!("{} {}", item.body.sku, item.body.location))
    };
    Ok(group.iter().map(told).collect())
}

fn moved(change: Quantity) -> BulkOutcome {
    if change.0.is_zero() { BulkOutcome::Unchanged } else { BulkOutcome::Updated }
}

/// Faults of the call as faults of its rows: what is wrong with the whole is wrong with each.
fn of_rows(error: Error, rows: usize) -> Error {
    let Error::Invalid(faults) = error else { return error };
    let mut told = vec![];
    for fault in faults {
        match fault.pointer.strip_prefix("/lines/") {
            Some(rest) => told.push(Fault { pointer: format!("/{}", rest.replace("/counted", "/quantity")), ..fault }),
            None => told.extend((0..rows).map(|i| Fault { pointer: format!("/{i}{}", fault.pointer), ..fault.clone() })),
        }
    }
    Error::Invalid(told)
}
