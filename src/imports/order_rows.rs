//! Rows of orders, placed in batches as orders that come one by one are.

use super::body::{ImportAction, ImportKind, ImportMode, ImportRowStatus};
use super::history::History;
use super::job::{Step, is_passing, settle, without_poison};
use super::outcome::{Telling, fault_of};
use super::past_rows;
use super::store::{self, Lease, Outcome, PendingRow};
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::order_to_cash::capture_queue::Desk;
use crate::order_to_cash::place::{PlaceRequest, place};
use crate::order_to_cash::quote::{judge, placed_before as placed_with};
use crate::orders;
use crate::orders::body::NewOrder;
use crate::orders::dates::Dates;
use crate::orders::verify::Request;
use crate::payments::service as payments;
use crate::platform::db::Db;
use crate::platform::http::{Answer, parse_json};
use crate::platform::idempotency::fingerprint;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use serde::Deserialize;

/// Rows that are placed as one batch: as many as capture takes at once without a noticeable wait for others at the same stock.
const BATCH: i64 = 64;

/// Works on the next rows; `None` where there are none.
pub fn step(db: &Db, desk: &Desk, context: &Context, lease: &Lease, after: i64) -> Result<Option<Step>, Error> {
    let telling = Telling::of(lease);
    let rows = db.read_blocking(|connection| Ok(store::pending(connection, lease, after, BATCH)?))?;
    let Some(last) = rows.last().map(|row| row.row_number) else { return Ok(None) };
    let batch = |rows: &[PendingRow]| {
        db.read_blocking(|connection| {
            if lease.mode == ImportMode::Historical {
                return past_rows::settled(connection, desk, context, lease, &telling, rows);
            }
            if lease.dry_run {
                return tried(connection, desk, context, lease, &telling, rows);
            }
            let (mut settled, open) = placed_before(connection, lease, rows)?;
            settled.extend(outcomes(connection, desk, context, lease, &telling, &open)?);
            Ok(settled)
        })
    };
    let outcomes = without_poison(&rows, &telling, &batch)?;
    let status = db.write_blocking(|connection| settle(connection, context, lease, &outcomes))?;
    Ok(Some(Step { last, settled: outcomes.len(), status }))
}

/// The rows whose orders are there already, as imported, and the others. A worker may have ended after it had placed a batch and
/// before it told; the orders tell longer than their claims, and whatever would be found wrong with them now came after them.
pub(super) fn placed_before(
    connection: &mut PgConnection,
    lease: &Lease,
    rows: &[PendingRow],
) -> Result<(Vec<Outcome>, Vec<PendingRow>), Error> {
    let ids: Vec<OrderId> = rows.iter().map(|row| OrderId(row.subject_id)).collect();
    let numbers = orders::numbers(connection, lease.organization_id, &ids)?;
    let (mut settled, mut open) = (vec![], vec![]);
    for row in rows {
        let id = OrderId(row.subject_id);
        match numbers.get(&id) {
            Some(number) => settled.push(imported(row, id, number.clone())),
            None => open.push(row.clone()),
        }
    }
    Ok((settled, open))
}

/// Tells of the rows that a worker has placed and died before it told: for an import that goes no further.
pub fn settle_placed(db: &Db, context: &Context, lease: &Lease) -> Result<(), Error> {
    // One batch, behind those that somebody else was working on.
    const AHEAD: i64 = 16 * BATCH;
    if lease.kind != ImportKind::Orders || lease.dry_run {
        return Ok(());
    }
    let placed = db.read_blocking(|connection| {
        let rows = store::pending(connection, lease, 0, AHEAD)?;
        Ok(placed_before(connection, lease, &rows)?.0)
    })?;
    if !placed.is_empty() {
        db.write_blocking(|connection| settle(connection, context, lease, &placed))?;
    }
    Ok(())
}

/// Places a batch. Rows whose outcome is open for the moment (somebody else works on the same `external_id`) are left out.
fn outcomes(
    connection: &mut PgConnection,
    desk: &Desk,
    context: &Context,
    lease: &Lease,
    telling: &Telling,
    rows: &[PendingRow],
) -> Result<Vec<Outcome>, Error> {
    let (mut settled, mut requests, mut placed) = (vec![], vec![], vec![]);
    for row in rows {
        match read(context, lease, row) {
            Ok((body, history)) => {
                requests.push(request(connection, desk, context, lease, row, (body, history))?);
                placed.push(row);
            }
            Err(error) => settled.push(telling.rejected(row, &error)),
        }
    }
    if requests.is_empty() {
        return Ok(settled);
    }
    let requests: Vec<&PlaceRequest> = requests.iter().collect();
    for (row, outcome) in placed.into_iter().zip(place(connection, &desk.master_data, context, &requests)?) {
        match outcome {
            Ok(answer) => settled.push(taken(row, &answer)?),
            Err(error) => settled.extend(refused(lease, telling, row, &error)),
        }
    }
    Ok(settled)
}

