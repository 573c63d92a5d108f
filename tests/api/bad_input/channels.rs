//! Channels and what comes through them.

use super::{Caller, NOTHING, Row};
use reqwest::Method;
use serde_json::{Value, json};

pub fn rows() -> Vec<Row> {
    let post =
        |path: &str, body: Value, status, code| Row::new(format!("POST {path} {body:.90}"), Method::POST, path, status, code).json(body);
    let channel = |more: Value, status, code| {
        let mut body = json!({"code": "x", "kind": "shopify", "name": "X"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post("/v1/channels", body, status, code)
    };
    let settings = |settings: Value, code| channel(json!({"settings": settings}), 422, code);
    let messages = "/v1/inbound_messages";
    let message = format!("{messages}/{NOTHING}");
    let of = format!("/v1/channels/{NOTHING}");
    vec![
        channel(json!({"code": "a b"}), 422, "invalid_code").at("/code"),
        channel(json!({"kind": "fax"}), 422, "unknown_value").at("/kind"),
        channel(json!({"secret": "short"}), 422, "invalid_secret").at("/secret"),
        channel(json!({"credentials": {"access_token": ""}}), 422, "invalid_secret").at("/credentials/access_token"),
        channel(json!({"credentials": {"token": "x"}}), 422, "unknown_field").at("/credentials/token"),
        settings(json!({"shop_domain": "https://a.example"}), "invalid_domain").at("/settings/shop_domain"),
        settings(json!({"fee_sku": "a b"}), "invalid_code").at("/settings/fee_sku"),
        settings(json!({"api_base": "http://example.com"}), "invalid_address").at("/settings/api_base"),
        settings(json!({"api_base": "https://10.0.0.1"}), "invalid_address").at("/settings/api_base"),
        settings(json!({"organization_id": "00D'"}), "invalid_id").at("/settings/organization_id"),
        settings(json!({"store_hash": "a/b"}), "invalid_id").at("/settings/store_hash"),
        settings(json!({"won_stages": [""]}), "required").at("/settings/won_stages/0"),
        settings(json!({"pipelines": vec!["x"; 51]}), "too_many_items").at("/settings/pipelines"),
        settings(json!({"tax_id_field": "a b"}), "invalid_field").at("/settings/tax_id_field"),
        settings(json!({"write_back": "yes"}), "invalid_type").at("/settings/write_back"),
        settings(
            json!({"mapping": {"external_id": "id", "currency": "=EUR", "customer": {"name": "/n"},
            "lines": {"items": "/l", "sku": "/s", "quantity": "/q", "unit_price": "/p"}}}),
            "invalid_pointer",
        )
        .at("/settings/mapping/external_id"),
        settings(
            json!({"mapping": {"external_id": "/id", "currency": "=EUR", "customer": {"name": "/n"},
            "lines": {"items": "/l", "sku": "/s", "quantity": "/q"}}}),
            "exactly_one_of",
        )
        .at("/settings/mapping/lines/unit_price"),
        post(&format!("{of}/rotate_secret"), json!({"secret": "x"}), 422, "invalid_secret").at("/secret"),
        post(&format!("{of}/rotate_secret"), json!({"previous_valid_for_seconds": -1}), 422, "out_of_range")
            .at("/previous_valid_for_seconds"),
        post(&format!("{of}/rotate_address"), json!({"previous_valid_for_seconds": 604_801}), 422, "out_of_range")
            .at("/previous_valid_for_seconds"),
        post(&format!("{of}/rotate_address"), json!({}), 404, "not_found"),
        post(&format!("{of}/try_mapping"), json!({}), 422, "required").at("/message"),
        post(&format!("{of}/try_mapping"), json!({"message": {}}), 404, "not_found"),
        post(&format!("{of}/try_mapping"), json!({"message": {}}), 403, "insufficient_scope").by(Caller::Viewer),
        Row::get(format!("{messages}?status=lost"), 400, "invalid_parameter"),
        Row::get(format!("{messages}?colour=red"), 400, "unknown_parameter"),
        Row::get(format!("{messages}?order_id=7"), 400, "invalid_parameter"),
        Row::get(format!("{messages}?limit=0"), 400, "invalid_parameter"),
        Row::get(format!("{messages}?cursor=x"), 400, "invalid_cursor"),
        Row::get(message.clone(), 404, "not_found"),
        Row::get(format!("{message}/content"), 404, "not_found"),
        Row::get(format!("{messages}/7"), 400, "invalid_path"),
        Row::new("a clerk reads messages", Method::GET, messages, 403, "insufficient_scope").by(Caller::Clerk),
        post(&format!("{message}/retry"), json!({}), 404, "not_found"),
        post(&format!("{message}/retry"), json!({"text": "a", "base64": "YQ=="}), 422, "exactly_one_of").at(""),
        post(&format!("{message}/retry"), json!({"text": ""}), 422, "out_of_range").at(""),
        post(&format!("{message}/retry"), json!({"base64": "*"}), 422, "invalid_base64").at("/base64"),
        post(&format!("{message}/retry"), json!({}), 403, "insufficient_scope").by(Caller::Sales),
        post(&format!("{message}/discard"), json!({"detail": ""}), 422, "required").at("/detail"),
        post(&format!("{message}/discard"), json!({}), 422, "required").at("/detail"),
        post(&format!("{message}/discard"), json!({"detail": "x"}), 404, "not_found"),
        Row::new("a hook to nobody", Method::POST, format!("/v1/inbound/{NOTHING}"), 401, "unauthenticated").by(Caller::Nobody),
        Row::new("a hook to no address", Method::POST, "/v1/inbound/x", 401, "unauthenticated").by(Caller::Nobody),
    ]
}
