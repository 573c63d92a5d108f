//! What entries may be for: the SQL of matching. Each function is one statement (`offers` two), however many entries there are.

use super::super::creditor_reference::plain;
use super::super::entries::entry::BankEntry;
use super::{BookedPayment, Debt, PaidOut, is_short};
use crate::invoicing::invoices::invoice::InvoiceTerms;
use crate::payments::body::Target;
use crate::payments::early_payment::Offer;
use crate::payments::service as payments;
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::{BankEntryId, CustomerId, InvoiceId, OrderId, OrganizationId, PaymentId, RefundId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;

/// Candidates of one amount that are looked at, and open invoices of one customer.
const OF_AN_AMOUNT: i64 = 6;
const OF_A_CUSTOMER: i64 = 100;

#[derive(QueryableByName)]
struct InvoiceRow {
    #[diesel(sql_type = SqlUuid)]
    id: InvoiceId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = SqlUuid)]
    buyer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    due: Decimal,
}

impl From<InvoiceRow> for Debt {
    fn from(row: InvoiceRow) -> Self {
        Self {
            target: Target::Invoice(row.id),
            names: vec![plain(&row.number)],
            short_name: None,
            number: row.number,
            customer_id: row.customer_id,
            buyer_id: row.buyer_id,
            due: row.currency.round(row.due),
            currency: row.currency,
            offer: None,
        }
    }
}

/// Invoices of these plain numbers, whether or not anything is due on them.
pub fn invoices_named(connection: &mut PgConnection, organization_id: OrganizationId, names: &[&str]) -> QueryResult<Vec<Debt>> {
    let rows: Vec<InvoiceRow> = sql(
        "SELECT i.id, i.number, i.customer_id, o.customer_id AS buyer_id, i.currency, i.total - i.amount_credited - i.amount_paid AS due \
         FROM unnest($2) AS n(name) JOIN invoice i ON i.organization_id = $1 AND plain_text(i.number) = n.name \
         JOIN sales_order o ON o.organization_id = $1 AND o.id = i.order_id",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(names)
    .load(connection)?;
    Ok(rows.into_iter().map(Debt::from).collect())
}

/// Orders of these numbers, or of these numbers of their buyers.
pub fn orders_named(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    numbers: &[String],
    purchase_orders: &[&str],
) -> QueryResult<Vec<Debt>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: OrderId,
        #[diesel(sql_type = Text)]
        number: String,
        #[diesel(sql_type = Nullable<Text>)]
        purchase_order_number: Option<String>,
        #[diesel(sql_type = SqlUuid)]
        bill_to_customer_id: CustomerId,
        #[diesel(sql_type = SqlUuid)]
        customer_id: CustomerId,
        #[diesel(sql_type = Text)]
        currency: Currency,
        #[diesel(sql_type = Numeric)]
        due: Decimal,
    }
    let rows: Vec<Row> = sql("WITH found AS (SELECT o.id FROM unnest($2) AS n(number) JOIN sales_order o ON o.organization_id = $1 AND o.number = n.number \
         UNION SELECT o.id FROM unnest($3) AS n(number) JOIN sales_order o ON o.organization_id = $1 AND o.purchase_order_number = n.number) \
         SELECT o.id, o.number, o.purchase_order_number, o.bill_to_customer_id, o.customer_id, o.currency, \
         o.uninvoiced_total + o.amount_invoiced - o.amount_credited - o.amount_paid AS due \
         FROM found f JOIN sales_order o ON o.organization_id = $1 AND o.id = f.id WHERE o.status IN ('on_hold', 'confirmed', 'completed')")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(numbers)
    .bind::<Array<Text>, _>(purchase_orders)
    .load(connection)?;
    let debt = |row: Row| Debt {
        target: Target::Order(row.id),
        names: std::iter::once(plain(&row.number)).chain(row.purchase_order_number.as_deref().map(plain)).collect(),
        short_name: row.purchase_order_number.as_deref().map(plain).filter(|name| is_short(name) && *name != plain(&row.number)),
        number: row.number,
        customer_id: row.bill_to_customer_id,
        buyer_id: row.customer_id,
        due: row.currency.round(row.due.max(Decimal::ZERO)),
        currency: row.currency,
        offer: None,
    };
    Ok(rows.into_iter().map(debt).collect())
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
}

fn by_key(rows: Vec<KnownRow>) -> HashMap<String, Vec<CustomerId>> {
    let mut found: HashMap<String, Vec<CustomerId>> = HashMap::new();
    for row in rows {
        found.entry(row.key).or_default().push(row.customer_id);
    }
    found
}

