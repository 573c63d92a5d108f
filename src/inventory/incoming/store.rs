use super::body::{IncomingFilter, IncomingSupply};
use super::status::IncomingStatus;
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::decimal::Quantity;
use crate::types::id::{IncomingSupplyId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str =
    "id, sku, location, quantity, received_quantity, pegged_quantity, expected_on, reference, status, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: IncomingSupplyId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    received_quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    pegged_quantity: Decimal,
    #[diesel(sql_type = Date)]
    expected_on: NaiveDate,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Text)]
    status: IncomingStatus,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for IncomingSupply {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            sku: row.sku,
            location: row.location,
            quantity: Quantity(row.quantity),
            received_quantity: Quantity(row.received_quantity),
            pegged_quantity: Quantity(row.pegged_quantity),
            expected_on: row.expected_on,
            reference: row.reference,
            status: row.status,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub fn insert(connection: &mut PgConnection, context: &Context, supply: &IncomingSupply) -> QueryResult<()> {
    sql("INSERT INTO incoming_supply (organization_id, id, sku, location, quantity, expected_on, reference, status, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(supply.id)
    .bind::<Text, _>(&supply.sku)
    .bind::<Text, _>(&supply.location)
    .bind::<Numeric, _>(supply.quantity.0)
    .bind::<Date, _>(supply.expected_on)
    .bind::<Nullable<Text>, _>(supply.reference.as_deref())
    .bind::<Text, _>(supply.status)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: IncomingSupplyId) -> QueryResult<Option<IncomingSupply>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM incoming_supply WHERE organization_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(IncomingSupply::from))
}

/// Locks these, sorted by id; those that are not there are missing.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[IncomingSupplyId]) -> QueryResult<Vec<IncomingSupply>> {
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM incoming_supply WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(ids)
            .load(connection)?;
    Ok(rows.into_iter().map(IncomingSupply::from).collect())
}

/// Writes supply whose rows this transaction has locked.
pub fn update(connection: &mut PgConnection, context: &Context, supplies: &[IncomingSupply]) -> QueryResult<()> {
    fn column<'a, T>(supplies: &'a [IncomingSupply], of: impl Fn(&'a IncomingSupply) -> T) -> Vec<T> {
        supplies.iter().map(of).collect()
    }
    sql("UPDATE incoming_supply AS i SET quantity = c.quantity, received_quantity = c.received_quantity, expected_on = c.expected_on, \
         reference = c.reference, status = c.status, version = c.version, pegged_quantity = c.pegged_quantity, updated_at = $2 \
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10) AS c(id, quantity, received_quantity, expected_on, reference, status, version, pegged_quantity) \
         WHERE i.organization_id = $1 AND i.id = c.id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<SqlUuid>, _>(column(supplies, |supply| supply.id))
    .bind::<Array<Numeric>, _>(column(supplies, |supply| supply.quantity.0))
    .bind::<Array<Numeric>, _>(column(supplies, |supply| supply.received_quantity.0))
    .bind::<Array<Date>, _>(column(supplies, |supply| supply.expected_on))
    .bind::<Array<Nullable<Text>>, _>(column(supplies, |supply| supply.reference.as_deref()))
    .bind::<Array<Text>, _>(column(supplies, |supply| supply.status))
    .bind::<Array<BigInt>, _>(column(supplies, |supply| supply.version))
    .bind::<Array<Numeric>, _>(column(supplies, |supply| supply.pegged_quantity.0))
    .execute(connection)?;
    Ok(())
}

/// One page by id, which is the order of creation.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &IncomingFilter,
    after: Option<IncomingSupplyId>,
    limit: i64,
) -> QueryResult<Vec<IncomingSupply>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM incoming_supply WHERE organization_id = $1 AND ($2::text[] IS NULL OR status = ANY($2)) \
         AND ($3::text[] IS NULL OR sku = ANY($3)) AND ($4::text[] IS NULL OR location = ANY($4)) \
         AND ($5::timestamptz IS NULL OR updated_at >= $5) AND ($6::uuid IS NULL OR id > $6) ORDER BY id LIMIT $7"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.statuses.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.skus.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.locations.clone())
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(IncomingSupply::from).collect())
}
