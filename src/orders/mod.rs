//! The order itself: pricing, allocation, holds, statuses.

/// Which locations ship an order, from what is on their shelves.
pub mod allocation;
/// The JSON shapes of orders.
pub mod body;
/// A locked order before and after a use case.
pub mod change;
/// Discounts on a line and on the whole order.
pub mod discount;
/// Why an order waits.
pub mod hold;
/// When an order got where.
pub mod milestones;
/// The order as a whole.
pub mod order;
/// From prices, discounts and tax rules to every amount of an order.
pub mod pricing;
/// How much of a line is where: the quantity equation and the moves that keep it.
pub mod quantities;
/// What an order's statuses mean, how actions change them, and how they follow from quantities and money.
pub mod status;
pub(crate) mod store;
/// Tax rules, tax groups and their arithmetic.
pub mod tax;
/// The value of a part of an order, so that partial invoices add up to it.
pub mod valuation;
/// What can be said of a new order without looking anything up.
pub mod check;
/// From a plan of allocations to fulfillment orders.
pub mod promise;
/// What new orders are decided by.
pub mod reference;
/// From a request to a priced and checked order.
pub mod verify;
