//! From a deal to our order: who buys, then what.

use super::deal::{Buyer, Deal};
use crate::auth::actor::Context;
use crate::channels::Channel;
use crate::channels::platform::Workbench;
use crate::customers::matching::{self, Settled};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Reason};
use crate::order_to_cash::cancel::cancel;
use crate::order_to_cash::shop_orders::{bring, is_older};
use crate::orders::body::{CancelReason, CancelRequest};
use crate::orders::of_channel::{Standing, of_channel};
use crate::orders::order::CancelCode;
use crate::orders::status::OrderStatus;
use crate::platform::http::Precondition;
use crate::types::id::{CustomerId, OrganizationId};

/// Our order of a CRM's deal, where there is one.
pub fn known_order(
    bench: &Workbench,
    organization_id: OrganizationId,
    channel: &Channel,
    external_id: &str,
) -> Result<Option<Standing>, Error> {
    bench.db.read_blocking(|connection| Ok(of_channel(connection, organization_id, &channel.code, external_id)?))
}

/// Takes an order back whose deal is none any more, while nothing of it has shipped; after that it is a person's to decide.
pub fn withdraw(bench: &Workbench, message: &Message, known: Standing, detail: &str) -> Result<Outcome, Error> {
    let told =
        |code: &str, detail: String| Ok(Outcome::Processed { order_ids: vec![known.id], reason: Some(Reason::new(code, detail, "")) });
    if known.status == OrderStatus::Cancelled {
        return Ok(Outcome::processed(vec![known.id]));
    }
    if known.has_shipped() {
        return told("already_shipped", format!("{detail}, but something of the order has shipped: cancel the rest, or take it back"));
    }
    let context = Context::job(message.organization_id, "inbox", bench.now);
    let reason = CancelReason { code: CancelCode::CustomerRequest, detail: Some(detail.to_owned()) };
    let request = CancelRequest { reason, lines: None, dry_run: false };
    match bench.db.write_blocking(|connection| cancel(connection, &context, known.id, &request, &Precondition::Any).map(drop)) {
        Ok(()) => Ok(Outcome::processed(vec![known.id])),
        Err(Error::Conflict { code, detail: why, .. }) => {
            told("not_cancelled", format!("{detail}, but the order cannot be cancelled: {code}: {why}"))
        }
        Err(error) => Err(error),
    }
}

/// Brings our order to what the deal is now. One that is not won makes none; one that is won no more takes its order back while
/// nothing has shipped.
pub fn work_in_deal(bench: &Workbench, message: &Message, deal: &Deal) -> Result<Outcome, Error> {
    let (organization_id, channel) = (message.organization_id, &message.channel);
    let known = known_order(bench, organization_id, channel, &deal.external_id)?;
    if !deal.won {
        return match known {
            None => Ok(Outcome::ignored("not_won", "it is not won, so there is no order of it")),
            Some(_) if is_older(bench, organization_id, channel, &deal.external_id, deal.version_at)? => {
                Ok(Outcome::ignored("older_version", "the CRM has told a newer state of it before"))
            }
            Some(known) => withdraw(bench, message, known, "it is no longer won in the CRM"),
        };
    }
    if let Some(known) = known.filter(|known| known.status == OrderStatus::Cancelled) {
        let reason = Reason::new("order_cancelled", "it is won, but its order was cancelled here; a new one is a person's to place", "");
        return Ok(Outcome::Processed { order_ids: vec![known.id], reason: Some(reason) });
    }
    if let Some(reason) = deal.lacks() {
        return Ok(Outcome::Later { reason, at: None });
    }
    let buyer = match buyer(bench, message, deal)? {
        Ok(buyer) => buyer,
        Err(reason) => return Ok(Outcome::Later { reason, at: None }),
    };
    bring(bench, organization_id, channel, &deal.shop_order(&buyer, bench.now))
}

fn buyer(bench: &Workbench, message: &Message, deal: &Deal) -> Result<Result<Buyer, Reason>, Error> {
    let Some(party) = &deal.buyer else { return Err(Error::internal("a deal without buyer is not worked in")) };
    let context = Context::job(message.organization_id, "inbox", bench.now);
    let new_id = CustomerId::generate();
    let settled = bench.db.write_blocking(|connection| matching::settle(connection, &context, new_id, party));
    Ok(match settled {
        Ok(Settled::Customer(id)) => Ok(Buyer::Customer(id)),
        Ok(Settled::Guest) => Ok(Buyer::Guest { name: party.name.clone(), email: party.email.clone(), phone: party.phone.clone() }),
        Ok(Settled::Ambiguous(ids)) => {
            let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let detail = format!("several customers could be {}: {ids}; set external_ids.{} of the right one", party.name, party.system);
            Err(Reason::new("ambiguous_customer", detail, ""))
        }
        // What the CRM has cannot be a customer here as it is: somebody corrects it there.
        Err(Error::Invalid(faults)) => {
            let first = faults.first().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).unwrap_or_default();
            Err(Reason::new("customer_incomplete", format!("{} cannot be a customer: {first}", party.name), ""))
        }
        Err(error) => return Err(error),
    })
}
