//! Use cases that span features in one transaction. Each has the same course: lock the order, change it in memory by the moves
//! of its parts, write what else belongs to it, save the difference, move stock (the last rows to be locked), tell what happened.

mod adjustment_limits;
/// A location gives a fulfillment order up.
pub mod cancel_fulfillment_order;
/// A service is done.
pub mod complete_service;
/// A shipment's way, and its arrival.
pub mod deliver;
mod fulfillment_change;
mod fulfillment_part;
/// Supply that is on its way changes.
pub mod incoming_supply;
/// Promises follow supply.
pub mod keep_promises;
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
mod promise_events;
mod refusals;
/// Goods leave.
pub mod ship;
/// A fulfillment order becomes two.
pub mod split_fulfillment_order;

pub use lost_allocation::{LostAllocation, lose_allocation};
pub use order_events::order_events;
pub use promise_events::{Cause, promise_changed};
pub use refusals::{require_released, require_unblocked, too_much};

pub mod accounts;
/// What a bank says has come in becomes payments.
pub mod bank_entries;
pub mod cancel;
/// The queue before capture.
pub mod capture_queue;
/// Reserved money is taken as its goods leave.
pub mod capture_shipped;
pub mod confirm;
pub mod counting;
pub mod coupon_claims;
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
/// Money that comes with a new order.
pub mod order_payments;
pub mod pay;
mod payment_targets;
pub mod place;
/// Prepayments stand for no more than their order can come to.
pub mod prepaid;
pub mod provider_money;
pub mod provider_outbox;
/// What would become of an order.
pub mod quote;
pub mod reallocate;
/// An invoice is issued anew.
pub mod rebill;
pub mod refund;
/// Money comes off a document.
pub mod release_allocation;
/// Goods come back.
pub mod returns;
/// The payer's bank takes money back.
pub mod reverse;
pub mod serve_backorders;
/// Orders follow their shops.
pub mod shop_orders;
pub mod stock_change;
pub mod take_back;
/// From a reading to its order.
pub mod verified_order;
