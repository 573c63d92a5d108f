//! Products with prices and opening stock, and customers.

use super::country;
use super::files::{CustomerRow, Files, ProductRow};
use super::report::Report;
use crate::auth::actor::Context;
use crate::catalog::prices::body::PutPrice;
use crate::catalog::products::body::PutProduct;
use crate::catalog::{prices, products};
use crate::customers;
use crate::customers::body::PutCustomer;
use crate::error::Error;
use crate::inventory::locations;
use crate::inventory::locations::body::PutLocation;
use crate::inventory::stock;
use crate::inventory::stock::policy;
use crate::inventory::stock::policy::body::PutPolicy;
use crate::inventory::stock::snapshots::body::PutSnapshot;
use crate::inventory::{ShelfKey, StockLevel};
use crate::order_to_cash::counting::take_snapshot;
use crate::platform::db::Db;
use crate::platform::http::{Precondition, from_value};
use crate::types::id::{CustomerId, StockChangeId};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The sample knows one stock.
const LOCATION: &str = "northwind";

/// The SKU of a product of the sample.
pub fn sku(product_id: &str) -> String {
    format!("NW-{product_id}")
}

/// A day as the instant that it is in the sample: midnight UTC.
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Gives the products that are in.
pub fn import<'a>(db: &Db, context: &Context, files: &'a Files, report: &mut Report) -> Result<Vec<&'a ProductRow>, Error> {
    db.write_blocking(|connection| put_location(connection, context))?;
    let rows: Vec<&ProductRow> = files.products.iter().collect();
    let products = report.in_chunks(db, &rows, name, |connection, rows| put_products(connection, context, rows, files))?;
    report.products = products.len();
    let products = report.in_chunks(db, &products, name, |connection, rows| put_opening_stock(connection, context, rows, files))?;
    let rows: Vec<&CustomerRow> = files.customers.iter().collect();
    let name = |row: &CustomerRow| format!("customers.csv {}", row.customer_id);
    report.customers = report.in_chunks(db, &rows, name, |connection, rows| put_customers(connection, context, rows))?.len();
    Ok(products)
}

/// When to order more of a product. After the orders, so that nobody is told of stock that was low in the past.
pub fn import_reorder_points(db: &Db, context: &Context, products: &[&ProductRow], report: &mut Report) -> Result<(), Error> {
    report.in_chunks(db, products, name, |connection, rows| put_reorder_points(connection, context, rows))?;
    Ok(())
}

fn name(row: &ProductRow) -> String {
    format!("products.csv {}", row.product_id)
}

fn put_location(connection: &mut PgConnection, context: &Context) -> Result<(), Error> {
    match locations::service::get(connection, context.organization_id, LOCATION) {
        Err(Error::NotFound { .. }) => {}
        known => return known.map(|_| ()),
    }
    let location: PutLocation = from_value(&json!({ "name": "Northwind Traders", "kind": "warehouse" }))?;
    locations::service::put(connection, context, LOCATION, &location, &Precondition::Any, false)?;
    Ok(())
}

fn put_products(connection: &mut PgConnection, context: &Context, rows: &[&ProductRow], files: &Files) -> Result<(), Error> {
    let mut bodies: Vec<PutProduct> = vec![];
    let mut list_prices: Vec<PutPrice> = vec![];
    for row in rows {
        bodies.push(from_value(&product(row, files))?);
        list_prices.push(from_value(&json!({ "sku": sku(&row.product_id), "currency": "USD", "unit_price": row.unit_price }))?);
    }
    products::service::put_many(connection, context, &bodies)?;
    prices::service::put_many(connection, context, &list_prices)?;
    Ok(())
}

/// The category `standard` has no rate anywhere, so the orders are outside of tax, as those of the sample are.
fn product(row: &ProductRow, files: &Files) -> Value {
    json!({
        "sku": sku(&row.product_id),
        "name": row.product_name,
        "unit": "C62",
        "tax_category": "standard",
        "active": row.discontinued == "0",
        "external_ids": { "northwind": row.product_id },
        "metadata": {
            "quantity_per_unit": row.quantity_per_unit,
            "category": files.categories.get(&row.category_id),
            "supplier": files.suppliers.get(&row.supplier_id),
            "units_on_order": row.units_on_order,
        },
    })
}

