//! What is asked for where money is on the wrong document, or where it is gone.

use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{InvoiceId, OrderId};
use crate::types::text::check_prose;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

/// Money that was put on the wrong document: exactly one of `invoice_id` and `order_id`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseAllocations {
    /// Off this invoice.
    #[serde(default)]
    pub invoice_id: Option<InvoiceId>,
    /// Off this order and its invoices, what was put on them last before the rest.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// Money; all of it where absent. Adjustments are undone with the last of the money that they came with.
    #[serde(default)]
    pub amount: Option<Amount>,
    pub reason: String,
}

impl ReleaseAllocations {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.require(self.invoice_id.is_some() != self.order_id.is_some(), "", "exactly_one_of", "give invoice_id or order_id");
        check_prose(&mut faults, "/reason", &self.reason, 500);
        faults.into_result()
    }
}

/// Money that the payer's bank has taken back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "5000.00", "reason": "Direct debit returned: AC04, account closed"}))]
pub struct ReversePayment {
    /// All that is left of the payment where absent.
    #[serde(default)]
    pub amount: Option<Amount>,
    pub reason: String,
    /// The day of the bank; today where absent. Not in the future, not in closed books, not before the money came (422
    /// `before_payment`).
    #[serde(default)]
    pub received_on: Option<NaiveDate>,
}

impl ReversePayment {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_prose(&mut faults, "/reason", &self.reason, 500);
        faults.into_result()
    }
}
