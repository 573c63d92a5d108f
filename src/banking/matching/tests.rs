use super::*;
use crate::payments::early_payment::Earlier;
use crate::types::id::{InvoiceId, OrderId, PaymentId, RefundId};
use proptest::prelude::*;

fn eur() -> Currency {
    Currency::from_code("EUR").unwrap()
}

fn invoice(number: &str, customer_id: CustomerId, due: i64) -> Debt {
    Debt {
        target: Target::Invoice(InvoiceId::generate()),
        number: number.into(),
        names: vec![super::super::creditor_reference::plain(number)],
        short_name: None,
        customer_id,
        buyer_id: customer_id,
        currency: eur(),
        due: Decimal::new(due, 2),
        offer: None,
    }
}

fn order(number: &str, purchase_order: &str, customer_id: CustomerId, due: i64) -> Debt {
    let plain = super::super::creditor_reference::plain;
    Debt {
        target: Target::Order(OrderId::generate()),
        names: vec![plain(number), plain(purchase_order)],
        short_name: Some(plain(purchase_order)).filter(|name| is_short(name)),
        ..invoice(number, customer_id, due)
    }
}

fn incoming(amount: i64, text: &str) -> Incoming {
    Incoming { amount: Decimal::new(amount, 2), named: named_numbers(text), date_is_open: true, ..Incoming::default() }
}

/// Score, certainty and documents with amounts and fees of the best proposal.
fn best(incoming: &Incoming, debts: &[&Debt], tolerance: i64) -> (i32, bool, Vec<(String, String, String)>) {
    let matching = propose(incoming, debts, &[], Decimal::new(tolerance, 2));
    let first = matching.proposals.first().cloned();
    let shares = first.iter().flat_map(|proposal| &proposal.shares);
    let shares = shares.map(|share| (share.number.clone(), share.amount.to_string(), share.bank_fee.normalize().to_string())).collect();
    (first.map_or(0, |proposal| proposal.score), matching.certain, shares)
}

fn share(number: &str, amount: &str, fee: &str) -> (String, String, String) {
    (number.into(), amount.into(), fee.into())
}

#[test]
fn what_is_due_less_the_discount_that_is_granted_is_all_of_it() {
    let siti = CustomerId::generate();
    let (day, last) = (NaiveDate::from_ymd_opt(2026, 3, 10).unwrap(), NaiveDate::from_ymd_opt(2026, 3, 12).unwrap());
    let offer = |until_on| Some(Offer { percent: Decimal::TWO, until_on, earlier: Earlier::default() });
    // 2 % of 119.00 is 2.38, of 50.00 it is 1.00.
    let a = Debt { offer: offer(last), ..invoice("INV-000001", siti, 11900) };
    let b = Debt { offer: offer(last), ..invoice("INV-000002", siti, 5000) };
    let late = Debt { offer: offer(day.pred_opt().unwrap()), ..invoice("INV-000003", siti, 10000) };
    let all = [&a, &b, &late];
    let run = |amount: i64, text: &str, tolerance: i64| {
        let matching = propose(&Incoming { received_on: day, ..incoming(amount, text) }, &all, &[], Decimal::new(tolerance, 2));
        let first = matching.proposals[0].clone();
        let discounts: Vec<String> = first.shares.iter().map(|share| share.early_payment_discount.normalize().to_string()).collect();
        (first.score, matching.certain, discounts)
    };
    let told = |discounts: &[&str]| discounts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(run(11662, "INV-000001", 0), (90, true, told(&["2.38"])));
    assert_eq!(run(11662, "INV-000001", 500), (90, true, told(&["2.38"])), "not a bank's fee");
    assert_eq!(run(11663, "INV-000001", 0), (60, false, told(&["0"])), "not exactly that");
    assert_eq!(run(11900, "INV-000001", 0), (90, true, told(&["0"])));
    assert_eq!(run(16562, "INV-000001 INV-000002", 0), (90, true, told(&["2.38", "1"])));
    assert_eq!(run(9800, "INV-000003", 0), (60, false, told(&["0"])), "too late");
    assert_eq!(run(14900, "INV-000002 INV-000003", 0), (90, true, told(&["1", "0"])), "each by its own day");
    // 118.88 was paid less 2.38, then 58.25 went back: the discount of all of it is given.
    let earlier = Earlier { settled: Decimal::new(6063, 2), discount: Decimal::new(238, 2) };
    let refunded = Debt { offer: Some(Offer { earlier, ..a.offer.unwrap() }), ..invoice("INV-000004", siti, 5825) };
    let paid = |amount: i64| {
        let matching = propose(&Incoming { received_on: day, ..incoming(amount, "INV-000004") }, &[&refunded], &[], Decimal::ZERO);
        (matching.proposals[0].reasons.clone(), matching.certain)
    };
    assert_eq!(paid(5708), (vec![MatchReason::NumberInText, MatchReason::PartOfAmountDue], false));
    assert_eq!(paid(5825), (vec![MatchReason::NumberInText, MatchReason::AmountDue], true));
    assert_eq!(run(4900, "INV-000001 INV-000002", 0).2, told(&["1"]), "one of the two that are named");
}

