//! Credit and rebill: an invoice that says something wrong (an address, a tax number, a reference) is taken back whole by a credit note
//! and issued anew for the same supply, in one step. Directive 2006/112/EC art. 219 treats such documents as the invoice itself; EN 16931
//! has the new one name the old one (BG-3).
//!
//! What was supplied and what it costs do not change, so neither do the order's quantities and money: what was paid moves from the one
//! invoice to the other, and the two documents and the credit note between them add up to nothing but the first.

use super::accounts;
use super::credit::{DraftCreditNote, note_price, prepare_replaced};
use super::deposits;
use super::document_date::instant_of;
use super::invoice::{DraftInvoice, Parties};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::invoicing::credit_notes::body::NewCreditNote;
use crate::invoicing::credit_notes::credit_note::CreditNote;
use crate::invoicing::credit_notes::portion::CreditPortion;
use crate::invoicing::invoices;
use crate::invoicing::invoices::due_date::due_date;
use crate::invoicing::invoices::invoice::{Invoice, InvoiceDocument, InvoiceKind, InvoiceLine, InvoiceLineDetail, ReplacedInvoice};
use crate::invoicing::invoices::rebill::Rebill;
use crate::invoicing::series::{self, body::SeriesKind};
use crate::organization;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, InvoiceLineId, OrderId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Takes an invoice back and issues it anew, in the current transaction. 404 where there is none, 412 where it is not the version that
/// the caller has seen.
pub fn rebill(
    connection: &mut PgConnection,
    context: &Context,
    id: InvoiceId,
    body: &Rebill,
    precondition: &Precondition,
) -> Result<Invoice, Error> {
    body.check()?;
    let organization_id = context.organization_id;
    let settings = organization::settings(connection, organization_id)?;
    let order_id = order_of(connection, context, id)?;
    let mut account = accounts::lock(connection, organization_id, order_id, &Precondition::Any)?;
    precondition.check(invoices::service::lock(connection, organization_id, id)?.version)?;
    if let Some(series) = &body.credit_note_series {
        series::service::require_at(connection, organization_id, "/credit_note_series", series, SeriesKind::CreditNote)?;
    }
    let credited =
        NewCreditNote { issued_on: body.issued_on, series: body.credit_note_series.clone(), ..NewCreditNote::of_whole(id, &body.reason) };
    let (replaced, portion, mut note) = prepare_replaced(connection, context, &settings, &account, &credited)?;
    let series = body.series.clone().unwrap_or_else(|| replaced.series.clone());
    series::service::require(connection, organization_id, &series, SeriesKind::Invoice)?;
    let mut parties = Parties::gather(connection, context, &settings, &account.change.after, note.issued_on)?;
    correct(&mut parties.document, &replaced, body);
    let mut invoice = issued_anew(context, &replaced, &portion, &note, &parties);
    (invoice.series, invoice.external_ids) = (series, body.external_ids.clone().unwrap_or_default());
    invoice.metadata = body.metadata.clone().unwrap_or_default();
    note.replaced_by_invoice_id = Some(invoice.id);

    let paid = account.account.replace(id, invoice.balance());
    invoice.amount_paid = invoice.currency.round(paid);
    let moved = deposits::move_to_invoice(connection, context, order_id, Some(id), invoice.id, paid)?;
    let at = instant_of(&settings, invoice.issued_on, context.now);
    let order_facts = accounts::save(connection, context, vec![account], at)?;
    let note = DraftCreditNote { note, released: vec![], kept_back: invoice.currency.zero(), reopened: vec![] };
    let (invoice, mut facts) = DraftInvoice { invoice, moved, notes: vec![note] }.write(connection, context)?;
    invoices::service::save_successor(connection, organization_id, id, invoice.id)?;
    facts.extend(order_facts);
    events::append(connection, context, &facts)?;
    Ok(invoice)
}

