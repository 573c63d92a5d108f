use crate::invoicing::invoices::balance::InvoiceBalance;
use crate::invoicing::invoices::invoice::{BillTo, Exemption, Invoice, InvoiceKind, InvoiceLine, InvoiceTerms};
use crate::platform::sql::{from_json, sql};
use crate::types::address::Address;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, InvoiceLineId, OrderId, OrderLineId, OrganizationId, ShipmentId};
use crate::types::language::Language;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;

pub(super) const COLUMNS: &str = "i.id, i.kind, i.number, i.series, i.series_number, i.order_id, i.customer_id, i.currency, i.exchange_rate, \
    i.subtotal, i.discount_total, i.shipping_net, i.shipping_tax, i.tax_total, i.rounding_amount, i.total, i.amount_credited, i.amount_paid, \
    i.supply_on, i.issued_on, i.due_on, i.overdue_on, i.reminder_level, i.reminded_on, i.document, i.replaced_by_invoice_id, i.external_ids, i.metadata, i.version, i.created_at, i.updated_at";

#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: InvoiceId,
    #[diesel(sql_type = Text)]
    kind: InvoiceKind,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    series: String,
    #[diesel(sql_type = BigInt)]
    series_number: i64,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Nullable<Numeric>)]
    exchange_rate: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    subtotal: Decimal,
    #[diesel(sql_type = Numeric)]
    discount_total: Decimal,
    #[diesel(sql_type = Numeric)]
    shipping_net: Decimal,
    #[diesel(sql_type = Numeric)]
    shipping_tax: Decimal,
    #[diesel(sql_type = Numeric)]
    tax_total: Decimal,
    #[diesel(sql_type = Numeric)]
    rounding_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    total: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_credited: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_paid: Decimal,
    #[diesel(sql_type = Date)]
    supply_on: NaiveDate,
    #[diesel(sql_type = Date)]
    issued_on: NaiveDate,
    #[diesel(sql_type = Date)]
    due_on: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    overdue_on: Option<NaiveDate>,
    #[diesel(sql_type = SmallInt)]
    reminder_level: i16,
    #[diesel(sql_type = Nullable<Date>)]
    reminded_on: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    document: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    replaced_by_invoice_id: Option<InvoiceId>,
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
    invoice_id: InvoiceId,
    #[diesel(sql_type = SqlUuid)]
    id: InvoiceLineId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Nullable<SmallInt>)]
    order_line_number: Option<i16>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_line_id: Option<OrderLineId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    prepayment_invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    shipment_id: Option<ShipmentId>,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    unit_price: Decimal,
    #[diesel(sql_type = Numeric)]
    price_quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    discount_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    net_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    order_discount_amount: Decimal,
    #[diesel(sql_type = Text)]
    tax_category: String,
    #[diesel(sql_type = Numeric)]
    tax_rate: Decimal,
    #[diesel(sql_type = Numeric)]
    tax_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    credited_quantity: Decimal,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
}

#[derive(QueryableByName)]
struct BalanceRow {
    #[diesel(sql_type = SqlUuid)]
    id: InvoiceId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    total: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_credited: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_paid: Decimal,
    #[diesel(sql_type = Date)]
    issued_on: NaiveDate,
    #[diesel(sql_type = Date)]
    due_on: NaiveDate,
}

/// The payment terms that stand on invoices.
pub fn terms_of(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[InvoiceId],
) -> QueryResult<HashMap<InvoiceId, InvoiceTerms>> {
    #[derive(QueryableByName)]
    struct Terms {
        #[diesel(sql_type = SqlUuid)]
        id: InvoiceId,
        #[diesel(sql_type = Jsonb)]
        terms: Value,
    }
    let rows: Vec<Terms> =
        sql("SELECT id, document::jsonb -> 'payment_terms' AS terms FROM invoice WHERE organization_id = $1 AND id = ANY($2)")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(ids)
            .load(connection)?;
    rows.into_iter().map(|row| Ok((row.id, from_json(row.terms)?))).collect()
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: InvoiceId) -> QueryResult<Option<Invoice>> {
    one(connection, organization_id, id, "")
}

/// As `find`, with the row locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: InvoiceId) -> QueryResult<Option<Invoice>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

fn one(connection: &mut PgConnection, organization_id: OrganizationId, id: InvoiceId, locking: &str) -> QueryResult<Option<Invoice>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM invoice i WHERE i.organization_id = $1 AND i.id = $2{locking}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    Ok(with_lines(connection, organization_id, rows)?.pop())
}

/// The invoices of rows, in their order; one more statement for all their lines.
pub(super) fn with_lines(connection: &mut PgConnection, organization_id: OrganizationId, rows: Vec<Row>) -> QueryResult<Vec<Invoice>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let lines: Vec<LineRow> =
        sql("SELECT * FROM invoice_line WHERE organization_id = $1 AND invoice_id = ANY($2) ORDER BY invoice_id, line_number")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
            .load(connection)?;
    let mut invoices: Vec<Invoice> = rows.into_iter().map(invoice_of).collect::<QueryResult<_>>()?;
    let place: HashMap<InvoiceId, usize> = invoices.iter().enumerate().map(|(i, invoice)| (invoice.id, i)).collect();
    for line in lines {
        if let Some(&i) = place.get(&line.invoice_id) {
            let line = line_of(line, invoices[i].currency)?;
            invoices[i].lines.push(line);
        }
    }
    Ok(invoices)
}

