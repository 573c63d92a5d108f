//! From rows to orders: one statement for any number of orders, each with its parts as arrays of records.
//!
//! One statement is one snapshot and one round trip; five cost four more of these and a transaction around them.

use super::shown::{self, ShownOrder};
use crate::catalog::product_kind::ProductKind;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder, FulfillmentOrderStatus};
use crate::fulfillment::package::Package;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::milestones::Milestones;
use crate::orders::order::{Detail, Document, LineDetail, Order, OrderLine};
use crate::orders::quantities::LineQuantities;
use crate::orders::status::{FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, ReturnStatus};
use crate::platform::sql::{Json, Sql, sql};
use crate::types::currency::{Currency, rounded};
use crate::types::id::{CustomerId, FulfillmentOrderId, HoldId, OrderId, OrderLineId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, Record, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

/// What is read of an order `o`: its columns and its parts. A sub-select for each part is an index scan in the order of the parts.
const COLUMNS: &str = "ROW(o.id, o.number, o.version, o.status, o.fulfillment_status, o.invoice_status, o.payment_status, o.return_status, \
    o.channel, o.external_id, o.customer_id, o.bill_to_customer_id, o.currency, o.subtotal, o.discount_total, o.shipping_net, o.tax_total, o.total, \
    o.amount_invoiced, o.amount_credited, o.amount_paid, o.amount_refunded, o.amount_authorized, o.uninvoiced_total, o.document, o.detail, o.milestones, \
    o.sales_rep, o.purchase_order_number, o.ordered_at, o.updated_at), \
    ARRAY(SELECT ROW(l.line_number, l.id, l.sku, l.name, l.kind, l.unit, l.unit_factor, l.quantity, l.original_quantity, l.unit_price, l.price_quantity, \
      l.discount_amount, l.net_amount, l.tax_category, l.tax_rate, l.tax_amount, l.unallocated, l.backordered, l.allocated, l.initially_allocated, l.shipped, \
      l.delivered, l.cancelled, l.invoiced, l.credited, l.returned, l.requested_on, l.first_promised_on, l.promised_on, l.detail) \
      FROM order_line l WHERE l.organization_id = o.organization_id AND l.order_id = o.id ORDER BY l.line_number), \
    ARRAY(SELECT ROW(h.id, h.code, h.order_line_id, h.data, h.detail, h.raised_at, h.raised_by, h.released_at, h.released_by, h.release_reason) \
      FROM order_hold h WHERE h.organization_id = o.organization_id AND h.order_id = o.id ORDER BY h.raised_at, h.id), \
    ARRAY(SELECT ROW(f.id, f.number, f.location, f.status, f.ship_by_on, f.packages, f.version, f.created_at, f.updated_at) \
      FROM fulfillment_order f WHERE f.organization_id = o.organization_id AND f.order_id = o.id ORDER BY f.id), \
    ARRAY(SELECT ROW(a.fulfillment_order_id, a.line_number, a.sku, a.quantity, a.unit_factor, a.picked, a.packed, a.shipped, a.reason) \
      FROM allocation a WHERE a.organization_id = o.organization_id AND a.order_id = o.id ORDER BY a.line_number, a.fulfillment_order_id)";

type Columns = (
    Record<HeaderColumns>,
    Array<Record<LineColumns>>,
    Array<Record<HoldColumns>>,
    Array<Record<FulfillmentColumns>>,
    Array<Record<AllocationColumns>>,
);
type Row = (HeaderRow, Vec<LineRow>, Vec<HoldRow>, Vec<FulfillmentRow>, Vec<AllocationRow>);

// One entry a column, in the order of COLUMNS; the types of SQL first, then those that they are read into.
type HeaderColumns = (
    SqlUuid,
    Text,
    BigInt,
    Text,
    Text,
    Text,
    Text,
    Text,
    Text,
    Nullable<Text>,
    SqlUuid,
    SqlUuid,
    Text,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Text,
    Jsonb,
    Jsonb,
    Nullable<Text>,
    Nullable<Text>,
    Timestamptz,
    Timestamptz,
);
type HeaderRow = (
    OrderId,
    String,
    i64,
    OrderStatus,
    FulfillmentStatus,
    InvoiceStatus,
    PaymentStatus,
    ReturnStatus,
    String,
    Option<String>,
    CustomerId,
    CustomerId,
    Currency,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Json<Document>,
    Json<Detail>,
    Json<Milestones>,
    Option<String>,
    Option<String>,
    DateTime<Utc>,
    DateTime<Utc>,
);

type LineColumns = (
    SmallInt,
    SqlUuid,
    Text,
    Text,
    Text,
    Text,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Text,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Nullable<Date>,
    Nullable<Date>,
    Nullable<Date>,
    Jsonb,
);
type LineRow = (
    i16,
    OrderLineId,
    String,
    String,
    ProductKind,
    String,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    String,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Json<LineDetail>,
);

type HoldColumns =
    (SqlUuid, Text, Nullable<SqlUuid>, Jsonb, Nullable<Text>, Timestamptz, Text, Nullable<Timestamptz>, Nullable<Text>, Nullable<Text>);
type HoldRow = (
    HoldId,
    HoldCode,
    Option<OrderLineId>,
    Value,
    Option<String>,
    DateTime<Utc>,
    String,
    Option<DateTime<Utc>>,
    Option<String>,
    Option<String>,
);

type FulfillmentColumns = (SqlUuid, Text, Text, Text, Nullable<Date>, Nullable<Jsonb>, BigInt, Timestamptz, Timestamptz);
type FulfillmentRow = (
    FulfillmentOrderId,
    String,
    String,
    FulfillmentOrderStatus,
    Option<NaiveDate>,
    Option<Json<Vec<Package>>>,
    i64,
    DateTime<Utc>,
    DateTime<Utc>,
);

type AllocationColumns = (SqlUuid, SmallInt, Text, Numeric, Numeric, Numeric, Numeric, Numeric, Nullable<Text>);
type AllocationRow = (FulfillmentOrderId, i16, String, Decimal, Decimal, Decimal, Decimal, Decimal, Option<String>);

/// Orders by id, in the order of their ids. Unknown ids are left out.
pub fn load(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Order>> {
    let statement = sql(format!("SELECT {COLUMNS} FROM sales_order o WHERE o.organization_id = $1 AND o.id = ANY($2) ORDER BY o.id"));
    read(connection, organization_id, statement.bind::<SqlUuid, _>(organization_id).bind::<Array<SqlUuid>, _>(ids))
}

/// As `load`, with the rows of the orders locked in the order of their ids. Whoever changes any part of an order holds this
/// lock, so the parts need none of their own. They are read by a second statement: the first may have waited, and does not see
/// what was committed meanwhile.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Order>> {
    sql("SELECT FROM sales_order WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(connection)?;
    load(connection, organization_id, ids)
}

/// One order.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> QueryResult<Option<Order>> {
    let statement = sql(format!("SELECT {COLUMNS} FROM sales_order o WHERE o.organization_id = $1 AND o.id = $2"));
    Ok(read(connection, organization_id, statement.bind::<SqlUuid, _>(organization_id).bind::<SqlUuid, _>(id))?.pop())
}

/// One order as the API shows it.
pub fn find_shown(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> QueryResult<Option<ShownOrder>> {
    let columns = shown::COLUMNS;
    sql(format!("SELECT {columns} FROM sales_order o WHERE o.organization_id = $1 AND o.id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

/// The version alone, for a caller who may have it already.
pub fn version(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> QueryResult<Option<i64>> {
    sql("SELECT version FROM sales_order WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .columns::<BigInt>()
        .get_result(connection)
        .optional()
}

/// The orders of a statement that selects COLUMNS, in its order.
fn read(connection: &mut PgConnection, organization_id: OrganizationId, statement: Sql<'_>) -> QueryResult<Vec<Order>> {
    let rows: Vec<Row> = statement.columns::<Columns>().load(connection)?;
    Ok(rows.into_iter().map(|row| order_of(organization_id, row)).collect())
}

fn order_of(organization_id: OrganizationId, (header, lines, holds, fulfillment_orders, allocations): Row) -> Order {
    let (
        id,
        number,
        version,
        status,
        fulfillment_status,
        invoice_status,
        payment_status,
        return_status,
        channel,
        external_id,
        customer_id,
        bill_to_customer_id,
        currency,
        subtotal,
        discount_total,
        shipping_net,
        tax_total,
        total,
        amount_invoiced,
        amount_credited,
        amount_paid,
        amount_refunded,
        amount_authorized,
        uninvoiced_total,
        document,
        detail,
        milestones,
        sales_rep,
        purchase_order_number,
        ordered_at,
        updated_at,
    ) = header;
    let money = |amount: Decimal| rounded(amount, currency.minor_units());
    let mut order = Order {
        organization_id,
        id,
        number,
        version,
        status,
        fulfillment_status,
        invoice_status,
        payment_status,
        return_status,
        channel,
        external_id,
        customer_id,
        bill_to_customer_id,
        currency,
        subtotal: money(subtotal),
        discount_total: money(discount_total),
        shipping_net: money(shipping_net),
        tax_total: money(tax_total),
        total: money(total),
        amount_invoiced: money(amount_invoiced),
        amount_credited: money(amount_credited),
        amount_paid: money(amount_paid),
        amount_refunded: money(amount_refunded),
        amount_authorized: money(amount_authorized),
        uninvoiced_total: money(uninvoiced_total),
        document: document.0,
        detail: detail.0,
        milestones: milestones.0,
        sales_rep,
        purchase_order_number,
        ordered_at,
        updated_at,
        lines: lines.into_iter().map(|row| line_of(row, currency)).collect(),
        holds: holds.into_iter().map(hold_of).collect(),
        fulfillment_orders: fulfillment_orders.into_iter().map(fulfillment_order_of).collect(),
    };
    for row in allocations {
        if let Some(fulfillment_order) = order.fulfillment_order_mut(row.0) {
            fulfillment_order.lines.push(allocation_of(row));
        }
    }
    order.count_progress();
    order
}

fn line_of(row: LineRow, currency: Currency) -> OrderLine {
    let (
        line_number,
        id,
        sku,
        name,
        kind,
        unit,
        unit_factor,
        quantity,
        original_quantity,
        unit_price,
        price_quantity,
        discount_amount,
        net_amount,
        tax_category,
        tax_rate,
        tax_amount,
        unallocated,
        backordered,
        allocated,
        initially_allocated,
        shipped,
        delivered,
        cancelled,
        invoiced,
        credited,
        returned,
        requested_on,
        first_promised_on,
        promised_on,
        detail,
    ) = row;
    let money = |amount: Decimal| rounded(amount, currency.minor_units());
    OrderLine {
        id,
        line_number,
        sku,
        name,
        kind,
        unit,
        unit_factor: unit_factor.normalize(),
        quantities: LineQuantities {
            quantity: quantity.normalize(),
            unallocated: unallocated.normalize(),
            backordered: backordered.normalize(),
            allocated: allocated.normalize(),
            picked: Decimal::ZERO,
            packed: Decimal::ZERO,
            shipped: shipped.normalize(),
            delivered: delivered.normalize(),
            cancelled: cancelled.normalize(),
            invoiced: invoiced.normalize(),
            credited: credited.normalize(),
            returned: returned.normalize(),
            withheld: detail.0.withheld,
            waived: detail.0.waived,
        },
        original_quantity: original_quantity.normalize(),
        initially_allocated: initially_allocated.normalize(),
        unit_price,
        price_quantity: price_quantity.normalize(),
        discount_amount: money(discount_amount),
        net_amount: money(net_amount),
        tax_category,
        tax_rate: tax_rate.normalize(),
        tax_amount: money(tax_amount),
        requested_on,
        first_promised_on,
        promised_on,
        detail: detail.0,
    }
}

fn hold_of(row: HoldRow) -> Hold {
    let (id, code, order_line_id, data, detail, raised_at, raised_by, released_at, released_by, release_reason) = row;
    Hold { id, code, order_line_id, data, detail, raised_at, raised_by, released_at, released_by, release_reason }
}

fn fulfillment_order_of(row: FulfillmentRow) -> FulfillmentOrder {
    let (id, number, location, status, ship_by_on, packages, version, created_at, updated_at) = row;
    let packages = packages.map(|packages| packages.0).unwrap_or_default();
    FulfillmentOrder { id, number, location, status, ship_by_on, packages, version, created_at, updated_at, lines: vec![] }
}

fn allocation_of(row: AllocationRow) -> Allocation {
    let (_, line_number, sku, quantity, unit_factor, picked, packed, shipped, reason) = row;
    Allocation {
        line_number,
        sku,
        quantity: quantity.normalize(),
        unit_factor: unit_factor.normalize(),
        picked: picked.normalize(),
        packed: packed.normalize(),
        shipped: shipped.normalize(),
        reason,
    }
}
