//! A row of a report: one definition gives its JSON form, its schema and its form as comma-separated values (RFC 4180).

use crate::error::Error;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity, Rate};
use chrono::NaiveDate;

/// A row that can be written as comma-separated values.
pub trait CsvRow {
    const HEADER: &'static [&'static str];
    fn cells(&self) -> Vec<String>;
}

/// A value in one cell.
pub trait Cell {
    fn cell(&self) -> String;
}

impl Cell for String {
    /// Text that a spreadsheet would run as a formula is given an apostrophe, as OWASP advises: names come from outside.
    fn cell(&self) -> String {
        if self.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{self}") } else { self.clone() }
    }
}

impl<T: Cell> Cell for Option<T> {
    fn cell(&self) -> String {
        self.as_ref().map(Cell::cell).unwrap_or_default()
    }
}

macro_rules! plain_cells {
    ($($type:ty, $value:ident => $text:expr;)*) => {$(
        impl Cell for $type {
            fn cell(&self) -> String {
                let $value = self;
                $text.to_string()
            }
        }
    )*};
}

plain_cells! {
    i64, value => value;
    NaiveDate, value => value;
    Currency, value => value;
    Amount, value => value;
    Quantity, value => value;
    Rate, value => value;
}

/// Declares a row once; its fields are the columns, in this order.
macro_rules! report_row {
    ($(#[$outer:meta])* pub struct $name:ident { $($(#[$inner:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name { $($(#[$inner])* pub $field: $type,)* }

        impl $crate::reports::row::CsvRow for $name {
            const HEADER: &'static [&'static str] = &[$(stringify!($field)),*];
            fn cells(&self) -> Vec<String> {
                vec![$($crate::reports::row::Cell::cell(&self.$field)),*]
            }
        }
    };
}
pub(crate) use report_row;

/// A header line and one line a row, CRLF between them.
pub fn to_csv<R: CsvRow>(rows: &[R]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    writer.write_record(R::HEADER).map_err(Error::internal)?;
    for row in rows {
        writer.write_record(row.cells()).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    report_row! {
        pub struct Sample {
            pub group: Option<String>,
            pub currency: Currency,
            pub net: Amount,
            pub units: Quantity,
            pub count: i64,
            pub starts_on: Option<NaiveDate>,
        }
    }

    fn sample(group: Option<&str>, net: &str) -> Sample {
        Sample {
            group: group.map(str::to_owned),
            currency: Currency::from_code("IDR").unwrap(),
            net: Amount(net.parse().unwrap()),
            units: Quantity("12.500".parse().unwrap()),
            count: 3,
            starts_on: NaiveDate::from_ymd_opt(2026, 11, 1),
        }
    }

    fn text(rows: &[Sample]) -> String {
        String::from_utf8(to_csv(rows).unwrap()).unwrap()
    }

    #[test]
    fn an_empty_report_is_its_header() {
        assert_eq!(text(&[]), "group,currency,net,units,count,starts_on\r\n");
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let lines = text(&[sample(Some("Toko \"Sumber\", Jakarta"), "-1500.50"), sample(None, "0.00")]);
        let expected = "group,currency,net,units,count,starts_on\r\n\"Toko \"\"Sumber\"\", Jakarta\",IDR,-1500.50,12.5,3,2026-11-01\r\n\
                        ,IDR,0.00,12.5,3,2026-11-01\r\n";
        assert_eq!(lines, expected);
    }

    #[test]
    fn text_is_no_formula_and_numbers_stay_numbers() {
        let lines = text(&[sample(Some("=HYPERLINK(1)"), "-1.00"), sample(Some("@x"), "1.00"), sample(Some("a-b"), "1.00")]);
        assert!(lines.contains("\r\n'=HYPERLINK(1),IDR,-1.00") && lines.contains("\r\n'@x,") && lines.contains("\r\na-b,"), "{lines}");
    }
}
