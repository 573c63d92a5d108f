//! Taking deliveries that are due, and writing down what came of them.

use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId, WebhookDeliveryId, WebhookEndpointId};
use crate::webhooks::deliveries::body::SkipReason;
use crate::webhooks::endpoints::store::OWNER_ROLE;
use crate::webhooks::schedule::DeliveryStatus;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// A delivery that this process has, with where it goes.
#[derive(QueryableByName, Clone, Debug)]
pub struct Due {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub id: WebhookDeliveryId,
    #[diesel(sql_type = SqlUuid)]
    pub endpoint_id: WebhookEndpointId,
    #[diesel(sql_type = BigInt)]
    pub event_sequence: i64,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub order_id: Option<OrderId>,
    /// This one included.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Integer)]
    pub tries: i32,
    #[diesel(sql_type = Text)]
    pub url: String,
    #[diesel(sql_type = Text)]
    pub secret: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub previous_secret: Option<String>,
    #[diesel(sql_type = Text)]
    pub scope: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub role: Option<String>,
}

/// Takes what is due, or what somebody took and never finished: at most `most`, and of each endpoint so many that no more than
/// `of_endpoint` are on their way. Of an order's events an endpoint has one at a time, the earliest. The try is counted now: one that
/// ends the process each time must not be tried for ever.
pub fn claim(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    of_endpoint: i64,
    most: i64,
) -> QueryResult<Vec<Due>> {
    sql(format!(
        "WITH due AS (SELECT d.organization_id, d.id FROM webhook_endpoint w CROSS JOIN LATERAL ( \
           SELECT d.organization_id, d.id, d.next_attempt_at FROM webhook_delivery d \
           WHERE d.organization_id = w.organization_id AND d.endpoint_id = w.id AND d.status IN ('pending', 'sending') \
           AND d.next_attempt_at <= $1 AND (d.leased_until IS NULL OR d.leased_until <= $1) \
           AND NOT EXISTS (SELECT 1 FROM webhook_delivery b WHERE b.organization_id = d.organization_id AND b.endpoint_id = d.endpoint_id \
             AND b.order_id = d.order_id AND b.event_sequence < d.event_sequence AND b.status IN ('pending', 'sending')) \
           ORDER BY d.next_attempt_at, d.event_sequence \
           LIMIT greatest(0, $3 - (SELECT count(*) FROM webhook_delivery s WHERE s.organization_id = w.organization_id \
             AND s.endpoint_id = w.id AND s.status = 'sending' AND s.leased_until > $1)) \
           FOR UPDATE OF d SKIP LOCKED) d WHERE w.active ORDER BY d.next_attempt_at LIMIT $4) \
         UPDATE webhook_delivery d SET status = 'sending', attempts = d.attempts + 1, tries = d.tries + 1, leased_until = $2, \
         last_attempt_at = $1, updated_at = $1 \
         FROM due JOIN webhook_delivery o ON o.organization_id = due.organization_id AND o.id = due.id \
         JOIN webhook_endpoint w ON w.organization_id = o.organization_id AND w.id = o.endpoint_id \
         WHERE d.organization_id = due.organization_id AND d.id = due.id \
         RETURNING d.organization_id, d.id, d.endpoint_id, d.event_sequence, d.event_type, d.order_id, d.attempts, d.tries, w.url, w.secret, \
         CASE WHEN w.previous_valid_until > $1 THEN w.previous_secret END AS previous_secret, w.scope, {OWNER_ROLE} AS role"
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(leased_until)
    .bind::<BigInt, _>(of_endpoint)
    .bind::<BigInt, _>(most)
    .load(connection)
}

/// What has become of a try.
#[derive(Clone, Debug)]
pub struct Finished {
    pub due: Due,
    pub status: DeliveryStatus,
    /// When it is tried again.
    pub next_attempt_at: DateTime<Utc>,
    pub skip_reason: Option<SkipReason>,
    pub response_status: Option<i32>,
    pub duration_ms: i32,
    pub excerpt: String,
    pub error: Option<String>,
}

/// Writes outcomes down, with their attempts, and lets later events of their orders go on or wait on. The ids of those that were
/// still this process's are answered; the others' outcomes are nobody's any more.
pub fn finish(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    finished: &[&Finished],
    now: DateTime<Utc>,
) -> QueryResult<Vec<WebhookDeliveryId>> {
    #[derive(QueryableByName)]
    struct Done {
        #[diesel(sql_type = SqlUuid)]
        id: WebhookDeliveryId,
    }
    let ids: Vec<WebhookDeliveryId> = finished.iter().map(|one| one.due.id).collect();
    let attempts: Vec<i32> = finished.iter().map(|one| one.due.attempts).collect();
    let done: Vec<Done> = sql("WITH outcome AS MATERIALIZED (SELECT * FROM unnest($2, $3, $4, $5, $6, $7, $8) \
           AS f(delivery, attempt, outcome, at, reason, answered, why)), \
         mine AS (SELECT m.id FROM webhook_delivery m JOIN outcome f ON m.id = f.delivery AND m.attempts = f.attempt \
           WHERE m.organization_id = $1 AND m.status = 'sending' ORDER BY m.id FOR NO KEY UPDATE OF m) \
         UPDATE webhook_delivery d SET status = f.outcome, next_attempt_at = f.at, skip_reason = f.reason, response_status = f.answered, \
         error = f.why, leased_until = NULL, updated_at = $9, delivered_at = CASE WHEN f.outcome = 'delivered' THEN $9 ELSE d.delivered_at END \
         FROM mine JOIN outcome f ON f.delivery = mine.id WHERE d.organization_id = $1 AND d.id = mine.id RETURNING d.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Integer>, _>(&attempts)
    .bind::<Array<Text>, _>(finished.iter().map(|one| one.status.as_str()).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(finished.iter().map(|one| one.next_attempt_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(finished.iter().map(|one| one.skip_reason.map(SkipReason::as_str)).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(finished.iter().map(|one| one.response_status).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(finished.iter().map(|one| one.error.as_deref()).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .load(connection)?;
    let done: Vec<WebhookDeliveryId> = done.into_iter().map(|row| row.id).collect();
    let mine: Vec<&Finished> = finished.iter().copied().filter(|one| done.contains(&one.due.id)).collect();
    note_attempts(connection, organization_id, &mine, now)?;
    move_later_ones(connection, organization_id, &mine, now)?;
    Ok(done)
}

/// What was skipped was not attempted.
fn note_attempts(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    mine: &[&Finished],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let sent: Vec<&&Finished> = mine.iter().filter(|one| one.status != DeliveryStatus::Skipped).collect();
    if sent.is_empty() {
        return Ok(());
    }
    sql("INSERT INTO webhook_attempt (organization_id, delivery_id, number, attempted_at, duration_ms, response_status, response_excerpt, error) \
         SELECT $1, a.delivery, a.number, $8 - a.took * interval '1 millisecond', a.took, a.answered, a.excerpt, a.why \
         FROM unnest($2, $3, $4, $5, $6, $7) AS a(delivery, number, took, answered, excerpt, why)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(sent.iter().map(|one| one.due.id).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(sent.iter().map(|one| one.due.attempts).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(sent.iter().map(|one| one.duration_ms).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(sent.iter().map(|one| one.response_status).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(sent.iter().map(|one| one.excerpt.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(sent.iter().map(|one| one.error.as_deref()).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Later events of an order are due with the one that they wait for, and at once when that is settled: so they are not looked at in
/// vain while it waits.
fn move_later_ones(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    mine: &[&Finished],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let of_orders: Vec<(&&Finished, OrderId)> = mine.iter().filter_map(|one| Some((one, one.due.order_id?))).collect();
    if of_orders.is_empty() {
        return Ok(());
    }
    sql("UPDATE webhook_delivery d SET next_attempt_at = CASE WHEN f.waits THEN f.at ELSE $7 END \
         FROM unnest($2, $3, $4, $5, $6) AS f(endpoint, ordered, sequence, waits, at) \
         WHERE d.organization_id = $1 AND d.endpoint_id = f.endpoint AND d.order_id = f.ordered AND d.event_sequence > f.sequence \
         AND d.status = 'pending' AND CASE WHEN f.waits THEN d.next_attempt_at < f.at ELSE d.next_attempt_at > $7 AND d.tries = 0 END")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(of_orders.iter().map(|(one, _)| one.due.endpoint_id).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(of_orders.iter().map(|(_, order_id)| *order_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(of_orders.iter().map(|(one, _)| one.due.event_sequence).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(of_orders.iter().map(|(one, _)| one.status == DeliveryStatus::Pending).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(of_orders.iter().map(|(one, _)| one.next_attempt_at).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}
