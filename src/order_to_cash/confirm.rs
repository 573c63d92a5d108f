//! A draft becomes an order: credit is taken, stock is promised, fulfillment orders are made.

use super::reallocate::fair_shelf;
use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::shelves;
use crate::orders::body::OrderBody;
use crate::orders::change;
use crate::orders::master_data;
use crate::orders::promise;
use crate::orders::status::{OrderAction, OrderStatus};
use crate::orders::summary::summary;
use crate::orders::verify_again::verify_again;
use crate::platform::http::Precondition;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;

/// Confirms the draft with the prices it was stored with, after verifying it again: customers are blocked and products given up
/// while drafts wait. What speaks against it holds it; a shortage is treated as the draft says (`refuse`: 409, and it stays a
/// draft).
pub fn confirm(connection: &mut PgConnection, context: &Context, id: OrderId, precondition: &Precondition) -> Result<OrderBody, Error> {
    let mut change = change::lock(connection, context.organization_id, id, precondition)?;
    let order = &mut change.after;
    order.status = order.status.next(OrderAction::Confirm)?;
    if !order.detail.historical {
        let reference = master_data::gather_for(connection, context, order, &[], order.purchase_order_number.as_deref())?;
        verify_again(order, &reference, context)?;
    }
    let mut credit = balance::lock(connection, context.organization_id, &[order.bill_to_customer_id])?;
    let mut shelf = fair_shelf(connection, context, order, &[order], &[])?;
    promise::promise(order, &mut shelf, context)?;
    change.pegs = shelf.fresh_pegs(id);
    let order = &mut change.after;
    super::credit_hold::hold_over_credit(order, &mut credit, context);
    promise::perform_charges_without_goods(order)?;
    let mut changes = [change];
    change::save(connection, context, &mut changes, context.now)?;
    shelves::change_reserved(connection, context, &reserved_difference(&changes))?;
    let [change] = changes;
    let event = if change.after.status == OrderStatus::OnHold { "order.held" } else { "order.confirmed" };
    events::append(connection, context, &[NewEvent::of_order(event, id, summary(&change.after))])?;
    Ok(OrderBody::from(&change.after))
}
