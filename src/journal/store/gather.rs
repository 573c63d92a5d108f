//! Reads what the events of a batch are about and is not booked yet. Number of statements is the same for every batch.

use super::super::facts::{Applied, Billed, Capture, Moved, MovedKind, Paid, Refunded, Sales, Tax};
use super::super::open_items::{Balance, Item};
use super::super::plan::{Facts, PaymentFacts};
use super::super::role::LedgerRole;
use crate::error::Error;
use crate::events::follow::Followed;
use crate::organization::Settings;
use crate::payments::payment::PaymentMethod;
use crate::payments::settlement::Settlement;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId, OrganizationId, PaymentAllocationId, PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// The subjects of a batch of events.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub invoices: Vec<Uuid>,
    pub credit_notes: Vec<Uuid>,
    pub payments: Vec<Uuid>,
    pub refunds: Vec<Uuid>,
    /// Shipments, returns and stock changes.
    pub moved: Vec<Uuid>,
    /// When payments were captured.
    pub captured_at: HashMap<Uuid, DateTime<Utc>>,
    pub orders: HashMap<Uuid, OrderId>,
}

impl Batch {
    /// The parts of event types before their point that this is about.
    pub const SUBJECTS: [&str; 7] = ["invoice", "credit_note", "payment", "refund", "shipment", "return", "inventory"];

    pub fn of(events: &[Followed]) -> Self {
        let mut batch = Self::default();
        for event in events {
            let ids = match event.subject_type.as_str() {
                "invoice" => &mut batch.invoices,
                "credit_note" => &mut batch.credit_notes,
                "payment" => &mut batch.payments,
                "refund" => &mut batch.refunds,
                "shipment" | "return" | "stock_change" => &mut batch.moved,
                _ => continue,
            };
            ids.push(event.subject_id);
            if event.event_type == "payment.captured" {
                batch.captured_at.insert(event.subject_id, event.occurred_at);
            }
            if let Some(order_id) = event.order_id {
                batch.orders.insert(event.subject_id, order_id);
            }
        }
        for ids in [&mut batch.invoices, &mut batch.credit_notes, &mut batch.payments, &mut batch.refunds, &mut batch.moved] {
            ids.sort_unstable();
            ids.dedup();
        }
        batch
    }

    pub fn is_empty(&self) -> bool {
        [&self.invoices, &self.credit_notes, &self.payments, &self.refunds, &self.moved].iter().all(|ids| ids.is_empty())
    }
}

/// Units of base currency for one of a currency on a day.
type RateOf<'a> = dyn FnMut(&mut PgConnection, Currency, NaiveDate) -> Result<Option<Decimal>, Error> + 'a;

/// All facts of the batch that are not booked.
pub fn gather(connection: &mut PgConnection, settings: &Settings, batch: &Batch, rate: &mut RateOf<'_>) -> Result<Facts, Error> {
    Ok(Facts {
        invoices: invoices(connection, settings.id, &batch.invoices)?,
        credit_notes: credit_notes(connection, settings.id, &batch.credit_notes)?,
        payments: payments(connection, settings, batch, rate)?,
        movements: movements(connection, settings, &batch.moved)?,
        orders: orders(connection, settings.id, batch)?,
    })
}

#[derive(QueryableByName)]
struct BilledRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    number: String,
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
    #[diesel(sql_type = Numeric)]
    shipping_net: Decimal,
    #[diesel(sql_type = Numeric)]
    rounding_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    total: Decimal,
    #[diesel(sql_type = Date)]
    issued_on: NaiveDate,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    sales: Value,
    #[diesel(sql_type = Jsonb)]
    taxes: Value,
}

#[derive(serde::Deserialize)]
struct SalesRow {
    tax_category: String,
    net_amount: Decimal,
    discount_amount: Decimal,
}

#[derive(serde::Deserialize)]
struct TaxRow {
    tax_category: String,
    rate: Decimal,
    tax_amount: Decimal,
}

impl BilledRow {
    fn into_fact(self) -> QueryResult<Billed> {
        let sales: Vec<SalesRow> = from_json(self.sales)?;
        let taxes: Vec<TaxRow> = from_json(self.taxes)?;
        let sales = sales.into_iter().map(|row| Sales {
            tax_category: row.tax_category,
            net_amount: row.net_amount,
            discount_amount: row.discount_amount,
        });
        let taxes = taxes.into_iter().map(|row| Tax { tax_category: row.tax_category, rate: row.rate, amount: row.tax_amount });
        Ok(Billed {
            id: self.id,
            number: self.number,
            invoice_id: self.invoice_id,
            order_id: self.order_id,
            customer_id: self.customer_id,
            currency: self.currency,
            exchange_rate: self.exchange_rate.map(|rate| rate.normalize()),
            shipping_net: self.shipping_net,
            rounding_amount: self.rounding_amount,
            total: self.total,
            issued_on: self.issued_on,
            created_at: self.created_at,
            sales: sales.collect(),
            taxes: taxes.collect(),
        })
    }
}

