//! The tax of each line and of the shipping: by the treatment of the sale, else by the rate of where it goes.

use super::reference::Company;
use super::tax::TaxRule;
use super::tax_treatment::{Sale, Supply, TaxedBuyer, Treatment, service_place, treatment};
use crate::catalog::TaxRateMissing;
use crate::catalog::product_kind::ProductKind;
use crate::types::address::Address;
use chrono::NaiveDate;

/// Where something is taxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub region: Option<String>,
}

impl Place {
    fn of(address: &Address) -> Self {
        Self { country: address.country.code().to_owned(), region: address.region.clone() }
    }
}

/// Where an order is taxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where goods are shipped to, else the seller's country.
    pub goods: Place,
    pub services: Place,
}

impl Places {
    /// By the order's addresses and by who pays.
    pub fn of(company: &Company, buyer: &TaxedBuyer<'_>, shipping: Option<&Address>, billing: Option<&Address>) -> Self {
        let organization = &company.organization;
        let goods = match shipping {
            Some(address) => Place::of(address),
            None => Place { country: organization.country.clone(), region: None },
        };
        let established = billing.map(|address| address.country.code());
        let services = match service_place(organization.tax_treatment, &organization.country, buyer, established) {
            None => goods.clone(),
            Some(country) if country == goods.country => goods.clone(),
            Some(country) => match billing.map(Place::of).filter(|billing| billing.country == country) {
                Some(billing) => billing,
                None => Place { country: country.to_owned(), region: None },
            },
        };
        Self { goods, services }
    }

    fn of_supply(&self, supply: Supply) -> &Place {
        match supply {
            Supply::Goods => &self.goods,
            Supply::Service => &self.services,
        }
    }
}

/// One sale, for tax.
pub struct Taxation<'a> {
    company: &'a Company,
    pub places: Places,
    on: NaiveDate,
    buyer: TaxedBuyer<'a>,
    has_goods: bool,
}

impl<'a> Taxation<'a> {
    /// A sale to places on a day. `has_goods`: whether anything of it ships.
    pub fn new(company: &'a Company, places: Places, on: NaiveDate, buyer: TaxedBuyer<'a>, has_goods: bool) -> Self {
        Self { company, places, on, buyer, has_goods }
    }

    /// How a product is taxed, by its kind and its own category.
    pub fn rule(&self, kind: ProductKind, tax_category: &str) -> Result<TaxRule, TaxRateMissing> {
        let supply = Supply::of(kind, self.has_goods);
        match treatment(&self.sale(supply), supply) {
            Treatment::Untaxed(rule) => Ok(rule),
            Treatment::Rates => self.by_rates(supply, tax_category),
        }
    }

    /// The shipping is of category `standard`. Where nothing of that is taxed it follows the first line (EN 16931 knows no untaxed
    /// leftovers).
    pub fn shipping_rule(&self, first_line: Option<&TaxRule>) -> TaxRule {
        let supply = Supply::incidental(self.has_goods);
        match treatment(&self.sale(supply), supply) {
            Treatment::Untaxed(rule) => rule,
            Treatment::Rates => self
                .by_rates(supply, "standard")
                .unwrap_or_else(|_| first_line.cloned().unwrap_or_else(|| TaxRule::outside_scope("standard"))),
        }
    }

    /// The country whose tax on something of it depends on a region that its address does not tell.
    pub fn country_without_region(&self, kinds: impl Iterator<Item = ProductKind>) -> Option<&str> {
        let supplies: Vec<Supply> = kinds.map(|kind| Supply::of(kind, self.has_goods)).collect();
        let missing = |supply: &Supply| {
            let place = self.places.of_supply(*supply);
            self.company.region_is_missing(&place.country, place.region.as_deref(), self.on)
                && matches!(treatment(&self.sale(*supply), *supply), Treatment::Rates)
        };
        supplies.into_iter().find(missing).map(|supply| self.places.of_supply(supply).country.as_str())
    }

    fn sale(&self, supply: Supply) -> Sale<'_> {
        let place = self.places.of_supply(supply);
        Sale {
            policy: self.company.organization.tax_treatment,
            seller_country: &self.company.organization.country,
            ship_to_country: &place.country,
            has_rates: self.company.has_rates(&place.country),
            buyer: self.buyer,
        }
    }

    fn by_rates(&self, supply: Supply, category: &str) -> Result<TaxRule, TaxRateMissing> {
        let place = self.places.of_supply(supply);
        self.company.tax_rule(&place.country, place.region.as_deref(), category, self.on)
    }
}
