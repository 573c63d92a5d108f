//! What HubSpot tells: up to 100 events in one body, out of order, each saying little more than which object has changed.

use crate::channels::platforms::api_client::loose::Loose;
use crate::channels::platforms::reading::without_mark;
use crate::inbox::Reason;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "subscriptionType", default)]
    subscription_type: Loose,
    #[serde(rename = "objectId", default)]
    object_id: Loose,
    /// Of events that are not named after their object: `0-3` is a deal.
    #[serde(rename = "objectTypeId", default)]
    object_type_id: Loose,
    /// Of a merge: what is left after it.
    #[serde(rename = "newObjectId", default)]
    new_object_id: Loose,
    #[serde(rename = "primaryObjectId", default)]
    primary_object_id: Loose,
}

impl Event {
    fn is_of_deal(&self) -> bool {
        let kind = self.subscription_type.text().unwrap_or_default();
        kind.starts_with("deal.") || kind.starts_with("object.") && self.object_type_id.text() == Some("0-3")
    }
}

/// What a body is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The kind of its events where they are of one kind, else `batch`.
    pub topic: String,
    /// Ids of deals, each once, in the order in which they are first named, with the place of that.
    pub deals: Vec<(String, String)>,
}

/// Object ids are numbers of up to 64 bits.
fn id(text: &Loose) -> Option<&str> {
    text.text().filter(|text| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads a body. What is new in an event is not believed: the deal is fetched.
pub fn read(body: &[u8]) -> Result<Told, Reason> {
    let events: Vec<Event> = serde_json::from_slice(without_mark(body))
        .map_err(|error| Reason::new("malformed_json", format!("HubSpot sends a list of events: {error}"), ""))?;
    let mut told = Told::default();
    for (i, event) in events.iter().enumerate() {
        let kind = event.subscription_type.text().unwrap_or_default();
        if i == 0 {
            told.topic = kind.chars().filter(|c| !c.is_control()).take(100).collect();
        } else if told.topic != kind {
            told.topic = "batch".to_owned();
        }
        if !event.is_of_deal() {
            continue;
        }
        let named = [&event.new_object_id, &event.primary_object_id, &event.object_id].into_iter().find_map(id);
        let Some(named) = named else {
            return Err(Reason::new("no_object_id", "an event of a deal names the deal", format!("/{i}/objectId")));
        };
        if !told.deals.iter().any(|(known, _)| known == named) {
            told.deals.push((named.to_owned(), format!("/{i}")));
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn each_deal_is_named_once() {
        let change =
            |id: i64, name: &str| json!({"objectId": id, "propertyName": name, "subscriptionType": "deal.propertyChange", "eventId": 1});
        let body = json!([change(7, "dealstage"), change(9_007_199_254_740_993, "amount"), change(7, "amount")]).to_string();
        let told = read(body.as_bytes()).unwrap();
        assert_eq!(told.topic, "deal.propertyChange");
        assert_eq!(told.deals, [("7".to_owned(), "/0".to_owned()), ("9007199254740993".to_owned(), "/1".to_owned())]);
        let mixed = json!([
            {"subscriptionType": "contact.creation", "objectId": 3}, {"subscriptionType": "object.propertyChange", "objectTypeId": "0-3", "objectId": "8"},
            {"subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "objectId": 9},
            {"subscriptionType": "deal.merge", "objectId": 11, "primaryObjectId": 11, "mergedObjectIds": [12], "newObjectId": 13},
        ]);
        let told = read(mixed.to_string().as_bytes()).unwrap();
        assert_eq!((told.topic.as_str(), told.deals.len()), ("batch", 2));
        assert_eq!((told.deals[0].0.as_str(), told.deals[1].0.as_str()), ("8", "13"));
        assert_eq!(read(b"[]").unwrap(), Told::default());
    }

    #[test]
    fn what_names_no_deal_is_told_at_its_place() {
        assert_eq!(read(b"{}").unwrap_err().code, "malformed_json");
        assert_eq!(read(b"\xff").unwrap_err().code, "malformed_json");
        for odd in ["null", "-3", "1.5", "\"../7\"", "{}", "123456789012345678901"] {
            let body = format!(r#"[{{"subscriptionType": "deal.creation", "objectId": {odd}}}]"#);
            assert!(read(body.as_bytes()).is_err(), "{odd}");
        }
    }

    fn total(body: &[u8]) {
        if let Ok(told) = read(body) {
            assert!(told.deals.iter().all(|(id, _)| (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())));
        }
    }

    /// JSON of about the right shape, with something else here and there.
    fn arb_body() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            Just("1e400".to_owned()),
            "[a-z.0-9-]{0,12}".prop_map(|text| json!(text).to_string()),
            Just("\"deal.merge\"".to_owned()),
            Just("\"0-3\"".to_owned()),
            Just("[]".to_owned()),
            Just("{}".to_owned()),
            "\\PC{0,4}",
        ];
        let name = prop::sample::select(vec!["objectId", "subscriptionType", "objectTypeId", "newObjectId", "primaryObjectId", "x"]);
        let event = prop::collection::vec((name, value), 0..5).prop_map(|fields| {
            let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", fields.join(","))
        });
        prop::collection::vec(event, 0..4).prop_map(|events| format!("[{}]", events.join(",")))
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in arb_body(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            total(body.as_bytes());
            total(&bytes);
        }
    }

    #[test]
    #[ignore = "a million inputs"]
    fn a_million_hubspot_bodies_are_read_or_refused() {
        let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
        proptest!(config, |(body in arb_body(), bytes in prop::collection::vec(any::<u8>(), 0..60))| {
            total(body.as_bytes());
            total(&bytes);
        });
    }
}
