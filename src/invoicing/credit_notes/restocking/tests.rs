use super::*;
use crate::invoicing::credit_notes::portion::tests::{invoice_of, nothing, two_invoices};
use crate::invoicing::credit_notes::portion::{Extent, portion};
use crate::orders::pricing::tests::{any_order, dec, line, order, percent_off, rule};
use crate::orders::pricing::{PricingInput, ShippingInput, price};
use crate::orders::valuation::{ValuedDocument, value};
use crate::types::base_fraction::BaseFraction;
use proptest::prelude::*;

/// The invoice of all of an order.
fn invoice(input: &PricingInput) -> Invoice {
    let document = ValuedDocument::of(input, &price(input).unwrap());
    let quantities: Vec<Decimal> = input.lines.iter().map(|line| line.quantity).collect();
    invoice_of(input, &value(&document, &quantities))
}

/// The credit note for the first `units` of each line with a fee: subtotal, discount, tax, total, and the fee's net and tax.
fn credited(input: &PricingInput, units: &str, fee: &str) -> String {
    let invoice = invoice(input);
    let mut left: Vec<Decimal> = input.lines.iter().map(|_| dec(units)).collect();
    let mut of_order = 0;
    let mut sum = Decimal::ZERO;
    let quantities = invoice.lines.iter().map(|line| {
        let taken = left[of_order].min(line.quantity);
        left[of_order] -= taken;
        sum += line.quantity;
        if sum == input.lines[of_order].quantity && of_order + 1 < input.lines.len() {
            (of_order, sum) = (of_order + 1, Decimal::ZERO);
        }
        taken
    });
    let after = Extent { quantities: quantities.collect(), shipping: false };
    let mut credit = portion(&invoice, &nothing(&invoice), &after);
    let parts = keep_back(&invoice, &mut credit, dec(fee));
    let net: Decimal = parts.iter().map(|part| part.net_amount).sum();
    let tax: Decimal = parts.iter().map(|part| part.tax_amount).sum();
    format!("{} {} {} {} | {} {}", credit.subtotal, credit.discount_total, credit.tax_total, credit.total, net, tax)
}

/// Computed by hand.
#[test]
fn worked_amounts() {
    let discounted = PricingInput { discounts: vec![percent_off("10")], ..order("EUR", vec![line("3", "10", "0.19")]) };
    let mut ppn = order("IDR", vec![line("1", "111000", "0.12")]);
    ppn.lines[0].tax.base_fraction = BaseFraction::new(11, 12).unwrap();
    let with_tax = PricingInput { prices_include_tax: true, ..ppn.clone() };
    let table = [
        // 2 × 50.00, 19 %: 100.00 + 19.00. Of a fee of 10.00, 90.00 × 19 % = 17.10 of tax is left.
        (order("EUR", vec![line("2", "50", "0.19")]), "2", "10", "90.00 0.00 17.10 107.10 | 10.00 1.90"),
        (order("EUR", vec![line("2", "50", "0.19")]), "2", "0", "100.00 0.00 19.00 119.00 | 0 0"),
        (order("EUR", vec![line("2", "50", "0.19")]), "2", "100", "0.00 0.00 0.00 0.00 | 100.00 19.00"),
        // 3 × 10.00 less 10 % of the order: one unit is 10.00 − 1.00, 19 % of 9.00 = 1.71; less 1.00: 19 % of 8.00 = 1.52.
        (discounted.clone(), "1", "0", "10.00 1.00 1.71 10.71 | 0 0"),
        (discounted, "1", "1", "9.00 1.00 1.52 9.52 | 1.00 0.19"),
        // 100.00 at 19 % and 50.00 at 7 %: 15.00 are 10.00 and 5.00; 90.00 × 19 % = 17.10, 45.00 × 7 % = 3.15.
        (order("EUR", vec![line("1", "100", "0.19"), line("1", "50", "0.07")]), "1", "15", "135.00 0.00 20.25 155.25 | 15.00 2.25"),
        // One of 3 × 0.47: 19 % of 0.47 = 0.0893; of 0.37 = 0.0703.
        (order("EUR", vec![line("3", "0.47", "0.19")]), "1", "0.10", "0.37 0.00 0.07 0.44 | 0.10 0.02"),
        // Yen have no minor unit: 10 % of 333 = 33.3, of 283 = 28.3.
        (order("JPY", vec![line("1", "333", "0.1")]), "1", "50", "283 0 28 311 | 50 5"),
        // Dinar have three places: 3 × 1.2345 = 3.7035; 5 % of 3.704 = 0.1852, of 3.204 = 0.1602.
        (order("KWD", vec![line("3", "1.2345", "0.05")]), "3", "0.5", "3.204 0.000 0.160 3.364 | 0.500 0.025"),
        // PPN, 12 % on 11/12: without tax 111,000 + 12,210; with it 100,000 + 11,000, and 11,100 of it are 10,000 + 1,100.
        (ppn, "1", "11000", "100000.00 0.00 11000.00 111000.00 | 11000.00 1210.00"),
        (with_tax, "1", "11100", "90000.00 0.00 9900.00 99900.00 | 10000.00 1100.00"),
    ];
    for (input, units, fee, expected) in table {
        assert_eq!(credited(&input, units, fee), expected, "{units} of {:?} less {fee}", input.lines);
    }
}

