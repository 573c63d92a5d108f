use super::{availability, incoming, locations, reservations, stock};
use crate::openapi::ServiceConfig;

/// The routes of everything about stock. Fixed paths come before those with a SKU in them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(locations::api::configure)
        .configure(stock::levels::api::configure)
        .configure(stock::movements::api::configure)
        .configure(stock::receipts::api::configure)
        .configure(stock::adjustments::api::configure)
        .configure(stock::transfers::api::configure)
        .configure(stock::quarantine::api::configure)
        .configure(stock::snapshots::api::configure)
        .configure(incoming::api::configure)
        .configure(availability::api::configure)
        .configure(reservations::api::configure)
        .configure(stock::policy::api::configure);
}
