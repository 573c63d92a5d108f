//! Everything that deciding about new orders needs to know, in one round trip.

use crate::orders::reference::Reference;
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, OrganizationId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// What the orders of a batch name.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub skus: Vec<String>,
    pub customer_ids: Vec<CustomerId>,
    pub customer_codes: Vec<String>,
    /// lower case
    pub emails: Vec<String>,
    pub channels: Vec<String>,
    pub payment_terms: Vec<String>,
    pub countries: Vec<String>,
    pub purchase_order_numbers: Vec<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    organization: Option<String>,
    #[diesel(sql_type = Text)]
    products: String,
    #[diesel(sql_type = Text)]
    prices: String,
    #[diesel(sql_type = Text)]
    tax_rates: String,
    #[diesel(sql_type = Text)]
    customers: String,
    #[diesel(sql_type = Text)]
    channels: String,
    #[diesel(sql_type = Text)]
    payment_terms: String,
    #[diesel(sql_type = Text)]
    locations: String,
    #[diesel(sql_type = Text)]
    stock: String,
    #[diesel(sql_type = Text)]
    same_purchase_orders: String,
    #[diesel(sql_type = Text)]
    same_email_orders: String,
}

/// Reads without a lock: a hint, which the capture statement proves. `None` where the organization does not exist.
pub fn gather(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    named: &Named,
    now: DateTime<Utc>,
) -> QueryResult<Option<Reference>> {
    let row: Row = sql(include_str!("reference.sql"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&named.skus)
        .bind::<Array<SqlUuid>, _>(&named.customer_ids)
        .bind::<Array<Text>, _>(&named.customer_codes)
        .bind::<Array<Text>, _>(&named.emails)
        .bind::<Array<Text>, _>(&named.channels)
        .bind::<Array<Text>, _>(&named.payment_terms)
        .bind::<Array<Text>, _>(&named.countries)
        .bind::<Array<Text>, _>(&named.purchase_order_numbers)
        .bind::<Timestamptz, _>(now - TimeDelta::days(30))
        .bind::<SqlUuid, _>(least_id_at(now - TimeDelta::hours(24)))
        .get_result(connection)?;
    let Some(organization) = row.organization else { return Ok(None) };
    let mut reference = Reference {
        organization: parse(&organization)?,
        products: parse(&row.products)?,
        prices: parse(&row.prices)?,
        tax_rates: parse(&row.tax_rates)?,
        customers: parse(&row.customers)?,
        channels: parse(&row.channels)?,
        payment_terms: parse(&row.payment_terms)?,
        locations: parse(&row.locations)?,
        stock: parse(&row.stock)?,
        same_purchase_orders: parse(&row.same_purchase_orders)?,
        same_email_orders: parse(&row.same_email_orders)?,
    };
    reference.products.sort_by(|a, b| a.sku.cmp(&b.sku));
    Ok(Some(reference))
}

fn parse<T: DeserializeOwned>(text: &str) -> QueryResult<T> {
    serde_json::from_str(text).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

/// The smallest UUIDv7 of that millisecond: ids grow with time, so a range of ids is a range of time without another index.
fn least_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128((u128::from(millis) << 80) | (7u128 << 76) | (2u128 << 62))
}
