use super::body::{ImportRowStatus, ImportStatus};
use super::service;
use super::store::{self, Lease, Outcome, PendingRow};
use crate::auth::actor::Context;
use crate::auth::permission::{Permission, Role};
use crate::error::Error;
use crate::events;
use crate::order_to_cash::capture_queue::Desk;
use crate::order_to_cash::place::{PlaceRequest, place};
use crate::orders;
use crate::orders::body::NewOrder;
use crate::orders::verify::Request;
use crate::payments::service as payments;
use crate::platform::db::Db;
use crate::platform::http::{Answer, parse_json};
use crate::platform::idempotency::fingerprint;
use crate::platform::panics::panicked;
use crate::types::id::{ImportId, OrderId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Deserialize;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use super::upload::clear_abandoned;

/// Rows that are placed as one batch: as many as capture takes at once without a noticeable wait for others at the same stock.
const BATCH: i64 = 64;
/// How long a worker may be silent before another one takes over. A batch takes a fraction of it.
const LEASE_SECONDS: i64 = 10;
/// How long an import rests where rows of it could not be settled because of what others do.
const REST_SECONDS: i64 = 2;

/// Works on imports until none is left or `stop` says so. Returns how many rows got their outcome.
pub fn work(db: &Db, desk: &Desk, now: impl Fn() -> DateTime<Utc>, stop: impl Fn() -> bool) -> Result<usize, Error> {
    let mut all = 0;
    while !stop() {
        let started_at = now();
        let Some(lease) = db.write_blocking(|connection| Ok(store::lease(connection, started_at, LEASE_SECONDS)?))? else { break };
        let (mut after, mut rest) = (0, REST_SECONDS);
        loop {
            if stop() {
                rest = 0;
                break;
            }
            let context = context_of(&lease, now());
            let rows = db.read_blocking(|connection| Ok(store::pending(connection, &lease, after, BATCH)?))?;
            let Some(last) = rows.last() else { break };
            after = last.row_number;
            let batch = |rows: &[PendingRow]| {
                db.read_blocking(|connection| {
                    let (mut settled, open) = placed_before(connection, &lease, rows)?;
                    settled.extend(outcomes(connection, desk, &context, &lease, &open)?);
                    Ok(settled)
                })
            };
            let outcomes = without_poison(&rows, lease.id, &batch)?;
            all += outcomes.len();
            if settle(db, &context, &lease, &outcomes)? == ImportStatus::Completed {
                break;
            }
        }
        db.write_blocking(|connection| Ok(store::release(connection, &lease, rest)?))?;
    }
    Ok(all)
}

/// Acts for whoever sent the rows.
fn context_of(lease: &Lease, now: DateTime<Utc>) -> Context {
    let role = Role::from_name(&lease.role).unwrap_or(Role::Viewer);
    let permissions = role.permissions();
    Context { organization_id: lease.organization_id, actor: lease.actor.clone(), origin: None, role, permissions, now }
}

fn settle(db: &Db, context: &Context, lease: &Lease, outcomes: &[Outcome]) -> Result<ImportStatus, Error> {
    db.write_blocking(|connection| {
        let import = store::settle(connection, lease, outcomes, context.now, LEASE_SECONDS)?;
        if import.status == ImportStatus::Completed && !outcomes.is_empty() {
            events::append(connection, context, &[service::event("import.completed", &import)])?;
        }
        Ok(import.status)
    })
}

/// Settles rows together.
type Batch<'a> = dyn Fn(&[PendingRow]) -> Result<Vec<Outcome>, Error> + 'a;

/// Works on rows as one batch; where that panics, row by row, so that a row that panics by itself is rejected and its neighbours are
/// not.
fn without_poison(rows: &[PendingRow], import_id: ImportId, batch: &Batch) -> Result<Vec<Outcome>, Error> {
    let error = match catch_unwind(AssertUnwindSafe(|| batch(rows))) {
        Ok(done) => return done,
        Err(panic) => panicked(panic.as_ref()),
    };
    log::error!("{} rows of import {import_id}: {error}", rows.len());
    if let [row] = rows {
        return Ok(vec![rejected(row, &error, import_id)]);
    }
    let mut settled = vec![];
    for row in rows {
        settled.extend(without_poison(std::slice::from_ref(row), import_id, batch)?);
    }
    Ok(settled)
}

/// The rows whose orders are there already, as imported, and the others. A worker may have ended after it had placed a batch and
/// before it told; the orders tell longer than their claims, and whatever would be found wrong with them now came after them.
fn placed_before(connection: &mut PgConnection, lease: &Lease, rows: &[PendingRow]) -> Result<(Vec<Outcome>, Vec<PendingRow>), Error> {
    let ids: Vec<OrderId> = rows.iter().map(|row| row.order_id).collect();
    let numbers = orders::numbers(connection, lease.organization_id, &ids)?;
    let (mut settled, mut open) = (vec![], vec![]);
    for row in rows {
        match numbers.get(&row.order_id) {
            Some(number) => settled.push(imported(row, row.order_id, number.clone())),
            None => open.push(row.clone()),
        }
    }
    Ok((settled, open))
}

/// Places a batch. Rows whose outcome is open for the moment (somebody else works on the same `external_id`) are left out.
fn outcomes(
    connection: &mut PgConnection,
    desk: &Desk,
    context: &Context,
    lease: &Lease,
    rows: &[PendingRow],
) -> Result<Vec<Outcome>, Error> {
    let (mut settled, mut requests, mut placed) = (vec![], vec![], vec![]);
    for row in rows {
        match read(lease, row) {
            Ok(body) => {
                requests.push(request(connection, desk, context, lease, row, body)?);
                placed.push(row);
            }
            Err(error) => settled.push(rejected(row, &error, lease.id)),
        }
    }
    if requests.is_empty() {
        return Ok(settled);
    }
    let requests: Vec<&PlaceRequest> = requests.iter().collect();
    for (row, outcome) in placed.into_iter().zip(place(connection, &desk.master_data, context, &requests)?) {
        match outcome {
            Ok(answer) => settled.push(taken(row, &answer)?),
            Err(error) if is_passing(&error) => log::warn!("row {} of import {} waits: {error}", row.row_number, lease.id),
            Err(error) => {
                if matches!(error, Error::Internal(_) | Error::Database(_)) {
                    log::error!("row {} of import {}: {error}", row.row_number, lease.id);
                }
                settled.push(rejected(row, &error, lease.id));
            }
        }
    }
    Ok(settled)
}

/// The row as what `POST /v1/orders` takes, with the faults that it would tell.
fn read(lease: &Lease, row: &PendingRow) -> Result<NewOrder, Error> {
    let body: NewOrder = parse_json(&row.raw)?;
    body.check()?;
    if !body.payments.is_empty() && !lease.may_book_payments {
        return Err(Error::InsufficientScope { scope: Permission::PAYMENTS_WRITE.scope().to_owned() });
    }
    Ok(body)
}

fn request(
    connection: &mut PgConnection,
    desk: &Desk,
    context: &Context,
    lease: &Lease,
    row: &PendingRow,
    body: NewOrder,
) -> Result<PlaceRequest, Error> {
    let number = orders::service::next_number(connection, &desk.numbers, context.organization_id)?;
    let payment_numbers = body
        .payments
        .iter()
        .map(|_| payments::next_number(connection, &desk.numbers, context.organization_id))
        .collect::<Result<_, _>>()?;
    let request = Request { order_id: row.order_id, number, body, may_price: lease.may_price, historical: false };
    // The same content sent by itself is the same order.
    Ok(PlaceRequest { payment_numbers, ..PlaceRequest::new(request, None, &fingerprint("", &row.raw)) })
}

/// What may be otherwise in a moment, and says nothing of the row.
fn is_passing(error: &Error) -> bool {
    let in_flight = matches!(error, Error::Conflict { code: "idempotency_in_flight", .. });
    in_flight
        || error.is_transient()
        || error.is_lock_timeout()
        || error.is_broken_connection()
        || matches!(error, Error::Unavailable { .. })
}

fn taken(row: &PendingRow, answer: &Answer) -> Result<Outcome, Error> {
    #[derive(Deserialize)]
    struct Order {
        id: OrderId,
        number: String,
    }
    let order: Order = serde_json::from_slice(&answer.body).map_err(Error::internal)?;
    Ok(imported(row, order.id, order.number))
}

/// The row's own order, or an earlier one with the same content.
fn imported(row: &PendingRow, order_id: OrderId, order_number: String) -> Outcome {
    let status = if order_id == row.order_id { ImportRowStatus::Imported } else { ImportRowStatus::Unchanged };
    Outcome { row_number: row.row_number, status, order_id, order_number: Some(order_number), problem: None }
}

fn rejected(row: &PendingRow, error: &Error, import_id: ImportId) -> Outcome {
    let problem = error.problem(&import_id.to_string()).to_string();
    let status = ImportRowStatus::Rejected;
    Outcome { row_number: row.row_number, status, order_id: row.order_id, order_number: None, problem: Some(problem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_panics_is_rejected_and_its_neighbours_are_not() {
        let row = |row_number| PendingRow { row_number, order_id: OrderId::generate(), raw: vec![] };
        let rows: Vec<PendingRow> = (1..=5).map(row).collect();
        let batch = |rows: &[PendingRow]| -> Result<Vec<Outcome>, Error> {
            assert!(rows.iter().all(|row| row.row_number != 3), "poison");
            Ok(rows.iter().map(|row| imported(row, row.order_id, "SO-1".to_owned())).collect())
        };
        let settled = without_poison(&rows, ImportId::generate(), &batch).unwrap();
        let told: Vec<(i64, bool)> = settled.iter().map(|one| (one.row_number, one.status == ImportRowStatus::Rejected)).collect();
        assert_eq!(told, [(1, false), (2, false), (3, true), (4, false), (5, false)]);
        assert!(settled[2].problem.as_deref().unwrap().contains("500"));
        assert!(!settled[2].problem.as_deref().unwrap().contains("poison"), "what went wrong inside is not for the caller");
        let failed = without_poison(&rows, ImportId::generate(), &|_| Err(Error::unavailable("away".to_owned())));
        assert!(matches!(failed, Err(Error::Unavailable { .. })), "an error is the batch's, as before");
    }
}
