//! The capture statement: a batch of orders in one round trip, one text for every batch size.
//!
//! Order of locks: claims, balances, incoming supply, stock; then the rows. The main SELECT pulls fence, claims, balances and stock before any
//! order row is inserted, so that a refusal costs no inserted rows but claims, and event ids come after the locks. It raises
//! `P0S01` with `claim`, `credit`, `supply` or `stock` when a claim set is won in part, a limit, supply or a stock level does not suffice.

use crate::orders::order::{Order, OrderLine};
use crate::orders::peg::{Peg, PromiseCause};
use crate::platform::sql::{Sql, sql};
use crate::types::id::OrderId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Date, Integer, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::HashSet;
use uuid::Uuid;

/// One claim of a captured order; see [`crate::platform::idempotency`].
#[derive(Clone, Debug)]
pub struct Claim {
    /// `k` = idempotency key, `x` = external id, `o` = the order itself
    pub kind: &'static str,
    pub key: String,
    pub hash: Vec<u8>,
    /// Of the bytes that came in: what claims of external ids have kept before they kept `hash`. Empty where there is none.
    pub hash_of_bytes: Vec<u8>,
}

impl Claim {
    /// Whether a held claim is of the same content.
    pub fn is_of(&self, held: &[u8]) -> bool {
        held == self.hash || (!self.hash_of_bytes.is_empty() && held == self.hash_of_bytes)
    }
}

/// One order that is ready to be written, with all values of its stored answer made.
pub struct Captured<'a> {
    pub order: &'a Order,
    pub claims: &'a [Claim],
    /// Compressed body of the answer, for claims of kind `k`.
    pub answer: &'a [u8],
    pub headers: &'a str,
    /// (type, data) in order
    pub events: &'a [(&'static str, String)],
    /// What of its lines waits is promised from there.
    pub pegs: &'a [Peg],
    pub actor: &'a str,
    /// From where the request came; written beside its first event.
    pub origin: Option<&'a str>,
    pub at: DateTime<Utc>,
}

const HEAD_INSERTING_CLAIMS: &str = "c AS (INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, answer, headers, created_at) \
    SELECT k.org, k.kind, k.key, k.subject, k.hash, 201, k.answer, k.headers, k.at FROM fence, (SELECT * FROM \
    unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[], $6::bytea[], $7::text[], $8::timestamptz[]) \
    AS t(org, kind, key, subject, hash, answer, headers, at) ORDER BY org, kind COLLATE \"C\", key COLLATE \"C\") k \
    ON CONFLICT DO NOTHING RETURNING subject_id), ";

/// The slow path has inserted the claims in an earlier statement of its transaction; here they get their answers.
const HEAD_HOLDING_CLAIMS: &str = "c AS (UPDATE claim SET status = 201, answer = k.answer, headers = k.headers FROM fence, \
    unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[], $6::bytea[], $7::text[], $8::timestamptz[]) \
    AS k(org, kind, key, subject, hash, answer, headers, at) \
    WHERE claim.organization_id = k.org AND claim.kind = k.kind AND claim.key = k.key AND claim.subject_id = k.subject RETURNING claim.subject_id), ";

const BODY: &str = include_str!("capture.sql");