/// Sums of lines by tax category as JSON with decimal strings, from the lines `l` of a document.
const SALES: &str = "(SELECT coalesce(jsonb_agg(jsonb_build_object('tax_category', s.tax_category, 'net_amount', s.net_amount::text, \
     'discount_amount', s.discount_amount::text) ORDER BY s.tax_category), '[]') FROM (SELECT l.tax_category, \
     sum(l.net_amount) AS net_amount, sum(l.order_discount_amount) AS discount_amount FROM";

fn invoices(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[Uuid]) -> QueryResult<Vec<Billed>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<BilledRow> = sql(format!(
        "SELECT i.id, i.number, i.id AS invoice_id, i.order_id, i.customer_id, i.currency, i.exchange_rate, i.shipping_net, \
         i.rounding_amount, i.total, i.issued_on, i.created_at, \
         {SALES} invoice_line l WHERE l.organization_id = i.organization_id AND l.invoice_id = i.id GROUP BY 1) s) AS sales, \
         i.document::jsonb -> 'tax_breakdown' AS taxes FROM invoice i WHERE i.organization_id = $1 AND i.id = ANY($2) \
         AND NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = $1 AND b.kind = 'invoice' AND b.source_id = i.id) \
         ORDER BY i.id"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    rows.into_iter().map(BilledRow::into_fact).collect()
}

fn credit_notes(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[Uuid]) -> QueryResult<Vec<Billed>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<BilledRow> = sql(format!(
        "SELECT n.id, n.number, n.invoice_id, n.order_id, n.customer_id, n.currency, n.exchange_rate, n.shipping_net, \
         0::numeric AS rounding_amount, n.total, n.issued_on, n.created_at, \
         {SALES} credit_note_line l WHERE l.organization_id = n.organization_id AND l.credit_note_id = n.id GROUP BY 1) s) AS sales, \
         n.document::jsonb -> 'tax_breakdown' AS taxes FROM credit_note n WHERE n.organization_id = $1 AND n.id = ANY($2) \
         AND NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = $1 AND b.kind = 'credit_note' AND b.source_id = n.id) \
         ORDER BY n.id"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    rows.into_iter().map(BilledRow::into_fact).collect()
}

#[derive(QueryableByName)]
struct PaymentRow {
    #[diesel(sql_type = SqlUuid)]
    id: PaymentId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    method: PaymentMethod,
    #[diesel(sql_type = Numeric)]
    amount_captured: Decimal,
    #[diesel(sql_type = Date)]
    received_on: NaiveDate,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Numeric)]
    booked: Decimal,
    #[diesel(sql_type = BigInt)]
    captures: i64,
    #[diesel(sql_type = Nullable<Numeric>)]
    exchange_rate: Option<Decimal>,
    #[diesel(sql_type = Bool)]
    is_rated: bool,
}

