use super::row::{CsvRow, report_row};
use super::selection::{GroupBy, Interval};
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity, Rate};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A report: what it counts, of what, and its rows. Periods and groups without anything have no row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Report<R> {
    /// What is counted, in words.
    pub definition: &'static str,
    /// First day; null = from the beginning.
    pub from: Option<NaiveDate>,
    /// Last day, inclusive.
    pub to: NaiveDate,
    /// Whose days these are.
    #[schema(example = "Asia/Jakarta")]
    pub time_zone: String,
    pub interval: Option<Interval>,
    pub group_by: Option<GroupBy>,
    pub currency: Option<Currency>,
    /// The variant of the definition that was asked for; null where there is only one.
    #[schema(example = "shipped")]
    pub basis: Option<&'static str>,
    /// When the figures were read, all in one snapshot.
    pub as_of: DateTime<Utc>,
    /// Of all rows together; null where the report is no ratio.
    pub numerator: Option<Quantity>,
    pub denominator: Option<Quantity>,
    /// What belongs in the denominator but lacks what the definition needs.
    pub unmeasurable: Quantity,
    pub data: Vec<R>,
}

/// The summary: counts of all currencies together, then rows per currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SummaryReport {
    pub orders: i64,
    pub historical_orders: i64,
    pub orders_open: i64,
    pub orders_shipped: i64,
    pub orders_shipped_late: i64,
    pub orders_held: i64,
    #[serde(flatten)]
    pub report: Report<SummaryRow>,
}

report_row! {
    /// Sales of one period, group and currency.
    pub struct SalesRow {
        /// First day of the period; null without `interval`.
        pub period_starts_on: Option<NaiveDate>,
        /// Channel, sales rep, customer id, SKU, location or country; null without `group_by`, or where an order has none.
        pub group: Option<String>,
        pub group_name: Option<String>,
        pub currency: Currency,
        pub orders: i64,
        /// Of these, imported history.
        pub historical_orders: i64,
        /// Base units of stocked lines.
        pub units: Quantity,
        pub net: Amount,
        /// Order-level discounts; like shipping and total null by SKU.
        pub discount: Option<Amount>,
        pub shipping: Option<Amount>,
        pub tax: Amount,
        pub total: Option<Amount>,
        pub invoices: i64,
        pub credit_notes: i64,
        pub invoiced_net: Amount,
        pub invoiced_discount: Option<Amount>,
        pub invoiced_shipping: Option<Amount>,
        pub invoiced_tax: Amount,
        pub invoiced_total: Option<Amount>,
    }
}

report_row! {
    /// Sales and standing of the orders of one period, group and currency.
    pub struct SummaryRow {
        /// First day of the period; null without `interval`.
        pub period_starts_on: Option<NaiveDate>,
        /// Channel, sales rep, customer id, location or country; null without `group_by`, or where an order has none.
        pub group: Option<String>,
        pub group_name: Option<String>,
        pub currency: Currency,
        pub orders: i64,
        /// Of these, imported history.
        pub historical_orders: i64,
        pub orders_open: i64,
        pub orders_shipped: i64,
        pub orders_shipped_late: i64,
        pub orders_held: i64,
        /// Shipped, with no date to be late by.
        pub unmeasurable: i64,
        /// Base units of stocked lines.
        pub units: Quantity,
        pub net: Amount,
        pub discount: Amount,
        pub shipping: Amount,
        pub tax: Amount,
        pub total: Amount,
        pub invoices: i64,
        pub credit_notes: i64,
        pub invoiced_net: Amount,
        pub invoiced_discount: Amount,
        pub invoiced_shipping: Amount,
        pub invoiced_tax: Amount,
        pub invoiced_total: Amount,
    }
}

report_row! {
    /// The order cycle, or one of its stages, in one period and group. Times are null where nothing could be averaged.
    pub struct CycleTimeRow {
        /// First day of the period; null without `interval`.
        pub period_starts_on: Option<NaiveDate>,
        pub group: Option<String>,
        pub group_name: Option<String>,
        /// `order_cycle_time` is the whole; then `capture verify allocate pick ship transit invoice pay`.
        #[schema(example = "order_cycle_time")]
        pub stage: String,
        /// Orders averaged.
        pub count: i64,
        pub sum_hours: Quantity,
        #[schema(example = "203.8072")]
        pub mean_hours: Option<Quantity>,
        pub mean_days: Option<Quantity>,
        pub p50_hours: Option<Quantity>,
        pub p90_hours: Option<Quantity>,
        pub p99_hours: Option<Quantity>,
        pub out_of_sequence: i64,
        pub unmeasurable: i64,
    }
}

report_row! {
    /// The fill rate of one period and group at one level.
    pub struct FillRateRow {
        /// First day of the period; null without `interval`.
        pub period_starts_on: Option<NaiveDate>,
        pub group: Option<String>,
        pub group_name: Option<String>,
        /// `unit`, `line` or `order`.
        #[schema(example = "unit")]
        pub level: String,
        pub numerator: Quantity,
        pub denominator: Quantity,
        /// Null where nothing was due.
        pub rate: Option<Rate>,
        pub unmeasurable: Quantity,
    }
}

/// Rows that stand for a group whose name people know.
pub trait Grouped: CsvRow {
    fn group(&self) -> Option<&str>;
    fn set_group_name(&mut self, name: Option<String>);
}

macro_rules! grouped {
    ($($row:ty),*) => {$(
        impl Grouped for $row {
            fn group(&self) -> Option<&str> {
                self.group.as_deref()
            }
            fn set_group_name(&mut self, name: Option<String>) {
                self.group_name = name;
            }
        }
    )*};
}

grouped!(SalesRow, SummaryRow, CycleTimeRow, FillRateRow);
