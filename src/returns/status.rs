//! How far a return has come, and what may be done to it.

use crate::types::text_enum::text_enum;

text_enum! {
    /// How far a return has come.
    pub enum ReturnProgress {
        /// Asked for; somebody has to decide.
        Requested = "requested",
        /// The customer may send it.
        Authorized = "authorized",
        /// It will not be taken back.
        Refused = "refused",
        /// Some of what was announced is here.
        PartiallyReceived = "partially_received",
        /// All that was announced is here.
        Received = "received",
        /// Settled: credited, replaced, or never to be invoiced.
        Completed = "completed",
        /// Called off before anything arrived.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What can be done to a return.
    pub enum ReturnAction {
        Authorize = "authorize",
        Refuse = "refuse",
        Cancel = "cancel",
        /// Goods arrive, and announced ones are still on their way.
        ReceivePart = "receive_part",
        /// Goods arrive, and nothing announced is missing any more.
        Receive = "receive",
        Complete = "complete",
    }
}

/// The return's status does not allow the action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a return that is {status} does not allow {action}")]
pub struct Refused {
    pub status: ReturnProgress,
    pub action: ReturnAction,
    /// What the status does allow.
    pub allowed: Vec<ReturnAction>,
}

impl ReturnAction {
    /// The sub-path that asks for it.
    pub fn request(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Refuse => "refuse",
            Self::Cancel => "cancel",
            Self::ReceivePart | Self::Receive => "receive",
            Self::Complete => "complete",
        }
    }
}

impl From<Refused> for crate::error::Error {
    fn from(refused: Refused) -> Self {
        let mut allowed: Vec<&str> = refused.allowed.iter().map(|action| action.request()).collect();
        allowed.dedup();
        Self::invalid_transition(refused.status.as_str(), refused.action.request(), &allowed)
    }
}

impl ReturnProgress {
    /// The status after the action. Once goods are here a return can only be completed: it cannot be called off.
    pub fn next(self, action: ReturnAction) -> Result<Self, Refused> {
        self.after(action).ok_or_else(|| Refused { status: self, action, allowed: self.allowed() })
    }

    /// The actions that `next` does not refuse.
    pub fn allowed(self) -> Vec<ReturnAction> {
        ReturnAction::ALL.iter().copied().filter(|action| self.after(*action).is_some()).collect()
    }

    /// Whether what was announced and is not here may still come, and so is not to be announced once more.
    pub fn is_expecting(self) -> bool {
        match self {
            Self::Requested | Self::Authorized | Self::PartiallyReceived => true,
            Self::Refused | Self::Received | Self::Completed | Self::Cancelled => false,
        }
    }

    fn after(self, action: ReturnAction) -> Option<Self> {
        use ReturnAction as A;
        match self {
            Self::Requested => match action {
                A::Authorize => Some(Self::Authorized),
                A::Refuse => Some(Self::Refused),
                A::Cancel => Some(Self::Cancelled),
                A::ReceivePart | A::Receive | A::Complete => None,
            },
            Self::Authorized => match action {
                A::Cancel => Some(Self::Cancelled),
                A::ReceivePart => Some(Self::PartiallyReceived),
                A::Receive => Some(Self::Received),
                A::Authorize | A::Refuse | A::Complete => None,
            },
            Self::PartiallyReceived => match action {
                A::ReceivePart => Some(Self::PartiallyReceived),
                A::Receive => Some(Self::Received),
                A::Complete => Some(Self::Completed),
                A::Authorize | A::Refuse | A::Cancel => None,
            },
            Self::Received => match action {
                A::Receive => Some(Self::Received),
                A::Complete => Some(Self::Completed),
                A::Authorize | A::Refuse | A::Cancel | A::ReceivePart => None,
            },
            Self::Refused | Self::Completed | Self::Cancelled => match action {
                A::Authorize | A::Refuse | A::Cancel | A::ReceivePart | A::Receive | A::Complete => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter per action in the order of `ReturnAction::ALL`: the first of the next status (`x` refused, `r` received, `d`
    /// completed), `-` not allowed.
    const TABLE: [(ReturnProgress, &str); 7] = [
        (ReturnProgress::Requested, "axc---"),
        (ReturnProgress::Authorized, "--cpr-"),
        (ReturnProgress::Refused, "------"),
        (ReturnProgress::PartiallyReceived, "---prd"),
        (ReturnProgress::Received, "----rd"),
        (ReturnProgress::Completed, "------"),
        (ReturnProgress::Cancelled, "------"),
    ];

    #[test]
    fn every_status_allows_exactly_its_actions() {
        assert_eq!(TABLE.map(|(status, _)| status), ReturnProgress::ALL);
        for (status, row) in TABLE {
            for (action, letter) in ReturnAction::ALL.iter().zip(row.chars()) {
                let expected = match letter {
                    'a' => Some(ReturnProgress::Authorized),
                    'x' => Some(ReturnProgress::Refused),
                    'c' => Some(ReturnProgress::Cancelled),
                    'p' => Some(ReturnProgress::PartiallyReceived),
                    'r' => Some(ReturnProgress::Received),
                    'd' => Some(ReturnProgress::Completed),
                    _ => None,
                };
                assert_eq!(status.next(*action).ok(), expected, "{status} {action}");
            }
        }
    }

    #[test]
    fn a_refusal_names_the_requests_that_are_allowed() {
        let refused = ReturnProgress::PartiallyReceived.next(ReturnAction::Cancel).unwrap_err();
        let allowed: Vec<&str> = refused.allowed.iter().map(|action| action.request()).collect();
        assert_eq!(allowed, ["receive", "receive", "complete"]);
        assert_eq!(refused.to_string(), "a return that is partially_received does not allow cancel");
    }
}
