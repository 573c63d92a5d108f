//! What deciding about new orders needs to know: master data, which is kept in memory, and what only the database can tell.

use crate::catalog::DEFAULT_LIST;
use crate::catalog::prices::body::Price;
use crate::customers::balance::Credit;
use crate::inventory::incoming::pool::SupplyOfProduct;
use crate::orders::allocation::Waiting;
use crate::orders::reference::{Company, Customer, Product, RecentOrder, SamePurchaseOrder, Stock};
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, OrganizationId};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use uuid::Uuid;

/// How often each kind of an organization's master data has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Epochs {
    #[diesel(sql_type = BigInt, column_name = "company_epoch")]
    pub company: i64,
    #[diesel(sql_type = BigInt, column_name = "products_epoch")]
    pub products: i64,
    #[diesel(sql_type = BigInt, column_name = "prices_epoch")]
    pub prices: i64,
    #[diesel(sql_type = BigInt, column_name = "customers_epoch")]
    pub customers: i64,
}

#[derive(QueryableByName)]
struct CompanyRow {
    #[diesel(sql_type = Text)]
    company: String,
    #[diesel(embed)]
    epochs: Epochs,
}

/// `None` where the organization does not exist.
pub fn company(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Option<(Company, Epochs)>> {
    let row: Option<CompanyRow> = sql(include_str!("company.sql")).bind::<SqlUuid, _>(organization_id).get_result(connection).optional()?;
    row.map(|row| Ok((parse(&row.company)?, row.epochs))).transpose()
}

/// Keys of master data.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    pub skus: Vec<String>,
    pub customer_ids: Vec<CustomerId>,
    pub customer_codes: Vec<String>,
    /// lower case
    pub emails: Vec<String>,
}

impl Keys {
    pub fn is_empty(&self) -> bool {
        self.skus.is_empty() && self.customer_ids.is_empty() && self.customer_codes.is_empty() && self.emails.is_empty()
    }
}

/// What there is under some keys; the customers' bill-to customers are there too.
pub struct MasterData {
    pub products: Vec<Product>,
    /// Of the products, in the default list.
    pub prices: Vec<Price>,
    pub customers: Vec<Customer>,
    /// The oldest customer of each address.
    pub emails: HashMap<String, CustomerId>,
    /// Of the customers that have a limit.
    pub credit: Vec<(CustomerId, Credit)>,
}

#[derive(QueryableByName)]
struct MasterDataRow {
    #[diesel(sql_type = Text)]
    products: String,
    #[diesel(sql_type = Text)]
    prices: String,
    #[diesel(sql_type = Text)]
    customers: String,
    #[diesel(sql_type = Text)]
    emails: String,
    #[diesel(sql_type = Text)]
    credit: String,
}

