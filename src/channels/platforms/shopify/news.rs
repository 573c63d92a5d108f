//! What Shopify tells of the parts of an order: refunds and fulfillments, inside the order or by themselves. Pure.

use super::super::reading::{Node, Read};
use super::money::{Money, OTHER_CURRENCY};
use super::order::SHOP_CURRENCY;
use crate::inbox::Reason;
use crate::order_to_cash::shop_orders::{
    RefundedGoods, ShopFulfillment, ShopFulfillmentLine, ShopNews, ShopRefund, ShopRefundLine, ShopShippingRefund,
};
use crate::orders::order::Order;
use rust_decimal::Decimal;

/// How the amounts of an order are written.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub money: Money,
    /// Prices, and with them the `subtotal` of what is refunded, include the tax.
    pub prices_include_tax: bool,
}

impl Terms {
    /// Of an order that is here, for what is told of it by itself.
    pub fn of_order(order: &Order) -> Self {
        let money = Money { currency: order.currency, presentment: order.detail.metadata.contains_key(SHOP_CURRENCY) };
        Self { money, prices_include_tax: order.document.prices_include_tax }
    }
}

/// Money that has gone back, and the goods that it was for. Where an amount is not told in the order's currency, nothing is reckoned
/// with: a person has to look.
pub fn refund(node: &Node, terms: Terms) -> Read<ShopRefund> {
    let mut lines = vec![];
    for item in node.field("refund_line_items").items() {
        let quantity = item.field("quantity").quantity()?.unwrap_or_default();
        if quantity > Decimal::ZERO {
            lines.push(ShopRefundLine { external_line_id: item.field("line_item_id").id()?, quantity, goods: goods(node, &item) });
        }
    }
    let zero = terms.money.currency.zero();
    let (amount, beside_lines, shipping, unclear) = match figures(node, terms) {
        Ok((amount, of_lines)) => {
            let beside_lines = (amount - of_lines).clamp(zero, amount);
            (amount, beside_lines, shipping(node, terms, beside_lines)?, None)
        }
        Err(reason) if reason.code == OTHER_CURRENCY => {
            let detail = format!("a refund has an amount that is not told in {}: book it by hand", terms.money.currency);
            (zero, zero, None, Some(Reason { detail, ..reason }))
        }
        Err(reason) => return Err(reason),
    };
    Ok(ShopRefund {
        reference: node.field("id").id()?,
        amount,
        beside_lines,
        shipping,
        unclear,
        lines,
        reason: node.field("note").prose(500),
        pointer: node.pointer.clone(),
    })
}

/// What was paid out so far, and what the refunded lines come to with their tax.
fn figures(node: &Node, terms: Terms) -> Read<(Decimal, Decimal)> {
    let money = terms.money;
    let (mut amount, mut of_lines) = (money.currency.zero(), money.currency.zero());
    for transaction in node.field("transactions").items() {
        let kind = transaction.field("kind").text(40).unwrap_or_default();
        if kind == "refund" && transaction.field("status").text(40).as_deref() == Some("success") {
            amount += money.moved(&transaction)?;
        }
    }
    for item in node.field("refund_line_items").items() {
        let subtotal = money.at(&item, "subtotal")?;
        of_lines += if subtotal.is_null() {
            of_line(&item, terms)?
        } else {
            let on_top = if terms.prices_include_tax { Decimal::ZERO } else { money.read(&item, "total_tax")? };
            subtotal.money(money.currency)? + on_top
        };
    }
    Ok((amount, of_lines))
}

/// What of the money beside the lines is shipping: Shopify says it by adjustments below zero, with their tax beside them or, where
/// prices include it, inside.
fn shipping(node: &Node, terms: Terms, beside_lines: Decimal) -> Read<Option<ShopShippingRefund>> {
    let money = terms.money;
    let (mut amount, mut tax) = (money.currency.zero(), money.currency.zero());
    for adjustment in node.field("order_adjustments").items() {
        if adjustment.field("kind").text(40).as_deref() == Some("shipping_refund") {
            amount -= money.read(&adjustment, "amount")?;
            tax -= money.read(&adjustment, "tax_amount")?;
        }
    }
    let net = if terms.prices_include_tax && amount + tax > beside_lines { amount - tax } else { amount };
    let is_some = net > Decimal::ZERO && tax >= Decimal::ZERO && net + tax <= beside_lines;
    Ok(is_some.then_some(ShopShippingRefund { net, tax }))
}

/// What a refunded line comes to where the message has only the line itself (API versions before 2019): its share of that.
fn of_line(item: &Node, terms: Terms) -> Read<Decimal> {
    let (money, line) = (terms.money, item.field("line_item"));
    let quantity = item.field("quantity").quantity()?.unwrap_or_default();
    let ordered = line.field("quantity").quantity()?.unwrap_or(quantity);
    if ordered <= Decimal::ZERO || quantity <= Decimal::ZERO {
        return Ok(money.currency.zero());
    }
    let taxes = line.field("tax_lines").items();
    let on_top = if terms.prices_include_tax { Decimal::ZERO } else { money.sum(&taxes, "price")? };
    let price = money.at(&line, "price")?.decimal()?.unwrap_or_default();
    let most = Decimal::from(99_999_999_999_999_i64);
    let whole = (price * ordered).clamp(-most, most) - money.read(&line, "total_discount")? + on_top;
    Ok(money.currency.round((whole * (quantity.min(ordered) / ordered)).clamp(-most, most)))
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

/// A fulfillment that is told by itself.
pub fn fulfillment_news(body: &Node) -> Read<ShopNews> {
    let fulfillments = fulfillment(body)?.into_iter().collect();
    Ok(ShopNews { external_id: body.field("order_id").id()?, refunds: vec![], fulfillments, deleted: false })
}
