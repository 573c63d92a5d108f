use super::difference::{Document, DocumentKind};
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(QueryableByName)]
struct DocumentRow {
    #[diesel(sql_type = Text)]
    kind: DocumentKind,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Numeric>)]
    total: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    due: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    unapplied: Option<Decimal>,
}

/// What hangs on an order beside its fulfillment orders.
pub fn documents(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<Vec<Document>> {
    let rows: Vec<DocumentRow> =
        sql(include_str!("documents.sql")).bind::<SqlUuid, _>(organization_id).bind::<SqlUuid, _>(order_id).load(connection)?;
    let document = |row: DocumentRow| Document {
        kind: row.kind,
        id: row.id,
        number: row.number,
        status: row.status,
        total: row.total,
        due: row.due,
        unapplied: row.unapplied,
    };
    Ok(rows.into_iter().map(document).collect())
}

#[derive(QueryableByName)]
struct MovedRow {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
}

/// What the order's shipments, fulfillment orders and returns have moved on the shelves.
pub fn moved(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
) -> QueryResult<BTreeMap<(String, String), Decimal>> {
    let rows: Vec<MovedRow> = sql("SELECT sku, location, sum(quantity) AS quantity FROM stock_movement WHERE organization_id = $1 \
         AND subject_id = ANY(ARRAY(SELECT id FROM shipment WHERE organization_id = $1 AND order_id = $2 \
         UNION ALL SELECT id FROM fulfillment_order WHERE organization_id = $1 AND order_id = $2 \
         UNION ALL SELECT id FROM sales_return WHERE organization_id = $1 AND order_id = $2)) GROUP BY 1, 2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| ((row.sku, row.location), row.quantity)).collect())
}
