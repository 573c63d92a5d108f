//! What a bank says has come in becomes payments: by itself where it is certain, else as a person says. Each entry is booked once,
//! under its row lock; entries come before orders in the lock order.

use super::accounts;
use super::adjustment_limits::Limits;
use super::document_date::{booking_date, instant_of, require_open};
use super::pay;
use super::payment_targets::{Aim, Targets};
use super::reverse::reverse;
use crate::auth::actor::Context;
use crate::banking::entries::body::MatchBankEntry;
use crate::banking::entries::entry::{BankEntry, BankEntryAction, BankEntryStatus, Decision, Suggestion};
use crate::banking::entries::service as entries;
use crate::banking::files::Direction;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization;
use crate::payments::body::{NewPayment, Target};
use crate::payments::corrections::ReversePayment;
use crate::payments::payment::{Payment, PaymentMethod, PaymentStatus};
use crate::payments::refunds;
use crate::payments::service as payments;
use crate::payments::settlement::{Adjustment, AdjustmentKind, Settlement};
use crate::platform::db::Db;
use crate::platform::http::Precondition;
use crate::platform::numbers::Numbers;
use crate::platform::one_by_one::one_by_one;
use crate::types::decimal::Amount;
use crate::types::id::{BankEntryId, CustomerId, OrderId, OrganizationId, PaymentId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Entries that are booked in one transaction.
const BATCH: usize = 200;

/// Books all certain entries of every organization, as a job. Returns how many entries were decided.
pub fn book_certain(db: &Db, numbers: &Numbers, now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let waiting = db.read_blocking(|connection| Ok(entries::organizations_waiting(connection)?))?;
    one_by_one(waiting, |organization_id| book_certain_of(db, numbers, &Context::system(organization_id, now())))
}

/// The same of one organization.
pub fn book_certain_of(db: &Db, numbers: &Numbers, context: &Context) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        let numbers = db.read_blocking(|connection| receipt_numbers(connection, numbers, context.organization_id))?;
        if numbers.is_empty() || db.is_stopping() {
            return Ok(all);
        }
        let done = db.write_blocking(|connection| book_batch(connection, context, &numbers))?;
        all += done;
        if done == 0 {
            return Ok(all);
        }
    }
}

/// As many as there are entries to book, at most a batch of them.
fn receipt_numbers(connection: &mut PgConnection, numbers: &Numbers, organization_id: OrganizationId) -> Result<Vec<String>, Error> {
    let waiting = entries::count_certain(connection, organization_id, BATCH)?;
    (0..waiting).map(|_| payments::next_number(connection, numbers, organization_id)).collect()
}

/// Books the certain entries of one day that nobody else is booking: one set of locks, a number of statements that does not grow with
/// them. What does not fit any more is left for a person. Returns how many were decided.
fn book_batch(connection: &mut PgConnection, context: &Context, numbers: &[String]) -> Result<usize, Error> {
    let mut locked = entries::lock_certain(connection, context.organization_id, numbers.len() as i64)?;
    let Some(booked_on) = locked.first().map(|entry| entry.booked_on) else { return Ok(0) };
    let settings = organization::settings(connection, context.organization_id)?;
    let aims: Vec<Vec<Aim>> = locked.iter().map(|entry| entry.suggestions.first().map(aims_of).unwrap_or_default()).collect();
    let all: Vec<&Aim> = aims.iter().flatten().collect();
    let mut targets = Targets::lock_known(connection, context, &all)?;
    let limits = Limits::load(connection, context, &targets, all)?;
    let at = instant_of(&settings, booked_on, context.now);
    let is_open = require_open(&settings, booked_on).is_ok();
    let (mut booked, mut payers) = (Vec::new(), Vec::new());
    for ((entry, aims), number) in locked.iter_mut().zip(&aims).zip(numbers) {
        entry.certain = false;
        if entry.direction == Direction::Debit || !is_open {
            continue;
        }
        let Some(payment) = receive(&mut targets, &limits, context, entry, aims, number)? else { continue };
        payers.extend(payment.customer_id.map(|customer| (entry.id, customer)));
        decide(entry, context, Some(payment.id), true);
        booked.push(payment);
    }
    payments::insert_all(connection, context, &booked)?;
    link_refunds(connection, context, &mut locked)?;
    let mut facts: Vec<NewEvent> = booked.iter().map(pay::booked).collect();
    facts = targets.save(connection, context, at, facts)?;
    // Those that turned out uncertain are written too, and told as open.
    let (mut matched, left): (Vec<BankEntry>, Vec<BankEntry>) =
        locked.into_iter().partition(|entry| entry.status == BankEntryStatus::Matched);
    let done = matched.len() + left.len();
    facts.extend(entries::decided(connection, context, &mut matched, &payers)?);
    entries::save_suggested(connection, context.organization_id, &left)?;
    events::append(connection, context, &facts)?;
    Ok(done)
}

