//! Pesanan: order to cash as one binary on Postgres. This file is the map.

/// The application: pool, routes, workers.
pub mod app;
/// Who did what, when, from where.
pub mod audit;
/// Who calls and what they may do: tokens, permissions, API clients.
pub mod auth;
/// Bank statements: their entries, and which documents they are for.
pub mod banking;
/// The load programme: orders a second on this machine, beside what pgbench reaches.
pub mod bench;
/// Products, prices and tax rates.
pub mod catalog;
/// What has changed, for those who keep a copy.
pub mod changes;
/// The ways in.
pub mod channels;
/// Proof of the invariants by SQL.
pub mod check;
/// The command line.
pub mod cli;
/// Typed configuration.
pub mod config;
/// Customers, their addresses, terms and credit.
pub mod customers;
/// The demo company.
pub mod demo;
/// Invoices, credit notes, receipts, packing lists and statements as PDF and UBL.
pub mod documents;
/// The closed list of failures and their problem+json form.
pub mod error;
/// The event feed.
pub mod events;
/// Everything of a kind as one file.
pub mod exports;
/// Fulfillment orders and shipments.
pub mod fulfillment;
/// Whether the process lives and can serve.
pub mod health;
/// Many rows sent at once, worked off by a job.
pub mod imports;
/// What platforms tell: stored first, worked in by a job.
pub mod inbox;
/// Locations, stock levels, the movement ledger, incoming supply and checkout reservations.
pub mod inventory;
/// Invoices, credit notes and their gapless numbers.
pub mod invoicing;
/// What happens by itself.
pub mod jobs;
/// The finance export: balanced journal entries that follow from documents.
pub mod journal;
/// The Northwind sample as history.
pub mod northwind;
/// Mails to customers.
pub mod notices;
/// The OpenAPI document.
pub mod openapi;
/// Use cases that span features in one transaction.
pub mod order_to_cash;
/// The order itself: pricing, allocation, holds, statuses.
pub mod orders;
/// The tenant: its profile, payment terms and exchange rates.
pub mod organization;
/// Payments, their allocations and refunds.
pub mod payments;
/// IO tools that know no business word: database, HTTP, idempotency, clock, logging, private Postgres.
pub mod platform;
/// Figures about the business.
pub mod reports;
/// Goods that customers send back.
pub mod returns;
/// Rows as files carry them: columns, CSV, workbooks.
pub mod tabular;
/// Pure values: ids, money, quantities, addresses, pages.
pub mod types;
/// Orders that a program has read and a person must look at.
pub mod verifications;
/// Events sent to other systems.
pub mod webhooks;
