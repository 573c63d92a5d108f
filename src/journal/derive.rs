//! From facts to postings: the rules of the books, each as a function.

use super::entry::{Draft, JournalEntryKind, JournalSourceType, Posting, Source};
use super::facts::{Applied, Billed, Capture, Moved, MovedKind, Paid, Refunded};
use super::open_items::Item;
use super::role::LedgerRole;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, OrderId};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

/// Receivable against sales, discounts, shipping, tax and rounding.
pub fn invoice(fact: &Billed) -> Draft {
    let mut postings = vec![Posting::new(LedgerRole::Receivable, fact.total).of(Item::Invoice(fact.invoice_id))];
    for sales in &fact.sales {
        let role = if sales.is_prepayment { LedgerRole::Deposit } else { LedgerRole::Revenue };
        postings.push(Posting::new(role, -sales.net_amount).taxed(&sales.tax_category, None));
        postings.push(Posting::new(LedgerRole::Discount, sales.discount_amount).taxed(&sales.tax_category, None));
    }
    postings.push(Posting::new(LedgerRole::Shipping, -fact.shipping_net));
    postings.extend(fact.taxes.iter().map(|tax| Posting::new(LedgerRole::Tax, -tax.amount).taxed(&tax.tax_category, Some(tax.rate))));
    postings.push(Posting::new(LedgerRole::Rounding, -fact.rounding_amount));
    billed(fact, JournalEntryKind::Invoice, JournalSourceType::Invoice, postings)
}

/// The other way round; what was sold comes off in an account of its own, after its discounts.
pub fn credit_note(fact: &Billed) -> Draft {
    let mut postings = vec![Posting::new(LedgerRole::Receivable, -fact.total).of(Item::Invoice(fact.invoice_id))];
    for sales in &fact.sales {
        let taken_back = sales.net_amount - sales.discount_amount;
        let role = if sales.is_prepayment { LedgerRole::Deposit } else { LedgerRole::CreditNote };
        postings.push(Posting::new(role, taken_back).taxed(&sales.tax_category, None));
    }
    postings.push(Posting::new(LedgerRole::Shipping, fact.shipping_net));
    postings.extend(fact.taxes.iter().map(|tax| Posting::new(LedgerRole::Tax, tax.amount).taxed(&tax.tax_category, Some(tax.rate))));
    postings.push(Posting::new(LedgerRole::Rounding, fact.rounding_amount));
    billed(fact, JournalEntryKind::CreditNote, JournalSourceType::CreditNote, postings)
}

fn billed(fact: &Billed, kind: JournalEntryKind, source_type: JournalSourceType, postings: Vec<Posting>) -> Draft {
    Draft {
        kind,
        at: fact.created_at,
        posted_on: fact.issued_on,
        source: Source { source_type, id: fact.id, number: Some(fact.number.clone()) },
        order_id: Some(fact.order_id),
        customer_id: Some(fact.customer_id),
        currency: fact.currency,
        exchange_rate: fact.exchange_rate,
        postings,
    }
}

/// Money arrives as the customer's, and what it was put on in the same moment takes it over.
pub fn capture(payment: &Paid, capture: &Capture, applied: &[Applied]) -> Draft {
    let mut postings = vec![Posting::new(LedgerRole::Bank, capture.amount).by(payment.method), on_account(payment, -capture.amount)];
    postings.extend(application(payment, applied));
    Draft { postings, ..of_payment(payment, JournalEntryKind::Payment, capture.received_on, capture.at, applied) }
}

/// Money that is here is put on documents or taken off them.
pub fn applied(payment: &Paid, applied: &[Applied], posted_on: NaiveDate, at: DateTime<Utc>) -> Draft {
    let postings = application(payment, applied);
    Draft { postings, ..of_payment(payment, JournalEntryKind::PaymentApplication, posted_on, at, applied) }
}

