//! Bodies: of orders, of everything else.

use super::{Caller, NOTHING, Row, World, good_order};
use reqwest::Method;
use serde_json::{Value, json};

/// The same with one member set.
pub(super) fn order(pointer: &str, value: Value, code: &'static str) -> Row {
    let mut body = good_order();
    put(&mut body, pointer, value);
    let shown = body.pointer(pointer).map(Value::to_string).unwrap_or_default().chars().take(60).collect::<String>();
    Row::new(format!("order {pointer} = {shown}"), Method::POST, "/v1/orders", 422, code).json(body)
}

/// Sets the value at a pointer whose parent is there.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
}

pub fn order_lines() -> Vec<Row> {
    let quantity = |value: Value, code| order("/lines/0/quantity", value, code).at("/lines/0/quantity");
    let lines = |n: usize| json!(vec![json!({"sku": "KOPI", "quantity": "1"}); n]);
    vec![
        quantity(json!(1), "decimal_string_required"),
        quantity(json!(1.5), "decimal_string_required"),
        quantity(json!(-1), "decimal_string_required"),
        quantity(json!(true), "invalid_type"),
        quantity(json!(["1"]), "invalid_type"),
        quantity(json!({"value": "1"}), "invalid_type"),
        quantity(json!(null), "required"),
        quantity(json!(""), "invalid_decimal"),
        quantity(json!("one"), "invalid_decimal"),
        quantity(json!("1e3"), "invalid_decimal"),
        quantity(json!("+1"), "invalid_decimal"),
        quantity(json!("1,5"), "invalid_decimal"),
        quantity(json!(" 1"), "invalid_decimal"),
        quantity(json!("0x10"), "invalid_decimal"),
        quantity(json!("1.2.3"), "invalid_decimal"),
        quantity(json!("٣"), "invalid_decimal"),
        quantity(json!("Infinity"), "invalid_decimal"),
        quantity(json!("-1"), "out_of_range"),
        quantity(json!("0"), "out_of_range"),
        quantity(json!("-0"), "out_of_range"),
        quantity(json!("1000000001"), "out_of_range"),
        quantity(json!("999999999999999999999999"), "out_of_range"),
        quantity(json!("9".repeat(41)), "out_of_range"),
        quantity(json!("1.5"), "too_many_decimals"),
        quantity(json!("0.0001"), "too_many_decimals"),
        order("/lines/0/sku", json!("NO-SUCH"), "unknown_sku").at("/lines/0/sku"),
        order("/lines/0/sku", json!(""), "invalid_code").at("/lines/0/sku"),
        order("/lines/0/sku", json!("KO PI"), "invalid_code").at("/lines/0/sku"),
        order("/lines/0/sku", json!(42), "invalid_type").at("/lines/0/sku"),
        order("/lines/0/unit", json!("PALLET"), "unknown_unit").at("/lines/0/unit"),
        order("/lines/0/unit_price", json!(5), "decimal_string_required").at("/lines/0/unit_price"),
        order("/lines/0/unit_price", json!("-5"), "out_of_range").at("/lines/0/unit_price"),
        order("/lines/0/unit_price", json!("1.1234567"), "too_many_decimals").at("/lines/0/unit_price"),
        order("/lines/0/unit_price", json!("1000000000000"), "out_of_range").at("/lines/0/unit_price"),
        order("/lines/0/tax_amount", json!("1"), "only_as_given").at("/lines/0/tax_amount"),
        order("/lines/0/discounts", json!([{"code": "x", "percent": "101", "reason": "x"}]), "out_of_range")
            .at("/lines/0/discounts/0/percent"),
        order("/lines/0/discounts", json!([{"code": "x", "reason": "x"}]), "exactly_one_of").at("/lines/0/discounts/0"),
        order("/lines/0/discounts", json!([{"code": "x", "percent": "1", "amount": "1", "reason": "x"}]), "exactly_one_of")
            .at("/lines/0/discounts/0"),
        order("/lines/0/external_ids", json!({"a b": "1"}), "invalid_code").at("/lines/0/external_ids/a b"),
        order("/lines/0/external_ids", json!({"erp": ""}), "required").at("/lines/0/external_ids/erp"),
        order("/lines/0/external_ids", json!({"erp": 1}), "invalid_type").at("/lines/0/external_ids/erp"),
        order("/lines/0/external_ids", json!([]), "invalid_type").at("/lines/0/external_ids"),
        order("/lines/0/colour", json!("red"), "unknown_field").at("/lines/0/colour"),
        order("/lines/0/requested_on", json!("2026-02-30"), "invalid_date").at("/lines/0/requested_on"),
        order("/lines", json!([]), "required").at("/lines"),
        order("/lines", json!(null), "required").at("/lines"),
        order("/lines", json!({}), "invalid_type").at("/lines"),
        order("/lines", json!([null]), "invalid_type").at("/lines/0"),
        order("/lines", json!([{}]), "required").at("/lines/0/sku"),
        order("/lines", lines(1_001), "too_many_items").at("/lines"),
        Row::new("an order of 100,001 lines", Method::POST, "/v1/orders", 413, "payload_too_large")
            .json(json!({"customer_code": "C-1", "lines": lines(100_001)})),
        Row::new("two lines with two faults", Method::POST, "/v1/orders", 422, "validation_failed")
            .json(json!({"customer_code": "C-1", "note": "", "lines": [{"sku": "KOPI", "quantity": "0"}, {"sku": "", "quantity": "1"}]}))
            .at("/lines/0/quantity")
            .at("/lines/1/sku")
            .at("/note"),
    ]
}

