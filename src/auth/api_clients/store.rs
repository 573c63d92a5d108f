use super::body::{ApiClient, NewApiClient};
use crate::auth::actor::Context;
use crate::auth::permission::Role;
use crate::platform::sql::sql;
use crate::types::id::{ApiClientId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

const COLUMNS: &str = "id, name, role, active, previous_valid_until, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: ApiClientId,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    previous_valid_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl Row {
    fn into_client(self) -> QueryResult<ApiClient> {
        let unknown = || diesel::result::Error::DeserializationError(format!("role '{}' is unknown", self.role).into());
        Ok(ApiClient {
            role: Role::from_name(&self.role).ok_or_else(unknown)?,
            id: self.id,
            name: self.name,
            active: self.active,
            previous_secret_valid_until: self.previous_valid_until,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

pub fn insert(
    connection: &mut PgConnection,
    context: &Context,
    id: ApiClientId,
    new: &NewApiClient,
    secret_hash: &[u8],
) -> QueryResult<ApiClient> {
    let row: Row = sql(format!(
        "INSERT INTO api_client (organization_id, id, name, role, secret_hash, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(&new.name)
    .bind::<Text, _>(new.role.as_str())
    .bind::<Binary, _>(secret_hash)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_client()
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ApiClientId) -> QueryResult<Option<ApiClient>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM api_client WHERE organization_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_client).transpose()
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: ApiClientId) -> QueryResult<Option<ApiClient>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM api_client WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_client).transpose()
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<ApiClientId>,
    limit: i64,
) -> QueryResult<Vec<ApiClient>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM api_client WHERE organization_id = $1 AND ($2::timestamptz IS NULL OR updated_at >= $2) \
         AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Timestamptz>, _>(updated_from)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    rows.into_iter().map(Row::into_client).collect()
}

pub fn rename(connection: &mut PgConnection, context: &Context, id: ApiClientId, name: &str) -> QueryResult<ApiClient> {
    let row: Row = sql(format!(
        "UPDATE api_client SET name = $3, updated_at = $4, version = version + 1 WHERE organization_id = $1 AND id = $2 \
         RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(name)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_client()
}

pub fn disable(connection: &mut PgConnection, context: &Context, id: ApiClientId) -> QueryResult<ApiClient> {
    let row: Row = sql(format!(
        "UPDATE api_client SET active = false, previous_secret_hash = NULL, previous_valid_until = NULL, updated_at = $3, \
         version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_client()
}

/// Sets a new secret; the old one is kept only where it still opens for a while.
pub fn replace_secret(
    connection: &mut PgConnection,
    context: &Context,
    id: ApiClientId,
    secret_hash: &[u8],
    previous_valid_until: Option<DateTime<Utc>>,
) -> QueryResult<ApiClient> {
    let row: Row = sql(format!(
        "UPDATE api_client SET previous_secret_hash = CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE secret_hash END, \
         previous_valid_until = $4, secret_hash = $3, updated_at = $5, version = version + 1 \
         WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Binary, _>(secret_hash)
    .bind::<Nullable<Timestamptz>, _>(previous_valid_until)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_client()
}

/// The ids of all disabled clients, of every organization.
pub fn disabled_ids(connection: &mut PgConnection) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Id> = sql("SELECT id FROM api_client WHERE NOT active").load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
