//! Who the demo company is, what it sells and to whom: `company.json`, whose objects are the bodies of the API.

use super::calendar;
use crate::auth::actor::Context;
use crate::catalog::coupons::body::PutCoupon;
use crate::catalog::prices::body::PutPrice;
use crate::catalog::products::body::PutProduct;
use crate::catalog::tax_rates::body::PutTaxRate;
use crate::catalog::{coupons, prices, products, tax_rates};
use crate::channels;
use crate::channels::body::NewChannel;
use crate::customers;
use crate::customers::body::PutCustomer;
use crate::error::Error;
use crate::inventory::incoming::body::{PatchIncoming, PostIncoming};
use crate::inventory::locations;
use crate::inventory::locations::body::PutLocation;
use crate::inventory::stock::receipts::body::PostReceipt;
use crate::order_to_cash::incoming_supply;
use crate::organization::exchange_rates::body::PutExchangeRate;
use crate::organization::profile::body::PutOrganization;
use crate::organization::{exchange_rates, profile};
use crate::platform::http::{Precondition, from_value, parse_json};
use crate::types::address::Address;
use crate::types::id::{CouponId, CustomerId, IncomingSupplyId, StockChangeId};
use chrono::{Days, NaiveDate};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const TEXT: &str = include_str!("company.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    pub organization: PutOrganization,
    pub exchange_rates: Vec<PutExchangeRate>,
    pub tax_rates: Vec<PutTaxRate>,
    pub channels: Vec<NewChannel>,
    pub coupons: Vec<PutCoupon>,
    /// By code.
    pub locations: BTreeMap<String, PutLocation>,
    pub products: Vec<Ware>,
    pub customers: Vec<Regular>,
    /// People without an account.
    pub web_shop_buyers: Vec<WebShopBuyer>,
}

/// A product with its prices and what lies where on the first day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ware {
    pub product: PutProduct,
    /// Rows of `PUT /v1/prices` without the SKU; in rupiah unless they say otherwise.
    pub prices: Vec<Map<String, Value>>,
    /// By location.
    #[serde(default)]
    pub stock: BTreeMap<String, String>,
}

/// A customer and his habits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regular {
    pub customer: PutCustomer,
    pub orders_per_week: u32,
    /// Least and most of a line, in base units.
    pub quantity: (u32, u32),
    pub buys: Vec<String>,
    /// Services and charges that now and then are on the order too.
    #[serde(default)]
    pub extras: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebShopBuyer {
    /// The order's `customer`.
    pub customer: Value,
    pub address: Address,
}

impl Company {
    pub fn read() -> Result<Self, Error> {
        parse_json(TEXT.as_bytes())
    }

    /// What a rupiah of goods is taxed with at home, as a fraction.
    pub fn home_tax(&self) -> Decimal {
        let home = self.tax_rates.iter().find(|rate| rate.country == self.organization.country);
        home.map_or(Decimal::ZERO, |rate| {
            let part = rate.base_fraction.unwrap_or_default();
            rate.rate.0 * Decimal::from(part.numerator()) / Decimal::from(part.denominator())
        })
    }

    pub fn ware(&self, sku: &str) -> Option<&Ware> {
        self.products.iter().find(|ware| ware.product.sku() == sku)
    }
}

impl Ware {
    /// The rupiah price of one base unit on the list that everybody has.
    pub fn list_price(&self) -> Option<Decimal> {
        let common = |price: &&Map<String, Value>| ["price_list", "currency", "min_quantity"].iter().all(|key| !price.contains_key(*key));
        self.prices.iter().find(common)?.get("unit_price")?.as_str()?.parse().ok()
    }

    /// Base units in a box, where it is sold by the box.
    pub fn box_factor(&self) -> Option<u32> {
        let boxed = self.product.units.iter().find(|unit| unit.unit == "XBX")?;
        boxed.factor.0.try_into().ok()
    }

