//! Events sent to other systems (Standard Webhooks): each once at least, signed, in the order of its order, over days if need be.

pub mod courier;
/// One event for one endpoint: what has become of it, and sending it again.
pub mod deliveries;
/// Where events are sent.
pub mod endpoints;
/// From the feed to deliveries.
pub mod fan_out;
/// What is over is forgotten.
pub mod purge;
/// When a delivery is tried again.
pub mod schedule;
/// The HTTP call.
pub mod send;
/// `webhook-signature`.
pub mod signature;
/// Which events an endpoint gets.
mod subscription;
/// Where events may be sent at all.
pub mod target;
mod worker;

pub use worker::Worker;
