//! Telling that stock runs low.

use super::level::StockLevel;
use super::store;
use crate::events::event::NewEvent;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

/// The `inventory.low_stock` event of each level, which must just have fallen below its reorder point.
pub fn low_stock_events(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    fallen: &[&StockLevel],
) -> QueryResult<Vec<NewEvent>> {
    if fallen.is_empty() {
        return Ok(vec![]);
    }
    let skus: Vec<&str> = fallen.iter().map(|level| level.sku.as_str()).collect();
    let products = store::products::find(connection, organization_id, &skus)?;
    let event = |level: &&StockLevel| {
        let data = json!({
            "sku": level.sku,
            "location": level.location,
            "available": level.available().normalize().to_string(),
            "on_hand": level.on_hand.normalize().to_string(),
            "reorder_point": level.reorder_point.map(|point| point.normalize().to_string()),
        });
        products.get(&level.sku).map(|product| NewEvent::of("inventory.low_stock", "product", product.id.0, data))
    };
    Ok(fallen.iter().filter_map(event).collect())
}
