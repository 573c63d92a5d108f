use super::body::{HistoryEntry, HistoryKind};
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: HistoryKind,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
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
    const ON_ITS_DAY: &str = "CASE WHEN (d.created_at AT TIME ZONE o.time_zone)::date = d.DAY THEN d.created_at \
         ELSE d.DAY::timestamp AT TIME ZONE o.time_zone END";
    let issued = ON_ITS_DAY.replace("DAY", "issued_on");
    let received = ON_ITS_DAY.replace("DAY", "received_on");
    let rows: Vec<Row> = sql(format!(
        "SELECT h.* FROM organization o CROSS JOIN LATERAL ( \
         SELECT 'order' AS kind, d.id, d.number, d.status, d.currency, d.total AS amount, d.id AS order_id, d.ordered_at AS occurred_at \
         FROM sales_order d WHERE d.organization_id = $1 AND d.customer_id = $2 AND 'order' = ANY($3) \
         UNION ALL SELECT 'invoice', d.id, d.number, d.status, d.currency, d.total, d.order_id, {issued} \
         FROM invoice d WHERE d.organization_id = $1 AND d.customer_id = $2 AND 'invoice' = ANY($3) \
         UNION ALL SELECT 'credit_note', d.id, d.number, 'issued', d.currency, d.total, d.order_id, {issued} \
         FROM credit_note d WHERE d.organization_id = $1 AND d.customer_id = $2 AND 'credit_note' = ANY($3) \
         UNION ALL SELECT 'payment', d.id, d.number, d.status, d.currency, d.amount, d.order_id, {received} \
         FROM payment d WHERE d.organization_id = $1 AND d.customer_id = $2 AND 'payment' = ANY($3) \
         UNION ALL SELECT 'return', d.id, d.number, d.status, d.currency, d.amount_credited, d.order_id, d.created_at \
         FROM sales_return d WHERE d.organization_id = $1 AND d.customer_id = $2 AND 'return' = ANY($3) \
         ) AS h WHERE o.id = $1 AND (h.occurred_at, h.id) < (coalesce($4::timestamptz, 'infinity'), coalesce($5::uuid, $1)) \
         ORDER BY h.occurred_at DESC, h.id DESC LIMIT $6"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(customer_id)
    .bind::<Array<Text>, _>(kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
    .bind::<Nullable<Timestamptz>, _>(before.map(|before| before.0))
    .bind::<Nullable<SqlUuid>, _>(before.map(|before| before.1))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(HistoryEntry::from).collect())
}

impl From<Row> for HistoryEntry {
    fn from(row: Row) -> Self {
        Self {
            r#type: row.kind,
            id: row.id,
            number: row.number,
            status: row.status,
            currency: row.currency,
            amount: Amount(row.currency.round(row.amount)),
            order_id: row.order_id,
            occurred_at: row.occurred_at,
        }
    }
}
