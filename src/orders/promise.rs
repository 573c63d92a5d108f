//! From a plan of allocations to an order with fulfillment orders and promised dates, or what is said of a shortage.

use super::allocation::{Demand, Plan, Shelf};
use super::hold::{Hold, HoldCode};
use super::order::{DeliveryRule, OnShortage, Order};
use super::origin;
use super::outlook::{Outlook, departures, departures_of_fulfillment_orders};
use super::peg::{self, Peg};
use super::quantities::NotThatMuch;
use super::status::OrderStatus;
use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::error::Error;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder};
use rust_decimal::Decimal;
use serde_json::json;

/// What the order still wants promised, line by line.
pub fn demands(order: &Order) -> Vec<Demand> {
    let stocked = order.lines.iter().enumerate().filter(|(_, line)| line.is_stocked() && !line.quantities.unallocated.is_zero());
    stocked
        .map(|(i, line)| Demand {
            line: i,
            sku: line.sku.clone(),
            quantity: line.quantities.unallocated,
            unit_factor: line.unit_factor,
            quantity_scale: line.detail.quantity_scale,
        })
        .collect()
}

/// Writes the plan's allocations into the order: lines, and one fulfillment order per location and day of departure that has none
/// open yet.
pub fn allocate(order: &mut Order, plan: &Plan, shelf: &Shelf, context: &Context) -> Result<(), NotThatMuch> {
    for allocation in &plan.allocations {
        let line = &mut order.lines[allocation.line];
        line.quantities.allocate(allocation.quantity)?;
        let (line_number, sku, unit_factor) = (line.line_number, line.sku.clone(), line.unit_factor);
        let reason = Some(allocation.reason.as_str().to_owned());
        add_allocation(order, &allocation.location, shelf.outlook.as_ref(), context, |lines| {
            match lines.iter_mut().find(|own| own.line_number == line_number) {
                Some(own) => own.quantity += allocation.quantity,
                None => lines.push(Allocation {
                    line_number,
                    sku,
                    quantity: allocation.quantity,
                    unit_factor,
                    picked: Decimal::ZERO,
                    packed: Decimal::ZERO,
                    shipped: Decimal::ZERO,
                    reason,
                }),
            }
        });
    }
    Ok(())
}

/// Changes the lines of the location's open fulfillment order that nobody works on yet, making one if there is none.
fn add_allocation(
    order: &mut Order,
    location: &str,
    outlook: Option<&Outlook>,
    context: &Context,
    change: impl FnOnce(&mut Vec<Allocation>),
) {
    use crate::fulfillment::fulfillment_order::FulfillmentOrderStatus::{OnHold, Open};
    let together = |f: &FulfillmentOrder| outlook.is_none_or(|outlook| outlook.leave_together(order, f, context.now));
    let untouched = |f: &FulfillmentOrder| f.location == location && matches!(f.status, Open | OnHold) && together(f);
    let place = match order.fulfillment_orders.iter().position(untouched) {
        Some(place) => place,
        None => {
            let held = order.open_holds().next().is_some();
            let number = order.next_fulfillment_order_number();
            order.fulfillment_orders.push(FulfillmentOrder::open(number, location.to_owned(), held, context.now));
            order.fulfillment_orders.len() - 1
        }
    };
    change(&mut order.fulfillment_orders[place].lines);
}

/// Promises what the shelf has, and settles what is short as the order asked: refused (nothing is taken), held or backordered.
pub fn promise(order: &mut Order, shelf: &mut Shelf, context: &Context) -> Result<(), Error> {
    if order.status == OrderStatus::Draft {
        return Ok(());
    }
    let demands = demands(order);
    let plan = shelf.plan(&demands);
    if !plan.is_complete() && order.document.on_shortage == OnShortage::Refuse {
        return Err(insufficient_stock(order, &plan));
    }
    shelf.take(&plan).map_err(Error::internal)?;
    allocate(order, &plan, shelf, context).map_err(Error::internal)?;
    settle_shortage(order, &plan, context)?;
    date(order, shelf, context);
    order.lines.iter_mut().for_each(|line| line.initially_allocated = line.quantities.allocated);
    Ok(())
}

/// Pegs what waits to supply that is free, and promises dates: of lines, when all that is open of them has arrived; of fulfillment
/// orders, by when they are to leave. The first promise of a line stays. Where goods leave from a country that taxes them otherwise, the
/// order is held. Fresh pegs are in the shelf's outlook, to be written.
pub fn date(order: &mut Order, shelf: &mut Shelf, context: &Context) {
    let Some(outlook) = shelf.outlook.as_mut() else { return };
    if !matches!(order.status, OrderStatus::OnHold | OrderStatus::Confirmed) {
        return;
    }
    origin::settle(order, &outlook.company, context);
    peg_what_waits(order, outlook);
    date_by(order, outlook, context);
}

