//! Statements as comma-separated values, by a mapping of columns: every bank has its own.

use super::csv_amount::{DecimalSeparator, amount_of};
use super::statement_entry::{Direction, Identity, Section, StatementEntry, StatementFile, check_period};
use super::{is_hopeless, too_many};
use crate::platform::limits;
use crate::types::currency::Currency;
use crate::types::fault::{Fault, Faults};
use crate::types::text_enum::text_enum;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;

text_enum! {
    /// How a file writes dates.
    pub enum DateFormat {
        IsoDay = "YYYY-MM-DD",
        Compact = "YYYYMMDD",
        DaySlash = "DD/MM/YYYY",
        DayDot = "DD.MM.YYYY",
        DayDash = "DD-MM-YYYY",
        MonthSlash = "MM/DD/YYYY",
        ShortDaySlash = "DD/MM/YY",
        ShortDayDot = "DD.MM.YY",
    }
}

impl DateFormat {
    fn pattern(self) -> &'static str {
        match self {
            Self::IsoDay => "%Y-%m-%d",
            Self::Compact => "%Y%m%d",
            Self::DaySlash => "%d/%m/%Y",
            Self::DayDot => "%d.%m.%Y",
            Self::DayDash => "%d-%m-%Y",
            Self::MonthSlash => "%m/%d/%Y",
            Self::ShortDaySlash => "%d/%m/%y",
            Self::ShortDayDot => "%d.%m.%y",
        }
    }
}

/// Where a file has what. A column that is not named is looked for under its own name and may be missing.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub account: String,
    pub statement_reference: Option<String>,
    /// Of all rows, unless a column has it.
    pub currency: Option<Currency>,
    pub delimiter: u8,
    /// What the file has before fractions, where that was said.
    pub decimal_separator: Option<DecimalSeparator>,
    pub date_format: DateFormat,
    pub columns: Columns,
}

/// The header's name of each column.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    pub booked_on: Option<String>,
    pub value_on: Option<String>,
    /// Signed, unless `direction` says which way.
    pub amount: Option<String>,
    /// Two columns instead of one.
    pub credit: Option<String>,
    pub debit: Option<String>,
    pub direction: Option<String>,
    pub currency: Option<String>,
    pub remittance_text: Option<String>,
    pub structured_reference: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_account: Option<String>,
    pub bank_reference: Option<String>,
}

impl Mapping {
    /// What it says, as text: equal for two by which every file is read alike. What the bank calls the statement is no part of it.
    pub fn fingerprint(&self) -> String {
        let columns = &self.columns;
        let name = |given: &Option<String>, own: &str| format!("{own}={}", given.as_deref().unwrap_or(own).to_ascii_lowercase());
        let said = [
            self.account.clone(),
            self.currency.map(|currency| currency.to_string()).unwrap_or_default(),
            char::from(self.delimiter).to_string(),
            self.decimal_separator.unwrap_or(DecimalSeparator::Point).to_string(),
            self.date_format.to_string(),
            name(&columns.booked_on, "booked_on"),
            name(&columns.value_on, "value_on"),
            name(&columns.amount, "amount"),
            name(&columns.credit, "credit"),
            name(&columns.debit, "debit"),
            name(&columns.direction, "direction"),
            name(&columns.currency, "currency"),
            name(&columns.remittance_text, "remittance_text"),
            name(&columns.structured_reference, "structured_reference"),
            name(&columns.counterparty_name, "counterparty_name"),
            name(&columns.counterparty_account, "counterparty_account"),
            name(&columns.bank_reference, "bank_reference"),
        ];
        serde_json::Value::from(said.to_vec()).to_string()
    }
}

/// The places of columns in a header.
struct Places {
    booked_on: usize,
    value_on: Option<usize>,
    amount: Option<usize>,
    credit: Option<usize>,
    debit: Option<usize>,
    direction: Option<usize>,
    currency: Option<usize>,
    remittance_text: Option<usize>,
    structured_reference: Option<usize>,
    counterparty_name: Option<usize>,
    counterparty_account: Option<usize>,
    bank_reference: Option<usize>,
}

