//! Every example of the document works on the demo data, in the order of the road, and every answer is as documented.

use crate::shop::{clean, post_journal};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::demo;
use crate::support::document::{Document, Operation};
use crate::support::hooks::{inbound, signed};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::payments::provider::stripe::signature;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A version that nothing reaches here.
const OTHER_VERSION: &str = "\"999999\"";

/// One walk along the road. Each step sends the documented example and judges the answer by the document.
struct Road<'a> {
    document: Document,
    admin: Caller<'a>,
    /// An admin of another organization, who gets nothing of ours.
    stranger: Caller<'a>,
    taken: BTreeSet<String>,
    faults: Vec<String>,
}

/// What a step fills into its example: values that only the state knows.
struct Step<'a> {
    operation: Operation,
    path: Vec<(&'a str, &'a Value)>,
    body: Option<(String, Value)>,
    query: Vec<(String, String)>,
}

impl<'a> Step<'a> {
    fn path(&self) -> String {
        let parameters = self.operation.json["parameters"].as_array().cloned().unwrap_or_default();
        self.operation.path_with(|name| {
            let example = parameters.iter().find(|parameter| parameter["name"] == name).map(|parameter| parameter["example"].clone());
            let given = self.path.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).clone());
            let value = given.or(example).unwrap_or_default();
            value
                .as_str()
                .unwrap_or_else(|| panic!("{}: '{name}' has neither a value of the state nor an example", self.operation.id))
                .to_owned()
        })
    }

    fn request(&self, caller: &Caller<'_>) -> RequestBuilder {
        let request = caller.request(self.operation.method.clone(), &self.path()).query(&self.query);
        match &self.body {
            Some((kind, Value::String(text))) => request.header("content-type", kind).body(text.clone()),
            Some((kind, body)) => request.header("content-type", kind).body(body.to_string()),
            None => request,
        }
    }
}

impl<'a> Road<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let admin = app.caller(demo::load(app).await, Role::Admin).await;
        let elsewhere = app.organization("elsewhere").await;
        let stranger = app.caller(elsewhere, Role::Admin).await;
        Self { document: Document::new(), admin, stranger, taken: BTreeSet::new(), faults: Vec::new() }
    }

    /// The example of `id`, with the path's ids.
    async fn go(&mut self, id: &str, path: &[(&str, &Value)]) -> Value {
        self.go_with(id, path, |_| {}).await
    }

    /// The same with a body that `change` has filled in.
    async fn go_with(&mut self, id: &str, path: &[(&str, &Value)], change: impl Fn(&mut Value)) -> Value {
        let operation = self.document.operation(id);
        self.taken.insert(id.to_owned());
        let content = operation.json["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        let body = content.map(|(kind, content)| {
            let mut body = self.document.example(content).unwrap_or_else(|error| panic!("{id}: {error}"));
            change(&mut body);
            (kind.clone(), body)
        });
        let parameters = operation.json["parameters"].as_array().cloned().unwrap_or_default();
        let needed = parameters.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
        let query = needed.map(|parameter| example_of(id, parameter)).collect();
        let step = Step { operation, path: path.to_vec(), body, query };
        self.take(&step).await
    }

    async fn take(&mut self, step: &Step<'_>) -> Value {
        let operation = &step.operation;
        let takes = |name: &str| operation.takes_header(&self.document, name);
        let mut faults = Vec::new();
        if operation.path_parameters().iter().any(|name| name.ends_with("id")) {
            let refused = send(step.request(&self.stranger)).await;
            // The body may name something of ours, too.
            let unknown = refused.status == 422 && refused.body["code"].as_str().is_some_and(|code| code.starts_with("unknown_"));
            if refused.status != 404 && !(unknown && step.body.is_some()) {
                faults.push(format!("another organization gets {} {}", refused.status, refused.body));
            }
        }
        // A `PUT` may make what it names, and has a version only then.
        let puts = operation.method == Method::PUT;
        if takes("If-Match") && !puts {
            faults.extend(self.stale(step).await);
        }
        let key = format!("\"{}-{}\"", operation.id, self.taken.len());
        let keyed = || match operation.method == Method::POST {
            true => step.request(&self.admin).header("Idempotency-Key", &key),
            false => step.request(&self.admin),
        };
        let reply = send(keyed()).await;
        faults.extend(judge(&self.document, operation, &reply));
        if takes("If-Match") && puts {
            faults.extend(self.stale(step).await);
        }
        // It changes nothing, so that there is nothing to repeat.
        if operation.method == Method::POST && operation.json["x-writes-nothing"] != true {
            let again = send(keyed()).await;
            let repeated = again.header("idempotency-replayed") == "true" && (again.status, &again.body) == (reply.status, &reply.body);
            if !repeated && again.body["code"] != "secret_already_shown" {
                faults.push(format!("repeated with its key: {} {}", again.status, again.body));
            }
        }
        if takes("If-None-Match") {
            let tag = if operation.method == Method::GET { reply.header("etag") } else { "*" };
            let unchanged = send(step.request(&self.admin).header("If-None-Match", tag)).await;
            let expected = if operation.method == Method::GET { 304 } else { 412 };
            if unchanged.status != expected {
                faults.push(format!("If-None-Match: {tag} gets {}", unchanged.status));
            }
        }
        self.faults.extend(faults.into_iter().map(|fault| format!("{} {}: {fault}", operation.id, step.path())));
        reply.body
    }

    /// What is wrong with the answer to an `If-Match` of another version.
    async fn stale(&self, step: &Step<'_>) -> Option<String> {
        let stale = send(step.request(&self.admin).header("If-Match", OTHER_VERSION)).await;
        let fine = (stale.status, &stale.body["code"]) == (412, &json!("stale_version"));
        (!fine).then(|| format!("If-Match of another version gets {} {}", stale.status, stale.body))
    }

    /// A list, which another organization sees nothing of.
    async fn list(&mut self, id: &str, path: &[(&str, &Value)]) -> Value {
        let whole = self.go(id, path).await;
        let operation = self.document.operation(id);
        let ours: Vec<&str> = whole["data"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect();
        if path.is_empty() {
            let theirs = self.stranger.get(&operation.path).await;
            if ours.iter().any(|id| theirs.body.to_string().contains(id)) {
                self.faults.push(format!("{id}: another organization sees ours"));
            }
        }
        whole
    }
}

