//! What a person must look at before an order goes on: it is held, once for each.

use super::figures::total_of;
use super::place::is_unchanged;
use super::state::ShopState;
use super::store::{FactKind, Known};
use super::{Road, ShopOrder, Walked, store};
use crate::channels::body::ChannelKind;
use crate::error::Error;
use crate::inbox::Reason;
use crate::orders::body::HoldRequest;
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::ops::ControlFlow;

/// Reasons that are about figures: of others a person has not heard yet.
const OF_FIGURES: &[&str] = &["totals_differ", "total_mismatch"];

const OTHER_CURRENCY: &str = "other_currency";

impl Road<'_> {
    pub(super) fn doubt(&self, order: &ShopOrder) -> Result<Walked, Error> {
        let now = ShopState::of(&order.order);
        let doubts = self.on_order(|connection, known, order_id| {
            let unchanged = is_unchanged(known, &order.order, &now)?;
            if !unchanged {
                let ours = self.find(connection, order_id)?;
                if let Some((reference, doubt)) = other_currency(&ours, order) {
                    self.hold_once(connection, order_id, &reference, None, &doubt)?;
                    return Ok(vec![doubt]);
                }
                if let Some((reference, doubt)) = self.other_buyer(known, &ours, order, &now) {
                    self.hold_once(connection, order_id, &reference, None, &doubt)?;
                    return Ok(std::iter::once(doubt).chain(self.doubt_figures(connection, order_id, order, unchanged)?).collect());
                }
            }
            self.doubt_figures(connection, order_id, order, unchanged)
        })?;
        let doubts = doubts.unwrap_or_default();
        self.foreign.set(doubts.iter().any(|doubt| doubt.code == OTHER_CURRENCY));
        self.told.borrow_mut().extend(doubts);
        Ok(ControlFlow::Continue(()))
    }

    fn doubt_figures(
        &self,
        connection: &mut PgConnection,
        order_id: OrderId,
        order: &ShopOrder,
        unchanged: bool,
    ) -> Result<Vec<Reason>, Error> {
        for doubt in &order.doubts {
            let reference = reference_of(doubt);
            // Before the figures were noted the code was.
            let before = (unchanged && reference != doubt.code).then_some(doubt.code.as_str());
            self.hold_once(connection, order_id, &reference, before, doubt)?;
        }
        Ok(order.doubts.clone())
    }

    /// Holds the order for the doubt where it has not been held for this `reference`, or for that of `before`.
    fn hold_once(
        &self,
        connection: &mut PgConnection,
        order_id: OrderId,
        reference: &str,
        before: Option<&str>,
        doubt: &Reason,
    ) -> Result<(), Error> {
        if store::fact(connection, &self.key, FactKind::Doubt, reference)?.is_some() {
            return Ok(());
        }
        let is_known = match before {
            Some(before) => store::fact(connection, &self.key, FactKind::Doubt, before)?.is_some(),
            None => false,
        };
        if !is_known {
            self.hold(connection, order_id, &doubt.detail)?;
        }
        Ok(store::note_fact(connection, &self.key, FactKind::Doubt, reference, None, self.bench.now)?)
    }

    /// Holds it for a person, where it is not over.
    pub(super) fn hold(&self, connection: &mut PgConnection, order_id: OrderId, detail: &str) -> Result<(), Error> {
        let order = self.find(connection, order_id)?;
        if matches!(order.status, OrderStatus::Completed | OrderStatus::Cancelled | OrderStatus::Draft) {
            return Ok(());
        }
        let reason: String = detail.chars().take(500).collect();
        crate::order_to_cash::hold::hold(connection, &self.context, order_id, &HoldRequest { reason }, &Precondition::Any).map(drop)
    }

    pub(super) fn is_crm(&self) -> bool {
        matches!(self.channel.kind, ChannelKind::Hubspot | ChannelKind::Salesforce)
    }

    /// The buyer of a deal is another than that of the order. A shop's buyer is a guest, whose name and address are the order's own.
    fn other_buyer(&self, known: &Known, ours: &Order, order: &ShopOrder, now: &ShopState) -> Option<(String, Reason)> {
        let (new, before) = (&order.order, known.state());
        let is_other = match new.customer_id {
            Some(id) => id != ours.customer_id && before.is_none_or(|before| before.buyer != now.buyer),
            None => before.is_some_and(|before| before.buyer != now.buyer),
        };
        if !is_other || !self.is_crm() {
            return None;
        }
        let named = new.customer_id.map(|id| format!("customer {id}")).or_else(|| new.customer.as_ref().map(|guest| guest.name.clone()));
        let detail = format!(
            "the buyer is another now, {}: an order keeps its customer; cancel it and place it anew, or correct the CRM",
            named.unwrap_or_default()
        );
        Some((format!("other_customer {}", now.buyer), Reason::new("other_customer", detail, "")))
    }

    /// Holds the order where it comes to something else here than in the shop; what is to be told of it.
    pub(super) fn compare_totals(
        &self,
        connection: &mut PgConnection,
        order_id: OrderId,
        shop: &ShopOrder,
    ) -> Result<Option<Reason>, Error> {
        let order = self.find(connection, order_id)?;
        let Some(theirs) = total_of(&shop.order, order.currency) else { return Ok(None) };
        let back = self.paid_back(connection)?;
        let discounts = order.document.discounts.iter().filter(|discount| back.is_for_refund(discount.code.as_ref()));
        let off: Decimal = discounts.filter_map(|discount| discount.amount).map(|amount| amount.0).sum();
        let tax = if order.document.prices_include_tax { Decimal::ZERO } else { back.shipping.tax };
        let ours = order.currency.round(order.total + off + back.shipping.amount + tax);
        if ours == theirs {
            return Ok(None);
        }
        let detail =
            format!("the order comes to {ours} {} here and to {theirs} in the shop: one of both is to be corrected", order.currency);
        let doubt = Reason::new("totals_differ", detail, shop.places.of("/total"));
        self.hold_once(connection, order_id, &reference_of(&doubt), None, &doubt)?;
        Ok(Some(doubt))
    }

    /// Tells what was taken for the order, has not gone back, and is more than it comes to.
    pub(super) fn tell_overpaid(&self) -> Result<(), Error> {
        let over = self.on_order(|connection, _, order_id| {
            let order = self.find(connection, order_id)?;
            let (mut kept, mut unapplied) = (Decimal::ZERO, Decimal::ZERO);
            for id in payments::of_order(connection, self.key.organization_id, order_id)? {
                let payment = payments::find(connection, self.key.organization_id, id)?;
                kept += payment.captured - payment.refunded;
                unapplied += payment.captured - payment.refunded - payment.applied;
            }
            Ok((order.currency.round((kept - order.current_total()).min(unapplied)), order.currency))
        })?;
        if let Some((over, currency)) = over.filter(|(over, _)| *over > Decimal::ZERO) {
            let detail = format!(
                "the shop has taken {over} {currency} more than the order comes to: if it is not on its way back, pay it back, or use it for another order"
            );
            self.tell("overpaid", detail, "");
        }
        Ok(())
    }
}

