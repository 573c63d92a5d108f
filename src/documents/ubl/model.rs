//! From our facts to the terms of EN 16931-1 (BT, BG). Amounts are ours, not computed anew: the standard's rules prove afterwards that
//! they agree with its arithmetic.

use super::{not_representable_as, parties};
use crate::documents::facts::{TradeDocument, TradeKind, TradeLine};
use crate::error::Error;
use crate::invoicing::invoices::invoice::DocumentTaxGroup;
use crate::organization::profile::bank_account::BankAccount;
use crate::types::currency::rounded;
use chrono::{Datelike, NaiveDate};
use en16931::invoice::{
    Code, CreditTransfer, Delivery, DocumentAllowanceCharge, DocumentKind, DocumentTotals, Item, LineAllowanceCharge, LineVat,
    PaymentInstructions, PaymentMeans, PrecedingInvoice, PriceDetails, VatBreakdown,
};
use en16931::{Date, DocumentReference, Invoice, InvoiceAmount, InvoiceLine, Percentage, Quantity, UnitPriceAmount};
use rust_decimal::Decimal;
use serde_json::json;

/// Peppol's one process of billing.
const PROCESS: &str = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0";
/// UNCL5189: a discount.
const DISCOUNT: &str = "95";
/// UNCL7161: freight.
const FREIGHT: &str = "FC";
/// One of something (UN/ECE Rec 20).
const ONE: &str = "C62";
const SHIPPING: &str = "Shipping";
/// Where the price as ordered does not reproduce the amount (PEPPOL-EN16931-R120 allows 0.02), this many places do.
const PRICE_PLACES: u32 = 10;

/// 409 `not_representable` for amounts with more than two decimals (BR-DEC).
pub fn invoice(document: &TradeDocument, specification: &str) -> Result<Invoice, Error> {
    let is_invoice = document.kind.asks();
    let mut invoice = Invoice::default();
    invoice.kind = if is_invoice { DocumentKind::Invoice } else { DocumentKind::CreditNote };
    invoice.specification_id = Some(specification.to_owned());
    invoice.business_process = Some(PROCESS.to_owned());
    invoice.number = Some(document.number.clone());
    invoice.issue_date = Some(date(document.issued_on)?);
    // UNTDID 1001.
    invoice.type_code = Some(Code::new(match document.kind {
        TradeKind::Invoice => "380",
        TradeKind::Prepayment => "386",
        TradeKind::CreditNote => "381",
    }));
    invoice.currency = Some(Code::new(document.currency.code()));
    invoice.due_date = document.due_on.map(date).transpose()?;
    let purchase_order = document.orders.iter().find_map(|order| order.purchase_order_number.clone());
    // Peppol wants one of the two (R003); who gave none gets the order's number back.
    let own_reference = document.orders.first().filter(|_| purchase_order.is_none()).map(|order| order.number.clone());
    invoice.buyer_reference = document.buyer_reference.clone().or(own_reference);
    invoice.purchase_order_reference = purchase_order.map(DocumentReference::new);
    // In UBL a sales order stands beside the buyer's own order.
    if invoice.purchase_order_reference.is_some() {
        invoice.sales_order_reference = document.orders.first().map(|order| DocumentReference::new(order.number.clone()));
    }
    invoice.payment_terms = is_invoice.then(|| document.payment_terms.as_ref().map(|terms| terms.name.clone())).flatten();
    if let Some(corrected) = &document.corrects {
        invoice.notes.push(corrected.reason.clone().into());
        invoice.preceding_invoices = vec![PrecedingInvoice {
            reference: DocumentReference::new(corrected.number.clone()),
            issue_date: Some(date(corrected.issued_on)?),
        }];
    }
    invoice.seller = parties::seller(&document.seller);
    invoice.buyer = parties::buyer(&document.buyer);
    invoice.delivery = delivery(document)?;
    invoice.payment = payment(document);
    invoice.lines = document.lines.iter().enumerate().map(|(i, line)| self::line(document, i, line)).collect::<Result<_, _>>()?;
    invoice.allowances = allowances(document)?;
    if invoice.lines.is_empty() {
        // BR-16: a document has a line. Of shipping alone it is that.
        invoice.lines = shipping_line(document)?;
    } else {
        invoice.charges = charges(document)?;
    }
    invoice.vat_breakdown = breakdown(document)?;
    invoice.totals = totals(document, &invoice)?;
    if invoice.totals.vat_total_accounting.is_some() {
        invoice.vat_accounting_currency = Some(Code::new(document.base_currency.code()));
    }
    Ok(invoice)
}

