use super::body::{PaymentTerm, PutPaymentTerm};
use crate::auth::actor::Context;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::decimal::Percent;
use crate::types::id::OrganizationId;
use crate::types::page::Changed;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

const COLUMNS: &str = "code, name, net_days, end_of_month, prepayment, cash_on_delivery, discount_percent, discount_days, external_ids, metadata, \
     version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Integer)]
    net_days: i32,
    #[diesel(sql_type = Bool)]
    end_of_month: bool,
    #[diesel(sql_type = Bool)]
    prepayment: bool,
    #[diesel(sql_type = Bool)]
    cash_on_delivery: bool,
    #[diesel(sql_type = Nullable<Numeric>)]
    discount_percent: Option<Decimal>,
    #[diesel(sql_type = Nullable<Integer>)]
    discount_days: Option<i32>,
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

impl TryFrom<Row> for PaymentTerm {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        Ok(Self {
            code: row.code,
            name: row.name,
            net_days: row.net_days,
            end_of_month: row.end_of_month,
            prepayment: row.prepayment,
            cash_on_delivery: row.cash_on_delivery,
            discount_percent: row.discount_percent.map(Percent),
            discount_days: row.discount_days,
            external_ids: from_json(row.external_ids)?,
            metadata: from_json(row.metadata)?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<PaymentTerm>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM payment_term WHERE organization_id = $1 AND code = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    row.map(PaymentTerm::try_from).transpose()
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<PaymentTerm>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM payment_term WHERE organization_id = $1 AND code = $2 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    row.map(PaymentTerm::try_from).transpose()
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    asked: &Changed,
    external_ids: &BTreeMap<String, String>,
) -> QueryResult<Vec<PaymentTerm>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM payment_term WHERE organization_id = $1 AND ($2::text IS NULL OR code > $2) \
         AND ($4::timestamptz IS NULL OR updated_at >= $4) AND external_ids @> $5 ORDER BY code LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Text>, _>(asked.after.as_deref())
    .bind::<BigInt, _>(asked.limit as i64 + 1)
    .bind::<Nullable<Timestamptz>, _>(asked.updated_from)
    .bind::<Jsonb, _>(to_json(external_ids)?)
    .load(connection)?;
    rows.into_iter().map(PaymentTerm::try_from).collect()
}

/// Inserts or replaces; an upsert, so that two at once both succeed, one after the other.
pub fn upsert(connection: &mut PgConnection, context: &Context, code: &str, term: &PutPaymentTerm) -> QueryResult<PaymentTerm> {
    let row: Row = sql(format!(
        "INSERT INTO payment_term AS t (organization_id, code, name, net_days, end_of_month, prepayment, cash_on_delivery, discount_percent, \
         discount_days, created_at, updated_at, external_ids, metadata) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12) \
         ON CONFLICT (organization_id, code) DO UPDATE SET name = $3, net_days = $4, end_of_month = $5, prepayment = $6, cash_on_delivery = $7, \
         discount_percent = $8, discount_days = $9, external_ids = $11, metadata = $12, updated_at = $10, version = t.version + 1 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(code)
    .bind::<Text, _>(&term.name)
    .bind::<Integer, _>(term.net_days)
    .bind::<Bool, _>(term.end_of_month)
    .bind::<Bool, _>(term.prepayment)
    .bind::<Bool, _>(term.cash_on_delivery)
    .bind::<Nullable<Numeric>, _>(term.discount_percent.map(|percent| percent.0))
    .bind::<Nullable<Integer>, _>(term.discount_days)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Jsonb, _>(to_json(&term.external_ids)?)
    .bind::<Jsonb, _>(to_json(&term.metadata)?)
    .get_result(connection)?;
    PaymentTerm::try_from(row)
}