/// What a suggestion puts the money on.
fn aims_of(suggestion: &Suggestion) -> Vec<Aim> {
    let aim = |allocation: &crate::banking::entries::entry::SuggestedAllocation| {
        let target = allocation.invoice_id.map(Target::Invoice).or(allocation.order_id.map(Target::Order))?;
        let deducted =
            [(AdjustmentKind::BankFee, allocation.bank_fee), (AdjustmentKind::EarlyPaymentDiscount, allocation.early_payment_discount)];
        let deducted = deducted.into_iter().filter(|(_, amount)| !amount.0.is_zero());
        let adjustments = deducted.map(|(kind, amount)| Adjustment { kind, amount, reference: None }).collect();
        Some(Aim { pointer: String::new(), target, exact: Some(Settlement { money: allocation.amount.0, adjustments }) })
    };
    suggestion.allocations.iter().filter_map(aim).collect()
}

/// The payment of a certain entry, put on its documents in memory; `None` where they do not owe exactly that any more, or what is
/// deducted passes the limits.
fn receive(
    targets: &mut Targets,
    limits: &Limits,
    context: &Context,
    entry: &BankEntry,
    aims: &[Aim],
    number: &str,
) -> Result<Option<Payment>, Error> {
    let owes = |aim: &Aim| aim.exact.as_ref().map(Settlement::total) == targets.debt(aim.target);
    let fits = !aims.is_empty() && aims.iter().all(owes);
    let Some(customer_id) = fits.then(|| targets.check_known(aims, entry.currency)).flatten() else { return Ok(None) };
    let mut orders: Vec<OrderId> = aims.iter().filter_map(|aim| targets.known_order(aim.target)).collect();
    orders.sort_unstable();
    orders.dedup();
    let mut payment = Payment {
        id: PaymentId::generate(),
        number: number.to_owned(),
        customer_id: Some(customer_id),
        order_id: if let [only] = orders.as_slice() { Some(*only) } else { None },
        invoice_id: match aims {
            [Aim { target: Target::Invoice(id), .. }] => Some(*id),
            _ => None,
        },
        currency: entry.currency,
        method: PaymentMethod::BankTransfer,
        status: PaymentStatus::Captured,
        amount: entry.amount,
        captured: entry.amount,
        refunded: entry.currency.zero(),
        applied: entry.currency.zero(),
        received_on: entry.booked_on,
        expires_at: None,
        reference: Some(entry.payment_reference()),
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
        allocations: vec![],
        provider: None,
        provider_reference: None,
        capture_on_shipment: false,
        operations: vec![],
    };
    if !limits.allow(aims, &payment) {
        return Ok(None);
    }
    targets.apply(aims, &mut payment, context.now)?;
    Ok(Some(payment))
}

fn decide(entry: &mut BankEntry, context: &Context, payment_id: Option<PaymentId>, booked: bool) {
    entry.status = BankEntryStatus::Matched;
    entry.certain = false;
    (entry.payment_id, entry.booked) = (payment_id, booked);
    entry.decision = Some(Decision { by: context.actor.clone(), at: context.now, reason: None });
}

