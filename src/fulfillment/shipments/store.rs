use super::service::ShipmentFilter;
use super::shipment::{DeliverySource, Shipment, ShipmentLine, ShipmentStatus, TrackingEvent};
use crate::fulfillment::list::{order_numbers, when};
use crate::platform::sql::{Sql, Together, sql};
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderId, OrderLineId, OrganizationId, ShipmentId, TrackingEventId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

const COLUMNS: &str = "s.id, s.number, s.order_id, s.fulfillment_order_id, s.location, s.carrier, s.tracking_number, s.tracking_url, \
    s.status, s.delivery_source, s.packages, s.shipped_at, s.delivered_at, s.received_by, s.external_ids, s.metadata, s.version, \
    s.created_at, s.updated_at";

const LINES: &str = "SELECT s.shipment_id, s.line_number, s.order_line_id, s.sku, l.name, l.unit, s.quantity, s.unit_cost \
    FROM shipment_line s \
    JOIN order_line l ON l.organization_id = s.organization_id AND l.order_id = s.order_id AND l.line_number = s.line_number \
    WHERE s.organization_id = $1 AND s.shipment_id = ANY($2) ORDER BY s.shipment_id, s.line_number";

const EVENTS: &str = "SELECT shipment_id, id, status, occurred_at, detail, city, received_by, recorded_at FROM tracking_event \
    WHERE organization_id = $1 AND shipment_id = ANY($2)";

const INSERT: &str = "INSERT INTO shipment (organization_id, id, number, order_id, fulfillment_order_id, location, carrier, \
    tracking_number, tracking_url, status, packages, shipped_at, external_ids, metadata, created_at, updated_at) \
    SELECT $1, t.* FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], \
    $11::jsonb[], $12::timestamptz[], $13::jsonb[], $14::jsonb[], $15::timestamptz[], $16::timestamptz[]) AS t(id, number, order_id, \
    fulfillment_order_id, location, carrier, tracking_number, tracking_url, status, packages, shipped_at, external_ids, metadata, \
    created_at, updated_at)";

const INSERT_LINES: &str = "INSERT INTO shipment_line (organization_id, shipment_id, order_id, line_number, order_line_id, sku, quantity, \
    unit_cost) SELECT $1, t.* FROM unnest($2::uuid[], $3::uuid[], $4::int2[], $5::uuid[], $6::text[], $7::numeric[], $8::numeric[]) \
    AS t(shipment_id, order_id, line_number, order_line_id, sku, quantity, unit_cost)";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: ShipmentId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    fulfillment_order_id: FulfillmentOrderId,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Text)]
    carrier: String,
    #[diesel(sql_type = Nullable<Text>)]
    tracking_number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    tracking_url: Option<String>,
    #[diesel(sql_type = Text)]
    status: ShipmentStatus,
    #[diesel(sql_type = Nullable<Text>)]
    delivery_source: Option<DeliverySource>,
    #[diesel(sql_type = Jsonb)]
    packages: Value,
    #[diesel(sql_type = Timestamptz)]
    shipped_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    delivered_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    received_by: Option<String>,
    #[diesel(sql_type = Jsonb)]
    external_ids: Value,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
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
    shipment_id: ShipmentId,
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
    #[diesel(sql_type = Nullable<Numeric>)]
    unit_cost: Option<Decimal>,
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = SqlUuid)]
    shipment_id: ShipmentId,
    #[diesel(sql_type = SqlUuid)]
    id: TrackingEventId,
    #[diesel(sql_type = Text)]
    status: ShipmentStatus,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    detail: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    city: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    received_by: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: DateTime<Utc>,
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ShipmentId) -> QueryResult<Option<Shipment>> {
    one(connection, organization_id, id, "")
}

pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: ShipmentId) -> QueryResult<Option<Shipment>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

fn one(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: ShipmentId,
    locking: &'static str,
) -> QueryResult<Option<Shipment>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM shipment s WHERE s.organization_id = $1 AND s.id = $2{locking}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    Ok(with_parts(connection, organization_id, rows)?.pop())
}

