//! Orders, and orders sent many at once.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "order.captured",
        what: "the order is stored, drafts and imported history included; exactly one an order",
        data: "id id, number text, status text, channel text, external_id text?, customer_id id, currency text, total decimal, holds \
            [text], lines [id id, sku text, quantity decimal, allocated_quantity decimal, backordered_quantity decimal], version \
            integer",
        example: r#"{"id":"01a229a4-4cad-743a-ad0b-f84a17596145","number":"SO-000002","status":"confirmed","channel":"direct","external_id":null,
"customer_id":"01a229a4-4b71-749e-a661-e53effc1fc82","currency":"IDR","total":"2287466.55","holds":[],"lines":[{"id":"01a229a4-4cb8-77c2-b5a0-e2805d57cab5",
"sku":"KOPI","quantity":"20","allocated_quantity":"20","backordered_quantity":"0"},{"id":"01a229a4-4cb8-77c2-b5a0-e281d43d16bd",
"sku":"TEH","quantity":"5","allocated_quantity":"5","backordered_quantity":"0"}],"version":1}"#,
    },
    EventType {
        name: "order.confirmed",
        what: "it is binding and its stock is promised",
        data: "id id, number text, status text, channel text, external_id text?, customer_id id, currency text, total decimal, holds \
            [text], lines [id id, sku text, quantity decimal, allocated_quantity decimal, backordered_quantity decimal], version \
            integer, previous_status text!, fulfillment_status text!, invoice_status text!, payment_status text!",
        example: r#"{"id":"01a229a4-4cad-743a-ad0b-f84a17596145","number":"SO-000002","status":"confirmed","channel":"direct","external_id":null,
"customer_id":"01a229a4-4b71-749e-a661-e53effc1fc82","currency":"IDR","total":"2287466.55","holds":[],"lines":[{"id":"01a229a4-4cb8-77c2-b5a0-e2805d57cab5",
"sku":"KOPI","quantity":"20","allocated_quantity":"20","backordered_quantity":"0"},{"id":"01a229a4-4cb8-77c2-b5a0-e281d43d16bd",
"sku":"TEH","quantity":"5","allocated_quantity":"5","backordered_quantity":"0"}],"version":1}"#,
    },
    EventType {
        name: "order.held",
        what: "a hold was raised",
        data: "id id, number text, status text, channel text, external_id text?, customer_id id, currency text, total decimal, holds \
            [text], lines [id id, sku text, quantity decimal, allocated_quantity decimal, backordered_quantity decimal], version \
            integer, previous_status text!, fulfillment_status text!, invoice_status text!, payment_status text!, hold {id id, code \
            text, order_line_id id?, blocks [text], detail text, data object, release_reason text?}!",
        example: r#"{"channel":"direct","currency":"IDR","customer_id":"d4a055e9-0dca-4195-987c-78508eed6d1c","external_id":null,"fulfillment_status":"unfulfilled",
"hold":{"blocks":["fulfillment","shipping"],"code":"insufficient_stock","data":{"lines":[{"order_line_id":"01a229a5-28d7-7496-b9df-bc3683dd6b25",
"short":"3","sku":"KOPI-250"},{"order_line_id":"01a229a5-28d7-7496-b9df-bc37d7006264","short":"2","sku":"TEH-100"}]},"detail":"stock that was promised is not there",
"id":"01a229a5-2978-7067-bd8a-3aa191da6d39","order_line_id":null,"release_reason":null},"holds":["insufficient_stock"],"id":"01a229a5-2881-73f0-b52c-5a4a0e638e72",
"invoice_status":"not_invoiced","lines":[{"allocated_quantity":"0","backordered_quantity":"0","id":"01a229a5-28d7-7496-b9df-bc3683dd6b25",
"quantity":"3","sku":"KOPI-250"},{"allocated_quantity":"0","backordered_quantity":"0","id":"01a229a5-28d7-7496-b9df-bc37d7006264",
"quantity":"2","sku":"TEH-100"}],"number":"SO-000002","payment_status":"unpaid","previous_status":"confirmed","status":"on_hold",
"total":"250000.00","version":2}"#,
    },
    EventType {
        name: "order.released",
        what: "a hold was released",
        data: "id id, number text, status text, channel text, external_id text?, customer_id id, currency text, total decimal, holds \
            [text], lines [id id, sku text, quantity decimal, allocated_quantity decimal, backordered_quantity decimal], version \
            integer, previous_status text!, fulfillment_status text!, invoice_status text!, payment_status text!, hold {id id, code \
            text, order_line_id id?, blocks [text], detail text, data object, release_reason text?}!, released text!",
        example: r#"{"channel":"direct","currency":"IDR","customer_id":"01a229a1-d734-75a9-9d1e-48b772081f58","external_id":null,"fulfillment_status":"unfulfilled",
"hold":{"blocks":["fulfillment","shipping"],"code":"payment_required","data":{"paid":"0","required":"1532355.00"},"detail":"prepayment: the order waits for its money",
"id":"01a229a1-dadb-7066-9594-55bc4c272e97","order_line_id":null,"release_reason":"paid or authorized in full"},"holds":[],
"id":"01a229a1-dad9-7289-bb50-acdcbb666b9a","invoice_status":"not_invoiced","lines":[{"allocated_quantity":"21","backordered_quantity":"0",
"id":"01a229a1-dadb-7066-9594-55b9d85d5bc3","quantity":"21","sku":"KERIPIK-TEMPE"},{"allocated_quantity":"22","backordered_quantity":"0",
"id":"01a229a1-dadb-7066-9594-55ba99ac769d","quantity":"22","sku":"SAMBAL-200"}],"number":"SO-000022","payment_status":"paid",
"previous_status":"on_hold","status":"confirmed","total":"1532355.00","version":2}"#,
    },
    EventType {
        name: "order.edited",
        what: "lines or header fields changed after capture: `header` and `lines` tell each figure before and after, `coupons_dropped` what it lost",
        data: "id id, number text, version integer, status text, currency text, changed [text], header <{before any, after any}>, lines \
            [order_line_id id, line_number integer, sku text, change text, before {allocated_quantity decimal, backordered_quantity \
            decimal, customer_sku text?, discounts [object], external_ids object, external_line_id text?, metadata object, net_amount decimal, \
            price_quantity decimal, quantity decimal, requested_on date?, tax_amount decimal, unallocated_quantity decimal, unit \
            text, unit_price decimal}?, after {allocated_quantity decimal, backordered_quantity decimal, customer_sku text?, \
            discounts [object], external_ids object, external_line_id text?, metadata object, net_amount decimal, price_quantity \
            decimal, quantity decimal, requested_on date?, tax_amount decimal, unallocated_quantity decimal, unit text, unit_price decimal}?], \
            fulfillment_orders [id id, number text, location text, status text], coupons_dropped [code text, reason {code text, detail text}]",
        example: r#"{"changed":["amount_due","subtotal"],"coupons_dropped":[],"currency":"IDR","fulfillment_orders":[{"id":"01a229a4-54ab-7156-8287-650a1bba1d71",
"location":"jakarta","number":"SO-000001-F1","status":"open"}],"header":{"amount_due":{"after":"233100.00","before":"166500.00"},
"subtotal":{"after":"210000.00","before":"150000.00"},"tax_total":{"after":"23100.00","before":"16500.00"},"total":{"after":"233100.00",
"before":"166500.00"},"uninvoiced_total":{"after":"233100.00","before":"166500.00"}},"id":"01a229a4-5480-7191-ab3e-de183efb1f61",
"lines":[{"after":{"allocated_quantity":"1","backordered_quantity":"0","customer_sku":null,"discounts":[],"external_ids":{},
"external_line_id":null,"metadata":{},"net_amount":"60000.00","price_quantity":"1","quantity":"1","requested_on":null,"tax_amount":"6600.00","unallocated_quantity":"0",
"unit":"C62","unit_price":"60000.00"},"before":null,"change":"added","line_number":2,"order_line_id":"01a229a4-550d-7514-81dd-ab39eb43208b",
"sku":"KOPI"}],"number":"SO-000001","status":"confirmed","version":3}"#,
    },
    EventType {
        name: "order.cancelled",
        what: "all or some of its open units were cancelled",
        data: "id id, number text, status text, currency text, reason text, detail text?, lines [order_line_id id, quantity decimal], \
            uninvoiced_total decimal",
        example: r#"{"currency":"IDR","detail":null,"id":"01a229a2-0c19-70a5-804f-c09ec94bc142","lines":[{"order_line_id":"01a229a2-0c63-763c-ba62-2e77a6161dbe",
"quantity":"2"},{"order_line_id":"01a229a2-0c63-763c-ba62-2e78f57a9550","quantity":"2"}],"number":"SO-000001","reason":"customer_request",
"status":"cancelled","uninvoiced_total":"0.00"}"#,
    },
    EventType {
        name: "order.allocated",
        what: "lines that waited got stock that had arrived",
        data: "id id, number text, status text, channel text, external_id text?, customer_id id, currency text, total decimal, holds \
            [text], lines [id id, sku text, quantity decimal, allocated_quantity decimal, backordered_quantity decimal], version \
            integer, cause text",
        example: r#"{"cause":"supply","channel":"direct","currency":"IDR","customer_id":"01a229a1-d74a-707a-b1a4-269fb1d0d981","external_id":null,
"holds":[],"id":"01a229a1-e5b8-74b0-bef0-d92683a490c3","lines":[{"allocated_quantity":"0","backordered_quantity":"0","id":"01a229a1-e5ba-739a-b6a5-cd0c2c90db84",
"quantity":"4","sku":"LILIN-SEREH"},{"allocated_quantity":"2","backordered_quantity":"0","id":"01a229a1-e5ba-739a-b6a5-cd0d490c0d2e",
"quantity":"2","sku":"KERAMIK-02"}],"number":"SO-000056","status":"confirmed","total":"734820.00","version":5}"#,
    },
    EventType {
        name: "order.promise_changed",
        what: "a promised date has changed: old date, new date and cause, by line ([promises.md](promises.md))",
        data: "id id, number text, customer_id id, version integer, previous_promised_on date?, promised_on date?, first_promised_on \
            date?, cause {code text, incoming_id id?}, lines [order_line_id id, line_number integer, sku text, previous_promised_on \
            date?, promised_on date?, first_promised_on date?]",
        example: r#"{"cause":{"code":"hold_released","incoming_id":null},"customer_id":"01a229a1-d733-71ad-a881-7cf1a17daaaa","first_promised_on":"2026-12-20",
"id":"01a229a2-02c3-72fa-9396-439ac14beb74","lines":[{"first_promised_on":"2026-12-20","line_number":1,"order_line_id":"01a229a2-02c7-72d4-a5b5-e1a0ec072453",
"previous_promised_on":"2026-12-20","promised_on":"2026-12-21","sku":"TEH-100"},{"first_promised_on":"2026-12-20","line_number":2,
"order_line_id":"01a229a2-02c7-72d4-a5b5-e1a1dce6188c","previous_promised_on":"2026-12-20","promised_on":"2026-12-21","sku":"COKELAT-70"}],
"number":"SO-000140","previous_promised_on":"2026-12-20","promised_on":"2026-12-21","version":2}"#,
    },
    EventType {
        name: "order.allocation_lost",
        what: "stock that was promised to it is not there (a count, a snapshot, a short pick), or its location gave it up",
        data: "id id, number text, version integer, status any, lines [object], cause text!, channel text!, external_id text?!, \
            customer_id id!, currency text!, total decimal!, holds [text]!",
        example: r#"{"id":"01a229a5-287e-7390-bda8-9fc573985607","lines":[{"after":{"allocated_quantity":"0","backordered_quantity":"3","unallocated_quantity":"0"},
"before":{"allocated_quantity":"3","backordered_quantity":"0","unallocated_quantity":"0"},"line_number":1,"order_line_id":"01a229a5-28c7-7364-9238-0b7187e0fe06",
"sku":"KOPI-250","unit":"C62"},{"after":{"allocated_quantity":"0","backordered_quantity":"2","unallocated_quantity":"0"},
"before":{"allocated_quantity":"2","backordered_quantity":"0","unallocated_quantity":"0"},"line_number":2,"order_line_id":"01a229a5-28c7-7364-9238-0b72f05b627c",
"sku":"TEH-100","unit":"C62"}],"number":"SO-000001","status":{"after":"confirmed","before":"confirmed"},"version":2}"#,
    },
    EventType {
        name: "order.line_completed",
        what: "a service line, or a part of it, is done",
        data: "fulfillment_status text, number text, order_line_id id, quantity decimal, sku text",
        example: r#"{"fulfillment_status":"partially_fulfilled","number":"SO-000005","order_line_id":"01a229a1-d867-70b9-b2be-43fe418304be","quantity":"1",
"sku":"UKIR-NAMA"}"#,
    },
    EventType {
        name: "order.completed",
        what: "nothing of it is open, and what was shipped is invoiced",
        data: "id id, number text, status text, channel text, external_id text?, customer_id id, currency text, total decimal, holds \
            [text], lines [id id, sku text, quantity decimal, allocated_quantity decimal, backordered_quantity decimal], version \
            integer, previous_status text, fulfillment_status text, invoice_status text, payment_status text",
        example: r#"{"channel":"direct","currency":"IDR","customer_id":"01a229a1-d74a-707a-b1a4-269fb1d0d981","external_id":null,"fulfillment_status":"fulfilled",
"holds":[],"id":"01a229a1-ef35-750c-b42b-7e89bd5f1b28","invoice_status":"invoiced","lines":[{"allocated_quantity":"0","backordered_quantity":"0",
"id":"01a229a1-ef36-753d-85c1-c0c5ef4b52aa","quantity":"1","sku":"KERAMIK-01"},{"allocated_quantity":"0","backordered_quantity":"0",
"id":"01a229a1-ef36-753d-85c1-c0c620c0ac99","quantity":"3","sku":"KERAMIK-02"}],"number":"SO-000081","payment_status":"unpaid",
"previous_status":"confirmed","status":"completed","total":"3552000.00","version":4}"#,
    },
    EventType {
        name: "import.accepted",
        what: "an import is stored and will be worked off",
        data: "id id, dry_run boolean, failure text?, imported_count integer, kind text, mode text, rejected_count integer, row_count integer, status text, \
            unchanged_count integer",
        example: r#"{"id":"01a229a4-e60d-75bf-bfc1-af047061ce67","dry_run":false,"failure":null,"imported_count":0,"kind":"orders","mode":"live","rejected_count":0,"row_count":2,
"status":"queued","unchanged_count":0}"#,
    },
    EventType {
        name: "import.completed",
        what: "every row of it has its outcome; `data` has the counts",
        data: "id id, dry_run boolean, failure text?, imported_count integer, kind text, mode text, rejected_count integer, row_count integer, status text, \
            unchanged_count integer",
        example: r#"{"id":"01a229a4-e60d-75bf-bfc1-af047061ce67","dry_run":false,"failure":null,"imported_count":2,"kind":"orders","mode":"live","rejected_count":0,"row_count":2,
"status":"completed","unchanged_count":0}"#,
    },
    EventType {
        name: "import.failed",
        what: "it was given up; `data` has why and the counts so far",
        data: "id id, dry_run boolean, failure text, imported_count integer, kind text, mode text, rejected_count integer, row_count integer, \
            status text, unchanged_count integer",
        example: r#"{"id":"01a229a4-e60d-75bf-bfc1-af047061ce67","dry_run":false,"failure":"sender_disabled","imported_count":2,"kind":"orders","mode":"live",
"rejected_count":0,"row_count":2000,"status":"failed","unchanged_count":0}"#,
    },
];
