//! What customers with a credit limit owe and have ordered: a counter like stock, moved in the transaction of its cause.

use crate::platform::sql::{Sql, sql};
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// A change of one customer's counters in a document's currency. Customers without a limit, and documents in another currency
/// than the limit's, have no counter: their changes fall away.
#[derive(Clone, Copy, Debug)]
pub struct BalanceChange {
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub open_orders: Decimal,
    pub unpaid: Decimal,
}

const CHANGE: &str = "WITH d AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[]) AS d(id, currency, open_orders, unpaid)), \
    l AS MATERIALIZED (SELECT b.customer_id, d.open_orders, d.unpaid FROM d JOIN customer_balance b ON b.organization_id = $1 AND b.customer_id = d.id \
    AND b.currency = d.currency ORDER BY b.customer_id FOR NO KEY UPDATE OF b) \
    UPDATE customer_balance b SET open_orders = b.open_orders + l.open_orders, unpaid = b.unpaid + l.unpaid \
    FROM l WHERE b.organization_id = $1 AND b.customer_id = l.customer_id";

/// Adds the changes up: the statement that applies them, rows locked in the order of their ids, if there is anything to change.
pub fn change<'a>(organization_id: OrganizationId, changes: &[BalanceChange]) -> Option<Sql<'a>> {
    let mut sums: BTreeMap<(CustomerId, &'static str), (Decimal, Decimal)> = BTreeMap::new();
    for change in changes {
        let sum = sums.entry((change.customer_id, change.currency.code())).or_default();
        sum.0 += change.open_orders;
        sum.1 += change.unpaid;
    }
    sums.retain(|_, sum| !(sum.0.is_zero() && sum.1.is_zero()));
    if sums.is_empty() {
        return None;
    }
    let statement = sql(CHANGE)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(sums.keys().map(|key| key.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(sums.keys().map(|key| key.1).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(sums.values().map(|sum| sum.0).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(sums.values().map(|sum| sum.1).collect::<Vec<_>>());
    Some(statement)
}

/// What a customer with a limit may still order.
#[derive(Clone, Debug, Deserialize)]
pub struct Credit {
    pub currency: Currency,
    pub available: Decimal,
}

#[derive(QueryableByName)]
struct CreditRow {
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    available: Decimal,
}

/// What customers with a limit may still order, as it is now, without a lock.
pub fn see(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customers: &[CustomerId],
) -> QueryResult<HashMap<CustomerId, Credit>> {
    let rows: Vec<CreditRow> = sql("SELECT customer_id, currency, limit_amount - open_orders - unpaid AS available FROM customer_balance \
         WHERE organization_id = $1 AND customer_id = ANY($2)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(customers)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.customer_id, Credit { currency: row.currency, available: row.available })).collect())
}

/// Locks the counters of those customers that have one, in the order of their ids.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customers: &[CustomerId],
) -> QueryResult<HashMap<CustomerId, Credit>> {
    let rows: Vec<CreditRow> = sql("SELECT customer_id, currency, limit_amount - open_orders - unpaid AS available FROM customer_balance \
         WHERE organization_id = $1 AND customer_id = ANY($2) ORDER BY customer_id FOR NO KEY UPDATE")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(customers)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.customer_id, Credit { currency: row.currency, available: row.available })).collect())
}
