//! Amounts computed by hand, country by country; docs/pricing.md shows the same figures.

use super::tests::{dec, line, order, percent_off};
use super::*;
use crate::types::base_fraction::BaseFraction;

struct Example {
    what: &'static str,
    input: PricingInput,
    subtotal: &'static str,
    discount_total: &'static str,
    /// Net and tax of each group.
    groups: &'static [(&'static str, &'static str)],
    total: &'static str,
}

fn ppn(unit_price: &str) -> LineInput {
    let mut line = line("1", unit_price, "0.12");
    line.tax.base_fraction = BaseFraction::new(11, 12).unwrap();
    line
}

fn inclusive(code: &str, lines: Vec<LineInput>) -> PricingInput {
    PricingInput { prices_include_tax: true, ..order(code, lines) }
}

fn discounted(discounts: Vec<Discount>, mut input: PricingInput) -> PricingInput {
    input.discounts = discounts;
    input
}

fn shipped(amount: &str, rate: &str, mut input: PricingInput) -> PricingInput {
    input.shipping = Some(ShippingInput { amount: dec(amount), tax: super::tests::rule(rate), given_tax_amount: None });
    input
}

fn examples() -> Vec<Example> {
    vec![
        // PMK 131/2024: 12 % of 11/12. 1,000,000 × 11/12 = 916,666.67 shown; 1,000,000 × 0.11 = 110,000.
        Example {
            what: "Indonesia, PPN 12 % on 11/12",
            input: order("IDR", vec![ppn("1000000")]),
            subtotal: "1000000.00",
            discount_total: "0.00",
            groups: &[("1000000.00", "110000.00")],
            total: "1110000.00",
        },
        // Luxury goods bear 12 % of the whole.
        Example {
            what: "Indonesia, luxury goods beside others",
            input: order("IDR", vec![ppn("1000000"), line("1", "2000000", "0.12")]),
            subtotal: "3000000.00",
            discount_total: "0.00",
            groups: &[("1000000.00", "110000.00"), ("2000000.00", "240000.00")],
            total: "3350000.00",
        },
        // 1,110,000 × 0.11 ÷ 1.11 = 110,000.
        Example {
            what: "Indonesia, price with PPN inside",
            input: inclusive("IDR", vec![ppn("1110000")]),
            subtotal: "1000000.00",
            discount_total: "0.00",
            groups: &[("1000000.00", "110000.00")],
            total: "1110000.00",
        },
        // 10 % of 150.00 = 15.00, shared 10.00 and 5.00; 19 % of 90.00 = 17.10; 7 % of 45.00 = 3.15.
        Example {
            what: "Germany, 19 % and 7 % with 10 % off the whole",
            input: discounted(vec![percent_off("10")], order("EUR", vec![line("1", "100", "0.19"), line("1", "50", "0.07")])),
            subtotal: "150.00",
            discount_total: "15.00",
            groups: &[("90.00", "17.10"), ("45.00", "3.15")],
            total: "155.25",
        },
        // 11.90 ÷ 1.19 = 10.00; 1.07 ÷ 1.07 = 1.00; shipping 4.90: 16.80 × 19 ÷ 119 = 2.682 in the group of 19 %.
        Example {
            what: "Germany, shop prices with tax inside and shipping",
            input: shipped("4.90", "0.19", inclusive("EUR", vec![line("1", "11.90", "0.19"), line("1", "1.07", "0.07")])),
            subtotal: "11.00",
            discount_total: "0.00",
            groups: &[("14.12", "2.68"), ("1.00", "0.07")],
            total: "17.87",
        },
        // 3 × 9.99 = 29.97 paid; 29.97 × 19 ÷ 119 = 4.785 → 4.79; 25.18 is left.
        Example {
            what: "Germany, a price that no net makes",
            input: inclusive("EUR", vec![line("3", "9.99", "0.19")]),
            subtotal: "25.18",
            discount_total: "0.00",
            groups: &[("25.18", "4.79")],
            total: "29.97",
        },
        // 59.97 × 0.0725 = 4.3478.
        Example {
            what: "California, 7.25 %",
            input: order("USD", vec![line("3", "19.99", "0.0725")]),
            subtotal: "59.97",
            discount_total: "0.00",
            groups: &[("59.97", "4.35")],
            total: "64.32",
        },
        // 59.97 × 0.08875 = 5.3223.
        Example {
            what: "New York City, 8.875 %",
            input: order("USD", vec![line("3", "19.99", "0.08875")]),
            subtotal: "59.97",
            discount_total: "0.00",
            groups: &[("59.97", "5.32")],
            total: "65.29",
        },
        Example {
            what: "Oregon, no sales tax",
            input: order("USD", vec![line("3", "19.99", "0")]),
            subtotal: "59.97",
            discount_total: "0.00",
            groups: &[("59.97", "0.00")],
            total: "59.97",
        },
        // 8 % of 324 = 25.92 → 26; 10 % of 1,005 = 100.5 → 101.
        Example {
            what: "Japan, 8 % on food and 10 %, without minor unit",
            input: order("JPY", vec![line("3", "108", "0.08"), line("1", "1005", "0.10")]),
            subtotal: "1329",
            discount_total: "0",
            groups: &[("324", "26"), ("1005", "101")],
            total: "1456",
        },
        // 999 × 10 ÷ 110 = 90.8 → 91.
        Example {
            what: "Japan, price with tax inside",
            input: inclusive("JPY", vec![line("1", "999", "0.10")]),
            subtotal: "908",
            discount_total: "0",
            groups: &[("908", "91")],
            total: "999",
        },
        // 2.5 × 1.2345 = 3.08625 → 3.086; Kuwait has no VAT.
        Example {
            what: "Kuwait, three places",
            input: order("KWD", vec![line("2.5", "1.2345", "0")]),
            subtotal: "3.086",
            discount_total: "0.000",
            groups: &[("3.086", "0.000")],
            total: "3.086",
        },
        // 10 % of 3.086 = 0.3086 → 0.309.
        Example {
            what: "Bahrain, 10 % with three places",
            input: order("BHD", vec![line("2.5", "1.2345", "0.10")]),
            subtotal: "3.086",
            discount_total: "0.000",
            groups: &[("3.086", "0.309")],
            total: "3.395",
        },
    ]
}

#[test]
fn amounts_are_those_computed_by_hand() {
    for example in examples() {
        let priced = price(&example.input).unwrap();
        let shown = [priced.subtotal, priced.discount_total, priced.total].map(|amount| amount.to_string());
        assert_eq!(shown, [example.subtotal, example.discount_total, example.total], "{}", example.what);
        let groups: Vec<(String, String)> =
            priced.tax_breakdown.iter().map(|group| (group.net_amount.0.to_string(), group.tax_amount.0.to_string())).collect();
        let expected: Vec<(String, String)> = example.groups.iter().map(|(net, tax)| ((*net).to_owned(), (*tax).to_owned())).collect();
        assert_eq!(groups, expected, "{}", example.what);
    }
}
