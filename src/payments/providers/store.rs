use super::body::{PaymentProviderKind, Provider};
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use crate::types::page::Changed;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

const COLUMNS: &str = "code, kind, name, active, api_key, webhook_secrets, inbound_id, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    kind: PaymentProviderKind,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Text)]
    api_key: String,
    #[diesel(sql_type = Array<Text>)]
    webhook_secrets: Vec<String>,
    #[diesel(sql_type = SqlUuid)]
    inbound_id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for Provider {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            kind: row.kind,
            name: row.name,
            active: row.active,
            api_key: row.api_key,
            webhook_secrets: row.webhook_secrets,
            inbound_id: row.inbound_id,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<Provider>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM payment_provider WHERE organization_id = $1 AND code = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    Ok(row.map(Provider::from))
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<Provider>> {
    let row: Option<Row> =
        sql(format!("SELECT {COLUMNS} FROM payment_provider WHERE organization_id = $1 AND code = $2 FOR NO KEY UPDATE"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(code)
            .get_result(connection)
            .optional()?;
    Ok(row.map(Provider::from))
}

/// The provider that listens there, of whatever organization.
pub fn listening(connection: &mut PgConnection, inbound_id: Uuid) -> QueryResult<Option<(OrganizationId, Provider)>> {
    #[derive(QueryableByName)]
    struct Listening {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(embed)]
        row: Row,
    }
    let found: Option<Listening> = sql(format!("SELECT organization_id, {COLUMNS} FROM payment_provider WHERE inbound_id = $1"))
        .bind::<SqlUuid, _>(inbound_id)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|found| (found.organization_id, Provider::from(found.row))))
}

pub fn page(connection: &mut PgConnection, organization_id: OrganizationId, asked: &Changed) -> QueryResult<Vec<Provider>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM payment_provider WHERE organization_id = $1 AND ($2::text IS NULL OR code > $2) \
         AND ($4::timestamptz IS NULL OR updated_at >= $4) ORDER BY code LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Text>, _>(asked.after.as_deref())
    .bind::<BigInt, _>(asked.limit as i64 + 1)
    .bind::<Nullable<Timestamptz>, _>(asked.updated_from)
    .load(connection)?;
    Ok(rows.into_iter().map(Provider::from).collect())
}

/// Notes that the provider does not accept the key; whether that is news.
pub fn refuse_key(connection: &mut PgConnection, context: &Context, code: &str) -> QueryResult<bool> {
    let noted = sql("UPDATE payment_provider SET key_refused_at = $3 WHERE organization_id = $1 AND code = $2 AND key_refused_at IS NULL")
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Text, _>(code)
        .bind::<Timestamptz, _>(context.now)
        .execute(connection)?;
    Ok(noted == 1)
}

/// Inserts or replaces; an upsert, so that two at once both succeed, one after the other.
pub fn upsert(connection: &mut PgConnection, context: &Context, provider: &Provider) -> QueryResult<Provider> {
    let row: Row = sql(format!(
        "INSERT INTO payment_provider AS t (organization_id, code, kind, name, active, api_key, webhook_secrets, inbound_id, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (organization_id, code) DO UPDATE SET kind = $3, name = $4, \
         active = $5, api_key = $6, webhook_secrets = $7, updated_at = $9, version = t.version + 1, key_refused_at = NULL RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&provider.code)
    .bind::<Text, _>(provider.kind)
    .bind::<Text, _>(&provider.name)
    .bind::<Bool, _>(provider.active)
    .bind::<Text, _>(&provider.api_key)
    .bind::<Array<Text>, _>(&provider.webhook_secrets)
    .bind::<SqlUuid, _>(provider.inbound_id)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(Provider::from(row))
}
