use super::super::files::Direction;
use super::entry::{BankEntry, BankEntryStatus, Decision, Suggestion};
use crate::payments::body::{NewAllocation, check_allocations};
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{BankEntryId, BankStatementId, CustomerId, PaymentId, RefundId};
use crate::types::text::check_prose;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an entry is for: exactly one of `allocations`, `customer_id`, `payment_id`, `refund_id` and `reversed_payment_id`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f"}))]
pub struct MatchBankEntry {
    /// Books the money as a payment and puts it on these documents; what is left stays unapplied.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub allocations: Option<Vec<NewAllocation>>,
    /// Books the money as a payment of this customer, for no document yet.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    /// The money is this payment, which is booked already.
    #[serde(default)]
    pub payment_id: Option<PaymentId>,
    /// The money that left is this refund.
    #[serde(default)]
    pub refund_id: Option<RefundId>,
    /// The money that left was taken back by the payer's bank: this payment is reversed by it.
    #[serde(default)]
    pub reversed_payment_id: Option<PaymentId>,
    /// When the payment or its reversal is booked: the entry's day where absent. Give a later one where that day is in closed books.
    #[serde(default)]
    pub received_on: Option<NaiveDate>,
}

impl MatchBankEntry {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        let allocations = self.allocations.as_deref();
        let given = [
            allocations.is_some(),
            self.customer_id.is_some(),
            self.payment_id.is_some(),
            self.refund_id.is_some(),
            self.reversed_payment_id.is_some(),
        ];
        let one = given.iter().filter(|given| **given).count() == 1;
        faults.require(one, "", "exactly_one_of", "say one of allocations, customer_id, payment_id, refund_id and reversed_payment_id");
        if let Some([]) = allocations {
            faults.add("/allocations", "required", "name at least one order or invoice");
        }
        if self.received_on.is_some() && (self.payment_id.is_some() || self.refund_id.is_some()) {
            faults.add("/received_on", "nothing_is_booked", "what is booked already keeps its date");
        }
        faults.into_result()
    }

    /// That the allocations fit an amount.
    pub fn check_amount(&self, amount: Decimal, currency: Currency) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_allocations(&mut faults, self.allocations.as_deref().unwrap_or_default(), amount, currency);
        faults.into_result()
    }
}

/// Why an entry is none of ours.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Account fee of February"}))]
pub struct IgnoreBankEntry {
    pub reason: String,
}

impl IgnoreBankEntry {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_prose(&mut faults, "/reason", &self.reason, 500);
        faults.into_result()
    }
}

/// A booking of a bank account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BankEntryBody {
    pub id: BankEntryId,
    pub statement_id: BankStatementId,
    /// Where it stands in its file: a row of CSV, or an XPath.
    #[schema(example = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[3]")]
    pub pointer: String,
    /// IBAN or account number.
    #[schema(example = "DE89370400440532013000")]
    pub account: String,
    pub statement_reference: Option<String>,
    pub booked_on: NaiveDate,
    pub value_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    pub direction: Direction,
    /// It takes an earlier entry back.
    pub reversal: bool,
    #[schema(example = "Rechnung INV-000001")]
    pub remittance_text: String,
    /// As it was sent; an ISO 11649 reference (`RF…`) among others.
    #[schema(example = "RF69INV000001")]
    pub structured_reference: Option<String>,
    pub end_to_end_id: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_account: Option<String>,
    /// The bank's own reference of the booking.
    pub bank_reference: Option<String>,
    pub status: BankEntryStatus,
    /// What it may be for, the best first.
    pub suggestions: Vec<Suggestion>,
    pub payment_id: Option<PaymentId>,
    pub refund_id: Option<RefundId>,
    /// Who matched or ignored it.
    pub decision: Option<Decision>,
    /// An equal entry of another file that this one may be: two files of one day may be its halves, or hold a row twice. Match it where
    /// the money came twice, ignore it where it is the same.
    pub possible_duplicate_of: Option<BankEntryId>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<BankEntry> for BankEntryBody {
    fn from(entry: BankEntry) -> Self {
        Self {
            id: entry.id,
            statement_id: entry.statement_id,
            pointer: entry.pointer,
            account: entry.account,
            statement_reference: entry.statement_reference,
            booked_on: entry.booked_on,
            value_on: entry.value_on,
            amount: Amount(entry.currency.round(entry.amount)),
            currency: entry.currency,
            direction: entry.direction,
            reversal: entry.reversal,
            remittance_text: entry.remittance_text,
            structured_reference: entry.structured_reference,
            end_to_end_id: entry.end_to_end_id,
            counterparty_name: entry.counterparty_name,
            counterparty_account: entry.counterparty_account,
            bank_reference: entry.bank_reference,
            status: entry.status,
            suggestions: entry.suggestions.into_iter().map(|suggestion| suggestion.in_minor_units(entry.currency)).collect(),
            payment_id: entry.payment_id,
            refund_id: entry.refund_id,
            decision: entry.decision,
            possible_duplicate_of: entry.possible_duplicate_of,
            version: entry.version,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}
