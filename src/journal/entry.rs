//! Journal entries: from postings in the document's currency to lines that balance in it and in base currency.

use super::open_items::{Item, OpenItems};
use super::role::LedgerRole;
use crate::payments::payment::PaymentMethod;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, OrderId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

text_enum! {
    /// What an entry books.
    pub enum JournalEntryKind {
        Invoice = "invoice",
        CreditNote = "credit_note",
        /// Money arrives, with what it was put on in the same moment.
        Payment = "payment",
        /// Money that is here is put on documents, moved between them, or taken off them.
        PaymentApplication = "payment_application",
        Refund = "refund",
        /// Cost of the goods that left.
        Shipment = "shipment",
        /// Cost of the goods that came back.
        Return = "return",
        /// Cost of what a count, a correction or the bin changed.
        InventoryAdjustment = "inventory_adjustment",
    }
}

text_enum! {
    /// What an entry comes from.
    pub enum JournalSourceType {
        Invoice = "invoice",
        CreditNote = "credit_note",
        Payment = "payment",
        Refund = "refund",
        Shipment = "shipment",
        Return = "return",
        StockChange = "stock_change",
    }
}

/// The document that an entry comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub source_type: JournalSourceType,
    pub id: Uuid,
    pub number: Option<String>,
}

/// An amount for one role, in the document's currency: debit above 0, credit below.
#[derive(Clone, Debug, PartialEq)]
pub struct Posting {
    pub role: LedgerRole,
    pub amount: Decimal,
    pub tax_category: Option<String>,
    pub tax_rate: Option<Decimal>,
    pub payment_method: Option<PaymentMethod>,
    /// Of receivables and deposits.
    pub item: Option<Item>,
    /// At which an item grows, where that is not the entry's rate: that of the invoice.
    pub item_rate: Option<Decimal>,
}

impl Posting {
    pub fn new(role: LedgerRole, amount: Decimal) -> Self {
        Self { role, amount, tax_category: None, tax_rate: None, payment_method: None, item: None, item_rate: None }
    }

    pub fn taxed(self, tax_category: &str, tax_rate: Option<Decimal>) -> Self {
        Self { tax_category: Some(tax_category.to_owned()), tax_rate, ..self }
    }

    pub fn by(self, method: PaymentMethod) -> Self {
        Self { payment_method: Some(method), ..self }
    }

    pub fn of(self, item: Item) -> Self {
        Self { item: Some(item), ..self }
    }

    pub fn at(self, item_rate: Option<Decimal>) -> Self {
        Self { item_rate, ..self }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.role, self.item, self.payment_method) == (other.role, other.item, other.payment_method)
            && (&self.tax_category, self.tax_rate) == (&other.tax_category, other.tax_rate)
    }
}

/// An entry before it is valued.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: JournalEntryKind,
    /// When the fact was recorded: entries are in this order.
    pub at: DateTime<Utc>,
    pub posted_on: NaiveDate,
    pub source: Source,
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub currency: Currency,
    /// Units of base currency for one of `currency`.
    pub exchange_rate: Option<Decimal>,
    pub postings: Vec<Posting>,
}

/// A line of an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub posting: Posting,
    pub base_amount: Option<Decimal>,
}

/// The postings do not add up to nothing: the document does not add up either.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the postings of {source_type} {id} add up to {sum} instead of nothing")]
pub struct Unbalanced {
    pub source_type: JournalSourceType,
    pub id: Uuid,
    pub sum: Decimal,
}

/// Postings of one role, category, method and item are one line; what comes to nothing is none. In base currency an item moves by
/// what it stands at, all else by the entry's rate; what is missing there is a line of its own: rounding where all is at one rate and
/// rounding can explain it, else an exchange difference, however small. Without an exchange rate there are no amounts in base currency.
pub fn value(draft: &Draft, base_currency: Currency, items: &mut OpenItems) -> Result<Vec<Line>, Unbalanced> {
    let mut merged: Vec<Posting> = Vec::new();
    for posting in &draft.postings {
        match merged.iter_mut().find(|known| known.is_like(posting)) {
            Some(known) => known.amount += posting.amount,
            None => merged.push(posting.clone()),
        }
    }
    merged.retain(|posting| !posting.amount.is_zero());
    // Debits first, as books are read.
    merged.sort_by_key(|posting| posting.amount.is_sign_negative());
    let sum: Decimal = merged.iter().map(|posting| posting.amount).sum();
    if !sum.is_zero() {
        return Err(Unbalanced { source_type: draft.source.source_type, id: draft.source.id, sum });
    }
    let Some(rate) = draft.exchange_rate else {
        return Ok(merged.into_iter().map(|posting| Line { posting, base_amount: None }).collect());
    };
    let is_one_rate = merged.iter().all(|posting| posting.item.is_none() || posting.item_rate.is_none_or(|item_rate| item_rate == rate));
    let mut in_base = |posting: &Posting| match posting.item {
        Some(item) => items.shift(posting.role, item, posting.amount, posting.item_rate.unwrap_or(rate), base_currency),
        None => base_currency.round(posting.amount * rate),
    };
    let mut lines: Vec<Line> = merged.into_iter().map(|posting| Line { base_amount: Some(in_base(&posting)), posting }).collect();
    let missing = -lines.iter().filter_map(|line| line.base_amount).sum::<Decimal>();
    if !missing.is_zero() {
        let by_rounding = Decimal::new(1, base_currency.minor_units()) * Decimal::from(lines.len());
        let role = if is_one_rate && missing.abs() <= by_rounding { LedgerRole::Rounding } else { LedgerRole::ExchangeDifference };
        lines.push(Line { posting: Posting::new(role, draft.currency.zero()), base_amount: Some(missing) });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests;
