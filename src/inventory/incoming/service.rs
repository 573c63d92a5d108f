use super::body::{IncomingFilter, IncomingSupply, PatchIncoming, PostIncoming, check_expected};
use super::status::{IncomingAction, IncomingStatus};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::availability::service as availability;
use crate::inventory::locations::service::check_known;
use crate::inventory::stock::level::ShelfKey;
use crate::inventory::stock::locked::LockedStock;
use crate::inventory::stock::product::{check_quantity, stocked};
use crate::inventory::stock::products;
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::id::{IncomingSupplyId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use crate::types::text::check_optional_text;
use diesel::pg::PgConnection;
use serde_json::json;

/// Notes supply that is on its way.
pub fn create(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    body: &PostIncoming,
) -> Result<IncomingSupply, Error> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    let products = products(connection, context.organization_id, &[&body.sku])?;
    let product = stocked(&products, &mut faults, "/sku", &body.sku);
    check_quantity(&mut faults, "/quantity", body.quantity.0, product);
    let today = availability::today(connection, context.organization_id, context.now)?;
    check_expected(&mut faults, body.expected_on, today);
    check_known(connection, context.organization_id, &mut faults, &[("/location", &body.location)])?;
    faults.into_result()?;
    let supply = IncomingSupply {
        id,
        sku: body.sku.clone(),
        location: body.location.clone(),
        quantity: body.quantity,
        received_quantity: Default::default(),
        pegged_quantity: Default::default(),
        expected_on: body.expected_on,
        reference: body.reference.clone(),
        status: IncomingStatus::Open,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    store::insert(connection, context, &supply)?;
    // A level of zero makes the supply show up in the list of stock.
    LockedStock::lock(connection, context, [ShelfKey::new(&body.sku, &body.location)])?;
    append_event(connection, context, "inventory.incoming_created", &supply)?;
    Ok(supply)
}

/// Changes date or quantity of open supply; a patch that changes nothing leaves the version. A quantity that has come already
/// closes it. `give_way` sees it before and after, under its lock, and brings what is pegged to it within what is to come.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    body: &PatchIncoming,
    precondition: &Precondition,
    give_way: impl FnOnce(&mut PgConnection, &IncomingSupply, &mut IncomingSupply) -> Result<(), Error>,
) -> Result<IncomingSupply, Error> {
    let before = lock_one(connection, context, id)?;
    precondition.check(before.version)?;
    let mut supply = before.clone();
    let quantity = body.quantity.unwrap_or(supply.quantity);
    supply.status = transition(&supply, IncomingAction::Change, quantity <= supply.received_quantity)?;
    let mut faults = Faults::new();
    if body.quantity.is_some() {
        let products = products(connection, context.organization_id, &[&supply.sku])?;
        check_quantity(&mut faults, "/quantity", quantity.0, products.get(&supply.sku));
        faults.require(
            quantity >= supply.received_quantity,
            "/quantity",
            "out_of_range",
            "not less than what has been received; cancel the rest instead",
        );
    }
    check_optional_text(&mut faults, "/reference", body.reference.as_ref().and_then(Option::as_deref), 200);
    if let Some(other) = body.expected_on.filter(|day| *day != before.expected_on) {
        check_expected(&mut faults, other, availability::today(connection, context.organization_id, context.now)?);
    }
    faults.into_result()?;
    supply.quantity = quantity;
    supply.expected_on = body.expected_on.unwrap_or(supply.expected_on);
    if let Some(reference) = &body.reference {
        supply.reference.clone_from(reference);
    }
    if supply == before {
        return Ok(supply);
    }
    give_way(connection, &before, &mut supply)?;
    write(connection, context, supply, "inventory.incoming_changed")
}

/// What has not come will not come. `give_way` takes the pegs to it away, under its lock.
pub fn cancel(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    precondition: &Precondition,
    give_way: impl FnOnce(&mut PgConnection, &mut IncomingSupply) -> Result<(), Error>,
) -> Result<IncomingSupply, Error> {
    let mut supply = lock_one(connection, context, id)?;
    precondition.check(supply.version)?;
    supply.status = transition(&supply, IncomingAction::Cancel, false)?;
    give_way(connection, &mut supply)?;
    write(connection, context, supply, "inventory.incoming_cancelled")
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: IncomingSupplyId) -> Result<IncomingSupply, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("incoming supply"))
}

/// `filters` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &IncomingFilter,
    after: Option<IncomingSupplyId>,
    limit: usize,
    filters: &str,
) -> Result<Page<IncomingSupply>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])))
}

/// The status after `action`, or 409 `invalid_transition`.
pub fn transition(supply: &IncomingSupply, action: IncomingAction, complete: bool) -> Result<IncomingStatus, Error> {
    let refused = || Error::invalid_transition(supply.status.as_str(), action.as_str(), supply.status.allowed());
    supply.status.next(action, complete).ok_or_else(refused)
}

fn lock_one(connection: &mut PgConnection, context: &Context, id: IncomingSupplyId) -> Result<IncomingSupply, Error> {
    store::lock(connection, context.organization_id, &[id])?.pop().ok_or(Error::not_found("incoming supply"))
}

fn write(
    connection: &mut PgConnection,
    context: &Context,
    mut supply: IncomingSupply,
    event_type: &'static str,
) -> Result<IncomingSupply, Error> {
    supply.version += 1;
    supply.updated_at = context.now;
    store::update(connection, context, std::slice::from_ref(&supply))?;
    append_event(connection, context, event_type, &supply)?;
    Ok(supply)
}

fn append_event(connection: &mut PgConnection, context: &Context, event_type: &'static str, supply: &IncomingSupply) -> Result<(), Error> {
    let event = NewEvent::of(event_type, "incoming_supply", supply.id.0, json!(supply));
    Ok(crate::events::append(connection, context, &[event])?)
}