pub fn order_fields(world: &World) -> Vec<Row> {
    let place = |what: &str, status, code, body: Value| Row::new(what, Method::POST, "/v1/orders", status, code).json(body);
    let line = json!([{"sku": "KOPI", "quantity": "1"}]);
    vec![
        place("nobody buys", 422, "exactly_one_of", json!({ "lines": line })).at("/customer_id"),
        order("/customer", json!({"name": "Siti"}), "exactly_one_of").at("/customer_id"),
        order("/customer_code", json!("C-404"), "unknown_customer").at("/customer_code"),
        order("/customer_code", json!(7), "invalid_type").at("/customer_code"),
        place("another organization's customer", 422, "unknown_customer", json!({"customer_id": world.foreign_customer, "lines": line}))
            .at("/customer_id"),
        place("a customer id that is none", 422, "invalid_id", json!({"customer_id": "C-1", "lines": line})).at("/customer_id"),
        place("a guest without a name", 422, "required", json!({"customer": {"email": "siti@example.com"}, "lines": line}))
            .at("/customer/name"),
        place("a guest with half an address", 422, "invalid_email", json!({"customer": {"name": "Siti", "email": "siti@"}, "lines": line}))
            .at("/customer/email"),
        order("/bill_to_customer_id", json!(world.foreign_customer), "unknown_customer").at("/bill_to_customer_id"),
        order("/currency", json!("ABC"), "unknown_currency").at("/currency"),
        order("/currency", json!("XXX"), "unknown_currency").at("/currency"),
        order("/currency", json!("XAU"), "unknown_currency").at("/currency"),
        order("/currency", json!("idr"), "unknown_currency").at("/currency"),
        order("/currency", json!(360), "invalid_type").at("/currency"),
        order("/currency", json!("USD"), "price_missing").at("/lines/0/sku"),
        order("/colour", json!("red"), "unknown_field").at("/colour"),
        order("/Note", json!("x"), "unknown_field").at("/Note"),
        place("a name with a slash", 422, "unknown_field", json!({"a/b~": 1, "lines": line})).at("/a~1b~0"),
        order("/status", json!("completed"), "unknown_field").at("/status"),
        order("/on_shortage", json!("maybe"), "unknown_value").at("/on_shortage"),
        order("/on_shortage", json!(1), "invalid_type").at("/on_shortage"),
        order("/delivery_rule", json!("Partial"), "unknown_value").at("/delivery_rule"),
        order("/pricing", json!("free"), "unknown_value").at("/pricing"),
        order("/draft", json!("yes"), "invalid_type").at("/draft"),
        order("/draft", json!(1), "invalid_type").at("/draft"),
        order("/channel", json!("fax"), "unknown_channel").at("/channel"),
        order("/channel", json!("../direct"), "invalid_code").at("/channel"),
        order("/payment_terms", json!("net_9000"), "unknown_payment_terms").at("/payment_terms"),
        order("/reservation_id", json!(NOTHING), "unknown_reservation").at("/reservation_id"),
        order("/ship_to_address_code", json!("moon"), "unknown_address").at("/ship_to_address_code"),
        order("/ordered_at", json!("yesterday"), "invalid_timestamp").at("/ordered_at"),
        order("/ordered_at", json!("2026-03-02 10:00"), "invalid_timestamp").at("/ordered_at"),
        order("/ordered_at", json!(1772416800), "invalid_type").at("/ordered_at"),
        order("/ordered_at", json!("2036-01-01T00:00:00Z"), "out_of_range").at("/ordered_at"),
        order("/ordered_at", json!("1066-10-14T09:00:00Z"), "out_of_range").at("/ordered_at"),
        order("/requested_on", json!("02.03.2026"), "invalid_date").at("/requested_on"),
        order("/requested_on", json!("2025-02-28"), "too_long_ago").at("/requested_on"),
        order("/lines/0/requested_on", json!("2006-03-20"), "too_long_ago").at("/lines/0/requested_on"),
        order("/note", json!(""), "required").at("/note"),
        order("/note", json!("x".repeat(5001)), "too_long").at("/note"),
        order("/note", json!("bell\u{7}"), "invalid_characters").at("/note"),
        order("/purchase_order_number", json!("p".repeat(101)), "too_long").at("/purchase_order_number"),
        order("/shipping", json!({"amount": "-1"}), "out_of_range").at("/shipping/amount"),
        order("/shipping", json!({"amount": 25000}), "decimal_string_required").at("/shipping/amount"),
        order("/shipping", json!({"amount": "0.001"}), "too_many_decimals").at("/shipping/amount"),
        order("/shipping_address", json!({"line1": "x", "city": "x", "country": "XX"}), "unknown_country").at("/shipping_address/country"),
        order("/shipping_address", json!({"line1": "x", "city": "x", "country": "id"}), "unknown_country").at("/shipping_address/country"),
        order("/shipping_address", json!({"line1": "x", "city": "x"}), "required").at("/shipping_address/country"),
        order("/shipping_address", json!({"line1": "x", "city": "x", "country": "ID", "planet": "Mars"}), "unknown_field")
            .at("/shipping_address/planet"),
        order("/metadata", json!([]), "invalid_type").at("/metadata"),
        order("/metadata", json!({"a": "x".repeat(16 * 1024)}), "too_long").at("/metadata"),
        order("/external_ids", json!({"hubspot": 1}), "invalid_type").at("/external_ids/hubspot"),
        order("/external_ids", json!({"hub spot": "1"}), "invalid_code").at("/external_ids/hub spot"),
        order("/payments", json!([{"method": "gold", "amount": "1"}]), "unknown_value").at("/payments/0/method"),
        order("/payments", json!([{"method": "card", "amount": "0"}]), "out_of_range").at("/payments/0/amount"),
        place(
            "more than there is",
            409,
            "insufficient_stock",
            json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "100"}]}),
        ),
        place(
            "the shop's id with another content",
            409,
            "external_id_conflict",
            json!({"customer_code": "C-1", "external_id": "web-1", "lines": [{"sku": "KOPI", "quantity": "2"}]}),
        ),
    ]
}

