//! How far from today the dates of an order may lie.

use super::body::NewOrder;
use super::edit::body::EditOrder;
use super::order::Order;
use crate::auth::actor::Actor;
use crate::auth::permission::Permission;
use crate::types::fault::Faults;
use crate::types::reach::require_not_far_ahead;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// What a new order may say of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// Ordered within a year, and wanted no longer than a year before the day of the order.
    Recent,
    /// As another system or a letter says it: ordered within a year. A wanted day that has passed is no reason to lose the order.
    AsTold,
    /// Ordered at any time (scope `import`), and wanted no longer than a year before the day of the order.
    Dated,
    /// An order of the past, as it was.
    History,
}

/// Clocks of callers run ahead by this much at most.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
const LONGEST_AGO: TimeDelta = TimeDelta::days(366);

impl Dates {
    /// For a caller with or without the scope `import`.
    pub fn of(actor: &Actor) -> Self {
        if actor.may(Permission::IMPORT) { Self::Dated } else { Self::Recent }
    }

    /// When it was ordered; `now` where nobody says.
    pub fn ordered_at(self, given: Option<DateTime<Utc>>, now: DateTime<Utc>, faults: &mut Faults) -> DateTime<Utc> {
        let Some(at) = given else { return now };
        faults.require(at <= now + AHEAD, "/ordered_at", "out_of_range", "must not be in the future");
        let (first, detail) = match self {
            Self::Dated | Self::History => (DateTime::UNIX_EPOCH, "no order was taken so long ago"),
            Self::Recent | Self::AsTold => (now - LONGEST_AGO, "older than a year: import it as history, or use the scope import"),
        };
        faults.require(at >= first, "/ordered_at", "out_of_range", detail);
        at
    }

    /// Adds a fault for each wanted day that lies more than a year before the day of the order, or ten after it. A few days are no slip:
    /// orders wait in callers' queues, and their days are not those of our time zone.
    pub fn check_requested(self, body: &NewOrder, ordered_on: NaiveDate, faults: &mut Faults) {
        match self {
            Self::AsTold | Self::History => return,
            Self::Recent | Self::Dated => {}
        }
        require_near(ordered_on, body.requested_on, "/requested_on", faults);
        for (i, line) in body.lines.iter().enumerate() {
            require_near(ordered_on, line.requested_on, &format!("/lines/{i}/requested_on"), faults);
        }
    }
}

/// The same for what an edit asks for, seen from today; what stands on the order may be repeated.
pub fn check_edit(edit: &EditOrder, order: &Order, today: NaiveDate) -> Faults {
    let mut faults = Faults::new();
    if order.detail.historical {
        return faults;
    }
    let other_than = |asked: Option<NaiveDate>, stands: Option<NaiveDate>| asked.filter(|day| Some(*day) != stands);
    require_near(today, other_than(edit.requested_on, order.document.requested_on), "/requested_on", &mut faults);
    for (i, asked) in edit.lines.iter().enumerate() {
        let known = order.lines.iter().find(|line| Some(line.id) == asked.order_line_id);
        let stands = known.and_then(|line| line.requested_on);
        require_near(today, other_than(asked.requested_on, stands), &format!("/lines/{i}/requested_on"), &mut faults);
    }
    faults
}

fn require_near(day: NaiveDate, asked: Option<NaiveDate>, pointer: &str, faults: &mut Faults) {
    let first = day.checked_sub_signed(LONGEST_AGO).unwrap_or(NaiveDate::MIN);
    if asked.is_some_and(|asked| asked < first) {
        faults.add(pointer, "too_long_ago", format!("ask for {first} or a later day"));
    }
    require_not_far_ahead(faults, pointer, asked, day);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_ordinary_call_orders_within_a_year_and_wants_no_day_long_before_its_order() {
        let now: DateTime<Utc> = "2026-03-02T03:00:00Z".parse().unwrap();
        let codes = |dates: Dates, ordered_at: &str, requested_on: [&str; 2]| -> Vec<String> {
            let body: NewOrder =
                serde_json::from_value(json!({"customer_code": "C", "ordered_at": ordered_at, "requested_on": requested_on[0],
                "lines": [{"sku": "A", "quantity": "1"}, {"sku": "B", "quantity": "1", "requested_on": requested_on[1]}]}))
                .unwrap();
            let mut faults = Faults::new();
            let at = dates.ordered_at(body.ordered_at, now, &mut faults);
            dates.check_requested(&body, at.date_naive(), &mut faults);
            faults.into_result().err().into_iter().flatten().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        };
        let none: Vec<String> = vec![];
        let today = ["2026-03-02", "2026-03-02"];
        assert_eq!(codes(Dates::Recent, "2026-03-02T03:00:00Z", today), none);
        assert_eq!(codes(Dates::Recent, "2026-03-02T03:00:00Z", ["2026-03-01", "2025-03-01"]), none, "a queue, another time zone");
        assert_eq!(codes(Dates::Recent, "2026-03-02T03:00:00Z", ["2025-02-28", "2026-03-02"]), ["/requested_on too_long_ago"]);
        assert_eq!(codes(Dates::Recent, "2026-03-02T03:00:00Z", ["2026-03-02", "1026-03-02"]), ["/lines/1/requested_on too_long_ago"]);
        assert_eq!(codes(Dates::Recent, "2026-03-02T03:00:00Z", ["2036-03-02", "2036-03-03"]), ["/lines/1/requested_on too_far_ahead"]);
        assert_eq!(codes(Dates::Recent, "2025-03-01T02:59:00Z", today), ["/ordered_at out_of_range"]);
        assert_eq!(codes(Dates::AsTold, "2026-03-02T03:00:00Z", ["2026-03-01", "2020-01-01"]), none);
        assert_eq!(codes(Dates::AsTold, "2025-03-01T02:59:00Z", today), ["/ordered_at out_of_range"]);
        assert_eq!(codes(Dates::Dated, "2015-03-01T02:59:00Z", ["2015-03-01", "2015-03-01"]), none);
        assert_eq!(codes(Dates::Dated, "2026-03-02T03:00:00Z", ["2025-02-28", "2026-03-02"]), ["/requested_on too_long_ago"]);
        assert_eq!(codes(Dates::History, "2015-03-01T02:59:00Z", ["2014-03-01", "2020-01-01"]), none);
        assert_eq!(codes(Dates::History, "1066-10-14T09:00:00Z", today), ["/ordered_at out_of_range"]);
        assert_eq!(codes(Dates::History, "2026-03-02T03:05:01Z", today), ["/ordered_at out_of_range"]);
    }
}
