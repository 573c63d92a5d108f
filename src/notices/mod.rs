//! Mails to customers: what has happened to their order, in their language, each told once.

pub mod api;
pub mod body;
/// From events to notices.
pub mod collect;
mod compose;
mod kind;
pub mod language;
/// The look of a mail.
pub mod letter;
/// Sends what waits.
pub mod send;
mod service;
mod settings;
mod smtp;
mod store;

pub use smtp::{Mailer, SmtpConfig, SmtpTls};
