//! ISO 4217 currencies, and the one place where money is rounded.

use crate::types::decimal::plain_zero;
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency with a fixed minor unit. Codes without one (gold, test codes) are not money and are refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, example = "IDR", min_length = 3, max_length = 3)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Reads an upper-case alphabetic code; `None` for anything that is not a currency in use with minor units.
    pub fn from_code(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        currency.exponent().map(|_| Self(currency))
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of the minor unit: 0 for JPY, 2 for EUR and IDR, 3 for KWD.
    pub fn minor_units(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }

    /// Rounds to the minor unit, half away from zero, and gives the result exactly that many places.
    pub fn round(self, amount: Decimal) -> Decimal {
        rounded(amount, self.minor_units())
    }

    /// Zero with the currency's places.
    pub fn zero(self) -> Decimal {
        Decimal::new(0, self.minor_units())
    }

    /// Whether the amount needs no rounding in this currency.
    pub fn is_exact(self, amount: Decimal) -> bool {
        amount.normalize().scale() <= self.minor_units()
    }

    /// Shares `total` (exact in this currency) over `weights` by largest remainder, so that the shares add up to `total`.
    /// Ties go to the earlier weight. All weights zero: everything to the first. No weights: no shares.
    pub fn split(self, total: Decimal, weights: &[Decimal]) -> Vec<Decimal> {
        split(total, weights, self.minor_units())
    }
}

/// Half away from zero to exactly `places` places; zero has no sign.
pub fn rounded(amount: Decimal, places: u32) -> Decimal {
    let mut result = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    result.rescale(places);
    plain_zero(result)
}

fn split(total: Decimal, weights: &[Decimal], places: u32) -> Vec<Decimal> {
    let sum: Decimal = weights.iter().map(Decimal::abs).sum();
    let unit = Decimal::new(1, places);
    if weights.is_empty() {
        return vec![];
    }
    if sum.is_zero() {
        let mut shares = vec![Decimal::new(0, places); weights.len()];
        shares[0] = rounded(total, places);
        return shares;
    }
    let ideal: Vec<Decimal> = weights.iter().map(|weight| total * weight.abs() / sum).collect();
    let mut shares: Vec<Decimal> = ideal
        .iter()
        .map(|share| {
            let mut floor = share.round_dp_with_strategy(places, RoundingStrategy::ToZero);
            floor.rescale(places);
            floor
        })
        .collect();
    let mut left = rounded(total, places) - shares.iter().sum::<Decimal>();
    let step = if left.is_sign_negative() { -unit } else { unit };
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| {
        let remainder = |i: usize| (ideal[i] - shares[i]).abs();
        remainder(b).cmp(&remainder(a)).then(a.cmp(&b))
    });
    for &i in order.iter().cycle().take(weights.len() * 2) {
        if left.is_zero() {
            break;
        }
        shares[i] += step;
        left -= step;
    }
    shares
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown_currency|use an ISO 4217 code such as EUR, IDR or JPY"))
    }
}

impl FromSql<Text, Pg> for Currency {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let code = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        Self::from_code(&code).ok_or_else(|| format!("not a currency: {code}").into())
    }
}

impl ToSql<Text, Pg> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.code(), out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_without_minor_units_are_refused() {
        assert!(Currency::from_code("XAU").is_none());
        assert!(Currency::from_code("eur").is_none());
        assert_eq!(Currency::from_code("KWD").map(Currency::minor_units), Some(3));
        assert_eq!(Currency::from_code("JPY").map(Currency::minor_units), Some(0));
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        let round = |text: &str| rounded(text.parse().unwrap(), 2).to_string();
        assert_eq!((round("-0.001"), rounded(-Decimal::ZERO, 2).to_string()), ("0.00".into(), "0.00".into()));
        assert_eq!((round("1.005"), round("-1.005"), round("2")), ("1.01".into(), "-1.01".into(), "2.00".into()));
    }

    proptest! {
        #[test]
        fn shares_add_up_and_stay_within_one_minor_unit(
            total in -10_000_000i64..10_000_000,
            weights in prop::collection::vec(0i64..100_000, 1..40),
            places in 0u32..4,
        ) {
            let total = Decimal::new(total, places);
            let weights: Vec<Decimal> = weights.into_iter().map(|w| Decimal::new(w, 2)).collect();
            let shares = split(total, &weights, places);
            prop_assert_eq!(shares.iter().sum::<Decimal>(), total);
            let sum: Decimal = weights.iter().sum();
            if !sum.is_zero() {
                for (share, weight) in shares.iter().zip(&weights) {
                    prop_assert!((share - total * weight / sum).abs() <= Decimal::new(1, places));
                }
            }
        }
    }
}
