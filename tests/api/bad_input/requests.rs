//! Tokens, syntax, queries, paths and headers.

use super::{Caller, NOTHING, Row, World, good_order};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};

pub fn tokens(world: &World) -> Vec<Row> {
    let orders = |what: &str, caller| Row::new(what, Method::GET, "/v1/orders", 401, "unauthenticated").by(caller);
    let admin = &world.tokens["admin"];
    let parts: Vec<&str> = admin.split('.').collect();
    let kid = world.app.key.kid.as_str();
    let ours = world.claims(|_| {});
    let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"none","kid":"{kid}"}}"#));
    let other = URL_SAFE_NO_PAD.encode(world.claims(|claims| claims["scope"] = json!("admin")).to_string());
    let signed = |change: &dyn Fn(&mut Value)| world.signed(Algorithm::HS256, "at+jwt", kid, &world.claims(change));
    vec![
        orders("no token", Caller::Nobody),
        orders("another scheme", Caller::Nobody).header("authorization", "Basic YTpi"),
        orders("an empty token", Caller::Nobody).header("authorization", "Bearer "),
        orders("bytes that are no text", Caller::Nobody).header("authorization", b"Bearer \xff\xfe".to_vec()),
        orders("something else than a token", Caller::Bearer("psk_secret".into())),
        orders("an expired token", signed(&|claims| claims["exp"] = json!(world.app.clock.now().timestamp() - 1))),
        orders("an unsigned token", Caller::Bearer(format!("{}.{}.", parts[0], parts[1]))),
        orders("alg=none with our signature", Caller::Bearer(format!("{none}.{}.{}", parts[1], parts[2]))),
        orders("alg=none without a signature", Caller::Bearer(format!("{none}.{}.", parts[1]))),
        orders("our key by another algorithm", world.signed(Algorithm::HS512, "at+jwt", kid, &ours)),
        orders("another audience", signed(&|claims| claims["aud"] = json!("somebody else"))),
        orders("another issuer", signed(&|claims| claims["iss"] = json!("somebody else"))),
        orders("no expiry", signed(&|claims| _ = claims.as_object_mut().unwrap().remove("exp"))),
        orders("a role that there is not", signed(&|claims| claims["role"] = json!("emperor"))),
        orders("a scope that there is not", signed(&|claims| claims["scope"] = json!("everything"))),
        orders("changed claims under the old signature", Caller::Bearer(format!("{}.{other}.{}", parts[0], parts[2]))),
        orders("a key that there is not", world.signed(Algorithm::HS256, "at+jwt", "retired", &ours)),
        orders("an ID token", world.signed(Algorithm::HS256, "JWT", kid, &ours)),
        Row::new("no token, and the rest is wrong too", Method::POST, "/v1/orders?colour=red", 401, "unauthenticated")
            .by(Caller::Nobody)
            .header("accept", "text/html")
            .header("content-type", "text/plain"),
        Row::new("a viewer places an order", Method::POST, "/v1/orders", 403, "insufficient_scope").by(Caller::Viewer).json(good_order()),
        Row::new("the scope is asked for before the body", Method::POST, "/v1/orders", 403, "insufficient_scope")
            .by(Caller::Viewer)
            .bytes("{"),
        Row::new("a viewer confirms", Method::POST, format!("/v1/orders/{}/confirm", world.order_id()), 403, "insufficient_scope")
            .by(Caller::Viewer),
        Row::new("sales changes the company", Method::PUT, "/v1/organization", 403, "insufficient_scope").by(Caller::Sales).json(json!({})),
        Row::new("sales books money", Method::POST, "/v1/payments", 403, "insufficient_scope").by(Caller::Sales).json(json!({})),
        Row::new("a clerk sets a price", Method::POST, "/v1/orders", 403, "insufficient_scope")
            .by(Caller::Clerk)
            .json(json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1", "unit_price": "1"}]})),
        Row::new("a clerk reads the catalog", Method::GET, "/v1/products", 403, "insufficient_scope").by(Caller::Clerk),
    ]
}

