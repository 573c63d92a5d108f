//! Changing stock in a way that may leave less than is promised. The promises give way in the same transaction: order lines
//! lose their allocation, and where those do not suffice, live reservations go.
//!
//! How much is missing is known only once the levels are locked, but reservations and orders are locked before levels. So each
//! round works in a savepoint: it locks the orders that the rounds before have named, then the levels, and decides. If other
//! orders must give way than it holds, it rolls back to the savepoint, which gives the locks back, and the next round starts
//! with them. Whoever holds an order without having got to the levels yet is waited for in the right direction.

mod plan;
mod store;

use super::lost_allocation::lose_allocation;
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::reservations;
use crate::inventory::stock::change::{Freed, FreedInto};
use crate::inventory::stock::locked::{LockedStock, WrittenLevel};
use crate::inventory::{ShelfKey, ShelfQuantity};
use crate::orders::change::{self, OrderChange};
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::{OnShortage, Order};
use crate::orders::shortage::GAVE_UP_BY;
use crate::types::decimal::Quantity;
use crate::types::id::{CustomerId, OrderId, ReservationId};
use diesel::Connection;
use diesel::pg::PgConnection;
use plan::Part;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Orders come and go between two rounds only while the level is busy; more rounds than this mean that it is too busy to be
/// counted right now.
const ROUNDS: usize = 12;

/// What a change of stock has come to.
#[derive(Debug)]
pub struct Changed<T> {
    pub value: T,
    pub levels: Vec<WrittenLevel>,
    pub freed: Vec<Freed>,
}

/// What a round must lock before it may lock levels, and which levels beside its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    reservations: BTreeSet<ReservationId>,
    orders: BTreeSet<OrderId>,
    keys: BTreeSet<ShelfKey>,
}

