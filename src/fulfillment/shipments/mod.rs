//! What has left: shipments and their way.

pub mod api;
pub mod body;
/// Where carriers show the way of a parcel.
pub mod carrier;
pub mod service;
/// What a shipment is, and what its tracking makes of it.
pub mod shipment;
mod store;
