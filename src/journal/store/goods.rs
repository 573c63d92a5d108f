//! Goods that moved and are not booked.

use super::super::facts::{Moved, MovedKind};
use super::gather::Batch;
use crate::organization::Settings;
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(QueryableByName)]
struct MovementRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    unit_cost: Option<Decimal>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: DateTime<Utc>,
}

/// Receipts are booked where the supplier's invoice is, and transfers stay in the inventory.
pub fn movements(connection: &mut PgConnection, settings: &Settings, subjects: &[Uuid]) -> QueryResult<Vec<Moved>> {
    if subjects.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<MovementRow> =
        sql("SELECT m.id, m.kind, m.subject_id, m.reference, m.quantity, m.unit_cost, m.occurred_at, m.recorded_at \
         FROM stock_movement m WHERE m.organization_id = $1 AND m.subject_id = ANY($2) \
         AND m.kind IN ('shipment', 'return', 'adjustment', 'count', 'snapshot', 'scrap') AND NOT EXISTS (SELECT 1 FROM journal_source b \
           WHERE b.organization_id = $1 AND b.kind = 'movement' AND b.source_id = m.subject_id AND b.part = m.id) ORDER BY m.id")
        .bind::<SqlUuid, _>(settings.id)
        .bind::<Array<SqlUuid>, _>(subjects)
        .load(connection)?;
    let moved = |row: MovementRow| Moved {
        id: row.id,
        kind: match row.kind.as_str() {
            "shipment" => MovedKind::Shipment,
            "return" => MovedKind::Return,
            _ => MovedKind::Adjustment,
        },
        subject_id: row.subject_id,
        reference: row.reference,
        quantity: row.quantity,
        unit_cost: row.unit_cost,
        // A snapshot tells today what was so before: it is booked when it is learned.
        posted_on: settings.local_date(if matches!(row.kind.as_str(), "shipment" | "return") { row.occurred_at } else { row.recorded_at }),
        at: row.recorded_at,
    };
    Ok(rows.into_iter().map(moved).collect())
}

/// The order of what goods moved for, and who pays it.
pub fn orders(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    batch: &Batch,
) -> QueryResult<HashMap<Uuid, (OrderId, Option<CustomerId>)>> {
    #[derive(QueryableByName)]
    struct Payer {
        #[diesel(sql_type = SqlUuid)]
        id: OrderId,
        #[diesel(sql_type = SqlUuid)]
        bill_to_customer_id: CustomerId,
    }
    let of: Vec<(Uuid, OrderId)> = batch.moved.iter().filter_map(|id| Some((*id, *batch.orders.get(id)?))).collect();
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Payer> = sql("SELECT id, bill_to_customer_id FROM sales_order WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(of.iter().map(|(_, order_id)| *order_id).collect::<Vec<_>>())
        .load(connection)?;
    let payers: HashMap<OrderId, CustomerId> = rows.into_iter().map(|row| (row.id, row.bill_to_customer_id)).collect();
    Ok(of.into_iter().map(|(id, order_id)| (id, (order_id, payers.get(&order_id).copied()))).collect())
}
