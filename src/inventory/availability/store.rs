use crate::inventory::stock::ProductRow;
use crate::platform::sql::sql;
use crate::types::id::{IncomingSupplyId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// One figure of a product's supply, in base units: of a location that ships, of supply that is expected, or, with neither,
/// what lines that wait are owed.
#[derive(QueryableByName)]
pub struct SupplyRow {
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub location: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    pub expected_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub incoming_id: Option<IncomingSupplyId>,
    /// Of supply, what is promised to nobody.
    #[diesel(sql_type = Numeric)]
    pub quantity: Decimal,
    /// Of supply, what is promised to lines that wait.
    #[diesel(sql_type = Numeric)]
    pub pegged: Decimal,
    /// Of what lines wait for, the smallest quantity that may be promised of them.
    #[diesel(sql_type = Numeric)]
    pub step: Decimal,
}

/// All figures of the products `$2` of the organization `$1`.
const FIGURES: &str = "SELECT s.sku, s.location, NULL::date AS expected_on, NULL::uuid AS incoming_id, 0::numeric AS pegged, s.on_hand - s.reserved - s.safety_stock - s.quarantined AS quantity, k.priority, 0::numeric AS step \
         FROM stock_level s JOIN location k ON k.organization_id = s.organization_id AND k.code = s.location AND k.active AND k.kind <> 'supplier' \
         WHERE s.organization_id = $1 AND s.sku = ANY($2) \
         UNION ALL SELECT i.sku, i.location, i.expected_on, i.id, i.pegged_quantity, greatest(i.quantity - i.received_quantity, 0) - i.pegged_quantity, 0, 0 FROM incoming_supply i \
         JOIN location k ON k.organization_id = i.organization_id AND k.code = i.location AND k.active AND k.kind <> 'supplier' \
         WHERE i.organization_id = $1 AND i.sku = ANY($2) AND i.status = 'open' \
         UNION ALL SELECT l.sku, NULL, NULL, NULL, 0, round(sum(l.base_quantity), 3), 0, l.step FROM waiting_line l \
         WHERE l.organization_id = $1 AND l.sku = ANY($2) GROUP BY 1, 8";

/// All figures of these products; locations in the order in which they ship.
pub fn supply(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<SupplyRow>> {
    sql(format!(
        "SELECT sku, location, expected_on, incoming_id, quantity, pegged, step FROM ({FIGURES}) f ORDER BY priority, location, step DESC"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)
}

/// A product that a cart asks about, with one figure of its supply.
#[derive(QueryableByName)]
pub struct CartRow {
    #[diesel(embed)]
    pub product: ProductRow,
    /// The date in the organization's time zone.
    #[diesel(sql_type = Date)]
    pub today: NaiveDate,
    #[diesel(sql_type = Nullable<Text>)]
    pub location: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    pub expected_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub incoming_id: Option<IncomingSupplyId>,
    /// Null of a product that has no figure.
    #[diesel(sql_type = Nullable<Numeric>)]
    pub quantity: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    pub pegged: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    pub step: Option<Decimal>,
}

/// All that a checkout's question needs, in one statement: shoppers wait for it.
pub fn cart(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    skus: &[&str],
    now: DateTime<Utc>,
) -> QueryResult<Vec<CartRow>> {
    sql(format!(
        "SELECT p.id, p.sku, p.kind = 'stocked' AS stocked, p.active, p.unit, p.units, p.quantity_scale, p.standard_cost, \
         ($3 AT TIME ZONE o.time_zone)::date AS today, f.location, f.expected_on, f.incoming_id, f.quantity, f.pegged, f.step \
         FROM product p JOIN organization o ON o.id = p.organization_id LEFT JOIN ({FIGURES}) f ON f.sku = p.sku \
         WHERE p.organization_id = $1 AND p.sku = ANY($2) ORDER BY f.priority, f.location, f.step DESC"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .bind::<Timestamptz, _>(now)
    .load(connection)
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
