use super::body::{Organization, Profile, PutOrganization};
use crate::auth::actor::Context;
use crate::organization::settings::{Identity, Settings};
use crate::platform::sql::sql;
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::id::OrganizationId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel::sql_types::{BigInt, Bool, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

const COLUMNS: &str = "id, code, legal_name, country, time_zone, base_currency, books_closed_through_on, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: OrganizationId,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    legal_name: String,
    #[diesel(sql_type = Text)]
    country: String,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Text)]
    base_currency: Currency,
    #[diesel(sql_type = Nullable<Date>)]
    books_closed_through_on: Option<NaiveDate>,
    #[diesel(sql_type = Jsonb)]
    profile: Value,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

fn country(code: &str) -> QueryResult<Country> {
    Country::from_code(code).ok_or_else(|| DeserializationError(format!("'{code}' is no country").into()))
}

fn profile(value: Value) -> QueryResult<Profile> {
    serde_json::from_value(value).map_err(|error| DeserializationError(error.into()))
}

impl Row {
    fn into_organization(self) -> QueryResult<Organization> {
        Ok(Organization {
            id: self.id,
            code: self.code,
            legal_name: self.legal_name,
            country: country(&self.country)?,
            time_zone: self.time_zone,
            base_currency: self.base_currency,
            books_closed_through_on: self.books_closed_through_on,
            profile: profile(self.profile)?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    fn into_settings(self) -> QueryResult<Settings> {
        let zone = &self.time_zone;
        let identity = Identity {
            time_zone: zone.parse().map_err(|_| DeserializationError(format!("'{zone}' is no time zone").into()))?,
            id: self.id,
            code: self.code,
            legal_name: self.legal_name,
            country: country(&self.country)?,
            base_currency: self.base_currency,
            books_closed_through_on: self.books_closed_through_on,
        };
        Ok(Settings::new(identity, profile(self.profile)?))
    }
}

pub fn find(connection: &mut PgConnection, id: OrganizationId) -> QueryResult<Option<Organization>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS}, profile FROM organization WHERE id = $1"))
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_organization).transpose()
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, id: OrganizationId) -> QueryResult<Option<Organization>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS}, profile FROM organization WHERE id = $1 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_organization).transpose()
}

/// Every order needs these, and none of them the logo or what else may be large.
pub fn find_settings(connection: &mut PgConnection, id: OrganizationId) -> QueryResult<Option<Settings>> {
    let row: Option<Row> =
        sql(format!("SELECT {COLUMNS}, profile - '{{logo,external_ids,metadata}}'::text[] AS profile FROM organization WHERE id = $1"))
            .bind::<SqlUuid, _>(id)
            .get_result(connection)
            .optional()?;
    row.map(Row::into_settings).transpose()
}

/// Whether there is any order, drafts included.
pub fn has_orders(connection: &mut PgConnection, id: OrganizationId) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row: Found = sql("SELECT EXISTS (SELECT 1 FROM sales_order WHERE organization_id = $1) AS found")
        .bind::<SqlUuid, _>(id)
        .get_result(connection)?;
    Ok(row.found)
}

/// Replaces all but id and code.
pub fn update(connection: &mut PgConnection, context: &Context, put: &PutOrganization, profile: &Value) -> QueryResult<Organization> {
    let row: Row = sql(format!(
        "UPDATE organization SET legal_name = $2, country = $3, time_zone = coalesce($4, time_zone), \
         base_currency = coalesce($5, base_currency), books_closed_through_on = $6, profile = $7, updated_at = $8, \
         version = version + 1 WHERE id = $1 RETURNING {COLUMNS}, profile"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&put.legal_name)
    .bind::<Text, _>(put.country.code())
    .bind::<Nullable<Text>, _>(put.time_zone.as_deref())
    .bind::<Nullable<Text>, _>(put.base_currency)
    .bind::<Nullable<Date>, _>(put.books_closed_through_on)
    .bind::<Jsonb, _>(profile)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_organization()
}
