use super::service::NewOrganization;
use crate::platform::sql::sql;
use crate::types::id::{ChannelId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};

pub fn insert(connection: &mut PgConnection, id: OrganizationId, new: &NewOrganization, now: DateTime<Utc>) -> QueryResult<usize> {
    sql("INSERT INTO organization (id, code, legal_name, country, time_zone, base_currency, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)")
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(&new.code)
    .bind::<Text, _>(&new.name)
    .bind::<Text, _>(&new.country)
    .bind::<Text, _>(&new.time_zone)
    .bind::<Text, _>(&new.currency)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// The terms that every trade knows.
pub fn seed_payment_terms(connection: &mut PgConnection, id: OrganizationId, now: DateTime<Utc>) -> QueryResult<usize> {
    sql("INSERT INTO payment_term (organization_id, code, name, net_days, end_of_month, prepayment, cash_on_delivery, created_at, updated_at) \
         SELECT $1, code, name, net_days, false, prepayment, cash_on_delivery, $2, $2 FROM (VALUES \
         ('due_on_receipt', 'Due on receipt', 0, false, false), ('net_15', '15 days net', 15, false, false), \
         ('net_30', '30 days net', 30, false, false), ('net_60', '60 days net', 60, false, false), \
         ('prepaid', 'Payment in advance', 0, true, false), ('cod', 'Cash on delivery', 0, false, true)) \
         AS term (code, name, net_days, prepayment, cash_on_delivery)")
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// `HIST` keeps imported history apart, so that the numbers of `INV` begin at one and have no gap.
pub fn seed_invoice_series(connection: &mut PgConnection, id: OrganizationId, now: DateTime<Utc>) -> QueryResult<usize> {
    sql("INSERT INTO invoice_series (organization_id, code, kind, prefix, created_at, updated_at) \
         SELECT $1, code, kind, prefix, $2, $2 FROM (VALUES \
         ('INV', 'invoice', 'INV-'), ('CN', 'credit_note', 'CN-'), ('HIST', 'invoice', 'HIST-')) AS series (code, kind, prefix)")
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// The account of each role, as (role, code, name).
pub fn seed_ledger_accounts(
    connection: &mut PgConnection,
    id: OrganizationId,
    accounts: &[(&str, &str, &str)],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    sql("INSERT INTO ledger_account (organization_id, role, code, name, created_at, updated_at) \
         SELECT $1, a.role, a.code, a.name, $2, $2 FROM unnest($3, $4, $5) AS a(role, code, name)")
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(accounts.iter().map(|(role, ..)| *role).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(accounts.iter().map(|(_, code, _)| *code).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(accounts.iter().map(|(.., name)| *name).collect::<Vec<_>>())
    .execute(connection)
}

/// The channel of orders that name none.
pub fn seed_channel(connection: &mut PgConnection, id: OrganizationId, now: DateTime<Utc>) -> QueryResult<usize> {
    sql("INSERT INTO channel (organization_id, id, code, kind, name, active, created_at, updated_at) \
         VALUES ($1, $2, 'direct', 'direct', 'Direct', true, $3, $3)")
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(ChannelId::generate())
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

pub fn find_by_code(connection: &mut PgConnection, code: &str) -> QueryResult<Option<OrganizationId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: OrganizationId,
    }
    let row: Option<Row> = sql("SELECT id FROM organization WHERE code = $1").bind::<Text, _>(code).get_result(connection).optional()?;
    Ok(row.map(|row| row.id))
}