fn date(on: NaiveDate) -> Result<Date, Error> {
    let (month, day) = (u8::try_from(on.month()).map_err(Error::internal)?, u8::try_from(on.day()).map_err(Error::internal)?);
    Date::new(on.year(), month, day).map_err(Error::internal)
}

fn amount(value: Decimal) -> Result<InvoiceAmount, Error> {
    InvoiceAmount::from_decimal_exact(value).map_err(|_| {
        let rule = json!({ "rule": "BR-DEC", "at": value.to_string(), "detail": "amounts have at most two decimals" });
        not_representable_as("an amount has more than the two decimals that EN 16931 allows; send the PDF", vec![rule])
    })
}

/// The rate as EN 16931 knows it, on the whole of the price: 12 % on 11/12 is 11 %.
fn rate_of(rate: Decimal, fraction: crate::types::base_fraction::BaseFraction) -> Decimal {
    let on_whole = rate * Decimal::ONE_HUNDRED * Decimal::from(fraction.numerator()) / Decimal::from(fraction.denominator());
    on_whole.round_dp(6).normalize()
}

fn vat(category: &str, rate: Decimal) -> LineVat {
    let rate = match category {
        "O" => None,
        "S" | "L" | "M" => Some(Percentage::new(rate)),
        _ => Some(Percentage::ZERO),
    };
    LineVat { category: Code::new(category), rate }
}

fn vat_of_line(line: &TradeLine) -> LineVat {
    vat(&line.tax_scheme_category, rate_of(line.tax_rate.0, line.base_fraction))
}

fn vat_of_group(group: &DocumentTaxGroup) -> LineVat {
    vat(&group.tax_scheme_category, rate_of(group.rate.0, group.base_fraction))
}

fn line(document: &TradeDocument, i: usize, line: &TradeLine) -> Result<InvoiceLine, Error> {
    let (net, discount) = (line.net_amount.0, line.discount_amount.0);
    let allowances = if discount.is_zero() {
        vec![]
    } else {
        vec![LineAllowanceCharge {
            amount: amount(discount)?,
            base_amount: None,
            percentage: None,
            reason: Some("Discount".to_owned()),
            reason_code: Some(Code::new(DISCOUNT)),
        }]
    };
    let vat = vat_of_line(line);
    let (number, quantity) = ((i + 1).to_string(), Quantity::new(quantity(line).normalize()));
    let mut written =
        InvoiceLine::new(number, line.name.clone(), quantity, line.unit.as_str(), amount(net)?, vat.category.as_str(), vat.rate);
    written.allowances = allowances;
    written.price = price(document, line);
    written.item = Item {
        name: Some(line.name.clone()),
        seller_identifier: Some(line.sku.clone()),
        buyer_identifier: line.customer_sku.clone(),
        ..Item::default()
    };
    Ok(written)
}

/// A price below zero has no form in the standard (BR-27): what a prepayment deducts is a negative quantity at a positive price.
fn quantity(line: &TradeLine) -> Decimal {
    let deducts = line.unit_price.0 < Decimal::ZERO && line.quantity.0 > Decimal::ZERO;
    if deducts { -line.quantity.0 } else { line.quantity.0 }
}

/// The ordered price where it comes to the line's amount, else the price that does.
fn price(document: &TradeDocument, line: &TradeLine) -> PriceDetails {
    let gross = line.net_amount.0 + line.discount_amount.0;
    let (quantity, per) = (quantity(line), line.price_quantity.0);
    let ordered = line.unit_price.0.abs().normalize();
    let reproduces = !document.prices_include_tax && (quantity * ordered / per - gross).abs() <= Decimal::new(1, 2);
    let net_price = if reproduces { ordered } else { rounded(gross * per / quantity, PRICE_PLACES).normalize() };
    let base = (per != Decimal::ONE).then(|| per.normalize());
    PriceDetails {
        net_price: UnitPriceAmount::new(net_price),
        base_quantity: base.map(Quantity::new),
        base_quantity_code: base.map(|_| Code::new(line.unit.clone())),
        ..PriceDetails::default()
    }
}

