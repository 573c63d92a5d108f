use super::*;

/// One letter per action in the order of `PaymentAction::ALL`: the first of the next status (`p` partially refunded, `x`
/// reversed, `e` expired), `-` refused.
const TABLE: [(PaymentStatus, &str); 9] = [
    (PaymentStatus::Pending, "acv-f-----"),
    (PaymentStatus::Authorized, "-cvef-----"),
    (PaymentStatus::Captured, "-----ccprx"),
    (PaymentStatus::Voided, "----------"),
    (PaymentStatus::Expired, "----------"),
    (PaymentStatus::Failed, "----------"),
    (PaymentStatus::Reversed, "----------"),
    (PaymentStatus::PartiallyRefunded, "-----ppprx"),
    (PaymentStatus::Refunded, "----------"),
];

#[test]
fn every_status_allows_exactly_its_actions() {
    assert_eq!(TABLE.map(|(status, _)| status), PaymentStatus::ALL);
    for (status, row) in TABLE {
        for (action, letter) in PaymentAction::ALL.iter().zip(row.chars()) {
            let expected = match letter {
                'a' => Some(PaymentStatus::Authorized),
                'c' => Some(PaymentStatus::Captured),
                'v' => Some(PaymentStatus::Voided),
                'e' => Some(PaymentStatus::Expired),
                'f' => Some(PaymentStatus::Failed),
                'p' => Some(PaymentStatus::PartiallyRefunded),
                'r' => Some(PaymentStatus::Refunded),
                'x' => Some(PaymentStatus::Reversed),
                _ => None,
            };
            assert_eq!(status.next(*action).ok(), expected, "{status} {action}");
        }
    }
}

pub fn authorized(amount: i64) -> Payment {
    let currency = Currency::from_code("EUR").unwrap();
    let at = DateTime::<Utc>::MIN_UTC;
    Payment {
        id: PaymentId::generate(),
        number: "RCP-1".into(),
        customer_id: None,
        order_id: None,
        invoice_id: None,
        currency,
        method: PaymentMethod::Card,
        status: PaymentStatus::Authorized,
        amount: amount.into(),
        captured: 0.into(),
        refunded: 0.into(),
        applied: 0.into(),
        received_on: at.date_naive(),
        expires_at: None,
        reference: None,
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: at,
        updated_at: at,
        allocations: vec![],
        provider: None,
        provider_reference: None,
        capture_on_shipment: false,
        operations: vec![],
    }
}

#[test]
fn a_refund_that_did_not_arrive_leaves_the_money_unapplied() {
    let mut payment = authorized(100);
    let (at, order_id) = (payment.created_at, OrderId::generate());
    payment.capture(100.into(), LastCapture::Yes, payment.received_on).unwrap();
    payment.put(&[Placement { order_id, invoice_id: None, settles: Settlement::money(80.into()) }], at);
    let refund_id = RefundId::generate();
    payment.status = payment.next(PaymentAction::RefundPart).unwrap();
    payment.refund(50.into(), refund_id, at);
    assert_eq!((payment.unapplied(), payment.applied, payment.refundable()), (0.into(), 50.into(), 50.into()));
    let back = payment.undo_refund(refund_id, 50.into(), at);
    assert_eq!(back.iter().map(|(_, money)| *money).sum::<Decimal>(), 50.into());
    assert_eq!((payment.unapplied(), payment.applied, payment.status), (50.into(), 50.into(), PaymentStatus::Captured));
    let of_refund: Decimal = payment.allocations.iter().filter(|row| row.refund_id.is_some()).map(|row| row.settles.money).sum();
    assert_eq!(of_refund, 0.into());
    assert_eq!(payment.allocations.iter().map(|row| row.settles.money).sum::<Decimal>(), payment.applied);
}