enum Halt {
    /// The round needs more locks than it has.
    More(Held),
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<diesel::result::Error> for Halt {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Locks the levels of `keys`, lets `change` work on them, takes back what it says is missing then, and writes everything. `change`
/// may run several times. Must be called in a transaction that holds no lock of an order, a level or anything between. 503
/// where the levels are too busy.
pub fn change_stock<T>(
    connection: &mut PgConnection,
    context: &Context,
    keys: &[ShelfKey],
    change: impl Fn(&mut PgConnection, &mut LockedStock) -> Result<(T, Vec<ShelfQuantity>), Error>,
) -> Result<Changed<T>, Error> {
    let mut held = Held::default();
    for _ in 0..ROUNDS {
        match connection.transaction(|connection| attempt(connection, context, keys, &held, &change)) {
            Ok(changed) => return Ok(changed),
            Err(Halt::More(more)) => held = more,
            Err(Halt::Failed(error)) => return Err(error),
        }
    }
    Err(Error::unavailable("the stock levels are too busy to take promises back".into()))
}

fn attempt<T>(
    connection: &mut PgConnection,
    context: &Context,
    keys: &[ShelfKey],
    held: &Held,
    change: &impl Fn(&mut PgConnection, &mut LockedStock) -> Result<(T, Vec<ShelfQuantity>), Error>,
) -> Result<Changed<T>, Halt> {
    let organization_id = context.organization_id;
    reservations::lock(connection, organization_id, &held.reservations.iter().copied().collect::<Vec<_>>())?;
    let mut orders = vec![];
    if !held.orders.is_empty() {
        orders = change::lock_all(connection, organization_id, &held.orders.iter().copied().collect::<Vec<_>>())?;
        // An order that goes on hold leaves its customer's open orders; balances come before stock in the lock order.
        let customers: Vec<CustomerId> = orders.iter().map(|change| change.after.bill_to_customer_id).collect();
        balance::lock(connection, organization_id, &customers)?;
    }
    let mut stock = LockedStock::lock(connection, context, keys.iter().chain(&held.keys).cloned())?;
    let (value, missing) = change(connection, &mut stock)?;
    if missing.is_empty() {
        let levels = stock.write(connection, context)?;
        return Ok(Changed { value, levels, freed: vec![] });
    }
    let short: Vec<ShelfKey> = missing.iter().map(ShelfQuantity::key).collect();
    let allocations = store::open_allocations(connection, organization_id, &short)?;
    let (parts, uncovered) = plan::from_allocations(&missing, &allocations);
    let mut taken = vec![];
    if !uncovered.is_empty() {
        let live = reservations::live_at(connection, organization_id, &short)?;
        let (going, left) = plan::from_reservations(uncovered, live);
        if let Some((key, quantity)) = left.first_key_value() {
            let cause = format!("{quantity} of {} at {} are reserved for nobody", key.sku, key.location);
            return Err(Halt::Failed(Error::internal(cause)));
        }
        taken = going;
    }
    let needed = Held {
        reservations: taken.iter().map(|reservation| reservation.id).collect(),
        orders: parts.iter().map(|part| part.order_id).collect(),
        keys: taken.iter().flat_map(|reservation| &reservation.lines).map(ShelfQuantity::key).collect(),
    };
    let own_keys: BTreeSet<ShelfKey> = keys.iter().cloned().collect();
    let enough = needed.reservations.is_subset(&held.reservations)
        && needed.orders.is_subset(&held.orders)
        && needed.keys.iter().all(|key| held.keys.contains(key) || own_keys.contains(key));
    if !enough {
        let more = Held {
            reservations: &held.reservations | &needed.reservations,
            orders: &held.orders | &needed.orders,
            keys: &held.keys | &needed.keys,
        };
        return Err(Halt::More(more));
    }
    let mut freed = take_from_orders(context, &mut orders, &parts)?;
    change::save(connection, context, &mut orders, context.now)?;
    for (sku, location, quantity) in super::stock_change::reserved_difference(&orders) {
        stock.level_mut(&ShelfKey::new(sku, location))?.reserved += quantity;
    }
    for reservation in &taken {
        for line in &reservation.lines {
            stock.level_mut(&line.key())?.reserved -= line.quantity;
            freed.push(freed_from_reservation(reservation.id, line));
        }
    }
    reservations::take_away(connection, context, &taken)?;
    let levels = stock.write(connection, context)?;
    let mut lost: Vec<NewEvent> = orders.iter().filter(|change| change.after != change.before).map(allocation_lost).collect();
    lost.extend(super::order_events(&orders));
    events::append(connection, context, &lost)?;
    Ok(Changed { value, levels, freed })
}

fn take_from_orders(context: &Context, orders: &mut [OrderChange], parts: &[Part]) -> Result<Vec<Freed>, Error> {
    let places: BTreeMap<OrderId, usize> = orders.iter().enumerate().map(|(i, change)| (change.after.id, i)).collect();
    let mut freed = vec![];
    for part in parts {
        let place = places.get(&part.order_id).ok_or_else(|| Error::internal("an order that loses its stock is not locked"))?;
        freed.push(take_part(&mut orders[*place].after, part)?);
    }
    for change in orders.iter_mut() {
        hold_if_asked(context, &change.before, &mut change.after);
    }
    Ok(freed)
}

/// The line waits for supply where its order asked for backorders, else for somebody to decide.
fn take_part(order: &mut Order, part: &Part) -> Result<Freed, Error> {
    let lost = lose_allocation(order, part.fulfillment_order_id, part.line_number, part.quantity)?;
    let became = match order.document.on_shortage {
        OnShortage::Backorder => FreedInto::Backordered,
        OnShortage::Refuse | OnShortage::Hold => FreedInto::Unallocated,
    };
    Ok(Freed {
        sku: lost.sku,
        location: lost.location,
        quantity: Quantity(lost.base_quantity),
        became,
        order_id: Some(order.id),
        order_number: Some(order.number.clone()),
        order_line_id: Some(lost.order_line_id),
        reservation_id: None,
    })
}

fn freed_from_reservation(id: ReservationId, line: &ShelfQuantity) -> Freed {
    Freed {
        sku: line.sku.clone(),
        location: line.location.clone(),
        quantity: Quantity(line.quantity),
        became: FreedInto::Released,
        order_id: None,
        order_number: None,
        order_line_id: None,
        reservation_id: Some(id),
    }
}

/// Raises `insufficient_stock` on an order that has lost stock and does not take backorders, unless it waits for that already. It waits
/// for stock then.
pub(super) fn hold_if_asked(context: &Context, before: &Order, after: &mut Order) {
    let short = newly_short(before, after);
    if short.is_empty() || after.open_holds().any(|hold| hold.code == HoldCode::InsufficientStock) {
        return;
    }
    let detail = "stock that was promised is not there";
    let data = json!({ "lines": short });
    after.holds.push(Hold::raise(HoldCode::InsufficientStock, None, detail, data, &context.actor, context.now));
}

/// The same where a location has given the work up, whose stock may well be there: somebody decides, and nothing of the order is
/// allocated by itself until then.
pub(super) fn hold_given_up(context: &Context, before: &Order, after: &mut Order, location: &str) {
    let short = newly_short(before, after);
    if short.is_empty() || after.open_holds().any(|hold| hold.data.get(GAVE_UP_BY).is_some()) {
        return;
    }
    let detail = format!("the location {location} has given its work up");
    let data = json!({ "lines": short, GAVE_UP_BY: location });
    after.holds.push(Hold::raise(HoldCode::InsufficientStock, None, detail, data, &context.actor, context.now));
}

fn newly_short(before: &Order, after: &Order) -> Vec<Value> {
    let lines = after.lines.iter().zip(&before.lines);
    lines
        .map(|(now, then)| (now, now.quantities.unallocated - then.quantities.unallocated))
        .filter(|(_, short)| *short > Decimal::ZERO)
        .map(|(line, short)| json!({ "sku": line.sku, "order_line_id": line.id, "short": short.normalize().to_string() }))
        .collect()
}

/// The event of an order that has lost stock, with the figures before and after of each line that did.
pub(super) fn allocation_lost(change: &OrderChange) -> NewEvent {
    let (before, after) = (&change.before, &change.after);
    let text = |quantity: Decimal| quantity.normalize().to_string();
    let lines: Vec<Value> = after
        .lines
        .iter()
        .zip(&before.lines)
        .filter(|(now, then)| now.quantities != then.quantities)
        .map(|(now, then)| {
            let (now_quantities, then_quantities) = (&now.quantities, &then.quantities);
            json!({
                "order_line_id": now.id, "line_number": now.line_number, "sku": now.sku, "unit": now.unit,
                "before": {
                    "allocated_quantity": text(then_quantities.allocated), "backordered_quantity": text(then_quantities.backordered),
                    "unallocated_quantity": text(then_quantities.unallocated),
                },
                "after": {
                    "allocated_quantity": text(now_quantities.allocated), "backordered_quantity": text(now_quantities.backordered),
                    "unallocated_quantity": text(now_quantities.unallocated),
                },
            })
        })
        .collect();
    let data = json!({
        "id": after.id, "number": after.number, "status": { "before": before.status, "after": after.status }, "lines": lines,
        "version": after.version,
    });
    NewEvent::of_order("order.allocation_lost", after.id, data)
}
