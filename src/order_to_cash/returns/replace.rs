//! Other goods for returned ones: an order like any other, placed in the transaction that settles the return.

use crate::auth::actor::Context;
use crate::catalog::products::service as products;
use crate::error::Error;
use crate::order_to_cash::place::{PlaceRequest, place_within};
use crate::orders::body::NewOrder;
use crate::orders::dates::Dates;
use crate::orders::master_data::MasterDataCache;
use crate::orders::order::{Order, OrderLine};
use crate::orders::verify::Request;
use crate::platform::http::from_value;
use crate::returns::body::ReplacementPrice;
use crate::returns::sales_return::Return;
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::{Amount, Quantity, UnitPrice};
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The id and number that a replacement gets; made before the transaction.
#[derive(Clone, Debug)]
pub struct ReplacementOrder {
    pub order_id: OrderId,
    pub number: String,
}

/// Places an order for what has been received, to the same customer and address. What is short of it is backordered.
pub fn replace(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    order: &Order,
    rma: &Return,
    price: ReplacementPrice,
    new: &ReplacementOrder,
) -> Result<(), Error> {
    let request = Request {
        order_id: new.order_id,
        number: new.number.clone(),
        body: body(order, rma, price, &units_today(connection, order)?)?,
        may_price: true,
        dates: Dates::AsTold,
        historical: false,
    };
    place_within(connection, cache, context, &PlaceRequest::new(request, None, &[]))?;
    Ok(())
}

/// A unit that holds today what it held when it was sold, by SKU; the product's own where it does not.
type UnitsToday = HashMap<String, String>;

/// Of the lines whose unit holds something else by now, or is gone: the base units of their products.
fn units_today(connection: &mut PgConnection, order: &Order) -> Result<UnitsToday, Error> {
    let packed = || order.lines.iter().filter(|line| line.unit_factor != Decimal::ONE);
    let skus: Vec<&str> = packed().map(|line| line.sku.as_str()).collect();
    if skus.is_empty() {
        return Ok(UnitsToday::new());
    }
    let products = products::find_many(connection, order.organization_id, &skus)?;
    let changed = packed().filter_map(|line| {
        let product = products.iter().find(|product| product.sku == line.sku)?;
        let holds = product.units.iter().find(|unit| unit.unit == line.unit).map(|unit| unit.factor.0);
        (holds != Some(line.unit_factor)).then(|| (line.sku.clone(), product.unit.clone()))
    });
    Ok(changed.collect())
}

fn body(order: &Order, rma: &Return, price: ReplacementPrice, units_today: &UnitsToday) -> Result<NewOrder, Error> {
    let document = &order.document;
    let received = |line: &OrderLine| {
        let returned = rma.lines.iter().find(|returned| returned.order_line_id == line.id);
        returned.map_or(Decimal::ZERO, |returned| returned.received())
    };
    let worth = order.value_of(received);
    let lines: Vec<Value> = order
        .lines
        .iter()
        .zip(&worth.lines)
        .filter(|(line, _)| received(line) > Decimal::ZERO)
        .map(|(line, part)| {
            let (unit, factor) = match units_today.get(&line.sku).filter(|_| line.unit_factor != Decimal::ONE) {
                Some(base) => (base, line.unit_factor),
                None => (&line.unit, Decimal::ONE),
            };
            let quantity = received(line) * factor;
            let mut body = json!({ "sku": line.sku, "quantity": Quantity(quantity), "unit": unit, "unit_price": "0" });
            if price == ReplacementPrice::Original {
                let tax = if document.prices_include_tax { part.tax_amount } else { Decimal::ZERO };
                let paid = part.net_amount - part.order_discount_amount + tax;
                let (unit_price, discount) = as_paid(order.currency, line, factor, quantity, paid);
                body["unit_price"] = json!(UnitPrice(unit_price));
                if discount > Decimal::ZERO {
                    body["discounts"] = json!([{ "code": "original_price", "amount": Amount(discount), "reason": rma.number }]);
                }
            }
            body
        })
        .collect();
    let billed = (order.bill_to_customer_id != order.customer_id).then_some(order.bill_to_customer_id);
    let body = json!({
        "customer_id": order.customer_id,
        "bill_to_customer_id": billed,
        "currency": order.currency,
        "prices_include_tax": document.prices_include_tax,
        "lines": lines,
        "shipping_address": document.shipping_address,
        "billing_address": document.billing_address,
        "payment_terms": document.payment_terms,
        "sales_rep": order.sales_rep,
        "on_shortage": "backorder",
        "note": format!("Replaces goods of {} that came back with {}", order.number, rma.number),
        "metadata": { "replaces_return_id": rma.id, "replaces_order_id": order.id },
    });
    from_value(&body)
}

/// The price of one of `factor` parts of the line's unit, and a discount that makes the quantity cost what was paid for it.
fn as_paid(currency: Currency, line: &OrderLine, factor: Decimal, quantity: Decimal, paid: Decimal) -> (Decimal, Decimal) {
    let exact = line.unit_price / line.price_quantity / factor;
    // A price that is no decimal is rounded up, since a discount can only take away.
    let unit_price =
        if factor == Decimal::ONE { rounded(exact, 6) } else { exact.round_dp_with_strategy(6, RoundingStrategy::AwayFromZero) };
    let gross = currency.round(unit_price * quantity);
    (unit_price, (gross - paid).max(currency.zero()))
}
