//! A shop's figures as ours. What the buyer has paid is what the order must come to: where the parts that the shop names do not add up
//! to its own total, the difference is put on the order so that they do, and a person is asked to look.

use super::Places;
use crate::inbox::Reason;
use crate::orders::body::{NewOrder, NewOrderLine, NewShipping};
use crate::orders::discount::Discount;
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::{Amount, Quantity, Rate, UnitPrice};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The figures of one order, as its shop names them. All amounts are in the prices' own terms: with tax where prices include it.
#[derive(Clone, Debug)]
pub struct Figures {
    pub currency: Currency,
    pub prices_include_tax: bool,
    pub lines: Vec<LineFigures>,
    pub shipping: Option<ShippingFigures>,
    /// Tips, duties, fees: neither goods nor shipping. Below zero it is a discount, whose tax comes off that of the lines.
    pub extras: Vec<Extra>,
    /// Discounts on the whole order, not inside the lines.
    pub discounts: Vec<Discount>,
    /// The tax of everything; shared over the lines that do not say theirs.
    pub tax_total: Option<Decimal>,
    /// What the buyer pays in all; `None` where the shop does not say.
    pub total: Option<Decimal>,
    /// Where the total stands in the message.
    pub total_pointer: String,
    /// The product that extras are sold as; without one they count as shipping.
    pub fee_sku: Option<String>,
}

#[derive(Clone, Debug)]
pub struct LineFigures {
    pub external_line_id: String,
    pub sku: String,
    /// Above zero.
    pub quantity: Decimal,
    pub price: LinePrice,
    /// Each an amount.
    pub discounts: Vec<Discount>,
    pub tax: Option<Decimal>,
    pub rates: ShopTax,
    /// What the shop calls the line, where it has such lines.
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    /// Where the line stands in the message, and its SKU.
    pub pointer: String,
    pub sku_pointer: String,
}

/// What the shop says of a tax beside its amount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopTax {
    /// The sum of its rates, where it says each and none is on another tax.
    pub rate: Option<Decimal>,
    /// Their names, one after the other.
    pub name: Option<String>,
}

impl ShopTax {
    /// Of taxes that have charged something: the rate and the name of each.
    pub fn of(taxes: impl IntoIterator<Item = (Option<Decimal>, Option<String>)>) -> Self {
        let (mut rate, mut names) = (None, vec![]);
        for (i, (part, name)) in taxes.into_iter().enumerate() {
            rate = if i == 0 { part } else { rate.zip(part).map(|(sum, part): (Decimal, Decimal)| sum + part) };
            names.extend(name.filter(|name| !names.contains(name)));
        }
        let names: String = names.join(", ").chars().take(100).collect();
        let fits = |rate: &Decimal| *rate > Decimal::ZERO && *rate < Decimal::TEN;
        Self {
            rate: rate.filter(fits).map(|rate| rounded(rate, 6).normalize()),
            name: (!names.is_empty()).then(|| names.trim_end().to_owned()),
        }
    }
}

/// A line's price before its discounts.
#[derive(Clone, Copy, Debug)]
pub enum LinePrice {
    /// Of one unit.
    Unit(Decimal),
    /// Of all of it.
    Line(Decimal),
}

#[derive(Clone, Debug)]
pub struct ShippingFigures {
    pub method: Option<String>,
    pub amount: Decimal,
    pub tax: Decimal,
    pub rates: ShopTax,
    pub pointer: String,
}

#[derive(Clone, Debug)]
pub struct Extra {
    pub external_line_id: String,
    pub name: String,
    pub amount: Decimal,
    pub tax: Decimal,
    pub pointer: String,
}

/// A discount of an amount, for `reason`.
pub fn discount(amount: Decimal, code: Option<String>, reason: Option<String>) -> Discount {
    Discount { code, amount: Some(Amount(amount)), percent: None, reason }
}

fn off(discounts: &[Discount]) -> Decimal {
    discounts.iter().filter_map(|discount| discount.amount).map(|amount| amount.0).sum()
}

