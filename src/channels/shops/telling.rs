//! What is written down of a telling before the call, so that whoever does not get its answer can tell whether it was done.

use super::Telling;
use super::store::Task;
use crate::platform::sql::{from_json, sql, to_json};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

/// What an earlier attempt was about to tell.
pub fn before(connection: &mut PgConnection, task: &Task) -> QueryResult<Option<Telling>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Jsonb>)]
        telling: Option<Value>,
    }
    let row: Row = sql("SELECT telling FROM shop_task WHERE organization_id = $1 AND channel_id = $2 AND shipment_id = $3")
        .bind::<SqlUuid, _>(task.organization_id)
        .bind::<SqlUuid, _>(task.channel_id)
        .bind::<SqlUuid, _>(task.shipment_id)
        .get_result(connection)?;
    row.telling.map(from_json).transpose()
}

/// Writes down what is about to be told; false where another attempt has got on with it.
pub fn note(connection: &mut PgConnection, task: &Task, telling: &Telling, now: DateTime<Utc>) -> QueryResult<bool> {
    let changed = sql("UPDATE shop_task SET telling = $5, updated_at = $6 \
         WHERE organization_id = $1 AND channel_id = $2 AND shipment_id = $3 AND status = 'waiting' AND attempts = $4")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.shipment_id)
    .bind::<Integer, _>(task.attempts)
    .bind::<Jsonb, _>(to_json(telling)?)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(changed > 0)
}

/// What the shop calls fulfillments of the order that are not this shipment: those that other shipments are there, and its own, which
/// have left here because it has told them.
pub fn other_fulfillments(connection: &mut PgConnection, task: &Task, code: &str) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        reference: String,
    }
    let rows: Vec<Row> = sql("SELECT reference FROM shop_task WHERE organization_id = $1 AND channel_id = $2 AND order_id = $3 \
         AND shipment_id <> $4 AND reference IS NOT NULL \
         UNION SELECT external_ids->>$5 FROM shipment WHERE organization_id = $1 AND order_id = $3 AND external_ids ? $5")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.order_id)
    .bind::<SqlUuid, _>(task.shipment_id)
    .bind::<Text, _>(code)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.reference).collect())
}
