//! Finding out what really lies there: counts, adjustments, snapshots, goods gone bad. What is found is a fact and never
//! refused; promises that it leaves without stock are taken back in the same transaction.

use super::take_back::change_stock;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::ShelfKey;
use crate::inventory::locations::service::check_known;
use crate::inventory::stock::adjustments::{self, body::PostAdjustment};
use crate::inventory::stock::change::StockChange;
use crate::inventory::stock::locked::Cause;
use crate::inventory::stock::products;
use crate::inventory::stock::quarantine::{self, body::PostQuarantine};
use crate::inventory::stock::snapshots;
use crate::inventory::stock::snapshots::body::{PutSnapshot, Snapshot, SnapshotOutcome};
use crate::types::fault::Faults;
use crate::types::id::StockChangeId;
use diesel::pg::PgConnection;

/// Writes differences and counts.
pub fn adjust(connection: &mut PgConnection, context: &Context, id: StockChangeId, body: &PostAdjustment) -> Result<StockChange, Error> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    let skus: Vec<&str> = body.lines.iter().map(|line| line.sku.as_str()).collect();
    body.check_lines(&mut faults, &products(connection, context.organization_id, &skus)?);
    check_known(connection, context.organization_id, &mut faults, &[("/location", &body.location)])?;
    faults.into_result()?;

    let cause = cause_of(context, id, &body.reason, body.reference.as_ref());
    let changed = change_stock(connection, context, &keys_of(&skus, &body.location), |_, stock| {
        adjustments::service::apply(stock, body, &cause)?;
        Ok(((), stock.missing()))
    })?;
    let change = StockChange::new(context, id, &cause, &changed.levels, changed.freed);
    crate::events::append(connection, context, &[change.event("inventory.adjusted", &body.location)])?;
    Ok(change)
}

/// Moves goods into quarantine, out of it, or to the bin.
pub fn quarantine(
    connection: &mut PgConnection,
    context: &Context,
    id: StockChangeId,
    body: &PostQuarantine,
) -> Result<StockChange, Error> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    let skus: Vec<&str> = body.lines.iter().map(|line| line.sku.as_str()).collect();
    body.check_lines(&mut faults, &products(connection, context.organization_id, &skus)?);
    check_known(connection, context.organization_id, &mut faults, &[("/location", &body.location)])?;
    faults.into_result()?;

    let cause = cause_of(context, id, &body.reason, body.reference.as_ref());
    let changed = change_stock(connection, context, &keys_of(&skus, &body.location), |_, stock| {
        Ok(((), quarantine::service::apply(stock, body, &cause)?))
    })?;
    let change = StockChange::new(context, id, &cause, &changed.levels, changed.freed);
    crate::events::append(connection, context, &[change.event("inventory.quarantined", &body.location)])?;
    Ok(change)
}

/// Takes an outside system's figures in.
pub fn take_snapshot(connection: &mut PgConnection, context: &Context, id: StockChangeId, body: &PutSnapshot) -> Result<Snapshot, Error> {
    let mut faults = Faults::new();
    body.check(&mut faults, context.now);
    let skus: Vec<&str> = body.lines.iter().map(|line| line.sku.as_str()).collect();
    body.check_lines(&mut faults, &products(connection, context.organization_id, &skus)?);
    check_known(connection, context.organization_id, &mut faults, &[("/location", &body.location)])?;
    faults.into_result()?;

    // The difference belongs to the moment of the snapshot, so that a later one of the same moment does not count it twice.
    let reference = format!("snapshot {}", body.version);
    let cause = Cause { reason: None, reference: Some(reference), subject_id: id.0, occurred_at: body.as_of };
    let changed = change_stock(connection, context, &keys_of(&skus, &body.location), |connection, stock| {
        let results = snapshots::service::apply(connection, context.organization_id, stock, body, &cause)?;
        Ok((results, stock.missing()))
    })?;
    let late_count = changed.value.iter().filter(|line| line.outcome == SnapshotOutcome::Late).count();
    if late_count < changed.value.len() {
        let event = StockChange::new(context, id, &cause, &changed.levels, vec![]).event("inventory.snapshot_taken", &body.location);
        crate::events::append(connection, context, &[event])?;
    }
    Ok(Snapshot {
        id,
        location: body.location.clone(),
        as_of: body.as_of,
        version: body.version,
        applied_count: changed.value.len() - late_count,
        late_count,
        lines: changed.value,
        freed: changed.freed,
        recorded_at: context.now,
    })
}

fn keys_of(skus: &[&str], location: &str) -> Vec<ShelfKey> {
    skus.iter().map(|sku| ShelfKey::new(*sku, location)).collect()
}

fn cause_of(context: &Context, id: StockChangeId, reason: &str, reference: Option<&String>) -> Cause {
    Cause { reason: Some(reason.to_owned()), reference: reference.cloned(), subject_id: id.0, occurred_at: context.now }
}
