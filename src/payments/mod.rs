//! Payments, their allocations and refunds.

pub mod payment;
