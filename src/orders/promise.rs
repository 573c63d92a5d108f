//! From a plan of allocations to an order with fulfillment orders, or what is said of a shortage.

use super::allocation::{Demand, Plan, Shelf};
use super::hold::{Hold, HoldCode};
use super::order::{OnShortage, Order};
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

/// Writes the plan's allocations into the order: lines, and one fulfillment order per location that has none open yet.
pub fn allocate(order: &mut Order, plan: &Plan, context: &Context) -> Result<(), NotThatMuch> {
    for allocation in &plan.allocations {
        let line = &mut order.lines[allocation.line];
        line.quantities.allocate(allocation.quantity)?;
        let (line_number, sku, unit_factor) = (line.line_number, line.sku.clone(), line.unit_factor);
        let reason = Some(allocation.reason.as_str().to_owned());
        add_allocation(order, &allocation.location, context, |lines| match lines.iter_mut().find(|own| own.line_number == line_number) {
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
        });
    }
    Ok(())
}

/// Changes the lines of the location's open fulfillment order that nobody works on yet, making one if there is none.
fn add_allocation(order: &mut Order, location: &str, context: &Context, change: impl FnOnce(&mut Vec<Allocation>)) {
    use crate::fulfillment::fulfillment_order::FulfillmentOrderStatus::{OnHold, Open};
    let untouched = |f: &FulfillmentOrder| f.location == location && matches!(f.status, Open | OnHold);
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
    allocate(order, &plan, context).map_err(Error::internal)?;
    settle_shortage(order, &plan, context)?;
    order.lines.iter_mut().for_each(|line| line.initially_allocated = line.quantities.allocated);
    Ok(())
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
