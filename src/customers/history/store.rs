use super::body::{HistoryEntry, HistoryKind, HistorySummary, HistoryTotals, LastOrder};
use crate::customers::credit::Balance;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: HistoryKind,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<Currency>,
    #[diesel(sql_type = Nullable<Numeric>)]
    amount: Option<Decimal>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
}

/// One kind of entry: the newest before `before`, so that each kind's own list is cut before they are put together. `rest` names the
/// columns from `number` on, `source` the rows of the customer.
fn arm(kind: HistoryKind, rest: &str, occurred_at: &str, source: &str) -> String {
    format!(
        "(SELECT * FROM (SELECT '{kind}' AS kind, d.id, {rest}, {occurred_at} AS occurred_at FROM {source} \
         WHERE d.organization_id = $1 AND '{kind}' = ANY($3)) AS d \
         WHERE (d.occurred_at, d.id) < (coalesce($4::timestamptz, 'infinity'), coalesce($5::uuid, $1)) \
         ORDER BY d.occurred_at DESC, d.id DESC LIMIT $6)"
    )
}

/// The newest entries of these kinds before `before`, at most `limit`.
///
/// A document with a date stands at the moment it was written down, unless that was on another day (history that was
/// imported): then at the beginning of its day in the organization's time zone.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    kinds: &[HistoryKind],
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> QueryResult<Vec<HistoryEntry>> {
    const ZONE: &str = "(SELECT o.time_zone FROM organization o WHERE o.id = $1)";
    let on_its_day = |day: &str| {
        format!(
            "CASE WHEN (d.created_at AT TIME ZONE {ZONE})::date = d.{day} THEN d.created_at ELSE d.{day}::timestamp AT TIME ZONE {ZONE} END"
        )
    };
    let own = |table: &str| format!("{table} d");
    let arms = [
        arm(
            HistoryKind::Order,
            "d.number, NULL::text AS title, d.status, d.currency, d.total AS amount, d.id AS order_id",
            "d.ordered_at",
            "(SELECT * FROM sales_order WHERE customer_id = $2) d",
        ),
        arm(
            HistoryKind::Invoice,
            "d.number, NULL::text, d.status, d.currency, d.total, d.order_id",
            &on_its_day("issued_on"),
            "(SELECT * FROM invoice WHERE customer_id = $2) d",
        ),
        arm(
            HistoryKind::CreditNote,
            "d.number, NULL::text, 'issued', d.currency, d.total, d.order_id",
            &on_its_day("issued_on"),
            "(SELECT * FROM credit_note WHERE customer_id = $2) d",
        ),
        arm(
            HistoryKind::Payment,
            "d.number, NULL::text, d.status, d.currency, d.amount, d.order_id",
            &on_its_day("received_on"),
            "(SELECT * FROM payment WHERE customer_id = $2) d",
        ),
        arm(
            HistoryKind::Refund,
            "d.number, NULL::text, d.status, p.currency, d.amount, p.order_id",
            "d.created_at",
            "payment p JOIN refund d ON d.organization_id = p.organization_id AND d.payment_id = p.id AND p.customer_id = $2 \
             AND p.organization_id = $1",
        ),
        arm(
            HistoryKind::Return,
            "d.number, NULL::text, d.status, d.currency, d.amount_credited, d.order_id",
            "d.created_at",
            "(SELECT * FROM sales_return WHERE customer_id = $2) d",
        ),
        arm(
            HistoryKind::InboundMessage,
            "NULL::text, c.code || CASE d.topic WHEN '' THEN '' ELSE ': ' || d.topic END, d.status, NULL::text, NULL::numeric, d.order_ids[1]",
            "d.received_at",
            "inbound_message d JOIN channel c ON c.organization_id = d.organization_id AND c.id = d.channel_id \
             AND d.order_ids && ARRAY(SELECT o.id FROM sales_order o WHERE o.organization_id = $1 AND o.customer_id = $2 AND 'inbound_message' = ANY($3))",
        ),
        arm(
            HistoryKind::Notice,
            "NULL::text, d.subject, d.status, NULL::text, NULL::numeric, d.order_id",
            "coalesce(d.sent_at, d.created_at)",
            &own("(SELECT * FROM notice WHERE customer_id = $2)"),
        ),
    ];
    let text = format!("SELECT * FROM ({}) AS h ORDER BY h.occurred_at DESC, h.id DESC LIMIT $6", arms.join(" UNION ALL "));
    let rows: Vec<Row> = sql(text)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(customer_id)
        .bind::<Array<Text>, _>(names(kinds))
        .bind::<Nullable<Timestamptz>, _>(before.map(|before| before.0))
        .bind::<Nullable<SqlUuid>, _>(before.map(|before| before.1))
        .bind::<BigInt, _>(limit)
        .load(connection)?;
    Ok(rows.into_iter().map(HistoryEntry::from).collect())
}

fn names(kinds: &[HistoryKind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.as_str()).collect()
}

impl From<Row> for HistoryEntry {
    fn from(row: Row) -> Self {
        let amount = row.currency.zip(row.amount).map(|(currency, amount)| Amount(currency.round(amount)));
        Self {
            r#type: row.kind,
            id: row.id,
            number: row.number,
            title: row.title,
            status: row.status,
            currency: row.currency,
            amount,
            order_id: row.order_id,
            occurred_at: row.occurred_at,
        }
    }
}

