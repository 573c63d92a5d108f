//! Locations, stock levels, the movement ledger, incoming supply and checkout reservations.

pub mod api;
pub mod availability;
pub mod incoming;
pub mod locations;
pub mod reservations;
pub mod shelves;
pub mod stock;

pub use locations::service::ranked as locations_ranked;
pub use stock::level::{ShelfKey, ShelfQuantity, StockLevel};
pub use stock::promises::release_stock;
