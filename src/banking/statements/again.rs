//! The same bytes by another mapping: what the first reading has brought gives way, as long as nobody has decided anything about it.

use super::super::entries::service as entries;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::types::id::{BankEntryId, BankStatementId};
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::HashMap;

/// The entries of the reading before, by what tells them from all others: one that the new reading has too keeps its id.
pub type Before = HashMap<Vec<u8>, BankEntryId>;

/// Takes back what the reading before has brought, under the locks of its entries. 409 `already_booked` where one of them is matched or
/// ignored: money that moved stays booked, and what a person said is not overruled.
pub fn take_back(connection: &mut PgConnection, context: &Context, id: BankStatementId) -> Result<Before, Error> {
    let held = entries::lock_of_statement(connection, context.organization_id, id)?;
    let decided = held.iter().filter(|entry| entry.status.is_decided()).count();
    if decided > 0 {
        let detail = format!(
            "this file was taken in by another mapping, and {decided} of its entries are matched or ignored; where they have booked \
             nothing, take that back (POST /v1/bank_entries/{{id}}/unmatch) and send the file again, else correct what was booked"
        );
        return Err(Error::conflict_with("already_booked", detail, json!({ "bank_statement_id": id, "decided_count": decided })));
    }
    entries::delete_of_statement(connection, context.organization_id, id)?;
    Ok(held.into_iter().map(|entry| (entry.key, entry.id)).collect())
}

/// Entries of other files that may be one of those before, which is no more: it is no doubt any longer.
pub fn let_go(connection: &mut PgConnection, context: &Context, before: &Before) -> Result<(), Error> {
    if before.is_empty() {
        return Ok(());
    }
    let ids: Vec<BankEntryId> = before.values().copied().collect();
    Ok(entries::end_doubts(connection, context, &ids)?)
}
