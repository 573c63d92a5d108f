//! What follows for a payment from what the provider knows of it. The provider's word is read anew each time it is needed, never
//! taken from the order in which messages come; so the same answer twice, or an old message after a new one, changes nothing.

use super::{Intent, IntentState};
use crate::payments::payment::{LastCapture, Payment, PaymentStatus};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// One change of the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Money is reserved: so much in all.
    Authorize {
        amount: Decimal,
        expires_at: Option<DateTime<Utc>>,
    },
    /// Money was taken.
    Capture {
        amount: Decimal,
        last: LastCapture,
    },
    /// What is reserved was given up.
    Void,
    /// The same, because its time was over.
    Expire,
    Fail,
    /// The provider has money that this payment can no longer take: a person has to look.
    Mismatch(&'static str),
}

/// The steps that bring the payment to what the provider says; none where it is there.
pub fn decide(payment: &Payment, intent: &Intent) -> Vec<Step> {
    if intent.currency != payment.currency {
        return vec![Step::Mismatch("the provider has it in another currency")];
    }
    let open = matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Authorized);
    let more = intent.captured - payment.captured;
    if more > Decimal::ZERO && !open {
        return vec![Step::Mismatch("the provider has taken money of a payment that is over")];
    }
    let capture = |last| (more > Decimal::ZERO).then_some(Step::Capture { amount: more, last });
    match intent.state {
        IntentState::Authorized => {
            let reserved = intent.capturable + intent.captured;
            let authorize = Step::Authorize { amount: reserved, expires_at: intent.expires_at };
            let known = payment.status != PaymentStatus::Pending;
            [(!known).then_some(authorize), capture(LastCapture::No)].into_iter().flatten().collect()
        }
        IntentState::Captured => match capture(LastCapture::Yes) {
            Some(step) => vec![step],
            // All is known to be taken; what was left of the authorization is not there any more.
            None if payment.status == PaymentStatus::Authorized => vec![Step::Void],
            None => vec![],
        },
        IntentState::Cancelled { by_service } => match payment.status {
            PaymentStatus::Authorized if by_service => vec![Step::Expire],
            PaymentStatus::Pending | PaymentStatus::Authorized => vec![Step::Void],
            _ => vec![],
        },
        IntentState::Failed if payment.status == PaymentStatus::Pending => vec![Step::Fail],
        IntentState::Failed | IntentState::Open => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::payment::tests::authorized;
    use crate::types::currency::Currency;
    use proptest::prelude::*;

    fn intent(state: IntentState, capturable: i64, captured: i64) -> Intent {
        Intent {
            reference: "pi_1".into(),
            state,
            currency: Currency::from_code("EUR").unwrap(),
            capturable: capturable.into(),
            captured: captured.into(),
            expires_at: None,
            waits_for_payer: false,
            failure: None,
        }
    }

    fn payment(status: PaymentStatus, captured: i64) -> Payment {
        Payment { status, captured: captured.into(), ..authorized(100) }
    }

    #[test]
    fn worked_examples() {
        use IntentState as I;
        use PaymentStatus as P;
        let authorize = Step::Authorize { amount: 100.into(), expires_at: None };
        let capture = |amount: i64, last| Step::Capture { amount: amount.into(), last };
        let gone = Step::Mismatch("the provider has taken money of a payment that is over");
        let table = [
            (P::Pending, 0, intent(I::Open, 0, 0), vec![]),
            (P::Pending, 0, intent(I::Authorized, 100, 0), vec![authorize.clone()]),
            (P::Authorized, 0, intent(I::Authorized, 100, 0), vec![]),
            (P::Pending, 0, intent(I::Authorized, 60, 40), vec![authorize, capture(40, LastCapture::No)]),
            (P::Authorized, 40, intent(I::Authorized, 30, 70), vec![capture(30, LastCapture::No)]),
            (P::Authorized, 0, intent(I::Captured, 0, 100), vec![capture(100, LastCapture::Yes)]),
            (P::Pending, 0, intent(I::Captured, 0, 100), vec![capture(100, LastCapture::Yes)]),
            (P::Captured, 100, intent(I::Captured, 0, 100), vec![]),
            (P::Authorized, 40, intent(I::Captured, 0, 40), vec![Step::Void]),
            (P::Refunded, 100, intent(I::Captured, 0, 100), vec![]),
            (P::Captured, 100, intent(I::Authorized, 100, 0), vec![]),
            (P::Authorized, 0, intent(I::Cancelled { by_service: false }, 0, 0), vec![Step::Void]),
            (P::Authorized, 0, intent(I::Cancelled { by_service: true }, 0, 0), vec![Step::Expire]),
            (P::Voided, 0, intent(I::Cancelled { by_service: false }, 0, 0), vec![]),
            (P::Pending, 0, intent(I::Failed, 0, 0), vec![Step::Fail]),
            (P::Authorized, 0, intent(I::Failed, 0, 0), vec![]),
            (P::Voided, 0, intent(I::Captured, 0, 100), vec![gone.clone()]),
            (P::Captured, 100, intent(I::Captured, 0, 101), vec![gone]),
        ];
        for (status, captured, intent, steps) in table {
            assert_eq!(decide(&payment(status, captured), &intent), steps, "{status} {captured} {intent:?}");
        }
    }

    proptest! {
        /// Whatever is told, and however often: the money taken is that of the furthest answer, and repeating any changes nothing.
        #[test]
        fn answers_in_any_order_and_number_move_money_once(answers in prop::collection::vec((0i64..=100, any::<bool>()), 1..12)) {
            let mut payment = payment(PaymentStatus::Pending, 0);
            let on = payment.received_on;
            let mut furthest = 0;
            for (captured, done) in answers {
                let state = if done { IntentState::Captured } else { IntentState::Authorized };
                let answer = intent(state, 100 - captured, captured);
                for round in 0..2 {
                    let steps = decide(&payment, &answer);
                    let over = matches!(steps.first(), Some(Step::Mismatch(_)));
                    prop_assert!(round == 0 || steps.is_empty() || over, "{steps:?}");
                    for step in steps {
                        match step {
                            Step::Authorize { amount, .. } => (payment.status, payment.amount) = (PaymentStatus::Authorized, amount),
                            Step::Capture { amount, last } => payment.capture(amount, last, on).unwrap(),
                            Step::Void => payment.status = PaymentStatus::of_captured(payment.captured.max(1.into()), payment.refunded),
                            Step::Expire | Step::Fail | Step::Mismatch(_) => {}
                        }
                    }
                    if !over {
                        furthest = furthest.max(captured);
                    }
                }
                prop_assert_eq!(payment.captured, Decimal::from(furthest));
            }
        }
    }
}