fn example_of(id: &str, parameter: &Value) -> (String, String) {
    let example = parameter.get("example").or(parameter["schema"].get("example"));
    let name = parameter["name"].as_str().unwrap().to_owned();
    let value = match example {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("{id}: the query parameter '{name}' is required and has no example"),
    };
    (name, value)
}

/// The example of an operation that is proved by a signature instead of a token; one that is signed by somebody else is let in nowhere.
async fn knock(road: &mut Road<'_>, id: &str, path: &str, header: &'static str, sign: impl Fn(&[u8]) -> String) {
    road.taken.insert(id.to_owned());
    let operation = road.document.operation(id);
    let body = road.document.example(&operation.json["requestBody"]["content"]["application/json"]).unwrap().to_string();
    let request =
        || road.admin.anonymous(Method::POST, path).header("content-type", "application/json").header("X-Shopify-Topic", "orders/create");
    let strange = send(request().header(header, sign(b"something else")).body(body.clone())).await;
    let reply = send(request().header(header, sign(body.as_bytes())).body(body.clone())).await;
    let mut faults = judge(&road.document, &operation, &reply);
    if strange.status != 401 || operation.response(&road.document, 401).is_none() {
        faults.push(format!("a bad signature gets {} {}", strange.status, strange.body));
    }
    road.faults.extend(faults.iter().map(|fault| format!("{id}: {fault}")));
}

/// What of an answer is not as documented.
fn judge(document: &Document, operation: &Operation, reply: &Reply) -> Vec<String> {
    let fine = (200..300).contains(&reply.status);
    let Some(response) = operation.response(document, reply.status).filter(|_| fine) else {
        return vec![format!("{} {}", reply.status, reply.body)];
    };
    let mut faults = Vec::new();
    for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
        if reply.header(name).is_empty() && name != "Idempotency-Replayed" {
            faults.push(format!("the documented header {name} does not come"));
        }
    }
    for name in ["etag", "location"] {
        let documented =
            response["headers"].as_object().is_some_and(|headers| headers.keys().any(|known| known.eq_ignore_ascii_case(name)));
        if !reply.header(name).is_empty() && !documented {
            faults.push(format!("the header {name} comes and is not documented"));
        }
    }
    let kind = reply.header("content-type").split(';').next().unwrap_or_default().to_owned();
    match response["content"].as_object() {
        None if reply.status == 204 => {}
        None => faults.push("the answer's body is not documented".to_owned()),
        Some(content) => match content.get(&kind) {
            None => faults.push(format!("{kind} is not documented")),
            Some(_) if !kind.ends_with("json") || kind == "application/x-ndjson" => {}
            Some(content) => faults.extend(document.faults(&content["schema"], &reply.body)),
        },
    }
    faults
}

