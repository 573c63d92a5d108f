//! A return is settled. What is here is credited, or never invoiced if it was not yet; the money that this sets free goes back if
//! the caller says so; other goods may take its place.

use super::refund::refund;
use super::replace::{ReplacementOrder, replace};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::invoicing::credit_notes::body::{NewCreditNote, NewCreditNoteLine};
use crate::invoicing::credit_notes::portion::has_shipping;
use crate::invoicing::credit_notes::service::shipping_is_credited;
use crate::invoicing::invoices;
use crate::invoicing::invoices::invoice::Invoice;
use crate::invoicing::own_lines::returned_with;
use crate::order_to_cash::accounts::{self, LockedAccount};
use crate::order_to_cash::credit::{self, DraftCreditNote};
use crate::order_to_cash::document_date::instant_of;
use crate::order_to_cash::prepaid;
use crate::orders::change;
use crate::orders::master_data::MasterDataCache;
use crate::orders::status::OrderAction;
use crate::organization::{self, Settings};
use crate::payments::body::check_amount;
use crate::payments::service::{self as payments, PaymentChange};
use crate::platform::http::Precondition;
use crate::returns::body::CompleteReturn;
use crate::returns::sales_return::Return;
use crate::returns::service as returns;
use crate::types::decimal::{Amount, Quantity};
use crate::types::fault::Faults;
use crate::types::id::{InvoiceId, PaymentId, ReturnId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;

/// What is asked for, with the numbers that its documents may need; they are taken before the transaction.
#[derive(Clone, Debug)]
pub struct Completion {
    pub body: CompleteReturn,
    /// For as many refunds as the order has payments.
    pub refund_numbers: Vec<String>,
    /// Where there shall be one.
    pub replacement: Option<ReplacementOrder>,
}

/// Settles a return of which something is here.
pub fn complete(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    id: ReturnId,
    asked: &Completion,
    precondition: &Precondition,
) -> Result<Return, Error> {
    let body = &asked.body;
    body.check()?;
    let settings = organization::settings(connection, context.organization_id)?;
    let order_id = returns::order_of(connection, context.organization_id, id)?;
    let change = change::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let mut rma = returns::lock(connection, context.organization_id, id, precondition)?;
    rma.complete(context.now)?;
    change.after.status.next(OrderAction::Return)?;
    check_fee(body, &rma)?;

    let order = change.before.clone();
    let mut account = accounts::of_locked(connection, context.organization_id, change)?;
    let mut settled = if body.credits() {
        take_off(connection, context, &settings, &mut account, &mut rma, body)?
    } else {
        charge_after_all(&mut account, &mut rma)?;
        Settled::default()
    };
    if !body.refund {
        // The customer owes the rest of the order, and we owe him this: nobody is asked for the one while the other lies there.
        let notes = settled.notes.iter_mut().map(|draft| &mut draft.released);
        prepaid::keep(connection, context, &mut account, notes.chain([&mut settled.released]).collect())?;
    }
    let released = settled.released.iter().map(|payment| payments::event("payment.unapplied", &payment.after));
    settled.told.extend(released);
    if body.refund {
        let reason = reason(body, &rma);
        let (made, told) = refund(connection, context, &mut account, &settled.freed, &reason, &asked.refund_numbers)?;
        rma.amount_refunded = made.iter().fold(rma.currency.zero(), |sum, refund| sum + refund.amount.0);
        rma.refund_ids = made.iter().map(|refund| refund.id).collect();
        settled.told.extend(told);
    }
    rma.credit_note_ids = settled.notes.iter().map(|draft| draft.note.id).collect();
    rma.amount_credited = settled.notes.iter().fold(rma.currency.zero(), |sum, draft| sum + draft.note.total);
    rma.restocking_fee = settled.notes.iter().fold(rma.currency.zero(), |sum, draft| sum + draft.kept_back);
    rma.replacement_order_id = asked.replacement.as_ref().map(|replacement| replacement.order_id);
    returns::save(connection, context, &mut rma)?;

    let at = instant_of(&settings, settings.local_date(context.now), context.now);
    let of_order = accounts::save(connection, context, vec![account], at)?;
    if let (Some(price), Some(replacement)) = (body.replacement_price(), &asked.replacement) {
        replace(connection, cache, context, &order, &rma, price, replacement)?;
    }
    let mut facts = vec![];
    for draft in settled.notes {
        facts.extend(draft.write(connection, context)?.1);
    }
    facts.extend(settled.told);
    facts.extend(of_order);
    facts.push(completed(&rma, asked));
    events::append(connection, context, &facts)?;
    Ok(rma)
}

fn check_fee(body: &CompleteReturn, rma: &Return) -> Result<(), Error> {
    let mut faults = Faults::new();
    if let Some(fee) = body.restocking_fee.filter(|fee| fee.0 > Decimal::ZERO) {
        check_amount(&mut faults, "/restocking_fee", fee.0, rma.currency);
    }
    Ok(faults.into_result()?)
}

fn reason(body: &CompleteReturn, rma: &Return) -> String {
    body.reason.clone().unwrap_or_else(|| returned_with(&rma.number))
}

fn completed(rma: &Return, asked: &Completion) -> NewEvent {
    let mut event = returns::event("return.completed", rma);
    event.data["restocking_fee"] = json!(Amount(rma.restocking_fee));
    event.data["replacement_number"] = json!(asked.replacement.as_ref().map(|replacement| &replacement.number));
    event
}

/// What settling has come to.
#[derive(Default)]
struct Settled {
    notes: Vec<DraftCreditNote>,
    /// Money that is on no document any more, by its payment.
    freed: BTreeMap<PaymentId, Decimal>,
    /// Payments whose deposits are more than is left to invoice.
    released: Vec<PaymentChange>,
    told: Vec<NewEvent>,
}

impl Settled {
    fn free(&mut self, released: &[PaymentChange]) {
        for payment in released {
            *self.freed.entry(payment.after.id).or_default() += payment.more_unapplied();
        }
    }
}

/// The sale stands: what was withheld from invoices is invoiced as if it had not come back.
fn charge_after_all(account: &mut LockedAccount, rma: &mut Return) -> Result<(), Error> {
    for line in &mut rma.lines {
        let of_order = account.change.after.line_mut(line.order_line_id).ok_or(Error::not_found("order line"))?;
        of_order.quantities.end_withholding(line.uninvoiced).map_err(Error::internal)?;
        line.uninvoiced = Decimal::ZERO;
    }
    Ok(())
}

/// The sale of what is here is undone: units without an invoice never get one, the others are credited, unless they were before.
fn take_off(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &mut LockedAccount,
    rma: &mut Return,
    body: &CompleteReturn,
) -> Result<Settled, Error> {
    let mut settled = Settled::default();
    for line in &rma.lines {
        let of_order = account.change.after.line_mut(line.order_line_id).ok_or(Error::not_found("order line"))?;
        of_order.quantities.waive(line.uninvoiced).map_err(Error::internal)?;
    }
    let waives_shipping = body.refund_shipping && account.change.after.shipping_is_open();
    account.change.after.detail.shipping_waived |= waives_shipping;
    account.count_uninvoiced();
    let asked = body.restocking_fee.map_or(Decimal::ZERO, |fee| rma.currency.round(fee.0));
    let mut fee = asked;
    let plans = if body.is_credited() { vec![] } else { plans(connection, context, account, rma, body)? };
    if body.refund_shipping && !waives_shipping && !plans.iter().any(|plan| plan.shipping) {
        return Err(Error::conflict("nothing_to_credit", "the order has no shipping, or it is credited or waived already"));
    }
    for plan in plans {
        let note = NewCreditNote {
            invoice_id: plan.invoice_id,
            reason: reason(body, rma),
            lines: Some(plan.lines),
            shipping: plan.shipping.then_some(true),
            ..NewCreditNote::of_whole(plan.invoice_id, "")
        };
        let draft = credit::prepare(connection, context, settings, account, &note, fee)?;
        fee -= draft.kept_back;
        settled.free(&draft.released);
        settled.notes.push(draft);
    }
    if fee > Decimal::ZERO {
        let most = rma.currency.round(asked - fee);
        let detail = format!("at most {most} {} is credited for the goods, and can be kept back", rma.currency);
        return Err(Error::invalid("/restocking_fee", "exceeds_credit", detail));
    }
    let reopened: Vec<_> = settled.notes.iter().flat_map(|draft| draft.reopened.clone()).collect();
    for draft in prepaid::take_surplus(connection, context, account, &reopened, &reason(body, rma))?.notes {
        settled.free(&draft.released);
        settled.notes.push(draft);
    }
    let released = prepaid::release_deposits(connection, context, account)?;
    settled.free(&released);
    settled.released = released;
    Ok(settled)
}

/// What of one invoice is credited.
struct Plan {
    invoice_id: InvoiceId,
    lines: Vec<NewCreditNoteLine>,
    shipping: bool,
}

/// Shares what is credited over the order's invoices: lines of the shipment that came back first, then the oldest invoice first.
/// Counts on the return's lines what is credited of each.
fn plans(
    connection: &mut PgConnection,
    context: &Context,
    account: &LockedAccount,
    rma: &mut Return,
    body: &CompleteReturn,
) -> Result<Vec<Plan>, Error> {
    let mut invoices: Vec<Invoice> = vec![];
    for invoice in &account.account.invoices {
        invoices.push(invoices::service::find(connection, context.organization_id, invoice.id)?);
    }
    let mut taken: Vec<Vec<Decimal>> = invoices.iter().map(|invoice| vec![Decimal::ZERO; invoice.lines.len()]).collect();
    let shipment_id = rma.shipment_id;
    for line in &mut rma.lines {
        let of_order = account.change.after.line(line.order_line_id).ok_or(Error::not_found("order line"))?;
        let mut left = line.invoiced().min(of_order.quantities.invoiced - of_order.quantities.credited);
        for only_shipment in [true, false] {
            for (invoice, taken) in invoices.iter().zip(&mut taken) {
                for (of, taken) in invoice.lines.iter().zip(taken.iter_mut()) {
                    let fits = !only_shipment || (shipment_id.is_some() && of.shipment_id == shipment_id);
                    if of.order_line_id != Some(line.order_line_id) || !fits {
                        continue;
                    }
                    let part = left.min(of.quantity - of.credited_quantity - *taken);
                    *taken += part;
                    line.credited += part;
                    left -= part;
                }
            }
        }
        if left > Decimal::ZERO {
            return Err(Error::internal("invoices count less of a line than the order does"));
        }
    }
    let mut plans = vec![];
    for (invoice, taken) in invoices.iter().zip(taken) {
        let lines: Vec<NewCreditNoteLine> = invoice
            .lines
            .iter()
            .zip(taken)
            .filter(|(_, quantity)| *quantity > Decimal::ZERO)
            .map(|(line, quantity)| NewCreditNoteLine { order_line_id: None, invoice_line_id: Some(line.id), quantity: Quantity(quantity) })
            .collect();
        let shipping =
            body.refund_shipping && has_shipping(invoice) && !shipping_is_credited(connection, context.organization_id, invoice.id)?;
        if shipping || !lines.is_empty() {
            plans.push(Plan { invoice_id: invoice.id, lines, shipping });
        }
    }
    Ok(plans)
}
