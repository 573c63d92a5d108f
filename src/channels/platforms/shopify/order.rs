//! What Shopify sends as ours (Admin REST order resource, 2025-10 and older shapes). Pure.

use super::super::parts::email;
use super::super::reading::{AddressFields, Node, Read, address, bounded, full_name};
use super::money::{Money, OTHER_CURRENCY};
use super::news::{Terms, fulfillment, refund};
use crate::channels::body::ChannelSettings;
use crate::inbox::Reason;
use crate::order_to_cash::shop_orders::figures::{Extra, Figures, LineFigures, LinePrice, ShippingFigures, ShopTax, discount};
use crate::order_to_cash::shop_orders::{Places, ShopCancellation, ShopOrder, ShopPayment, ShopRefund};
use crate::orders::body::{InlineCustomer, NewOrder};
use crate::orders::order::CancelCode;
use crate::payments::payment::PaymentMethod;
use crate::platform::limits;
use crate::types::address::Contact;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

const ADDRESS: AddressFields = AddressFields {
    line1: "address1",
    line2: "address2",
    city: "city",
    region: "province_code",
    postal_code: "zip",
    country: "country_code",
};

/// Of an order whose buyer pays in another currency: what the shop's own is, kept with the order's free data.
pub const SHOP_CURRENCY: &str = "shop_currency";

/// Whether this has the form of an order.
pub fn is_order(body: &Node) -> bool {
    body.field("line_items").value.is_array() && !body.field("financial_status").is_null() && body.field("order_id").is_null()
}

/// An order as it is in the shop now.
pub fn order(body: &Node, settings: &ChannelSettings) -> Read<ShopOrder> {
    let money = Money::of(body)?;
    let external_id = body.field("id").id()?;
    let mut places = Places::default();
    let customer = customer(body, &mut places)?;
    let contact = contact(body, &customer);
    let mut order = NewOrder::of_guest(customer);
    let terms = Terms { money, prices_include_tax: body.field("taxes_included").is_true() };
    let refunds = body.field("refunds").items().iter().map(|node| refund(node, terms)).collect::<Read<Vec<_>>>()?;
    let mut doubts = figures(body, money, settings, &refunds)?.write(&mut order, &mut places);
    order.ordered_at = match body.field("processed_at").instant()? {
        Some(at) => Some(at),
        None => body.field("created_at").instant()?,
    };
    order.shipping_address = address(&body.field("shipping_address"), &ADDRESS)?;
    order.billing_address = address(&body.field("billing_address"), &ADDRESS)?;
    places.note("/shipping_address", "/shipping_address");
    places.note("/billing_address", "/billing_address");
    places.note("/ordered_at", "/created_at");
    order.note = body.field("note").prose(5000);
    order.purchase_order_number = body.field("po_number").text(100);
    order.contact = contact;
    order.external_ids = BTreeMap::from([("shopify".to_owned(), external_id.clone())]);
    order.metadata = bounded(
        [
            ("shop_number", body.field("name").value.clone()),
            ("note_attributes", body.field("note_attributes").value.clone()),
            ("discount_codes", body.field("discount_codes").value.clone()),
            ("tags", body.field("tags").value.clone()),
            ("source_name", body.field("source_name").value.clone()),
            (SHOP_CURRENCY, if money.presentment { body.field("currency").value.clone() } else { Value::Null }),
            ("test", if body.field("test").is_true() { Value::Bool(true) } else { Value::Null }),
        ],
        8 * 1024,
    );
    let version = body.field("updated_at");
    let (payment, doubt) = payment(body, money, &external_id)?;
    doubts.extend(doubt);
    Ok(ShopOrder {
        version_at: version.instant()?.ok_or_else(|| version.fault("required", "an order says when it was last changed"))?,
        cancelled: cancelled(body),
        payments: vec![payment],
        fulfillments: body
            .field("fulfillments")
            .items()
            .iter()
            .filter_map(|node| fulfillment(node).transpose())
            .collect::<Read<Vec<_>>>()?,
        external_id,
        order,
        refunds,
        doubts,
        places,
    })
}

