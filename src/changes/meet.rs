//! How the rows of each kind are met: those changed since a moment, after the last one that was met.

use super::position::Moment;
use super::service::Met;
use crate::auth::actor::Context;
use crate::catalog::prices;
use crate::catalog::prices::body::{Price, PriceKey};
use crate::catalog::products;
use crate::catalog::products::body::Product;
use crate::customers;
use crate::customers::body::Customer;
use crate::error::Error;
use crate::fulfillment::shipments;
use crate::fulfillment::shipments::shipment::Shipment;
use crate::inventory::ShelfKey;
use crate::inventory::stock::levels;
use crate::inventory::stock::levels::body::InventoryLevel;
use crate::invoicing::credit_notes;
use crate::invoicing::credit_notes::body::CreditNoteBody;
use crate::invoicing::invoices;
use crate::invoicing::invoices::body::InvoiceBody;
use crate::orders;
use crate::orders::filter::{OrderFilter, OrderSort};
use crate::payments;
use crate::payments::body::PaymentBody;
use crate::platform::keyset::{After, Slice, Sort};
use crate::returns;
use crate::returns::body::ReturnBody;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::value::RawValue;
use std::str::FromStr;

/// The key of a row by its last change.
fn dated<Id: FromStr>(after: Option<Vec<String>>) -> Result<Option<(DateTime<Utc>, Id)>, Error> {
    let Some(after) = after else { return Ok(None) };
    let [at, id] = after.as_slice() else { return Err(wrong()) };
    at.parse().ok().zip(id.parse().ok()).map(Some).ok_or_else(wrong)
}

fn wrong() -> Error {
    Error::bad_request("invalid_cursor", "take it from next_cursor")
}

pub fn orders(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Box<RawValue>>, Error> {
    let filter = OrderFilter { updated_from: Some(since.from), sort: OrderSort::UpdatedFirst, limit, ..OrderFilter::default() };
    let mut orders = orders::service::shown_after(connection, context.organization_id, &filter, dated(after)?)?;
    let more = orders.len() > limit;
    orders.truncate(limit);
    let next = orders.last().filter(|_| more).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    let row = |order: orders::ShownOrder| {
        let json = String::from_utf8(order.json).map_err(Error::internal)?;
        Ok((order.id.to_string(), RawValue::from_string(json).map_err(Error::internal)?))
    };
    Ok(Met { rows: orders.into_iter().map(row).collect::<Result<_, Error>>()?, next })
}

pub fn customers(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Customer>, Error> {
    let filter = customers::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let start = customers::service::Start::ByUpdated { after: dated(after)? };
    let page = customers::service::list(connection, context.organization_id, &filter, &start, "", limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

pub fn products(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Product>, Error> {
    let filter = products::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let start = products::service::Start::ByUpdated { after: dated(after)? };
    let page = products::service::list(connection, context.organization_id, &filter, &start, "", limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.sku.clone(), row)).collect(), next })
}

pub fn prices(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Price>, Error> {
    let filter = prices::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let after = after.map(|parts| PriceKey::read(parts).ok_or_else(wrong)).transpose()?;
    let page = prices::service::list(connection, context.organization_id, &filter, after.as_ref(), "", limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| PriceKey::of(last).parts().to_vec());
    Ok(Met { rows: page.data.into_iter().map(|row| (row.sku.clone(), row)).collect(), next })
}

/// A page of a list by its last change.
fn slice<Id: FromStr>(after: Option<Vec<String>>, limit: usize) -> Result<Slice<Id>, Error> {
    let after = dated(after)?.map(|(at, id): (DateTime<Utc>, Id)| After { key: at.to_rfc3339(), id });
    Ok(Slice { sort: Sort::UpdatedFirst, after, limit, filters: String::new() })
}

pub fn invoices(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<InvoiceBody>, Error> {
    let filter = invoices::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let page = invoices::service::list(connection, context, &filter, &slice(after, limit)?)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

pub fn payments(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<PaymentBody>, Error> {
    let filter = payments::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let page = payments::service::list(connection, context.organization_id, &filter, &slice(after, limit)?)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

pub fn credit_notes(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<CreditNoteBody>, Error> {
    let filter = credit_notes::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let page = credit_notes::service::list(connection, context.organization_id, &filter, &slice(after, limit)?)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

pub fn returns(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<ReturnBody>, Error> {
    let filter = returns::service::Filter { updated_from: Some(since.from), ..Default::default() };
    let page = returns::service::list(connection, context.organization_id, &filter, &slice(after, limit)?)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

pub fn shipments(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Shipment>, Error> {
    let filter = shipments::service::ShipmentFilter { updated_from: Some(since.from), ..Default::default() };
    let after = match after.as_deref() {
        None => None,
        Some([id]) => Some(id.parse().map_err(|_| wrong())?),
        Some(_) => return Err(wrong()),
    };
    let page = shipments::service::list(connection, context.organization_id, &filter, after, limit, "")?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

/// Levels have no index by their last change, which every order would have to keep: all are looked through by what wrote them.
pub fn stock(
    connection: &mut PgConnection,
    context: &Context,
    since: Moment,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<InventoryLevel>, Error> {
    let after = match after.as_deref() {
        None => None,
        Some([sku, location]) => Some(ShelfKey::new(sku, location)),
        Some(_) => return Err(wrong()),
    };
    let page = levels::service::written_since(connection, context.organization_id, since.oldest, after.as_ref(), limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.sku.clone(), last.location.clone()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (String::new(), row)).collect(), next })
}
