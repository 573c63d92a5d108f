//! The orders, carried to where they ended: shipped and invoiced on the day that they left, or open.

use super::files::{Files, OrderRows};
use super::master_data::{iso_code, midnight, sku};
use super::report::{Report, is_of_rows, reason};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::fulfillment::fulfillment_orders::body::Ship;
use crate::invoicing::invoices::body::NewInvoice;
use crate::order_to_cash::invoice::{self, Issue};
use crate::order_to_cash::place::{PlaceRequest, place};
use crate::order_to_cash::ship::{ShipRequest, ship_all};
use crate::orders;
use crate::orders::body::NewOrder;
use crate::orders::dates::Dates;
use crate::orders::master_data::MasterDataCache;
use crate::orders::order::Order;
use crate::orders::status::{FulfillmentStatus, InvoiceStatus};
use crate::orders::verify::Request;
use crate::platform::db::Db;
use crate::platform::http::{Answer, Precondition, from_value};
use crate::platform::idempotency;
use crate::types::id::OrderId;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Documents of the past are numbered apart.
const SERIES: &str = crate::invoicing::series::HISTORY;

/// An order that is in.
struct Placed<'a> {
    id: OrderId,
    rows: &'a OrderRows,
}

impl Placed<'_> {
    fn name(&self) -> String {
        format!("orders.csv {}", self.rows.order.order_id)
    }
}

/// An order that has left, or is to.
struct Departure<'a> {
    placed: Placed<'a>,
    shipped_on: NaiveDate,
}

impl<'a> Departure<'a> {
    /// None of an order that is open.
    fn of(placed: Placed<'a>) -> Option<Self> {
        let shipped_on = placed.rows.order.shipped_date?;
        Some(Self { placed, shipped_on })
    }
}

pub fn import(db: &Db, context: &Context, files: &Files, report: &mut Report) -> Result<(), Error> {
    let (shipped, open): (Vec<&OrderRows>, Vec<&OrderRows>) = files.orders.iter().partition(|rows| rows.order.shipped_date.is_some());
    let placed = place_all(db, context, &shipped, files, "refuse", report)?;
    let mut departures: Vec<Departure> = placed.into_iter().filter_map(Departure::of).collect();
    // Invoices are numbered in the order of their dates.
    departures.sort_by(|a, b| (a.shipped_on, &a.placed.rows.order.order_id).cmp(&(b.shipped_on, &b.placed.rows.order.order_id)));

    let name = |departure: &Departure| departure.placed.name();
    let departures: Vec<&Departure> = departures.iter().collect();
    let shipped = report.in_chunks(db, &departures, name, |connection, chunk| ship_chunk(connection, context, chunk, files))?;
    let invoiced = report.in_chunks(db, &shipped, name, |connection, chunk| invoice_chunk(connection, context, chunk))?;
    (report.orders_shipped, report.orders_invoiced) = (shipped.len(), invoiced.len());
    // Last, so that the stock of what has left is not promised to them.
    place_all(db, context, &open, files, "backorder", report)?;
    Ok(())
}

