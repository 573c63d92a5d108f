use super::credit_note::{CreditNote, CreditNoteLine};
use super::sums::Sum;
use crate::auth::actor::Context;
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{from_json, sql, sql_uncached, to_json};
use crate::types::currency::Currency;
use crate::types::id::{CreditNoteId, CreditNoteLineId, CustomerId, InvoiceId, OrderId, OrderLineId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;

const COLUMNS: &str = "c.id, c.number, c.series, c.series_number, c.invoice_id, c.order_id, c.customer_id, c.currency, c.exchange_rate, \
    c.reason, c.buyer_document_number, c.subtotal, c.discount_total, c.shipping_net, c.shipping_tax, c.tax_total, c.total, c.issued_on, \
    c.document, c.replaced_by_invoice_id, c.external_ids, c.metadata, c.version, c.created_at, c.updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: CreditNoteId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    series: String,
    #[diesel(sql_type = BigInt)]
    series_number: i64,
    #[diesel(sql_type = SqlUuid)]
    invoice_id: InvoiceId,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Nullable<Numeric>)]
    exchange_rate: Option<Decimal>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Nullable<Text>)]
    buyer_document_number: Option<String>,
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
    total: Decimal,
    #[diesel(sql_type = Date)]
    issued_on: NaiveDate,
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
    credit_note_id: CreditNoteId,
    #[diesel(sql_type = SqlUuid)]
    id: CreditNoteLineId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SmallInt)]
    invoice_line_number: i16,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_line_id: Option<OrderLineId>,
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
    #[diesel(sql_type = Jsonb)]
    detail: Value,
}

