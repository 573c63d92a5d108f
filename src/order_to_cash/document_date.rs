//! The date of an invoice or credit note.

use crate::error::Error;
use crate::organization::Settings;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use serde_json::json;

/// The given date or today; not in the future, not in closed books.
pub fn document_date(settings: &Settings, given: Option<NaiveDate>, now: DateTime<Utc>) -> Result<NaiveDate, Error> {
    booking_date(settings, given, now, "/issued_on")
}

/// The same for whatever is booked on a date that a request gives at `pointer`, or today.
pub fn booking_date(settings: &Settings, given: Option<NaiveDate>, now: DateTime<Utc>, pointer: &str) -> Result<NaiveDate, Error> {
    let date = past_date(settings, given, now, pointer)?;
    require_open(settings, date)?;
    Ok(date)
}

/// 409 `books_closed` where the day is in closed books.
pub fn require_open(settings: &Settings, date: NaiveDate) -> Result<(), Error> {
    match settings.books_closed_through_on {
        Some(closed) if date <= closed => Err(Error::conflict_with(
            "books_closed",
            format!("the books are closed through {closed}; give a later date"),
            json!({ "books_closed_through_on": closed }),
        )),
        Some(_) | None => Ok(()),
    }
}

/// The given date or today in the organization's time zone; 422 where it is still to come.
pub fn past_date(settings: &Settings, given: Option<NaiveDate>, now: DateTime<Utc>, pointer: &str) -> Result<NaiveDate, Error> {
    let today = settings.local_date(now);
    match given {
        Some(date) if date > today => {
            Err(Error::invalid(pointer, "in_the_future", format!("today is {today} for the organization; give that or an earlier date")))
        }
        Some(date) => Ok(date),
        None => Ok(today),
    }
}

/// When something of that date took place, for milestones: now, or in the past the last moment of that day.
pub fn instant_of(settings: &Settings, date: NaiveDate, now: DateTime<Utc>) -> DateTime<Utc> {
    let next_day = date.succ_opt().map(|day| day.and_time(NaiveTime::MIN));
    let end = next_day.and_then(|midnight| settings.time_zone.from_local_datetime(&midnight).earliest());
    end.map_or(now, |end| (end.with_timezone(&Utc) - chrono::Duration::microseconds(1)).min(now))
}
