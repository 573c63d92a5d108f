//! From the event feed to the outbox: the tasks of the events that were read are stored in the transaction that moves on.

use super::store;
use crate::error::Error;
use crate::events::follow::{follow, settled};
use crate::platform::db::Db;
use crate::platform::one_by_one::one_by_one;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

/// How many events one transaction looks through.
const WINDOW: i64 = 2_000;

/// Reads what has happened for every shop that is told of it.
pub fn collect(db: &Db, now: DateTime<Utc>) -> Result<(), Error> {
    db.write_blocking(|connection| Ok(store::ensure_follows(connection)?))?;
    one_by_one(db.read_blocking(|connection| Ok(store::shops(connection)?))?, |shop| {
        while db.write_blocking(|connection| collect_batch(connection, &shop, now))? && !db.is_stopping() {}
        Ok(0)
    })?;
    Ok(())
}

/// Whether there may be more. The cursor's row lock makes one writer at a time; where another process has it nothing is to do.
fn collect_batch(connection: &mut PgConnection, shop: &store::Shop, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some(after) = store::lock_cursor(connection, shop)? else { return Ok(false) };
    let settled = settled(connection)?;
    let (events, through) = follow(connection, shop.organization_id, &["shipment"], after, settled, WINDOW)?;
    if through <= after {
        return Ok(false);
    }
    let shipped = events.iter().filter(|event| event.event_type == "shipment.shipped").map(|event| event.subject_id);
    let shipped: Vec<_> = shipped.collect();
    if !shipped.is_empty() {
        store::insert_tasks(connection, shop, &shipped, now)?;
    }
    store::move_cursor(connection, shop, through)?;
    Ok(through < settled)
}
