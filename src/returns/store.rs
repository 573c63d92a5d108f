use super::sales_return::{Return, ReturnCode, ReturnLine, ReturnReason};
use super::status::ReturnProgress;
use crate::auth::actor::Context;
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{from_json, sql, sql_uncached, to_json};
use crate::types::currency::Currency;
use crate::types::id::{CreditNoteId, CustomerId, OrderId, OrderLineId, OrganizationId, RefundId, ReturnId, ReturnLineId, ShipmentId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;

const COLUMNS: &str = "r.id, r.number, r.order_id, o.number AS order_number, r.customer_id, r.status, r.shipment_id, r.within_window, \
    r.window_ends_on, r.currency, r.amount_credited, r.amount_refunded, r.restocking_fee, r.replacement_order_id, r.credit_note_ids, \
    r.refund_ids, r.milestones, r.detail, r.external_ids, r.metadata, r.version, r.created_at, r.updated_at";

const FROM: &str = "sales_return r JOIN sales_order o ON o.organization_id = r.organization_id AND o.id = r.order_id";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: ReturnId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Text)]
    order_number: String,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    status: ReturnProgress,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    shipment_id: Option<ShipmentId>,
    #[diesel(sql_type = Bool)]
    within_window: bool,
    #[diesel(sql_type = Date)]
    window_ends_on: NaiveDate,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    amount_credited: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_refunded: Decimal,
    #[diesel(sql_type = Numeric)]
    restocking_fee: Decimal,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    replacement_order_id: Option<OrderId>,
    #[diesel(sql_type = Array<SqlUuid>)]
    credit_note_ids: Vec<CreditNoteId>,
    #[diesel(sql_type = Array<SqlUuid>)]
    refund_ids: Vec<RefundId>,
    #[diesel(sql_type = Jsonb)]
    milestones: Value,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
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

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = SqlUuid)]
    return_id: ReturnId,
    #[diesel(sql_type = SmallInt)]
    line_number: i16,
    #[diesel(sql_type = SqlUuid)]
    id: ReturnLineId,
    #[diesel(sql_type = SqlUuid)]
    order_line_id: OrderLineId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Numeric)]
    unit_factor: Decimal,
    #[diesel(sql_type = Numeric)]
    quantity: Decimal,
    #[diesel(sql_type = Nullable<Text>)]
    reason_code: Option<ReturnCode>,
    #[diesel(sql_type = Nullable<Text>)]
    reason_detail: Option<String>,
    #[diesel(sql_type = Numeric)]
    resellable: Decimal,
    #[diesel(sql_type = Numeric)]
    damaged: Decimal,
    #[diesel(sql_type = Numeric)]
    scrap: Decimal,
    #[diesel(sql_type = Numeric)]
    uninvoiced: Decimal,
    #[diesel(sql_type = Numeric)]
    credited: Decimal,
}

fn return_of(row: Row) -> QueryResult<Return> {
    Ok(Return {
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        order_number: row.order_number,
        customer_id: row.customer_id,
        status: row.status,
        shipment_id: row.shipment_id,
        within_window: row.within_window,
        window_ends_on: row.window_ends_on,
        currency: row.currency,
        amount_credited: row.currency.round(row.amount_credited),
        amount_refunded: row.currency.round(row.amount_refunded),
        restocking_fee: row.currency.round(row.restocking_fee),
        replacement_order_id: row.replacement_order_id,
        credit_note_ids: row.credit_note_ids,
        refund_ids: row.refund_ids,
        milestones: from_json(row.milestones)?,
        detail: from_json(row.detail)?,
        external_ids: from_json(row.external_ids)?,
        metadata: from_json(row.metadata)?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        lines: vec![],
    })
}

