//! The only SQL of invoices.

mod load;
mod page;
mod prepayments;
mod reminders;
mod save;
mod shipments;

pub use load::{bill_to, find, lock, lock_balances, orders_of, terms_of};
pub use page::{Filter, page};
pub use prepayments::prepayments;
pub use reminders::{lock_due, organizations_with_overdue, save_reminders};
pub use save::{insert, save_balances, save_credited, save_successor};
pub use shipments::{ShippedLine, mark_invoiced, uninvoiced};
