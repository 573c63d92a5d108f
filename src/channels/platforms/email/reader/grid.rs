//! From a grid of cells, wherever it stood, to the lines of an order.

use super::columns::{self, Column};
use super::rest::Rest;
use super::values::{self, Number};
use crate::channels::platforms::parts::line;
use crate::platform::limits::ORDER_LINES;
use crate::types::currency::Currency;
use crate::verifications::reading::{Confidence, ReadField, ReadLine, Reading, Remark};
use std::collections::HashMap;

/// Where a grid stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Csv { part: String },
    Sheet { part: String, sheet: String },
    Html { part: String, table: usize },
    Text { part: String },
}

impl Source {
    /// A cell, counted from 0, as people find it.
    pub fn place(&self, row: usize, column: usize) -> String {
        match self {
            Self::Csv { part } => format!("part={part};row={};column={}", row + 1, column + 1),
            Self::Sheet { part, sheet } => format!("part={part};sheet={sheet};cell={}{}", letters(column), row + 1),
            Self::Html { part, table } => format!("part={part};table={table};row={};column={}", row + 1, column + 1),
            Self::Text { part } => format!("part={part};line={}", row + 1),
        }
    }

    /// What a reading from here is worth at most: nothing says where a column of plain text begins.
    fn ceiling(&self) -> Confidence {
        match self {
            Self::Csv { .. } | Self::Sheet { .. } | Self::Html { .. } => Confidence::CERTAIN,
            Self::Text { .. } => Confidence::of(60),
        }
    }
}

/// A, B … Z, AA …
fn letters(column: usize) -> String {
    let (mut rest, mut out) = (column + 1, vec![]);
    while rest > 0 {
        let digit = (rest - 1) % 26;
        out.push(b'A' + u8::try_from(digit).unwrap_or_default());
        rest = (rest - 1) / 26;
    }
    out.reverse();
    String::from_utf8(out).unwrap_or_default()
}

/// Rows of cells, each row with its number in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    pub source: Source,
    pub rows: Vec<(usize, Vec<Cell>)>,
}

impl Grid {
    /// Whether anything stands in it.
    pub fn has_text(&self) -> bool {
        self.rows.iter().any(|(_, cells)| cells.iter().any(|cell| !cell.text.trim().is_empty()))
    }

    /// What could be the name of a product.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let cells = self.rows.iter().flat_map(|(_, cells)| cells).map(|cell| cell.text.trim());
        cells.filter(|text| (2..=64).contains(&text.len())).map(str::to_owned)
    }

    /// Which table of a mail's HTML it is.
    pub fn table_number(&self) -> Option<usize> {
        match &self.source {
            Source::Html { table, .. } => Some(*table),
            _ => None,
        }
    }
}

/// The text of a cell. Spreadsheets say of themselves that it is a number: nothing about its separators is a guess then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub is_number: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_number: false }
    }
}

/// Rows above the one with the names of the columns.
const PREAMBLE: usize = 40;
const COLUMNS: usize = 64;

type Columns = HashMap<Column, (usize, Confidence)>;

/// The lines of the grid; `None` where it holds none.
pub fn read(grid: &Grid) -> Option<Reading> {
    let (header, columns) = header(grid)?;
    let ceiling = grid.source.ceiling();
    let mut reading = Reading { purchase_order_number: order_number(grid, header, ceiling), ..Reading::default() };
    let taken: Vec<usize> = columns.values().map(|(place, _)| *place).collect();
    let mut rest = Rest::of(grid, header, &taken);
    for (number, cells) in &grid.rows[header + 1..] {
        let first = cells.iter().map(|cell| cell.text.trim()).find(|text| !text.is_empty());
        if first.is_none_or(columns::is_sum) {
            continue;
        }
        let row = Row { grid, number: *number, cells, columns: &columns, ceiling };
        let Some(line) = row.line(&mut reading.remarks) else {
            rest.row(*number, cells);
            continue;
        };
        if reading.lines.len() == ORDER_LINES {
            let place = grid.source.place(*number, 0);
            reading.remarks.push(Remark::new(
                "too_many_lines",
                format!("an order has at most {ORDER_LINES} lines; the rest is not read"),
                place,
            ));
            break;
        }
        row.currency(&mut reading);
        rest.line(*number, cells, &line);
        reading.lines.push(line);
    }
    rest.told(&mut reading);
    (!reading.lines.is_empty()).then_some(reading)
}

