use crate::types::currency::Currency;
use crate::types::text_enum::text_enum;
use aws_lc_rs::digest;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

text_enum! {
    /// Which way money went on the account.
    pub enum Direction {
        /// It came in.
        Credit = "credit",
        /// It left.
        Debit = "debit",
    }
}

/// One booking on an account, as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEntry {
    /// Where it stands in the file: a JSON Pointer into the rows of a CSV file, an XPath into a document.
    pub pointer: String,
    /// IBAN or account number, without spaces.
    pub account: String,
    pub statement_reference: Option<String>,
    pub booked_on: NaiveDate,
    pub value_on: Option<NaiveDate>,
    /// Above 0.
    pub amount: Decimal,
    pub currency: Currency,
    pub direction: Direction,
    /// It takes an earlier entry back.
    pub reversal: bool,
    pub remittance_text: String,
    pub structured_reference: Option<String>,
    pub end_to_end_id: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_account: Option<String>,
    /// The bank's own reference of the booking.
    pub bank_reference: Option<String>,
    /// SHA-256 of what tells it from all others: see [`Identity`].
    pub key: Vec<u8>,
    /// A row of a file without balances that nothing but its text tells from others.
    pub is_told_by_its_text: bool,
}

/// What tells one entry from another, beside account, date, amount and direction.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// A reference that the bank gives once, with the place in its batch.
    Bank(&'a str, usize),
    /// A reference that is unique within a statement.
    Statement(&'a str, &'a str, usize),
    /// None: the text, and the how many-th of equal ones in the file it is.
    Content(usize),
}

impl StatementEntry {
    /// The same booking has the same key in every file; equal bookings of one file without a reference have different ones.
    pub fn keyed(mut self, identity: Identity<'_>) -> Self {
        let mut parts = vec![
            self.account.clone(),
            self.booked_on.to_string(),
            self.amount.normalize().to_string(),
            self.currency.to_string(),
            self.direction.to_string(),
        ];
        match identity {
            Identity::Bank(reference, place) => parts.extend(["bank".to_owned(), reference.to_owned(), place.to_string()]),
            Identity::Statement(statement, reference, place) => {
                parts.extend(["statement".to_owned(), statement.to_owned(), reference.to_owned(), place.to_string()]);
            }
            Identity::Content(place) => parts.extend([
                "content".to_owned(),
                self.remittance_text.clone(),
                self.structured_reference.clone().unwrap_or_default(),
                self.counterparty_name.clone().unwrap_or_default(),
                self.counterparty_account.clone().unwrap_or_default(),
                place.to_string(),
            ]),
        }
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in parts {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        self.key = hash.finish().as_ref().to_vec();
        self
    }
}

/// A statement of one account within a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Section {
    /// IBAN or account number.
    #[schema(example = "DE89370400440532013000")]
    pub account: String,
    /// The bank's identification of the statement.
    #[schema(example = "2026-03-02/1")]
    pub reference: Option<String>,
    pub currency: Option<Currency>,
    pub opening_balance: Option<crate::types::decimal::Amount>,
    pub closing_balance: Option<crate::types::decimal::Amount>,
    #[schema(example = 42)]
    pub entry_count: usize,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementFile {
    pub sections: Vec<Section>,
    pub entries: Vec<StatementEntry>,
    /// Entries that are announced, not booked.
    pub skipped: usize,
}

impl StatementFile {
    /// The first and the last day of its entries.
    pub fn period(&self) -> Option<(NaiveDate, NaiveDate)> {
        let days = || self.entries.iter().map(|entry| entry.booked_on);
        Some((days().min()?, days().max()?))
    }
}

/// Whether a booking date can be one: files with slips in the year are common.
pub fn check_period(date: NaiveDate) -> bool {
    (1970..=2200).contains(&date.year())
}
