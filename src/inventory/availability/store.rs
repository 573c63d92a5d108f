use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// Open supply of one product for a location that ships.
#[derive(QueryableByName)]
pub struct IncomingRow {
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Date)]
    pub expected_on: NaiveDate,
    #[diesel(sql_type = Numeric)]
    pub quantity: Decimal,
}

pub fn incoming(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<IncomingRow>> {
    sql("SELECT i.sku, i.expected_on, sum(i.quantity - i.received_quantity) AS quantity FROM incoming_supply i \
         JOIN location l ON l.organization_id = i.organization_id AND l.code = i.location AND l.active AND l.kind <> 'supplier' \
         WHERE i.organization_id = $1 AND i.sku = ANY($2) AND i.status = 'open' GROUP BY 1, 2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)
}

/// What lines that wait for supply are owed, in base units.
pub fn backordered(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<(String, Decimal)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        sku: String,
        #[diesel(sql_type = Numeric)]
        quantity: Decimal,
    }
    let rows: Vec<Row> = sql("SELECT sku, round(sum(backordered * unit_factor), 3) AS quantity FROM order_line \
         WHERE organization_id = $1 AND sku = ANY($2) AND backordered > 0 GROUP BY sku")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.sku, row.quantity)).collect())
}

/// The date in the organization's time zone.
pub fn today(connection: &mut PgConnection, organization_id: OrganizationId, now: DateTime<Utc>) -> QueryResult<NaiveDate> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Date)]
        today: NaiveDate,
    }
    let row: Row = sql("SELECT ($2 AT TIME ZONE time_zone)::date AS today FROM organization WHERE id = $1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Timestamptz, _>(now)
        .get_result(connection)?;
    Ok(row.today)
}
