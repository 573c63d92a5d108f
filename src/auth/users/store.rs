use super::body::User;
use crate::auth::actor::Context;
use crate::auth::permission::Role;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::id::{OrganizationId, UserId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const COLUMNS: &str = "id, email, name, role, active, password_change_required, external_ids, metadata, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: UserId,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Bool)]
    password_change_required: bool,
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
    fn into_user(self) -> QueryResult<User> {
        Ok(User {
            role: role(&self.role)?,
            id: self.id,
            email: self.email,
            name: self.name,
            active: self.active,
            password_change_required: self.password_change_required,
            external_ids: from_json(self.external_ids)?,
            metadata: from_json(self.metadata)?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn role(name: &str) -> QueryResult<Role> {
    Role::from_name(name).ok_or_else(|| diesel::result::Error::DeserializationError(format!("role '{name}' is unknown").into()))
}

pub struct NewRow<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub name: &'a str,
    pub role: Role,
    pub password_hash: &'a str,
    pub password_change_required: bool,
    pub external_ids: &'a BTreeMap<String, String>,
    pub metadata: &'a Map<String, Value>,
}

pub fn insert(connection: &mut PgConnection, context: &Context, new: &NewRow<'_>) -> QueryResult<User> {
    let row: Row = sql(format!(
        "INSERT INTO app_user (organization_id, id, email, name, role, password_hash, password_change_required, created_at, updated_at, \
         external_ids, metadata) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(new.id)
    .bind::<Text, _>(new.email)
    .bind::<Text, _>(new.name)
    .bind::<Text, _>(new.role.as_str())
    .bind::<Text, _>(new.password_hash)
    .bind::<Bool, _>(new.password_change_required)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Jsonb, _>(to_json(new.external_ids)?)
    .bind::<Jsonb, _>(to_json(new.metadata)?)
    .get_result(connection)?;
    row.into_user()
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: UserId) -> QueryResult<Option<User>> {
    one(connection, organization_id, id, "")
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: UserId) -> QueryResult<Option<User>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

/// The administrators who can log in, under their row locks, in the order of their ids.
pub fn lock_admins(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<UserId>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: UserId,
    }
    let rows: Vec<Id> =
        sql("SELECT id FROM app_user WHERE organization_id = $1 AND role = 'admin' AND active ORDER BY id FOR NO KEY UPDATE")
            .bind::<SqlUuid, _>(organization_id)
            .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn one(connection: &mut PgConnection, organization_id: OrganizationId, id: UserId, lock: &'static str) -> QueryResult<Option<User>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM app_user WHERE organization_id = $1 AND id = $2{lock}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::into_user).transpose()
}

/// What a list is narrowed to; `None` is anything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub email: Option<String>,
    pub role: Option<Role>,
    pub active: Option<bool>,
    pub external_ids: BTreeMap<String, String>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<User>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM app_user WHERE organization_id = $1 AND ($2::uuid IS NULL OR id > $2) \
         AND ($3::text IS NULL OR lower(email) = lower($3)) AND ($4::text IS NULL OR role = $4) AND ($5::boolean IS NULL OR active = $5) \
         AND ($6::timestamptz IS NULL OR updated_at >= $6) AND external_ids @> $8 ORDER BY id LIMIT $7"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<Nullable<Text>, _>(filter.email.as_deref())
    .bind::<Nullable<Text>, _>(filter.role.map(Role::as_str))
    .bind::<Nullable<Bool>, _>(filter.active)
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<BigInt, _>(limit)
    .bind::<Jsonb, _>(to_json(&filter.external_ids)?)
    .load(connection)?;
    rows.into_iter().map(Row::into_user).collect()
}

/// Writes what people may change of a user.
pub fn update(connection: &mut PgConnection, context: &Context, user: &User) -> QueryResult<User> {
    let row: Row = sql(format!(
        "UPDATE app_user SET email = $3, name = $4, role = $5, updated_at = $6, external_ids = $7, metadata = $8, \
         version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(user.id)
    .bind::<Text, _>(&user.email)
    .bind::<Text, _>(&user.name)
    .bind::<Text, _>(user.role.as_str())
    .bind::<Timestamptz, _>(context.now)
    .bind::<Jsonb, _>(to_json(&user.external_ids)?)
    .bind::<Jsonb, _>(to_json(&user.metadata)?)
    .get_result(connection)?;
    row.into_user()
}

pub fn set_active(connection: &mut PgConnection, context: &Context, id: UserId, active: bool) -> QueryResult<User> {
    let row: Row = sql(format!(
        "UPDATE app_user SET active = $3, updated_at = $4, version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Bool, _>(active)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_user()
}

pub fn set_password(connection: &mut PgConnection, context: &Context, id: UserId, hash: &str, change_required: bool) -> QueryResult<User> {
    let row: Row = sql(format!(
        "UPDATE app_user SET password_hash = $3, password_change_required = $4, updated_at = $5, version = version + 1 \
         WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(hash)
    .bind::<Bool, _>(change_required)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    row.into_user()
}

/// What a login is compared with.
#[derive(QueryableByName, Clone)]
pub struct Account {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub user_id: UserId,
    #[diesel(sql_type = Text)]
    pub password_hash: String,
}

/// The one account of this e-mail address, in the organization of this code or in all; `None` where there are several.
pub fn find_account(connection: &mut PgConnection, email: &str, organization: Option<&str>) -> QueryResult<Option<Account>> {
    let mut rows: Vec<Account> = sql("SELECT u.organization_id, u.id AS user_id, u.password_hash FROM app_user u \
         JOIN organization o ON o.id = u.organization_id WHERE lower(u.email) = lower($1) AND ($2::text IS NULL OR o.code = $2) LIMIT 2")
    .bind::<Text, _>(email)
    .bind::<Nullable<Text>, _>(organization)
    .load(connection)?;
    Ok(if rows.len() == 1 { rows.pop() } else { None })
}

/// The active user whose password is still the one of this hash, kept from changing until the transaction ends.
pub fn hold_active(connection: &mut PgConnection, account: &Account) -> QueryResult<Option<User>> {
    let row: Option<Row> =
        sql(format!("SELECT {COLUMNS} FROM app_user WHERE organization_id = $1 AND id = $2 AND password_hash = $3 AND active FOR SHARE"))
            .bind::<SqlUuid, _>(account.organization_id)
            .bind::<SqlUuid, _>(account.user_id)
            .bind::<Text, _>(&account.password_hash)
            .get_result(connection)
            .optional()?;
    row.map(Row::into_user).transpose()
}

pub fn password_hash(connection: &mut PgConnection, organization_id: OrganizationId, id: UserId) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Hash {
        #[diesel(sql_type = Text)]
        password_hash: String,
    }
    let row: Option<Hash> = sql("SELECT password_hash FROM app_user WHERE organization_id = $1 AND id = $2 AND active")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.password_hash))
}