/// Money goes back, off the documents that `applied` says.
pub fn refund(payment: &Paid, refund: &Refunded, applied: &[Applied]) -> Draft {
    let mut postings = vec![on_account(payment, refund.amount), Posting::new(LedgerRole::Refund, -refund.amount).by(payment.method)];
    postings.extend(application(payment, applied));
    Draft {
        source: Source { source_type: JournalSourceType::Refund, id: refund.id.0, number: Some(refund.number.clone()) },
        order_id: refund.order_id.or(payment.order_id),
        exchange_rate: refund.exchange_rate,
        postings,
        ..of_payment(payment, JournalEntryKind::Refund, refund.posted_on, refund.at, applied)
    }
}

fn of_payment(payment: &Paid, kind: JournalEntryKind, posted_on: NaiveDate, at: DateTime<Utc>, applied: &[Applied]) -> Draft {
    let orders = || applied.first().map(|first| first.order_id).filter(|order| applied.iter().all(|row| row.order_id == *order));
    Draft {
        kind,
        at,
        posted_on,
        source: Source { source_type: JournalSourceType::Payment, id: payment.id.0, number: Some(payment.number.clone()) },
        order_id: payment.order_id.or_else(orders),
        customer_id: payment.customer_id,
        currency: payment.currency,
        exchange_rate: payment.exchange_rate,
        postings: vec![],
    }
}

/// The customer's money that is on no document.
fn on_account(payment: &Paid, amount: Decimal) -> Posting {
    Posting::new(LedgerRole::Receivable, amount).of(Item::Payment(payment.id)).at(payment.exchange_rate)
}

/// Money goes from the customer's account to an invoice or, as a deposit, to an order; adjustments settle beside it.
fn application(payment: &Paid, applied: &[Applied]) -> Vec<Posting> {
    let mut postings = Vec::new();
    for row in applied {
        postings.push(on_account(payment, row.settles.money));
        let settled = -row.settles.total();
        postings.push(match row.invoice_id {
            Some(invoice_id) => Posting::new(LedgerRole::Receivable, settled).of(Item::Invoice(invoice_id)).at(row.invoice_rate),
            None => Posting::new(LedgerRole::Deposit, settled).of(Item::Payment(payment.id)).at(payment.exchange_rate),
        });
        let kept = |adjustment: &crate::payments::settlement::Adjustment| Posting::new(adjustment.kind.into(), adjustment.amount.0);
        postings.extend(row.settles.adjustments.iter().map(kept));
    }
    postings
}

/// The cost of goods that moved for one subject; goods without a known cost move no account.
pub fn moved(movements: &[&Moved], base_currency: Currency, order_id: Option<OrderId>, customer_id: Option<CustomerId>) -> Option<Draft> {
    let first = movements.first()?;
    let cost = |movement: &&&Moved| movement.unit_cost.map(|cost| movement.quantity * cost);
    // Each movement is rounded by itself, as stock is valued.
    let value: Decimal = movements.iter().filter_map(|movement| cost(&movement)).map(|cost| base_currency.round(cost)).sum();
    let (kind, source_type, against) = match first.kind {
        MovedKind::Shipment => (JournalEntryKind::Shipment, JournalSourceType::Shipment, LedgerRole::CostOfGoods),
        MovedKind::Return => (JournalEntryKind::Return, JournalSourceType::Return, LedgerRole::CostOfGoods),
        MovedKind::Adjustment => (JournalEntryKind::InventoryAdjustment, JournalSourceType::StockChange, LedgerRole::InventoryAdjustment),
    };
    Some(Draft {
        kind,
        at: first.at,
        posted_on: first.posted_on,
        source: Source { source_type, id: first.subject_id, number: first.reference.clone() },
        order_id,
        customer_id,
        currency: base_currency,
        exchange_rate: Some(Decimal::ONE),
        postings: vec![Posting::new(LedgerRole::Inventory, value), Posting::new(against, -value)],
    })
}