fn invoice_of(row: Row) -> QueryResult<Invoice> {
    let money = |amount: Decimal| row.currency.round(amount);
    let document = serde_json::from_str(&row.document).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(Invoice {
        id: row.id,
        kind: row.kind,
        number: row.number,
        series: row.series,
        series_number: row.series_number,
        order_id: row.order_id,
        customer_id: row.customer_id,
        currency: row.currency,
        exchange_rate: row.exchange_rate.map(|rate| rate.normalize()),
        subtotal: money(row.subtotal),
        discount_total: money(row.discount_total),
        shipping_net: money(row.shipping_net),
        shipping_tax: money(row.shipping_tax),
        tax_total: money(row.tax_total),
        rounding_amount: money(row.rounding_amount),
        total: money(row.total),
        amount_credited: money(row.amount_credited),
        amount_paid: money(row.amount_paid),
        supply_on: row.supply_on,
        issued_on: row.issued_on,
        due_on: row.due_on,
        overdue_on: row.overdue_on,
        reminder_level: row.reminder_level,
        reminded_on: row.reminded_on,
        document,
        replaced_by_invoice_id: row.replaced_by_invoice_id,
        external_ids: from_json(row.external_ids)?,
        metadata: from_json(row.metadata)?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        lines: vec![],
    })
}

fn line_of(row: LineRow, currency: Currency) -> QueryResult<InvoiceLine> {
    Ok(InvoiceLine {
        id: row.id,
        line_number: row.line_number,
        order_id: row.order_id,
        order_line_number: row.order_line_number,
        order_line_id: row.order_line_id,
        prepayment_invoice_id: row.prepayment_invoice_id,
        shipment_id: row.shipment_id,
        sku: row.sku,
        name: row.name,
        unit: row.unit,
        quantity: row.quantity.normalize(),
        unit_price: row.unit_price,
        price_quantity: row.price_quantity.normalize(),
        discount_amount: currency.round(row.discount_amount),
        net_amount: currency.round(row.net_amount),
        order_discount_amount: currency.round(row.order_discount_amount),
        tax_category: row.tax_category,
        tax_rate: row.tax_rate.normalize(),
        tax_amount: currency.round(row.tax_amount),
        credited_quantity: row.credited_quantity.normalize(),
        detail: from_json(row.detail)?,
    })
}

/// The order of each invoice that is there; it never changes.
pub fn orders_of(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[InvoiceId],
) -> QueryResult<HashMap<InvoiceId, OrderId>> {
    #[derive(QueryableByName)]
    struct Pair {
        #[diesel(sql_type = SqlUuid)]
        id: InvoiceId,
        #[diesel(sql_type = SqlUuid)]
        order_id: OrderId,
    }
    let pairs: Vec<Pair> = sql("SELECT id, order_id FROM invoice WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(pairs.into_iter().map(|pair| (pair.id, pair.order_id)).collect())
}

/// The money of all invoices of these orders, rows locked in the order of their ids. The caller holds the orders' locks.
pub fn lock_balances(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    orders: &[OrderId],
) -> QueryResult<Vec<InvoiceBalance>> {
    let rows: Vec<BalanceRow> =
        sql("SELECT id, number, order_id, customer_id, currency, total, amount_credited, amount_paid, issued_on, due_on \
         FROM invoice WHERE organization_id = $1 AND order_id = ANY($2) ORDER BY id FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(orders)
        .load(connection)?;
    let balance = |row: BalanceRow| InvoiceBalance {
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        customer_id: row.customer_id,
        currency: row.currency,
        total: row.currency.round(row.total),
        credited: row.currency.round(row.amount_credited),
        paid: row.currency.round(row.amount_paid),
        issued_on: row.issued_on,
        due_on: row.due_on,
    };
    Ok(rows.into_iter().map(balance).collect())
}

/// A customer as a document names him, and why he is not taxed where he is not.
pub fn bill_to(connection: &mut PgConnection, organization_id: OrganizationId, id: CustomerId) -> QueryResult<Option<(BillTo, Exemption)>> {
    #[derive(QueryableByName)]
    struct Customer {
        #[diesel(sql_type = Nullable<Text>)]
        code: Option<String>,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Nullable<Text>)]
        tax_id: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        email: Option<String>,
        #[diesel(sql_type = Nullable<Jsonb>)]
        electronic_address: Option<Value>,
        #[diesel(sql_type = Nullable<Jsonb>)]
        tax_exemption: Option<Value>,
        #[diesel(sql_type = Nullable<Jsonb>)]
        billing_address: Option<Value>,
        #[diesel(sql_type = Nullable<Text>)]
        language: Option<Language>,
    }
    let row: Option<Customer> =
        sql("SELECT code, name, tax_id, email, electronic_address, tax_exemption, billing_address, language FROM customer \
         WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let exemption: Option<Exemption> = row.tax_exemption.map(from_json).transpose()?.flatten();
    let address: Option<Address> = row.billing_address.map(from_json).transpose()?.flatten();
    let bill_to = BillTo {
        id,
        code: row.code,
        name: row.name,
        tax_id: row.tax_id,
        email: row.email,
        electronic_address: row.electronic_address.filter(|value| !value.is_null()),
        address,
        language: row.language,
    };
    Ok(Some((bill_to, exemption.unwrap_or_default())))
}
