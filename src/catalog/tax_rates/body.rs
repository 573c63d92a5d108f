use crate::catalog::dates::{always, check_period};
use crate::types::base_fraction::BaseFraction;
use crate::types::country::Country;
use crate::types::decimal::Rate;
use crate::types::fault::Faults;
use crate::types::text::{check_code, check_optional_text, check_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Duty, tax or fee category: the part of UNCL5305 that EN 16931 allows.
    pub enum TaxScheme {
        /// Standard rate, also a reduced one.
        Standard = "S",
        /// Zero rated goods.
        ZeroRated = "Z",
        /// Exempt from tax.
        Exempt = "E",
        /// Reverse charge.
        ReverseCharge = "AE",
        /// Intra-community supply.
        IntraCommunity = "K",
        /// Export outside the EU.
        Export = "G",
        /// Outside the scope of tax.
        OutsideScope = "O",
    }
}

/// A tax rate to set; country, region, category and `valid_from_on` say which.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12", "base_fraction": "11/12"
}))]
pub struct PutTaxRate {
    pub country: Country,
    /// By its ISO 3166-2 code or its name, as addresses may name it either way. The whole country where absent.
    #[serde(default)]
    #[schema(example = "JB")]
    pub region: Option<String>,
    /// The organization's own name of the category, as products carry it.
    #[schema(example = "standard")]
    pub tax_category: String,
    pub tax_scheme_category: TaxScheme,
    #[schema(example = "PPN")]
    pub name: String,
    /// A fraction: 0.12 is 12 %.
    pub rate: Rate,
    /// The part of the net amount that is taxed; 1/1 where absent.
    #[serde(default)]
    pub base_fraction: Option<BaseFraction>,
    /// First day; always where absent.
    #[serde(default)]
    pub valid_from_on: Option<NaiveDate>,
    /// Last day; open where absent.
    #[serde(default)]
    pub valid_to_on: Option<NaiveDate>,
    // A `PUT` takes the rows of its `GET` back; these two are ignored.
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

/// What names a tax rate; the whole country is the empty region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaxRateKey {
    pub country: String,
    pub region: String,
    pub tax_category: String,
    pub valid_from_on: NaiveDate,
}

impl PutTaxRate {
    pub fn key(&self) -> TaxRateKey {
        TaxRateKey {
            country: self.country.code().to_owned(),
            region: self.region.clone().unwrap_or_default(),
            tax_category: self.tax_category.clone(),
            valid_from_on: self.valid_from_on.unwrap_or(always()),
        }
    }

    pub fn base_fraction(&self) -> BaseFraction {
        self.base_fraction.unwrap_or(BaseFraction::WHOLE)
    }

    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        check_optional_text(faults, &format!("{pointer}/region"), self.region.as_deref(), 64);
        check_code(faults, &format!("{pointer}/tax_category"), &self.tax_category);
        check_text(faults, &format!("{pointer}/name"), &self.name, 100);
        let here = format!("{pointer}/rate");
        let rate = self.rate.0;
        if rate < Decimal::ZERO || rate > Decimal::ONE {
            faults.add(here, "out_of_range", "a fraction from 0 to 1: 0.12 is 12 %");
        } else if self.tax_scheme_category == TaxScheme::Standard {
            // EN 16931 BR-S-05.
            faults.require(rate > Decimal::ZERO, here, "rate_mismatch", "category S has a rate above 0; Z is zero rated, E exempt");
        } else {
            // EN 16931 BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05, BR-G-05, BR-O-05.
            faults.require(rate.is_zero(), here, "rate_mismatch", "only category S has a rate above 0");
        }
        check_period(faults, pointer, self.valid_from_on, self.valid_to_on);
    }
}

/// A tax rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaxRate {
    pub country: Country,
    /// Null: the whole country.
    pub region: Option<String>,
    #[schema(example = "standard")]
    pub tax_category: String,
    pub tax_scheme_category: TaxScheme,
    #[schema(example = "PPN")]
    pub name: String,
    pub rate: Rate,
    pub base_fraction: BaseFraction,
    /// Null: always.
    pub valid_from_on: Option<NaiveDate>,
    pub valid_to_on: Option<NaiveDate>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(scheme: &str, rate: &str) -> Vec<String> {
        let body = json!({"country": "ID", "tax_category": "standard", "tax_scheme_category": scheme, "name": "PPN", "rate": rate});
        let row: PutTaxRate = serde_json::from_value(body).unwrap();
        let mut faults = Faults::new();
        row.check(&mut faults, "/0");
        faults.into_result().err().unwrap_or_default().into_iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn only_the_standard_category_has_a_rate() {
        assert!(codes("S", "0.12").is_empty());
        assert_eq!(codes("S", "0"), ["rate_mismatch"]);
        assert_eq!(codes("S", "12"), ["out_of_range"]);
        for scheme in TaxScheme::ALL.iter().filter(|scheme| **scheme != TaxScheme::Standard) {
            assert!(codes(scheme.as_str(), "0.00").is_empty(), "{scheme}");
            assert_eq!(codes(scheme.as_str(), "0.1"), ["rate_mismatch"], "{scheme}");
        }
    }
}