/// Payments that events are about, whose refunds they are about, or whose deposits have moved to an invoice that they are about.
fn payments(connection: &mut PgConnection, settings: &Settings, batch: &Batch, rate: &mut RateOf<'_>) -> Result<Vec<PaymentFacts>, Error> {
    if batch.payments.is_empty() && batch.refunds.is_empty() && batch.invoices.is_empty() && batch.credit_notes.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<PaymentRow> = sql("WITH touched AS (SELECT unnest($2) AS id \
         UNION SELECT r.payment_id FROM refund r WHERE r.organization_id = $1 AND r.id = ANY($3) \
         UNION SELECT a.payment_id FROM payment_allocation a WHERE a.organization_id = $1 AND a.invoice_id = ANY($4) \
         UNION SELECT a.payment_id FROM credit_note n JOIN payment_allocation a ON a.organization_id = $1 AND a.invoice_id = n.invoice_id \
           WHERE n.organization_id = $1 AND n.id = ANY($5)) \
         SELECT p.id, p.number, p.order_id, p.customer_id, p.currency, p.method, p.amount_captured, p.received_on, p.created_at, \
         coalesce(b.amount, 0) AS booked, coalesce(b.captures, 0) AS captures, e.exchange_rate, e.sequence IS NOT NULL AS is_rated \
         FROM touched t JOIN payment p ON p.organization_id = $1 AND p.id = t.id \
         LEFT JOIN LATERAL (SELECT sum(s.amount) AS amount, count(*) AS captures, min(s.sequence) AS sequence FROM journal_source s \
           WHERE s.organization_id = $1 AND s.kind = 'capture' AND s.source_id = p.id) b ON true \
         LEFT JOIN journal_entry e ON e.organization_id = $1 AND e.sequence = b.sequence ORDER BY p.id")
    .bind::<SqlUuid, _>(settings.id)
    .bind::<Array<SqlUuid>, _>(&batch.payments)
    .bind::<Array<SqlUuid>, _>(&batch.refunds)
    .bind::<Array<SqlUuid>, _>(&batch.invoices)
    .bind::<Array<SqlUuid>, _>(&batch.credit_notes)
    .load(connection)?;
    let ids: Vec<PaymentId> = rows.iter().map(|row| row.id).collect();
    let mut applied = applied(connection, settings.id, &ids)?;
    let mut refunds = refunds(connection, settings, &ids, rate)?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let exchange_rate = match row.is_rated {
            true => row.exchange_rate.map(|rate| rate.normalize()),
            false => rate(connection, row.currency, row.received_on)?,
        };
        let new = row.amount_captured - row.booked;
        let at = batch.captured_at.get(&row.id.0).copied().unwrap_or(row.created_at);
        facts.push(PaymentFacts {
            payment: Paid {
                id: row.id,
                number: row.number,
                order_id: row.order_id,
                customer_id: row.customer_id,
                currency: row.currency,
                method: row.method,
                exchange_rate,
            },
            capture: (!new.is_zero()).then_some(Capture { amount: new, received_on: row.received_on, at }),
            booked_captures: row.captures,
            applied: applied.remove(&row.id).unwrap_or_default(),
            refunds: refunds.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(facts)
}

#[derive(QueryableByName)]
struct AppliedRow {
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    id: PaymentAllocationId,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Nullable<Numeric>)]
    invoice_rate: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Jsonb)]
    adjustments: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

