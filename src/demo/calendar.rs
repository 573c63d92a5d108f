//! The company's days and hours.

use super::chance::Chance;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// Jakarta's; the demo's organization says so too.
pub const TIME_ZONE: Tz = Tz::Asia__Jakarta;

/// How many days of business there are, the last of them yesterday.
const DAYS: u64 = 42;

pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&TIME_ZONE).date_naive()
}

/// The days of business before `now`.
pub fn business_days(now: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
    let today = local_date(now);
    (1..=DAYS).rev().filter_map(move |ago| today.checked_sub_days(Days::new(ago)))
}

/// When the company opens: the morning before the first day of business.
pub fn opening(now: DateTime<Utc>) -> DateTime<Utc> {
    let today = local_date(now);
    today.checked_sub_days(Days::new(DAYS + 1)).map_or(now, |day| at(day, 7 * 60))
}

/// So many minutes into that local day.
pub fn at(day: NaiveDate, minutes: u32) -> DateTime<Utc> {
    let local = day.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes.into());
    TIME_ZONE.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

pub fn is_working_day(day: NaiveDate) -> bool {
    day.weekday() != Weekday::Sun
}

/// A moment within these local hours of the `days`th working day after `from`; of the same day, if working, where that is 0.
pub fn later(chance: &mut Chance, from: DateTime<Utc>, days: u32, hours: (u32, u32)) -> DateTime<Utc> {
    let mut day = local_date(from);
    let mut left = days;
    while left > 0 || !is_working_day(day) {
        let Some(next) = day.succ_opt() else { break };
        day = next;
        if left > 0 && is_working_day(day) {
            left -= 1;
        }
    }
    let moment = at(day, chance.between(hours.0 * 60, hours.1 * 60 - 1)) + TimeDelta::seconds(chance.between(0, 59).into());
    moment.max(from + TimeDelta::minutes(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_is_on_a_working_day_and_within_the_hours() {
        let saturday = at("2026-02-28".parse().unwrap(), 600);
        let mut chance = Chance::seeded(1);
        for _ in 0..100 {
            let next = later(&mut chance, saturday, 1, (9, 11)).with_timezone(&TIME_ZONE);
            assert_eq!(next.date_naive().to_string(), "2026-03-02", "Sunday is free");
            assert!((9..11).contains(&chrono::Timelike::hour(&next)));
        }
        assert!(later(&mut chance, saturday, 0, (8, 9)) > saturday, "never before");
    }

    #[test]
    fn business_ends_yesterday() {
        let now: DateTime<Utc> = "2026-03-02T18:00:00Z".parse().unwrap();
        let days: Vec<NaiveDate> = business_days(now).collect();
        assert_eq!((days.len(), days[41].to_string()), (42, "2026-03-02".to_owned()), "it is the third in Jakarta");
        assert!(opening(now) < at(days[0], 0));
    }
}
