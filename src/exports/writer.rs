use crate::error::Error;
use crate::platform::file_stream::Outlet;
use crate::tabular::column::Column;
use crate::tabular::csv_writer;
use crate::tabular::workbook::Book;
use crate::types::text_enum::text_enum;
use serde::Serialize;
use serde_json::Value;

text_enum! {
    /// The form of a file.
    pub enum ExportFormat {
        /// One JSON object a line, as the API shows it.
        Ndjson = "ndjson",
        /// RFC 4180, with the names of the columns on the first line.
        Csv = "csv",
        /// A workbook with real numbers and dates.
        Xlsx = "xlsx",
    }
}

impl ExportFormat {
    /// The format that a query asks for, before the query is judged.
    pub fn of(query: &str) -> Self {
        let given = query.split('&').find_map(|pair| pair.strip_prefix("format=")).and_then(|format| format.parse().ok());
        given.unwrap_or(Self::Ndjson)
    }

    /// What `Accept` is compared with.
    pub fn served(self) -> &'static [&'static str] {
        match self {
            Self::Ndjson => &["application/x-ndjson"],
            Self::Csv => &["text/csv"],
            Self::Xlsx => &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Takes rows one by one.
pub struct Writer<'a> {
    outlet: &'a mut Outlet,
    columns: &'static [Column],
    format: ExportFormat,
    /// Of a workbook, which can only be sent when it is complete.
    book: Option<Book>,
}

impl<'a> Writer<'a> {
    pub fn begin(outlet: &'a mut Outlet, columns: &'static [Column], format: ExportFormat) -> Result<Self, Error> {
        let mut book = None;
        match format {
            ExportFormat::Ndjson => {}
            ExportFormat::Csv => outlet.send(&csv_writer::header(columns)?)?,
            ExportFormat::Xlsx => book = Some(Book::new(columns)?),
        }
        Ok(Self { outlet, columns, format, book })
    }

    pub fn add(&mut self, row: &Value) -> Result<(), Error> {
        match (self.format, &mut self.book) {
            (ExportFormat::Ndjson, _) => self.add_line(row.to_string().as_bytes()),
            (ExportFormat::Xlsx, Some(book)) => book.add(row),
            (ExportFormat::Csv | ExportFormat::Xlsx, _) => {
                let mut line = vec![];
                csv_writer::write(&mut line, self.columns, row)?;
                self.outlet.send(&line)
            }
        }
    }

    /// As `add`, for a row as the API shows it, its fields in the same order.
    pub fn add_body(&mut self, row: &impl Serialize) -> Result<(), Error> {
        match self.format {
            ExportFormat::Ndjson => self.add_line(&serde_json::to_vec(row).map_err(Error::internal)?),
            ExportFormat::Csv | ExportFormat::Xlsx => self.add(&serde_json::to_value(row).map_err(Error::internal)?),
        }
    }

    /// As `add`, for a row that is written as JSON already.
    pub fn add_json(&mut self, json: &[u8]) -> Result<(), Error> {
        match self.format {
            ExportFormat::Ndjson => self.add_line(json),
            ExportFormat::Csv | ExportFormat::Xlsx => self.add(&serde_json::from_slice(json).map_err(Error::internal)?),
        }
    }

    fn add_line(&mut self, json: &[u8]) -> Result<(), Error> {
        self.outlet.send(json)?;
        self.outlet.send(b"\n")
    }

    pub fn finish(self) -> Result<(), Error> {
        match self.book {
            Some(book) => book.finish(self.outlet),
            None => Ok(()),
        }
    }
}
