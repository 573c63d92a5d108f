//! What speaks against making an order of a mail unseen. Pure.

use super::reader::Mail;
use crate::channels::Channel;
use crate::inbox::Reason;
use crate::verifications::proposal::place_of;
use crate::verifications::reading::{Confidence, Reading};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

/// Remarks that say nothing of the order itself.
const HARMLESS: [&str; 1] = ["attached_mail"];

/// What the mail itself leaves open.
pub fn of_mail(mail: &Mail) -> Vec<Reason> {
    let mut reasons = vec![];
    if mail.automatic {
        reasons.push(Reason::new("automatic_mail", "a program has sent it", "header=Auto-Submitted"));
    }
    if mail.is_answer {
        reasons.push(Reason::new("answers_mail", "it answers another mail: is it a new order?", "header=In-Reply-To"));
    }
    for line in &mail.reading.lines {
        let place = line.quantity.as_ref().or(line.name.as_ref()).map(|field| field.place.clone()).unwrap_or_default();
        if line.sku.is_none() && line.gtin.is_none() {
            let name = line.name.as_ref().map(|name| name.value.as_str()).unwrap_or_default();
            reasons.push(Reason::new("product_missing", format!("which product is meant by \"{name}\"?"), place));
        }
    }
    for field in mail.reading.unsure(Confidence::ENOUGH) {
        reasons.push(Reason::new("unsure", format!("is \"{}\" right?", field.value), field.place.clone()));
    }
    for remark in mail.reading.remarks.iter().filter(|remark| !HARMLESS.contains(&remark.code.as_str())) {
        reasons.push(Reason::new(remark.code.as_str(), remark.detail.as_str(), remark.place.as_str()));
    }
    if let Some(order) = &mail.ubl
        && (!order.allowances.is_empty() || order.lines.iter().any(|line| !line.allowances.is_empty()))
    {
        reasons.push(Reason::new("allowances", "the order has allowances or charges, which a mail's order does not take over", ""));
    }
    reasons.truncate(200);
    reasons
}

/// Wanted days before today.
pub fn days_that_have_passed(reading: &Reading, today: NaiveDate) -> Vec<Reason> {
    let days = reading.requested_on.iter().chain(reading.lines.iter().filter_map(|line| line.requested_on.as_ref()));
    let passed = days.filter(|field| field.value.parse::<NaiveDate>().is_ok_and(|day| day < today));
    passed.take(20).map(|field| Reason::new("date_passed", format!("{} has passed", field.value), field.place.as_str())).collect()
}

/// A currency that the mail counts on and that the order is not in.
pub fn currency_difference(quoted: &Value, reading: &Reading) -> Option<Reason> {
    let (told, ours) = (reading.currency.as_ref()?, quoted["currency"].as_str()?);
    let detail = || format!("the customer writes {} where the order is in {ours}", told.value);
    (told.value != ours).then(|| Reason::new("currency_differs", detail(), told.place.as_str()))
}

/// Prices that the customer counts on and that are not ours, by more than the channel tolerates.
pub fn price_differences(quoted: &Value, reading: &Reading, channel: &Channel) -> Vec<Reason> {
    let decimal = |value: &Value| value.as_str().and_then(|text| text.parse::<Decimal>().ok());
    let tolerance = channel.price_tolerance();
    let mut reasons = vec![];
    for (i, line) in reading.lines.iter().enumerate() {
        let Some(told) = &line.unit_price else { continue };
        let Ok(expected) = told.value.parse::<Decimal>() else { continue };
        let of_line = &quoted["lines"][i];
        let (Some(price), Some(per), Some(quantity)) =
            (decimal(&of_line["unit_price"]), decimal(&of_line["price_quantity"]), decimal(&of_line["quantity"]))
        else {
            continue;
        };
        if per.is_zero() {
            continue;
        }
        let ours = price / per;
        let amount = tolerance.and_then(|tolerance| tolerance.amount).map_or(Decimal::new(1, 2), |amount| amount.0);
        let percent = tolerance.and_then(|tolerance| tolerance.percent).map_or(Decimal::ZERO, |percent| percent.0);
        let tolerated = amount.max(ours * quantity * percent / Decimal::ONE_HUNDRED);
        if ((expected - ours) * quantity).abs() > tolerated {
            let detail =
                format!("{} expects {} where our price is {}", of_line["sku"].as_str().unwrap_or_default(), told.value, ours.normalize());
            reasons.push(Reason::new("price_differs", detail, place_of(&format!("/lines/{i}/unit_price"), reading)));
        }
    }
    reasons
}
