//! What customers are told of, and by which events. Pure.

use crate::auth::permission::{Permission, Permissions};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, TimeDelta, Utc};

text_enum! {
    /// What a notice is about.
    pub enum NoticeKind {
        /// The order is confirmed.
        Acknowledgement = "acknowledgement",
        /// A promised date has changed, or stock for it is missing.
        Delay = "delay",
        /// Goods have left, with the tracking link.
        Dispatch = "dispatch",
        /// An invoice, with its PDF.
        Invoice = "invoice",
        /// A payment has come in.
        Receipt = "receipt",
        /// Money has gone back, or did not arrive.
        Refund = "refund",
        /// An invoice is overdue.
        Reminder = "reminder",
        /// The answer to a mail that orders something; made where the mail is read, not of an event.
        OrderReply = "order_reply",
    }
}

text_enum! {
    /// How far a notice is.
    pub enum NoticeStatus {
        Pending = "pending",
        /// A process has it; one that dies with it leaves it to the next.
        Sending = "sending",
        /// The mail server has taken it.
        Sent = "sent",
        /// Refused for good, or tried for a day and more.
        Failed = "failed",
        /// Nobody to send it to.
        Skipped = "skipped",
    }
}

impl NoticeKind {
    /// The kind that an event brings about.
    pub fn of_event(event_type: &str) -> Option<Self> {
        Some(match event_type {
            "order.confirmed" => Self::Acknowledgement,
            "order.promise_changed" | "order.allocation_lost" => Self::Delay,
            "shipment.shipped" => Self::Dispatch,
            "invoice.issued" => Self::Invoice,
            "payment.captured" => Self::Receipt,
            "payment.refunded" | "payment.refund_succeeded" | "payment.refund_failed" => Self::Refund,
            "invoice.reminder_due" => Self::Reminder,
            _ => return None,
        })
    }

    /// What a reader of such a notice must be allowed to read beside the customers; none where that is all.
    pub fn read_permission(self) -> Option<Permission> {
        match self {
            Self::Invoice | Self::Reminder => Some(Permission::INVOICES_READ),
            Self::Receipt | Self::Refund => Some(Permission::PAYMENTS_READ),
            Self::Acknowledgement | Self::Delay | Self::Dispatch | Self::OrderReply => None,
        }
    }

    /// Whether these permissions let somebody read such a notice.
    pub fn may_be_read(self, permissions: Permissions) -> bool {
        self.read_permission().is_none_or(|permission| permissions.contains(permission))
    }

    /// Whether the thing itself is told of once; else each event about it is.
    pub fn once_a_subject(self) -> bool {
        matches!(self, Self::Acknowledgement | Self::Dispatch | Self::Invoice | Self::OrderReply)
    }
}

/// The types of events that notices are made of.
pub const EVENT_TYPES: [&str; 10] = [
    "order.confirmed",
    "order.promise_changed",
    "order.allocation_lost",
    "shipment.shipped",
    "invoice.issued",
    "payment.captured",
    "payment.refunded",
    "payment.refund_succeeded",
    "payment.refund_failed",
    "invoice.reminder_due",
];

/// Minutes after each failed try; about a day and a half in all.
const WAITS: [i64; 8] = [1, 5, 15, 60, 180, 360, 720, 1440];

/// A notice was tried so often that nothing more is to be hoped for: each try may have ended its process.
pub fn is_hopeless(attempts: i32) -> bool {
    usize::try_from(attempts).is_ok_and(|attempts| attempts > WAITS.len() + 1)
}

/// When to try again after so many tries; `None` after the last.
pub fn next_try(attempts: i32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let place = usize::try_from(attempts.max(1) - 1).ok()?;
    WAITS.get(place).map(|minutes| now + TimeDelta::minutes(*minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_type_that_is_read_has_a_kind_and_each_kind_an_event() {
        let told: Vec<NoticeKind> = EVENT_TYPES.iter().map(|name| NoticeKind::of_event(name).unwrap()).collect();
        assert!(NoticeKind::ALL.iter().all(|kind| *kind == NoticeKind::OrderReply || told.contains(kind)));
        assert_eq!(NoticeKind::of_event("order.captured"), None);
    }

    #[test]
    fn tries_are_further_and_further_apart_and_end() {
        let now = DateTime::UNIX_EPOCH;
        let waits: Vec<i64> = (1..=9).map_while(|n| next_try(n, now)).map(|at| (at - now).num_minutes()).collect();
        assert_eq!(waits, WAITS);
        assert_eq!(next_try(9, now), None);
        assert_eq!([8, 9, 10].map(is_hopeless), [false, false, true]);
    }
}
