//! Taking back an invoice, or a part of it.

mod asked;
mod note;

use super::accounts::{self, LockedAccount};
use super::document_date::{document_date, instant_of};
use super::{deposits, prepaid};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::invoicing::credit_notes;
use crate::invoicing::credit_notes::body::NewCreditNote;
use crate::invoicing::credit_notes::credit_note::{CreditNote, CreditNoteLineKind};
use crate::invoicing::credit_notes::portion::{CreditPortion, Extent, portion as portion_of};
use crate::invoicing::credit_notes::restocking::{FeePart, keep_back, largest_fee};
use crate::invoicing::credit_notes::sums::Sum;
use crate::invoicing::invoices;
use crate::invoicing::invoices::invoice::{Invoice, InvoiceKind};
use crate::invoicing::invoices::prepayment::OpenPrepayment;
use crate::invoicing::series::{self, body::SeriesKind};
use crate::orders::status::OrderAction;
use crate::orders::tax::TaxGroup;
use crate::organization::{self, Settings};
use crate::payments::service::{self as payments, PaymentChange};
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, OrderId};
use asked::{Creditable, place_of};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
pub use note::unit_price as note_price;
use note::{Heading, note};
use rust_decimal::Decimal;

/// Issues a credit note in the current transaction. 422 where the invoice is unknown. What it opens again of prepayments that nothing
/// will deduct any more is taken back with it, by credit notes of their own.
pub fn issue(connection: &mut PgConnection, context: &Context, body: &NewCreditNote) -> Result<CreditNote, Error> {
    body.check()?;
    let settings = organization::settings(connection, context.organization_id)?;
    let order_id = order_of(connection, context, body.invoice_id)?;
    let mut account = accounts::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let draft = prepare(connection, context, &settings, &mut account, body, Decimal::ZERO)?;
    let mut more = vec![];
    if !draft.reopened.is_empty() {
        more = prepaid::take_surplus(connection, context, &mut account, &draft.reopened, prepaid::CREDITED)?.notes;
    }
    let at = instant_of(&settings, draft.note.issued_on, context.now);
    let order_facts = accounts::save(connection, context, vec![account], at)?;
    let (note, mut facts) = draft.write(connection, context)?;
    for draft in more {
        facts.extend(draft.write(connection, context)?.1);
    }
    facts.extend(order_facts);
    events::append(connection, context, &facts)?;
    Ok(note)
}

/// The order of an invoice; 422 where the invoice is unknown.
pub fn order_of(connection: &mut PgConnection, context: &Context, invoice_id: InvoiceId) -> Result<OrderId, Error> {
    let orders = invoices::service::orders_of(connection, context.organization_id, &[invoice_id])?;
    orders.get(&invoice_id).copied().ok_or_else(|| Error::invalid("/invoice_id", "unknown_invoice", "there is no such invoice"))
}

/// A credit note without a number. Save the account, then `write`.
#[derive(Clone, Debug)]
pub struct DraftCreditNote {
    pub note: CreditNote,
    /// Payments whose money is on the invoice no more: it is unapplied.
    pub released: Vec<PaymentChange>,
    /// What was kept back of the restocking fee, in the document's own terms.
    pub kept_back: Decimal,
    /// What the invoice had deducted of prepayments and does not any more.
    pub reopened: Vec<(InvoiceId, TaxGroup)>,
}

/// Decides what the credit note says, moves quantities and money of the order and invoice in memory, and takes what was paid
/// too much off the invoice: it becomes unapplied money of its payments. Of the `restocking_fee` as much is kept back as the
/// goods on it are worth. Goods that are worth more than is left of the invoice take as much of its deductions back with them.
pub fn prepare(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &mut LockedAccount,
    body: &NewCreditNote,
    restocking_fee: Decimal,
) -> Result<DraftCreditNote, Error> {
    let (creditable, heading) = lock(connection, context, settings, account, body)?;
    let asked = creditable.asked(&account.change.after, body)?;
    let invoice = &creditable.invoice;
    let mut portion = portion_of(invoice, &creditable.before, &asked.after);
    let kept_back = restocking_fee.min(largest_fee(invoice, &portion)).max(invoice.currency.zero());
    let fees = keep_back(invoice, &mut portion, kept_back);
    add_sums(invoice, &mut portion, &asked.sums);
    let left = invoice.total - invoice.amount_credited;
    if portion.total > left && invoice.kind == InvoiceKind::Standard {
        let excess = portion.total - left;
        let deductions = creditable.deductions(&portion, &asked.sums, excess);
        add_sums(invoice, &mut portion, &deductions);
    }
    if portion.total > left {
        return Err(Error::conflict("exceeds_invoiced", "this is more than is left of the invoice"));
    }
    if portion.is_nothing() || (portion.total.is_sign_negative() && !portion.total.is_zero()) {
        return Err(Error::conflict("nothing_to_credit", "nothing of the invoice is left that could be taken back by this"));
    }
    creditable.require_undeducted(&portion)?;
    let said = Said { portion, after: asked.after, fees, kept_back };
    draft(connection, context, account, &creditable, body, heading, said)
}

