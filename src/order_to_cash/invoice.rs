//! Invoicing an order, or a part of it.

mod prepayment;

use super::accounts::{self, LockedAccount};
use super::credit::DraftCreditNote;
use super::deposits;
use super::document_date::{document_date, instant_of};
use super::prepaid;
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::invoicing::invoices;
use crate::invoicing::invoices::balance::InvoiceStatus;
use crate::invoicing::invoices::body::NewInvoice;
use crate::invoicing::invoices::due_date::due_date;
use crate::invoicing::invoices::invoice::{
    DocumentTaxGroup, Exemption, Invoice, InvoiceDocument, InvoiceKind, InvoiceLine, InvoiceLineDetail, InvoiceTerms, InvoicedOrder,
    PaymentMeans,
};
use crate::invoicing::invoices::service::ShippedLine;
use crate::invoicing::invoices::shipment_parts::{parts, shares};
use crate::invoicing::series::{self, body::SeriesKind};
use crate::orders::order::{Order, OrderLine};
use crate::orders::status::{OrderAction, OrderStatus};
use crate::orders::valuation::{Portion, difference};
use crate::organization::payment_terms::body::PaymentTerm;
use crate::organization::{self, Settings, payment_terms};
use crate::payments::service::{self as payments, PaymentChange};
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{InvoiceId, InvoiceLineId, OrderId, ShipmentId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::HashMap;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Issue {
    pub body: NewInvoice,
    /// Whether the date may lie before the order was captured: history.
    pub may_predate: bool,
    /// Of the order.
    pub precondition: Precondition,
}

/// Issues an invoice in the current transaction.
pub fn issue(connection: &mut PgConnection, context: &Context, order_id: OrderId, request: &Issue) -> Result<Invoice, Error> {
    request.body.check()?;
    let settings = organization::settings(connection, context.organization_id)?;
    let mut account = accounts::lock(connection, context.organization_id, order_id, &request.precondition)?;
    let draft = prepare(connection, context, &settings, &mut account, request)?;
    let at = instant_of(&settings, draft.invoice.issued_on, context.now);
    let order_facts = accounts::save(connection, context, vec![account], at)?;
    let (invoice, mut facts) = draft.write(connection, context)?;
    facts.extend(order_facts);
    events::append(connection, context, &facts)?;
    Ok(invoice)
}

/// An invoice without a number, and the payments that move to it. Save the account, then `write`.
#[derive(Clone, Debug)]
pub struct DraftInvoice {
    pub invoice: Invoice,
    pub moved: Vec<PaymentChange>,
    /// What is taken back with it: prepayments that are more than the order can come to, or the invoice that it replaces.
    pub notes: Vec<DraftCreditNote>,
}

/// Decides what the invoice says, moves the order's quantities and money in memory, and counts shipments as invoiced.
pub fn prepare(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    account: &mut LockedAccount,
    request: &Issue,
) -> Result<DraftInvoice, Error> {
    let body = &request.body;
    if body.is_prepayment() {
        return prepayment::prepare(connection, context, settings, account, request);
    }
    let quantities = wanted(&account.change.after, body)?;
    let (series, issued_on) = heading(connection, context, settings, &account.change.after, request)?;
    let prepaid = prepaid::take_surplus(connection, context, account, &[], prepaid::INVOICED)?;
    let order = &account.change.after;

    let before = order.value_of(|line| line.quantities.invoiced);
    let shipping_alone = quantities.is_empty();
    let after = if shipping_alone {
        order.charged(|line| line.quantities.invoiced)
    } else {
        order.value_of(|line| line.quantities.invoiced + quantities.get(&line.line_number).copied().unwrap_or_default())
    };
    let portion = difference(&after, &before);
    if portion.total.is_sign_negative() && !portion.total.is_zero() {
        let detail = "on its own this part is worth less than nothing after the order's discount; invoice it with more of the order";
        return Err(Error::conflict("nothing_to_invoice", detail));
    }
    let shipped = invoices::service::uninvoiced(connection, context.organization_id, order.id)?;
    let parties = Parties::gather(connection, context, settings, order, issued_on)?;
    let order_id = order.id;
    let mut invoice = parties.invoice(context, settings, series, order, &portion, lines(order, &portion, &quantities, &shipped)?);
    invoice.supply_on = supply_date(settings, &invoice, &shipped);
    prepayment::deduct(&prepaid.open, settings, &mut invoice)?;
    invoice.external_ids = body.external_ids.clone().unwrap_or_default();
    invoice.metadata = body.metadata.clone().unwrap_or_default();

    let moved = account.account.issue(invoice.balance());
    invoice.amount_paid = invoice.currency.round(moved);
    let deposits = deposits::move_to_invoice(connection, context, order_id, None, invoice.id, moved)?;
    let units: Vec<(ShipmentId, i16, Decimal)> =
        invoice.lines.iter().filter_map(|line| Some((line.shipment_id?, line.order_line_number?, line.quantity))).collect();
    invoices::service::mark_invoiced(connection, context.organization_id, &units)?;
    account.change.after.detail.shipping_invoiced |= shipping_alone;
    for line in &mut account.change.after.lines {
        if let Some(quantity) = quantities.get(&line.line_number) {
            let prepaid = line.quantities.wanted();
            line.quantities.invoice(*quantity, prepaid).map_err(Error::internal)?;
        }
    }
    Ok(DraftInvoice { invoice, moved: deposits, notes: prepaid.notes })
}

/// Series and date of an invoice; 403 where its date lies before the order and the caller may not import history.
fn heading(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    order: &Order,
    request: &Issue,
) -> Result<(String, NaiveDate), Error> {
    let issued_on = document_date(settings, request.body.issued_on, context)?;
    let captured_on = settings.local_date(order.milestones.captured_at.unwrap_or(order.ordered_at));
    if issued_on < captured_on && !request.may_predate {
        return Err(Error::InsufficientScope { scope: Permission::IMPORT.scope().to_owned() });
    }
    let series = request.body.series.clone().unwrap_or_else(|| "INV".to_owned());
    series::service::require(connection, context.organization_id, &series, SeriesKind::Invoice)?;
    Ok((series, issued_on))
}

/// 409 where an amount in base currency has more digits than a document takes: then the rate is wrong.
fn require_countable(invoice: &Invoice) -> Result<(), Error> {
    let Some(rate) = invoice.exchange_rate else { return Ok(()) };
    let fits = invoice.total.checked_mul(rate).is_some_and(|amount| amount.abs() < Decimal::from(LARGEST_AMOUNT));
    if fits {
        return Ok(());
    }
    let base = invoice.document.base_currency;
    let detail = format!("at {rate} {base} for one {} it comes to more than 14 digits; mend the exchange rate", invoice.currency);
    Err(Error::conflict("exceeds_base_currency", detail))
}

/// Amounts have at most 14 digits before the point.
const LARGEST_AMOUNT: i64 = 100_000_000_000_000;

impl DraftInvoice {
    /// Numbers the invoice and inserts it. Last in the lock order: only the events may follow.
    pub fn write(mut self, connection: &mut PgConnection, context: &Context) -> Result<(Invoice, Vec<NewEvent>), Error> {
        require_countable(&self.invoice)?;
        let invoice = &mut self.invoice;
        let taken = series::take(connection, context, &invoice.series, SeriesKind::Invoice, 1, invoice.issued_on)?;
        let taken = taken.into_iter().next().ok_or_else(|| Error::internal("no number was taken"))?;
        (invoice.number, invoice.series_number) = (taken.number, taken.series_number);
        invoices::service::insert(connection, context, invoice)?;
        payments::save(connection, context, &mut self.moved)?;
        let mut data = invoices::service::event_data(invoice);
        data["replaces_invoice_id"] = json!(invoice.document.replaces.as_ref().map(|replaced| replaced.id));
        let mut facts = vec![NewEvent::of_part("invoice.issued", invoice.order_id, "invoice", invoice.id.0, data)];
        if invoice.status() == InvoiceStatus::Paid {
            facts.push(accounts::invoice_paid(&invoice.balance()));
        }
        for note in self.notes {
            facts.extend(note.write(connection, context)?.1);
        }
        Ok((self.invoice, facts))
    }
}

/// How much of each line, by line number: what is asked for, or all that may be invoiced and is not. Nothing where the shipping alone
/// may be.
fn wanted(order: &Order, body: &NewInvoice) -> Result<HashMap<i16, Decimal>, Error> {
    let invoiceable = |line: &OrderLine| {
        let ready = if order.document.prepaid { line.quantities.wanted() } else { line.quantities.shipped };
        (ready - line.quantities.withheld - line.quantities.waived - line.quantities.invoiced).max(Decimal::ZERO)
    };
    let named = body.lines.as_deref().unwrap_or_default();
    let mut quantities: HashMap<i16, Decimal> = HashMap::new();
    let mut faults = Faults::new();
    let mut exceeding: Vec<Value> = Vec::new();
    for (i, asked) in named.iter().enumerate() {
        let Some(line) = order.line(asked.order_line_id) else {
            faults.add(format!("/lines/{i}/order_line_id"), "unknown_line", "the order has no such line");
            continue;
        };
        if asked.quantity.0.normalize().scale() > line.detail.quantity_scale {
            let detail = format!("this product takes {} decimal places", line.detail.quantity_scale);
            faults.add(format!("/lines/{i}/quantity"), "too_many_decimals", detail);
        }
        if asked.quantity.0 > invoiceable(line) {
            exceeding.push(
                json!({ "order_line_id": line.id, "sku": line.sku, "invoiceable_quantity": invoiceable(line).normalize().to_string() }),
            );
        }
        quantities.insert(line.line_number, asked.quantity.0);
    }
    faults.into_result()?;
    let may_be_invoiced = !matches!(order.status, OrderStatus::Draft | OrderStatus::Cancelled);
    if named.is_empty() {
        quantities =
            order.lines.iter().map(|line| (line.line_number, invoiceable(line))).filter(|(_, quantity)| !quantity.is_zero()).collect();
        if quantities.is_empty() && may_be_invoiced && !order.only_shipping_is_open() {
            let detail = "nothing is shipped, performed or to be paid in advance that is not invoiced yet";
            return Err(Error::conflict("nothing_to_invoice", detail));
        }
    } else if !exceeding.is_empty() && may_be_invoiced {
        let detail = "more than is shipped, performed or to be paid in advance and not invoiced yet";
        return Err(Error::conflict_with("exceeds_invoiceable", detail, json!({ "lines": exceeding })));
    }
    order.status.next(OrderAction::Invoice)?;
    Ok(quantities)
}

/// Who is on the invoice, and under which terms.
pub struct Parties {
    pub terms: PaymentTerm,
    issued_on: NaiveDate,
    exemption: Exemption,
    exchange_rate: Option<Decimal>,
    pub document: InvoiceDocument,
}

impl Parties {
    pub fn gather(
        connection: &mut PgConnection,
        context: &Context,
        settings: &Settings,
        order: &Order,
        issued_on: NaiveDate,
    ) -> Result<Self, Error> {
        let organization_id = context.organization_id;
        let terms = payment_terms::service::get(connection, organization_id, &order.document.payment_terms)?;
        let (mut bill_to, exemption) = invoices::service::bill_to(connection, organization_id, order.bill_to_customer_id)?
            .ok_or_else(|| Error::internal("the bill-to customer is gone"))?;
        bill_to.address = order.document.billing_address.clone().or(bill_to.address);
        let exchange_rate = organization::exchange_rate(connection, organization_id, order.currency, settings.base_currency, issued_on)?;
        let document = InvoiceDocument {
            seller: settings.seller.clone(),
            bill_to,
            ship_to: order.document.shipping_address.clone(),
            orders: vec![InvoicedOrder {
                id: order.id,
                number: order.number.clone(),
                purchase_order_number: order.purchase_order_number.clone(),
            }],
            buyer_reference: order.detail.buyer_reference.clone(),
            payment_terms: InvoiceTerms {
                code: terms.code.clone(),
                name: terms.name.clone(),
                net_days: terms.net_days,
                end_of_month: terms.end_of_month,
                prepayment: terms.prepayment,
                cash_on_delivery: terms.cash_on_delivery,
                discount_percent: terms.discount_percent,
                discount_days: terms.discount_days,
            },
            payment_means: payment_means(settings, order),
            pricing: order.document.pricing,
            prices_include_tax: order.document.prices_include_tax,
            tax_breakdown: vec![],
            shipping_tax_group: None,
            base_currency: settings.base_currency,
            tax_total_base_currency: None,
            replaces: None,
        };
        Ok(Self { terms, issued_on, exemption, exchange_rate, document })
    }

    /// The invoice of a portion, supplied on the day of issue, still without number and money.
    fn invoice(
        &self,
        context: &Context,
        settings: &Settings,
        series: String,
        order: &Order,
        portion: &Portion,
        lines: Vec<InvoiceLine>,
    ) -> Invoice {
        let ships = !(portion.shipping_net.is_zero() && portion.shipping_tax.is_zero());
        let place = |group| group_place(order, portion, group);
        let tax_breakdown = portion.tax_breakdown().into_iter().map(|group| DocumentTaxGroup::of(group, &self.exemption));
        let in_base_currency = |rate| Amount(settings.base_currency.round(portion.tax_total * rate));
        Invoice {
            id: InvoiceId::generate(),
            kind: InvoiceKind::Standard,
            number: String::new(),
            series,
            series_number: 0,
            order_id: order.id,
            customer_id: order.bill_to_customer_id,
            currency: order.currency,
            exchange_rate: self.exchange_rate,
            subtotal: portion.subtotal,
            discount_total: portion.discount_total,
            shipping_net: portion.shipping_net,
            shipping_tax: portion.shipping_tax,
            tax_total: portion.tax_total,
            rounding_amount: order.currency.zero(),
            total: portion.total,
            amount_credited: order.currency.zero(),
            amount_paid: order.currency.zero(),
            supply_on: self.issued_on,
            issued_on: self.issued_on,
            due_on: due_date(&self.terms, self.issued_on),
            overdue_on: None,
            reminder_level: 0,
            reminded_on: None,
            document: InvoiceDocument {
                tax_breakdown: tax_breakdown.collect(),
                shipping_tax_group: order.document.shipping_tax_group.filter(|_| ships).and_then(place),
                tax_total_base_currency: self.exchange_rate.map(in_base_currency),
                ..self.document.clone()
            },
            replaced_by_invoice_id: None,
            external_ids: Default::default(),
            metadata: Default::default(),
            version: 1,
            created_at: context.now,
            updated_at: context.now,
            lines,
        }
    }
}

/// The place in the portion's tax breakdown of one of the order's groups.
fn group_place(order: &Order, portion: &Portion, order_group: usize) -> Option<usize> {
    let of_order = order.document.tax_breakdown.get(order_group)?;
    portion.tax_breakdown().iter().position(|group| group.is_like(of_order))
}

/// The last day on which anything of it was shipped (of shipping alone: of the order), else the day of issue.
fn supply_date(settings: &Settings, invoice: &Invoice, shipped: &[ShippedLine]) -> NaiveDate {
    let alone = invoice.lines.is_empty();
    let used = |line: &&ShippedLine| alone || invoice.lines.iter().any(|on| on.shipment_id == Some(line.line.shipment_id));
    let last = shipped.iter().filter(used).map(|line| settings.local_date(line.shipped_at)).max();
    last.unwrap_or(invoice.issued_on)
}

/// The seller's accounts in the order's currency, as means of a credit transfer (UNCL4461: 30).
fn payment_means(settings: &Settings, order: &Order) -> Vec<PaymentMeans> {
    let accounts = settings.seller["bank_accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |account: &&Value| account["currency"].as_str() == Some(order.currency.code());
    accounts.iter().filter(fits).map(|account| PaymentMeans { code: "30".to_owned(), account: account.clone() }).collect()
}

/// Each line's units by shipment, its amounts shared over them.
fn lines(order: &Order, portion: &Portion, quantities: &HashMap<i16, Decimal>, shipped: &[ShippedLine]) -> Result<Vec<InvoiceLine>, Error> {
    let mut lines = Vec::new();
    for (line, value) in order.lines.iter().zip(&portion.lines) {
        let Some(quantity) = quantities.get(&line.line_number) else { continue };
        let mine = shipped.iter().filter(|shipped| shipped.line.line_number == line.line_number);
        let parts = parts(*quantity, &mine.map(|shipped| shipped.line.clone()).collect::<Vec<_>>());
        let share = |amount| shares(order.currency, amount, &parts);
        let (discounts, nets) = (share(value.discount_amount), share(value.net_amount));
        let (order_discounts, taxes) = (share(value.order_discount_amount), share(value.tax_amount));
        let detail = line_detail(order, portion, line)?;
        for (i, part) in parts.iter().enumerate() {
            let too_many = |_| Error::conflict("too_many_lines", "an invoice has at most 32767 lines; invoice the order in parts");
            lines.push(InvoiceLine {
                id: InvoiceLineId::generate(),
                line_number: i16::try_from(lines.len() + 1).map_err(too_many)?,
                order_id: order.id,
                order_line_number: Some(line.line_number),
                order_line_id: Some(line.id),
                prepayment_invoice_id: None,
                shipment_id: part.shipment_id,
                sku: line.sku.clone(),
                name: line.name.clone(),
                unit: line.unit.clone(),
                quantity: part.quantity,
                unit_price: line.unit_price,
                price_quantity: line.price_quantity,
                discount_amount: discounts[i],
                net_amount: nets[i],
                order_discount_amount: order_discounts[i],
                tax_category: line.tax_category.clone(),
                tax_rate: line.tax_rate,
                tax_amount: taxes[i],
                credited_quantity: Decimal::ZERO,
                detail: detail.clone(),
            });
        }
    }
    Ok(lines)
}

fn line_detail(order: &Order, portion: &Portion, line: &OrderLine) -> Result<InvoiceLineDetail, Error> {
    let without_group = || Error::internal("a line without a tax group");
    let group = order.document.tax_breakdown.get(line.detail.tax_group).ok_or_else(without_group)?;
    Ok(InvoiceLineDetail {
        tax_group: group_place(order, portion, line.detail.tax_group).ok_or_else(without_group)?,
        tax_scheme_category: group.tax_scheme_category.clone(),
        base_fraction: group.base_fraction,
        customer_sku: line.detail.customer_sku.clone(),
        external_line_id: line.detail.external_line_id.clone(),
    })
}
