//! The first that we hear of an order: it is placed with its money. Its external id is claimed with it, so that a second try finds it.

use super::state::ShopState;
use super::store::Known;
use super::{Road, ShopOrder, Walked, outcome_of, store};
use crate::error::Error;
use crate::inbox::Outcome;
use crate::order_to_cash::capture_queue::{Arrival, write_here};
use crate::order_to_cash::place::PlaceRequest;
use crate::orders::body::{NewOrder, NewOrderPayment};
use crate::orders::dates::Dates;
use crate::orders::order::OnShortage;
use crate::orders::verify::Request;
use crate::payments::payment::PaymentStatus;
use crate::types::address::Contact;
use crate::types::decimal::Amount;
use crate::types::id::OrderId;
use aws_lc_rs::digest;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::Value;
use std::ops::ControlFlow;

/// The content of an external id's claim: the same for all messages, since a shop's order may have changed between two of them.
const SHOP_ORDER: &[u8] = b"shop order";

/// What is older is no order to work on (see `orders::verify`): a shop tells of it because something was tidied up.
const LONGEST_AGO: TimeDelta = TimeDelta::days(366);

impl Road<'_> {
    pub(super) fn place(&self, order: &ShopOrder) -> Result<Walked, Error> {
        if self.known()?.order_id.is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        let oldest = self.bench.now - LONGEST_AGO;
        if order.order.ordered_at.is_some_and(|at| at < oldest) {
            self.set_aside()?;
            let detail = "it is older than a year, and no order was made of it: import it as history if it is needed";
            return Ok(ControlFlow::Break(Outcome::ignored("too_old", detail)));
        }
        let body = self.body(order);
        let request = Request {
            order_id: OrderId::generate(),
            number: String::new(),
            body,
            may_price: true,
            dates: Dates::AsTold,
            historical: false,
        };
        let new_id = request.order_id;
        let arrival = Arrival { context: self.context.clone(), request: PlaceRequest::new(request, None, SHOP_ORDER) };
        let placed = match write_here(self.bench.db, self.bench.desk, arrival) {
            Ok(answer) => read_id(&serde_json::from_slice(&answer.body).map_err(Error::internal)?, "id")?,
            Err(Error::Conflict { code: "external_id_conflict", extra, .. }) => read_id(&Value::Object(extra), "order_id")?,
            Err(error) => return Ok(ControlFlow::Break(outcome_of(error, |pointer| order.places.of(pointer))?)),
        };
        let doubt = self.bench.db.write_blocking(|connection| {
            let mut known = store::lock(connection, &self.key, self.bench.now)?;
            known.order_id = Some(placed);
            // Of one that was there already nobody knows what it was made of: it is compared.
            let is_new = placed == new_id;
            if is_new {
                known.set_state(&ShopState::of(&order.order))?;
            }
            store::save(connection, &self.key, &known, self.bench.now)?;
            if is_new { self.compare_totals(connection, placed, order) } else { Ok(None) }
        })?;
        self.told.borrow_mut().extend(doubt);
        *self.order_id.borrow_mut() = Some(placed);
        Ok(ControlFlow::Continue(()))
    }

    fn body(&self, order: &ShopOrder) -> NewOrder {
        let payments = order.payments.iter().flat_map(|payment| {
            let of = |amount: Decimal, status| NewOrderPayment {
                method: payment.method,
                status: Some(status),
                amount: Amount(amount),
                reference: Some(payment.reference.clone()),
            };
            [of(payment.captured, PaymentStatus::Captured), of(payment.authorized, PaymentStatus::Authorized)]
        });
        NewOrder {
            channel: Some(self.channel.code.clone()),
            external_id: Some(order.external_id.clone()),
            // A shop has sold it: it is not refused for want of stock.
            on_shortage: order.order.on_shortage.or(Some(OnShortage::Backorder)),
            payments: payments.filter(|payment| payment.amount.0 > Decimal::ZERO).collect(),
            ..order.order.clone()
        }
    }
}

/// Whether the shop has changed nothing that we follow since it was last worked in.
pub(super) fn is_unchanged(known: &Known, order: &NewOrder, now: &ShopState) -> Result<bool, Error> {
    match known.state() {
        Some(before) => Ok(before == *now),
        None => Ok(known.content.as_ref() == Some(&content(order)?) || is_of_before(known.content.as_deref(), order)?),
    }
}

/// What an order is made of, as the hash that orders from before have.
fn content(order: &NewOrder) -> Result<Vec<u8>, Error> {
    let mut plain = order.clone();
    // Rates and names only say what taxes are called.
    for line in &mut plain.lines {
        (line.tax_rate, line.tax_name) = (None, None);
    }
    if let Some(shipping) = &mut plain.shipping {
        (shipping.tax_rate, shipping.tax_name) = (None, None);
    }
    let json = serde_json::to_vec(&plain).map_err(Error::internal)?;
    Ok(digest::digest(&digest::SHA256, &json).as_ref().to_vec())
}

/// Whether it is the content of the same order as it was read before it had an e-mail address to reach the buyer by, or ids of its own:
/// then the shop has changed nothing since.
fn is_of_before(known: Option<&[u8]>, order: &NewOrder) -> Result<bool, Error> {
    let Some(known) = known else { return Ok(false) };
    let mut without_email = order.clone();
    let rest = order.contact.clone().map(|contact| Contact { email: None, ..contact });
    without_email.contact = rest.filter(|contact| contact.name.is_some() || contact.phone.is_some());
    let mut without_ids = NewOrder { external_ids: Default::default(), ..order.clone() };
    without_ids.lines.iter_mut().for_each(|line| line.external_ids.clear());
    Ok(content(&without_email)? == known || content(&without_ids)? == known)
}

fn read_id(body: &Value, field: &str) -> Result<OrderId, Error> {
    let id = body[field].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::internal("an order was placed that has no id"))
}
