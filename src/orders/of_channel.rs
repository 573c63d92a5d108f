//! Our order of what another system calls by its own id.

use super::status::{FulfillmentStatus, OrderStatus};
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};

/// Where an order of a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = SqlUuid)]
    pub id: OrderId,
    #[diesel(sql_type = Text)]
    pub status: OrderStatus,
    #[diesel(sql_type = Text)]
    pub fulfillment_status: FulfillmentStatus,
}

impl Standing {
    pub fn has_shipped(self) -> bool {
        self.fulfillment_status != FulfillmentStatus::Unfulfilled
    }
}

/// The order that came through this channel under this id.
pub fn of_channel(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel: &str,
    external_id: &str,
) -> QueryResult<Option<Standing>> {
    sql("SELECT id, status, fulfillment_status FROM sales_order WHERE organization_id = $1 AND external_id = $3 AND channel = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(channel)
        .bind::<Text, _>(external_id)
        .get_result(connection)
        .optional()
}
