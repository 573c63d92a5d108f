//! What Stripe answers, as far as it is looked at.

use super::amounts::from_minor;
use crate::payments::provider::{Failure, Intent, IntentState, ProviderDispute, ProviderError, ProviderRefund, RefundState};
use crate::types::currency::Currency;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

/// An answer that is not understood may still have been done.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|error| ProviderError::Unknown(format!("the provider's answer is not understood: {error}")))
}

/// What is said of a call that was refused.
pub fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    #[derive(Deserialize)]
    struct Refusal {
        error: ErrorAnswer,
    }
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => refusal.error.failure(),
        Err(_) => Failure { code: "refused".into(), detail: format!("the provider answers {status}") },
    }
}

#[derive(Deserialize)]
struct ErrorAnswer {
    code: Option<String>,
    decline_code: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

impl ErrorAnswer {
    fn failure(self) -> Failure {
        let cut = |text: String| text.chars().take(500).collect();
        Failure {
            code: cut(self.decline_code.or(self.code).or(self.kind).unwrap_or_else(|| "refused".into())),
            detail: cut(self.message.unwrap_or_else(|| "the provider says no more".into())),
        }
    }
}

/// A PaymentIntent.
#[derive(Deserialize)]
pub struct IntentAnswer {
    id: String,
    currency: String,
    status: String,
    #[serde(default)]
    amount_capturable: i64,
    #[serde(default)]
    amount_received: i64,
    cancellation_reason: Option<String>,
    last_payment_error: Option<ErrorAnswer>,
    /// An object where it was expanded, else an id.
    #[serde(default)]
    latest_charge: Value,
}

impl IntentAnswer {
    pub fn intent(self) -> Result<Intent, ProviderError> {
        let state = match self.status.as_str() {
            "requires_capture" => IntentState::Authorized,
            "succeeded" => IntentState::Captured,
            "canceled" => IntentState::Cancelled { by_service: self.cancellation_reason.as_deref() == Some("automatic") },
            // It goes back to the start where the payer's side has refused.
            "requires_payment_method" if self.last_payment_error.is_some() => IntentState::Failed,
            _ => IntentState::Open,
        };
        let of_payer = matches!(self.status.as_str(), "requires_action" | "requires_confirmation" | "requires_payment_method");
        let currency = currency_of(&self.currency)?;
        let expires_at = self.latest_charge["payment_method_details"]["card"]["capture_before"].as_i64();
        Ok(Intent {
            reference: self.id,
            state,
            currency,
            capturable: from_minor(self.amount_capturable, currency),
            captured: from_minor(self.amount_received, currency),
            expires_at: expires_at.and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0)),
            waits_for_payer: of_payer && state == IntentState::Open,
            failure: self.last_payment_error.map(ErrorAnswer::failure),
        })
    }
}

/// A refund.
#[derive(Deserialize)]
pub struct RefundAnswer {
    id: String,
    amount: i64,
    currency: String,
    status: Option<String>,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
}

impl RefundAnswer {
    pub fn refund(self) -> Result<ProviderRefund, ProviderError> {
        let state = match self.status.as_deref() {
            Some("succeeded") => RefundState::Done,
            Some("failed" | "canceled") => RefundState::Failed,
            _ => RefundState::Open,
        };
        let failure = |reason: String| Failure { code: reason, detail: "the payer's bank did not take the money back".into() };
        Ok(ProviderRefund {
            amount: from_minor(self.amount, currency_of(&self.currency)?),
            state,
            operation_id: self.metadata.and_then(|mut metadata| metadata.remove("operation_id")),
            failure: self.failure_reason.map(failure),
            reference: self.id,
        })
    }
}

/// A dispute.
#[derive(Deserialize)]
pub struct DisputeAnswer {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    #[serde(default)]
    reason: String,
}

impl DisputeAnswer {
    pub fn dispute(self) -> Result<ProviderDispute, ProviderError> {
        let currency = currency_of(&self.currency)?;
        Ok(ProviderDispute {
            amount: from_minor(self.amount, currency),
            currency,
            is_lost: self.status == "lost",
            reference: self.id,
            status: self.status,
            reason: self.reason,
        })
    }
}

#[derive(Deserialize)]
pub struct RefundList {
    pub data: Vec<RefundAnswer>,
}

fn currency_of(code: &str) -> Result<Currency, ProviderError> {
    let known = Currency::from_code(&code.to_ascii_uppercase());
    known.ok_or_else(|| ProviderError::Unknown(format!("the provider's currency '{code}' is not known")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(json: &str) -> Intent {
        read::<IntentAnswer>(json.as_bytes()).unwrap().intent().unwrap()
    }

    #[test]
    fn states_follow_from_status_and_reason() {
        let of = |status: &str, more: &str| {
            intent(&format!(r#"{{"id":"pi_1","currency":"idr","status":"{status}","amount_capturable":500,"amount_received":0{more}}}"#))
                .state
        };
        assert_eq!(of("requires_capture", ""), IntentState::Authorized);
        assert_eq!(of("succeeded", ""), IntentState::Captured);
        assert_eq!(of("canceled", r#","cancellation_reason":"requested_by_customer""#), IntentState::Cancelled { by_service: false });
        assert_eq!(of("canceled", r#","cancellation_reason":"automatic""#), IntentState::Cancelled { by_service: true });
        assert_eq!(of("requires_payment_method", r#","last_payment_error":{"code":"card_declined"}"#), IntentState::Failed);
        for open in ["requires_payment_method", "requires_confirmation", "requires_action", "processing", "of_next_year"] {
            assert_eq!(of(open, ""), IntentState::Open, "{open}");
        }
        let waits = |status: &str| intent(&format!(r#"{{"id":"pi_1","currency":"idr","status":"{status}"}}"#)).waits_for_payer;
        assert!(waits("requires_action") && waits("requires_payment_method") && !waits("processing") && !waits("requires_capture"));
    }

    #[test]
    fn amounts_and_the_end_of_an_authorization_are_read() {
        let read = intent(
            r#"{"id":"pi_1","currency":"jpy","status":"requires_capture","amount_capturable":500,"amount_received":100,
                "latest_charge":{"id":"ch_1","payment_method_details":{"card":{"capture_before":1700000000}}}}"#,
        );
        assert_eq!((read.capturable.to_string(), read.captured.to_string()), ("500".into(), "100".into()));
        assert_eq!(read.expires_at.map(|at| at.timestamp()), Some(1_700_000_000));
        assert_eq!(intent(r#"{"id":"pi_1","currency":"eur","status":"succeeded","latest_charge":"ch_1"}"#).expires_at, None);
    }

    #[test]
    fn a_refusal_says_why() {
        let said = refusal(
            StatusCode::PAYMENT_REQUIRED,
            br#"{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card","message":"No."}}"#,
        );
        assert_eq!((said.code.as_str(), said.detail.as_str()), ("lost_card", "No."));
        assert_eq!(refusal(StatusCode::FORBIDDEN, b"<html>").code, "refused");
    }
}
