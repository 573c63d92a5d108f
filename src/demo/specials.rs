//! Orders that show one thing each, by how many days ago they came, and the supply that goes with them.

use super::calendar;
use super::company::Company;
use super::plan::{Complaint, Course, GoodsBack, Handling, Planned, Settlement, date_after, web_shop_order};
use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};

/// Goods that are ordered from a supplier for `jakarta-1`.
#[derive(Clone, Copy, Debug)]
pub struct Supply {
    pub sku: &'static str,
    pub quantity: &'static str,
    pub reference: &'static str,
    pub ordered_days_ago: u64,
    /// From the day on which it is ordered.
    pub expected_in_days: u64,
    /// From the day on which it is ordered; still on its way where that is to come.
    pub arrives_in_days: u64,
    /// So many days after it was ordered the supplier tells that it will come so many days after it was ordered.
    pub slips: Option<(u64, u64)>,
}

/// More than is ordered until then of teapots, and less than is wanted of large shirts, whose supply has slipped.
pub const SUPPLIES: [Supply; 6] = [
    supply("KERAMIK-02", "90", "PO-S-0031", 32, 7, 6),
    supply("KOPI-250", "600", "PO-S-0032", 28, 10, 8),
    supply("TEH-100", "480", "PO-S-0033", 24, 5, 7),
    Supply { slips: Some((5, 20)), ..supply("BATIK-L", "40", "PO-S-0034", 8, 14, 20) },
    supply("KOPI-250", "600", "PO-S-0035", 4, 12, 12),
    supply("TEH-100", "480", "PO-S-0036", 2, 9, 9),
];

const fn supply(
    sku: &'static str,
    quantity: &'static str,
    reference: &'static str,
    ordered_days_ago: u64,
    expected_in_days: u64,
    arrives_in_days: u64,
) -> Supply {
    Supply { sku, quantity, reference, ordered_days_ago, expected_in_days, arrives_in_days, slips: None }
}

/// Local time, so many minutes into the day so many days ago.
pub fn moment(now: DateTime<Utc>, days_ago: u64, minutes: u32) -> DateTime<Utc> {
    let day = calendar::local_date(now).checked_sub_days(Days::new(days_ago));
    day.map_or(now, |day| calendar::at(day, minutes))
}

pub fn orders(company: &Company, now: DateTime<Utc>) -> Vec<Planned> {
    let kept_on_hold = Course { released_after: None, ..Course::ordinary() };
    let mut orders = vec![
        // By the box and above a quantity break, with discounts on a line and on the whole.
        account_order(
            now,
            (30, 9 * 60 + 10),
            "C-TOKO-SUMBER",
            json!([
                { "sku": "KOPI-250", "quantity": "10", "unit": "XBX" },
                { "sku": "SABUN-KELAPA", "quantity": "72", "discounts": [{ "code": "LOYAL5", "percent": "5" }] },
            ]),
            json!({ "discounts": [{ "code": "GRAND-OPENING", "amount": "150000.00", "reason": "New branch" }] }),
            Course::ordinary(),
        ),
        // With two coupons, one of them for certain products.
        account_order(
            now,
            (13, 10 * 60 + 5),
            "C-KOPERASI-MAJU",
            json!([{ "sku": "KOPI-250", "quantity": "6" }, { "sku": "TEH-100", "quantity": "12" }]),
            json!({ "coupon_codes": ["KOPI15", "HEMAT50"] }),
            Course::ordinary(),
        ),
        // Waited for supply, then shipped.
        account_order(
            now,
            (33, 10 * 60),
            "C-HOTEL-MERAPI",
            json!([{ "sku": "KERAMIK-02", "quantity": "190" }]),
            json!({ "on_shortage": "backorder" }),
            Course::ordinary(),
        ),
        // Still waits for some; what was there is under way.
        account_order(
            now,
            (9, 11 * 60),
            "C-GALERI-NUSA",
            json!([{ "sku": "BATIK-L", "quantity": "20" }, { "sku": "TENUN-01", "quantity": "2" }]),
            json!({ "on_shortage": "backorder" }),
            Course::ordinary(),
        ),
        account_order(
            now,
            (4, 13 * 60),
            "C-BUDI",
            json!([{ "sku": "BATIK-L", "quantity": "2" }]),
            json!({ "on_shortage": "hold" }),
            kept_on_hold.clone(),
        ),
        // Above the credit limit: once released, once not yet.
        account_order(
            now,
            (17, 10 * 60 + 30),
            "C-RITEL-BAHARI",
            json!([{ "sku": "MADU-350", "quantity": "260" }]),
            json!({}),
            Course::ordinary(),
        ),
        account_order(
            now,
            (1, 10 * 60 + 20),
            "C-RITEL-BAHARI",
            json!([{ "sku": "KOPI-250", "quantity": "300" }]),
            json!({}),
            kept_on_hold.clone(),
        ),
        account_order(
            now,
            (3, 9 * 60 + 40),
            "C-TIMUR-JAYA",
            json!([{ "sku": "KERIPIK-TEMPE", "quantity": "60" }]),
            json!({}),
            kept_on_hold.clone(),
        ),
        account_order(
            now,
            (2, 14 * 60),
            "C-TOKO-SUMBER",
            json!([{ "sku": "GULA-AREN-500", "quantity": "20" }]),
            json!({}),
            Course { handling: Handling::Hold, ..kept_on_hold.clone() },
        ),
        account_order(
            now,
            (2, 10 * 60),
            "C-KOPERASI-MAJU",
            json!([{ "sku": "SAMBAL-200", "quantity": "48" }]),
            json!({}),
            Course { settlement: Settlement::Never, ..kept_on_hold.clone() },
        ),
        account_order(
            now,
            (12, 15 * 60),
            "C-GALERI-NUSA",
            json!([{ "sku": "TAS-ANYAM", "quantity": "6" }]),
            json!({}),
            Course { handling: Handling::Cancel, ..Course::ordinary() },
        ),
        account_order(
            now,
            (1, 15 * 60 + 30),
            "C-HOTEL-MERAPI",
            json!([{ "sku": "LILIN-SEREH", "quantity": "30" }]),
            json!({ "draft": true }),
            Course::ordinary(),
        ),
        account_order(
            now,
            (5, 9 * 60),
            "C-TOKO-SUMBER",
            json!([{ "sku": "KOPI-250", "quantity": "24" }, { "sku": "TEH-100", "quantity": "48" }]),
            json!({}),
            Course { handling: Handling::ShipHalf, ..Course::ordinary() },
        ),
        account_order(
            now,
            (34, 9 * 60 + 50),
            "C-TOKO-SUMBER",
            json!([{ "sku": "TEH-100", "quantity": "96" }]),
            json!({}),
            Course { settlement: Settlement::Half, ..Course::ordinary() },
        ),
        account_order(
            now,
            (31, 16 * 60),
            "C-KAFE-SENJA",
            json!([{ "sku": "KOPI-BIJI", "quantity": "12.500" }]),
            json!({}),
            Course { settlement: Settlement::TooMuch, ..Course::ordinary() },
        ),
        account_order(
            now,
            (23, 11 * 60 + 15),
            "C-HOTEL-MERAPI",
            json!([{ "sku": "KERAMIK-01", "quantity": "24" }]),
            json!({}),
            Course { complaint: Some(Complaint::Credit), ..Course::ordinary() },
        ),
        account_order(
            now,
            (21, 19 * 60),
            "C-MAYA",
            json!([{ "sku": "KERAMIK-01", "quantity": "4" }, { "sku": "GIFT-WRAP", "quantity": "1" }]),
            json!({}),
            Course { complaint: Some(Complaint::Refund), ..Course::ordinary() },
        ),
    ];
    orders.extend(returned_orders(now));
    orders.extend(web_orders(company, now));
    orders
}

