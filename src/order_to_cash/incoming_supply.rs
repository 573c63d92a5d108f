//! Incoming supply changes: what of it is promised gives way in the same transaction, and a review promises the lines anew.
//!
//! Who gives way: where less will come, the last in fair order; where a part has come, the first, since it is theirs.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::incoming::body::{IncomingSupply, PatchIncoming, PostIncoming};
use crate::inventory::incoming::service as incoming;
use crate::inventory::stock::change::StockChange;
use crate::inventory::stock::receipts;
use crate::inventory::stock::receipts::body::PostReceipt;
use crate::orders::peg::{GiveWay, PromiseCause};
use crate::orders::pegs;
use crate::platform::http::Precondition;
use crate::types::decimal::Quantity;
use crate::types::id::{IncomingSupplyId, StockChangeId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Notes supply that is on its way; lines that wait for it are promised a date.
pub fn create(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    body: &PostIncoming,
) -> Result<IncomingSupply, Error> {
    let supply = incoming::create(connection, context, id, body)?;
    pegs::ask_review(connection, context.organization_id, &[(&supply.sku, PromiseCause::SupplyAdded, Some(id))])?;
    Ok(supply)
}

/// Changes date, quantity or reference.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    body: &PatchIncoming,
    precondition: &Precondition,
) -> Result<IncomingSupply, Error> {
    incoming::patch(connection, context, id, body, precondition, |connection, before, after| {
        let cause = if after.expected_on > before.expected_on {
            Some(PromiseCause::SupplyDelayed)
        } else if after.expected_on < before.expected_on {
            Some(PromiseCause::SupplyAdvanced)
        } else if after.quantity.0 < before.quantity.0 {
            Some(PromiseCause::SupplyReduced)
        } else if after.quantity.0 > before.quantity.0 {
            Some(PromiseCause::SupplyIncreased)
        } else {
            None
        };
        match cause {
            Some(cause) => {
                give_way(connection, context, after, GiveWay::Last)?;
                Ok(pegs::ask_review(connection, context.organization_id, &[(&after.sku, cause, Some(id))])?)
            }
            None => Ok(()),
        }
    })
}

/// What has not come will not come.
pub fn cancel(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    precondition: &Precondition,
) -> Result<IncomingSupply, Error> {
    incoming::cancel(connection, context, id, precondition, |connection, after| {
        give_way(connection, context, after, GiveWay::Last)?;
        Ok(pegs::ask_review(connection, context.organization_id, &[(&after.sku, PromiseCause::SupplyCancelled, Some(id))])?)
    })
}

/// Takes goods in.
pub fn receive(connection: &mut PgConnection, context: &Context, id: StockChangeId, body: &PostReceipt) -> Result<StockChange, Error> {
    receipts::service::receive(connection, context, id, body, |connection, arrived| {
        arrived.iter_mut().try_for_each(|supply| give_way(connection, context, supply, GiveWay::First))?;
        let reviews: Vec<_> = arrived.iter().map(|supply| (supply.sku.as_str(), PromiseCause::SupplyReceived, Some(supply.id))).collect();
        if reviews.is_empty() { Ok(()) } else { Ok(pegs::ask_review(connection, context.organization_id, &reviews)?) }
    })
}

/// Brings what is pegged to a locked supply within what is still to come of it.
fn give_way(connection: &mut PgConnection, context: &Context, supply: &mut IncomingSupply, who: GiveWay) -> Result<(), Error> {
    let excess = supply.pegged_quantity.0 - supply.open_quantity();
    if excess > Decimal::ZERO {
        supply.pegged_quantity = Quantity(pegs::give_way(connection, context, supply.id, excess, who)?);
    }
    Ok(())
}