/// The order's own discounts, one allowance for each tax group that they fall on.
fn allowances(document: &TradeDocument) -> Result<Vec<DocumentAllowanceCharge>, Error> {
    let mut sums: Vec<(LineVat, Decimal)> = vec![];
    for line in document.lines.iter().filter(|line| !line.order_discount_amount.0.is_zero()) {
        let vat = vat_of_line(line);
        match sums.iter_mut().find(|(known, _)| *known == vat) {
            Some((_, sum)) => *sum += line.order_discount_amount.0,
            None => sums.push((vat, line.order_discount_amount.0)),
        }
    }
    sums.into_iter().map(|(vat, sum)| charge(vat, sum, "Discount", DISCOUNT)).collect()
}

fn charges(document: &TradeDocument) -> Result<Vec<DocumentAllowanceCharge>, Error> {
    if document.shipping_net.0.is_zero() {
        return Ok(vec![]);
    }
    Ok(vec![charge(vat_of_shipping(document)?, document.shipping_net.0, SHIPPING, FREIGHT)?])
}

fn vat_of_shipping(document: &TradeDocument) -> Result<LineVat, Error> {
    let group = document.shipping_tax_group.and_then(|i| document.tax_breakdown.get(i));
    group.map(vat_of_group).ok_or_else(|| Error::internal("shipping without its tax group"))
}

/// The shipping as one unit of a service.
fn shipping_line(document: &TradeDocument) -> Result<Vec<InvoiceLine>, Error> {
    if document.shipping_net.0.is_zero() {
        return Ok(vec![]);
    }
    let (vat, net) = (vat_of_shipping(document)?, document.shipping_net.0);
    let one = Quantity::new(Decimal::ONE);
    let mut written = InvoiceLine::new("1", SHIPPING, one, ONE, amount(net)?, vat.category.as_str(), vat.rate);
    written.price = PriceDetails { net_price: UnitPriceAmount::new(net), ..PriceDetails::default() };
    written.item = Item { name: Some(SHIPPING.to_owned()), ..Item::default() };
    Ok(vec![written])
}

fn charge(vat: LineVat, sum: Decimal, reason: &str, code: &str) -> Result<DocumentAllowanceCharge, Error> {
    Ok(DocumentAllowanceCharge {
        amount: amount(sum)?,
        base_amount: None,
        percentage: None,
        vat,
        reason: Some(reason.to_owned()),
        reason_code: Some(Code::new(code)),
    })
}

/// Our groups, those together that are one to the standard: it knows category and rate alone.
fn breakdown(document: &TradeDocument) -> Result<Vec<VatBreakdown>, Error> {
    let mut groups: Vec<(LineVat, Decimal, Decimal, &DocumentTaxGroup)> = vec![];
    for group in &document.tax_breakdown {
        let vat = vat_of_group(group);
        match groups.iter_mut().find(|(known, ..)| *known == vat) {
            Some((_, net, tax, _)) => {
                *net += group.net_amount.0;
                *tax += group.tax_amount.0;
            }
            None => groups.push((vat, group.net_amount.0, group.tax_amount.0, group)),
        }
    }
    let row = |(vat, net, tax, group): (LineVat, Decimal, Decimal, &DocumentTaxGroup)| {
        let (reason, code) = exemption(group);
        Ok(VatBreakdown {
            taxable_amount: amount(net)?,
            tax_amount: amount(tax)?,
            category: vat.category,
            // The standard wants a rate of zero in the breakdown even where lines have none (BR-48), but for "not subject".
            rate: vat.rate,
            exemption_reason: reason,
            exemption_reason_code: code.map(Code::new),
        })
    };
    groups.into_iter().map(row).collect()
}

