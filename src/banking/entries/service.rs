use super::body::{BankEntryBody, IgnoreBankEntry};
use super::entry::{BankEntry, BankEntryAction, BankEntryStatus, Decision};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{BankEntryId, CustomerId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;

pub use super::store::{
    Filter, FreeRefund, HeldEntry, KnownEntry, count_certain, delete_of_statement, doubt, end_doubts, insert, keys_of_day, known,
    lock_free_refunds, lock_ignored_repeats, lock_of_statement, move_keys, of_ids, organizations_waiting,
};

const WHAT: &str = "bank entry";

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: BankEntryId) -> Result<BankEntryBody, Error> {
    let entry = store::of_ids(connection, organization_id, &[id])?.pop().ok_or(Error::not_found(WHAT))?;
    Ok(entry.into())
}

/// In the order in which they came. `bound_to` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<BankEntryId>,
    limit: usize,
    bound_to: &str,
) -> Result<Page<BankEntryBody>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &[row.id.to_string()])).map(BankEntryBody::from))
}

/// One entry under its row lock that the action is possible on; 404, 412 or 409 `invalid_transition` else.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: BankEntryId,
    action: BankEntryAction,
    precondition: &Precondition,
) -> Result<BankEntry, Error> {
    let entry = store::lock(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(entry.version)?;
    if !entry.status.allows(action) {
        let allowed = BankEntryAction::ALL.iter().filter(|action| entry.status.allows(**action)).map(|action| action.as_str());
        return Err(Error::invalid_transition(entry.status.as_str(), action.as_str(), &allowed.collect::<Vec<_>>()));
    }
    Ok(entry)
}

/// The certain entries of one day that nobody else is booking, locked.
pub fn lock_certain(connection: &mut PgConnection, organization_id: OrganizationId, limit: i64) -> Result<Vec<BankEntry>, Error> {
    Ok(store::lock_certain(connection, organization_id, limit)?)
}

/// Writes what was suggested for entries that have just been taken in; they are not told of one by one.
pub fn save_suggested(connection: &mut PgConnection, organization_id: OrganizationId, entries: &[BankEntry]) -> Result<(), Error> {
    Ok(store::update(connection, organization_id, entries)?)
}

/// Writes decisions, raises versions, and notes from which accounts customers pay. The events to append.
pub fn decided(
    connection: &mut PgConnection,
    context: &Context,
    entries: &mut [BankEntry],
    payers: &[(BankEntryId, CustomerId)],
) -> Result<Vec<NewEvent>, Error> {
    if entries.is_empty() {
        return Ok(vec![]);
    }
    for entry in entries.iter_mut() {
        entry.version += 1;
        entry.updated_at = context.now;
    }
    store::update(connection, context.organization_id, entries)?;
    let account = |id: BankEntryId| entries.iter().find(|entry| entry.id == id)?.counterparty_account.as_deref();
    let known: Vec<(&str, CustomerId)> = payers.iter().filter_map(|(id, customer)| Some((account(*id)?, *customer))).collect();
    if !known.is_empty() {
        store::learn(connection, context.organization_id, &known, context.now)?;
    }
    Ok(entries.iter().map(event).collect())
}

/// Takes an entry out that is none of ours.
pub fn ignore(
    connection: &mut PgConnection,
    context: &Context,
    id: BankEntryId,
    body: &IgnoreBankEntry,
    precondition: &Precondition,
) -> Result<BankEntryBody, Error> {
    body.check()?;
    let mut entry = lock(connection, context.organization_id, id, BankEntryAction::Ignore, precondition)?;
    entry.status = BankEntryStatus::Ignored;
    entry.certain = false;
    entry.decision = Some(Decision { by: context.actor.clone(), at: context.now, reason: Some(body.reason.clone()) });
    finish(connection, context, entry)
}

/// Takes a decision back that has booked nothing: the entry is open again. 409 `payment_booked` where the match made a payment, or
/// reversed one.
pub fn unmatch(
    connection: &mut PgConnection,
    context: &Context,
    id: BankEntryId,
    precondition: &Precondition,
) -> Result<BankEntryBody, Error> {
    let mut entry = lock(connection, context.organization_id, id, BankEntryAction::Unmatch, precondition)?;
    if entry.booked {
        let detail = "the match has booked money that has moved, and that stays booked; where it is on the wrong document, release its \
             allocation (POST /v1/payments/{id}/allocations/release) and allocate it elsewhere";
        let more = json!({ "payment_id": entry.payment_id, "refund_id": entry.refund_id });
        return Err(Error::conflict_with("payment_booked", detail, more));
    }
    entry.status = if entry.suggestions.is_empty() { BankEntryStatus::Unmatched } else { BankEntryStatus::Suggested };
    (entry.payment_id, entry.refund_id, entry.decision) = (None, None, None);
    finish(connection, context, entry)
}

fn finish(connection: &mut PgConnection, context: &Context, entry: BankEntry) -> Result<BankEntryBody, Error> {
    let mut entries = [entry];
    let facts = decided(connection, context, &mut entries, &[])?;
    events::append(connection, context, &facts)?;
    let [entry] = entries;
    Ok(entry.into())
}

/// The event of an entry about which something was decided.
fn event(entry: &BankEntry) -> NewEvent {
    let event_type = match entry.status {
        BankEntryStatus::Matched => "bank_entry.matched",
        BankEntryStatus::Ignored => "bank_entry.ignored",
        BankEntryStatus::Suggested | BankEntryStatus::Unmatched => "bank_entry.unmatched",
    };
    // No names and accounts: who needs those asks for the entry itself.
    let data = json!({
        "statement_id": entry.statement_id, "status": entry.status, "booked_on": entry.booked_on, "amount": Amount(entry.amount),
        "currency": entry.currency, "direction": entry.direction, "payment_id": entry.payment_id, "refund_id": entry.refund_id,
        "reason": entry.decision.as_ref().and_then(|decision| decision.reason.as_deref()),
    });
    NewEvent::of(event_type, "bank_entry", entry.id.0, data)
}
