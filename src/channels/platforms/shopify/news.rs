//! What Shopify tells of the parts of an order: refunds and fulfillments, inside the order or by themselves. Pure.

use super::super::reading::{Node, Read};
use crate::order_to_cash::shop_orders::{RefundedGoods, ShopFulfillment, ShopFulfillmentLine, ShopNews, ShopRefund, ShopRefundLine};
use crate::types::currency::Currency;
use rust_decimal::Decimal;

/// Money that has gone back, and the goods that it was for.
pub(super) fn refund(node: &Node, currency: Currency) -> Read<ShopRefund> {
    let mut amount = currency.zero();
    for transaction in node.field("transactions").items() {
        let kind = transaction.field("kind").text(40).unwrap_or_default();
        if kind == "refund" && transaction.field("status").text(40).as_deref() == Some("success") {
            amount += transaction.field("amount").positive(currency)?;
        }
    }
    let (mut lines, mut of_lines) = (vec![], currency.zero());
    for item in node.field("refund_line_items").items() {
        let quantity = item.field("quantity").quantity()?.unwrap_or_default();
        let subtotal = item.field("subtotal");
        of_lines += if subtotal.is_null() {
            let line = item.field("line_item");
            let price = line.field("price").decimal()?.unwrap_or_default();
            currency.round((price * quantity).min(Decimal::from(99_999_999_999_999_i64)))
        } else {
            subtotal.money(currency)? + item.field("total_tax").money(currency)?
        };
        if quantity > Decimal::ZERO {
            lines.push(ShopRefundLine { external_line_id: item.field("line_item_id").id()?, quantity, goods: goods(node, &item) });
        }
    }
    Ok(ShopRefund {
        reference: node.field("id").id()?,
        beside_lines: (amount - of_lines).max(currency.zero()),
        amount,
        lines,
        reason: node.field("note").text(500),
        pointer: node.pointer.clone(),
    })
}

fn goods(refund: &Node, item: &Node) -> RefundedGoods {
    match item.field("restock_type").text(40).as_deref() {
        Some("cancel") => RefundedGoods::NotSent,
        Some("return") => RefundedGoods::ComeBack,
        Some("no_restock") => RefundedGoods::Kept,
        // The older form says only whether they are put back on the shelf.
        Some(_) | None if refund.field("restock").value.as_bool() == Some(false) => RefundedGoods::Kept,
        Some(_) | None => RefundedGoods::Unsaid,
    }
}

/// `None` for one that is not under way (pending, failed).
pub(super) fn fulfillment(node: &Node) -> Read<Option<ShopFulfillment>> {
    let status = node.field("status").text(40);
    let cancelled = status.as_deref() == Some("cancelled");
    if !cancelled && status.as_deref() != Some("success") {
        return Ok(None);
    }
    let mut lines = vec![];
    for item in node.field("line_items").items() {
        let quantity = item.field("quantity").quantity()?.unwrap_or_default();
        lines.push(ShopFulfillmentLine { external_line_id: item.field("id").id()?, quantity });
    }
    let first = || node.field("tracking_numbers").items().first().and_then(|number| number.text(100));
    Ok(Some(ShopFulfillment {
        reference: node.field("id").id()?,
        carrier: node.field("tracking_company").text(64),
        tracking_number: node.field("tracking_number").text(100).or_else(first),
        shipped_at: node.field("created_at").instant()?,
        lines: Some(lines),
        cancelled,
        pointer: node.pointer.clone(),
    }))
}

/// A refund that is told by itself. `currency` is what its transactions say; without any it is no money.
pub fn refund_news(body: &Node) -> Read<ShopNews> {
    let of_transaction = body.field("transactions").items().first().map(|transaction| transaction.field("currency").currency());
    let currency =
        of_transaction.transpose()?.or(Currency::from_code("USD")).ok_or_else(|| body.fault("currency_missing", "no currency"))?;
    let refund = refund(body, currency)?;
    Ok(ShopNews { external_id: body.field("order_id").id()?, refunds: vec![refund], fulfillments: vec![], deleted: false })
}

/// A fulfillment that is told by itself.
pub fn fulfillment_news(body: &Node) -> Read<ShopNews> {
    let fulfillments = fulfillment(body)?.into_iter().collect();
    Ok(ShopNews { external_id: body.field("order_id").id()?, refunds: vec![], fulfillments, deleted: false })
}