fn line_of(row: LineRow) -> ReturnLine {
    ReturnLine {
        id: row.id,
        line_number: row.line_number,
        order_line_id: row.order_line_id,
        sku: row.sku,
        name: row.name,
        unit: row.unit,
        unit_factor: row.unit_factor.normalize(),
        quantity: row.quantity.normalize(),
        reason: row.reason_code.map(|code| ReturnReason { code, detail: row.reason_detail }),
        resellable: row.resellable.normalize(),
        damaged: row.damaged.normalize(),
        scrap: row.scrap.normalize(),
        uninvoiced: row.uninvoiced.normalize(),
        credited: row.credited.normalize(),
    }
}

/// The returns of rows, in their order; one more statement for all their lines.
fn with_lines(connection: &mut PgConnection, organization_id: OrganizationId, rows: Vec<Row>) -> QueryResult<Vec<Return>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let lines: Vec<LineRow> =
        sql("SELECT * FROM sales_return_line WHERE organization_id = $1 AND return_id = ANY($2) ORDER BY return_id, line_number")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
            .load(connection)?;
    let mut returns: Vec<Return> = rows.into_iter().map(return_of).collect::<QueryResult<_>>()?;
    let place: HashMap<ReturnId, usize> = returns.iter().enumerate().map(|(i, one)| (one.id, i)).collect();
    for line in lines {
        if let Some(&i) = place.get(&line.return_id) {
            returns[i].lines.push(line_of(line));
        }
    }
    Ok(returns)
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId) -> QueryResult<Option<Return>> {
    one(connection, organization_id, id, "")
}

/// As `find`, with the row locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId) -> QueryResult<Option<Return>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE OF r")
}

fn one(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId, locking: &str) -> QueryResult<Option<Return>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM {FROM} WHERE r.organization_id = $1 AND r.id = $2{locking}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    Ok(with_lines(connection, organization_id, rows)?.pop())
}

/// The order of a return, which never changes.
pub fn order_of(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId) -> QueryResult<Option<OrderId>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = SqlUuid)]
        order_id: OrderId,
    }
    let found: Option<Found> = sql("SELECT order_id FROM sales_return WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|found| found.order_id))
}

/// Whether a return was opened for this shipment. The caller holds the order's lock.
pub fn is_open_for(connection: &mut PgConnection, organization_id: OrganizationId, shipment_id: ShipmentId) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let found: Found = sql("SELECT EXISTS (SELECT 1 FROM sales_return WHERE organization_id = $1 AND shipment_id = $2) AS found")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(shipment_id)
        .get_result(connection)?;
    Ok(found.found)
}

/// What is announced of each line of an order and may still come. The caller holds the order's lock.
pub fn announced(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<HashMap<i16, Decimal>> {
    #[derive(QueryableByName)]
    struct Announced {
        #[diesel(sql_type = SmallInt)]
        line_number: i16,
        #[diesel(sql_type = Numeric)]
        quantity: Decimal,
    }
    let expecting: Vec<&str> = ReturnProgress::ALL.iter().filter(|status| status.is_expecting()).map(|status| status.as_str()).collect();
    let rows: Vec<Announced> = sql("SELECT l.line_number, sum(greatest(l.quantity - l.resellable - l.damaged - l.scrap, 0)) AS quantity \
         FROM sales_return r JOIN sales_return_line l ON l.organization_id = r.organization_id AND l.return_id = r.id \
         WHERE r.organization_id = $1 AND r.order_id = $2 AND r.status = ANY($3) GROUP BY l.line_number")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Array<Text>, _>(expecting)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.line_number, row.quantity.normalize())).collect())
}

/// When the last of each line of an order arrived, or left where nothing is known of its arrival.
pub fn arrivals(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
) -> QueryResult<HashMap<i16, DateTime<Utc>>> {
    #[derive(QueryableByName)]
    struct Arrived {
        #[diesel(sql_type = SmallInt)]
        line_number: i16,
        #[diesel(sql_type = Timestamptz)]
        at: DateTime<Utc>,
    }
    let rows: Vec<Arrived> = sql("SELECT l.line_number, max(greatest(s.delivered_at, s.shipped_at)) AS at \
         FROM shipment s JOIN shipment_line l ON l.organization_id = s.organization_id AND l.shipment_id = s.id \
         WHERE s.organization_id = $1 AND s.order_id = $2 GROUP BY l.line_number")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.line_number, row.at)).collect())
}

