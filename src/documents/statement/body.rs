use crate::invoicing::invoices::invoice::BillTo;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::text_enum::text_enum;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// What moved the balance.
    pub enum StatementEntryKind {
        Invoice = "invoice",
        CreditNote = "credit_note",
        Payment = "payment",
        Refund = "refund",
        /// Debt that was settled without money: withholding tax, bank fee, discount, write-off.
        Adjustment = "adjustment",
    }
}

/// One movement of a customer's account.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StatementEntry {
    /// The date of the document; of a payment, that of receipt; of a refund or an adjustment, the day it was booked.
    pub on: NaiveDate,
    pub kind: StatementEntryKind,
    /// Of the document or the payment.
    pub id: Uuid,
    #[schema(example = "INV-000001")]
    pub number: String,
    /// The invoice that a credit note or an adjustment is about, or the payer's reference.
    pub reference: Option<String>,
    /// Of an invoice.
    pub due_on: Option<NaiveDate>,
    /// What the customer owes more by it.
    pub debit: Amount,
    /// What he owes less.
    pub credit: Amount,
    /// What he owes after it; negative is in his favour.
    pub balance: Amount,
}

/// A customer's account in one currency. `opening_balance + Σ debit − Σ credit = closing_balance`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Statement {
    pub customer: BillTo,
    pub currency: Currency,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub opening_balance: Amount,
    pub entries: Vec<StatementEntry>,
    pub total_debit: Amount,
    pub total_credit: Amount,
    pub closing_balance: Amount,
    /// Of what is open today: the part that should have come already.
    pub overdue: Amount,
}
