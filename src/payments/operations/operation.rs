use crate::payments::provider::Failure;
use crate::types::id::{PaymentOperationId, RefundId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

text_enum! {
    /// What is asked of the provider.
    pub enum OperationKind {
        /// Money is reserved.
        Authorize = "authorize",
        /// Money is taken at once.
        Charge = "charge",
        /// It tells what it knows.
        Retrieve = "retrieve",
        /// Reserved money is taken.
        Capture = "capture",
        /// What is reserved is given up.
        Cancel = "cancel",
        /// Money goes back.
        Refund = "refund",
    }
}

text_enum! {
    #[schema(as = PaymentOperationStatus)]
    pub enum OperationStatus {
        /// Not called yet, or its result is not known yet.
        Pending = "pending",
        Succeeded = "succeeded",
        /// Refused: nothing was moved.
        Failed = "failed",
        /// Its result was not to be had for a day; a person has to look at the provider's side.
        Unresolved = "unresolved",
    }
}

/// One call, its key and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub id: PaymentOperationId,
    pub kind: OperationKind,
    pub amount: Decimal,
    /// Of a capture: whether it ends the authorization.
    pub last: bool,
    pub payment_method: Option<String>,
    pub refund_id: Option<RefundId>,
    pub status: OperationStatus,
    pub failure: Option<Failure>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Operation {
    pub fn new(kind: OperationKind, amount: Decimal, at: DateTime<Utc>) -> Self {
        Self {
            id: PaymentOperationId::generate(),
            kind,
            amount,
            last: true,
            payment_method: None,
            refund_id: None,
            status: OperationStatus::Pending,
            failure: None,
            created_at: at,
            updated_at: at,
        }
    }

    pub fn is_pending(&self) -> bool {
        self.status == OperationStatus::Pending
    }

    /// Whether it stands in the way of another that moves the payment: they go one at a time.
    pub fn blocks(&self) -> bool {
        use OperationKind as K;
        self.is_pending() && matches!(self.kind, K::Authorize | K::Charge | K::Capture | K::Cancel)
    }

    pub fn settle(&mut self, status: OperationStatus, failure: Option<Failure>, at: DateTime<Utc>) {
        (self.status, self.failure, self.updated_at) = (status, failure, at);
    }

    /// The key that it is called with, always the same.
    pub fn key(id: PaymentOperationId) -> String {
        format!("pesanan-{id}")
    }
}

/// A provider remembers a key for a day. After that the same call could be done twice, so it is made no more.
pub const KEY_LIFE: TimeDelta = TimeDelta::hours(23);

/// How long to wait after so many attempts without a result.
pub fn back_off(attempts: i32) -> TimeDelta {
    const SECONDS: [i64; 6] = [5, 20, 60, 300, 900, 1800];
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or_default().min(SECONDS.len() - 1);
    TimeDelta::seconds(SECONDS[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_stays_below_the_life_of_a_key() {
        let waits: Vec<i64> = (0..9).map(|attempts| back_off(attempts).num_seconds()).collect();
        assert_eq!(waits, [5, 5, 20, 60, 300, 900, 1800, 1800, 1800]);
        assert!(waits.iter().all(|wait| TimeDelta::seconds(*wait) < KEY_LIFE));
    }

    #[test]
    fn a_key_is_of_its_operation_alone() {
        let operation = Operation::new(OperationKind::Capture, 1.into(), DateTime::UNIX_EPOCH);
        assert_eq!(Operation::key(operation.id), Operation::key(operation.id));
        assert_ne!(Operation::key(operation.id), Operation::key(PaymentOperationId::generate()));
        assert!(operation.blocks() && !Operation::new(OperationKind::Refund, 1.into(), DateTime::UNIX_EPOCH).blocks());
    }
}
