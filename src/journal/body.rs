use super::entry::{JournalEntryKind, JournalSourceType};
use super::role::LedgerRole;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, ExchangeRate, Rate};
use crate::types::id::{CustomerId, InvoiceId, JournalEntryId, OrderId, PaymentId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A journal entry: its lines balance in `currency` and in `base_currency`. Entries never change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalEntry {
    pub id: JournalEntryId,
    /// Pass it as `after` to go on behind this entry.
    #[schema(example = "AQAAAAAAAAAq")]
    pub position: String,
    pub kind: JournalEntryKind,
    /// The date of the document.
    pub posted_on: NaiveDate,
    pub source: JournalSource,
    pub order_id: Option<OrderId>,
    /// Who owes or has paid.
    pub customer_id: Option<CustomerId>,
    pub currency: Currency,
    pub base_currency: Currency,
    /// Units of base currency for one of `currency`; null where none was known, and then there are no amounts in base currency.
    pub exchange_rate: Option<ExchangeRate>,
    /// Debits first.
    pub lines: Vec<JournalLine>,
    pub recorded_at: DateTime<Utc>,
}

/// The document that an entry comes from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalSource {
    pub r#type: JournalSourceType,
    pub id: Uuid,
    #[schema(example = "INV-000001")]
    pub number: Option<String>,
}

/// A line of a journal entry: debit or credit, the other one is zero. Both are zero where only the amount in base currency moves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalLine {
    /// Code of the account, as the chart said when it was posted.
    #[schema(example = "1200")]
    pub account: String,
    pub role: LedgerRole,
    pub debit: Amount,
    pub credit: Amount,
    pub base_debit: Option<Amount>,
    pub base_credit: Option<Amount>,
    #[schema(example = "standard")]
    pub tax_category: Option<String>,
    pub tax_rate: Option<Rate>,
    /// The invoice whose amount due this moves.
    pub invoice_id: Option<InvoiceId>,
    /// The payment whose money on no invoice this moves.
    pub payment_id: Option<PaymentId>,
}

/// One stretch of the journal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalFeed {
    pub data: Vec<JournalEntry>,
    /// Where to go on, never null: keep it with what you have made of the entries, and pass it as `after` next time, at once if
    /// `has_more`, else after a while.
    #[schema(example = "AQAAAAAAAAAq")]
    pub next_cursor: String,
    pub has_more: bool,
}

text_enum! {
    /// The form of an answer.
    pub enum JournalFormat {
        Json = "json",
        /// One line of an entry a row, CRLF between them (RFC 4180).
        Csv = "csv",
    }
}

const HEADER: [&str; 23] = [
    "position",
    "entry_id",
    "kind",
    "posted_on",
    "source_type",
    "source_id",
    "source_number",
    "order_id",
    "customer_id",
    "line_number",
    "account",
    "role",
    "currency",
    "debit",
    "credit",
    "base_currency",
    "exchange_rate",
    "base_debit",
    "base_credit",
    "tax_category",
    "tax_rate",
    "invoice_id",
    "payment_id",
];

/// A header and one row for each line; a page holds whole entries, so that the last row's `position` is where to go on.
pub fn to_csv(entries: &[JournalEntry]) -> Result<Vec<u8>, csv::Error> {
    fn text<T: std::fmt::Display>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    writer.write_record(HEADER)?;
    for entry in entries {
        for (line_number, line) in (1..).zip(&entry.lines) {
            let number: i32 = line_number;
            writer.write_record([
                entry.position.clone(),
                entry.id.to_string(),
                entry.kind.to_string(),
                entry.posted_on.to_string(),
                entry.source.r#type.to_string(),
                entry.source.id.to_string(),
                text(entry.source.number.as_deref().map(no_formula)),
                text(entry.order_id),
                text(entry.customer_id),
                number.to_string(),
                no_formula(&line.account),
                line.role.to_string(),
                entry.currency.to_string(),
                line.debit.to_string(),
                line.credit.to_string(),
                entry.base_currency.to_string(),
                text(entry.exchange_rate),
                text(line.base_debit),
                text(line.base_credit),
                text(line.tax_category.as_deref().map(no_formula)),
                text(line.tax_rate),
                text(line.invoice_id),
                text(line.payment_id),
            ])?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// Text that a spreadsheet would run is given an apostrophe, as in reports.
fn no_formula(text: &str) -> String {
    crate::reports::row::Cell::cell(&text.to_owned())
}
