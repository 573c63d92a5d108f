use super::*;
use WorkingDay::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
use proptest::prelude::*;

const FIVE: &[WorkingDay] = &[Mon, Tue, Wed, Thu, Fri];
const SIX: &[WorkingDay] = &[Mon, Tue, Wed, Thu, Fri, Sat];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn calendar(zone: &str, cutoff: &str, days: &[WorkingDay], handling_days: u32) -> Calendar {
    let cutoff_time = NaiveTime::parse_from_str(cutoff, "%H:%M").unwrap();
    Calendar { time_zone: zone.parse().unwrap(), cutoff_time, working_days: WorkingDays::of(days), handling_days }
}

/// Counted on a wall calendar: December 2026 begins on a Tuesday.
#[test]
fn working_days_as_on_the_wall_calendar() {
    let table: &[(&[WorkingDay], &str, u32, &str)] = &[
        (FIVE, "2026-12-01", 0, "2026-12-01"),
        (FIVE, "2026-12-01", 1, "2026-12-02"),
        (FIVE, "2026-12-04", 1, "2026-12-07"),
        (FIVE, "2026-12-05", 1, "2026-12-07"),
        (FIVE, "2026-12-06", 1, "2026-12-07"),
        (FIVE, "2026-12-04", 5, "2026-12-11"),
        (FIVE, "2026-12-05", 5, "2026-12-11"),
        (FIVE, "2026-12-06", 6, "2026-12-14"),
        (FIVE, "2026-12-29", 3, "2027-01-01"),
        (SIX, "2026-12-04", 1, "2026-12-05"),
        (SIX, "2026-12-05", 1, "2026-12-07"),
        (SIX, "2026-12-06", 6, "2026-12-12"),
        (&[Sun], "2026-12-06", 2, "2026-12-20"),
        (&[Sun], "2026-12-07", 1, "2026-12-13"),
        (&[Wed, Thu], "2026-12-02", 3, "2026-12-10"),
    ];
    for (days, from, count, expected) in table {
        let days = WorkingDays::of(days);
        assert_eq!(days.after(day(from), *count), day(expected), "{count} after {from}");
    }
    let back: &[(&[WorkingDay], &str, u32, &str)] = &[
        (FIVE, "2026-12-07", 1, "2026-12-04"),
        (FIVE, "2026-12-11", 5, "2026-12-04"),
        (FIVE, "2026-12-06", 5, "2026-11-30"),
        (SIX, "2026-12-07", 1, "2026-12-05"),
        (FIVE, "2026-12-09", 0, "2026-12-09"),
    ];
    for (days, from, count, expected) in back {
        assert_eq!(WorkingDays::of(days).before(day(from), *count), day(expected), "{count} before {from}");
    }
}

