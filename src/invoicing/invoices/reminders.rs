//! Overdue invoices and their reminders. A level falls due so many days after the due date, each once, in order and never two on
//! one day: after a standstill the first comes first, and the next as long after it as the schedule has them apart.

use super::invoice::Invoice;
use super::service::event_data;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization;
use chrono::{Days, NaiveDate};
use diesel::pg::PgConnection;
use serde_json::json;

const BATCH: i64 = 100;

/// Whether the next reminder is due: `schedule` holds the days from the due date to each level, ascending.
pub fn is_due(schedule: &[i32], due_on: NaiveDate, level: i16, reminded_on: Option<NaiveDate>, today: NaiveDate) -> bool {
    let reached = usize::try_from(level).unwrap_or(usize::MAX);
    let Some(days) = schedule.get(reached) else { return false };
    let after = |day: NaiveDate, days: i32| day.checked_add_days(Days::new(days.unsigned_abs().into())).unwrap_or(NaiveDate::MAX);
    let before = reached.checked_sub(1).and_then(|place| schedule.get(place));
    let apart = before.zip(reminded_on).is_none_or(|(before, last)| after(last, days - before) <= today);
    today > due_on && after(due_on, *days) <= today && apart
}

/// Tells of invoices that have become overdue and of reminders that have fallen due, a batch of them; how many invoices. Call it
/// again until it is 0.
pub fn remind(connection: &mut PgConnection, context: &Context) -> Result<usize, Error> {
    let settings = organization::settings(connection, context.organization_id)?;
    let today = settings.local_date(context.now);
    let schedule = settings.reminder_days.as_slice();
    let mut invoices = store::lock_due(connection, context.organization_id, today, schedule, BATCH)?;
    let mut facts = Vec::new();
    for invoice in &mut invoices {
        if invoice.overdue_on.is_none() {
            invoice.overdue_on = Some(today);
            facts.push(event("invoice.overdue", invoice, today));
        }
        if is_due(schedule, invoice.due_on, invoice.reminder_level, invoice.reminded_on, today) {
            (invoice.reminder_level, invoice.reminded_on) = (invoice.reminder_level + 1, Some(today));
            let mut fact = event("invoice.reminder_due", invoice, today);
            fact.data["level"] = json!(invoice.reminder_level);
            fact.data["levels"] = json!(schedule.len());
            facts.push(fact);
        }
    }
    if !invoices.is_empty() {
        store::save_reminders(connection, context, &invoices)?;
        events::append(connection, context, &facts)?;
    }
    Ok(invoices.len())
}

fn event(event_type: &'static str, invoice: &Invoice, today: NaiveDate) -> NewEvent {
    let mut data = event_data(invoice);
    data["days_overdue"] = json!((today - invoice.due_on).num_days());
    NewEvent::of_part(event_type, invoice.order_id, "invoice", invoice.id.0, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn worked_examples() {
        let schedule = [7, 21, 35];
        // due on, level, reminded on, today, is due
        let table = [
            ("2026-01-31", 0, None, "2026-02-06", false),
            ("2026-01-31", 0, None, "2026-02-07", true),
            ("2026-01-31", 1, Some("2026-02-07"), "2026-02-20", false),
            ("2026-01-31", 1, Some("2026-02-07"), "2026-02-21", true),
            ("2026-01-31", 2, Some("2026-02-21"), "2026-03-07", true),
            ("2026-01-31", 3, Some("2026-03-07"), "2027-01-01", false),
            // Nothing ran until April: the first reminder first, the second fourteen days later.
            ("2026-01-31", 0, None, "2026-04-01", true),
            ("2026-01-31", 1, Some("2026-04-01"), "2026-04-14", false),
            ("2026-01-31", 1, Some("2026-04-01"), "2026-04-15", true),
        ];
        for (due_on, level, reminded_on, today, expected) in table {
            assert_eq!(is_due(&schedule, day(due_on), level, reminded_on.map(day), day(today)), expected, "{level} on {today}");
        }
        assert!(!is_due(&[], day("2026-01-31"), 0, None, day("2027-01-01")), "without a schedule nobody is reminded");
    }

    proptest! {
        #[test]
        fn each_level_comes_once_in_order_and_never_sooner_than_the_schedule(
            gaps in prop::collection::vec(1i32..30, 1..5), runs in prop::collection::vec(1u64..40, 1..40),
        ) {
            let schedule: Vec<i32> = gaps.iter().scan(0, |sum, gap| { *sum += gap; Some(*sum) }).collect();
            let due_on = day("2026-01-31");
            let (mut today, mut level, mut reminded_on) = (due_on, 0i16, None);
            let mut days = vec![];
            for run in runs {
                today = today + Days::new(run);
                if is_due(&schedule, due_on, level, reminded_on, today) {
                    (level, reminded_on) = (level + 1, Some(today));
                    days.push(today);
                }
                prop_assert!(!is_due(&schedule, due_on, level, reminded_on, today), "not twice on a day");
            }
            for (place, told) in days.iter().enumerate() {
                prop_assert!((*told - due_on).num_days() >= i64::from(schedule[place]));
                if place > 0 {
                    prop_assert!((*told - days[place - 1]).num_days() >= i64::from(schedule[place] - schedule[place - 1]));
                }
            }
        }
    }
}
