//! Fulfillment orders and shipments.

/// How far back a caller may date what has happened.
pub mod dating;
/// What one location has to pick, pack and ship of one order.
pub mod fulfillment_order;
/// Fulfillment orders over HTTP.
pub mod fulfillment_orders;
/// Many values of a filter, and its clause.
mod list;
/// Parcels.
pub mod package;
/// Services that are done.
pub mod service_completions;
/// What has left: shipments and their way.
pub mod shipments;
