use super::refresh::{ABSOLUTE, RefreshToken, Standing, Verdict, judge, random};
pub use super::store::EndReason;
use super::store::{self, NewSession, Session};
use crate::audit::{self, AuditAction, NewEntry};
use crate::auth::actor::user_name;
use crate::auth::authenticator::Authenticator;
use crate::auth::keys::TokenClaims;
use crate::auth::origin::Origin;
use crate::auth::permission::{Permissions, Role};
use crate::error::Error;
use crate::platform::db::Db;
use crate::types::id::{OrganizationId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde_json::json;
use uuid::Uuid;

/// How long an ended session is told to every process: longer than any access token lives.
pub const ENDED_KEPT: TimeDelta = TimeDelta::hours(1);

/// What a login or a refresh gives.
pub struct Opened {
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub session_id: Uuid,
    pub role: Role,
    pub password_change_required: bool,
    pub refresh_token: RefreshToken,
    pub expires_at: DateTime<Utc>,
}

impl Opened {
    /// What its access tokens may do: with somebody else's password nothing but get an own one.
    pub fn permissions(&self) -> Permissions {
        if self.password_change_required { Permissions::default() } else { self.role.permissions() }
    }

    /// The claims of an access token that lives for `seconds`.
    pub fn claims(&self, now: DateTime<Utc>, seconds: i64) -> TokenClaims {
        TokenClaims {
            iss: String::new(),
            aud: String::new(),
            sub: self.user_id.0,
            org: self.organization_id.0,
            role: self.role.as_str().to_owned(),
            scope: self.permissions().scope(),
            exp: now.timestamp() + seconds,
            iat: now.timestamp(),
            jti: Uuid::now_v7(),
            sid: Some(self.session_id),
        }
    }
}

/// Who logs in.
pub struct Who {
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub role: Role,
    pub password_change_required: bool,
}

/// Opens a session and tells of it.
pub fn open(connection: &mut PgConnection, who: &Who, origin: &str, now: DateTime<Utc>) -> Result<Opened, Error> {
    let (token, seed, id) = (RefreshToken::generate()?, random()?, Uuid::now_v7());
    let (from, expires_at) = (Origin::read(Some(origin)), now + ABSOLUTE);
    let address = from.address.unwrap_or_default();
    let session = NewSession {
        organization_id: who.organization_id,
        id,
        user_id: who.user_id,
        seed: &seed,
        address: &address,
        user_agent: from.user_agent.as_deref(),
        now,
        expires_at,
    };
    store::insert(connection, &session)?;
    store::insert_token(connection, id, &token.hash(), now)?;
    note(connection, who.organization_id, who.user_id, AuditAction::LoggedIn, id, origin, now)?;
    Ok(Opened {
        organization_id: who.organization_id,
        user_id: who.user_id,
        session_id: id,
        role: who.role,
        password_change_required: who.password_change_required,
        refresh_token: token,
        expires_at,
    })
}

/// What a presented refresh token comes to. A refusal is no error, since what it brings about must be kept.
pub enum Refreshed {
    Opened(Box<Opened>),
    Refused,
    /// The token was used before: this session has been ended.
    Ended(Uuid),
}

/// Exchanges a refresh token for the next one.
pub fn refresh(connection: &mut PgConnection, given: &str, origin: &str, now: DateTime<Utc>) -> Result<Refreshed, Error> {
    let token = RefreshToken::given(given);
    let hash = token.hash();
    let Some(session) = store::lock_by_token(connection, &hash)? else { return Ok(Refreshed::Refused) };
    let next = token.next(&session.seed);
    let standing = Standing {
        session_used_at: session.used_at,
        session_expires_at: session.expires_at,
        session_ended: session.ended || !session.active,
        token_used_at: store::token_used_at(connection, &hash)?.flatten(),
        next_used: store::token_used_at(connection, &next.hash())?.flatten().is_some(),
    };
    match judge(&standing, now) {
        Verdict::Over => Ok(Refreshed::Refused),
        Verdict::Reused => {
            store::end(connection, session.organization_id, session.id, EndReason::TokenReused, now)?;
            note(connection, session.organization_id, session.user_id, AuditAction::RefreshTokenReused, session.id, origin, now)?;
            Ok(Refreshed::Ended(session.id))
        }
        Verdict::Repeat => Ok(opened(&session, next)),
        Verdict::Rotate => {
            store::use_token(connection, &session, &hash, now)?;
            store::insert_token(connection, session.id, &next.hash(), now)?;
            Ok(opened(&session, next))
        }
    }
}

fn opened(session: &Session, refresh_token: RefreshToken) -> Refreshed {
    Refreshed::Opened(Box::new(Opened {
        organization_id: session.organization_id,
        user_id: session.user_id,
        session_id: session.id,
        role: session.role(),
        password_change_required: session.password_change_required,
        refresh_token,
        expires_at: session.expires_at,
    }))
}

/// Ends the session of an access token.
pub fn log_out(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    user_id: UserId,
    session_id: Uuid,
    origin: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if store::end(connection, organization_id, session_id, EndReason::Logout, now)? {
        note(connection, organization_id, user_id, AuditAction::LoggedOut, session_id, origin, now)?;
    }
    Ok(())
}

/// Ends the session of a refresh token, any of its tokens, and tells which; an unknown token ends nothing and is no fault (RFC 7009).
pub fn log_out_by_token(connection: &mut PgConnection, given: &str, origin: &str, now: DateTime<Utc>) -> Result<Option<Uuid>, Error> {
    let Some(session) = store::lock_by_token(connection, &RefreshToken::given(given).hash())? else { return Ok(None) };
    log_out(connection, session.organization_id, session.user_id, session.id, origin, now)?;
    Ok(Some(session.id))
}

/// Ends a user's sessions, but one if it is named, and tells which ended.
pub fn end_all(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    user_id: UserId,
    but: Option<Uuid>,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Error> {
    Ok(store::end_all(connection, organization_id, user_id, but, reason, now)?)
}

/// A job of every few seconds: tells the authenticator which sessions have ended, by whichever process.
pub fn refresh_ended(db: &Db, authenticator: &Authenticator) -> Result<(), Error> {
    let since = authenticator.now() - ENDED_KEPT;
    let ids = db.read_blocking(|connection| Ok(store::ended_since(connection, since)?))?;
    authenticator.end_sessions(ids);
    Ok(())
}

/// Sessions are kept for a month after their end, for the log of who logged in from where.
pub fn purge(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: usize = 1_000;
    let mut all = 0;
    loop {
        let purged = db.write_blocking(|connection| Ok(store::purge(connection, now - TimeDelta::days(30), BATCH as i64)?))?;
        all += purged;
        if purged < BATCH || db.is_stopping() {
            return Ok(all);
        }
    }
}

fn note(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    user_id: UserId,
    action: AuditAction,
    session_id: Uuid,
    origin: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let entry = NewEntry {
        action,
        actor: user_name(user_id.0),
        subject_type: "user",
        subject_id: user_id.0,
        data: json!({ "session_id": session_id }),
        origin: Some(origin.to_owned()),
        at,
    };
    Ok(audit::write(connection, organization_id, &entry)?)
}