fn customer(body: &Node, places: &mut Places) -> Read<InlineCustomer> {
    let customer = body.field("customer");
    let own = ["email", "contact_email"].iter().find_map(|field| body.field(field).text(254).map(|email| (email, format!("/{field}"))));
    let email = own.or_else(|| customer.field("email").text(254).map(|email| (email, "/customer/email".to_owned())));
    let phone = body.field("phone").text(50).or_else(|| customer.field("phone").text(50));
    let name = full_name(customer.field("first_name").text(100), customer.field("last_name").text(100));
    let of_address = |field: &str| {
        let node = body.field(field);
        node.field("name").text(200).or_else(|| full_name(node.field("first_name").text(100), node.field("last_name").text(100)))
    };
    let name = name.or_else(|| of_address("billing_address")).or_else(|| of_address("shipping_address"));
    let name = name.or_else(|| email.as_ref().map(|(email, _)| email.clone())).or_else(|| phone.clone());
    let name = name.ok_or_else(|| customer.fault("customer_missing", "the order names nobody: neither name, e-mail nor phone"))?;
    places.note("/customer", "/customer");
    if let Some((_, pointer)) = &email {
        places.note("/customer/email", pointer.clone());
    }
    Ok(InlineCustomer { name, email: email.map(|(email, _)| email), phone })
}

fn contact(body: &Node, customer: &InlineCustomer) -> Option<Contact> {
    let phone = ["shipping_address", "billing_address"].iter().find_map(|field| body.at(&[field, "phone"]).text(50));
    let name = body.at(&["shipping_address", "name"]).text(200);
    let email = email(customer.email.as_deref());
    (name.is_some() || phone.is_some() || email.is_some()).then_some(Contact { name, email, phone })
}

fn figures(body: &Node, money: Money, settings: &ChannelSettings, refunds: &[ShopRefund]) -> Read<Figures> {
    let (mut lines, mut extras) = (vec![], vec![]);
    let mut shared = Decimal::ZERO;
    let items = body.field("line_items").items();
    if items.len() > limits::ORDER_LINES {
        return Err(body.field("line_items").fault("too_many_items", format!("at most {} lines", limits::ORDER_LINES)));
    }
    let mut tipped = false;
    for item in &items {
        let allocated = discounts_of(item, money)?;
        shared += allocated.iter().sum::<Decimal>();
        let taxes = item.field("tax_lines").items();
        let tax = if taxes.is_empty() { None } else { Some(money.sum(&taxes, "price")?) };
        for duty in item.field("duties").items() {
            extras.push(Extra {
                external_line_id: format!("duty-{}", item.field("id").id()?),
                name: "Duties".to_owned(),
                // A duty's price stands only in its set.
                amount: money.choose(duty.field("price"), &duty)?.money(money.currency)?,
                tax: money.sum(&duty.field("tax_lines").items(), "price")?,
                pointer: duty.pointer,
            });
        }
        let external_line_id = item.field("id").id()?;
        let quantity = quantity_of(item, &external_line_id, refunds)?;
        if quantity <= Decimal::ZERO {
            continue;
        }
        let price = money.at(item, "price")?.decimal()?.unwrap_or_default();
        if price < Decimal::ZERO {
            return Err(item.field("price").fault("out_of_range", "must not be negative"));
        }
        if is_tip(item) {
            tipped = true;
            extras.push(Extra {
                external_line_id,
                name: "Tip".to_owned(),
                amount: money.currency.round(price * quantity),
                tax: tax.unwrap_or_default(),
                pointer: item.pointer.clone(),
            });
            continue;
        }
        lines.push(LineFigures {
            sku: sku_of(item),
            quantity,
            price: LinePrice::Unit(price),
            discounts: allocated.into_iter().filter(|amount| !amount.is_zero()).map(|amount| discount(amount, None, None)).collect(),
            tax,
            rates: rates_of(&taxes, money)?,
            external_ids: BTreeMap::from([("shopify".to_owned(), external_line_id.clone())]),
            metadata: bounded(
                [("name", item.field("name").value.clone()), ("properties", item.field("properties").value.clone())],
                4 * 1024,
            ),
            pointer: item.pointer.clone(),
            sku_pointer: item.field("sku").pointer,
            external_line_id,
        });
    }
    let (shipping, shipping_discount) = shipping(body, money)?;
    let mut discounts = vec![];
    let rest = money.read(body, "total_discounts")? - shared - shipping_discount;
    if rest > Decimal::ZERO {
        let codes: Vec<String> = body.field("discount_codes").items().iter().filter_map(|code| code.field("code").text(64)).collect();
        discounts.push(discount(rest, codes.first().cloned(), None));
    }
    // Where it is told only in the shop's currency, the order's total shows that something is missing.
    let tip = if tipped { Decimal::ZERO } else { money.read(body, "total_tip_received").or_else(|reason| elsewhere(reason, money))? };
    if tip > Decimal::ZERO {
        extras.push(Extra {
            external_line_id: "tip".to_owned(),
            name: "Tip".to_owned(),
            amount: tip,
            tax: Decimal::ZERO,
            pointer: "/total_tip_received".to_owned(),
        });
    }
    let fees = money.at(body, "original_total_additional_fees")?;
    let fee = fees.money(money.currency)?;
    if fee > Decimal::ZERO {
        extras.push(Extra {
            external_line_id: "fees".to_owned(),
            name: "Additional fees".to_owned(),
            amount: fee,
            tax: Decimal::ZERO,
            pointer: fees.pointer,
        });
    }
    let total = money.at(body, "total_price")?;
    let some_taxes = lines.iter().any(|line| line.tax.is_some());
    Ok(Figures {
        currency: money.currency,
        prices_include_tax: body.field("taxes_included").is_true(),
        lines: lines.into_iter().map(|line| LineFigures { tax: line.tax.or(some_taxes.then_some(Decimal::ZERO)), ..line }).collect(),
        shipping,
        extras,
        discounts,
        tax_total: Some(money.positive(body, "total_tax")?),
        total: Some(total.positive(money.currency)?),
        total_pointer: total.pointer,
        fee_sku: settings.fee_sku.clone(),
    })
}

