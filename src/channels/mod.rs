//! The ways in: where orders come from, and by which rules they are taken.

pub mod api;
pub mod body;
pub mod mail_settings;
mod outbox;
pub mod platform;
pub mod platforms;
pub mod service;
pub mod shops;
pub mod standing;
mod store;
pub mod try_mapping;
pub mod turns;

pub use body::{Channel, ChannelKind, PriceTolerance};
pub use service::{find, listening, of_id};
