use crate::platform::limits;
use crate::types::currency::Currency;
use crate::types::decimal::ExchangeRate as Rate;
use crate::types::fault::{Fault, Faults};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// An exchange rate to set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from_currency": "USD", "to_currency": "IDR", "rate": "16250.5", "valid_from_on": "2026-11-01"}))]
pub struct PutExchangeRate {
    pub from_currency: Currency,
    pub to_currency: Currency,
    /// Units of `to_currency` for one of `from_currency`, up to 10 places, at most 1000000000.
    pub rate: Rate,
    /// The first day on which it holds; it holds until the next one begins.
    pub valid_from_on: NaiveDate,
    // A `PUT` takes the rows of its own `GET` back; these two are ignored.
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

/// No currency is worth so much of another; what is above would leave the range of amounts in the books.
const MOST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Faults of all rows at once; a row may be named only once.
pub fn check(rates: &[PutExchangeRate]) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::new();
    if rates.len() > limits::BULK_ROWS {
        faults.add("", "too_many_items", format!("at most {} rows a call", limits::BULK_ROWS));
        return faults.into_result();
    }
    let mut seen = HashSet::new();
    for (i, rate) in rates.iter().enumerate() {
        let plausible = rate.rate.0 > Decimal::ZERO && rate.rate.0 <= MOST;
        faults.require(plausible, format!("/{i}/rate"), "out_of_range", "must be above 0 and at most 1000000000");
        let other = rate.from_currency != rate.to_currency;
        faults.require(other, format!("/{i}/to_currency"), "same_currency", "a currency is worth itself; name another one");
        let new = seen.insert((rate.from_currency, rate.to_currency, rate.valid_from_on));
        faults.require(new, format!("/{i}"), "duplicate", "these currencies and this day are named by an earlier row");
    }
    faults.into_result()
}

/// An exchange rate from a day on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DatedExchangeRate {
    #[schema(example = "USD")]
    pub from_currency: Currency,
    #[schema(example = "IDR")]
    pub to_currency: Currency,
    /// Units of `to_currency` for one of `from_currency`.
    pub rate: Rate,
    #[schema(example = "2026-11-01")]
    pub valid_from_on: NaiveDate,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::http::parse_json;

    #[test]
    fn rows_must_be_positive_between_two_currencies_and_named_once() {
        let rates: Vec<PutExchangeRate> = parse_json(
            br#"[{"from_currency":"USD","to_currency":"IDR","rate":"16250.5","valid_from_on":"2026-11-01"},
                {"from_currency":"EUR","to_currency":"EUR","rate":"0","valid_from_on":"2026-11-01"},
                {"from_currency":"USD","to_currency":"IDR","rate":"16300","valid_from_on":"2026-11-01","version":3,"updated_at":null}]"#,
        )
        .unwrap();
        let pointers: Vec<String> = check(&rates).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/1/rate", "/1/to_currency", "/2"]);
        assert!(check(&rates[..1]).is_ok() && check(&[]).is_ok());
    }
}