/// BT-120 and BT-121: what the customer's exemption says, else the standard's own code (VATEX list of CEF).
fn exemption(group: &DocumentTaxGroup) -> (Option<String>, Option<String>) {
    let standard = match group.tax_scheme_category.as_str() {
        "AE" => Some(("Reverse charge", Some("VATEX-EU-AE"))),
        "K" => Some(("Intra-Community supply", Some("VATEX-EU-IC"))),
        "G" => Some(("Export outside the EU", Some("VATEX-EU-G"))),
        "O" => Some(("Not subject to VAT", Some("VATEX-EU-O"))),
        "E" => Some(("Exempt", None)),
        _ => None,
    };
    let Some((text, code)) = standard else { return (None, None) };
    let reason = group.exemption_reason.clone().unwrap_or_else(|| text.to_owned());
    // BT-121 takes codes of the list alone; whatever else the exemption is filed under goes with the reason.
    match group.exemption_code.as_deref().filter(|code| !code.is_empty()) {
        Some(own) if own.to_ascii_uppercase().starts_with("VATEX-") => (Some(reason), Some(own.to_owned())),
        Some(own) => (Some(format!("{reason} ({own})")), code.map(str::to_owned)),
        None => (Some(reason), code.map(str::to_owned)),
    }
}

fn delivery(document: &TradeDocument) -> Result<Option<Delivery>, Error> {
    if document.supply_on.is_none() && document.ship_to.is_none() {
        return Ok(None);
    }
    // An intra-Community supply names the country that the goods went to (BR-IC-12).
    let crosses = document.tax_breakdown.iter().any(|group| group.tax_scheme_category == "K");
    let place = document.ship_to.as_ref().or(document.buyer.address.as_ref().filter(|_| crosses));
    let name = document.ship_to.as_ref().and_then(|address| address.company.clone().or(address.name.clone()));
    Ok(Some(Delivery {
        party_name: name,
        location: None,
        date: document.supply_on.map(date).transpose()?,
        address: place.map(parties::address),
    }))
}

/// The accounts to pay to; a credit note asks for nothing.
fn payment(document: &TradeDocument) -> Option<PaymentInstructions> {
    if document.kind == TradeKind::CreditNote || document.due() <= Decimal::ZERO {
        return None;
    }
    let accounts = document.payment_means.iter().filter_map(|means| serde_json::from_value::<BankAccount>(means.account.clone()).ok());
    let transfers: Vec<CreditTransfer> = accounts
        .map(|account| CreditTransfer {
            account_identifier: account.iban.or(account.account_number),
            account_name: Some(account.holder),
            provider_identifier: account.bic,
        })
        .collect();
    let code = document.payment_means.first()?.code.clone();
    Some(PaymentInstructions {
        means_code: Some(Code::new(code)),
        remittance_information: Some(document.number.clone()),
        means: (!transfers.is_empty()).then_some(PaymentMeans::CreditTransfer(transfers)),
        ..PaymentInstructions::default()
    })
}

fn totals(document: &TradeDocument, invoice: &Invoice) -> Result<DocumentTotals, Error> {
    let sum = |rows: &[DocumentAllowanceCharge]| rows.iter().map(|row| row.amount.into_decimal()).sum::<Decimal>();
    let (allowed, charged) = (sum(&invoice.allowances), sum(&invoice.charges));
    let of_lines = if document.lines.is_empty() { document.shipping_net.0 } else { document.subtotal.0 };
    let taxable = of_lines - allowed + charged;
    let some = |value: Decimal| (!value.is_zero()).then(|| amount(value)).transpose();
    let foreign = document.base_currency != document.currency;
    // BR-CO-15: the total with tax; what was rounded off comes after it (BR-CO-16).
    let gross = document.total.0 - document.rounding_amount.0;
    Ok(DocumentTotals {
        line_total: amount(of_lines)?,
        allowance_total: some(allowed)?,
        charge_total: some(charged)?,
        taxable_total: amount(taxable)?,
        vat_total: Some(amount(document.tax_total.0)?),
        vat_total_accounting: document.tax_total_base_currency.filter(|_| foreign).map(|tax| amount(tax.0)).transpose()?,
        gross_total: amount(gross)?,
        paid: some(document.paid.0)?,
        rounding: some(document.rounding_amount.0)?,
        due: amount(document.due())?,
    })
}
