//! The feed as Server-Sent Events (HTML Living Standard §9.2).

pub mod api;
/// How events and positions are written.
mod frame;
/// Who listens, and who wakes them.
pub mod hub;
mod run;
