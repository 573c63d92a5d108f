//! Use cases that span features in one transaction. Each has the same course: lock the order, change it in memory by the moves
//! of its parts, write what else belongs to it, save the difference, move stock (the last rows to be locked), tell what happened.

/// A location gives a fulfillment order up.
pub mod cancel_fulfillment_order;
/// A service is done.
pub mod complete_service;
/// A shipment's way, and its arrival.
pub mod deliver;
mod fulfillment_change;
mod fulfillment_part;
mod lost_allocation;
/// Fulfillment orders become one.
pub mod merge_fulfillment_orders;
/// Another location takes a fulfillment order over.
pub mod move_fulfillment_order;
mod order_events;
/// What was picked is packed.
pub mod pack;
/// Goods are taken off the shelf, or found missing.
pub mod pick;
mod refusals;
/// Goods leave.
pub mod ship;
/// A fulfillment order becomes two.
pub mod split_fulfillment_order;

pub use lost_allocation::{LostAllocation, lose_allocation};
pub use order_events::order_events;
pub use refusals::{require_unblocked, too_much};

pub mod accounts;
pub mod cancel;
/// The queue before capture.
pub mod capture_queue;
pub mod confirm;
pub mod counting;
pub mod credit;
/// The credit limit as an order meets it.
pub mod credit_hold;
pub mod deposits;
pub mod document_date;
/// What a command would come to.
pub mod dry_run;
/// An order becomes another.
pub mod edit;
pub mod expire_holds;
pub mod hold;
pub mod invoice;
pub mod pay;
pub mod place;
pub mod reallocate;
pub mod refund;
/// Goods come back.
pub mod returns;
pub mod serve_backorders;
pub mod stock_change;
pub mod take_back;