#[test]
fn what_went_back_though_it_was_owed_is_known_by_document() {
    let mut payment = authorized(100);
    let (at, order_id, invoice_id) = (payment.created_at, OrderId::generate(), InvoiceId::generate());
    payment.order_id = Some(order_id);
    payment.capture(100.into(), LastCapture::Yes, payment.received_on).unwrap();
    let place = |invoice_id, money: i64| Placement { order_id, invoice_id, settles: Settlement::money(money.into()) };
    payment.put(&[place(Some(invoice_id), 40), place(None, 30)], at);
    // 30 on no document, 30 of the deposit, 5 of the invoice.
    payment.refund(65.into(), RefundId::generate(), at);
    assert_eq!(payment.reopened(order_id), [(None, 30.into()), (Some(invoice_id), 5.into())]);
    assert_eq!(payment.reopened(OrderId::generate()), []);
    let failed = RefundId::generate();
    payment.refund(10.into(), failed, at);
    assert_eq!(payment.reopened(order_id).iter().map(|(_, sum)| *sum).sum::<Decimal>(), 45.into());
    payment.undo_refund(failed, 10.into(), at);
    assert_eq!(payment.reopened(order_id).iter().map(|(_, sum)| *sum).sum::<Decimal>(), 35.into());
    let mut free = authorized(100);
    free.order_id = Some(order_id);
    free.capture(100.into(), LastCapture::Yes, free.received_on).unwrap();
    free.refund(40.into(), failed, at);
    assert_eq!(free.reopened(order_id), []);
    free.undo_refund(failed, 40.into(), at);
    assert_eq!(free.reopened(order_id), []);
}

#[test]
fn an_authorization_is_captured_in_parts_until_the_last() {
    let mut payment = authorized(100);
    let on = payment.received_on;
    assert!(payment.next(PaymentAction::RefundPart).is_err(), "nothing is captured yet");
    payment.capture(30.into(), LastCapture::No, on).unwrap();
    assert_eq!((payment.status, payment.authorized(), payment.unapplied()), (PaymentStatus::Authorized, 70.into(), 30.into()));
    payment.status = payment.next(PaymentAction::RefundPart).unwrap();
    payment.refund(10.into(), RefundId::generate(), payment.created_at);
    let mut voided = payment.clone();
    voided.status = voided.next(PaymentAction::Void).unwrap();
    assert_eq!((voided.status, voided.authorized()), (PaymentStatus::PartiallyRefunded, 0.into()), "what was captured stays");
    payment.capture(20.into(), LastCapture::Yes, on).unwrap();
    assert_eq!((payment.status, payment.captured, payment.authorized()), (PaymentStatus::PartiallyRefunded, 50.into(), 0.into()));
    assert!(payment.next(PaymentAction::Capture).is_err());
    let mut whole = authorized(100);
    whole.capture(100.into(), LastCapture::No, on).unwrap();
    assert_eq!(whole.status, PaymentStatus::Captured, "nothing is left to capture");
}

#[test]
fn an_order_refund_takes_the_newest_captures_first() {
    let parts = |amount: i64| distribute(amount.into(), &[50.into(), 0.into(), 30.into(), 20.into()]);
    assert_eq!(parts(10), [0, 0, 0, 10].map(Decimal::from));
    assert_eq!(parts(60), [10, 0, 30, 20].map(Decimal::from));
    assert_eq!(parts(100), [50, 0, 30, 20].map(Decimal::from));
    assert_eq!(parts(101).iter().sum::<Decimal>(), 100.into(), "the rest is nobody's");
}

proptest::proptest! {
    #[test]
    fn a_distribution_takes_all_it_can_and_from_nobody_too_much(amount in 0i64..1_000, most in proptest::collection::vec(0i64..300, 0..8)) {
        let most: Vec<Decimal> = most.into_iter().map(Decimal::from).collect();
        let parts = distribute(amount.into(), &most);
        let whole: Decimal = most.iter().sum();
        proptest::prop_assert_eq!(parts.iter().sum::<Decimal>(), whole.min(amount.into()));
        for place in 0..parts.len() {
            proptest::prop_assert!(parts[place] >= Decimal::ZERO && parts[place] <= most[place]);
            // An older one gives only where the newer ones have given all.
            proptest::prop_assert!(parts[place].is_zero() || (place + 1..parts.len()).all(|newer| parts[newer] == most[newer]));
        }
    }
}