/// What is put into the body's marks for a batch in which somebody waits for supply: pegs, proved and counted at their supply, and a
/// review of what could not be pegged whole. Other batches have nothing of it.
const WITH_PEGS: [(&str, &str); 3] = [
    (
        "-- mark: supply",
        "pe AS MATERIALIZED (SELECT won.org, won.id, p.* FROM unnest($86::int4[], $87::int2[], $88::uuid[], $89::numeric[], $90::date[]) \
           AS p(ord, line_number, incoming_id, quantity, expected_on) JOIN won ON won.ord = p.ord), \
         pd AS MATERIALIZED (SELECT org, incoming_id, expected_on, sum(quantity) AS quantity FROM pe WHERE (SELECT count(*) FROM bu) >= 0 GROUP BY 1, 2, 3), \
         pl AS MATERIALIZED (SELECT i.organization_id, i.id, pd.quantity, pd.expected_on FROM pd \
           JOIN incoming_supply i ON i.organization_id = pd.org AND i.id = pd.incoming_id ORDER BY 1, 2 FOR NO KEY UPDATE OF i), \
         pu AS (UPDATE incoming_supply i SET pegged_quantity = i.pegged_quantity + pl.quantity, version = i.version + 1, \
           updated_at = greatest(i.updated_at, (SELECT max(at) FROM o)) FROM pl WHERE i.organization_id = pl.organization_id AND i.id = pl.id \
           AND i.status = 'open' AND i.expected_on = pl.expected_on AND i.quantity - i.received_quantity - i.pegged_quantity >= pl.quantity RETURNING 1), \
         ip AS (INSERT INTO peg (organization_id, order_id, line_number, incoming_id, quantity, expected_on) \
           SELECT org, id, line_number, incoming_id, quantity, expected_on FROM pe), \
         pr AS (INSERT INTO promise_review (organization_id, sku, cause) \
           SELECT won.org, r.sku, r.cause FROM unnest($91::int4[], $92::text[], $93::text[]) AS r(ord, sku, cause) JOIN won ON won.ord = r.ord),",
    ),
    ("-- mark: after supply", "AND (SELECT count(*) FROM pu) >= 0"),
    ("-- mark: supply proved", "WHEN (SELECT count(*) FROM pd) <> (SELECT count(*) FROM pu) THEN capture_refused('supply')"),
];

#[derive(QueryableByName)]
struct WonRow {
    #[diesel(sql_type = Array<SqlUuid>)]
    won: Vec<OrderId>,
}

