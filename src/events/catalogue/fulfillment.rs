//! Goods on their way out, and back.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "fulfillment_order.picked",
        what: "some or all of it was picked, or found missing",
        data: "lines [order_line_id id, picked_quantity decimal, short_quantity decimal, short_reason text?, sku text], location text, \
            number text, order_number text, status text",
        example: r#"{"lines":[{"order_line_id":"01a229a1-e27f-70c5-9114-275249419522","picked_quantity":"20","short_quantity":"0","short_reason":null,
"sku":"SABUN-KELAPA"},{"order_line_id":"01a229a1-e27f-70c5-9114-2753278c3164","picked_quantity":"1","short_quantity":"0",
"short_reason":null,"sku":"TEH-100"}],"location":"jakarta-1","number":"SO-000045-F1","order_number":"SO-000045","status":"picking"}"#,
    },
    EventType {
        name: "fulfillment_order.split",
        what: "a part of it became a fulfillment order of its own",
        data: "lines [order_line_id id, quantity decimal, sku text], location text, new_fulfillment_order_id id, new_number text, \
            number text, order_number text, status text",
        example: r#"{"lines":[{"order_line_id":"01a229a4-ccc7-7115-8c7d-db7168bae9a7","quantity":"4","sku":"KOPI"},{"order_line_id":"01a229a4-ccc7-7115-8c7d-db72a1902fdd",
"quantity":"4","sku":"TEH"}],"location":"jakarta","new_fulfillment_order_id":"01a229a4-cd0b-774f-8ca0-015be7f119f3","new_number":"SO-000001-F2",
"number":"SO-000001-F1","order_number":"SO-000001","status":"open"}"#,
    },
    EventType {
        name: "fulfillment_order.merged",
        what: "it took others of its order and location in",
        data: "from [id id, number text, status text], lines [order_line_id id, quantity decimal, sku text], location text, number \
            text, order_number text, status text",
        example: r#"{"from":[{"id":"01a229a4-cd0b-774f-8ca0-015be7f119f3","number":"SO-000001-F2","status":"cancelled"}],"lines":[{"order_line_id":"01a229a4-ccc7-7115-8c7d-db7168bae9a7",
"quantity":"10","sku":"KOPI"},{"order_line_id":"01a229a4-ccc7-7115-8c7d-db72a1902fdd","quantity":"4","sku":"TEH"}],"location":"jakarta",
"number":"SO-000001-F1","order_number":"SO-000001","status":"open"}"#,
    },
    EventType {
        name: "fulfillment_order.packed",
        what: "what was picked is packed",
        data: "number text, order_number text, location text, status text, lines [order_line_id id, sku text, packed_quantity decimal], \
            packages [length_mm integer?, width_mm integer?, height_mm integer?, weight_grams decimal?, tracking_number text?]",
        example: r#"{"lines":[{"order_line_id":"01a229a4-a510-774d-8d6d-e56a369af75a","packed_quantity":"3","sku":"KOPI"},{"order_line_id":"01a229a4-a510-774d-8d6d-e56bc60e1c7f",
"packed_quantity":"2","sku":"TEH"}],"location":"jakarta-1","number":"SO-000001-F1","order_number":"SO-000001","packages":[{"height_mm":null,
"length_mm":300,"tracking_number":null,"weight_grams":"1250","width_mm":null}],"status":"packed"}"#,
    },
    EventType {
        name: "fulfillment_order.cancelled",
        what: "the location gave up what is open of it",
        data: "number text, order_number text, location text, status text, reason text?, lines [order_line_id id, sku text, quantity \
            decimal]",
        example: r#"{"lines":[{"order_line_id":"01a229a4-8140-724f-bbe2-1e84c43e91f3","quantity":"5","sku":"KOPI"}],"location":"jakarta-1","number":"SO-000001-F1",
"order_number":"SO-000001","reason":"closed","status":"cancelled"}"#,
    },
    EventType {
        name: "fulfillment_order.moved",
        what: "another location took over what is open of it",
        data: "from_fulfillment_order_id id, from_location text, lines [order_line_id id, quantity decimal, sku text], location text, \
            number text, order_number text, status text",
        example: r#"{"from_fulfillment_order_id":"01a229a4-8cde-7162-8724-c5f0d9939df7","from_location":"jakarta-1","lines":[{"order_line_id":"01a229a4-8cde-7162-8724-c5ef7f1a15f2",
"quantity":"5","sku":"KOPI"}],"location":"surabaya-1","number":"SO-000001-F1","order_number":"SO-000001","status":"open"}"#,
    },
    EventType {
        name: "shipment.shipped",
        what: "goods left a location",
        data: "number text, order_number text, order_external_id text?, fulfillment_order_id id, fulfillment_status text, location \
            text, carrier text?, tracking_number text?, tracking_url text?, shipped_at instant, lines [order_line_id id, sku text, \
            unit text, quantity decimal]",
        example: r#"{"carrier":"sicepat","fulfillment_order_id":"01a229a1-e27f-70c5-9114-27564fb67b83","fulfillment_status":"fulfilled","lines":[{"order_line_id":"01a229a1-e27f-70c5-9114-275249419522",
"quantity":"20","sku":"SABUN-KELAPA","unit":"C62"},{"order_line_id":"01a229a1-e27f-70c5-9114-2753278c3164","quantity":"1",
"sku":"TEH-100","unit":"XBX"}],"location":"jakarta-1","number":"SO-000045-S1","order_external_id":null,"order_number":"SO-000045",
"shipped_at":"2026-11-25T07:28:54Z","tracking_number":"94592123425","tracking_url":"https://www.sicepat.com/checkAwb/94592123425"}"#,
    },
    EventType {
        name: "shipment.tracking",
        what: "a carrier's event was told for the first time",
        data: "number text, carrier text?, tracking_number text?, status text, event {id id, status text, occurred_at instant, \
            recorded_at instant, city text?, detail text?, received_by text?}",
        example: r#"{"carrier":"jne","event":{"city":"Bandung","detail":null,"id":"01a229a4-a57f-7014-9952-44a2c78eb2f3","occurred_at":"2026-03-02T02:50:00Z",
"received_by":"Siti","recorded_at":"2026-03-02T02:00:00Z","status":"out_for_delivery"},"number":"SO-000001-S1","status":"out_for_delivery",
"tracking_number":"JNE 1"}"#,
    },
    EventType {
        name: "shipment.delivered",
        what: "they arrived",
        data: "number text, order_number text, order_external_id text?, fulfillment_status text, carrier text?, tracking_number text?, \
            delivery_source text, received_by text?, shipped_at instant, delivered_at instant",
        example: r#"{"carrier":"pos_indonesia","delivered_at":"2026-11-17T08:48:30Z","delivery_source":"manual","fulfillment_status":"delivered",
"number":"SO-000001-S1","order_external_id":"W-10002","order_number":"SO-000001","received_by":"Nurul Aini","shipped_at":"2026-11-16T08:04:11Z",
"tracking_number":"66276752686"}"#,
    },
    EventType {
        name: "shipment.updated",
        what: "carrier, tracking number or free data changed",
        data: "number text, carrier text?, tracking_number text?, tracking_url text?, external_ids <text>",
        example: r#"{"carrier":"ups","external_ids":{"portal":"7"},"number":"SO-000001-S1","tracking_number":"1Z","tracking_url":"https://www.ups.com/track?tracknum=1Z"}"#,
    },
    EventType {
        name: "return.requested",
        what: "a customer wants to send goods back, or a carrier brings a shipment back",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal]",
        example: r#"{"amount_credited":"0","amount_refunded":"0","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a7-1496-701f-8f50-4b914e17ee45",