/// What a base unit of each line of an order cost when it left, where that is known: that of the last shipment.
pub fn costs(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<HashMap<i16, Decimal>> {
    #[derive(QueryableByName)]
    struct Cost {
        #[diesel(sql_type = SmallInt)]
        line_number: i16,
        #[diesel(sql_type = Numeric)]
        unit_cost: Decimal,
    }
    let rows: Vec<Cost> = sql("SELECT DISTINCT ON (l.line_number) l.line_number, l.unit_cost \
         FROM shipment s JOIN shipment_line l ON l.organization_id = s.organization_id AND l.shipment_id = s.id \
         WHERE s.organization_id = $1 AND s.order_id = $2 AND l.unit_cost IS NOT NULL ORDER BY l.line_number, s.shipped_at DESC, s.id DESC")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.line_number, row.unit_cost)).collect())
}

/// What a list of returns is narrowed to; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub order_id: Vec<OrderId>,
    pub customer_id: Vec<CustomerId>,
    pub status: Vec<String>,
    pub number: Vec<String>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One row more than the page has, to tell whether another follows.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<ReturnId>,
) -> QueryResult<Vec<Return>> {
    let after = slice.after.as_ref().map(|_| format!(" AND {}", slice.sort.after("r", "$7", "$8"))).unwrap_or_default();
    let conditions = asked_for(&[
        (!filter.order_id.is_empty(), " AND r.order_id = ANY($2)"),
        (!filter.customer_id.is_empty(), " AND r.customer_id = ANY($3)"),
        (!filter.status.is_empty(), " AND r.status = ANY($4)"),
        (!filter.number.is_empty(), " AND r.number = ANY($5)"),
        (filter.updated_from.is_some(), " AND r.updated_at >= $6"),
        (true, &after),
    ]);
    let order = slice.sort.order_by("r");
    let rows: Vec<Row> =
        sql_uncached(format!("SELECT {COLUMNS} FROM {FROM} WHERE r.organization_id = $1{conditions} ORDER BY {order} LIMIT $9"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(&filter.order_id)
            .bind::<Array<SqlUuid>, _>(&filter.customer_id)
            .bind::<Array<Text>, _>(&filter.status)
            .bind::<Array<Text>, _>(&filter.number)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .bind::<Nullable<Text>, _>(slice.after.as_ref().map(|after| after.key.as_str()))
            .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
            .bind::<BigInt, _>(slice.limit as i64 + 1)
            .load(connection)?;
    with_lines(connection, organization_id, rows)
}

/// Writes a new return with its lines.
pub fn insert(connection: &mut PgConnection, context: &Context, one: &Return) -> QueryResult<()> {
    sql(
        "INSERT INTO sales_return (organization_id, id, number, order_id, customer_id, status, shipment_id, within_window, window_ends_on, \
         currency, milestones, detail, external_ids, metadata, actor, version, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)",
    )
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(one.id)
    .bind::<Text, _>(&one.number)
    .bind::<SqlUuid, _>(one.order_id)
    .bind::<SqlUuid, _>(one.customer_id)
    .bind::<Text, _>(one.status)
    .bind::<Nullable<SqlUuid>, _>(one.shipment_id)
    .bind::<Bool, _>(one.within_window)
    .bind::<Date, _>(one.window_ends_on)
    .bind::<Text, _>(one.currency)
    .bind::<Jsonb, _>(to_json(&one.milestones)?)
    .bind::<Jsonb, _>(to_json(&one.detail)?)
    .bind::<Jsonb, _>(to_json(&one.external_ids)?)
    .bind::<Jsonb, _>(to_json(&one.metadata)?)
    .bind::<Text, _>(&context.actor)
    .bind::<BigInt, _>(one.version)
    .bind::<Timestamptz, _>(one.created_at)
    .execute(connection)?;
    put_lines(connection, context.organization_id, one)
}

/// Writes a return that the caller has locked, and its lines.
pub fn update(connection: &mut PgConnection, organization_id: OrganizationId, one: &Return) -> QueryResult<()> {
    sql(
        "UPDATE sales_return SET status = $3, amount_credited = $4, amount_refunded = $5, restocking_fee = $6, replacement_order_id = $7, \
         credit_note_ids = $8, refund_ids = $9, milestones = $10, detail = $11, external_ids = $12, metadata = $13, version = $14, \
         updated_at = $15 WHERE organization_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(one.id)
    .bind::<Text, _>(one.status)
    .bind::<Numeric, _>(one.amount_credited)
    .bind::<Numeric, _>(one.amount_refunded)
    .bind::<Numeric, _>(one.restocking_fee)
    .bind::<Nullable<SqlUuid>, _>(one.replacement_order_id)
    .bind::<Array<SqlUuid>, _>(&one.credit_note_ids)
    .bind::<Array<SqlUuid>, _>(&one.refund_ids)
    .bind::<Jsonb, _>(to_json(&one.milestones)?)
    .bind::<Jsonb, _>(to_json(&one.detail)?)
    .bind::<Jsonb, _>(to_json(&one.external_ids)?)
    .bind::<Jsonb, _>(to_json(&one.metadata)?)
    .bind::<BigInt, _>(one.version)
    .bind::<Timestamptz, _>(one.updated_at)
    .execute(connection)?;
    put_lines(connection, organization_id, one)
}

fn put_lines(connection: &mut PgConnection, organization_id: OrganizationId, one: &Return) -> QueryResult<()> {
    fn all<'a, T>(lines: &'a [ReturnLine], f: impl Fn(&'a ReturnLine) -> T) -> Vec<T> {
        lines.iter().map(f).collect()
    }
    let lines = one.lines.as_slice();
    sql("INSERT INTO sales_return_line (organization_id, return_id, order_id, line_number, id, order_line_id, sku, name, unit, unit_factor, \
         quantity, reason_code, reason_detail, resellable, damaged, scrap, uninvoiced, credited) \
         SELECT $1, $2, $3, t.* FROM unnest($4::int2[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::numeric[], \
         $11::numeric[], $12::text[], $13::text[], $14::numeric[], $15::numeric[], $16::numeric[], $17::numeric[], $18::numeric[]) \
         AS t(line_number, id, order_line_id, sku, name, unit, unit_factor, quantity, reason_code, reason_detail, resellable, damaged, \
         scrap, uninvoiced, credited) \
         ON CONFLICT (organization_id, return_id, line_number) DO UPDATE SET resellable = EXCLUDED.resellable, \
         damaged = EXCLUDED.damaged, scrap = EXCLUDED.scrap, uninvoiced = EXCLUDED.uninvoiced, credited = EXCLUDED.credited")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(one.id)
    .bind::<SqlUuid, _>(one.order_id)
    .bind::<Array<SmallInt>, _>(all(lines, |l| l.line_number))
    .bind::<Array<SqlUuid>, _>(all(lines, |l| l.id))
    .bind::<Array<SqlUuid>, _>(all(lines, |l| l.order_line_id))
    .bind::<Array<Text>, _>(all(lines, |l| l.sku.as_str()))
    .bind::<Array<Text>, _>(all(lines, |l| l.name.as_str()))
    .bind::<Array<Text>, _>(all(lines, |l| l.unit.as_str()))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.unit_factor))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.quantity))
    .bind::<Array<Nullable<Text>>, _>(all(lines, |l| l.reason.as_ref().map(|reason| reason.code)))
    .bind::<Array<Nullable<Text>>, _>(all(lines, |l| l.reason.as_ref().and_then(|reason| reason.detail.as_deref())))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.resellable))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.damaged))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.scrap))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.uninvoiced))
    .bind::<Array<Numeric>, _>(all(lines, |l| l.credited))
    .execute(connection)?;
    Ok(())
}
