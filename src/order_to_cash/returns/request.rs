//! A customer wants to send goods back.

use super::{exceeding, named_line, require_returnable, return_line, returnable};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::orders::change;
use crate::orders::order::Order;
use crate::orders::status::OrderAction;
use crate::organization::{self, Settings};
use crate::platform::http::Precondition;
use crate::returns::body::NewReturn;
use crate::returns::sales_return::{Return, ReturnDetail, ReturnLine, ReturnMilestones};
use crate::returns::service as returns;
use crate::returns::status::ReturnProgress;
use crate::returns::window;
use crate::types::fault::Faults;
use crate::types::id::ReturnId;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Announces a return: what was shipped, did not come back and is not announced yet. 422 where the order is unknown, 409
/// `exceeds_returnable` for more than that.
pub fn request(connection: &mut PgConnection, context: &Context, body: &NewReturn, number: String) -> Result<Return, Error> {
    body.check()?;
    let change = change::lock(connection, context.organization_id, body.order_id, &Precondition::Any).map_err(|error| match error {
        Error::NotFound { .. } => Error::invalid("/order_id", "unknown_order", "there is no such order"),
        error => error,
    })?;
    let order = change.after;
    let announced = returns::announced(connection, context.organization_id, order.id)?;
    let (mut faults, mut too_much, mut lines) = (Faults::new(), vec![], vec![]);
    for (i, asked) in body.lines.iter().enumerate() {
        let Some(line) = named_line(&order, &mut faults, i, asked.order_line_id, asked.quantity.0) else { continue };
        let possible = returnable(line, announced.get(&line.line_number).copied().unwrap_or_default());
        if asked.quantity.0 > possible {
            too_much.push(exceeding(line, possible));
        }
        lines.push(return_line(line, asked.quantity.0, Some(asked.reason.clone())));
    }
    faults.into_result()?;
    order.status.next(OrderAction::Return)?;
    require_returnable(&too_much, "more than was shipped and neither came back nor is announced")?;

    let mut rma = opened(connection, context, &order, lines, number)?;
    rma.detail.note.clone_from(&body.note);
    rma.external_ids.clone_from(&body.external_ids);
    rma.metadata.clone_from(&body.metadata);
    returns::insert(connection, context, &rma)?;
    events::append(connection, context, &[returns::event("return.requested", &rma)])?;
    Ok(rma)
}

/// A return that is asked for now; nothing is written.
pub(super) fn opened(
    connection: &mut PgConnection,
    context: &Context,
    order: &Order,
    mut lines: Vec<ReturnLine>,
    number: String,
) -> Result<Return, Error> {
    lines.sort_by_key(|line| line.line_number);
    let settings = organization::settings(connection, context.organization_id)?;
    let window_ends_on = window_end(connection, context, &settings, order, &lines)?;
    Ok(Return {
        id: ReturnId::generate(),
        number,
        order_id: order.id,
        order_number: order.number.clone(),
        customer_id: order.customer_id,
        status: ReturnProgress::Requested,
        shipment_id: None,
        within_window: settings.local_date(context.now) <= window_ends_on,
        window_ends_on,
        currency: order.currency,
        amount_credited: Decimal::ZERO,
        amount_refunded: Decimal::ZERO,
        restocking_fee: Decimal::ZERO,
        replacement_order_id: None,
        credit_note_ids: vec![],
        refund_ids: vec![],
        milestones: ReturnMilestones { requested_at: Some(context.now), ..ReturnMilestones::default() },
        detail: ReturnDetail::default(),
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
        lines,
    })
}

/// The earliest end of its lines' windows. A line's begins when the last of it arrived.
fn window_end(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    order: &Order,
    lines: &[ReturnLine],
) -> Result<NaiveDate, Error> {
    let arrivals = returns::arrivals(connection, context.organization_id, order.id)?;
    let of = |line: &ReturnLine| arrivals.get(&line.line_number).map(|at| settings.local_date(*at));
    let arrived = lines.iter().filter_map(of).min().unwrap_or_else(|| settings.local_date(context.now));
    Ok(window::ends_on(arrived, settings.return_window_days))
}