/// What lay there on the day of the first order: what has shipped since and what the sample says is left. A snapshot of that day,
/// so that the ledger begins with it; a second one of the same version would be late, and is not even sent.
fn put_opening_stock(connection: &mut PgConnection, context: &Context, rows: &[&ProductRow], files: &Files) -> Result<(), Error> {
    let Some(first_day) = files.orders.iter().map(|rows| rows.order.order_date).min() else { return Ok(()) };
    let levels = levels(connection, context, rows)?;
    let shipped = shipped_units(files);
    let mut lines = vec![];
    for row in rows {
        let sku = sku(&row.product_id);
        if levels.get(&sku).is_none_or(|level| level.snapshot_as_of.is_none()) {
            let units = row.units_in_stock + shipped.get(row.product_id.as_str()).copied().unwrap_or_default();
            lines.push(json!({ "sku": sku, "quantity": units.to_string() }));
        }
    }
    if !lines.is_empty() {
        let snapshot = json!({ "location": LOCATION, "as_of": midnight(first_day), "version": 1, "lines": lines });
        let snapshot: PutSnapshot = from_value(&snapshot)?;
        take_snapshot(connection, context, StockChangeId::generate(), &snapshot)?;
    }
    Ok(())
}

fn put_reorder_points(connection: &mut PgConnection, context: &Context, rows: &[&ProductRow]) -> Result<(), Error> {
    let levels = levels(connection, context, rows)?;
    for row in rows.iter().filter(|row| row.reorder_level > Decimal::ZERO) {
        let sku = sku(&row.product_id);
        if levels.get(&sku).is_none_or(|level| level.reorder_point != Some(row.reorder_level)) {
            let policy: PutPolicy = from_value(&json!({ "reorder_point": row.reorder_level.to_string() }))?;
            policy::service::put(connection, context, &ShelfKey::new(sku, LOCATION), &policy, &Precondition::Any, false)?;
        }
    }
    Ok(())
}

/// The sample's stock of these products, by SKU.
fn levels(connection: &mut PgConnection, context: &Context, rows: &[&ProductRow]) -> Result<HashMap<String, StockLevel>, Error> {
    let skus: Vec<String> = rows.iter().map(|row| sku(&row.product_id)).collect();
    let names: Vec<&str> = skus.iter().map(String::as_str).collect();
    let levels = stock::levels_of(connection, context.organization_id, &names)?;
    Ok(levels.into_iter().filter(|level| level.location == LOCATION).map(|level| (level.sku.clone(), level)).collect())
}

/// Units that have left, by product.
fn shipped_units(files: &Files) -> HashMap<&str, Decimal> {
    let mut units: HashMap<&str, Decimal> = HashMap::new();
    let shipped = files.orders.iter().filter(|rows| rows.order.shipped_date.is_some());
    for line in shipped.flat_map(|rows| &rows.lines) {
        *units.entry(&line.product_id).or_default() += line.quantity;
    }
    units
}

fn put_customers(connection: &mut PgConnection, context: &Context, rows: &[&CustomerRow]) -> Result<(), Error> {
    for row in rows {
        let customer: PutCustomer = from_value(&customer(row)?)?;
        customers::service::put_by_code(
            connection,
            context,
            CustomerId::generate(),
            &row.customer_id,
            &customer,
            &Precondition::Any,
            false,
        )?;
    }
    Ok(())
}

fn customer(row: &CustomerRow) -> Result<Value, Error> {
    let address = json!({
        "company": row.company_name,
        "line1": row.address,
        "city": row.city,
        "region": row.region,
        "postal_code": row.postal_code,
        "country": iso_code("/country", &row.country)?,
    });
    Ok(json!({
        "name": row.company_name,
        "kind": "company",
        "phone": row.phone,
        "currency": "USD",
        "contacts": [{ "name": row.contact_name, "phone": row.phone }],
        "billing_address": address,
        "shipping_address": address,
        "external_ids": { "northwind": row.customer_id },
        "metadata": { "contact_title": row.contact_title, "fax": row.fax },
    }))
}

/// The code of a country that the sample writes in English.
pub fn iso_code(pointer: &str, name: &str) -> Result<&'static str, Error> {
    country::code_of(name).ok_or_else(|| Error::invalid(pointer, "unknown_country", format!("no country is known as '{name}'")))
}
