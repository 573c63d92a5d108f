//! Figures about the business. Each answer says what it counts; each query is a file in `sql/`, run in one snapshot on the
//! connections kept for reports.

pub mod api;
pub mod body;
pub mod definition;
pub mod row;
pub mod selection;
pub mod service;
mod store;
