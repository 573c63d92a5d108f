use super::event::NewEvent;
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// The fence: a shared advisory lock on the sequence's position, taken before the first id is drawn. Readers stop below the
/// least such lock, so an event that commits late is waited for instead of skipped.
const APPEND: &str = "WITH fence AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(last_value) FROM event_id) \
    INSERT INTO event (organization_id, type, order_id, subject_type, subject_id, actor, data, occurred_at) \
    SELECT $1, e.type, e.order_id, e.subject_type, e.subject_id, $2, e.data, $3 \
    FROM fence, unnest($4, $5, $6, $7, $8) WITH ORDINALITY AS e(type, order_id, subject_type, subject_id, data, at) ORDER BY e.at";

pub fn append(connection: &mut PgConnection, context: &Context, events: &[NewEvent]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
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
        .execute(connection)?;
    Ok(())
}
