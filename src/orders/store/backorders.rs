use crate::orders::allocation::Waiting;
use crate::orders::order::Order;
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: OrderId,
}

/// An order waits where some location has at least the smallest quantity that may be promised of one of its lines: whoever is
/// listed can be served, so that none stands in the way of the next. One that is held for want of stock and wants none any more is
/// listed too: its hold is to be released.
const WAITING: &str = "WITH supply AS MATERIALIZED (SELECT s.sku, max(s.on_hand - s.reserved - s.safety_stock - s.quarantined) AS available FROM stock_level s \
    JOIN location k ON k.organization_id = s.organization_id AND k.code = s.location AND k.active AND k.kind <> 'supplier' \
    WHERE s.organization_id = $1 AND s.on_hand - s.reserved - s.safety_stock - s.quarantined > 0 \
    AND s.sku IN (SELECT l.sku FROM waiting_line l WHERE l.organization_id = $1) GROUP BY 1) \
    SELECT o.id FROM sales_order o WHERE o.organization_id = $1 AND o.status IN ('on_hold', 'confirmed') AND o.id IN ( \
      SELECT l.order_id FROM waiting_line l JOIN supply USING (sku) WHERE l.organization_id = $1 AND supply.available >= l.step \
      UNION SELECT h.order_id FROM order_hold h WHERE h.organization_id = $1 AND h.code = 'insufficient_stock' AND h.released_at IS NULL \
        AND NOT EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = $1 AND l.order_id = h.order_id AND l.unallocated > 0 AND l.kind = 'stocked')) \
    ORDER BY coalesce((o.detail->>'priority')::int, 0) DESC, o.ordered_at, o.id LIMIT $2";

pub fn waiting(connection: &mut PgConnection, organization_id: OrganizationId, limit: i64) -> QueryResult<Vec<OrderId>> {
    let rows: Vec<Row> = sql(WAITING).bind::<SqlUuid, _>(organization_id).bind::<BigInt, _>(limit).load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

const WAITING_FOR: &str = "SELECT l.sku, l.step, round(sum(l.base_quantity), 3) AS quantity FROM waiting_line l \
    JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id \
    WHERE l.organization_id = $1 AND l.sku = ANY($2) AND o.status IN ('on_hold', 'confirmed') \
    AND ($3::uuid IS NULL OR o.id <> $3 AND (-coalesce((o.detail->>'priority')::int, 0), o.ordered_at, o.id) < (-$4, $5, $3)) \
    GROUP BY 1, 2 ORDER BY 1, 2 DESC";

/// What lines wait for; of orders before that one in fair order, where one is given.
pub fn waiting_for(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    skus: &[&str],
    before: Option<&Order>,
) -> QueryResult<Vec<Waiting>> {
    #[derive(QueryableByName)]
    struct WaitingRow {
        #[diesel(sql_type = Text)]
        sku: String,
        #[diesel(sql_type = Numeric)]
        step: Decimal,
        #[diesel(sql_type = Numeric)]
        quantity: Decimal,
    }
    let rows: Vec<WaitingRow> = sql(WAITING_FOR)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(skus)
        .bind::<Nullable<SqlUuid>, _>(before.map(|order| order.id))
        .bind::<Integer, _>(before.map_or(0, |order| order.detail.priority))
        .bind::<Nullable<Timestamptz>, _>(before.map(|order| order.ordered_at))
        .load(connection)?;
    Ok(rows.into_iter().map(|row| Waiting { sku: row.sku, step: row.step, quantity: row.quantity }).collect())
}

#[derive(QueryableByName)]
struct OrganizationRow {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
}

pub fn organizations_waiting(connection: &mut PgConnection) -> QueryResult<Vec<OrganizationId>> {
    let rows: Vec<OrganizationRow> = sql("SELECT o.id AS organization_id FROM organization o WHERE EXISTS \
         (SELECT 1 FROM order_line l WHERE l.organization_id = o.id AND l.backordered > 0) OR EXISTS \
         (SELECT 1 FROM order_hold h WHERE h.organization_id = o.id AND h.code = 'insufficient_stock' AND h.released_at IS NULL)")
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}
