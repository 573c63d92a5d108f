//! What BigCommerce's hooks say: that something has changed, and its id (docs.bigcommerce.com, "Webhook events").

use crate::channels::platforms::api_client::loose::Loose;
use crate::channels::platforms::reading::without_mark;
use crate::inbox::Reason;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Body {
    #[serde(default)]
    scope: Loose,
    #[serde(default)]
    producer: Loose,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    #[serde(default)]
    id: Loose,
    #[serde(rename = "orderId", default)]
    camel_order_id: Loose,
    #[serde(default)]
    order_id: Loose,
}

/// A hook's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Such as `store/order/created`.
    pub scope: String,
    /// The store that speaks.
    pub store_hash: String,
    /// The order that it is about; none for what is about none.
    pub order_id: Option<String>,
}

/// Order ids are numbers.
fn id(text: &Loose) -> Option<String> {
    text.text().filter(|text| text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
}

/// Reads a message.
pub fn read(body: &[u8]) -> Result<Hook, Reason> {
    let body: Body = serde_json::from_slice(without_mark(body)).map_err(|error| Reason::new("malformed_json", error.to_string(), ""))?;
    let scope: String = body.scope.0.chars().filter(|c| !c.is_control()).take(100).collect();
    let store_hash = body.producer.text().and_then(|producer| producer.strip_prefix("stores/")).unwrap_or_default().to_owned();
    let (order, part) = (scope.starts_with("store/order/"), scope.starts_with("store/shipment/"));
    let named = id(&body.data.order_id).or_else(|| id(&body.data.camel_order_id)).or_else(|| id(&body.data.id).filter(|_| order));
    if (order || part) && named.is_none() {
        return Err(Reason::new("no_order_id", "a hook of an order or shipment names the order", "/data"));
    }
    Ok(Hook { scope, store_hash, order_id: named.filter(|_| order || part) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orders_and_their_parts_name_the_order() {
        let read = |scope: &str, data: &str| {
            let body = format!(r#"{{"scope": "{scope}", "store_id": "1", "data": {data}, "producer": "stores/abc123"}}"#);
            read(body.as_bytes()).map(|hook| hook.order_id).map_err(|reason| reason.pointer)
        };
        let some = |id: &str| Ok(Some(id.to_owned()));
        assert_eq!(read("store/order/created", r#"{"type": "order", "id": 250}"#), some("250"));
        assert_eq!(read("store/order/refund/created", r#"{"type": "order", "id": 250, "refund": {"refund_id": 3}}"#), some("250"));
        assert_eq!(read("store/shipment/updated", r#"{"type": "shipment", "id": 12, "orderId": 251}"#), some("251"));
        assert_eq!(read("store/order/transaction/created", r#"{"type": "order_transaction", "id": 9, "order_id": "252"}"#), some("252"));
        assert_eq!(read("store/product/inventory/order/updated", r#"{"type": "product", "id": 167}"#), Ok(None));
        assert_eq!(read("store/shipment/created", r#"{"id": 12}"#), Err("/data".to_owned()));
        assert_eq!(read("store/order/created", r#"{"id": "../1"}"#), Err("/data".to_owned()));
    }

    fn total(body: &[u8]) {
        if let Ok(hook) = read(body) {
            assert!(hook.order_id.is_none_or(|id| id.bytes().all(|byte| byte.is_ascii_digit())));
        }
    }

    fn arb_body() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            "\"[a-z/]{0,12}\"",
            Just("\"store/order/created\"".to_owned()),
            Just("\"stores/abc\"".to_owned()),
            Just("{\"id\": 250}".to_owned()),
            Just("{\"orderId\": \"7\"}".to_owned()),
            Just("[1]".to_owned()),
            "\\PC{0,4}",
        ];
        let names = vec!["scope", "producer", "data", "store_id", "hash"];
        prop::collection::vec((prop::sample::select(names), value), 0..6).prop_map(|fields| {
            format!("{{{}}}", fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(","))
        })
    }

    proptest! {
        #[test]
        fn any_hook_is_read_or_refused(text in arb_body(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            total(text.as_bytes());
            total(&bytes);
        }
    }

    #[test]
    #[ignore = "a million inputs"]
    fn a_million_bigcommerce_hooks_are_read_or_refused() {
        let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
        proptest!(config, |(text in arb_body(), bytes in prop::collection::vec(any::<u8>(), 0..60))| {
            total(text.as_bytes());
            total(&bytes);
        });
    }
}