pub fn order_of(connection: &mut PgConnection, organization_id: OrganizationId, id: ShipmentId) -> QueryResult<Option<OrderId>> {
    #[derive(QueryableByName)]
    struct Of {
        #[diesel(sql_type = SqlUuid)]
        order_id: OrderId,
    }
    let row: Option<Of> = sql("SELECT order_id FROM shipment WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.order_id))
}

/// One page by id; `after` is the id of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &ShipmentFilter,
    after: Option<ShipmentId>,
    limit: i64,
) -> QueryResult<Vec<Shipment>> {
    let filters = [
        when(filter.order_ids.is_some(), " AND s.order_id = ANY($2)"),
        when(filter.statuses.is_some(), " AND s.status = ANY($3)"),
        when(
            filter.numbers.is_some(),
            " AND s.number = ANY($4) AND s.order_id IN (SELECT id FROM sales_order WHERE organization_id = $1 AND number = ANY($5))",
        ),
        when(filter.tracking_numbers.is_some(), " AND s.tracking_number = ANY($6)"),
        when(filter.updated_from.is_some(), " AND s.updated_at >= $7"),
        when(after.is_some(), " AND s.id > $8"),
        when(
            filter.customer_ids.is_some(),
            " AND s.order_id IN (SELECT id FROM sales_order WHERE organization_id = $1 AND customer_id = ANY($10))",
        ),
    ]
    .concat();
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM shipment s WHERE s.organization_id = $1{filters} ORDER BY s.id LIMIT $9"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.order_ids.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.statuses.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.numbers.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.numbers.as_deref().map(order_numbers))
        .bind::<Nullable<Array<Text>>, _>(filter.tracking_numbers.clone())
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Nullable<SqlUuid>, _>(after)
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.customer_ids.clone())
        .load(connection)?;
    with_parts(connection, organization_id, rows)
}