#[test]
fn what_is_certain_and_what_is_for_a_person() {
    let (siti, budi) = (CustomerId::generate(), CustomerId::generate());
    let (a, b, c) = (invoice("INV-000001", siti, 11900), invoice("INV-000002", siti, 5000), invoice("INV-000003", budi, 11900));
    let so = order("SO-000007", "PO/77", siti, 30000);
    let all = [&a, &b, &c, &so];

    // Number and amount: 50 + 40.
    assert_eq!(best(&incoming(11900, "INV-000001"), &all, 0), (90, true, vec![share("INV-000001", "119.00", "0")]));
    // Both numbers, and the sum of both.
    let two = vec![share("INV-000001", "119.00", "0"), share("INV-000002", "50.00", "0")];
    assert_eq!(best(&incoming(16900, "INV 000001 + INV 000002"), &all, 0), (90, true, two));
    // The buyer's own number of the order.
    assert!(!best(&incoming(30000, "our PO 77"), &[&a, &order("SO-000007", "PO/0077", siti, 30000)], 0).1, "0077 is not 77");
    assert_eq!(best(&incoming(30000, "our order PO-77 / 2026"), &[&a], 0), (0, false, vec![]));
    assert!(best(&incoming(30000, "our PO/0077"), &[&order("SO-000007", "PO/0077", siti, 30000)], 0).1);
    // A structured reference: 60 + 40.
    let referred = Incoming { referred: Some("INV000003".into()), ..incoming(11900, "") };
    assert_eq!(best(&referred, &all, 0), (100, true, vec![share("INV-000003", "119.00", "0")]));
    // A part, and too much: 50 + 10.
    assert_eq!(best(&incoming(10000, "INV-000001"), &all, 0), (60, false, vec![share("INV-000001", "100.00", "0")]));
    assert_eq!(best(&incoming(20000, "INV-000001"), &all, 0), (60, false, vec![share("INV-000001", "119.00", "0")]));
    // 50 cents short: a bank's fee only where that is allowed.
    assert_eq!(best(&incoming(11850, "INV-000001"), &all, 0), (60, false, vec![share("INV-000001", "118.50", "0")]));
    assert_eq!(best(&incoming(11850, "INV-000001"), &all, 50), (90, true, vec![share("INV-000001", "118.50", "0.5")]));
    // Invoices of two customers are no payment of one.
    assert!(!best(&incoming(23800, "INV-000001 INV-000003"), &all, 0).1);
    // Amount alone: 40, and two have it.
    assert_eq!(propose(&incoming(11900, "thanks"), &all, &[], Decimal::ZERO).proposals.len(), 2);
    assert!(!best(&incoming(11900, "thanks"), &all, 0).1);
    // A known account and the amount: 65, but nothing says which document it is for.
    let known = Incoming { by_account: vec![siti], ..incoming(11900, "") };
    assert_eq!(best(&known, &all, 0), (65, false, vec![share("INV-000001", "119.00", "0")]));
    // A known account and all that is open: 65.
    let known = Incoming { by_account: vec![siti], ..incoming(16900, "") };
    assert_eq!(best(&known, &all, 0).0, 65);
    // The account is known as Budi's: 50 + 40 − 30.
    let another = Incoming { by_account: vec![budi], ..incoming(11900, "INV-000001") };
    assert_eq!(best(&another, &all, 0), (60, false, vec![share("INV-000001", "119.00", "0")]));
    // Name and e-mail count, and are not enough.
    let told = Incoming { by_name: vec![siti], by_email: vec![siti], ..incoming(11900, "") };
    assert_eq!(best(&told, &all, 0), (70, false, vec![share("INV-000001", "119.00", "0")]));
    // Closed books.
    assert!(!best(&Incoming { date_is_open: false, ..incoming(11900, "INV-000001") }, &all, 0).1);
}

