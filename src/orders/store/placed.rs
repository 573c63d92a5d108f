use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: OrderId,
    #[diesel(sql_type = Text)]
    number: String,
}

/// The numbers of those of the orders that there are.
pub fn numbers(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<(OrderId, String)>> {
    let rows: Vec<Row> = sql("SELECT id, number FROM sales_order WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
}
