use super::body::StoredEvent;
use super::event::NewEvent;
use super::feed::Reader;
use super::follow::Followed;
use crate::auth::actor::{ActorBody, Context};
use crate::platform::sql::{Sql, sql};
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// The fence: a shared advisory lock on the sequence's position, taken before the first id is drawn. Readers stop below the
/// least such lock, so an event that commits late is waited for instead of skipped.
const APPEND: &str = "WITH fence AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(last_value) FROM event_id) \
    INSERT INTO event (organization_id, type, order_id, subject_type, subject_id, actor, data, occurred_at, origin) \
    SELECT $1, e.type, e.order_id, e.subject_type, e.subject_id, $2, e.data, $3, $9 \
    FROM fence, unnest($4, $5, $6, $7, $8) WITH ORDINALITY AS e(type, order_id, subject_type, subject_id, data, at) ORDER BY e.at";

pub fn append(connection: &mut PgConnection, context: &Context, events: &[NewEvent]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    statement(context, events).execute(connection)?;
    Ok(())
}

pub fn statement<'a>(context: &'a Context, events: &'a [NewEvent]) -> Sql<'a> {
    let data: Vec<String> = events.iter().map(|event| event.data.to_string()).collect();
    sql(APPEND)
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Text, _>(&context.actor)
        .bind::<Timestamptz, _>(context.now)
        .bind::<Array<Text>, _>(events.iter().map(|event| event.event_type).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(events.iter().map(|event| event.order_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(events.iter().map(|event| event.subject_type).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(events.iter().map(|event| event.subject_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(data)
        .bind::<Nullable<Text>, _>(context.origin.as_deref())
}

const COLUMNS: &str =
    "id, type, order_id, subject_type, subject_id, actor, actor_name(organization_id, actor) AS actor_name, data, occurred_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text, column_name = "type")]
    event_type: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Text)]
    subject_type: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_name: Option<String>,
    #[diesel(sql_type = Text)]
    data: String,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
}

impl From<Row> for StoredEvent {
    fn from(row: Row) -> Self {
        Self {
            sequence: row.id,
            event_type: row.event_type,
            order_id: row.order_id,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            actor: ActorBody::read(&row.actor, row.actor_name),
            data: row.data,
            occurred_at: row.occurred_at,
        }
    }
}

/// The last id that anybody has drawn, committed or not.
pub fn last_drawn(connection: &mut PgConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = BigInt)]
        last_value: i64,
    }
    let row: Last = sql("SELECT last_value FROM event_id").get_result(connection)?;
    Ok(row.last_value)
}

/// The least key of the fences that are held now. A key is a `bigint` (`objsubid = 1`; two-`int4` keys have 2), halved over
/// `classid` and `objid`; exclusive locks are other uses of advisory locks.
pub fn least_fence(connection: &mut PgConnection) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Least {
        #[diesel(sql_type = Nullable<BigInt>)]
        least: Option<i64>,
    }
    let row: Least = sql("SELECT min(classid::bigint << 32 | objid::bigint) AS least FROM pg_locks \
         WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND granted \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
    .get_result(connection)?;
    Ok(row.least)
}

/// How many of the organization's events lie in `after < id <= through`, up to `limit`, and the last of them.
pub fn window(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    after: i64,
    through: i64,
    limit: i64,
) -> QueryResult<(i64, i64)> {
    #[derive(QueryableByName)]
    struct Window {
        #[diesel(sql_type = BigInt)]
        events: i64,
        #[diesel(sql_type = BigInt)]
        last: i64,
    }
    let row: Window = sql("SELECT count(*) AS events, coalesce(max(id), $3) AS last FROM \
         (SELECT id FROM event WHERE organization_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4) event")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(through)
    .bind::<BigInt, _>(limit)
    .get_result(connection)?;
    Ok((row.events, row.last))
}

/// The events in `after < id <= through` that the reader wants and may see.
pub fn feed(
    connection: &mut PgConnection,
    reader: &Reader,
    subjects: &[&str],
    after: i64,
    through: i64,
    limit: i64,
) -> QueryResult<Vec<StoredEvent>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM event WHERE organization_id = $1 AND id > $2 AND id <= $3 \
         AND ($4::text[] IS NULL OR type = ANY($4)) AND split_part(type, '.', 1) = ANY($5) ORDER BY id LIMIT $6"
    ))
    .bind::<SqlUuid, _>(reader.organization_id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(through)
    .bind::<Nullable<Array<Text>>, _>(reader.types.clone())
    .bind::<Array<Text>, _>(subjects.to_vec())
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}