    fn put_prices(&self) -> Result<Vec<PutPrice>, Error> {
        let row = |price: &Map<String, Value>| {
            let mut row = price.clone();
            row.insert("sku".to_owned(), json!(self.product.sku()));
            row.entry("currency").or_insert_with(|| json!("IDR"));
            from_value(&Value::Object(row))
        };
        self.prices.iter().map(row).collect()
    }
}

/// Writes all of it, stock included, in the current transaction.
pub fn write(connection: &mut PgConnection, context: &Context, company: &Company) -> Result<(), Error> {
    profile::service::put(connection, context, &company.organization, &Precondition::Any, false)?;
    exchange_rates::service::put(connection, context, &company.exchange_rates)?;
    tax_rates::service::put_many(connection, context, &company.tax_rates)?;
    for channel in &company.channels {
        channels::service::create(connection, context, channel)?;
    }
    for (code, location) in &company.locations {
        locations::service::put(connection, context, code, location, &Precondition::Any, false)?;
    }
    let bodies: Vec<PutProduct> = company.products.iter().map(|ware| ware.product.clone()).collect();
    products::service::put_many(connection, context, &bodies)?;
    let rows: Vec<Vec<PutPrice>> = company.products.iter().map(Ware::put_prices).collect::<Result<_, _>>()?;
    prices::service::put_many(connection, context, &rows.concat())?;
    for regular in &company.customers {
        customers::service::create(connection, context, CustomerId::generate(), &regular.customer)?;
    }
    for coupon in &company.coupons {
        coupons::service::create(connection, context, CouponId::generate(), coupon)?;
    }
    for location in company.locations.keys() {
        let stocked = company.products.iter().filter_map(|ware| Some((ware, ware.stock.get(location)?)));
        let lines = stocked
            .map(|(ware, quantity)| json!({ "sku": ware.product.sku(), "quantity": quantity, "unit_cost": ware.product.standard_cost }));
        receive(connection, context, location, "Opening stock", lines.collect())?;
    }
    Ok(())
}

/// Takes goods in.
pub fn receive(connection: &mut PgConnection, context: &Context, location: &str, reference: &str, lines: Vec<Value>) -> Result<(), Error> {
    let receipt: PostReceipt = from_value(&json!({ "location": location, "reference": reference, "lines": lines }))?;
    incoming_supply::receive(connection, context, StockChangeId::generate(), &receipt)?;
    Ok(())
}

/// Orders supply that comes `days` after the context's time.
pub fn order_supply(
    connection: &mut PgConnection,
    context: &Context,
    (sku, quantity, reference): (&str, &str, &str),
    days: u64,
) -> Result<IncomingSupplyId, Error> {
    let expected_on: Option<NaiveDate> = calendar::local_date(context.now).checked_add_days(Days::new(days));
    let supply: PostIncoming = from_value(&json!({
        "sku": sku, "location": "jakarta-1", "quantity": quantity, "expected_on": expected_on, "reference": reference,
    }))?;
    Ok(incoming_supply::create(connection, context, IncomingSupplyId::generate(), &supply)?.id)
}

/// The supplier tells that supply comes so many days after the context's time.
pub fn expect_supply(connection: &mut PgConnection, context: &Context, id: IncomingSupplyId, days: u64) -> Result<(), Error> {
    let expected_on: Option<NaiveDate> = calendar::local_date(context.now).checked_add_days(Days::new(days));
    let patch: PatchIncoming = from_value(&json!({ "expected_on": expected_on }))?;
    incoming_supply::patch(connection, context, id, &patch, &Precondition::Any)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_names_only_what_it_has() {
        let company = Company::read().unwrap();
        assert!(company.products.len() >= 24 && company.customers.len() >= 12);
        for ware in &company.products {
            assert!(ware.list_price().is_some(), "{}", ware.product.sku());
            ware.put_prices().unwrap();
            assert!(ware.stock.keys().all(|location| company.locations.contains_key(location)));
        }
        for regular in &company.customers {
            let named = regular.buys.iter().chain(&regular.extras);
            assert!(named.into_iter().all(|sku| company.ware(sku).is_some()), "{}", regular.customer.name);
        }
        assert_eq!(company.ware("KOPI-250").and_then(Ware::box_factor), Some(12));
    }
}
