use super::super::files::Section;
use super::super::files::csv_amount::DecimalSeparator;
use super::super::files::csv_file::{Columns, DateFormat, Mapping};
use crate::error::Error;
use crate::platform::filters;
use crate::types::currency::Currency;
use crate::types::fault::Fault;
use crate::types::id::BankStatementId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

text_enum! {
    /// What a file is.
    pub enum StatementFormat {
        /// ISO 20022 camt.053.001.02 or .08.
        Camt053 = "camt053",
        Csv = "csv",
    }
}

text_enum! {
    /// How far a statement is.
    pub enum BankStatementStatus {
        /// The file is stored; nothing is made of it yet. Send it again to go on.
        Received = "received",
        /// Its entries are stored and matched.
        Imported = "imported",
        /// It could not be read; see `faults`, and send it again.
        Rejected = "rejected",
    }
}

/// A bank statement: a file and what was made of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BankStatement {
    pub id: BankStatementId,
    pub status: BankStatementStatus,
    pub format: StatementFormat,
    /// SHA-256 of the file.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
    /// The statements that the file holds.
    pub sections: Vec<Section>,
    /// Entries that this file brought.
    #[schema(example = 42)]
    pub entry_count: i64,
    /// Entries that another file had brought before.
    #[schema(example = 0)]
    pub duplicate_count: i64,
    /// Entries that are announced and not booked, and such as move no money.
    #[schema(example = 0)]
    pub skipped_count: i64,
    #[schema(example = 40)]
    pub matched_count: i64,
    #[schema(example = 1)]
    pub suggested_count: i64,
    #[schema(example = 1)]
    pub unmatched_count: i64,
    #[schema(example = 0)]
    pub ignored_count: i64,
    /// Why it was rejected.
    pub faults: Vec<Fault>,
    #[schema(example = "api_client:01938f5e-7c1a-7000-8000-2f1b3c4d5e6f")]
    pub created_by: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How a CSV file is to be read; a camt.053 document says all of it itself. A column that is not named is looked for under the
/// parameter's own name and may be missing.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// IBAN or number of the account; needed with CSV.
    #[param(example = "DE89370400440532013000")]
    pub account: Option<String>,
    /// The bank's identification of the statement.
    #[param(example = "2026-03")]
    pub statement: Option<String>,
    /// Of all rows, ISO 4217; or a column's name in `currency_column`.
    #[param(value_type = Option<String>, example = "EUR")]
    pub currency: Option<String>,
    /// One character between columns, `,` by default; `tab`.
    #[param(example = ";")]
    pub delimiter: Option<String>,
    /// What stands before the fraction: `.` (default) or `,`. The other one, a space or an apostrophe may stand between groups of three
    /// digits; an amount that does not read so is refused.
    #[param(example = ",")]
    pub decimal_separator: Option<String>,
    /// `YYYY-MM-DD` (default), `YYYYMMDD`, `DD/MM/YYYY`, `DD.MM.YYYY`, `DD-MM-YYYY`, `MM/DD/YYYY`, `DD/MM/YY`, `DD.MM.YY`
    #[param(example = "DD.MM.YYYY")]
    pub date_format: Option<String>,
    /// Column of the booking date.
    #[param(example = "Buchungstag")]
    pub booked_on: Option<String>,
    /// Column of the value date.
    pub value_on: Option<String>,
    /// Column of the amount, signed unless `direction` is there.
    #[param(example = "Betrag")]
    pub amount: Option<String>,
    /// Column of what came in, where that and what left are two.
    pub credit: Option<String>,
    /// Column of what left.
    pub debit: Option<String>,
    /// Column that says which way: `C CR CRDT credit kredit + H`, or `D DB DR DBIT debit debet - S`.
    pub direction: Option<String>,
    /// Column of the currency.
    pub currency_column: Option<String>,
    /// Column of what the payer wrote.
    #[param(example = "Verwendungszweck")]
    pub remittance_text: Option<String>,
    /// Column of a structured reference.
    pub structured_reference: Option<String>,
    /// Column of the payer's or payee's name.
    pub counterparty_name: Option<String>,
    /// Column of the payer's or payee's account.
    pub counterparty_account: Option<String>,
    /// Column of the bank's own reference, which no two bookings share.
    pub bank_reference: Option<String>,
}

impl StatementQuery {
    /// The mapping of a CSV file; 400 for a parameter that is none.
    pub fn mapping(&self) -> Result<Mapping, Error> {
        let bad = |detail: &str| Error::bad_request("invalid_parameter", detail);
        let account: String = self.account.as_deref().unwrap_or_default().split_whitespace().collect();
        if account.is_empty() || account.len() > 64 {
            return Err(bad("account is the IBAN or number of the account, up to 64 characters; a CSV file does not say it"));
        }
        let currency = self.currency.as_deref().map(|code| Currency::from_code(code).ok_or_else(|| bad("currency is an ISO 4217 code")));
        let delimiter = match self.delimiter.as_deref() {
            None => b',',
            Some("tab") => b'\t',
            Some(text) => match text.as_bytes() {
                [byte] if byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && *byte != b'"' => *byte,
                _ => return Err(bad("delimiter is one character such as ';', or 'tab'")),
            },
        };
        let separator = self.decimal_separator.as_deref().map(|text| filters::one::<DecimalSeparator>("decimal_separator", text));
        let date_format = self.date_format.as_deref().map(|text| filters::one::<DateFormat>("date_format", text));
        Ok(Mapping {
            account,
            statement_reference: self.statement.clone(),
            currency: currency.transpose()?,
            delimiter,
            decimal_separator: separator.transpose()?,
            date_format: date_format.transpose()?.unwrap_or(DateFormat::IsoDay),
            columns: Columns {
                booked_on: self.booked_on.clone(),
                value_on: self.value_on.clone(),
                amount: self.amount.clone(),
                credit: self.credit.clone(),
                debit: self.debit.clone(),
                direction: self.direction.clone(),
                currency: self.currency_column.clone(),
                remittance_text: self.remittance_text.clone(),
                structured_reference: self.structured_reference.clone(),
                counterparty_name: self.counterparty_name.clone(),
                counterparty_account: self.counterparty_account.clone(),
                bank_reference: self.bank_reference.clone(),
            },
        })
    }
}
