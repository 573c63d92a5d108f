//! Reserved money follows its order: what has left is taken from the order's authorizations, the oldest first, and what the order
//! does not need any more is given up. It finds its work by state, so that nothing is missed after a standstill and neither shipping
//! nor cancelling ever waits for a provider.

use super::accounts::{self, LockedAccount};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::orders::order::Order;
use crate::payments::operations::operation::{Operation, OperationKind, OperationStatus};
use crate::payments::payment::{Payment, PaymentStatus};
use crate::payments::service::{self as payments, PaymentChange};
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, OrderId, PaymentId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;

/// So long before its end an authorization is looked at for the last time: what has shipped is taken then, and the rest given up.
pub const ENDS_SOON: TimeDelta = TimeDelta::hours(12);

/// Looks at an order's authorizations: asks for what has shipped and is not paid, and gives up what is not needed. Where a provider
/// lets no part be captured without giving up the rest, all is captured with the last shipment, or shortly before the end.
pub fn capture_shipped(connection: &mut PgConnection, context: &Context, order_id: OrderId) -> Result<(), Error> {
    let account = accounts::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let order = &account.change.after;
    let ids = payments::of_order(connection, context.organization_id, order_id)?;
    let mut changes = payments::lock_all(connection, context.organization_id, &ids)?;
    let looked_at =
        |payment: &Payment| payment.status == PaymentStatus::Authorized && payment.order_id == Some(order_id) && !is_busy(payment);
    let seen: Vec<&Payment> = changes.iter().map(|change| &change.after).filter(|payment| looked_at(payment)).collect();
    let of = |ending: bool| -> Vec<PaymentId> {
        seen.iter().filter(|payment| ends_soon(payment, context.now) == ending).map(|payment| payment.id).collect()
    };
    let (open, ending) = (of(false), of(true));
    take_shipped(&mut changes, &account, context.now);
    let mut facts = give_up(&mut changes, order_id, account.account.debt(), context.now);
    let asked = changes.iter().filter(|change| change.asks_more());
    facts.extend(asked.map(|change| payments::event("payment.operation_requested", &change.after)));
    payments::save(connection, context, &mut changes)?;
    payments::seen(connection, context.organization_id, order.version, &open, &ending)?;
    events::append(connection, context, &facts)?;
    Ok(())
}

/// Asks for what has shipped.
fn take_shipped(changes: &mut [PaymentChange], account: &LockedAccount, now: DateTime<Utc>) {
    let order = &account.change.after;
    let whole = is_shipped_whole(order);
    let mut due = Shipped::of(account, changes).uncaptured();
    for payment in changes.iter_mut().map(|change| &mut change.after) {
        if payment.status != PaymentStatus::Authorized || !payment.capture_on_shipment || is_busy(payment) {
            continue;
        }
        let amount = due.min(payment.authorized());
        if amount <= Decimal::ZERO {
            continue;
        }
        // What it stands for is not asked of another one, also while it waits.
        due -= amount;
        let mut last = whole || amount == payment.authorized() || ends_soon(payment, now);
        if !last && parts_were_refused(payment) {
            if payment.expires_at.is_some() {
                continue;
            }
            // Nobody knows how long it can wait: what is lost is lost for good, what is given up can be reserved anew.
            last = true;
        }
        payment.operations.push(Operation { last, ..Operation::new(OperationKind::Capture, amount, now) });
    }
}

/// What an authorization covers: with its last capture under way no more than that, since the rest goes back to the payer.
fn stays_reserved(payment: &Payment) -> Decimal {
    let last = payment.operations.iter().find(|operation| operation.blocks() && operation.kind == OperationKind::Capture && operation.last);
    last.map_or_else(|| payment.authorized(), |capture| capture.amount.min(payment.authorized()))
}

/// Gives up authorizations without which the others still cover what is owed, the oldest first, as they end first. Where no provider
/// moves the money, whoever does is told.
fn give_up(changes: &mut [PaymentChange], order_id: OrderId, owed: Decimal, now: DateTime<Utc>) -> Vec<NewEvent> {
    let reserves = |payment: &Payment| payment.order_id == Some(order_id) && payment.authorized() > Decimal::ZERO;
    let mut reserved: Decimal = changes.iter().map(|change| &change.after).filter(|payment| reserves(payment)).map(stays_reserved).sum();
    let mut told = vec![];
    for payment in changes.iter_mut().map(|change| &mut change.after).filter(|payment| reserves(payment)) {
        let amount = payment.authorized();
        if is_busy(payment) || reserved - amount < owed {
            continue;
        }
        reserved -= amount;
        if payment.provider.is_some() {
            payment.operations.push(Operation::new(OperationKind::Cancel, amount, now));
        } else {
            let mut fact = payments::event("payment.authorization_excess", payment);
            fact.data["excess_amount"] = json!(Amount(amount));
            told.push(fact);
        }
    }
    told
}

/// What the figures of an order say of goods that have left. All in the order's currency.
#[derive(Clone, Copy, Debug)]
struct Shipped {
    /// Value of what has left, without what came back before it was invoiced.
    value: Decimal,
    /// What credit notes have taken back of goods.
    credited: Decimal,
    /// What is settled now, or is on its way.
    settled: Decimal,
    /// What somebody sent back though it was owed: it is due again, and a person's to ask for.
    reopened: Decimal,
    /// All that authorizations of the order have brought as goods left, or are being asked for, whatever became of it.
    captured: Decimal,
}

