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
        what: "its name, settings or standing changed",
        data: "active boolean, code text, kind text, name text, version integer",
        example: r#"{"active":false,"code":"web","kind":"shopify","name":"Web shop","version":2}"#,
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
