//! Goods that have left from the shop's side leave here too.

use super::left_here::{self, Units};
use super::store::{self, FactKind};
use super::{Road, ShopFulfillment, Walked, outcome_of};
use crate::error::Error;
use crate::fulfillment::fulfillment_orders::body::{Ship, ShipLine};
use crate::order_to_cash::ship::{ShipRequest, ship_all};
use crate::orders::order::{Order, OrderLine};
use crate::platform::http::Precondition;
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderId, OrderLineId};
use chrono::TimeDelta;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What leaves from which fulfillment order.
type Leaving = BTreeMap<FulfillmentOrderId, BTreeMap<OrderLineId, Decimal>>;

impl Road<'_> {
    pub(super) fn ship(&self, fulfillments: &[ShopFulfillment]) -> Result<Walked, Error> {
        for one in fulfillments {
            let shipped = self.on_order(|connection, _, order_id| {
                let known = store::fact(connection, &self.key, FactKind::Fulfillment, &one.reference)?;
                if one.cancelled {
                    let told = known.is_some().then(|| "the shop has taken a fulfillment back that has shipped here".to_owned());
                    return Ok(told);
                }
                if known.is_some() {
                    return Ok(None);
                }
                let left = self.ship_one(connection, order_id, one)?;
                let number = one.tracking_number.as_deref();
                left_here::note_fulfillment(connection, &self.key, &one.reference, number, &left, self.bench.now)?;
                Ok(None)
            });
            match shipped {
                Ok(Some(Some(told))) => self.tell("fulfillment_taken_back", told, &one.pointer),
                Ok(_) => {}
                Err(error) => return Ok(ControlFlow::Break(outcome_of(error, |_| one.pointer.clone())?)),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Ships what of it has not left here yet; what has.
    fn ship_one(&self, connection: &mut PgConnection, order_id: OrderId, one: &ShopFulfillment) -> Result<Units, Error> {
        let number = one.tracking_number.as_deref();
        let own = left_here::unclaimed(connection, &self.key, &self.channel.code, order_id, number)?;
        if one.lines.is_none() && number.is_some() && !own.is_empty() {
            // It says that something has left under this number, and that is ours.
            return Ok(Units::new());
        }
        let order = self.find(connection, order_id)?;
        let (left, wanted) = wanted_of(&order, one, &own);
        if wanted.is_empty() {
            return Ok(left);
        }
        if store::is_telling(connection, &self.key, order_id)? {
            return Err(Error::conflict(
                "shop_is_told",
                "the shop is being told of a shipment; whether this is that one is known in a moment",
            ));
        }
        let leaving = leaving_of(&order, &wanted)?;
        let shipped_at =
            one.shipped_at.filter(|at| *at <= self.bench.now && *at >= self.bench.now - TimeDelta::days(30) && *at >= order.ordered_at);
        let carrier = one.carrier.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or("other");
        let requests = leaving.into_iter().map(|(fulfillment_order_id, lines)| ShipRequest {
            fulfillment_order_id,
            body: Ship {
                carrier: carrier.chars().take(64).collect(),
                tracking_number: one.tracking_number.as_ref().map(|number| number.chars().take(100).collect()),
                shipped_at,
                lines: Some(
                    lines.into_iter().map(|(order_line_id, quantity)| ShipLine { order_line_id, quantity: Quantity(quantity) }).collect(),
                ),
                packages: None,
                external_ids: Some(BTreeMap::from([(self.channel.code.clone(), one.reference.clone())])),
                metadata: None,
                dry_run: false,
            },
            precondition: Precondition::Any,
        });
        let requests: Vec<ShipRequest> = requests.collect();
        if !requests.is_empty() {
            ship_all(connection, &self.context, &requests)?;
        }
        Ok(left)
    }
}

/// What of a fulfillment has left here by shipments of our own, and what is to leave of each line.
fn wanted_of<'a>(order: &'a Order, one: &ShopFulfillment, own: &Units) -> (Units, Vec<(&'a OrderLine, Decimal)>) {
    let (mut left, mut wanted) = (Units::new(), vec![]);
    for line in order.lines.iter().filter(|line| line.is_stocked() && !line.is_removed()) {
        let mut quantity: Decimal = match &one.lines {
            None => line.quantities.open(),
            Some(lines) => {
                let mine = lines.iter().filter(|asked| line.detail.external_line_id.as_ref() == Some(&asked.external_line_id));
                mine.map(|asked| asked.quantity).sum()
            }
        };
        if one.lines.is_some() {
            let ours = own.get(&line.id).copied().unwrap_or_default().min(quantity);
            if ours > Decimal::ZERO {
                left.insert(line.id, ours);
                quantity -= ours;
            }
        }
        let quantity = quantity.min(line.quantities.open());
        if quantity > Decimal::ZERO {
            wanted.push((line, quantity));
        }
    }
    (left, wanted)
}

/// What leaves, taken from the promises of the order; 409 `not_allocated` where something is not promised that the shop says has left.
fn leaving_of(order: &Order, wanted: &[(&OrderLine, Decimal)]) -> Result<Leaving, Error> {
    let mut leaving = Leaving::new();
    for (line, quantity) in wanted {
        let mut quantity = *quantity;
        if quantity > line.quantities.allocated {
            let detail = format!(
                "the shop has shipped {} of {}, of which {} are promised here: receive the stock, or release the hold",
                quantity.normalize(),
                line.sku,
                line.quantities.allocated.normalize()
            );
            return Err(Error::conflict("not_allocated", detail));
        }
        for fulfillment_order in &order.fulfillment_orders {
            for allocation in fulfillment_order.lines.iter().filter(|allocation| allocation.line_number == line.line_number) {
                let part = quantity.min(allocation.open());
                if part > Decimal::ZERO {
                    *leaving.entry(fulfillment_order.id).or_default().entry(line.id).or_default() += part;
                    quantity -= part;
                }
            }
        }
    }
    Ok(leaving)
}
