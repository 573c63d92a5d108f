use super::plan::OpenAllocation;
use crate::inventory::ShelfKey;
use crate::platform::sql::sql;
use crate::types::id::{FulfillmentOrderId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SqlUuid)]
    fulfillment_order_id: FulfillmentOrderId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    unit_factor: Decimal,
    #[diesel(sql_type = Numeric)]
    picked: Decimal,
    #[diesel(sql_type = Numeric)]
    packed: Decimal,
    #[diesel(sql_type = Numeric)]
    shipped: Decimal,
    #[diesel(sql_type = Integer)]
    priority: i32,
    #[diesel(sql_type = Timestamptz)]
    ordered_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    quantity_scale: i32,
}

impl From<Row> for OpenAllocation {
    fn from(row: Row) -> Self {
        Self {
            order_id: row.order_id,
            line_number: row.line_number,
            fulfillment_order_id: row.fulfillment_order_id,
            key: ShelfKey::new(row.sku, row.location),
            quantity: row.quantity,
            unit_factor: row.unit_factor,
            picked: row.picked,
            packed: row.packed,
            shipped: row.shipped,
            priority: row.priority,
            ordered_at: row.ordered_at,
            quantity_scale: u32::try_from(row.quantity_scale).unwrap_or(0),
        }
    }
}

/// What is promised at these levels and not shipped. While the levels are locked no promise there can begin or end; those
/// that are being changed are read as they were, by whoever still waits for the levels.
pub fn open_allocations(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &[ShelfKey],
) -> QueryResult<Vec<OpenAllocation>> {
    let (skus, locations): (Vec<&str>, Vec<&str>) = keys.iter().map(|key| (key.sku.as_str(), key.location.as_str())).unzip();
    let rows: Vec<Row> = sql("SELECT a.order_id, a.line_number, a.fulfillment_order_id, a.sku, a.location, a.quantity, a.unit_factor, \
         a.picked, a.packed, a.shipped, coalesce((o.detail->>'priority')::int, 0) AS priority, o.ordered_at, \
         coalesce((l.detail->>'quantity_scale')::int, 0) AS quantity_scale \
         FROM unnest($2, $3) AS k(sku, location) \
         JOIN allocation a ON a.organization_id = $1 AND a.sku = k.sku AND a.location = k.location AND a.quantity > a.shipped \
         JOIN sales_order o ON o.organization_id = $1 AND o.id = a.order_id \
         JOIN order_line l ON l.organization_id = $1 AND l.order_id = a.order_id AND l.line_number = a.line_number")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .bind::<Array<Text>, _>(locations)
    .load(connection)?;
    Ok(rows.into_iter().map(OpenAllocation::from).collect())
}