fn peg_what_waits(order: &Order, outlook: &mut Outlook) {
    for line in order.lines.iter().filter(|line| line.is_stocked()) {
        let waits = line.quantities.backordered * line.unit_factor;
        outlook.trim(order.id, line.line_number, waits);
        if waits.is_zero() {
            continue;
        }
        let own: Vec<Peg> = outlook.pegs_of(order.id).filter(|peg| peg.line_number == line.line_number).cloned().collect();
        let unpegged = waits - own.iter().map(|peg| peg.quantity).sum::<Decimal>();
        if unpegged > Decimal::ZERO {
            let fresh = peg::pegs_of(order.id, line.line_number, &line.sku, unpegged, line.step(), &mut outlook.supply);
            outlook.add(fresh);
        }
    }
}

/// Promises dates by the allocations and pegs that there are; makes no pegs. History is not promised.
pub fn date_by(order: &mut Order, outlook: &Outlook, context: &Context) {
    if order.detail.historical {
        return;
    }
    let mut leaving = departures(order, outlook, context.now);
    let waits = |order: &Order, i: usize| order.lines[i].is_stocked() && !order.lines[i].quantities.open().is_zero();
    let rule = order.document.delivery_rule;
    if rule == DeliveryRule::CompleteOrder {
        let open = || (0..order.lines.len()).filter(|i| waits(order, *i));
        let last = if open().all(|i| leaving[i].is_some()) { leaving.iter().copied().max().flatten() } else { None };
        leaving.iter_mut().for_each(|day| *day = last);
    }
    let departures = departures_of_fulfillment_orders(order, outlook, &leaving, rule != DeliveryRule::Partial);
    for (fulfillment_order, departure) in order.fulfillment_orders.iter_mut().zip(departures).filter(|(f, _)| f.is_live()) {
        fulfillment_order.ship_by_on = departure;
    }
    let transit = outlook.company.transit();
    for (i, leaves) in leaving.into_iter().enumerate().filter(|(i, _)| waits(order, *i)).collect::<Vec<_>>() {
        let line = &mut order.lines[i];
        let arrives = leaves.map(|day| transit.arrives_on(day));
        line.promised_on = arrives.map(|day| line.requested_on.map_or(day, |wanted| wanted.max(day)));
        line.first_promised_on = line.first_promised_on.or(line.promised_on);
    }
}

/// What is short waits for supply.
pub fn backorder(order: &mut Order, plan: &Plan) -> Result<(), Error> {
    for short in &plan.short {
        order.lines[short.line].quantities.backorder(short.quantity).map_err(Error::internal)?;
    }
    Ok(())
}

/// Holds or backorders what the plan left short.
pub fn settle_shortage(order: &mut Order, plan: &Plan, context: &Context) -> Result<(), Error> {
    if plan.is_complete() {
        return Ok(());
    }
    match order.document.on_shortage {
        OnShortage::Refuse | OnShortage::Hold => {
            let short: Vec<_> =
                plan.short.iter().map(|s| json!({ "sku": order.lines[s.line].sku, "short": s.quantity.to_string() })).collect();
            order.holds.push(Hold::raise(
                HoldCode::InsufficientStock,
                None,
                "not all of it is in stock",
                json!({ "lines": short }),
                &context.actor,
                context.now,
            ));
        }
        OnShortage::Backorder => backorder(order, plan)?,
    }
    Ok(())
}

/// Charges fall due at once where nothing will ship. Call it when all holds of the order are known: a held order waits.
pub fn perform_charges_without_goods(order: &mut Order) -> Result<(), Error> {
    let live = matches!(order.status, OrderStatus::OnHold | OrderStatus::Confirmed);
    if !live || order.open_holds().next().is_some() || order.lines.iter().any(|line| line.is_stocked()) {
        return Ok(());
    }
    for line in order.lines.iter_mut().filter(|line| line.kind == ProductKind::Charge) {
        let open = line.quantities.unallocated;
        line.quantities.perform(open).map_err(Error::internal)?;
    }
    Ok(())
}

/// 409 naming each short line with what could be had.
pub fn insufficient_stock(order: &Order, plan: &Plan) -> Error {
    let lines: Vec<_> = plan
        .short
        .iter()
        .map(|short| {
            let line = &order.lines[short.line];
            json!({
                "pointer": format!("/lines/{}", line.line_number - 1),
                "sku": line.sku,
                "requested": line.quantities.quantity.to_string(),
                "available": (line.quantities.quantity - short.quantity).normalize().to_string(),
            })
        })
        .collect();
    Error::conflict_with("insufficient_stock", "not all of the order is in stock; see lines", json!({ "lines": lines }))
}

#[cfg(test)]
mod tests;
