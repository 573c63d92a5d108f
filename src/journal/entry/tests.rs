//! Worked examples with amounts computed by hand, and what holds for any document.

use super::super::derive;
use super::super::facts::{Applied, Billed, Capture, Moved, MovedKind, Paid, Refunded, Sales, Tax};
use super::super::open_items::{Item, OpenItems};
use super::*;
use crate::payments::settlement::{Adjustment, AdjustmentKind, Settlement};
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, PaymentAllocationId, PaymentId, RefundId};
use proptest::prelude::*;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn bill(
    code: &str,
    rate: Option<&str>,
    sales: &[(&str, &str, &str)],
    taxes: &[(&str, &str, &str)],
    shipping: &str,
    rounding: &str,
) -> Billed {
    let sales: Vec<Sales> = sales
        .iter()
        .map(|(category, net, discount)| Sales {
            tax_category: (*category).into(),
            net_amount: d(net),
            discount_amount: d(discount),
            is_prepayment: false,
        })
        .collect();
    let taxes: Vec<Tax> =
        taxes.iter().map(|(category, rate, amount)| Tax { tax_category: (*category).into(), rate: d(rate), amount: d(amount) }).collect();
    let net: Decimal = sales.iter().map(|row| row.net_amount - row.discount_amount).sum();
    let tax: Decimal = taxes.iter().map(|row| row.amount).sum();
    let invoice_id = InvoiceId::generate();
    Billed {
        id: invoice_id.0,
        number: "INV-000001".into(),
        invoice_id,
        order_id: OrderId::generate(),
        customer_id: CustomerId::generate(),
        currency: currency(code),
        exchange_rate: rate.map(d),
        shipping_net: d(shipping),
        rounding_amount: d(rounding),
        total: net + d(shipping) + tax + d(rounding),
        issued_on: day("2026-03-02"),
        created_at: DateTime::UNIX_EPOCH,
        sales,
        taxes,
    }
}

fn pay(code: &str, rate: Option<&str>) -> Paid {
    Paid {
        id: PaymentId::generate(),
        number: "RCP-000001".into(),
        order_id: None,
        customer_id: None,
        currency: currency(code),
        method: PaymentMethod::BankTransfer,
        exchange_rate: rate.map(d),
    }
}

fn money(amount: &str) -> Capture {
    Capture { amount: d(amount), received_on: day("2026-03-09"), at: DateTime::UNIX_EPOCH }
}

fn on_invoice(invoice: &Billed, amount: &str, adjustments: &[(AdjustmentKind, &str)]) -> Applied {
    let adjustment = |(kind, amount): &(AdjustmentKind, &str)| Adjustment { kind: *kind, amount: Amount(d(amount)), reference: None };
    Applied {
        id: PaymentAllocationId::generate(),
        order_id: invoice.order_id,
        invoice_id: Some(invoice.invoice_id),
        invoice_rate: invoice.exchange_rate,
        settles: Settlement { money: d(amount), adjustments: adjustments.iter().map(adjustment).collect() },
        at: DateTime::UNIX_EPOCH,
    }
}

fn on_order(invoice: &Billed, amount: &str) -> Applied {
    Applied { invoice_id: None, invoice_rate: None, ..on_invoice(invoice, amount, &[]) }
}

fn back(amount: &str, rate: &str) -> Refunded {
    Refunded {
        id: RefundId::generate(),
        number: "RFD-000001".into(),
        order_id: None,
        amount: d(amount),
        has_failed: false,
        exchange_rate: Some(d(rate)),
        posted_on: day("2026-03-20"),
        at: DateTime::UNIX_EPOCH,
    }
}

/// Role, category, debit (credit below 0) and the same in base currency.
type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