/// As [`prepare`], of all that is left of an invoice in whose place another one is issued: the order's quantities and money stay as they
/// are. Answers the invoice and what of it is taken back, too. 409 `fee_kept_back` where the two are not the same.
pub fn prepare_replaced(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &LockedAccount,
    body: &NewCreditNote,
) -> Result<(Invoice, CreditPortion, CreditNote), Error> {
    let (creditable, (series, issued_on)) = lock(connection, context, settings, account, body)?;
    let asked = creditable.asked(&account.change.after, body)?;
    let invoice = &creditable.invoice;
    let mut portion = portion_of(invoice, &creditable.before, &asked.after);
    add_sums(invoice, &mut portion, &asked.sums);
    if portion.is_nothing() {
        return Err(Error::conflict(
            "nothing_to_replace",
            "credit notes have taken all of this invoice back; nothing of it is left to issue anew",
        ));
    }
    creditable.require_undeducted(&portion)?;
    let left = invoice.total - invoice.amount_credited;
    if portion.total != left {
        let detail = format!(
            "{left} {} of it stays: a fee was kept back of what came back, and that invoice is what it is owed by",
            invoice.currency
        );
        return Err(Error::conflict("fee_kept_back", detail));
    }
    let credits_shipping = asked.after.shipping && !creditable.before.shipping;
    let note = note(context, invoice, &portion, body, Heading { series, issued_on, credits_shipping, fees: vec![] });
    let counted = counted(&creditable, &portion, &asked.after);
    invoices::service::save_credited(connection, context.organization_id, invoice.id, &counted)?;
    Ok((creditable.invoice, portion, note))
}

/// As [`prepare`], of what is too much of one prepayment invoice: entries of its open prepayments.
pub fn prepare_surplus(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &mut LockedAccount,
    surplus: &[OpenPrepayment],
    reason: &str,
) -> Result<DraftCreditNote, Error> {
    let id = surplus.first().map(|open| open.invoice_id).ok_or_else(|| Error::internal("nothing is too much"))?;
    let body = NewCreditNote::of_whole(id, reason);
    let (creditable, heading) = lock(connection, context, settings, account, &body)?;
    let invoice = &creditable.invoice;
    let mut portion = portion_of(invoice, &creditable.before, &creditable.before);
    for open in surplus {
        let place = place_of(invoice, open).ok_or_else(|| Error::internal("a prepayment without its line"))?;
        portion.add_sum(invoice, place, open.group.net_amount.0, open.group.tax_amount.0);
    }
    let said = Said { portion, after: creditable.before.clone(), fees: vec![], kept_back: invoice.currency.zero() };
    draft(connection, context, account, &creditable, &body, heading, said)
}

/// Locks the invoice; its series and date.
fn lock(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &LockedAccount,
    body: &NewCreditNote,
) -> Result<(Creditable, (String, NaiveDate)), Error> {
    let invoice = invoices::service::lock(connection, context.organization_id, body.invoice_id)?;
    let issued_on = issue_date(settings, &invoice, body, context)?;
    let series = body.series.clone().unwrap_or_else(|| "CN".to_owned());
    series::service::require(connection, context.organization_id, &series, SeriesKind::CreditNote)?;
    account.change.after.status.next(OrderAction::Credit)?;
    Ok((Creditable::of(connection, context, invoice)?, (series, issued_on)))
}

/// Adds a part of each line that is a sum of money; of a deduction it is below 0.
fn add_sums(invoice: &Invoice, portion: &mut CreditPortion, sums: &[Sum]) {
    let sign = match invoice.kind {
        InvoiceKind::Standard => Decimal::NEGATIVE_ONE,
        InvoiceKind::Prepayment => Decimal::ONE,
    };
    for (place, sum) in sums.iter().enumerate().filter(|(_, sum)| !sum.is_nothing()) {
        portion.add_sum(invoice, place, sign * sum.net, sign * sum.tax);
    }
}

