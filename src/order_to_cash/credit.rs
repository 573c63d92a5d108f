//! Taking back an invoice, or a part of it.

use super::accounts::{self, LockedAccount};
use super::deposits;
use super::document_date::{document_date, instant_of};
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::invoicing::credit_notes;
use crate::invoicing::credit_notes::body::NewCreditNote;
use crate::invoicing::credit_notes::credit_note::{
    CreditNote, CreditNoteDocument, CreditNoteLine, CreditNoteLineDetail, CreditNoteLineKind,
};
use crate::invoicing::credit_notes::portion::{CreditPortion, Extent, has_shipping, portion as portion_of};
use crate::invoicing::credit_notes::restocking::{FeePart, keep_back, largest_fee};
use crate::invoicing::invoices;
use crate::invoicing::invoices::invoice::{DocumentTaxGroup, Exemption, Invoice, InvoiceKind, InvoiceLine};
use crate::invoicing::series::{self, body::SeriesKind};
use crate::orders::order::Order;
use crate::orders::status::OrderAction;
use crate::organization::{self, Settings};
use crate::payments::service::{self as payments, PaymentChange};
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{CreditNoteId, CreditNoteLineId, InvoiceId, OrderId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Issues a credit note in the current transaction. 422 where the invoice is unknown.
pub fn issue(connection: &mut PgConnection, context: &Context, body: &NewCreditNote) -> Result<CreditNote, Error> {
    body.check()?;
    let settings = organization::settings(connection, context.organization_id)?;
    let order_id = order_of(connection, context, body.invoice_id)?;
    let mut account = accounts::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let draft = prepare(connection, context, &settings, &mut account, body, Decimal::ZERO)?;
    let at = instant_of(&settings, draft.note.issued_on, context.now);
    let order_facts = accounts::save(connection, context, vec![account], at)?;
    let (note, mut facts) = draft.write(connection, context)?;
    facts.extend(order_facts);
    events::append(connection, context, &facts)?;
    Ok(note)
}

/// Whether an order has invoices that [`credit_prepayments`] may take back.
fn is_invoiced(order: &Order) -> bool {
    order.amount_invoiced > order.amount_credited
}

/// Locks the payments whose money [`credit_prepayments`] may free, before balances and stock are locked.
pub fn lock_prepaid(connection: &mut PgConnection, context: &Context, order: &Order) -> Result<(), Error> {
    if is_invoiced(order) {
        let ids = payments::of_order(connection, context.organization_id, order.id)?;
        payments::lock_all(connection, context.organization_id, &ids)?;
    }
    Ok(())
}

/// Locks the balance that [`credit_prepayments`] may move: it does so after stock has been moved, which comes behind it in the lock
/// order.
pub fn lock_balance_of_prepaid(connection: &mut PgConnection, context: &Context, order: &Order) -> Result<(), Error> {
    if is_invoiced(order) {
        balance::lock(connection, context.organization_id, &[order.bill_to_customer_id])?;
    }
    Ok(())
}

/// After units of an order were cancelled: where nothing of it is left to invoice, its prepayments of which nothing was deducted are
/// taken back, and their money is unapplied. Whether there were any.
pub fn credit_prepayments(connection: &mut PgConnection, context: &Context, order: &Order) -> Result<bool, Error> {
    let is_left = order.lines.iter().any(|line| line.quantities.wanted() > line.quantities.invoiced);
    if is_left || !is_invoiced(order) {
        return Ok(false);
    }
    let open = invoices::service::open_prepayments(connection, context.organization_id, order.id, order.currency)?;
    let mut ids: Vec<InvoiceId> = open.iter().map(|open| open.invoice_id).collect();
    ids.retain(|id| !open.iter().any(|open| open.invoice_id == *id && open.deducted));
    ids.dedup();
    for invoice_id in &ids {
        issue(connection, context, &NewCreditNote::of_whole(*invoice_id, "the order was cancelled"))?;
    }
    Ok(!ids.is_empty())
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
}

/// Decides what the credit note says, moves quantities and money of the order and invoice in memory, and takes what was paid
/// too much off the invoice: it becomes unapplied money of its payments. Of the `restocking_fee` as much is kept back as the
/// goods on it are worth.
pub fn prepare(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &mut LockedAccount,
    body: &NewCreditNote,
    restocking_fee: Decimal,
) -> Result<DraftCreditNote, Error> {
    let invoice = invoices::service::lock(connection, context.organization_id, body.invoice_id)?;
    let issued_on = issue_date(settings, &invoice, body, context)?;
    let series = body.series.clone().unwrap_or_else(|| "CN".to_owned());
    series::service::require(connection, context.organization_id, &series, SeriesKind::CreditNote)?;
    let before = Extent {
        quantities: invoice.lines.iter().map(|line| line.credited_quantity).collect(),
        shipping: credit_notes::service::shipping_is_credited(connection, context.organization_id, invoice.id)?,
    };
    let mut after = extent(&invoice, &account.change.after, &before, body)?;
    account.change.after.status.next(OrderAction::Credit)?;
    let mut portion = portion_of(&invoice, &before, &after);
    let left = invoice.total - invoice.amount_credited;
    if portion.total > left {
        // The goods are worth more than the invoice came to: what it deducted of prepayments comes back with them, and is open again.
        after.take_deductions(&invoice);
        portion = portion_of(&invoice, &before, &after);
        if portion.total > left || (portion.total.is_sign_negative() && !portion.total.is_zero()) {
            let detail = "this is more than is left of the invoice; credit the whole invoice, and its prepayments by themselves";
            return Err(Error::conflict("exceeds_invoiced", detail));
        }
    }
    if after == before || (portion.total.is_sign_negative() && !portion.total.is_zero()) {
        return Err(Error::conflict("nothing_to_credit", "nothing of the invoice is left that could be taken back by this"));
    }
    if invoice.kind == InvoiceKind::Prepayment {
        require_undeducted(connection, context, &invoice, &portion)?;
    }
    let kept_back = restocking_fee.min(largest_fee(&invoice, &portion)).max(invoice.currency.zero());
    let fees = keep_back(&invoice, &mut portion, kept_back);
    let heading = Heading { series, issued_on, credits_shipping: after.shipping && !before.shipping, fees };
    let note = note(context, &invoice, &portion, body, heading);

    let excess = account.account.credit(invoice.id, portion.total);
    let released = deposits::release(connection, context, invoice.order_id, Some(invoice.id), excess)?;
    let counted: Vec<(i16, Decimal)> = invoice
        .lines
        .iter()
        .zip(&after.quantities)
        .filter(|(line, credited)| line.credited_quantity != **credited)
        .map(|(line, credited)| (line.line_number, *credited))
        .collect();
    invoices::service::save_credited(connection, context.organization_id, invoice.id, &counted)?;
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
    Ok(DraftCreditNote { note, released, kept_back })
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

/// 409 `prepayment_deducted` where more of a prepayment is taken back than later invoices have left of it.
fn require_undeducted(connection: &mut PgConnection, context: &Context, invoice: &Invoice, portion: &CreditPortion) -> Result<(), Error> {
    let open = invoices::service::open_prepayments(connection, context.organization_id, invoice.order_id, invoice.currency)?;
    let left = |group: &crate::orders::tax::TaxGroup| {
        let same = open.iter().find(|open| open.invoice_id == invoice.id && open.group.is_like(group));
        same.map(|open| (open.group.net_amount.0, open.group.tax_amount.0)).unwrap_or_default()
    };
    let fits = |group: &crate::orders::tax::TaxGroup| group.net_amount.0 <= left(group).0 && group.tax_amount.0 <= left(group).1;
    if portion.tax_breakdown.iter().all(fits) {
        return Ok(());
    }
    let detail = "a later invoice has deducted this prepayment; credit that invoice instead, or first";
    Err(Error::conflict("prepayment_deducted", detail))
}

fn issue_date(settings: &Settings, invoice: &Invoice, body: &NewCreditNote, context: &Context) -> Result<NaiveDate, Error> {
    let issued_on = document_date(settings, body.issued_on, context)?;
    if issued_on < invoice.issued_on {
        let detail = format!("the invoice is of {}; what it says cannot be taken back before", invoice.issued_on);
        return Err(Error::invalid("/issued_on", "before_invoice", detail));
    }
    Ok(issued_on)
}

/// How much of the invoice is taken back after this credit note.
fn extent(invoice: &Invoice, order: &Order, before: &Extent, body: &NewCreditNote) -> Result<Extent, Error> {
    if body.is_whole() {
        return Ok(Extent::whole(invoice));
    }
    let mut after = before.clone();
    let mut faults = Faults::new();
    let mut exceeding = Vec::new();
    for (i, asked) in body.lines().iter().enumerate() {
        let named = |id, order_line_id: Option<_>| {
            asked.invoice_line_id == Some(id) || (order_line_id.is_some() && asked.order_line_id == order_line_id)
        };
        let places: Vec<usize> =
            invoice.lines.iter().enumerate().filter(|(_, line)| named(line.id, line.order_line_id)).map(|(place, _)| place).collect();
        if places.is_empty() {
            faults.add(format!("/lines/{i}"), "unknown_line", "the invoice has no such line");
            continue;
        }
        let scale =
            places.first().and_then(|place| order.line(invoice.lines[*place].order_line_id?)).map(|line| line.detail.quantity_scale);
        if let Some(scale) = scale.filter(|scale| asked.quantity.0.normalize().scale() > *scale) {
            faults.add(format!("/lines/{i}/quantity"), "too_many_decimals", format!("this product takes {scale} decimal places"));
            continue;
        }
        let mut left = asked.quantity.0;
        for place in places {
            let taken = left.min(invoice.lines[place].quantity - after.quantities[place]);
            after.quantities[place] += taken;
            left -= taken;
        }
        if left > Decimal::ZERO {
            let possible = (asked.quantity.0 - left).normalize().to_string();
            exceeding.push(json!({ "line": i, "creditable_quantity": possible }));
        }
    }
    faults.into_result()?;
    if !exceeding.is_empty() {
        let detail = "more than is on the invoice and not on a credit note yet";
        return Err(Error::conflict_with("exceeds_invoiced", detail, json!({ "lines": exceeding })));
    }
    if body.shipping == Some(true) {
        if !has_shipping(invoice) || before.shipping {
            return Err(Error::conflict("nothing_to_credit", "there is no shipping on the invoice that is not on a credit note yet"));
        }
        after.shipping = true;
    }
    Ok(after)
}

struct Heading {
    series: String,
    issued_on: NaiveDate,
    credits_shipping: bool,
    fees: Vec<FeePart>,
}

/// The credit note of a portion, still without number.
fn note(context: &Context, invoice: &Invoice, portion: &CreditPortion, body: &NewCreditNote, heading: Heading) -> CreditNote {
    let document = &invoice.document;
    let row = |group: crate::orders::tax::TaxGroup| {
        let known = document.tax_breakdown.iter().find(|row| row.group().is_like(&group));
        let exemption = known.map(|row| Exemption { code: row.exemption_code.clone(), reason: row.exemption_reason.clone() });
        DocumentTaxGroup::of(group, &exemption.unwrap_or_default())
    };
    let in_base_currency = |rate| Amount(document.base_currency.round(portion.tax_total * rate));
    CreditNote {
        id: CreditNoteId::generate(),
        number: String::new(),
        series: heading.series,
        series_number: 0,
        invoice_id: invoice.id,
        order_id: invoice.order_id,
        customer_id: invoice.customer_id,
        currency: invoice.currency,
        exchange_rate: invoice.exchange_rate,
        reason: body.reason.clone(),
        buyer_document_number: body.buyer_document_number.clone(),
        subtotal: portion.subtotal,
        discount_total: portion.discount_total,
        shipping_net: portion.shipping_net,
        shipping_tax: portion.shipping_tax,
        tax_total: portion.tax_total,
        total: portion.total,
        issued_on: heading.issued_on,
        document: CreditNoteDocument {
            invoice_number: invoice.number.clone(),
            invoice_issued_on: invoice.issued_on,
            seller: document.seller.clone(),
            bill_to: document.bill_to.clone(),
            ship_to: document.ship_to.clone(),
            orders: document.orders.clone(),
            buyer_reference: document.buyer_reference.clone(),
            prices_include_tax: document.prices_include_tax,
            tax_breakdown: portion.tax_breakdown.iter().cloned().map(row).collect(),
            credits_shipping: heading.credits_shipping,
            base_currency: document.base_currency,
            tax_total_base_currency: invoice.exchange_rate.map(in_base_currency),
        },
        external_ids: body.external_ids.clone().unwrap_or_default(),
        metadata: body.metadata.clone().unwrap_or_default(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
        lines: lines(invoice, portion, &heading.fees),
    }
}

/// What is taken back, then what is kept back of it.
fn lines(invoice: &Invoice, portion: &CreditPortion, fees: &[FeePart]) -> Vec<CreditNoteLine> {
    let taken = invoice.lines.iter().zip(&portion.lines).filter(|(_, part)| part.quantity > Decimal::ZERO);
    let goods = taken.map(|(of, part)| CreditNoteLine {
        id: CreditNoteLineId::generate(),
        line_number: 0,
        invoice_line_number: of.line_number,
        order_line_id: of.order_line_id,
        sku: of.sku.clone(),
        name: of.name.clone(),
        unit: of.unit.clone(),
        quantity: part.quantity,
        unit_price: of.unit_price,
        price_quantity: of.price_quantity,
        discount_amount: part.discount_amount,
        net_amount: part.net_amount,
        order_discount_amount: part.order_discount_amount,
        tax_category: of.tax_category.clone(),
        tax_rate: of.tax_rate,
        tax_amount: part.tax_amount,
        detail: line_detail(of, CreditNoteLineKind::Goods),
    });
    let kept = fees.iter().map(|fee| (&invoice.lines[fee.invoice_line], fee)).map(|(of, fee)| CreditNoteLine {
        id: CreditNoteLineId::generate(),
        line_number: 0,
        invoice_line_number: of.line_number,
        order_line_id: of.order_line_id,
        sku: "RESTOCKING-FEE".to_owned(),
        name: "Restocking fee".to_owned(),
        unit: "C62".to_owned(),
        quantity: Decimal::NEGATIVE_ONE,
        unit_price: if invoice.document.prices_include_tax { fee.net_amount + fee.tax_amount } else { fee.net_amount },
        price_quantity: Decimal::ONE,
        discount_amount: invoice.currency.zero(),
        net_amount: -fee.net_amount,
        order_discount_amount: invoice.currency.zero(),
        tax_category: of.tax_category.clone(),
        tax_rate: of.tax_rate,
        tax_amount: -fee.tax_amount,
        detail: line_detail(of, CreditNoteLineKind::RestockingFee),
    });
    (1..).zip(goods.chain(kept)).map(|(line_number, line)| CreditNoteLine { line_number, ..line }).collect()
}

fn line_detail(of: &InvoiceLine, kind: CreditNoteLineKind) -> CreditNoteLineDetail {
    CreditNoteLineDetail {
        invoice_line_id: of.id,
        tax_scheme_category: of.detail.tax_scheme_category.clone(),
        base_fraction: of.detail.base_fraction,
        kind,
    }
}
