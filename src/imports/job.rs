use super::body::{ImportFailure, ImportKind, ImportMode, ImportStatus};
use super::outcome::Telling;
use super::store::{self, Lease, Outcome, PendingRow};
use super::{master_rows, order_rows, service};
use crate::auth::actor::Context;
use crate::auth::permission::{Permission, Permissions, Role};
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
        let Some(mut lease) = db.write_blocking(|connection| Ok(store::lease(connection, started_at, LEASE_SECONDS)?))? else { break };
        let (mut after, mut rest) = (0, REST_SECONDS);
        loop {
            if stop() {
                rest = 0;
                break;
            }
            // Looked at with every batch: a million rows take longer than a sender may stay one of us.
            let role = db.read_blocking(|connection| Ok(store::role_of_sender(connection, &lease)?))?;
            let context = match context_of(&lease, role.as_deref(), now()) {
                Ok(context) => context,
                Err(failure) => {
                    fail(db, &lease, failure, now())?;
                    break;
                }
            };
            lease.may_price &= context.permissions.contains(Permission::ORDERS_PRICE);
            lease.may_book_payments &= context.permissions.contains(Permission::PAYMENTS_WRITE);
            let step = match lease.kind {
                ImportKind::Orders => order_rows::step(db, desk, &context, &lease, after)?,
                ImportKind::Products | ImportKind::Prices | ImportKind::Customers | ImportKind::Stock => {
                    master_rows::step(db, &context, &lease, after)?
                }
            };
            let Some(step) = step else { break };
            after = step.last;
            all += step.settled;
            if step.status != ImportStatus::Running {
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

/// Acts for whoever sent the rows: with what the role that the sender has now and the token that they came with both permit.
fn context_of(lease: &Lease, role: Option<&str>, now: DateTime<Utc>) -> Result<Context, ImportFailure> {
    let role = role.and_then(Role::from_name).ok_or(ImportFailure::SenderDisabled)?;
    let scope = lease.scope.as_deref().map_or(Permissions::all(), Permissions::stored);
    let permissions = role.permissions().intersect(scope);
    let is_permitted =
        permissions.contains(lease.kind.write_permission()) && (lease.mode == ImportMode::Live || permissions.contains(Permission::IMPORT));
    if !is_permitted {
        return Err(ImportFailure::NotPermitted);
    }
    Ok(Context { organization_id: lease.organization_id, actor: lease.actor.clone(), origin: None, role, permissions, now })
}

/// Gives an import up and tells so.
fn fail(db: &Db, lease: &Lease, failure: ImportFailure, now: DateTime<Utc>) -> Result<(), Error> {
    log::warn!(import:% = lease.id, failure = failure.as_str(); "an import is given up");
    let context = Context::job(lease.organization_id, "work_on_imports", now);
    order_rows::settle_placed(db, &context, lease)?;
    db.write_blocking(|connection| match store::fail(connection, lease, failure, now)? {
        Some(import) => Ok(events::append(connection, &context, &[service::event("import.failed", &import)])?),
        None => Ok(()),
    })
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
    use super::super::body::ImportRowStatus;
    use super::super::outcome::done;
    use super::*;
    use crate::types::bulk::BulkOutcome;
    use crate::types::id::{ImportId, OrganizationId};
    use uuid::Uuid;

    fn lease(kind: ImportKind, mode: ImportMode, scope: Option<&str>) -> Lease {
        Lease {
            organization_id: OrganizationId::generate(),
            id: ImportId::generate(),
            kind,
            mode,
            dry_run: false,
            columns: None,
            actor: "system".to_owned(),
            scope: scope.map(str::to_owned),
            may_price: true,
            may_book_payments: true,
        }
    }

    #[test]
    fn rows_may_do_what_role_and_token_both_permit() {
        use ImportFailure::{NotPermitted, SenderDisabled};
        let (orders, live) = (ImportKind::Orders, ImportMode::Live);
        let context = |lease: Lease, role: Option<&str>| context_of(&lease, role, DateTime::UNIX_EPOCH);
        let narrow = context(lease(orders, live, Some("orders:write orders:read")), Some("admin")).unwrap();
        assert_eq!((narrow.role, narrow.permissions.scope()), (Role::Admin, "orders:read orders:write".to_owned()));
        assert_eq!(context(lease(orders, live, None), Some("sales")).unwrap().permissions, Role::Sales.permissions());
        let failed = |lease: Lease, role: Option<&str>| context(lease, role).err();
        assert_eq!(failed(lease(orders, live, None), None), Some(SenderDisabled));
        assert_eq!(failed(lease(orders, live, None), Some("emperor")), Some(SenderDisabled));
        assert_eq!(failed(lease(orders, live, None), Some("viewer")), Some(NotPermitted), "a role that was taken away meanwhile");
        assert_eq!(failed(lease(orders, live, Some("orders:read unheard:of")), Some("admin")), Some(NotPermitted));
        assert_eq!(failed(lease(ImportKind::Stock, live, Some("orders:write")), Some("admin")), Some(NotPermitted));
        assert_eq!(failed(lease(orders, ImportMode::Historical, Some("orders:write")), Some("admin")), Some(NotPermitted));
        assert_eq!(failed(lease(orders, ImportMode::Historical, Some("orders:write import")), Some("admin")), None);
    }

    #[test]
    fn a_row_that_panics_is_rejected_and_its_neighbours_are_not() {
        let lease = lease(ImportKind::Orders, ImportMode::Live, None);
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