/// The row that names the columns: a product and a quantity at least.
fn header(grid: &Grid) -> Option<(usize, Columns)> {
    for (i, (_, cells)) in grid.rows.iter().enumerate().take(PREAMBLE) {
        let mut columns = Columns::new();
        for (place, cell) in cells.iter().enumerate().take(COLUMNS) {
            if let Some((column, confidence)) = columns::of_name(&cell.text) {
                // The surer name wins, else the first.
                let known = columns.get(&column).is_none_or(|(_, known)| *known < confidence);
                if known {
                    columns.insert(column, (place, confidence));
                }
            }
        }
        let product = columns.contains_key(&Column::Sku) || columns.contains_key(&Column::Gtin);
        if product && columns.contains_key(&Column::Quantity) {
            return Some((i, columns));
        }
    }
    None
}

/// `PO number: 4711` above the table.
fn order_number(grid: &Grid, header: usize, ceiling: Confidence) -> Option<ReadField> {
    for (number, cells) in &grid.rows[..header] {
        for (i, cell) in cells.iter().enumerate() {
            let text = cell.text.trim();
            let (label, inside) = match text.split_once([':', '#']) {
                Some((label, value)) => (label, value.trim()),
                None => (text, ""),
            };
            if !columns::is_order_number_label(label) {
                continue;
            }
            let beside = || cells[i + 1..].iter().map(|cell| cell.text.trim()).find(|text| !text.is_empty());
            let value = if inside.is_empty() { beside() } else { Some(inside) };
            if let Some(value) = value.filter(|value| value.len() <= 100 && value.chars().any(|c| c.is_ascii_digit())) {
                return Some(ReadField::new(value, Confidence::of(95).and(ceiling), grid.source.place(*number, i)));
            }
        }
    }
    None
}

struct Row<'a> {
    grid: &'a Grid,
    number: usize,
    cells: &'a [Cell],
    columns: &'a Columns,
    ceiling: Confidence,
}

