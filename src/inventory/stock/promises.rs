//! Giving promised stock back.

use super::level::ShelfQuantity;
use super::locked::LockedStock;
use crate::auth::actor::Context;
use crate::error::Error;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Gives promised stock back: `reserved` shrinks. Locks its levels as one sorted set, last of all rows of its transaction. More
/// than is reserved is an internal error.
pub fn release_stock(connection: &mut PgConnection, context: &Context, quantities: &[ShelfQuantity]) -> Result<(), Error> {
    released(connection, context, quantities)?.write(connection, context)?;
    Ok(())
}

/// As `release_stock`, still to be written.
pub fn released(connection: &mut PgConnection, context: &Context, quantities: &[ShelfQuantity]) -> Result<LockedStock, Error> {
    let keys = quantities.iter().map(ShelfQuantity::key);
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, keys)?;
    for quantity in quantities {
        let level = stock.level_mut(&quantity.key())?;
        level.reserved -= quantity.quantity;
        if level.reserved < Decimal::ZERO {
            return Err(Error::internal(format!("more of {} at {} is given back than was promised", level.sku, level.location)));
        }
    }
    Ok(stock)
}
