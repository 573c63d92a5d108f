use crate::auth::permission::Role;
use crate::platform::sql::sql;
use crate::types::id::{OrganizationId, UserId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

text_enum! {
    /// Why a login is over before its time.
    pub enum EndReason {
        Logout = "logout",
        TokenReused = "token_reused",
        PasswordChanged = "password_changed",
        RoleChanged = "role_changed",
        UserDisabled = "user_disabled",
    }
}

pub struct NewSession<'a> {
    pub organization_id: OrganizationId,
    pub id: Uuid,
    pub user_id: UserId,
    pub seed: &'a [u8],
    pub address: &'a str,
    pub user_agent: Option<&'a str>,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub fn insert(connection: &mut PgConnection, session: &NewSession<'_>) -> QueryResult<()> {
    sql("INSERT INTO user_session (organization_id, id, user_id, seed, address, user_agent, created_at, used_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)")
    .bind::<SqlUuid, _>(session.organization_id)
    .bind::<SqlUuid, _>(session.id)
    .bind::<SqlUuid, _>(session.user_id)
    .bind::<Binary, _>(session.seed)
    .bind::<Text, _>(session.address)
    .bind::<Nullable<Text>, _>(session.user_agent)
    .bind::<Timestamptz, _>(session.now)
    .bind::<Timestamptz, _>(session.expires_at)
    .execute(connection)?;
    Ok(())
}

pub fn insert_token(connection: &mut PgConnection, session_id: Uuid, hash: &[u8], now: DateTime<Utc>) -> QueryResult<()> {
    sql("INSERT INTO refresh_token (hash, session_id, issued_at) VALUES ($1, $2, $3)")
        .bind::<Binary, _>(hash)
        .bind::<SqlUuid, _>(session_id)
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
    Ok(())
}

/// A session with what its user is now.
#[derive(QueryableByName, Clone)]
pub struct Session {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub user_id: UserId,
    #[diesel(sql_type = Binary)]
    pub seed: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    pub used_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    pub ended: bool,
    #[diesel(sql_type = Text)]
    pub role: String,
    #[diesel(sql_type = Bool)]
    pub active: bool,
    #[diesel(sql_type = Bool)]
    pub password_change_required: bool,
}

impl Session {
    /// The user's role; the table knows no other ones.
    pub fn role(&self) -> Role {
        Role::from_name(&self.role).unwrap_or(Role::Viewer)
    }
}

/// The session that a token belongs to, locked: what comes for its tokens at the same time waits.
pub fn lock_by_token(connection: &mut PgConnection, hash: &[u8]) -> QueryResult<Option<Session>> {
    sql("SELECT s.organization_id, s.id, s.user_id, s.seed, s.used_at, s.expires_at, s.ended_at IS NOT NULL AS ended, u.role, u.active, \
         u.password_change_required FROM user_session s JOIN app_user u ON u.organization_id = s.organization_id AND u.id = s.user_id \
         WHERE s.id = (SELECT session_id FROM refresh_token WHERE hash = $1) FOR NO KEY UPDATE OF s")
    .bind::<Binary, _>(hash)
    .get_result(connection)
    .optional()
}

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    used_at: Option<DateTime<Utc>>,
}

/// When a token was used: `None` for one that is not there. Read after its session was locked.
pub fn token_used_at(connection: &mut PgConnection, hash: &[u8]) -> QueryResult<Option<Option<DateTime<Utc>>>> {
    let row: Option<Used> =
        sql("SELECT used_at FROM refresh_token WHERE hash = $1").bind::<Binary, _>(hash).get_result(connection).optional()?;
    Ok(row.map(|row| row.used_at))
}

/// Notes the use of a token and with it that of its session.
pub fn use_token(connection: &mut PgConnection, session: &Session, hash: &[u8], now: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE refresh_token SET used_at = $2 WHERE hash = $1").bind::<Binary, _>(hash).bind::<Timestamptz, _>(now).execute(connection)?;
    sql("UPDATE user_session SET used_at = $3 WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(session.organization_id)
        .bind::<SqlUuid, _>(session.id)
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Ends a session; false where it had ended.
pub fn end(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: Uuid,
    reason: EndReason,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let ended = sql("UPDATE user_session SET ended_at = $3, end_reason = $4 WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .bind::<Timestamptz, _>(now)
        .bind::<Text, _>(reason)
        .execute(connection)?;
    Ok(ended == 1)
}

/// Ends a user's sessions but one, and tells which.
pub fn end_all(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    user_id: UserId,
    but: Option<Uuid>,
    reason: EndReason,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> = sql("UPDATE user_session SET ended_at = $3, end_reason = $4 WHERE organization_id = $1 AND user_id = $2 \
         AND ended_at IS NULL AND id IS DISTINCT FROM $5 RETURNING id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(user_id)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(reason)
    .bind::<Nullable<SqlUuid>, _>(but)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Sessions that have ended since `since`, of every organization.
pub fn ended_since(connection: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> = sql("SELECT id FROM user_session WHERE ended_at >= $1").bind::<Timestamptz, _>(since).load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Forgets sessions that have been over since `before`, with their tokens, at most `limit` a call.
pub fn purge(connection: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    sql("DELETE FROM user_session WHERE id = ANY (ARRAY( \
         SELECT id FROM user_session WHERE ended_at < $1 OR expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))")
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(limit)
    .execute(connection)
}