/// Reads a file; faults point to `/rows/{n}/{column}`, the first row below the header is 0.
pub fn read(bytes: &[u8], mapping: &Mapping) -> Result<StatementFile, Vec<Fault>> {
    let text = std::str::from_utf8(bytes).map_err(|_| Faults::one("", "not_utf8", "send the file in UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(mapping.delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| Faults::one("", "malformed_csv", error.to_string()))?.clone();
    if header.iter().any(|name| name.contains('\0')) {
        return Err(Faults::one("/header", "invalid_characters", "a name holds U+0000"));
    }
    let places = Places::find(&header, &mapping.columns)?;
    let (mut faults, mut entries) = (Faults::new(), Vec::new());
    let mut counted: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut skipped = 0;
    for (number, record) in reader.records().enumerate() {
        let path = format!("/rows/{number}");
        if entries.len() >= limits::BULK_ROWS {
            too_many(&mut faults, &path);
            break;
        }
        match record {
            Err(error) => faults.add(path, "malformed_csv", error.to_string()),
            Ok(record) if record.iter().all(str::is_empty) => {}
            Ok(record) => match row(&record, &path, &places, mapping) {
                Ok(Some(entry)) => entries.extend(keyed(entry, &mut counted)),
                Ok(None) => skipped += 1,
                Err(fault) => faults.add(fault.pointer, fault.code, fault.detail),
            },
        }
        if is_hopeless(faults.len()) {
            break;
        }
    }
    faults.into_result()?;
    let currency = mapping.currency.or(entries.first().map(|entry: &StatementEntry| entry.currency));
    let section = Section {
        account: mapping.account.clone(),
        reference: mapping.statement_reference.clone(),
        currency,
        opening_balance: None,
        closing_balance: None,
        entry_count: entries.len(),
    };
    Ok(StatementFile { sections: vec![section], entries, skipped })
}

/// With its key; a bank's reference that comes again is the same booking, equal rows without one are many.
fn keyed(entry: StatementEntry, counted: &mut HashMap<Vec<u8>, usize>) -> Option<StatementEntry> {
    let reference = entry.bank_reference.clone();
    let first = match &reference {
        Some(reference) => entry.keyed(Identity::Bank(reference, 0)),
        None => entry.keyed(Identity::Content(0)),
    };
    let count = counted.entry(first.key.clone()).or_default();
    let place = *count;
    *count += 1;
    match (place, reference) {
        (0, _) => Some(first),
        (_, Some(_)) => None,
        (place, None) => Some(first.keyed(Identity::Content(place))),
    }
}

impl Places {
    fn find(header: &csv::StringRecord, columns: &Columns) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::new();
        let mut find = |given: &Option<String>, own: &str| {
            let name = given.as_deref().unwrap_or(own);
            let place = header.iter().position(|cell| cell.eq_ignore_ascii_case(name));
            if place.is_none() && given.is_some() {
                faults.add(format!("/header/{own}"), "unknown_column", format!("the header has no column '{name}'"));
            }
            place
        };
        let booked_on = find(&columns.booked_on, "booked_on");
        let amount = find(&columns.amount, "amount");
        let (credit, debit) = (find(&columns.credit, "credit"), find(&columns.debit, "debit"));
        let places = Self {
            booked_on: booked_on.unwrap_or_default(),
            value_on: find(&columns.value_on, "value_on"),
            amount,
            credit,
            debit,
            direction: find(&columns.direction, "direction"),
            currency: find(&columns.currency, "currency"),
            remittance_text: find(&columns.remittance_text, "remittance_text"),
            structured_reference: find(&columns.structured_reference, "structured_reference"),
            counterparty_name: find(&columns.counterparty_name, "counterparty_name"),
            counterparty_account: find(&columns.counterparty_account, "counterparty_account"),
            bank_reference: find(&columns.bank_reference, "bank_reference"),
        };
        if booked_on.is_none() && columns.booked_on.is_none() {
            faults.add("/header/booked_on", "required", "name the column of the booking date: booked_on=…");
        }
        let has_amount = amount.is_some() || credit.is_some() || debit.is_some();
        if !has_amount && columns.amount.is_none() && columns.credit.is_none() && columns.debit.is_none() {
            faults.add("/header/amount", "required", "name the column of the amount, or those of credits and debits");
        }
        faults.into_result().map(|()| places)
    }
}

/// `None` of a row that says itself that it moves nothing: banks tell of closings and notices by such.
fn row(record: &csv::StringRecord, path: &str, places: &Places, mapping: &Mapping) -> Result<Option<StatementEntry>, Fault> {
    let fault = |column: &str, code: &str, detail: String| Fault { pointer: format!("{path}/{column}"), code: code.into(), detail };
    // Nothing that Postgres could not keep.
    if let Some(place) = record.iter().position(|cell| cell.contains('\0')) {
        let detail = format!("column {} holds U+0000", place + 1);
        return Err(Fault { pointer: path.to_owned(), code: "invalid_characters".into(), detail });
    }
    let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).filter(|text| !text.is_empty());
    let text = |place, most: usize| cell(place).map(|text| text.chars().take(most).collect::<String>());
    let date = |place, column: &str| match cell(place) {
        None => Ok(None),
        Some(text) => NaiveDate::parse_from_str(text, mapping.date_format.pattern())
            .ok()
            .filter(|date| check_period(*date))
            .map(Some)
            .ok_or_else(|| fault(column, "invalid_date", format!("'{text}' is no date of the form {}", mapping.date_format))),
    };
    let booked_on = date(Some(places.booked_on), "booked_on")?;
    let booked_on = booked_on.ok_or_else(|| fault("booked_on", "required", "every row has a booking date".into()))?;
    let currency = match cell(places.currency) {
        Some(code) => Currency::from_code(code)
            .ok_or_else(|| fault("currency", "unknown_currency", format!("'{code}' is no ISO 4217 code with minor units")))?,
        None => mapping.currency.ok_or_else(|| fault("currency", "required", "name the currency of the file: currency=EUR".into()))?,
    };
    let number = |place, column: &str| match cell(place) {
        None => Ok(None),
        Some(text) => {
            amount_of(text, mapping.decimal_separator, currency).map(Some).map_err(|detail| fault(column, "invalid_decimal", detail))
        }
    };
    let figures = [number(places.amount, "amount")?, number(places.credit, "credit")?, number(places.debit, "debit")?];
    if figures.iter().any(Option::is_some) && figures.iter().flatten().all(Decimal::is_zero) {
        return Ok(None);
    }
    let [amount, credit, debit] = figures;
    let signed = match amount {
        Some(amount) => match cell(places.direction) {
            Some(word) => match direction_of(word) {
                Some(Direction::Credit) => amount.abs(),
                Some(Direction::Debit) => -amount.abs(),
                None => return Err(fault("direction", "unknown_value", format!("'{word}' says neither credit nor debit"))),
            },
            None => amount,
        },
        None => credit.unwrap_or_default().abs() - debit.unwrap_or_default().abs(),
    };
    if signed.is_zero() {
        return Err(fault("amount", "required", "every row moves an amount".into()));
    }
    Ok(Some(StatementEntry {
        pointer: path.to_owned(),
        account: mapping.account.clone(),
        statement_reference: mapping.statement_reference.clone(),
        booked_on,
        value_on: date(places.value_on, "value_on")?,
        amount: currency.round(signed.abs()),
        currency,
        direction: if signed > Decimal::ZERO { Direction::Credit } else { Direction::Debit },
        reversal: false,
        remittance_text: text(places.remittance_text, 2_000).unwrap_or_default(),
        structured_reference: text(places.structured_reference, 140),
        end_to_end_id: None,
        counterparty_name: text(places.counterparty_name, 200),
        counterparty_account: text(places.counterparty_account, 64).map(|account| account.split_whitespace().collect()),
        is_told_by_its_text: cell(places.bank_reference).is_none(),
        bank_reference: text(places.bank_reference, 140),
        key: vec![],
    }))
}

