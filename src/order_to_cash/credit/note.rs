//! What a credit note says.

use crate::auth::actor::Context;
use crate::invoicing::credit_notes::body::NewCreditNote;
use crate::invoicing::credit_notes::credit_note::{
    CreditNote, CreditNoteDocument, CreditNoteLine, CreditNoteLineDetail, CreditNoteLineKind,
};
use crate::invoicing::credit_notes::portion::{CreditLine, CreditPortion};
use crate::invoicing::credit_notes::restocking::FeePart;
use crate::invoicing::invoices::invoice::{DocumentTaxGroup, Exemption, Invoice, InvoiceLine};
use crate::invoicing::own_lines::OwnLine;
use crate::types::decimal::Amount;
use crate::types::id::{CreditNoteId, CreditNoteLineId};
use chrono::NaiveDate;
use rust_decimal::Decimal;

pub struct Heading {
    pub series: String,
    pub issued_on: NaiveDate,
    pub credits_shipping: bool,
    pub fees: Vec<FeePart>,
}

/// The credit note of a portion, still without number.
pub fn note(context: &Context, invoice: &Invoice, portion: &CreditPortion, body: &NewCreditNote, heading: Heading) -> CreditNote {
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
        replaced_by_invoice_id: None,
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
        unit_price: unit_price(invoice, of, part),
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
        sku: OwnLine::RestockingFee.sku().to_owned(),
        name: OwnLine::RestockingFee.name(),
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

/// Of a sum of money, the part of it that is taken back.
pub fn unit_price(invoice: &Invoice, of: &InvoiceLine, part: &CreditLine) -> Decimal {
    match of.is_sum() {
        true if invoice.document.prices_include_tax => part.net_amount + part.tax_amount,
        true => part.net_amount,
        false => of.unit_price,
    }
}

fn line_detail(of: &InvoiceLine, kind: CreditNoteLineKind) -> CreditNoteLineDetail {
    CreditNoteLineDetail {
        invoice_line_id: of.id,
        tax_scheme_category: of.detail.tax_scheme_category.clone(),
        base_fraction: of.detail.base_fraction,
        kind,
    }
}
