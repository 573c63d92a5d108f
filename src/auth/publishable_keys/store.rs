use super::body::{NewPublishableKey, PublishableKey, RESERVATION_LIMIT, RESERVATION_LIMIT_PER_ADDRESS};
use super::registry::Holder;
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::id::{OrganizationId, PublishableKeyId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

const COLUMNS: &str = "organization_id, id, key, name, channel, origins, reservation_limit, reservation_limit_per_address, active, version, \
    created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    id: PublishableKeyId,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Array<Text>)]
    origins: Vec<String>,
    #[diesel(sql_type = Integer)]
    reservation_limit: i32,
    #[diesel(sql_type = Integer)]
    reservation_limit_per_address: i32,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for Holder {
    fn from(row: Row) -> Self {
        let key = PublishableKey {
            id: row.id,
            key: row.key,
            name: row.name,
            channel: row.channel,
            origins: row.origins,
            reservation_limit: row.reservation_limit,
            reservation_limit_per_address: row.reservation_limit_per_address,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Self { organization_id: row.organization_id, key }
    }
}

impl From<Row> for PublishableKey {
    fn from(row: Row) -> Self {
        Holder::from(row).key
    }
}

/// `None` where there is no such channel.
pub fn insert(
    connection: &mut PgConnection,
    context: &Context,
    id: PublishableKeyId,
    key: &str,
    new: &NewPublishableKey,
) -> QueryResult<Option<PublishableKey>> {
    let row: Option<Row> = sql(format!(
        "INSERT INTO publishable_key (organization_id, id, key, name, channel, origins, reservation_limit, reservation_limit_per_address, \
         created_at, updated_at) SELECT $1, $2, $3, $4, c.code, $6, $7, $8, $9, $9 FROM channel c WHERE c.organization_id = $1 AND c.code = $5 \
         RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(key)
    .bind::<Text, _>(&new.name)
    .bind::<Text, _>(new.channel())
    .bind::<Array<Text>, _>(&new.origins)
    .bind::<Integer, _>(new.reservation_limit.unwrap_or(RESERVATION_LIMIT))
    .bind::<Integer, _>(new.reservation_limit_per_address.unwrap_or(RESERVATION_LIMIT_PER_ADDRESS))
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)
    .optional()?;
    Ok(row.map(PublishableKey::from))
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: PublishableKeyId) -> QueryResult<Option<PublishableKey>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM publishable_key WHERE organization_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(PublishableKey::from))
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: PublishableKeyId) -> QueryResult<Option<PublishableKey>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM publishable_key WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(PublishableKey::from))
}

/// The active key with this text, of whichever organization.
pub fn by_key(connection: &mut PgConnection, key: &str) -> QueryResult<Option<Holder>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM publishable_key WHERE key = $1 AND active"))
        .bind::<Text, _>(key)
        .get_result(connection)
        .optional()?;
    Ok(row.map(Holder::from))
}

/// The active keys of all organizations.
pub fn active(connection: &mut PgConnection) -> QueryResult<Vec<Holder>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM publishable_key WHERE active")).load(connection)?;
    Ok(rows.into_iter().map(Holder::from).collect())
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<PublishableKeyId>,
    limit: i64,
) -> QueryResult<Vec<PublishableKey>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM publishable_key WHERE organization_id = $1 AND ($2::timestamptz IS NULL OR updated_at >= $2) \
         AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Timestamptz>, _>(updated_from)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(PublishableKey::from).collect())
}

/// Writes what may change of a key.
pub fn update(connection: &mut PgConnection, context: &Context, key: &PublishableKey) -> QueryResult<PublishableKey> {
    let row: Row = sql(format!(
        "UPDATE publishable_key SET name = $3, origins = $4, reservation_limit = $5, reservation_limit_per_address = $6, active = $7, \
         updated_at = $8, version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(key.id)
    .bind::<Text, _>(&key.name)
    .bind::<Array<Text>, _>(&key.origins)
    .bind::<Integer, _>(key.reservation_limit)
    .bind::<Integer, _>(key.reservation_limit_per_address)
    .bind::<Bool, _>(key.active)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}