impl Figures {
    /// Writes lines, discounts and shipping of the order, notes where each stands in the message, and answers what a person must look at.
    pub fn write(mut self, order: &mut NewOrder, places: &mut Places) -> Vec<Reason> {
        let currency = self.currency;
        let mut shipping = self.shipping.take();
        let tax_off: Decimal =
            self.extras.iter().filter(|extra| extra.amount < Decimal::ZERO).map(|extra| -currency.round(extra.tax)).sum();
        for extra in std::mem::take(&mut self.extras) {
            self.add_extra(extra, &mut shipping);
        }
        let mut lines: Vec<NewOrderLine> = vec![];
        for (i, line) in self.lines.iter().enumerate() {
            places.note(format!("/lines/{i}"), line.pointer.clone());
            places.note(format!("/lines/{i}/sku"), line.sku_pointer.clone());
            lines.push(new_line(line, currency));
        }
        self.share_tax(&mut lines, shipping.as_ref().map_or(Decimal::ZERO, |shipping| shipping.tax));
        self.take_tax_off(&mut lines, tax_off);
        let mut doubts = vec![];
        if let (Some(sum), Some(total)) = (self.sum(&lines, shipping.as_ref()), self.total) {
            let total = currency.round(total);
            if total != sum && !self.round_off(&mut lines, total - sum) {
                let detail = format!(
                    "the shop's figures do not add up: its parts make {sum} {currency}, its total is {total}; the difference is put on the order"
                );
                doubts.push(Reason::new("totals_differ", detail, self.total_pointer.as_str()));
                self.settle_difference(total - sum, &mut shipping);
            }
        }
        places.note("/total", self.total_pointer.clone());
        order.currency = Some(currency);
        order.prices_include_tax = self.prices_include_tax;
        order.lines = lines;
        order.discounts = self.discounts;
        order.shipping = shipping.map(|shipping| {
            places.note("/shipping", shipping.pointer);
            NewShipping {
                method: shipping.method,
                amount: Amount(currency.round(shipping.amount)),
                tax_amount: Some(Amount(currency.round(shipping.tax))),
                tax_rate: shipping.rates.rate.map(Rate),
                tax_name: shipping.rates.name,
            }
        });
        doubts
    }

    fn add_extra(&mut self, extra: Extra, shipping: &mut Option<ShippingFigures>) {
        if extra.amount.is_zero() && extra.tax.is_zero() {
            return;
        }
        if extra.amount < Decimal::ZERO {
            self.discounts.push(discount(-self.currency.round(extra.amount), None, Some(extra.name)));
        } else if let Some(sku) = &self.fee_sku {
            self.lines.push(LineFigures {
                external_line_id: extra.external_line_id,
                sku: sku.clone(),
                quantity: Decimal::ONE,
                price: LinePrice::Line(extra.amount),
                discounts: vec![],
                tax: Some(extra.tax),
                rates: ShopTax::default(),
                external_ids: BTreeMap::new(),
                metadata: Map::from_iter([("name".to_owned(), Value::String(extra.name))]),
                sku_pointer: extra.pointer.clone(),
                pointer: extra.pointer,
            });
        } else {
            let zero = self.currency.zero();
            let none = || ShippingFigures { method: None, amount: zero, tax: zero, rates: ShopTax::default(), pointer: extra.pointer };
            let shipping = shipping.get_or_insert_with(none);
            shipping.amount += extra.amount;
            shipping.tax += extra.tax;
        }
    }

    /// Shops round each figure by itself, so that the parts may be off by a minor unit each: that much is put on the first tax that bears
    /// it. Whether it was no more than that.
    fn round_off(&self, lines: &mut [NewOrderLine], missing: Decimal) -> bool {
        let most = Decimal::new(1, self.currency.minor_units()) * Decimal::from(lines.len() + 1);
        let bears = |line: &&mut NewOrderLine| line.tax_amount.is_some_and(|tax| tax.0 > Decimal::ZERO && tax.0 + missing >= Decimal::ZERO);
        if self.prices_include_tax || missing.abs() > most {
            return false;
        }
        let Some(line) = lines.iter_mut().find(bears) else { return false };
        line.tax_amount = line.tax_amount.map(|tax| Amount(tax.0 + missing));
        true
    }

