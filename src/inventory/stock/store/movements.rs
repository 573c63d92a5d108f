use super::when;
use crate::auth::actor::{ActorBody, Context};
use crate::inventory::stock::level::{MovementKind, ShelfKey};
use crate::inventory::stock::locked::NewMovement;
use crate::inventory::stock::movements::body::{MovementFilter, StockMovement};
use crate::platform::sql::{Sql, sql};
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Appends to the ledger, in the order given.
pub fn append<'a>(context: &'a Context, movements: &'a [NewMovement]) -> Sql<'a> {
    fn column<'a, T>(movements: &'a [NewMovement], of: impl Fn(&'a NewMovement) -> T) -> Vec<T> {
        movements.iter().map(of).collect()
    }
    sql("INSERT INTO stock_movement (organization_id, actor, recorded_at, sku, location, kind, quantity, unit_cost, reason, reference, \
         subject_id, occurred_at) SELECT $1, $2, $3, m.sku, m.location, m.kind, m.quantity, m.unit_cost, m.reason, m.reference, \
         m.subject_id, m.occurred_at FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY \
         AS m(sku, location, kind, quantity, unit_cost, reason, reference, subject_id, occurred_at, at) ORDER BY m.at")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&context.actor)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<Text>, _>(column(movements, |movement| movement.key.sku.as_str()))
    .bind::<Array<Text>, _>(column(movements, |movement| movement.key.location.as_str()))
    .bind::<Array<Text>, _>(column(movements, |movement| movement.kind.as_str()))
    .bind::<Array<Numeric>, _>(column(movements, |movement| movement.quantity))
    .bind::<Array<Nullable<Numeric>>, _>(column(movements, |movement| movement.unit_cost))
    .bind::<Array<Nullable<Text>>, _>(column(movements, |movement| movement.reason.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(movements, |movement| movement.reference.as_deref()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(movements, |movement| movement.subject_id))
    .bind::<Array<Timestamptz>, _>(column(movements, |movement| movement.occurred_at))
}

/// By how much each of `keys` has changed after `as_of`; keys that have not are missing.
pub fn moved_since(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &[ShelfKey],
    as_of: DateTime<Utc>,
) -> QueryResult<Vec<(ShelfKey, Decimal)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        sku: String,
        #[diesel(sql_type = Text)]
        location: String,
        #[diesel(sql_type = Numeric)]
        moved: Decimal,
    }
    let (skus, locations): (Vec<&str>, Vec<&str>) = keys.iter().map(|key| (key.sku.as_str(), key.location.as_str())).unzip();
    let rows: Vec<Row> = sql("SELECT k.sku, k.location, sum(m.quantity) AS moved FROM unnest($2, $3) AS k(sku, location) \
         JOIN stock_movement m ON m.organization_id = $1 AND m.sku = k.sku AND m.location = k.location AND m.occurred_at > $4 GROUP BY 1, 2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .bind::<Array<Text>, _>(locations)
    .bind::<Timestamptz, _>(as_of)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (ShelfKey::new(row.sku, row.location), row.moved)).collect())
}

#[derive(QueryableByName)]
struct MovementRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Text)]
    kind: MovementKind,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    unit_cost: Option<Decimal>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    subject_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_name: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: DateTime<Utc>,
}

impl From<MovementRow> for StockMovement {
    fn from(row: MovementRow) -> Self {
        Self {
            id: row.id,
            sku: row.sku,
            location: row.location,
            kind: row.kind,
            quantity: Quantity(row.quantity),
            unit_cost: row.unit_cost.map(UnitPrice),
            reason: row.reason,
            reference: row.reference,
            subject_id: row.subject_id,
            actor: ActorBody::read(&row.actor, row.actor_name),
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
        }
    }
}

/// One page, the newest first; `before` is the id of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &MovementFilter,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<StockMovement>> {
    let filters = [
        when(filter.skus.is_some(), " AND sku = ANY($2)"),
        when(filter.locations.is_some(), " AND location = ANY($3)"),
        when(filter.kinds.is_some(), " AND kind = ANY($4)"),
        when(filter.subject_ids.is_some(), " AND subject_id = ANY($5)"),
        when(filter.from.is_some(), " AND occurred_at >= $6"),
        when(filter.to.is_some(), " AND occurred_at < $7"),
        when(before.is_some(), " AND id < $8"),
    ]
    .concat();
    let rows: Vec<MovementRow> = sql(format!(
        "SELECT id, sku, location, kind, quantity, unit_cost, reason, reference, subject_id, actor, actor_name(organization_id, actor) AS actor_name, \
         occurred_at, recorded_at FROM stock_movement WHERE organization_id = $1{filters} ORDER BY id DESC LIMIT $9"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.skus.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.locations.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.kinds.clone())
    .bind::<Nullable<Array<SqlUuid>>, _>(filter.subject_ids.clone())
    .bind::<Nullable<Timestamptz>, _>(filter.from)
    .bind::<Nullable<Timestamptz>, _>(filter.to)
    .bind::<Nullable<BigInt>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(StockMovement::from).collect())
}