/// Writes the orders that win all of their claims, and tells which these are. `holding_claims`: the transaction has them already.
pub fn capture(connection: &mut PgConnection, batch: &[Captured<'_>], holding_claims: bool) -> QueryResult<HashSet<OrderId>> {
    let head = if holding_claims { HEAD_HOLDING_CLAIMS } else { HEAD_INSERTING_CLAIMS };
    let waiting = waiting_lines(batch);
    let mut body = Cow::Borrowed(BODY);
    if !waiting.is_empty() {
        body = WITH_PEGS.iter().fold(body, |body, (mark, part)| body.replace(&format!("{mark}\n"), &format!("{part}\n")).into());
    }
    let text = format!("WITH fence AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(last_value) FROM event_id), {head}{body}");
    let mut statement = bind(sql(text), batch)?;
    if !waiting.is_empty() {
        statement = bind_pegs(statement, batch, &waiting);
    }
    let row: WonRow = statement.get_result(connection)?;
    Ok(row.won.into_iter().collect())
}

/// Lines that wait for supply, with their order's place in the batch.
fn waiting_lines<'a>(batch: &'a [Captured<'a>]) -> Vec<(i32, &'a Captured<'a>, &'a OrderLine)> {
    let waits = |line: &&OrderLine| !line.quantities.backordered.is_zero();
    numbered(batch).flat_map(|(ord, c)| c.order.lines.iter().filter(waits).map(move |line| (ord, c, line))).collect()
}

fn bind_pegs<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>], waiting: &[(i32, &'a Captured<'a>, &'a OrderLine)]) -> Sql<'a> {
    let rows: Vec<(i32, &Peg)> = numbered(batch).flat_map(|(ord, c)| c.pegs.iter().map(move |peg| (ord, peg))).collect();
    // One that was ordered before it came here goes before others in fair order.
    let backdated = |c: &Captured| c.order.ordered_at < c.at;
    let cause = |c: &Captured| if backdated(c) { PromiseCause::Overtaken } else { PromiseCause::Backordered };
    let pegged = |c: &Captured, line: &OrderLine| {
        let own = c.pegs.iter().filter(|peg| peg.line_number == line.line_number);
        own.map(|peg| peg.quantity).sum::<Decimal>() >= line.quantities.backordered * line.unit_factor
    };
    let reviews: Vec<_> = waiting.iter().filter(|(_, c, line)| backdated(c) || !pegged(c, line)).collect();
    statement
        .bind::<Array<Integer>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.1.line_number).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.incoming_id).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.1.quantity).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(rows.iter().map(|row| row.1.expected_on).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(reviews.iter().map(|review| review.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(reviews.iter().map(|review| review.2.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(reviews.iter().map(|review| cause(review.1)).collect::<Vec<_>>())
}

fn bind<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> QueryResult<Sql<'a>> {
    let statement = bind_claims(statement, batch);
    let statement = bind_orders(statement, batch)?;
    let statement = bind_allocations(statement, batch);
    let statement = bind_lines(statement, batch)?;
    let statement = bind_fulfillment_orders(statement, batch);
    let statement = bind_holds(statement, batch);
    let statement = bind_events(statement, batch);
    let performed: Vec<Decimal> = batch.iter().flat_map(|c| &c.order.lines).map(|line| line.quantities.shipped).collect();
    // With the first event of each order.
    let origins: Vec<Option<&str>> =
        batch.iter().flat_map(|c| (0..c.events.len()).map(move |place| c.origin.filter(|_| place == 0))).collect();
    // Charges of an order without goods have fallen due already.
    Ok(statement
        .bind::<Array<Text>, _>(batch.iter().map(|c| c.order.fulfillment_status).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(performed)
        .bind::<Array<Nullable<Text>>, _>(origins))
}

fn bind_claims<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> Sql<'a> {
    let claims: Vec<(&Captured, &Claim)> = batch.iter().flat_map(|c| c.claims.iter().map(move |claim| (c, claim))).collect();
    let answer = |claim: &Claim, c: &Captured<'a>| (claim.kind == "k").then_some(c.answer);
    statement
        .bind::<Array<SqlUuid>, _>(claims.iter().map(|(c, _)| c.order.organization_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(claims.iter().map(|(_, claim)| claim.kind).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(claims.iter().map(|(_, claim)| claim.key.as_str()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(claims.iter().map(|(c, _)| c.order.id).collect::<Vec<_>>())
        .bind::<Array<Binary>, _>(claims.iter().map(|(_, claim)| claim.hash.as_slice()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Binary>>, _>(claims.iter().map(|(c, claim)| answer(claim, c)).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(claims.iter().map(|(c, _)| c.headers).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(claims.iter().map(|(c, _)| c.at).collect::<Vec<_>>())
}

fn bind_orders<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> QueryResult<Sql<'a>> {
    fn all<'a, T>(batch: &'a [Captured<'a>], f: impl Fn(&'a Order) -> T) -> Vec<T> {
        batch.iter().map(|c| f(c.order)).collect()
    }
    let documents: Vec<String> = batch.iter().map(|c| text(&c.order.document)).collect::<QueryResult<_>>()?;
    let details: Vec<String> = batch.iter().map(|c| text(&c.order.detail)).collect::<QueryResult<_>>()?;
    let milestones: Vec<String> = batch.iter().map(|c| text(&c.order.milestones)).collect::<QueryResult<_>>()?;
    let claims: Vec<i32> = batch.iter().map(|c| i32::try_from(c.claims.len()).unwrap_or(i32::MAX)).collect();
    Ok(statement
        .bind::<Array<SqlUuid>, _>(all(batch, |o| o.organization_id))
        .bind::<Array<SqlUuid>, _>(all(batch, |o| o.id))
        .bind::<Array<Integer>, _>(claims)
        .bind::<Array<Text>, _>(all(batch, |o| o.number.as_str()))
        .bind::<Array<Text>, _>(all(batch, |o| o.status))
        .bind::<Array<Text>, _>(all(batch, |o| o.channel.as_str()))
        .bind::<Array<Nullable<Text>>, _>(all(batch, |o| o.external_id.as_deref()))
        .bind::<Array<SqlUuid>, _>(all(batch, |o| o.customer_id))
        .bind::<Array<SqlUuid>, _>(all(batch, |o| o.bill_to_customer_id))
        .bind::<Array<Text>, _>(all(batch, |o| o.currency))
        .bind::<Array<Numeric>, _>(all(batch, |o| o.subtotal))
        .bind::<Array<Numeric>, _>(all(batch, |o| o.discount_total))
        .bind::<Array<Numeric>, _>(all(batch, |o| o.shipping_net))
        .bind::<Array<Numeric>, _>(all(batch, |o| o.tax_total))
        .bind::<Array<Numeric>, _>(all(batch, |o| o.total))
        .bind::<Array<Numeric>, _>(all(batch, |o| o.uninvoiced_total))
        .bind::<Array<Text>, _>(documents)
        .bind::<Array<Text>, _>(details)
        .bind::<Array<Text>, _>(milestones)
        .bind::<Array<Nullable<Text>>, _>(all(batch, |o| o.sales_rep.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(all(batch, |o| o.purchase_order_number.as_deref()))
        .bind::<Array<Timestamptz>, _>(all(batch, |o| o.ordered_at))
        .bind::<Array<Timestamptz>, _>(all(batch, |o| o.updated_at))
        .bind::<Array<Numeric>, _>(all(batch, Order::open_amount))
        .bind::<Array<Text>, _>(all(batch, |o| o.payment_status)))
}

fn bind_allocations<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> Sql<'a> {
    let rows: Vec<_> = numbered(batch)
        .flat_map(|(ord, c)| c.order.fulfillment_orders.iter().flat_map(move |f| f.lines.iter().map(move |a| (ord, f, a))))
        .collect();
    statement
        .bind::<Array<Integer>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.2.line_number).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.2.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.location.as_str()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.2.quantity).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.2.unit_factor).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.2.reason.as_deref()).collect::<Vec<_>>())
}

fn bind_lines<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> QueryResult<Sql<'a>> {
    let rows: Vec<_> = numbered(batch).flat_map(|(ord, c)| c.order.lines.iter().map(move |line| (ord, line))).collect();
    let details: Vec<String> = rows.iter().map(|(_, line)| text(&line.detail)).collect::<QueryResult<_>>()?;
    let numbers = |f: fn(&crate::orders::order::OrderLine) -> Decimal| rows.iter().map(|(_, line)| f(line)).collect::<Vec<_>>();
    Ok(statement
        .bind::<Array<Integer>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.1.line_number).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.name.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.kind).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.unit.as_str()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(numbers(|l| l.unit_factor))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.quantity))
        .bind::<Array<Numeric>, _>(numbers(|l| l.unit_price))
        .bind::<Array<Numeric>, _>(numbers(|l| l.price_quantity))
        .bind::<Array<Numeric>, _>(numbers(|l| l.discount_amount))
        .bind::<Array<Numeric>, _>(numbers(|l| l.net_amount))
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.tax_category.as_str()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(numbers(|l| l.tax_rate))
        .bind::<Array<Numeric>, _>(numbers(|l| l.tax_amount))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.unallocated))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.backordered))
        .bind::<Array<Numeric>, _>(numbers(|l| l.quantities.allocated))
        .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.1.requested_on).collect::<Vec<_>>())
        .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.1.promised_on).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(details))
}