/// By hand. Jakarta is UTC+7 all year; Berlin changes from +1 to +2 on 29 March 2026 at 02:00 and back on 25 October at 03:00;
/// New York is -5 in December.
#[test]
fn the_day_that_an_order_counts_for_and_the_day_on_which_it_leaves() {
    #[rustfmt::skip]
    #[allow(clippy::type_complexity, reason = "a table")]
    let table: &[(&str, &str, &[WorkingDay], u32, &str, &str, &str)] = &[
        // 14:59, 15:00 and 15:00:01 in Jakarta on Tuesday.
        ("Asia/Jakarta", "15:00", FIVE, 1, "2026-12-01T07:59:00Z", "2026-12-01", "2026-12-02"),
        ("Asia/Jakarta", "15:00", FIVE, 1, "2026-12-01T08:00:00Z", "2026-12-01", "2026-12-02"),
        ("Asia/Jakarta", "15:00", FIVE, 1, "2026-12-01T08:00:01Z", "2026-12-02", "2026-12-03"),
        // Friday after the cut-off: Monday; with Saturdays: Saturday.
        ("Asia/Jakarta", "15:00", FIVE, 1, "2026-12-04T09:00:00Z", "2026-12-07", "2026-12-08"),
        ("Asia/Jakarta", "15:00", SIX, 1, "2026-12-04T09:00:00Z", "2026-12-05", "2026-12-07"),
        // Saturday, whatever the time of day: Monday, and its cut-off does not count.
        ("Asia/Jakarta", "15:00", FIVE, 0, "2026-12-05T02:00:00Z", "2026-12-07", "2026-12-07"),
        ("Asia/Jakarta", "15:00", FIVE, 0, "2026-12-05T12:00:00Z", "2026-12-07", "2026-12-07"),
        // 00:30 on Wednesday in Jakarta is still Tuesday in UTC.
        ("Asia/Jakarta", "15:00", FIVE, 0, "2026-12-01T17:30:00Z", "2026-12-02", "2026-12-02"),
        // 20:00 on Monday in New York is Tuesday in UTC.
        ("America/New_York", "15:00", FIVE, 0, "2026-12-01T01:00:00Z", "2026-12-01", "2026-12-01"),
        ("America/New_York", "23:59", FIVE, 0, "2026-12-01T01:00:00Z", "2026-11-30", "2026-11-30"),
        // The Friday before and the Monday after the clocks go forward: 15:00 is 14:00 UTC, then 13:00 UTC.
        ("Europe/Berlin", "15:00", FIVE, 0, "2026-03-27T13:30:00Z", "2026-03-27", "2026-03-27"),
        ("Europe/Berlin", "15:00", FIVE, 0, "2026-03-30T13:30:00Z", "2026-03-31", "2026-03-31"),
        ("Europe/Berlin", "15:00", FIVE, 0, "2026-03-30T13:00:00Z", "2026-03-30", "2026-03-30"),
        // 02:30 does not exist on 29 March: 01:59 is before it, 03:00 after.
        ("Europe/Berlin", "02:30", &[Sun], 0, "2026-03-29T00:59:00Z", "2026-03-29", "2026-03-29"),
        ("Europe/Berlin", "02:30", &[Sun], 0, "2026-03-29T01:00:00Z", "2026-04-05", "2026-04-05"),
        // 02:15 comes twice on 25 October: by the clock both are before 02:30.
        ("Europe/Berlin", "02:30", &[Sun], 0, "2026-10-25T00:15:00Z", "2026-10-25", "2026-10-25"),
        ("Europe/Berlin", "02:30", &[Sun], 0, "2026-10-25T01:15:00Z", "2026-10-25", "2026-10-25"),
        // Ten working days of handling: two weeks.
        ("Asia/Jakarta", "15:00", FIVE, 10, "2026-12-01T03:00:00Z", "2026-12-01", "2026-12-15"),
    ];
    for (zone, cutoff, days, handling, instant, counts_for, leaves) in table {
        let calendar = calendar(zone, cutoff, days, *handling);
        assert_eq!(calendar.day_of(at(instant)), day(counts_for), "{zone} {cutoff} {instant}");
        assert_eq!(calendar.ships_on(at(instant)), day(leaves), "{zone} {cutoff} {instant}");
    }
}

/// Ordered on Tuesday 1 December 2026 at 10:00 in Jakarta.
#[test]
fn supply_counts_from_the_first_working_day_on_which_it_is_there() {
    let ordered = at("2026-12-01T03:00:00Z");
    let table: &[(&[WorkingDay], u32, &str, &str)] = &[
        (FIVE, 1, "2026-12-10", "2026-12-11"),
        (FIVE, 1, "2026-12-11", "2026-12-14"),
        (FIVE, 0, "2026-12-12", "2026-12-14"),
        (FIVE, 2, "2026-12-12", "2026-12-16"),
        (SIX, 1, "2026-12-12", "2026-12-14"),
        // What is there today or was due before is handled from today.
        (FIVE, 1, "2026-12-01", "2026-12-02"),
        (FIVE, 1, "2026-11-20", "2026-12-02"),
    ];
    for (days, handling, expected_on, leaves) in table {
        let calendar = calendar("Asia/Jakarta", "15:00", days, *handling);
        assert_eq!(calendar.ships_after(day(expected_on), ordered), day(leaves), "{expected_on} + {handling}");
    }
}