/// The first open fulfillment order of an order.
async fn fulfillment_of(admin: &Caller<'_>, order: &Value) -> Value {
    let path = format!("/v1/fulfillment_orders?order_id={}", order["id"].as_str().unwrap());
    let rows = admin.get(&path).await.expect(200).body["data"].clone();
    let open = rows.as_array().unwrap().iter().find(|row| !matches!(row["status"].as_str(), Some("shipped" | "cancelled")));
    open.unwrap_or_else(|| panic!("{rows:#}"))["id"].clone()
}

async fn walk_the_road(app: &TestApp) {
    let mut road = Road::new(app).await;
    access(&mut road, app).await;
    organization_and_catalog(&mut road).await;
    customers(&mut road).await;
    inventory(&mut road).await;
    let order = orders(&mut road).await;
    app.clock.advance(TimeDelta::minutes(10));
    fulfillment(&mut road, &order).await;
    let invoice = invoices(&mut road, &order).await;
    payments(&mut road, app, &order, &invoice).await;
    banking(&mut road, &order).await;
    journal(&mut road, app).await;
    returns(&mut road).await;
    reports_and_events(&mut road, &order).await;
    notices(&mut road, app).await;
    webhooks(&mut road, app).await;
    mails(&mut road, app).await;

    let documented: BTreeSet<String> = road.document.operations().into_iter().map(|operation| operation.id).collect();
    let missed = documented.difference(&road.taken).map(|id| format!("{id} is not on the road; add it where it belongs"));
    road.faults.extend(missed);
    assert!(road.faults.is_empty(), "\n{}", road.faults.join("\n"));
    clean(app).await;
}

async fn access(road: &mut Road<'_>, app: &TestApp) {
    let created = road.go("create_api_client", &[]).await;
    // The client's own credentials; a token has no version and is not repeated.
    road.taken.insert("create_token".to_owned());
    let operation = road.document.operation("create_token");
    for (kind, content) in operation.json["requestBody"]["content"].as_object().unwrap() {
        let mut body = road.document.example(content).unwrap();
        body["client_id"] = created["client_id"].clone();
        body["client_secret"] = created["client_secret"].clone();
        let request = app.request(Method::POST, "/v1/auth/token");
        let reply = send(if kind.ends_with("json") { request.json(&body) } else { request.form(&body) }).await;
        road.faults.extend(judge(&road.document, &operation, &reply).iter().map(|fault| format!("create_token: {fault}")));
    }
    let id = &created["client_id"];
    road.go("get_me", &[]).await;
    let key = road.go("create_publishable_key", &[]).await;
    road.list("list_publishable_keys", &[]).await;
    for step in ["get_publishable_key", "patch_publishable_key", "disable_publishable_key"] {
        road.go(step, &[("id", &key["id"])]).await;
    }
    road.list("list_api_clients", &[]).await;
    road.go("get_api_client", &[("id", id)]).await;
    road.go("patch_api_client", &[("id", id)]).await;
    road.go("rotate_api_client", &[("id", id)]).await;
    road.go("disable_api_client", &[("id", id)]).await;
    users(road, app).await;
}

async fn users(road: &mut Road<'_>, app: &TestApp) {
    let created = road.go("create_user", &[]).await;
    let id = &created["id"];
    road.list("list_users", &[]).await;
    road.go("get_user", &[("id", id)]).await;
    let login = open(road, "log_in", None, |body| {
        body["email"] = created["email"].clone();
        body["password"] = created["one_time_password"].clone();
    });
    let login = login.await;
    let token = login["access_token"].as_str().unwrap().to_owned();
    open(road, "change_own_password", Some(&token), |body| body["current_password"] = created["one_time_password"].clone()).await;
    open(road, "log_out", None, |body| body["refresh_token"] = login["refresh_token"].clone()).await;
    assert_eq!(send(app.request(Method::GET, "/v1/me").bearer_auth(&token)).await.status, 401);
    road.go("patch_user", &[("id", id)]).await;
    road.go("set_user_password", &[("id", id)]).await;
    road.go("disable_user", &[("id", id)]).await;
    road.go("enable_user", &[("id", id)]).await;
    road.list("list_audit", &[]).await;
}