impl Shipped {
    fn of(account: &LockedAccount, changes: &[PaymentChange]) -> Self {
        let order = &account.change.after;
        let on_its_way = |payment: &Payment| -> Decimal {
            payment.operations.iter().filter(|operation| asks_for_money(operation)).map(|operation| operation.amount).sum()
        };
        let payments = || changes.iter().map(|change| &change.after);
        let by_shipment = || payments().filter(|payment| payment.capture_on_shipment && payment.order_id == Some(order.id));
        let mut reopened: BTreeMap<Option<InvoiceId>, Decimal> = BTreeMap::new();
        for (invoice_id, amount) in payments().flat_map(|payment| payment.reopened(order.id)) {
            *reopened.entry(invoice_id).or_default() += amount;
        }
        let still_open = |(invoice_id, amount): (&Option<InvoiceId>, &Decimal)| match invoice_id {
            Some(id) => account.account.invoice(*id).map_or(Decimal::ZERO, |invoice| invoice.due().min(*amount)),
            None => *amount,
        };
        let prepayments = order.detail.prepayments_credited.map_or(Decimal::ZERO, |amount| amount.0);
        Self {
            value: order.charged(|line| line.quantities.shipped - line.quantities.withheld - line.quantities.waived).total,
            credited: order.amount_credited - prepayments,
            settled: order.amount_paid + payments().map(on_its_way).sum::<Decimal>(),
            reopened: reopened.iter().map(still_open).sum(),
            captured: by_shipment().map(|payment| payment.captured + on_its_way(payment)).sum(),
        }
    }

    /// What may be taken: it is owed, it was not sent back by somebody, and it was never taken before.
    fn uncaptured(self) -> Decimal {
        let owed = self.value - self.credited - self.settled - self.reopened;
        let never_taken = self.value - self.captured;
        owed.min(never_taken).max(Decimal::ZERO)
    }
}

fn is_shipped_whole(order: &Order) -> bool {
    order.lines.iter().all(|line| line.quantities.shipped >= line.quantities.wanted())
}

fn is_busy(payment: &Payment) -> bool {
    payment.operations.iter().any(Operation::blocks)
}

fn ends_soon(payment: &Payment, now: DateTime<Utc>) -> bool {
    payment.expires_at.is_some_and(|expires_at| expires_at - ENDS_SOON <= now)
}

/// Whether the provider has refused to capture a part and to keep the rest.
fn parts_were_refused(payment: &Payment) -> bool {
    let refused =
        |operation: &Operation| operation.kind == OperationKind::Capture && !operation.last && operation.status == OperationStatus::Failed;
    payment.operations.iter().any(refused)
}

fn asks_for_money(operation: &Operation) -> bool {
    operation.is_pending() && matches!(operation.kind, OperationKind::Capture | OperationKind::Charge)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five bags at 22,200.00: two have left, or all. By hand.
    #[test]
    fn worked_examples() {
        let table = [
            // value, credited, settled, reopened, captured → uncaptured
            ("nothing is paid", [44_400, 0, 0, 0, 0], 44_400),
            ("all is captured", [44_400, 0, 44_400, 0, 44_400], 0),
            ("captured, then credited", [44_400, 44_400, 0, 0, 44_400], 0),
            ("credited before it was captured", [44_400, 44_400, 0, 0, 0], 0),
            ("captured and credited, then the rest left", [111_000, 44_400, 0, 0, 44_400], 66_600),
            ("credited before, then the rest left", [111_000, 44_400, 0, 0, 0], 66_600),
            ("goodwill", [44_400, 0, 34_400, 10_000, 44_400], 0),
            ("goodwill, then the rest left", [111_000, 0, 34_400, 10_000, 44_400], 66_600),
            ("credited before, captured, goodwill", [111_000, 44_400, 56_600, 10_000, 66_600], 0),
            ("paid by transfer", [44_400, 0, 44_400, 0, 0], 0),
            ("paid in advance for more", [44_400, 0, 50_000, 0, 0], 0),
            ("a person took it off the order", [44_400, 0, 0, 0, 44_400], 0),
        ];
        for (name, figures, expected) in table {
            let [value, credited, settled, reopened, captured] = figures.map(Decimal::from);
            assert_eq!(Shipped { value, credited, settled, reopened, captured }.uncaptured(), Decimal::from(expected), "{name}");
        }
    }

    proptest::proptest! {
        /// However much was credited, paid and sent back: all that is taken together is never above what has left.
        #[test]
        fn what_is_taken_is_never_above_what_has_left(
            shipments in proptest::collection::vec((0i64..100, 0i64..100, 0i64..100), 1..8),
        ) {
            let mut figures = Shipped { value: 0.into(), credited: 0.into(), settled: 0.into(), reopened: 0.into(), captured: 0.into() };
            for (ships, credits, refunds) in shipments {
                figures.value += Decimal::from(ships);
                let taken = figures.uncaptured();
                figures.captured += taken;
                figures.settled += taken;
                proptest::prop_assert!(figures.captured <= figures.value);
                let credit = Decimal::from(credits).min(figures.value - figures.credited);
                figures.credited += credit;
                // What was paid for it is free.
                figures.settled -= (figures.settled - (figures.value - figures.credited)).max(Decimal::ZERO);
                let refund = Decimal::from(refunds).min(figures.settled);
                figures.settled -= refund;
                figures.reopened += refund;
                proptest::prop_assert!(figures.uncaptured().is_zero(), "nothing has left since");
            }
        }
    }
}
