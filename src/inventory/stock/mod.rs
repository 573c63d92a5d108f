//! Stock: what lies where, and every change of it.

/// Counting differences in.
pub mod adjustments;
/// How a change of stock is answered.
pub mod change;
/// What fulfillment does with promised stock.
pub mod departures;
pub mod level;
/// The list of stock levels.
pub mod levels;
pub mod locked;
pub mod low_stock;
/// The ledger.
pub mod movements;
/// Safety stock and reorder points.
pub mod policy;
pub mod product;
pub mod promises;
/// Goods that are there but cannot be promised.
pub mod quarantine;
/// Goods that come in.
pub mod receipts;
pub mod short;
/// The figures of an outside stock system.
pub mod snapshots;
mod store;
/// Goods that move between locations.
pub mod transfers;

pub(super) use store::products::ProductRow;

use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use level::StockLevel;
use product::Products;

/// What stock must know of the products with these SKUs; unknown ones are missing.
pub fn products(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Products> {
    store::products::find(connection, organization_id, skus)
}

/// Every location of these SKUs as it is now, without a lock.
pub fn levels_of(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<StockLevel>> {
    store::levels::of_skus(connection, organization_id, skus)
}
