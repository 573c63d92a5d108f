//! What platforms tell, and what they are told.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "channel.secret_rotated",
        what: "its platform signs with another secret",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":true,"code":"shopify","kind":"shopify","name":"Web shop","version":3}"#,
    },
    EventType {
        name: "channel.address_rotated",
        what: "it listens at another address",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":true,"code":"shopify","kind":"shopify","name":"Web shop","version":4}"#,
    },
    EventType {
        name: "channel.not_told",
        what: "its shop or CRM was not told of an order or shipment, and will not be until more happens to it",
        data: "shipment_id id!, order_id id, code text, detail text",
        example: r#"{"order_id":"019f4c8e-6f00-7000-8000-00000000002a","code":"platform_call_failed","detail":"PATCH /crm/v3/objects/deals/7: 400"}"#,
    },
    EventType {
        name: "inbound_message.received",
        what: "a platform's message is stored",
        data: "channel text, topic text, external_id text?",
        example: r#"{"channel":"hubspot","topic":"deal.propertyChange","external_id":"697680835"}"#,
    },
    EventType {
        name: "inbound_message.processed",
        what: "what a platform told is worked in, or asked for nothing",
        data: "channel text, topic text, external_id text?, order_ids [id], reason {code text, detail text, pointer text}?",
        example: r#"{"channel":"hubspot","topic":"deal.propertyChange","external_id":"697680835","order_ids":["019f4c8e-6f00-7000-8000-00000000002a"],
"reason":null}"#,
    },
    EventType {
        name: "inbound_message.rejected",
        what: "it cannot be worked in as it is; a person has to look",
        data: "channel text, topic text, external_id text?, order_ids [id], reason {code text, detail text, pointer text}?",
        example: r#"{"channel":"shopify","topic":"orders/create","external_id":"7","order_ids":[],
"reason":{"code":"shop_mismatch","detail":"the header names another shop","pointer":""}}"#,
    },
    EventType {
        name: "inbound_message.retry_requested",
        what: "somebody wants it tried again, perhaps corrected",
        data: "edited boolean",
        example: r#"{"edited":true}"#,
    },
    EventType {
        name: "inbound_message.discarded",
        what: "somebody has put it aside",
        data: "detail text",
        example: r#"{"detail":"a test of the shop"}"#,
    },
];