fn bind_fulfillment_orders<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> Sql<'a> {
    let rows: Vec<_> = numbered(batch).flat_map(|(ord, c)| c.order.fulfillment_orders.iter().map(move |f| (ord, f))).collect();
    statement
        .bind::<Array<Integer>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.number.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.location.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.status).collect::<Vec<_>>())
        .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.1.ship_by_on).collect::<Vec<_>>())
}

fn bind_holds<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> Sql<'a> {
    let rows: Vec<_> = numbered(batch).flat_map(|(ord, c)| c.order.holds.iter().map(move |hold| (ord, hold))).collect();
    let joined = |words: Vec<&str>| words.join(",");
    statement
        .bind::<Array<Integer>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.code).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(rows.iter().map(|row| row.1.order_line_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| joined(row.1.code.blocks().iter().map(|b| b.as_str()).collect())).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(
            rows.iter().map(|row| joined(row.1.code.releasable_by().iter().map(|r| r.as_str()).collect())).collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.data.to_string()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.1.detail.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.raised_by.as_str()).collect::<Vec<_>>())
}

fn bind_events<'a>(statement: Sql<'a>, batch: &'a [Captured<'a>]) -> Sql<'a> {
    let rows: Vec<_> = numbered(batch).flat_map(|(ord, c)| c.events.iter().map(move |event| (ord, c, event))).collect();
    statement
        .bind::<Array<Integer>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.2.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.1.actor).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.2.1.as_str()).collect::<Vec<_>>())
}