/// Nothing, of an amount that stands only in another currency.
fn elsewhere(reason: Reason, money: Money) -> Read<Decimal> {
    if reason.code == OTHER_CURRENCY { Ok(money.currency.zero()) } else { Err(reason) }
}

/// What a customer has ordered of it: what an edit in the shop took away is not wanted, what was refunded is cancelled or returned.
fn quantity_of(item: &Node, id: &str, refunds: &[ShopRefund]) -> Read<Decimal> {
    let node = item.field("quantity");
    let ordered = node.quantity()?.ok_or_else(|| node.fault("required", "say how much of it"))?;
    let refunded: Decimal =
        refunds.iter().flat_map(|refund| &refund.lines).filter(|line| line.external_line_id == id).map(|line| line.quantity).sum();
    Ok(match item.field("current_quantity").quantity()? {
        Some(current) => ordered.min(current + refunded),
        None => ordered,
    })
}

fn is_tip(item: &Node) -> bool {
    let nameless = item.field("sku").text(64).is_none() && item.field("product_id").is_null();
    nameless && (item.field("tip").value.is_object() || item.field("title").value.as_str() == Some("Tip"))
}

/// Its SKU; a variant without one is looked for by its id.
fn sku_of(item: &Node) -> String {
    let variant = || item.field("variant_id").id().ok().map(|id| format!("shopify-{id}"));
    item.field("sku").text(64).or_else(variant).unwrap_or_default()
}

/// Its shares of the discounts.
fn discounts_of(node: &Node, money: Money) -> Read<Vec<Decimal>> {
    let mut found = vec![];
    for allocation in node.field("discount_allocations").items() {
        found.push(money.positive(&allocation, "amount")?);
    }
    Ok(found)
}