/// The example of an operation that no API client calls: it has no version, and is not repeated.
async fn open(road: &mut Road<'_>, id: &str, token: Option<&str>, change: impl Fn(&mut Value)) -> Value {
    road.taken.insert(id.to_owned());
    let operation = road.document.operation(id);
    let mut body = road.document.example(&operation.json["requestBody"]["content"]["application/json"]).unwrap();
    change(&mut body);
    let request = road.admin.anonymous(operation.method.clone(), &operation.path).json(&body);
    let reply = send(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    });
    let reply = reply.await;
    road.faults.extend(judge(&road.document, &operation, &reply).iter().map(|fault| format!("{id}: {fault}")));
    reply.body
}

async fn organization_and_catalog(road: &mut Road<'_>) {
    road.go("get_organization", &[]).await;
    road.go("put_organization", &[]).await;
    road.go("patch_organization", &[]).await;
    road.list("list_payment_terms", &[]).await;
    road.go("get_payment_term", &[]).await;
    road.go("put_payment_term", &[]).await;
    road.go("patch_payment_term", &[]).await;
    road.list("list_exchange_rates", &[]).await;
    road.go("put_exchange_rates", &[]).await;
    channels(road).await;
    road.go("put_products", &[]).await;
    road.go("put_product", &[]).await;
    road.go("patch_product", &[]).await;
    road.go("get_product", &[]).await;
    road.list("list_products", &[]).await;
    road.go("put_prices", &[]).await;
    road.list("list_prices", &[]).await;
    road.go("put_tax_rates", &[]).await;
    road.list("list_tax_rates", &[]).await;
    let coupon = road.go("create_coupon", &[]).await;
    road.list("list_coupons", &[]).await;
    road.go("get_coupon", &[("id", &coupon["id"])]).await;
    road.go("patch_coupon", &[("id", &coupon["id"])]).await;
    road.list("list_coupon_redemptions", &[("id", &coupon["id"])]).await;
    road.go("deactivate_coupon", &[("id", &coupon["id"])]).await;
}

async fn channels(road: &mut Road<'_>) {
    let channel = road.go("create_channel", &[]).await;
    road.list("list_channels", &[]).await;
    road.go("get_channel", &[("id", &channel["id"])]).await;
    road.go("patch_channel", &[("id", &channel["id"])]).await;
    road.go("rotate_channel_secret", &[("id", &channel["id"])]).await;
    road.go("rotate_channel_address", &[("id", &channel["id"])]).await;
    let own = json!({"code": "own-shop", "kind": "shopify", "name": "Own shop", "secret": "shpss_example"});
    let own = road.admin.post("/v1/channels", own).await.expect(201).body;
    let generic = json!({"code": "other-shop", "kind": "generic", "name": "Other shop"});
    let generic = road.admin.post("/v1/channels", generic).await.expect(201).body;
    road.go("try_channel_mapping", &[("id", &generic["id"])]).await;
    knock(road, "receive_inbound_message", &inbound(&own), "X-Shopify-Hmac-Sha256", |body| signed("shpss_example", body)).await;
    for body in ["{\"id\":1}", "{\"id\":2}"] {
        let request = road.admin.anonymous(Method::POST, &inbound(&own)).header("X-Shopify-Topic", "orders/create");
        send(request.header("X-Shopify-Hmac-Sha256", signed("shpss_example", body.as_bytes())).body(body)).await.expect(200);
    }
    let messages = road.list("list_inbound_messages", &[]).await;
    let (first, second) = (messages["data"][0]["id"].clone(), messages["data"][1]["id"].clone());
    road.go("get_inbound_message", &[("id", &first)]).await;
    road.go("get_inbound_message_content", &[("id", &first)]).await;
    road.go("retry_inbound_message", &[("id", &first)]).await;
    road.go("discard_inbound_message", &[("id", &second)]).await;
}