/// How locations work.
pub fn calendars() -> Vec<Row> {
    let put = |field: &'static str, value: Value, code, pointer| {
        let mut body = json!({"name": "Jakarta", "kind": "warehouse"});
        body[field] = value;
        Row::new(format!("a location with {field}"), Method::PUT, "/v1/locations/calendar-1", 422, code).json(body).at(pointer)
    };
    vec![
        put("handling_days", json!(-1), "out_of_range", "/handling_days"),
        put("handling_days", json!(366), "out_of_range", "/handling_days"),
        put("handling_days", json!("1"), "invalid_type", "/handling_days"),
        put("cutoff_time", json!("9:5"), "invalid_time", "/cutoff_time"),
        put("cutoff_time", json!("24:00"), "invalid_time", "/cutoff_time"),
        put("working_days", json!([]), "required", "/working_days"),
        put("working_days", json!(["monday"]), "unknown_value", "/working_days/0"),
    ]
}

pub fn others(world: &World) -> Vec<Row> {
    let id = world.order_id();
    let put =
        |path: &str, body: Value, status, code| Row::new(format!("PUT {path} {body:.90}"), Method::PUT, path, status, code).json(body);
    let post =
        |path: &str, body: Value, status, code| Row::new(format!("POST {path} {body:.90}"), Method::POST, path, status, code).json(body);
    let product = |change: Value| {
        let mut body = json!({"name": "Teh", "unit": "C62", "tax_category": "standard"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        put("/v1/products/TEH", body, 422, "")
    };
    let with = |row: Row, code: &'static str| Row { code, ..row };
    let price = |change: Value| {
        let mut body = json!({"sku": "KOPI", "currency": "IDR", "unit_price": "1"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        put("/v1/prices", json!([body]), 422, "")
    };
    let receipt = |location: &str, line: Value| post("/v1/inventory/receipts", json!({"location": location, "lines": [line]}), 422, "");
    let buyer = |change: Value| {
        let mut body = json!({"name": "Budi", "kind": "person", "payment_terms": "net_30"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        post("/v1/customers", body, 422, "")
    };
    let row = json!({"sku": "KOPI", "currency": "IDR", "unit_price": "1"});
    let file = |kind: &str, query: &str, body: &str, status, code| {
        let row = Row::new(format!("{kind} {query} {body:?}"), Method::POST, format!("/v1/bank_statements{query}"), status, code);
        Row { body: Some(body.as_bytes().to_vec()), ..row.header("content-type", kind) }
    };
    let ubl = |query: &str, body: &str, status, code| {
        let row = Row::new(format!("an order {query} {body:?}"), Method::POST, format!("/v1/orders/ubl{query}"), status, code);
        Row { body: Some(body.as_bytes().to_vec()), ..row.header("content-type", "application/xml") }
    };
    let mail = |body: &str, status, code| {
        let row = Row::new(format!("a mail {body:?}"), Method::POST, format!("/v1/channels/{NOTHING}/messages"), status, code);
        Row { body: Some(body.as_bytes().to_vec()), ..row.header("content-type", "message/rfc822") }
    };
    let csv = |query: &str, body: &str, status, code| file("text/csv", query, body, status, code);
    let account = json!({"role": "bank", "code": "1000", "name": "Bank"});
    vec![
        with(product(json!({"quantity_scale": 4})), "out_of_range").at("/quantity_scale"),
        with(product(json!({"quantity_scale": -1})), "out_of_range").at("/quantity_scale"),
        with(product(json!({"kind": "dream"})), "unknown_value").at("/kind"),
        with(product(json!({"unit": "furlong-ish"})), "unknown_unit").at("/unit"),
        with(product(json!({"units": [{"unit": "XBX", "factor": "0"}]})), "out_of_range").at("/units/0/factor"),
        with(product(json!({"gtin": "9520000000010"})), "invalid_gtin").at("/gtin"),
        with(product(json!({"name": " "})), "required").at("/name"),
        with(price(json!({"sku": "NO-SUCH"})), "unknown_sku").at("/0/sku"),
        with(price(json!({"unit_price": "-1"})), "out_of_range").at("/0/unit_price"),
        with(price(json!({"currency": "ABC"})), "unknown_currency").at("/0/currency"),
        with(price(json!({"valid_from_on": "2026-03-02", "valid_to_on": "2026-03-01"})), "out_of_range").at("/0/valid_to_on"),
        put("/v1/prices", json!([row, row]), 422, "duplicate_key").at("/1"),
        put("/v1/locations/bali", json!({"name": "Bali", "kind": "store", "external_ids": {"a/b": "1"}}), 422, "invalid_code")
            .at("/external_ids/a~1b"),
        put("/v1/locations/bali", json!({"name": "Bali", "kind": "store", "metadata": "x"}), 422, "invalid_type").at("/metadata"),
        put("/v1/payment_terms/net_1", json!({"name": "1 day", "external_ids": {"erp": " "}}), 422, "required").at("/external_ids/erp"),
        put("/v1/organization", json!({"legal_name": "A", "country": "ID", "external_ids": []}), 422, "invalid_type").at("/external_ids"),
        Row::new("a patch of no terms", Method::PATCH, "/v1/payment_terms/never", 404, "not_found").json(json!({"net_days": 1})),
        Row::new("terms patched by sales", Method::PATCH, "/v1/payment_terms/net_30", 403, "insufficient_scope")
            .by(Caller::Sales)
            .json(json!({"net_days": 1})),
        Row::new("the organization patched by sales", Method::PATCH, "/v1/organization", 403, "insufficient_scope")
            .by(Caller::Sales)
            .json(json!({"metadata": {}})),
        Row::new("an organization of another colour", Method::PATCH, "/v1/organization", 422, "unknown_field")
            .json(json!({"colour": "red"}))
            .at("/colour"),
        Row::new("100,001 prices", Method::PUT, "/v1/prices", 422, "too_many_items").json(json!(vec![row.clone(); 100_001])).at(""),
        Row::new("a bulk body of more than 32 MiB", Method::PUT, "/v1/prices", 413, "payload_too_large")
            .bytes(vec![b' '; 32 * 1024 * 1024 + 1]),
        put(
            "/v1/tax_rates",
            json!([{"country": "XX", "tax_category": "standard", "tax_scheme_category": "S", "name": "x", "rate": "0.1"}]),
            422,
            "unknown_country",
        )
        .at("/0/country"),
        put(
            "/v1/tax_rates",
            json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "x", "rate": "19"}]),
            422,
            "out_of_range",
        )
        .at("/0/rate"),
        put(
            "/v1/exchange_rates",
            json!([{"from_currency": "USD", "to_currency": "IDR", "rate": "0", "valid_from_on": "2026-01-01"}]),
            422,
            "out_of_range",
        )
        .at("/0/rate"),
        with(receipt("moon", json!({"sku": "KOPI", "quantity": "1"})), "unknown_location").at("/location"),
        with(receipt("jakarta", json!({"sku": "NO-SUCH", "quantity": "1"})), "unknown_sku").at("/lines/0/sku"),
        with(receipt("jakarta", json!({"sku": "WRAP", "quantity": "1"})), "not_stocked").at("/lines/0/sku"),
        with(receipt("jakarta", json!({"sku": "KOPI", "quantity": "-1"})), "out_of_range").at("/lines/0/quantity"),
        with(receipt("jakarta", json!({"sku": "KOPI", "quantity": "0.5"})), "too_many_decimals").at("/lines/0/quantity"),
        post("/v1/inventory/adjustments", json!({"location": "jakarta", "reason": "x", "lines": [{"sku": "KOPI"}]}), 422, "exactly_one_of")
            .at("/lines/0"),
        post(
            "/v1/inventory/adjustments",
            json!({"location": "jakarta", "reason": "x", "lines": [{"sku": "KOPI", "delta": "-1000"}]}),
            409,
            "insufficient_stock",
        ),
        post(
            "/v1/inventory/transfers",
            json!({"from": "jakarta", "to": "surabaya", "lines": [{"sku": "KOPI", "quantity": "1000"}]}),
            409,
            "insufficient_stock",
        ),
        post(
            "/v1/checkout/reservations",
            json!({"lines": [{"sku": "KOPI", "quantity": "1"}], "expires_in_seconds": 3601}),
            422,
            "out_of_range",
        )
        .at("/expires_in_seconds"),
        with(buyer(json!({"email": "budi at home"})), "invalid_email").at("/email"),
        with(buyer(json!({"kind": "ghost"})), "unknown_value").at("/kind"),
        with(buyer(json!({"payment_terms": "never"})), "unknown_payment_terms").at("/payment_terms"),
        with(buyer(json!({"credit_limit": 5})), "decimal_string_required").at("/credit_limit"),
        with(buyer(json!({"code": "C 1"})), "invalid_code").at("/code"),
        post(
            "/v1/customers",
            json!({"name": "Budi", "kind": "person", "code": "C-1", "payment_terms": "net_30"}),
            409,
            "customer_code_taken",
        ),
        post(&format!("/v1/orders/{id}/confirm"), json!({}), 409, "invalid_transition"),
        post(&format!("/v1/orders/{id}/confirm"), json!({"now": true}), 422, "unknown_field").at("/now"),
        post(&format!("/v1/orders/{id}/hold"), json!({"reason": ""}), 422, "required").at("/reason"),
        post(&format!("/v1/orders/{id}/cancel"), json!({"reason": {"code": "whim"}}), 422, "unknown_value").at("/reason/code"),
        post(&format!("/v1/orders/{id}/invoices"), json!({}), 409, "nothing_to_invoice"),
        post("/v1/payments", json!({"amount": "0", "currency": "IDR", "method": "cash"}), 422, "out_of_range").at("/amount"),
        post(&format!("/v1/orders/{id}/refunds"), json!({"amount": "0", "reason": "x"}), 422, "out_of_range").at("/amount"),
        post(&format!("/v1/orders/{id}/refunds"), json!({"amount": "1", "reason": "x"}), 409, "exceeds_captured"),
        post(&format!("/v1/payments/{NOTHING}/reverse"), json!({"reason": " "}), 422, "required").at("/reason"),
        post(&format!("/v1/payments/{NOTHING}/reverse"), json!({"amount": 1, "reason": "x"}), 422, "decimal_string_required").at("/amount"),
        post(&format!("/v1/payments/{NOTHING}/reverse"), json!({"reason": "x", "received_on": "2036-01-01"}), 422, "in_the_future")
            .at("/received_on"),
        post(&format!("/v1/payments/{NOTHING}/allocations/release"), json!({"order_id": id, "reason": ""}), 422, "required").at("/reason"),
        post(&format!("/v1/payments/{NOTHING}/allocations/release"), json!({"reason": "x"}), 422, "exactly_one_of").at(""),
        post(
            &format!("/v1/payments/{NOTHING}/allocations/release"),
            json!({"order_id": id, "invoice_id": NOTHING, "reason": "x"}),
            422,
            "exactly_one_of",
        )
        .at(""),
        post(&format!("/v1/payments/{NOTHING}/allocations/release"), json!({"invoice_id": NOTHING, "reason": "x"}), 422, "unknown_invoice")
            .at("/invoice_id"),
        post(
            "/v1/payments",
            json!({"amount": "1", "currency": "IDR", "method": "cash", "expires_at": "2030-01-01T00:00:00Z"}),
            422,
            "not_authorized",
        )
        .at("/expires_at"),
        post(
            "/v1/payments",
            json!({"amount": "1", "currency": "IDR", "method": "card", "status": "authorized", "expires_at": "2020-01-01T00:00:00Z"}),
            422,
            "in_the_past",
        )
        .at("/expires_at"),
        post("/v1/payments", json!({"amount": "1", "currency": "XTS", "method": "cash"}), 422, "unknown_currency").at("/currency"),
        post(
            "/v1/payments",
            json!({"amount": "1", "currency": "IDR", "method": "cash", "order_id": id, "invoice_id": NOTHING}),
            422,
            "exactly_one_of",
        )
        .at(""),
        post(
            "/v1/payments",
            json!({"amount": "1", "currency": "IDR", "method": "cash", "order_id": world.foreign_order}),
            422,
            "unknown_order",
        )
        .at("/order_id"),
        post("/v1/orders/ubl", json!({}), 415, "unsupported_media_type"),
        ubl("", "<a", 422, "malformed_xml").at(""),
        ubl("", "<!DOCTYPE x [<!ENTITY a \"b\">]><Order>&a;</Order>", 422, "document_type_refused").at(""),
        ubl("", "<Order xmlns=\"urn:other\"/>", 422, "unsupported_document").at("/*"),
        ubl("?channel=a%20b", "<a/>", 400, "invalid_parameter"),
        ubl("?colour=red", "<a/>", 400, "unknown_parameter"),
        post(&format!("/v1/channels/{NOTHING}/messages"), json!({}), 415, "unsupported_media_type"),
        mail("", 422, "required").at(""),
        mail("From: a@b.example\r\n\r\nhi", 404, "not_found"),
        post(&format!("/v1/order_verifications/{NOTHING}/accept"), json!({}), 404, "not_found"),
        post(&format!("/v1/order_verifications/{NOTHING}/accept"), json!({"order": {"lines": [], "colour": 1}}), 422, "unknown_field").at("/order/colour"),
        post(&format!("/v1/order_verifications/{NOTHING}/reject"), json!({"detail": " "}), 422, "required").at("/detail"),
        post(&format!("/v1/order_verifications/{NOTHING}/reject"), json!({"detail": "x"}), 404, "not_found"),
        Row::get("/v1/order_verifications?status=lost", 400, "invalid_parameter"),
        Row::get("/v1/order_verifications?order_id=x", 400, "invalid_parameter"),
        Row::get(format!("/v1/order_verifications/{NOTHING}"), 404, "not_found"),
        Row::get(format!("/v1/order_verifications/{NOTHING}/original"), 404, "not_found"),
        Row::get(format!("/v1/channels/{NOTHING}/mailbox"), 404, "not_found"),
        post("/v1/channels", json!({"code": "m", "kind": "email", "name": "M", "settings": {"mail": {"imap_host": "https://x", "imap_port": 0, "allowed_domains": ["a b"]}}}), 422, "validation_failed")
            .at("/settings/mail/imap_host").at("/settings/mail/imap_port").at("/settings/mail/allowed_domains/0"),
        post("/v1/bank_statements", json!({}), 415, "unsupported_media_type"),
        csv("", "booked_on,amount\n", 400, "invalid_parameter"),
        csv("?account=1&delimiter=xx", "booked_on,amount\n", 400, "invalid_parameter"),
        csv("?account=1&currency=XXX", "booked_on,amount\n", 400, "invalid_parameter"),
        csv("?account=1&currency=EUR", "", 422, "required").at(""),
        csv("?account=1&currency=EUR&amount=Betrag", "booked_on\n", 422, "unknown_column").at("/header/amount"),
        csv("?account=1&currency=EUR", "booked_on,amount\n2026-03-02,1.005\n", 422, "invalid_decimal").at("/rows/0/amount"),
        csv("?account=1&currency=EUR&delimiter=;", "booked_on;amount\n2026-03-02;13,38\n", 422, "invalid_decimal").at("/rows/0/amount"),
        csv("?account=1&currency=KWD&delimiter=;", "booked_on;amount\n2026-03-02;13,380\n", 422, "invalid_decimal").at("/rows/0/amount"),
        csv("?account=1&currency=EUR&decimal_separator=,", "booked_on,amount\n2026-03-02,1.33\n", 422, "invalid_decimal").at("/rows/0/amount"),
        csv("?account=1", "booked_on,amount\n2026-03-02,1\n", 422, "required").at("/rows/0/currency"),
        file("application/xml", "", "<!DOCTYPE x [<!ENTITY a \"b\">]><Document>&a;</Document>", 422, "document_type_refused").at(""),
        file("text/xml", "", "<Document xmlns=\"urn:other\"></Document>", 422, "unsupported_format").at(""),
        post(&format!("/v1/bank_entries/{NOTHING}/match"), json!({"customer_id": NOTHING}), 404, "not_found"),
        post(&format!("/v1/bank_entries/{NOTHING}/match"), json!({}), 422, "exactly_one_of").at(""),
        post(
            &format!("/v1/bank_entries/{NOTHING}/match"),
            json!({"reversed_payment_id": NOTHING, "refund_id": NOTHING}),
            422,
            "exactly_one_of",
        )
        .at(""),
        post(&format!("/v1/bank_entries/{NOTHING}/match"), json!({"allocations": []}), 422, "required").at("/allocations"),
        post(&format!("/v1/bank_entries/{NOTHING}/ignore"), json!({"reason": " "}), 422, "required").at("/reason"),
        put("/v1/bank_matching_tolerances", json!([{"currency": "EUR", "amount": "-1"}]), 422, "out_of_range").at("/0/amount"),
        put("/v1/bank_matching_tolerances", json!([{"currency": "JPY", "amount": "0.5"}]), 422, "too_many_decimals").at("/0/amount"),
        put("/v1/ledger_accounts", json!([{"role": "profit", "code": "1", "name": "x"}]), 422, "unknown_value").at("/0/role"),
        put(
            "/v1/ledger_accounts",
            json!([{"role": "bank", "tax_category": "standard", "code": "1", "name": "x"}]),
            422,
            "not_of_this_role",
        )
        .at("/0/tax_category"),
        put("/v1/ledger_accounts", json!([{"role": "tax", "payment_method": "cash", "code": "1", "name": "x"}]), 422, "not_of_this_role")
            .at("/0/payment_method"),
        put("/v1/ledger_accounts", json!([{"role": "bank", "code": "1 0", "name": "x"}]), 422, "invalid_code").at("/0/code"),
        put("/v1/ledger_accounts", json!([account, account]), 422, "duplicate_key").at("/1"),
        post("/v1/credit_notes", json!({"invoice_id": NOTHING, "reason": "x"}), 422, "unknown_invoice").at("/invoice_id"),
        post(&format!("/v1/invoices/{NOTHING}/rebill"), json!({"reason": "x"}), 404, "not_found"),
        post(&format!("/v1/invoices/{NOTHING}/rebill"), json!({"reason": "x", "series": "a b"}), 422, "invalid_code").at("/series"),
        post("/v1/credit_notes", json!({"invoice_id": NOTHING, "reason": "x", "amount": "-1.00"}), 422, "out_of_range").at("/amount"),
        post("/v1/credit_notes", json!({"invoice_id": NOTHING, "reason": "x", "amount": "1.00", "shipping": true}), 422, "exactly_one_of")
            .at("/amount"),
        post("/v1/auth/token", json!({"grant_type": "password"}), 400, "unsupported_grant_type").by(Caller::Nobody),
        post(
            "/v1/auth/token",
            json!({"grant_type": "client_credentials", "client_id": NOTHING, "client_secret": "x"}),
            401,
            "invalid_client",
        )
        .by(Caller::Nobody),
    ]
}

pub fn edits(world: &World) -> Vec<Row> {
    let line = &world.order["lines"][0]["id"];
    let path = format!("/v1/orders/{}/edits", world.order_id());
    let edit = |body: Value, status, code| Row::new(format!("POST {path} {body:.90}"), Method::POST, path.clone(), status, code).json(body);
    vec![
        edit(json!({"lines": [{}]}), 422, "exactly_one_of").at("/lines/0/order_line_id"),
        edit(json!({"lines": [{"sku": "KOPI"}]}), 422, "required").at("/lines/0/quantity"),
        edit(json!({"lines": [{"sku": "KOPI", "quantity": 1}]}), 422, "decimal_string_required").at("/lines/0/quantity"),
        edit(json!({"lines": [{"sku": "KOPI", "quantity": "0"}]}), 422, "out_of_range").at("/lines/0/quantity"),
        edit(json!({"lines": [{"sku": "KOPI", "quantity": "1.5"}]}), 422, "too_many_decimals").at("/lines/0/quantity"),
        edit(json!({"lines": [{"sku": "KOPI", "quantity": "1", "remove": true}]}), 422, "only_known_lines").at("/lines/0/remove"),
        edit(json!({"lines": [{"sku": "KOPI", "quantity": "1", "unit": "XBZ"}]}), 422, "unknown_unit").at("/lines/0/unit"),
        edit(json!({"lines": [{"sku": "NOTHING", "quantity": "1"}]}), 422, "unknown_sku").at("/lines/0/sku"),
        edit(json!({"lines": [{"order_line_id": NOTHING, "quantity": "1"}]}), 422, "unknown_line").at("/lines/0/order_line_id"),
        edit(json!({"lines": [{"order_line_id": line, "quantity": "1"}, {"order_line_id": line}]}), 422, "duplicate_line")
            .at("/lines/1/order_line_id"),
        edit(json!({"lines": [{"order_line_id": line, "unit": "C62"}]}), 422, "only_new_lines").at("/lines/0/unit"),
        edit(json!({"lines": [{"order_line_id": line, "quantity": "1", "remove": true}]}), 422, "exactly_one_of").at("/lines/0/remove"),
        edit(json!({"lines": [{"order_line_id": line, "tax_amount": "1.00"}]}), 422, "only_as_given").at("/lines/0/tax_amount"),
        edit(json!({"lines": [{"order_line_id": line, "unit_price": "-1"}]}), 422, "out_of_range").at("/lines/0/unit_price"),
        edit(json!({"lines": [{"order_line_id": line, "discounts": [{"percent": "101"}]}]}), 422, "out_of_range")
            .at("/lines/0/discounts/0/percent"),
        edit(json!({"lines": [{"order_line_id": line, "external_ids": {"erp": "x".repeat(256)}}]}), 422, "too_long")
            .at("/lines/0/external_ids/erp"),
        edit(json!({"coupon_codes": ["NOBODY"]}), 422, "unknown_coupon").at("/coupon_codes/0"),
        edit(json!({"coupon_codes": ["TEN", "ten"]}), 422, "duplicate_code").at("/coupon_codes/1"),
        edit(json!({"coupon_codes": ["T EN"]}), 422, "invalid_code").at("/coupon_codes/0"),
        edit(json!({"coupon_codes": (0..11).map(|i| format!("C{i}")).collect::<Vec<_>>()}), 422, "too_many_items").at("/coupon_codes"),
        edit(json!({"shipping": {"amount": "-1"}}), 422, "out_of_range").at("/shipping/amount"),
        edit(json!({"payment_terms": "never"}), 422, "unknown_payment_terms").at("/payment_terms"),
        edit(json!({"ship_to_address_code": "moon"}), 422, "unknown_address").at("/ship_to_address_code"),
        edit(json!({"currency": "USD"}), 422, "unknown_field").at("/currency"),
        edit(json!({"lines": [{"order_line_id": line, "remove": true}]}), 409, "nothing_left"),
        edit(json!({"payment_terms": "net_60"}), 403, "insufficient_scope").by(Caller::Clerk),
        edit(json!({"lines": [{"order_line_id": line, "unit_price": "1"}]}), 403, "insufficient_scope").by(Caller::Clerk),
    ]
}
