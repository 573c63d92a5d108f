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
    fn every_type_of_the_catalogue_has_a_scope_and_the_catalogue_names_it() {
        let catalogue = include_str!("../../docs/events.md");
        let rows: Vec<Vec<&str>> = catalogue.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('|').collect()).collect();
        assert!(rows.len() > 10);
        for row in rows {
            let (event_type, scope) = (row[1].trim().trim_matches('`'), row[2].trim().trim_matches('`'));
            assert_eq!(scope_of(event_type).map(Permission::scope), Some(scope), "{event_type}");
        }
    }

    /// The string literals of a source file that have the form of an event type.
    fn types_in(source: &str) -> Vec<&str> {
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let is_type = |text: &&str| text.split_once('.').is_some_and(|(subject, verb)| plain(subject) && plain(verb));
        // A template's file name has the form too.
        let is_file = |text: &&str| text.ends_with(".typ");
        source.split(['"', '\'']).filter(|text| is_type(text) && !is_file(text)).filter(|text| scope_of(text).is_some()).collect()
    }

    #[test]
    fn the_catalogue_names_what_the_code_tells_and_nothing_else() {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut told = std::collections::BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.extension().and_then(|extension| extension.to_str()) {
                    None if path.is_dir() => folders.push(path),
                    Some("rs") => told.extend(types_in(&std::fs::read_to_string(path).unwrap()).into_iter().map(str::to_owned)),
                    _ => {}
                }
            }
        }
        let catalogue = include_str!("../../docs/events.md");
        let named = catalogue.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned));
        assert_eq!(named.collect::<std::collections::BTreeSet<_>>(), told);
    }

    #[test]
    fn a_warehouse_reads_no_invoices() {
        let subjects = readable_subjects(crate::auth::permission::Role::Warehouse.permissions());
        assert!(subjects.contains(&"shipment") && subjects.contains(&"order") && subjects.contains(&"inventory"));
        assert!(!subjects.contains(&"invoice") && !subjects.contains(&"payment") && !subjects.contains(&"api_client"));
    }
}
