//! From orders to rows, as a difference: what has not changed is not written.

use super::edited;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder};
use crate::orders::change::OrderChange;
use crate::orders::hold::Hold;
use crate::orders::order::{Order, OrderLine};
use crate::platform::sql::{Sql, Together, sql};
use crate::types::id::{FulfillmentOrderId, OrderId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

const ORDERS: &str = "UPDATE sales_order o SET version = t.version, status = t.status, fulfillment_status = t.fulfillment_status, \
    invoice_status = t.invoice_status, payment_status = t.payment_status, return_status = t.return_status, \
    amount_invoiced = t.amount_invoiced, amount_credited = t.amount_credited, amount_paid = t.amount_paid, \
    amount_refunded = t.amount_refunded, amount_authorized = t.amount_authorized, uninvoiced_total = t.uninvoiced_total, \
    detail = t.detail, milestones = t.milestones, sales_rep = t.sales_rep, purchase_order_number = t.purchase_order_number, \
    updated_at = t.updated_at \
    FROM unnest($2::uuid[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::numeric[], \
    $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::jsonb[], $16::jsonb[], $17::text[], $18::text[], $19::timestamptz[]) \
    AS t(id, version, status, fulfillment_status, invoice_status, payment_status, return_status, amount_invoiced, amount_credited, \
    amount_paid, amount_refunded, amount_authorized, uninvoiced_total, detail, milestones, sales_rep, purchase_order_number, updated_at) \
    WHERE o.organization_id = $1 AND o.id = t.id AND o.version = t.version - 1";

const LINES: &str = "UPDATE order_line l SET unallocated = t.unallocated, backordered = t.backordered, allocated = t.allocated, \
    initially_allocated = t.initially_allocated, shipped = t.shipped, delivered = t.delivered, cancelled = t.cancelled, \
    invoiced = t.invoiced, credited = t.credited, returned = t.returned, first_promised_on = coalesce(l.first_promised_on, t.first_promised_on), \
    promised_on = t.promised_on, detail = t.detail \
    FROM unnest($2::uuid[], $3::int2[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], \
    $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::date[], $15::date[], $16::jsonb[]) \
    AS t(order_id, line_number, unallocated, backordered, allocated, initially_allocated, shipped, delivered, cancelled, invoiced, \
    credited, returned, first_promised_on, promised_on, detail) \
    WHERE l.organization_id = $1 AND l.order_id = t.order_id AND l.line_number = t.line_number";

const HOLDS: &str = "INSERT INTO order_hold (organization_id, order_id, id, code, scope, order_line_id, blocks, releasable_by, data, \
    detail, raised_at, raised_by, released_at, released_by, release_reason) \
    SELECT $1, t.order_id, t.id, t.code, CASE WHEN t.order_line_id IS NULL THEN 'order' ELSE 'line' END, t.order_line_id, \
    string_to_array(t.blocks, ','), string_to_array(t.releasable_by, ','), t.data, t.detail, t.raised_at, t.raised_by, t.released_at, \
    t.released_by, t.release_reason \
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::timestamptz[], \
    $11::text[], $12::timestamptz[], $13::text[], $14::text[]) \
    AS t(order_id, id, code, order_line_id, blocks, releasable_by, data, detail, raised_at, raised_by, released_at, released_by, release_reason) \
    ON CONFLICT (organization_id, order_id, id) DO UPDATE SET released_at = EXCLUDED.released_at, released_by = EXCLUDED.released_by, \
    release_reason = EXCLUDED.release_reason";

const FULFILLMENT_ORDERS: &str = "INSERT INTO fulfillment_order AS f (organization_id, id, order_id, number, location, status, ship_by_on, \
    packages, version, created_at, updated_at) \
    SELECT $1, t.* FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::jsonb[], $9::int8[], \
    $10::timestamptz[], $11::timestamptz[]) AS t(id, order_id, number, location, status, ship_by_on, packages, version, created_at, updated_at) \
    ON CONFLICT (organization_id, id) DO UPDATE SET location = EXCLUDED.location, status = EXCLUDED.status, \
    ship_by_on = EXCLUDED.ship_by_on, packages = EXCLUDED.packages, version = EXCLUDED.version, updated_at = EXCLUDED.updated_at";

const ALLOCATIONS: &str = "INSERT INTO allocation (organization_id, order_id, line_number, fulfillment_order_id, sku, location, quantity, \
    unit_factor, picked, packed, shipped, reason) \
    SELECT $1, t.* FROM unnest($2::uuid[], $3::int2[], $4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], $9::numeric[], \
    $10::numeric[], $11::numeric[], $12::text[]) \
    AS t(order_id, line_number, fulfillment_order_id, sku, location, quantity, unit_factor, picked, packed, shipped, reason) \
    ON CONFLICT (organization_id, order_id, line_number, fulfillment_order_id) DO UPDATE SET location = EXCLUDED.location, \
    quantity = EXCLUDED.quantity, picked = EXCLUDED.picked, packed = EXCLUDED.packed, shipped = EXCLUDED.shipped, reason = EXCLUDED.reason";

const GONE_ALLOCATIONS: &str = "DELETE FROM allocation a USING unnest($2::uuid[], $3::int2[], $4::uuid[]) AS t(order_id, line_number, fulfillment_order_id) \
    WHERE a.organization_id = $1 AND a.order_id = t.order_id AND a.line_number = t.line_number AND a.fulfillment_order_id = t.fulfillment_order_id";

/// Writes what differs between `before` and `after` of each change, in one statement with what changes of the customers'
/// balances. The caller holds the locks of the orders and has set the versions; see [`crate::orders::change::save`].
pub fn save(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    changes: &[&OrderChange],
    balances: Option<Sql<'_>>,
) -> QueryResult<()> {
    let orders: Vec<&Order> = changes.iter().map(|change| &change.after).collect();
    let mut lines: Vec<(&Order, &OrderLine)> = vec![];
    let mut edited_lines: Vec<(&Order, &OrderLine)> = vec![];
    for change in changes {
        for (place, line) in change.after.lines.iter().enumerate() {
            match change.before.lines.get(place) {
                Some(before) if before == line => {}
                Some(before) if !edited::line_is_edited(before, line) => lines.push((&change.after, line)),
                Some(_) | None => edited_lines.push((&change.after, line)),
            }
        }
    }
    let holds: Vec<(&Order, &Hold)> = changes
        .iter()
        .flat_map(|change| change.after.holds.iter().filter(|hold| !change.before.holds.contains(hold)).map(|hold| (&change.after, hold)))
        .collect();
    let fulfillment_orders: Vec<(&Order, &FulfillmentOrder)> = changes
        .iter()
        .flat_map(|change| {
            let changed = |f: &&FulfillmentOrder| !change.before.fulfillment_orders.contains(f);
            change.after.fulfillment_orders.iter().filter(changed).map(|f| (&change.after, f))
        })
        .collect();
    let allocations: Vec<(&Order, &FulfillmentOrder, &Allocation)> =
        fulfillment_orders.iter().flat_map(|(order, f)| f.lines.iter().map(|line| (*order, *f, line))).collect();
    let gone = gone_allocations(changes);
    let mut writes = Together::new().with("orders", headers(organization_id, changes, &orders)?);
    if !lines.is_empty() {
        writes.add("lines", changed_lines(organization_id, &lines)?);
    }
    if !edited_lines.is_empty() {
        writes.add("edited_lines", edited::lines(organization_id, &edited_lines)?);
    }
    if !holds.is_empty() {
        writes.add("holds", changed_holds(organization_id, &holds));
    }
    if !fulfillment_orders.is_empty() {
        writes.add("fulfillment_orders", changed_fulfillment_orders(organization_id, &fulfillment_orders)?);
    }
    if !allocations.is_empty() {
        writes.add("allocations", changed_allocations(organization_id, &allocations));
    }
    if !gone.is_empty() {
        writes.add("gone_allocations", delete_allocations(organization_id, &gone));
    }
    if let Some(balances) = balances {
        writes.add("balances", balances);
    }
    let written = writes.execute(connection)?;
    // Under the row lock the version cannot have moved; if it has, a lock is missing somewhere and nothing may be committed.
    if written == orders.len() { Ok(()) } else { Err(diesel::result::Error::RollbackTransaction) }
}

fn headers<'a>(organization_id: OrganizationId, changes: &[&OrderChange], orders: &[&'a Order]) -> QueryResult<Sql<'a>> {
    fn all<'a, T>(orders: &[&'a Order], f: impl Fn(&'a Order) -> T) -> Vec<T> {
        orders.iter().map(|order| f(order)).collect()
    }
    let details: Vec<Value> = orders.iter().map(|order| json(&order.detail)).collect::<QueryResult<_>>()?;
    let milestones: Vec<Value> = orders.iter().map(|order| json(&order.milestones)).collect::<QueryResult<_>>()?;
    let is_edited = changes.iter().any(|change| edited::header_is_edited(&change.before, &change.after));
    let statement = sql(if is_edited { edited::ORDERS } else { ORDERS })
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(all(orders, |o| o.id))
        .bind::<Array<BigInt>, _>(all(orders, |o| o.version))
        .bind::<Array<Text>, _>(all(orders, |o| o.status))
        .bind::<Array<Text>, _>(all(orders, |o| o.fulfillment_status))
        .bind::<Array<Text>, _>(all(orders, |o| o.invoice_status))
        .bind::<Array<Text>, _>(all(orders, |o| o.payment_status))
        .bind::<Array<Text>, _>(all(orders, |o| o.return_status))
        .bind::<Array<Numeric>, _>(all(orders, |o| o.amount_invoiced))
        .bind::<Array<Numeric>, _>(all(orders, |o| o.amount_credited))
        .bind::<Array<Numeric>, _>(all(orders, |o| o.amount_paid))
        .bind::<Array<Numeric>, _>(all(orders, |o| o.amount_refunded))
        .bind::<Array<Numeric>, _>(all(orders, |o| o.amount_authorized))
        .bind::<Array<Numeric>, _>(all(orders, |o| o.uninvoiced_total))
        .bind::<Array<Jsonb>, _>(details)
        .bind::<Array<Jsonb>, _>(milestones)
        .bind::<Array<Nullable<Text>>, _>(all(orders, |o| o.sales_rep.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(all(orders, |o| o.purchase_order_number.as_deref()))
        .bind::<Array<Timestamptz>, _>(all(orders, |o| o.updated_at));
    if is_edited { edited::bind(statement, orders) } else { Ok(statement) }
}

fn changed_lines<'a>(organization_id: OrganizationId, lines: &[(&'a Order, &'a OrderLine)]) -> QueryResult<Sql<'a>> {
    let numbers = |f: fn(&OrderLine) -> Decimal| lines.iter().map(|(_, line)| f(line)).collect::<Vec<_>>();
    let details: Vec<Value> = lines.iter().map(|(_, line)| json(&line.stored_detail())).collect::<QueryResult<_>>()?;
    Ok(sql(LINES)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(order, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(lines.iter().map(|(_, line)| line.line_number).collect::<Vec<_>>())
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
        .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|(_, line)| line.first_promised_on).collect::<Vec<_>>())
        .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|(_, line)| line.promised_on).collect::<Vec<_>>())
        .bind::<Array<Jsonb>, _>(details))
}

