use super::body::OrderVerification;
use super::store;
pub use super::store::Filter;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::platform::keyset::Slice;
use crate::types::id::{OrderVerificationId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;

pub const WHAT: &str = "order verification";

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderVerificationId) -> Result<OrderVerification, Error> {
    Ok(store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))?.shown)
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<OrderVerificationId>,
) -> Result<Page<OrderVerification>, Error> {
    let rows = store::page(connection, organization_id, filter, slice)?;
    Ok(Page::cut(rows, slice.limit, |row| encode_cursor(&slice.filters, &[slice.sort.key(row.updated_at, None), row.id.to_string()])))
}

/// What events tell of a verification.
pub fn event(event_type: &'static str, verification: &OrderVerification) -> NewEvent {
    let data = json!({
        "channel": verification.channel, "status": verification.status, "external_id": verification.external_id,
        "customer_id": verification.customer_id, "order_id": verification.order_id, "reasons": verification.reasons,
        "inbound_message_id": verification.inbound_message_id, "detail": verification.detail, "version": verification.version,
    });
    match verification.order_id {
        Some(order_id) => NewEvent::of_part(event_type, order_id, "order_verification", verification.id.0, data),
        None => NewEvent::of(event_type, "order_verification", verification.id.0, data),
    }
}