/// Customers who have paid from these accounts.
pub fn customers_of_accounts(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    accounts: &[&str],
) -> QueryResult<HashMap<String, Vec<CustomerId>>> {
    let rows = sql("SELECT account AS key, customer_id FROM bank_counterparty WHERE organization_id = $1 AND account = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(accounts)
        .load(connection)?;
    Ok(by_key(rows))
}

/// Customers with these e-mail addresses, lower case.
pub fn customers_of_emails(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    emails: &[&str],
) -> QueryResult<HashMap<String, Vec<CustomerId>>> {
    let rows = sql("SELECT n.email AS key, c.id AS customer_id FROM unnest($2) AS n(email) \
         JOIN customer c ON c.organization_id = $1 AND c.email IS NOT NULL AND lower(c.email) = n.email")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(emails)
    .load(connection)?;
    Ok(by_key(rows))
}

/// Customers of these names, as [`plain`] has them; guests are not known by name.
pub fn customers_of_names(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    names: &[&str],
) -> QueryResult<HashMap<String, Vec<CustomerId>>> {
    let rows = sql("SELECT n.name AS key, c.id AS customer_id FROM unnest($2) AS n(name) \
         JOIN customer c ON c.organization_id = $1 AND NOT c.guest AND plain_text(c.name) = n.name")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(names)
    .load(connection)?;
    Ok(by_key(rows))
}

/// Open invoices of customers, the oldest first.
pub fn open_invoices_of(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customers: &[CustomerId],
) -> QueryResult<Vec<Debt>> {
    let rows: Vec<InvoiceRow> = sql("SELECT i.id, i.number, i.customer_id, i.customer_id AS buyer_id, i.currency, i.due FROM unnest($2) AS k(customer_id) \
         CROSS JOIN LATERAL (SELECT i.id, i.number, i.customer_id, i.currency, i.total - i.amount_credited - i.amount_paid AS due FROM invoice i \
           WHERE i.organization_id = $1 AND i.customer_id = k.customer_id AND i.status IN ('issued', 'partially_paid') \
           ORDER BY i.id LIMIT $3) i ORDER BY i.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(customers)
    .bind::<BigInt, _>(OF_A_CUSTOMER)
    .load(connection)?;
    Ok(rows.into_iter().map(Debt::from).collect())
}

/// Open invoices on which exactly one of these amounts is due, a few of each: one pass over what is open.
pub fn open_invoices_of_amounts(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    amounts: &[(Currency, Decimal)],
) -> QueryResult<Vec<Debt>> {
    let (currencies, amounts): (Vec<Currency>, Vec<Decimal>) = amounts.iter().copied().unzip();
    let rows: Vec<InvoiceRow> = sql("SELECT i.id, i.number, i.customer_id, i.customer_id AS buyer_id, i.currency, i.due FROM (SELECT i.id, i.number, i.customer_id, i.currency, \
         i.total - i.amount_credited - i.amount_paid AS due, row_number() OVER (PARTITION BY i.currency, \
         i.total - i.amount_credited - i.amount_paid ORDER BY i.id) AS place FROM invoice i \
         WHERE i.organization_id = $1 AND i.status IN ('issued', 'partially_paid')) i \
         JOIN (SELECT DISTINCT k.currency, k.amount FROM unnest($2, $3) AS k(currency, amount)) k ON k.currency = i.currency AND k.amount = i.due \
         WHERE i.place <= $4 ORDER BY i.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(currencies)
    .bind::<Array<Numeric>, _>(amounts)
    .bind::<BigInt, _>(OF_AN_AMOUNT)
    .load(connection)?;
    Ok(rows.into_iter().map(Debt::from).collect())
}

/// What the terms of invoices grant for paying early beside what stands on them, where they grant anything.
pub fn offers(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[InvoiceId]) -> QueryResult<HashMap<InvoiceId, Offer>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: InvoiceId,
        #[diesel(sql_type = Date)]
        issued_on: NaiveDate,
        #[diesel(sql_type = Jsonb)]
        terms: Value,
    }
    let rows: Vec<Row> =
        sql("SELECT id, issued_on, terms FROM (SELECT id, issued_on, document::jsonb -> 'payment_terms' AS terms FROM invoice \
         WHERE organization_id = $1 AND id = ANY($2)) i WHERE terms ->> 'discount_percent' IS NOT NULL")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    let with_discount: Vec<InvoiceId> = rows.iter().map(|row| row.id).collect();
    let standing = payments::standing_on_invoices(connection, organization_id, &with_discount)?;
    let mut found = HashMap::new();
    for row in rows {
        let terms: InvoiceTerms =
            serde_json::from_value(row.terms).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        let on_it = standing.iter().filter(|standing| standing.invoice_id == Some(row.id));
        found.extend(Offer::of(&terms, row.issued_on).map(|offer| (row.id, offer.beside(on_it))));
    }
    Ok(found)
}

/// A payment with what it is looked for by.
pub struct Transfer {
    pub currency: Currency,
    pub amount: Decimal,
    pub received_on: NaiveDate,
    pub payment: BookedPayment,
}

/// Captured transfers of one of these amounts, received between two days, for which no entry stands yet.
pub fn transfers(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    amounts: &[Decimal],
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<Transfer>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: PaymentId,
        #[diesel(sql_type = Text)]
        number: String,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        customer_id: Option<CustomerId>,
        #[diesel(sql_type = Text)]
        currency: Currency,
        #[diesel(sql_type = Numeric)]
        amount_captured: Decimal,
        #[diesel(sql_type = Date)]
        received_on: NaiveDate,
    }
    let rows: Vec<Row> = sql("SELECT p.id, p.number, p.customer_id, p.currency, p.amount_captured, p.received_on FROM payment p \
         WHERE p.organization_id = $1 AND p.method = 'bank_transfer' AND p.received_on BETWEEN $3 AND $4 AND p.amount_captured = ANY($2) \
         AND NOT EXISTS (SELECT 1 FROM bank_entry e WHERE e.organization_id = $1 AND e.payment_id = p.id) ORDER BY p.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Numeric>, _>(amounts)
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .load(connection)?;
    let transfer = |row: Row| Transfer {
        currency: row.currency,
        amount: row.currency.round(row.amount_captured),
        received_on: row.received_on,
        payment: BookedPayment { payment_id: row.id, number: row.number, customer_id: row.customer_id },
    };
    Ok(rows.into_iter().map(transfer).collect())
}

/// Refunds of these numbers or amounts for which no entry stands yet, each with its currency.
pub fn refunds(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    names: &[&str],
    amounts: &[Decimal],
) -> QueryResult<Vec<(Currency, PaidOut)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: RefundId,
        #[diesel(sql_type = Text)]
        number: String,
        #[diesel(sql_type = Text)]
        currency: Currency,
        #[diesel(sql_type = Numeric)]
        amount: Decimal,
    }
    let rows: Vec<Row> =
        sql("SELECT r.id, r.number, r.currency, r.amount FROM refund r WHERE r.organization_id = $1 AND r.status = 'succeeded' \
         AND (plain_text(r.number) = ANY($2) OR r.amount = ANY($3)) \
         AND NOT EXISTS (SELECT 1 FROM bank_entry e WHERE e.organization_id = $1 AND e.refund_id = r.id) ORDER BY r.id")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Numeric>, _>(amounts)
        .load(connection)?;
    let paid_out = |row: Row| {
        let amount = row.currency.round(row.amount);
        (row.currency, PaidOut { refund_id: row.id, name: plain(&row.number), amount })
    };
    Ok(rows.into_iter().map(paid_out).collect())
}

