use super::body::Login;
use super::store;
pub use super::throttle::attempt_keys;
use super::throttle::{AttemptKey, Count, Counted, tried};
use crate::audit::{self, AuditAction, NewEntry};
use crate::auth::sessions::service::{Opened, Who, open};
use crate::auth::users::body::User;
use crate::auth::users::find_account;
use crate::auth::users::service::{Account, hold_active};
use crate::error::Error;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

/// Counts a try, or refuses it because of those before: 429 with the time to wait. The refusal is no error of the transaction, whose
/// rows stay as they are. It is counted before the password is looked at, so that a thousand tries at once are not one.
pub fn admit(connection: &mut PgConnection, keys: &[AttemptKey], now: DateTime<Utc>) -> QueryResult<Result<(), Error>> {
    let counts = store::lock(connection, keys)?;
    let (mut next, mut blocked_until) = (vec![], None);
    for (hash, count) in &counts {
        let counted = keys.iter().find(|key| key.hash == *hash).map_or(Counted::Pair, AttemptKey::counted);
        match tried(count, counted, now) {
            Ok(after) => next.push((hash.clone(), after)),
            Err(until) => blocked_until = blocked_until.max(Some(until)),
        }
    }
    if let Some(until) = blocked_until {
        let seconds = u64::try_from((until - now).num_seconds()).unwrap_or(0) + 1;
        return Ok(Err(Error::LoginBlocked { retry_after_seconds: seconds }));
    }
    store::save(connection, &next)?;
    Ok(Ok(()))
}

/// Takes back what a login that opens was counted as. Nothing is held against this account from this address any more. Against the
/// e-mail address and the machine it is one try less: somebody else may be guessing from there, and the same e-mail address may have
/// an account in another organization, whose owner must not be able to wipe this one's count.
pub fn forgive(connection: &mut PgConnection, keys: &[AttemptKey]) -> QueryResult<()> {
    let counts = store::lock(connection, keys)?;
    let after = counts.into_iter().map(|(hash, count)| {
        let counted = keys.iter().find(|key| key.hash == hash).map_or(Counted::Pair, AttemptKey::counted);
        let count = match counted {
            Counted::Pair => Count { failures: 0, blocked_until: None, ..count },
            Counted::Account | Counted::Address => Count { failures: (count.failures - 1).max(0), blocked_until: None, ..count },
        };
        (hash, count)
    });
    store::save(connection, &after.collect::<Vec<_>>())
}

/// First step: whether a try may be made, and whose account it is for.
pub fn begin(
    connection: &mut PgConnection,
    login: &Login,
    keys: &[AttemptKey],
    origin: &str,
    now: DateTime<Utc>,
) -> Result<Result<Option<Account>, Error>, Error> {
    let account = find_account(connection, &login.email, login.organization.as_deref())?;
    if let Err(blocked) = admit(connection, keys, now)? {
        if let Some(account) = &account {
            note(connection, account, AuditAction::LoginBlocked, origin, now)?;
        }
        return Ok(Err(blocked));
    }
    Ok(Ok(account))
}

/// Last step, once the password has been compared: the session, or `None` where the login is refused.
pub fn finish(
    connection: &mut PgConnection,
    account: Option<&Account>,
    right: bool,
    keys: &[AttemptKey],
    origin: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Opened, User)>, Error> {
    let Some(account) = account else { return Ok(None) };
    // The user may have been disabled, or the password changed, while it was compared.
    let user = if right { hold_active(connection, account)? } else { None };
    let Some(user) = user else {
        note(connection, account, AuditAction::LoginFailed, origin, now)?;
        return Ok(None);
    };
    forgive(connection, keys)?;
    let who = Who {
        organization_id: account.organization_id,
        user_id: user.id,
        role: user.role,
        password_change_required: user.password_change_required,
    };
    Ok(Some((open(connection, &who, origin, now)?, user)))
}

/// Tries are forgotten a day after the last one.
pub fn purge(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    db.write_blocking(|connection| Ok(store::purge(connection, now - TimeDelta::days(1))?))
}

fn note(connection: &mut PgConnection, account: &Account, action: AuditAction, origin: &str, at: DateTime<Utc>) -> Result<(), Error> {
    let entry = NewEntry {
        action,
        actor: "anonymous".to_owned(),
        subject_type: "user",
        subject_id: account.user_id.0,
        data: json!({}),
        origin: Some(origin.to_owned()),
        at,
    };
    Ok(audit::write(connection, account.organization_id, &entry)?)
}
