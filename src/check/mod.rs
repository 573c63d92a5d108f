//! Proves the invariants of the whole database by SQL: one file each, in one REPEATABLE READ READ ONLY snapshot, so that it
//! can run beside live traffic.

use crate::error::Error;
use crate::platform::sql::sql;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use serde_json::Value;

/// A row that is against an invariant.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The name of the invariant: that of its file in `src/check`.
    pub invariant: &'static str,
    /// The row's keys and the figures that disagree.
    pub row: Value,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.row)
    }
}

macro_rules! invariants {
    ($($name:literal),* $(,)?) => {
        /// Every invariant: its name and the query that finds the rows against it.
        pub const INVARIANTS: &[(&str, &str)] = &[$(($name, include_str!(concat!($name, ".sql")))),*];
    };
}

invariants! {
    "stock_on_hand", "stock_reserved", "stock_bounds", "reservations",
    "order_line_states", "order_line_allocated", "order_line_shipped", "order_line_invoiced", "order_line_invoiced_part", "order_line_credited",
    "allocation_progress", "pegs", "promises", "fulfillment_orders", "invoiced_before_shipment", "shipment_invoiced",
    "order_totals", "order_status", "order_holds", "order_amounts", "order_refunded", "order_authorized", "order_payment_status", "order_uninvoiced",
    "invoices_add_up", "invoice_totals", "invoice_settlement", "invoice_line_credited", "credit_note_totals",
    "bank_entries", "journal_balances", "journal_sequence", "journal_complete", "journal_open_items",
    "coupon_uses", "coupon_redemptions", "coupon_discounts",
    "prepayments", "prepayment_surplus", "replaced_invoices", "invoice_reminders",
    "payment_amounts", "payment_adjustments", "payment_status", "payment_operations", "captured_on_shipment", "currencies", "number_series", "number_series_dates", "customer_balance",
    "returned_units", "return_progress", "return_movements", "return_documents", "references_returns",
    "claims", "external_ids", "events_of_orders",
    "documents", "webhook_deliveries", "event_chunks",
    "references_orders", "references_inventory", "references_fulfillment", "references_invoicing", "references_payments",
    "order_verifications", "references_events", "import_counts", "references_imports", "organizations",
    "inbox", "channel_orders", "shop_refunds",
}

/// A check reads whole tables; this bounds one invariant on a large database.
const SETTINGS: &str = "SET LOCAL statement_timeout = '30min'; SET LOCAL work_mem = '64MB'; SET LOCAL plan_cache_mode = force_custom_plan";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Jsonb)]
    row: Value,
}

/// All rows that are against an invariant, in the order of `INVARIANTS`; empty where all hold. The connection must not be in
/// a transaction.
pub fn run(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    connection.build_transaction().repeatable_read().read_only().run(|connection| {
        connection.batch_execute(SETTINGS)?;
        let mut violations = vec![];
        for (invariant, query) in INVARIANTS {
            let rows: Vec<Row> = sql(format!("SELECT to_jsonb(violation) AS row FROM ({query}) violation")).load(connection)?;
            violations.extend(rows.into_iter().map(|row| Violation { invariant, row: row.row }));
        }
        Ok(violations)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_file_of_the_folder_is_an_invariant_and_says_what_it_proves() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check");
        let files = std::fs::read_dir(folder).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let mut found: Vec<String> = files.filter_map(|name| name.strip_suffix(".sql").map(str::to_owned)).collect();
        let mut listed: Vec<String> = INVARIANTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
        for (name, query) in INVARIANTS {
            assert!(query.starts_with("-- "), "{name} says nothing");
            assert!(!query.contains('$') && !query.trim_end().ends_with(';'), "{name} is one query without values");
        }
    }

    #[test]
    fn a_violation_is_one_line() {
        let violation = Violation { invariant: "stock_bounds", row: json!({"sku": "TEH-100", "note": "a\nb"}) };
        assert_eq!(violation.to_string(), r#"stock_bounds: {"note":"a\nb","sku":"TEH-100"}"#);
    }
}
