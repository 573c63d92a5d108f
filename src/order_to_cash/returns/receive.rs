//! Returned goods arrive and are inspected: what can be sold goes back on the shelf, what is damaged into quarantine, and the rest is
//! written off.

use super::{exceeding, named_line, require_returnable, return_line, returnable};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::ShelfKey;
use crate::inventory::locations::service::check_known;
use crate::inventory::stock::level::MovementKind;
use crate::inventory::stock::locked::{Cause, LockedStock};
use crate::order_to_cash::order_events;
use crate::orders::change;
use crate::orders::status::OrderAction;
use crate::platform::http::Precondition;
use crate::platform::sql::Together;
use crate::returns::body::ReceiveReturn;
use crate::returns::sales_return::{Arrival, Condition, Return};
use crate::returns::service as returns;
use crate::returns::status::ReturnAction;
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::ReturnId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Takes goods in: more, less or other lines of the order than were announced, as often as something arrives. 409
/// `exceeds_returnable` for more than was shipped and did not come back.
pub fn receive(
    connection: &mut PgConnection,
    context: &Context,
    id: ReturnId,
    body: &ReceiveReturn,
    precondition: &Precondition,
) -> Result<Return, Error> {
    body.check()?;
    let order_id = returns::order_of(connection, context.organization_id, id)?;
    let mut faults = Faults::new();
    check_known(connection, context.organization_id, &mut faults, &[("/location", &body.location)])?;
    let mut change = change::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let mut rma = returns::lock(connection, context.organization_id, id, precondition)?;
    let lines: Vec<_> = body
        .lines
        .iter()
        .enumerate()
        .map(|(i, arrived)| named_line(&change.after, &mut faults, i, arrived.order_line_id, arrived.quantity.0).cloned())
        .collect();
    faults.into_result()?;
    rma.status.next(ReturnAction::Receive)?;
    change.after.status.next(OrderAction::Return)?;

    let (mut arrivals, mut too_much) = (vec![], vec![]);
    for (arrived, line) in body.lines.iter().zip(lines.into_iter().flatten()) {
        let of_order = change.after.line_mut(line.id).ok_or(Error::not_found("order line"))?;
        match of_order.quantities.take_back(arrived.quantity.0) {
            Ok(uninvoiced) => arrivals.push(Arrival {
                line: return_line(&line, Decimal::ZERO, arrived.reason.clone()),
                quantity: arrived.quantity.0,
                uninvoiced,
                condition: arrived.condition,
            }),
            Err(_) => too_much.push(exceeding(&line, returnable(&line, Decimal::ZERO))),
        }
    }
    require_returnable(&too_much, "more than was shipped and did not come back")?;
    rma.receive(&arrivals, context.now)?;
    returns::save(connection, context, &mut rma)?;
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;

    let costs = returns::costs(connection, context.organization_id, order_id)?;
    let stock = shelve(connection, context, &rma, &body.location, &arrivals, &costs)?;
    let mut told = vec![received(&rma, &body.location, &arrivals)];
    told.extend(order_events(std::slice::from_ref(&change)));
    stock.write_with(connection, context, Together::new(), told)?;
    Ok(rma)
}

/// Puts arrivals where their condition says. Goods come back at the cost at which they left, so that the average is what it would be
/// had they stayed; scrap comes in and goes out again, so that the ledger tells of both.
fn shelve(
    connection: &mut PgConnection,
    context: &Context,
    rma: &Return,
    location: &str,
    arrivals: &[Arrival],
    costs: &HashMap<i16, Decimal>,
) -> Result<LockedStock, Error> {
    let key = |arrival: &Arrival| ShelfKey::new(&arrival.line.sku, location);
    let mut stock = LockedStock::lock(connection, context, arrivals.iter().map(key))?;
    for arrival in arrivals {
        let (key, quantity) = (key(arrival), arrival.quantity * arrival.line.unit_factor);
        let cost = costs.get(&arrival.line.line_number).copied();
        let reason = rma.lines.iter().find(|line| line.order_line_id == arrival.line.order_line_id).and_then(|line| line.reason.as_ref());
        let cause = Cause {
            reason: reason.map(|reason| reason.code.to_string()),
            reference: Some(rma.number.clone()),
            subject_id: rma.id.0,
            occurred_at: context.now,
        };
        let level = stock.level_mut(&key)?;
        match arrival.condition {
            Condition::Resellable => level.unit_cost = level.average_with(quantity, cost),
            Condition::Damaged => {
                level.unit_cost = level.average_with(quantity, cost);
                level.quarantined += quantity;
            }
            Condition::Scrap => {}
        }
        stock.move_stock(&key, MovementKind::Return, quantity, cost, &cause)?;
        if arrival.condition == Condition::Scrap {
            stock.move_stock(&key, MovementKind::Scrap, -quantity, cost, &cause)?;
        }
    }
    Ok(stock)
}

fn received(rma: &Return, location: &str, arrivals: &[Arrival]) -> NewEvent {
    let mut event = returns::event("return.received", rma);
    let lines: Vec<Value> = arrivals
        .iter()
        .map(|arrival| {
            json!({
                "order_line_id": arrival.line.order_line_id, "sku": arrival.line.sku, "unit": arrival.line.unit,
                "quantity": Quantity(arrival.quantity), "condition": arrival.condition,
            })
        })
        .collect();
    event.data["location"] = json!(location);
    event.data["received"] = json!(lines);
    event
}
