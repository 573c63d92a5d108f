//! A prepayment stands for what is still to be invoiced. Whenever an order comes to less than its prepayments stand for, what is too
//! much of them is taken back by credit notes in the same transaction, the newest prepayment first, and its money is unapplied. Invoices
//! deduct prepayments as far as they go, so that they neither make such a surplus nor hide one: it comes of cancellations, edits, goods
//! that come back before their invoice, and credit notes that take a deduction back.

use super::accounts::{self, LockedAccount};
use super::credit::{self, DraftCreditNote};
use super::deposits;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::invoicing::invoices;
use crate::invoicing::invoices::prepayment::{OpenPrepayment, surplus, take};
use crate::orders::change::OrderChange;
use crate::orders::order::Order;
use crate::orders::tax::TaxGroup;
use crate::organization;
use crate::payments::account::Account;
use crate::payments::payment::PaymentAction;
use crate::payments::service::{self as payments, PaymentChange};
use crate::payments::settlement::Settlement;
use crate::types::id::{InvoiceId, PaymentId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Reasons of credit notes that nobody has asked for.
pub const CANCELLED: &str = "the order was cancelled";
pub const EDITED: &str = "the order was edited";
pub const CREDITED: &str = "what had deducted the prepayment was credited";
pub const INVOICED: &str = "the order came to less than its prepayment";

/// What an order has given back. Tell and write it once the order and its stock are written.
#[derive(Debug, Default)]
pub struct GivenBack {
    notes: Vec<DraftCreditNote>,
    facts: Vec<NewEvent>,
}

impl GivenBack {
    /// The events of what needs no number, once.
    pub fn told(&mut self) -> Vec<NewEvent> {
        std::mem::take(&mut self.facts)
    }

    /// Numbers the credit notes, inserts them and appends their events. Last in the lock order.
    pub fn write(self, connection: &mut PgConnection, context: &Context) -> Result<(), Error> {
        let mut facts = vec![];
        for note in self.notes {
            facts.extend(note.write(connection, context)?.1);
        }
        Ok(events::append(connection, context, &facts)?)
    }
}

/// After units of a locked order were cancelled or edited away, and before it is saved: deposits above what is left to invoice become
/// unapplied money of their payments, and so does what was paid of prepayments that are too much. Of this money as much stays on the
/// order as it is still short of, since a prepayment is too much in one tax group where it may be missing in another. Invoices and payments
/// are written here; the order, with the change of its customer's balance, is the caller's to save.
pub fn give_back(
    connection: &mut PgConnection,
    context: &Context,
    change: OrderChange,
    reason: &str,
) -> Result<(OrderChange, GivenBack), Error> {
    if change.after.amount_paid.is_zero() && !is_invoiced(&change.after) {
        return Ok((change, GivenBack::default()));
    }
    let mut account = accounts::of_locked(connection, context.organization_id, change)?;
    account.count_uninvoiced();
    let mut taken = take_surplus(connection, context, &mut account, &[], reason)?;
    let mut released = release_deposits(connection, context, &mut account)?;
    keep(connection, context, &mut account, taken.notes.iter_mut().map(|note| &mut note.released).chain([&mut released]).collect())?;
    accounts::save_invoices(connection, context, std::slice::from_mut(&mut account))?;
    let mut facts: Vec<NewEvent> = released.iter().map(|payment| payments::event("payment.unapplied", &payment.after)).collect();
    facts.extend(account.settled_invoices());
    Ok((account.change, GivenBack { notes: taken.notes, facts }))
}

/// Puts what these payments have just set free back on the order, up to what is neither invoiced nor paid; what is left of them is told.
pub fn keep(
    connection: &mut PgConnection,
    context: &Context,
    account: &mut LockedAccount,
    mut freed: Vec<&mut Vec<PaymentChange>>,
) -> Result<(), Error> {
    let mut free: BTreeMap<PaymentId, Decimal> = BTreeMap::new();
    for change in freed.iter().flat_map(|changes| changes.iter()) {
        *free.entry(change.after.id).or_default() += change.more_unapplied();
    }
    if free.is_empty() || account.account.uninvoiced_debt().is_zero() {
        return Ok(());
    }
    let mut payments = payments::lock_all(connection, context.organization_id, &free.keys().copied().collect::<Vec<_>>())?;
    for payment in &mut payments {
        let most = free.get(&payment.after.id).copied().unwrap_or_default().min(payment.after.unapplied());
        if payment.after.status.next(PaymentAction::Allocate).is_err() {
            continue;
        }
        let kept = account.account.pay_in_advance(&mut Settlement::money(most));
        payment.after.put(kept.as_slice(), context.now);
    }
    payments::save(connection, context, &mut payments)?;
    for changes in &mut freed {
        for change in changes.iter_mut() {
            if let Some(payment) = payments.iter().find(|payment| payment.after.id == change.after.id) {
                change.after = payment.after.clone();
            }
        }
        changes.retain(|change| change.more_unapplied() > Decimal::ZERO);
    }
    Ok(())
}

/// Deposits above what is left to invoice become unapplied money of their payments.
pub fn release_deposits(
    connection: &mut PgConnection,
    context: &Context,
    account: &mut LockedAccount,
) -> Result<Vec<PaymentChange>, Error> {
    let excess = account.account.release_deposits();
    deposits::release(connection, context, account.account.order_id, None, excess)
}

/// What was taken back of prepayments.
#[derive(Debug, Default)]
pub struct TakenBack {
    /// To be numbered and inserted once the account is saved.
    pub notes: Vec<DraftCreditNote>,
    /// What is left to deduct.
    pub open: Vec<OpenPrepayment>,
}

/// Takes back what is too much of an order's prepayments, in memory and on their payments. `reopened` is what credit notes that are not
/// written yet give back of deductions.
pub fn take_surplus(
    connection: &mut PgConnection,
    context: &Context,
    account: &mut LockedAccount,
    reopened: &[(InvoiceId, TaxGroup)],
    reason: &str,
) -> Result<TakenBack, Error> {
    let (organization_id, order) = (context.organization_id, &account.change.after);
    if !is_invoiced(order) {
        return Ok(TakenBack::default());
    }
    let (order_id, currency) = (order.id, order.currency);
    let mut open = invoices::service::prepayments(connection, organization_id, order_id, currency)?;
    for (invoice_id, group) in reopened {
        let of = open.iter_mut().find(|open| open.invoice_id == *invoice_id && open.group.is_like(group));
        let of = of.ok_or_else(|| Error::internal("a deduction without its prepayment"))?;
        take(&mut of.group, -group.net_amount.0, -group.tax_amount.0, currency);
    }
    open.retain(OpenPrepayment::is_open);
    if open.is_empty() {
        return Ok(TakenBack::default());
    }
    let surplus = surplus(&account.change.after.to_invoice().tax_breakdown(), &open, currency);
    if surplus.is_empty() {
        return Ok(TakenBack { notes: vec![], open });
    }
    lock_payments(connection, context, &account.account)?;
    let settings = organization::settings(connection, organization_id)?;
    let mut notes = vec![];
    for of_invoice in surplus.chunk_by(|one, next| one.invoice_id == next.invoice_id) {
        notes.push(credit::prepare_surplus(connection, context, &settings, account, of_invoice, reason)?);
        for too_much in of_invoice {
            let is_it = |open: &&mut OpenPrepayment| open.invoice_id == too_much.invoice_id && open.group.is_like(&too_much.group);
            if let Some(open) = open.iter_mut().find(is_it) {
                take(&mut open.group, too_much.group.net_amount.0, too_much.group.tax_amount.0, currency);
            }
        }
    }
    open.retain(OpenPrepayment::is_open);
    account.count_uninvoiced();
    Ok(TakenBack { notes, open })
}

/// Whether there are invoices that credit notes have not taken back.
fn is_invoiced(order: &Order) -> bool {
    order.amount_invoiced > order.amount_credited
}

/// All payments that have money on the order, as one sorted set: each prepayment frees that of its own.
pub fn lock_payments(connection: &mut PgConnection, context: &Context, account: &Account) -> Result<(), Error> {
    if account.paid > Decimal::ZERO {
        let ids = payments::of_order(connection, context.organization_id, account.order_id)?;
        payments::lock_all(connection, context.organization_id, &ids)?;
    }
    Ok(())
}
