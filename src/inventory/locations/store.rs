use super::body::{Location, LocationKind, RankedLocation};
use crate::auth::actor::Context;
use crate::organization::profile::body::WorkingDay;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::id::{LocationId, OrganizationId};
use crate::types::page::Changed;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use std::collections::BTreeMap;

const COLUMNS: &str = "id, code, name, kind, address, priority, active, handling_days, cutoff_time, working_days, external_ids, metadata, version, \
     created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: LocationId,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: LocationKind,
    #[diesel(sql_type = Nullable<Jsonb>)]
    address: Option<Value>,
    #[diesel(sql_type = Integer)]
    priority: i32,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Nullable<Integer>)]
    handling_days: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    cutoff_time: Option<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    working_days: Option<Vec<WorkingDay>>,
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

impl TryFrom<Row> for Location {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        Ok(Self {
            id: row.id,
            kind: row.kind,
            address: row
                .address
                .map(serde_json::from_value)
                .transpose()
                .map_err(|error| Self::Error::DeserializationError(error.into()))?,
            code: row.code,
            name: row.name,
            priority: row.priority,
            active: row.active,
            handling_days: row.handling_days,
            cutoff_time: row
                .cutoff_time
                .map(|time| serde_json::from_value(Value::String(time)))
                .transpose()
                .map_err(|error| Self::Error::DeserializationError(error.into()))?,
            working_days: row.working_days,
            external_ids: from_json(row.external_ids)?,
            metadata: from_json(row.metadata)?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<Location>> {
    load_one(connection, organization_id, code, "")
}

/// The row, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<Location>> {
    load_one(connection, organization_id, code, " FOR NO KEY UPDATE")
}

fn load_one(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    code: &str,
    lock: &'static str,
) -> QueryResult<Option<Location>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM location WHERE organization_id = $1 AND code = $2{lock}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    row.map(Location::try_from).transpose()
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    asked: &Changed,
    external_ids: &BTreeMap<String, String>,
) -> QueryResult<Vec<Location>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM location WHERE organization_id = $1 AND ($2::timestamptz IS NULL OR updated_at >= $2) \
         AND ($3::text IS NULL OR code > $3 COLLATE \"C\") AND external_ids @> $5 ORDER BY code LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Timestamptz>, _>(asked.updated_from)
    .bind::<Nullable<Text>, _>(asked.after.as_deref())
    .bind::<BigInt, _>(asked.limit as i64 + 1)
    .bind::<Jsonb, _>(to_json(external_ids)?)
    .load(connection)?;
    rows.into_iter().map(Location::try_from).collect()
}

/// Inserts or replaces; an upsert, so that two at once both succeed, one after the other. `location.id` counts for a new row only.
pub fn upsert(connection: &mut PgConnection, context: &Context, location: &Location) -> QueryResult<Location> {
    let address = location.address.as_ref().map(serde_json::to_value).transpose();
    let address = address.map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let row: Row = sql(format!(
        "INSERT INTO location AS l (organization_id, code, id, name, kind, address, priority, active, created_at, updated_at, \
         handling_days, cutoff_time, working_days, external_ids, metadata) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (organization_id, code) DO UPDATE SET name = $4, kind = $5, address = $6, priority = $7, active = $8, handling_days = $10, \
         cutoff_time = $11, working_days = $12, external_ids = $13, metadata = $14, updated_at = $9, version = l.version + 1 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&location.code)
    .bind::<SqlUuid, _>(location.id)
    .bind::<Text, _>(&location.name)
    .bind::<Text, _>(location.kind)
    .bind::<Nullable<Jsonb>, _>(address)
    .bind::<Integer, _>(location.priority)
    .bind::<Bool, _>(location.active)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Integer>, _>(location.handling_days)
    .bind::<Nullable<Text>, _>(location.cutoff_time.map(|time| time.to_string()))
    .bind::<Nullable<Array<Text>>, _>(location.working_days.as_ref())
    .bind::<Jsonb, _>(to_json(&location.external_ids)?)
    .bind::<Jsonb, _>(to_json(&location.metadata)?)
    .get_result(connection)?;
    Location::try_from(row)
}

pub fn ranked(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<RankedLocation>> {
    #[derive(QueryableByName)]
    struct Ranked {
        #[diesel(sql_type = Text)]
        code: String,
        #[diesel(sql_type = Integer)]
        priority: i32,
    }
    let rows: Vec<Ranked> = sql("SELECT code, priority FROM location \
         WHERE organization_id = $1 AND active AND kind <> 'supplier' ORDER BY priority, code")
    .bind::<SqlUuid, _>(organization_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| RankedLocation { code: row.code, priority: row.priority }).collect())
}

/// Which of `codes` exist.
pub fn existing(connection: &mut PgConnection, organization_id: OrganizationId, codes: &[&str]) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Code {
        #[diesel(sql_type = Text)]
        code: String,
    }
    let rows: Vec<Code> = sql("SELECT code FROM location WHERE organization_id = $1 AND code = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(codes)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}
