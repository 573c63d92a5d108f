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

/// The next chunk, if there are enough events for one. Two processes at once make the same, once.
fn next(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<bool, Error> {
    let settled = follow::settled(connection)?;
    let made = sql("WITH known AS (SELECT coalesce(max(last_id), 0) AS id FROM event_chunk WHERE organization_id = $1), \
         last AS (SELECT e.id FROM event e, known WHERE e.organization_id = $1 AND e.id > known.id AND e.id <= $2 ORDER BY e.id OFFSET $3 LIMIT 1) \
         INSERT INTO event_chunk (organization_id, first_id, last_id, first_at, last_at, actors, types, subject_types) \
         SELECT $1, min(e.id), last.id, min(e.occurred_at), max(e.occurred_at), array_agg(DISTINCT e.actor), array_agg(DISTINCT e.type), \
           array_agg(DISTINCT e.subject_type) \
         FROM last, known, event e WHERE e.organization_id = $1 AND e.id > known.id AND e.id <= last.id GROUP BY last.id \
         ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(settled)
    .bind::<BigInt, _>(EVENTS - 1)
    .execute(connection)?;
    Ok(made > 0)
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
