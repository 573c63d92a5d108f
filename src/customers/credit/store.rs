use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// Waits until no transaction is under way that has moved, or could have moved, a balance, and keeps new ones waiting.
///
/// Whoever confirms, invoices, pays or cancels runs its `UPDATE` of this table whether a row is there or not, after it has
/// changed the document. So either it has committed before this lock is granted, and the sums of `open` see its document, or
/// its `UPDATE` comes after our commit, and finds the new row.
pub fn fence(connection: &mut PgConnection) -> QueryResult<()> {
    sql("LOCK TABLE customer_balance IN SHARE ROW EXCLUSIVE MODE").execute(connection).map(|_| ())
}

/// Waits for those who fence, as every `UPDATE` of the table does, but before any row is locked.
pub fn join(connection: &mut PgConnection) -> QueryResult<()> {
    sql("LOCK TABLE customer_balance IN ROW EXCLUSIVE MODE").execute(connection).map(|_| ())
}

/// Makes the row, or makes it anew in another currency, with sums from the documents.
pub fn open(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    currency: Currency,
    limit: Decimal,
) -> QueryResult<()> {
    // The two halves of the orders are apart so that each can use an index: nearly all orders are paid by who placed them.
    sql("INSERT INTO customer_balance (organization_id, customer_id, currency, open_orders, unpaid, limit_amount) \
         SELECT $1, $2, $3, coalesce((SELECT sum(o.uninvoiced_total) FROM ( \
         SELECT uninvoiced_total FROM sales_order WHERE organization_id = $1 AND customer_id = $2 AND bill_to_customer_id = $2 \
         AND currency = $3 AND status IN ('confirmed', 'completed') UNION ALL \
         SELECT uninvoiced_total FROM sales_order WHERE organization_id = $1 AND bill_to_customer_id = $2 AND bill_to_customer_id <> customer_id \
         AND currency = $3 AND status IN ('confirmed', 'completed')) AS o), 0), \
         coalesce((SELECT sum(total - amount_credited - amount_paid) FROM invoice WHERE organization_id = $1 AND customer_id = $2 \
         AND currency = $3), 0), $4 \
         ON CONFLICT (organization_id, customer_id) DO UPDATE SET currency = excluded.currency, open_orders = excluded.open_orders, \
         unpaid = excluded.unpaid, limit_amount = excluded.limit_amount")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(customer_id)
    .bind::<Text, _>(currency)
    .bind::<Numeric, _>(limit)
    .execute(connection)
    .map(|_| ())
}

pub fn set_limit(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    limit: Decimal,
) -> QueryResult<()> {
    sql("UPDATE customer_balance SET limit_amount = $3 WHERE organization_id = $1 AND customer_id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(customer_id)
        .bind::<Numeric, _>(limit)
        .execute(connection)
        .map(|_| ())
}

pub fn remove(connection: &mut PgConnection, organization_id: OrganizationId, customer_id: CustomerId) -> QueryResult<()> {
    sql("DELETE FROM customer_balance WHERE organization_id = $1 AND customer_id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(customer_id)
        .execute(connection)
        .map(|_| ())
}
