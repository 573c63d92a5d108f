use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{OrderId, PaymentId, RefundId};
use crate::types::text::check_prose;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Whether the money has gone back.
    pub enum RefundStatus {
        Pending = "pending",
        Succeeded = "succeeded",
        Failed = "failed",
    }
}

text_enum! {
    /// Who wanted the money to go back.
    pub enum RefundKind {
        /// We did.
        Refund = "refund",
        /// The payer's bank took it back.
        Reversal = "reversal",
    }
}

/// Money to send back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "50000.00", "reason": "One bag arrived torn"}))]
pub struct NewRefund {
    /// Up to what was captured and not refunded.
    pub amount: Amount,
    pub reason: String,
}

impl NewRefund {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.require(self.amount.0 > Decimal::ZERO, "/amount", "out_of_range", "must be above 0");
        check_prose(&mut faults, "/reason", &self.reason, 500);
        faults.into_result()
    }
}

/// What went back of one order's money, by payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderRefunds {
    pub order_id: OrderId,
    pub amount: Amount,
    pub currency: Currency,
    /// One for each payment that gave some of it, the newest payment first.
    pub refunds: Vec<RefundBody>,
}

/// A refund, or a reversal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundBody {
    pub id: RefundId,
    pub kind: RefundKind,
    #[schema(example = "RFD-000001")]
    pub number: String,
    pub payment_id: PaymentId,
    /// The order whose money went back, where it is one.
    pub order_id: Option<OrderId>,
    pub amount: Amount,
    pub currency: Currency,
    pub reason: String,
    pub status: RefundStatus,
    /// Of a reversal: the day on which the bank took it.
    pub booked_on: Option<NaiveDate>,
    /// The provider's name of it, or of the dispute that was lost.
    pub provider_reference: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
