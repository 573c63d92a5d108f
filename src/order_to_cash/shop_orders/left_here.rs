//! What has left here before the shop tells of it: somebody who writes our shipment into the shop, or we ourselves, make a fulfillment
//! there that must not leave once more. A shipment stands for as many units of a shop's fulfillments under its tracking number (or under
//! none) as it has, and for each of them once.

use super::store::Key;
use crate::platform::sql::{sql, to_json};
use crate::types::id::{OrderId, OrderLineId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Units by line of the order.
pub type Units = BTreeMap<OrderLineId, Decimal>;

/// What our own shipments have under this number that no fulfillment of the shop stands for yet.
pub fn unclaimed(
    connection: &mut PgConnection,
    key: &Key,
    channel: &str,
    order_id: OrderId,
    tracking_number: Option<&str>,
) -> QueryResult<Units> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        order_line_id: OrderLineId,
        #[diesel(sql_type = Numeric)]
        quantity: Decimal,
    }
    // What the shop was told of is known there by the name that its task has; what came from the shop is its own.
    let rows: Vec<Row> = sql("SELECT order_line_id, sum(quantity) AS quantity FROM ( \
           SELECT l.order_line_id, l.quantity FROM shipment s \
           JOIN shipment_line l ON l.organization_id = s.organization_id AND l.shipment_id = s.id \
           WHERE s.organization_id = $1 AND s.order_id = $4 AND s.tracking_number IS NOT DISTINCT FROM $6 AND NOT (s.external_ids ? $5) \
           AND NOT EXISTS (SELECT 1 FROM shop_task t WHERE t.organization_id = s.organization_id AND t.channel_id = $2 \
             AND t.shipment_id = s.id AND t.status = 'done' AND t.reference IS NOT NULL) \
           UNION ALL SELECT line.key::uuid, -line.value::numeric FROM channel_order_fact f, jsonb_each_text(f.left_here->'lines') line \
           WHERE f.organization_id = $1 AND f.channel_id = $2 AND f.external_id = $3 AND f.kind = 'fulfillment' \
           AND f.left_here->>'tracking_number' IS NOT DISTINCT FROM $6 \
         ) units GROUP BY order_line_id HAVING sum(quantity) > 0")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Text, _>(channel)
    .bind::<Nullable<Text>, _>(tracking_number)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.order_line_id, row.quantity)).collect())
}

/// Notes that a fulfillment of the shop is worked in, and for how much of it our own shipments stand. The caller holds the lock of the
/// order's row.
pub fn note_fulfillment(
    connection: &mut PgConnection,
    key: &Key,
    reference: &str,
    tracking_number: Option<&str>,
    units: &Units,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let lines: BTreeMap<String, String> = units.iter().map(|(line, quantity)| (line.to_string(), quantity.to_string())).collect();
    let left_here: Option<Value> =
        if lines.is_empty() { None } else { Some(json!({ "tracking_number": tracking_number, "lines": to_json(&lines)? })) };
    sql("INSERT INTO channel_order_fact (organization_id, channel_id, external_id, kind, reference, left_here, at) \
         VALUES ($1, $2, $3, 'fulfillment', $4, $5, $6)")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Text, _>(reference)
    .bind::<Nullable<Jsonb>, _>(left_here)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}
