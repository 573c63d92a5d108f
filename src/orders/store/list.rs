//! Lists by keyset: one statement a page, whose text is made of the filters that are given.
//!
//! Statements run on generic plans, which do not know the bound values. So what the choice of an index hangs on is part of the text:
//! words of a closed set (statuses, hold codes) and instants stand in it as constants, and where a filter is on another table with an
//! index in the order of the orders' ids (SKU, location, hold), that index leads and the orders follow one by one until the page is
//! full. No page reads more rows for being deep in the list.

use super::shown::{COLUMNS, ShownOrder};
use crate::orders::filter::{OrderFilter, OrderSort};
use crate::platform::sql::{Sql, sql, sql_uncached};
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Array, Date, SingleValue, SqlType, Text, Timestamptz, Uuid as SqlUuid};

/// A window of `ordered_at` up to this long is read whole from its index; a longer one is met on the way through the list.
const NARROW: TimeDelta = TimeDelta::days(93);

/// Rows are fetched by these counts, so that `LIMIT` is a constant, which a plan needs to know, and texts stay few.
const FETCHED: [usize; 3] = [11, 51, 201];

/// A query whose conditions are added one by one; texts are constants, values are bound.
struct Conditions<'a> {
    /// The table that leads, with its join to the orders.
    from: String,
    text: String,
    binds: Vec<Box<dyn FnOnce(Sql<'a>) -> Sql<'a> + 'a>>,
    /// How many filters there are.
    filters: usize,
    /// The text holds values of the request, so that it is used once.
    once: bool,
}

impl<'a> Conditions<'a> {
    /// The place of a value to bind; `$1` is the organization.
    fn place<ST, V>(&mut self, value: V) -> String
    where
        ST: SqlType + SingleValue + 'a,
        V: AsExpression<ST> + 'a,
        V::Expression: QueryFragment<Pg> + 'a,
    {
        self.binds.push(Box::new(move |statement| statement.bind::<ST, V>(value)));
        format!("${}", self.binds.len() + 1)
    }

