//! Two years of believable history, by set-based SQL: what a company of that size has behind it when it is measured.
//!
//! About 89 in 100 orders are completed: shipped, delivered, invoiced in the series of history, and paid week by week. The newest
//! 2 in 100 are open, the last of these partly on hold; the rest was cancelled. Few customers and SKUs have many orders, many have
//! few. Ids and choices follow from the orders' numbers, so that loads of one size make one history.
//!
//! An order takes about 9 kB of disk with its lines, documents and indexes; capture and order reads touch half of that.

use crate::orders::order::{Detail, Document, LineDetail};
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

/// Orders of one transaction: enough that statements cost little, few enough that they stay in memory.
const CHUNK: i64 = 25_000;

/// Foreign keys would be looked up 50 million times for rows that the same statements wrote; `pesanan check` proves them. Only a
/// superuser may leave them out.
const SETTINGS: &str = "SET timezone = 'UTC'; SET synchronous_commit = off; SET jit = off; SET work_mem = '256MB'; SET statement_timeout = 0; \
    SELECT set_config('session_replication_role', 'replica', false) WHERE current_setting('is_superuser') = 'on'";

/// Loads `orders` orders of three lines each into an organization that has products with prices of the default list, stock, customers
/// without a credit limit, and at least one captured order, whose texts are the template: undiscounted, in one tax group.
/// `NotFound` where one of these is missing.
///
/// Each chunk is one transaction; the stock comes with the last one, so a load that was broken off is to be thrown away. The
/// connection must not be in a transaction, and nobody should change the organization's orders meanwhile.
pub fn load(connection: &mut PgConnection, organization_id: OrganizationId, orders: u64) -> QueryResult<()> {
    let orders = i64::try_from(orders).map_err(|error| Error::SerializationError(error.into()))?;
    connection.batch_execute(SETTINGS)?;
    connection.batch_execute(include_str!("history/tables.sql"))?;
    let first = numbers(connection, organization_id, orders)?;
    let template = template(connection, organization_id)?;
    keep(connection, organization_id, &template, (first, orders))?;
    connection.batch_execute(include_str!("history/sources.sql"))?;
    if orders > 0 && sources(connection)? == 0 {
        return Err(Error::NotFound);
    }
    let end = first + orders;
    let mut next = first;
    while next < end {
        let last = (next + CHUNK).min(end) - 1;
        let text = include_str!("history/chunk.sql").replace(":first", &next.to_string()).replace(":last", &last.to_string());
        connection.transaction(|connection| connection.batch_execute(&text))?;
        next = last + 1;
    }
    connection.transaction(|connection| connection.batch_execute(include_str!("history/stock.sql")))?;
    connection.batch_execute("RESET ALL")?;
    connection.batch_execute("VACUUM ANALYZE")
}

/// The texts of a captured order, with marks in whose place each order has its own.
struct Template {
    currency: Currency,
    shipping_net: Decimal,
    rate: Decimal,
    /// The part of a net amount that is taxed, as a fraction.
    taxed: (u32, u32),
    tax_category: String,
    /// The first members of its row of a tax breakdown; the amounts follow.
    tax_group: String,
    document: String,
    detail: Value,
    detail_unshipped: Value,
    line_detail: Value,
    invoice: String,
    invoice_line_detail: Value,
    exchange_rate: Option<Decimal>,
}

