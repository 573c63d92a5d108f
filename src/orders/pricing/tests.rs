use super::*;
use crate::types::base_fraction::BaseFraction;
use crate::types::decimal::Percent;
use proptest::prelude::*;

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

pub(crate) fn rule(rate: &str) -> TaxRule {
    let scheme = if dec(rate).is_zero() { "Z" } else { "S" };
    TaxRule {
        tax_category: "standard".into(),
        tax_scheme_category: scheme.into(),
        rate: dec(rate),
        base_fraction: BaseFraction::WHOLE,
        exemption_code: None,
        exemption_reason: None,
        name: None,
    }
}

pub(crate) fn line(quantity: &str, unit_price: &str, rate: &str) -> LineInput {
    LineInput {
        quantity: dec(quantity),
        unit_price: dec(unit_price),
        price_quantity: Decimal::ONE,
        discounts: vec![],
        tax: rule(rate),
        given_tax_amount: None,
    }
}

pub(crate) fn order(code: &str, lines: Vec<LineInput>) -> PricingInput {
    let currency = currency(code);
    PricingInput { currency, mode: Pricing::Computed, prices_include_tax: false, lines, discounts: vec![], shipping: None }
}

fn amount_off(amount: &str) -> Discount {
    Discount { amount: Some(Amount(dec(amount))), ..Discount::default() }
}

pub(crate) fn percent_off(percent: &str) -> Discount {
    Discount { percent: Some(Percent(dec(percent))), ..Discount::default() }
}

