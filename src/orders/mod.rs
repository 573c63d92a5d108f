//! The order itself: pricing, allocation, holds, statuses.
#![deny(clippy::float_arithmetic)]

/// Which locations ship an order, from what is on their shelves.
pub mod allocation;
/// The endpoints of orders.
pub mod api;
/// Orders that wait for supply.
pub mod backorders;
/// The JSON shapes of orders.
pub mod body;
/// What capture needs of the orders' rows.
pub mod captured;
/// A locked order before and after a use case.
pub mod change;
/// What can be said of a new order without looking anything up.
pub mod check;
/// What an order asks for, however it was written.
pub mod content;
/// From coupon codes to discounts.
pub mod coupons;
/// How far back dates of orders may lie.
pub mod dates;
/// How much must be ready before anything leaves.
pub mod delivery;
/// Discounts on a line and on the whole order.
pub mod discount;
/// Changing an order that exists.
pub mod edit;
/// Which orders a list shows.
pub mod filter;
/// Tax that a shop has charged where our rules would charge none, or at another rate.
pub mod given_tax;
/// Why an order waits.
pub mod hold;
/// Master data in memory.
pub mod master_data;
/// When an order got where.
pub mod milestones;
/// Orders by the ids of other systems.
pub mod of_channel;
/// Orders by the buyer's own number.
pub mod purchase_orders {
    pub use super::store::purchase_orders::of_customer;
}
/// The order as a whole.
pub mod order;
/// Goods that leave from another country than the organization's.
pub mod origin;
/// What dates are promised by.
pub mod outlook;
/// Lines that wait, and the supply that is promised to them.
pub mod peg;
/// Which lines a supply is promised to.
pub mod peg_list;
/// Pegs as they are stored.
pub mod pegs;
/// From prices, discounts and tax rules to every amount of an order.
pub mod pricing;
/// From a plan of allocations to fulfillment orders.
pub mod promise;
/// How much of a line is where: the quantity equation and the moves that keep it.
pub mod quantities;
/// An order as it would be.
pub mod quote;
/// What new orders are decided by.
pub mod reference;
/// Use cases that stay within orders.
pub mod service;
/// Orders that are held for want of stock.
pub mod shortage;
/// What an order's statuses mean, how actions change them, and how they follow from quantities and money.
pub mod status;
mod store;
/// What events tell of an order.
pub mod summary;
/// Tax rules, tax groups and their arithmetic.
pub mod tax;
/// Sales that are not taxed because of who buys, or where to.
pub mod tax_treatment;
/// The tax of each line and of the shipping.
pub mod taxation;
/// The value of a part of an order, so that partial invoices add up to it.
pub mod valuation;
/// From a request to a priced and checked order.
pub mod verify;
/// A draft that has waited.
pub mod verify_again;

pub use store::ShownOrder;

use crate::error::Error;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use std::collections::HashMap;

/// One order, as it is.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> Result<Option<order::Order>, Error> {
    Ok(store::find(connection, organization_id, id)?)
}

/// Many orders, in no particular order. Unknown ids are left out.
pub fn find_all(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> Result<Vec<order::Order>, Error> {
    Ok(store::load(connection, organization_id, ids)?)
}

/// The numbers of those of the orders that there are; one statement.
pub fn numbers(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> Result<HashMap<OrderId, String>, Error> {
    Ok(store::placed::numbers(connection, organization_id, ids)?.into_iter().collect())
}

/// One of these numbers that is that of an order; one statement.
pub fn one_of_numbers(connection: &mut PgConnection, organization_id: OrganizationId, numbers: &[String]) -> Result<Option<String>, Error> {
    Ok(store::placed::one_of_numbers(connection, organization_id, numbers)?)
}

/// Held orders whose hold is older than `before` and which still keep unpicked stock.
pub fn overdue_holds(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<OrderId>, Error> {
    Ok(store::holds::overdue(connection, organization_id, before, limit)?)
}

/// Organizations that have such orders.
pub fn organizations_with_overdue_holds(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<Vec<OrganizationId>, Error> {
    Ok(store::holds::organizations_overdue(connection, before)?)
}
