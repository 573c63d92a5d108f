//! Money that is invoiced in advance, and how later invoices deduct it. The tax of a prepayment is due with it (Directive 2006/112
//! art. 65), so the invoice of what is supplied must not charge it again: it deducts net and tax of the prepayment, group by group, by
//! lines of its own (EN 16931 has no other place for it: BT-113 is paid money, and leaves the tax as it is).

use crate::orders::tax::TaxGroup;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::InvoiceId;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What is left to deduct of one tax group of a prepayment invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPrepayment {
    pub invoice_id: InvoiceId,
    pub number: String,
    pub issued_on: NaiveDate,
    /// The amounts are what is left.
    pub group: TaxGroup,
    /// Whether anything of it was deducted already.
    pub deducted: bool,
}

impl OpenPrepayment {
    /// Whether anything is left.
    pub fn is_open(&self) -> bool {
        !is_nothing(&self.group)
    }
}

/// What an invoice deducts of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deduction {
    /// Place in the open prepayments.
    pub prepayment: usize,
    /// Place in the invoice's tax breakdown.
    pub group: usize,
    pub net: Decimal,
    pub tax: Decimal,
}

/// What is left of groups after open prepayments were taken off them.
pub fn left(groups: &[TaxGroup], open: &[OpenPrepayment], currency: Currency) -> Vec<TaxGroup> {
    let mut left = groups.to_vec();
    for deduction in deductions(groups, open, currency) {
        take(&mut left[deduction.group], deduction.net, deduction.tax, currency);
    }
    left
}

/// What of open prepayments no invoice can deduct any more, where `groups` are all that is still to be invoiced. As deductions take the
/// oldest first, it is the newest that are too much. They are those of `open`, with what is too much as their amounts.
pub fn surplus(groups: &[TaxGroup], open: &[OpenPrepayment], currency: Currency) -> Vec<OpenPrepayment> {
    let mut surplus = open.to_vec();
    for deduction in deductions(groups, open, currency) {
        take(&mut surplus[deduction.prepayment].group, deduction.net, deduction.tax, currency);
    }
    surplus.retain(OpenPrepayment::is_open);
    surplus
}

/// Takes net and tax off a group.
pub fn take(group: &mut TaxGroup, net: Decimal, tax: Decimal, currency: Currency) {
    group.net_amount.0 -= net;
    group.tax_amount.0 -= tax;
    group.taxable_amount = Amount(group.taxable_part(currency, group.net_amount.0));
}

/// What an invoice of these groups deducts: the oldest prepayment first, as much of each group as the invoice has. A prepayment that
/// is used up gives all the tax that it has left.
pub fn deductions(groups: &[TaxGroup], open: &[OpenPrepayment], currency: Currency) -> Vec<Deduction> {
    let mut left: Vec<(Decimal, Decimal)> = groups.iter().map(|group| (group.net_amount.0, group.tax_amount.0)).collect();
    let mut found = Vec::new();
    for (prepayment, open) in open.iter().enumerate() {
        let Some(group) = groups.iter().position(|group| group.is_like(&open.group)) else { continue };
        let (net_left, tax_left) = &mut left[group];
        let net = open.group.net_amount.0.min(*net_left).max(currency.zero());
        let tax = open.group.tax_amount.0.min(*tax_left).max(currency.zero());
        *net_left -= net;
        *tax_left -= tax;
        if !(net.is_zero() && tax.is_zero()) {
            found.push(Deduction { prepayment, group, net, tax });
        }
    }
    found
}

/// The part of groups that is asked for in advance: `amount` of their `total`, in each group the same share, with the tax that its rate
/// gives. Its sum is `amount` where net amounts and their rounded tax can make it, else the nearest sum below; a group that comes to
/// nothing is left out.
pub fn part(groups: &[TaxGroup], total: Decimal, amount: Decimal, currency: Currency) -> Vec<TaxGroup> {
    if amount >= total {
        return groups.iter().filter(|group| !is_nothing(group)).cloned().collect();
    }
    let mut parts: Vec<TaxGroup> = groups.to_vec();
    for (part, whole) in parts.iter_mut().zip(groups) {
        set_net(part, currency.round(whole.net_amount.0 * amount / total), whole, currency);
    }
    let unit = Decimal::new(1, currency.minor_units());
    // The largest group takes what rounding leaves: a few minor units.
    let largest = (0..groups.len()).max_by_key(|place| groups[*place].net_amount.0);
    if let Some(largest) = largest {
        let whole = &groups[largest];
        for _ in 0..2 * groups.len() + 2 {
            let over = sum(&parts) - amount;
            let net = parts[largest].net_amount.0;
            let step = if over > Decimal::ZERO { -unit } else { unit };
            let mut next = parts[largest].clone();
            set_net(&mut next, (net + step).clamp(currency.zero(), whole.net_amount.0), whole, currency);
            let after = over - gross(&parts[largest]) + gross(&next);
            if over.is_zero() || (over < Decimal::ZERO && after > Decimal::ZERO) {
                break;
            }
            parts[largest] = next;
        }
    }
    parts.retain(|part| !is_nothing(part));
    parts
}