/// Orders with their place in the batch, from 1 as `WITH ORDINALITY` counts.
fn numbered<'a>(batch: &'a [Captured<'a>]) -> impl Iterator<Item = (i32, &'a Captured<'a>)> {
    (1i32..).zip(batch)
}

fn text(value: &impl serde::Serialize) -> QueryResult<String> {
    serde_json::to_string(value).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

/// Why the capture statement refused, `None` where it failed for another reason.
pub fn refusal(error: &diesel::result::Error) -> Option<&str> {
    match error {
        diesel::result::Error::DatabaseError(_, info) if matches!(info.message(), "claim" | "credit" | "supply" | "stock") => {
            Some(info.message())
        }
        _ => None,
    }
}

#[derive(QueryableByName)]
struct ClaimRow {
    #[diesel(sql_type = SqlUuid)]
    subject_id: OrderId,
}

/// First step of the slow path: fence and claims, sorted. Returns how many of its claims each order got.
pub fn insert_claims(connection: &mut PgConnection, claims: &[(Uuid, OrderId, &Claim)], at: DateTime<Utc>) -> QueryResult<Vec<OrderId>> {
    let rows: Vec<ClaimRow> = sql("WITH fence AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(last_value) FROM event_id) \
         INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
         SELECT t.org, t.kind, t.key, t.subject, t.hash, 0, $6 FROM fence, unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[]) \
         AS t(org, kind, key, subject, hash) ORDER BY t.org, t.kind COLLATE \"C\", t.key COLLATE \"C\" ON CONFLICT DO NOTHING RETURNING subject_id")
    .bind::<Array<SqlUuid>, _>(claims.iter().map(|c| c.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|c| c.2.kind).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|c| c.2.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(claims.iter().map(|c| c.1).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(claims.iter().map(|c| c.2.hash.as_slice()).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(at)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.subject_id).collect())
}

/// Gives back the claims of orders that are not written after all.
pub fn delete_claims(connection: &mut PgConnection, claims: &[(Uuid, OrderId, &Claim)]) -> QueryResult<()> {
    sql("DELETE FROM claim c USING unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS t(org, kind, key, subject) \
         WHERE c.organization_id = t.org AND c.kind = t.kind AND c.key = t.key AND c.subject_id = t.subject")
    .bind::<Array<SqlUuid>, _>(claims.iter().map(|c| c.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|c| c.2.kind).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|c| c.2.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(claims.iter().map(|c| c.1).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

/// A claim that somebody holds.
#[derive(QueryableByName, Clone, Debug)]
pub struct HeldClaim {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: Uuid,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = SqlUuid)]
    pub subject_id: OrderId,
    #[diesel(sql_type = Binary)]
    pub hash: Vec<u8>,
    #[diesel(sql_type = SmallInt)]
    pub status: i16,
    #[diesel(sql_type = Nullable<Binary>)]
    pub answer: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub headers: Option<String>,
}

/// Which of the claims are held, by whom, with what answer: one set query for a whole batch.
pub fn held_claims(connection: &mut PgConnection, claims: &[(Uuid, OrderId, &Claim)]) -> QueryResult<Vec<HeldClaim>> {
    sql("SELECT c.organization_id, c.kind, c.key, c.subject_id, c.hash, c.status, c.answer, c.headers \
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t(org, kind, key) \
         JOIN claim c ON c.organization_id = t.org AND c.kind = t.kind AND c.key = t.key")
    .bind::<Array<SqlUuid>, _>(claims.iter().map(|c| c.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|c| c.2.kind).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|c| c.2.key.as_str()).collect::<Vec<_>>())
    .load(connection)
}

/// Writes what a new order has been paid. Few orders come with money, so the capture statement does without these columns.
pub fn set_paid(connection: &mut PgConnection, order: &Order) -> QueryResult<()> {
    sql("UPDATE sales_order SET amount_paid = $3, amount_authorized = $4 WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(order.organization_id)
        .bind::<SqlUuid, _>(order.id)
        .bind::<Numeric, _>(order.amount_paid)
        .bind::<Numeric, _>(order.amount_authorized)
        .execute(connection)?;
    Ok(())
}
