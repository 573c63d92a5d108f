//! Incoming supply that a receipt names.

use super::body::IncomingSupply;
use super::service::transition;
use super::status::{IncomingAction, IncomingStatus};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::stock::receipts::body::ReceiptLine;
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::IncomingSupplyId;
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::BTreeMap;

/// Locks the supply that the lines name and adds what has come of it. More than was expected is taken in too; it closes the
/// supply. Incoming supply is locked before stock levels.
pub fn lock(connection: &mut PgConnection, context: &Context, location: &str, lines: &[ReceiptLine]) -> Result<Vec<IncomingSupply>, Error> {
    let ids: Vec<IncomingSupplyId> = lines.iter().filter_map(|line| line.incoming_id).collect();
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let locked = store::lock(connection, context.organization_id, &ids)?;
    let mut supplies: BTreeMap<IncomingSupplyId, IncomingSupply> = locked.into_iter().map(|supply| (supply.id, supply)).collect();
    let mut faults = Faults::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(id) = line.incoming_id else { continue };
        let pointer = format!("/lines/{i}/incoming_id");
        match supplies.get_mut(&id) {
            None => faults.add(pointer, "unknown_incoming", "there is no such incoming supply"),
            Some(supply) if supply.sku != line.sku || supply.location != location => {
                faults.add(pointer, "incoming_mismatch", format!("this supply is {} for {}", supply.sku, supply.location));
            }
            Some(supply) => supply.received_quantity = Quantity(supply.received_quantity.0 + line.quantity.0),
        }
    }
    faults.into_result()?;
    let mut arrived: Vec<IncomingSupply> = supplies.into_values().collect();
    for supply in &mut arrived {
        supply.status = transition(supply, IncomingAction::Receive, supply.received_quantity >= supply.quantity)?;
        supply.version += 1;
        supply.updated_at = context.now;
    }
    Ok(arrived)
}

/// Writes what `lock` has found, with an event for each supply that is complete now.
pub fn write(connection: &mut PgConnection, context: &Context, arrived: &[IncomingSupply]) -> Result<(), Error> {
    if arrived.is_empty() {
        return Ok(());
    }
    store::update(connection, context, arrived)?;
    let event = |supply: &IncomingSupply| {
        let event_type = match supply.status {
            IncomingStatus::Received => "inventory.incoming_received",
            IncomingStatus::Open | IncomingStatus::Cancelled => "inventory.incoming_changed",
        };
        NewEvent::of(event_type, "incoming_supply", supply.id.0, json!(supply))
    };
    let events: Vec<NewEvent> = arrived.iter().map(event).collect();
    Ok(crate::events::append(connection, context, &events)?)
}
