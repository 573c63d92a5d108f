//! Rows as files carry them: the columns of each kind, CSV as it comes in and goes out, workbooks.

pub mod column;
pub mod csv_reader;
pub mod csv_writer;
pub mod workbook;
