use super::body::{Reservation, ReservationFilter, ReservationLine, ReservationStatus, ReservedAt};
use crate::auth::actor::Context;
use crate::inventory::stock::level::{ShelfKey, ShelfQuantity};
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{Sql, Together, sql, sql_uncached};
use crate::types::decimal::Quantity;
use crate::types::id::{OrderId, OrganizationId, ReservationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// A reservation without its lines.
#[derive(Clone, Debug, QueryableByName)]
pub struct Header {
    #[diesel(sql_type = SqlUuid)]
    pub id: ReservationId,
    #[diesel(sql_type = Text)]
    pub status: ReservationStatus,
    #[diesel(sql_type = Binary)]
    pub release_secret_hash: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub order_id: Option<OrderId>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

impl Header {
    /// With its lines, which must be sorted by SKU.
    pub fn with_lines(self, lines: &[ShelfQuantity]) -> Reservation {
        Reservation {
            id: self.id,
            status: self.status,
            expires_at: self.expires_at,
            order_id: self.order_id,
            lines: grouped(lines),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn grouped(lines: &[ShelfQuantity]) -> Vec<ReservationLine> {
    let by_sku = lines.chunk_by(|a, b| a.sku == b.sku);
    let line = |parts: &[ShelfQuantity]| ReservationLine {
        sku: parts[0].sku.clone(),
        quantity: Quantity(parts.iter().map(|part| part.quantity).sum()),
        allocations: parts.iter().map(|part| ReservedAt { location: part.location.clone(), quantity: Quantity(part.quantity) }).collect(),
    };
    by_sku.map(line).collect()
}

const COLUMNS: &str = "id, status, release_secret_hash, expires_at, order_id, created_at, updated_at";

/// A new reservation with its lines.
pub fn insert<'a>(context: &'a Context, header: &'a Header, address: Option<&'a str>, lines: &'a [ShelfQuantity]) -> Together<'a> {
    let headers = sql(
        "INSERT INTO reservation (organization_id, id, status, release_secret_hash, expires_at, actor, created_at, updated_at, address) \
         VALUES ($1, $2, 'live', $3, $4, $5, $6, $6, $7)",
    )
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(header.id)
    .bind::<Binary, _>(&header.release_secret_hash)
    .bind::<Timestamptz, _>(header.expires_at)
    .bind::<Text, _>(&context.actor)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Text>, _>(address);
    let lines = sql("INSERT INTO reservation_line (organization_id, reservation_id, sku, location, quantity) \
         SELECT $1, $2, l.sku, l.location, l.quantity FROM unnest($3, $4, $5) AS l(sku, location, quantity)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(header.id)
    .bind::<Array<Text>, _>(lines.iter().map(|line| line.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(lines.iter().map(|line| line.location.as_str()).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(lines.iter().map(|line| line.quantity).collect::<Vec<_>>());
    Together::new().with("reservations", headers).with("reservation_lines", lines)
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ReservationId) -> QueryResult<Option<Header>> {
    sql(format!("SELECT {COLUMNS} FROM reservation WHERE organization_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

/// One row more than the page has, to tell whether another follows.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &ReservationFilter,
    slice: &Slice<ReservationId>,
) -> QueryResult<Vec<Header>> {
    let after = slice.after.as_ref().map(|_| format!(" AND {}", slice.sort.after("r", "$6", "$7"))).unwrap_or_default();
    let holds_sku =
        " AND EXISTS (SELECT 1 FROM reservation_line l WHERE l.organization_id = $1 AND l.reservation_id = r.id AND l.sku = ANY($3))";
    let conditions = asked_for(&[
        (!filter.statuses.is_empty(), " AND r.status = ANY($2)"),
        (!filter.skus.is_empty(), holds_sku),
        (!filter.order_ids.is_empty(), " AND r.order_id = ANY($4)"),
        (filter.updated_from.is_some(), " AND r.updated_at >= $5"),
        (true, &after),
    ]);
    let order = slice.sort.order_by("r");
    sql_uncached(format!("SELECT {COLUMNS} FROM reservation r WHERE r.organization_id = $1{conditions} ORDER BY {order} LIMIT $8"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&filter.statuses)
        .bind::<Array<Text>, _>(&filter.skus)
        .bind::<Array<SqlUuid>, _>(&filter.order_ids)
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Nullable<Text>, _>(slice.after.as_ref().map(|after| after.key.as_str()))
        .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
        .bind::<BigInt, _>(slice.limit as i64 + 1)
        .load(connection)
}

/// Keeps other transactions from counting this caller's reservations until this one has ended. Two numbers make a key of their own
/// kind: the event feed's fences have one.
pub fn lock_caller(connection: &mut PgConnection, context: &Context) -> QueryResult<()> {
    const RESERVATIONS_OF_CALLER: i32 = 0x5e5e;
    sql("SELECT pg_advisory_xact_lock($1, hashtext($2 || $3))")
        .bind::<Integer, _>(RESERVATIONS_OF_CALLER)
        .bind::<Text, _>(context.organization_id.to_string())
        .bind::<Text, _>(&context.actor)
        .execute(connection)?;
    Ok(())
}

/// How many live reservations the caller has made, counted no further than `limit`.
pub fn count_live(connection: &mut PgConnection, context: &Context, limit: i64) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        live: i64,
    }
    let row: Count = sql("SELECT count(*) AS live FROM \
         (SELECT 1 FROM reservation WHERE organization_id = $1 AND actor = $2 AND status = 'live' LIMIT $3) AS r")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&context.actor)
    .bind::<BigInt, _>(limit)
    .get_result(connection)?;
    Ok(row.live)
}

/// How many live reservations visitors of the caller's pages have made from an address, counted no further than `limit`.
pub fn count_live_of_address(connection: &mut PgConnection, context: &Context, address: &str, limit: i64) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        live: i64,
    }
    let row: Count = sql("SELECT count(*) AS live FROM \
         (SELECT 1 FROM reservation WHERE organization_id = $1 AND actor = $2 AND address = $3 AND status = 'live' LIMIT $4) AS r")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&context.actor)
    .bind::<Text, _>(address)
    .bind::<BigInt, _>(limit)
    .get_result(connection)?;
    Ok(row.live)
}

/// Locks these, sorted by id; those that are not there are missing.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[ReservationId]) -> QueryResult<Vec<Header>> {
    sql(format!("SELECT {COLUMNS} FROM reservation WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)
}

/// Locks one with its lines, by SKU and location. Lines never change, so they need no look of their own after the lock.
pub fn lock_with_lines(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: ReservationId,
) -> QueryResult<Option<(Header, Vec<ShelfQuantity>)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(embed)]
        header: Header,
        #[diesel(sql_type = Nullable<Text>)]
        sku: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        location: Option<String>,
        #[diesel(sql_type = Nullable<Numeric>)]
        quantity: Option<Decimal>,
    }
    let rows: Vec<Row> = sql("SELECT r.id, r.status, r.release_secret_hash, r.expires_at, r.order_id, r.created_at, r.updated_at, \
         l.sku, l.location, l.quantity FROM reservation r LEFT JOIN reservation_line l ON l.organization_id = r.organization_id \
         AND l.reservation_id = r.id WHERE r.organization_id = $1 AND r.id = $2 ORDER BY l.sku, l.location FOR NO KEY UPDATE OF r")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .load(connection)?;
    // A cart of services alone has none.
    let line = |row: &Row| Some(ShelfQuantity::new(row.sku.as_ref()?, row.location.as_ref()?, row.quantity?));
    let lines = rows.iter().filter_map(line).collect();
    Ok(rows.into_iter().next().map(|row| (row.header, lines)))
}

/// A live reservation with all that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveReservation {
    pub id: ReservationId,
    pub lines: Vec<ShelfQuantity>,
}

/// A reservation of some organization.
#[derive(Clone, Debug, QueryableByName)]
pub struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub id: ReservationId,
}

/// Locks live reservations that are past their time, of any organization, passing over those that somebody else holds: two
/// processes that sweep at once share the work, and an order that is just taking one over keeps it.
pub fn lock_due(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<DueRow>> {
    sql("SELECT organization_id, id FROM reservation WHERE status = 'live' AND expires_at <= $1 \
         ORDER BY expires_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED")
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = SqlUuid)]
    reservation_id: ReservationId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
}

/// The lines of these reservations, by reservation, SKU and location.
pub fn lines(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[ReservationId],
) -> QueryResult<Vec<(ReservationId, ShelfQuantity)>> {
    let rows: Vec<LineRow> = sql("SELECT reservation_id, sku, location, quantity FROM reservation_line \
         WHERE organization_id = $1 AND reservation_id = ANY($2) ORDER BY reservation_id, sku, location")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.reservation_id, ShelfQuantity::new(row.sku, row.location, row.quantity))).collect())
}

