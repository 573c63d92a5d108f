//! How much of a credit limit is used: a counter like stock, kept only for customers with a limit.

pub(super) mod store;

use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use aws_lc_rs::digest;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

/// What a customer with a credit limit owes and has ordered, in the limit's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Balance {
    pub currency: Currency,
    /// Confirmed and not yet invoiced.
    pub open_orders: Amount,
    /// Invoiced and neither credited nor paid.
    pub unpaid: Amount,
    pub credit_limit: Amount,
    /// `credit_limit − open_orders − unpaid`; below 0 where the limit was lowered or an order was released above it.
    pub available: Amount,
}

impl Balance {
    pub fn new(currency: Currency, open_orders: Decimal, unpaid: Decimal, credit_limit: Decimal) -> Self {
        let amount = |value: Decimal| Amount(currency.round(value));
        Self {
            currency,
            open_orders: amount(open_orders),
            unpaid: amount(unpaid),
            credit_limit: amount(credit_limit),
            available: amount(credit_limit - open_orders - unpaid),
        }
    }

    /// Short text that is another one for another balance.
    pub fn tag(&self) -> serde_json::Result<String> {
        let digest = digest::digest(&digest::SHA256, &serde_json::to_vec(self)?);
        Ok(digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_available_is_the_limit_less_what_is_open_and_unpaid() {
        let balance = Balance::new(Currency::from_code("EUR").unwrap(), Decimal::new(705_000, 4), Decimal::from(50), Decimal::from(100));
        assert_eq!(
            serde_json::to_value(balance).unwrap(),
            json!({"currency": "EUR", "open_orders": "70.50", "unpaid": "50.00", "credit_limit": "100.00", "available": "-20.50"})
        );
    }
}