    /// Adds `AND condition`.
    fn and(&mut self, condition: &str) {
        self.filters += 1;
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    /// Adds `AND column = value`, or any of several.
    fn equals(&mut self, column: &str, values: &'a [String]) {
        match values {
            [] => {}
            [value] => {
                let place = self.place::<Text, _>(value);
                self.and(&format!("{column} = {place}"));
            }
            values => {
                let place = self.place::<Array<Text>, _>(values);
                self.and(&format!("{column} = ANY({place})"));
            }
        }
    }

    /// The same for words of a closed set, which stand in the text: partial indexes and statistics know them.
    fn is_one_of(&mut self, column: &str, words: &[String]) {
        if !words.is_empty() {
            self.once |= words.len() > 1;
            self.and(&format!("{column} IN ({})", constants(words)));
        }
    }

    fn instant(&mut self, condition: &str, at: DateTime<Utc>) {
        self.once = true;
        self.and(&format!("{condition} {}", constant(at)));
    }
}

/// Words that have been read as values of a closed set: letters and underscores.
fn constants(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
    quoted.join(", ")
}

/// Years that Postgres writes otherwise are beyond every order: the nearest that it reads means the same.
fn constant(at: DateTime<Utc>) -> String {
    let first = DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or(at);
    let last = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(at);
    format!("'{}'::timestamptz", at.clamp(first, last).to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Up to `limit` orders and one more after the key of the last one seen.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &OrderFilter,
    after: Option<(DateTime<Utc>, OrderId)>,
) -> QueryResult<Vec<ShownOrder>> {
    let mut c = Conditions { from: "sales_order o".to_owned(), text: String::new(), binds: vec![], filters: 0, once: false };
    let led = lead(&mut c, filter, after);
    own_columns(&mut c, filter);
    window(&mut c, filter);
    parts(&mut c, filter, led);
    let fetched = FETCHED.into_iter().find(|fetched| *fetched > filter.limit).unwrap_or(filter.limit + 1);
    search(&mut c, filter, after, fetched);
    if let Some((key, id)) = after {
        let id = c.place::<SqlUuid, _>(id);
        let at = match filter.sort {
            OrderSort::Newest | OrderSort::Oldest => String::new(),
            OrderSort::UpdatedFirst | OrderSort::UpdatedLast | OrderSort::OrderedFirst | OrderSort::OrderedLast => {
                c.place::<Timestamptz, _>(key)
            }
        };
        let condition = match filter.sort {
            OrderSort::Newest => format!("o.id < {id}"),
            OrderSort::Oldest => format!("o.id > {id}"),
            OrderSort::UpdatedFirst => format!("(o.updated_at, o.id) > ({at}, {id})"),
            OrderSort::UpdatedLast => format!("(o.updated_at, o.id) < ({at}, {id})"),
            OrderSort::OrderedFirst => format!("(o.ordered_at, o.id) > ({at}, {id})"),
            OrderSort::OrderedLast => format!("(o.ordered_at, o.id) < ({at}, {id})"),
        };
        c.text.push_str(" AND ");
        c.text.push_str(&condition);
    }
    let order = match filter.sort {
        OrderSort::Newest => "o.id DESC",
        OrderSort::Oldest => "o.id",
        OrderSort::UpdatedFirst => "o.updated_at, o.id",
        OrderSort::UpdatedLast => "o.updated_at DESC, o.id DESC",
        OrderSort::OrderedFirst => "o.ordered_at, o.id",
        OrderSort::OrderedLast => "o.ordered_at DESC, o.id DESC",
    };
    // The same, said of the table that is read in this order.
    let reading = if led == Lead::Orders {
        order
    } else if filter.sort == OrderSort::Newest {
        "k.order_id DESC"
    } else {
        "k.order_id"
    };
    let is_status = |status: &[String]| format!(" AND o.status = {}", constants(status));
    let page =
        |more: &str| format!("SELECT o.* FROM {} WHERE o.organization_id = $1{}{more} ORDER BY {reading} LIMIT {fetched}", c.from, c.text);
    let rows = match filter.status.as_slice() {
        [] => page(""),
        [_] => page(&is_status(&filter.status)),
        // Each status has its part of an index; the first rows of the parts hold the first rows of all.
        several => {
            let parts: Vec<String> = several.chunks(1).map(|status| format!("({})", page(&is_status(status)))).collect();
            format!("SELECT o.* FROM ({}) o ORDER BY {order} LIMIT {fetched}", parts.join(" UNION ALL "))
        }
    };
    let text = format!("SELECT {COLUMNS} FROM ({rows}) o ORDER BY {order}");
    // Combinations of filters are many: only lists with one filter or none are worth a prepared statement in each connection.
    let statement = if c.once || c.filters > 1 { sql_uncached(text) } else { sql(text) };
    let statement = c.binds.into_iter().fold(statement.bind::<SqlUuid, _>(organization_id), |statement, bind| bind(statement));
    let mut orders: Vec<ShownOrder> = statement.load(connection)?;
    orders.truncate(filter.limit + 1);
    Ok(orders)
}

/// A filter on another table whose index leads the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Orders,
    Holds,
    Lines,
    Locations,
}

/// Lets an index that is in the order of the list lead, where a filter has one.
fn lead<'a>(c: &mut Conditions<'a>, filter: &'a OrderFilter, after: Option<(DateTime<Utc>, OrderId)>) -> Lead {
    let direction = match filter.sort {
        OrderSort::Newest => "DESC",
        OrderSort::Oldest => "ASC",
        OrderSort::UpdatedFirst | OrderSort::UpdatedLast | OrderSort::OrderedFirst | OrderSort::OrderedLast => return Lead::Orders,
    };
    let (led, table, condition) = if let [code] = filter.hold_code.as_slice() {
        (Lead::Holds, "order_hold", format!("k.released_at IS NULL AND k.code = {}", constants(std::slice::from_ref(code))))
    } else if let [sku] = filter.sku.as_slice() {
        let place = c.place::<Text, _>(sku);
        (Lead::Lines, "order_line", format!("k.sku = {place}"))
    } else if let [location] = filter.location.as_slice() {
        let place = c.place::<Text, _>(location);
        (Lead::Locations, "fulfillment_order", format!("k.location = {place}"))
    } else {
        return Lead::Orders;
    };
    c.filters += 1;
    let from_there = match after {
        None => String::new(),
        Some((_, id)) => {
            let place = c.place::<SqlUuid, _>(id);
            format!(" AND k.order_id {} {place}", if direction == "DESC" { "<" } else { ">" })
        }
    };
    // The limit keeps the planner from any other join than one order at a time.
    c.from = format!(
        "(SELECT DISTINCT k.order_id FROM {table} k WHERE k.organization_id = $1 AND {condition}{from_there} ORDER BY k.order_id {direction}) k \
         CROSS JOIN LATERAL (SELECT o.* FROM sales_order o WHERE o.organization_id = $1 AND o.id = k.order_id LIMIT 1) o"
    );
    led
}

