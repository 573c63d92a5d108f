//! Asking for money in advance, and deducting it from what is invoiced later.

use super::{DraftInvoice, Issue, Parties, heading};
use crate::auth::actor::Context;
use crate::customers::body::DEFAULT_TERMS;
use crate::error::Error;
use crate::invoicing::invoices;
use crate::invoicing::invoices::invoice::{DocumentTaxGroup, Invoice, InvoiceKind, InvoiceLine, InvoiceLineDetail, InvoiceTerms};
use crate::invoicing::invoices::prepayment::{OpenPrepayment, deductions, left, part, sum, take};
use crate::invoicing::own_lines::OwnLine;
use crate::order_to_cash::accounts::LockedAccount;
use crate::order_to_cash::deposits;
use crate::orders::order::Order;
use crate::orders::status::OrderAction;
use crate::orders::tax::TaxGroup;
use crate::orders::valuation::difference;
use crate::organization::Settings;
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, InvoiceLineId, OrderId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// The unit of a sum of money: one (UN/ECE Rec 20).
const ONE: &str = "C62";

/// Decides what a prepayment invoice says: all that is left to invoice, or a part of it, in each tax group the same share. The order's
/// quantities stay as they are; its deposits move to the invoice. It is due on the day of issue.
pub fn prepare(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &mut LockedAccount,
    request: &Issue,
) -> Result<DraftInvoice, Error> {
    let body = &request.body;
    let order = &account.change.after;
    let (series, issued_on) = heading(connection, context, settings, order, request)?;
    order.status.next(OrderAction::Invoice)?;
    let mut open = invoices::service::prepayments(connection, context.organization_id, order.id, order.currency)?;
    open.retain(OpenPrepayment::is_open);
    let rest = left(&order.to_invoice().tax_breakdown(), &open, order.currency);
    let total = sum(&rest);
    if total <= Decimal::ZERO {
        return Err(Error::conflict("nothing_to_invoice", "nothing of the order is left that is not invoiced, or asked for in advance"));
    }
    let asked = match (body.amount, body.percent) {
        (Some(amount), _) if !order.currency.is_exact(amount.0) => {
            return Err(Error::invalid("/amount", "too_many_decimals", "more decimal places than the currency has"));
        }
        (Some(amount), _) if amount.0 > total => {
            let detail = format!("{total} {} is left to invoice", order.currency);
            return Err(Error::conflict_with("exceeds_invoiceable", detail, json!({ "invoiceable_amount": Amount(total) })));
        }
        (Some(amount), _) => order.currency.round(amount.0),
        (None, Some(percent)) => order.currency.round(total * percent.0 / Decimal::ONE_HUNDRED),
        (None, None) => total,
    };
    let groups = part(&rest, total, asked, order.currency);
    if groups.is_empty() {
        return Err(Error::conflict("nothing_to_invoice", "this share of the order is less than the smallest unit of its currency"));
    }
    let parties = Parties::gather(connection, context, settings, order, issued_on)?;
    let nothing = difference(&order.value_of(|_| Decimal::ZERO), &order.value_of(|_| Decimal::ZERO));
    let mut invoice = parties.invoice(context, settings, series, order, &nothing, vec![]);
    (invoice.kind, invoice.due_on) = (InvoiceKind::Prepayment, issued_on);
    // The order's terms are those of its goods; money in advance is due at once, and earns no discount for coming early.
    invoice.document.payment_terms = InvoiceTerms {
        code: DEFAULT_TERMS.to_owned(),
        name: "Due on receipt".to_owned(),
        net_days: 0,
        end_of_month: false,
        prepayment: false,
        cash_on_delivery: false,
        discount_percent: None,
        discount_days: None,
    };
    invoice.lines = groups.iter().enumerate().map(|(place, group)| asked_line(order, invoice.id, place, group)).collect();
    invoice.document.tax_breakdown = groups.into_iter().map(|group| DocumentTaxGroup::of(group, &parties.exemption)).collect();
    add_up(&mut invoice, settings);
    invoice.external_ids = body.external_ids.clone().unwrap_or_default();
    invoice.metadata = body.metadata.clone().unwrap_or_default();
    let (order_id, invoice_id) = (order.id, invoice.id);
    let moved = account.account.issue(invoice.balance());
    invoice.amount_paid = invoice.currency.round(moved);
    let deposits = deposits::move_to_invoice(connection, context, order_id, None, invoice_id, moved)?;
    Ok(DraftInvoice { invoice, moved: deposits, notes: vec![] })
}

