//! An order as its shop has it now, as plain values: what every way in from a shop is read into.

use crate::inbox::Reason;
use crate::orders::body::NewOrder;
use crate::orders::order::CancelCode;
use crate::payments::payment::PaymentMethod;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// The state to which [`super::bring`] brings our order.
#[derive(Clone, Debug)]
pub struct ShopOrder {
    /// The shop's id of it, unique within the channel.
    pub external_id: String,
    /// When the shop last changed it. Of two messages the later one counts; equal ones are worked in again.
    pub version_at: DateTime<Utc>,
    /// What to place where we do not know it yet, and what it is to become where we do. `channel`, `external_id`, `payments` and, where
    /// it is absent, `on_shortage` are filled in by the use case; lines carry their `external_line_id`.
    pub order: NewOrder,
    pub cancelled: Option<ShopCancellation>,
    /// The whole of its money, whatever we have booked of it.
    pub payments: Vec<ShopPayment>,
    pub refunds: Vec<ShopRefund>,
    pub fulfillments: Vec<ShopFulfillment>,
    /// What a person must look at before it ships, such as totals that do not add up: the order is held with it.
    pub doubts: Vec<Reason>,
    pub places: Places,
}

/// What a shop tells of an order without telling the order itself.
#[derive(Clone, Debug)]
pub struct ShopNews {
    pub external_id: String,
    pub refunds: Vec<ShopRefund>,
    pub fulfillments: Vec<ShopFulfillment>,
    /// It is no more.
    pub deleted: bool,
}

/// The shop has cancelled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopCancellation {
    pub code: CancelCode,
    /// In the shop's words; at most 500 characters are kept.
    pub detail: Option<String>,
}

/// Money of one kind or transaction, as the shop counts it in all. Amounts are in the order's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopPayment {
    /// Tells it from other money of this order; we book it under this reference.
    pub reference: String,
    pub method: PaymentMethod,
    /// Reserved at the payer's side and not taken yet.
    pub authorized: Decimal,
    /// Taken so far, what went back included.
    pub captured: Decimal,
}

/// Money that the shop has already sent back, and the goods that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopRefund {
    /// The shop's id of it, unique within the order.
    pub reference: String,
    /// What was paid out so far; zero where only goods were taken off the order.
    pub amount: Decimal,
    pub lines: Vec<ShopRefundLine>,
    /// The part of `amount` that is for none of the lines (shipping, goodwill). It is taken off the order where nothing is invoiced yet.
    pub beside_lines: Decimal,
    /// What of `beside_lines` is shipping, with its tax, as far as the shop says so.
    pub shipping: Option<ShopShippingRefund>,
    /// Why its amounts cannot be told (they are zero then): a person books the money.
    pub unclear: Option<Reason>,
    pub reason: Option<String>,
    /// Where it stands in the message.
    pub pointer: String,
}

/// Shipping that was paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShopShippingRefund {
    /// Without its tax; above 0.
    pub net: Decimal,
    pub tax: Decimal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopRefundLine {
    pub external_line_id: String,
    pub quantity: Decimal,
    pub goods: RefundedGoods,
}

/// What the shop says of the goods that money went back for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundedGoods {
    /// They never leave: cancelled.
    NotSent,
    /// They come back.
    ComeBack,
    /// The buyer keeps them, or they are lost.
    Kept,
    /// It does not say: what has not left is cancelled, the rest comes back.
    Unsaid,
}

/// Goods that left from the shop's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopFulfillment {
    /// The shop's id of it, unique within the order.
    pub reference: String,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub shipped_at: Option<DateTime<Utc>>,
    /// `None`: all that is open.
    pub lines: Option<Vec<ShopFulfillmentLine>>,
    /// The shop has taken it back.
    pub cancelled: bool,
    /// Where it stands in the message.
    pub pointer: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopFulfillmentLine {
    pub external_line_id: String,
    pub quantity: Decimal,
}

/// Where in the message what stands that our fault is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(String, String)>);

impl Places {
    /// `ours` is a pointer into [`NewOrder`], such as `/lines/0`; `theirs` the place in the message that it was read from.
    pub fn note(&mut self, ours: impl Into<String>, theirs: impl Into<String>) {
        self.0.push((ours.into(), theirs.into()));
    }

    /// The place of the longest part of `ours` that is known; the whole message where none is.
    pub fn of(&self, ours: &str) -> String {
        let within = |known: &str| ours.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let best = self.0.iter().filter(|(known, _)| within(known)).max_by_key(|(known, _)| known.len());
        best.map(|(_, theirs)| theirs.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_at_the_nearest_place_that_is_known() {
        let mut places = Places::default();
        places.note("/lines/1", "/line_items/3");
        places.note("/lines/1/sku", "/line_items/3/sku");
        places.note("/lines/10", "/line_items/12");
        assert_eq!(places.of("/lines/1/sku"), "/line_items/3/sku");
        assert_eq!(places.of("/lines/1/quantity"), "/line_items/3");
        assert_eq!(places.of("/lines/10/sku"), "/line_items/12");
        assert_eq!(places.of("/customer/name"), "");
    }
}
