//! Coupons and tax numbers.

use super::bodies::order;
use super::{NOTHING, Row};
use reqwest::Method;
use serde_json::{Value, json};

pub fn rows() -> Vec<Row> {
    let coupon = |more: Value, code: &'static str| {
        let mut body = json!({"code": "TEN", "name": "Ten off", "percent": "10"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Row::new(format!("coupon {more}"), Method::POST, "/v1/coupons", 422, code).json(body)
    };
    let path = format!("/v1/coupons/{NOTHING}");
    let tax_id = |tax_id: &str, country: &str| {
        let body = json!({"name": "Budi", "kind": "company", "tax_id": tax_id, "billing_address": {"line1": "1", "city": "x", "country": country}});
        Row::new(format!("tax id {tax_id} of {country}"), Method::POST, "/v1/customers", 422, "invalid_tax_id").json(body).at("/tax_id")
    };
    vec![
        coupon(json!({"code": "T EN"}), "invalid_code").at("/code"),
        coupon(json!({"code": null}), "required").at("/code"),
        coupon(json!({"name": ""}), "required").at("/name"),
        coupon(json!({"percent": 10}), "decimal_string_required").at("/percent"),
        coupon(json!({"percent": "0"}), "out_of_range").at("/percent"),
        coupon(json!({"percent": "100.01"}), "out_of_range").at("/percent"),
        coupon(json!({"amount": "5.00", "currency": "IDR"}), "exactly_one_of").at("/percent"),
        coupon(json!({"percent": null}), "exactly_one_of").at("/percent"),
        coupon(json!({"minimum_subtotal": "5.00"}), "required").at("/currency"),
        coupon(json!({"percent": null, "amount": "0.5", "currency": "JPY"}), "too_many_decimals").at("/amount"),
        coupon(json!({"currency": "ABC"}), "unknown_currency").at("/currency"),
        coupon(json!({"valid_from_on": "2026-02-30"}), "invalid_date").at("/valid_from_on"),
        coupon(json!({"valid_from_on": "2026-03-02", "valid_to_on": "2026-03-01"}), "out_of_range").at("/valid_to_on"),
        coupon(json!({"usage_limit": 0}), "out_of_range").at("/usage_limit"),
        coupon(json!({"usage_limit": "5"}), "invalid_type").at("/usage_limit"),
        coupon(json!({"usage_limit_per_customer": -1}), "out_of_range").at("/usage_limit_per_customer"),
        coupon(json!({"skus": ["NO-SUCH"]}), "unknown_sku").at("/skus/0"),
        coupon(json!({"channels": ["fax"]}), "unknown_channel").at("/channels/0"),
        coupon(json!({"customer_ids": [NOTHING]}), "unknown_customer").at("/customer_ids/0"),
        coupon(json!({"customer_ids": ["C-1"]}), "invalid_id").at("/customer_ids/0"),
        coupon(json!({"colour": "red"}), "unknown_field").at("/colour"),
        Row::get(&path, 404, "not_found"),
        Row::get("/v1/coupons/TEN", 400, "invalid_path"),
        Row::get(format!("{path}/redemptions"), 404, "not_found"),
        Row::get("/v1/coupons?active=perhaps", 400, "invalid_parameter"),
        Row::get("/v1/coupons?colour=red", 400, "unknown_parameter"),
        Row::new("a coupon that is not there", Method::PATCH, &path, 404, "not_found").json(json!({"percent": "5"})),
        Row::new("a coupon that is not there, off", Method::POST, format!("{path}/deactivate"), 404, "not_found"),
        order("/coupon_codes", json!("TEN"), "invalid_type").at("/coupon_codes"),
        order("/coupon_codes", json!([5]), "invalid_type").at("/coupon_codes/0"),
        order("/coupon_codes", json!(["NO-SUCH"]), "unknown_coupon").at("/coupon_codes/0"),
        order("/coupon_codes", json!(["A", "a"]), "duplicate_code").at("/coupon_codes/1"),
        order("/coupon_codes", json!(["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"]), "too_many_items").at("/coupon_codes"),
        tax_id("01.234", "ID"),
        tax_id("DE1234", "DE"),
        tax_id("FR403032650455", "FR"),
        Row::new("an organization's tax id", Method::PUT, "/v1/organization", 422, "invalid_tax_id")
            .json(json!({"legal_name": "PT", "country": "ID", "tax_id": "01-2"}))
            .at("/tax_id"),
        Row::new("messages that are kept for no time", Method::PUT, "/v1/organization", 422, "out_of_range")
            .json(json!({"legal_name": "PT", "country": "ID", "inbound_retention_days": 29}))
            .at("/inbound_retention_days"),
        Row::new("a way to tax that is none", Method::PUT, "/v1/organization", 422, "unknown_value")
            .json(json!({"legal_name": "PT", "country": "ID", "tax_treatment": "none"}))
            .at("/tax_treatment"),
    ]
}
