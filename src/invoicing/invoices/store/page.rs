use super::load::{COLUMNS, Row, with_lines};
use crate::invoicing::invoices::balance::InvoiceStatus;
use crate::invoicing::invoices::invoice::Invoice;
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, InvoiceId, OrderId, OrganizationId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};

text_enum! {
    /// How invoices are sorted.
    pub enum Sort {
        /// In the order in which they were issued.
        CreatedAt = "created_at",
        /// By their last change, for those who keep a copy.
        UpdatedAt = "updated_at",
        /// What is due first comes first.
        DueOn = "due_on",
    }
}

impl Sort {
    /// Whether a cursor's text can be a value of the column that is sorted by.
    pub fn takes(self, key: &str) -> bool {
        match self {
            Self::CreatedAt => key.is_empty(),
            Self::UpdatedAt => key.parse::<DateTime<Utc>>().is_ok(),
            Self::DueOn => key.parse::<NaiveDate>().is_ok(),
        }
    }
}

/// What a list of invoices is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub statuses: Option<Vec<InvoiceStatus>>,
    pub number: Option<String>,
    pub issued_from: Option<NaiveDate>,
    pub issued_to: Option<NaiveDate>,
    pub due_before: Option<NaiveDate>,
    /// Overdue ones, or the others.
    pub overdue: Option<bool>,
    pub updated_from: Option<DateTime<Utc>>,
    /// The organization's date, by which `overdue` is told.
    pub today: NaiveDate,
}

impl Filter {
    /// Only the conditions that are asked for, so that each combination has a plan of its own.
    fn conditions(&self) -> String {
        const OVERDUE: &str = "i.status IN ('issued', 'partially_paid') AND i.due_on < $9";
        let mut text = String::new();
        let mut add = |asked: bool, condition: &str| {
            if asked {
                text.push_str(" AND ");
                text.push_str(condition);
            }
        };
        add(self.order_id.is_some(), "i.order_id = $2");
        add(self.customer_id.is_some(), "i.customer_id = $3");
        add(self.statuses.is_some(), "i.status = ANY($4)");
        add(self.number.is_some(), "i.number = $5");
        add(self.issued_from.is_some(), "i.issued_on >= $6");
        add(self.issued_to.is_some(), "i.issued_on <= $7");
        add(self.due_before.is_some(), "i.due_on < $8");
        add(self.overdue == Some(true), OVERDUE);
        add(self.overdue == Some(false), &format!("NOT ({OVERDUE})"));
        add(self.updated_from.is_some(), "i.updated_at >= $10");
        text
    }
}

/// Rows after the key of the page before: the id, with the sort's own column where it has one.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    sort: Sort,
    after: Option<(&str, InvoiceId)>,
    limit: i64,
) -> QueryResult<Vec<Invoice>> {
    let (after_text, order) = match sort {
        Sort::CreatedAt => ("i.id > $12", "i.id"),
        Sort::UpdatedAt => ("(i.updated_at, i.id) > ($11::text::timestamptz, $12)", "i.updated_at, i.id"),
        Sort::DueOn => ("(i.due_on, i.id) > ($11::text::date, $12)", "i.due_on, i.id"),
    };
    let after_text = if after.is_some() { format!(" AND {after_text}") } else { String::new() };
    let conditions = filter.conditions();
    let statuses = filter.statuses.as_ref().map(|all| all.iter().map(|status| status.as_str()).collect::<Vec<_>>());
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM invoice i WHERE i.organization_id = $1{conditions}{after_text} ORDER BY {order} LIMIT $13"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Nullable<SqlUuid>, _>(filter.order_id)
            .bind::<Nullable<SqlUuid>, _>(filter.customer_id)
            .bind::<Nullable<Array<Text>>, _>(statuses)
            .bind::<Nullable<Text>, _>(filter.number.as_deref())
            .bind::<Nullable<Date>, _>(filter.issued_from)
            .bind::<Nullable<Date>, _>(filter.issued_to)
            .bind::<Nullable<Date>, _>(filter.due_before)
            .bind::<Date, _>(filter.today)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .bind::<Nullable<Text>, _>(after.map(|key| key.0))
            .bind::<Nullable<SqlUuid>, _>(after.map(|key| key.1))
            .bind::<BigInt, _>(limit)
            .load(connection)?;
    with_lines(connection, organization_id, rows)
}
