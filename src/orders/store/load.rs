//! From rows to orders: five statements for any number of orders.

use crate::catalog::product_kind::ProductKind;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder, FulfillmentOrderStatus};
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::{Document, LineDetail, Order, OrderLine};
use crate::orders::quantities::LineQuantities;
use crate::orders::status::{FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, ReturnStatus};
use crate::platform::sql::sql;
use crate::types::currency::{Currency, rounded};
use crate::types::id::{CustomerId, FulfillmentOrderId, HoldId, OrderId, OrderLineId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    id: OrderId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    status: OrderStatus,
    #[diesel(sql_type = Text)]
    fulfillment_status: FulfillmentStatus,
    #[diesel(sql_type = Text)]
    invoice_status: InvoiceStatus,
    #[diesel(sql_type = Text)]
    payment_status: PaymentStatus,
    #[diesel(sql_type = Text)]
    return_status: ReturnStatus,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = SqlUuid)]
    bill_to_customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    subtotal: Decimal,
    #[diesel(sql_type = Numeric)]
    discount_total: Decimal,
    #[diesel(sql_type = Numeric)]
    shipping_net: Decimal,
    #[diesel(sql_type = Numeric)]
    tax_total: Decimal,
    #[diesel(sql_type = Numeric)]
    total: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_invoiced: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_credited: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_paid: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_refunded: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_authorized: Decimal,
    #[diesel(sql_type = Numeric)]
    uninvoiced_total: Decimal,
    #[diesel(sql_type = Text)]
    document: String,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
    #[diesel(sql_type = Jsonb)]
    milestones: Value,
    #[diesel(sql_type = Nullable<Text>)]
    sales_rep: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    purchase_order_number: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    ordered_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SqlUuid)]
    id: OrderLineId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: ProductKind,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Numeric)]
    unit_factor: Decimal,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    original_quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    unit_price: Decimal,
    #[diesel(sql_type = Numeric)]
    price_quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    discount_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    net_amount: Decimal,
    #[diesel(sql_type = Text)]
    tax_category: String,
    #[diesel(sql_type = Numeric)]
    tax_rate: Decimal,
    #[diesel(sql_type = Numeric)]
    tax_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    unallocated: Decimal,
    #[diesel(sql_type = Numeric)]
    backordered: Decimal,
    #[diesel(sql_type = Numeric)]
    allocated: Decimal,
    #[diesel(sql_type = Numeric)]
    initially_allocated: Decimal,
    #[diesel(sql_type = Numeric)]
    shipped: Decimal,
    #[diesel(sql_type = Numeric)]
    delivered: Decimal,
    #[diesel(sql_type = Numeric)]
    cancelled: Decimal,
    #[diesel(sql_type = Numeric)]
    invoiced: Decimal,
    #[diesel(sql_type = Numeric)]
    credited: Decimal,
    #[diesel(sql_type = Numeric)]
    returned: Decimal,
    #[diesel(sql_type = Nullable<Date>)]
    requested_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    first_promised_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    promised_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    detail: Option<Value>,
}

#[derive(QueryableByName)]
struct HoldRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    id: HoldId,
    #[diesel(sql_type = Text)]
    code: HoldCode,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_line_id: Option<OrderLineId>,
    #[diesel(sql_type = Jsonb)]
    data: Value,
    #[diesel(sql_type = Nullable<Text>)]
    detail: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    raised_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    raised_by: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    released_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    released_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    release_reason: Option<String>,
}

#[derive(QueryableByName)]
struct FulfillmentRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    id: FulfillmentOrderId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Text)]
    status: FulfillmentOrderStatus,
    #[diesel(sql_type = Nullable<Date>)]
    ship_by_on: Option<NaiveDate>,
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
struct AllocationRow {
    #[diesel(sql_type = SqlUuid)]
    fulfillment_order_id: FulfillmentOrderId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = Text)]
    sku: String,
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
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// Orders by id, in the order of their ids. Unknown ids are left out.
pub fn load(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Order>> {
    read(connection, organization_id, ids, "")
}

/// As `load`, with the rows of the orders locked in the order of their ids. Whoever changes any part of an order holds this
/// lock, so the parts need none of their own.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Order>> {
    read(connection, organization_id, ids, " FOR NO KEY UPDATE")
}

/// One order.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> QueryResult<Option<Order>> {
    Ok(load(connection, organization_id, &[id])?.pop())
}

