//! Which scope each type of event needs to be read.

use crate::auth::permission::{Permission, Permissions};

/// The part of a type before its point, and the scope that reading it takes. What stands nowhere here is shown to nobody.
const SCOPES: &[(&str, Permission)] = &[
    ("order", Permission::ORDERS_READ),
    ("fulfillment_order", Permission::FULFILLMENT_READ),
    ("shipment", Permission::FULFILLMENT_READ),
    ("invoice", Permission::INVOICES_READ),
    ("credit_note", Permission::INVOICES_READ),
    ("payment", Permission::PAYMENTS_READ),
    ("refund", Permission::PAYMENTS_READ),
    ("return", Permission::RETURNS_READ),
    ("import", Permission::ORDERS_READ),
    ("inventory", Permission::INVENTORY_READ),
    ("reservation", Permission::INVENTORY_READ),
    ("incoming", Permission::INVENTORY_READ),
    ("location", Permission::INVENTORY_READ),
    ("customer", Permission::CUSTOMERS_READ),
    ("product", Permission::CATALOG_READ),
    ("price", Permission::CATALOG_READ),
    ("tax_rate", Permission::CATALOG_READ),
    ("channel", Permission::CHANNELS_READ),
    ("inbound_message", Permission::CHANNELS_READ),
    ("webhook_endpoint", Permission::WEBHOOKS_READ),
    ("alert", Permission::ALERTS_READ),
    ("organization", Permission::ADMIN),
    ("payment_term", Permission::ORDERS_READ),
    ("exchange_rate", Permission::ORDERS_READ),
    ("invoice_series", Permission::INVOICES_READ),
    ("api_client", Permission::ADMIN),
    ("user", Permission::ADMIN),
];

/// The subjects whose events somebody with `permissions` may read.
pub fn readable_subjects(permissions: Permissions) -> Vec<&'static str> {
    SCOPES.iter().filter(|(_, permission)| permissions.contains(*permission)).map(|(subject, _)| *subject).collect()
}

/// The scope that reading an event of this type takes; `None` for a type that nobody may read.
pub fn scope_of(event_type: &str) -> Option<Permission> {
    let subject = event_type.split('.').next()?;
    SCOPES.iter().find(|(known, _)| *known == subject).map(|(_, permission)| *permission)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_catalogue_has_a_scope_and_the_catalogue_names_it() {
        let catalogue = include_str!("../../docs/events.md");
        let rows: Vec<Vec<&str>> = catalogue.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('|').collect()).collect();
        assert!(rows.len() > 10);
        for row in rows {
            let (event_type, scope) = (row[1].trim().trim_matches('`'), row[2].trim().trim_matches('`'));
            assert_eq!(scope_of(event_type).map(Permission::scope), Some(scope), "{event_type}");
        }
    }

    #[test]
    fn a_warehouse_reads_no_invoices() {
        let subjects = readable_subjects(crate::auth::permission::Role::Warehouse.permissions());
        assert!(subjects.contains(&"shipment") && subjects.contains(&"order") && subjects.contains(&"inventory"));
        assert!(!subjects.contains(&"invoice") && !subjects.contains(&"payment") && !subjects.contains(&"api_client"));
    }
}