/// All shipping lines as one, and the discounts that are inside it.
fn shipping(body: &Node, money: Money) -> Read<(Option<ShippingFigures>, Decimal)> {
    let (mut found, mut off): (Option<ShippingFigures>, Decimal) = (None, Decimal::ZERO);
    let mut taxes = vec![];
    for line in body.field("shipping_lines").items() {
        if line.field("is_removed").is_true() {
            continue;
        }
        let price = money.positive(&line, "price")?;
        let allocated: Decimal = discounts_of(&line, money)?.iter().sum();
        let discounted = money.at(&line, "discounted_price")?;
        let after =
            if discounted.is_null() { (price - allocated).max(money.currency.zero()) } else { discounted.positive(money.currency)? };
        let of_line = line.field("tax_lines").items();
        let tax = money.sum(&of_line, "price")?;
        off += price - after;
        let zero = money.currency.zero();
        let shipping = found.get_or_insert(ShippingFigures {
            method: line.field("title").text(100),
            amount: zero,
            tax: zero,
            rates: ShopTax::default(),
            pointer: line.pointer.clone(),
        });
        shipping.amount += after;
        shipping.tax += tax;
        taxes.extend(of_line);
    }
    if let Some(shipping) = &mut found {
        shipping.rates = rates_of(&taxes, money)?;
    }
    Ok((found, off))
}

/// Rates and titles of the taxes that have charged something; one that stands on several shipping lines counts once.
fn rates_of(taxes: &[Node], money: Money) -> Read<ShopTax> {
    let mut charged: Vec<(Option<Decimal>, Option<String>)> = vec![];
    for tax in taxes {
        if money.read(tax, "price")?.is_zero() {
            continue;
        }
        let of = (tax.field("rate").decimal().ok().flatten(), tax.field("title").text(60));
        if !charged.contains(&of) {
            charged.push(of);
        }
    }
    Ok(ShopTax::of(charged))
}

fn cancelled(body: &Node) -> Option<ShopCancellation> {
    if body.field("cancelled_at").is_null() {
        return None;
    }
    let reason = body.field("cancel_reason").text(100);
    let code = match reason.as_deref() {
        Some("fraud") => CancelCode::Fraud,
        Some("inventory") => CancelCode::OutOfStock,
        Some("declined") => CancelCode::PaymentFailed,
        Some(_) | None => CancelCode::CustomerRequest,
    };
    Some(ShopCancellation { code, detail: reason })
}

/// The order says how much, not by which transactions; so it is one payment, under the order's own id. What is open of one that is
/// partly paid stands only in the shop's currency: where that is not the order's, nobody but a person can say what was paid.
fn payment(body: &Node, money: Money, external_id: &str) -> Read<(ShopPayment, Option<Reason>)> {
    let total = money.read(body, "total_price")?;
    let zero = money.currency.zero();
    let mut doubt = None;
    let status = body.field("financial_status").text(40).unwrap_or_default();
    let (authorized, captured) = match status.as_str() {
        "authorized" => (total, zero),
        "paid" | "partially_refunded" | "refunded" => (zero, total),
        "partially_paid" => match money.at(body, "total_outstanding") {
            Ok(open) => open.decimal()?.map_or((zero, zero), |open| (zero, money.currency.round((total - open).max(Decimal::ZERO)))),
            Err(reason) => {
                elsewhere(reason.clone(), money)?;
                let detail = format!("what is still to be paid is not told in {}: book what was paid by hand", money.currency);
                doubt = Some(Reason { code: "payment_currency".to_owned(), detail, ..reason });
                (zero, zero)
            }
        },
        _ => (zero, zero),
    };
    Ok((ShopPayment { reference: format!("shopify-{external_id}"), method: method(body), authorized, captured }, doubt))
}

fn method(body: &Node) -> PaymentMethod {
    let mut names: Vec<String> = body.field("payment_gateway_names").items().iter().filter_map(|name| name.text(100)).collect();
    names.extend(body.field("gateway").text(100));
    let name = names.iter().find(|name| *name != "gift_card").map(|name| name.to_ascii_lowercase());
    match name.as_deref() {
        None => PaymentMethod::Other,
        Some(name) if name.contains("cash") || name.contains("cod") => PaymentMethod::Cash,
        Some(name) if name.contains("bank") || name.contains("money_order") => PaymentMethod::BankTransfer,
        Some(name) if name.contains("paypal") || name.contains("wallet") || name.contains("gopay") || name.contains("ovo") => {
            PaymentMethod::EWallet
        }
        Some("manual") => PaymentMethod::Other,
        Some(_) => PaymentMethod::Card,
    }
}