/// Money that left for the refund that its text names. The refunds' payments are locked, so that no other entry takes them.
fn link_refunds(connection: &mut PgConnection, context: &Context, locked: &mut [BankEntry]) -> Result<(), Error> {
    let wanted = |entry: &BankEntry| match entry.direction {
        Direction::Debit => entry.suggestions.first().and_then(|suggestion| suggestion.refund_id),
        Direction::Credit => None,
    };
    let ids: Vec<_> = locked.iter().filter_map(wanted).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let free = entries::lock_free_refunds(connection, context.organization_id, &ids)?;
    for entry in locked {
        let fits = wanted(entry)
            .filter(|id| free.iter().any(|refund| refund.id == *id && (refund.amount, refund.currency) == (entry.amount, entry.currency)));
        if let Some(refund_id) = fits {
            decide(entry, context, None, false);
            entry.refund_id = Some(refund_id);
        }
    }
    Ok(())
}

/// Books or links an entry as a person says.
pub fn match_entry(
    connection: &mut PgConnection,
    context: &Context,
    id: BankEntryId,
    body: &MatchBankEntry,
    number: String,
    precondition: &Precondition,
) -> Result<BankEntry, Error> {
    body.check()?;
    let entry = entries::lock(connection, context.organization_id, id, BankEntryAction::Match, precondition)?;
    let credit = entry.direction == Direction::Credit;
    let outgoing = body.refund_id.is_some() || body.reversed_payment_id.is_some();
    if credit == outgoing {
        let pointer = match (credit, body.refund_id.is_some()) {
            (true, true) => "/refund_id",
            (true, false) => "/reversed_payment_id",
            (false, _) => "",
        };
        let detail = "money that came in is a payment, money that left is a refund or was taken back";
        return Err(Error::invalid(pointer, "wrong_direction", detail));
    }
    if body.refund_id.is_some() {
        return link_refund(connection, context, entry, body);
    }
    if let Some(payment_id) = body.reversed_payment_id {
        return book_reversal(connection, context, entry, body, payment_id, number);
    }
    match body.payment_id {
        Some(payment_id) => link_payment(connection, context, entry, payment_id),
        None => book(connection, context, entry, body, number),
    }
}

/// The money becomes a payment.
fn book(
    connection: &mut PgConnection,
    context: &Context,
    mut entry: BankEntry,
    body: &MatchBankEntry,
    number: String,
) -> Result<BankEntry, Error> {
    body.check_amount(entry.amount, entry.currency)?;
    let settings = organization::settings(connection, context.organization_id)?;
    let received_on = booking_date(&settings, Some(body.received_on.unwrap_or(entry.booked_on)), context, "/received_on")?;
    let new = NewPayment {
        customer_id: body.customer_id,
        amount: Amount(entry.amount),
        currency: entry.currency,
        method: PaymentMethod::BankTransfer,
        status: None,
        received_on: Some(received_on),
        expires_at: None,
        provider: None,
        provider_payment_method: None,
        provider_reference: None,
        capture_on_shipment: None,
        reference: Some(entry.payment_reference()),
        invoice_id: None,
        order_id: None,
        allocations: body.allocations.clone(),
        external_ids: None,
        metadata: None,
    };
    let payment = pay::receive(connection, context, &new, number)?;
    decide(&mut entry, context, Some(payment.id), true);
    finish(connection, context, entry, payment.customer_id)
}

/// The payer's bank has taken a payment back.
fn book_reversal(
    connection: &mut PgConnection,
    context: &Context,
    mut entry: BankEntry,
    body: &MatchBankEntry,
    payment_id: PaymentId,
    number: String,
) -> Result<BankEntry, Error> {
    let received_on = Some(body.received_on.unwrap_or(entry.booked_on));
    let known = payments::find(connection, context.organization_id, payment_id).map_err(|error| match error {
        Error::NotFound { .. } => Error::invalid("/reversed_payment_id", "unknown_payment", "there is no such payment"),
        other => other,
    })?;
    if known.currency != entry.currency {
        return Err(Error::conflict("amount_differs", format!("the payment is in {}, this is in {}", known.currency, entry.currency)));
    }
    let reason = if entry.remittance_text.trim().is_empty() { entry.payment_reference() } else { entry.remittance_text.clone() };
    let reversal = ReversePayment { amount: Some(Amount(entry.amount)), reason: reason.chars().take(500).collect(), received_on };
    let row = reverse(connection, context, payment_id, &reversal, number, &Precondition::Any)?;
    decide(&mut entry, context, None, true);
    entry.refund_id = Some(row.id);
    finish(connection, context, entry, None)
}

