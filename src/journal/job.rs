use super::accounts::chart;
use super::entry::{Draft, JournalEntryKind, value};
use super::open_items::{Item, OpenItems};
use super::plan::{Planned, plan};
use super::store::{self, Batch, Numbered};
use crate::error::Error;
use crate::events::follow::{follow, settled, with_events_after};
use crate::organization;
use crate::platform::db::Db;
use crate::platform::one_by_one::one_by_one;
use crate::types::currency::Currency;
use crate::types::id::OrganizationId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// How many events one transaction looks through.
const WINDOW: i64 = 2_000;

/// Books all that has happened and is not booked, of every organization. Returns the number of entries.
pub fn post(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let waiting = db.read_blocking(|connection| {
        let settled = settled(connection)?;
        store::ensure_cursors(connection)?;
        let followed = store::cursors(connection)?;
        Ok(with_events_after(connection, &followed, settled)?)
    })?;
    one_by_one(waiting, |organization_id| {
        let mut all = 0;
        loop {
            let (posted, more) = db.write_blocking(|connection| post_batch(connection, organization_id, now))?;
            all += posted;
            if !more || db.is_stopping() {
                return Ok(all);
            }
        }
    })
}

/// Books what the next events of an organization are about, and whether there may be more. The cursor's row lock makes one writer
/// at a time; where another process has it there is nothing to do. Documents are read without locks: each fact never changes.
fn post_batch(connection: &mut PgConnection, organization_id: OrganizationId, now: DateTime<Utc>) -> Result<(usize, bool), Error> {
    let Some((after, last_sequence)) = store::lock_cursor(connection, organization_id)? else { return Ok((0, false)) };
    let settled = settled(connection)?;
    let (events, through) = follow(connection, organization_id, &Batch::SUBJECTS, after, settled, WINDOW)?;
    if through <= after {
        return Ok((0, false));
    }
    let batch = Batch::of(&events);
    let entries = if batch.is_empty() { vec![] } else { entries(connection, organization_id, &batch, last_sequence, now)? };
    let posted = entries.iter().filter(|one| one.entry.is_some()).count();
    if !entries.is_empty() {
        let settings = organization::settings(connection, organization_id)?;
        store::append(connection, organization_id, settings.base_currency, &entries, now)?;
    }
    store::move_cursor(connection, organization_id, through, last_sequence + posted as i64)?;
    Ok((posted, through < settled))
}

fn entries(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    batch: &Batch,
    last_sequence: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Numbered>, Error> {
    let settings = organization::settings(connection, organization_id)?;
    let mut rates: HashMap<(&str, NaiveDate), Option<Decimal>> = HashMap::new();
    let mut rate = |connection: &mut PgConnection, currency: Currency, on: NaiveDate| {
        if let Some(known) = rates.get(&(currency.code(), on)) {
            return Ok(*known);
        }
        let found = organization::exchange_rate(connection, organization_id, currency, settings.base_currency, on)?;
        rates.insert((currency.code(), on), found);
        Ok(found)
    };
    let facts = store::gather(connection, &settings, batch, now, &mut rate)?;
    let mut planned = plan(facts, settings.base_currency, |at| settings.local_date(at));
    for draft in planned.iter_mut().filter_map(|planned| planned.draft.as_mut()) {
        draft.posted_on = posting_day(draft.kind, draft.posted_on, settings.books_closed_through_on);
    }
    let mut items = OpenItems::new(store::balances(connection, organization_id, &items_of(&planned))?);
    let chart = chart(connection, organization_id)?;
    let mut sequence = last_sequence;
    let mut numbered = Vec::with_capacity(planned.len());
    for Planned { draft, facts } in planned {
        let lines = match &draft {
            Some(draft) => value(draft, settings.base_currency, &mut items).map_err(Error::internal)?,
            None => vec![],
        };
        let lines: Vec<_> = lines.into_iter().map(|line| (line.clone(), chart.account_of(&line.posting).to_owned())).collect();
        let entry = draft.filter(|_| !lines.is_empty()).map(|draft| {
            sequence += 1;
            (sequence, Uuid::now_v7(), draft, lines)
        });
        numbered.push(Numbered { entry, facts });
    }
    Ok(numbered)
}

/// The day on which an entry is posted. Documents have the date that they say, which was open when they were booked. Goods, money of new
/// orders, deposits that come free and refunds that fail do not wait for accountants: where their day is closed, it is the first open
/// one.
fn posting_day(kind: JournalEntryKind, day: NaiveDate, closed_through: Option<NaiveDate>) -> NaiveDate {
    let first_open = closed_through.and_then(|closed| closed.succ_opt()).unwrap_or(day);
    match kind {
        JournalEntryKind::Invoice | JournalEntryKind::CreditNote => day,
        JournalEntryKind::Payment
        | JournalEntryKind::PaymentApplication
        | JournalEntryKind::Refund
        | JournalEntryKind::Shipment
        | JournalEntryKind::Return
        | JournalEntryKind::InventoryAdjustment => day.max(first_open),
    }
}

fn items_of(planned: &[Planned]) -> Vec<Item> {
    let drafts = planned.iter().filter_map(|planned| planned.draft.as_ref());
    let of = |draft: &Draft| draft.postings.iter().filter_map(|posting| posting.item).collect::<Vec<_>>();
    drafts.flat_map(of).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_are_posted_on_the_first_open_day_and_documents_on_their_own() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        for kind in JournalEntryKind::ALL {
            assert_eq!(posting_day(*kind, day(5), None), day(5));
            assert_eq!(posting_day(*kind, day(5), Some(day(4))), day(5));
            let moves = !matches!(kind, JournalEntryKind::Invoice | JournalEntryKind::CreditNote);
            assert_eq!(posting_day(*kind, day(5), Some(day(9))), day(if moves { 10 } else { 5 }), "{kind}");
        }
    }
}