fn read(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId], locking: &str) -> QueryResult<Vec<Order>> {
    let headers: Vec<OrderRow> = sql(format!("SELECT * FROM sales_order WHERE organization_id = $1 AND id = ANY($2) ORDER BY id{locking}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    if headers.is_empty() {
        return Ok(vec![]);
    }
    let parts = |text: &'static str| sql(text).bind::<SqlUuid, _>(organization_id).bind::<Array<SqlUuid>, _>(ids);
    let lines: Vec<LineRow> =
        parts("SELECT * FROM order_line WHERE organization_id = $1 AND order_id = ANY($2) ORDER BY order_id, line_number")
            .load(connection)?;
    let holds: Vec<HoldRow> =
        parts("SELECT * FROM order_hold WHERE organization_id = $1 AND order_id = ANY($2) ORDER BY order_id, raised_at, id")
            .load(connection)?;
    let fulfillment_orders: Vec<FulfillmentRow> =
        parts("SELECT * FROM fulfillment_order WHERE organization_id = $1 AND order_id = ANY($2) ORDER BY order_id, id")
            .load(connection)?;
    let allocations: Vec<AllocationRow> = if fulfillment_orders.is_empty() {
        vec![]
    } else {
        parts("SELECT * FROM allocation WHERE organization_id = $1 AND order_id = ANY($2) ORDER BY order_id, line_number, fulfillment_order_id")
            .load(connection)?
    };
    assemble(headers, lines, holds, fulfillment_orders, allocations)
}

fn assemble(
    headers: Vec<OrderRow>,
    lines: Vec<LineRow>,
    holds: Vec<HoldRow>,
    fulfillment_orders: Vec<FulfillmentRow>,
    allocations: Vec<AllocationRow>,
) -> QueryResult<Vec<Order>> {
    let mut allocated: HashMap<FulfillmentOrderId, Vec<Allocation>> = HashMap::new();
    for row in allocations {
        allocated.entry(row.fulfillment_order_id).or_default().push(Allocation {
            line_number: row.line_number,
            sku: row.sku,
            quantity: row.quantity.normalize(),
            unit_factor: row.unit_factor.normalize(),
            picked: row.picked.normalize(),
            packed: row.packed.normalize(),
            shipped: row.shipped.normalize(),
            reason: row.reason,
        });
    }
    let mut orders: Vec<Order> = headers.into_iter().map(order_of).collect::<QueryResult<_>>()?;
    let place: HashMap<OrderId, usize> = orders.iter().enumerate().map(|(i, order)| (order.id, i)).collect();
    for row in lines {
        if let Some(&i) = place.get(&row.order_id) {
            let line = line_of(row, orders[i].currency)?;
            orders[i].lines.push(line);
        }
    }
    for row in holds {
        if let Some(&i) = place.get(&row.order_id) {
            orders[i].holds.push(hold_of(row));
        }
    }
    for row in fulfillment_orders {
        if let Some(&i) = place.get(&row.order_id) {
            let lines = allocated.remove(&row.id).unwrap_or_default();
            orders[i].fulfillment_orders.push(FulfillmentOrder {
                id: row.id,
                number: row.number,
                location: row.location,
                status: row.status,
                ship_by_on: row.ship_by_on,
                packages: row.packages.map(json).transpose()?.unwrap_or_default(),
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
                lines,
            });
        }
    }
    for order in &mut orders {
        order.count_progress();
    }
    Ok(orders)
}

fn json<T: DeserializeOwned>(value: Value) -> QueryResult<T> {
    serde_json::from_value(value).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

fn order_of(row: OrderRow) -> QueryResult<Order> {
    let money = |amount: Decimal| rounded(amount, row.currency.minor_units());
    let document: Document =
        serde_json::from_str(&row.document).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(Order {
        organization_id: row.organization_id,
        id: row.id,
        number: row.number,
        version: row.version,
        status: row.status,
        fulfillment_status: row.fulfillment_status,
        invoice_status: row.invoice_status,
        payment_status: row.payment_status,
        return_status: row.return_status,
        channel: row.channel,
        external_id: row.external_id,
        customer_id: row.customer_id,
        bill_to_customer_id: row.bill_to_customer_id,
        currency: row.currency,
        subtotal: money(row.subtotal),
        discount_total: money(row.discount_total),
        shipping_net: money(row.shipping_net),
        tax_total: money(row.tax_total),
        total: money(row.total),
        amount_invoiced: money(row.amount_invoiced),
        amount_credited: money(row.amount_credited),
        amount_paid: money(row.amount_paid),
        amount_refunded: money(row.amount_refunded),
        amount_authorized: money(row.amount_authorized),
        uninvoiced_total: money(row.uninvoiced_total),
        document,
        detail: json(row.detail)?,
        milestones: json(row.milestones)?,
        sales_rep: row.sales_rep,
        purchase_order_number: row.purchase_order_number,
        ordered_at: row.ordered_at,
        updated_at: row.updated_at,
        lines: vec![],
        holds: vec![],
        fulfillment_orders: vec![],
    })
}

fn line_of(row: LineRow, currency: Currency) -> QueryResult<OrderLine> {
    let money = |amount: Decimal| rounded(amount, currency.minor_units());
    let detail: LineDetail = json(row.detail.unwrap_or(Value::Null))?;
    Ok(OrderLine {
        id: row.id,
        line_number: row.line_number,
        sku: row.sku,
        name: row.name,
        kind: row.kind,
        unit: row.unit,
        unit_factor: row.unit_factor.normalize(),
        quantities: LineQuantities {
            quantity: row.quantity.normalize(),
            unallocated: row.unallocated.normalize(),
            backordered: row.backordered.normalize(),
            allocated: row.allocated.normalize(),
            picked: Decimal::ZERO,
            packed: Decimal::ZERO,
            shipped: row.shipped.normalize(),
            delivered: row.delivered.normalize(),
            cancelled: row.cancelled.normalize(),
            invoiced: row.invoiced.normalize(),
            credited: row.credited.normalize(),
            returned: row.returned.normalize(),
        },
        original_quantity: row.original_quantity.normalize(),
        initially_allocated: row.initially_allocated.normalize(),
        unit_price: row.unit_price,
        price_quantity: row.price_quantity.normalize(),
        discount_amount: money(row.discount_amount),
        net_amount: money(row.net_amount),
        tax_category: row.tax_category,
        tax_rate: row.tax_rate.normalize(),
        tax_amount: money(row.tax_amount),
        requested_on: row.requested_on,
        first_promised_on: row.first_promised_on,
        promised_on: row.promised_on,
        detail,
    })
}

fn hold_of(row: HoldRow) -> Hold {
    Hold {
        id: row.id,
        code: row.code,
        order_line_id: row.order_line_id,
        data: row.data,
        detail: row.detail,
        raised_at: row.raised_at,
        raised_by: row.raised_by,
        released_at: row.released_at,
        released_by: row.released_by,
        release_reason: row.release_reason,
    }
}
