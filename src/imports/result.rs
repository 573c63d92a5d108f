//! The outcomes of an import as a file.

use super::body::{Import, ImportRow};
use super::store;
use crate::error::Error;
use crate::tabular::column::OUTCOMES;
use crate::tabular::csv_writer;
use diesel::pg::PgConnection;
use serde_json::{Value, json};

use crate::types::id::OrganizationId;

/// Rows that are read at once.
const PAGE: i64 = 1_000;

/// The file's next part after a row, and the last row in it; `None` at the end. With `header` a CSV file begins.
pub fn part(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    import: &Import,
    csv: bool,
    after: i64,
) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let rows = store::rows(connection, organization_id, import, None, after, PAGE)?;
    let Some(last) = rows.last().map(|row| row.row_number) else { return Ok(None) };
    let mut out = vec![];
    for row in &rows {
        let row = told(row);
        if csv {
            csv_writer::write(&mut out, OUTCOMES, &row)?;
        } else {
            out.extend(serde_json::to_vec(&row).map_err(Error::internal)?);
            out.push(b'\n');
        }
    }
    Ok(Some((last, out)))
}

/// One row of the file.
fn told(row: &ImportRow) -> Value {
    let problem = row.problem.as_ref().unwrap_or(&Value::Null);
    let mut told = json!({
        "row_number": row.row_number, "status": row.status, "action": row.action, "id": row.id, "key": row.key,
        "code": problem["code"], "detail": problem["detail"],
    });
    told["errors"] = problem.get("errors").cloned().unwrap_or_else(|| json!([]));
    told
}