/// The order of an invoice; 404 where there is no such invoice.
pub fn order_of(connection: &mut PgConnection, context: &Context, id: InvoiceId) -> Result<OrderId, Error> {
    let orders = invoices::service::orders_of(connection, context.organization_id, &[id])?;
    orders.get(&id).copied().ok_or(Error::not_found("invoice"))
}

/// What the new invoice says of the world: who pays and how as it is today, or as the request says; what was agreed stays.
fn correct(document: &mut InvoiceDocument, replaced: &Invoice, body: &Rebill) {
    let before = &replaced.document;
    if let Some(address) = &body.billing_address {
        document.bill_to.address = Some(address.clone());
    }
    document.buyer_reference = body.buyer_reference.clone().or_else(|| document.buyer_reference.take());
    if let (Some(number), Some(order)) = (&body.purchase_order_number, document.orders.first_mut()) {
        order.purchase_order_number = Some(number.clone());
    }
    if replaced.kind == InvoiceKind::Prepayment {
        document.payment_terms = before.payment_terms.clone();
    }
    (document.pricing, document.prices_include_tax) = (before.pricing, before.prices_include_tax);
    document.base_currency = before.base_currency;
    document.replaces = Some(ReplacedInvoice {
        id: replaced.id,
        number: replaced.number.clone(),
        issued_on: replaced.issued_on,
        reason: body.reason.clone(),
    });
}

/// What is taken back, asked for again: the very amounts, at the rate of exchange of the day of supply.
fn issued_anew(context: &Context, replaced: &Invoice, portion: &CreditPortion, note: &CreditNote, parties: &Parties) -> Invoice {
    let id = InvoiceId::generate();
    let breakdown = note.document.tax_breakdown.clone();
    let group_of = |place: usize| {
        let group = replaced.document.tax_breakdown.get(place)?.group();
        breakdown.iter().position(|row| row.group().is_like(&group))
    };
    let ships = !(portion.shipping_net.is_zero() && portion.shipping_tax.is_zero());
    let parts = replaced.lines.iter().zip(&portion.lines).filter(|(_, part)| part.quantity > Decimal::ZERO);
    let lines = (1..).zip(parts).map(|(line_number, (line, part))| InvoiceLine {
        id: InvoiceLineId::generate(),
        line_number,
        prepayment_invoice_id: line.prepayment_invoice_id.map(|of| if of == replaced.id { id } else { of }),
        quantity: part.quantity,
        unit_price: note_price(replaced, line, part),
        discount_amount: part.discount_amount,
        net_amount: part.net_amount,
        order_discount_amount: part.order_discount_amount,
        tax_amount: part.tax_amount,
        credited_quantity: Decimal::ZERO,
        detail: InvoiceLineDetail { tax_group: group_of(line.detail.tax_group).unwrap_or_default(), ..line.detail.clone() },
        ..line.clone()
    });
    let due_on = match replaced.kind {
        InvoiceKind::Standard => due_date(&parties.terms, note.issued_on),
        InvoiceKind::Prepayment => note.issued_on,
    };
    let in_base_currency = |rate| Amount(replaced.document.base_currency.round(portion.tax_total * rate));
    Invoice {
        id,
        number: String::new(),
        series_number: 0,
        subtotal: portion.subtotal,
        discount_total: portion.discount_total,
        shipping_net: portion.shipping_net,
        shipping_tax: portion.shipping_tax,
        tax_total: portion.tax_total,
        rounding_amount: replaced.currency.zero(),
        total: portion.total,
        amount_credited: replaced.currency.zero(),
        amount_paid: replaced.currency.zero(),
        issued_on: note.issued_on,
        due_on,
        overdue_on: None,
        reminder_level: 0,
        reminded_on: None,
        document: InvoiceDocument {
            shipping_tax_group: replaced.document.shipping_tax_group.filter(|_| ships).and_then(group_of),
            tax_breakdown: breakdown.clone(),
            tax_total_base_currency: replaced.exchange_rate.map(in_base_currency),
            ..parties.document.clone()
        },
        replaced_by_invoice_id: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
        lines: lines.collect(),
        ..replaced.clone()
    }
}