impl Row<'_> {
    fn cell(&self, column: Column) -> Option<(&Cell, Confidence, String)> {
        let (place, confidence) = self.columns.get(&column)?;
        let cell = self.cells.get(*place)?;
        if cell.text.trim().is_empty() {
            return None;
        }
        Some((cell, confidence.and(self.ceiling), self.grid.source.place(self.number, *place)))
    }

    fn text(&self, column: Column, longest: usize) -> Option<ReadField> {
        let (cell, confidence, place) = self.cell(column)?;
        let text = line(Some(&cell.text), usize::MAX).unwrap_or_default();
        // What is too long for a value is prose, and the column is another one.
        let confidence = if text.chars().count() > longest { Confidence::of(10) } else { confidence };
        Some(ReadField::new(text.chars().take(longest).collect::<String>(), confidence, place))
    }

    fn number(&self, column: Column) -> Option<(Number, ReadField)> {
        let (cell, confidence, place) = self.cell(column)?;
        let number = match cell.text.trim().parse() {
            Ok(value) if cell.is_number => Number { value, confidence: Confidence::CERTAIN, rest: String::new() },
            _ => values::number(&cell.text)?,
        };
        let field = ReadField::new(number.value.normalize().to_string(), confidence.and(number.confidence), place);
        Some((number, field))
    }

    /// What the row says of the currency: that of the whole order, where all say the same.
    fn currency(&self, reading: &mut Reading) {
        let Some(mut told) = self.text(Column::Currency, 10) else { return };
        match Currency::from_code(&told.value.to_uppercase()).or_else(|| of_sign(&told.value)) {
            Some(currency) => told.value = currency.code().to_owned(),
            None => told.confidence = Confidence::of(0),
        }
        match &reading.currency {
            None => reading.currency = Some(told),
            Some(known) if known.value != told.value => {
                if !reading.remarks.iter().any(|remark| remark.code == "currency_differs") {
                    let detail = format!("the lines name {} and {}", known.value, told.value);
                    reading.remarks.push(Remark::new("currency_differs", detail, told.place));
                }
            }
            Some(_) => {}
        }
    }

    /// `None` for a row that is no line.
    fn line(&self, remarks: &mut Vec<Remark>) -> Option<ReadLine> {
        let (sku, gtin) = (self.text(Column::Sku, 64), self.text(Column::Gtin, 14));
        let quantity = self.number(Column::Quantity);
        if sku.is_none() && gtin.is_none() {
            // A row without a product is a sum or a remark, unless it wants something.
            let name = self.text(Column::Name, 200).filter(|_| quantity.is_some())?;
            return Some(ReadLine { name: Some(name), quantity: quantity.map(|(_, field)| field), ..ReadLine::default() });
        }
        let mut unit = self.text(Column::Unit, 20);
        let here = || self.grid.source.place(self.number, 0);
        let quantity = quantity.map(|(number, mut field)| {
            if unit.is_none() && !number.rest.is_empty() && number.rest.len() <= 12 {
                unit = Some(ReadField::new(number.rest.clone(), field.confidence.and(Confidence::of(92)), field.place.clone()));
            } else if !number.rest.is_empty() {
                field.confidence = field.confidence.and(Confidence::of(50));
            }
            if number.value <= rust_decimal::Decimal::ZERO {
                field.confidence = Confidence::of(0);
            }
            field
        });
        if quantity.is_none() {
            remarks.push(Remark::new("quantity_missing", "no quantity can be read in this row", here()));
        }
        if let Some((number, field)) = self.number(Column::Discount)
            && !number.value.is_zero()
        {
            remarks.push(Remark::new("discount_expected", format!("the customer counts on a discount of {}", field.value), field.place));
        }
        let requested_on = self.cell(Column::RequestedOn).filter(|(cell, ..)| cell.text.contains(char::is_alphanumeric));
        let requested_on = requested_on.map(|(cell, confidence, place)| {
            match values::date(&cell.text).or_else(|| values::serial(&cell.text)) {
                Some((date, sure)) => ReadField::new(date.to_string(), confidence.and(sure), place),
                // A day that nobody can read is one that the customer counts on all the same.
                None => ReadField::new(line(Some(&cell.text), 60).unwrap_or_default(), Confidence::of(0), place),
            }
        });
        Some(ReadLine {
            sku,
            gtin,
            customer_sku: self.text(Column::CustomerSku, 100),
            name: self.text(Column::Name, 200),
            quantity,
            unit,
            unit_price: self.number(Column::UnitPrice).map(|(_, field)| field),
            requested_on,
        })
    }
}

