//! What new orders are decided by: products, prices, taxes, customers, terms and stock, as they are right now.

use super::allocation::Waiting;
use super::order::Order;
use super::tax::TaxRule;
use super::tax_treatment::{TaxedBuyer, reason_of_rate};
use crate::catalog::coupons::service::KnownCoupons;
use crate::catalog::prices::body::Price;
use crate::catalog::product_kind::ProductKind;
use crate::catalog::tax_rates::body::TaxRate;
use crate::catalog::{DEFAULT_LIST, TaxRateMissing, price_for, region_is_missing, tax_rate_for};
use crate::customers::address_book::CustomerAddress;
use crate::customers::balance::Credit;
use crate::customers::body::{CustomerKind, TaxExemption};
use crate::inventory::incoming::pool::{SupplyOfProduct, SupplyPool};
use crate::organization::calendar::{Calendar, Transit, WorkingDays};
use crate::organization::profile::body::TaxTreatment;
use crate::organization::profile::body::{Profile, TimeOfDay, WorkingDay};
use crate::types::address::Address;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use crate::types::tax_id;
use crate::types::unit::unit_code;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What a batch of orders is decided by.
#[derive(Clone, Debug)]
pub struct Reference {
    pub company: Arc<Company>,
    /// Sorted by SKU.
    pub(super) items: Vec<Item>,
    pub(super) customers: HashMap<CustomerId, Arc<Customer>>,
    pub(super) codes: HashMap<String, CustomerId>,
    /// The oldest customer of each address, which is in lower case.
    pub(super) emails: HashMap<String, CustomerId>,
    /// What customers with a limit could still order when it was last seen: a hint.
    pub(super) credit: HashMap<CustomerId, Credit>,
    pub stock: Vec<Stock>,
    /// What lines wait for already.
    pub waiting: Vec<Waiting>,
    /// Of products that are wanted as backorders and seemed to be short.
    pub supply: Vec<SupplyOfProduct>,
    /// The last `noted` of them are of the same batch.
    pub(super) same_purchase_orders: Vec<SamePurchaseOrder>,
    pub(super) noted: usize,
    pub(super) recent_orders: Vec<RecentOrder>,
    /// What the orders' coupon codes name.
    pub coupons: KnownCoupons,
}

/// A product with its prices in those lists that have been asked for.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub product: Arc<Product>,
    pub lists: Vec<Arc<PriceList>>,
}

/// The prices of one product in one list; there may be none.
#[derive(Debug)]
pub(super) struct PriceList {
    pub list: String,
    pub prices: Vec<Price>,
}

impl Item {
    pub fn list(&self, list: &str) -> Option<&PriceList> {
        self.lists.iter().find(|own| own.list == list).map(Arc::as_ref)
    }
}

/// What all orders of an organization share.
#[derive(Clone, Debug, Deserialize)]
pub struct Company {
    pub organization: Organization,
    channels: Vec<Channel>,
    payment_terms: Vec<PaymentTerm>,
    /// The active ones that ship.
    pub locations: Vec<Location>,
    /// By country.
    tax_rates: HashMap<String, Vec<TaxRate>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Organization {
    pub legal_name: String,
    pub country: String,
    pub time_zone: chrono_tz::Tz,
    pub base_currency: Currency,
    pub tax_treatment: TaxTreatment,
    #[serde(default)]
    pub delivery: Delivery,
}

/// How the organization works and ships, where a location does not do otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Delivery {
    default_handling_days: i32,
    default_transit_days: i32,
    cutoff_time: TimeOfDay,
    working_days: Vec<WorkingDay>,
}

