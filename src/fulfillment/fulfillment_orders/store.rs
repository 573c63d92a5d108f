use super::body::{FulfillmentOrderBody, FulfillmentOrderLineBody, line_id};
use super::service::FulfillmentOrderFilter;
use crate::fulfillment::fulfillment_order::FulfillmentOrderStatus;
use crate::fulfillment::list::{order_numbers, when};
use crate::fulfillment::package::Package;
use crate::platform::sql::sql;
use crate::types::address::Address;
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderId, OrderLineId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

const SELECT: &str = "SELECT f.id, f.number, f.order_id, o.number AS order_number, f.location, f.status, f.ship_by_on, o.document, \
    f.packages, f.version, f.created_at, f.updated_at FROM fulfillment_order f \
    JOIN sales_order o ON o.organization_id = f.organization_id AND o.id = f.order_id WHERE f.organization_id = $1";

const LINES: &str = "SELECT a.fulfillment_order_id, a.line_number, l.id AS order_line_id, a.sku, l.name, l.unit, a.quantity, a.picked, \
    a.packed, a.shipped, a.reason FROM allocation a \
    JOIN order_line l ON l.organization_id = a.organization_id AND l.order_id = a.order_id AND l.line_number = a.line_number \
    WHERE a.organization_id = $1 AND a.order_id = ANY($2) AND a.fulfillment_order_id = ANY($3) ORDER BY a.line_number";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: FulfillmentOrderId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Text)]
    order_number: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Text)]
    status: FulfillmentOrderStatus,
    #[diesel(sql_type = Nullable<Date>)]
    ship_by_on: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    document: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    packages: Option<Value>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = SqlUuid)]
    fulfillment_order_id: FulfillmentOrderId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SqlUuid)]
    order_line_id: OrderLineId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    picked: Decimal,
    #[diesel(sql_type = Numeric)]
    packed: Decimal,
    #[diesel(sql_type = Numeric)]
    shipped: Decimal,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// What of an order's document a warehouse needs.
#[derive(Deserialize)]
struct ShipTo {
    shipping_address: Option<Address>,
}

pub fn find(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: FulfillmentOrderId,
) -> QueryResult<Option<FulfillmentOrderBody>> {
    let rows: Vec<Row> =
        sql(format!("{SELECT} AND f.id = $2")).bind::<SqlUuid, _>(organization_id).bind::<SqlUuid, _>(id).load(connection)?;
    Ok(with_lines(connection, organization_id, rows)?.pop())
}

/// One page by id; `after` is the id of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &FulfillmentOrderFilter,
    after: Option<FulfillmentOrderId>,
    limit: i64,
) -> QueryResult<Vec<FulfillmentOrderBody>> {
    let is_open = |status: &FulfillmentOrderStatus| !matches!(status, FulfillmentOrderStatus::Shipped | FulfillmentOrderStatus::Cancelled);
    let filters = [
        when(filter.order_ids.is_some(), " AND f.order_id = ANY($2)"),
        when(filter.locations.is_some(), " AND f.location = ANY($3)"),
        when(filter.statuses.is_some(), " AND f.status = ANY($4)"),
        // Says what the parameter cannot say to the planner: the index of what is open serves this.
        when(
            filter.statuses.as_ref().is_some_and(|statuses| statuses.iter().all(is_open)),
            " AND f.status IN ('open', 'on_hold', 'picking', 'packed')",
        ),
        when(filter.numbers.is_some(), " AND f.number = ANY($5) AND o.number = ANY($6)"),
        when(filter.updated_from.is_some(), " AND f.updated_at >= $7"),
        when(after.is_some(), " AND f.id > $8"),
        when(filter.customer_ids.is_some(), " AND o.customer_id = ANY($10)"),
    ]
    .concat();
    let rows: Vec<Row> = sql(format!("{SELECT}{filters} ORDER BY f.id LIMIT $9"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.order_ids.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.locations.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.statuses.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.numbers.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.numbers.as_deref().map(order_numbers))
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Nullable<SqlUuid>, _>(after)
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.customer_ids.clone())
        .load(connection)?;
    with_lines(connection, organization_id, rows)
}

pub fn orders_of(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[FulfillmentOrderId],
) -> QueryResult<Vec<(FulfillmentOrderId, OrderId)>> {
    #[derive(QueryableByName)]
    struct Pair {
        #[diesel(sql_type = SqlUuid)]
        id: FulfillmentOrderId,
        #[diesel(sql_type = SqlUuid)]
        order_id: OrderId,
    }
    let rows: Vec<Pair> = sql("SELECT id, order_id FROM fulfillment_order WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row.order_id)).collect())
}

fn with_lines(connection: &mut PgConnection, organization_id: OrganizationId, rows: Vec<Row>) -> QueryResult<Vec<FulfillmentOrderBody>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let lines: Vec<LineRow> = sql(LINES)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.order_id).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .load(connection)?;
    let mut lines_of: HashMap<FulfillmentOrderId, Vec<FulfillmentOrderLineBody>> = HashMap::new();
    for line in lines {
        lines_of.entry(line.fulfillment_order_id).or_default().push(FulfillmentOrderLineBody {
            id: line_id(line.fulfillment_order_id, line.line_number),
            order_line_id: line.order_line_id,
            line_number: line.line_number,
            sku: line.sku,
            name: line.name,
            unit: line.unit,
            quantity: Quantity(line.quantity),
            picked_quantity: Quantity(line.picked),
            packed_quantity: Quantity(line.packed),
            shipped_quantity: Quantity(line.shipped),
            reason: line.reason,
        });
    }
    rows.into_iter().map(|row| body_of(row, &mut lines_of)).collect()
}

fn body_of(row: Row, lines_of: &mut HashMap<FulfillmentOrderId, Vec<FulfillmentOrderLineBody>>) -> QueryResult<FulfillmentOrderBody> {
    let wrong = |error: serde_json::Error| diesel::result::Error::DeserializationError(error.into());
    let document: ShipTo = serde_json::from_str(&row.document).map_err(wrong)?;
    let packages: Vec<Package> = row.packages.map(serde_json::from_value).transpose().map_err(wrong)?.unwrap_or_default();
    Ok(FulfillmentOrderBody {
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        order_number: row.order_number,
        location: row.location,
        status: row.status,
        ship_by_on: row.ship_by_on,
        ship_to: document.shipping_address,
        lines: lines_of.remove(&row.id).unwrap_or_default(),
        packages,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
