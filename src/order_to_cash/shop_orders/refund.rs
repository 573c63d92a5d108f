//! Money that the shop has paid back, and what becomes of its goods: cancelled where they are still here, announced as a return where
//! they have left.

use super::edit::refund_code;
use super::store::{self, Fact, FactKind};
use super::{RefundedGoods, Road, ShopRefund, ShopShippingRefund, Walked, outcome_of};
use crate::error::Error;
use crate::inbox::Reason;
use crate::order_to_cash::{cancel, edit, refund, returns as goods};
use crate::orders::body::{CancelLine, CancelReason, CancelRequest};
use crate::orders::change;
use crate::orders::discount::Discount;
use crate::orders::edit::apply;
use crate::orders::edit::body::{EditLine, EditOrder, EditShipping};
use crate::orders::master_data;
use crate::orders::order::{CancelCode, Order};
use crate::orders::status::OrderStatus;
use crate::payments::refunds::body::NewRefund;
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::returns::body::{AuthorizeReturn, NewReturn, NewReturnLine};
use crate::returns::sales_return::{ReturnCode, ReturnReason};
use crate::returns::service as returns;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::{OrderId, OrderLineId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What is to be done with the goods of one refund.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Taken {
    cancelled: Vec<(OrderLineId, Decimal)>,
    returned: Vec<(OrderLineId, Decimal)>,
    /// Of this line more comes back than has left, and could still leave.
    not_left: Option<String>,
    /// Neither is possible: the buyer keeps it, or it is not there any more.
    kept: Vec<(String, Decimal)>,
}

impl Road<'_> {
    pub(super) fn refund_money(&self, refunds: &[ShopRefund]) -> Result<Walked, Error> {
        for asked in refunds {
            if let Some(reason) = &asked.unclear {
                self.leave_to_a_person(asked, reason)?;
                continue;
            }
            if asked.amount <= Decimal::ZERO {
                continue;
            }
            let booked = self.bench.db.read_blocking(|connection| self.refund_numbers(connection)).and_then(|numbers| {
                self.on_order(|connection, _, order_id| {
                    let known = store::fact(connection, &self.key, FactKind::RefundMoney, &asked.reference)?;
                    let amount = Fact::missing(known.as_ref(), asked.amount);
                    if amount.is_zero() {
                        return Ok(());
                    }
                    let reason =
                        asked.reason.as_deref().map_or_else(|| "Refunded by the shop".to_owned(), |text| text.chars().take(500).collect());
                    let body = NewRefund { amount: Amount(amount), reason };
                    refund::refund_order(connection, &self.context, order_id, &body, &numbers, &Precondition::Any)?;
                    let fact = Fact { note: None, amount: Some(asked.amount) };
                    Ok(store::note_amount(connection, &self.key, FactKind::RefundMoney, &asked.reference, &fact, self.bench.now)?)
                })
            });
            if let Err(error) = booked {
                return Ok(ControlFlow::Break(outcome_of(error, |_| asked.pointer.clone())?));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Holds the order for one who books a refund whose amounts nobody here can tell, and books nothing of it, now or later.
    fn leave_to_a_person(&self, asked: &ShopRefund, reason: &Reason) -> Result<(), Error> {
        let told = self.on_order(|connection, _, order_id| {
            let known = store::fact(connection, &self.key, FactKind::RefundMoney, &asked.reference)?;
            if let Some(known) = known {
                return Ok(known.note.is_some());
            }
            self.hold(connection, order_id, &reason.detail)?;
            for (kind, note) in [(FactKind::RefundMoney, Some(reason.code.clone())), (FactKind::RefundRest, None)] {
                store::note_amount(connection, &self.key, kind, &asked.reference, &Fact { note, amount: None }, self.bench.now)?;
            }
            Ok(true)
        })?;
        if told == Some(true) {
            self.told.borrow_mut().push(reason.clone());
        }
        Ok(())
    }

    /// As many as the order has payments.
    fn refund_numbers(&self, connection: &mut PgConnection) -> Result<Vec<String>, Error> {
        let Some(order_id) = *self.order_id.borrow() else { return Ok(vec![]) };
        let count = payments::of_order(connection, self.key.organization_id, order_id)?.len();
        (0..count).map(|_| payments::next_refund_number(connection, &self.bench.desk.numbers, self.key.organization_id)).collect()
    }

    /// `ended`: the shop has cancelled the order. Then nothing is waited for any more, and what has not left is asked of nobody.
    pub(super) fn refund_goods(&self, refunds: &[ShopRefund], ended: bool) -> Result<Walked, Error> {
        for asked in refunds {
            for step in [Self::settle_goods, Self::settle_rest] {
                match step(self, asked, ended) {
                    Ok(Some(note)) => self.tell("not_credited", note, &asked.pointer),
                    Ok(None) => {}
                    Err(error) => return Ok(ControlFlow::Break(outcome_of(error, |_| asked.pointer.clone())?)),
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The goods of a refund, once; what could not be followed.
    fn settle_goods(&self, asked: &ShopRefund, ended: bool) -> Result<Option<String>, Error> {
        let number = self
            .bench
            .db
            .read_blocking(|connection| returns::next_number(connection, &self.bench.desk.numbers, self.key.organization_id))?;
        let note = self.on_order(|connection, _, order_id| {
            if let Some(fact) = store::fact(connection, &self.key, FactKind::RefundGoods, &asked.reference)? {
                return Ok(fact.note);
            }
            let note = self.take_goods(connection, order_id, asked, &number, ended)?;
            store::note_fact(connection, &self.key, FactKind::RefundGoods, &asked.reference, note.as_deref(), self.bench.now)?;
            Ok(note)
        })?;
        Ok(note.flatten())
    }

    /// What was paid back beside the lines, as far as it has not been taken off before; what could not be followed.
    fn settle_rest(&self, asked: &ShopRefund, ended: bool) -> Result<Option<String>, Error> {
        let note = self.on_order(|connection, _, order_id| {
            let known = store::fact(connection, &self.key, FactKind::RefundRest, &asked.reference)?;
            let missing = Fact::missing(known.as_ref(), asked.beside_lines);
            let before = known.and_then(|fact| fact.note);
            if missing.is_zero() {
                return Ok(before);
            }
            let note = self.take_rest(connection, order_id, asked, missing, ended)?.or(before);
            let fact = Fact { note, amount: Some(asked.beside_lines) };
            store::note_amount(connection, &self.key, FactKind::RefundRest, &asked.reference, &fact, self.bench.now)?;
            Ok(fact.note)
        })?;
        Ok(note.flatten())
    }

    /// Cancels what is here, announces what comes back.
    fn take_goods(
        &self,
        connection: &mut PgConnection,
        order_id: OrderId,
        asked: &ShopRefund,
        number: &str,
        ended: bool,
    ) -> Result<Option<String>, Error> {
        let order = self.find(connection, order_id)?;
        let announced = returns::announced(connection, self.key.organization_id, order_id)?;
        let taken = goods_of(&order, asked, |line_number| announced.get(&line_number).copied().unwrap_or_default());
        if let Some(sku) = taken.not_left.as_ref().filter(|_| !ended) {
            let detail = format!("the shop takes {sku} back, and it has not left here: its fulfillment has not come yet, or waits");
            return Err(Error::conflict("awaits_fulfillment", detail));
        }
        let detail = asked.reason.as_ref().map(|reason| reason.chars().take(500).collect::<String>());
        if !taken.cancelled.is_empty() {
            let line = |(id, quantity): &(OrderLineId, Decimal)| CancelLine { order_line_id: *id, quantity: Some(Quantity(*quantity)) };
            let reason = CancelReason { code: CancelCode::CustomerRequest, detail: detail.clone() };
            let request = CancelRequest { reason, lines: Some(taken.cancelled.iter().map(line).collect()), dry_run: false };
            cancel::cancel(connection, &self.context, order_id, &request, &Precondition::Any)?;
        }
        if !taken.returned.is_empty() {
            let line = |(id, quantity): &(OrderLineId, Decimal)| NewReturnLine {
                order_line_id: *id,
                quantity: Quantity(*quantity),
                reason: ReturnReason { code: ReturnCode::ChangedMind, detail: detail.clone() },
            };
            let body = NewReturn {
                order_id,
                lines: taken.returned.iter().map(line).collect(),
                note: Some("The shop has paid the money back already".to_owned()),
                external_ids: BTreeMap::from([(self.channel.code.clone(), asked.reference.clone())]),
                metadata: serde_json::Map::new(),
            };
            let announced = goods::request::request(connection, &self.context, &body, number.to_owned())?;
            let let_in = AuthorizeReturn { overrides: true, reason: Some("refunded in the shop".to_owned()) };
            returns::authorize(connection, &self.context, announced.id, &let_in, &Precondition::Any)?;
        }
        let kept: Vec<String> = taken.kept.iter().map(|(sku, quantity)| format!("{} of {sku}", quantity.normalize())).collect();
        Ok((!kept.is_empty()).then(|| format!("the shop has paid back {}, which the buyer keeps: credit it by hand", kept.join(", "))))
    }

    /// Takes off the order what was paid back beside its lines, so that nobody is asked for it again.
    fn take_rest(
        &self,
        connection: &mut PgConnection,
        order_id: OrderId,
        asked: &ShopRefund,
        missing: Decimal,
        ended: bool,
    ) -> Result<Option<String>, Error> {
        let mut order = change::lock(connection, self.key.organization_id, order_id, &Precondition::Any)?.after;
        let ends = ended && order.lines.iter().all(|line| line.quantities.shipped.is_zero());
        if (ends || order.status == OrderStatus::Cancelled) && order.amount_invoiced.is_zero() {
            // Nobody is asked for anything.
            return Ok(None);
        }
        let (currency, told) = (order.currency, missing);
        let by_hand = || Ok(Some(format!("the shop has paid back {told} {currency} beside the lines: credit it by hand")));
        let editable = matches!(order.status, OrderStatus::Confirmed | OrderStatus::OnHold);
        if !editable || !order.amount_invoiced.is_zero() || order.document.discounts.len() >= 20 {
            return by_hand();
        }
        let mut missing = missing;
        if let Some(back) = shipping_back(&order, asked, missing)
            && store::fact(connection, &self.key, FactKind::RefundShipping, &asked.reference)?.is_none()
        {
            let edit = EditOrder { shipping: Some(less_shipping(&order, back)), ..EditOrder::default() };
            edit::edit(connection, &self.context, order_id, &edit, &Precondition::Any)?;
            let now = change::lock(connection, self.key.organization_id, order_id, &Precondition::Any)?.after;
            missing -= order.wanted_total() - now.wanted_total();
            let amount = if order.document.prices_include_tax { back.net + back.tax } else { back.net };
            for (kind, amount) in [(FactKind::RefundShipping, amount), (FactKind::RefundShippingTax, back.tax)] {
                let fact = Fact { note: None, amount: Some(amount) };
                store::note_amount(connection, &self.key, kind, &asked.reference, &fact, self.bench.now)?;
            }
            if missing <= Decimal::ZERO {
                return Ok(None);
            }
            order = now;
        }
        let on = order.subtotal - order.discount_total;
        let reference = master_data::gather_for(connection, &self.context, &order, &[], order.purchase_order_number.as_deref())?;
        let falls = |off: Decimal| -> Result<Decimal, Error> {
            let mut edited = order.clone();
            apply(&mut edited, &less(&order, asked, off), &reference)?;
            Ok(order.wanted_total() - edited.wanted_total())
        };
        let Some(off) = discount_of(missing, on, order.currency, falls)? else { return by_hand() };
        edit::edit(connection, &self.context, order_id, &less(&order, asked, off), &Precondition::Any)?;
        Ok(None)
    }
}

/// What of the missing money is the order's shipping, which a refund pays back as a whole: none where it does not fit what is there.
fn shipping_back(order: &Order, asked: &ShopRefund, missing: Decimal) -> Option<ShopShippingRefund> {
    let back = asked.shipping?;
    let fits = back.net <= order.shipping_net && back.tax <= order.document.shipping_tax.0 && back.net + back.tax <= missing;
    fits.then_some(back)
}

fn less_shipping(order: &Order, back: ShopShippingRefund) -> EditShipping {
    let (net, tax) = (order.shipping_net - back.net, order.document.shipping_tax.0 - back.tax);
    let amount = if order.document.prices_include_tax { net + tax } else { net };
    EditShipping { amount: Some(Amount(amount)), tax_amount: Some(Amount(tax)), ..EditShipping::default() }
}

/// The edit that takes that much more off the whole order for a refund; taxes stay as the shop has told them.
fn less(order: &Order, asked: &ShopRefund, off: Decimal) -> EditOrder {
    let code = refund_code(&asked.reference);
    let reason = asked.reason.clone().unwrap_or_else(|| "Refunded by the shop".to_owned()).chars().take(500).collect();
    let mut discounts = order.document.discounts.clone();
    match discounts.iter_mut().find(|known| known.code.as_ref() == Some(&code)) {
        // More of the same refund has been paid out since.
        Some(known) => known.amount = Some(Amount(known.amount.map_or(Decimal::ZERO, |amount| amount.0) + off)),
        None => discounts.push(Discount { code: Some(code), amount: Some(Amount(off)), percent: None, reason: Some(reason) }),
    }
    let lines = order.lines.iter().filter(|line| !line.is_removed());
    let lines =
        lines.map(|line| EditLine { order_line_id: Some(line.id), tax_amount: Some(Amount(line.tax_amount)), ..EditLine::default() });
    EditOrder { lines: lines.collect(), discounts: Some(discounts), ..EditOrder::default() }
}

/// The discount on the whole order, below `on`, by which what is wanted of it costs `missing` less: a part of it falls on units that are
/// cancelled, and what they cost nobody pays anyway. `falls` tells what a discount comes to; `None` where none comes to it.
fn discount_of(
    missing: Decimal,
    on: Decimal,
    currency: Currency,
    falls: impl Fn(Decimal) -> Result<Decimal, Error>,
) -> Result<Option<Decimal>, Error> {
    // The first is too little, the second too much; the second guess is the right one but for rounding.
    let (mut low, mut high, mut off) = (Decimal::ZERO, on, missing);
    for _ in 0..64 {
        if off <= low || off >= high {
            off = currency.round((low + high) / Decimal::TWO);
        }
        if off <= low || off >= high {
            break;
        }
        let fell = falls(off)?;
        match fell.cmp(&missing) {
            Ordering::Equal => return Ok(Some(off)),
            Ordering::Less => low = off,
            Ordering::Greater => high = off,
        }
        let factor = if fell > Decimal::ZERO { missing / fell } else { Decimal::TEN };
        off = off.checked_mul(factor).map_or(high, |next| currency.round(next));
    }
    Ok(None)
}

/// Whether an order has ended because the shop has paid back all of it: everything that is cancelled, or its whole price.
pub(super) fn is_all_paid_back(order: &Order, refunds: &[ShopRefund]) -> bool {
    let paid_back: Decimal = refunds.iter().map(|refund| refund.amount).sum();
    let of_line = |line: &crate::orders::order::OrderLine| -> Decimal {
        let lines = refunds.iter().flat_map(|refund| &refund.lines);
        let mine = lines.filter(|asked| line.detail.external_line_id.as_ref() == Some(&asked.external_line_id));
        mine.map(|asked| asked.quantity).sum()
    };
    let lines = || order.lines.iter().filter(|line| !line.is_removed());
    !refunds.is_empty() && (paid_back >= order.total || lines().all(|line| of_line(line) >= line.quantities.cancelled))
}

/// What becomes of the goods of a refund. `announced` is how much of a line is on its way back already.
fn goods_of(order: &Order, asked: &ShopRefund, announced: impl Fn(i16) -> Decimal) -> Taken {
    let mut taken = Taken::default();
    for line in &asked.lines {
        let mut known = order.lines.iter().filter(|known| !known.is_removed());
        let Some(known) = known.find(|known| known.detail.external_line_id.as_ref() == Some(&line.external_line_id)) else {
            taken.kept.push((format!("line {}", line.external_line_id), line.quantity));
            continue;
        };
        let quantities = &known.quantities;
        let returnable =
            if known.is_stocked() { quantities.shipped - quantities.returned - announced(known.line_number) } else { Decimal::ZERO };
        let (open, returnable) = (quantities.open(), returnable.max(Decimal::ZERO));
        let (cancelled, returned) = match line.goods {
            RefundedGoods::ComeBack => {
                let returned = line.quantity.min(returnable);
                let cancelled = (line.quantity - returned).min(open);
                if known.is_stocked() && cancelled > Decimal::ZERO {
                    taken.not_left.get_or_insert_with(|| known.sku.clone());
                }
                (cancelled, returned)
            }
            RefundedGoods::NotSent | RefundedGoods::Unsaid => {
                let cancelled = line.quantity.min(open);
                (cancelled, (line.quantity - cancelled).min(returnable))
            }
            RefundedGoods::Kept => (line.quantity.min(open), Decimal::ZERO),
        };
        add(&mut taken.cancelled, known.id, cancelled);
        add(&mut taken.returned, known.id, returned);
        let kept = line.quantity - cancelled - returned;
        if kept > Decimal::ZERO {
            taken.kept.push((known.sku.clone(), kept));
        }
    }
    taken
}

fn add(to: &mut Vec<(OrderLineId, Decimal)>, id: OrderLineId, quantity: Decimal) {
    if quantity <= Decimal::ZERO {
        return;
    }
    match to.iter_mut().find(|(known, _)| *known == id) {
        Some((_, sum)) => *sum += quantity,
        None => to.push((id, quantity)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However much of what a discount falls on is cancelled, what is left costs exactly as much less as was paid back.
        #[test]
        fn a_discount_is_found_that_the_wanted_units_bear(live in 1u32..100, of in 100u32..200, missing in 1i64..5_000) {
            let currency = Currency::from_code("USD").unwrap();
            let share = Decimal::from(live) / Decimal::from(of);
            let missing = Decimal::new(missing, 2);
            let on = Decimal::from(1_000_000);
            let falls = |off: Decimal| -> Result<Decimal, Error> { Ok(currency.round(off * share)) };
            let off = discount_of(missing, on, currency, falls).unwrap().unwrap();
            prop_assert_eq!(currency.round(off * share), missing);
        }
    }

    #[test]
    fn a_discount_that_would_be_more_than_the_order_is_none() {
        let currency = Currency::from_code("USD").unwrap();
        let half = |off: Decimal| -> Result<Decimal, Error> { Ok(off / Decimal::TWO) };
        assert_eq!(discount_of(Decimal::from(6), Decimal::from(12), currency, half).unwrap(), None);
        assert_eq!(discount_of(Decimal::from(5), Decimal::from(12), currency, half).unwrap(), Some(Decimal::from(10)));
        assert_eq!(discount_of(Decimal::from(5), Decimal::from(12), currency, |_| Ok(Decimal::ZERO)).unwrap(), None);
    }
}
