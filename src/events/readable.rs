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
    ("payment_provider", Permission::ADMIN),
    ("refund", Permission::PAYMENTS_READ),
    ("return", Permission::RETURNS_READ),
    ("import", Permission::ORDERS_READ),
    ("inventory", Permission::INVENTORY_READ),
    ("reservation", Permission::INVENTORY_READ),
    ("location", Permission::INVENTORY_READ),
    ("customer", Permission::CUSTOMERS_READ),
    ("notice", Permission::CUSTOMERS_READ),
    ("notice_settings", Permission::ADMIN),
    ("notice_template", Permission::ADMIN),
    ("product", Permission::CATALOG_READ),
    ("price", Permission::CATALOG_READ),
    ("tax_rate", Permission::CATALOG_READ),
    ("coupon", Permission::CATALOG_READ),
    ("channel", Permission::CHANNELS_READ),
    ("inbound_message", Permission::CHANNELS_READ),
    ("order_verification", Permission::ORDERS_READ),
    ("webhook_endpoint", Permission::WEBHOOKS_READ),
    ("alert", Permission::ALERTS_READ),
    ("organization", Permission::ADMIN),
    ("payment_term", Permission::ORDERS_READ),
    ("exchange_rate", Permission::ORDERS_READ),
    ("invoice_series", Permission::INVOICES_READ),
    ("ledger_account", Permission::INVOICES_READ),
    ("bank_statement", Permission::PAYMENTS_READ),
    ("bank_entry", Permission::PAYMENTS_READ),
    ("bank_matching_tolerance", Permission::PAYMENTS_READ),
    ("api_client", Permission::ADMIN),
    ("publishable_key", Permission::ADMIN),
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
    fn a_warehouse_reads_no_invoices() {
        let subjects = readable_subjects(crate::auth::permission::Role::Warehouse.permissions());
        assert!(subjects.contains(&"shipment") && subjects.contains(&"order") && subjects.contains(&"inventory"));
        assert!(!subjects.contains(&"invoice") && !subjects.contains(&"payment") && !subjects.contains(&"api_client"));
    }
}
