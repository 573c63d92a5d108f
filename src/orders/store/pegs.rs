use crate::auth::actor::Context;
use crate::inventory::incoming::pool::{OpenSupply, SupplyOfProduct};
use crate::orders::peg::{FairPlace, Peg, PromiseCause, WaitingLine};
use crate::orders::peg_list::PeggedLine;
use crate::orders::pegs::AskedReview;
use crate::platform::sql::{Together, sql};
use crate::types::decimal::Quantity;
use crate::types::id::{IncomingSupplyId, OrderId, OrderLineId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

#[derive(QueryableByName)]
struct SupplyRow {
    #[diesel(sql_type = SqlUuid)]
    id: IncomingSupplyId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Date)]
    expected_on: NaiveDate,
    #[diesel(sql_type = Numeric)]
    free: Decimal,
    #[diesel(sql_type = Bool)]
    ships: bool,
}

/// Locks all open supply of these products, sorted by id; the SKU of each, and whether its location ships.
pub fn lock_supply(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    skus: &[&str],
) -> QueryResult<Vec<(String, OpenSupply, bool)>> {
    let rows: Vec<SupplyRow> =
        sql("SELECT i.id, i.sku, i.location, i.expected_on, i.quantity - i.received_quantity - i.pegged_quantity AS free, \
         coalesce(k.active AND k.kind <> 'supplier', false) AS ships FROM incoming_supply i \
         LEFT JOIN location k ON k.organization_id = i.organization_id AND k.code = i.location \
         WHERE i.organization_id = $1 AND i.sku = ANY($2) AND i.status = 'open' ORDER BY i.id FOR NO KEY UPDATE OF i")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(skus)
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let supply = OpenSupply { id: row.id, location: row.location, expected_on: row.expected_on, free: row.free };
            (row.sku, supply, row.ships)
        })
        .collect())
}

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(sql_type = Text)]
    supply: String,
}

/// What is free of the supply of these products, without a lock.
pub fn see_supply(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<SupplyOfProduct>> {
    let row: SeenRow = sql("SELECT coalesce(json_agg(json_build_object('sku', w.sku, 'owed', \
         ((SELECT coalesce(round(sum(l.base_quantity), 3), 0) FROM waiting_line l WHERE l.organization_id = $1 AND l.sku = w.sku) \
         - (SELECT coalesce(sum(i.pegged_quantity), 0) FROM incoming_supply i WHERE i.organization_id = $1 AND i.sku = w.sku AND i.status = 'open'))::text, \
         'supplies', (SELECT coalesce(json_agg(json_build_object('id', i.id, 'location', i.location, 'expected_on', i.expected_on, \
         'free', (i.quantity - i.received_quantity - i.pegged_quantity)::text)), '[]') FROM incoming_supply i \
         JOIN location k ON k.organization_id = $1 AND k.code = i.location AND k.active AND k.kind <> 'supplier' \
         WHERE i.organization_id = $1 AND i.sku = w.sku AND i.status = 'open' AND i.quantity - i.received_quantity > i.pegged_quantity))), '[]')::text AS supply \
         FROM (SELECT DISTINCT sku FROM unnest($2::text[]) AS w(sku)) w")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .get_result(connection)?;
    serde_json::from_str(&row.supply).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

#[derive(QueryableByName)]
struct OwedRow {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Numeric)]
    owed: Decimal,
}

