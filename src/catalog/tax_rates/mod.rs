//! What tax a sale bears: by country, region and category, from a day on.

pub mod api;
pub mod body;
pub mod choice;
pub mod service;
mod store;