#[test]
fn the_way_takes_working_days_too() {
    let transit = |days: &[WorkingDay], count| Transit { working_days: WorkingDays::of(days), days: count };
    // Leaves on Wednesday 2 December: Thursday, Friday, Monday.
    assert_eq!(transit(FIVE, 3).arrives_on(day("2026-12-02")), day("2026-12-07"));
    assert_eq!(transit(SIX, 3).arrives_on(day("2026-12-02")), day("2026-12-05"));
    assert_eq!(transit(FIVE, 0).arrives_on(day("2026-12-02")), day("2026-12-02"));
    // To arrive on Monday the 7th it leaves on Wednesday the 2nd, and no later to arrive on the Sunday before.
    assert_eq!(transit(FIVE, 3).leaves_for(day("2026-12-07")), day("2026-12-02"));
    assert_eq!(transit(FIVE, 3).leaves_for(day("2026-12-06")), day("2026-12-01"));
}

fn any_days() -> impl Strategy<Value = WorkingDays> {
    prop::sample::subsequence(WorkingDay::ALL.to_vec(), 1..=7).prop_map(|days| WorkingDays::of(&days))
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0i32..4000).prop_map(|days| NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::TimeDelta::days(days.into()))
}

/// Counts day by day.
fn counted(days: WorkingDays, from: NaiveDate, count: u32, forward: bool) -> NaiveDate {
    let (mut day, mut left) = (from, count);
    while left > 0 {
        day = if forward { later(day, 1) } else { earlier(day, 1) };
        left -= u32::from(days.includes(day));
    }
    day
}

proptest! {
    #[test]
    fn whole_weeks_at_once_are_the_same_as_day_by_day(days in any_days(), from in any_day(), count in 0u32..40) {
        prop_assert_eq!(days.after(from, count), counted(days, from, count, true));
        prop_assert_eq!(days.before(from, count), counted(days, from, count, false));
    }

    #[test]
    fn going_back_is_never_later_than_where_one_came_from(days in any_days(), from in any_day(), count in 0u32..40) {
        let from = days.first_from(from);
        prop_assert_eq!(days.before(days.after(from, count), count), from);
        let transit = Transit { working_days: days, days: count };
        prop_assert!(transit.arrives_on(transit.leaves_for(from)) <= from);
    }

    /// In any zone, over every change of the clocks: goods leave on a working day, never before they can, and who orders later never
    /// ships earlier.
    #[test]
    fn nothing_leaves_before_it_can(
        days in any_days(), handling in 0u32..15, cutoff in 0u32..1440, seconds in 0i64..300_000_000, more in 0i64..400_000, expected in any_day(),
        zone in prop::sample::select(vec!["UTC", "Asia/Jakarta", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"]),
    ) {
        let calendar = Calendar {
            time_zone: zone.parse().unwrap(),
            cutoff_time: NaiveTime::from_hms_opt(cutoff / 60, cutoff % 60, 0).unwrap(),
            working_days: days,
            handling_days: handling,
        };
        let now = DateTime::from_timestamp(1_704_067_200 + seconds, 0).unwrap();
        let then = now + chrono::TimeDelta::seconds(more);
        let today = now.with_timezone(&calendar.time_zone).date_naive();
        let leaves = calendar.ships_on(now);
        prop_assert!(days.includes(leaves) && leaves >= today);
        let after_supply = calendar.ships_after(expected, now);
        prop_assert!(days.includes(after_supply) && after_supply >= expected && after_supply >= leaves);
        // Clocks that are set back across midnight would be needed to break this: none of the zones' are.
        prop_assert!(calendar.ships_on(then) >= leaves);
        let transit = Transit { working_days: days, days: handling };
        prop_assert!(transit.arrives_on(leaves) >= leaves);
    }
}