/// A year in a text is no order, unless something else tells that it is.
#[test]
fn a_short_number_of_the_buyer_is_certain_with_name_account_or_address_only() {
    let (berlin, jean) = (CustomerId::generate(), CustomerId::generate());
    for short in ["2025", "0815", "PO/77", "30112026"] {
        let so = order("SO-000007", short, berlin, 30000);
        let text = format!("Miete Nachtrag {short}");
        let run = |told: Incoming| best(&Incoming { amount: Decimal::new(30000, 2), ..told }, &[&so], 0);
        // 35 + 40.
        assert_eq!(run(incoming(30000, &text)), (75, false, vec![share("SO-000007", "300.00", "0")]), "{short}");
        // With his name or address 15 more, with his account 25.
        assert!(run(Incoming { by_name: vec![berlin], ..incoming(30000, &text) }).1);
        assert!(run(Incoming { by_email: vec![berlin], ..incoming(30000, &text) }).1);
        assert_eq!(run(Incoming { by_account: vec![berlin], ..incoming(30000, &text) }).0, 100);
        // The name of another one takes 30 off.
        assert_eq!(run(Incoming { by_name: vec![jean], ..incoming(30000, &text) }).0, 45);
        // In a field of its own it is no less short.
        assert_eq!(run(Incoming { referred: Some(super::super::creditor_reference::plain(short)), ..incoming(30000, "") }).0, 75);
        // Our own number is never there by chance.
        assert!(run(incoming(30000, &format!("SO-000007 {short}"))).1);
    }
    for long in ["4500012345", "PO/0077"] {
        assert!(best(&incoming(30000, long), &[&order("SO-000007", long, berlin, 30000)], 0).1, "{long}");
    }
    // What the payer owes is not hidden by it.
    let (so, his) = (order("SO-000007", "2025", berlin, 30000), invoice("INV-000009", jean, 30000));
    let matching = propose(&Incoming { by_name: vec![jean], ..incoming(30000, "March 2025") }, &[&so, &his], &[], Decimal::ZERO);
    let proposed: Vec<(i32, &str)> =
        matching.proposals.iter().map(|proposal| (proposal.score, proposal.shares[0].number.as_str())).collect();
    assert_eq!(proposed, [(55, "INV-000009"), (45, "SO-000007")]);
}

#[test]
fn the_name_of_another_customer_speaks_against_a_proposal() {
    let (siti, budi, branch) = (CustomerId::generate(), CustomerId::generate(), CustomerId::generate());
    let a = invoice("INV-000001", siti, 11900);
    let named = Incoming { by_name: vec![budi], ..incoming(11900, "INV-000001") };
    // 50 + 40 − 30.
    assert_eq!(best(&named, &[&a], 0), (60, false, vec![share("INV-000001", "119.00", "0")]));
    let referred = Incoming { referred: Some("INV000001".into()), by_email: vec![siti], ..named.clone() };
    assert_eq!(best(&referred, &[&a], 0), (85, false, vec![share("INV-000001", "119.00", "0")]));
    // Who is known to pay from this account may be called as he likes; so may two customers; and a branch pays what it has ordered.
    assert_eq!(best(&Incoming { by_account: vec![siti], ..named.clone() }, &[&a], 0).0, 115);
    assert_eq!(best(&Incoming { by_name: vec![budi, siti], ..named.clone() }, &[&a], 0).0, 105);
    let ordered = Debt { buyer_id: branch, ..a.clone() };
    assert!(best(&Incoming { by_name: vec![branch], ..named }, &[&ordered], 0).1);
}

