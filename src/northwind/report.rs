//! What an import has done, and what it has left out.

use crate::error::Error;
use crate::platform::db::Db;
use diesel::Connection;
use diesel::pg::PgConnection;
use std::collections::BTreeMap;
use std::fmt;

/// A row that is not in, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// File and key, such as `orders.csv 10248`.
    pub row: String,
    pub reason: String,
}

/// What came of an import. Counts are of rows that are in, whether this run brought them or an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub products: usize,
    pub customers: usize,
    pub orders: usize,
    pub lines: usize,
    pub orders_shipped: usize,
    pub orders_invoiced: usize,
    /// New by this run.
    pub orders_placed: usize,
    pub rejected: Vec<Rejected>,
}

impl Report {
    pub fn reject(&mut self, row: impl Into<String>, reason: impl Into<String>) {
        self.rejected.push(Rejected { row: row.into(), reason: reason.into() });
    }

    /// Runs `work` over `rows` in chunks, each in a transaction. A chunk that is refused is done again row by row, so that only
    /// the rows at fault are left out, each with its reason. Gives the rows that are in. Failures that are no row's fault stop
    /// the import.
    pub fn in_chunks<'a, T>(
        &mut self,
        db: &Db,
        rows: &[&'a T],
        name: impl Fn(&T) -> String,
        work: impl Fn(&mut PgConnection, &[&'a T]) -> Result<(), Error>,
    ) -> Result<Vec<&'a T>, Error> {
        const CHUNK: usize = 50;
        let mut done = vec![];
        for chunk in rows.chunks(CHUNK) {
            match db.write_blocking(|connection| work(connection, chunk)) {
                Ok(()) => done.extend(chunk),
                Err(error) if is_of_rows(&error) => {
                    let refused = db.write_blocking(|connection| one_by_one(connection, chunk, &work))?;
                    done.extend(chunk.iter().enumerate().filter(|(place, _)| !refused.contains_key(place)).map(|(_, row)| *row));
                    self.rejected.extend(refused.into_iter().map(|(place, reason)| Rejected { row: name(chunk[place]), reason }));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// Each row behind a savepoint of its own; the places of those that were refused, and why.
fn one_by_one<'a, T>(
    connection: &mut PgConnection,
    rows: &[&'a T],
    work: &impl Fn(&mut PgConnection, &[&'a T]) -> Result<(), Error>,
) -> Result<BTreeMap<usize, String>, Error> {
    let mut refused = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        match connection.transaction(|connection| work(connection, std::slice::from_ref(row))) {
            Ok(()) => {}
            Err(error) if is_of_rows(&error) => {
                refused.insert(place, reason(&error));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

/// Whether a service has refused what a row says; everything else is a failure of the machine.
pub fn is_of_rows(error: &Error) -> bool {
    matches!(
        error,
        Error::Invalid(_) | Error::Conflict { .. } | Error::NotFound { .. } | Error::BadRequest { .. } | Error::Forbidden { .. }
    )
}

/// What the service said, on one line.
pub fn reason(error: &Error) -> String {
    match error {
        Error::Invalid(faults) => {
            let told: Vec<String> = faults.iter().map(|fault| format!("{} {} ({})", fault.pointer, fault.detail, fault.code)).collect();
            told.join("; ")
        }
        error => error.to_string(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} products, {} customers", self.products, self.customers)?;
        writeln!(f, "{} orders with {} lines, {} of them new", self.orders, self.lines, self.orders_placed)?;
        let open = self.orders - self.orders_shipped;
        writeln!(f, "{} orders shipped, {} invoiced, {open} open", self.orders_shipped, self.orders_invoiced)?;
        if self.rejected.is_empty() {
            return write!(f, "every row is in");
        }
        write!(f, "{} rows are not in:", self.rejected.len())?;
        for rejected in &self.rejected {
            write!(f, "\n  {}: {}", rejected.row, rejected.reason)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_each_row_that_is_not_in() {
        let mut report = Report { products: 77, customers: 91, orders: 830, lines: 2155, orders_shipped: 809, ..Report::default() };
        assert!(report.to_string().ends_with("every row is in"));
        report.reject("orders.csv 10248", reason(&Error::invalid("/customer_code", "unknown_customer", "no such customer")));
        assert!(
            report.to_string().ends_with("1 rows are not in:\n  orders.csv 10248: /customer_code no such customer (unknown_customer)"),
            "{report}"
        );
    }
}