/// New holds, and the release of old ones.
fn changed_holds<'a>(organization_id: OrganizationId, holds: &[(&'a Order, &'a Hold)]) -> Sql<'a> {
    fn all<'a, T>(holds: &[(&'a Order, &'a Hold)], f: impl Fn(&'a Hold) -> T) -> Vec<T> {
        holds.iter().map(|(_, hold)| f(hold)).collect()
    }
    sql(HOLDS)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(holds.iter().map(|(order, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(all(holds, |h| h.id))
        .bind::<Array<Text>, _>(all(holds, |h| h.code))
        .bind::<Array<Nullable<SqlUuid>>, _>(all(holds, |h| h.order_line_id))
        .bind::<Array<Text>, _>(all(holds, |h| h.code.blocks().iter().map(|b| b.as_str()).collect::<Vec<_>>().join(",")))
        .bind::<Array<Text>, _>(all(holds, |h| h.code.releasable_by().iter().map(|r| r.as_str()).collect::<Vec<_>>().join(",")))
        .bind::<Array<Jsonb>, _>(all(holds, |h| h.data.clone()))
        .bind::<Array<Nullable<Text>>, _>(all(holds, |h| h.detail.as_deref()))
        .bind::<Array<Timestamptz>, _>(all(holds, |h| h.raised_at))
        .bind::<Array<Text>, _>(all(holds, |h| h.raised_by.as_str()))
        .bind::<Array<Nullable<Timestamptz>>, _>(all(holds, |h| h.released_at))
        .bind::<Array<Nullable<Text>>, _>(all(holds, |h| h.released_by.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(all(holds, |h| h.release_reason.as_deref()))
}

fn changed_fulfillment_orders<'a>(organization_id: OrganizationId, rows: &[(&'a Order, &'a FulfillmentOrder)]) -> QueryResult<Sql<'a>> {
    fn all<'a, T>(rows: &[(&'a Order, &'a FulfillmentOrder)], f: impl Fn(&'a FulfillmentOrder) -> T) -> Vec<T> {
        rows.iter().map(|(_, row)| f(row)).collect()
    }
    let packages = |f: &FulfillmentOrder| if f.packages.is_empty() { Ok(None) } else { json(&f.packages).map(Some) };
    let packages: Vec<Option<Value>> = rows.iter().map(|(_, row)| packages(row)).collect::<QueryResult<_>>()?;
    Ok(sql(FULFILLMENT_ORDERS)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(all(rows, |f| f.id))
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|(order, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(all(rows, |f| f.number.as_str()))
        .bind::<Array<Text>, _>(all(rows, |f| f.location.as_str()))
        .bind::<Array<Text>, _>(all(rows, |f| f.status))
        .bind::<Array<Nullable<Date>>, _>(all(rows, |f| f.ship_by_on))
        .bind::<Array<Nullable<Jsonb>>, _>(packages)
        .bind::<Array<BigInt>, _>(all(rows, |f| f.version))
        .bind::<Array<Timestamptz>, _>(all(rows, |f| f.created_at))
        .bind::<Array<Timestamptz>, _>(all(rows, |f| f.updated_at)))
}

fn changed_allocations<'a>(organization_id: OrganizationId, rows: &[(&'a Order, &'a FulfillmentOrder, &'a Allocation)]) -> Sql<'a> {
    let numbers = |f: fn(&Allocation) -> Decimal| rows.iter().map(|(_, _, a)| f(a)).collect::<Vec<_>>();
    sql(ALLOCATIONS)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|(order, _, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(rows.iter().map(|(_, _, a)| a.line_number).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|(_, f, _)| f.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|(_, _, a)| a.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|(_, f, _)| f.location.as_str()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(numbers(|a| a.quantity))
        .bind::<Array<Numeric>, _>(numbers(|a| a.unit_factor))
        .bind::<Array<Numeric>, _>(numbers(|a| a.picked))
        .bind::<Array<Numeric>, _>(numbers(|a| a.packed))
        .bind::<Array<Numeric>, _>(numbers(|a| a.shipped))
        .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|(_, _, a)| a.reason.as_deref()).collect::<Vec<_>>())
}

type AllocationKey = (OrderId, i16, FulfillmentOrderId);

/// Allocations that were there before and have no row any more.
fn gone_allocations(changes: &[&OrderChange]) -> Vec<AllocationKey> {
    let mut gone = vec![];
    for change in changes {
        for before in &change.before.fulfillment_orders {
            let after = change.after.fulfillment_orders.iter().find(|f| f.id == before.id);
            for line in &before.lines {
                let kept = after.is_some_and(|f| f.lines.iter().any(|l| l.line_number == line.line_number));
                if !kept {
                    gone.push((change.after.id, line.line_number, before.id));
                }
            }
        }
    }
    gone
}

fn delete_allocations<'a>(organization_id: OrganizationId, gone: &[AllocationKey]) -> Sql<'a> {
    sql(GONE_ALLOCATIONS)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(gone.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(gone.iter().map(|row| row.1).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(gone.iter().map(|row| row.2).collect::<Vec<_>>())
}

pub(super) fn json(value: &impl serde::Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}
