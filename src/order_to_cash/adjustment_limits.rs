//! How much may settle a document without money: judged with what stands there already, so that money that comes off and is put on
//! again takes no more with it than it did at once.

use super::payment_targets::{Aim, Targets};
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::invoicing::invoices;
use crate::payments::body::Target;
use crate::payments::early_payment::Offer;
use crate::payments::payment::Payment;
use crate::payments::service as payments;
use crate::payments::settlement::{AdjustmentKind, Settlement};
use crate::payments::standing::Standing;
use crate::types::currency::Currency;
use crate::types::fault::Faults;
use crate::types::id::{InvoiceId, OrderId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// What stands on the documents of aims, and what their terms grant.
pub(super) struct Limits {
    orders: HashMap<Target, OrderId>,
    standing: Vec<Standing>,
    offers: HashMap<InvoiceId, Offer>,
}

/// Money, and what is said to be kept of it on the way: tax and fees.
#[derive(Clone, Copy, Default)]
struct Kept {
    money: Decimal,
    kept: Decimal,
}

fn of_kind(aim: &Aim, kind: AdjustmentKind) -> Decimal {
    aim.exact.as_ref().map(|exact| exact.of_kind(kind)).unwrap_or_default()
}

fn discount(aim: &Aim) -> Decimal {
    of_kind(aim, AdjustmentKind::EarlyPaymentDiscount)
}

fn kept(aim: &Aim) -> Decimal {
    of_kind(aim, AdjustmentKind::WithholdingTax) + of_kind(aim, AdjustmentKind::BankFee)
}

fn invoice(aim: &Aim) -> Option<InvoiceId> {
    match aim.target {
        Target::Invoice(id) => Some(id),
        Target::Order(_) => None,
    }
}

impl Limits {
    /// Of locked targets; no statement where no aim has what is limited.
    pub fn load<'a>(
        connection: &mut PgConnection,
        context: &Context,
        targets: &Targets,
        aims: impl IntoIterator<Item = &'a Aim> + Clone,
    ) -> Result<Self, Error> {
        let orders: HashMap<Target, OrderId> =
            aims.clone().into_iter().filter_map(|aim| Some((aim.target, targets.order_of(aim.target).ok()?))).collect();
        let limited = |aim: &&Aim| !(discount(aim) + kept(aim)).is_zero();
        let mut of_limited: Vec<OrderId> =
            aims.clone().into_iter().filter(limited).filter_map(|aim| orders.get(&aim.target)).copied().collect();
        of_limited.sort();
        of_limited.dedup();
        let standing = payments::standing_on_orders(connection, context.organization_id, &of_limited)?;
        let discounted: Vec<InvoiceId> = aims.into_iter().filter(|aim| !discount(aim).is_zero()).filter_map(invoice).collect();
        let terms = match discounted.as_slice() {
            [] => HashMap::new(),
            ids => invoices::service::terms_of(connection, context.organization_id, ids)?,
        };
        let offer = |id: InvoiceId| {
            let issued_on = targets.account(Target::Invoice(id)).ok()?.invoice(id)?.issued_on;
            let on_it = standing.iter().filter(|standing| standing.invoice_id == Some(id));
            Some((id, Offer::of(terms.get(&id)?, issued_on)?.beside(on_it)))
        };
        let offers = discounted.into_iter().filter_map(offer).collect();
        Ok(Self { orders, standing, offers })
    }

    /// 403 where more is said to be kept on the way than comes, 422 `discount_not_granted` where more is deducted for paying early
    /// than the invoice's terms grant for the day on which the money came.
    pub fn check(&self, context: &Context, aims: &[Aim], payment: &Payment) -> Result<(), Error> {
        if self.keeps_too_much(aims) {
            context.require(Permission::PAYMENTS_WRITE_OFF)?;
        }
        let mut faults = Faults::new();
        for aim in aims {
            if let Err(detail) = self.grants(aim, payment.received_on, payment.currency) {
                faults.add(format!("{}/adjustments", aim.pointer), "discount_not_granted", detail);
            }
        }
        Ok(faults.into_result()?)
    }

    /// Whether all of it is within the limits, so that it needs nobody's word.
    pub fn allow(&self, aims: &[Aim], payment: &Payment) -> bool {
        !self.keeps_too_much(aims) && aims.iter().all(|aim| self.grants(aim, payment.received_on, payment.currency).is_ok())
    }

    /// Whether more tax and fees than money would stand on an invoice that some are added to, or on its order and all its invoices.
    fn keeps_too_much(&self, aims: &[Aim]) -> bool {
        let mut sums: HashMap<(OrderId, Option<InvoiceId>), Kept> = HashMap::new();
        let mut add = |order_id: OrderId, invoice_id: Option<InvoiceId>, more: Kept| {
            // The order stands for itself with its invoices.
            for key in [Some((order_id, None)), invoice_id.map(|id| (order_id, Some(id)))].into_iter().flatten() {
                let sum = sums.entry(key).or_default();
                (sum.money, sum.kept) = (sum.money + more.money, sum.kept + more.kept);
            }
        };
        for row in &self.standing {
            add(row.order_id, row.invoice_id, Kept { money: row.money, kept: row.kept });
        }
        for aim in aims {
            if let (Some(order_id), Some(exact)) = (self.orders.get(&aim.target), &aim.exact) {
                add(*order_id, invoice(aim), Kept { money: exact.money, kept: kept(aim) });
            }
        }
        let exceeds = |key: (OrderId, Option<InvoiceId>)| sums.get(&key).is_some_and(|sum| sum.kept > sum.money);
        let keeping = aims.iter().filter(|aim| !kept(aim).is_zero());
        let mut keys = keeping.filter_map(|aim| Some((*self.orders.get(&aim.target)?, invoice(aim))));
        keys.any(|(order_id, invoice_id)| exceeds((order_id, None)) || exceeds((order_id, invoice_id)))
    }

    /// Why a discount is not granted.
    fn grants(&self, aim: &Aim, received_on: NaiveDate, currency: Currency) -> Result<(), String> {
        let deducted = discount(aim);
        if deducted.is_zero() {
            return Ok(());
        }
        let id = invoice(aim).ok_or("an early payment discount is one of an invoice; name it by invoice_id")?;
        let offer = self.offers.get(&id).ok_or("the invoice's terms have no early payment discount")?;
        let settled = aim.exact.as_ref().map(Settlement::total).unwrap_or_default();
        let most = offer.granted(settled, received_on, currency);
        if deducted <= most {
            return Ok(());
        }
        let (percent, until_on, given) = (offer.percent.normalize(), offer.until_on, offer.earlier.discount);
        let before =
            if given.is_zero() { String::new() } else { format!(", {} {currency} of it were deducted before", currency.round(given)) };
        Err(format!("the terms grant {percent} % until {until_on}{before}: at most {most} {currency} here"))
    }
}
