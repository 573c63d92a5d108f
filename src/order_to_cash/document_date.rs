//! The date of an invoice or credit note.

use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::organization::Settings;
use crate::types::reach;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use serde_json::json;

/// The given date or today; not in the future, not too long ago, not in closed books.
pub fn document_date(settings: &Settings, given: Option<NaiveDate>, context: &Context) -> Result<NaiveDate, Error> {
    booking_date(settings, given, context, "/issued_on")
}

/// The same for whatever is booked on a date that a request gives at `pointer`, or today.
pub fn booking_date(settings: &Settings, given: Option<NaiveDate>, context: &Context, pointer: &str) -> Result<NaiveDate, Error> {
    let date = past_date(settings, given, context, pointer)?;
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

/// The given date or today in the organization's time zone; 422 where it is still to come, or more than ten years ago. With the scope
/// `import` it may be of any day since 1970: no order is older.
pub fn past_date(settings: &Settings, given: Option<NaiveDate>, context: &Context, pointer: &str) -> Result<NaiveDate, Error> {
    let today = settings.local_date(context.now);
    let Some(date) = given else { return Ok(today) };
    if date > today {
        let detail = format!("today is {today} for the organization; give that or an earlier date");
        return Err(Error::invalid(pointer, "in_the_future", detail));
    }
    let imports = context.permissions.contains(Permission::IMPORT);
    let first = if imports { NaiveDate::default() } else { reach::first_day(today) };
    if date < first {
        return Err(Error::invalid(pointer, "too_long_ago", format!("give {first} or a later date")));
    }
    Ok(date)
}

/// 422 `before_order` at `pointer` where something is said to have been done to an order before the day on which it was ordered. Of
/// that day any moment will do: who knows only the day gives its midnight.
pub fn require_not_before_order(settings: &Settings, ordered_at: DateTime<Utc>, at: DateTime<Utc>, pointer: &str) -> Result<(), Error> {
    let ordered_on = settings.local_date(ordered_at);
    if settings.local_date(at) < ordered_on {
        return Err(Error::invalid(pointer, "before_order", format!("the order is of {ordered_on}; give that day or a later one")));
    }
    Ok(())
}

/// When something of that date took place, for milestones: now, or in the past the last moment of that day.
pub fn instant_of(settings: &Settings, date: NaiveDate, now: DateTime<Utc>) -> DateTime<Utc> {
    let next_day = date.succ_opt().map(|day| day.and_time(NaiveTime::MIN));
    let end = next_day.and_then(|midnight| settings.time_zone.from_local_datetime(&midnight).earliest());
    end.map_or(now, |end| (end.with_timezone(&Utc) - chrono::Duration::microseconds(1)).min(now))
}
