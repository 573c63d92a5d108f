use super::body::{Availability, LocationAvailability};
use super::covered::{Figure, Supply};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::stock::product::{Products, StockedProduct, check_quantity, stocked};
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
        supply.add(
            row.location,
            row.incoming_id.zip(row.expected_on),
            Figure { quantity: row.quantity, pegged: row.pegged, step: row.step },
        );
    }
    Ok(supplies)
}

/// What a cart's question is answered from.
#[derive(Default)]
pub struct CartSupply {
    pub products: Products,
    /// By SKU.
    pub supplies: HashMap<String, Supply>,
    /// In the organization's time zone; none where no product is known.
    pub today: Option<NaiveDate>,
}

/// The products of a cart with what there is and what comes of them. One statement.
pub fn cart(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str], now: DateTime<Utc>) -> QueryResult<CartSupply> {
    let mut cart = CartSupply::default();
    for row in store::cart(connection, organization_id, skus, now)? {
        cart.today = Some(row.today);
        let product = StockedProduct::from(row.product);
        let supply = cart.supplies.entry(product.sku.clone()).or_default();
        if let Some(quantity) = row.quantity {
            let figure = Figure { quantity, pegged: row.pegged.unwrap_or_default(), step: row.step.unwrap_or_default() };
            supply.add(row.location, row.incoming_id.zip(row.expected_on), figure);
        }
        cart.products.insert(product.sku.clone(), product);
    }
    Ok(cart)
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
