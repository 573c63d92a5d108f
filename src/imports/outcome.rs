//! What is told of a row.

use super::body::{ImportAction, ImportRowStatus};
use super::csv_rows::{ColumnNames, column_of};
use super::store::{Lease, Outcome, PendingRow};
use crate::error::Error;
use crate::types::bulk::BulkOutcome;
use crate::types::id::ImportId;
use serde_json::Value;
use uuid::Uuid;

/// Tells of the rows of one import.
pub struct Telling {
    id: ImportId,
    /// Of a CSV file.
    columns: ColumnNames,
}

impl Telling {
    pub fn of(lease: &Lease) -> Self {
        let columns = lease.columns.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        Self { id: lease.id, columns }
    }

    /// Whether the rows are those of a CSV file.
    pub fn of_file(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The row as it was refused, with the file's columns beside the pointers.
    pub fn rejected(&self, row: &PendingRow, error: &Error) -> Outcome {
        let mut problem = error.problem(&self.id.to_string());
        for fault in problem["errors"].as_array_mut().into_iter().flatten() {
            let column = fault["pointer"].as_str().and_then(|pointer| column_of(&self.columns, pointer)).map(str::to_owned);
            if let (Some(column), Some(fault)) = (column, fault.as_object_mut()) {
                fault.insert("column".to_owned(), Value::String(column));
            }
        }
        let problem = Some(problem.to_string());
        let status = ImportRowStatus::Rejected;
        Outcome { row_number: row.row_number, status, action: None, subject_id: row.subject_id, subject_key: None, problem }
    }
}

/// The row's outcome of a bulk call.
pub fn done(row: &PendingRow, outcome: BulkOutcome, id: Option<Uuid>, key: String) -> Outcome {
    let (status, action) = match outcome {
        BulkOutcome::Created => (ImportRowStatus::Imported, Some(ImportAction::Created)),
        BulkOutcome::Updated => (ImportRowStatus::Imported, Some(ImportAction::Updated)),
        BulkOutcome::Unchanged | BulkOutcome::Late => (ImportRowStatus::Unchanged, None),
    };
    let subject_id = id.unwrap_or(row.subject_id);
    Outcome { row_number: row.row_number, status, action, subject_id, subject_key: Some(key), problem: None }
}

/// What was wrong with the row as it was read from its file.
pub fn fault_of(row: &PendingRow) -> Option<Error> {
    let (code, detail) = row.fault.as_deref()?.split_once('|')?;
    Some(Error::invalid("", code, detail))
}
