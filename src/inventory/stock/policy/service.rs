use super::body::{PutPolicy, StockPolicy};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::locations;
use crate::inventory::stock::level::ShelfKey;
use crate::inventory::stock::locked::LockedStock;
use crate::inventory::stock::product::{check_size, stocked};
use crate::inventory::stock::{products, store};
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Sets safety stock and reorder point. More safety stock than there is free promises nothing more; it takes nothing back. The
/// flag tells whether the level is new.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    key: &ShelfKey,
    body: &PutPolicy,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(StockPolicy, bool), Error> {
    let products = products(connection, context.organization_id, &[&key.sku])?;
    if !products.contains_key(&key.sku) {
        return Err(Error::not_found("product"));
    }
    locations::service::get(connection, context.organization_id, &key.location)?;
    let mut faults = Faults::new();
    let product = stocked(&products, &mut faults, "", &key.sku);
    for (pointer, quantity) in [("/safety_stock", Some(body.safety_stock)), ("/reorder_point", body.reorder_point)] {
        let quantity = quantity.unwrap_or_default().0;
        faults.require(quantity >= Decimal::ZERO, pointer, "out_of_range", "must not be below 0");
        check_size(&mut faults, pointer, quantity, product);
    }
    faults.into_result()?;

    let before = store::levels::find(connection, context.organization_id, key)?;
    match &before {
        Some(level) if create_only => return Err(Error::Stale { current: level.policy_version }),
        None if *precondition != Precondition::Any => return Err(Error::not_found("stock level")),
        Some(_) | None => {}
    }
    let mut stock = LockedStock::lock(connection, context, [key.clone()])?;
    let level = stock.level_mut(key)?;
    precondition.check(level.policy_version)?;
    let wanted = (body.safety_stock.0, body.reorder_point.map(|point| point.0));
    let changed = (level.safety_stock, level.reorder_point) != wanted;
    (level.safety_stock, level.reorder_point) = wanted;
    if changed {
        level.policy_version += 1;
        level.policy_updated_at = context.now;
    }
    let written = stock.write(connection, context)?;
    let level = &written.first().ok_or_else(|| Error::internal("a locked stock level was not written"))?.level;
    let policy = StockPolicy::from(level);
    if let Some(product) = product.filter(|_| changed) {
        crate::events::append(connection, context, &[NewEvent::of("inventory.policy_changed", "product", product.id.0, json!(policy))])?;
    }
    Ok((policy, before.is_none()))
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, key: &ShelfKey) -> Result<StockPolicy, Error> {
    let level = store::levels::find(connection, organization_id, key)?;
    level.as_ref().map(StockPolicy::from).ok_or(Error::not_found("stock level"))
}
