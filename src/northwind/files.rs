//! The files of the sample, row by row.

use super::report::Report;
use crate::error::Error;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What of the sample is imported, joined where a row of one file belongs to one of another.
#[derive(Debug, Default)]
pub struct Files {
    pub products: Vec<ProductRow>,
    pub customers: Vec<CustomerRow>,
    pub orders: Vec<OrderRows>,
    /// Names by id.
    pub categories: HashMap<String, String>,
    pub suppliers: HashMap<String, String>,
    pub employees: HashMap<String, String>,
    pub shippers: HashMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ProductRow {
    pub product_id: String,
    pub product_name: String,
    pub supplier_id: String,
    pub category_id: String,
    pub quantity_per_unit: Option<String>,
    pub unit_price: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub units_in_stock: Decimal,
    pub units_on_order: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub reorder_level: Decimal,
    /// `1` or `0`
    pub discontinued: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CustomerRow {
    pub customer_id: String,
    pub company_name: String,
    pub contact_name: Option<String>,
    pub contact_title: Option<String>,
    pub address: String,
    pub city: String,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: String,
    pub phone: Option<String>,
    pub fax: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct OrderRow {
    pub order_id: String,
    pub customer_id: String,
    pub employee_id: String,
    pub order_date: NaiveDate,
    pub required_date: NaiveDate,
    /// None of an order that is open.
    pub shipped_date: Option<NaiveDate>,
    pub ship_via: String,
    pub freight: String,
    pub ship_name: String,
    pub ship_address: String,
    pub ship_city: String,
    pub ship_region: Option<String>,
    pub ship_postal_code: Option<String>,
    pub ship_country: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct LineRow {
    pub order_id: String,
    pub product_id: String,
    pub unit_price: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    /// A fraction: 0.05 is 5 %.
    #[serde(with = "rust_decimal::serde::str")]
    pub discount: Decimal,
}

/// An order with its lines.
#[derive(Clone, Debug)]
pub struct OrderRows {
    pub order: OrderRow,
    pub lines: Vec<LineRow>,
}

#[derive(Deserialize)]
struct Category {
    category_id: String,
    category_name: String,
}

#[derive(Deserialize)]
struct Supplier {
    supplier_id: String,
    company_name: String,
}

#[derive(Deserialize)]
struct Employee {
    employee_id: String,
    first_name: String,
    last_name: String,
}

#[derive(Deserialize)]
struct Shipper {
    shipper_id: String,
    company_name: String,
}

/// Reads the files of `folder`; suppliers' addresses, employees' data and sales territories have no place here and stay out.
pub fn read(folder: &Path, report: &mut Report) -> Result<Files, Error> {
    let named = |rows: Vec<(String, String)>| rows.into_iter().collect::<HashMap<_, _>>();
    let categories = rows::<Category>(folder, "categories.csv", report)?;
    let suppliers = rows::<Supplier>(folder, "suppliers.csv", report)?;
    let employees = rows::<Employee>(folder, "employees.csv", report)?;
    let shippers = rows::<Shipper>(folder, "shippers.csv", report)?;
    let orders = rows(folder, "orders.csv", report)?;
    let lines = rows(folder, "order_details.csv", report)?;
    Ok(Files {
        products: rows(folder, "products.csv", report)?,
        customers: rows(folder, "customers.csv", report)?,
        orders: join(orders, lines, report),
        categories: named(categories.into_iter().map(|row| (row.category_id, row.category_name)).collect()),
        suppliers: named(suppliers.into_iter().map(|row| (row.supplier_id, row.company_name)).collect()),
        employees: named(employees.into_iter().map(|row| (row.employee_id, format!("{} {}", row.first_name, row.last_name))).collect()),
        shippers: named(shippers.into_iter().map(|row| (row.shipper_id, row.company_name)).collect()),
    })
}

/// The rows that can be read; the others go to the report with their line in the file.
fn rows<T: DeserializeOwned>(folder: &Path, name: &str, report: &mut Report) -> Result<Vec<T>, Error> {
    let path = folder.join(name);
    let unreadable = |error: csv::Error| Error::internal(format!("cannot read {}: {error}", path.display()));
    let mut reader = csv::Reader::from_path(&path).map_err(unreadable)?;
    let headers = reader.headers().map_err(unreadable)?.clone();
    let mut rows = vec![];
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) if error.is_io_error() => return Err(unreadable(error)),
            Err(error) => {
                report.reject(name, error.to_string());
                continue;
            }
        };
        match record.deserialize(Some(&headers)) {
            Ok(row) => rows.push(row),
            Err(error) => {
                let line = record.position().map_or(0, csv::Position::line);
                report.reject(format!("{name} line {line}"), error.to_string());
            }
        }
    }
    Ok(rows)
}

/// Puts lines to their orders, in the order of the files.
fn join(orders: Vec<OrderRow>, lines: Vec<LineRow>, report: &mut Report) -> Vec<OrderRows> {
    let mut lines_of: BTreeMap<String, Vec<LineRow>> = BTreeMap::new();
    for line in lines {
        lines_of.entry(line.order_id.clone()).or_default().push(line);
    }
    let mut joined = Vec::with_capacity(orders.len());
    for order in orders {
        let lines = lines_of.remove(&order.order_id).unwrap_or_default();
        joined.push(OrderRows { order, lines });
    }
    for line in lines_of.into_values().flatten() {
        report.reject(format!("order_details.csv {} {}", line.order_id, line.product_id), "its order is not in orders.csv");
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_cannot_be_read_are_reported_with_their_line_and_the_rest_is_taken() {
        let folder = std::env::temp_dir().join(format!("northwind-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = "order_id,product_id,unit_price,quantity,discount\n1,11,14.00,12,0.00\n1,12,9.80,many,0.00\n2,11,9.80,1,0.05\n";
        std::fs::write(folder.join("order_details.csv"), text).unwrap();
        let mut report = Report::default();
        let lines: Vec<LineRow> = rows(&folder, "order_details.csv", &mut report).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[1].quantity, lines[1].discount), (Decimal::ONE, Decimal::new(5, 2)));
        assert_eq!(report.rejected[0].row, "order_details.csv line 3");
        let joined = join(vec![], lines, &mut report);
        assert!(joined.is_empty());
        assert_eq!(report.rejected[2].row, "order_details.csv 2 11");
        assert!(rows::<LineRow>(&folder, "orders.csv", &mut report).is_err(), "a missing file is no row");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