fn faults_of(input: &PricingInput) -> Vec<(String, String)> {
    price(input).unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn tax_is_rounded_once_a_group_and_not_once_a_line() {
    let priced = price(&order("EUR", vec![line("1", "0.47", "0.11"); 300])).unwrap();
    assert_eq!(priced.tax_total.to_string(), "15.51");
    assert_eq!(priced.total.to_string(), "156.51");
    let taxes: Decimal = priced.lines.iter().map(|line| line.tax_amount).sum();
    assert_eq!(taxes, dec("15.51"));
}

#[test]
fn a_price_may_be_for_many_units_and_the_gross_is_not_rounded_before_its_discount() {
    let mut half = line("3", "10.01", "0");
    half.price_quantity = dec("2");
    half.discounts = vec![percent_off("50")];
    let priced = price(&order("EUR", vec![half])).unwrap();
    let line = &priced.lines[0];
    assert_eq!((line.gross_amount, line.discount_amount, line.net_amount), (dec("15.02"), dec("7.51"), dec("7.51")));
}

#[test]
fn order_discounts_lower_the_taxed_amount_of_every_group_and_leave_shipping_alone() {
    let mut input = order("EUR", vec![line("2", "50", "0.20"), line("1", "100", "0.10")]);
    input.discounts = vec![percent_off("10"), amount_off("5")];
    input.shipping = Some(ShippingInput { amount: dec("10"), tax: rule("0.20"), given_tax_amount: None });
    let priced = price(&input).unwrap();
    assert_eq!((priced.subtotal, priced.discount_total, priced.shipping_net), (dec("200"), dec("25"), dec("10")));
    assert_eq!(priced.lines[0].order_discount_amount, dec("12.50"));
    let groups: Vec<String> = priced.tax_breakdown.iter().map(|g| format!("{} {}", g.net_amount.0, g.tax_amount.0)).collect();
    assert_eq!(groups, ["97.50 19.50", "87.50 8.75"]);
    assert_eq!((priced.shipping_tax, priced.tax_total, priced.total), (dec("2.00"), dec("28.25"), dec("213.25")));
}

#[test]
fn eleven_twelfths_of_the_price_are_taxed_at_twelve_percent() {
    let mut input = order("IDR", vec![line("3", "33333", "0.12")]);
    input.lines[0].tax.base_fraction = "11/12".parse().unwrap();
    let priced = price(&input).unwrap();
    let group = serde_json::to_value(&priced.tax_breakdown[0]).unwrap();
    let shown = serde_json::json!({
        "tax_category": "standard", "tax_scheme_category": "S", "rate": "0.12", "base_fraction": "11/12",
        "net_amount": "99999.00", "taxable_amount": "91665.75", "tax_amount": "10999.89",
        "exemption_code": null, "exemption_reason": null, "tax_name": null,
    });
    assert_eq!(group, shown);
    assert_eq!(priced.total.to_string(), "110998.89");
}

#[test]
fn inclusive_prices_are_what_the_buyer_pays() {
    let mut input = order("EUR", vec![line("1", "11.10", "0.11"), line("2", "0.05", "0.11")]);
    input.prices_include_tax = true;
    input.lines[0].discounts = vec![amount_off("1.11")];
    input.shipping = Some(ShippingInput { amount: dec("5.55"), tax: rule("0.11"), given_tax_amount: None });
    let priced = price(&input).unwrap();
    assert_eq!(priced.total, dec("15.64"));
    assert_eq!(priced.tax_total, dec("1.55"));
    let first = &priced.lines[0];
    assert_eq!((first.gross_amount, first.discount_amount, first.net_amount), (dec("10.00"), dec("1.00"), dec("9.00")));
    assert_eq!((priced.shipping_net, priced.shipping_tax), (dec("5.00"), dec("0.55")));
}

#[test]
fn an_inclusive_order_discount_is_shown_without_its_tax() {
    let mut input = order("EUR", vec![line("1", "111", "0.11")]);
    input.prices_include_tax = true;
    input.discounts = vec![percent_off("10")];
    let priced = price(&input).unwrap();
    assert_eq!((priced.subtotal, priced.discount_total), (dec("100"), dec("10")));
    assert_eq!((priced.tax_total, priced.total), (dec("9.90"), dec("99.90")));
}

#[test]
fn the_shops_tax_is_kept_to_the_cent_and_only_the_rest_is_computed() {
    let mut input = order("EUR", vec![line("1", "10", "0.11"), line("1", "10", "0.11"), line("1", "10", "0.11")]);
    input.mode = Pricing::AsGiven;
    input.lines[0].given_tax_amount = Some(dec("1.09"));
    input.lines[1].given_tax_amount = Some(dec("0"));
    input.shipping = Some(ShippingInput { amount: dec("4"), tax: rule("0.11"), given_tax_amount: Some(dec("0.43")) });
    let priced = price(&input).unwrap();
    let taxes: Vec<String> = priced.lines.iter().map(|line| line.tax_amount.to_string()).collect();
    assert_eq!(taxes, ["1.09", "0.00", "1.10"]);
    assert_eq!((priced.shipping_tax, priced.tax_breakdown[0].tax_amount.0), (dec("0.43"), dec("2.62")));

    input.mode = Pricing::Computed;
    assert_eq!(price(&input).unwrap().tax_total, dec("3.74"));
}

#[test]
fn a_given_tax_inside_a_price_leaves_the_rest_as_net() {
    let mut input = order("EUR", vec![line("1", "11.10", "0.11")]);
    (input.mode, input.prices_include_tax) = (Pricing::AsGiven, true);
    input.lines[0].given_tax_amount = Some(dec("1.11"));
    let priced = price(&input).unwrap();
    assert_eq!((priced.subtotal, priced.tax_total, priced.total), (dec("9.99"), dec("1.11"), dec("11.10")));
    input.lines[0].given_tax_amount = Some(dec("11.11"));
    assert_eq!(faults_of(&input), [("/lines/0/tax_amount".into(), "tax_above_amount".into())]);
}

#[test]
fn all_faults_are_named_at_once_with_their_places() {
    let mut input = order("JPY", vec![line("0", "1", "0.1"), line("1", "-1", "0.1"), line("1", "5", "0.1"), line("1", "5", "10")]);
    input.lines[2].discounts = vec![amount_off("6")];
    input.shipping = Some(ShippingInput { amount: dec("1.5"), tax: rule("0.1"), given_tax_amount: None });
    let expected = [
        ("/lines/0/quantity", "out_of_range"),
        ("/lines/1/unit_price", "out_of_range"),
        ("/lines/2/discounts", "discount_above_gross"),
        ("/lines/3", "tax_rate_invalid"),
        ("/shipping/amount", "too_many_decimals"),
    ];
    assert_eq!(faults_of(&input), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

#[test]
fn too_large_amounts_are_refused_and_never_overflow() {
    let huge = line("99999999999999.999", "99999999999999.999999", "0.1");
    assert_eq!(faults_of(&order("EUR", vec![huge])), [("/lines/0/unit_price".into(), "out_of_range".into())]);
    let mut tiny_price_quantity = line("99999999999999", "99999999999999", "0");
    tiny_price_quantity.price_quantity = dec("0.001");
    assert_eq!(faults_of(&order("EUR", vec![tiny_price_quantity])), [("/lines/0/unit_price".into(), "out_of_range".into())]);
    let large = line("1", "99999999999999", "9.99");
    assert_eq!(faults_of(&order("EUR", vec![large.clone()])), [("/lines".into(), "out_of_range".into())]);
    assert_eq!(faults_of(&order("EUR", vec![large; 3])), [("/lines".into(), "out_of_range".into())]);
    let mut free = order("EUR", vec![line("1", "0", "0.11")]);
    free.discounts = vec![percent_off("10")];
    assert_eq!(price(&free).unwrap().total.to_string(), "0.00");
}

prop_compose! {
    fn any_line(places: u32)(
        quantity in 1i64..20_000, unit_price in 0i64..3_000_000, price_quantity in prop::sample::select(vec![1i64, 1, 1, 3, 100]),
        percent in prop::option::of(0i64..=100), off in prop::option::of(0i64..200),
        rate in prop::sample::select(vec!["0", "0.05", "0.11", "0.12", "0.19", "0.081"]), eleven_twelfths in prop::bool::weighted(0.2),
        given in prop::option::of(0i64..500),
    ) -> LineInput {
        let mut tax = rule(rate);
        if eleven_twelfths {
            tax.base_fraction = BaseFraction::new(11, 12).unwrap();
        }
        let mut line = LineInput {
            quantity: Decimal::new(quantity, 3), unit_price: Decimal::new(unit_price, 3), price_quantity: price_quantity.into(),
            discounts: vec![], tax, given_tax_amount: given.map(|given| Decimal::new(given, places)),
        };
        line.discounts.extend(percent.map(|percent| percent_off(&percent.to_string())));
        line.discounts.extend(off.map(|off| amount_off(&Decimal::new(off, places).to_string())));
        line
    }
}

prop_compose! {
    /// Any order that can be asked for; some of them ask for discounts above the gross and are refused.
    pub(crate) fn any_order()(code in prop::sample::select(vec!["JPY", "EUR", "IDR", "KWD"]))(
        lines in prop::collection::vec(any_line(Currency::from_code(code).unwrap().minor_units()), 1..12),
        as_given in any::<bool>(), prices_include_tax in any::<bool>(), percent in prop::option::of(0i64..=100),
        shipping in prop::option::of((0i64..5_000, prop::option::of(0i64..50))), currency in Just(Currency::from_code(code).unwrap()),
    ) -> PricingInput {
        let money = |amount: i64| Decimal::new(amount, currency.minor_units());
        let shipping = shipping.map(|(amount, given)| {
            ShippingInput { amount: money(amount), tax: rule("0.11"), given_tax_amount: given.map(money) }
        });
        PricingInput {
            currency, mode: if as_given { Pricing::AsGiven } else { Pricing::Computed }, prices_include_tax, lines, shipping,
            discounts: percent.map(|percent| percent_off(&percent.to_string())).into_iter().collect(),
        }
    }
}

/// What the prices ask for after all discounts, in their own terms.
fn asked(input: &PricingInput) -> Decimal {
    let mut plain = input.clone();
    (plain.mode, plain.prices_include_tax) = (Pricing::Computed, false);
    let priced = price(&plain).unwrap();
    priced.total - priced.tax_total
}

proptest! {
    #[test]
    fn every_figure_adds_up(input in any_order()) {
        let Ok(priced) = price(&input) else { return Ok(()) };
        let sum = |amount: fn(&PricedLine) -> Decimal| priced.lines.iter().map(amount).sum::<Decimal>();
        prop_assert_eq!(priced.total, priced.subtotal - priced.discount_total + priced.shipping_net + priced.tax_total);
        prop_assert_eq!(sum(|line| line.net_amount), priced.subtotal);
        prop_assert_eq!(sum(|line| line.order_discount_amount), priced.discount_total);
        prop_assert_eq!(sum(|line| line.tax_amount) + priced.shipping_tax, priced.tax_total);
        prop_assert_eq!(priced.tax_breakdown.iter().map(|group| group.tax_amount.0).sum::<Decimal>(), priced.tax_total);
        let nets: Decimal = priced.tax_breakdown.iter().map(|group| group.net_amount.0).sum();
        prop_assert_eq!(nets, priced.total - priced.tax_total);
        for line in &priced.lines {
            prop_assert_eq!(line.net_amount, line.gross_amount - line.discount_amount);
            prop_assert!(line.order_discount_amount >= Decimal::ZERO && line.order_discount_amount <= line.net_amount);
            prop_assert!(line.net_amount >= Decimal::ZERO && line.tax_amount >= Decimal::ZERO);
            for amount in [line.gross_amount, line.discount_amount, line.net_amount, line.order_discount_amount, line.tax_amount] {
                prop_assert_eq!(amount.scale(), input.currency.minor_units());
            }
        }
    }

    #[test]
    fn a_computed_groups_tax_is_its_rate_on_its_net(mut input in any_order()) {
        input.mode = Pricing::Computed;
        let Ok(priced) = price(&input) else { return Ok(()) };
        let unit = Decimal::new(1, input.currency.minor_units());
        for group in &priced.tax_breakdown {
            let by_rate = group.tax_on(input.currency, group.net_amount.0);
            let slack = if input.prices_include_tax { unit } else { Decimal::ZERO };
            prop_assert!((by_rate - group.tax_amount.0).abs() <= slack, "{} {}", by_rate, group.tax_amount.0);
        }
    }

    #[test]
    fn inclusive_prices_are_the_total_exactly(mut input in any_order()) {
        input.prices_include_tax = true;
        let Ok(priced) = price(&input) else { return Ok(()) };
        prop_assert_eq!(priced.total, asked(&input));
    }

    #[test]
    fn given_taxes_are_kept_exactly(mut input in any_order()) {
        input.mode = Pricing::AsGiven;
        let Ok(priced) = price(&input) else { return Ok(()) };
        for (line, asked) in priced.lines.iter().zip(&input.lines) {
            if let Some(given) = asked.given_tax_amount {
                prop_assert_eq!(line.tax_amount, given);
            }
        }
        if let Some(given) = input.shipping.as_ref().and_then(|shipping| shipping.given_tax_amount) {
            prop_assert_eq!(priced.shipping_tax, given);
        }
    }
}
