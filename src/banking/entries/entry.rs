//! A booking of a bank account that has been taken in, and what became of it.

use super::super::files::Direction;
use super::super::matching::MatchReason;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{BankEntryId, BankStatementId, CustomerId, InvoiceId, OrderId, PaymentId, RefundId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What became of an entry.
    pub enum BankEntryStatus {
        /// A payment or a refund stands for it.
        Matched = "matched",
        /// There are suggestions; a person decides.
        Suggested = "suggested",
        /// Nothing fits; a person decides.
        Unmatched = "unmatched",
        /// It is none of ours: fees, interest, transfers between own accounts.
        Ignored = "ignored",
    }
}

text_enum! {
    /// What can be done to an entry.
    pub enum BankEntryAction {
        Match = "match",
        Ignore = "ignore",
        Unmatch = "unmatch",
    }
}

impl BankEntryStatus {
    /// Whether somebody, or the rules, have said what it is.
    pub const fn is_decided(self) -> bool {
        match self {
            Self::Matched | Self::Ignored => true,
            Self::Suggested | Self::Unmatched => false,
        }
    }

    /// Whether the action is possible. Taking a match back is, unless it has booked money: see [`BankEntry::booked`].
    pub const fn allows(self, action: BankEntryAction) -> bool {
        match (self, action) {
            (Self::Suggested | Self::Unmatched, BankEntryAction::Match | BankEntryAction::Ignore) => true,
            (Self::Matched | Self::Ignored, BankEntryAction::Unmatch) => true,
            (Self::Suggested | Self::Unmatched, BankEntryAction::Unmatch) => false,
            (Self::Matched | Self::Ignored, BankEntryAction::Match | BankEntryAction::Ignore) => false,
        }
    }
}

/// Something that the entry may be for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The sum of the points of its reasons; 90 and more may be booked by itself.
    #[schema(example = 65)]
    pub score: i32,
    pub reasons: Vec<MatchReason>,
    pub customer_id: Option<CustomerId>,
    /// None where the money is the customer's for no document yet.
    pub allocations: Vec<SuggestedAllocation>,
    /// A payment that is booked already and that this money may be.
    pub payment_id: Option<PaymentId>,
    /// The refund that this money may be.
    pub refund_id: Option<RefundId>,
    /// The payment that its bank may have taken back.
    #[serde(default)]
    pub reversed_payment_id: Option<PaymentId>,
}

/// An amount for a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestedAllocation {
    pub invoice_id: Option<InvoiceId>,
    pub order_id: Option<OrderId>,
    #[schema(example = "INV-000001")]
    pub number: String,
    pub amount: Amount,
    /// What a bank on the way has kept, within the tolerance.
    pub bank_fee: Amount,
    /// What the invoice's terms grant for money of this day, where exactly that was deducted.
    #[serde(default)]
    pub early_payment_discount: Amount,
}

impl Suggestion {
    /// With amounts as the API writes them.
    pub fn in_minor_units(mut self, currency: Currency) -> Self {
        for allocation in &mut self.allocations {
            for amount in [&mut allocation.amount, &mut allocation.bank_fee, &mut allocation.early_payment_discount] {
                *amount = Amount(currency.round(amount.0));
            }
        }
        self
    }
}

/// Who decided about an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// `system` where it was certain.
    #[schema(example = "system")]
    pub by: String,
    pub at: DateTime<Utc>,
    /// Of an entry that is ignored.
    pub reason: Option<String>,
}

/// A booking of a bank account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankEntry {
    pub id: BankEntryId,
    pub statement_id: BankStatementId,
    pub pointer: String,
    pub account: String,
    pub statement_reference: Option<String>,
    pub booked_on: NaiveDate,
    pub value_on: Option<NaiveDate>,
    pub amount: Decimal,
    pub currency: Currency,
    pub direction: Direction,
    pub reversal: bool,
    pub remittance_text: String,
    pub structured_reference: Option<String>,
    pub end_to_end_id: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_account: Option<String>,
    pub bank_reference: Option<String>,
    pub status: BankEntryStatus,
    /// The first suggestion is to be booked by itself.
    pub certain: bool,
    pub suggestions: Vec<Suggestion>,
    pub payment_id: Option<PaymentId>,
    pub refund_id: Option<RefundId>,
    /// Whether the match has booked the payment.
    pub booked: bool,
    pub decision: Option<Decision>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// It may be this one, from another file: it is booked by a person alone.
    pub possible_duplicate_of: Option<BankEntryId>,
}

impl BankEntry {
    /// All that the payer wrote, to look for numbers and addresses in.
    pub fn text(&self) -> String {
        let parts = [Some(self.remittance_text.as_str()), self.structured_reference.as_deref(), self.end_to_end_id.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What a payment is told to refer to.
    pub fn payment_reference(&self) -> String {
        let told = self.bank_reference.clone().or(self.end_to_end_id.clone()).or(self.structured_reference.clone());
        told.unwrap_or_else(|| format!("bank entry {}", self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn suggested_amounts_are_in_minor_units() {
        let allocation = json!({"invoice_id": null, "order_id": null, "number": "INV-000001", "amount": "13.5", "bank_fee": "0"});
        let stored =
            json!({"score": 90, "reasons": [], "customer_id": null, "allocations": [allocation], "payment_id": null, "refund_id": null});
        let shown = |code: &str| {
            let suggestion: Suggestion = serde_json::from_value(stored.clone()).unwrap();
            let shown = suggestion.in_minor_units(Currency::from_code(code).unwrap()).allocations.remove(0);
            [shown.amount, shown.bank_fee, shown.early_payment_discount].map(|amount| amount.to_string())
        };
        assert_eq!(shown("EUR"), ["13.50", "0.00", "0.00"]);
        assert_eq!(shown("KWD"), ["13.500", "0.000", "0.000"]);
    }

    #[test]
    fn every_status_allows_exactly_its_actions() {
        let table = [
            (BankEntryStatus::Matched, "--u"),
            (BankEntryStatus::Suggested, "mi-"),
            (BankEntryStatus::Unmatched, "mi-"),
            (BankEntryStatus::Ignored, "--u"),
        ];
        for (status, row) in table {
            for (action, letter) in BankEntryAction::ALL.iter().zip(row.chars()) {
                assert_eq!(status.allows(*action), letter != '-', "{status} {action}");
            }
        }
    }
}
