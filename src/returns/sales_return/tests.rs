use super::*;
use crate::orders::quantities::LineQuantities;
use proptest::prelude::*;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
}

fn line(line_number: i16, quantity: Decimal) -> ReturnLine {
    ReturnLine {
        id: ReturnLineId::generate(),
        line_number,
        order_line_id: OrderLineId::generate(),
        sku: "KOPI-250".into(),
        name: "Kopi".into(),
        unit: "C62".into(),
        unit_factor: 1.into(),
        quantity,
        reason: None,
        resellable: Decimal::ZERO,
        damaged: Decimal::ZERO,
        scrap: Decimal::ZERO,
        uninvoiced: Decimal::ZERO,
        credited: Decimal::ZERO,
    }
}

fn announced(lines: Vec<ReturnLine>, within_window: bool) -> Return {
    let day = NaiveDate::from_ymd_opt(2026, 4, 1).unwrap();
    Return {
        id: ReturnId::generate(),
        number: "RMA-000001".into(),
        order_id: OrderId::generate(),
        order_number: "SO-000001".into(),
        customer_id: CustomerId::generate(),
        status: ReturnProgress::Requested,
        shipment_id: None,
        within_window,
        window_ends_on: day,
        currency: Currency::from_code("IDR").unwrap(),
        amount_credited: Decimal::ZERO,
        amount_refunded: Decimal::ZERO,
        restocking_fee: Decimal::ZERO,
        replacement_order_id: None,
        credit_note_ids: vec![],
        refund_ids: vec![],
        milestones: ReturnMilestones::default(),
        detail: ReturnDetail::default(),
        external_ids: BTreeMap::new(),
        metadata: Map::new(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
        lines,
    }
}

fn arrival(line: &ReturnLine, quantity: i64, condition: Condition) -> Arrival {
    Arrival {
        line: ReturnLine { quantity: Decimal::ZERO, ..line.clone() },
        quantity: quantity.into(),
        uninvoiced: Decimal::ZERO,
        condition,
    }
}

#[test]
fn goods_arrive_in_parts_more_than_announced_and_unannounced() {
    let (two, other) = (line(2, 2.into()), line(1, 0.into()));
    let mut rma = announced(vec![two.clone()], true);
    assert!(rma.receive(&[arrival(&two, 1, Condition::Resellable)], at(1)).is_err(), "nobody has authorized it");
    assert_eq!((rma.lines[0].received(), rma.milestones.received_at), (0.into(), None), "and nothing is counted");
    rma.authorize("user:1", None, at(2)).unwrap();
    rma.receive(&[arrival(&two, 1, Condition::Resellable)], at(3)).unwrap();
    assert_eq!((rma.status, rma.lines[0].missing()), (ReturnProgress::PartiallyReceived, 1.into()));
    assert!(rma.cancel("user:1", None, at(4)).is_err(), "what is here cannot be called off");
    rma.receive(&[arrival(&two, 2, Condition::Damaged), arrival(&other, 1, Condition::Scrap)], at(5)).unwrap();
    assert_eq!(rma.status, ReturnProgress::Received);
    let numbers: Vec<i16> = rma.lines.iter().map(|line| line.line_number).collect();
    assert_eq!(numbers, [1, 2], "by line number");
    assert_eq!((rma.lines[1].received(), rma.lines[1].missing(), rma.lines[0].scrap), (3.into(), 0.into(), 1.into()));
    assert_eq!((rma.milestones.first_received_at, rma.milestones.received_at), (Some(at(3)), Some(at(5))));
    rma.receive(&[arrival(&other, 1, Condition::Resellable)], at(6)).unwrap();
    rma.complete(at(7)).unwrap();
    assert!(rma.receive(&[arrival(&other, 1, Condition::Resellable)], at(8)).is_err());
}

#[test]
fn who_decided_and_why_is_kept() {
    let mut rma = announced(vec![line(1, 1.into())], false);
    rma.authorize("user:7", Some("A loyal customer"), at(1)).unwrap();
    assert!(rma.detail.window_overridden);
    assert_eq!((rma.detail.decided_by.as_deref(), rma.detail.decision.as_deref()), (Some("user:7"), Some("A loyal customer")));
    let mut rma = announced(vec![line(1, 1.into())], true);
    rma.refuse("user:7", "Worn", at(1)).unwrap();
    assert_eq!((rma.status, rma.milestones.refused_at), (ReturnProgress::Refused, Some(at(1))));
}

/// What may happen to an order line and to two returns of it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ship(i64),
    Invoice(i64),
    Credit(i64),
    Receive { rma: usize, quantity: i64, condition: usize },
    Complete { rma: usize, pays: bool },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0i64..8).prop_map(Step::Ship),
        (0i64..8).prop_map(Step::Invoice),
        (0i64..8).prop_map(Step::Credit),
        (0usize..2, 0i64..8, 0usize..3).prop_map(|(rma, quantity, condition)| Step::Receive { rma, quantity, condition }),
        (0usize..2, any::<bool>()).prop_map(|(rma, pays)| Step::Complete { rma, pays }),
    ]
}

proptest! {
    #[test]
    fn no_sequence_takes_back_more_than_was_shipped_or_credits_more_than_was_invoiced(
        ordered in 1i64..30, steps in prop::collection::vec(any_step(), 0..80),
    ) {
        let mut order = LineQuantities::ordered(ordered.into());
        order.allocate(ordered.into()).unwrap();
        let known = line(1, 3.into());
        let mut returns = [announced(vec![known.clone()], true), announced(vec![known.clone()], true)];
        returns.iter_mut().for_each(|rma| rma.authorize("user:1", None, at(0)).unwrap());
        for step in steps {
            match step {
                Step::Ship(quantity) => _ = order.ship(quantity.into()),
                Step::Invoice(quantity) => _ = order.invoice(quantity.into(), Decimal::ZERO),
                Step::Credit(quantity) => _ = order.credit(quantity.into()),
                Step::Receive { rma, quantity, condition } => {
                    let mut taken = order;
                    if quantity == 0 || !returns[rma].status.allowed().contains(&ReturnAction::Receive) {
                        continue;
                    }
                    let Ok(uninvoiced) = taken.take_back(quantity.into()) else { continue };
                    let arrival = Arrival { uninvoiced, ..arrival(&known, quantity, Condition::ALL[condition]) };
                    returns[rma].receive(&[arrival], at(1)).unwrap();
                    order = taken;
                }
                Step::Complete { rma, pays } => {
                    if returns[rma].complete(at(2)).is_err() {
                        continue;
                    }
                    let line = &mut returns[rma].lines[0];
                    if pays {
                        order.waive(line.uninvoiced).unwrap();
                        line.credited = line.invoiced().min(order.invoiced - order.credited);
                        order.credit(line.credited).unwrap();
                    } else {
                        order.end_withholding(line.uninvoiced).unwrap();
                        line.uninvoiced = Decimal::ZERO;
                    }
                }
            }
            prop_assert!(order.is_consistent(Decimal::ZERO), "{:?}", order);
            let received: Decimal = returns.iter().map(|rma| rma.lines[0].received()).sum();
            prop_assert_eq!(received, order.returned);
            let uninvoiced: Decimal = returns.iter().map(|rma| rma.lines[0].uninvoiced).sum();
            prop_assert_eq!(uninvoiced, order.withheld + order.waived);
            prop_assert!(returns.iter().all(|rma| rma.lines[0].uninvoiced + rma.lines[0].credited <= rma.lines[0].received()));
        }
    }
}
