//! What becomes of incoming supply.

use crate::types::text_enum::text_enum;

text_enum! {
    /// Open supply counts as coming; the others are history.
    pub enum IncomingStatus {
        Open = "open",
        Received = "received",
        Cancelled = "cancelled",
    }
}

/// What is done with incoming supply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncomingAction {
    Change,
    Receive,
    Cancel,
}

impl IncomingStatus {
    /// What people may do in this status, as `invalid_transition` names it.
    pub fn allowed(self) -> &'static [&'static str] {
        match self {
            Self::Open => &["change", "receive", "cancel"],
            Self::Received | Self::Cancelled => &[],
        }
    }

    /// The status after `action`; `complete` tells whether nothing more is to come.
    pub fn next(self, action: IncomingAction, complete: bool) -> Option<Self> {
        match (self, action) {
            (Self::Open, IncomingAction::Change | IncomingAction::Receive) if complete => Some(Self::Received),
            (Self::Open, IncomingAction::Change | IncomingAction::Receive) => Some(Self::Open),
            (Self::Open, IncomingAction::Cancel) => Some(Self::Cancelled),
            (Self::Received | Self::Cancelled, IncomingAction::Change | IncomingAction::Receive | IncomingAction::Cancel) => None,
        }
    }
}

impl IncomingAction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Receive => "receive",
            Self::Cancel => "cancel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_supply_can_still_become_something() {
        use IncomingAction::{Cancel, Change, Receive};
        assert_eq!(IncomingStatus::Open.next(Receive, false), Some(IncomingStatus::Open));
        assert_eq!(IncomingStatus::Open.next(Receive, true), Some(IncomingStatus::Received));
        assert_eq!(IncomingStatus::Open.next(Cancel, false), Some(IncomingStatus::Cancelled));
        for status in [IncomingStatus::Received, IncomingStatus::Cancelled] {
            for action in [Change, Receive, Cancel] {
                assert_eq!(status.next(action, true), None);
            }
        }
    }
}