/// Amounts in another currency than the order's are neither written nor booked: prices would be those of the one in the other.
fn other_currency(ours: &Order, order: &ShopOrder) -> Option<(String, Reason)> {
    let theirs = order.order.currency.filter(|theirs| *theirs != ours.currency)?;
    let detail = format!(
        "the order is in {}, and the shop has it in {theirs} now: nothing of that is changed or booked here; cancel it and place it anew, or correct the shop",
        ours.currency
    );
    Some((format!("other_currency {theirs}"), Reason::new(OTHER_CURRENCY, detail, order.places.of("/currency"))))
}

/// What a doubt is known by: of figures with them, so that a person who has let some pass is asked about others.
fn reference_of(doubt: &Reason) -> String {
    if !OF_FIGURES.contains(&doubt.code.as_str()) {
        return doubt.code.clone();
    }
    let words = doubt.detail.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    let figures = words.map(|word| word.trim_end_matches('.')).filter_map(|word| word.parse::<Decimal>().ok());
    figures.fold(doubt.code.clone(), |text, figure| format!("{text} {}", figure.normalize())).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_about_figures_is_known_by_them() {
        let table = [
            (
                "totals_differ",
                "its parts make 480000.00 IDR, its total is 480500; the difference is put on it",
                "totals_differ 480000 480500",
            ),
            ("total_mismatch", "the amount is 12.5, the lines come to -3.10.", "total_mismatch 12.5 -3.1"),
            ("disputed", "the buyer disputes the 2 payments", "disputed"),
        ];
        for (code, detail, reference) in table {
            assert_eq!(reference_of(&Reason::new(code, detail, "")), reference);
        }
    }
}