/// New shipments with their lines.
pub fn insert(organization_id: OrganizationId, shipments: &[Shipment]) -> QueryResult<Together<'_>> {
    fn all<'a, T>(shipments: &'a [Shipment], of: impl Fn(&'a Shipment) -> T) -> Vec<T> {
        shipments.iter().map(of).collect()
    }
    let packages: Vec<Value> = shipments.iter().map(|s| json(&s.packages)).collect::<QueryResult<_>>()?;
    let external_ids: Vec<Value> = shipments.iter().map(|s| json(&s.external_ids)).collect::<QueryResult<_>>()?;
    let metadata: Vec<Value> = shipments.iter().map(|s| Value::Object(s.metadata.clone())).collect();
    let headers = sql(INSERT)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(all(shipments, |s| s.id))
        .bind::<Array<Text>, _>(all(shipments, |s| s.number.as_str()))
        .bind::<Array<SqlUuid>, _>(all(shipments, |s| s.order_id))
        .bind::<Array<SqlUuid>, _>(all(shipments, |s| s.fulfillment_order_id))
        .bind::<Array<Text>, _>(all(shipments, |s| s.location.as_str()))
        .bind::<Array<Text>, _>(all(shipments, |s| s.carrier.as_str()))
        .bind::<Array<Nullable<Text>>, _>(all(shipments, |s| s.tracking_number.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(all(shipments, |s| s.tracking_url.as_deref()))
        .bind::<Array<Text>, _>(all(shipments, |s| s.status))
        .bind::<Array<Jsonb>, _>(packages)
        .bind::<Array<Timestamptz>, _>(all(shipments, |s| s.shipped_at))
        .bind::<Array<Jsonb>, _>(external_ids)
        .bind::<Array<Jsonb>, _>(metadata)
        .bind::<Array<Timestamptz>, _>(all(shipments, |s| s.created_at))
        .bind::<Array<Timestamptz>, _>(all(shipments, |s| s.updated_at));
    let lines: Vec<(&Shipment, &ShipmentLine)> = shipments.iter().flat_map(|s| s.lines.iter().map(move |line| (s, line))).collect();
    let lines = sql(INSERT_LINES)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(s, _)| s.id).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(s, _)| s.order_id).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(lines.iter().map(|(_, line)| line.line_number).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(_, line)| line.order_line_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(lines.iter().map(|(_, line)| line.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(lines.iter().map(|(_, line)| line.quantity.0).collect::<Vec<_>>())
        .bind::<Array<Nullable<Numeric>>, _>(lines.iter().map(|(_, line)| line.unit_cost).collect::<Vec<_>>());
    Ok(Together::new().with("shipments", headers).with("shipment_lines", lines))
}

/// Writes what can change of a shipment whose row this transaction has locked.
pub fn update(organization_id: OrganizationId, shipment: &Shipment) -> QueryResult<Sql<'_>> {
    let statement = sql(
        "UPDATE shipment SET carrier = $3, tracking_number = $4, tracking_url = $5, status = $6, delivery_source = $7, delivered_at = $8, \
         received_by = $9, external_ids = $10, metadata = $11, version = $12, updated_at = $13 WHERE organization_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(shipment.id)
    .bind::<Text, _>(&shipment.carrier)
    .bind::<Nullable<Text>, _>(shipment.tracking_number.as_deref())
    .bind::<Nullable<Text>, _>(shipment.tracking_url.as_deref())
    .bind::<Text, _>(shipment.status)
    .bind::<Nullable<Text>, _>(shipment.delivery_source)
    .bind::<Nullable<Timestamptz>, _>(shipment.delivered_at)
    .bind::<Nullable<Text>, _>(shipment.received_by.as_deref())
    .bind::<Jsonb, _>(json(&shipment.external_ids)?)
    .bind::<Jsonb, _>(Value::Object(shipment.metadata.clone()))
    .bind::<BigInt, _>(shipment.version)
    .bind::<Timestamptz, _>(shipment.updated_at);
    Ok(statement)
}

pub fn insert_event(organization_id: OrganizationId, id: ShipmentId, event: &TrackingEvent) -> Sql<'_> {
    sql("INSERT INTO tracking_event (organization_id, shipment_id, id, status, occurred_at, detail, city, received_by, recorded_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(event.id)
    .bind::<Text, _>(event.status)
    .bind::<Timestamptz, _>(event.occurred_at)
    .bind::<Nullable<Text>, _>(event.detail.as_deref())
    .bind::<Nullable<Text>, _>(event.city.as_deref())
    .bind::<Nullable<Text>, _>(event.received_by.as_deref())
    .bind::<Timestamptz, _>(event.recorded_at)
}

fn with_parts(connection: &mut PgConnection, organization_id: OrganizationId, rows: Vec<Row>) -> QueryResult<Vec<Shipment>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<ShipmentId> = rows.iter().map(|row| row.id).collect();
    let parts = |text: &'static str| sql(text).bind::<SqlUuid, _>(organization_id).bind::<Array<SqlUuid>, _>(ids.as_slice());
    let line_rows: Vec<LineRow> = parts(LINES).load(connection)?;
    let event_rows: Vec<EventRow> = parts(EVENTS).load(connection)?;
    let mut lines: HashMap<ShipmentId, Vec<ShipmentLine>> = HashMap::new();
    for row in line_rows {
        lines.entry(row.shipment_id).or_default().push(ShipmentLine {
            order_line_id: row.order_line_id,
            line_number: row.line_number,
            sku: row.sku,
            name: row.name,
            unit: row.unit,
            quantity: Quantity(row.quantity.normalize()),
            unit_cost: row.unit_cost,
        });
    }
    let mut events: HashMap<ShipmentId, Vec<TrackingEvent>> = HashMap::new();
    for row in event_rows {
        events.entry(row.shipment_id).or_default().push(TrackingEvent {
            id: row.id,
            status: row.status,
            occurred_at: row.occurred_at,
            detail: row.detail,
            city: row.city,
            received_by: row.received_by,
            recorded_at: row.recorded_at,
        });
    }
    let whole = |row: Row| {
        let (lines, events) = (lines.remove(&row.id).unwrap_or_default(), events.remove(&row.id).unwrap_or_default());
        shipment_of(row, lines, events)
    };
    rows.into_iter().map(whole).collect()
}

fn shipment_of(row: Row, lines: Vec<ShipmentLine>, mut events: Vec<TrackingEvent>) -> QueryResult<Shipment> {
    events.sort_by_key(|event| (event.occurred_at, event.status));
    Ok(Shipment {
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        fulfillment_order_id: row.fulfillment_order_id,
        location: row.location,
        carrier: row.carrier,
        tracking_number: row.tracking_number,
        tracking_url: row.tracking_url,
        status: row.status,
        delivery_source: row.delivery_source,
        lines,
        packages: value_of(row.packages)?,
        shipped_at: row.shipped_at,
        delivered_at: row.delivered_at,
        received_by: row.received_by,
        events,
        external_ids: value_of(row.external_ids)?,
        metadata: value_of(row.metadata)?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn json(value: &impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

fn value_of<T: DeserializeOwned>(value: Value) -> QueryResult<T> {
    serde_json::from_value(value).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}
