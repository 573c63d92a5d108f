use super::body::PatchShipment;
use super::carrier::tracking_url;
use super::shipment::{Shipment, ShipmentStatus, TrackingEvent};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::platform::http::Precondition;
use crate::platform::sql::Together;
use crate::types::id::{CustomerId, OrderId, OrganizationId, ShipmentId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::RunQueryDsl;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

/// Which shipments to list.
#[derive(Clone, Debug, Default)]
pub struct ShipmentFilter {
    pub order_ids: Option<Vec<OrderId>>,
    pub customer_ids: Option<Vec<CustomerId>>,
    pub statuses: Option<Vec<ShipmentStatus>>,
    pub numbers: Option<Vec<String>>,
    pub tracking_numbers: Option<Vec<String>>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: ShipmentId) -> Result<Shipment, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("shipment"))
}

/// The oldest first. `after` is the id of the last row of the page before; `bound_to` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &ShipmentFilter,
    after: Option<ShipmentId>,
    limit: usize,
    bound_to: &str,
) -> Result<Page<Shipment>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &[row.id.to_string()])))
}

/// Changes what the body names. The page of the carrier follows the carrier and the number.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: ShipmentId,
    body: &PatchShipment,
    precondition: &Precondition,
) -> Result<Shipment, Error> {
    body.check()?;
    let before = lock(connection, context.organization_id, id, precondition)?;
    let mut shipment = before.clone();
    if let Some(carrier) = &body.carrier {
        shipment.carrier.clone_from(carrier);
    }
    if let Some(number) = &body.tracking_number {
        shipment.tracking_number.clone_from(number);
    }
    shipment.tracking_url = tracking_url(&shipment.carrier, shipment.tracking_number.as_deref());
    body.apply_free_data(&mut shipment.external_ids, &mut shipment.metadata)?;
    if shipment == before {
        return Ok(shipment);
    }
    save(connection, context, &mut shipment)?;
    let data = json!({
        "number": shipment.number, "carrier": shipment.carrier, "tracking_number": shipment.tracking_number,
        "tracking_url": shipment.tracking_url, "external_ids": shipment.external_ids,
    });
    events::append(connection, context, &[NewEvent::of_part("shipment.updated", shipment.order_id, "shipment", id.0, data)])?;
    Ok(shipment)
}

/// The order of a shipment, which never changes.
pub fn order_of(connection: &mut PgConnection, organization_id: OrganizationId, id: ShipmentId) -> Result<OrderId, Error> {
    store::order_of(connection, organization_id, id)?.ok_or(Error::not_found("shipment"))
}

/// The shipment with its row locked. Who changes its order too has locked that before.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: ShipmentId,
    precondition: &Precondition,
) -> Result<Shipment, Error> {
    let shipment = store::lock(connection, organization_id, id)?.ok_or(Error::not_found("shipment"))?;
    precondition.check(shipment.version)?;
    Ok(shipment)
}

/// What writes new shipments with their lines.
pub fn insert(organization_id: OrganizationId, shipments: &[Shipment]) -> QueryResult<Together<'_>> {
    store::insert(organization_id, shipments)
}

/// Writes a locked shipment and raises its version. Its tracking events are written by `save_tracked`.
pub fn save(connection: &mut PgConnection, context: &Context, shipment: &mut Shipment) -> QueryResult<()> {
    shipment.version += 1;
    shipment.updated_at = context.now;
    store::update(context.organization_id, shipment)?.execute(connection)?;
    Ok(())
}

/// As `save`, with the tracking event that the shipment has come by.
pub fn save_tracked(connection: &mut PgConnection, context: &Context, shipment: &mut Shipment, event: &TrackingEvent) -> QueryResult<()> {
    shipment.version += 1;
    shipment.updated_at = context.now;
    let shipments = store::update(context.organization_id, shipment)?;
    let events = store::insert_event(context.organization_id, shipment.id, event);
    Together::new().with("shipments", shipments).with("tracking_events", events).execute(connection)?;
    Ok(())
}
