//! The tax of each line and of the shipping: by the treatment of the sale, else by the rate of where it goes.

use super::reference::{Company, Product};
use super::tax::TaxRule;
use super::tax_treatment::{Sale, Supply, TaxedBuyer, Treatment, treatment};
use crate::catalog::TaxRateMissing;
use chrono::NaiveDate;

/// One sale, for tax.
pub struct Taxation<'a> {
    company: &'a Company,
    sale: Sale<'a>,
    region: Option<&'a str>,
    on: NaiveDate,
    has_goods: bool,
}

impl<'a> Taxation<'a> {
    /// A sale to a country (ISO 3166-1 alpha-2) and region on a day. `has_goods`: whether anything of it ships.
    pub fn new(
        company: &'a Company,
        country: &'a str,
        region: Option<&'a str>,
        on: NaiveDate,
        buyer: TaxedBuyer<'a>,
        has_goods: bool,
    ) -> Self {
        let sale = Sale {
            policy: company.organization.tax_treatment,
            seller_country: &company.organization.country,
            ship_to_country: country,
            has_rates: company.has_rates(country),
            buyer,
        };
        Self { company, sale, region, on, has_goods }
    }

    pub fn rule(&self, product: &Product) -> Result<TaxRule, TaxRateMissing> {
        match treatment(&self.sale, Supply::of(product.kind, self.has_goods)) {
            Treatment::Untaxed(rule) => Ok(rule),
            Treatment::Rates => self.by_rates(&product.tax_category),
        }
    }

    /// The shipping is of category `standard`. Where nothing of that is taxed it follows the first line (EN 16931 knows no untaxed
    /// leftovers).
    pub fn shipping_rule(&self, first_line: Option<&TaxRule>) -> TaxRule {
        match treatment(&self.sale, Supply::incidental(self.has_goods)) {
            Treatment::Untaxed(rule) => rule,
            Treatment::Rates => {
                self.by_rates("standard").unwrap_or_else(|_| first_line.cloned().unwrap_or_else(|| TaxRule::outside_scope("standard")))
            }
        }
    }

    fn by_rates(&self, category: &str) -> Result<TaxRule, TaxRateMissing> {
        self.company.tax_rule(self.sale.ship_to_country, self.region, category, self.on)
    }
}