fn set_net(part: &mut TaxGroup, net: Decimal, whole: &TaxGroup, currency: Currency) {
    part.net_amount = Amount(net);
    part.tax_amount = Amount(part.tax_on(currency, net).min(whole.tax_amount.0));
    part.taxable_amount = Amount(part.taxable_part(currency, net));
}

fn gross(group: &TaxGroup) -> Decimal {
    group.net_amount.0 + group.tax_amount.0
}

/// Net and tax of all groups.
pub fn sum(groups: &[TaxGroup]) -> Decimal {
    groups.iter().map(gross).sum()
}

fn is_nothing(group: &TaxGroup) -> bool {
    group.net_amount.0.is_zero() && group.tax_amount.0.is_zero()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tax::TaxRule;
    use crate::types::base_fraction::BaseFraction;
    use proptest::prelude::*;

    fn euro() -> Currency {
        Currency::from_code("EUR").unwrap()
    }

    /// A group of a rate in thousandths and a net amount in cents.
    fn group(rate: i64, net: i64) -> TaxGroup {
        let rule = TaxRule {
            tax_category: format!("r{rate}"),
            tax_scheme_category: "S".into(),
            rate: Decimal::new(rate, 3),
            base_fraction: BaseFraction::new(1, 1).unwrap(),
            exemption_code: None,
            exemption_reason: None,
            name: None,
        };
        let mut group = TaxGroup::empty(&rule, euro());
        let net = Decimal::new(net, 2);
        group.net_amount = Amount(net);
        group.tax_amount = Amount(rule.tax_on(euro(), net));
        group.taxable_amount = Amount(net);
        group
    }

    fn open(groups: &[TaxGroup]) -> Vec<OpenPrepayment> {
        let one = |group: &TaxGroup| OpenPrepayment {
            invoice_id: InvoiceId::generate(),
            number: "INV-000001".into(),
            issued_on: NaiveDate::MIN,
            group: group.clone(),
            deducted: false,
        };
        groups.iter().map(one).collect()
    }

    fn amounts(groups: &[TaxGroup]) -> Vec<(String, String)> {
        groups.iter().map(|group| (group.net_amount.0.to_string(), group.tax_amount.0.to_string())).collect()
    }

    fn pair(net: &str, tax: &str) -> (String, String) {
        (net.into(), tax.into())
    }

    #[test]
    fn worked_examples() {
        // 1,000.00 at 19 % and 500.00 at 7 %: 1,725.00 in all. 30 % of it is 517.50: 300.00 + 57.00 and 150.00 + 10.50.
        let groups = [group(190, 100_000), group(70, 50_000)];
        let thirty = part(&groups, "1725.00".parse().unwrap(), "517.50".parse().unwrap(), euro());
        assert_eq!(amounts(&thirty), [pair("300.00", "57.00"), pair("150.00", "10.50")]);
        // The invoice of half of the goods, then of the rest: 500.00 + 95.00 and 250.00 + 17.50 each.
        let half = [group(190, 50_000), group(70, 25_000)];
        let prepaid = open(&thirty);
        assert_eq!(amounts(&left(&half, &prepaid, euro())), [pair("200.00", "38.00"), pair("100.00", "7.00")]);
        // All in advance is all of it.
        assert_eq!(part(&groups, "1725.00".parse().unwrap(), "1725.00".parse().unwrap(), euro()), groups);
        // More in advance than this invoice has: it comes to nothing, and the rest stays for the next.
        let large = open(&part(&groups, "1725.00".parse().unwrap(), "1000.00".parse().unwrap(), euro()));
        assert_eq!(amounts(&left(&half, &large, euro())), [pair("0.00", "0.00"), pair("0.00", "0.00")]);
    }

    #[test]
    fn what_no_invoice_can_deduct_any_more_is_too_much_and_the_newest_of_it() {
        // Two prepayments of 300.00 + 57.00 and 200.00 + 38.00; 400.00 + 76.00 is still to be invoiced, then nothing.
        let prepaid = open(&[group(190, 30_000), group(190, 20_000)]);
        let found = surplus(&[group(190, 40_000)], &prepaid, euro());
        assert_eq!(found.iter().map(|open| open.invoice_id).collect::<Vec<_>>(), [prepaid[1].invoice_id]);
        assert_eq!(amounts(&[found[0].group.clone()]), [pair("100.00", "19.00")]);
        assert_eq!(surplus(&[], &prepaid, euro()), prepaid);
        assert_eq!(surplus(&[group(190, 50_000)], &prepaid, euro()), []);
        // What is taxed otherwise cannot be deducted.
        assert_eq!(surplus(&[group(70, 90_000)], &prepaid, euro()), prepaid);
    }

    #[test]
    fn the_sum_is_what_was_asked_for_wherever_net_and_tax_can_make_it() {
        // 100.00 with 19 %: 84.03 + 15.97. 0.03 with 19 %: 0.03 + 0.01 is too much, 0.02 + 0.00 is the nearest below.
        let groups = [group(190, 100_000)];
        let asked = |amount: &str| amounts(&part(&groups, "1190.00".parse().unwrap(), amount.parse().unwrap(), euro()));
        assert_eq!(asked("100.00"), [pair("84.03", "15.97")]);
        assert_eq!(asked("0.03"), [pair("0.02", "0.00")]);
        assert_eq!(asked("0.01"), [pair("0.01", "0.00")]);
    }

    proptest! {
        #[test]
        fn a_part_is_near_what_was_asked_for_and_never_above_it(
            nets in prop::collection::vec((prop::sample::select(vec![0i64, 70, 110, 190, 250]), 1i64..10_000_000), 1..4), share in 1i64..1000,
        ) {
            let mut groups: Vec<TaxGroup> = vec![];
            for (rate, net) in nets {
                if groups.iter().all(|known| known.rate.0 != Decimal::new(rate, 3)) {
                    groups.push(group(rate, net));
                }
            }
            let total = sum(&groups);
            let amount = euro().round(total * Decimal::new(share, 3));
            let parts = part(&groups, total, amount, euro());
            let asked = sum(&parts);
            prop_assert!(asked <= amount && amount - asked <= Decimal::new(3, 2), "{asked} of {amount}");
            for part in &parts {
                let whole = groups.iter().find(|whole| whole.is_like(part)).unwrap();
                prop_assert!(part.net_amount.0 >= Decimal::ZERO && part.net_amount.0 <= whole.net_amount.0);
                prop_assert!(part.tax_amount.0 >= Decimal::ZERO && part.tax_amount.0 <= whole.tax_amount.0);
            }
        }

        /// Invoicing changes nothing of what is too much: an invoice deducts what is not.
        #[test]
        fn an_invoice_leaves_what_is_too_much_as_it_is(prepaid in prop::collection::vec(1i64..50_000, 1..4), net in 0i64..100_000, part in 0i64..=100) {
            let prepaid: Vec<OpenPrepayment> = prepaid.into_iter().flat_map(|net| open(&[group(190, net)])).collect();
            let whole = group(190, net);
            let before = surplus(std::slice::from_ref(&whole), &prepaid, euro());
            let first = group(190, net * part / 100);
            let mut rest = whole.clone();
            take(&mut rest, first.net_amount.0, first.tax_amount.0, euro());
            let mut after = prepaid.clone();
            for deduction in deductions(std::slice::from_ref(&first), &prepaid, euro()) {
                take(&mut after[deduction.prepayment].group, deduction.net, deduction.tax, euro());
            }
            let sum_of = |open: &[OpenPrepayment]| open.iter().map(|open| gross(&open.group)).sum::<Decimal>();
            prop_assert_eq!(sum_of(&surplus(&[rest], &after, euro())), sum_of(&before));
        }

        /// However many prepayments and invoices there are: all that was asked for in advance is deducted once, to the cent.
        #[test]
        fn invoices_of_everything_deduct_all_prepayments(net in 100i64..1_000_000, shares in prop::collection::vec(1i64..400, 1..3), cuts in prop::collection::vec(1i64..100, 1..5)) {
            let whole = group(190, net);
            let mut prepaid: Vec<OpenPrepayment> = vec![];
            for share in shares {
                let rest = left(std::slice::from_ref(&whole), &prepaid, euro());
                let total = sum(&rest);
                let asked = part(&rest, total, euro().round(total * Decimal::new(share, 3)), euro());
                prepaid.extend(open(&asked));
            }
            let before: Decimal = prepaid.iter().map(|open| gross(&open.group)).sum();
            // The invoices' groups are differences of cumulative values, as those of orders are.
            let parts: i64 = cuts.iter().sum();
            let (mut done, mut net_before, mut tax_before, mut charged) = (0, Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
            for cut in cuts {
                done += cut;
                let cumulative = euro().round(whole.net_amount.0 * Decimal::from(done) / Decimal::from(parts));
                let tax = whole.tax_on(euro(), cumulative);
                let mut group = whole.clone();
                (group.net_amount, group.tax_amount) = (Amount(cumulative - net_before), Amount(tax - tax_before));
                (net_before, tax_before) = (cumulative, tax);
                for deduction in deductions(std::slice::from_ref(&group), &prepaid, euro()) {
                    take(&mut prepaid[deduction.prepayment].group, deduction.net, deduction.tax, euro());
                    take(&mut group, deduction.net, deduction.tax, euro());
                }
                prop_assert!(group.net_amount.0 >= Decimal::ZERO && group.tax_amount.0 >= Decimal::ZERO);
                charged += gross(&group);
            }
            prop_assert!(prepaid.iter().all(|open| is_nothing(&open.group)), "{prepaid:?}");
            prop_assert_eq!(charged + before, gross(&whole));
        }
    }
}