/// What lines that wait want beyond their pegs, per product. Read without a lock.
pub fn owed(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<(String, Decimal)>> {
    let rows: Vec<OwedRow> = sql("SELECT w.sku, coalesce((SELECT round(sum(l.base_quantity), 3) FROM waiting_line l \
         WHERE l.organization_id = $1 AND l.sku = w.sku), 0) \
         - coalesce((SELECT sum(i.pegged_quantity) FROM incoming_supply i \
         WHERE i.organization_id = $1 AND i.sku = w.sku AND i.status = 'open'), 0) AS owed FROM unnest($2::text[]) AS w(sku)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.sku, row.owed)).collect())
}

/// What orders that are held for want of stock want of a product; they have no pegs.
pub fn held_without_pegs(connection: &mut PgConnection, organization_id: OrganizationId, sku: &str) -> QueryResult<Decimal> {
    let row: OwedRow = sql("SELECT $2 AS sku, (SELECT round(coalesce(sum(w.base_quantity), 0), 3) FROM waiting_line w WHERE w.organization_id = $1 AND w.sku = $2) \
         - (SELECT round(coalesce(sum(l.backordered * l.unit_factor), 0), 3) FROM order_line l \
         WHERE l.organization_id = $1 AND l.sku = $2 AND l.backordered > 0) AS owed")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(sku)
    .get_result(connection)?;
    Ok(row.owed)
}

#[derive(QueryableByName)]
struct PegRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SqlUuid)]
    incoming_id: IncomingSupplyId,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Date)]
    expected_on: NaiveDate,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Integer)]
    priority: i32,
    #[diesel(sql_type = Timestamptz)]
    ordered_at: DateTime<Utc>,
}

const PEGS: &str = "SELECT p.order_id, p.line_number, p.incoming_id, i.location, p.expected_on, p.quantity, \
    coalesce((o.detail->>'priority')::int, 0) AS priority, o.ordered_at FROM peg p \
    JOIN incoming_supply i ON i.organization_id = p.organization_id AND i.id = p.incoming_id \
    JOIN sales_order o ON o.organization_id = p.organization_id AND o.id = p.order_id WHERE p.organization_id = $1 AND ";

impl From<PegRow> for (FairPlace, Peg) {
    fn from(row: PegRow) -> Self {
        let peg = Peg {
            order_id: row.order_id,
            line_number: row.line_number,
            incoming_id: row.incoming_id,
            location: row.location,
            expected_on: row.expected_on,
            quantity: row.quantity,
        };
        (FairPlace::new(row.priority, row.ordered_at, row.order_id, row.line_number), peg)
    }
}

