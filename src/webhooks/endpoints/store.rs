use super::body::{DisabledReason, Owner, WebhookEndpoint};
use crate::auth::actor::{ActorBody, ActorKind, Context};
use crate::auth::permission::{Permissions, Role};
use crate::platform::sql::sql;
use crate::types::id::{OrganizationId, WebhookEndpointId};
use crate::webhooks::subscription::Subscription;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};

const COLUMNS: &str = "id, url, event_types, active, disabled_reason, disabled_at, owner_kind || ':' || owner_id AS owner, \
    actor_name(organization_id, owner_kind || ':' || owner_id) AS owner_name, failing_since, previous_valid_until, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: WebhookEndpointId,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Array<Text>)]
    event_types: Vec<String>,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Nullable<Text>)]
    disabled_reason: Option<DisabledReason>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    disabled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Nullable<Text>)]
    owner_name: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failing_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    previous_valid_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for WebhookEndpoint {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            url: row.url,
            event_types: row.event_types,
            active: row.active,
            disabled_reason: row.disabled_reason,
            disabled_at: row.disabled_at,
            owner: ActorBody::read(&row.owner, row.owner_name),
            failing_since: row.failing_since,
            previous_secret_valid_until: row.previous_valid_until,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

fn kind(owner: &Owner) -> &'static str {
    match owner.kind {
        ActorKind::ApiClient => "api_client",
        ActorKind::User => "user",
        // It cannot get here: its key opens the checkout and nothing else.
        ActorKind::PublishableKey => "publishable_key",
    }
}

