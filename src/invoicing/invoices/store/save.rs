use crate::auth::actor::Context;
use crate::invoicing::invoices::balance::InvoiceBalance;
use crate::invoicing::invoices::invoice::{Invoice, InvoiceLine};
use crate::platform::sql::{sql, to_json};
use crate::types::id::{InvoiceId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

/// Writes a new invoice with its lines.
pub fn insert(connection: &mut PgConnection, context: &Context, invoice: &Invoice) -> QueryResult<()> {
    let document = serde_json::to_string(&invoice.document).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    sql(
        "INSERT INTO invoice (organization_id, id, number, series, series_number, status, order_id, customer_id, currency, exchange_rate, \
         subtotal, discount_total, shipping_net, shipping_tax, tax_total, rounding_amount, total, amount_credited, amount_paid, supply_on, \
         issued_on, due_on, document, external_ids, metadata, actor, version, created_at, updated_at, kind) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, \
         $27, $28, $28, $29)",
    )
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(invoice.id)
    .bind::<Text, _>(&invoice.number)
    .bind::<Text, _>(&invoice.series)
    .bind::<BigInt, _>(invoice.series_number)
    .bind::<Text, _>(invoice.status())
    .bind::<SqlUuid, _>(invoice.order_id)
    .bind::<SqlUuid, _>(invoice.customer_id)
    .bind::<Text, _>(invoice.currency)
    .bind::<Nullable<Numeric>, _>(invoice.exchange_rate)
    .bind::<Numeric, _>(invoice.subtotal)
    .bind::<Numeric, _>(invoice.discount_total)
    .bind::<Numeric, _>(invoice.shipping_net)
    .bind::<Numeric, _>(invoice.shipping_tax)
    .bind::<Numeric, _>(invoice.tax_total)
    .bind::<Numeric, _>(invoice.rounding_amount)
    .bind::<Numeric, _>(invoice.total)
    .bind::<Numeric, _>(invoice.amount_credited)
    .bind::<Numeric, _>(invoice.amount_paid)
    .bind::<Date, _>(invoice.supply_on)
    .bind::<Date, _>(invoice.issued_on)
    .bind::<Date, _>(invoice.due_on)
    .bind::<Text, _>(document)
    .bind::<Jsonb, _>(to_json(&invoice.external_ids)?)
    .bind::<Jsonb, _>(to_json(&invoice.metadata)?)
    .bind::<Text, _>(&context.actor)
    .bind::<BigInt, _>(invoice.version)
    .bind::<Timestamptz, _>(invoice.created_at)
    .bind::<Text, _>(invoice.kind)
    .execute(connection)?;
    insert_lines(connection, context.organization_id, invoice)
}

fn insert_lines(connection: &mut PgConnection, organization_id: OrganizationId, invoice: &Invoice) -> QueryResult<()> {
    fn all<'a, T>(lines: &'a [InvoiceLine], f: impl Fn(&'a InvoiceLine) -> T) -> Vec<T> {
        lines.iter().map(f).collect()
    }
    let lines = invoice.lines.as_slice();
    let details: Vec<Value> = lines.iter().map(|line| to_json(&line.detail)).collect::<QueryResult<_>>()?;
    sql("INSERT INTO invoice_line (organization_id, invoice_id, line_number, id, order_id, order_line_number, order_line_id, shipment_id, sku, \
         name, unit, quantity, unit_price, price_quantity, discount_amount, net_amount, order_discount_amount, tax_category, tax_rate, \
         tax_amount, detail, prepayment_invoice_id) \
         SELECT $1, $2, t.* FROM unnest($3::int2[], $4::uuid[], $5::uuid[], $6::int2[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], \
         $11::text[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[], $17::numeric[], $18::text[], \
         $19::numeric[], $20::numeric[], $21::jsonb[], $22::uuid[]) \
         AS t(line_number, id, order_id, order_line_number, order_line_id, shipment_id, sku, name, unit, quantity, unit_price, price_quantity, \
         discount_amount, net_amount, order_discount_amount, tax_category, tax_rate, tax_amount, detail, prepayment_invoice_id)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(invoice.id)
    .bind::<Array<SmallInt>, _>(all(lines, |l| l.line_number))
    .bind::<Array<SqlUuid>, _>(all(lines, |l| l.id))
    .bind::<Array<SqlUuid>, _>(all(lines, |l| l.order_id))
    .bind::<Array<Nullable<SmallInt>>, _>(all(lines, |l| l.order_line_number))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(lines, |l| l.order_line_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(lines, |l| l.shipment_id))
    .bind::<Array<Text>, _>(all(lines, |l| l.sku.as_str()))
    .bind::<Array<Text>, _>(all(lines, |l| l.name.as_str()))
    .bind::<Array<Text>, _>(all(lines, |l| l.unit.as_str()))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.quantity))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.unit_price))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.price_quantity))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.discount_amount))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.net_amount))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.order_discount_amount))
    .bind::<Array<Text>, _>(all(lines, |l| l.tax_category.as_str()))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.tax_rate))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.tax_amount))
    .bind::<Array<Jsonb>, _>(details)
    .bind::<Array<Nullable<SqlUuid>>, _>(all(lines, |l| l.prepayment_invoice_id))
    .execute(connection)?;
    Ok(())
}

/// Writes what money did to invoices. The caller holds their locks.
pub fn save_balances(connection: &mut PgConnection, context: &Context, invoices: &[&InvoiceBalance]) -> QueryResult<()> {
    if invoices.is_empty() {
        return Ok(());
    }
    let money = |f: fn(&InvoiceBalance) -> Decimal| invoices.iter().map(|invoice| f(invoice)).collect::<Vec<_>>();
    sql("UPDATE invoice i SET amount_credited = t.credited, amount_paid = t.paid, status = t.status, version = i.version + 1, updated_at = $2 \
         FROM unnest($3::uuid[], $4::numeric[], $5::numeric[], $6::text[]) AS t(id, credited, paid, status) \
         WHERE i.organization_id = $1 AND i.id = t.id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<SqlUuid>, _>(invoices.iter().map(|invoice| invoice.id).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(money(|invoice| invoice.credited))
    .bind::<Array<Numeric>, _>(money(|invoice| invoice.paid))
    .bind::<Array<Text>, _>(invoices.iter().map(|invoice| invoice.status()).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

/// Writes how much of each line is on credit notes: (line number, units so far).
pub fn save_credited(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    invoice_id: InvoiceId,
    lines: &[(i16, Decimal)],
) -> QueryResult<()> {
    if lines.is_empty() {
        return Ok(());
    }
    sql("UPDATE invoice_line l SET credited_quantity = t.credited FROM unnest($3::int2[], $4::numeric[]) AS t(line_number, credited) \
         WHERE l.organization_id = $1 AND l.invoice_id = $2 AND l.line_number = t.line_number")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(invoice_id)
    .bind::<Array<SmallInt>, _>(lines.iter().map(|line| line.0).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(lines.iter().map(|line| line.1).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

/// Notes which invoice was issued in the place of one that is taken back. The caller holds its lock and raises its version.
pub fn save_successor(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: InvoiceId,
    successor: InvoiceId,
) -> QueryResult<()> {
    sql("UPDATE invoice SET replaced_by_invoice_id = $3 WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(successor)
        .execute(connection)?;
    Ok(())
}