/// Deducts the order's open prepayments from an invoice of what is supplied, as far as it goes in each tax group.
pub fn deduct(open: &[OpenPrepayment], settings: &Settings, invoice: &mut Invoice) -> Result<(), Error> {
    if open.is_empty() {
        return Ok(());
    }
    let mut groups: Vec<TaxGroup> = invoice.document.tax_breakdown.iter().map(DocumentTaxGroup::group).collect();
    for deduction in deductions(&groups, open, invoice.currency) {
        let of = &open[deduction.prepayment];
        take(&mut groups[deduction.group], deduction.net, deduction.tax, invoice.currency);
        let amounts = TaxGroup { net_amount: Amount(-deduction.net), tax_amount: Amount(-deduction.tax), ..of.group.clone() };
        let own = OwnLine::Prepayment(of.number.clone(), of.issued_on);
        let line = line(invoice, of.invoice_id, &own, deduction.group, &amounts)?;
        invoice.lines.push(line);
    }
    for (row, group) in invoice.document.tax_breakdown.iter_mut().zip(groups) {
        (row.net_amount, row.taxable_amount, row.tax_amount) = (group.net_amount, group.taxable_amount, group.tax_amount);
    }
    add_up(invoice, settings);
    Ok(())
}

fn asked_line(order: &Order, invoice_id: InvoiceId, place: usize, group: &TaxGroup) -> InvoiceLine {
    let own = OwnLine::PrepaymentFor(order.number.clone());
    let mut line = plain_line((order.id, invoice_id), &own, group, order.document.prices_include_tax);
    line.line_number = i16::try_from(place + 1).unwrap_or(i16::MAX);
    line.detail.tax_group = place;
    line
}

fn line(invoice: &Invoice, prepayment: InvoiceId, own: &OwnLine, group: usize, amounts: &TaxGroup) -> Result<InvoiceLine, Error> {
    let too_many = |_| Error::conflict("too_many_lines", "an invoice has at most 32767 lines; invoice the order in parts");
    let mut line = plain_line((invoice.order_id, prepayment), own, amounts, invoice.document.prices_include_tax);
    line.line_number = i16::try_from(invoice.lines.len() + 1).map_err(too_many)?;
    line.detail.tax_group = group;
    Ok(line)
}

/// One sum of money; its price is negative where it is deducted.
fn plain_line((order_id, prepayment): (OrderId, InvoiceId), own: &OwnLine, group: &TaxGroup, price_includes_tax: bool) -> InvoiceLine {
    let (net, tax) = (group.net_amount.0, group.tax_amount.0);
    InvoiceLine {
        id: InvoiceLineId::generate(),
        line_number: 1,
        order_id,
        order_line_number: None,
        order_line_id: None,
        prepayment_invoice_id: Some(prepayment),
        shipment_id: None,
        sku: own.sku().to_owned(),
        name: own.name(),
        unit: ONE.to_owned(),
        quantity: Decimal::ONE,
        unit_price: if price_includes_tax { net + tax } else { net },
        price_quantity: Decimal::ONE,
        discount_amount: Decimal::new(0, net.scale()),
        net_amount: net,
        order_discount_amount: Decimal::new(0, net.scale()),
        tax_category: group.tax_category.clone(),
        tax_rate: group.rate.0,
        tax_amount: tax,
        credited_quantity: Decimal::ZERO,
        detail: InvoiceLineDetail {
            tax_group: 0,
            tax_scheme_category: group.tax_scheme_category.clone(),
            base_fraction: group.base_fraction,
            customer_sku: None,
            external_line_id: None,
        },
    }
}

/// Totals anew, from lines and shipping.
fn add_up(invoice: &mut Invoice, settings: &Settings) {
    let zero = invoice.currency.zero();
    let sum = |amount: fn(&InvoiceLine) -> Decimal| invoice.lines.iter().map(amount).fold(zero, |sum, amount| sum + amount);
    let (net, discount, tax) = (sum(|line| line.net_amount), sum(|line| line.order_discount_amount), sum(|line| line.tax_amount));
    (invoice.subtotal, invoice.discount_total, invoice.tax_total) = (net, discount, tax + invoice.shipping_tax);
    invoice.total = invoice.subtotal - invoice.discount_total + invoice.shipping_net + invoice.tax_total;
    let in_base_currency = |rate: Decimal| Amount(settings.base_currency.round(invoice.tax_total * rate));
    invoice.document.tax_total_base_currency = invoice.exchange_rate.map(in_base_currency);
}