#[test]
fn no_fee_is_kept_back_of_the_shipping() {
    let mut input = order("EUR", vec![line("2", "10", "0.19")]);
    input.shipping = Some(ShippingInput { amount: dec("4.90"), tax: rule("0.19"), given_tax_amount: None });
    let invoice = invoice(&input);
    let mut whole = portion(&invoice, &nothing(&invoice), &Extent::whole(&invoice));
    assert_eq!(largest_fee(&invoice, &whole), dec("20"));
    keep_back(&invoice, &mut whole, dec("20"));
    assert_eq!((whole.subtotal, whole.shipping_net, whole.tax_total, whole.total), (dec("0"), dec("4.90"), dec("0.93"), dec("5.83")));
}

proptest! {
    #[test]
    fn a_fee_is_kept_back_to_the_minor_unit_and_no_credit_falls_below_zero(
        input in any_order(), hundredths in 0i64..=100, shipping in any::<bool>(),
    ) {
        let Some(invoices) = two_invoices(&input) else { return Ok(()) };
        for invoice in invoices {
            let after = Extent { shipping: shipping && Extent::whole(&invoice).shipping, ..Extent::whole(&invoice) };
            let before = portion(&invoice, &nothing(&invoice), &after);
            let fee = input.currency.round(largest_fee(&invoice, &before).max(Decimal::ZERO) * Decimal::new(hundredths, 2));
            let mut credit = before.clone();
            let parts = keep_back(&invoice, &mut credit, fee);
            let net: Decimal = parts.iter().map(|part| part.net_amount).sum();
            let tax: Decimal = parts.iter().map(|part| part.tax_amount).sum();
            prop_assert_eq!(if input.prices_include_tax { net + tax } else { net }, fee);
            prop_assert_eq!((credit.subtotal, credit.tax_total, credit.total), (before.subtotal - net, before.tax_total - tax, before.total - net - tax));
            prop_assert_eq!(credit.subtotal - credit.discount_total + credit.shipping_net + credit.tax_total, credit.total);
            prop_assert_eq!(credit.tax_breakdown.iter().map(|group| group.tax_amount.0).sum::<Decimal>(), credit.tax_total);
            prop_assert_eq!(credit.tax_breakdown.iter().map(|group| group.net_amount.0).sum::<Decimal>() + credit.tax_total, credit.total);
            prop_assert!(credit.total >= Decimal::ZERO, "{} of {}", credit.total, before.total);
            prop_assert!(parts.iter().all(|part| part.net_amount.scale() == input.currency.minor_units()));
        }
    }
}
