use super::*;
use crate::inventory::incoming::pool::{OpenSupply, SupplyOfProduct};
use crate::orders::body::NewOrder;
use crate::orders::dates::Dates;
use crate::orders::reference::{Company, Item, Reference};
use crate::orders::verify::{self, Request};
use crate::types::id::{CustomerId, IncomingSupplyId, OrderId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

const SKUS: [&str; 2] = ["A", "B"];
const PLACES: [&str; 2] = ["j", "s"];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Jakarta, Monday to Friday until 15:00, one day of handling (in `s` three, and six days a week), two on the road.
fn company() -> Arc<Company> {
    let company = json!({
        "organization": {"legal_name": "PT", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR", "tax_treatment": "automatic", "delivery": {"default_transit_days": 2}},
        "channels": [{"code": "direct", "active": true, "settings": {}}],
        "payment_terms": [{"code": "due_on_receipt", "prepayment": false}],
        "locations": [
            {"code": "j", "priority": 1, "handling_days": null, "cutoff_time": null, "working_days": null},
            {"code": "s", "priority": 2, "handling_days": 3, "cutoff_time": "12:00", "working_days": ["mon", "tue", "wed", "thu", "fri", "sat"]},
        ],
        "tax_rates": {},
    });
    Arc::new(serde_json::from_value(company).unwrap())
}

fn reference() -> Reference {
    let item = |sku: &&str| Item {
        product: Arc::new(
            serde_json::from_value(json!({"sku": sku, "name": sku, "kind": "stocked", "unit": "C62", "units": [], "quantity_scale": 0,
                "tax_category": "standard", "active": true}))
            .unwrap(),
        ),
        lists: vec![],
    };
    let mut reference = Reference::of(company());
    reference.items = SKUS.iter().map(item).collect();
    reference
}

fn context(now: &str) -> Context {
    let now: DateTime<Utc> = now.parse().unwrap();
    Context::system(OrganizationId::generate(), now)
}

fn order(context: &Context, change: Value, wanted: &[(usize, u32)]) -> Order {
    let lines: Value =
        wanted.iter().map(|(sku, quantity)| json!({"sku": SKUS[*sku], "quantity": quantity.to_string(), "unit_price": "1000"})).collect();
    let mut body = json!({"customer": {"name": "Siti"}, "lines": lines, "on_shortage": "backorder",
        "shipping_address": {"line1": "Jl. Braga 1", "city": "Bandung", "country": "ID"}});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let body: NewOrder = serde_json::from_value(body).unwrap();
    let request =
        Request { order_id: OrderId::generate(), number: "SO-1".into(), body, may_price: true, dates: Dates::AsTold, historical: false };
    verify::verify(&request, &reference(), context, CustomerId::generate()).unwrap().order
}

fn supply(id: u128, place: usize, expected_on: NaiveDate, free: u32) -> OpenSupply {
    OpenSupply { id: IncomingSupplyId(uuid::Uuid::from_u128(id)), location: PLACES[place].into(), expected_on, free: free.into() }
}

fn shelf(stock: &[[u32; 2]; 2], supplies: [Vec<OpenSupply>; 2], context: &Context) -> Shelf {
    let mut shelf = Shelf::new([(1, "j"), (2, "s")]);
    for (sku, places) in SKUS.iter().zip(stock) {
        for (place, quantity) in PLACES.iter().zip(places) {
            shelf.set(sku, place, (*quantity).into());
        }
    }
    let products = SKUS.iter().zip(supplies).map(|(sku, supplies)| SupplyOfProduct { sku: (*sku).into(), owed: Decimal::ZERO, supplies });
    let pool = crate::inventory::incoming::pool::SupplyPool::new(products, company().local_date(context.now));
    shelf.with_outlook(Outlook::new(company(), pool, vec![]))
}

/// By hand, ordered on Tuesday 1 December 2026 at 10:00 in Jakarta.
/// Of two lines or two departures.
type Days = [Option<&'static str>; 2];

#[test]
fn lines_are_promised_when_the_last_of_them_arrives() {
    let context = context("2026-12-01T03:00:00Z");
    let stock = [[2, 2], [0, 0]];
    let supplies = || [vec![], vec![supply(1, 0, day("2026-12-10"), 5)]];
    // A from both places: `j` leaves on the 2nd, `s` on the 4th and arrives on the 8th. B leaves on the 11th and arrives on the 15th.
    #[rustfmt::skip]
    let table: &[(&str, Days, Days)] = &[
        ("partial", [Some("2026-12-08"), Some("2026-12-15")], [Some("2026-12-02"), Some("2026-12-04")]),
        ("complete_line", [Some("2026-12-08"), Some("2026-12-15")], [Some("2026-12-04"), Some("2026-12-04")]),
        ("complete_order", [Some("2026-12-15"), Some("2026-12-15")], [Some("2026-12-11"), Some("2026-12-11")]),
    ];
    for (rule, lines, departures) in table {
        let mut order = order(&context, json!({"delivery_rule": rule}), &[(0, 4), (1, 3)]);
        let mut shelf = shelf(&stock, supplies(), &context);
        promise(&mut order, &mut shelf, &context).unwrap();
        let promised: Vec<Option<NaiveDate>> = order.lines.iter().map(|line| line.promised_on).collect();
        assert_eq!(promised, lines.map(|on| on.map(day)), "{rule}");
        assert_eq!(order.fulfillment_orders.iter().map(|f| f.ship_by_on).collect::<Vec<_>>(), departures.map(|on| on.map(day)), "{rule}");
        assert_eq!(shelf.fresh_pegs(order.id).len(), 1);
        // More of B than comes: nothing of a complete order has a date then.
        let mut order = super::tests::order(&context, json!({"delivery_rule": rule}), &[(0, 4), (1, 6)]);
        promise(&mut order, &mut super::tests::shelf(&stock, supplies(), &context), &context).unwrap();
        assert_eq!(order.lines[1].promised_on, None);
        assert_eq!(order.lines[0].promised_on.is_some(), *rule != "complete_order");
    }
}

#[test]
fn a_later_day_that_is_wanted_is_the_promise_and_the_first_promise_stays() {
    let context = context("2026-12-01T03:00:00Z");
    let mut order = order(&context, json!({"requested_on": "2026-12-21"}), &[(0, 1)]);
    let mut shelf = shelf(&[[5, 0], [0, 0]], [vec![], vec![]], &context);
    promise(&mut order, &mut shelf, &context).unwrap();
    // Two days on the road to arrive on Monday the 21st: it leaves by Thursday the 17th.
    assert_eq!((order.lines[0].promised_on, order.fulfillment_orders[0].ship_by_on), (Some(day("2026-12-21")), Some(day("2026-12-17"))));
    order.lines[0].requested_on = None;
    date(&mut order, &mut shelf, &context);
    assert_eq!((order.lines[0].promised_on, order.lines[0].first_promised_on), (Some(day("2026-12-04")), Some(day("2026-12-21"))));
}

proptest! {
    /// Orders one after the other on the same stock and supply: no unit of either is promised twice, no line is promised before all
    /// of it can be there, and a line without all of its goods has no day.
    #[test]
    fn no_promise_is_before_it_can_be_and_no_unit_is_promised_twice(
        stock in prop::array::uniform2(prop::array::uniform2(0u32..8)),
        coming in prop::collection::vec((0usize..2, 0usize..2, 0i64..25, 1u32..9), 0..6),
        wanted in prop::collection::vec((prop::collection::vec((0usize..2, 1u32..7), 1..4), 0usize..3), 1..6),
        hours in 0i64..300,
    ) {
        let mut context = context("2026-12-01T00:00:00Z");
        context.now += chrono::TimeDelta::hours(hours);
        let today = company().local_date(context.now);
        let mut supplies = [vec![], vec![]];
        for (i, (sku, place, days, free)) in coming.iter().enumerate() {
            supplies[*sku].push(supply(i as u128, *place, today + chrono::TimeDelta::days(*days), *free));
        }
        let mut shelf = shelf(&stock, supplies.clone(), &context);
        let (mut pegged, mut reserved): (HashMap<IncomingSupplyId, Decimal>, HashMap<(String, String), Decimal>) = Default::default();
        for (lines, rule) in wanted {
            let rule = DeliveryRule::ALL[rule];
            let mut order = order(&context, json!({"delivery_rule": rule}), &lines);
            promise(&mut order, &mut shelf, &context).unwrap();
            let pegs = shelf.fresh_pegs(order.id);
            let (company, transit) = (company(), company().transit());
            for peg in &pegs {
                *pegged.entry(peg.incoming_id).or_default() += peg.quantity;
            }
            for f in &order.fulfillment_orders {
                for line in &f.lines {
                    *reserved.entry((line.sku.clone(), f.location.clone())).or_default() += line.quantity;
                }
            }
            for line in &order.lines {
                let own: Vec<&Peg> = pegs.iter().filter(|peg| peg.line_number == line.line_number).collect();
                let covered = own.iter().map(|peg| peg.quantity).sum::<Decimal>() == line.quantities.backordered;
                prop_assert_eq!(line.first_promised_on, line.promised_on);
                let Some(promised) = line.promised_on else {
                    prop_assert!(!covered || rule == DeliveryRule::CompleteOrder);
                    continue;
                };
                prop_assert!(covered);
                for peg in own {
                    let leaves = company.calendar(&peg.location).unwrap().ships_after(peg.expected_on, context.now);
                    prop_assert!(leaves >= peg.expected_on && promised >= transit.arrives_on(leaves));
                }
                for f in order.fulfillment_orders.iter().filter(|f| f.line(line.line_number).is_some()) {
                    let leaves = company.calendar(&f.location).unwrap().ships_on(context.now);
                    prop_assert!(leaves >= today && promised >= transit.arrives_on(leaves));
                    prop_assert!(f.ship_by_on.is_some_and(|on| on >= leaves || rule == DeliveryRule::Partial));
                }
            }
            if rule == DeliveryRule::CompleteOrder {
                prop_assert!(order.lines.iter().all(|line| line.promised_on == order.lines[0].promised_on));
            }
        }
        for supply in supplies.iter().flatten() {
            prop_assert!(pegged.get(&supply.id).copied().unwrap_or_default() <= supply.free);
        }
        for ((sku, location), quantity) in reserved {
            let there = stock[SKUS.iter().position(|own| *own == sku).unwrap()][PLACES.iter().position(|own| *own == location).unwrap()];
            prop_assert!(quantity <= Decimal::from(there));
        }
    }
}
