//! What moves money on the payer's side: a payment service behind one trait. Calls are repeatable: each that changes something
//! carries a key, and the same key does it once.

/// What follows for a payment from what the provider says of it.
pub mod decide;
pub mod stripe;

use crate::types::currency::Currency;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A payment service as the outbox calls it. Amounts are in major units, exact in what the service can move.
pub trait PaymentProvider: Send + Sync {
    /// Asks the payer's side for the money: reserves it, or takes it at once.
    fn create(&self, new: &NewIntent<'_>, key: &str) -> Result<Intent, ProviderError>;
    /// What the service knows of it now.
    fn retrieve(&self, reference: &str) -> Result<Intent, ProviderError>;
    /// Takes reserved money.
    fn capture(&self, reference: &str, amount: Decimal, currency: Currency, last: bool, key: &str) -> Result<Intent, ProviderError>;
    /// Gives what is reserved up.
    fn cancel(&self, reference: &str, key: &str) -> Result<Intent, ProviderError>;
    /// Sends taken money back. `operation_id` comes back with [`PaymentProvider::refunds`].
    fn refund(
        &self,
        reference: &str,
        amount: Decimal,
        currency: Currency,
        operation_id: &str,
        key: &str,
    ) -> Result<ProviderRefund, ProviderError>;
    /// All that went back.
    fn refunds(&self, reference: &str) -> Result<Vec<ProviderRefund>, ProviderError>;
    /// How a dispute stands now.
    fn dispute(&self, reference: &str) -> Result<ProviderDispute, ProviderError>;
}

/// Money to ask for.
#[derive(Clone, Copy, Debug)]
pub struct NewIntent<'a> {
    pub amount: Decimal,
    pub currency: Currency,
    /// The service's name of the payer's card or wallet.
    pub payment_method: &'a str,
    /// Whether the money is taken at once, not only reserved.
    pub capture: bool,
    pub payment_id: &'a str,
    pub number: &'a str,
}

/// How far the service is with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// The payer or a bank is not done.
    Open,
    /// Money is reserved.
    Authorized,
    /// Money is taken; nothing of it is reserved any more.
    Captured,
    /// Given up by somebody, or by the service itself when its time was over.
    Cancelled { by_service: bool },
    /// The payer's side refused.
    Failed,
}

/// What the service knows of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub reference: String,
    pub state: IntentState,
    pub currency: Currency,
    /// Still reserved.
    pub capturable: Decimal,
    /// Taken so far.
    pub captured: Decimal,
    /// Until when it can be captured.
    pub expires_at: Option<DateTime<Utc>>,
    /// It goes on only when the payer does something, such as approve it at his bank (3-D Secure).
    pub waits_for_payer: bool,
    pub failure: Option<Failure>,
}

/// What the service knows of money that went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRefund {
    pub reference: String,
    pub amount: Decimal,
    pub state: RefundState,
    /// Of ours that asked for it.
    pub operation_id: Option<String>,
    pub failure: Option<Failure>,
}

/// The payer contests a payment at his bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderDispute {
    pub reference: String,
    pub amount: Decimal,
    pub currency: Currency,
    /// As the service names it.
    pub status: String,
    pub reason: String,
    /// It is over, and the bank keeps the money.
    pub is_lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// Accepted, on its way.
    Open,
    Done,
    Failed,
}

/// Why the payer's side or the service refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PaymentFailure)]
pub struct Failure {
    #[schema(example = "card_declined")]
    pub code: String,
    #[schema(example = "Your card was declined.")]
    pub detail: String,
}

impl Failure {
    /// Whether what was asked for is not there.
    pub fn is_missing(&self) -> bool {
        self.code == "resource_missing"
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It may have been done or not: the same call with the same key tells.
    #[error("{0}")]
    Unknown(String),
    /// It was not done: the service does not know who asks. Somebody must set the right key.
    #[error("{0}")]
    KeyRefused(String),
    /// It was not done and will not be.
    #[error("{}: {}", .0.code, .0.detail)]
    Refused(Failure),
}