    /// What the parts are too much is taken off shipping and fees first, then off the whole; what they are too little is shipping.
    fn settle_difference(&mut self, missing: Decimal, shipping: &mut Option<ShippingFigures>) {
        let zero = self.currency.zero();
        if missing > Decimal::ZERO {
            let none = || ShippingFigures {
                method: None,
                amount: zero,
                tax: zero,
                rates: ShopTax::default(),
                pointer: self.total_pointer.clone(),
            };
            shipping.get_or_insert_with(none).amount += missing;
            return;
        }
        let mut left = -missing;
        if let Some(shipping) = shipping {
            let part = left.min(if self.prices_include_tax { shipping.amount - shipping.tax } else { shipping.amount }).max(zero);
            shipping.amount -= part;
            left -= part;
        }
        if left > Decimal::ZERO {
            let reason = "The shop's total is less than its parts".to_owned();
            self.discounts.push(discount(left, Some("shop-difference".to_owned()), Some(reason)));
        }
    }

    /// Lines that do not say their tax share what is left of the whole.
    fn share_tax(&self, lines: &mut [NewOrderLine], shipping_tax: Decimal) {
        let Some(all) = self.tax_total else { return };
        let known: Decimal = lines.iter().filter_map(|line| line.tax_amount).map(|tax| tax.0).sum();
        let left = (self.currency.round(all) - known - self.currency.round(shipping_tax)).max(self.currency.zero());
        let open: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].tax_amount.is_none()).collect();
        // Amounts beyond any order's are refused later; here they must only not overflow.
        let most = Decimal::from(100_000_000_000_000_i64);
        let weights: Vec<Decimal> = open.iter().map(|i| amount_of(&lines[*i], self.currency).clamp(-most, most)).collect();
        for (i, share) in open.into_iter().zip(self.currency.split(left, &weights)) {
            lines[i].tax_amount = Some(Amount(share));
        }
    }

    /// Takes the tax of what is off the order off the lines that bear tax, each by its part of it.
    fn take_tax_off(&self, lines: &mut [NewOrderLine], tax_off: Decimal) {
        let taxes: Vec<Decimal> = lines.iter().map(|line| line.tax_amount.map_or(Decimal::ZERO, |tax| tax.0.max(Decimal::ZERO))).collect();
        // Amounts beyond any order's are refused later; here they must only not overflow.
        let most = Decimal::from(100_000_000_000_000_i64);
        let all: Decimal = taxes.iter().sum();
        if tax_off <= Decimal::ZERO || all.is_zero() {
            return;
        }
        let shares = self.currency.split(tax_off.min(all).min(most), &taxes);
        for (line, share) in lines.iter_mut().zip(shares) {
            line.tax_amount = line.tax_amount.map(|tax| Amount(tax.0 - share));
        }
    }

    /// What our arithmetic makes of it; `None` where some tax is still to be computed.
    fn sum(&self, lines: &[NewOrderLine], shipping: Option<&ShippingFigures>) -> Option<Decimal> {
        let currency = self.currency;
        let mut sum = currency.zero() - off(&self.discounts);
        for line in lines {
            sum += amount_of(line, currency);
            if !self.prices_include_tax {
                sum += line.tax_amount?.0;
            }
        }
        if let Some(shipping) = shipping {
            sum += currency.round(shipping.amount);
            if !self.prices_include_tax {
                sum += currency.round(shipping.tax);
            }
        }
        Some(sum)
    }
}

