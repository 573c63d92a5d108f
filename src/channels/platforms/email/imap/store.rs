use crate::platform::sql::sql;
use crate::types::id::{ChannelId, OrganizationId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// A mailbox that is being looked into.
#[derive(Clone, Debug, QueryableByName)]
pub struct Mailbox {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub uid_validity: Option<i64>,
    #[diesel(sql_type = BigInt)]
    pub last_uid: i64,
    #[diesel(sql_type = Integer)]
    pub failures: i32,
}

/// Takes the next mailbox that is due; another worker leaves it alone until the lease is over, and the others of its organization too:
/// however slow they are, they keep no more than one worker busy.
pub fn lease(connection: &mut PgConnection, now: DateTime<Utc>, lease: TimeDelta) -> QueryResult<Option<Mailbox>> {
    sql("INSERT INTO mailbox (organization_id, channel_id, next_look_at) SELECT organization_id, id, $1 FROM channel \
         WHERE kind = 'email' AND active AND settings #>> '{mail,imap_host}' IS NOT NULL ON CONFLICT DO NOTHING")
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    sql("WITH due AS (SELECT m.organization_id, m.channel_id FROM mailbox m JOIN channel c ON c.organization_id = m.organization_id AND c.id = m.channel_id \
           AND c.active AND c.settings #>> '{mail,imap_host}' IS NOT NULL \
           WHERE m.next_look_at <= $1 AND (m.leased_until IS NULL OR m.leased_until <= $1) \
           AND NOT EXISTS (SELECT FROM mailbox o WHERE o.organization_id = m.organization_id AND o.channel_id <> m.channel_id AND o.leased_until > $1) \
           ORDER BY m.next_look_at LIMIT 1 FOR UPDATE OF m SKIP LOCKED) \
         UPDATE mailbox m SET leased_until = $2 FROM due WHERE m.organization_id = due.organization_id AND m.channel_id = due.channel_id \
         RETURNING m.organization_id, m.channel_id, m.uid_validity, m.last_uid, m.failures")
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .get_result(connection)
    .optional()
}

/// Remembers how far it has been read.
pub fn advance(connection: &mut PgConnection, mailbox: &Mailbox, uid_validity: i64, last_uid: i64) -> QueryResult<()> {
    sql("UPDATE mailbox SET uid_validity = $3, last_uid = $4 WHERE organization_id = $1 AND channel_id = $2")
        .bind::<SqlUuid, _>(mailbox.organization_id)
        .bind::<SqlUuid, _>(mailbox.channel_id)
        .bind::<BigInt, _>(uid_validity)
        .bind::<BigInt, _>(last_uid)
        .execute(connection)?;
    Ok(())
}

/// What is told of a look.
pub struct Told {
    pub error: Option<String>,
    /// It was not a look through to its end.
    pub failed: bool,
}

/// Lets go of it until the next look.
pub fn release(connection: &mut PgConnection, mailbox: &Mailbox, now: DateTime<Utc>, next: DateTime<Utc>, told: &Told) -> QueryResult<()> {
    sql("UPDATE mailbox SET leased_until = NULL, next_look_at = $3, last_looked_at = $4, last_error = $5, \
         failures = CASE WHEN $6 THEN failures + 1 ELSE 0 END WHERE organization_id = $1 AND channel_id = $2")
    .bind::<SqlUuid, _>(mailbox.organization_id)
    .bind::<SqlUuid, _>(mailbox.channel_id)
    .bind::<Timestamptz, _>(next)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Text>, _>(told.error.as_deref())
    .bind::<Bool, _>(told.failed)
    .execute(connection)?;
    Ok(())
}

/// Notes that this message could not be fetched; how often in a row.
pub fn stuck(connection: &mut PgConnection, mailbox: &Mailbox, uid: i64) -> QueryResult<i32> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        stuck_times: i32,
    }
    let row: Row = sql("UPDATE mailbox SET stuck_uid = $3, stuck_times = CASE WHEN stuck_uid = $3 THEN stuck_times + 1 ELSE 1 END \
         WHERE organization_id = $1 AND channel_id = $2 RETURNING stuck_times")
    .bind::<SqlUuid, _>(mailbox.organization_id)
    .bind::<SqlUuid, _>(mailbox.channel_id)
    .bind::<BigInt, _>(uid)
    .get_result(connection)?;
    Ok(row.stuck_times)
}

/// How the looks into a mailbox went.
#[derive(QueryableByName)]
pub struct Looks {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_looked_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub next_look_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_error: Option<String>,
    #[diesel(sql_type = Integer)]
    pub failures: i32,
}

pub fn looks(connection: &mut PgConnection, organization_id: OrganizationId, channel_id: ChannelId) -> QueryResult<Option<Looks>> {
    sql("SELECT last_looked_at, next_look_at, last_error, failures FROM mailbox WHERE organization_id = $1 AND channel_id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(channel_id)
        .get_result(connection)
        .optional()
}
