//! Excel workbooks, written row by row: what has been written lies in a file, not in memory. Text is text, never a formula; numbers,
//! dates and instants (UTC) are such. A number with more digits than a spreadsheet keeps is written as text.

use super::column::{Cell, Column};
use super::csv_writer::{at, written};
use crate::error::Error;
use chrono::{DateTime, NaiveDate, Utc};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use std::io::Write;

/// Rows of one sheet, below the 1,048,576 that a sheet can have; more go on in another sheet.
const SHEET_ROWS: u32 = 1_000_000;
/// Characters that a cell can have.
const CELL_CHARACTERS: usize = 32_767;
/// Digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;

/// A workbook that is being written.
pub struct Book {
    book: Workbook,
    columns: Vec<&'static Column>,
    sheet_rows: u32,
    sheets: usize,
    /// The next row of the last sheet.
    row: u32,
    bold: Format,
    date: Format,
    instant: Format,
}

impl Book {
    pub fn new(columns: &'static [Column]) -> Result<Self, Error> {
        Self::with_sheets_of(columns, SHEET_ROWS)
    }

    fn with_sheets_of(columns: &'static [Column], sheet_rows: u32) -> Result<Self, Error> {
        let mut book = Self {
            book: Workbook::new(),
            columns: written(columns).collect(),
            sheet_rows,
            sheets: 0,
            row: 0,
            bold: Format::new().set_bold(),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            instant: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        };
        book.begin_sheet().map_err(Error::internal)?;
        Ok(book)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_freeze_panes(1, 0)?;
        for (i, column) in (0u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, i, column.path, &self.bold)?;
        }
        self.sheets += 1;
        self.row = 1;
        Ok(())
    }

    /// Appends one row.
    pub fn add(&mut self, row: &Value) -> Result<(), Error> {
        self.write(row).map_err(Error::internal)
    }

    fn write(&mut self, row: &Value) -> Result<(), XlsxError> {
        if self.row > self.sheet_rows {
            self.begin_sheet()?;
        }
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (i, column) in (0u16..).zip(&self.columns) {
            write_cell(sheet, (self.row, i), column.cell, at(row, column.path), &self.date, &self.instant)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Packs the workbook into `out`, piece by piece.
    pub fn finish(mut self, out: impl Write + Send) -> Result<(), Error> {
        self.book.save_to_writer(out).map_err(Error::internal)
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: Cell,
    value: &Value,
    date: &Format,
    instant: &Format,
) -> Result<(), XlsxError> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::Array(items) if items.is_empty() => return Ok(()),
        Value::Object(members) if members.is_empty() => return Ok(()),
        Value::Bool(value) => return sheet.write_boolean(row, column, *value).map(|_| ()),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    match cell {
        Cell::Decimal | Cell::Integer if is_exact(&text) => {
            if let Ok(number) = text.parse::<f64>() {
                return sheet.write_number(row, column, number).map(|_| ());
            }
        }
        Cell::Date => {
            if let Ok(day) = text.parse::<NaiveDate>()
                && sheet.write_datetime_with_format(row, column, day, date).is_ok()
            {
                return Ok(());
            }
        }
        Cell::Instant => {
            if let Ok(at) = text.parse::<DateTime<Utc>>()
                && sheet.write_datetime_with_format(row, column, at.naive_utc(), instant).is_ok()
            {
                return Ok(());
            }
        }
        Cell::Decimal | Cell::Integer | Cell::Text | Cell::Bool | Cell::Json => {}
    }
    let text = if text.chars().count() > CELL_CHARACTERS { text.chars().take(CELL_CHARACTERS).collect() } else { text };
    sheet.write_string(row, column, text).map(|_| ())
}

/// Whether a spreadsheet keeps all digits of it.
fn is_exact(number: &str) -> bool {
    number.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count() <= DIGITS
}

#[cfg(test)]
mod tests {
    use super::super::column::PRICES;
    use super::*;
    use serde_json::json;

    /// The files of a workbook, which are packed without compression or not: enough to look for their names.
    fn packed(rows: usize, sheet_rows: u32) -> Vec<u8> {
        let mut book = Book::with_sheets_of(PRICES, sheet_rows).unwrap();
        for i in 0..rows {
            book.add(&json!({"sku": format!("=A{i}"), "unit_price": "12.50", "valid_from_on": "2026-03-02", "updated_at": "2026-03-02T02:00:00Z"})).unwrap();
        }
        let mut out = vec![];
        book.finish(&mut out).unwrap();
        out
    }

    fn has(bytes: &[u8], text: &str) -> bool {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[test]
    fn rows_that_do_not_fit_go_on_in_another_sheet() {
        let one = packed(2, 2);
        assert!(one.starts_with(b"PK") && has(&one, "xl/worksheets/sheet1.xml") && !has(&one, "xl/worksheets/sheet2.xml"));
        assert!(has(&packed(3, 2), "xl/worksheets/sheet2.xml"));
    }

    #[test]
    fn digits_that_would_be_lost_are_kept_as_text() {
        assert!(is_exact("-1234567890.12345") && is_exact("0.000001") && is_exact("0000000000000000001"));
        assert!(!is_exact("12345678901234.123456"));
    }
}
