use super::body::{Import, ImportRow, ImportRowStatus};
use super::csv_rows::ColumnNames;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::types::id::{ImportId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;

pub use super::store::Filter;

/// Acknowledges an import whose rows are all stored.
pub fn accept(
    connection: &mut PgConnection,
    context: &Context,
    id: ImportId,
    row_count: i64,
    columns: Option<&ColumnNames>,
) -> Result<Import, Error> {
    let given_up = || Error::unavailable("the upload was given up, it had been silent for too long".into());
    let import = store::queue(connection, context, id, row_count, columns)?.ok_or_else(given_up)?;
    events::append(connection, context, &[event("import.accepted", &import)])?;
    Ok(import)
}

/// The event of an import, with its counts.
pub fn event(event_type: &'static str, import: &Import) -> NewEvent {
    let data = json!({
        "id": import.id, "kind": import.kind, "mode": import.mode, "dry_run": import.dry_run, "status": import.status, "failure": import.failure, "row_count": import.row_count,
        "imported_count": import.imported_count, "unchanged_count": import.unchanged_count, "rejected_count": import.rejected_count,
    });
    NewEvent::of(event_type, "import", import.id.0, data)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: ImportId) -> Result<Import, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("import"))
}

/// The newest first. `before` is the id of the last row of the page before; `bound_to` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    before: Option<ImportId>,
    limit: usize,
    bound_to: &str,
) -> Result<Page<Import>, Error> {
    let rows = store::page(connection, organization_id, filter, before, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &[row.id.to_string()])))
}

/// Rows of an import in the order of the file, after the row `after`.
pub fn rows(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    import: &Import,
    status: Option<ImportRowStatus>,
    after: i64,
    limit: usize,
    bound_to: &str,
) -> Result<Page<ImportRow>, Error> {
    let rows = store::rows(connection, organization_id, import, status, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &[row.row_number.to_string()])))
}
