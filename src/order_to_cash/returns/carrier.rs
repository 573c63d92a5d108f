//! A carrier brings a shipment back: nobody has asked for a return, and the goods are on their way all the same.

use super::request::opened;
use super::{return_line, returnable};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::fulfillment::shipments::shipment::Shipment;
use crate::orders::order::Order;
use crate::returns::sales_return::{Return, ReturnCode, ReturnReason};
use crate::returns::service as returns;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Opens an authorized return of all that was in the shipment, did not come back and is not announced; once for a shipment. The
/// caller holds the locks of order and shipment. The events to append.
pub fn brought_back(
    connection: &mut PgConnection,
    context: &Context,
    order: &Order,
    shipment: &Shipment,
    number: String,
) -> Result<Vec<NewEvent>, Error> {
    if returns::is_open_for(connection, context.organization_id, shipment.id)? {
        return Ok(vec![]);
    }
    let announced = returns::announced(connection, context.organization_id, order.id)?;
    let reason =
        ReturnReason { code: ReturnCode::Refused, detail: Some(format!("{} brought shipment {} back", shipment.carrier, shipment.number)) };
    let mut lines = vec![];
    for shipped in &shipment.lines {
        let line = order.line(shipped.order_line_id).ok_or(Error::not_found("order line"))?;
        let possible = returnable(line, announced.get(&line.line_number).copied().unwrap_or_default());
        let quantity = shipped.quantity.0.min(possible);
        if quantity > Decimal::ZERO {
            lines.push(return_line(line, quantity, Some(reason.clone())));
        }
    }
    if lines.is_empty() {
        return Ok(vec![]);
    }
    let mut rma = Return { shipment_id: Some(shipment.id), ..opened(connection, context, order, lines, number)? };
    let mut told = vec![returns::event("return.requested", &rma)];
    rma.authorize(&context.actor, reason.detail.as_deref(), context.now)?;
    told.push(returns::event("return.authorized", &rma));
    returns::insert(connection, context, &rma)?;
    Ok(told)
}
