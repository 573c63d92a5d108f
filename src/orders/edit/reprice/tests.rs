use super::*;
use crate::orders::pricing::tests::{dec, line, order, percent_off, rule};
use crate::orders::pricing::{LineInput, ShippingInput};
use crate::orders::valuation::{Portion, ValuedDocument, difference, value};
use crate::types::decimal::Quantity;
use proptest::prelude::*;

/// An order as it is now, what of it is on invoices, and what those say together.
struct World {
    input: PricingInput,
    priced: Priced,
    parts: Vec<Option<InvoicedPart>>,
    invoiced: Vec<Decimal>,
    total_of_invoices: Decimal,
}

impl World {
    fn new(input: PricingInput) -> Self {
        let priced = price(&input).unwrap();
        let lines = input.lines.len();
        Self { total_of_invoices: input.currency.zero(), input, priced, parts: vec![None; lines], invoiced: vec![Decimal::ZERO; lines] }
    }

    fn value(&self, quantities: &[Decimal]) -> Portion {
        let mut document = ValuedDocument::of(&self.input, &self.priced);
        for (line, part) in document.lines.iter_mut().zip(&self.parts) {
            line.invoiced = *part;
        }
        value(&document, quantities)
    }

    /// Issues an invoice of so much more of each line.
    fn invoice(&mut self, more: &[Decimal]) -> Portion {
        let after: Vec<Decimal> =
            self.invoiced.iter().zip(more).zip(&self.input.lines).map(|((had, more), line)| (had + more).min(line.quantity)).collect();
        let portion = difference(&self.value(&after), &self.value(&self.invoiced));
        self.invoiced = after;
        self.total_of_invoices += portion.total;
        portion
    }

    fn invoice_rest(&mut self) -> Portion {
        let all: Vec<Decimal> = self.input.lines.iter().map(|line| line.quantity).collect();
        self.invoice(&all)
    }

    /// Edits the order; an edit that is refused changes nothing.
    fn edit(&mut self, input: PricingInput) -> Result<(), Error> {
        let part = self.value(&self.invoiced);
        let of = |place: usize| {
            let (quantity, value) = (self.invoiced.get(place)?, part.lines.get(place)?);
            (!quantity.is_zero()).then_some(InvoicedPart {
                quantity: Quantity(*quantity),
                discount_amount: Amount(value.discount_amount),
                net_amount: Amount(value.net_amount),
                order_discount_amount: Amount(value.order_discount_amount),
                tax_amount: Amount(value.tax_amount),
            })
        };
        let parts: Vec<Option<InvoicedPart>> = (0..input.lines.len()).map(of).collect();
        let invoiced = Invoiced {
            lines: parts.clone(),
            shipping_tax: self.priced.shipping_tax,
            discounts_change: input.discounts != self.input.discounts,
        };
        self.priced = reprice(&input, &invoiced)?;
        self.invoiced.resize(input.lines.len(), Decimal::ZERO);
        (self.input, self.parts) = (input, parts);
        Ok(())
    }
}

#[test]
fn a_new_line_leaves_the_discount_that_is_invoiced_where_it_is() {
    // 100.00 less 10.00 is invoiced whole; then comes another 100.00. The order's 10.00 are spent.
    let mut input = order("EUR", vec![line("1", "100", "0.20")]);
    input.discounts = vec![crate::orders::discount::Discount { amount: Some(Amount(dec("10"))), ..Default::default() }];
    let mut world = World::new(input.clone());
    assert_eq!(world.invoice_rest().total, dec("108.00"));
    input.lines.push(line("1", "100", "0.20"));
    world.edit(input).unwrap();
    assert_eq!((world.priced.discount_total, world.priced.total), (dec("10.00"), dec("228.00")));
    assert_eq!(world.invoice_rest().total, dec("120.00"));
    assert_eq!(world.total_of_invoices, world.priced.total);
}

#[test]
fn a_cent_that_rounding_has_given_away_is_not_lost() {
    // 3 × 0.335 = 1.005 → 1.01; a third of it is 0.34. At two the line is 0.67, so that 0.33 is left.
    let mut input = order("EUR", vec![line("3", "0.335", "0")]);
    let mut world = World::new(input.clone());
    assert_eq!(world.invoice(&[Decimal::ONE]).total, dec("0.34"));
    input.lines[0].quantity = dec("2");
    world.edit(input).unwrap();
    assert_eq!((world.priced.total, world.invoice_rest().total), (dec("0.67"), dec("0.33")));
}

