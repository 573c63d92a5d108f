//! What a message is about. Its content is not believed beyond that: the provider is asked for how things stand.

use crate::payments::provider::ProviderDispute;
use crate::types::id::PaymentId;
use serde::Deserialize;
use serde_json::Value;

/// A payment of the provider, which a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The provider's name of the payment.
    pub reference: String,
    /// Ours, where the provider was told: its answer to the first call may not be recorded yet.
    pub payment_id: Option<PaymentId>,
    pub dispute: Option<Dispute>,
}

/// The payer contests a payment at his bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    pub id: String,
    pub status: String,
    pub reason: String,
}

impl From<&ProviderDispute> for Dispute {
    fn from(known: &ProviderDispute) -> Self {
        Self { id: known.reference.clone(), status: known.status.clone(), reason: known.reason.clone() }
    }
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
}

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// Id and type of an event.
pub fn head(body: &[u8]) -> Option<(String, String)> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let fits = |text: &str| (1..=255).contains(&text.len());
    (fits(&envelope.id) && fits(&envelope.event_type)).then_some((envelope.id, envelope.event_type))
}

impl Told {
    /// None where it is about no payment.
    pub fn read(body: &str) -> Option<Self> {
        let event: Event = serde_json::from_str(body).ok()?;
        let object = event.data.object;
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let kind = text("object");
        let reference = if kind == "payment_intent" { text("id") } else { text("payment_intent") };
        let dispute = (kind == "dispute").then(|| Dispute { id: text("id"), status: text("status"), reason: text("reason") });
        let payment_id = object["metadata"]["payment_id"].as_str().and_then(|id| id.parse().ok());
        let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let plain = is_plain(&reference) && dispute.as_ref().is_none_or(|dispute| is_plain(&dispute.id));
        plain.then_some(Self { reference, payment_id, dispute })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_payment_wherever_it_stands() {
        let told = |object: &str| Told::read(&format!(r#"{{"id":"evt_1","type":"x","data":{{"object":{object}}}}}"#));
        assert_eq!(told(r#"{"object":"payment_intent","id":"pi_1"}"#).unwrap().reference, "pi_1");
        assert_eq!(told(r#"{"object":"charge","id":"ch_1","payment_intent":"pi_2"}"#).unwrap().reference, "pi_2");
        let dispute = told(r#"{"object":"dispute","id":"dp_1","payment_intent":"pi_3","status":"lost","reason":"fraudulent"}"#).unwrap();
        assert_eq!((dispute.reference.as_str(), dispute.dispute.unwrap().status.as_str()), ("pi_3", "lost"));
        for other in [
            r#"{"object":"customer","id":"cus_1"}"#,
            r#"{"object":"charge","payment_intent":null}"#,
            r#"{"object":"charge","payment_intent":"../x"}"#,
            "7",
        ] {
            assert_eq!(told(other), None, "{other}");
        }
        let ours = PaymentId::generate();
        let object = format!(r#"{{"object":"payment_intent","id":"pi_1","metadata":{{"payment_id":"{ours}"}}}}"#);
        assert_eq!(told(&object).unwrap().payment_id, Some(ours));
    }

    #[test]
    fn an_event_has_id_and_type() {
        assert_eq!(head(br#"{"id":"evt_1","type":"charge.succeeded","data":{}}"#), Some(("evt_1".into(), "charge.succeeded".into())));
        assert_eq!((head(b"{}"), head(b"[]"), head(b"\xff"), head(br#"{"id":"","type":"x"}"#)), (None, None, None, None));
    }
}
