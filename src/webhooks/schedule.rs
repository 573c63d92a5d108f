//! When a delivery is tried again. Pure.

use super::send::Outcome;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, TimeDelta, Utc};

text_enum! {
    /// How far a delivery is.
    #[schema(as = WebhookDeliveryStatus)]
    pub enum DeliveryStatus {
        /// Waits for its time, or for an earlier event of its order.
        Pending = "pending",
        /// A process has it; one that dies with it leaves it to the next.
        Sending = "sending",
        /// Answered with 2xx.
        Delivered = "delivered",
        /// Tried for three days, or told that the receiver is gone.
        Failed = "failed",
        /// Not sent: see `skip_reason`.
        Skipped = "skipped",
    }
}

/// Seconds after each try that failed until the next: eleven tries within 75 hours and a half. Those of Standard Webhooks
/// ("Deliverability and reliability"), with one more after 20 seconds.
const WAITS: [i64; 10] = [5, 20, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest that a receiver may ask us to wait.
const LONGEST_RETRY_AFTER: TimeDelta = TimeDelta::hours(24);
/// For how long an endpoint may fail before it is disabled.
pub const FAILING_FOR: TimeDelta = TimeDelta::days(5);
/// HTTP: the receiver wants no more.
const GONE: u16 = 410;

/// What follows for a delivery from what came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// Again, at this time.
    Retry(DateTime<Utc>),
    Failed,
    /// The same, and the endpoint is disabled.
    Gone,
}

/// After `tries` tries, the last one ended `now`. `random` spreads the next one by ±10 %, so that what failed together does not come
/// again together.
pub fn judge(outcome: &Outcome, tries: i32, now: DateTime<Utc>, random: u8) -> Verdict {
    match outcome.status {
        Some(200..=299) => Verdict::Delivered,
        Some(GONE) => Verdict::Gone,
        Some(_) | None => match wait_after(tries) {
            Some(wait) => {
                let asked = outcome.retry_after.map_or(TimeDelta::zero(), |asked| asked.min(LONGEST_RETRY_AFTER));
                Verdict::Retry(now + spread(wait, random).max(asked))
            }
            None => Verdict::Failed,
        },
    }
}

fn wait_after(tries: i32) -> Option<TimeDelta> {
    let place = usize::try_from(tries.max(1) - 1).ok()?;
    WAITS.get(place).map(|seconds| TimeDelta::seconds(*seconds))
}

/// 90 % to 110 % of a time.
fn spread(wait: TimeDelta, random: u8) -> TimeDelta {
    let permille = 900 + i64::from(random) * 200 / 255;
    TimeDelta::milliseconds(wait.num_milliseconds() * permille / 1_000)
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. What is neither, or past, asks for nothing.
pub fn retry_after(header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return Some(TimeDelta::seconds(i64::from(seconds)));
    }
    let at = DateTime::parse_from_rfc2822(header).ok()?;
    Some(at.with_timezone(&Utc) - now).filter(|wait| *wait > TimeDelta::zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_416_800, 0).unwrap()
    }

    fn answered(status: u16) -> Outcome {
        Outcome { status: Some(status), ..Outcome::default() }
    }

    #[test]
    fn eleven_tries_over_three_days() {
        let (mut at, mut tries) = (now(), vec![]);
        for number in 1.. {
            match judge(&answered(500), number, at, 128) {
                Verdict::Retry(next) => {
                    tries.push((next - at).num_seconds());
                    at = next;
                }
                verdict => {
                    assert_eq!((verdict, number), (Verdict::Failed, 11));
                    break;
                }
            }
        }
        assert_eq!(tries, WAITS);
        assert_eq!((at - now()).num_minutes(), 75 * 60 + 35);
    }

    #[test]
    fn worked_examples() {
        let verdict = |outcome: &Outcome, tries| judge(outcome, tries, now(), 128);
        let in_seconds = |seconds| Verdict::Retry(now() + TimeDelta::seconds(seconds));
        let asks = |seconds| Outcome { retry_after: Some(TimeDelta::seconds(seconds)), ..answered(503) };
        let table = [
            (answered(200), 1, Verdict::Delivered),
            (answered(204), 11, Verdict::Delivered),
            (answered(410), 1, Verdict::Gone),
            (answered(301), 1, in_seconds(5)),
            (answered(404), 2, in_seconds(20)),
            (answered(500), 11, Verdict::Failed),
            (Outcome { error: Some("time out".into()), ..Outcome::default() }, 3, in_seconds(300)),
            (asks(120), 1, in_seconds(120)),
            (asks(120), 4, in_seconds(1_800)),
            (asks(10_000_000), 1, in_seconds(24 * 3600)),
            (asks(120), 11, Verdict::Failed),
        ];
        for (outcome, tries, expected) in table {
            assert_eq!(verdict(&outcome, tries), expected, "{outcome:?} after {tries}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let seconds = |header: &str| retry_after(header, now()).map(|wait| wait.num_seconds());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Mon, 02 Mar 2026 02:05:00 GMT"), Some(300));
        assert_eq!(seconds("Mon, 02 Mar 2026 01:05:00 GMT"), None);
        for nothing in ["", "soon", "-5", "1.5", "99999999999999999999"] {
            assert_eq!(seconds(nothing), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_spread_by_a_tenth_at_most(place in 1i32..=10, random: u8) {
            let Verdict::Retry(at) = judge(&answered(500), place, now(), random) else { panic!() };
            let (wait, planned) = ((at - now()).num_milliseconds(), WAITS[usize::try_from(place).unwrap() - 1] * 1_000);
            prop_assert!(wait * 10 >= planned * 9 && wait * 10 <= planned * 11, "{wait} {planned}");
        }

        #[test]
        fn any_header_is_read(header in "\\PC*") {
            if let Some(wait) = retry_after(&header, now()) {
                prop_assert!(wait >= TimeDelta::zero());
            }
        }
    }
}