pub fn master_data(connection: &mut PgConnection, organization_id: OrganizationId, keys: &Keys) -> QueryResult<MasterData> {
    let row: MasterDataRow = sql(include_str!("master_data.sql"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&keys.skus)
        .bind::<Array<SqlUuid>, _>(&keys.customer_ids)
        .bind::<Array<Text>, _>(&keys.customer_codes)
        .bind::<Array<Text>, _>(&keys.emails)
        .bind::<Text, _>(DEFAULT_LIST)
        .get_result(connection)?;
    Ok(MasterData {
        products: parse(&row.products)?,
        prices: parse(&row.prices)?,
        customers: parse(&row.customers)?,
        emails: parse(&row.emails)?,
        credit: parse(&row.credit)?,
    })
}

#[derive(QueryableByName)]
struct PricesRow {
    #[diesel(sql_type = Text)]
    prices: String,
}

/// The prices of (SKU, price list) pairs.
pub fn prices(connection: &mut PgConnection, organization_id: OrganizationId, wanted: &[(String, String)]) -> QueryResult<Vec<Price>> {
    let row: PricesRow = sql(
        "SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'price_list', p.price_list, 'currency', p.currency, 'min_quantity', p.min_quantity::text, \
         'valid_from_on', nullif(p.valid_from_on, '0001-01-01'), 'valid_to_on', p.valid_to_on, 'unit_price', p.unit_price::text, \
         'price_quantity', p.price_quantity::text, 'version', p.version, 'updated_at', p.updated_at)), '[]')::text AS prices \
         FROM unnest($2::text[], $3::text[]) AS w(sku, list) CROSS JOIN LATERAL \
         (SELECT * FROM price p WHERE p.organization_id = $1 AND p.sku = w.sku AND p.price_list = w.list LIMIT 10000) p",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(wanted.iter().map(|(sku, _)| sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(wanted.iter().map(|(_, list)| list.as_str()).collect::<Vec<_>>())
    .get_result(connection)?;
    parse(&row.prices)
}

/// What [`look`] is asked about.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    pub skus: Vec<&'a str>,
    /// (kind, key)
    pub claims: Vec<(&'a str, &'a str)>,
    /// Customers with their purchase order numbers.
    pub purchase_orders: Vec<(CustomerId, &'a str)>,
    /// Customers that have an e-mail address.
    pub buyers: Vec<Buyer<'a>>,
    /// How much is wanted of products that may be backordered, in base units.
    pub wanted: Vec<(&'a str, Decimal)>,
    pub today: NaiveDate,
}

/// Whose orders of the last day a new one is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Buyer<'a> {
    pub customer_id: CustomerId,
    /// In lower case: whoever has the same one may be the same person.
    pub email: String,
    /// By which the new order comes.
    pub channel: &'a str,
}

/// What only the database knows.
pub struct Seen {
    pub epochs: Epochs,
    pub stock: Vec<Stock>,
    pub waiting: Vec<Waiting>,
    /// Of products that are wanted beyond what is available.
    pub supply: Vec<SupplyOfProduct>,
    /// Places in [`Question::claims`] of those that somebody holds.
    pub held: Vec<usize>,
    pub same_purchase_orders: Vec<SamePurchaseOrder>,
    pub recent_orders: Vec<RecentOrder>,
}

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(embed)]
    epochs: Epochs,
    #[diesel(sql_type = Array<Text>)]
    skus: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    locations: Vec<String>,
    #[diesel(sql_type = Array<Numeric>)]
    available: Vec<Decimal>,
    #[diesel(sql_type = Array<Integer>)]
    held: Vec<i32>,
    #[diesel(sql_type = Text)]
    same_purchase_orders: String,
    #[diesel(sql_type = Text)]
    recent_orders: String,
    #[diesel(sql_type = Text)]
    supply: String,
    #[diesel(sql_type = Text)]
    waiting: String,
}

/// One statement for a whole batch, without a lock.
pub fn look(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    question: &Question<'_>,
    now: DateTime<Utc>,
) -> QueryResult<Seen> {
    let row: SeenRow = sql(include_str!("look.sql"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&question.skus)
        .bind::<Array<Text>, _>(question.claims.iter().map(|claim| claim.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(question.claims.iter().map(|claim| claim.1).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(question.purchase_orders.iter().map(|pair| pair.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(question.purchase_orders.iter().map(|pair| pair.1).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(now - TimeDelta::days(30))
        .bind::<Array<SqlUuid>, _>(question.buyers.iter().map(|buyer| buyer.customer_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(question.buyers.iter().map(|buyer| buyer.channel).collect::<Vec<_>>())
        .bind::<SqlUuid, _>(least_id_at(now - TimeDelta::hours(24)))
        .bind::<Array<Text>, _>(question.wanted.iter().map(|pair| pair.0).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(question.wanted.iter().map(|pair| pair.1).collect::<Vec<_>>())
        .bind::<Date, _>(question.today)
        .bind::<Array<Text>, _>(question.buyers.iter().map(|buyer| buyer.email.as_str()).collect::<Vec<_>>())
        .get_result(connection)?;
    let shelves = row.skus.into_iter().zip(row.locations).zip(row.available);
    Ok(Seen {
        epochs: row.epochs,
        stock: shelves.map(|((sku, location), available)| Stock { sku, location, available }).collect(),
        held: row.held.into_iter().filter_map(|place| usize::try_from(place - 1).ok()).collect(),
        same_purchase_orders: parse(&row.same_purchase_orders)?,
        recent_orders: parse(&row.recent_orders)?,
        supply: parse(&row.supply)?,
        waiting: parse(&row.waiting)?,
    })
}

fn parse<T: DeserializeOwned>(text: &str) -> QueryResult<T> {
    serde_json::from_str(text).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

/// The smallest UUIDv7 of that millisecond: ids grow with time, so a range of ids is a range of time without another index.
fn least_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128((u128::from(millis) << 80) | (7u128 << 76) | (2u128 << 62))
}
