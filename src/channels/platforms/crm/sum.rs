//! One message about several things: what becomes of it in all.

use crate::inbox::{Outcome, Reason};
use crate::types::id::OrderId;
use chrono::{DateTime, Utc};

/// The outcomes of the parts of a message. What may pass later keeps the whole message waiting: working a part in again changes nothing.
#[derive(Debug, Default)]
pub struct Sum {
    order_ids: Vec<OrderId>,
    later: Option<(Reason, Option<DateTime<Utc>>)>,
    rejected: Option<Reason>,
    told: Option<Reason>,
    /// Parts in a row for which the platform was away.
    away: usize,
}

/// So many parts in a row for which there was no answer: none is to be expected for the others.
const AWAY: usize = 2;

/// The parts of a message, beginning with another one at each attempt: one that never gets an answer must not keep those behind it.
pub fn other_first<T>(parts: &[T], attempts: i32) -> impl Iterator<Item = &T> {
    let attempts = usize::try_from(attempts).unwrap_or_default().saturating_sub(1);
    let (before, after) = parts.split_at(attempts.checked_rem(parts.len()).unwrap_or_default());
    after.iter().chain(before)
}

impl Sum {
    /// `within` is the place of the part in the message.
    pub fn add(&mut self, outcome: Outcome, within: &str) {
        let placed = |reason: Reason| if reason.pointer.is_empty() { Reason { pointer: within.to_owned(), ..reason } } else { reason };
        let is_away = outcome.tells_that_platform_is_away();
        self.away = match (is_away, outcome.later_at()) {
            (true, None) => self.away + 1,
            (true, Some(_)) => AWAY,
            (false, _) => 0,
        };
        match outcome {
            Outcome::Processed { order_ids, reason } => {
                self.order_ids.extend(order_ids);
                self.told = self.told.take().or(reason.map(placed));
            }
            Outcome::Later { reason, at } => {
                // The earliest wait counts; where one is open the usual one does.
                let at = match (&self.later, at) {
                    (Some((_, known)), at) => known.and_then(|known| at.map(|at| at.min(known))),
                    (None, at) => at,
                };
                // That the platform is away concerns more than this message.
                let told = self.later.take().map(|(first, _)| first).filter(|first| !is_away || first.code == reason.code);
                self.later = Some((told.unwrap_or_else(|| placed(reason)), at));
            }
            Outcome::Rejected { order_ids, reason } => {
                self.order_ids.extend(order_ids);
                self.rejected = self.rejected.take().or(Some(placed(reason)));
            }
        }
    }

    /// Whether the platform has to be left alone: the message waits as a whole.
    pub fn gives_up(&self) -> bool {
        self.away >= AWAY
    }

    pub fn outcome(mut self) -> Outcome {
        self.order_ids.sort();
        self.order_ids.dedup();
        match (self.later, self.rejected) {
            (Some((reason, at)), _) => Outcome::Later { reason, at },
            (None, Some(reason)) => Outcome::Rejected { order_ids: self.order_ids, reason },
            (None, None) => Outcome::Processed { order_ids: self.order_ids, reason: self.told },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_waits_keeps_the_whole_waiting() {
        let (a, b) = (OrderId::generate(), OrderId::generate());
        let mut sum = Sum::default();
        sum.add(Outcome::processed(vec![a]), "/0");
        sum.add(Outcome::ignored("not_won", "it is not won"), "/1");
        sum.add(Outcome::processed(vec![a, b]), "/2");
        let mut both = vec![a, b];
        both.sort();
        let told = Reason::new("not_won", "it is not won", "/1");
        assert_eq!(sum.outcome(), Outcome::Processed { order_ids: both, reason: Some(told) });
        let mut sum = Sum::default();
        sum.add(Outcome::rejected("bad", "no", "/0/x"), "/0");
        sum.add(Outcome::processed(vec![a]), "/1");
        assert_eq!(sum.outcome(), Outcome::Rejected { order_ids: vec![a], reason: Reason::new("bad", "no", "/0/x") });
        let mut sum = Sum::default();
        sum.add(Outcome::rejected("bad", "no", ""), "/0");
        sum.add(Outcome::later("unknown_sku", "no such product", ""), "/1");
        sum.add(Outcome::later("other", "x", ""), "/2");
        assert_eq!(sum.outcome(), Outcome::Later { reason: Reason::new("unknown_sku", "no such product", "/1"), at: None });
    }
}
