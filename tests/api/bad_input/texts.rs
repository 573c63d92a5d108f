//! Texts: what is one line, and what may have several.

use super::bodies::order;
use super::{Row, World};
use reqwest::Method;
use serde_json::{Value, json};

/// Turns what follows it around: `gpj.exe` behind it is read `exe.jpg`.
const OVERRIDE: &str = "\u{202e}gpj.exe";

pub fn rows(world: &World) -> Vec<Row> {
    let unfit = "invalid_characters";
    let address = |field: &str, text: &str| {
        let mut address = json!({"line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
        address[field] = json!(text);
        order("/shipping_address", address, unfit)
    };
    let buyer = |change: Value| {
        let mut body = json!({"name": "Budi", "kind": "person", "payment_terms": "net_30"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Row::new(format!("a customer {change}"), Method::POST, "/v1/customers", 422, unfit).json(body)
    };
    let patch =
        |body: Value| Row::new(format!("PATCH {body}"), Method::PATCH, format!("/v1/orders/{}", world.order_id()), 422, unfit).json(body);
    vec![
        order("/purchase_order_number", json!("PO\n1"), unfit).at("/purchase_order_number"),
        order("/purchase_order_number", json!(OVERRIDE), unfit).at("/purchase_order_number"),
        order("/external_id", json!("A\r1"), unfit).at("/external_id"),
        order("/buyer_reference", json!("A\t1"), unfit).at("/buyer_reference"),
        order("/sales_rep", json!("a\u{2028}b"), unfit).at("/sales_rep"),
        order("/lines/0/customer_sku", json!("A\n1"), unfit).at("/lines/0/customer_sku"),
        order("/external_ids", json!({"erp": "1\n2"}), unfit).at("/external_ids/erp"),
        order("/contact", json!({"name": "Siti\u{2066}"}), unfit).at("/contact/name"),
        order("/note", json!(OVERRIDE), unfit).at("/note"),
        order("/delivery_instructions", json!("ring\u{2069} twice"), unfit).at("/delivery_instructions"),
        address("line1", "Jl. Braga\n12").at("/shipping_address/line1"),
        address("city", "Bandung\u{202c}").at("/shipping_address/city"),
        buyer(json!({"name": "a\nb"})).at("/name"),
        buyer(json!({"name": OVERRIDE})).at("/name"),
        buyer(json!({"phone": "\u{202a}+62 22 420 1234\u{202c}"})).at("/phone"),
        Row { code: "invalid_email", ..buyer(json!({"email": "siti\u{202d}@example.com"})) }.at("/email"),
        patch(json!({"purchase_order_number": "PO\n1"})).at("/purchase_order_number"),
        patch(json!({"note": OVERRIDE})).at("/note"),
        Row::new("a product of two lines", Method::PUT, "/v1/products/TEH", 422, unfit)
            .json(json!({"name": "Teh\nHijau", "unit": "C62", "tax_category": "standard"}))
            .at("/name"),
        Row::new("a reason that turns around", Method::POST, format!("/v1/orders/{}/hold", world.order_id()), 422, unfit)
            .json(json!({ "reason": OVERRIDE }))
            .at("/reason"),
    ]
}
