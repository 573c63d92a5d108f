//! The tenant: its profile, payment terms and exchange rates.

pub mod calendar;
pub mod exchange_rates;
pub mod payment_terms;
pub mod profile;
mod service;
mod settings;
mod store;

pub use exchange_rates::service::exchange_rate;
pub use profile::service::settings;
pub use service::{NewOrganization, create, find_by_code};
pub use settings::Settings;
