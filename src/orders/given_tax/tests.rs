use super::*;
use crate::orders::pricing::tests::{dec, line, order};
use crate::orders::pricing::{ShippingInput, price};
use proptest::prelude::*;

fn outside() -> TaxRule {
    TaxRule::outside_scope("standard")
}

/// Lines of net, tax, and what the shop says its rates are; no rule of ours taxes them.
fn given(lines: &[(&str, &str, Option<&str>)]) -> (PricingInput, Vec<Option<Told>>) {
    let inputs = lines.iter().map(|(net, tax, _)| {
        let mut line = line("1", net, "0");
        line.tax = outside();
        line.given_tax_amount = Some(dec(tax));
        line
    });
    let told = lines
        .iter()
        .map(|(.., rate)| Some(Told { rate: rate.map(dec), name: Some("State".into()), category: "standard".into(), kept: None }));
    let mut input = order("USD", inputs.collect());
    input.mode = Pricing::AsGiven;
    (input, told.collect())
}

fn rules(input: &PricingInput) -> Vec<(String, String)> {
    input.lines.iter().map(|line| (line.tax.tax_scheme_category.clone(), line.tax.rate.to_string())).collect()
}

#[test]
fn the_rate_is_the_shop_s_or_the_shortest_that_makes_its_tax() {
    // 6 % and 2.25 % of 100.00; 19 % of 50.31 = 9.5589; 8.875 % of 19.99 = 1.7741; 11 % of 45,455 in whole rupiah.
    for (net, tax, told, rate) in [
        ("100.00", "8.25", Some("0.0825"), "0.0825"),
        ("100.00", "8.25", None, "0.0825"),
        ("50.31", "9.56", None, "0.19"),
        ("19.99", "1.77", Some("0.08875"), "0.08875"),
        ("1999.00", "177.41", None, "0.08875"),
        ("45455.00", "5000.00", None, "0.11"),
        // What it says is not what it has charged.
        ("100.00", "8.25", Some("0.06"), "0.0825"),
    ] {
        let (mut input, told) = given(&[(net, tax, told)]);
        take(&mut input, &told, None);
        assert_eq!(rules(&input), [("S".to_owned(), rate.to_owned())], "{net} {tax}");
        assert_eq!(input.lines[0].tax.name.as_deref(), Some("State"));
    }
}

#[test]
fn lines_of_one_rate_are_one_group_however_they_are_rounded() {
    let (mut input, told) = given(&[("3.33", "0.27", None), ("200.00", "16.50", None), ("9.99", "0.82", None)]);
    take(&mut input, &told, None);
    assert_eq!(rules(&input), vec![("S".to_owned(), "0.0825".to_owned()); 3]);
    assert_eq!(price(&input).unwrap().tax_breakdown.len(), 1);
}

#[test]
fn what_we_would_tax_alike_keeps_our_rule_and_what_is_untaxed_beside_is_exempt() {
    let (mut input, told) = given(&[("100.00", "19.00", Some("0.19")), ("100.00", "7.00", None), ("10.00", "0.00", None)]);
    input.lines[0].tax = crate::orders::pricing::tests::rule("0.19");
    input.shipping = Some(ShippingInput { amount: dec("5.00"), tax: outside(), given_tax_amount: Some(dec("0.95")) });
    let shipping = Told { name: Some("MwSt".into()), category: "standard".into(), ..Told::default() };
    take(&mut input, &told, Some(&shipping));
    assert_eq!(rules(&input), [("S", "0.19"), ("S", "0.07"), ("E", "0")].map(|(scheme, rate)| (scheme.to_owned(), rate.to_owned())));
    assert_eq!(input.lines[2].tax.exemption_reason.as_deref(), Some("Not subject to tax"));
    // Our own group and the shop's of the same rate are one, under the shop's name.
    let priced = price(&input).unwrap();
    let groups: Vec<(String, String, Option<&str>)> = priced
        .tax_breakdown
        .iter()
        .map(|group| (group.net_amount.0.to_string(), group.tax_amount.0.to_string(), group.tax_name.as_deref()))
        .collect();
    assert_eq!(
        groups,
        [
            ("105.00".to_owned(), "19.95".to_owned(), Some("MwSt")),
            ("100.00".to_owned(), "7.00".to_owned(), Some("State")),
            ("10.00".to_owned(), "0.00".to_owned(), None)
        ]
    );
    assert_eq!(priced.total, dec("241.95"));
}

#[test]
fn inside_prices_the_rate_is_on_what_is_left() {
    let (mut input, told) = given(&[("119.00", "19.00", None)]);
    input.prices_include_tax = true;
    take(&mut input, &told, None);
    assert_eq!((rules(&input), price(&input).unwrap().total), (vec![("S".to_owned(), "0.19".to_owned())], dec("119.00")));
}

proptest! {
    /// Nothing but what it is called changes, and each group is within the tolerance of the standard (BR-S-09).
    #[test]
    fn amounts_stay_and_groups_fit_their_rates(lines in prop::collection::vec((1i64..500_000, 1i64..25, 0i64..100), 1..12)) {
        let texts: Vec<(String, String)> = lines.iter().map(|(cents, percent, hundredths)| {
            let net = Decimal::new(*cents, 2);
            let tax = (net * Decimal::new(percent * 100 + hundredths, 4)).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
            (net.to_string(), tax.to_string())
        }).collect();
        let lines: Vec<(&str, &str, Option<&str>)> = texts.iter().map(|(net, tax)| (net.as_str(), tax.as_str(), None)).collect();
        let (mut input, told) = given(&lines);
        let before = price(&input).unwrap();
        take(&mut input, &told, None);
        let after = price(&input).unwrap();
        prop_assert_eq!(after.total, before.total);
        prop_assert_eq!(after.lines.iter().map(|line| line.tax_amount).collect::<Vec<_>>(), before.lines.iter().map(|line| line.tax_amount).collect::<Vec<_>>());
        for group in after.tax_breakdown.iter().filter(|group| group.tax_scheme_category == "S") {
            let exact = group.net_amount.0 * group.rate.0;
            prop_assert!((exact - group.tax_amount.0).abs() < Decimal::ONE, "{group:?}");
        }
    }
}
