//! What only an edit changes: what was ordered, at which price.

use super::save::json;
use crate::orders::order::{Order, OrderLine};
use crate::platform::sql::{Sql, sql};
use crate::types::id::OrganizationId;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

/// Whether the header has other amounts or another document.
pub fn header_is_edited(before: &Order, after: &Order) -> bool {
    let amounts = |order: &Order| [order.subtotal, order.discount_total, order.shipping_net, order.tax_total, order.total];
    amounts(before) != amounts(after) || before.document != after.document
}

/// Whether something of the line was ordered otherwise.
pub fn line_is_edited(before: &OrderLine, after: &OrderLine) -> bool {
    let numbers = |line: &OrderLine| {
        let ordered = [line.quantities.quantity, line.original_quantity, line.unit_price, line.price_quantity];
        (ordered, [line.discount_amount, line.net_amount, line.tax_rate, line.tax_amount])
    };
    numbers(before) != numbers(after) || before.tax_category != after.tax_category || before.requested_on != after.requested_on
}

/// As the statement of all changes of orders, with the columns of an edit; their values are bound by [`bind`] from `$20` on.
pub const ORDERS: &str = "UPDATE sales_order o SET version = t.version, status = t.status, fulfillment_status = t.fulfillment_status, \
    invoice_status = t.invoice_status, payment_status = t.payment_status, return_status = t.return_status, \
    amount_invoiced = t.amount_invoiced, amount_credited = t.amount_credited, amount_paid = t.amount_paid, \
    amount_refunded = t.amount_refunded, amount_authorized = t.amount_authorized, uninvoiced_total = t.uninvoiced_total, \
    detail = t.detail, milestones = t.milestones, sales_rep = t.sales_rep, purchase_order_number = t.purchase_order_number, \
    updated_at = t.updated_at, document = t.document, subtotal = t.subtotal, discount_total = t.discount_total, \
    shipping_net = t.shipping_net, tax_total = t.tax_total, total = t.total \
    FROM unnest($2::uuid[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::numeric[], \
    $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::jsonb[], $16::jsonb[], $17::text[], $18::text[], $19::timestamptz[], \
    $20::text[], $21::numeric[], $22::numeric[], $23::numeric[], $24::numeric[], $25::numeric[]) \
    AS t(id, version, status, fulfillment_status, invoice_status, payment_status, return_status, amount_invoiced, amount_credited, \
    amount_paid, amount_refunded, amount_authorized, uninvoiced_total, detail, milestones, sales_rep, purchase_order_number, updated_at, \
    document, subtotal, discount_total, shipping_net, tax_total, total) \
    WHERE o.organization_id = $1 AND o.id = t.id AND o.version = t.version - 1";

