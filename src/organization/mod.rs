//! The tenant: its profile, payment terms and exchange rates.

pub mod payment_terms;