/// Two units of each come back, or will.
fn returned_orders(now: DateTime<Utc>) -> Vec<Planned> {
    let order = |days_ago: u64, customer: &str, sku: &str, quantity: &str, goods_back: GoodsBack| {
        let lines = json!([{ "sku": sku, "quantity": quantity }]);
        let course = Course { goods_back: Some(goods_back), ..Course::ordinary() };
        account_order(now, (days_ago, 10 * 60 + 40), customer, lines, json!({}), course)
    };
    vec![
        order(29, "C-KAFE-SENJA", "TEH-100", "24", GoodsBack::Refunded),
        order(26, "C-HOTEL-MERAPI", "KERAMIK-01", "12", GoodsBack::Replaced),
        order(17, "C-TOKO-SUMBER", "SABUN-KELAPA", "36", GoodsBack::OnTheWay),
        order(15, "C-KAFE-SENJA", "KOPI-250", "18", GoodsBack::Asked),
    ]
}

/// Two with a price of last year, one with money that is only authorized.
fn web_orders(company: &Company, now: DateTime<Utc>) -> Vec<Planned> {
    let basket = [("KOPI-250".to_owned(), 2)];
    let buyers = company.web_shop_buyers.iter().zip([(19, "W-9901"), (1, "W-9902"), (1, "W-9903")]);
    let place = |(i, (buyer, (days_ago, external_id))): (usize, (_, (u64, &str)))| {
        let at = moment(now, days_ago, 20 * 60 + 15);
        let mut order = web_shop_order(company, buyer, external_id, &basket, "card");
        order["requested_on"] = json!(date_after(at, 5));
        if i < 2 {
            order["lines"][0]["unit_price"] = json!("87690");
            order["payments"][0]["amount"] = json!("197580");
        } else {
            order["payments"][0]["status"] = json!("authorized");
        }
        let course = if i == 1 { Course { released_after: None, ..Course::ordinary() } } else { Course::ordinary() };
        Planned { at, order, course }
    };
    buyers.enumerate().map(place).collect()
}

fn account_order(
    now: DateTime<Utc>,
    (days_ago, minutes): (u64, u32),
    customer: &str,
    lines: Value,
    more: Value,
    course: Course,
) -> Planned {
    let at = moment(now, days_ago, minutes);
    let mut order = json!({
        "customer_code": customer,
        "lines": lines,
        "shipping": { "method": "regular", "amount": "75000.00" },
        "requested_on": date_after(at, 6),
    });
    if let (Some(order), Value::Object(more)) = (order.as_object_mut(), more) {
        order.extend(more);
    }
    Planned { at, order, course }
}