"decision":null,"lines":[{"damaged_quantity":"0","order_line_id":"01a229a7-14d3-75ed-87be-7d87dd94231f","quantity":"2","reason":"changed_mind",
"received_quantity":"0","resellable_quantity":"0","scrap_quantity":"0","sku":"KOPI","unit":"C62"},{"damaged_quantity":"0",
"order_line_id":"01a229a7-14d3-75ed-87be-7d88a34684b5","quantity":"1","reason":"changed_mind","received_quantity":"0","resellable_quantity":"0",
"scrap_quantity":"0","sku":"TEH","unit":"C62"}],"number":"RMA-000001","order_number":"SO-000001","refund_ids":[],"replacement_order_id":null,
"shipment_id":null,"status":"requested","within_window":true}"#,
    },
    EventType {
        name: "return.authorized",
        what: "the goods may come",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal]",
        example: r#"{"amount_credited":"0.00","amount_refunded":"0.00","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a7-1496-701f-8f50-4b914e17ee45",
"decision":null,"lines":[{"damaged_quantity":"0","order_line_id":"01a229a7-14d3-75ed-87be-7d87dd94231f","quantity":"2","reason":"changed_mind",
"received_quantity":"0","resellable_quantity":"0","scrap_quantity":"0","sku":"KOPI","unit":"C62"},{"damaged_quantity":"0",
"order_line_id":"01a229a7-14d3-75ed-87be-7d88a34684b5","quantity":"1","reason":"changed_mind","received_quantity":"0","resellable_quantity":"0",
"scrap_quantity":"0","sku":"TEH","unit":"C62"}],"number":"RMA-000001","order_number":"SO-000001","refund_ids":[],"replacement_order_id":null,
"shipment_id":null,"status":"authorized","within_window":true}"#,
    },
    EventType {
        name: "return.refused",
        what: "they will not be taken back",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal]",
        example: r#"{"amount_credited":"0.00","amount_refunded":"0.00","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a6-faee-74b8-8ef8-bef4ffe44b6e",
