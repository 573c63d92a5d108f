//! CSV (RFC 4180) as it goes out. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a
//! formula and runs it (OWASP, CSV Injection); text that begins so is written with an apostrophe before it. Numbers are numbers and
//! stay as they are. An import takes the apostrophe away again.

use super::column::{Cell, Column, Place};
use crate::error::Error;
use serde_json::Value;

/// Whether a spreadsheet would run it, or an apostrophe before it would be taken for ours.
fn is_risky(text: &str) -> bool {
    matches!(text.trim_start_matches('\'').chars().next(), Some('=' | '+' | '-' | '@' | '\t' | '\r'))
}

/// Text with the apostrophe that makes it harmless.
pub fn neutralised(text: String) -> String {
    if is_risky(&text) { format!("'{text}") } else { text }
}

/// The text that [`neutralised`] has got.
pub fn plain(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if is_risky(rest) => rest.to_owned(),
        _ => text,
    }
}

/// The value at a dotted path; null where there is none.
pub fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    const NOTHING: &Value = &Value::Null;
    path.split('.').try_fold(row, |value, name| value.get(name)).unwrap_or(NOTHING)
}

/// The columns that are written.
pub fn written(columns: &'static [Column]) -> impl Iterator<Item = &'static Column> {
    columns.iter().filter(|column| column.place != Place::Taken)
}

/// The names of the columns as a line.
pub fn header(columns: &'static [Column]) -> Result<Vec<u8>, Error> {
    line(written(columns).map(|column| column.path.to_owned()))
}

/// Appends one row.
pub fn write(out: &mut Vec<u8>, columns: &'static [Column], row: &Value) -> Result<(), Error> {
    let cells = written(columns).map(|column| text_of(at(row, column.path), column.cell));
    out.extend(line(cells)?);
    Ok(())
}

fn line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    writer.write_record(cells).map_err(Error::internal)?;
    writer.into_inner().map_err(Error::internal)
}

/// The cell of a value. An empty object or array is no value.
fn text_of(value: &Value, cell: Cell) -> String {
    match (value, cell) {
        (Value::Null, _) => String::new(),
        (Value::Array(items), _) if items.is_empty() => String::new(),
        (Value::Object(members), _) if members.is_empty() => String::new(),
        (Value::String(text), Cell::Text | Cell::Json) => neutralised(text.clone()),
        (Value::String(text), Cell::Decimal | Cell::Integer | Cell::Bool | Cell::Date | Cell::Instant) => text.clone(),
        (value, _) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::PRICES;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for risky in ["=1+1", "+62 812", "-x", "@cmd", "\tx", "\rx", "'=1"] {
            assert_eq!(neutralised(risky.to_owned()), format!("'{risky}"));
        }
        assert_eq!(neutralised("a=1".to_owned()), "a=1");
        assert_eq!(text_of(&json!("-5.00"), Cell::Decimal), "-5.00");
        assert_eq!(text_of(&json!({"a": "=1"}), Cell::Json), r#"{"a":"=1"}"#);
        let mut out = header(PRICES).unwrap();
        let price = json!({"price_list": "=vip", "sku": "A\"B", "currency": "IDR", "unit_price": "1.50", "price_quantity": "1",
            "min_quantity": "0", "valid_from_on": null, "valid_to_on": "2026-12-31", "version": 1, "updated_at": "2026-01-01T00:00:00Z"});
        write(&mut out, PRICES, &price).unwrap();
        let expected = "price_list,sku,currency,unit_price,price_quantity,min_quantity,valid_from_on,valid_to_on,version,updated_at\r\n\
            '=vip,\"A\"\"B\",IDR,1.50,1,0,,2026-12-31,1,2026-01-01T00:00:00Z\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn the_apostrophe_is_taken_away_again(text in "['=+@\ta-]{0,5}") {
            let harmless = neutralised(text.clone());
            prop_assert!(!harmless.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(plain(harmless), text);
        }
    }
}