/// Binds the columns of an edit.
pub fn bind<'a>(statement: Sql<'a>, orders: &[&'a Order]) -> QueryResult<Sql<'a>> {
    let documents: Vec<String> = orders
        .iter()
        .map(|order| serde_json::to_string(&order.document).map_err(|error| diesel::result::Error::SerializationError(error.into())))
        .collect::<QueryResult<_>>()?;
    let numbers = |f: fn(&Order) -> Decimal| orders.iter().map(|order| f(order)).collect::<Vec<_>>();
    Ok(statement
        .bind::<Array<Text>, _>(documents)
        .bind::<Array<Numeric>, _>(numbers(|o| o.subtotal))
        .bind::<Array<Numeric>, _>(numbers(|o| o.discount_total))
        .bind::<Array<Numeric>, _>(numbers(|o| o.shipping_net))
        .bind::<Array<Numeric>, _>(numbers(|o| o.tax_total))
        .bind::<Array<Numeric>, _>(numbers(|o| o.total)))
}

const LINES: &str = "INSERT INTO order_line AS l (organization_id, order_id, line_number, id, sku, name, kind, unit, unit_factor, quantity, \
    original_quantity, unit_price, price_quantity, discount_amount, net_amount, tax_category, tax_rate, tax_amount, unallocated, backordered, \
    allocated, initially_allocated, shipped, delivered, cancelled, invoiced, credited, returned, requested_on, first_promised_on, promised_on, detail) \
    SELECT $1, t.* FROM unnest($2::uuid[], $3::int2[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::numeric[], \
    $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], $16::text[], $17::numeric[], $18::numeric[], $19::numeric[], \
    $20::numeric[], $21::numeric[], $22::numeric[], $23::numeric[], $24::numeric[], $25::numeric[], $26::numeric[], $27::numeric[], $28::numeric[], \
    $29::date[], $30::date[], $31::date[], $32::jsonb[]) \
    AS t(order_id, line_number, id, sku, name, kind, unit, unit_factor, quantity, original_quantity, unit_price, price_quantity, discount_amount, \
    net_amount, tax_category, tax_rate, tax_amount, unallocated, backordered, allocated, initially_allocated, shipped, delivered, cancelled, \
    invoiced, credited, returned, requested_on, first_promised_on, promised_on, detail) \
    ON CONFLICT (organization_id, order_id, line_number) DO UPDATE SET quantity = EXCLUDED.quantity, \
    original_quantity = EXCLUDED.original_quantity, unit_price = EXCLUDED.unit_price, price_quantity = EXCLUDED.price_quantity, \
    discount_amount = EXCLUDED.discount_amount, net_amount = EXCLUDED.net_amount, tax_category = EXCLUDED.tax_category, \
    tax_rate = EXCLUDED.tax_rate, tax_amount = EXCLUDED.tax_amount, unallocated = EXCLUDED.unallocated, backordered = EXCLUDED.backordered, \
    allocated = EXCLUDED.allocated, initially_allocated = EXCLUDED.initially_allocated, shipped = EXCLUDED.shipped, \
    delivered = EXCLUDED.delivered, cancelled = EXCLUDED.cancelled, invoiced = EXCLUDED.invoiced, credited = EXCLUDED.credited, \
    returned = EXCLUDED.returned, requested_on = EXCLUDED.requested_on, first_promised_on = coalesce(l.first_promised_on, EXCLUDED.first_promised_on), \
    promised_on = EXCLUDED.promised_on, detail = EXCLUDED.detail";

/// Lines that are new or ordered otherwise.
pub fn lines<'a>(organization_id: OrganizationId, lines: &[(&'a Order, &'a OrderLine)]) -> QueryResult<Sql<'a>> {
    let numbers = |f: fn(&OrderLine) -> Decimal| lines.iter().map(|(_, line)| f(line)).collect::<Vec<_>>();
    let texts = |f: fn(&'a OrderLine) -> &'a str| lines.iter().map(|(_, line)| f(line)).collect::<Vec<_>>();
    let details: Vec<Value> = lines.iter().map(|(_, line)| json(&line.stored_detail())).collect::<QueryResult<_>>()?;
    Ok(sql(LINES)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(order, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(lines.iter().map(|(_, line)| line.line_number).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(_, line)| line.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(texts(|l| &l.sku))
        .bind::<Array<Text>, _>(texts(|l| &l.name))
        .bind::<Array<Text>, _>(texts(|l| l.kind.as_str()))
        .bind::<Array<Text>, _>(texts(|l| &l.unit))
        .bind::<Array<Numeric>, _>(numbers(|l| l.unit_factor))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.quantity))
        .bind::<Array<Numeric>, _>(numbers(|l| l.original_quantity))
        .bind::<Array<Numeric>, _>(numbers(|l| l.unit_price))
        .bind::<Array<Numeric>, _>(numbers(|l| l.price_quantity))
        .bind::<Array<Numeric>, _>(numbers(|l| l.discount_amount))
        .bind::<Array<Numeric>, _>(numbers(|l| l.net_amount))
        .bind::<Array<Text>, _>(texts(|l| &l.tax_category))
        .bind::<Array<Numeric>, _>(numbers(|l| l.tax_rate))
        .bind::<Array<Numeric>, _>(numbers(|l| l.tax_amount))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.unallocated))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.backordered))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.allocated))
        .bind::<Array<Numeric>, _>(numbers(|l| l.initially_allocated))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.shipped))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.delivered))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.cancelled))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.invoiced))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.credited))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.returned))
        .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|(_, line)| line.requested_on).collect::<Vec<_>>())
        .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|(_, line)| line.first_promised_on).collect::<Vec<_>>())
        .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|(_, line)| line.promised_on).collect::<Vec<_>>())
        .bind::<Array<Jsonb>, _>(details))
}
