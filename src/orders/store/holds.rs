use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    id: OrderId,
}

const OVERDUE: &str = "SELECT o.organization_id, o.id FROM order_hold h \
    JOIN sales_order o ON o.organization_id = h.organization_id AND o.id = h.order_id AND o.status = 'on_hold' \
    WHERE h.released_at IS NULL AND (h.code <> 'insufficient_stock' OR h.data ? 'gave_up_by') \
    AND greatest(h.raised_at, (o.milestones->>'confirmed_at')::timestamptz, (o.milestones->>'allocated_at')::timestamptz) < $1 AND EXISTS (SELECT 1 FROM allocation a WHERE a.organization_id = o.organization_id \
    AND a.order_id = o.id AND a.quantity > a.picked)";

/// Held orders whose hold, other than one for stock that is to come, is older than `before` and which still keep unpicked stock.
pub fn overdue(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<OrderId>> {
    let rows: Vec<Row> = sql(format!("{OVERDUE} AND o.organization_id = $2 GROUP BY 1, 2 ORDER BY 2 LIMIT $3"))
        .bind::<Timestamptz, _>(before)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(limit)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Organizations that have such orders.
pub fn organizations_overdue(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<Vec<OrganizationId>> {
    let rows: Vec<Row> = sql(format!("SELECT DISTINCT ON (organization_id) organization_id, id FROM ({OVERDUE}) held"))
        .bind::<Timestamptz, _>(before)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}
