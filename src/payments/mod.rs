//! Payments, their allocations and refunds.
#![deny(clippy::float_arithmetic)]

/// What is owed for one order and what was paid for it.
pub mod account;
/// Money of a payment that is put on orders and invoices.
pub mod allocation;
pub mod api;
pub mod body;
mod bulk;
/// Money on the wrong document, and money that is gone.
pub mod corrections;
/// What paying early earns.
pub mod early_payment;
/// What payment providers tell by themselves.
pub mod inbound;
/// What is asked of payment providers.
pub mod operations;
/// What a payment is and how it may change.
pub mod payment;
/// Payment services behind one trait.
pub mod provider;
/// An organization's accounts with them.
pub mod providers;
/// Money that goes back.
pub mod refunds;
/// What comes off a document of which less is owed.
pub mod release;
pub mod service;
/// Money, and what settles debt without it.
pub mod settlement;
/// What stands on documents, by the day on which its money came.
pub mod standing;
mod store;
mod waiting;