#[test]
fn shipping_stays_on_the_first_invoice() {
    let mut input = order("EUR", vec![line("2", "10", "0.20")]);
    input.shipping = Some(ShippingInput { amount: dec("4.99"), tax: rule("0.20"), given_tax_amount: None });
    let mut world = World::new(input.clone());
    // 10 + 4.99 and 20 %: 17.99.
    assert_eq!(world.invoice(&[Decimal::ONE]).total, dec("17.99"));
    input.lines.push(line("1", "3.33", "0.10"));
    world.edit(input).unwrap();
    // 20 + 3.33 + 4.99 = 28.32; 24.99 × 20 % = 5.00 and 3.33 × 10 % = 0.33.
    assert_eq!((world.priced.tax_total, world.priced.total), (dec("5.33"), dec("33.65")));
    let rest = world.invoice_rest();
    assert_eq!((rest.shipping_net, rest.total), (dec("0.00"), dec("15.66")));
}

#[test]
fn a_discount_that_is_invoiced_cannot_be_taken_away() {
    let mut input = order("EUR", vec![line("2", "100", "0")]);
    input.discounts = vec![percent_off("10")];
    let mut world = World::new(input.clone());
    world.invoice(&[Decimal::ONE]);
    input.discounts = vec![];
    assert!(matches!(world.edit(input.clone()), Err(Error::Conflict { code: "invoiced_amounts", .. })));
    input.discounts = vec![percent_off("20")];
    world.edit(input).unwrap();
    // 40.00 in all, 10.00 of it invoiced.
    assert_eq!(world.invoice_rest().discount_total, dec("30.00"));
}

type Lines = &'static [(&'static str, &'static str, &'static str)];

type Example = (Lines, &'static str, &'static str, &'static str, Lines, &'static str, &'static str, &'static str);

/// What the order was, how much of its first line was invoiced for how much, what the edit made of it, its total then, and what the
/// last invoice is worth. Lines are (quantity, unit price, rate); the percent is off the whole order. Each amount is worked out beside.
const EXAMPLES: [Example; 7] = [
    // 3 × 10.00 = 30.00 and 20 %.
    (&[("2", "10", "0.20")], "0", "0", "0", &[("3", "10", "0.20")], "0", "36.00", "36.00"),
    // 19.99 + 4.00 is invoiced; 2 × 5.55 = 11.10 and 10 % come.
    (&[("1", "19.99", "0.20")], "0", "1", "23.99", &[("1", "19.99", "0.20"), ("2", "5.55", "0.10")], "0", "36.20", "12.21"),
    // 2 of 4 × 2.50 with 20 %: 6.00. Seven are 17.50 + 3.50.
    (&[("4", "2.50", "0.20")], "0", "2", "6.00", &[("7", "2.50", "0.20")], "0", "21.00", "15.00"),
    // 0.33 + 0.07 (0.066). Five are 1.65 + 0.33: the tax that was rounded up is less in the rest.
    (&[("3", "0.33", "0.20")], "0", "1", "0.40", &[("5", "0.33", "0.20")], "0", "1.98", "1.58"),
    // 4 of 10 × 1.00 less a tenth: 3.60. Six are 6.00 − 0.60.
    (&[("10", "1", "0")], "10", "4", "3.60", &[("6", "1", "0")], "10", "5.40", "1.80"),
    // 100.00 − 10.00. A fifth of 200.00 is 40.00, of which 30.00 are left to grant.
    (&[("2", "100", "0")], "10", "1", "90.00", &[("2", "100", "0")], "20", "160.00", "70.00"),
    // One of three thirds of 100.00: 33.33. Down to what is invoiced it stays that.
    (&[("3", "33.334", "0")], "0", "1", "33.33", &[("1", "33.334", "0"), ("1", "5", "0")], "0", "38.33", "5.00"),
];