async fn customers(road: &mut Road<'_>) {
    let customer = road.go("create_customer", &[]).await;
    road.list("list_customers", &[]).await;
    road.go("get_customer", &[("id", &customer["id"])]).await;
    road.go("patch_customer", &[("id", &customer["id"])]).await;
    road.go("put_customer_by_code", &[]).await;
}

async fn inventory(road: &mut Road<'_>) {
    road.list("list_locations", &[]).await;
    road.go("get_location", &[]).await;
    road.go("put_location", &[]).await;
    road.go("patch_location", &[]).await;
    road.list("list_inventory", &[]).await;
    road.go("receive_stock", &[]).await;
    road.go("adjust_stock", &[]).await;
    road.go("transfer_stock", &[]).await;
    road.go("quarantine_stock", &[]).await;
    road.go("put_stock_snapshot", &[]).await;
    road.list("list_stock_movements", &[]).await;
    road.go("put_stock_policy", &[]).await;
    road.go("get_stock_policy", &[]).await;
    road.go("get_availability", &[]).await;
    let supply = road.go("create_incoming_supply", &[]).await;
    road.list("list_incoming_supply", &[]).await;
    road.go("get_incoming_supply", &[("id", &supply["id"])]).await;
    road.list("list_pegs", &[("id", &supply["id"])]).await;
    road.go("patch_incoming_supply", &[("id", &supply["id"])]).await;
    road.go("cancel_incoming_supply", &[("id", &supply["id"])]).await;
    road.go("ask_cart_availability", &[]).await;
    let reservation = road.go("create_reservation", &[]).await;
    road.list("list_reservations", &[]).await;
    road.go("get_reservation", &[("id", &reservation["id"])]).await;
    road.go("delete_reservation", &[("id", &reservation["id"])]).await;
}

/// The order that the rest of the road is about.
async fn orders(road: &mut Road<'_>) -> Value {
    road.go("quote_order", &[]).await;
    let draft = road.go_with("place_order", &[], |body| body["draft"] = json!(true)).await;
    road.go("confirm_order", &[("id", &draft["id"])]).await;
    road.go("cancel_order", &[("id", &draft["id"])]).await;
    let order = road.go("place_order", &[]).await;
    assert_eq!(order["status"], "confirmed", "{order:#}");
    road.list("list_orders", &[]).await;
    road.go("get_order", &[("id", &order["id"])]).await;
    road.go("get_order_ubl", &[("id", &order["id"])]).await;
    road.go("place_ubl_order", &[]).await;
    road.go("patch_order", &[("id", &order["id"])]).await;
    road.go("edit_order", &[("id", &order["id"])]).await;
    let import = road.go("create_import", &[]).await;
    road.list("list_imports", &[]).await;
    road.go("get_import", &[("id", &import["id"])]).await;
    road.list("list_import_rows", &[("id", &import["id"])]).await;
    road.go("get_import_result", &[("id", &import["id"])]).await;
    for kind in ["orders", "order_lines", "invoices", "invoice_lines", "customers", "products", "prices", "stock"] {
        road.go(&format!("export_{kind}"), &[]).await;
    }
    for kind in ["orders", "customers", "products", "prices", "invoices", "payments", "credit_notes", "shipments", "returns", "stock"] {
        road.list(&format!("poll_{kind}"), &[]).await;
    }
    let held = road.go("hold_order", &[("id", &order["id"])]).await;
    let released = road.go("release_hold", &[("id", &order["id"]), ("hold_id", &held["holds"][0]["id"])]).await;
    assert_eq!(released["status"], "confirmed", "{released:#}");
    let wrapped = road.go_with("place_order", &[], |body| body["lines"] = json!([{"sku": "GIFT-WRAP", "quantity": "2"}])).await;
    road.go("complete_order_line", &[("id", &wrapped["id"]), ("line_id", &wrapped["lines"][0]["id"])]).await;
    order
}

