use crate::platform::sql::sql;
use crate::types::id::{CustomerId, OrderId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};

/// The number of an order, other than that one, that the customer has placed under this number of its own, however long ago;
/// cancelled ones do not count.
pub fn of_customer(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    purchase_order_number: &str,
    other_than: OrderId,
) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        number: String,
    }
    let row: Option<Found> =
        sql("SELECT number FROM sales_order WHERE organization_id = $1 AND customer_id = $2 AND purchase_order_number = $3 \
         AND id <> $4 AND status <> 'cancelled' ORDER BY id DESC LIMIT 1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(customer_id)
        .bind::<Text, _>(purchase_order_number)
        .bind::<SqlUuid, _>(other_than)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.number))
}