"decision":"Worn","lines":[{"damaged_quantity":"0","order_line_id":"01a229a6-fb1d-7233-a267-863d3c8c7cc6","quantity":"1",
"reason":"changed_mind","received_quantity":"0","resellable_quantity":"0","scrap_quantity":"0","sku":"KOPI","unit":"C62"}],
"number":"RMA-000001","order_number":"SO-000001","refund_ids":[],"replacement_order_id":null,"shipment_id":null,"status":"refused",
"within_window":true}"#,
    },
    EventType {
        name: "return.received",
        what: "goods arrived and were inspected; `received` says which, and `location` where",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal], location \
            text, received [order_line_id id, sku text, unit text, quantity decimal, condition text]",
        example: r#"{"amount_credited":"0.00","amount_refunded":"0.00","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a7-1496-701f-8f50-4b914e17ee45",
"decision":null,"lines":[{"damaged_quantity":"1","order_line_id":"01a229a7-14d3-75ed-87be-7d87dd94231f","quantity":"2","reason":"changed_mind",
"received_quantity":"2","resellable_quantity":"1","scrap_quantity":"0","sku":"KOPI","unit":"C62"},{"damaged_quantity":"0",
"order_line_id":"01a229a7-14d3-75ed-87be-7d88a34684b5","quantity":"1","reason":"changed_mind","received_quantity":"1","resellable_quantity":"0",
"scrap_quantity":"1","sku":"TEH","unit":"C62"}],"location":"jakarta","number":"RMA-000001","order_number":"SO-000001","received":[{"condition":"damaged",
"order_line_id":"01a229a7-14d3-75ed-87be-7d87dd94231f","quantity":"1","sku":"KOPI","unit":"C62"},{"condition":"scrap","order_line_id":"01a229a7-14d3-75ed-87be-7d88a34684b5",
"quantity":"1","sku":"TEH","unit":"C62"}],"refund_ids":[],"replacement_order_id":null,"shipment_id":null,"status":"received",
"within_window":true}"#,
    },
    EventType {
        name: "return.completed",
        what: "it is settled: credited, refunded, replaced",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal], \
            restocking_fee decimal!, replacement_number text?!",
        example: r#"{"amount_credited":"0.00","amount_refunded":"0.00","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0",
"decision":null,"lines":[{"damaged_quantity":"0","order_line_id":"01a229a7-00f2-779e-a005-91ebf1dccd56","quantity":"2","reason":"changed_mind",
"received_quantity":"2","resellable_quantity":"0","scrap_quantity":"2","sku":"KOPI","unit":"C62"},{"damaged_quantity":"0",
"order_line_id":"01a229a7-00f2-779e-a005-91ec8dfdb557","quantity":"0","reason":null,"received_quantity":"1","resellable_quantity":"0",
"scrap_quantity":"1","sku":"TEH","unit":"C62"}],"number":"RMA-000004","order_number":"SO-000002","refund_ids":[],"replacement_number":"SO-000010",
"replacement_order_id":"01a229a7-1454-756b-9f1a-8e3fb9dbe788","restocking_fee":"0.00","shipment_id":null,"status":"completed",
"within_window":true}"#,
    },
    EventType {
        name: "return.cancelled",
        what: "it was called off before anything arrived",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal]",
        example: r#"{"amount_credited":"0.00","amount_refunded":"0.00","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a6-f0e0-778f-8285-f7fe87ffa42d",
"decision":"It was in the other parcel","lines":[{"damaged_quantity":"0","order_line_id":"01a229a6-f12b-7154-83ac-ec869e45ac42",
"quantity":"1","reason":"changed_mind","received_quantity":"0","resellable_quantity":"0","scrap_quantity":"0","sku":"KOPI",
"unit":"C62"}],"number":"RMA-000001","order_number":"SO-000001","refund_ids":[],"replacement_order_id":null,"shipment_id":null,
"status":"cancelled","within_window":true}"#,
    },
    EventType {
        name: "return.updated",
        what: "its note, external ids or metadata changed",
        data: "number text, order_number text, customer_id id, status text, shipment_id id?, within_window boolean, decision text?, \
            currency text, amount_credited decimal, amount_refunded decimal, credit_note_ids [id], refund_ids [id], \
            replacement_order_id id?, lines [order_line_id id, sku text, unit text, quantity decimal, reason text?, \
            received_quantity decimal, resellable_quantity decimal, damaged_quantity decimal, scrap_quantity decimal]",
        example: r#"{"amount_credited":"0.00","amount_refunded":"0.00","credit_note_ids":[],"currency":"IDR","customer_id":"01a229a7-309d-7455-bbaf-9d46cd2f499e",
"decision":null,"lines":[{"damaged_quantity":"0","order_line_id":"01a229a7-30f3-71b9-bc2f-5b64eddae849","quantity":"1","reason":"changed_mind",
"received_quantity":"0","resellable_quantity":"0","scrap_quantity":"0","sku":"KOPI","unit":"C62"}],"number":"RMA-000001",
"order_number":"SO-000001","refund_ids":[],"replacement_order_id":null,"shipment_id":null,"status":"requested","within_window":true}"#,
    },
];
