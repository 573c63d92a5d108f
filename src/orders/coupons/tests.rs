use super::*;
use crate::catalog::coupons::judge::tests::coupon;
use crate::orders::pricing::tests::{any_order, dec, line, order, percent_off};
use crate::orders::pricing::{Priced, Pricing, price};
use crate::types::currency::Currency;
use proptest::prelude::*;
use serde_json::{Value, json};

const SKUS: [&str; 3] = ["KOPI", "TEH", "GULA"];

fn buying<'a>(skus: &'a [&'a str], currency: Currency) -> Buying<'a> {
    Buying {
        customer_id: None,
        named: true,
        recognizable: true,
        channel: "direct",
        currency,
        skus,
        subtotal: Decimal::ZERO,
        on: "2026-03-15".parse().unwrap(),
    }
}

fn with_coupons(mut input: PricingInput, coupons: &[Coupon]) -> Result<(Priced, Vec<CouponUse>, PricingInput), Error> {
    let skus: Vec<&str> = (0..input.lines.len()).map(|i| SKUS[i % SKUS.len()]).collect();
    let named: Vec<Named> = coupons
        .iter()
        .map(|coupon| Named { code: &coupon.code, coupon: Some(coupon), standing: Standing::default(), is_held: false })
        .collect();
    let buying = buying(&skus, input.currency);
    let uses = apply(&mut input, &skus, &buying, &named)?;
    Ok((price(&input)?, uses, input))
}

fn priced(input: PricingInput, coupons: &[Value]) -> (Priced, Vec<String>) {
    let coupons: Vec<Coupon> = coupons.iter().map(|extra| coupon(extra.clone())).collect();
    let (priced, uses, _) = with_coupons(input, &coupons).unwrap();
    (priced, uses.iter().map(|of| format!("{} {}", of.code, of.amount)).collect())
}

fn amount(code: &str, amount: &str) -> Value {
    json!({"code": code, "percent": null, "amount": amount, "currency": "EUR", "combinable": true})
}

#[test]
fn a_percent_and_an_amount_are_taken_off_the_order_before_tax() {
    // 2 × 10.00 + 1 × 30.00 = 50.00; 10 % = 5.00; tax 20 % of 45.00 = 9.00.
    let input = order("EUR", vec![line("2", "10", "0.20"), line("1", "30", "0.20")]);
    let (ten, uses) = priced(input.clone(), &[json!({})]);
    assert_eq!((ten.subtotal, ten.discount_total, ten.tax_total, ten.total), (dec("50"), dec("5"), dec("9"), dec("54")));
    assert_eq!(uses, ["TEN 5.00"]);
    // 50.00 − 7.50 = 42.50; tax 8.50.
    let (off, uses) = priced(input, &[amount("off", "7.50")]);
    assert_eq!((off.discount_total, off.tax_total, off.total), (dec("7.50"), dec("8.50"), dec("51")));
    assert_eq!(uses, ["OFF 7.50"]);
}

#[test]
fn a_coupon_for_products_is_a_discount_on_their_lines() {
    let input = order("EUR", vec![line("2", "10", "0.20"), line("1", "30", "0.20")]);
    let (priced, uses) = priced(input, &[json!({"skus": ["TEH"]})]);
    assert_eq!((priced.lines[0].discount_amount, priced.lines[1].discount_amount), (dec("0"), dec("3")));
    assert_eq!((priced.subtotal, priced.discount_total, priced.total), (dec("47"), dec("0"), dec("56.40")));
    assert_eq!(uses, ["TEN 3.00"]);
}

#[test]
fn an_amount_for_products_is_shared_over_their_lines_by_what_is_left() {
    // 20.00 and 40.00 are left of KOPI and GULA: 10.00 is shared as 3.33 and 6.67.
    let mut input = order("EUR", vec![line("2", "10", "0"), line("1", "30", "0"), line("1", "50", "0")]);
    input.lines[2].discounts = vec![percent_off("20")];
    let mut ten = amount("ten", "10.00");
    ten["skus"] = json!(["KOPI", "GULA"]);
    let (priced, uses) = priced(input, &[ten]);
    let discounts: Vec<String> = priced.lines.iter().map(|line| line.discount_amount.to_string()).collect();
    assert_eq!(discounts, ["3.33", "0.00", "16.67"]);
    assert_eq!((priced.subtotal, uses), (dec("80"), vec!["TEN 10.00".to_owned()]));
}

#[test]
fn no_coupon_takes_more_than_is_left() {
    let mut input = order("EUR", vec![line("1", "10", "0.20"), line("1", "5", "0.20")]);
    input.lines[0].discounts = vec![percent_off("60")];
    input.discounts = vec![percent_off("50")];
    // Left of the lines: 4.00 and 5.00. 3.00 off KOPI: 1.00 and 5.00. Half of 6.00 off: 3.00. 90 % of 6.00 would be 5.40: 3.00 is left.
    let mut three = amount("three", "3.00");
    three["skus"] = json!(["KOPI"]);
    let (priced, uses) = priced(input, &[json!({"code": "ninety", "percent": "90", "combinable": true}), three, amount("more", "1.00")]);
    assert_eq!((priced.subtotal, priced.discount_total, priced.total), (dec("6"), dec("6"), dec("0")));
    assert_eq!(uses, ["NINETY 3.00", "THREE 3.00", "MORE 0.00"]);
}

#[test]
fn what_the_buyer_saw_is_what_the_coupon_is_taken_off_where_prices_include_tax() {
    // 119.00 − 10 % = 107.10, of which 17.10 is tax at 19 %.
    let mut input = order("EUR", vec![line("1", "119", "0.19")]);
    input.prices_include_tax = true;
    let (priced, uses) = priced(input, &[json!({})]);
    assert_eq!((priced.total, priced.tax_total, priced.discount_total), (dec("107.10"), dec("17.10"), dec("10")));
    assert_eq!(uses, ["TEN 11.90"]);
}

#[test]
fn faults_of_all_codes_come_at_once_and_before_exhaustion() {
    let used_up = Coupon { times_used: 1, ..coupon(json!({"usage_limit": 1, "combinable": true})) };
    let alone = coupon(json!({"code": "alone"}));
    let mut input = order("EUR", vec![line("1", "10", "0")]);
    let named = |code, coupon| Named { code, coupon, standing: Standing::default(), is_held: false };
    let skus = ["KOPI"];
    let buying = buying(&skus, input.currency);
    let result = apply(&mut input, &skus, &buying, &[named("x", None), named("alone", Some(&alone)), named("ten", Some(&used_up))]);
    let Err(Error::Invalid(faults)) = result else { panic!("{result:?}") };
    let shown: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    assert_eq!(shown, [("/coupon_codes/0", "unknown_coupon"), ("/coupon_codes/1", "coupon_not_combinable")]);
    let result = apply(&mut input, &skus, &buying, &[named("ten", Some(&used_up))]);
    assert!(matches!(&result, Err(Error::Conflict { code: "coupon_exhausted", .. })), "{result:?}");
    assert!(input.discounts.is_empty());
}

prop_compose! {
    fn any_coupon(code: &'static str)(
        percent in 1i64..=100, off in 1i64..500_000, is_percent in any::<bool>(), sku in prop::option::of(0usize..3),
    ) -> (bool, i64, i64, Option<usize>, &'static str) {
        (is_percent, percent, off, sku, code)
    }
}

proptest! {
    #[test]
    fn whatever_the_coupons_nothing_falls_below_zero_and_the_uses_are_what_was_taken_off(
        mut input in any_order(), one in any_coupon("one"), two in any_coupon("two"), three in any_coupon("three"),
    ) {
        input.mode = Pricing::Computed;
        let Ok(without) = price(&input) else { return Ok(()) };
        let places = input.currency.minor_units();
        let coupons: Vec<Coupon> = [one, two, three].into_iter().map(|(is_percent, percent, off, sku, code)| {
            let mut extra = json!({"code": code, "combinable": true, "skus": sku.map(|sku| vec![SKUS[sku]]).unwrap_or_default()});
            if is_percent {
                extra["percent"] = json!(percent.to_string());
            } else {
                extra["percent"] = Value::Null;
                extra["amount"] = json!(Decimal::new(off, places).to_string());
                extra["currency"] = json!(input.currency.code());
            }
            coupon(extra)
        }).filter(|coupon| coupon.skus.is_empty() || input.lines.len() >= 3 || coupon.skus == ["KOPI"]).collect();
        let (with, uses, _) = with_coupons(input.clone(), &coupons).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(with.total >= Decimal::ZERO && with.total <= without.total);
        for line in &with.lines {
            prop_assert!(line.net_amount >= Decimal::ZERO && line.order_discount_amount <= line.net_amount);
        }
        // In the terms of the prices: with tax where they include it, so that the buyer pays what he saw less what the coupon says.
        let paid = |priced: &Priced| if input.prices_include_tax { priced.total } else { priced.total - priced.tax_total };
        let taken: Decimal = uses.iter().map(|of| of.amount).sum();
        // A percent on the whole order is of less where a coupon has lowered a line.
        let percents = input.discounts.iter().any(|discount| discount.percent.is_some());
        prop_assert!(percents || paid(&without) - paid(&with) == taken, "{} {} {}", paid(&without), paid(&with), taken);
    }

    /// An edited order costs what the same order costs placed afresh with those of its coupons that hold, and none of the others.
    #[test]
    fn an_edited_order_costs_what_it_costs_afresh_with_the_coupons_that_hold(
        mut input in any_order(), one in any_coupon("one"), two in any_coupon("two"), minimum in prop::option::of(0i64..2_000_000),
    ) {
        input.mode = Pricing::Computed;
        prop_assume!(price(&input).is_ok());
        let places = input.currency.minor_units();
        let coupons: Vec<Coupon> = [one, two].into_iter().map(|(is_percent, percent, off, sku, code)| {
            let mut extra = json!({"code": code, "combinable": true, "skus": sku.map(|sku| vec![SKUS[sku]]).unwrap_or_default()});
            extra["currency"] = json!(input.currency.code());
            extra["minimum_subtotal"] = json!(minimum.map(|minimum| Decimal::new(minimum + 1, places).to_string()));
            if !is_percent {
                extra["percent"] = Value::Null;
                extra["amount"] = json!(Decimal::new(off, places).to_string());
            } else {
                extra["percent"] = json!(percent.to_string());
            }
            coupon(extra)
        }).collect();
        let skus: Vec<&str> = (0..input.lines.len()).map(|i| SKUS[i % SKUS.len()]).collect();
        let subtotal: Decimal = pricing::line_amounts(&input).unwrap_or_default().iter().sum();
        let mut edited = input.clone();
        let held: Vec<&Coupon> = coupons.iter().collect();
        let change = apply_held(&mut edited, &skus, &buying(&skus, input.currency), &held)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let holds = |coupon: &&Coupon| {
            let of_its_products = coupon.skus.is_empty() || coupon.skus.iter().any(|own| skus.contains(&own.as_str()));
            of_its_products && coupon.minimum_subtotal.is_none_or(|minimum| subtotal >= minimum.0)
        };
        let holding: Vec<Coupon> = coupons.iter().filter(holds).cloned().collect();
        let (afresh, uses, _) = with_coupons(input.clone(), &holding).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(price(&edited).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?, afresh);
        let taken = |uses: &[CouponUse]| uses.iter().map(|of| (of.code.clone(), of.amount)).collect::<Vec<_>>();
        prop_assert_eq!(taken(&change.uses), taken(&uses));
        prop_assert_eq!(change.uses.len() + change.dropped.len(), coupons.len());
    }
}
