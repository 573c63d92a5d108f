//! The tax of each line and of the shipping: by the treatment of the sale, else by the rate of where it goes.

use super::reference::Company;
use super::tax::TaxRule;
use super::tax_treatment::{Sale, Supply, TaxedBuyer, Treatment, treatment};
use crate::catalog::TaxRateMissing;
use crate::catalog::product_kind::ProductKind;
use crate::types::address::Address;
use chrono::NaiveDate;

/// Where an order is taxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub region: Option<String>,
}

impl Place {
    /// Where it ships to, else at the seller's.
    pub fn of(shipping: Option<&Address>, home: &str) -> Self {
        match shipping {
            Some(address) => Self { country: address.country.code().to_owned(), region: address.region.clone() },
            None => Self { country: home.to_owned(), region: None },
        }
    }
}

/// One sale, for tax.
pub struct Taxation<'a> {
    company: &'a Company,
    pub place: Place,
    on: NaiveDate,
    buyer: TaxedBuyer<'a>,
    has_goods: bool,
}

impl<'a> Taxation<'a> {
    /// A sale to a place on a day. `has_goods`: whether anything of it ships.
    pub fn new(company: &'a Company, place: Place, on: NaiveDate, buyer: TaxedBuyer<'a>, has_goods: bool) -> Self {
        Self { company, place, on, buyer, has_goods }
    }

    /// How a product is taxed, by its kind and its own category.
    pub fn rule(&self, kind: ProductKind, tax_category: &str) -> Result<TaxRule, TaxRateMissing> {
        match treatment(&self.sale(), Supply::of(kind, self.has_goods)) {
            Treatment::Untaxed(rule) => Ok(rule),
            Treatment::Rates => self.by_rates(tax_category),
        }
    }

    /// The shipping is of category `standard`. Where nothing of that is taxed it follows the first line (EN 16931 knows no untaxed
    /// leftovers).
    pub fn shipping_rule(&self, first_line: Option<&TaxRule>) -> TaxRule {
        match treatment(&self.sale(), Supply::incidental(self.has_goods)) {
            Treatment::Untaxed(rule) => rule,
            Treatment::Rates => {
                self.by_rates("standard").unwrap_or_else(|_| first_line.cloned().unwrap_or_else(|| TaxRule::outside_scope("standard")))
            }
        }
    }

    fn sale(&self) -> Sale<'_> {
        Sale {
            policy: self.company.organization.tax_treatment,
            seller_country: &self.company.organization.country,
            ship_to_country: &self.place.country,
            has_rates: self.company.has_rates(&self.place.country),
            buyer: self.buyer,
        }
    }

    fn by_rates(&self, category: &str) -> Result<TaxRule, TaxRateMissing> {
        self.company.tax_rule(&self.place.country, self.place.region.as_deref(), category, self.on)
    }
}
