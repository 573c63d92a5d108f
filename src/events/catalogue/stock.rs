//! What is where.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "inventory.low_stock",
        what: "available stock fell below the reorder point",
        data: "available decimal, location text, on_hand decimal, reorder_point decimal, sku text",
        example: r#"{"available":"-4","location":"jakarta-1","on_hand":"0","reorder_point":"6","sku":"KOPI-250"}"#,
    },
    EventType {
        name: "inventory.received",
        what: "goods came in",
        data: "location text, reason text?, reference text?, levels_changed integer",
        example: r#"{"levels_changed":20,"location":"bandung-store","reason":null,"reference":"Opening stock"}"#,
    },
    EventType {
        name: "inventory.adjusted",
        what: "a difference or a count was written",
        data: "location text, reason text?, reference text?, levels_changed integer",
        example: r#"{"levels_changed":1,"location":"jakarta-1","reason":"cycle count","reference":null}"#,
    },
    EventType {
        name: "inventory.transferred",
        what: "goods went from one location to another",
        data: "location text, reason text?, reference text?, levels_changed integer",
        example: r#"{"levels_changed":2,"location":"jakarta-1","reason":null,"reference":null}"#,
    },
    EventType {
        name: "inventory.quarantined",
        what: "goods went into quarantine, out of it, or to the bin",
        data: "location text, reason text?, reference text?, levels_changed integer",
        example: r#"{"levels_changed":0,"location":"jakarta-1","reason":"wet","reference":null}"#,
    },
    EventType {
        name: "inventory.snapshot_taken",
        what: "an outside system's figures were taken in; none where all of them came too late",
        data: "location text, reason text?, reference text?, levels_changed integer",
        example: r#"{"levels_changed":1,"location":"jakarta-1","reason":null,"reference":"snapshot 1"}"#,
    },
    EventType {
        name: "inventory.policy_changed",
        what: "safety stock or reorder point of a product at a location changed",
        data: "location text, reorder_point decimal?, safety_stock decimal, sku text, updated_at instant, version integer",
        example: r#"{"location":"jakarta-1","reorder_point":"6","safety_stock":"4","sku":"KOPI-250","updated_at":"2026-03-02T02:00:00Z","version":2}"#,
    },
    EventType {
        name: "inventory.incoming_created",
        what: "supply is on its way",
        data: "id id, sku text, location text, quantity decimal, received_quantity decimal, pegged_quantity decimal, expected_on date, \
            reference text?, status text, version integer, created_at instant, updated_at instant",
        example: r#"{"created_at":"2026-11-25T01:00:00Z","expected_on":"2026-12-02","id":"01a229a1-e370-74db-aa90-ff76ecfbbc6d","location":"jakarta-1",
"pegged_quantity":"0","quantity":"90","received_quantity":"0","reference":"PO-S-0031","sku":"KERAMIK-02","status":"open",
"updated_at":"2026-11-25T01:00:00Z","version":1}"#,
    },
    EventType {
        name: "inventory.incoming_changed",
        what: "its date, quantity or reference changed, or a part of it came",
        data: "id id, sku text, location text, quantity decimal, received_quantity decimal, pegged_quantity decimal, expected_on date, \
            reference text?, status text, version integer, created_at instant, updated_at instant",
        example: r#"{"created_at":"2026-12-19T01:00:00Z","expected_on":"2027-01-08","id":"01a229a2-0be7-7382-84e2-94647df52f59","location":"jakarta-1",
"pegged_quantity":"6","quantity":"40","received_quantity":"0","reference":"PO-S-0034","sku":"BATIK-L","status":"open","updated_at":"2026-12-24T01:00:00Z",
"version":3}"#,
    },
    EventType {
        name: "inventory.incoming_received",
        what: "the last of it came",
        data: "id id, sku text, location text, quantity decimal, received_quantity decimal, pegged_quantity decimal, expected_on date, \
            reference text?, status text, version integer, created_at instant, updated_at instant",
        example: r#"{"created_at":"2026-11-25T01:00:00Z","expected_on":"2026-12-02","id":"01a229a1-e370-74db-aa90-ff76ecfbbc6d","location":"jakarta-1",
"pegged_quantity":"0","quantity":"90","received_quantity":"90","reference":"PO-S-0031","sku":"KERAMIK-02","status":"received",
"updated_at":"2026-12-01T01:00:00Z","version":5}"#,
    },
    EventType {
        name: "inventory.incoming_cancelled",
        what: "what has not come will not come",
        data: "id id, sku text, location text, quantity decimal, received_quantity decimal, pegged_quantity decimal, expected_on date, \
            reference text?, status text, version integer, created_at instant, updated_at instant",
        example: r#"{"created_at":"2026-03-02T02:00:00Z","expected_on":"2026-04-02","id":"01a229a5-dd48-734b-8df3-9601279f0e33","location":"jakarta",
"pegged_quantity":"0","quantity":"10","received_quantity":"4","reference":"PO-1","sku":"KOPI","status":"cancelled","updated_at":"2026-03-02T02:00:00Z",
"version":4}"#,
    },
    EventType {
        name: "reservation.created",
        what: "a checkout holds stock",
        data: "id id, lines [sku text, location text, quantity decimal], cause text!",
        example: r#"{"id":"01a229a5-0685-754b-9ca4-ff28f94bb829","lines":[{"location":"surabaya-1","quantity":"12","sku":"KOPI-250"}]}"#,
    },
    EventType {
        name: "reservation.consumed",
        what: "an order took it over",
        data: "id id, lines [sku text, location text, quantity decimal], cause text!",
        example: r#"{"id":"01a229a5-25fb-7493-ab74-272573e6e7f9","lines":[{"location":"jakarta-1","quantity":"5","sku":"KOPI-250"}]}"#,
    },
    EventType {
        name: "reservation.released",
        what: "it was given back, or (`cause` `stock_missing`) its stock is not there",
        data: "id id, lines [sku text, location text, quantity decimal], cause text!",
        example: r#"{"cause":"stock_missing","id":"01a229a5-0937-7299-84e7-98554abe9e6f","lines":[{"location":"jakarta-1","quantity":"1","sku":"KOPI-250"}]}"#,
    },
    EventType {
        name: "reservation.expired",
        what: "its time was up",
        data: "id id, lines [sku text, location text, quantity decimal], cause text!",
        example: r#"{"id":"01a229a5-26b2-72d8-861d-e66f46522e0a","lines":[{"location":"jakarta-1","quantity":"5","sku":"KOPI-250"}]}"#,
    },
    EventType {
        name: "location.created",
        what: "a location is there",
        data: "code text, name text, kind text, active boolean, priority integer, version integer",
        example: r#"{"active":true,"code":"bandung-store","kind":"store","name":"Toko Bandung","priority":50,"version":1}"#,
    },
    EventType {
        name: "location.updated",
        what: "it changed",
        data: "code text, name text, kind text, active boolean, priority integer, version integer",
        example: r#"{"active":true,"code":"jakarta-1","kind":"warehouse","name":"Jakarta","priority":5,"version":2}"#,
    },
];
