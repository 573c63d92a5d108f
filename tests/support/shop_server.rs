//! A local server that answers as the APIs of Shopify and WooCommerce do, as far as shops are told and asked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct World {
    /// Shopify orders as GraphQL shows them, by number.
    orders: BTreeMap<String, Value>,
    /// What the shop was told, in order.
    told: Vec<String>,
    /// Orders as REST lists them.
    listed: Vec<Value>,
    notes: Vec<Value>,
    stock: BTreeMap<String, i64>,
    /// Answers of the next calls: (status, Retry-After).
    trouble: Vec<(u16, Option<&'static str>)>,
    /// The next change is done, but its answer does not come.
    lose_answer: bool,
    /// After so many more lists this order is changed at that instant.
    touched: Option<(usize, u64, &'static str)>,
    calls: usize,
}

#[derive(Clone)]
pub struct ShopServer {
    pub base: String,
    world: Arc<Mutex<World>>,
}

impl ShopServer {
    pub fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let data = Data::from(world.clone());
        let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { base, world }
    }

    pub fn told(&self) -> Vec<String> {
        self.world.lock().unwrap().told.clone()
    }

    pub fn calls(&self) -> usize {
        self.world.lock().unwrap().calls
    }

    pub fn stock(&self) -> BTreeMap<String, i64> {
        self.world.lock().unwrap().stock.clone()
    }

    /// An order with these lines that wait to be fulfilled.
    pub fn add_order(&self, number: &str, lines: &[(&str, i64)]) {
        let items: Vec<Value> = lines
            .iter()
            .map(|(line, left)| json!({"id": format!("item-{line}"), "remainingQuantity": left, "lineItem": {"id": format!("gid://shopify/LineItem/{line}")}}))
            .collect();
        let order =
            json!({"fulfillments": [], "fulfillmentOrders": {"nodes": [{"id": "F1", "status": "OPEN", "lineItems": {"nodes": items}}]}});
        self.world.lock().unwrap().orders.insert(number.to_owned(), order);
    }

    /// Somebody writes a fulfillment into the shop.
    pub fn fulfill_by_hand(&self, number: &str, id: u64, tracking_number: Option<&str>, lines: &[(u64, i64)]) {
        let mut world = self.world.lock().unwrap();
        fulfilled(world.orders.get_mut(number).unwrap(), id, json!(tracking_number), lines);
    }

    /// Changes an order at that instant, after so many lists.
    pub fn touch_after(&self, lists: usize, id: u64, at: &'static str) {
        self.world.lock().unwrap().touched = Some((lists, id, at));
    }

    pub fn list(&self, order: Value) {
        self.world.lock().unwrap().listed.push(order);
    }

    pub fn trouble(&self, trouble: &[(u16, Option<&'static str>)]) {
        self.world.lock().unwrap().trouble.extend(trouble);
    }

    pub fn lose_answer(&self) {
        self.world.lock().unwrap().lose_answer = true;
    }
}

async fn answer(request: HttpRequest, body: Bytes, world: Data<Mutex<World>>) -> HttpResponse {
    let mut world = world.lock().unwrap();
    world.calls += 1;
    if !world.trouble.is_empty() {
        let (status, wait) = world.trouble.remove(0);
        let mut response = HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap());
        if let Some(wait) = wait {
            response.insert_header(("Retry-After", wait));
        }
        return response.finish();
    }
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let path = request.path().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if path.starts_with("/admin/") {
        assert_eq!(header("x-shopify-access-token"), "shpat_test");
    } else {
        assert!(header("authorization").starts_with("Basic "), "{path}");
    }
    let asks = request.method() == "GET" || body["query"].as_str().is_some_and(|query| query.starts_with("query"));
    let done = match (request.method().as_str(), path.as_str()) {
        ("POST", "/admin/api/2025-10/graphql.json") => graphql(&mut world, &body),
        ("GET", "/admin/api/2025-10/orders.json") => json!({"orders": listed(&mut world, &request, "updated_at")}),
        ("GET", path) if path.starts_with("/admin/api/2025-10/orders/") => {
            let number = path.rsplit('/').next().unwrap().trim_end_matches(".json");
            match world.orders.get(number) {
                Some(order) => json!({"order": {"id": number.parse::<u64>().unwrap(), "fulfillments": order["fulfillments"]}}),
                None => return HttpResponse::NotFound().json(json!({"errors": "Not Found"})),
            }
        }
        ("GET", "/wp-json/wc/v3/orders") => json!(listed(&mut world, &request, "date_modified_gmt")),
        ("GET", path) if path.ends_with("/notes") => json!(world.notes),
        ("POST", path) if path.ends_with("/notes") => {
            world.notes.push(body.clone());
            world.told.push(format!("{path}: {}", body["note"].as_str().unwrap()));
            body
        }
        ("PUT", path) if path.starts_with("/wp-json/wc/v3/orders/") => {
            world.told.push(format!("{path}: {}", body["status"].as_str().unwrap()));
            json!({})
        }
        ("GET", "/wp-json/wc/v3/products") => match request.query_string() {
            "sku=KOPI" => json!([{"id": 7, "parent_id": 3, "type": "variation"}]),
            _ => json!([]),
        },
        ("PUT", path) => {
            world.stock.insert(path.to_owned(), body["stock_quantity"].as_i64().unwrap());
            json!({})
        }
        (method, path) => panic!("{method} {path}"),
    };
    if !asks && std::mem::take(&mut world.lose_answer) {
        return HttpResponse::BadGateway().finish();
    }
    HttpResponse::Ok().json(done)
}

fn graphql(world: &mut World, body: &Value) -> Value {
    let (query, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
    let data = if query.contains("fulfillmentCreate") {
        let input = &variables["fulfillment"];
        let number = world.orders.keys().next().cloned().unwrap();
        let made = 900 + world.told.len();
        world.told.push(input.to_string());
        let order = world.orders.get_mut(&number).unwrap();
        let parts = input["lineItemsByFulfillmentOrder"].as_array().unwrap().iter();
        let items = parts.flat_map(|part| part["fulfillmentOrderLineItems"].as_array().unwrap());
        let line = |item: &Value| item["id"].as_str().unwrap().trim_start_matches("item-").parse().unwrap();
        let lines: Vec<(u64, i64)> = items.map(|item| (line(item), item["quantity"].as_i64().unwrap())).collect();
        fulfilled(order, u64::try_from(made).unwrap(), input["trackingInfo"]["number"].clone(), &lines);
        json!({"fulfillmentCreate": {"fulfillment": {"id": format!("gid://shopify/Fulfillment/{made}")}, "userErrors": []}})
    } else if query.contains("inventorySetQuantities") {
        let quantity = &variables["input"]["quantities"][0];
        let item = quantity["inventoryItemId"].as_str().unwrap().to_owned();
        world.stock.insert(item, quantity["quantity"].as_i64().unwrap());
        json!({"inventorySetQuantities": {"userErrors": []}})
    } else if query.contains("inventoryItems") {
        let nodes = match variables["query"].as_str().unwrap() {
            "sku:\"KOPI\"" => json!([{"id": "gid://shopify/InventoryItem/KOPI"}]),
            _ => json!([]),
        };
        json!({"inventoryItems": {"nodes": nodes}, "locations": {"nodes": [{"id": "gid://shopify/Location/1"}]}})
    } else {
        let number = variables["id"].as_str().unwrap().rsplit('/').next().unwrap();
        json!({"order": world.orders.get(number)})
    };
    json!({ "data": data })
}

/// A fulfillment of an order: what is left to fulfill of its lines is less by it.
fn fulfilled(order: &mut Value, id: u64, tracking_number: Value, lines: &[(u64, i64)]) {
    for (line, quantity) in lines {
        let items = order["fulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"].as_array_mut().unwrap();
        let item = items.iter_mut().find(|item| item["id"] == format!("item-{line}")).unwrap();
        item["remainingQuantity"] = json!(item["remainingQuantity"].as_i64().unwrap() - quantity);
        assert!(item["remainingQuantity"].as_i64().unwrap() >= 0, "more than is left");
    }
    let items: Vec<Value> = lines.iter().map(|(line, quantity)| json!({"id": line, "quantity": quantity})).collect();
    order["fulfillments"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": id, "status": "success", "tracking_number": tracking_number, "line_items": items}));
}

/// What a list of orders asks for, of both shops' ways to ask.
fn listed(world: &mut World, request: &HttpRequest, changed_at: &str) -> Vec<Value> {
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string()).unwrap().into_inner();
    let text = |name: &str| query.get(name).map(|text| text.trim_end_matches('Z').to_owned());
    let number = |name: &str| query.get(name).map(|text| text.parse::<u64>().unwrap()).unwrap_or_default();
    let at = |order: &Value| order[changed_at].as_str().unwrap().trim_end_matches('Z').to_owned();
    let fits = |order: &&Value| {
        let at = at(order);
        text("updated_at_min").is_none_or(|min| at >= min)
            && text("updated_at_max").is_none_or(|max| at <= max)
            && text("modified_after").is_none_or(|after| at > after)
            && text("modified_before").is_none_or(|before| at < before)
            && order["id"].as_u64().unwrap() > number("since_id")
    };
    let mut found: Vec<Value> = world.listed.iter().filter(fits).cloned().collect();
    let by_id = query.contains_key("since_id") || query.get("orderby").is_some_and(|by| by == "id");
    found.sort_by_key(|order| (if by_id { String::new() } else { at(order) }, order["id"].as_u64()));
    let limit = usize::try_from(number("limit").max(number("per_page"))).unwrap();
    let found = found.into_iter().skip(usize::try_from(number("offset")).unwrap()).take(limit).collect();
    if let Some((lists, id, at)) = world.touched.take() {
        if lists > 1 {
            world.touched = Some((lists - 1, id, at));
            return found;
        }
        world.listed.iter_mut().filter(|order| order["id"] == id).for_each(|order| order[changed_at] = json!(at));
    }
    found
}
