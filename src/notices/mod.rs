//! Mails to customers: what has happened to their order, in their language, each told once.

pub mod api;
pub mod body;
/// From events to notices.
pub mod collect;
mod compose;
pub mod kind;
/// The look of a mail.
pub mod letter;
/// Answers to mails that order something.
pub mod replies;
mod samples;
/// Sends what waits.
pub mod send;
mod service;
mod settings;
mod smtp;
mod store;
/// Own words of an organization.
pub mod templates;
mod worker;

pub use smtp::{Mailer, SmtpConfig, SmtpTls};
pub use worker::Worker;
