use super::body::{Availability, LocationAvailability};
use super::covered::Supply;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::incoming::pool::OpenSupply;
use crate::inventory::stock::product::{check_quantity, stocked};
use crate::inventory::stock::products;
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::OrganizationId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// What there is and what comes of these SKUs, by SKU. Read without locks: a promise is made elsewhere.
pub fn supply_of(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<HashMap<String, Supply>> {
    let mut supplies: HashMap<String, Supply> = skus.iter().map(|sku| ((*sku).to_owned(), Supply::default())).collect();
    for row in store::supply(connection, organization_id, skus)? {
        let supply = supplies.entry(row.sku).or_default();
        match (row.location, row.incoming_id.zip(row.expected_on)) {
            (Some(location), Some((id, expected_on))) => {
                supply.pegged += row.pegged;
                supply.incoming.push(OpenSupply { id, location, expected_on, free: row.quantity });
            }
            (Some(location), None) => supply.locations.push((location, row.quantity)),
            (None, _) => supply.waiting.push((row.step, row.quantity)),
        }
    }
    Ok(supplies)
}

/// The date in the organization's time zone.
pub fn today(connection: &mut PgConnection, organization_id: OrganizationId, now: DateTime<Utc>) -> QueryResult<NaiveDate> {
    store::today(connection, organization_id, now)
}

/// When `quantity` of `sku` can be had.
pub fn get(connection: &mut PgConnection, context: &Context, sku: &str, quantity: Decimal) -> Result<Availability, Error> {
    let products = products(connection, context.organization_id, &[sku])?;
    let mut faults = Faults::new();
    let product = stocked(&products, &mut faults, "", sku);
    check_quantity(&mut faults, "", quantity, product);
    faults.into_result()?;
    let supply = supply_of(connection, context.organization_id, &[sku])?.remove(sku).unwrap_or_default();
    let today = today(connection, context.organization_id, context.now)?;
    let available = supply.available();
    Ok(Availability {
        sku: sku.to_owned(),
        quantity: Quantity(quantity),
        available_now: available >= quantity,
        available_on: supply.covered_on(quantity, today),
        available: Quantity(available),
        incoming: Quantity(supply.incoming_quantity()),
        pegged: Quantity(supply.pegged),
        backordered: Quantity(supply.backordered()),
        locations: supply
            .locations
            .into_iter()
            .map(|(location, available)| LocationAvailability { location, available: Quantity(available) })
            .collect(),
    })
}
