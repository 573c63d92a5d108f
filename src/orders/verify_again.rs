//! A draft that has waited: what speaks against it may have come or gone since it was captured.

use super::hold::{Hold, HoldCode};
use super::order::{Order, OrderLine};
use super::reference::Reference;
use super::verify;
use crate::auth::actor::{Context, is_system};
use crate::error::Error;
use serde_json::json;

/// The codes of holds that [`verify::objections`] raises.
const OBJECTIONS: [HoldCode; 6] = [
    HoldCode::CustomerBlocked,
    HoldCode::ProductInactive,
    HoldCode::PriceMismatch,
    HoldCode::PaymentRequired,
    HoldCode::AddressIncomplete,
    HoldCode::SuspectedDuplicate,
];

/// Verifies a draft again, with what is known now: raises what speaks against it, and releases what no longer does. What a person
/// has released stays released. 409 where a new order of this kind would be refused: `channel_inactive`, `unit_changed`.
pub fn verify_again(order: &mut Order, reference: &Reference, context: &Context) -> Result<(), Error> {
    if reference.company.channel(&order.channel).is_some_and(|channel| !channel.active) {
        return Err(Error::conflict("channel_inactive", "the channel of this draft is switched off"));
    }
    let sold = |line: &OrderLine| {
        let factor = reference.product(&line.sku).and_then(|product| product.factor(&line.unit));
        factor == Some(line.unit_factor)
    };
    let changed: Vec<_> = order.lines.iter().filter(|line| !line.is_removed() && !sold(line)).collect();
    if !changed.is_empty() {
        let lines: Vec<_> = changed.iter().map(|line| json!({ "order_line_id": line.id, "sku": line.sku, "unit": line.unit })).collect();
        let detail = "a product is no longer sold in the unit of this draft, or the unit holds another quantity; place the order anew";
        return Err(Error::conflict_with("unit_changed", detail, json!({ "lines": lines })));
    }
    settle_objections(order, reference, context, "no longer so when the draft was confirmed", |_| true, |_| false);
    Ok(())
}

/// Raises what speaks against an order now, as far as it `concerns`, and releases with the reason `gone` what no longer does. What a
/// person has released stays released, except where it `is_another` now.
pub fn settle_objections(
    order: &mut Order,
    reference: &Reference,
    context: &Context,
    gone: &str,
    concerns: impl Fn(&Hold) -> bool,
    is_another: impl Fn(&Hold) -> bool,
) {
    let customer = reference.account_of(order.customer_id, order.bill_to_customer_id);
    let price_list = customer.and_then(|customer| customer.price_list.as_deref());
    let objections = verify::objections(order, reference, price_list, order.amount_paid + order.amount_authorized, context);
    let same = |a: &Hold, b: &Hold| (a.code, a.order_line_id) == (b.code, b.order_line_id);
    for hold in order.holds.iter_mut().filter(|hold| hold.released_at.is_none() && OBJECTIONS.contains(&hold.code)) {
        if !objections.iter().any(|objection| same(objection, hold)) {
            hold.release("system", gone, context.now);
        }
    }
    for objection in objections.into_iter().filter(concerns) {
        let let_pass = |hold: &Hold| !hold.released_by.as_deref().is_some_and(is_system) && !is_another(hold);
        let stands = |hold: &Hold| hold.released_at.is_none() || let_pass(hold);
        if !order.holds.iter().any(|hold| same(hold, &objection) && stands(hold)) {
            order.holds.push(objection);
        }
    }
}
