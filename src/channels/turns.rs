//! Whose turn it is. What may have to wait for a platform is done channel by channel, in turns. One worker has a channel at a time, so
//! that what came first is done first; who has waited longest is next; and a channel whose platform is away has none for a while, so
//! that nobody waits behind it.

use super::body::ChannelKind;
use crate::error::Error;
use crate::platform::db::Db;
use crate::platform::sql::sql;
use crate::types::id::{ChannelId, OrganizationId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// What is done in turns.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub name: &'static str,
    /// SQL of `organization_id, channel_id` of those that have something to do at `$1`.
    pub due: &'static str,
    /// How long whoever has a turn may be silent before it is another's.
    pub lease: TimeDelta,
}

/// [`Work::due`] of a table of tasks: those of this status whose next attempt is due and that nobody has. Channels without any are
/// skipped over by the index on organization, channel and next attempt.
macro_rules! due_in {
    ($table:literal, $status:literal) => {
        concat!(
            "WITH RECURSIVE waiting AS ((SELECT m.organization_id, m.channel_id FROM ",
            $table,
            " m WHERE m.status = '",
            $status,
            "' ORDER BY m.organization_id, m.channel_id LIMIT 1) UNION ALL SELECT n.organization_id, n.channel_id FROM waiting w \
             CROSS JOIN LATERAL (SELECT m.organization_id, m.channel_id FROM ",
            $table,
            " m WHERE m.status = '",
            $status,
            "' AND (m.organization_id, m.channel_id) > (w.organization_id, w.channel_id) \
             ORDER BY m.organization_id, m.channel_id LIMIT 1) n) \
             SELECT w.organization_id, w.channel_id FROM waiting w WHERE EXISTS (SELECT 1 FROM ",
            $table,
            " m WHERE m.organization_id = w.organization_id AND m.channel_id = w.channel_id AND m.status = '",
            $status,
            "' AND m.next_attempt_at <= $1 AND (m.leased_until IS NULL OR m.leased_until <= $1))"
        )
    };
}
pub(crate) use due_in;

/// A turn that somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Turn {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = BigInt)]
    number: i64,
    /// Turns before this one, in a row, in which the platform was away.
    #[diesel(sql_type = Integer)]
    failures: i32,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    /// The platform is away; until then, where it has said so.
    Away(Option<DateTime<Utc>>),
}

/// Which channels may have the turn.
#[derive(Clone, Copy, Debug)]
pub struct Among<'a> {
    pub kinds: &'a [ChannelKind],
    /// That one alone.
    pub only: Option<ChannelId>,
}

impl Among<'_> {
    pub const ALL: Among<'static> = Among { kinds: ChannelKind::ALL, only: None };
}

/// How long a channel whose platform is away waits after so many turns of that kind: from 15 s, doubling, to 5 minutes.
fn back_off(failures: i32) -> TimeDelta {
    let doubled = 15i64.saturating_mul(1 << failures.clamp(1, 10).saturating_sub(1));
    TimeDelta::seconds(doubled.min(300))
}

