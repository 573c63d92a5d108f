use super::load::{COLUMNS, Row, with_lines};
use crate::invoicing::invoices::invoice::Invoice;
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::sql_uncached;
use crate::types::id::{CustomerId, InvoiceId, OrderId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// What a list of invoices is narrowed to; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub order_id: Vec<OrderId>,
    pub customer_id: Vec<CustomerId>,
    pub status: Vec<String>,
    pub number: Vec<String>,
    pub issued_from: Option<NaiveDate>,
    pub issued_to: Option<NaiveDate>,
    pub due_before: Option<NaiveDate>,
    /// Overdue ones, or the others.
    pub overdue: Option<bool>,
    pub updated_from: Option<DateTime<Utc>>,
}

impl Filter {
    /// Only the conditions that are asked for, so that each combination has a plan of its own.
    fn conditions(&self) -> String {
        const OVERDUE: &str = "(i.status IN ('issued', 'partially_paid') AND i.due_on < $9)";
        asked_for(&[
            (!self.order_id.is_empty(), " AND i.order_id = ANY($2)"),
            (!self.customer_id.is_empty(), " AND i.customer_id = ANY($3)"),
            (!self.status.is_empty(), " AND i.status = ANY($4)"),
            (!self.number.is_empty(), " AND i.number = ANY($5)"),
            (self.issued_from.is_some(), " AND i.issued_on >= $6"),
            (self.issued_to.is_some(), " AND i.issued_on <= $7"),
            (self.due_before.is_some(), " AND i.due_on < $8"),
            (self.overdue == Some(true), &format!(" AND {OVERDUE}")),
            (self.overdue == Some(false), &format!(" AND NOT {OVERDUE}")),
            (self.updated_from.is_some(), " AND i.updated_at >= $10"),
        ])
    }
}

/// One row more than the page has, to tell whether another follows. `today` is the organization's date.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<InvoiceId>,
    today: NaiveDate,
) -> QueryResult<Vec<Invoice>> {
    let mut conditions = filter.conditions();
    if slice.after.is_some() {
        conditions.push_str(&format!(" AND {}", slice.sort.after("i", "$11", "$12")));
    }
    let order = slice.sort.order_by("i");
    let rows: Vec<Row> =
        sql_uncached(format!("SELECT {COLUMNS} FROM invoice i WHERE i.organization_id = $1{conditions} ORDER BY {order} LIMIT $13"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(&filter.order_id)
            .bind::<Array<SqlUuid>, _>(&filter.customer_id)
            .bind::<Array<Text>, _>(&filter.status)
            .bind::<Array<Text>, _>(&filter.number)
            .bind::<Nullable<Date>, _>(filter.issued_from)
            .bind::<Nullable<Date>, _>(filter.issued_to)
            .bind::<Nullable<Date>, _>(filter.due_before)
            .bind::<Date, _>(today)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .bind::<Nullable<Text>, _>(slice.after.as_ref().map(|after| after.key.as_str()))
            .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
            .bind::<BigInt, _>(slice.limit as i64 + 1)
            .load(connection)?;
    with_lines(connection, organization_id, rows)
}