fn direction_of(word: &str) -> Option<Direction> {
    match word.to_ascii_lowercase().as_str() {
        "c" | "cr" | "crdt" | "credit" | "k" | "kredit" | "+" | "h" => Some(Direction::Credit),
        "d" | "db" | "dr" | "dbit" | "debit" | "debet" | "-" | "s" => Some(Direction::Debit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping() -> Mapping {
        Mapping {
            account: "1234567890".into(),
            statement_reference: None,
            currency: Currency::from_code("IDR"),
            delimiter: b',',
            decimal_separator: None,
            date_format: DateFormat::IsoDay,
            columns: Columns::default(),
        }
    }

    fn faults(text: &str, mapping: &Mapping) -> Vec<(String, String)> {
        read(text.as_bytes(), mapping).unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn a_file_with_our_own_names_needs_no_mapping() {
        let text = "\u{feff}booked_on,amount,remittance_text,counterparty_name\r\n2026-03-02,\"1,500,000.00\",INV-000001,PT Maju\r\n\r\n2026-03-03,-25000,Fee,\r\n";
        let file = read(text.as_bytes(), &mapping()).unwrap();
        let rows: Vec<_> = file.entries.iter().map(|entry| (entry.direction, entry.amount.to_string(), entry.pointer.as_str())).collect();
        assert_eq!(rows, [(Direction::Credit, "1500000.00".into(), "/rows/0"), (Direction::Debit, "25000.00".into(), "/rows/1")]);
        assert_eq!(file.entries[0].counterparty_name.as_deref(), Some("PT Maju"));
    }

    #[test]
    fn a_bank_with_its_own_names_signs_and_commas_is_mapped() {
        let columns = Columns {
            booked_on: Some("Buchungstag".into()),
            amount: Some("Betrag".into()),
            direction: Some("S/H".into()),
            remittance_text: Some("Verwendungszweck".into()),
            bank_reference: Some("Ref".into()),
            ..Columns::default()
        };
        let own = Mapping {
            currency: Currency::from_code("EUR"),
            delimiter: b';',
            decimal_separator: Some(DecimalSeparator::Comma),
            date_format: DateFormat::ShortDayDot,
            columns,
            ..mapping()
        };
        let text = "Ref;Buchungstag;Betrag;S/H;Verwendungszweck\n7;02.03.26;1.190,00;H;Rechnung INV-000001\n8;03.03.26;5,00;S;Entgelt\n7;02.03.26;1.190,00;H;again\n";
        let file = read(text.as_bytes(), &own).unwrap();
        let rows: Vec<_> = file.entries.iter().map(|entry| (entry.direction, entry.amount.to_string())).collect();
        assert_eq!(rows, [(Direction::Credit, "1190.00".into()), (Direction::Debit, "5.00".into())], "reference 7 is one booking");
        let two = Mapping { columns: Columns { credit: Some("In".into()), debit: Some("Out".into()), ..Columns::default() }, ..mapping() };
        let file = read(b"booked_on,In,Out\n2026-03-02,,10\n2026-03-02,20,\n", &two).unwrap();
        assert_eq!(file.entries.iter().map(|entry| entry.direction).collect::<Vec<_>>(), [Direction::Debit, Direction::Credit]);
    }

    #[test]
    fn equal_rows_are_two_payments_and_the_same_two_in_another_file() {
        let text = b"booked_on,amount\n2026-03-02,5\n2026-03-02,5\n";
        let (one, other) = (read(text, &mapping()).unwrap(), read(text, &mapping()).unwrap());
        assert_ne!(one.entries[0].key, one.entries[1].key);
        assert_eq!(one.entries, other.entries);
    }

    #[test]
    fn rows_that_move_nothing_are_skipped_and_counted() {
        let text = "booked_on,amount\n2026-03-02,0.00\n2026-03-02,5\n2026-03-03,-0\n";
        let file = read(text.as_bytes(), &mapping()).unwrap();
        assert_eq!((file.entries.len(), file.skipped, file.entries[0].pointer.as_str()), (1, 2, "/rows/1"));
        let columns = Columns { credit: Some("In".into()), debit: Some("Out".into()), ..Columns::default() };
        let two = Mapping { columns, ..mapping() };
        let file = read(b"booked_on,In,Out\n2026-03-02,,0.00\n2026-03-02,0,0\n2026-03-02,7,0\n", &two).unwrap();
        assert_eq!((file.entries.len(), file.skipped), (1, 2));
    }

    #[test]
    fn every_bad_row_is_told_with_its_place() {
        let text = "booked_on,amount\n2026-02-30,1\n2026-03-02,abc\n2026-03-02,\n2026-03-02,1.005\n,1\n";
        let expected = [
            ("/rows/0/booked_on", "invalid_date"),
            ("/rows/1/amount", "invalid_decimal"),
            ("/rows/2/amount", "required"),
            ("/rows/3/amount", "invalid_decimal"),
            ("/rows/4/booked_on", "required"),
        ];
        assert_eq!(faults(text, &mapping()), expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
        let named = Mapping { columns: Columns { amount: Some("Betrag".into()), ..Columns::default() }, ..mapping() };
        assert_eq!(
            faults("a,b\n1,2\n", &named),
            [("/header/amount".into(), "unknown_column".into()), ("/header/booked_on".into(), "required".into())]
        );
        assert_eq!(faults("booked_on,amount\n2026-03-02,1\n", &Mapping { currency: None, ..mapping() })[0].1, "required");
        assert_eq!(read(b"\xff\xfe", &mapping()).unwrap_err()[0].code, "not_utf8");
    }

    #[test]
    fn what_the_database_cannot_keep_is_a_fault_of_its_row() {
        let text = "booked_on,amount,remittance_text\n2026-03-02,1,fine\n2026-03-02,1,a\0b\n";
        assert_eq!(faults(text, &mapping()), [("/rows/1".to_owned(), "invalid_characters".to_owned())]);
        assert_eq!(faults("booked_on,amount,a\0b\n", &mapping()), [("/header".to_owned(), "invalid_characters".to_owned())]);
    }

    #[test]
    fn a_mapping_is_another_one_where_it_reads_otherwise() {
        let same = [
            Mapping { decimal_separator: Some(DecimalSeparator::Point), ..mapping() },
            Mapping { statement_reference: Some("2026-03".into()), ..mapping() },
            Mapping { columns: Columns { amount: Some("Amount".into()), ..Columns::default() }, ..mapping() },
        ];
        for other in same {
            assert_eq!(other.fingerprint(), mapping().fingerprint(), "{other:?}");
        }
        let others = [
            Mapping { decimal_separator: Some(DecimalSeparator::Comma), ..mapping() },
            Mapping { date_format: DateFormat::MonthSlash, ..mapping() },
            Mapping { account: "2".into(), ..mapping() },
            Mapping { delimiter: b';', ..mapping() },
            Mapping { columns: Columns { credit: Some("amount".into()), ..Columns::default() }, ..mapping() },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), mapping().fingerprint(), "{other:?}");
        }
    }
}