impl Default for Delivery {
    fn default() -> Self {
        let profile = Profile::default();
        Self {
            default_handling_days: profile.default_handling_days,
            default_transit_days: profile.default_transit_days,
            cutoff_time: profile.cutoff_time,
            working_days: profile.working_days,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub kind: ProductKind,
    pub unit: String,
    pub units: Vec<ProductUnit>,
    pub quantity_scale: u32,
    pub tax_category: String,
    pub active: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ProductUnit {
    pub unit: String,
    pub factor: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub code: Option<String>,
    pub name: String,
    pub kind: CustomerKind,
    pub guest: bool,
    pub email: Option<String>,
    pub tax_id: Option<String>,
    pub tax_exemption: Option<TaxExemption>,
    pub currency: Option<Currency>,
    pub payment_terms: String,
    pub price_list: Option<String>,
    pub blocked: bool,
    pub bill_to_customer_id: Option<CustomerId>,
    pub sales_rep: Option<String>,
    pub addresses: Vec<CustomerAddress>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Channel {
    pub code: String,
    pub active: bool,
    pub settings: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PaymentTerm {
    pub code: String,
    pub prepayment: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Location {
    pub code: String,
    pub priority: i32,
    pub handling_days: Option<i32>,
    pub cutoff_time: Option<TimeOfDay>,
    pub working_days: Option<Vec<WorkingDay>>,
    /// ISO 3166-1 alpha-2, of its address.
    #[serde(default)]
    pub country: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Stock {
    pub sku: String,
    pub location: String,
    pub available: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SamePurchaseOrder {
    pub customer_id: CustomerId,
    pub purchase_order_number: String,
    pub number: String,
}

/// An order of the last day that came over another channel, of a customer or of another one with the same e-mail address.
#[derive(Clone, Debug, Deserialize)]
pub struct RecentOrder {
    /// Whose new orders it is compared with.
    pub customer_id: CustomerId,
    pub channel: String,
    pub number: String,
    pub total: Decimal,
    pub currency: Currency,
    /// (SKU, unit, quantity), sorted.
    pub lines: Vec<(String, String, Decimal)>,
}

impl Customer {
    /// What counts for tax where this customer pays.
    pub fn taxed(&self) -> TaxedBuyer<'_> {
        TaxedBuyer {
            exemption: self.tax_exemption.as_ref(),
            vat_state: self.tax_id.as_deref().and_then(tax_id::member_state_of),
            is_company: self.kind == CustomerKind::Company,
        }
    }
}

impl Product {
    /// Base units in one `unit`; `None` where the product is not sold in it.
    pub fn factor(&self, unit: &str) -> Option<Decimal> {
        if unit == self.unit {
            return Some(Decimal::ONE);
        }
        self.units.iter().find(|other| other.unit == unit).map(|other| other.factor)
    }

    /// The unit as its code and its factor, from what a request wrote.
    pub fn unit(&self, written: Option<&str>) -> Option<(String, Decimal)> {
        let code = match written {
            None => self.unit.clone(),
            Some(text) => unit_code(text)?,
        };
        let factor = self.factor(&code)?;
        Some((code, factor))
    }
}

impl Company {
    pub fn channel(&self, code: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.code == code)
    }

    /// Whether the same order could come in twice, by two ways.
    pub fn has_channel_besides(&self, code: &str) -> bool {
        self.channels.iter().any(|channel| channel.code != code)
    }

    /// How a location works; `None` for one that ships nothing.
    pub fn calendar(&self, location: &str) -> Option<Calendar> {
        let (location, delivery) = (self.locations.iter().find(|own| own.code == location)?, &self.organization.delivery);
        Some(Calendar {
            time_zone: self.organization.time_zone,
            cutoff_time: location.cutoff_time.unwrap_or(delivery.cutoff_time).0,
            working_days: WorkingDays::of(location.working_days.as_ref().unwrap_or(&delivery.working_days)),
            handling_days: u32::try_from(location.handling_days.unwrap_or(delivery.default_handling_days)).unwrap_or(0),
        })
    }

    /// The way from any location to a customer.
    pub fn transit(&self) -> Transit {
        let delivery = &self.organization.delivery;
        Transit { working_days: WorkingDays::of(&delivery.working_days), days: u32::try_from(delivery.default_transit_days).unwrap_or(0) }
    }

    /// The day that it is for the organization.
    pub fn local_date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.organization.time_zone).date_naive()
    }

    pub fn payment_term(&self, code: &str) -> Option<&PaymentTerm> {
        self.payment_terms.iter().find(|term| term.code == code)
    }

    /// How a category is taxed at a place on a date.
    pub fn tax_rule(&self, country: &str, region: Option<&str>, category: &str, on: NaiveDate) -> Result<TaxRule, TaxRateMissing> {
        let tax = tax_rate_for(self.tax_rates.get(country).map_or(&[], Vec::as_slice), country, region, category, on)?;
        let scheme = tax.tax_scheme_category.as_str();
        let (exemption_code, exemption_reason) = reason_of_rate(scheme, tax.name.as_deref(), &self.organization.country);
        Ok(TaxRule {
            tax_category: tax.tax_category,
            tax_scheme_category: scheme.to_owned(),
            rate: tax.rate.normalize(),
            base_fraction: tax.base_fraction,
            exemption_code,
            exemption_reason,
            name: None,
        })
    }

    /// Whether any tax in a country depends on the region.
    pub fn taxes_by_region(&self, country: &str) -> bool {
        self.tax_rates.get(country).is_some_and(|rates| rates.iter().any(|rate| rate.region.is_some()))
    }

    /// Whether the tax at a place depends on a region that is not told.
    pub fn region_is_missing(&self, country: &str, region: Option<&str>, on: NaiveDate) -> bool {
        self.tax_rates.get(country).is_some_and(|rates| region_is_missing(rates, country, region, on))
    }

    /// Whether there is any tax rate for a country.
    pub fn has_rates(&self, country: &str) -> bool {
        self.tax_rates.contains_key(country)
    }
}

impl Reference {
    pub fn product(&self, sku: &str) -> Option<&Product> {
        self.item(sku).map(|item| item.product.as_ref())
    }

    pub(super) fn item(&self, sku: &str) -> Option<&Item> {
        self.items.binary_search_by(|item| item.product.sku.as_str().cmp(sku)).ok().map(|place| &self.items[place])
    }

    pub fn customer(&self, id: CustomerId) -> Option<&Customer> {
        self.customers.get(&id).map(Arc::as_ref)
    }

    /// The customer whose terms, prices and addresses hold for an order: not one who was recognized by an e-mail address alone, which
    /// is who orders at the expense of a guest.
    pub fn account_of(&self, customer_id: CustomerId, bill_to_customer_id: CustomerId) -> Option<&Customer> {
        let account = self.customer(bill_to_customer_id).is_some_and(|payer| !payer.guest);
        self.customer(customer_id).filter(|_| account)
    }

    pub fn customer_by_code(&self, code: &str) -> Option<&Customer> {
        self.codes.get(code).and_then(|id| self.customer(*id))
    }

    /// The oldest customer with this e-mail address.
    pub fn customer_by_email(&self, email: &str) -> Option<&Customer> {
        self.emails.get(&email.to_lowercase()).and_then(|id| self.customer(*id))
    }

    /// Remembers an order of this batch, so that the next ones are compared with it too.
    pub fn note(&mut self, order: &Order) {
        if let Some(number) = order.purchase_order_number.as_ref().filter(|number| !number.trim().is_empty()) {
            self.same_purchase_orders.push(SamePurchaseOrder {
                customer_id: order.customer_id,
                purchase_order_number: number.clone(),
                number: order.number.clone(),
            });
            self.noted += 1;
        }
    }

    /// Before a batch is gone through once more.
    pub fn forget_notes(&mut self) {
        self.same_purchase_orders.truncate(self.same_purchase_orders.len().saturating_sub(self.noted));
        self.noted = 0;
    }

    /// Supply that a batch may be promised from.
    pub fn supply_pool(&self, now: DateTime<Utc>) -> SupplyPool {
        SupplyPool::new(self.supply.iter().cloned(), self.company.local_date(now))
    }

    pub fn credit(&self, id: CustomerId) -> Option<&Credit> {
        self.credit.get(&id)
    }

    /// The price of `base_quantity` base units on a date, from the customer's list or `default`.
    pub fn price(&self, sku: &str, price_list: Option<&str>, currency: Currency, base_quantity: Decimal, on: NaiveDate) -> Option<&Price> {
        let item = self.item(sku)?;
        let best = |list| price_for(&item.list(list)?.prices, list, currency, base_quantity, on);
        price_list.and_then(best).or_else(|| best(DEFAULT_LIST))
    }
}
