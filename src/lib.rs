//! Pesanan: order to cash as one binary on Postgres. This file is the map.

/// Pure values: ids, money, quantities, addresses, pages.
pub mod types;
/// IO tools that know no business word: database, HTTP, idempotency, clock, logging, private Postgres.
pub mod platform;
/// Who calls and what they may do: tokens, permissions, API clients.
pub mod auth;
/// The tenant: its profile, payment terms and exchange rates.
pub mod organization;
/// Products, prices and tax rates.
pub mod catalog;
/// Customers, their addresses, terms and credit.
pub mod customers;
/// Locations, stock levels, the movement ledger, incoming supply and checkout reservations.
pub mod inventory;
/// The order itself: pricing, allocation, holds, statuses.
pub mod orders;
/// Fulfillment orders and shipments.
pub mod fulfillment;
/// Invoices, credit notes and their gapless numbers.
pub mod invoicing;
/// Payments, their allocations and refunds.
pub mod payments;
/// Use cases that span features in one transaction.
pub mod order_to_cash;
/// The ways in.
pub mod channels;
/// The event feed.
pub mod events;
/// Figures about the business.
pub mod reports;