fn note_of(row: Row) -> QueryResult<CreditNote> {
    let money = |amount: Decimal| row.currency.round(amount);
    let document = serde_json::from_str(&row.document).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(CreditNote {
        id: row.id,
        number: row.number,
        series: row.series,
        series_number: row.series_number,
        invoice_id: row.invoice_id,
        order_id: row.order_id,
        customer_id: row.customer_id,
        currency: row.currency,
        exchange_rate: row.exchange_rate.map(|rate| rate.normalize()),
        reason: row.reason,
        buyer_document_number: row.buyer_document_number,
        subtotal: money(row.subtotal),
        discount_total: money(row.discount_total),
        shipping_net: money(row.shipping_net),
        shipping_tax: money(row.shipping_tax),
        tax_total: money(row.tax_total),
        total: money(row.total),
        issued_on: row.issued_on,
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

fn line_of(row: LineRow, currency: Currency) -> QueryResult<CreditNoteLine> {
    Ok(CreditNoteLine {
        id: row.id,
        line_number: row.line_number,
        invoice_line_number: row.invoice_line_number,
        order_line_id: row.order_line_id,
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
        detail: from_json(row.detail)?,
    })
}

/// The credit notes of rows, in their order; one more statement for all their lines.
fn with_lines(connection: &mut PgConnection, organization_id: OrganizationId, rows: Vec<Row>) -> QueryResult<Vec<CreditNote>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let lines: Vec<LineRow> =
        sql("SELECT * FROM credit_note_line WHERE organization_id = $1 AND credit_note_id = ANY($2) ORDER BY credit_note_id, line_number")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
            .load(connection)?;
    let mut notes: Vec<CreditNote> = rows.into_iter().map(note_of).collect::<QueryResult<_>>()?;
    let place: HashMap<CreditNoteId, usize> = notes.iter().enumerate().map(|(i, note)| (note.id, i)).collect();
    for line in lines {
        if let Some(&i) = place.get(&line.credit_note_id) {
            let line = line_of(line, notes[i].currency)?;
            notes[i].lines.push(line);
        }
    }
    Ok(notes)
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: CreditNoteId) -> QueryResult<Option<CreditNote>> {
    one(connection, organization_id, id, "")
}

/// As `find`, with the row locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: CreditNoteId) -> QueryResult<Option<CreditNote>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

fn one(connection: &mut PgConnection, organization_id: OrganizationId, id: CreditNoteId, locking: &str) -> QueryResult<Option<CreditNote>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM credit_note c WHERE c.organization_id = $1 AND c.id = $2{locking}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    Ok(with_lines(connection, organization_id, rows)?.pop())
}

/// Whether a credit note has taken the invoice's shipping back. The caller holds the order's lock.
pub fn shipping_is_credited(connection: &mut PgConnection, organization_id: OrganizationId, invoice_id: InvoiceId) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Flag {
        #[diesel(sql_type = Bool)]
        credited: bool,
    }
    let flag: Flag = sql("SELECT coalesce(bool_or((document::jsonb ->> 'credits_shipping')::bool), false) AS credited FROM credit_note \
         WHERE organization_id = $1 AND invoice_id = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(invoice_id)
    .get_result(connection)?;
    Ok(flag.credited)
}

/// What a list of credit notes is narrowed to; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub invoice_id: Vec<InvoiceId>,
    pub order_id: Vec<OrderId>,
    pub customer_id: Vec<CustomerId>,
    pub number: Vec<String>,
    pub issued_from: Option<NaiveDate>,
    pub issued_to: Option<NaiveDate>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One row more than the page has, to tell whether another follows.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<CreditNoteId>,
) -> QueryResult<Vec<CreditNote>> {
    let after = slice.after.as_ref().map(|_| format!(" AND {}", slice.sort.after("c", "$9", "$10"))).unwrap_or_default();
    let conditions = asked_for(&[
        (!filter.invoice_id.is_empty(), " AND c.invoice_id = ANY($2)"),
        (!filter.order_id.is_empty(), " AND c.order_id = ANY($3)"),
        (!filter.customer_id.is_empty(), " AND c.customer_id = ANY($4)"),
        (!filter.number.is_empty(), " AND c.number = ANY($5)"),
        (filter.issued_from.is_some(), " AND c.issued_on >= $6"),
        (filter.issued_to.is_some(), " AND c.issued_on <= $7"),
        (filter.updated_from.is_some(), " AND c.updated_at >= $8"),
        (true, &after),
    ]);
    let order = slice.sort.order_by("c");
    let rows: Vec<Row> =
        sql_uncached(format!("SELECT {COLUMNS} FROM credit_note c WHERE c.organization_id = $1{conditions} ORDER BY {order} LIMIT $11"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(&filter.invoice_id)
            .bind::<Array<SqlUuid>, _>(&filter.order_id)
            .bind::<Array<SqlUuid>, _>(&filter.customer_id)
            .bind::<Array<Text>, _>(&filter.number)
            .bind::<Nullable<Date>, _>(filter.issued_from)
            .bind::<Nullable<Date>, _>(filter.issued_to)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .bind::<Nullable<Text>, _>(slice.after.as_ref().map(|after| after.key.as_str()))
            .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
            .bind::<BigInt, _>(slice.limit as i64 + 1)
            .load(connection)?;
    with_lines(connection, organization_id, rows)
}

/// What credit notes have taken back of an invoice's lines without order line, by line number: what was asked for in advance, or
/// deducted. Amounts above 0.
pub fn credited_sums(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    invoice_id: InvoiceId,
) -> QueryResult<HashMap<i16, Sum>> {
    #[derive(QueryableByName)]
    struct SumRow {
        #[diesel(sql_type = SmallInt)]
        line_number: i16,
        #[diesel(sql_type = Numeric)]
        net: Decimal,
        #[diesel(sql_type = Numeric)]
        tax: Decimal,
    }
    let rows: Vec<SumRow> =
        sql("SELECT k.invoice_line_number AS line_number, abs(sum(k.net_amount)) AS net, abs(sum(k.tax_amount)) AS tax \
         FROM credit_note n JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id \
         WHERE n.organization_id = $1 AND n.invoice_id = $2 AND k.order_line_id IS NULL GROUP BY 1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(invoice_id)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.line_number, Sum { net: row.net, tax: row.tax })).collect())
}

/// Writes a new credit note with its lines.
pub fn insert(connection: &mut PgConnection, context: &Context, note: &CreditNote) -> QueryResult<()> {
    let document = serde_json::to_string(&note.document).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    sql("INSERT INTO credit_note (organization_id, id, number, series, series_number, invoice_id, order_id, customer_id, currency, \
         exchange_rate, reason, buyer_document_number, subtotal, discount_total, shipping_net, shipping_tax, tax_total, total, issued_on, \
         document, external_ids, metadata, actor, version, created_at, updated_at, replaced_by_invoice_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $25, $26)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(note.id)
    .bind::<Text, _>(&note.number)
    .bind::<Text, _>(&note.series)
    .bind::<BigInt, _>(note.series_number)
    .bind::<SqlUuid, _>(note.invoice_id)
    .bind::<SqlUuid, _>(note.order_id)
    .bind::<SqlUuid, _>(note.customer_id)
    .bind::<Text, _>(note.currency)
    .bind::<Nullable<Numeric>, _>(note.exchange_rate)
    .bind::<Text, _>(&note.reason)
    .bind::<Nullable<Text>, _>(note.buyer_document_number.as_deref())
    .bind::<Numeric, _>(note.subtotal)
    .bind::<Numeric, _>(note.discount_total)
    .bind::<Numeric, _>(note.shipping_net)
    .bind::<Numeric, _>(note.shipping_tax)
    .bind::<Numeric, _>(note.tax_total)
    .bind::<Numeric, _>(note.total)
    .bind::<Date, _>(note.issued_on)
    .bind::<Text, _>(document)
    .bind::<Jsonb, _>(to_json(&note.external_ids)?)
    .bind::<Jsonb, _>(to_json(&note.metadata)?)
    .bind::<Text, _>(&context.actor)
    .bind::<BigInt, _>(note.version)
    .bind::<Timestamptz, _>(note.created_at)
    .bind::<Nullable<SqlUuid>, _>(note.replaced_by_invoice_id)
    .execute(connection)?;
    insert_lines(connection, context.organization_id, note)
}

fn insert_lines(connection: &mut PgConnection, organization_id: OrganizationId, note: &CreditNote) -> QueryResult<()> {
    fn all<'a, T>(lines: &'a [CreditNoteLine], f: impl Fn(&'a CreditNoteLine) -> T) -> Vec<T> {
        lines.iter().map(f).collect()
    }
    let lines = note.lines.as_slice();
    if lines.is_empty() {
        return Ok(());
    }
    let details: Vec<Value> = lines.iter().map(|line| to_json(&line.detail)).collect::<QueryResult<_>>()?;
    sql("INSERT INTO credit_note_line (organization_id, credit_note_id, line_number, id, invoice_line_number, order_line_id, sku, name, unit, \
         quantity, unit_price, price_quantity, discount_amount, net_amount, order_discount_amount, tax_category, tax_rate, tax_amount, detail) \
         SELECT $1, $2, t.* FROM unnest($3::int2[], $4::uuid[], $5::int2[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::numeric[], \
         $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], $16::text[], $17::numeric[], $18::numeric[], \
         $19::jsonb[]) AS t(line_number, id, invoice_line_number, order_line_id, sku, name, unit, quantity, unit_price, price_quantity, \
         discount_amount, net_amount, order_discount_amount, tax_category, tax_rate, tax_amount, detail)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(note.id)
    .bind::<Array<SmallInt>, _>(all(lines, |l| l.line_number))
    .bind::<Array<SqlUuid>, _>(all(lines, |l| l.id))
    .bind::<Array<SmallInt>, _>(all(lines, |l| l.invoice_line_number))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(lines, |l| l.order_line_id))
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
    .execute(connection)?;
    Ok(())
}
