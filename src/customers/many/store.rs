use crate::auth::actor::Context;
use crate::customers::body::PutCustomer;
use crate::customers::store::{Standing, columns, definition, record};
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};

/// A customer that is there, and locked.
#[derive(QueryableByName)]
pub struct Known {
    #[diesel(sql_type = SqlUuid)]
    pub id: CustomerId,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    #[diesel(sql_type = Bool)]
    pub has_payer: bool,
    #[diesel(sql_type = Bool)]
    pub has_balance: bool,
    #[diesel(sql_type = Bool)]
    pub pays_for_others: bool,
}

/// Locks the customers with these codes or ids as one sorted set, and reads them as they are once locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, codes: &[&str], ids: &[CustomerId]) -> QueryResult<Vec<Known>> {
    sql(
        "SELECT c.id FROM customer c WHERE c.organization_id = $1 AND (c.code = ANY($2) OR c.id = ANY($3)) ORDER BY c.id FOR NO KEY UPDATE",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(codes)
    .bind::<Array<SqlUuid>, _>(ids)
    .execute(connection)?;
    sql("SELECT c.id, c.code, c.bill_to_customer_id IS NOT NULL AS has_payer, \
         EXISTS (SELECT FROM customer_balance b WHERE b.organization_id = $1 AND b.customer_id = c.id) AS has_balance, \
         EXISTS (SELECT FROM customer k WHERE k.organization_id = $1 AND k.bill_to_customer_id = c.id) AS pays_for_others \
         FROM customer c WHERE c.organization_id = $1 AND (c.code = ANY($2) OR c.id = ANY($3))")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(codes)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
}

/// What customers refer to of their organization.
#[derive(QueryableByName)]
pub struct Company {
    #[diesel(sql_type = Text)]
    pub base_currency: Currency,
    /// Those that there are among the terms asked for.
    #[diesel(sql_type = Array<Text>)]
    pub terms: Vec<String>,
}

pub fn company(connection: &mut PgConnection, organization_id: OrganizationId, terms: &[&str]) -> QueryResult<Company> {
    sql("SELECT o.base_currency, ARRAY(SELECT t.code FROM payment_term t WHERE t.organization_id = $1 AND t.code = ANY($2)) AS terms \
         FROM organization o WHERE o.id = $1")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(terms)
    .get_result(connection)
}

/// A customer that has been written.
#[derive(QueryableByName)]
pub struct Written {
    #[diesel(sql_type = SqlUuid)]
    pub id: CustomerId,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// Creates or replaces customers without balances by their codes in one statement and answers those that it changed; a row that would
/// not change keeps its version. One that has got a limit since it was looked for is left alone.
pub fn upsert(connection: &mut PgConnection, context: &Context, rows: &[(CustomerId, &PutCustomer)]) -> QueryResult<Vec<Written>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let (ours, theirs) = (columns("c."), columns("excluded."));
    let ids: Vec<CustomerId> = rows.iter().map(|(id, _)| *id).collect();
    let records = rows.iter().map(|(_, body)| record(body, Standing::Account)).collect::<QueryResult<Vec<String>>>()?;
    let text = format!(
        "INSERT INTO customer AS c (organization_id, id, created_at, updated_at, {}) SELECT $1, k.id, $2, $2, {} \
         FROM unnest($3::uuid[], $4::text[]) AS k(id, body) CROSS JOIN LATERAL jsonb_to_record(k.body::jsonb) AS r({}) ORDER BY r.code \
         ON CONFLICT (organization_id, code) DO UPDATE SET ({}, version, updated_at) = ROW({theirs}, c.version + 1, excluded.updated_at) \
         WHERE ({ours}) IS DISTINCT FROM ({theirs}) AND c.credit_limit IS NULL RETURNING c.id, c.code, c.version",
        columns(""),
        columns("r."),
        definition(),
        columns("")
    );
    sql(text)
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Timestamptz, _>(context.now)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(records)
        .load(connection)
}