#[test]
fn an_order_named_with_its_invoice_means_the_invoice() {
    let siti = CustomerId::generate();
    let (a, so) = (invoice("INV-000001", siti, 11900), order("SO-000001", "PO-1", siti, 11900));
    assert_eq!(best(&incoming(11900, "SO-000001 INV-000001"), &[&a, &so], 0), (90, true, vec![share("INV-000001", "119.00", "0")]));
}

#[test]
fn what_is_paid_already_is_the_customers_money_or_the_same_money() {
    let siti = CustomerId::generate();
    let paid = invoice("INV-000001", siti, 0);
    let matching = propose(&incoming(11900, "INV-000001"), &[&paid], &[], Decimal::ZERO);
    assert_eq!((matching.proposals[0].customer_id, matching.proposals[0].shares.len(), matching.certain), (Some(siti), 0, false));
    let by_hand = BookedPayment { payment_id: PaymentId::generate(), number: "RCP-000001".into(), customer_id: Some(siti) };
    let matching = propose(&incoming(11900, "INV-000001"), &[&paid], std::slice::from_ref(&by_hand), Decimal::ZERO);
    assert_eq!((matching.proposals[0].payment.as_ref(), matching.certain), (Some(&by_hand), false));
    // Even where the invoice is still open: who booked that money decides.
    let open = invoice("INV-000001", siti, 11900);
    assert!(!propose(&incoming(11900, "INV-000001"), &[&open], &[by_hand], Decimal::ZERO).certain);
}

#[test]
fn a_refund_is_certain_where_its_number_and_amount_are_told() {
    let refund =
        |number: &str, amount: i64| PaidOut { refund_id: RefundId::generate(), name: number.into(), amount: Decimal::new(amount, 2) };
    let (a, b) = (refund("RFD000001", 500), refund("RFD000002", 500));
    let amount = Decimal::new(500, 2);
    assert_eq!(propose_refunds(amount, &named_numbers("RFD-000002"), &[&a, &b]), (vec![b.refund_id], true));
    assert_eq!(propose_refunds(amount, &named_numbers("refund"), &[&a, &b]), (vec![a.refund_id, b.refund_id], false));
    assert_eq!(propose_refunds(Decimal::new(400, 2), &named_numbers("RFD-000002"), &[&a, &b]), (vec![], false));
}

proptest! {
    /// Whatever comes: shares never exceed the money or what is due, and only what is due exactly is certain.
    #[test]
    fn a_proposal_never_gives_more_than_there_is(
        amount in 1i64..50_000, dues in prop::collection::vec(0i64..20_000, 1..6), named in prop::collection::vec(any::<bool>(), 6), tolerance in 0i64..100, known: bool,
    ) {
        let siti = CustomerId::generate();
        let debts: Vec<Debt> = dues.iter().enumerate().map(|(i, due)| invoice(&format!("INV-{i:06}"), siti, *due)).collect();
        let text: String = debts.iter().zip(&named).filter(|(_, named)| **named).map(|(debt, _)| format!("{} ", debt.number)).collect();
        let money = Incoming { by_account: if known { vec![siti] } else { vec![] }, ..incoming(amount, &text) };
        let tolerance = Decimal::new(tolerance, 2);
        let matching = propose(&money, &debts.iter().collect::<Vec<_>>(), &[], tolerance);
        for proposal in &matching.proposals {
            let sum: Decimal = proposal.shares.iter().map(|share| share.amount).sum();
            prop_assert!(sum <= money.amount);
            for share in &proposal.shares {
                let debt = debts.iter().find(|debt| debt.target == share.target).unwrap();
                prop_assert!(share.amount > Decimal::ZERO && share.amount + share.bank_fee <= debt.due);
            }
        }
        if matching.certain {
            let best = &matching.proposals[0];
            let settled: Decimal = best.shares.iter().map(|share| share.amount + share.bank_fee).sum();
            let due: Decimal = best.shares.iter().map(|share| debts.iter().find(|debt| debt.target == share.target).unwrap().due).sum();
            let money_used: Decimal = best.shares.iter().map(|share| share.amount).sum();
            prop_assert_eq!(money_used, money.amount);
            prop_assert!(settled == due && settled - money.amount <= tolerance);
        }
    }
}