/// A window of time is somewhere in the list: its first and last id are looked up in the index of `ordered_at`, so that the way
/// there and the rest behind it are not read.
fn window(c: &mut Conditions<'_>, filter: &OrderFilter) {
    let (Some(from), Some(to)) = (filter.ordered_from, filter.ordered_to) else { return };
    if to - from > NARROW || !filter.sort.is_by_id() {
        return;
    }
    for (than, direction) in [("<=", "DESC"), (">=", "ASC")] {
        let (from, to) = (constant(from), constant(to));
        c.text.push_str(&format!(
            " AND o.id {than} (SELECT w.id FROM (SELECT w.id FROM sales_order w WHERE w.organization_id = $1 AND w.ordered_at >= {from} \
             AND w.ordered_at < {to} OFFSET 0) w ORDER BY w.id {direction} LIMIT 1)"
        ));
    }
}

fn own_columns<'a>(c: &mut Conditions<'a>, filter: &'a OrderFilter) {
    c.equals("o.number", &filter.number);
    c.equals("o.external_id", &filter.external_id);
    // Statuses stand further up, each with its own part of the index.
    c.filters += filter.status.len();
    c.is_one_of("o.fulfillment_status", &filter.fulfillment_status);
    c.is_one_of("o.invoice_status", &filter.invoice_status);
    c.is_one_of("o.payment_status", &filter.payment_status);
    c.equals("o.channel", &filter.channel);
    if !filter.channel.is_empty() && !filter.channel.iter().any(|channel| channel == "direct") {
        // Says what the partial index is for.
        c.text.push_str(" AND o.channel <> 'direct'");
    }
    c.equals("o.sales_rep", &filter.sales_rep);
    c.equals("o.purchase_order_number", &filter.purchase_order_number);
    match filter.customer_id.as_slice() {
        [] => {}
        [id] => {
            let place = c.place::<SqlUuid, _>(id);
            c.and(&format!("o.customer_id = {place}"));
        }
        ids => {
            let place = c.place::<Array<SqlUuid>, _>(ids);
            c.and(&format!("o.customer_id = ANY({place})"));
        }
    }
    if let Some(from) = filter.ordered_from {
        c.instant("o.ordered_at >=", from);
    }
    if let Some(to) = filter.ordered_to {
        c.instant("o.ordered_at <", to);
    }
    if let Some(from) = filter.updated_from {
        c.instant("o.updated_at >=", from);
    }
}

fn parts<'a>(c: &mut Conditions<'a>, filter: &'a OrderFilter, led: Lead) {
    if !filter.hold_code.is_empty() && led != Lead::Holds {
        // Open holds are few.
        let codes = constants(&filter.hold_code);
        c.once |= filter.hold_code.len() > 1;
        c.and(&format!(
            "o.id = ANY(ARRAY(SELECT h.order_id FROM order_hold h WHERE h.organization_id = $1 AND h.released_at IS NULL AND h.code IN ({codes})))"
        ));
    }
    if !filter.sku.is_empty() && led != Lead::Lines {
        let place = c.place::<Array<Text>, _>(&filter.sku);
        c.and(&format!("o.id IN (SELECT l.order_id FROM order_line l WHERE l.organization_id = $1 AND l.sku = ANY({place}))"));
    }
    if !filter.location.is_empty() && led != Lead::Locations {
        let place = c.place::<Array<Text>, _>(&filter.location);
        c.and(&format!(
            "EXISTS (SELECT 1 FROM fulfillment_order f WHERE f.organization_id = $1 AND f.order_id = o.id AND f.location = ANY({place}))"
        ));
    }
    if let Some(before) = filter.promised_before {
        let place = c.place::<Date, _>(before);
        c.and(&format!(
            "o.id = ANY(ARRAY(SELECT l.order_id FROM order_line l WHERE l.organization_id = $1 AND l.promised_on < {place} \
             AND l.unallocated + l.backordered + l.allocated > 0))"
        ));
    }
}