#[derive(QueryableByName)]
struct About {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text, column_name = "type")]
    event_type: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Text)]
    subject_type: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
}

impl From<About> for Followed {
    fn from(row: About) -> Self {
        Self {
            sequence: row.id,
            event_type: row.event_type,
            order_id: row.order_id,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            occurred_at: row.occurred_at,
        }
    }
}

/// The events in `after < id <= through` that are about these subjects, without their data.
pub fn about(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    subjects: &[&str],
    after: i64,
    through: i64,
) -> QueryResult<Vec<Followed>> {
    let rows: Vec<About> = sql("SELECT id, type, order_id, subject_type, subject_id, occurred_at FROM event \
         WHERE organization_id = $1 AND id > $2 AND id <= $3 AND split_part(type, '.', 1) = ANY($4) ORDER BY id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(through)
    .bind::<Array<Text>, _>(subjects.to_vec())
    .load(connection)?;
    Ok(rows.into_iter().map(Followed::from).collect())
}

/// All events in `after < id <= through`, without their data.
pub fn between(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    after: i64,
    through: i64,
    limit: i64,
) -> QueryResult<Vec<Followed>> {
    let rows: Vec<About> = sql("SELECT id, type, order_id, subject_type, subject_id, occurred_at FROM event \
         WHERE organization_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(through)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(Followed::from).collect())
}

/// The number and date of the organization's next event after a number.
pub fn next(connection: &mut PgConnection, organization_id: OrganizationId, after: i64) -> QueryResult<Option<(i64, DateTime<Utc>)>> {
    #[derive(QueryableByName)]
    struct Next {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Timestamptz)]
        occurred_at: DateTime<Utc>,
    }
    let row: Option<Next> = sql("SELECT id, occurred_at FROM event WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT 1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(after)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| (row.id, row.occurred_at)))
}

/// The last id that this session has drawn.
pub fn last_own(connection: &mut PgConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let row: Last = sql("SELECT currval('event_id') AS id").get_result(connection)?;
    Ok(row.id)
}

/// Events by their keys.
pub fn by_numbers(connection: &mut PgConnection, keys: &[(OrganizationId, i64)]) -> QueryResult<Vec<(OrganizationId, StoredEvent)>> {
    #[derive(QueryableByName)]
    struct Keyed {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(embed)]
        row: Row,
    }
    let (organizations, ids): (Vec<OrganizationId>, Vec<i64>) = keys.iter().copied().unzip();
    let rows: Vec<Keyed> = sql(format!(
        "SELECT organization_id, {COLUMNS} FROM event JOIN unnest($1, $2) AS k(organization, key) ON organization_id = organization AND id = key"
    ))
    .bind::<Array<SqlUuid>, _>(organizations)
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)?;
    Ok(rows.into_iter().map(|keyed| (keyed.organization_id, keyed.row.into())).collect())
}

/// Of organizations, each with how far somebody has followed it, those that have settled events after that.
pub fn with_events_after(
    connection: &mut PgConnection,
    followed: &[(OrganizationId, i64)],
    settled: i64,
) -> QueryResult<Vec<OrganizationId>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
    }
    let (ids, after): (Vec<OrganizationId>, Vec<i64>) = followed.iter().copied().unzip();
    let rows: Vec<Found> = sql("SELECT f.organization_id FROM unnest($1, $2) AS f(organization_id, after) \
         WHERE EXISTS (SELECT 1 FROM event e WHERE e.organization_id = f.organization_id AND e.id > f.after AND e.id <= $3)")
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(after)
    .bind::<BigInt, _>(settled)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, sequence: i64) -> QueryResult<Option<StoredEvent>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM event WHERE id = $2 AND organization_id = $1"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(sequence)
        .get_result(connection)
        .optional()?;
    Ok(row.map(StoredEvent::from))
}

pub fn order_exists(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<bool> {
    let found = sql("SELECT 1 FROM sales_order WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(order_id)
        .execute(connection)?;
    Ok(found > 0)
}

pub fn of_order(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
    subjects: &[&str],
    after: i64,
    limit: i64,
) -> QueryResult<Vec<StoredEvent>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM event WHERE organization_id = $1 AND order_id = $2 AND id > $4 \
         AND split_part(type, '.', 1) = ANY($3) ORDER BY id LIMIT $5"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Array<Text>, _>(subjects.to_vec())
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}