/// Signs that stand for one currency alone.
fn of_sign(text: &str) -> Option<Currency> {
    let code = match text.trim().trim_end_matches('.').to_lowercase().as_str() {
        "rp" => "IDR",
        "€" | "euro" => "EUR",
        "£" => "GBP",
        "rm" => "MYR",
        "us$" => "USD",
        "s$" => "SGD",
        _ => return None,
    };
    Currency::from_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&[&str]]) -> Grid {
        let rows = rows.iter().enumerate().map(|(i, row)| (i, row.iter().map(|text| Cell::text(*text)).collect())).collect();
        Grid { source: Source::Csv { part: "2".into() }, rows }
    }

    #[test]
    fn a_table_with_a_head_a_sum_and_a_number_above() {
        let reading = read(&grid(&[
            &["PO number", "4711"],
            &[],
            &["Kode Barang", "Nama Barang", "Jumlah", "Satuan", "Harga"],
            &["KOPI-250", "Kopi", "3", "pcs", "Rp 85.000"],
            &["TEH-100", "Teh", "1.000", "", ""],
            &["", "Total", "4", "", ""],
        ]))
        .unwrap();
        assert_eq!(reading.purchase_order_number.unwrap().value, "4711");
        assert_eq!(reading.lines.len(), 2);
        let first = &reading.lines[0];
        assert_eq!(first.sku.as_ref().unwrap(), &ReadField::new("KOPI-250", Confidence::of(98), "part=2;row=4;column=1"));
        assert_eq!((first.quantity.as_ref().unwrap().value.as_str(), first.unit.as_ref().unwrap().value.as_str()), ("3", "pcs"));
        assert_eq!(first.unit_price.as_ref().unwrap().value, "85");
        assert!(first.unit_price.as_ref().unwrap().confidence < Confidence::ENOUGH, "85.000 is a guess");
        assert!(reading.lines[1].quantity.as_ref().unwrap().confidence < Confidence::ENOUGH);
    }

    #[test]
    fn no_table_without_product_and_quantity() {
        assert_eq!(read(&grid(&[&["Name", "Menge"], &["x", "1"]])), None);
        assert_eq!(read(&grid(&[&["SKU", "Price"], &["x", "1"]])), None);
        assert_eq!(read(&grid(&[&["SKU", "Qty"]])), None);
        assert_eq!(read(&grid(&[])), None);
    }

    #[test]
    fn days_that_cannot_be_read_are_not_left_out() {
        let told = |text: &str| {
            let reading = read(&grid(&[&["SKU", "Qty", "Delivery date"], &["A1", "3", text]])).unwrap();
            reading.lines[0].requested_on.as_ref().map(|field| (field.value.clone(), field.confidence >= Confidence::ENOUGH))
        };
        let day = |text: &str, sure: bool| Some((text.to_owned(), sure));
        assert_eq!(told("2026-12-05"), day("2026-12-05", true));
        assert_eq!(told("46370"), day("2026-12-14", false));
        for text in ["KW 51", "ASAP", "2026-13-45"] {
            assert_eq!(told(text), day(text, false));
        }
        assert_eq!((told(""), told(" - ")), (None, None));
    }

    #[test]
    fn columns_and_rows_that_say_something_else_are_kept() {
        let reading = read(&grid(&[
            &["CANCELLED"],
            &["No", "SKU", "Qty", "Keterangan", "Brand", "Nilai", "Warna"],
            &["1", "A1", "3", "please cancel this line", "Kapal", "Rp 150.000", "red"],
            &["2", "B2", "1", "-", "Kapal", "7"],
            &["3", "C3", "1", "red", "", ""],
            &["", "", "", "deliver all of it before Friday", "", ""],
        ]))
        .unwrap();
        let told: Vec<(&str, &str)> = reading.remarks.iter().map(|remark| (remark.code.as_str(), remark.place.as_str())).collect();
        let expected = [
            ("other_matter", "part=2;row=1;column=1"),
            ("instruction", "part=2;row=6;column=1"),
            ("unread_column", "part=2;row=3;column=4"),
        ];
        assert_eq!(told, expected, "{:#?}", reading.remarks);
        assert_eq!(
            reading.note.unwrap().value,
            "A1, Keterangan: please cancel this line\nA1, Warna: red\nC3, Keterangan: red\ndeliver all of it before Friday"
        );
    }

    #[test]
    fn a_currency_is_that_of_all_lines() {
        let told = |rows: &[&str]| {
            let mut all: Vec<Vec<&str>> = vec![vec!["SKU", "Qty", "Currency"]];
            all.extend(rows.iter().map(|currency| vec!["A1", "3", *currency]));
            let all: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
            let reading = read(&grid(&all)).unwrap();
            (reading.currency.map(|field| field.value), reading.remarks.len())
        };
        assert_eq!(told(&["usd", "USD"]), (Some("USD".to_owned()), 0));
        assert_eq!(told(&["Rp"]), (Some("IDR".to_owned()), 0));
        assert_eq!(told(&["USD", "IDR", "EUR"]), (Some("USD".to_owned()), 1));
        assert_eq!(told(&[""]), (None, 0));
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