#[allow(clippy::too_many_arguments, reason = "the columns of a row")]
pub fn insert(
    connection: &mut PgConnection,
    context: &Context,
    owner: &Owner,
    id: WebhookEndpointId,
    url: &str,
    event_types: &[String],
    active: bool,
    secret: &str,
    since: i64,
) -> QueryResult<WebhookEndpoint> {
    let disabled = (!active).then_some(DisabledReason::ByRequest);
    let row: Row = sql(format!(
        "INSERT INTO webhook_endpoint (organization_id, id, url, event_types, active, disabled_reason, disabled_at, secret, owner_kind, owner_id, \
         scope, since, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $5 THEN NULL ELSE $12 END, $7, $8, $9, $10, $11, $12, $12) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(url)
    .bind::<Array<Text>, _>(event_types)
    .bind::<Bool, _>(active)
    .bind::<Nullable<Text>, _>(disabled)
    .bind::<Text, _>(secret)
    .bind::<Text, _>(kind(owner))
    .bind::<SqlUuid, _>(owner.id)
    .bind::<Text, _>(owner.permissions.scope())
    .bind::<BigInt, _>(since)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

/// What becomes of an endpoint.
pub struct Change<'a> {
    pub url: &'a String,
    pub event_types: &'a Vec<String>,
    pub active: bool,
}

/// `since` is given where it begins anew.
pub fn update(
    connection: &mut PgConnection,
    context: &Context,
    owner: &Owner,
    id: WebhookEndpointId,
    change: &Change<'_>,
    since: Option<i64>,
) -> QueryResult<WebhookEndpoint> {
    let row: Row = sql(format!(
        "UPDATE webhook_endpoint SET url = $3, event_types = $4, owner_kind = $6, owner_id = $7, scope = $8, since = coalesce($9, since), \
         disabled_reason = CASE WHEN $5 THEN NULL ELSE coalesce(disabled_reason, 'by_request') END, \
         disabled_at = CASE WHEN $5 THEN NULL ELSE coalesce(disabled_at, $10) END, \
         failing_since = CASE WHEN $5 AND NOT active THEN NULL ELSE failing_since END, active = $5, \
         updated_at = $10, version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(change.url)
    .bind::<Array<Text>, _>(change.event_types)
    .bind::<Bool, _>(change.active)
    .bind::<Text, _>(kind(owner))
    .bind::<SqlUuid, _>(owner.id)
    .bind::<Text, _>(owner.permissions.scope())
    .bind::<Nullable<BigInt>, _>(since)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: WebhookEndpointId) -> QueryResult<Option<WebhookEndpoint>> {
    one(connection, organization_id, id, "")
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: WebhookEndpointId) -> QueryResult<Option<WebhookEndpoint>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

fn one(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: WebhookEndpointId,
    lock: &'static str,
) -> QueryResult<Option<WebhookEndpoint>> {
    let text = format!("SELECT {COLUMNS} FROM webhook_endpoint WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL{lock}");
    let row: Option<Row> = sql(text).bind::<SqlUuid, _>(organization_id).bind::<SqlUuid, _>(id).get_result(connection).optional()?;
    Ok(row.map(WebhookEndpoint::from))
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<WebhookEndpointId>,
    limit: i64,
) -> QueryResult<Vec<WebhookEndpoint>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM webhook_endpoint WHERE organization_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR id > $2) \
         AND ($4::timestamptz IS NULL OR updated_at >= $4) ORDER BY id LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Timestamptz>, _>(updated_from)
    .load(connection)?;
    Ok(rows.into_iter().map(WebhookEndpoint::from).collect())
}

pub fn count(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql("SELECT count(*) FROM webhook_endpoint WHERE organization_id = $1 AND deleted_at IS NULL")
        .bind::<SqlUuid, _>(organization_id)
        .get_result(connection)?;
    Ok(row.count)
}

pub fn replace_secret(
    connection: &mut PgConnection,
    context: &Context,
    id: WebhookEndpointId,
    secret: &str,
    previous_valid_until: DateTime<Utc>,
) -> QueryResult<WebhookEndpoint> {
    let row: Row = sql(format!(
        "UPDATE webhook_endpoint SET previous_secret = secret, previous_valid_until = $4, secret = $3, updated_at = $5, version = version + 1 \
         WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(secret)
    .bind::<Timestamptz, _>(previous_valid_until)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

/// Its row stays until its deliveries are gone; its secrets go at once.
pub fn mark_deleted(connection: &mut PgConnection, context: &Context, id: WebhookEndpointId) -> QueryResult<WebhookEndpoint> {
    let row: Row = sql(format!(
        "UPDATE webhook_endpoint SET deleted_at = $3, active = false, disabled_reason = coalesce(disabled_reason, 'by_request'), \
         disabled_at = coalesce(disabled_at, $3), secret = '', previous_secret = NULL, previous_valid_until = NULL, updated_at = $3, \
         version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

/// Disables those that are active, in the order of their ids; they are answered.
pub fn disable(
    connection: &mut PgConnection,
    context: &Context,
    ids: &[WebhookEndpointId],
    reason: DisabledReason,
) -> QueryResult<Vec<WebhookEndpoint>> {
    let rows: Vec<Row> = sql(format!(
        "WITH found AS (SELECT f.organization_id AS organization, f.id AS endpoint FROM webhook_endpoint f \
           WHERE f.organization_id = $1 AND f.id = ANY($2) AND f.active ORDER BY f.id FOR NO KEY UPDATE) \
         UPDATE webhook_endpoint SET active = false, disabled_reason = $3, disabled_at = $4, updated_at = $4, version = version + 1 \
         FROM found WHERE organization_id = organization AND id = endpoint RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Text, _>(reason)
    .bind::<Timestamptz, _>(context.now)
    .load(connection)?;
    Ok(rows.into_iter().map(WebhookEndpoint::from).collect())
}

/// Notes which endpoints have had a success and which only failures; those that have failed for too long are answered.
pub fn note_outcomes(
    connection: &mut PgConnection,
    context: &Context,
    worked: &[WebhookEndpointId],
    failed: &[WebhookEndpointId],
    failing_for: TimeDelta,
) -> QueryResult<Vec<WebhookEndpointId>> {
    sql("UPDATE webhook_endpoint SET failing_since = CASE WHEN id = ANY($2) THEN NULL ELSE $4 END, version = version + 1 \
         WHERE organization_id = $1 AND ((id = ANY($2) AND failing_since IS NOT NULL) \
         OR (id = ANY($3) AND NOT id = ANY($2) AND failing_since IS NULL AND active))")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<SqlUuid>, _>(worked)
    .bind::<Array<SqlUuid>, _>(failed)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    #[derive(QueryableByName)]
    struct Failing {
        #[diesel(sql_type = SqlUuid)]
        id: WebhookEndpointId,
    }
    let rows: Vec<Failing> =
        sql("SELECT id FROM webhook_endpoint WHERE organization_id = $1 AND id = ANY($2) AND active AND failing_since <= $3")
            .bind::<SqlUuid, _>(context.organization_id)
            .bind::<Array<SqlUuid>, _>(failed)
            .bind::<Timestamptz, _>(context.now - failing_for)
            .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Begins to follow the feed behind `since`, where nobody of the organization follows it yet.
pub fn begin_following(connection: &mut PgConnection, organization_id: OrganizationId, since: i64) -> QueryResult<()> {
    sql("INSERT INTO webhook_cursor AS c (organization_id, read_through) VALUES ($1, $2) ON CONFLICT (organization_id) DO UPDATE \
         SET read_through = greatest(c.read_through, CASE WHEN EXISTS (SELECT 1 FROM webhook_endpoint w WHERE w.organization_id = $1 AND w.active) \
         THEN c.read_through ELSE $2 END)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(since)
    .execute(connection)?;
    Ok(())
}

/// How far the events of organizations with an active endpoint have become deliveries.
pub fn cursors(connection: &mut PgConnection) -> QueryResult<Vec<(OrganizationId, i64)>> {
    let rows: Vec<CursorRow> = sql("SELECT organization_id, read_through FROM webhook_cursor c WHERE EXISTS \
         (SELECT 1 FROM webhook_endpoint w WHERE w.organization_id = c.organization_id AND w.active) ORDER BY organization_id")
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.read_through)).collect())
}

#[derive(QueryableByName)]
struct CursorRow {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = BigInt)]
    read_through: i64,
}

/// The same of one organization, under its lock; `None` while somebody else has it.
pub fn lock_cursor(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Option<i64>> {
    let row: Option<CursorRow> =
        sql("SELECT organization_id, read_through FROM webhook_cursor WHERE organization_id = $1 FOR NO KEY UPDATE SKIP LOCKED")
            .bind::<SqlUuid, _>(organization_id)
            .get_result(connection)
            .optional()?;
    Ok(row.map(|row| row.read_through))
}

pub fn read_through(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Option<i64>> {
    let row: Option<CursorRow> = sql("SELECT organization_id, read_through FROM webhook_cursor WHERE organization_id = $1")
        .bind::<SqlUuid, _>(organization_id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.read_through))
}

pub fn move_cursor(connection: &mut PgConnection, organization_id: OrganizationId, through: i64) -> QueryResult<usize> {
    sql("UPDATE webhook_cursor SET read_through = $2 WHERE organization_id = $1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(through)
        .execute(connection)
}

/// The role that the owner has now, null for one that has been disabled; of the endpoint `w`.
pub const OWNER_ROLE: &str = "CASE w.owner_kind \
    WHEN 'user' THEN (SELECT u.role FROM app_user u WHERE u.organization_id = w.organization_id AND u.id = w.owner_id AND u.active) \
    ELSE (SELECT c.role FROM api_client c WHERE c.organization_id = w.organization_id AND c.id = w.owner_id AND c.active) END";

/// An active endpoint as the fan-out sees it.
pub struct Follower {
    pub id: WebhookEndpointId,
    pub since: i64,
    pub subscription: Subscription,
}

/// The active endpoints of an organization.
pub fn followers(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<Follower>> {
    #[derive(QueryableByName)]
    struct FollowerRow {
        #[diesel(sql_type = SqlUuid)]
        id: WebhookEndpointId,
        #[diesel(sql_type = BigInt)]
        since: i64,
        #[diesel(sql_type = Array<Text>)]
        event_types: Vec<String>,
        #[diesel(sql_type = Text)]
        scope: String,
        #[diesel(sql_type = Nullable<Text>)]
        role: Option<String>,
    }
    let rows: Vec<FollowerRow> = sql(format!(
        "SELECT w.id, w.since, w.event_types, w.scope, {OWNER_ROLE} AS role FROM webhook_endpoint w \
         WHERE w.organization_id = $1 AND w.active ORDER BY w.id"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .load(connection)?;
    let follower = |row: FollowerRow| Follower {
        id: row.id,
        since: row.since,
        subscription: subscription(row.event_types, &row.scope, row.role.as_deref()),
    };
    Ok(rows.into_iter().map(follower).collect())
}

/// From how it is stored.
pub fn subscription(event_types: Vec<String>, scope: &str, role: Option<&str>) -> Subscription {
    Subscription { event_types, scope: Permissions::stored(scope), role: role.and_then(Role::from_name) }
}

/// Active endpoints whose owners have been disabled, by organization.
pub fn without_owner(connection: &mut PgConnection) -> QueryResult<Vec<(OrganizationId, WebhookEndpointId)>> {
    #[derive(QueryableByName)]
    struct Orphan {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(sql_type = SqlUuid)]
        id: WebhookEndpointId,
    }
    let rows: Vec<Orphan> = sql(format!(
        "SELECT w.organization_id, w.id FROM webhook_endpoint w WHERE w.active AND ({OWNER_ROLE}) IS NULL ORDER BY w.organization_id, w.id"
    ))
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}