async fn fulfillment(road: &mut Road<'_>, order: &Value) {
    let cancelled = road.go("place_order", &[]).await;
    let id = fulfillment_of(&road.admin, &cancelled).await;
    road.go("cancel_fulfillment_order", &[("id", &id)]).await;
    road.list("list_fulfillment_orders", &[]).await;
    let id = fulfillment_of(&road.admin, order).await;
    road.go("get_fulfillment_order", &[("id", &id)]).await;
    let line = order["lines"][0]["id"].clone();
    let part = |body: &mut Value| body["lines"][0]["order_line_id"] = line.clone();
    let new = road.go_with("split_fulfillment_order", &[("id", &id)], part).await;
    road.go_with("merge_fulfillment_orders", &[("id", &id)], |body| body["fulfillment_order_ids"][0] = new["id"].clone()).await;
    road.go("move_fulfillment_order", &[("id", &id)]).await;
    let id = fulfillment_of(&road.admin, order).await;
    road.go("pick_fulfillment_order", &[("id", &id)]).await;
    road.go("pack_fulfillment_order", &[("id", &id)]).await;
    road.go("get_fulfillment_order_packing_list", &[("id", &id)]).await;
    let shipment = road.go("ship_fulfillment_order", &[("id", &id)]).await;
    road.list("list_shipments", &[]).await;
    road.go("get_shipment", &[("id", &shipment["id"])]).await;
    road.go("patch_shipment", &[("id", &shipment["id"])]).await;
    road.go("get_shipment_packing_list", &[("id", &shipment["id"])]).await;
    road.go("get_shipment_ubl", &[("id", &shipment["id"])]).await;
    road.go("deliver_shipment", &[("id", &shipment["id"])]).await;
    road.go("create_tracking_event", &[("id", &shipment["id"])]).await;
}

async fn invoices(road: &mut Road<'_>, order: &Value) -> Value {
    road.list("list_invoice_series", &[]).await;
    road.go("get_invoice_series", &[]).await;
    road.go("put_invoice_series", &[]).await;
    let invoice = road.go("issue_invoice", &[("id", &order["id"])]).await;
    road.list("list_invoices", &[]).await;
    road.go("get_invoice", &[("id", &invoice["id"])]).await;
    road.go("patch_invoice", &[("id", &invoice["id"])]).await;
    road.go("get_invoice_pdf", &[("id", &invoice["id"])]).await;
    road.go("get_invoice_ubl", &[("id", &invoice["id"])]).await;
    road.go("get_invoice_series_gaps", &[]).await;
    invoice
}

async fn payments(road: &mut Road<'_>, app: &TestApp, order: &Value, invoice: &Value) {
    let at = app.clock.now();
    let paid = road.go_with("receive_payment", &[], |body| body["customer_id"] = order["customer"]["id"].clone()).await;
    road.go_with("allocate_payment", &[("id", &paid["id"])], |body| body["allocations"][0]["invoice_id"] = invoice["id"].clone()).await;
    road.go_with("release_allocations", &[("id", &paid["id"])], |body| body["invoice_id"] = invoice["id"].clone()).await;
    road.go_with("allocate_payment", &[("id", &paid["id"])], |body| body["allocations"][0]["invoice_id"] = invoice["id"].clone()).await;
    road.go("put_payment_provider", &[]).await;
    let provider = road.go("get_payment_provider", &[]).await;
    let sign = |body: &[u8]| signature::sign(body, "whsec_example", at);
    knock(road, "receive_provider_event", provider["inbound_path"].as_str().unwrap(), "Stripe-Signature", sign).await;
    road.list("list_payment_providers", &[]).await;
    road.list("list_payments", &[]).await;
    road.go("get_payment", &[("id", &paid["id"])]).await;
    road.go("patch_payment", &[("id", &paid["id"])]).await;
    for (status, action) in [("authorized", "capture_payment"), ("authorized", "void_payment"), ("pending", "fail_payment")] {
        let promised = road.go_with("receive_payment", &[], |body| body["status"] = json!(status)).await;
        road.go(action, &[("id", &promised["id"])]).await;
    }
    road.go("refund_order", &[("id", &order["id"])]).await;
    let refund = road.go("refund_payment", &[("id", &paid["id"])]).await;
    let called_back = road.go("receive_payment", &[]).await;
    road.go("reverse_payment", &[("id", &called_back["id"])]).await;
    road.list("list_refunds", &[]).await;
    road.go("get_refund", &[("id", &refund["id"])]).await;
    let anew = road.go("rebill_invoice", &[("id", &invoice["id"])]).await;
    let note = road.go_with("issue_credit_note", &[], |body| body["invoice_id"] = anew["id"].clone()).await;
    road.list("list_credit_notes", &[]).await;
    road.go("get_credit_note", &[("id", &note["id"])]).await;
    road.go("patch_credit_note", &[("id", &note["id"])]).await;
    road.go("get_credit_note_pdf", &[("id", &note["id"])]).await;
    road.go("get_credit_note_ubl", &[("id", &note["id"])]).await;
    road.go("get_payment_receipt", &[("id", &paid["id"])]).await;
}

