//! What is ordered when: six weeks of ordinary orders by chance, the same at each start, and between them those that are told in
//! `specials`. Pure.

use super::calendar::{self, business_days, is_working_day, local_date};
use super::chance::Chance;
use super::company::{Company, Regular, WebShopBuyer};
use super::specials;
use crate::customers::body::CustomerKind;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// An order to come.
#[derive(Clone, Debug)]
pub struct Planned {
    pub at: DateTime<Utc>,
    /// The body of `POST /v1/orders`.
    pub order: Value,
    pub course: Course,
}

/// What becomes of an order, as far as that is not to come.
#[derive(Clone, Debug)]
pub struct Course {
    /// After how many working days somebody lets it go, should it be held; never, if none.
    pub released_after: Option<u32>,
    pub handling: Handling,
    pub settlement: Settlement,
    pub complaint: Option<Complaint>,
    pub goods_back: Option<GoodsBack>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    Ship,
    /// Half of each line leaves; the rest stays.
    ShipHalf,
    /// Somebody holds it.
    Hold,
    /// The customer calls it off.
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Within the terms, or a few days later.
    AsAgreed,
    Half,
    TooMuch,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// Units of the first line came broken and are credited.
    Credit,
    /// And the money goes back.
    Refund,
}

/// Units of the first line come back, and how far that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoodsBack {
    /// Nobody has decided yet.
    Asked,
    /// The customer may send them.
    OnTheWay,
    /// They are on the shelf, and the money went back less a fee.
    Refunded,
    /// They came broken, and others were sent.
    Replaced,
}

impl Course {
    pub fn ordinary() -> Self {
        Self { released_after: Some(1), handling: Handling::Ship, settlement: Settlement::AsAgreed, complaint: None, goods_back: None }
    }
}

/// All orders, by time.
pub fn plan(company: &Company, now: DateTime<Utc>) -> Vec<Planned> {
    let mut chance = Chance::seeded(0x5045_5341_4e41_4e21);
    let mut planned = specials::orders(company, now);
    let mut purchase_orders = 0;
    let mut web_orders = 0;
    for day in business_days(now) {
        for regular in &company.customers {
            if orders_today(&mut chance, regular, day) {
                purchase_orders += 1;
                planned.push(regular_order(&mut chance, company, regular, day, purchase_orders));
            }
        }
        for often in [800, 250] {
            if chance.in_thousand(often)
                && let Some(buyer) = chance.pick(&company.web_shop_buyers)
            {
                web_orders += 1;
                planned.push(web_order(&mut chance, company, buyer, day, web_orders));
            }
        }
    }
    planned.sort_by_key(|planned| planned.at);
    planned
}

fn is_person(regular: &Regular) -> bool {
    regular.customer.kind == CustomerKind::Person
}

/// Companies order on working days.
fn orders_today(chance: &mut Chance, regular: &Regular, day: NaiveDate) -> bool {
    let days_a_week = if is_person(regular) { 7 } else { 6 };
    let open = is_person(regular) || is_working_day(day);
    chance.in_thousand(regular.orders_per_week * 1000 / days_a_week) && open
}

fn regular_order(chance: &mut Chance, company: &Company, regular: &Regular, day: NaiveDate, number: u32) -> Planned {
    let customer = &regular.customer;
    let hours = if is_person(regular) { (9, 21) } else { (8, 16) };
    let at = calendar::at(day, chance.between(hours.0 * 60, hours.1 * 60));
    let abroad = customer.currency.is_some();
    let shipping = match (abroad, is_person(regular)) {
        (true, _) => "45.00",
        (false, true) => "25000.00",
        (false, false) => "75000.00",
    };
    let mut lines = vec![];
    for sku in several(chance, &regular.buys, 4) {
        let quantity = chance.between(regular.quantity.0, regular.quantity.1);
        lines.push(line(chance, company, sku, quantity));
    }
    if chance.in_thousand(350)
        && let Some(sku) = chance.pick(&regular.extras)
    {
        lines.push(json!({ "sku": sku, "quantity": "1" }));
    }
    let mut order = json!({
        "customer_code": customer.code,
        "lines": lines,
        "shipping": { "method": "regular", "amount": shipping },
        "requested_on": date_after(at, chance.between(4, 9)),
        "on_shortage": "backorder",
    });
    if !is_person(regular) {
        order["purchase_order_number"] = json!(format!("PO-{}-{number:04}", day.year()));
    }
    if let Some(address) = customer.addresses.first()
        && chance.in_thousand(500)
    {
        order["ship_to_address_code"] = json!(address.code);
    }
    Planned { at, order, course: Course::ordinary() }
}