/// Orders that a beginning of a number finds at most: the highest of these numbers, which are the newest ones. Who means an older order
/// types on.
const BEGINNINGS: usize = 1_000;

/// The least text, by bytes, above all that begin with this one.
fn past_beginnings(text: &str) -> Option<String> {
    let (rest, last) = text.char_indices().next_back()?;
    let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32)?;
    Some(format!("{}{next}", &text[..rest]))
}

/// What people type to find an order: one of its numbers, how one begins, or its customer. A page takes at most `most` rows.
fn search<'a>(c: &mut Conditions<'a>, filter: &'a OrderFilter, after: Option<(DateTime<Utc>, OrderId)>, most: usize) {
    let Some(q) = &filter.q else { return };
    let alone = c.filters == 0 && filter.sort.is_by_id();
    let pattern = format!("%{}%", q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let (word, pattern) = (c.place::<Text, _>(q), c.place::<Text, _>(pattern));
    let customers = format!(
        "SELECT k.id FROM customer k WHERE k.organization_id = $1 AND (k.name ILIKE {pattern} OR lower(k.email) = lower({word}) OR k.code = {word})"
    );
    if !alone {
        // Other filters or the order of change lead; this is looked at on the way.
        c.and(&format!(
            "(o.number ^@ {word} OR o.external_id = {word} OR o.purchase_order_number ^@ {word} OR o.customer_id IN ({customers}))"
        ));
        return;
    }
    let (than, direction) = if filter.sort == OrderSort::Newest { ("<", "DESC") } else { (">", "ASC") };
    let from_there = match after {
        None => String::new(),
        Some((_, id)) => format!(" AND s.id {than} {}", c.place::<SqlUuid, _>(id)),
    };
    // Each way to find an order has an index of its own, which one condition over all of them would not use. No customer can add
    // more rows than a page takes.
    let found = |column: &str| format!("SELECT s.id FROM sales_order s WHERE s.organization_id = $1 AND s.{column} = {word}{from_there}");
    let mut beginnings = String::new();
    if let Some(past) = past_beginnings(q) {
        let past = c.place::<Text, _>(past);
        for column in ["number", "purchase_order_number"] {
            beginnings.push_str(&format!(
                " UNION SELECT s.id FROM (SELECT s.id FROM sales_order s WHERE s.organization_id = $1 AND s.{column} ~>=~ {word} \
                 AND s.{column} ~<~ {past} ORDER BY s.{column} USING ~>~ LIMIT {BEGINNINGS}) s WHERE true{from_there}"
            ));
        }
    }
    c.and(&format!(
        "o.id = ANY(ARRAY(SELECT id FROM ({} UNION {} UNION {}{beginnings} UNION SELECT s.id FROM ({customers}) k CROSS JOIN LATERAL \
         (SELECT s.id FROM sales_order s WHERE s.organization_id = $1 AND s.customer_id = k.id{from_there} ORDER BY s.id {direction} LIMIT {most}) s) found \
         ORDER BY id {direction} LIMIT {most}))",
        found("number"),
        found("external_id"),
        found("purchase_order_number")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_begins_with_a_text_is_below_the_text_past_its_beginnings() {
        for (text, past) in [("SO-", "SO."), ("A", "B"), ("ab\u{7f}", "ab\u{80}"), ("\u{d7ff}", "\u{e000}"), ("é", "ê")] {
            assert_eq!(past_beginnings(text).as_deref(), Some(past));
            assert!(text.as_bytes() < past.as_bytes() && format!("{text}\u{10ffff}").as_bytes() < past.as_bytes());
        }
        assert_eq!((past_beginnings(""), past_beginnings("\u{10ffff}")), (None, None));
    }
}