#[derive(QueryableByName)]
struct TemplateRow {
    #[diesel(sql_type = Text)]
    document: String,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
    #[diesel(sql_type = Jsonb)]
    line_detail: Value,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    shipping_net: Decimal,
    #[diesel(sql_type = Jsonb)]
    terms: Value,
    #[diesel(sql_type = Text)]
    legal_name: String,
    #[diesel(sql_type = Text)]
    country: String,
    #[diesel(sql_type = Text)]
    base_currency: Currency,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct TimeRow {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// The first of `orders` order numbers, which are the load's from now on.
fn numbers(connection: &mut PgConnection, organization_id: OrganizationId, orders: i64) -> QueryResult<i64> {
    let row: CountRow = sql("INSERT INTO number_block AS b (organization_id, series, next) VALUES ($1, 'order', 1 + $2) \
         ON CONFLICT (organization_id, series) DO UPDATE SET next = b.next + $2 RETURNING next - $2 AS count")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(orders)
    .get_result(connection)?;
    Ok(row.count)
}

/// How many combinations there are to draw from.
fn sources(connection: &mut PgConnection) -> QueryResult<i64> {
    let row: CountRow = sql("SELECT customers * places * channels AS count FROM history_template").get_result(connection)?;
    Ok(row.count)
}

fn template(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Template> {
    let row: TemplateRow = sql(include_str!("history/template.sql")).bind::<SqlUuid, _>(organization_id).get_result(connection)?;
    let document: Document = serde_json::from_str(&row.document).map_err(unreadable)?;
    let detail: Detail = serde_json::from_value(row.detail).map_err(unreadable)?;
    let line_detail: LineDetail = serde_json::from_value(row.line_detail).map_err(unreadable)?;
    let tax = document.tax_breakdown.first().ok_or(Error::NotFound)?;
    let invoice = json!({
        "seller": {"legal_name": row.legal_name, "country": row.country},
        "bill_to": {"id": "@bill_to@", "tax_id": null, "email": null, "electronic_address": null, "address": null},
        "ship_to": null, "orders": [{"id": "@order@"}], "buyer_reference": null, "payment_terms": row.terms, "payment_means": [],
        "pricing": document.pricing, "prices_include_tax": false, "tax_breakdown": "@tax@", "shipping_tax_group": document.shipping_tax_group,
        "base_currency": row.base_currency,
        "tax_total_base_currency": if row.currency == row.base_currency { json!("@tax_total@") } else { Value::Null },
    });
    let shipping_tax = |value: &str| format!("\"shipping_tax\":\"{value}\",");
    Ok(Template {
        currency: row.currency,
        shipping_net: row.currency.round(row.shipping_net),
        rate: tax.rate.0,
        taxed: (tax.base_fraction.numerator(), tax.base_fraction.denominator()),
        tax_category: tax.tax_category.clone(),
        tax_group: format!(
            "\"tax_category\":{},\"tax_scheme_category\":{},\"rate\":{},\"base_fraction\":{}",
            text(&tax.tax_category)?,
            text(&tax.tax_scheme_category)?,
            text(&tax.rate)?,
            text(&tax.base_fraction)?
        ),
        document: row
            .document
            .replace(&text(&document.customer)?, "@customer@")
            .replace(&text(&document.bill_to)?, "@customer@")
            .replace(&text(&document.tax_breakdown)?, "@tax@")
            .replace(&shipping_tax(&document.shipping_tax.0.to_string()), &shipping_tax("@shipping_tax@")),
        detail: value(&Detail {
            shipments: 1,
            fulfillment_orders: 1,
            external_ids: Default::default(),
            cancellations: vec![],
            ..detail.clone()
        })?,
        detail_unshipped: value(&Detail {
            shipments: 0,
            fulfillment_orders: 1,
            external_ids: Default::default(),
            cancellations: vec![],
            ..detail
        })?,
        line_detail: value(&LineDetail { external_line_id: None, ..line_detail.clone() })?,
        invoice: invoice
            .to_string()
            .replace("\"id\":\"@bill_to@\"", "@bill_to@")
            .replace("\"id\":\"@order@\"", "@order@")
            .replace("\"@tax@\"", "@tax@"),
        invoice_line_detail: json!({
            "tax_group": line_detail.tax_group, "tax_scheme_category": tax.tax_scheme_category, "base_fraction": tax.base_fraction,
            "external_line_id": null, "customer_sku": line_detail.customer_sku,
        }),
        exchange_rate: (row.currency == row.base_currency).then_some(Decimal::ONE),
    })
}

fn keep(connection: &mut PgConnection, organization_id: OrganizationId, t: &Template, (first, orders): (i64, i64)) -> QueryResult<()> {
    let now: TimeRow = sql("SELECT date_trunc('second', now()) AS at").get_result(connection)?;
    let minor = i32::try_from(t.currency.minor_units()).map_err(|error| Error::SerializationError(error.into()))?;
    sql("INSERT INTO history_template VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(t.currency)
        .bind::<Integer, _>(minor)
        .bind::<Numeric, _>(t.shipping_net)
        .bind::<Numeric, _>(t.rate)
        .bind::<Numeric, _>(Decimal::from(t.taxed.0))
        .bind::<Numeric, _>(Decimal::from(t.taxed.1))
        .bind::<Text, _>(&t.tax_category)
        .bind::<Text, _>(&t.tax_group)
        .bind::<Text, _>(&t.document)
        .bind::<Jsonb, _>(&t.detail)
        .bind::<Jsonb, _>(&t.detail_unshipped)
        .bind::<Jsonb, _>(&t.line_detail)
        .bind::<Text, _>(&t.invoice)
        .bind::<Jsonb, _>(&t.invoice_line_detail)
        .bind::<Nullable<Numeric>, _>(t.exchange_rate)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(orders)
        .bind::<Timestamptz, _>(now.at)
        .execute(connection)?;
    Ok(())
}

fn text(value: &impl Serialize) -> QueryResult<String> {
    serde_json::to_string(value).map_err(|error| Error::SerializationError(error.into()))
}

fn value(value: &impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| Error::SerializationError(error.into()))
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::DeserializationError(error.into())
}