async fn banking(road: &mut Road<'_>, order: &Value) {
    road.list("list_bank_matching_tolerances", &[]).await;
    road.go("put_bank_matching_tolerances", &[]).await;
    let statement = road.go("import_bank_statement", &[]).await;
    road.list("list_bank_statements", &[]).await;
    road.go("get_bank_statement", &[("id", &statement["id"])]).await;
    let entries = road.list("list_bank_statement_entries", &[("id", &statement["id"])]).await;
    let of = |direction: &str| entries["data"].as_array().unwrap().iter().find(|row| row["direction"] == direction).unwrap()["id"].clone();
    let (credit, debit) = (of("credit"), of("debit"));
    road.list("list_bank_entries", &[]).await;
    road.go("get_bank_entry", &[("id", &credit)]).await;
    road.go_with("match_bank_entry", &[("id", &credit)], |body| body["customer_id"] = order["customer"]["id"].clone()).await;
    road.go("ignore_bank_entry", &[("id", &debit)]).await;
    road.go("unmatch_bank_entry", &[("id", &debit)]).await;
}

async fn journal(road: &mut Road<'_>, app: &TestApp) {
    road.list("list_ledger_accounts", &[]).await;
    road.go("put_ledger_accounts", &[]).await;
    post_journal(app).await;
    let feed = road.list("list_journal_entries", &[]).await;
    road.go("get_journal_entry", &[("id", &feed["data"][0]["id"])]).await;
}

/// Of an order that has shipped; of what is refused and cancelled, then of what is settled.
async fn returns(road: &mut Road<'_>) {
    let order = road.go("place_order", &[]).await;
    let id = fulfillment_of(&road.admin, &order).await;
    road.go("ship_fulfillment_order", &[("id", &id)]).await;
    road.go("issue_invoice", &[("id", &order["id"])]).await;
    let of_order = |body: &mut Value| {
        body["order_id"] = order["id"].clone();
        body["lines"][0]["order_line_id"] = order["lines"][0]["id"].clone();
    };
    let refused = road.go_with("request_return", &[], of_order).await;
    road.go("refuse_return", &[("id", &refused["id"])]).await;
    let cancelled = road.go_with("request_return", &[], of_order).await;
    road.go("cancel_return", &[("id", &cancelled["id"])]).await;
    let settled = road.go_with("request_return", &[], of_order).await;
    road.list("list_returns", &[]).await;
    road.go("get_return", &[("id", &settled["id"])]).await;
    road.go("patch_return", &[("id", &settled["id"])]).await;
    road.go("authorize_return", &[("id", &settled["id"])]).await;
    let of_lines = |body: &mut Value| {
        for line in body["lines"].as_array_mut().unwrap() {
            line["order_line_id"] = order["lines"][0]["id"].clone();
        }
    };
    road.go_with("receive_return", &[("id", &settled["id"])], of_lines).await;
    road.go("complete_return", &[("id", &settled["id"])]).await;
}

async fn notices(road: &mut Road<'_>, app: &TestApp) {
    road.go("put_notice_settings", &[]).await;
    road.go("get_notice_settings", &[]).await;
    let named: &[(&str, &Value)] = &[("kind", &json!("acknowledgement")), ("language", &json!("en"))];
    road.go("preview_notice", named).await;
    road.go("put_notice_template", named).await;
    road.go("get_notice_template", named).await;
    road.list("list_notice_templates", &[]).await;
    road.go("delete_notice_template", named).await;
    road.go("place_order", &[]).await;
    // Without a mail server, as one of these would find out for good.
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::notices::collect::collect(&db, now, || false)).await.unwrap().unwrap();
    let told = road.list("list_notices", &[]).await;
    let id = &told["data"][0]["id"];
    road.go("get_notice", &[("id", id)]).await;
    let failed = |connection: &mut diesel::pg::PgConnection| {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE notice SET status = 'failed'").execute(connection).map_err(pesanan::error::Error::from)
    };
    app.app.db.write(failed).await.unwrap();
    road.go("resend_notice", &[("id", id)]).await;
}

