use super::super::role::LedgerRole;
use super::body::{LedgerAccount, PutLedgerAccount};
use crate::auth::actor::Context;
use crate::payments::payment::PaymentMethod;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};

const COLUMNS: &str = "role, nullif(tax_category, '') AS tax_category, nullif(payment_method, '') AS payment_method, code, name, version, \
     created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    role: LedgerRole,
    #[diesel(sql_type = Nullable<Text>)]
    tax_category: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    payment_method: Option<PaymentMethod>,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for LedgerAccount {
    fn from(row: Row) -> Self {
        Self {
            role: row.role,
            tax_category: row.tax_category,
            payment_method: row.payment_method,
            code: row.code,
            name: row.name,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Inserts or replaces all rows and answers those that it changed. Sorted, so that two calls at once wait for each other.
pub fn upsert(connection: &mut PgConnection, context: &Context, rows: &[PutLedgerAccount]) -> QueryResult<Vec<LedgerAccount>> {
    let changed: Vec<Row> = sql(format!(
        "INSERT INTO ledger_account AS t (organization_id, role, tax_category, payment_method, code, name, created_at, updated_at) \
         SELECT $1, given.role, coalesce(given.tax_category, ''), coalesce(given.payment_method, ''), given.code, given.name, $7, $7 \
         FROM unnest($2, $3, $4, $5, $6) AS given (role, tax_category, payment_method, code, name) ORDER BY 2, 3, 4 \
         ON CONFLICT (organization_id, role, tax_category, payment_method) DO UPDATE SET code = excluded.code, name = excluded.name, \
         updated_at = excluded.updated_at, version = t.version + 1 WHERE (t.code, t.name) <> (excluded.code, excluded.name) \
         RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.role).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.tax_category.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.payment_method).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(context.now)
    .load(connection)?;
    Ok(changed.into_iter().map(LedgerAccount::from).collect())
}

/// The whole chart, by role, tax category and payment method.
pub fn all(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<LedgerAccount>> {
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM ledger_account t WHERE organization_id = $1 ORDER BY t.role, t.tax_category, t.payment_method"))
            .bind::<SqlUuid, _>(organization_id)
            .load(connection)?;
    Ok(rows.into_iter().map(LedgerAccount::from).collect())
}

/// One row more than the page has; `after` is role, tax category and payment method of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<&[String]>,
    limit: i64,
) -> QueryResult<Vec<LedgerAccount>> {
    let part = |i: usize| after.and_then(|key| key.get(i)).cloned().unwrap_or_default();
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM ledger_account t WHERE organization_id = $1 AND (t.role, t.tax_category, t.payment_method) > ($2, $3, $4) \
         AND ($6::timestamptz IS NULL OR t.updated_at >= $6) ORDER BY t.role, t.tax_category, t.payment_method LIMIT $5"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(part(0))
    .bind::<Text, _>(part(1))
    .bind::<Text, _>(part(2))
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Timestamptz>, _>(updated_from)
    .load(connection)?;
    Ok(rows.into_iter().map(LedgerAccount::from).collect())
}