pub fn syntax() -> Vec<Row> {
    let raw = |what: &str, body: &[u8]| Row::new(what, Method::POST, "/v1/orders", 400, "malformed_json").bytes(body);
    let deep =
        |depth: usize| format!(r#"{{"customer_code":"C-1","lines":[],"metadata":{{"a":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    vec![
        raw("JSON that ends early", br#"{"customer_code": "C-1", "lines": [{"sku": "KO"#),
        raw("JSON that goes on", br#"{"customer_code": "C-1", "lines": []} {}"#),
        raw("no body at all", b""),
        raw("only white space", b" \n "),
        raw("a byte order mark", b"\xef\xbb\xbf{}"),
        raw("single quotes", b"{'customer_code': 'C-1'}"),
        raw("a trailing comma", br#"{"customer_code": "C-1",}"#),
        raw("NaN", br#"{"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": NaN}]}"#),
        raw("a number that is too large for any", br#"{"metadata": {"a": 1e999}, "lines": []}"#),
        raw("invalid UTF-8", b"{\"customer_code\": \"\xff\xfe\", \"lines\": []}"),
        raw("half a surrogate", br#"{"customer_code": "\ud800", "lines": []}"#),
        raw("a raw NUL byte", b"{\"note\": \"a\0b\", \"lines\": []}"),
        raw("an escaped NUL", br#"{"note": "a\u0000b", "lines": []}"#),
        raw("an escaped NUL in a member's name", br#"{"metadata": {"a\u0000": 1}, "lines": []}"#),
        raw("a wall of brackets", "[".repeat(100_000).as_bytes()),
        raw("deep nesting where it would be read", deep(200).as_bytes()),
        Row::new("deep nesting where nothing reads it", Method::POST, "/v1/orders", 422, "unknown_field")
            .bytes(format!(r#"{{"colour": {}{}}}"#, "[".repeat(200), "]".repeat(200)))
            .at("/colour"),
        Row { status: 415, code: "unsupported_content_encoding", ..raw("compressed", b"\x1f\x8b").header("content-encoding", "gzip") },
        Row::new("an array for an object", Method::POST, "/v1/orders", 422, "invalid_type").bytes("[]").at(""),
        Row::new("a text for an object", Method::POST, "/v1/orders", 422, "invalid_type").bytes("\"order\"").at(""),
        Row::new("null for an object", Method::POST, "/v1/orders", 422, "invalid_type").bytes("null").at(""),
        Row::new("an object for an array", Method::PUT, "/v1/prices", 422, "invalid_type").bytes("{}").at(""),
        Row::new("a member twice", Method::POST, "/v1/orders", 422, "duplicate_field")
            .bytes(r#"{"note": "a", "note": "b", "lines": []}"#)
            .at("/note"),
        Row::new("a body as text", Method::POST, "/v1/orders", 415, "unsupported_media_type")
            .header("content-type", "text/plain")
            .bytes_only(good_order()),
        Row::new("a body as a form", Method::POST, "/v1/orders", 415, "unsupported_media_type")
            .header("content-type", "application/x-www-form-urlencoded")
            .bytes_only(good_order()),
        Row::new("a body of no type", Method::POST, "/v1/orders", 415, "unsupported_media_type").bytes_only(good_order()),
        Row::new("a merge patch to POST", Method::POST, "/v1/orders", 415, "unsupported_media_type")
            .header("content-type", "application/merge-patch+json")
            .bytes_only(good_order()),
        Row::new("a body of more than 1 MiB", Method::POST, "/v1/orders", 413, "payload_too_large").bytes(vec![b' '; 1024 * 1024 + 1]),
        Row::new("nothing but HTML will do", Method::GET, "/v1/orders", 406, "not_acceptable").header("accept", "text/html"),
        Row::new("anything but JSON", Method::GET, "/v1/orders", 406, "not_acceptable").header("accept", "application/json;q=0, text/html"),
        Row::new("JSON of a PDF", Method::GET, format!("/v1/invoices/{NOTHING}/pdf"), 406, "not_acceptable")
            .header("accept", "application/json"),
        Row::new("a PDF of UBL", Method::GET, format!("/v1/credit_notes/{NOTHING}/ubl"), 406, "not_acceptable")
            .header("accept", "application/pdf"),
        Row::new("a statement as a picture", Method::GET, format!("/v1/customers/{NOTHING}/statement"), 406, "not_acceptable")
            .header("accept", "image/png"),
        Row::new("JSON of a CSV", Method::GET, "/v1/reports/sales.csv", 406, "not_acceptable").header("accept", "application/json"),
    ]
}

pub fn queries(world: &World) -> Vec<Row> {
    let id = world.order_id();
    let refused = |query: &str, code| Row::get(format!("/v1/orders?{query}"), 400, code);
    vec![
        refused("colour=red", "unknown_parameter"),
        refused("colour=", "unknown_parameter"),
        refused("Status=draft", "unknown_parameter"),
        refused("status=draft&status=confirmed", "unknown_parameter"),
        refused("status=lost", "invalid_parameter"),
        refused("status=draft,lost", "invalid_parameter"),
        refused("hold_code=whim", "invalid_parameter"),
        refused("limit=0", "invalid_parameter"),
        refused("limit=201", "invalid_parameter"),
        refused("limit=-1", "invalid_parameter"),
        refused("limit=99999999999999999999", "invalid_parameter"),
        refused("limit=ten", "invalid_parameter"),
        refused("limit=1.5", "invalid_parameter"),
        refused("cursor=garbage", "invalid_cursor"),
        refused("cursor=eyJmIjoxLCJrIjpbImEiLCJiIl19", "invalid_cursor"),
        refused("customer_id=C-1", "invalid_parameter"),
        refused("ordered_from=yesterday", "invalid_parameter"),
        refused("ordered_from=2026-03-02", "invalid_parameter"),
        refused("promised_before=2026-02-30", "invalid_parameter"),
        refused("sort=colour", "invalid_parameter"),
        refused("q=%ff%fe", "invalid_parameter"),
        refused("q=%zz", "invalid_parameter"),
        refused("q=a%00b", "invalid_parameter"),
        refused("number=SO-000001%00", "invalid_parameter"),
        Row::get(format!("/v1/orders/{id}?expand=lines"), 400, "unknown_parameter"),
        Row::new("a query on a POST", Method::POST, "/v1/orders?dry_run=true", 400, "unknown_parameter").json(good_order()),
        Row::get("/v1/imports?status=lost", 400, "invalid_parameter"),
        Row::get("/v1/journal_entries?after=yesterday", 400, "invalid_cursor"),
        Row::get("/v1/journal_entries?format=xml", 400, "invalid_parameter"),
        Row::get("/v1/journal_entries?order_id=1", 400, "invalid_parameter"),
        Row::get(format!("/v1/journal_entries/{NOTHING}"), 404, "not_found"),
        Row::get(format!("/v1/imports/{NOTHING}/rows"), 404, "not_found"),
        Row::get(format!("/v1/imports/{NOTHING}/rows?status=receiving"), 400, "invalid_parameter"),
        Row::get(format!("/v1/imports/{NOTHING}/rows?cursor=garbage"), 400, "invalid_cursor"),
        Row::new("an import of nothing in particular", Method::POST, "/v1/imports", 400, "invalid_parameter")
            .header("content-type", "application/x-ndjson")
            .bytes_only(good_order()),
        Row::new("an import of dreams", Method::POST, "/v1/imports?kind=dreams", 400, "invalid_parameter")
            .header("content-type", "application/x-ndjson")
            .bytes_only(good_order()),
        Row::new("an import in a mode that there is not", Method::POST, "/v1/imports?kind=orders&mode=later", 400, "invalid_parameter")
            .header("content-type", "application/x-ndjson")
            .bytes_only(good_order()),
        Row::new(
            "an import of a file in no known letters",
            Method::POST,
            "/v1/imports?kind=products&encoding=utf-16",
            400,
            "invalid_parameter",
        )
        .header("content-type", "text/csv")
        .bytes_only(json!("sku")),
        Row::new("an import of numbers in no known form", Method::POST, "/v1/imports?kind=prices&decimal=slash", 400, "invalid_parameter")
            .header("content-type", "text/csv")
            .bytes_only(json!("sku")),
        Row::new("an import with columns of nowhere", Method::POST, "/v1/imports?kind=stock", 422, "unknown_column")
            .header("content-type", "text/csv")
            .bytes_only(json!("shelf"))
            .at(""),
        Row::get(format!("/v1/imports/{NOTHING}/result"), 404, "not_found"),
        Row::get(format!("/v1/imports/{NOTHING}/result?format=xlsx"), 400, "invalid_parameter"),
        Row::get("/v1/exports/orders?format=pdf", 400, "invalid_parameter"),
        Row::get("/v1/exports/orders?limit=5", 400, "unknown_parameter"),
        Row::get("/v1/exports/invoices?status=lost", 400, "invalid_parameter"),
        Row::get("/v1/exports/products?kind=dream", 400, "invalid_parameter"),
        Row::get("/v1/changes/orders?after=garbage", 400, "invalid_cursor"),
        Row::get("/v1/changes/prices?limit=0", 400, "invalid_parameter"),
        Row::get("/v1/changes/stock?after=garbage", 400, "invalid_cursor"),
        Row::get("/v1/changes/stock?sku=KOPI", 400, "unknown_parameter"),
        Row::get("/v1/changes/shipments?limit=201", 400, "invalid_parameter"),
        Row::get("/v1/changes/credit_notes?after=e30", 400, "invalid_cursor"),
        Row::get("/v1/changes/returns?limit=many", 400, "invalid_parameter"),
        Row::get(format!("/v1/publishable_keys/{NOTHING}"), 404, "not_found"),
        Row::new("a bulk call that wants to be answered in verse", Method::PUT, "/v1/products?answer=verse", 400, "invalid_parameter")
            .json(json!([])),
        Row::new("an import of JSON", Method::POST, "/v1/imports?kind=orders", 415, "unsupported_media_type").json(json!([good_order()])),
        Row::new("an import by somebody who only reads", Method::POST, "/v1/imports", 403, "insufficient_scope").by(Caller::Viewer),
        Row::get("/v1/events?after=garbage", 400, "invalid_cursor"),
        Row::get("/v1/events?type=Order.Held", 400, "invalid_parameter"),
        Row::get("/v1/events?type=order.captuerd", 400, "invalid_parameter"),
        Row::get("/v1/inventory?below_reorder_point=maybe", 400, "invalid_parameter"),
        Row::get("/v1/inventory/availability", 400, "invalid_parameter"),
        Row::get("/v1/inventory/availability?sku=KOPI&quantity=many", 400, "invalid_parameter"),
        Row::get("/v1/inventory/availability?sku=KOPI&quantity=-1", 422, "out_of_range").at(""),
        Row::get("/v1/reports/sales?from=2026-03-02&to=2026-03-01", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?interval=fortnight", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?group_by=colour", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?currency=ABC", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?from=02.03.2026", 400, "invalid_parameter"),
        Row::get(format!("/v1/invoices/{NOTHING}/pdf?language=de"), 400, "invalid_parameter"),
        Row::get(format!("/v1/invoices/{NOTHING}/pdf?paper=a5"), 400, "invalid_parameter"),
        Row::get(format!("/v1/invoices/{NOTHING}/pdf?colour=red"), 400, "unknown_parameter"),
        Row::get(format!("/v1/invoices/{NOTHING}/ubl?profile=zugferd"), 400, "invalid_parameter"),
        Row::get(format!("/v1/shipments/{NOTHING}/packing_list?language=de"), 400, "invalid_parameter"),
        Row::get(format!("/v1/customers/{NOTHING}/statement?from=yesterday"), 400, "invalid_parameter"),
        Row::get(format!("/v1/customers/{NOTHING}/statement?currency=ABC"), 400, "invalid_parameter"),
        Row::get(format!("/v1/customers/{NOTHING}/statement?language=de"), 400, "invalid_parameter"),
        Row::get("/v1/invoice_series/INV/gaps?from=1", 400, "unknown_parameter"),
    ]
}

pub fn paths(world: &World) -> Vec<Row> {
    let (foreign, ours) = (&world.foreign_order, world.order_id());
    let act = |path: String, body: Value, status, code| Row::new(format!("POST {path}"), Method::POST, path, status, code).json(body);
    let mut rows = vec![
        Row::get("/v1/orders/SO-000001", 400, "invalid_path"),
        Row::get("/v1/orders/01938f5e-7c1a-7000-8000-2f1b3c4d5e6", 400, "invalid_path"),
        Row::get("/v1/orders/%00", 400, "invalid_path"),
        Row::get("/v1/products/KOPI%00", 400, "invalid_path"),
        Row::get("/v1/products/KO%20PI", 400, "invalid_path"),
        Row::get("/v1/products/KO%2FPI", 400, "invalid_path"),
        Row::get("/v1/products/%ff", 400, "invalid_path"),
        Row::get(format!("/v1/products/{}", "K".repeat(65)), 400, "invalid_path"),
        Row::new("a code that none can have", Method::PUT, "/v1/locations/a%20b", 400, "invalid_path")
            .json(json!({"name": "x", "kind": "store"})),
        Row::get(format!("/v1/orders/{NOTHING}"), 404, "not_found"),
        Row::get("/v1/products/NO-SUCH", 404, "not_found"),
        Row::get("/v1/locations/no-such", 404, "not_found"),
        Row::get("/v1/inventory/NO-SUCH/jakarta/policy", 404, "not_found"),
        Row::get("/v1/orders/", 404, "not_found"),
        Row::get(format!("/v1/invoices/{NOTHING}/pdf"), 404, "not_found"),
        Row::get(format!("/v1/invoices/{NOTHING}/ubl"), 404, "not_found"),
        Row::get(format!("/v1/credit_notes/{NOTHING}/pdf"), 404, "not_found"),
        Row::get(format!("/v1/credit_notes/{NOTHING}/ubl"), 404, "not_found"),
        Row::get(format!("/v1/payments/{NOTHING}/receipt"), 404, "not_found"),
        Row::get(format!("/v1/shipments/{NOTHING}/packing_list"), 404, "not_found"),
        Row::get(format!("/v1/fulfillment_orders/{NOTHING}/packing_list"), 404, "not_found"),
        Row::get(format!("/v1/customers/{NOTHING}/statement"), 404, "not_found"),
        Row::get(format!("/v1/customers/{}/statement.pdf", world.foreign_customer), 404, "not_found"),
        Row::get("/v1/invoice_series/NONE/gaps", 404, "not_found"),
        Row::get("/v1/invoices/INV-000001/pdf", 400, "invalid_path"),
        Row::get("/v1/colours", 404, "not_found"),
        Row::get("/v2/orders", 404, "not_found"),
        Row::get(format!("/v1/orders/{foreign}"), 404, "not_found"),
        Row::get(format!("/v1/orders/{foreign}/events"), 404, "not_found"),
        Row::get(format!("/v1/customers/{}", world.foreign_customer), 404, "not_found"),
        Row::get(format!("/v1/customers/{}/history", world.foreign_customer), 404, "not_found"),
        Row::new("PATCH another organization's order", Method::PATCH, format!("/v1/orders/{foreign}"), 404, "not_found")
            .json(json!({"note": "x"})),
        act(format!("/v1/orders/{foreign}/hold"), json!({"reason": "x"}), 404, "not_found"),
        act(format!("/v1/orders/{foreign}/cancel"), json!({"reason": {"code": "fraud"}}), 404, "not_found"),
        act(format!("/v1/orders/{foreign}/invoices"), json!({}), 404, "not_found"),
        act("/v1/payments/zzz/allocations".to_owned(), json!({"allocations": 1}), 400, "invalid_path"),
        act("/v1/payments/zzz/allocations/release".to_owned(), json!({"reason": 1}), 400, "invalid_path"),
        act(format!("/v1/orders/{ours}/holds/{NOTHING}/release"), json!({"reason": "x"}), 404, "not_found"),
        act(format!("/v1/orders/{ours}/lines/{NOTHING}/complete"), json!({}), 404, "not_found"),
        act(format!("/v1/fulfillment_orders/{NOTHING}/ship"), json!({"carrier": "jne"}), 404, "not_found"),
        act(format!("/v1/payments/{NOTHING}/refund"), json!({"amount": "1", "reason": "x"}), 404, "not_found"),
        act(format!("/v1/payments/{NOTHING}/reverse"), json!({"reason": "x"}), 404, "not_found"),
        act(format!("/v1/payments/{NOTHING}/allocations/release"), json!({"order_id": NOTHING, "reason": "x"}), 404, "not_found"),
        act(format!("/v1/orders/{NOTHING}/refunds"), json!({"amount": "1", "reason": "x"}), 404, "not_found"),
        act(format!("/v1/shipments/{NOTHING}/deliver"), json!({}), 404, "not_found"),
    ];
    let wrong = [
        (Method::DELETE, "/v1/orders"),
        (Method::PUT, "/v1/orders"),
        (Method::POST, "/v1/me"),
        (Method::PATCH, "/v1/prices"),
        (Method::GET, "/v1/auth/token"),
        (Method::DELETE, "/v1/products/KOPI"),
        (Method::PUT, "/v1/inventory"),
    ];
    rows.extend(wrong.map(|(method, path)| Row::new(format!("{method} {path}"), method, path, 405, "method_not_allowed")));
    rows
}

pub fn headers(world: &World) -> Vec<Row> {
    let place = |what: &str, status, code| Row::new(what, Method::POST, "/v1/orders", status, code).json(good_order());
    let patch = |what: &str, status, code| {
        let path = format!("/v1/orders/{}", world.order_id());
        Row::new(what, Method::PATCH, path, status, code).json(json!({"note": "x"}))
    };
    vec![
        place("an empty key", 400, "invalid_idempotency_key").header("idempotency-key", ""),
        place("an empty key in quotes", 400, "invalid_idempotency_key").header("idempotency-key", "\"\""),
        place("a key of 256 characters", 400, "invalid_idempotency_key").header("idempotency-key", "k".repeat(256)),
        place("a key beyond ASCII", 400, "invalid_idempotency_key").header("idempotency-key", "schlüssel".as_bytes()),
        place("a key with a quote inside", 400, "invalid_idempotency_key").header("idempotency-key", "a\"b"),
        place("a key of another request", 422, "idempotency_key_reused").header("idempotency-key", "used").at(""),
        patch("another version", 412, "stale_version").header("if-match", "\"77\""),
        patch("a tag that is none of ours", 412, "stale_version").header("if-match", "\"abc\""),
        patch("a tag that is no text", 400, "invalid_header").header("if-match", b"\"\xff\"".to_vec()),
        Row::new("a patch as text", Method::PATCH, format!("/v1/orders/{}", world.order_id()), 415, "unsupported_media_type")
            .header("content-type", "text/plain")
            .bytes_only(json!({"note": "x"})),
        Row::new("only new, but there", Method::PUT, "/v1/products/KOPI", 412, "stale_version")
            .header("if-none-match", "*")
            .json(json!({"name": "Kopi", "unit": "C62", "tax_category": "standard"})),
        Row::new("only this version, but not there", Method::PUT, "/v1/products/NEW", 404, "not_found")
            .header("if-match", "\"1\"")
            .json(json!({"name": "New", "unit": "C62", "tax_category": "standard"})),
    ]
}
