//! What `order.edited` tells: each figure that has changed, before and after.

use crate::orders::coupons::DroppedCoupon;
use crate::orders::order::{Order, OrderLine};
use crate::types::decimal::{Amount, Quantity, UnitPrice};
use serde_json::{Map, Value, json};

/// The data of the event.
pub fn told(before: &Order, after: &Order, dropped: &[DroppedCoupon]) -> Value {
    let header: Map<String, Value> = header(before, after);
    let lines: Vec<Value> = after.lines.iter().enumerate().filter_map(|(place, line)| line_told(before.lines.get(place), line)).collect();
    let work: Vec<Value> = after
        .fulfillment_orders
        .iter()
        .filter(|now| before.fulfillment_orders.iter().find(|then| then.id == now.id).is_none_or(|then| then.lines != now.lines))
        .map(|now| json!({ "id": now.id, "number": now.number, "location": now.location, "status": now.status }))
        .collect();
    let mut changed: Vec<&str> = header.keys().map(String::as_str).collect();
    if !lines.is_empty() {
        changed.push("lines");
    }
    json!({
        "id": after.id, "number": after.number, "version": after.version, "status": after.status, "currency": after.currency,
        "changed": changed, "header": header, "lines": lines, "fulfillment_orders": work,
        "coupons_dropped": dropped.iter().map(|coupon| json!({ "code": coupon.code, "reason": coupon.reason })).collect::<Vec<_>>(),
    })
}

fn header(before: &Order, after: &Order) -> Map<String, Value> {
    let pair = |order: &Order| -> Vec<(&'static str, Value)> {
        let (document, detail) = (&order.document, &order.detail);
        vec![
            ("discounts", json!(document.discounts)),
            ("coupon_codes", json!(document.coupon_codes)),
            ("shipping_method", json!(document.shipping_method)),
            ("shipping_address", json!(document.shipping_address)),
            ("billing_address", json!(document.billing_address)),
            ("requested_on", json!(document.requested_on)),
            ("payment_terms", json!(document.payment_terms)),
            ("on_shortage", json!(document.on_shortage)),
            ("delivery_rule", json!(document.delivery_rule)),
            ("priority", json!(detail.priority)),
            ("sales_rep", json!(order.sales_rep)),
            ("purchase_order_number", json!(order.purchase_order_number)),
            ("buyer_reference", json!(detail.buyer_reference)),
            ("contact", json!(detail.contact)),
            ("delivery_instructions", json!(detail.delivery_instructions)),
            ("note", json!(detail.note)),
            ("external_ids", json!(detail.external_ids)),
            ("metadata", json!(detail.metadata)),
            ("subtotal", json!(Amount(order.subtotal))),
            ("discount_total", json!(Amount(order.discount_total))),
            ("shipping_net", json!(Amount(order.shipping_net))),
            ("tax_total", json!(Amount(order.tax_total))),
            ("total", json!(Amount(order.total))),
            ("uninvoiced_total", json!(Amount(order.uninvoiced_total))),
            ("amount_due", json!(Amount(order.amount_due()))),
        ]
    };
    let pairs = pair(before).into_iter().zip(pair(after)).filter(|((_, then), (_, now))| then != now);
    pairs.map(|((name, then), (_, now))| (name.to_owned(), json!({ "before": then, "after": now }))).collect()
}

fn line_told(before: Option<&OrderLine>, after: &OrderLine) -> Option<Value> {
    let (then, now) = (before.map(figures), figures(after));
    if then.as_ref() == Some(&now) {
        return None;
    }
    let change = match before {
        None => "added",
        Some(before) if after.quantities.quantity.is_zero() && !before.quantities.quantity.is_zero() => "removed",
        Some(_) => "changed",
    };
    Some(
        json!({ "order_line_id": after.id, "line_number": after.line_number, "sku": after.sku, "change": change, "before": then, "after": now }),
    )
}

fn figures(line: &OrderLine) -> Value {
    let quantities = &line.quantities;
    json!({
        "quantity": Quantity(quantities.quantity), "unit": line.unit, "unit_price": UnitPrice(line.unit_price),
        "price_quantity": Quantity(line.price_quantity), "discounts": line.detail.discounts,
        "net_amount": Amount(line.net_amount), "tax_amount": Amount(line.tax_amount), "requested_on": line.requested_on,
        "allocated_quantity": Quantity(quantities.allocated), "backordered_quantity": Quantity(quantities.backordered),
        "unallocated_quantity": Quantity(quantities.unallocated),
        "external_line_id": line.detail.external_line_id, "customer_sku": line.detail.customer_sku,
        "external_ids": line.detail.external_ids, "metadata": line.detail.metadata,
    })
}