/// What our arithmetic makes of an order whose amounts are all there; `None` where one is still to be computed.
pub(super) fn total_of(order: &NewOrder, currency: Currency) -> Option<Decimal> {
    let discounts = || order.lines.iter().flat_map(|line| &line.discounts).chain(&order.discounts);
    if discounts().any(|discount| discount.percent.is_some()) || order.lines.iter().any(|line| line.unit_price.is_none()) {
        return None;
    }
    let mut sum = currency.zero() - off(&order.discounts);
    for line in &order.lines {
        sum += amount_of(line, currency);
        if !order.prices_include_tax {
            sum += line.tax_amount?.0;
        }
    }
    if let Some(shipping) = &order.shipping {
        sum += shipping.amount.0;
        if !order.prices_include_tax {
            sum += shipping.tax_amount?.0;
        }
    }
    Some(currency.round(sum))
}

/// What a line comes to after its discounts.
fn amount_of(line: &NewOrderLine, currency: Currency) -> Decimal {
    let price = line.unit_price.map_or(Decimal::ZERO, |price| price.0);
    currency.round(line.quantity.0 * price) - off(&line.discounts)
}

fn new_line(line: &LineFigures, currency: Currency) -> NewOrderLine {
    let (unit_price, rounding) = match line.price {
        LinePrice::Unit(price) => (rounded(price, 6).normalize(), Decimal::ZERO),
        LinePrice::Line(amount) => unit_price_of(currency.round(amount), line.quantity, currency),
    };
    let mut discounts = line.discounts.clone();
    if rounding > Decimal::ZERO {
        discounts.push(discount(rounding, None, Some("Rounding".to_owned())));
    }
    NewOrderLine {
        sku: line.sku.clone(),
        quantity: Quantity(line.quantity),
        unit: None,
        unit_price: Some(UnitPrice(unit_price)),
        discounts,
        tax_amount: line.tax.map(|tax| Amount(currency.round(tax))),
        tax_rate: line.tax.and(line.rates.rate).map(Rate),
        tax_name: line.tax.and(line.rates.name.clone()),
        requested_on: None,
        external_line_id: Some(line.external_line_id.clone()),
        customer_sku: None,
        external_ids: line.external_ids.clone(),
        metadata: line.metadata.clone(),
    }
}

