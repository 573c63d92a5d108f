use super::body::{ImportKind, ImportStatus};
use super::outcome::Telling;
use super::store::{self, Lease, Outcome, PendingRow};
use super::{master_rows, order_rows, service};
use crate::auth::actor::Context;
use crate::auth::permission::Role;
use crate::error::Error;
use crate::events;
use crate::order_to_cash::capture_queue::Desk;
use crate::platform::db::Db;
use crate::platform::panics::panicked;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use super::upload::clear_abandoned;

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
            let step = match lease.kind {
                ImportKind::Orders => order_rows::step(db, desk, &context, &lease, after)?,
                ImportKind::Products | ImportKind::Prices | ImportKind::Customers | ImportKind::Stock => {
                    master_rows::step(db, &context, &lease, after)?
                }
            };
            let Some(step) = step else { break };
            after = step.last;
            all += step.settled;
            if step.status == ImportStatus::Completed {
                break;
            }
        }
        db.write_blocking(|connection| Ok(store::release(connection, &lease, rest)?))?;
    }
    Ok(all)
}

/// What a batch has come to.
pub struct Step {
    /// The last row that was looked at.
    pub last: i64,
    pub settled: usize,
    pub status: ImportStatus,
}

/// Acts for whoever sent the rows.
fn context_of(lease: &Lease, now: DateTime<Utc>) -> Context {
    let role = Role::from_name(&lease.role).unwrap_or(Role::Viewer);
    let permissions = role.permissions();
    Context { organization_id: lease.organization_id, actor: lease.actor.clone(), origin: None, role, permissions, now }
}

/// Writes outcomes down, in the transaction of what they tell or after it.
pub fn settle(connection: &mut PgConnection, context: &Context, lease: &Lease, outcomes: &[Outcome]) -> Result<ImportStatus, Error> {
    let import = store::settle(connection, lease, outcomes, context.now, LEASE_SECONDS)?;
    if import.status == ImportStatus::Completed && !outcomes.is_empty() {
        events::append(connection, context, &[service::event("import.completed", &import)])?;
    }
    Ok(import.status)
}

/// What may be otherwise in a moment, and says nothing of the row.
pub fn is_passing(error: &Error) -> bool {
    let in_flight = matches!(error, Error::Conflict { code: "idempotency_in_flight", .. });
    in_flight
        || error.is_transient()
        || error.is_lock_timeout()
        || error.is_broken_connection()
        || matches!(error, Error::Unavailable { .. })
}

/// Settles rows together.
type Batch<'a> = dyn Fn(&[PendingRow]) -> Result<Vec<Outcome>, Error> + 'a;

/// Works on rows as one batch; where that panics, row by row, so that a row that panics by itself is rejected and its neighbours are
/// not.
pub fn without_poison(rows: &[PendingRow], telling: &Telling, batch: &Batch) -> Result<Vec<Outcome>, Error> {
    let error = match catch_unwind(AssertUnwindSafe(|| batch(rows))) {
        Ok(done) => return done,
        Err(panic) => panicked(panic.as_ref()),
    };
    log::error!("{} rows of an import: {error}", rows.len());
    if let [row] = rows {
        return Ok(vec![telling.rejected(row, &error)]);
    }
    let mut settled = vec![];
    for row in rows {
        settled.extend(without_poison(std::slice::from_ref(row), telling, batch)?);
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::super::body::{ImportMode, ImportRowStatus};
    use super::super::outcome::done;
    use super::*;
    use crate::types::bulk::BulkOutcome;
    use crate::types::id::{ImportId, OrganizationId};
    use uuid::Uuid;

    #[test]
    fn a_row_that_panics_is_rejected_and_its_neighbours_are_not() {
        let lease = Lease {
            organization_id: OrganizationId::generate(),
            id: ImportId::generate(),
            kind: ImportKind::Orders,
            mode: ImportMode::Live,
            dry_run: false,
            columns: None,
            actor: "system".to_owned(),
            role: "admin".to_owned(),
            may_price: true,
            may_book_payments: true,
        };
        let telling = Telling::of(&lease);
        let row = |row_number| PendingRow { row_number, subject_id: Uuid::now_v7(), raw: vec![], fault: None };
        let rows: Vec<PendingRow> = (1..=5).map(row).collect();
        let batch = |rows: &[PendingRow]| -> Result<Vec<Outcome>, Error> {
            assert!(rows.iter().all(|row| row.row_number != 3), "poison");
            Ok(rows.iter().map(|row| done(row, BulkOutcome::Created, None, "SO-1".to_owned())).collect())
        };
        let settled = without_poison(&rows, &telling, &batch).unwrap();
        let told: Vec<(i64, bool)> = settled.iter().map(|one| (one.row_number, one.status == ImportRowStatus::Rejected)).collect();
        assert_eq!(told, [(1, false), (2, false), (3, true), (4, false), (5, false)]);
        assert!(settled[2].problem.as_deref().unwrap().contains("500"));
        assert!(!settled[2].problem.as_deref().unwrap().contains("poison"), "what went wrong inside is not for the caller");
        let failed = without_poison(&rows, &telling, &|_| Err(Error::unavailable("away".to_owned())));
        assert!(matches!(failed, Err(Error::Unavailable { .. })), "an error is the batch's, as before");
    }
}
