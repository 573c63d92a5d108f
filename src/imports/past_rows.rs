//! Rows of orders of the past: each placed and carried to where it ended in one transaction, so that a row that is rejected has left
//! nothing, least of all an order that somebody would ship again. A dry run does the same and undoes it.

use super::body::ImportRowStatus;
use super::history::History;
use super::order_rows::{outcome_of, placed_before, read, refused, request, request_of, taken};
use super::outcome::Telling;
use super::store::{Lease, Outcome, PendingRow};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::order_to_cash::capture_queue::Desk;
use crate::order_to_cash::place::{PlaceRequest, place_within};
use crate::order_to_cash::quote::placed_before as placed_with;
use crate::orders;
use crate::orders::body::NewOrder;
use crate::platform::idempotency::fingerprint;
use crate::platform::undone::undone;
use crate::types::id::OrderId;
use diesel::Connection;
use diesel::pg::PgConnection;

/// The outcomes of rows, each of which is settled by itself. Rows whose outcome is open for the moment are left out.
pub fn settled(
    connection: &mut PgConnection,
    desk: &Desk,
    context: &Context,
    lease: &Lease,
    telling: &Telling,
    rows: &[PendingRow],
) -> Result<Vec<Outcome>, Error> {
    let (told, open) = match lease.dry_run {
        true => (vec![], rows.to_vec()),
        false => placed_before(connection, lease, rows)?,
    };
    let mut settled = Vec::with_capacity(rows.len());
    let told =
        told.into_iter().filter_map(|outcome| rows.iter().find(|row| row.row_number == outcome.row_number).map(|row| (row, Some(outcome))));
    for (row, before) in told.chain(open.iter().map(|row| (row, None))) {
        let outcome = match before {
            // An earlier version placed it and ended before it carried it.
            Some(outcome) => go_on(connection, context, row, OrderId(outcome.subject_id)).map(|()| outcome),
            None => one(connection, desk, context, lease, row),
        };
        match outcome {
            Ok(outcome) => settled.push(outcome),
            Err(error) if error.is_broken_connection() => return Err(error),
            Err(error) => settled.extend(refused(lease, telling, row, &error)),
        }
    }
    Ok(settled)
}

fn one(connection: &mut PgConnection, desk: &Desk, context: &Context, lease: &Lease, row: &PendingRow) -> Result<Outcome, Error> {
    let (body, history) = read(context, lease, row)?;
    // Numbers are drawn before the transaction, where nobody waits for them.
    let placed = match lease.dry_run {
        true => tried(lease, row, body, &history),
        false => request(connection, desk, context, lease, row, (body, history.clone()))?,
    };
    let settle = |connection: &mut PgConnection| match placed_with(connection, context, &placed)? {
        Some(id) => {
            carry_on(connection, context, &history, id)?;
            let number = orders::numbers(connection, lease.organization_id, &[id])?.remove(&id);
            Ok(outcome_of(row, ImportRowStatus::Unchanged, id, number))
        }
        None => {
            let answer = place_within(connection, &desk.master_data, context, &placed)?;
            history.carry(connection, context, placed.request.order_id)?;
            taken(row, &answer)
        }
    };
    if !lease.dry_run {
        return connection.transaction(settle);
    }
    let outcome = undone(connection, settle)?;
    // It bears a number only once it is there.
    let subject_key = outcome.subject_key.filter(|_| outcome.status != ImportRowStatus::Imported);
    Ok(Outcome { subject_key, ..outcome })
}

/// As `request`, with numbers that nobody else has and nobody will see.
fn tried(lease: &Lease, row: &PendingRow, body: NewOrder, history: &History) -> PlaceRequest {
    let number = history.number.clone().unwrap_or_else(|| format!("~{}", row.subject_id));
    let payment_numbers = (0..body.payments.len()).map(|i| format!("~{}-{i}", row.subject_id)).collect();
    PlaceRequest { payment_numbers, ..PlaceRequest::new(request_of(lease, row, number, body), None, &fingerprint("", &row.raw)) }
}

fn go_on(connection: &mut PgConnection, context: &Context, row: &PendingRow, id: OrderId) -> Result<(), Error> {
    let (_, history) = History::read(&row.raw, context.now)?;
    connection.transaction(|connection| carry_on(connection, context, &history, id))
}

/// Carries an order that is there already to where it ended, if it is one of the past.
fn carry_on(connection: &mut PgConnection, context: &Context, history: &History, id: OrderId) -> Result<(), Error> {
    let order = orders::find(connection, context.organization_id, id)?;
    match order.is_some_and(|order| order.detail.historical) {
        true => history.carry(connection, context, id),
        false => Ok(()),
    }
}
