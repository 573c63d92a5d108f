use crate::invoicing::invoices::shipment_parts::OpenShipmentLine;
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId, ShipmentId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Numeric, SmallInt, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// A shipment's uninvoiced units of one order line, and when they left.
#[derive(Clone, Debug)]
pub struct ShippedLine {
    pub line: OpenShipmentLine,
    pub shipped_at: DateTime<Utc>,
}

/// What was shipped of an order and is on no invoice, oldest shipment first. The caller holds the order's lock.
pub fn uninvoiced(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<Vec<ShippedLine>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        shipment_id: ShipmentId,
        #[diesel(sql_type = SmallInt)]
        line_number: i16,
        #[diesel(sql_type = Numeric)]
        open: Decimal,
        #[diesel(sql_type = Timestamptz)]
        shipped_at: DateTime<Utc>,
    }
    let rows: Vec<Row> = sql("SELECT l.shipment_id, l.line_number, l.quantity - l.invoiced AS open, s.shipped_at FROM shipment_line l \
         JOIN shipment s ON s.organization_id = l.organization_id AND s.id = l.shipment_id \
         WHERE l.organization_id = $1 AND l.order_id = $2 AND l.quantity > l.invoiced ORDER BY s.shipped_at, s.id, l.line_number")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    let line = |row: Row| ShippedLine {
        line: OpenShipmentLine { shipment_id: row.shipment_id, line_number: row.line_number, open: row.open.normalize() },
        shipped_at: row.shipped_at,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Counts shipped units as invoiced.
pub fn mark_invoiced(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    units: &[(ShipmentId, i16, Decimal)],
) -> QueryResult<()> {
    if units.is_empty() {
        return Ok(());
    }
    sql("UPDATE shipment_line l SET invoiced = l.invoiced + t.quantity FROM unnest($2::uuid[], $3::int2[], $4::numeric[]) \
         AS t(shipment_id, line_number, quantity) \
         WHERE l.organization_id = $1 AND l.shipment_id = t.shipment_id AND l.line_number = t.line_number")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(units.iter().map(|unit| unit.0).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(units.iter().map(|unit| unit.1).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(units.iter().map(|unit| unit.2).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}
