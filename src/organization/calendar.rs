//! Working days and cut-off times: from an instant to the day on which goods leave, and from there to the day on which they arrive.
//!
//! The rules. An order that comes in by the cut-off time of a working day counts for that day, else for the next working day; the
//! time is that on the clock of the organization's time zone, summer time included. Goods that are still to come count for the
//! first working day on which they are there. Handling takes so many further working days of the location; the last of them is
//! the day of the hand-over to the carrier. The way takes so many further working days of the organization; on the last of them
//! goods arrive. Public holidays are not known here.

use crate::organization::profile::body::WorkingDay;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

/// Days of the week on which people work, one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    /// Bit 0 is Monday.
    days: u8,
}

impl WorkingDays {
    /// All seven days where none is named.
    pub fn of(days: &[WorkingDay]) -> Self {
        let days = days.iter().fold(0, |bits, day| bits | (1 << day.weekday().num_days_from_monday()));
        Self { days: if days == 0 { 0b111_1111 } else { days } }
    }

    /// Whether people work on that day.
    pub fn includes(self, on: NaiveDate) -> bool {
        self.days & (1 << on.weekday().num_days_from_monday()) != 0
    }

    /// The day itself, else the next working day.
    pub fn first_from(self, on: NaiveDate) -> NaiveDate {
        (0..7).map(|days| later(on, days)).find(|day| self.includes(*day)).unwrap_or(on)
    }

    /// The day itself, else the working day before.
    pub fn last_until(self, on: NaiveDate) -> NaiveDate {
        (0..7).map(|days| earlier(on, days)).find(|day| self.includes(*day)).unwrap_or(on)
    }

    /// The working day that is so many working days after `on`; `on` itself for none.
    pub fn after(self, on: NaiveDate, days: u32) -> NaiveDate {
        let (weeks, rest) = (days / self.a_week(), days % self.a_week());
        let mut day = later(on, weeks * 7);
        for _ in 0..rest {
            day = self.first_from(later(day, 1));
        }
        // Whole weeks lead to the same day of the week, which may be a day of rest where `on` is one.
        if days > 0 && rest == 0 { self.last_until(day) } else { day }
    }

    /// The working day that is so many working days before `on`; `on` itself for none.
    pub fn before(self, on: NaiveDate, days: u32) -> NaiveDate {
        let (weeks, rest) = (days / self.a_week(), days % self.a_week());
        let mut day = earlier(on, weeks * 7);
        for _ in 0..rest {
            day = self.last_until(earlier(day, 1));
        }
        if days > 0 && rest == 0 { self.first_from(day) } else { day }
    }

    fn a_week(self) -> u32 {
        self.days.count_ones().max(1)
    }
}

/// Dates end where chrono's do; nobody waits that long.
fn later(on: NaiveDate, days: u32) -> NaiveDate {
    on.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

fn earlier(on: NaiveDate, days: u32) -> NaiveDate {
    on.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN)
}

/// How a location works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The organization's: its `_on` dates are days there.
    pub time_zone: Tz,
    /// What comes in after this local time counts for the next working day.
    pub cutoff_time: NaiveTime,
    pub working_days: WorkingDays,
    /// Working days from the day that an order counts for to its hand-over to the carrier.
    pub handling_days: u32,
}

impl Calendar {
    /// The working day that an order of this instant counts for.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        let local = at.with_timezone(&self.time_zone);
        let today = local.date_naive();
        let day = self.working_days.first_from(today);
        let late = day == today && local.time() > self.cutoff_time;
        if late { self.working_days.first_from(later(today, 1)) } else { day }
    }

    /// The day of the hand-over to the carrier of goods that are there.
    pub fn ships_on(&self, at: DateTime<Utc>) -> NaiveDate {
        self.working_days.after(self.day_of(at), self.handling_days)
    }

    /// The day of the hand-over to the carrier of goods that are expected on `expected_on`.
    pub fn ships_after(&self, expected_on: NaiveDate, at: DateTime<Utc>) -> NaiveDate {
        let day = self.working_days.first_from(expected_on).max(self.day_of(at));
        self.working_days.after(day, self.handling_days)
    }
}

/// The way from a location to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transit {
    /// The organization's.
    pub working_days: WorkingDays,
    pub days: u32,
}

impl Transit {
    /// The day on which goods arrive that leave on `ships_on`.
    pub fn arrives_on(&self, ships_on: NaiveDate) -> NaiveDate {
        self.working_days.after(ships_on, self.days)
    }

    /// The last day on which goods may leave that are to arrive on `on`.
    pub fn leaves_for(&self, on: NaiveDate) -> NaiveDate {
        self.working_days.before(self.working_days.last_until(on), self.days)
    }
}

#[cfg(test)]
mod tests;