/// Takes the turn of the channel that has waited longest; `None` where nothing is to be done, or others have all that is.
pub fn take(connection: &mut PgConnection, work: &Work, among: Among, now: DateTime<Utc>) -> QueryResult<Option<Turn>> {
    let kinds: Vec<&str> = among.kinds.iter().map(|kind| kind.as_str()).collect();
    let due = work.due;
    let is_due = sql(format!(
        "SELECT true AS due FROM ({due}) d JOIN channel c ON c.organization_id = d.organization_id AND c.id = d.channel_id \
         WHERE c.kind = ANY($2) AND ($3 IS NULL OR c.id = $3) LIMIT 1"
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(&kinds)
    .bind::<Nullable<SqlUuid>, _>(among.only)
    .get_result::<Due>(connection)
    .optional()?;
    if !is_due.is_some_and(|row| row.due) {
        return Ok(None);
    }
    sql(format!(
        "INSERT INTO channel_turn (organization_id, channel_id, work, served_at) \
         SELECT DISTINCT d.organization_id, d.channel_id, $4, $1 FROM ({due}) d \
         JOIN channel c ON c.organization_id = d.organization_id AND c.id = d.channel_id \
         WHERE c.kind = ANY($2) AND ($3 IS NULL OR c.id = $3) AND NOT EXISTS (SELECT 1 FROM channel_turn t \
         WHERE t.organization_id = d.organization_id AND t.channel_id = d.channel_id AND t.work = $4) \
         ORDER BY 1, 2 ON CONFLICT ON CONSTRAINT channel_turn_pkey DO NOTHING"
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(&kinds)
    .bind::<Nullable<SqlUuid>, _>(among.only)
    .bind::<Text, _>(work.name)
    .execute(connection)?;
    sql(format!(
        "WITH due AS MATERIALIZED ({due}), next AS ( \
           SELECT t.organization_id, t.channel_id FROM channel_turn t \
           JOIN channel c ON c.organization_id = t.organization_id AND c.id = t.channel_id \
           WHERE t.work = $4 AND c.kind = ANY($2) AND ($3 IS NULL OR c.id = $3) \
           AND (t.organization_id, t.channel_id) IN (SELECT organization_id, channel_id FROM due) \
           AND (t.leased_until IS NULL OR t.leased_until <= $1) AND (t.waits_until IS NULL OR t.waits_until <= $1) \
           ORDER BY t.served_at, t.number, t.organization_id, t.channel_id LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED) \
         UPDATE channel_turn t SET number = t.number + 1, leased_until = $5, served_at = $1 FROM next \
         WHERE t.organization_id = next.organization_id AND t.channel_id = next.channel_id AND t.work = $4 \
         RETURNING t.organization_id, t.channel_id, t.number, t.failures"
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(&kinds)
    .bind::<Nullable<SqlUuid>, _>(among.only)
    .bind::<Text, _>(work.name)
    .bind::<Timestamptz, _>(now + work.lease)
    .get_result(connection)
    .optional()
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Bool)]
    due: bool,
}

/// Ends a turn, unless it has become another's.
pub fn end(connection: &mut PgConnection, work: &Work, turn: &Turn, end: End, now: DateTime<Utc>) -> QueryResult<()> {
    let (failures, waits_until) = match end {
        End::Done => (0, None),
        End::Away(until) => {
            let failures = turn.failures.saturating_add(1);
            (failures, Some(until.unwrap_or(now + back_off(failures))))
        }
    };
    sql("UPDATE channel_turn SET leased_until = NULL, failures = $5, waits_until = $6 \
         WHERE organization_id = $1 AND channel_id = $2 AND work = $3 AND number = $4")
    .bind::<SqlUuid, _>(turn.organization_id)
    .bind::<SqlUuid, _>(turn.channel_id)
    .bind::<Text, _>(work.name)
    .bind::<BigInt, _>(turn.number)
    .bind::<Integer, _>(failures)
    .bind::<Nullable<Timestamptz>, _>(waits_until)
    .execute(connection)?;
    Ok(())
}

/// Lets a channel have its turns again at once: somebody has changed it, or asks for it.
pub fn wait_no_more(connection: &mut PgConnection, organization_id: OrganizationId, channel_id: ChannelId) -> QueryResult<()> {
    sql("UPDATE channel_turn SET waits_until = NULL, failures = 0 WHERE organization_id = $1 AND channel_id = $2 AND waits_until IS NOT NULL")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(channel_id)
        .execute(connection)?;
    Ok(())
}

/// Does work turn after turn until none is to be had; the sum of what `serve` counts. A turn that fails on our side keeps its lease and
/// is had again when that is over: it must not hold up the others.
pub fn in_turns(
    db: &Db,
    work: &Work,
    among: Among,
    now: impl Fn() -> DateTime<Utc>,
    serve: impl Fn(&Turn) -> Result<(usize, End), Error>,
) -> Result<usize, Error> {
    let mut all = 0;
    while let Some(done) = in_one_turn(db, work, among, &now, &serve)? {
        all += done;
    }
    Ok(all)
}

/// As [`in_turns`], for one turn; `None` where there was none to be had.
pub fn in_one_turn(
    db: &Db,
    work: &Work,
    among: Among,
    now: &impl Fn() -> DateTime<Utc>,
    serve: &impl Fn(&Turn) -> Result<(usize, End), Error>,
) -> Result<Option<usize>, Error> {
    if db.is_stopping() {
        return Ok(None);
    }
    let Some(turn) = db.write_blocking(|connection| Ok(take(connection, work, among, now())?))? else { return Ok(None) };
    match serve(&turn) {
        Ok((done, how)) => {
            db.write_blocking(|connection| Ok(end(connection, work, &turn, how, now())?))?;
            Ok(Some(done))
        }
        Err(error) => {
            log::error!(job = work.name, channel:% = turn.channel_id; "a turn was not finished: {error}");
            Ok(Some(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_away_is_looked_for_at_least_every_five_minutes() {
        let waits: Vec<i64> = [0, 1, 2, 3, 5, 6, 100, i32::MAX].map(|failures| back_off(failures).num_seconds()).to_vec();
        assert_eq!(waits, [15, 15, 30, 60, 240, 300, 300, 300]);
    }
}
