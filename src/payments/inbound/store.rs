use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};

/// Stores a message; one that is there already is left as it is.
pub fn insert(
    connection: &mut PgConnection,
    (organization_id, provider): (OrganizationId, &str),
    (event_id, event_type): (&str, &str),
    body: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    sql("INSERT INTO payment_provider_event (organization_id, provider, event_id, type, body, status, next_attempt_at, received_at) \
         VALUES ($1, $2, $3, $4, $5, 'received', $6, $6) ON CONFLICT (organization_id, provider, event_id) DO NOTHING")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(provider)
    .bind::<Text, _>(event_id)
    .bind::<Text, _>(event_type)
    .bind::<Text, _>(body)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// A message whose time has come, with what asking back needs.
#[derive(Clone, Debug, QueryableByName)]
pub struct DueEvent {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = Text)]
    pub provider: String,
    #[diesel(sql_type = Text)]
    pub event_id: String,
    #[diesel(sql_type = Text)]
    pub body: String,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Text)]
    pub api_key: String,
}

/// Takes messages that wait for nobody else until the lease is over.
pub fn lease(connection: &mut PgConnection, now: DateTime<Utc>, lease: TimeDelta, limit: i64) -> QueryResult<Vec<DueEvent>> {
    sql("WITH due AS (SELECT organization_id, provider, event_id FROM payment_provider_event \
         WHERE status = 'received' AND next_attempt_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) \
         ORDER BY next_attempt_at, event_id LIMIT $3 FOR UPDATE SKIP LOCKED) \
         UPDATE payment_provider_event e SET leased_until = $2, attempts = e.attempts + 1 FROM due, payment_provider v \
         WHERE e.organization_id = due.organization_id AND e.provider = due.provider AND e.event_id = due.event_id \
         AND v.organization_id = e.organization_id AND v.code = e.provider \
         RETURNING e.organization_id, e.provider, e.event_id, e.body, e.attempts, v.api_key")
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// The message has been worked in, or is about nothing of ours.
pub fn finish(connection: &mut PgConnection, event: &DueEvent, status: &str, detail: &str, now: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE payment_provider_event SET status = $4, detail = nullif($5, ''), leased_until = NULL, processed_at = $6 \
         WHERE organization_id = $1 AND provider = $2 AND event_id = $3")
    .bind::<SqlUuid, _>(event.organization_id)
    .bind::<Text, _>(&event.provider)
    .bind::<Text, _>(&event.event_id)
    .bind::<Text, _>(status)
    .bind::<Text, _>(detail)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Leaves a message for later.
pub fn put_off(connection: &mut PgConnection, event: &DueEvent, until: DateTime<Utc>, detail: &str) -> QueryResult<()> {
    sql("UPDATE payment_provider_event SET leased_until = NULL, next_attempt_at = $4, detail = $5 \
         WHERE organization_id = $1 AND provider = $2 AND event_id = $3 AND status = 'received'")
    .bind::<SqlUuid, _>(event.organization_id)
    .bind::<Text, _>(&event.provider)
    .bind::<Text, _>(&event.event_id)
    .bind::<Timestamptz, _>(until)
    .bind::<Text, _>(detail)
    .execute(connection)?;
    Ok(())
}
