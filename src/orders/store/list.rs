//! Lists by keyset: ids first, in the order of the list, each filter on an index of its own.

use crate::orders::filter::{OrderFilter, OrderSort};
use crate::platform::sql::{Sql, sql_uncached};
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Array, Date, SingleValue, SqlType, Text, Timestamptz, Uuid as SqlUuid};

#[derive(QueryableByName)]
pub struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: OrderId,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

/// A query whose conditions are added one by one; texts are constants, values are bound.
struct Conditions<'a> {
    text: String,
    binds: Vec<Box<dyn FnOnce(Sql<'a>) -> Sql<'a> + 'a>>,
}

impl<'a> Conditions<'a> {
    /// Adds `AND condition`, in which `?` stands for the value.
    fn add<ST, V>(&mut self, condition: &str, value: V)
    where
        ST: SqlType + SingleValue + 'a,
        V: AsExpression<ST> + 'a,
        V::Expression: QueryFragment<Pg> + 'a,
    {
        self.binds.push(Box::new(move |statement| statement.bind::<ST, V>(value)));
        let place = format!("${}", self.binds.len() + 1);
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('?', &place));
    }
}

/// The keys of up to `limit` orders after the key of the last one seen.
pub fn keys(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &OrderFilter,
    after: Option<(DateTime<Utc>, OrderId)>,
    limit: i64,
) -> QueryResult<Vec<KeyRow>> {
    let mut c = Conditions { text: String::new(), binds: vec![] };
    for (column, values) in [
        ("o.number", &filter.number),
        ("o.external_id", &filter.external_id),
        ("o.status", &filter.status),
        ("o.fulfillment_status", &filter.fulfillment_status),
        ("o.invoice_status", &filter.invoice_status),
        ("o.payment_status", &filter.payment_status),
        ("o.channel", &filter.channel),
        ("o.sales_rep", &filter.sales_rep),
        ("o.purchase_order_number", &filter.purchase_order_number),
    ] {
        if !values.is_empty() {
            c.add::<Array<Text>, _>(&format!("{column} = ANY(?)"), values);
        }
    }
    if !filter.customer_id.is_empty() {
        c.add::<Array<SqlUuid>, _>("o.customer_id = ANY(?)", &filter.customer_id);
    }
    if !filter.hold_code.is_empty() {
        c.add::<Array<Text>, _>(
            "EXISTS (SELECT 1 FROM order_hold h WHERE h.organization_id = $1 AND h.order_id = o.id AND h.released_at IS NULL AND h.code = ANY(?))",
            &filter.hold_code,
        );
    }
    if !filter.sku.is_empty() {
        c.add::<Array<Text>, _>(
            "EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = $1 AND l.order_id = o.id AND l.sku = ANY(?))",
            &filter.sku,
        );
    }
    if !filter.location.is_empty() {
        c.add::<Array<Text>, _>(
            "EXISTS (SELECT 1 FROM fulfillment_order f WHERE f.organization_id = $1 AND f.order_id = o.id AND f.location = ANY(?))",
            &filter.location,
        );
    }
    if let Some(from) = filter.ordered_from {
        c.add::<Timestamptz, _>("o.ordered_at >= ?", from);
    }
    if let Some(to) = filter.ordered_to {
        c.add::<Timestamptz, _>("o.ordered_at < ?", to);
    }
    if let Some(from) = filter.updated_from {
        c.add::<Timestamptz, _>("o.updated_at >= ?", from);
    }
    if let Some(before) = filter.promised_before {
        c.add::<Date, _>(
            "EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = $1 AND l.order_id = o.id AND l.promised_on < ? \
             AND l.unallocated + l.backordered + l.allocated > 0)",
            before,
        );
    }
    if let Some(q) = &filter.q {
        let pattern = format!("%{}%", q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        c.add::<Array<Text>, _>(
            "(o.number = (?)[1] OR o.external_id = (?)[1] OR o.purchase_order_number = (?)[1] OR o.customer_id IN (SELECT k.id FROM customer k \
             WHERE k.organization_id = $1 AND (k.name ILIKE (?)[2] OR lower(k.email) = lower((?)[1]) OR k.code = (?)[1])))",
            vec![q.clone(), pattern],
        );
    }
    let order = match filter.sort {
        OrderSort::Newest => "o.id DESC",
        OrderSort::Oldest => "o.id",
        OrderSort::UpdatedFirst => "o.updated_at, o.id",
        OrderSort::UpdatedLast => "o.updated_at DESC, o.id DESC",
    };
    if let Some((updated_at, id)) = after {
        match filter.sort {
            OrderSort::Newest => c.add::<SqlUuid, _>("o.id < ?", id),
            OrderSort::Oldest => c.add::<SqlUuid, _>("o.id > ?", id),
            OrderSort::UpdatedFirst => {
                c.add::<Timestamptz, _>("o.updated_at >= ?", updated_at);
                c.add::<Timestamptz, _>(&format!("(o.updated_at > ? OR o.id > '{id}'::uuid)"), updated_at);
            }
            OrderSort::UpdatedLast => {
                c.add::<Timestamptz, _>("o.updated_at <= ?", updated_at);
                c.add::<Timestamptz, _>(&format!("(o.updated_at < ? OR o.id < '{id}'::uuid)"), updated_at);
            }
        }
    }
    let text =
        format!("SELECT o.id, o.updated_at FROM sales_order o WHERE o.organization_id = $1{} ORDER BY {order} LIMIT {limit}", c.text);
    let mut statement = sql_uncached(text).bind::<SqlUuid, _>(organization_id);
    for bind in c.binds {
        statement = bind(statement);
    }
    statement.load(connection)
}