/// Captures orders that are not in yet. What is refused goes to the report.
fn place_all<'a>(
    db: &Db,
    context: &Context,
    orders: &[&'a OrderRows],
    files: &Files,
    on_shortage: &str,
    report: &mut Report,
) -> Result<Vec<Placed<'a>>, Error> {
    const CHUNK: usize = 100;
    let cache = MasterDataCache::default();
    let mut placed = vec![];
    for chunk in orders.chunks(CHUNK) {
        let mut requests = vec![];
        let mut named = vec![];
        for rows in chunk.iter().copied() {
            match new_order(rows, files, on_shortage).and_then(|order| request(rows, &order)) {
                Ok(request) => {
                    requests.push(request);
                    named.push(rows);
                }
                Err(error) => report.reject(format!("orders.csv {}", rows.order.order_id), reason(&error)),
            }
        }
        let outcomes = db.read_blocking(|connection| place(connection, &cache, context, &requests.iter().collect::<Vec<_>>()))?;
        for (rows, outcome) in named.into_iter().zip(outcomes) {
            match outcome {
                Ok(answer) => {
                    report.orders += 1;
                    report.lines += rows.lines.len();
                    report.orders_placed += usize::from(!answer.replayed);
                    placed.push(Placed { id: id_of(&answer)?, rows });
                }
                Err(error) if is_of_rows(&error) => report.reject(format!("orders.csv {}", rows.order.order_id), reason(&error)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(placed)
}

fn id_of(answer: &Answer) -> Result<OrderId, Error> {
    #[derive(Deserialize)]
    struct Identified {
        id: OrderId,
    }
    let order: Identified = serde_json::from_slice(&answer.body).map_err(Error::internal)?;
    Ok(order.id)
}

fn request(rows: &OrderRows, order: &Value) -> Result<PlaceRequest, Error> {
    let hash = idempotency::fingerprint("", order.to_string().as_bytes());
    let body: NewOrder = from_value(order)?;
    let request = Request {
        order_id: OrderId::generate(),
        number: rows.order.order_id.clone(),
        body,
        may_price: true,
        dates: Dates::History,
        historical: true,
    };
    Ok(PlaceRequest::new(request, None, &hash))
}

/// The order as a caller of the API would send it.
fn new_order(rows: &OrderRows, files: &Files, on_shortage: &str) -> Result<Value, Error> {
    let order = &rows.order;
    let named = |names: &HashMap<String, String>, pointer: &str, id: &str| {
        names.get(id).cloned().ok_or_else(|| Error::invalid(pointer, "unknown_id", format!("there is no row with the id '{id}'")))
    };
    let lines = rows.lines.iter().map(|line| {
        let percent = (line.discount * Decimal::ONE_HUNDRED).normalize();
        let discounts = if percent.is_zero() { json!([]) } else { json!([{ "percent": percent.to_string() }]) };
        json!({
            "sku": sku(&line.product_id),
            "quantity": line.quantity.to_string(),
            "unit_price": line.unit_price,
            "discounts": discounts,
        })
    });
    Ok(json!({
        "channel": "direct",
        "external_id": order.order_id,
        "customer_code": order.customer_id,
        "currency": "USD",
        "ordered_at": midnight(order.order_date),
        "requested_on": order.required_date,
        "sales_rep": named(&files.employees, "/employee_id", &order.employee_id)?,
        "shipping": { "method": named(&files.shippers, "/ship_via", &order.ship_via)?, "amount": order.freight },
        "shipping_address": {
            "company": order.ship_name,
            "line1": order.ship_address,
            "city": order.ship_city,
            "region": order.ship_region,
            "postal_code": order.ship_postal_code,
            "country": iso_code("/ship_country", &order.ship_country)?,
        },
        "on_shortage": on_shortage,
        "lines": lines.collect::<Vec<_>>(),
    }))
}

/// Ships all of each order on its day; what has shipped before is left alone.
fn ship_chunk(connection: &mut PgConnection, context: &Context, chunk: &[&Departure], files: &Files) -> Result<(), Error> {
    let orders = orders_of(connection, context, chunk)?;
    let mut requests = vec![];
    for departure in chunk {
        let order = order_of(&orders, departure)?;
        let order_row = &departure.placed.rows.order;
        let carrier = files.shippers.get(&order_row.ship_via);
        let open = order.fulfillment_orders.iter().filter(|fulfillment_order| fulfillment_order.is_live());
        let before = requests.len();
        for fulfillment_order in open {
            let ship: Ship = from_value(&json!({ "carrier": carrier, "shipped_at": midnight(departure.shipped_on) }))?;
            requests.push(ShipRequest { fulfillment_order_id: fulfillment_order.id, body: ship, precondition: Precondition::Any });
        }
        if requests.len() == before && order.fulfillment_status == FulfillmentStatus::Unfulfilled {
            return Err(Error::conflict("nothing_to_ship", format!("the order is {} and has nothing to ship", order.status)));
        }
    }
    if !requests.is_empty() {
        ship_all(connection, context, &requests)?;
    }
    Ok(())
}

/// Invoices each order on the day that it left, in the order of these days; what is invoiced is left alone.
fn invoice_chunk(connection: &mut PgConnection, context: &Context, chunk: &[&Departure]) -> Result<(), Error> {
    let orders = orders_of(connection, context, chunk)?;
    for departure in chunk {
        let order = order_of(&orders, departure)?;
        if order.invoice_status != InvoiceStatus::Invoiced {
            let body = NewInvoice { issued_on: Some(departure.shipped_on), series: Some(SERIES.to_owned()), ..NewInvoice::default() };
            let issue = Issue { body, may_predate: true, precondition: Precondition::Any };
            invoice::issue(connection, context, order.id, &issue)?;
        }
    }
    Ok(())
}

fn orders_of(connection: &mut PgConnection, context: &Context, chunk: &[&Departure]) -> Result<HashMap<OrderId, Order>, Error> {
    let ids: Vec<OrderId> = chunk.iter().map(|departure| departure.placed.id).collect();
    let orders = orders::find_all(connection, context.organization_id, &ids)?;
    Ok(orders.into_iter().map(|order| (order.id, order)).collect())
}

fn order_of<'a>(orders: &'a HashMap<OrderId, Order>, departure: &Departure) -> Result<&'a Order, Error> {
    orders.get(&departure.placed.id).ok_or(Error::not_found("order"))
}
