use crate::catalog::dates::{always, check_period};
use crate::platform::limits::MAX_QUANTITY;
use crate::types::currency::Currency;
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::fault::Faults;
use crate::types::text::check_code;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The price list of everybody who has none of their own.
pub const DEFAULT_LIST: &str = "default";

/// A price to set; list, SKU, currency, `min_quantity` and `valid_from_on` say which.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "KOPI-250", "currency": "IDR", "unit_price": "85000.00"}))]
pub struct PutPrice {
    /// `default` where absent.
    #[serde(default)]
    #[schema(example = "default")]
    pub price_list: Option<String>,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub currency: Currency,
    /// For `price_quantity` base units, without tax.
    pub unit_price: UnitPrice,
    /// The price is for so many base units; 1 where absent.
    #[serde(default)]
    pub price_quantity: Option<Quantity>,
    /// From so many base units a line; 0 where absent.
    #[serde(default)]
    pub min_quantity: Option<Quantity>,
    /// First day; always where absent.
    #[serde(default)]
    pub valid_from_on: Option<NaiveDate>,
    /// Last day; open where absent.
    #[serde(default)]
    pub valid_to_on: Option<NaiveDate>,
    /// Grows with each change in the system that this comes from; what is not newer than the last one taken is late and ignored.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub source_version: Option<i64>,
    // A `PUT` takes the rows of its `GET` back; these two are ignored.
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

/// What names a price.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PriceKey {
    pub sku: String,
    pub price_list: String,
    pub currency: &'static str,
    pub min_quantity: Decimal,
    pub valid_from_on: NaiveDate,
}

impl PriceKey {
    /// As a cursor keeps it.
    pub fn parts(&self) -> [String; 5] {
        [self.sku.clone(), self.price_list.clone(), self.currency.to_owned(), self.min_quantity.to_string(), self.valid_from_on.to_string()]
    }

    /// From its [`PriceKey::parts`].
    pub fn read(parts: Vec<String>) -> Option<Self> {
        let [sku, price_list, currency, min_quantity, valid_from_on] = <[String; 5]>::try_from(parts).ok()?;
        Some(Self {
            sku,
            price_list,
            currency: Currency::from_code(&currency)?.code(),
            min_quantity: min_quantity.parse().ok()?,
            valid_from_on: valid_from_on.parse().ok()?,
        })
    }

    pub fn of(price: &Price) -> Self {
        Self {
            sku: price.sku.clone(),
            price_list: price.price_list.clone(),
            currency: price.currency.code(),
            min_quantity: price.min_quantity.0.normalize(),
            valid_from_on: price.valid_from_on.unwrap_or(always()),
        }
    }
}

impl PutPrice {
    pub fn key(&self) -> PriceKey {
        PriceKey {
            sku: self.sku.clone(),
            price_list: self.price_list.clone().unwrap_or_else(|| DEFAULT_LIST.to_owned()),
            currency: self.currency.code(),
            min_quantity: self.min_quantity.map_or(Decimal::ZERO, |quantity| quantity.0.normalize()),
            valid_from_on: self.valid_from_on.unwrap_or(always()),
        }
    }

    pub fn price_quantity(&self) -> Quantity {
        self.price_quantity.unwrap_or(Quantity(Decimal::ONE))
    }

    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        if let Some(list) = &self.price_list {
            check_code(faults, &format!("{pointer}/price_list"), list);
        }
        check_code(faults, &format!("{pointer}/sku"), &self.sku);
        let price = self.unit_price.0 >= Decimal::ZERO && self.unit_price.0 < Decimal::from(1_000_000_000_000i64);
        faults.require(price, format!("{pointer}/unit_price"), "out_of_range", "0 or more, at most 12 digits before the point");
        let most = Decimal::from(MAX_QUANTITY);
        let per = self.price_quantity().0;
        let per = per > Decimal::ZERO && per <= most;
        faults.require(per, format!("{pointer}/price_quantity"), "out_of_range", "above 0 and at most 1,000,000,000");
        let min = self.min_quantity.unwrap_or_default().0;
        let min = min >= Decimal::ZERO && min <= most;
        faults.require(min, format!("{pointer}/min_quantity"), "out_of_range", "0 to 1,000,000,000");
        let version = self.source_version.is_none_or(|version| version >= 0);
        faults.require(version, format!("{pointer}/source_version"), "out_of_range", "must not be below 0");
        check_period(faults, pointer, self.valid_from_on, self.valid_to_on);
    }
}

/// A price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    #[schema(example = "default")]
    pub price_list: String,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub currency: Currency,
    /// For `price_quantity` base units, without tax.
    pub unit_price: UnitPrice,
    pub price_quantity: Quantity,
    pub min_quantity: Quantity,
    /// Null: always.
    pub valid_from_on: Option<NaiveDate>,
    pub valid_to_on: Option<NaiveDate>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}