fn applied(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    payments: &[PaymentId],
) -> QueryResult<HashMap<PaymentId, Vec<Applied>>> {
    if payments.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<AppliedRow> = sql("SELECT a.payment_id, a.id, a.order_id, a.invoice_id, i.exchange_rate AS invoice_rate, a.amount, \
         a.adjustments, a.created_at FROM payment_allocation a \
         LEFT JOIN invoice i ON i.organization_id = $1 AND i.id = a.invoice_id \
         WHERE a.organization_id = $1 AND a.payment_id = ANY($2) AND NOT EXISTS (SELECT 1 FROM journal_source b \
           WHERE b.organization_id = $1 AND b.kind = 'allocation' AND b.source_id = a.id) ORDER BY a.created_at, a.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(payments)
    .load(connection)?;
    let mut by_payment: HashMap<PaymentId, Vec<Applied>> = HashMap::new();
    for row in rows {
        by_payment.entry(row.payment_id).or_default().push(Applied {
            id: row.id,
            order_id: row.order_id,
            invoice_id: row.invoice_id,
            invoice_rate: row.invoice_rate.map(|rate| rate.normalize()),
            settles: Settlement { money: row.amount, adjustments: from_json(row.adjustments)? },
            at: row.created_at,
        });
    }
    Ok(by_payment)
}

#[derive(QueryableByName)]
struct RefundRow {
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    id: RefundId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

fn refunds(
    connection: &mut PgConnection,
    settings: &Settings,
    payments: &[PaymentId],
    rate: &mut RateOf<'_>,
) -> Result<HashMap<PaymentId, Vec<Refunded>>, Error> {
    if payments.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<RefundRow> = sql("SELECT r.payment_id, r.id, r.number, r.order_id, r.currency, r.amount, r.created_at FROM refund r \
         WHERE r.organization_id = $1 AND r.payment_id = ANY($2) AND r.status = 'succeeded' AND NOT EXISTS (SELECT 1 FROM journal_source b \
           WHERE b.organization_id = $1 AND b.kind = 'refund' AND b.source_id = r.id) ORDER BY r.created_at, r.id")
    .bind::<SqlUuid, _>(settings.id)
    .bind::<Array<SqlUuid>, _>(payments)
    .load(connection)?;
    let mut by_payment: HashMap<PaymentId, Vec<Refunded>> = HashMap::new();
    for row in rows {
        let posted_on = settings.local_date(row.created_at);
        by_payment.entry(row.payment_id).or_default().push(Refunded {
            id: row.id,
            number: row.number,
            order_id: row.order_id,
            amount: row.amount,
            exchange_rate: rate(connection, row.currency, posted_on)?,
            posted_on,
            at: row.created_at,
        });
    }
    Ok(by_payment)
}

#[derive(QueryableByName)]
struct MovementRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    unit_cost: Option<Decimal>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: DateTime<Utc>,
}

/// Receipts are booked where the supplier's invoice is, and transfers stay in the inventory.
fn movements(connection: &mut PgConnection, settings: &Settings, subjects: &[Uuid]) -> QueryResult<Vec<Moved>> {
    if subjects.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<MovementRow> =
        sql("SELECT m.id, m.kind, m.subject_id, m.reference, m.quantity, m.unit_cost, m.occurred_at, m.recorded_at \
         FROM stock_movement m WHERE m.organization_id = $1 AND m.subject_id = ANY($2) \
         AND m.kind IN ('shipment', 'return', 'adjustment', 'count', 'snapshot', 'scrap') AND NOT EXISTS (SELECT 1 FROM journal_source b \
           WHERE b.organization_id = $1 AND b.kind = 'movement' AND b.source_id = m.subject_id AND b.part = m.id) ORDER BY m.id")
        .bind::<SqlUuid, _>(settings.id)
        .bind::<Array<SqlUuid>, _>(subjects)
        .load(connection)?;
    let moved = |row: MovementRow| Moved {
        id: row.id,
        kind: match row.kind.as_str() {
            "shipment" => MovedKind::Shipment,
            "return" => MovedKind::Return,
            _ => MovedKind::Adjustment,
        },
        subject_id: row.subject_id,
        reference: row.reference,
        quantity: row.quantity,
        unit_cost: row.unit_cost,
        // A snapshot tells today what was so before: it is booked when it is learned.
        posted_on: settings.local_date(if matches!(row.kind.as_str(), "shipment" | "return") { row.occurred_at } else { row.recorded_at }),
        at: row.recorded_at,
    };
    Ok(rows.into_iter().map(moved).collect())
}

/// The order of what goods moved for, and who pays it.
fn orders(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    batch: &Batch,
) -> QueryResult<HashMap<Uuid, (OrderId, Option<CustomerId>)>> {
    #[derive(QueryableByName)]
    struct Payer {
        #[diesel(sql_type = SqlUuid)]
        id: OrderId,
        #[diesel(sql_type = SqlUuid)]
        bill_to_customer_id: CustomerId,
    }
    let of: Vec<(Uuid, OrderId)> = batch.moved.iter().filter_map(|id| Some((*id, *batch.orders.get(id)?))).collect();
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Payer> = sql("SELECT id, bill_to_customer_id FROM sales_order WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(of.iter().map(|(_, order_id)| *order_id).collect::<Vec<_>>())
        .load(connection)?;
    let payers: HashMap<OrderId, CustomerId> = rows.into_iter().map(|row| (row.id, row.bill_to_customer_id)).collect();
    Ok(of.into_iter().map(|(id, order_id)| (id, (order_id, payers.get(&order_id).copied()))).collect())
}

/// Where open items stand.
pub fn balances(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    items: &[Item],
) -> QueryResult<Vec<((LedgerRole, Item), Balance)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        role: LedgerRole,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        invoice_id: Option<InvoiceId>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        payment_id: Option<PaymentId>,
        #[diesel(sql_type = Numeric)]
        amount: Decimal,
        #[diesel(sql_type = Nullable<Numeric>)]
        base: Option<Decimal>,
    }
    let (mut invoices, mut payments) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Invoice(id) => invoices.push(*id),
            Item::Payment(id) => payments.push(*id),
        }
    }
    let rows: Vec<Row> = sql("SELECT role, invoice_id, NULL::uuid AS payment_id, sum(amount) AS amount, \
         CASE WHEN count(*) = count(base_amount) THEN sum(base_amount) END AS base \
         FROM journal_line WHERE organization_id = $1 AND invoice_id = ANY($2) GROUP BY role, invoice_id \
         UNION ALL SELECT role, NULL, payment_id, sum(amount), CASE WHEN count(*) = count(base_amount) THEN sum(base_amount) END \
         FROM journal_line WHERE organization_id = $1 AND payment_id = ANY($3) GROUP BY role, payment_id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(invoices)
    .bind::<Array<SqlUuid>, _>(payments)
    .load(connection)?;
    let balance = |row: Row| {
        let item = row.invoice_id.map(Item::Invoice).or(row.payment_id.map(Item::Payment))?;
        Some(((row.role, item), Balance { amount: row.amount, base: row.base }))
    };
    Ok(rows.into_iter().filter_map(balance).collect())
}