/// By the box where that is near, by the gram where the product is weighed.
fn line(chance: &mut Chance, company: &Company, sku: &str, quantity: u32) -> Value {
    let ware = company.ware(sku);
    let boxed = ware.and_then(|ware| ware.box_factor()).filter(|factor| quantity >= *factor && chance.in_thousand(600));
    match boxed {
        Some(factor) => json!({ "sku": sku, "quantity": (quantity / factor).to_string(), "unit": "XBX" }),
        None if ware.is_some_and(|ware| ware.product.quantity_scale == 3) => {
            json!({ "sku": sku, "quantity": format!("{quantity}.{}", chance.between(1, 9) * 50) })
        }
        None => json!({ "sku": sku, "quantity": quantity.to_string() }),
    }
}

fn web_order(chance: &mut Chance, company: &Company, buyer: &WebShopBuyer, day: NaiveDate, number: u32) -> Planned {
    let at = calendar::at(day, chance.between(7 * 60, 22 * 60));
    let sold = company.products.iter().filter(|ware| ware.box_factor().is_some() && ware.product.quantity_scale == 0);
    let skus: Vec<String> = sold.map(|ware| ware.product.sku().to_owned()).collect();
    let basket: Vec<(String, u32)> = several(chance, &skus, 3).into_iter().map(|sku| (sku.to_owned(), chance.between(1, 3))).collect();
    let method = if chance.in_thousand(500) { "card" } else { "e_wallet" };
    let mut order = web_shop_order(company, buyer, &format!("W-{}", 10_000 + number), &basket, method);
    order["requested_on"] = json!(date_after(at, chance.between(3, 6)));
    Planned { at, order, course: Course::ordinary() }
}

/// As the web shop tells of it: with its prices, which include tax, and the money that it has taken.
pub fn web_shop_order(company: &Company, buyer: &WebShopBuyer, external_id: &str, basket: &[(String, u32)], method: &str) -> Value {
    let with_tax = Decimal::ONE + company.home_tax();
    let shipping = Decimal::from(20_000) * with_tax;
    let mut total = shipping;
    let mut lines = vec![];
    for (sku, quantity) in basket {
        let price = company.ware(sku).and_then(|ware| ware.list_price()).unwrap_or_default() * with_tax;
        total += price * Decimal::from(*quantity);
        lines.push(json!({ "sku": sku, "quantity": quantity.to_string(), "unit_price": price.normalize().to_string() }));
    }
    json!({
        "channel": "web",
        "external_id": external_id,
        "customer": buyer.customer,
        "shipping_address": buyer.address,
        "pricing": "as_given",
        "prices_include_tax": true,
        "lines": lines,
        "shipping": { "method": "regular", "amount": shipping.normalize().to_string() },
        "payments": [{ "method": method, "status": "captured", "amount": total.normalize().to_string(), "reference": external_id }],
        "on_shortage": "backorder",
    })
}

/// One to `most` different ones.
fn several<'a>(chance: &mut Chance, skus: &'a [String], most: u32) -> Vec<&'a str> {
    let mut picked: Vec<&str> = vec![];
    for _ in 0..chance.between(1, most) {
        match chance.pick(skus) {
            Some(sku) if !picked.contains(&sku.as_str()) => picked.push(sku),
            Some(_) | None => {}
        }
    }
    picked
}

pub fn date_after(at: DateTime<Utc>, days: u32) -> Option<NaiveDate> {
    local_date(at).checked_add_days(Days::new(days.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::body::NewOrder;
    use crate::platform::http::from_value;

    #[test]
    fn about_150_orders_are_planned_the_same_each_time_and_all_lie_in_the_past() {
        let company = Company::read().unwrap();
        let now: DateTime<Utc> = "2026-03-02T02:00:00Z".parse().unwrap();
        let planned = plan(&company, now);
        assert!((130..=190).contains(&planned.len()), "{}", planned.len());
        assert!(planned.iter().all(|planned| planned.at > calendar::opening(now) && local_date(planned.at) < local_date(now)));
        assert!(planned.is_sorted_by_key(|planned| planned.at));
        let orders = |planned: &[Planned]| planned.iter().map(|planned| planned.order.to_string()).collect::<Vec<_>>();
        assert_eq!(orders(&planned), orders(&plan(&company, now)));
        for planned in &planned {
            let order: NewOrder = from_value(&planned.order).unwrap();
            order.check().unwrap();
        }
    }
}