/// A balanced entry has exactly these lines.
#[track_caller]
fn books(draft: &Draft, base: &str, items: &mut OpenItems, expected: &[Row<'_>]) {
    let lines = value(draft, currency(base), items).unwrap();
    let shown: Vec<(String, String, String, Option<String>)> = lines
        .iter()
        .map(|line| {
            let category = line.posting.tax_category.clone().unwrap_or_default();
            let amount = draft.currency.round(line.posting.amount).to_string();
            (line.posting.role.to_string(), category, amount, line.base_amount.map(|amount| amount.to_string()))
        })
        .collect();
    let expected: Vec<(String, String, String, Option<String>)> = expected
        .iter()
        .map(|(role, category, amount, base)| ((*role).into(), (*category).into(), (*amount).into(), base.map(str::to_owned)))
        .collect();
    assert_eq!(shown, expected);
}

/// 10 × 12.50 at 19 % and 3 × 9.99 at 7 %, an order discount of 12.50 and 3.00, shipping 5.90 at 19 %: tax 118.40 × 19 % = 22.496,
/// 26.97 × 7 % = 1.8879; the sum of 169.76 is rounded to 5 cents.
fn two_rates() -> Billed {
    let sales = [("reduced", "29.97", "3.00"), ("standard", "125.00", "12.50")];
    let taxes = [("standard", "0.19", "22.50"), ("reduced", "0.07", "1.89")];
    bill("EUR", Some("1"), &sales, &taxes, "5.90", "-0.01")
}

#[test]
fn an_invoice_with_discount_two_rates_shipping_and_rounding() {
    let invoice = two_rates();
    assert_eq!(invoice.total, d("169.75"));
    let draft = derive::invoice(&invoice);
    assert_eq!((draft.posted_on, draft.source.number.as_deref()), (day("2026-03-02"), Some("INV-000001")));
    books(
        &draft,
        "EUR",
        &mut OpenItems::default(),
        &[
            ("receivable", "", "169.75", Some("169.75")),
            ("discount", "reduced", "3.00", Some("3.00")),
            ("discount", "standard", "12.50", Some("12.50")),
            ("rounding", "", "0.01", Some("0.01")),
            ("revenue", "reduced", "-29.97", Some("-29.97")),
            ("revenue", "standard", "-125.00", Some("-125.00")),
            ("shipping", "", "-5.90", Some("-5.90")),
            ("tax", "standard", "-22.50", Some("-22.50")),
            ("tax", "reduced", "-1.89", Some("-1.89")),
        ],
    );
}

#[test]
fn money_asked_for_in_advance_is_a_deposit_until_something_is_sold() {
    let mut items = OpenItems::default();
    let mut advance = bill("EUR", Some("1"), &[("standard", "50.00", "0")], &[("standard", "0.19", "9.50")], "0", "0");
    advance.sales[0].is_prepayment = true;
    books(
        &derive::invoice(&advance),
        "EUR",
        &mut items,
        &[
            ("receivable", "", "59.50", Some("59.50")),
            ("deposit", "standard", "-50.00", Some("-50.00")),
            ("tax", "standard", "-9.50", Some("-9.50")),
        ],
    );
    // 200.00 are sold, 50.00 of them were asked for before: 150.00 and 28.50 of tax are left to pay.
    let sales = [("standard", "200.00", "0"), ("standard", "-50.00", "0")];
    let mut rest = bill("EUR", Some("1"), &sales, &[("standard", "0.19", "28.50")], "0", "0");
    rest.sales[1].is_prepayment = true;
    books(
        &derive::invoice(&rest),
        "EUR",
        &mut items,
        &[
            ("receivable", "", "178.50", Some("178.50")),
            ("deposit", "standard", "50.00", Some("50.00")),
            ("revenue", "standard", "-200.00", Some("-200.00")),
            ("tax", "standard", "-28.50", Some("-28.50")),
        ],
    );
}

#[test]
fn a_credit_note_takes_sales_back_after_discount() {
    // One of the three at 7 %: 9.99 less a discount of 1.00, tax 8.99 × 7 % = 0.6293.
    let note = bill("EUR", Some("1"), &[("reduced", "9.99", "1.00")], &[("reduced", "0.07", "0.63")], "0", "0");
    let draft = derive::credit_note(&note);
    assert_eq!(draft.kind, JournalEntryKind::CreditNote);
    books(
        &draft,
        "EUR",
        &mut OpenItems::default(),
        &[
            ("credit_note", "reduced", "8.99", Some("8.99")),
            ("tax", "reduced", "0.63", Some("0.63")),
            ("receivable", "", "-9.62", Some("-9.62")),
        ],
    );
}

#[test]
fn a_payment_with_withholding_and_bank_fee_is_one_entry() {
    // PPN of 11 % on 10,000,000; the payer keeps PPh 23, 2 % of the net, the bank 6,500.
    let invoice = bill("IDR", Some("1"), &[("standard", "10000000", "0")], &[("standard", "0.12", "1100000")], "0", "0");
    let mut items = OpenItems::default();
    value(&derive::invoice(&invoice), currency("IDR"), &mut items).unwrap();
    let payment = pay("IDR", Some("1"));
    let kept = [(AdjustmentKind::WithholdingTax, "200000"), (AdjustmentKind::BankFee, "6500")];
    let row = on_invoice(&invoice, "10893500", &kept);
    books(
        &derive::capture(&payment, &money("10893500"), &[row]),
        "IDR",
        &mut items,
        &[
            ("bank", "", "10893500.00", Some("10893500.00")),
            ("withholding", "", "200000.00", Some("200000.00")),
            ("bank_fee", "", "6500.00", Some("6500.00")),
            ("receivable", "", "-11100000.00", Some("-11100000.00")),
        ],
    );
}

#[test]
fn a_discount_for_early_payment_and_a_write_off_have_accounts_of_their_own() {
    let invoice = bill("EUR", Some("1"), &[("standard", "100.00", "0")], &[("standard", "0.19", "19.00")], "0", "0");
    let given = [(AdjustmentKind::EarlyPaymentDiscount, "2.38"), (AdjustmentKind::WriteOff, "0.02")];
    let draft = derive::capture(&pay("EUR", Some("1")), &money("120.00"), &[on_invoice(&invoice, "116.60", &given)]);
    books(
        &draft,
        "EUR",
        &mut OpenItems::default(),
        &[
            ("bank", "", "120.00", Some("120.00")),
            ("early_payment_discount", "", "2.38", Some("2.38")),
            ("write_off", "", "0.02", Some("0.02")),
            // What is too much stays the customer's: 120.00 − 116.60.
            ("receivable", "", "-3.40", Some("-3.40")),
            ("receivable", "", "-119.00", Some("-119.00")),
        ],
    );
}

#[test]
fn the_rate_moves_between_invoice_payment_and_refund() {
    let mut items = OpenItems::default();
    let invoice = bill("USD", Some("16250.5"), &[("zero", "1000.00", "0")], &[], "0", "0");
    books(
        &derive::invoice(&invoice),
        "IDR",
        &mut items,
        &[("receivable", "", "1000.00", Some("16250500.00")), ("revenue", "zero", "-1000.00", Some("-16250500.00"))],
    );
    // 600 at 16,300: 9,780,000 arrive, 600/1000 of what the receivable stands at is gone: 9,750,300. The gain is 29,700.
    let first = pay("USD", Some("16300"));
    books(
        &derive::capture(&first, &money("600.00"), &[on_invoice(&invoice, "600.00", &[])]),
        "IDR",
        &mut items,
        &[
            ("bank", "", "600.00", Some("9780000.00")),
            ("receivable", "", "-600.00", Some("-9750300.00")),
            ("exchange_difference", "", "0.00", Some("-29700.00")),
        ],
    );
    // 400 at 16,000 that come without a word are the customer's, at that rate …
    let second = pay("USD", Some("16000"));
    books(
        &derive::capture(&second, &money("400.00"), &[]),
        "IDR",
        &mut items,
        &[("bank", "", "400.00", Some("6400000.00")), ("receivable", "", "-400.00", Some("-6400000.00"))],
    );
    // … and lose 100,200 when they are put on the rest of the invoice, which stands at 6,500,200.
    books(
        &derive::applied(&second, &[on_invoice(&invoice, "400.00", &[])], day("2026-03-12"), DateTime::UNIX_EPOCH),
        "IDR",
        &mut items,
        &[
            ("receivable", "", "400.00", Some("6400000.00")),
            ("receivable", "", "-400.00", Some("-6500200.00")),
            ("exchange_difference", "", "0.00", Some("100200.00")),
        ],
    );
    // 100 of it go back at 16,100; the invoice is due again at its own rate: 1,625,050 against 1,610,000.
    books(
        &derive::refund(&second, &back("100.00", "16100"), &[on_invoice(&invoice, "-100.00", &[])]),
        "IDR",
        &mut items,
        &[
            ("receivable", "", "100.00", Some("1625050.00")),
            ("refund", "", "-100.00", Some("-1610000.00")),
            ("exchange_difference", "", "0.00", Some("-15050.00")),
        ],
    );
}

/// 100 yen that came at 0.0061 go back at 0.0063: 0.61 against 0.63. Little is no rounding where the rate has moved.
#[test]
fn a_small_difference_of_two_rates_is_an_exchange_difference() {
    let mut items = OpenItems::default();
    let payment = pay("JPY", Some("0.0061"));
    books(
        &derive::capture(&payment, &money("100"), &[]),
        "EUR",
        &mut items,
        &[("bank", "", "100", Some("0.61")), ("receivable", "", "-100", Some("-0.61"))],
    );
    books(
        &derive::refund(&payment, &back("100", "0.0063"), &[]),
        "EUR",
        &mut items,
        &[("receivable", "", "100", Some("0.61")), ("refund", "", "-100", Some("-0.63")), ("exchange_difference", "", "0", Some("0.02"))],
    );
}

#[test]
fn a_deposit_waits_for_its_invoice() {
    let mut items = OpenItems::default();
    let invoice = bill("EUR", Some("1"), &[("standard", "100.00", "0")], &[("standard", "0.19", "19.00")], "0", "0");
    let payment = pay("EUR", Some("1"));
    books(
        &derive::capture(&payment, &money("50.00"), &[on_order(&invoice, "50.00")]),
        "EUR",
        &mut items,
        &[("bank", "", "50.00", Some("50.00")), ("deposit", "", "-50.00", Some("-50.00"))],
    );
    let moved = [on_order(&invoice, "-50.00"), on_invoice(&invoice, "50.00", &[])];
    books(
        &derive::applied(&payment, &moved, day("2026-03-02"), DateTime::UNIX_EPOCH),
        "EUR",
        &mut items,
        &[("deposit", "", "50.00", Some("50.00")), ("receivable", "", "-50.00", Some("-50.00"))],
    );
}

#[test]
fn what_rounding_leaves_in_base_currency_is_a_line_of_its_own() {
    // At 0.333: 3.33 × 0.333 = 1.10889, 2.22 → 0.73926, 1.11 → 0.36963: 1.11 against 0.74 + 0.37.
    let invoice = bill("USD", Some("0.333"), &[("a", "2.22", "0"), ("b", "1.11", "0")], &[], "0", "0");
    books(
        &derive::invoice(&invoice),
        "EUR",
        &mut OpenItems::default(),
        &[("receivable", "", "3.33", Some("1.11")), ("revenue", "a", "-2.22", Some("-0.74")), ("revenue", "b", "-1.11", Some("-0.37"))],
    );
    // At 0.335: 1.11555 → 1.12, 0.7437 → 0.74, 0.37185 → 0.37.
    let invoice = Billed { exchange_rate: Some(d("0.335")), ..invoice };
    books(
        &derive::invoice(&invoice),
        "EUR",
        &mut OpenItems::default(),
        &[
            ("receivable", "", "3.33", Some("1.12")),
            ("revenue", "a", "-2.22", Some("-0.74")),
            ("revenue", "b", "-1.11", Some("-0.37")),
            ("rounding", "", "0.00", Some("-0.01")),
        ],
    );
}

#[test]
fn without_a_rate_there_is_nothing_in_base_currency() {
    let invoice = bill("USD", None, &[("zero", "10.00", "0")], &[], "0", "0");
    books(
        &derive::invoice(&invoice),
        "IDR",
        &mut OpenItems::default(),
        &[("receivable", "", "10.00", None), ("revenue", "zero", "-10.00", None)],
    );
}

#[test]
fn goods_are_booked_at_cost() {
    let movement = |quantity: &str, unit_cost: Option<&str>| Moved {
        id: 1,
        kind: MovedKind::Shipment,
        subject_id: Uuid::nil(),
        reference: Some("SO-000001-S1".into()),
        quantity: d(quantity),
        unit_cost: unit_cost.map(d),
        posted_on: day("2026-03-02"),
        at: DateTime::UNIX_EPOCH,
    };
    // 3 × 1.005 = 3.015 and 2 × 10: rounded movement by movement; what has no cost moves nothing.
    let movements = [movement("-3", Some("1.005")), movement("-2", Some("10")), movement("-7", None)];
    let draft = derive::moved(&movements.iter().collect::<Vec<_>>(), currency("EUR"), None, None).unwrap();
    books(
        &draft,
        "EUR",
        &mut OpenItems::default(),
        &[("cost_of_goods", "", "23.02", Some("23.02")), ("inventory", "", "-23.02", Some("-23.02"))],
    );
    let unknown = movement("-7", None);
    let draft = derive::moved(&[&unknown], currency("EUR"), None, None).unwrap();
    assert_eq!(value(&draft, currency("EUR"), &mut OpenItems::default()), Ok(vec![]));
    let found = Moved { kind: MovedKind::Adjustment, ..movement("2", Some("4")) };
    let draft = derive::moved(&[&found], currency("EUR"), None, None).unwrap();
    books(
        &draft,
        "EUR",
        &mut OpenItems::default(),
        &[("inventory", "", "8.00", Some("8.00")), ("inventory_adjustment", "", "-8.00", Some("-8.00"))],
    );
}

#[test]
fn a_document_that_does_not_add_up_is_told() {
    let invoice = Billed { total: d("10.00"), ..bill("EUR", Some("1"), &[("standard", "9.99", "0")], &[], "0", "0") };
    assert_eq!(value(&derive::invoice(&invoice), currency("EUR"), &mut OpenItems::default()).unwrap_err().sum, d("0.01"));
}

fn sums(lines: &[Line]) -> (Decimal, Decimal) {
    (lines.iter().map(|line| line.posting.amount).sum(), lines.iter().filter_map(|line| line.base_amount).sum())
}

proptest! {
    /// Random documents and payments in random parts at random rates: every entry balances in both currencies, and what is settled
    /// stands at nothing.
    #[test]
    fn every_entry_balances_and_settled_items_stand_at_nothing(
        nets in prop::collection::vec((0i64..5_000_000, 0i64..500_000, 0usize..3), 1..8),
        taxes in prop::collection::vec(0i64..900_000, 0..4),
        shipping in 0i64..90_000,
        rate in 1i64..20_000_000,
        payments in prop::collection::vec((1i64..3_000_000, 1i64..20_000_000, 0i64..50_000), 0..6),
    ) {
        let cents = |amount: i64| Decimal::new(amount, 2);
        let category = |i: usize| ["standard", "reduced", "zero"][i].to_owned();
        let mut invoice = bill("USD", None, &[], &[], "0", "0");
        invoice.exchange_rate = Some(Decimal::new(rate, 4));
        invoice.sales = nets
            .iter()
            .map(|(net, discount, i)| Sales { tax_category: category(*i), net_amount: cents(*net), discount_amount: cents(*discount.min(net)), is_prepayment: false })
            .collect();
        invoice.taxes = taxes.iter().map(|amount| Tax { tax_category: category(0), rate: d("0.19"), amount: cents(*amount) }).collect();
        invoice.shipping_net = cents(shipping);
        invoice.total = invoice.sales.iter().map(|row| row.net_amount - row.discount_amount).sum::<Decimal>()
            + invoice.taxes.iter().map(|row| row.amount).sum::<Decimal>()
            + invoice.shipping_net;
        let base = currency("EUR");
        let mut items = OpenItems::default();
        let mut book: std::collections::HashMap<(LedgerRole, Item), (Decimal, Decimal)> = Default::default();
        let mut check = |draft: &Draft| {
            let lines = value(draft, base, &mut items).unwrap();
            for line in &lines {
                if let Some(item) = line.posting.item {
                    let entry = book.entry((line.posting.role, item)).or_default();
                    *entry = (entry.0 + line.posting.amount, entry.1 + line.base_amount.unwrap());
                }
            }
            sums(&lines)
        };
        let nothing = (Decimal::ZERO, Decimal::ZERO);
        prop_assert_eq!(check(&derive::invoice(&invoice)), nothing);
        let mut due = invoice.total;
        for (amount, rate, fee) in &payments {
            let payment = Paid { exchange_rate: Some(Decimal::new(*rate, 4)), ..pay("USD", None) };
            let capture = Capture { amount: cents(*amount), ..money("0") };
            let applied = cents(*amount).min(due);
            let fee = cents(*fee).min(due - applied);
            due -= applied + fee;
            let mut row = on_invoice(&invoice, "0", &[]);
            row.settles.money = applied;
            if !fee.is_zero() {
                row.settles.adjustments.push(Adjustment { kind: AdjustmentKind::BankFee, amount: Amount(fee), reference: None });
            }
            prop_assert_eq!(check(&derive::capture(&payment, &capture, &[row])), nothing);
        }
        let last = Paid { exchange_rate: Some(Decimal::ONE), ..pay("USD", None) };
        let mut row = on_invoice(&invoice, "0", &[]);
        row.settles.money = due;
        prop_assert_eq!(check(&derive::capture(&last, &Capture { amount: due, ..money("0") }, &[row])), nothing);
        for ((role, item), (amount, base)) in book {
            if amount.is_zero() {
                prop_assert_eq!(base, Decimal::ZERO, "{} {:?}", role, item);
            }
        }
    }
}