/// A payment that came from an account to which as much has left.
#[derive(QueryableByName)]
pub struct CameBefore {
    /// Of the money that left.
    #[diesel(sql_type = SqlUuid)]
    pub entry_id: BankEntryId,
    #[diesel(sql_type = SqlUuid)]
    pub payment_id: PaymentId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub customer_id: Option<CustomerId>,
}

/// Payments of the same amount that came from the counterparty's account in the months before and have not gone back, the latest first.
pub fn came_before(connection: &mut PgConnection, organization_id: OrganizationId, left: &[&BankEntry]) -> QueryResult<Vec<CameBefore>> {
    let left: Vec<(&BankEntry, &str)> = left.iter().filter_map(|entry| Some((*entry, entry.counterparty_account.as_deref()?))).collect();
    if left.is_empty() {
        return Ok(vec![]);
    }
    // A payer may call a direct debit back for thirteen months where he never agreed to it.
    sql("SELECT t.entry_id, c.payment_id, c.customer_id FROM unnest($2, $3, $4, $5, $6) AS t(entry_id, account, amount, currency, booked_on) \
         CROSS JOIN LATERAL (SELECT e.payment_id, p.customer_id FROM bank_entry e \
           JOIN payment p ON p.organization_id = e.organization_id AND p.id = e.payment_id \
           WHERE e.organization_id = $1 AND e.direction = 'credit' AND e.payment_id IS NOT NULL AND e.counterparty_account = t.account \
           AND e.booked_on BETWEEN t.booked_on - 400 AND t.booked_on AND e.amount = t.amount AND e.currency = t.currency \
           AND p.amount_captured - p.amount_refunded >= t.amount ORDER BY e.booked_on DESC, e.id DESC LIMIT $7) c")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(left.iter().map(|(entry, _)| entry.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(left.iter().map(|(_, account)| *account).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(left.iter().map(|(entry, _)| entry.amount).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(left.iter().map(|(entry, _)| entry.currency).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(left.iter().map(|(entry, _)| entry.booked_on).collect::<Vec<_>>())
    .bind::<BigInt, _>(OF_AN_AMOUNT)
    .load(connection)
}