async fn webhooks(road: &mut Road<'_>, app: &TestApp) {
    let endpoint = road.go("create_webhook_endpoint", &[]).await;
    let id = &endpoint["id"];
    road.list("list_webhook_endpoints", &[]).await;
    road.go("get_webhook_endpoint", &[("id", id)]).await;
    road.go("patch_webhook_endpoint", &[("id", id)]).await;
    road.go("rotate_webhook_secret", &[("id", id)]).await;
    let delivery = road.go("test_webhook_endpoint", &[("id", id)]).await;
    road.list("list_webhook_deliveries", &[]).await;
    road.go("get_webhook_delivery", &[("id", &delivery["id"])]).await;
    road.go("redeliver_webhook", &[("id", &delivery["id"])]).await;
    let today = |body: &mut Value| *body = json!({"from": app.clock.now()});
    road.go_with("redeliver_webhooks", &[("id", id)], today).await;
    road.go("delete_webhook_endpoint", &[("id", id)]).await;
}

/// Mails that a person must look at: their table has a product that there is not.
async fn mails(road: &mut Road<'_>, app: &TestApp) {
    let new = json!({"code": "orders-mail", "kind": "email", "name": "Orders by mail", "settings": {"mail": {"imap_host": "imap.elsewhere.example"}}});
    let channel = road.admin.post("/v1/channels", new).await.expect(201).body;
    road.go("get_channel_mailbox", &[("id", &channel["id"])]).await;
    road.go("hand_in_message", &[("id", &channel["id"])]).await;
    let path = format!("/v1/channels/{}/messages", channel["id"].as_str().unwrap());
    for i in 0..2 {
        let mail = format!(
            "From: nobody@elsewhere.example\r\nMessage-ID: <{i}@elsewhere.example>\r\nContent-Type: text/html\r\n\r\n<table><tr><th>SKU</th><th>Qty</th></tr><tr><td>KOPI-250</td><td>3</td></tr></table>"
        );
        send(road.admin.request(Method::POST, &path).header("content-type", "message/rfc822").body(mail)).await.expect(201);
    }
    let (db, desk, clock) = (app.app.db.clone(), app.app.desk.clone(), app.clock.clone());
    actix_web::web::block(move || pesanan::inbox::work::work(&db, &desk, || clock.now())).await.unwrap().unwrap();
    let open = road.list("list_order_verifications", &[]).await;
    let of = |i: usize| {
        open["data"].as_array().unwrap().iter().filter(|row| row["sender"] == "nobody@elsewhere.example").nth(i).unwrap()["id"].clone()
    };
    let customer = road.admin.get("/v1/customers?q=C-TOKO-SUMBER").await.expect(200).body["data"][0]["id"].clone();
    road.go("get_order_verification", &[("id", &of(0))]).await;
    road.go("get_order_verification_original", &[("id", &of(0))]).await;
    road.go_with("accept_order_verification", &[("id", &of(0))], |body| body["order"]["customer_id"] = customer.clone()).await;
    road.go("reject_order_verification", &[("id", &of(1))]).await;
}

async fn reports_and_events(road: &mut Road<'_>, order: &Value) {
    for report in ["summary", "sales", "order_cycle_time", "fill_rate"] {
        road.list(&format!("get_{report}_report"), &[]).await;
        road.list(&format!("get_{report}_report_csv"), &[]).await;
    }
    let feed = road.list("list_events", &[]).await;
    road.go("get_event", &[("id", &feed["data"][0]["id"])]).await;
    road.go("stream_events", &[]).await;
    road.go("list_event_types", &[]).await;
    road.list("list_order_events", &[("id", &order["id"])]).await;
    road.list("get_customer_history", &[("id", &order["customer"]["id"])]).await;
    road.go("get_customer_statement", &[("id", &order["customer"]["id"])]).await;
    road.go("get_customer_statement_pdf", &[("id", &order["customer"]["id"])]).await;
}

#[actix_web::test]
async fn every_example_works_on_the_demo_data() {
    let app = TestApp::spawn().await;
    app.clock.advance(TimeDelta::days(300));
    walk_the_road(&app).await;
}

/// The demo is loaded on the day it is started, and its examples must not grow old.
#[actix_web::test]
async fn every_example_still_works_in_years() {
    let app = TestApp::spawn().await;
    app.clock.advance(TimeDelta::days(3000));
    walk_the_road(&app).await;
}
