//! What new orders are decided by: products, prices, taxes, customers, terms and stock, as they are right now.

use super::tax::TaxRule;
use crate::catalog::prices::body::Price;
use crate::catalog::product_kind::ProductKind;
use crate::catalog::tax_rates::body::TaxRate;
use crate::catalog::{TaxRateMissing, price_for, prices_of_sku, tax_rate_for};
use crate::customers::address_book::CustomerAddress;
use crate::types::address::Address;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use crate::types::unit::unit_code;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Reference {
    pub organization: Organization,
    /// Sorted by SKU.
    pub products: Vec<Product>,
    /// Sorted by SKU.
    pub prices: Vec<Price>,
    pub tax_rates: Vec<TaxRate>,
    /// Older ones first.
    pub customers: Vec<Customer>,
    pub channels: Vec<Channel>,
    pub payment_terms: Vec<PaymentTerm>,
    pub locations: Vec<Location>,
    pub stock: Vec<Stock>,
    pub same_purchase_orders: Vec<SamePurchaseOrder>,
    pub same_email_orders: Vec<SameEmailOrder>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Organization {
    pub legal_name: String,
    pub country: String,
    pub time_zone: chrono_tz::Tz,
    pub base_currency: Currency,
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
    pub guest: bool,
    pub email: Option<String>,
    pub currency: Option<Currency>,
    pub payment_terms: String,
    pub price_list: Option<String>,
    pub blocked: bool,
    pub bill_to_customer_id: Option<CustomerId>,
    pub sales_rep: Option<String>,
    pub addresses: Vec<CustomerAddress>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    /// None without a credit limit.
    pub credit: Option<Credit>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Credit {
    pub currency: Currency,
    /// What may still be ordered.
    pub available: Decimal,
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

#[derive(Clone, Debug, Deserialize)]
pub struct SameEmailOrder {
    pub email: String,
    pub channel: String,
    pub number: String,
    pub total: Decimal,
    pub currency: Currency,
    /// (SKU, unit, quantity), sorted.
    pub lines: Vec<(String, String, Decimal)>,
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

impl Reference {
    pub fn product(&self, sku: &str) -> Option<&Product> {
        self.products.binary_search_by(|product| product.sku.as_str().cmp(sku)).ok().map(|i| &self.products[i])
    }

    pub fn customer(&self, id: CustomerId) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.id == id)
    }

    pub fn customer_by_code(&self, code: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.code.as_deref() == Some(code))
    }

    /// The oldest customer with this e-mail address.
    pub fn customer_by_email(&self, email: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email)))
    }

    pub fn channel(&self, code: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.code == code)
    }

    pub fn payment_term(&self, code: &str) -> Option<&PaymentTerm> {
        self.payment_terms.iter().find(|term| term.code == code)
    }

    /// The price of `base_quantity` base units on a date, from the customer's list or `default`.
    pub fn price(&self, sku: &str, price_list: Option<&str>, currency: Currency, base_quantity: Decimal, on: NaiveDate) -> Option<&Price> {
        price_for(prices_of_sku(&self.prices, sku), price_list.unwrap_or("default"), currency, base_quantity, on)
    }

    /// How a category is taxed at a place on a date.
    pub fn tax_rule(&self, country: &str, region: Option<&str>, category: &str, on: NaiveDate) -> Result<TaxRule, TaxRateMissing> {
        let tax = tax_rate_for(&self.tax_rates, country, region, category, on)?;
        Ok(TaxRule {
            tax_category: tax.tax_category,
            tax_scheme_category: tax.tax_scheme_category.as_str().to_owned(),
            rate: tax.rate.normalize(),
            base_fraction: tax.base_fraction,
        })
    }
}