/// The price of one unit that makes this amount of the whole, with 6 decimal places; where none does, the next above, and what that is
/// too much.
fn unit_price_of(amount: Decimal, quantity: Decimal, currency: Currency) -> (Decimal, Decimal) {
    let exact = amount / quantity;
    let near = rounded(exact, 6);
    if currency.round(near * quantity) == amount {
        return (near.normalize(), Decimal::ZERO);
    }
    let above = exact.round_dp_with_strategy(6, RoundingStrategy::AwayFromZero);
    (above.normalize(), currency.round(above * quantity) - amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::body::InlineCustomer;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn line(price: LinePrice, quantity: &str, tax: Option<&str>) -> LineFigures {
        LineFigures {
            external_line_id: "1".into(),
            sku: "A".into(),
            quantity: dec(quantity),
            price,
            discounts: vec![],
            tax: tax.map(dec),
            rates: ShopTax::default(),
            external_ids: BTreeMap::new(),
            metadata: Map::new(),
            pointer: "/line_items/0".into(),
            sku_pointer: "/line_items/0/sku".into(),
        }
    }

    fn figures(lines: Vec<LineFigures>, total: &str) -> Figures {
        Figures {
            currency: Currency::from_code("USD").unwrap(),
            prices_include_tax: false,
            lines,
            shipping: None,
            extras: vec![],
            discounts: vec![],
            tax_total: None,
            total: Some(dec(total)),
            total_pointer: "/total".into(),
            fee_sku: None,
        }
    }

    fn written(figures: Figures) -> (NewOrder, Vec<Reason>) {
        let mut order = NewOrder::of_guest(InlineCustomer { name: "Siti".into(), email: None, phone: None });
        let doubts = figures.write(&mut order, &mut Places::default());
        (order, doubts)
    }

    #[test]
    fn three_for_ten_cost_what_they_cost() {
        let (order, doubts) = written(figures(vec![line(LinePrice::Line(dec("10.00")), "3", Some("0"))], "10.00"));
        assert_eq!((order.lines[0].unit_price, doubts.len()), (Some(UnitPrice(dec("3.333333"))), 0));
        let many = figures(vec![line(LinePrice::Line(dec("333.33")), "99999", Some("0"))], "333.33");
        let (order, doubts) = written(many);
        assert!(doubts.is_empty());
        assert_eq!(amount_of(&order.lines[0], Currency::from_code("USD").unwrap()), dec("333.33"));
    }

    #[test]
    fn tax_that_no_line_says_is_shared_by_amount() {
        let lines = vec![line(LinePrice::Unit(dec("20")), "1", None), line(LinePrice::Unit(dec("10")), "1", None)];
        let (order, doubts) = written(Figures { tax_total: Some(dec("1.00")), ..figures(lines, "31.00") });
        let taxes: Vec<_> = order.lines.iter().map(|line| line.tax_amount.unwrap().0).collect();
        assert_eq!((taxes, doubts.len()), (vec![dec("0.67"), dec("0.33")], 0));
    }

    #[test]
    fn parts_that_do_not_make_the_total_are_doubted_and_made_to() {
        let (order, doubts) = written(figures(vec![line(LinePrice::Unit(dec("10")), "1", Some("1"))], "8.00"));
        assert_eq!((order.discounts[0].amount, doubts[0].code.as_str()), (Some(Amount(dec("3.00"))), "totals_differ"));
        let (order, doubts) = written(figures(vec![line(LinePrice::Unit(dec("10")), "1", Some("1"))], "12.50"));
        assert_eq!((order.shipping.unwrap().amount, doubts.len()), (Amount(dec("1.50")), 1));
    }

    #[test]
    fn a_fee_below_zero_is_a_discount_and_takes_its_tax_along() {
        // 20.00 + 2.00 and 10.00 + 1.00; 6.00 off with 0.60 of tax: 33.00 − 6.60 = 26.40.
        let lines = vec![line(LinePrice::Unit(dec("20")), "1", Some("2.00")), line(LinePrice::Unit(dec("10")), "1", Some("1.00"))];
        let off =
            Extra { external_line_id: "f".into(), name: "Loyal".into(), amount: dec("-6"), tax: dec("-0.60"), pointer: "/fee".into() };
        let (order, doubts) = written(Figures { extras: vec![off.clone()], ..figures(lines, "26.40") });
        let taxes: Vec<_> = order.lines.iter().map(|line| line.tax_amount.unwrap().0).collect();
        assert!(doubts.is_empty(), "{doubts:?}");
        assert_eq!((order.discounts[0].amount, taxes), (Some(Amount(dec("6.00"))), vec![dec("1.60"), dec("0.80")]));
        // More tax than there is: what is left of it is doubted.
        let little = vec![line(LinePrice::Unit(dec("20")), "1", Some("0.10"))];
        let (order, doubts) = written(Figures { extras: vec![off], ..figures(little, "13.50") });
        assert_eq!((order.lines[0].tax_amount, doubts.len()), (Some(Amount(dec("0.00"))), 1));
    }

    #[test]
    fn a_tip_is_a_line_where_a_product_stands_for_it_and_shipping_where_none_does() {
        let tip = Extra { external_line_id: "tip".into(), name: "Tip".into(), amount: dec("2"), tax: dec("0"), pointer: "/tip".into() };
        let with_tip = || Figures { extras: vec![tip.clone()], ..figures(vec![line(LinePrice::Unit(dec("10")), "1", Some("0"))], "12.00") };
        let (order, doubts) = written(with_tip());
        assert_eq!((order.shipping.unwrap().amount, doubts.len()), (Amount(dec("2.00")), 0));
        let (order, doubts) = written(Figures { fee_sku: Some("FEE".into()), ..with_tip() });
        assert_eq!((order.lines[1].sku.as_str(), order.lines.len(), doubts.len()), ("FEE", 2, 0));
    }
}
