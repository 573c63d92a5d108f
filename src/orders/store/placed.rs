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

/// One of these numbers that is that of an order.
pub fn one_of_numbers(connection: &mut PgConnection, organization_id: OrganizationId, numbers: &[String]) -> QueryResult<Option<String>> {
    if numbers.is_empty() {
        return Ok(None);
    }
    let found: Option<Row> = sql("SELECT id, number FROM sales_order WHERE organization_id = $1 AND number = ANY($2) LIMIT 1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(numbers)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|row| row.number))
}

/// The numbers of those of the orders that there are.
pub fn numbers(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<(OrderId, String)>> {
    let rows: Vec<Row> = sql("SELECT id, number FROM sales_order WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
}
