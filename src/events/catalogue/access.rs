//! Who comes in, and where events go.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "channel.created",
        what: "a channel is there",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":true,"code":"web","kind":"generic","name":"Web shop","version":1}"#,
    },
    EventType {
        name: "channel.updated",
        what: "its name, settings, credentials or standing changed",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":false,"code":"web","kind":"shopify","name":"Web shop","version":2}"#,
    },
    EventType {
        name: "channel.secret_rotated",
        what: "its platform signs with another secret",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":true,"code":"web","kind":"shopify","name":"Web shop","version":3}"#,
    },
    EventType {
        name: "channel.address_rotated",
        what: "it listens at another address",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":true,"code":"web","kind":"shopify","name":"Web shop","version":3}"#,
    },
    EventType {
        name: "channel.not_told",
        what: "its shop or CRM was not told of an order or shipment, and will not be until more happens to it",
        data: "order_id id, shipment_id id?!, code text, detail text",
        example: r#"{"code":"refused","detail":"PUT /deals/7: 403","order_id":"01a229a7-00ef-7220-93d1-11b382154210"}"#,
    },
    EventType {
        name: "inbound_message.received",
        what: "a platform's message is stored",
        data: "channel text, topic text, external_id text?",
        example: r#"{"channel":"shop-id","external_id":"820982911946154508","topic":"orders/create"}"#,
    },
    EventType {
        name: "inbound_message.processed",
        what: "what a platform told is worked in, or asked for nothing",
        data: "channel text, topic text, external_id text?, order_ids [id], reason {code text, detail text, pointer text}?",
        example: r#"{"channel":"shop-id","external_id":"820982911946154508","topic":"orders/create","order_ids":["01a229a7-00ef-7220-93d1-11b382154210"],"reason":null}"#,
    },
    EventType {
        name: "inbound_message.rejected",
        what: "it cannot be worked in as it is; a person has to look",
        data: "channel text, topic text, external_id text?, order_ids [id], reason {code text, detail text, pointer text}",
        example: r#"{"channel":"shop-id","external_id":"820982911946154508","topic":"orders/create","order_ids":[],"reason":{"code":"wrong_shop","detail":"the message is of another shop","pointer":""}}"#,
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
    EventType {
        name: "order_verification.passed",
        what: "a mail was certain and became an order by itself",
        data: "channel text, status text, external_id text?, customer_id id?, order_id id?, reasons [code text, detail text, pointer text], \
            inbound_message_id id, detail text?, version integer",
        example: r#"{"channel":"orders-mail","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","detail":null,"external_id":"PO-2026-117",
"inbound_message_id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","order_id":"01a229a7-00ef-7220-93d1-11b382154210","reasons":[],"status":"automatic","version":1}"#,
    },
    EventType {
        name: "order_verification.opened",
        what: "an order was read of a mail, and a person has to look at it",
        data: "channel text, status text, external_id text?, customer_id id?, order_id id?, reasons [code text, detail text, pointer text], \
            inbound_message_id id, detail text?, version integer",
        example: r#"{"channel":"orders-mail","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","detail":null,"external_id":"PO-2026-117",
"inbound_message_id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","order_id":null,"reasons":[{"code":"unknown_sku","detail":"there is no product KOPI-999","pointer":"1.2/2/1"}],"status":"open","version":1}"#,
    },
    EventType {
        name: "order_verification.accepted",
        what: "a person has let it become an order",
        data: "channel text, status text, external_id text?, customer_id id?, order_id id?, reasons [code text, detail text, pointer text], \
            inbound_message_id id, detail text?, version integer",
        example: r#"{"channel":"orders-mail","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","detail":null,"external_id":"PO-2026-117",
"inbound_message_id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","order_id":"01a229a7-00ef-7220-93d1-11b382154210","reasons":[{"code":"unknown_sku","detail":"there is no product KOPI-999","pointer":"1.2/2/1"}],"status":"accepted","version":2}"#,
    },
    EventType {
        name: "order_verification.rejected",
        what: "a person has made no order of it",
        data: "channel text, status text, external_id text?, customer_id id?, order_id id?, reasons [code text, detail text, pointer text], \
            inbound_message_id id, detail text?, version integer",
        example: r#"{"channel":"orders-mail","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","detail":null,"external_id":"PO-2026-117",
"inbound_message_id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","order_id":null,"reasons":[{"code":"unknown_sku","detail":"there is no product KOPI-999","pointer":"1.2/2/1"}],"status":"rejected","version":2}"#,
    },
    EventType {
        name: "webhook_endpoint.created",
        what: "events are sent to another system",
        data: "url text, event_types [text], active boolean, disabled_reason text?, failing_since instant?, version integer",
        example: r#"{"url":"https://example.com/pesanan","event_types":["order.captured","shipment.shipped"],"active":true,"disabled_reason":null,
"failing_since":null,"version":1}"#,
    },
    EventType {
        name: "webhook_endpoint.updated",
        what: "which events go where was changed, or it works again",
        data: "url text, event_types [text], active boolean, disabled_reason text?, failing_since instant?, version integer",
        example: r#"{"url":"https://example.com/pesanan","event_types":["order.captured","shipment.shipped"],"active":true,"disabled_reason":null,
"failing_since":null,"version":2}"#,
    },
    EventType {
        name: "webhook_endpoint.secret_rotated",
        what: "it has a new secret; for a day both sign",
        data: "url text, event_types [text], active boolean, disabled_reason text?, failing_since instant?, version integer",
        example: r#"{"url":"https://example.com/pesanan","event_types":["order.captured","shipment.shipped"],"active":true,"disabled_reason":null,
"failing_since":null,"version":2}"#,
    },
    EventType {
        name: "webhook_endpoint.disabled",
        what: "nothing is sent there any more; `disabled_reason` tells whether somebody said so or a person has to look",
        data: "url text, event_types [text], active boolean, disabled_reason text?, failing_since instant?, version integer",
        example: r#"{"url":"https://example.com/pesanan","event_types":["order.captured","shipment.shipped"],"active":false,"disabled_reason":"failing",
"failing_since":"2026-02-25T02:00:00Z","version":4}"#,
    },
    EventType {
        name: "webhook_endpoint.deleted",
        what: "it is gone",
        data: "url text, event_types [text], active boolean, disabled_reason text?, failing_since instant?, version integer",
        example: r#"{"url":"https://example.com/pesanan","event_types":["order.captured","shipment.shipped"],"active":false,"disabled_reason":"by_request",
"failing_since":null,"version":3}"#,
    },
    EventType {
        name: "webhook_endpoint.redelivery_requested",
        what: "somebody wants events sent again",
        data: "deliveries integer, event_id id?, event_type text?, from instant?, to instant?",
        example: r#"{"deliveries":42,"event_id":null,"event_type":null,"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"}"#,
    },
    EventType {
        name: "webhook_endpoint.test",
        what: "somebody tries whether it works; sent to that endpoint alone",
        data: "message text, url text",
        example: r#"{"message":"This is a test. Your endpoint works.","url":"https://example.com/pesanan"}"#,
    },
    EventType {
        name: "api_client.created",
        what: "an API client may ask for tokens",
        data: "active boolean, name text, role text, version integer",
        example: r#"{"active":true,"name":"admin","role":"admin","version":1}"#,
    },
    EventType {
        name: "api_client.updated",
        what: "it was renamed",
        data: "active boolean, name text, role text, version integer",
        example: r#"{"active":true,"name":"Console","role":"viewer","version":2}"#,
    },
    EventType {
        name: "api_client.secret_rotated",
        what: "it has a new secret",
        data: "active boolean, name text, role text, version integer",
        example: r#"{"active":true,"name":"sales","role":"sales","version":2}"#,
    },
    EventType {
        name: "api_client.disabled",
        what: "it gets no token any more",
        data: "active boolean, name text, role text, version integer",
        example: r#"{"active":false,"name":"sales","role":"sales","version":2}"#,
    },
    EventType {
        name: "publishable_key.created",
        what: "a storefront may use it; `data` has its channel and origins",
        data: "name text, channel text, origins [text], active boolean",
        example: r#"{"active":true,"channel":"direct","name":"Web shop","origins":["https://shop.example.com"]}"#,
    },
    EventType {
        name: "publishable_key.updated",
        what: "its name, origins or limits are others",
        data: "name text, channel text, origins [text], active boolean",
        example: r#"{"active":true,"channel":"direct","name":"Web shop","origins":["https://shop.example.com"]}"#,
    },
    EventType {
        name: "publishable_key.disabled",
        what: "it opens nothing any more",
        data: "name text, channel text, origins [text], active boolean",
        example: r#"{"active":false,"channel":"direct","name":"Web shop","origins":["https://shop.example.com"]}"#,
    },
    EventType {
        name: "user.created",
        what: "a user may log in",
        data: "email text, name text, role text, active boolean, version integer",
        example: r#"{"email":"siti@nusantara.example","name":"Siti Rahma","role":"sales","active":true,"version":1}"#,
    },
    EventType {
        name: "user.updated",
        what: "name, e-mail address or role changed",
        data: "email text, name text, role text, active boolean, version integer",
        example: r#"{"email":"siti@nusantara.example","name":"Siti Rahma","role":"sales","active":true,"version":2}"#,
    },
    EventType {
        name: "user.disabled",
        what: "the user is out",
        data: "email text, name text, role text, active boolean, version integer",
        example: r#"{"email":"siti@nusantara.example","name":"Siti Rahma","role":"sales","active":false,"version":2}"#,
    },
    EventType {
        name: "user.enabled",
        what: "the user may log in again",
        data: "email text, name text, role text, active boolean, version integer",
        example: r#"{"email":"siti@nusantara.example","name":"Siti Rahma","role":"sales","active":true,"version":2}"#,
    },
    EventType {
        name: "user.password_changed",
        what: "there is a new password, and other logins ended",
        data: "email text, name text, role text, active boolean, version integer",
        example: r#"{"email":"siti@nusantara.example","name":"Siti Rahma","role":"sales","active":true,"version":2}"#,
    },
];
