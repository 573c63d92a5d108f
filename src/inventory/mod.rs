//! Locations, stock levels, the movement ledger, incoming supply and checkout reservations.

pub mod shelves;