/// What a refusal makes of a row: nothing for the moment where it may pass, else it is rejected.
pub(super) fn refused(lease: &Lease, telling: &Telling, row: &PendingRow, error: &Error) -> Option<Outcome> {
    if is_passing(error) {
        log::warn!("row {} of import {} waits: {error}", row.row_number, lease.id);
        return None;
    }
    if matches!(error, Error::Internal(_) | Error::Database(_)) {
        log::error!("row {} of import {}: {error}", row.row_number, lease.id);
    }
    Some(telling.rejected(row, error))
}

/// What placing each row by itself now would come to.
fn tried(
    connection: &mut PgConnection,
    desk: &Desk,
    context: &Context,
    lease: &Lease,
    telling: &Telling,
    rows: &[PendingRow],
) -> Result<Vec<Outcome>, Error> {
    let mut settled = vec![];
    for row in rows {
        let tried = read(context, lease, row).and_then(|(body, _)| {
            let request = request_of(lease, row, String::new(), body);
            let placed = PlaceRequest::of_content(request.clone(), None, &fingerprint("", &row.raw))?;
            if let Some(id) = placed_with(connection, context, &placed)? {
                return Ok(Some(id));
            }
            judge(connection, &desk.master_data, context, request).map(|()| None)
        });
        settled.push(match tried {
            Ok(None) => {
                let outcome = outcome_of(row, ImportRowStatus::Imported, OrderId(row.subject_id), None);
                Outcome { action: Some(ImportAction::Created), ..outcome }
            }
            Ok(Some(id)) => {
                let number = orders::numbers(connection, lease.organization_id, &[id])?.remove(&id);
                outcome_of(row, ImportRowStatus::Unchanged, id, number)
            }
            Err(error) if is_passing(&error) => return Err(error),
            Err(error) => telling.rejected(row, &error),
        });
    }
    Ok(settled)
}

/// The row as what `POST /v1/orders` takes, with the faults that it would tell, and of an order of the past what became of it.
pub(super) fn read(context: &Context, lease: &Lease, row: &PendingRow) -> Result<(NewOrder, History), Error> {
    if let Some(fault) = fault_of(row) {
        return Err(fault);
    }
    let (body, history) = match lease.mode {
        ImportMode::Historical => History::read(&row.raw, context.now)?,
        ImportMode::Live => {
            let body: NewOrder = parse_json(&row.raw)?;
            body.check()?;
            (body, History::default())
        }
    };
    if !body.payments.is_empty() && !lease.may_book_payments {
        return Err(Error::InsufficientScope { scope: Permission::PAYMENTS_WRITE.scope().to_owned() });
    }
    Ok((body, history))
}

pub(super) fn request(
    connection: &mut PgConnection,
    desk: &Desk,
    context: &Context,
    lease: &Lease,
    row: &PendingRow,
    (body, history): (NewOrder, History),
) -> Result<PlaceRequest, Error> {
    let number = match history.number {
        Some(number) => number,
        None => orders::service::next_number(connection, &desk.numbers, context.organization_id)?,
    };
    let payment_numbers = body
        .payments
        .iter()
        .map(|_| payments::next_number(connection, &desk.numbers, context.organization_id))
        .collect::<Result<_, _>>()?;
    // The same content sent by itself is the same order. A row of the past says more than an order.
    let (request, hash) = (request_of(lease, row, number, body), fingerprint("", &row.raw));
    let placed = match lease.mode {
        ImportMode::Live => PlaceRequest::of_content(request, None, &hash)?,
        ImportMode::Historical => PlaceRequest::new(request, None, &hash),
    };
    Ok(PlaceRequest { payment_numbers, ..placed })
}

pub(super) fn request_of(lease: &Lease, row: &PendingRow, number: String, body: NewOrder) -> Request {
    Request {
        order_id: OrderId(row.subject_id),
        number,
        body,
        may_price: lease.may_price,
        dates: if lease.mode == ImportMode::Historical { Dates::History } else { Dates::Recent },
        historical: lease.mode == ImportMode::Historical,
    }
}

pub(super) fn taken(row: &PendingRow, answer: &Answer) -> Result<Outcome, Error> {
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
    if order_id.0 == row.subject_id {
        let outcome = outcome_of(row, ImportRowStatus::Imported, order_id, Some(order_number));
        Outcome { action: Some(ImportAction::Created), ..outcome }
    } else {
        outcome_of(row, ImportRowStatus::Unchanged, order_id, Some(order_number))
    }
}

pub(super) fn outcome_of(row: &PendingRow, status: ImportRowStatus, order_id: OrderId, number: Option<String>) -> Outcome {
    Outcome { row_number: row.row_number, status, action: None, subject_id: order_id.0, subject_key: number, problem: None }
}