/// Ends reservations that this transaction has locked; `orders` names the order of each that was consumed.
pub fn end(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[ReservationId],
    status: ReservationStatus,
    orders: &[Option<OrderId>],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    ended(organization_id, ids, status, orders, now).execute(connection)
}

/// What `end` runs.
pub fn ended<'a>(
    organization_id: OrganizationId,
    ids: &'a [ReservationId],
    status: ReservationStatus,
    orders: &'a [Option<OrderId>],
    now: DateTime<Utc>,
) -> Sql<'a> {
    sql("UPDATE reservation AS r SET status = $4, order_id = e.order_id, updated_at = $5 FROM unnest($2, $3) AS e(id, order_id) \
         WHERE r.organization_id = $1 AND r.id = e.id AND r.status = 'live'")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Nullable<SqlUuid>>, _>(orders)
    .bind::<Text, _>(status)
    .bind::<Timestamptz, _>(now)
}

/// Live reservations that hold any of `keys`, the newest first, each with all of its lines.
pub fn live_at(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[ShelfKey]) -> QueryResult<Vec<LiveReservation>> {
    let (skus, locations): (Vec<&str>, Vec<&str>) = keys.iter().map(|key| (key.sku.as_str(), key.location.as_str())).unzip();
    let rows: Vec<LineRow> = sql("SELECT l.reservation_id, l.sku, l.location, l.quantity FROM reservation r \
         JOIN reservation_line l ON l.organization_id = r.organization_id AND l.reservation_id = r.id \
         WHERE r.organization_id = $1 AND r.status = 'live' AND EXISTS (SELECT 1 FROM reservation_line k \
         JOIN unnest($2, $3) AS w(sku, location) ON k.sku = w.sku AND k.location = w.location \
         WHERE k.organization_id = r.organization_id AND k.reservation_id = r.id) \
         ORDER BY r.created_at DESC, r.id DESC, l.sku, l.location")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .bind::<Array<Text>, _>(locations)
    .load(connection)?;
    let of_one = rows.chunk_by(|a, b| a.reservation_id == b.reservation_id);
    let quantity = |row: &LineRow| ShelfQuantity::new(&row.sku, &row.location, row.quantity);
    Ok(of_one.map(|rows| LiveReservation { id: rows[0].reservation_id, lines: rows.iter().map(quantity).collect() }).collect())
}
