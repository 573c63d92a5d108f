//! Returns.

use super::{Caller, NOTHING, Row, World};
use reqwest::Method;
use serde_json::{Value, json};

/// A return of the world's order, of which nothing has shipped, with one member set.
fn asked(world: &World, change: impl Fn(&mut Value)) -> Row {
    let line = json!({"order_line_id": world.order["lines"][0]["id"], "quantity": "1", "reason": {"code": "late"}});
    let mut body = json!({"order_id": world.order_id(), "lines": [line]});
    change(&mut body);
    Row::new(format!("return {body}"), Method::POST, "/v1/returns", 422, "").json(body)
}

pub fn returns(world: &World) -> Vec<Row> {
    let refused = |code: &'static str, change: &dyn Fn(&mut Value)| Row { code, ..asked(world, change) };
    let act = |action: &str, body: Value, status, code| {
        Row::new(format!("{action} {body}"), Method::POST, format!("/v1/returns/{NOTHING}/{action}"), status, code).json(body)
    };
    let line = json!({"order_line_id": NOTHING, "quantity": "1", "condition": "resellable"});
    let receive = |change: &dyn Fn(&mut Value), code| {
        let mut body = json!({"location": "jakarta", "lines": [line]});
        change(&mut body);
        act("receive", body, 422, code)
    };
    vec![
        Row { status: 409, ..refused("exceeds_returnable", &|_| {}) },
        Row { status: 403, ..refused("insufficient_scope", &|_| {}) }.by(Caller::Viewer),
        refused("unknown_order", &|body| body["order_id"] = json!(NOTHING)).at("/order_id"),
        refused("unknown_order", &|body| body["order_id"] = json!(world.foreign_order)).at("/order_id"),
        refused("invalid_id", &|body| body["order_id"] = json!("SO-000001")).at("/order_id"),
        refused("required", &|body| body["lines"] = json!([])).at("/lines"),
        refused("unknown_line", &|body| body["lines"][0]["order_line_id"] = json!(NOTHING)).at("/lines/0/order_line_id"),
        refused("out_of_range", &|body| body["lines"][0]["quantity"] = json!("0")).at("/lines/0/quantity"),
        refused("out_of_range", &|body| body["lines"][0]["quantity"] = json!("-1")).at("/lines/0/quantity"),
        refused("decimal_string_required", &|body| body["lines"][0]["quantity"] = json!(1)).at("/lines/0/quantity"),
        refused("too_many_decimals", &|body| body["lines"][0]["quantity"] = json!("0.5")).at("/lines/0/quantity"),
        refused("unknown_value", &|body| body["lines"][0]["reason"]["code"] = json!("whim")).at("/lines/0/reason/code"),
        refused("unknown_field", &|body| body["lines"][0]["reason"]["colour"] = json!("red")).at("/lines/0/reason/colour"),
        refused("unknown_field", &|body| body["authorize"] = json!(true)).at("/authorize"),
        refused("duplicate_key", &|body| {
            let first = body["lines"][0].clone();
            body["lines"].as_array_mut().unwrap().push(first);
        })
        .at("/lines/1/order_line_id"),
        Row::get("/v1/returns?status=gone", 400, "invalid_parameter"),
        Row::get("/v1/returns?order_id=SO-000001", 400, "invalid_parameter"),
        Row::get("/v1/returns?colour=red", 400, "unknown_parameter"),
        Row::get("/v1/returns?cursor=x", 400, "invalid_cursor"),
        Row::get("/v1/returns?sort=number", 400, "invalid_parameter"),
        Row::get("/v1/returns/RMA-000001", 400, "invalid_path"),
        Row::get(format!("/v1/returns/{NOTHING}"), 404, "not_found"),
        Row::new("PATCH no return", Method::PATCH, format!("/v1/returns/{NOTHING}"), 404, "not_found").json(json!({"note": "x"})),
        act("authorize", json!({}), 404, "not_found"),
        act("authorize", json!({"override": "yes"}), 422, "invalid_type").at("/override"),
        act("refuse", json!({"reason": "x"}), 404, "not_found"),
        act("refuse", json!({"reason": ""}), 422, "required").at("/reason"),
        act("cancel", json!({"why": "x"}), 422, "unknown_field").at("/why"),
        act("cancel", json!({}), 403, "insufficient_scope").by(Caller::Viewer),
        act("receive", json!({"location": "jakarta", "lines": [line]}), 404, "not_found"),
        receive(&|body| body["lines"] = json!([]), "required").at("/lines"),
        receive(&|body| body["lines"][0]["condition"] = json!("wet"), "unknown_value").at("/lines/0/condition"),
        receive(&|body| body["lines"][0]["quantity"] = json!("0"), "out_of_range").at("/lines/0/quantity"),
        receive(&|body| body["location"] = json!(""), "required").at("/location"),
        receive(&|body| body["lines"] = json!([line, line]), "duplicate_key").at("/lines/1"),
        act("complete", json!({}), 404, "not_found"),
        act("complete", json!({"refund": true}), 404, "not_found"),
        act("complete", json!({"restocking_fee": 5}), 422, "decimal_string_required").at("/restocking_fee"),
        act("complete", json!({"restocking_fee": "-5"}), 422, "out_of_range").at("/restocking_fee"),
        act("complete", json!({"replacement_price": "original"}), 422, "without_replacement").at("/replacement_price"),
        act("complete", json!({"replacement": true, "replacement_price": "half"}), 422, "unknown_value").at("/replacement_price"),
        act("complete", json!({"replacement": true, "replacement_price": "no_charge", "refund": true}), 422, "nothing_credited")
            .at("/refund"),
        act("complete", json!({"replacement": true, "restocking_fee": "1"}), 422, "nothing_credited").at("/restocking_fee"),
        act("complete", json!({"replacement": true, "refund_shipping": true}), 422, "nothing_credited").at("/refund_shipping"),
    ]
}
