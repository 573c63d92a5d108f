//! From the event feed to the outbox: the orders of the events that were read are stored in the transaction that moves on.

use super::store;
use crate::error::Error;
use crate::events::follow::{follow, settled};
use crate::platform::db::Db;
use crate::platform::one_by_one::one_by_one;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use std::collections::BTreeSet;

/// How many events one transaction looks through.
const WINDOW: i64 = 2_000;
/// What changes where an order stands.
const SUBJECTS: [&str; 7] = ["order", "shipment", "invoice", "credit_note", "payment", "refund", "return"];

/// Reads what has happened for every CRM that is told of it. One that is to be told from now on begins with what happens from now on.
pub fn collect(db: &Db, now: DateTime<Utc>) -> Result<(), Error> {
    db.write_blocking(|connection| {
        let settled = settled(connection)?;
        Ok(store::ensure_follows(connection, settled)?)
    })?;
    one_by_one(db.read_blocking(|connection| Ok(store::follows(connection)?))?, |channel| {
        while db.write_blocking(|connection| collect_batch(connection, &channel, now))? && !db.is_stopping() {}
        Ok(0)
    })?;
    Ok(())
}

/// Whether there may be more. The cursor's row lock makes one writer at a time; where another process has it nothing is to do.
fn collect_batch(connection: &mut PgConnection, channel: &store::Follow, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some(after) = store::lock_cursor(connection, channel)? else { return Ok(false) };
    let settled = settled(connection)?;
    let (events, through) = follow(connection, channel.organization_id, &SUBJECTS, after, settled, WINDOW)?;
    if through <= after {
        return Ok(false);
    }
    let orders: BTreeSet<_> = events.iter().filter_map(|event| event.order_id).collect();
    if !orders.is_empty() {
        store::note(connection, channel, &orders.into_iter().collect::<Vec<_>>(), now)?;
    }
    store::move_cursor(connection, channel, through)?;
    Ok(through < settled)
}
