use super::body::{Channel, ChannelCredentials, ChannelKind, ChannelSettings, NewChannel};
use super::platform::Listening;
use super::platforms::platform;
use super::service::Filters;
use crate::auth::actor::Context;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::id::{ChannelId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error::{DeserializationError, SerializationError};
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

const COLUMNS: &str = "id, code, kind, name, active, settings, inbound_id, secret IS NOT NULL AS has_secret, \
     coalesce(previous_secret_until > now(), false) AS has_previous, \
     ARRAY(SELECT jsonb_object_keys(credentials) ORDER BY 1) AS credentials, external_ids, metadata, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: ChannelId,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    kind: ChannelKind,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Jsonb)]
    settings: Value,
    #[diesel(sql_type = SqlUuid)]
    inbound_id: Uuid,
    #[diesel(sql_type = Bool)]
    has_secret: bool,
    #[diesel(sql_type = Bool)]
    has_previous: bool,
    #[diesel(sql_type = Array<Text>)]
    credentials: Vec<String>,
    #[diesel(sql_type = Jsonb)]
    external_ids: Value,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl Row {
    fn into_channel(self) -> QueryResult<Channel> {
        Ok(Channel {
            id: self.id,
            code: self.code,
            kind: self.kind,
            name: self.name,
            active: self.active,
            settings: serde_json::from_value(self.settings).map_err(|error| DeserializationError(error.into()))?,
            inbound_url: platform(self.kind).map(|_| format!("/v1/inbound/{}", self.inbound_id)),
            secret_count: usize::from(self.has_secret) + usize::from(self.has_previous),
            credentials: self.credentials,
            external_ids: from_json(self.external_ids)?,
            metadata: from_json(self.metadata)?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn json(settings: &ChannelSettings) -> QueryResult<Value> {
    serde_json::to_value(settings).map_err(|error| SerializationError(error.into()))
}

pub fn insert(connection: &mut PgConnection, context: &Context, id: ChannelId, new: &NewChannel) -> QueryResult<Channel> {
    let row: Row = sql(format!(
        "INSERT INTO channel (organization_id, id, code, kind, name, active, settings, created_at, updated_at, secret, credentials, \
         external_ids, metadata) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(&new.code)
    .bind::<Text, _>(new.kind)
    .bind::<Text, _>(&new.name)
    .bind::<Bool, _>(new.active.unwrap_or(true))
    .bind::<Jsonb, _>(json(&new.settings())?)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Text>, _>(new.secret.as_deref())
    .bind::<Jsonb, _>(to_json(&new.credentials.clone().unwrap_or_default())?)
    .bind::<Jsonb, _>(to_json(&new.external_ids)?)
    .bind::<Jsonb, _>(to_json(&new.metadata)?)
    .get_result(connection)?;
    row.into_channel()
}

/// The channel that listens there at that time, of whatever organization, with the secrets that are good then.
pub fn listening(connection: &mut PgConnection, inbound_id: Uuid, now: DateTime<Utc>) -> QueryResult<Option<Listening>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(sql_type = Array<Text>)]
        secrets: Vec<String>,
        #[diesel(embed)]
        row: Row,
    }
    let found: Option<Found> = sql(format!(
        "SELECT organization_id, array_remove(ARRAY[secret, CASE WHEN previous_secret_until > $2 THEN previous_secret END], NULL) AS secrets, \
         {COLUMNS} FROM channel WHERE inbound_id = $1 OR previous_inbound_id = $1 AND previous_inbound_until > $2"
    ))
    .bind::<SqlUuid, _>(inbound_id)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .optional()?;
    let listening =
        |found: Found| Ok(Listening { organization_id: found.organization_id, secrets: found.secrets, channel: found.row.into_channel()? });
    found.map(listening).transpose()
}

/// What the platform's own API is called with.
pub fn credentials(connection: &mut PgConnection, organization_id: OrganizationId, id: ChannelId) -> QueryResult<ChannelCredentials> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Jsonb)]
        credentials: Value,
    }
    let row: Found = sql("SELECT credentials FROM channel WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)?;
    from_json(row.credentials)
}

/// Puts other credentials in place of all that are there. The caller holds the channel's lock.
pub fn set_credentials(
    connection: &mut PgConnection,
    context: &Context,
    id: ChannelId,
    credentials: &ChannelCredentials,
) -> QueryResult<Channel> {
    let row: Row = sql(format!(
        "UPDATE channel SET credentials = $3, updated_at = $4, version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Jsonb, _>(to_json(credentials)?)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_channel()
}

/// Puts another secret in place; the one until now is good until then. The caller holds the channel's lock.
pub fn set_secret(
    connection: &mut PgConnection,
    context: &Context,
    id: ChannelId,
    secret: &str,
    previous_until: DateTime<Utc>,
) -> QueryResult<Channel> {
    let row: Row = sql(format!(
        "UPDATE channel SET secret = $3, previous_secret = secret, previous_secret_until = CASE WHEN secret IS NOT NULL THEN $4 END, \
         updated_at = $5, version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(secret)
    .bind::<Timestamptz, _>(previous_until)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_channel()
}

/// Puts another address in place; the one until now listens until then. The caller holds the channel's lock.
pub fn set_address(connection: &mut PgConnection, context: &Context, id: ChannelId, previous_until: DateTime<Utc>) -> QueryResult<Channel> {
    let row: Row = sql(format!(
        "UPDATE channel SET inbound_id = gen_random_uuid(), previous_inbound_id = inbound_id, previous_inbound_until = $3, updated_at = $4, \
         version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(previous_until)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_channel()
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ChannelId) -> QueryResult<Option<Channel>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM channel WHERE organization_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_channel).transpose()
}

pub fn find_by_code(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<Channel>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM channel WHERE organization_id = $1 AND code = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_channel).transpose()
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: ChannelId) -> QueryResult<Option<Channel>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM channel WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_channel).transpose()
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filters: &Filters,
    after: Option<ChannelId>,
    limit: i64,
) -> QueryResult<Vec<Channel>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM channel WHERE organization_id = $1 AND ($2::text IS NULL OR code = $2) \
         AND ($3::timestamptz IS NULL OR updated_at >= $3) AND ($4::uuid IS NULL OR id > $4) \
         AND external_ids @> $6 ORDER BY id LIMIT $5"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Text>, _>(filters.code.as_deref())
    .bind::<Nullable<Timestamptz>, _>(filters.updated_from)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .bind::<Jsonb, _>(to_json(&filters.external_ids)?)
    .load(connection)?;
    rows.into_iter().map(Row::into_channel).collect()
}

/// Writes what can change of a channel.
pub fn update(connection: &mut PgConnection, context: &Context, channel: &Channel) -> QueryResult<Channel> {
    let row: Row = sql(format!(
        "UPDATE channel SET name = $3, active = $4, settings = $5, updated_at = $6, external_ids = $7, metadata = $8, version = version + 1 \
         WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(channel.id)
    .bind::<Text, _>(&channel.name)
    .bind::<Bool, _>(channel.active)
    .bind::<Jsonb, _>(json(&channel.settings)?)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Jsonb, _>(to_json(&channel.external_ids)?)
    .bind::<Jsonb, _>(to_json(&channel.metadata)?)
    .get_result(connection)?;
    row.into_channel()
}