/// The money is a payment that is booked already, and that no other entry stands for.
fn link_payment(connection: &mut PgConnection, context: &Context, mut entry: BankEntry, payment_id: PaymentId) -> Result<BankEntry, Error> {
    let unknown = || Error::invalid("/payment_id", "unknown_payment", "there is no such payment");
    let change = payments::lock(connection, context.organization_id, payment_id, &Precondition::Any).map_err(|error| match error {
        Error::NotFound { .. } => unknown(),
        other => other,
    })?;
    let payment = change.after;
    if (payment.captured, payment.currency) != (entry.amount, entry.currency) {
        let detail = format!("{} {} was captured by it, this is {} {}", payment.captured, payment.currency, entry.amount, entry.currency);
        return Err(Error::conflict("amount_differs", detail));
    }
    let mut filter = entries::Filter { payment_id: vec![payment_id], ..Default::default() };
    filter.status = vec![BankEntryStatus::Matched.to_string()];
    if !entries::list(connection, context.organization_id, &filter, None, 1, "")?.data.is_empty() {
        return Err(Error::conflict("payment_matched", "another entry stands for this payment"));
    }
    decide(&mut entry, context, Some(payment_id), false);
    finish(connection, context, entry, payment.customer_id)
}

/// The money that left is a refund that no other entry stands for.
fn link_refund(connection: &mut PgConnection, context: &Context, mut entry: BankEntry, body: &MatchBankEntry) -> Result<BankEntry, Error> {
    let Some(refund_id) = body.refund_id else { return Err(Error::internal("no refund to link")) };
    let known = refunds::service::get(connection, context.organization_id, refund_id).map_err(|error| match error {
        Error::NotFound { .. } => Error::invalid("/refund_id", "unknown_refund", "there is no such refund"),
        other => other,
    })?;
    if (known.amount.0, known.currency) != (entry.amount, entry.currency) {
        let detail = format!("it is of {} {}, this is {} {}", known.amount.0, known.currency, entry.amount, entry.currency);
        return Err(Error::conflict("amount_differs", detail));
    }
    if entries::lock_free_refunds(connection, context.organization_id, &[refund_id])?.is_empty() {
        return Err(Error::conflict_with("refund_matched", "another entry stands for this refund", json!({ "refund_id": refund_id })));
    }
    decide(&mut entry, context, None, false);
    entry.refund_id = Some(refund_id);
    finish(connection, context, entry, None)
}

fn finish(connection: &mut PgConnection, context: &Context, entry: BankEntry, payer: Option<CustomerId>) -> Result<BankEntry, Error> {
    let payers: Vec<(BankEntryId, CustomerId)> = payer.map(|customer| (entry.id, customer)).into_iter().collect();
    let mut entries = [entry];
    let facts = entries::decided(connection, context, &mut entries, &payers)?;
    events::append(connection, context, &facts)?;
    let [entry] = entries;
    Ok(entry)
}

impl Targets {
    /// Locks what aims name; what is not there any more is left out.
    fn lock_known(connection: &mut PgConnection, context: &Context, aims: &[&Aim]) -> Result<Self, Error> {
        let orders = Self::orders_of(connection, context, aims.iter().copied())?;
        Ok(Self { accounts: accounts::lock_all(connection, context.organization_id, &orders)? })
    }

    /// What is owed on a target; `None` where it is not there.
    fn debt(&self, target: Target) -> Option<Decimal> {
        let account = self.account(target).ok()?;
        match target {
            Target::Invoice(id) => account.invoice(id).map(|invoice| invoice.due()),
            Target::Order(_) => Some(account.debt()),
        }
    }

    fn known_order(&self, target: Target) -> Option<OrderId> {
        self.account(target).ok().map(|account| account.order_id)
    }

    /// The one customer who owes all of it, in the currency; `None` where that is not so.
    fn check_known(&self, aims: &[Aim], currency: crate::types::currency::Currency) -> Option<CustomerId> {
        self.check(aims, currency, None).ok().flatten()
    }
}
