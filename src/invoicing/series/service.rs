use super::body::{InvoiceSeries, PutInvoiceSeries, SeriesKind};
use super::gaps::{self, SeriesGaps};
use super::number::{may_meet, render};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use crate::types::page::{Changed, Page, encode_cursor};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "invoice series";

/// Creates or replaces the series `code`; one that stays as it is keeps its version. The flag tells whether it is new.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    series: &PutInvoiceSeries,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(InvoiceSeries, bool), Error> {
    series.check()?;
    store::lock_all(connection, context.organization_id)?;
    let current = store::lock(connection, context.organization_id, code)?;
    match &current {
        Some(current) if create_only => return Err(Error::Stale { current: current.version }),
        Some(current) => {
            precondition.check(current.version)?;
            check_change(current, series)?;
        }
        None if *precondition != Precondition::Any => return Err(Error::not_found(WHAT)),
        None => {}
    }
    if let Some(current) = current.as_ref().filter(|current| series.is_already(current)) {
        return Ok((current.clone(), false));
    }
    if current.as_ref().is_none_or(|current| current.pattern() != series.pattern()) {
        check_pattern(connection, context.organization_id, code, series)?;
    }
    let written = store::upsert(connection, context, code, series)?;
    // Another call may have created it between our look and our write.
    let created = written.version == 1;
    if create_only && !created {
        return Err(Error::Stale { current: written.version - 1 });
    }
    let event_type = if created { "invoice_series.created" } else { "invoice_series.updated" };
    let data = json!({
        "code": written.code, "kind": written.kind, "prefix": written.prefix, "year_reset": written.year_reset,
        "next_number": written.next_number, "version": written.version,
    });
    // The series is a number series: its row is the last to be locked, and only this event and the commit follow.
    events::append(connection, context, &[NewEvent::of(event_type, "organization", context.organization_id.0, data)])?;
    Ok((written, created))
}

/// 409 `prefix_taken` where another series writes numbers of this shape, or has written some.
fn check_pattern(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    code: &str,
    series: &PutInvoiceSeries,
) -> Result<(), Error> {
    let others = store::others(connection, organization_id, code, series.kind)?;
    let meets = |other: &&InvoiceSeries| {
        // One prefix for two series, told apart by the year alone, is a trap for people.
        other.prefix == series.prefix || may_meet(other.pattern(), series.pattern())
    };
    if let Some(other) = others.iter().find(meets) {
        let detail =
            format!("the numbers of series '{}' begin with '{}'; two documents could bear the same number", other.code, other.prefix);
        return Err(Error::conflict("prefix_taken", detail));
    }
    if let Some(number) = store::document_like(connection, organization_id, code, series)? {
        let detail = format!("'{number}' of another series looks like a number of this one; take another prefix");
        return Err(Error::conflict("prefix_taken", detail));
    }
    Ok(())
}

fn check_change(current: &InvoiceSeries, series: &PutInvoiceSeries) -> Result<(), Error> {
    if series.kind != current.kind {
        return Err(Error::conflict("series_kind_fixed", format!("this is a series of kind '{}'; use another code", current.kind)));
    }
    let in_use = current.last_issued_on.is_some();
    if in_use && series.next_number.is_some_and(|next| next < current.next_number) {
        let detail = format!("numbers up to {} are taken; next_number can only go up", current.next_number - 1);
        return Err(Error::conflict_with("series_in_use", detail, json!({ "next_number": current.next_number })));
    }
    Ok(())
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<InvoiceSeries, Error> {
    store::find(connection, organization_id, code)?.ok_or(Error::not_found(WHAT))
}

/// Missing and doubled numbers of the series; to be run in one snapshot.
pub fn gaps(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<SeriesGaps, Error> {
    let series = get(connection, organization_id, code)?;
    Ok(gaps::report(connection, organization_id, (code, series.kind, series.next_number))?)
}

pub fn list(connection: &mut PgConnection, organization_id: OrganizationId, asked: &Changed) -> Result<Page<InvoiceSeries>, Error> {
    let rows = store::page(connection, organization_id, asked)?;
    Ok(Page::cut(rows, asked.limit, |row| encode_cursor(&asked.fingerprint, std::slice::from_ref(&row.code))))
}

/// 422 where a request names a series that is not there or numbers something else. Neither can change later.
pub fn require(connection: &mut PgConnection, organization_id: OrganizationId, code: &str, kind: SeriesKind) -> Result<(), Error> {
    require_at(connection, organization_id, "/series", code, kind)
}

/// The same of a series that a request names at `pointer`.
pub fn require_at(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    pointer: &str,
    code: &str,
    kind: SeriesKind,
) -> Result<(), Error> {
    match store::find(connection, organization_id, code)? {
        Some(series) if series.kind == kind => Ok(()),
        Some(series) => Err(Error::invalid(pointer, "wrong_series", format!("'{code}' numbers documents of kind '{}'", series.kind))),
        None => Err(Error::invalid(pointer, "unknown_series", format!("there is no series '{code}'"))),
    }
}

/// A number of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// As people write it: `INV-000001`.
    pub number: String,
    pub series_number: i64,
}

/// The next `count` numbers of a series, for documents of that date. It holds the series' row until the transaction ends and
/// comes last in the lock order: only the inserts of the numbered rows may follow, so that numbers have no gap and the next
/// document waits as short as can be. 409 `date_before_last` where a document with a later date has its number already.
pub fn take(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    kind: SeriesKind,
    count: u32,
    issued_on: NaiveDate,
) -> Result<Vec<Taken>, Error> {
    let Some(row) = store::take(connection, context, code, kind, i64::from(count), issued_on)? else {
        require(connection, context.organization_id, code, kind)?;
        let last = get(connection, context.organization_id, code)?.last_issued_on;
        return Err(Error::conflict_with(
            "date_before_last",
            "a document of this series has a later date, and dates of numbers that follow each other do not run backwards",
            json!({ "series": code, "last_issued_on": last }),
        ));
    };
    let taken = |series_number| Taken { number: render(&row.prefix, row.year_reset, issued_on, series_number), series_number };
    Ok((row.first..row.first + i64::from(count)).map(taken).collect())
}
