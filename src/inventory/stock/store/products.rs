use crate::inventory::stock::product::{Products, StockedProduct};
use crate::platform::sql::sql;
use crate::types::id::{OrganizationId, ProductId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Numeric, SmallInt, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

#[derive(QueryableByName)]
pub struct ProductRow {
    #[diesel(sql_type = SqlUuid)]
    id: ProductId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Bool)]
    stocked: bool,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Jsonb)]
    units: Value,
    #[diesel(sql_type = SmallInt)]
    quantity_scale: i16,
    #[diesel(sql_type = Nullable<Numeric>)]
    standard_cost: Option<Decimal>,
}

impl From<ProductRow> for StockedProduct {
    fn from(row: ProductRow) -> Self {
        let units = row.units.as_array().map(Vec::as_slice).unwrap_or_default();
        let unit = |unit: &Value| Some((unit.get("unit")?.as_str()?.to_owned(), unit.get("factor")?.as_str()?.parse().ok()?));
        Self {
            units: units.iter().filter_map(unit).collect(),
            id: row.id,
            sku: row.sku,
            stocked: row.stocked,
            active: row.active,
            unit: row.unit,
            quantity_scale: u32::try_from(row.quantity_scale).unwrap_or(0),
            standard_cost: row.standard_cost,
        }
    }
}

/// The products with these SKUs, by SKU; those that are not there are missing.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Products> {
    let rows: Vec<ProductRow> = sql("SELECT id, sku, kind = 'stocked' AS stocked, active, unit, units, quantity_scale, standard_cost \
         FROM product WHERE organization_id = $1 AND sku = ANY($2)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.sku.clone(), StockedProduct::from(row))).collect())
}
