//! Invoices: issued once, never changed but by money and credit notes.

pub mod api;
pub mod balance;
pub mod body;
/// When an invoice is due.
pub mod due_date;
pub mod invoice;
/// Money that is invoiced in advance.
pub mod prepayment;
/// What an invoice is issued anew with.
pub mod rebill;
/// What is told of invoices that nobody pays.
pub mod reminders;
pub mod service;
/// From which shipments invoiced units came.
pub mod shipment_parts;
mod store;
