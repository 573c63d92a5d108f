//! Events by the thousand: what each thousand is about, so that a search skips the others. A job makes them of what the feed is through
//! with; what is younger is looked through as it is.

use super::body::Filter;
use crate::error::Error;
use crate::events::follow;
use crate::platform::db::Db;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// Events of a chunk.
const EVENTS: i64 = 1_000;
/// Chunks that one organization gets in one go, so that a busy one leaves the others their turn.
const AT_ONCE: usize = 50;

/// Makes chunks of what is settled, in every organization. How many.
pub fn make(db: &Db) -> Result<usize, Error> {
    let mut made = 0;
    for organization_id in db.read_blocking(|connection| Ok(organizations(connection)?))? {
        let mut own = 0;
        while own < AT_ONCE && db.write_blocking(|connection| next(connection, organization_id))? {
            own += 1;
        }
        made += own;
    }
    Ok(made)
}

fn organizations(connection: &mut PgConnection) -> QueryResult<Vec<OrganizationId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: OrganizationId,
    }
    Ok(sql("SELECT id FROM organization ORDER BY id").load::<Row>(connection)?.into_iter().map(|row| row.id).collect())
}

/// The next chunk, if there are enough events for one. Two processes at once make the same, once. Each statement knows the bounds that
/// it looks between: joined into one, the planner would walk through all events for each.
fn next(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<bool, Error> {
    let settled = follow::settled(connection)?;
    let known = last(connection, organization_id)?;
    let Some(end) = end(connection, organization_id, known, settled)? else { return Ok(false) };
    sql("INSERT INTO event_chunk (organization_id, first_id, last_id, first_at, last_at, actors, types, subject_types) \
         SELECT $1, min(id), $3, min(occurred_at), max(occurred_at), array_agg(DISTINCT actor), array_agg(DISTINCT type), \
           array_agg(DISTINCT subject_type) FROM event WHERE organization_id = $1 AND id > $2 AND id <= $3 ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(known)
    .bind::<BigInt, _>(end)
    .execute(connection)?;
    Ok(true)
}

/// The last number of the chunk that begins behind `known`; `None` where there are too few events yet.
fn end(connection: &mut PgConnection, organization_id: OrganizationId, known: i64, settled: i64) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let row: Option<Row> = sql("SELECT id FROM event WHERE organization_id = $1 AND id > $2 AND id <= $3 ORDER BY id OFFSET $4 LIMIT 1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(known)
        .bind::<BigInt, _>(settled)
        .bind::<BigInt, _>(EVENTS - 1)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.id))
}

/// Numbers of events in a row.
#[derive(QueryableByName, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    #[diesel(sql_type = BigInt)]
    pub first_id: i64,
    #[diesel(sql_type = BigInt)]
    pub last_id: i64,
}

/// The last number that is in a chunk; 0 where none is.
pub fn last(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        last_id: i64,
    }
    let row: Row = sql("SELECT coalesce(max(last_id), 0) AS last_id FROM event_chunk WHERE organization_id = $1")
        .bind::<SqlUuid, _>(organization_id)
        .get_result(connection)?;
    Ok(row.last_id)
}

/// The youngest chunks before a number in which something of what is looked for may be.
pub fn fitting(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Range>> {
    sql("SELECT first_id, last_id FROM event_chunk WHERE organization_id = $1 AND first_id < $2 \
         AND ($3::text[] IS NULL OR actors && $3) AND ($4::text[] IS NULL OR types && $4) AND ($5::text IS NULL OR $5 = ANY(subject_types)) \
         AND ($6::timestamptz IS NULL OR last_at >= $6) AND ($7::timestamptz IS NULL OR first_at < $7) \
         AND (NOT $8 OR EXISTS (SELECT 1 FROM unnest(actors) AS a WHERE a = 'system' OR a LIKE 'system:%')) ORDER BY last_id DESC LIMIT $9")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(before)
    .bind::<Nullable<Array<Text>>, _>(filter.actors.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.actions.clone())
    .bind::<Nullable<Text>, _>(filter.subject_type.as_deref())
    .bind::<Nullable<Timestamptz>, _>(filter.from)
    .bind::<Nullable<Timestamptz>, _>(filter.to)
    .bind::<Bool, _>(filter.system)
    .bind::<BigInt, _>(limit)
    .load(connection)
}
