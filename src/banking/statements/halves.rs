//! Rows without a reference that two files have. Mostly the second file has the first one's rows once more, and they are one transfer. But
//! files that meet on a day, one ending with it and the other beginning with it, may be two halves of that day, and an equal row in each
//! of them two transfers. Where that cannot be told, the row is taken in as a second entry that is booked by nobody but a person.

use super::super::entries::service::{self as entries, KnownEntry};
use super::super::files::{Identity, StatementEntry, StatementFile};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::types::id::{BankEntryId, BankStatementId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many equal rows of a day are told apart.
const MOST_EQUAL: usize = 20;

/// Whether a file and the one that brought an entry may be two halves of the entry's day.
fn meet(entry: &KnownEntry, first_on: NaiveDate, last_on: NaiveDate) -> bool {
    let day = entry.booked_on;
    (entry.last_on == Some(day) && first_on == day) || (entry.first_on == Some(day) && last_on == day)
}

/// Whether a file has a day as it was known, and perhaps more: all of several rows are not met by chance.
fn holds_all(known: &[Vec<u8>], found: &HashSet<&[u8]>) -> bool {
    known.len() > 1 && known.iter().all(|key| found.contains(key.as_slice()))
}

/// Takes in the rows of `file` that were known and may be other transfers all the same; their ids.
pub fn take_in_doubtful(
    connection: &mut PgConnection,
    context: &Context,
    id: BankStatementId,
    file: &StatementFile,
    not_inserted: &[&StatementEntry],
) -> Result<Vec<BankEntryId>, Error> {
    let Some((first_on, last_on)) = file.period() else { return Ok(vec![]) };
    let at_an_end = |entry: &&&StatementEntry| entry.is_told_by_its_text && (entry.booked_on == first_on || entry.booked_on == last_on);
    let repeated: HashMap<&[u8], &StatementEntry> =
        not_inserted.iter().filter(at_an_end).map(|entry| (entry.key.as_slice(), *entry)).collect();
    if repeated.is_empty() {
        return Ok(vec![]);
    }
    let keys: Vec<&[u8]> = repeated.keys().copied().collect();
    let known = entries::known(connection, context.organization_id, &keys)?;
    let mut by_day: BTreeMap<NaiveDate, Vec<&KnownEntry>> = BTreeMap::new();
    for entry in known.iter().filter(|entry| entry.statement_id != id && meet(entry, first_on, last_on)) {
        by_day.entry(entry.booked_on).or_default().push(entry);
    }
    let found: HashSet<&[u8]> = file.entries.iter().map(|entry| entry.key.as_slice()).collect();
    let mut doubtful: Vec<(&KnownEntry, &StatementEntry)> = vec![];
    for (day, meeting) in by_day {
        let Some(account) = meeting.first().and_then(|entry| repeated.get(entry.key.as_slice())).map(|entry| &entry.account) else {
            continue;
        };
        if !holds_all(&entries::keys_of_day(connection, context.organization_id, account, day, id)?, &found) {
            doubtful.extend(meeting.into_iter().filter_map(|entry| Some((entry, *repeated.get(entry.key.as_slice())?))));
        }
    }
    insert(connection, context, id, &doubtful)
}

/// Of the rows that were known, those that only an entry stands for which a person has ignored as another one once more: a file that has
/// the row as often says that there is such a booking. They are to be taken in, and the ignored entry moves to a place that no equal
/// entry has.
pub fn make_room<'a>(
    connection: &mut PgConnection,
    context: &Context,
    not_inserted: &[&'a StatementEntry],
) -> Result<Vec<&'a StatementEntry>, Error> {
    let rows: HashMap<&[u8], &'a StatementEntry> = not_inserted.iter().map(|entry| (entry.key.as_slice(), *entry)).collect();
    let keys: Vec<&[u8]> = rows.keys().copied().collect();
    let ignored = entries::lock_ignored_repeats(connection, context.organization_id, &keys)?;
    let of_key = |key: &[u8]| rows.get(key).copied();
    let repeats: Vec<(BankEntryId, &'a StatementEntry)> = ignored.iter().filter_map(|(id, key)| Some((*id, of_key(key)?))).collect();
    if repeats.is_empty() {
        return Ok(vec![]);
    }
    let free = free_places(connection, context, &repeats.iter().map(|(_, entry)| *entry).collect::<Vec<_>>())?;
    let (mut moved, mut room) = (vec![], vec![]);
    for ((id, entry), free) in repeats.into_iter().zip(free) {
        if let Some(free) = free {
            moved.push((id, free.key));
            room.push(entry);
        }
    }
    entries::move_keys(connection, context.organization_id, &moved)?;
    room.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(room)
}

/// Each entry under the next place that no equal one has; none where there are too many of them.
fn free_places(connection: &mut PgConnection, context: &Context, rows: &[&StatementEntry]) -> Result<Vec<Option<StatementEntry>>, Error> {
    let at = |entry: &StatementEntry, place: usize| entry.clone().keyed(Identity::Content(place));
    let candidates: Vec<Vec<StatementEntry>> = rows.iter().map(|entry| (1..MOST_EQUAL).map(|place| at(entry, place)).collect()).collect();
    let keys: Vec<&[u8]> = candidates.iter().flatten().map(|entry| entry.key.as_slice()).collect();
    let mut taken: HashSet<Vec<u8>> =
        entries::known(connection, context.organization_id, &keys)?.into_iter().map(|entry| entry.key).collect();
    let free = |candidates: Vec<StatementEntry>| candidates.into_iter().find(|entry| taken.insert(entry.key.clone()));
    Ok(candidates.into_iter().map(free).collect())
}

/// Each under the next place that no equal entry has.
fn insert(
    connection: &mut PgConnection,
    context: &Context,
    id: BankStatementId,
    doubtful: &[(&KnownEntry, &StatementEntry)],
) -> Result<Vec<BankEntryId>, Error> {
    let free = free_places(connection, context, &doubtful.iter().map(|(_, entry)| *entry).collect::<Vec<_>>())?;
    let row = |((known, _), entry): (&(&KnownEntry, &StatementEntry), Option<StatementEntry>)| {
        entry.map(|entry| (BankEntryId::generate(), entry, known.id))
    };
    let mut rows: Vec<(BankEntryId, StatementEntry, BankEntryId)> = doubtful.iter().zip(free).filter_map(row).collect();
    rows.sort_by(|a, b| a.1.key.cmp(&b.1.key));
    let new: Vec<(BankEntryId, &StatementEntry)> = rows.iter().map(|(id, entry, _)| (*id, entry)).collect();
    let inserted = entries::insert(connection, context, id, &new)?;
    let doubts: Vec<(BankEntryId, BankEntryId)> = rows.iter().map(|(id, _, of)| (*id, *of)).collect();
    entries::doubt(connection, context.organization_id, &doubts)?;
    Ok(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn files_meet_where_one_ends_on_the_day_that_the_other_begins_with() {
        let entry = |first: &str, last: &str| KnownEntry {
            id: BankEntryId::generate(),
            key: vec![],
            booked_on: day("2026-03-05"),
            statement_id: BankStatementId::generate(),
            first_on: Some(day(first)),
            last_on: Some(day(last)),
        };
        for (known, new, expected) in [
            // Halves of a day, in either order.
            (("2026-03-01", "2026-03-05"), ("2026-03-05", "2026-03-06"), true),
            (("2026-03-05", "2026-03-05"), ("2026-03-05", "2026-03-05"), true),
            (("2026-03-05", "2026-03-09"), ("2026-03-04", "2026-03-05"), true),
            // A window that moves on, and one that is sent again.
            (("2026-02-01", "2026-03-05"), ("2026-02-02", "2026-03-06"), false),
            (("2026-02-01", "2026-03-05"), ("2026-02-01", "2026-03-05"), false),
            (("2026-03-01", "2026-03-09"), ("2026-03-05", "2026-03-12"), false),
        ] {
            assert_eq!(meet(&entry(known.0, known.1), day(new.0), day(new.1)), expected, "{known:?} {new:?}");
        }
        let before = KnownEntry { first_on: None, last_on: None, ..entry("2026-03-05", "2026-03-05") };
        assert!(!meet(&before, day("2026-03-05"), day("2026-03-05")), "of files of before it is not known");
    }

    #[test]
    fn one_row_may_be_met_by_chance_and_several_are_not() {
        let keys = |texts: &[&str]| -> Vec<Vec<u8>> { texts.iter().map(|text| text.as_bytes().to_vec()).collect() };
        let found: HashSet<&[u8]> = HashSet::from(["a", "b", "c"].map(str::as_bytes));
        assert!(holds_all(&keys(&["a", "b"]), &found));
        assert!(!holds_all(&keys(&["a"]), &found) && !holds_all(&keys(&["a", "x"]), &found) && !holds_all(&[], &found));
    }
}