/// All pegs of these orders.
pub fn of_orders(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Peg>> {
    let rows: Vec<PegRow> =
        sql(format!("{PEGS} p.order_id = ANY($2)")).bind::<SqlUuid, _>(organization_id).bind::<Array<SqlUuid>, _>(ids).load(connection)?;
    Ok(rows.into_iter().map(|row| <(FairPlace, Peg)>::from(row).1).collect())
}

/// All pegs to these supplies, with the place of their lines in fair order.
pub fn of_supplies(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[IncomingSupplyId],
) -> QueryResult<Vec<(FairPlace, Peg)>> {
    let rows: Vec<PegRow> = sql(format!("{PEGS} p.incoming_id = ANY($2)"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(rows.into_iter().map(<(FairPlace, Peg)>::from).collect())
}

/// Locks the supplies that these lines are pegged to, sorted by id, and tells whether there are any.
pub fn lock_supplies_of_lines(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    lines: &[(OrderId, i16)],
) -> QueryResult<bool> {
    let locked = sql("SELECT i.id FROM incoming_supply i WHERE i.organization_id = $1 AND i.id IN (SELECT p.incoming_id FROM peg p \
         JOIN unnest($2::uuid[], $3::int2[]) AS t(order_id, line_number) ON t.order_id = p.order_id AND t.line_number = p.line_number \
         WHERE p.organization_id = $1) ORDER BY i.id FOR NO KEY UPDATE OF i")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(lines.iter().map(|line| line.0).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(lines.iter().map(|line| line.1).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(locked > 0)
}

const GONE: &str = "DELETE FROM peg p USING unnest($2::uuid[], $3::int2[], $4::uuid[]) AS t(order_id, line_number, incoming_id) \
    WHERE p.organization_id = $1 AND p.order_id = t.order_id AND p.line_number = t.line_number AND p.incoming_id = t.incoming_id";

const KEPT: &str = "INSERT INTO peg (organization_id, order_id, line_number, incoming_id, quantity, expected_on) \
    SELECT $1, t.* FROM unnest($2::uuid[], $3::int2[], $4::uuid[], $5::numeric[], $6::date[]) AS t(order_id, line_number, incoming_id, quantity, expected_on) \
    ON CONFLICT (organization_id, order_id, line_number, incoming_id) DO UPDATE SET quantity = EXCLUDED.quantity, expected_on = EXCLUDED.expected_on";

const COUNTED: &str = "UPDATE incoming_supply i SET pegged_quantity = c.pegged, version = i.version + 1, updated_at = $3 \
    FROM (SELECT t.id, coalesce((SELECT sum(p.quantity) FROM peg p WHERE p.organization_id = $1 AND p.incoming_id = t.id), 0) AS pegged \
    FROM unnest($2::uuid[]) AS t(id)) c WHERE i.organization_id = $1 AND i.id = c.id AND i.pegged_quantity <> c.pegged";

/// Makes `before` into `after` and counts anew what is pegged to their supplies, whose locks the caller holds.
pub fn write(connection: &mut PgConnection, context: &Context, before: &[Peg], after: &[Peg]) -> QueryResult<()> {
    let same = |a: &Peg, b: &Peg| (a.order_id, a.line_number, a.incoming_id) == (b.order_id, b.line_number, b.incoming_id);
    let gone: Vec<&Peg> = before.iter().filter(|old| !after.iter().any(|new| same(old, new))).collect();
    let kept: Vec<&Peg> = after.iter().filter(|new| !before.contains(new)).collect();
    let touched: BTreeSet<IncomingSupplyId> = gone.iter().chain(&kept).map(|peg| peg.incoming_id).collect();
    if touched.is_empty() {
        return Ok(());
    }
    let mut writes = Together::new();
    if !gone.is_empty() {
        let statement = sql(GONE)
            .bind::<SqlUuid, _>(context.organization_id)
            .bind::<Array<SqlUuid>, _>(gone.iter().map(|peg| peg.order_id).collect::<Vec<_>>())
            .bind::<Array<SmallInt>, _>(gone.iter().map(|peg| peg.line_number).collect::<Vec<_>>())
            .bind::<Array<SqlUuid>, _>(gone.iter().map(|peg| peg.incoming_id).collect::<Vec<_>>());
        writes.add("gone", statement);
    }
    if !kept.is_empty() {
        let statement = sql(KEPT)
            .bind::<SqlUuid, _>(context.organization_id)
            .bind::<Array<SqlUuid>, _>(kept.iter().map(|peg| peg.order_id).collect::<Vec<_>>())
            .bind::<Array<SmallInt>, _>(kept.iter().map(|peg| peg.line_number).collect::<Vec<_>>())
            .bind::<Array<SqlUuid>, _>(kept.iter().map(|peg| peg.incoming_id).collect::<Vec<_>>())
            .bind::<Array<Numeric>, _>(kept.iter().map(|peg| peg.quantity).collect::<Vec<_>>())
            .bind::<Array<Date>, _>(kept.iter().map(|peg| peg.expected_on).collect::<Vec<_>>());
        writes.add("kept", statement);
    }
    writes.execute(connection)?;
    sql(COUNTED)
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Array<SqlUuid>, _>(touched.into_iter().collect::<Vec<_>>())
        .bind::<Timestamptz, _>(context.now)
        .execute(connection)?;
    Ok(())
}

/// Asks for a review of the promises of these products.
pub fn ask_review(connection: &mut PgConnection, organization_id: OrganizationId, reviews: &[AskedReview]) -> QueryResult<()> {
    sql("INSERT INTO promise_review (organization_id, sku, cause, incoming_id) SELECT $1, t.* FROM unnest($2::text[], $3::text[], $4::uuid[]) AS t")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(reviews.iter().map(|review| review.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(reviews.iter().map(|review| review.1).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(reviews.iter().map(|review| review.2).collect::<Vec<_>>())
        .execute(connection)?;
    Ok(())
}

/// Asks for a review of products with pegs to supply whose day has passed, or whose location does not ship any more.
pub fn ask_review_of_overdue(connection: &mut PgConnection, organization_id: OrganizationId, today: NaiveDate) -> QueryResult<()> {
    sql("INSERT INTO promise_review (organization_id, sku, cause, incoming_id) SELECT $1, i.sku, 'supply_overdue', i.id FROM incoming_supply i \
         WHERE i.organization_id = $1 AND i.pegged_quantity > 0 AND i.expected_on < $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Date, _>(today)
    .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct OrganizationRow {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
}

/// Organizations with something to review at that instant.
pub fn organizations_to_review(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<OrganizationId>> {
    let rows: Vec<OrganizationRow> = sql("SELECT o.id AS organization_id FROM organization o \
         WHERE EXISTS (SELECT 1 FROM promise_review r WHERE r.organization_id = o.id) \
         OR EXISTS (SELECT 1 FROM incoming_supply i WHERE i.organization_id = o.id AND i.pegged_quantity > 0 \
           AND i.expected_on < ($1 AT TIME ZONE o.time_zone)::date)")
    .bind::<Timestamptz, _>(now)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}

/// Why a product is reviewed.
#[derive(QueryableByName, Clone, Debug)]
pub struct Review {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub cause: PromiseCause,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub incoming_id: Option<IncomingSupplyId>,
}

/// Takes the reviews of one product that nobody else is at: the one that waits longest, and those beside it. It waits for nobody, so
/// that two processes that begin at different reviews of one product do not wait for each other; both review it, one after the other.
pub fn take_reviews(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<Review>> {
    sql("WITH first AS MATERIALIZED (SELECT sku FROM promise_review WHERE organization_id = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED), \
         free AS MATERIALIZED (SELECT r.id FROM promise_review r, first WHERE r.organization_id = $1 AND r.sku = first.sku \
           ORDER BY r.id FOR UPDATE OF r SKIP LOCKED) \
         DELETE FROM promise_review r USING free WHERE r.organization_id = $1 AND r.id = free.id RETURNING r.id, r.sku, r.cause, r.incoming_id")
    .bind::<SqlUuid, _>(organization_id)
    .load(connection)
}

/// Reviews that are asked for since supply has arrived; they stay.
pub fn received(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<Review>> {
    sql("SELECT id, sku, cause, incoming_id FROM promise_review WHERE organization_id = $1 AND cause = 'supply_received' ORDER BY id DESC LIMIT 10000")
        .bind::<SqlUuid, _>(organization_id)
        .load(connection)
}

#[derive(QueryableByName)]
struct PeggedRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Text)]
    order_number: String,
    #[diesel(sql_type = SqlUuid)]
    order_line_id: OrderLineId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Nullable<Date>)]
    promised_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    first_promised_on: Option<NaiveDate>,
}

/// Lines that a supply is promised to, by the age of their orders.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: IncomingSupplyId,
    after: Option<(OrderId, i16)>,
    limit: i64,
) -> QueryResult<Vec<PeggedLine>> {
    let rows: Vec<PeggedRow> = sql("SELECT p.order_id, o.number AS order_number, l.id AS order_line_id, p.line_number, p.quantity, \
         l.promised_on, l.first_promised_on FROM peg p \
         JOIN sales_order o ON o.organization_id = p.organization_id AND o.id = p.order_id \
         JOIN order_line l ON l.organization_id = p.organization_id AND l.order_id = p.order_id AND l.line_number = p.line_number \
         WHERE p.organization_id = $1 AND p.incoming_id = $2 AND ($3::uuid IS NULL OR (p.order_id, p.line_number) > ($3, $4)) \
         ORDER BY p.order_id, p.line_number LIMIT $5")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.0))
    .bind::<Nullable<SmallInt>, _>(after.map(|after| after.1))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    let line = |row: PeggedRow| PeggedLine {
        order_id: row.order_id,
        order_number: row.order_number,
        order_line_id: row.order_line_id,
        line_number: row.line_number,
        quantity: Quantity(row.quantity),
        promised_on: row.promised_on,
        first_promised_on: row.first_promised_on,
    };
    Ok(rows.into_iter().map(line).collect())
}

#[derive(QueryableByName)]
struct WorthRow {
    #[diesel(sql_type = Bool)]
    worth: bool,
}

/// Whether something of a product's supply is free, or a line that waits is promised more than its pegs.
pub fn is_worth_reviewing(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    sku: &str,
    today: NaiveDate,
) -> QueryResult<bool> {
    let row: WorthRow = sql("SELECT EXISTS (SELECT 1 FROM incoming_supply i WHERE i.organization_id = $1 AND i.sku = $2 AND i.status = 'open' \
         AND i.expected_on >= $3 AND i.quantity - i.received_quantity > i.pegged_quantity) \
         OR EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = $1 AND l.sku = $2 AND l.backordered > 0 AND l.promised_on IS NOT NULL \
         AND l.backordered * l.unit_factor > (SELECT coalesce(sum(p.quantity), 0) FROM peg p \
           WHERE p.organization_id = $1 AND p.order_id = l.order_id AND p.line_number = l.line_number)) AS worth")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(sku)
    .bind::<Date, _>(today)
    .get_result(connection)?;
    Ok(row.worth)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: OrderId,
}

/// Locks all orders with lines that wait for a product, sorted by id.
pub fn lock_waiting(connection: &mut PgConnection, organization_id: OrganizationId, sku: &str) -> QueryResult<Vec<OrderId>> {
    let rows: Vec<IdRow> = sql("SELECT o.id FROM sales_order o WHERE o.organization_id = $1 AND o.status IN ('on_hold', 'confirmed') \
         AND o.id IN (SELECT l.order_id FROM order_line l WHERE l.organization_id = $1 AND l.sku = $2 AND l.backordered > 0) \
         ORDER BY o.id FOR NO KEY UPDATE OF o")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(sku)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Numeric)]
    backordered: Decimal,
    #[diesel(sql_type = Numeric)]
    unit_factor: Decimal,
    #[diesel(sql_type = Integer)]
    quantity_scale: i32,
    #[diesel(sql_type = Nullable<Date>)]
    promised_on: Option<NaiveDate>,
    #[diesel(sql_type = Integer)]
    priority: i32,
    #[diesel(sql_type = Timestamptz)]
    ordered_at: DateTime<Utc>,
}

/// The lines of these orders that wait for a product.
pub fn waiting_lines(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    sku: &str,
    ids: &[OrderId],
) -> QueryResult<Vec<WaitingLine>> {
    let rows: Vec<WaitingRow> = sql("SELECT l.order_id, l.line_number, l.sku, l.backordered, l.unit_factor, \
         coalesce((l.detail->>'quantity_scale')::int, 0) AS quantity_scale, l.promised_on, coalesce((o.detail->>'priority')::int, 0) AS priority, o.ordered_at \
         FROM order_line l JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id \
         WHERE l.organization_id = $1 AND l.sku = $2 AND l.order_id = ANY($3) AND l.backordered > 0")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(sku)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    let line = |row: WaitingRow| WaitingLine {
        order_id: row.order_id,
        line_number: row.line_number,
        place: FairPlace::new(row.priority, row.ordered_at, row.order_id, row.line_number),
        sku: row.sku,
        backordered: row.backordered * row.unit_factor,
        step: row.unit_factor * Decimal::new(1, u32::try_from(row.quantity_scale).unwrap_or(0)),
        promised_on: row.promised_on,
    };
    Ok(rows.into_iter().map(line).collect())
}