/// What a credit note is to say.
struct Said {
    portion: CreditPortion,
    /// All that is taken back of goods then.
    after: Extent,
    fees: Vec<FeePart>,
    kept_back: Decimal,
}

fn draft(
    connection: &mut PgConnection,
    context: &Context,
    account: &mut LockedAccount,
    of: &Creditable,
    body: &NewCreditNote,
    (series, issued_on): (String, NaiveDate),
    said: Said,
) -> Result<DraftCreditNote, Error> {
    let (invoice, Said { portion, after, fees, kept_back }) = (&of.invoice, said);
    let heading = Heading { series, issued_on, credits_shipping: after.shipping && !of.before.shipping, fees };
    let note = note(context, invoice, &portion, body, heading);
    let reopened = reopened(invoice, &portion);
    if !reopened.is_empty() {
        // Prepayments may free money with it, each that of its own payments: all are locked as one sorted set.
        prepaid::lock_payments(connection, context, &account.account)?;
    }
    let excess = account.account.credit(invoice.id, portion.total);
    let released = deposits::release(connection, context, invoice.order_id, Some(invoice.id), excess)?;
    invoices::service::save_credited(connection, context.organization_id, invoice.id, &counted(of, &portion, &after))?;
    for line in note.lines.iter().filter(|line| line.detail.kind == CreditNoteLineKind::Goods) {
        let order = &mut account.change.after;
        match line.order_line_id {
            Some(id) => {
                let of_order = order.line_mut(id).ok_or_else(|| Error::internal("a credited line without order line"))?;
                of_order.quantities.credit(line.quantity).map_err(Error::internal)?;
            }
            None => order.detail.credit_prepayment(order.currency.round(line.net_amount + line.tax_amount)),
        }
    }
    Ok(DraftCreditNote { note, released, kept_back, reopened })
}

/// How much of each line that changes is on credit notes now. A sum of money is once all of it is.
fn counted(of: &Creditable, portion: &CreditPortion, after: &Extent) -> Vec<(i16, Decimal)> {
    let mut counted = vec![];
    for (place, line) in of.invoice.lines.iter().enumerate() {
        let part = &portion.lines[place];
        let taken = Sum { net: part.net_amount.abs(), tax: part.tax_amount.abs() };
        let now = match line.is_sum() {
            true if !taken.is_nothing() && of.left[place].without(taken).is_nothing() => line.quantity,
            true => line.credited_quantity,
            false => after.quantities[place],
        };
        if now != line.credited_quantity {
            counted.push((line.line_number, now));
        }
    }
    counted
}

fn reopened(invoice: &Invoice, portion: &CreditPortion) -> Vec<(InvoiceId, TaxGroup)> {
    let mut reopened = vec![];
    for (line, part) in invoice.lines.iter().zip(&portion.lines).filter(|(_, part)| !part.quantity.is_zero()) {
        if let Some(prepayment) = line.prepayment_invoice_id.filter(|id| *id != invoice.id) {
            let group = invoice.document.tax_breakdown[line.detail.tax_group].group();
            let amounts = TaxGroup { net_amount: Amount(-part.net_amount), tax_amount: Amount(-part.tax_amount), ..group };
            reopened.push((prepayment, amounts));
        }
    }
    reopened
}

impl DraftCreditNote {
    /// Numbers the credit note and inserts it. Last in the lock order: only the events may follow.
    pub fn write(mut self, connection: &mut PgConnection, context: &Context) -> Result<(CreditNote, Vec<NewEvent>), Error> {
        let note = &mut self.note;
        let taken = series::take(connection, context, &note.series, SeriesKind::CreditNote, 1, note.issued_on)?;
        let taken = taken.into_iter().next().ok_or_else(|| Error::internal("no number was taken"))?;
        (note.number, note.series_number) = (taken.number, taken.series_number);
        credit_notes::service::insert(connection, context, note)?;
        let data = credit_notes::service::event_data(note);
        let mut facts = vec![NewEvent::of_part("credit_note.issued", note.order_id, "credit_note", note.id.0, data)];
        facts.extend(self.released.iter().map(|payment| payments::event("payment.unapplied", &payment.after)));
        Ok((self.note, facts))
    }
}

fn issue_date(settings: &Settings, invoice: &Invoice, body: &NewCreditNote, context: &Context) -> Result<NaiveDate, Error> {
    let issued_on = document_date(settings, body.issued_on, context)?;
    if issued_on < invoice.issued_on {
        let detail = format!("the invoice is of {}; what it says cannot be taken back before", invoice.issued_on);
        return Err(Error::invalid("/issued_on", "before_invoice", detail));
    }
    Ok(issued_on)
}