#[derive(QueryableByName)]
struct SummaryRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    last_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<Text>)]
    last_number: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_ordered_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    balance_currency: Option<Currency>,
    #[diesel(sql_type = Nullable<Numeric>)]
    open_orders: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    unpaid: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    limit_amount: Option<Decimal>,
    #[diesel(sql_type = Jsonb)]
    totals: Value,
}

#[derive(Deserialize)]
struct Totals {
    currency: String,
    orders: i64,
    open_orders: i64,
    open_orders_amount: Decimal,
    lifetime_value: Decimal,
    unpaid: Decimal,
    overdue: Decimal,
    overdue_invoices: i64,
}

/// Where a customer stands; `None` where there is none.
pub fn summary(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    kinds: &[HistoryKind],
    now: DateTime<Utc>,
) -> QueryResult<Option<HistorySummary>> {
    let row: Option<SummaryRow> = sql("WITH bought AS (SELECT currency, count(*) FILTER (WHERE status NOT IN ('draft', 'cancelled')) AS orders, \
         count(*) FILTER (WHERE status IN ('on_hold', 'confirmed')) AS open_orders, \
         coalesce(sum(uninvoiced_total) FILTER (WHERE status IN ('on_hold', 'confirmed')), 0) AS open_orders_amount, \
         sum(amount_invoiced - amount_credited) AS lifetime_value \
         FROM sales_order WHERE organization_id = $1 AND customer_id = $2 AND 'order' = ANY($3) GROUP BY currency), \
         owed AS (SELECT i.currency, sum(i.total - i.amount_credited - i.amount_paid) AS unpaid, \
         coalesce(sum(i.total - i.amount_credited - i.amount_paid) FILTER (WHERE i.due_on < t.today), 0) AS overdue, \
         count(*) FILTER (WHERE i.due_on < t.today) AS overdue_invoices \
         FROM invoice i, (SELECT ($4::timestamptz AT TIME ZONE time_zone)::date AS today FROM organization WHERE id = $1) t \
         WHERE i.organization_id = $1 AND i.customer_id = $2 AND i.status IN ('issued', 'partially_paid') AND 'invoice' = ANY($3) \
         GROUP BY i.currency), \
         totals AS (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'orders', coalesce(orders, 0), \
         'open_orders', coalesce(open_orders, 0), 'open_orders_amount', coalesce(open_orders_amount, 0)::text, \
         'lifetime_value', coalesce(lifetime_value, 0)::text, 'unpaid', coalesce(unpaid, 0)::text, 'overdue', coalesce(overdue, 0)::text, \
         'overdue_invoices', coalesce(overdue_invoices, 0)) ORDER BY currency), '[]') AS totals FROM bought FULL JOIN owed USING (currency)), \
         latest AS (SELECT id, number, ordered_at FROM sales_order WHERE organization_id = $1 AND customer_id = $2 AND status <> 'draft' \
         AND 'order' = ANY($3) ORDER BY ordered_at DESC, id DESC LIMIT 1) \
         SELECT latest.id AS last_id, latest.number AS last_number, latest.ordered_at AS last_ordered_at, b.currency AS balance_currency, \
         b.open_orders, b.unpaid, b.limit_amount, totals.totals FROM customer c CROSS JOIN totals LEFT JOIN latest ON true \
         LEFT JOIN customer_balance b ON b.organization_id = c.organization_id AND b.customer_id = c.id \
         WHERE c.organization_id = $1 AND c.id = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(customer_id)
    .bind::<Array<Text>, _>(names(kinds))
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    let credit = match (row.balance_currency, row.open_orders, row.unpaid, row.limit_amount) {
        (Some(currency), Some(open_orders), Some(unpaid), Some(limit)) => Some(Balance::new(currency, open_orders, unpaid, limit)),
        _ => None,
    };
    let last_order = match (row.last_id, row.last_number, row.last_ordered_at) {
        (Some(id), Some(number), Some(ordered_at)) => Some(LastOrder { id, number, ordered_at }),
        _ => None,
    };
    let (orders, invoices) = (kinds.contains(&HistoryKind::Order), kinds.contains(&HistoryKind::Invoice));
    let totals = from_json::<Vec<Totals>>(row.totals)?.into_iter().filter_map(|totals| {
        let currency = Currency::from_code(&totals.currency)?;
        let amount = |readable: bool, amount: Decimal| readable.then(|| Amount(currency.round(amount)));
        Some(HistoryTotals {
            currency,
            orders: orders.then_some(totals.orders),
            open_orders: orders.then_some(totals.open_orders),
            open_orders_amount: amount(orders, totals.open_orders_amount),
            lifetime_value: amount(orders, totals.lifetime_value),
            unpaid: amount(invoices, totals.unpaid),
            overdue: amount(invoices, totals.overdue),
            overdue_invoices: invoices.then_some(totals.overdue_invoices),
        })
    });
    Ok(Some(HistorySummary { last_order, credit, totals: totals.collect() }))
}
