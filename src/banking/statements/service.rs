use super::super::entries::service as entries;
use super::super::files::csv_file::{self, Mapping};
use super::super::files::{StatementEntry, StatementFile, camt};
use super::super::matching::suggest;
use super::again::{self, Before};
use super::body::{BankStatement, BankStatementStatus, StatementFormat};
use super::{halves, store};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization;
use crate::types::fault::Fault;
use crate::types::id::{BankEntryId, BankStatementId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

pub use super::store::receive;

/// Entries that are stored, and matched, by one set of statements.
const CHUNK: usize = 2_000;

/// How the bytes of a file are to be read.
#[derive(Clone, Debug)]
pub enum Reading {
    Camt053,
    Csv(Box<Mapping>),
}

impl Reading {
    fn read(&self, raw: &[u8]) -> Result<StatementFile, Vec<Fault>> {
        match self {
            Self::Camt053 => camt::read(raw),
            Self::Csv(mapping) => csv_file::read(raw, mapping),
        }
    }

    /// What it is, and by which mapping, as it is noted.
    fn said(&self) -> (StatementFormat, String) {
        match self {
            Self::Camt053 => (StatementFormat::Camt053, String::new()),
            Self::Csv(mapping) => (StatementFormat::Csv, mapping.fingerprint()),
        }
    }
}

/// Makes entries of a file that is stored, and suggests what they are for: all of the file or nothing. Whether the file had been
/// taken in before by the same mapping; by another one it is read anew while nothing of it is decided. Its row lock makes the same file
/// at once wait.
pub fn import(connection: &mut PgConnection, context: &Context, id: BankStatementId, reading: &Reading, raw: &[u8]) -> Result<bool, Error> {
    let held = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found("bank statement"))?;
    let (format, mapping) = reading.said();
    let is_imported = held.status == BankStatementStatus::Imported;
    if is_imported && held.mapping.as_ref() == Some(&mapping) {
        return Ok(true);
    }
    let file = reading.read(raw)?;
    let before = match is_imported.then(|| again::take_back(connection, context, id)).transpose() {
        // By which mapping it was read is not known: most likely by this one.
        Err(Error::Conflict { .. }) if held.mapping.is_none() => return Ok(true),
        before => before?.unwrap_or_default(),
    };
    let (mut ids, mut known) = insert(connection, context, id, &file.entries, &before)?;
    let room = halves::make_room(connection, context, &known)?;
    known.retain(|entry| room.iter().all(|row| row.key != entry.key));
    let room: Vec<(BankEntryId, &StatementEntry)> = room.into_iter().map(|entry| (BankEntryId::generate(), entry)).collect();
    ids.extend(entries::insert(connection, context, id, &room)?);
    ids.extend(halves::take_in_doubtful(connection, context, id, &file, &known)?);
    let settings = organization::settings(connection, context.organization_id)?;
    for chunk in ids.chunks(CHUNK) {
        let mut taken_in = entries::of_ids(connection, context.organization_id, chunk)?;
        suggest(connection, &settings, &mut taken_in, context.now)?;
        entries::save_suggested(connection, context.organization_id, &taken_in)?;
    }
    again::let_go(connection, context, &before)?;
    store::imported(connection, context, id, &file, (format, &mapping), ids.len())?;
    let data = json!({
        "sections": file.sections, "entry_count": ids.len(), "duplicate_count": file.entries.len() - ids.len(), "skipped_count": file.skipped,
        "replaced_count": before.len(),
    });
    events::append(connection, context, &[NewEvent::of("bank_statement.imported", "bank_statement", id.0, told(data))])?;
    Ok(false)
}

/// Accounts and balances are for those who may ask for the statement itself.
fn told(mut data: serde_json::Value) -> serde_json::Value {
    for section in data["sections"].as_array_mut().into_iter().flatten() {
        if let Some(section) = section.as_object_mut() {
            section.retain(|name, _| matches!(name.as_str(), "reference" | "currency" | "entry_count"));
        }
    }
    data
}

/// Stores what is not there yet, in the order of the file as far as ids say it; its ids, and what was there. What a reading before had
/// too is the same entry.
fn insert<'a>(
    connection: &mut PgConnection,
    context: &Context,
    id: BankStatementId,
    found: &'a [StatementEntry],
    before: &Before,
) -> Result<(Vec<BankEntryId>, Vec<&'a StatementEntry>), Error> {
    let id_of = |entry: &StatementEntry| before.get(&entry.key).copied().unwrap_or_else(BankEntryId::generate);
    let mut keyed: Vec<(BankEntryId, &StatementEntry)> = found.iter().map(|entry| (id_of(entry), entry)).collect();
    keyed.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
    let mut ids = Vec::with_capacity(keyed.len());
    for chunk in keyed.chunks(CHUNK) {
        ids.extend(entries::insert(connection, context, id, chunk)?);
    }
    ids.sort_unstable();
    let known = keyed.into_iter().filter(|(id, _)| ids.binary_search(id).is_err()).map(|(_, entry)| entry).collect();
    Ok((ids, known))
}

/// Notes why a file could not be read.
pub fn reject(connection: &mut PgConnection, context: &Context, id: BankStatementId, faults: &[Fault]) -> Result<(), Error> {
    store::rejected(connection, context, id, faults)?;
    Ok(())
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: BankStatementId) -> Result<BankStatement, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("bank statement"))
}

/// The newest first. `bound_to` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    status: &[String],
    updated_from: Option<DateTime<Utc>>,
    before: Option<BankStatementId>,
    limit: usize,
    bound_to: &str,
) -> Result<Page<BankStatement>, Error> {
    let rows = store::page(connection, organization_id, status, updated_from, before, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &[row.id.to_string()])))
}