#[test]
fn worked_examples() {
    let read = |lines: Lines, percent: &str| {
        let mut input = order("EUR", lines.iter().map(|(quantity, price, rate)| line(quantity, price, rate)).collect());
        input.discounts = if percent == "0" { vec![] } else { vec![percent_off(percent)] };
        input
    };
    for (place, (before, percent, invoiced, first, after, percent_after, total, rest)) in EXAMPLES.into_iter().enumerate() {
        let mut world = World::new(read(before, percent));
        let invoice = world.invoice(&[dec(invoiced)]);
        assert_eq!(invoice.total, dec(first), "the first invoice of example {place}");
        world.edit(read(after, percent_after)).unwrap();
        assert_eq!(world.priced.total, dec(total), "the total of example {place}");
        assert_eq!(world.invoice_rest().total, dec(rest), "the last invoice of example {place}");
        assert_eq!(world.total_of_invoices, dec(total), "the invoices of example {place}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Invoice(Vec<i64>),
    Quantity(usize, i64),
    Add(i64, i64, usize),
    Discount(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::collection::vec(0i64..4, 8).prop_map(Step::Invoice),
        (0usize..8, 1i64..20).prop_map(|(place, quantity)| Step::Quantity(place, quantity)),
        (1i64..20, 1i64..100_000, 0usize..3).prop_map(|(quantity, price, rate)| Step::Add(quantity, price, rate)),
        (0i64..30).prop_map(Step::Discount),
    ]
}

fn any_line(quantity: i64, price: i64, rate: usize) -> LineInput {
    let mut line = line("1", "1", ["0.20", "0.07", "0"][rate]);
    (line.quantity, line.unit_price) = (quantity.into(), Decimal::new(price, 3));
    line.tax.tax_category = ["standard", "reduced", "zero"][rate].into();
    line
}

proptest! {
    #[test]
    fn whatever_is_edited_and_invoiced_the_invoices_are_the_order(
        lines in prop::collection::vec((1i64..20, 1i64..100_000, 0usize..3), 1..4),
        steps in prop::collection::vec(any_step(), 0..12), code in prop::sample::select(vec!["EUR", "JPY", "KWD"]), ships in any::<bool>(),
    ) {
        let lines = lines.into_iter().map(|(quantity, price, rate)| any_line(quantity, price, rate)).collect();
        let mut input = order(code, lines);
        if ships {
            input.shipping = Some(ShippingInput { amount: input.currency.round(dec("7.5")), tax: rule("0.20"), given_tax_amount: None });
        }
        let (mut world, mut afresh) = (World::new(input), true);
        for step in steps {
            let mut input = world.input.clone();
            match step {
                Step::Invoice(more) => {
                    let more: Vec<Decimal> = (0..input.lines.len()).map(|i| more[i % more.len()].into()).collect();
                    if more.iter().any(|more| !more.is_zero()) {
                        afresh = false;
                        world.invoice(&more);
                    }
                    continue;
                }
                Step::Quantity(place, quantity) => {
                    let place = place % input.lines.len();
                    input.lines[place].quantity = world.invoiced[place].max(quantity.into());
                }
                Step::Add(quantity, price, rate) => input.lines.push(any_line(quantity, price, rate)),
                Step::Discount(percent) => input.discounts = vec![percent_off(&percent.to_string())],
            }
            let edited = world.edit(input.clone());
            if afresh {
                prop_assert!(edited.is_ok());
                prop_assert_eq!(&world.priced, &price(&input).unwrap());
            }
            if let (Ok(()), Ok(fresh)) = (edited, price(&input)) {
                let unit = Decimal::new(1, input.currency.minor_units());
                // A line that is invoiced to its last unit keeps the rounding of its invoices.
                let many = unit * Decimal::from(input.lines.len() as i64 + 1);
                prop_assert!((world.priced.subtotal - fresh.subtotal).abs() <= many, "{} {}", world.priced.subtotal, fresh.subtotal);
                // Discounts cannot be less than what invoices have of them, nor more than what is left to give them on.
                let on_invoices = |of: fn(&InvoicedPart) -> Decimal| world.parts.iter().flatten().map(of).sum::<Decimal>();
                let granted = on_invoices(|part| part.order_discount_amount.0);
                let room = world.priced.subtotal - on_invoices(|part| part.net_amount.0);
                let discounts = (world.priced.discount_total, fresh.discount_total.clamp(granted, granted + room));
                prop_assert!((discounts.0 - discounts.1).abs() <= many, "{discounts:?}");
            }
            let groups: Decimal = world.priced.tax_breakdown.iter().map(|group| group.tax_amount.0).sum();
            let shares: Decimal = world.priced.lines.iter().map(|line| line.tax_amount).sum();
            prop_assert_eq!(groups, world.priced.tax_total);
            prop_assert_eq!(shares + world.priced.shipping_tax, world.priced.tax_total);
        }
        world.invoice_rest();
        prop_assert_eq!(world.total_of_invoices, world.priced.total);
    }
}
