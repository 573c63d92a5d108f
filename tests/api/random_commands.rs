//! A long random day: thousands of commands in an order that nobody would think of, some at once, against the real application,
//! with a model of what must be true of stock and money, and the proof of all invariants on the way and at the end.
//!
//! `PESANAN_SEED` repeats a day (the seed is printed when it fails), `PESANAN_COMMANDS` sets how long it is, `PESANAN_AT_ONCE` how many
//! commands run together: with 1 a day is repeated exactly, with more the races may end otherwise.
//!
//! A new command is one more name in `DAY` with its weight, and one more arm in `World::run`.

mod money;

use crate::support::app::TestApp;
use crate::support::load::{Answer, Client, LOCATIONS, Random, assert_no_deadlock, at_once, customer, id_of, open_shop, prove, sku};
use crate::support::stripe::StripeServer;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use diesel::sql_types::{Numeric, Text};
use pesanan::jobs::{fill_backorders, keep_promises};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

const SKUS: usize = 6;
const COMMANDS: usize = 10_000;
const AT_ONCE: usize = 6;
/// Commands between two proofs.
const STRETCH: usize = 2_500;
/// Orders, invoices and payments that commands choose from; older ones are left alone.
const POOL: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Command {
    Place,
    Edit,
    Cancel,
    Hold,
    Release,
    Confirm,
    Pick,
    Pack,
    Ship,
    Split,
    Merge,
    Move,
    GiveUp,
    Deliver,
    Invoice,
    Credit,
    Rebill,
    Pay,
    Refund,
    Reserve,
    CaptureByHand,
    Void,
    RefundOrder,
    Reverse,
    ReleaseAllocation,
    Allocate,
    Prepay,
    WorkOnPayments,
    Receive,
    Count,
    Adjust,
    Transfer,
    Quarantine,
    OrderSupply,
    ChangeSupply,
    ReceiveSupply,
    GiveUpSupply,
    ServeBackorders,
    AskReturn,
    AuthorizeReturn,
    ReceiveReturn,
    CompleteReturn,
}

/// Each command with how often it comes.
const DAY: [(Command, usize); 42] = [
    (Command::Place, 16),
    (Command::Edit, 18),
    (Command::Cancel, 5),
    (Command::Hold, 2),
    (Command::Release, 12),
    (Command::Confirm, 2),
    (Command::Pick, 7),
    (Command::Pack, 3),
    (Command::Ship, 12),
    (Command::Split, 5),
    (Command::Merge, 7),
    (Command::Move, 3),
    (Command::GiveUp, 1),
    (Command::Deliver, 2),
    (Command::Invoice, 10),
    (Command::Credit, 4),
    (Command::Rebill, 3),
    (Command::Pay, 9),
    (Command::Refund, 4),
    (Command::Reserve, 10),
    (Command::CaptureByHand, 2),
    (Command::Void, 1),
    (Command::RefundOrder, 3),
    (Command::Reverse, 2),
    (Command::ReleaseAllocation, 3),
    (Command::Allocate, 4),
    (Command::Prepay, 2),
    (Command::WorkOnPayments, 14),
    (Command::Receive, 6),
    (Command::Count, 2),
    (Command::Adjust, 2),
    (Command::Transfer, 2),
    (Command::Quarantine, 1),
    (Command::OrderSupply, 3),
    (Command::ChangeSupply, 3),
    (Command::ReceiveSupply, 3),
    (Command::GiveUpSupply, 1),
    (Command::ServeBackorders, 3),
    (Command::AskReturn, 4),
    (Command::AuthorizeReturn, 4),
    (Command::ReceiveReturn, 4),
    (Command::CompleteReturn, 4),
];

/// What the answers add up to. The database must say the same.
#[derive(Debug, Default, PartialEq)]
struct Model {
    /// By how much what is on hand of a SKU, over all locations, was changed by what: where the two differ, the name says who did it.
    moved: BTreeMap<String, Decimal>,
    invoiced: Decimal,
    credited: Decimal,
    received: Decimal,
    refunded: Decimal,
    orders: Decimal,
}

#[derive(Default)]
struct Pool(Vec<String>);

impl Pool {
    fn add(&mut self, id: String, random: &mut Random) {
        if self.0.len() < POOL {
            self.0.push(id);
        } else {
            let place = random.below(POOL);
            self.0[place] = id;
        }
    }

    fn any(&self, random: &mut Random) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0[random.below(self.0.len())].clone())
    }
}

struct World<'a> {
    app: &'a TestApp,
    stripe: StripeServer,
    clients: [Client; 2],
    model: RefCell<Model>,
    orders: RefCell<Pool>,
    invoices: RefCell<Pool>,
    payments: RefCell<Pool>,
    /// Those of them that Stripe moves.
    cards: RefCell<Pool>,
    shipments: RefCell<Pool>,
    /// Orders of which something has left.
    shipped: RefCell<Pool>,
    supplies: RefCell<Pool>,
    returns: RefCell<Pool>,
    /// Orders as somebody last saw them.
    seen: RefCell<BTreeMap<String, Value>>,
    /// How often each command got each answer.
    tally: RefCell<BTreeMap<(Command, String), usize>>,
}

fn amount(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn quantity(value: &Value) -> usize {
    value.as_str().unwrap().parse().unwrap()
}

/// What of a list a random number chooses.
fn pick_of<'a>(list: &'a Value, random: &mut Random) -> Option<&'a Value> {
    let list = list.as_array().unwrap();
    (!list.is_empty()).then(|| &list[random.below(list.len())])
}

impl Model {
    fn moves(&mut self, kind: &str, sku: &str, quantity: Decimal) {
        *self.moved.entry(format!("{sku} {kind}")).or_default() += quantity;
    }
}

impl World<'_> {
    /// The `i`th command of the day that `seed` stands for: what it is and all that it draws follow from these two.
    async fn run(&self, seed: u64, i: usize) {
        let mut random = Random::seeded(seed ^ (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut place = random.below(DAY.iter().map(|(_, weight)| weight).sum());
        let (command, _) = DAY
            .iter()
            .find(|(_, weight)| {
                let here = place < *weight;
                place = place.saturating_sub(*weight);
                here
            })
            .unwrap();
        let (client, random) = (&self.clients[i % 2], &mut random);
        let outcome = match command {
            Command::Place => self.place(client, random).await,
            Command::Edit => self.edit(client, random).await,
            Command::Cancel => self.cancel(client, random).await,
            Command::Hold => self.on_order(client, random, "hold", json!({"reason": "somebody must look"})).await,
            Command::Confirm => self.on_order(client, random, "confirm", json!({})).await,
            Command::Release => self.release(client, random).await,
            Command::Pick => self.pick(client, random).await,
            Command::Pack => self.on_work(client, random, "pack", |_, _| Some(json!({}))).await,
            Command::Ship => self.ship(client, random).await,
            Command::Split => self.on_work(client, random, "split", some_of_a_line).await,
            Command::Merge => self.merge(client, random).await,
            Command::Move => self.on_work(client, random, "move", move_some).await,
            Command::GiveUp => self.on_work(client, random, "cancel", |_, _| Some(json!({"reason": "closed"}))).await,
            Command::Deliver => self.deliver(client, random).await,
            Command::Invoice => self.invoice(client, random).await,
            Command::Credit => self.credit(client, random).await,
            Command::Rebill => self.rebill(client, random).await,
            Command::Pay => self.pay(client, random).await,
            Command::Refund => self.refund(client, random).await,
            Command::Reserve => self.reserve(client, random).await,
            Command::CaptureByHand => self.capture_by_hand(client, random).await,
            Command::Void => self.void(client, random).await,
            Command::RefundOrder => self.refund_order(client, random).await,
            Command::Reverse => self.reverse(client, random).await,
            Command::ReleaseAllocation => self.release_allocation(client, random).await,
            Command::Allocate => self.allocate(client, random).await,
            Command::Prepay => self.prepay(client, random).await,
            Command::WorkOnPayments => self.work_on_payments().await,
            Command::Receive => self.receive(client, random).await,
            Command::Count => self.count(client, random).await,
            Command::Adjust => self.adjust(client, random).await,
            Command::Transfer => self.transfer(client, random).await,
            Command::Quarantine => self.quarantine(client, random).await,
            Command::OrderSupply => self.order_supply(client, random).await,
            Command::ChangeSupply => self.change_supply(client, random).await,
            Command::ReceiveSupply => self.receive_supply(client, random).await,
            Command::GiveUpSupply => self.on_supply(client, random, "/cancel", json!({})).await,
            Command::ServeBackorders => self.serve_backorders().await,
            Command::AskReturn => self.ask_return(client, random).await,
            Command::AuthorizeReturn => self.on_return(client, random, "authorize", json!({})).await,
            Command::ReceiveReturn => self.receive_return(client, random).await,
            Command::CompleteReturn => self.complete_return(client, random).await,
        };
        let outcome = match outcome {
            None => "nothing to do".to_owned(),
            Some(answer) if answer.status < 300 => "done".to_owned(),
            Some(answer) => {
                // A refusal is an answer; a failure is not.
                // A payment that came between two looks at the order: nothing was done, and one comes again.
                let comes_again = answer.status == 503 && matches!(command, Command::RefundOrder | Command::CompleteReturn);
                assert!(comes_again || matches!(answer.status, 409 | 412 | 422), "{command:?}: {} {:#}", answer.status, answer.body());
                answer.code()
            }
        };
        *self.tally.borrow_mut().entry((*command, outcome)).or_default() += 1;
    }

    async fn place(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let lines: Vec<Value> = (0..1 + random.below(4)).map(|_| line(random)).collect();
        let mut body = json!({"customer_code": *random.one_of(&["C-1", "C-2", "C-3"]), "lines": lines,
            "on_shortage": *random.one_of(&["refuse", "refuse", "hold", "backorder", "backorder"]),
            "delivery_rule": *random.one_of(&["partial", "partial", "partial", "complete_line", "complete_order"]), "draft": random.below(12) == 0});
        if random.below(3) == 0 {
            body["discounts"] = json!([{"percent": (1 + random.below(20)).to_string()}]);
        }
        if random.below(2) == 0 {
            body["shipping"] = json!({"amount": format!("{}.50", random.below(40_000))});
        }
        if random.below(5) == 0 {
            body["coupon_codes"] = json!([*random.one_of(&["TEN", "FIVE", "LARGE", "FIRST"])]);
        }
        let answer = client.post("/v1/orders", &body).await;
        if answer.status == 201 {
            self.model.borrow_mut().orders += Decimal::ONE;
            let order = answer.body();
            self.see(&order);
            self.orders.borrow_mut().add(id_of(&order), random);
        }
        Some(answer)
    }

    /// One of the orders, as it was when somebody last saw it; now and then as it is.
    async fn order(&self, client: &Client, random: &mut Random) -> Option<Value> {
        let id = self.orders.borrow().any(random)?;
        let seen = self.seen.borrow().get(&id).cloned();
        match seen.filter(|_| random.below(4) > 0) {
            Some(seen) => Some(seen),
            None => {
                let order = client.get(&format!("/v1/orders/{id}")).await.expect(200);
                self.see(&order);
                Some(order)
            }
        }
    }

    fn see(&self, order: &Value) {
        self.seen.borrow_mut().insert(id_of(order), order.clone());
    }

    async fn on_order(&self, client: &Client, random: &mut Random, action: &str, body: Value) -> Option<Answer> {
        let id = self.orders.borrow().any(random)?;
        self.act(client, &id, action, &body).await
    }

    /// Acts on an order; what is answered is how it was last seen.
    async fn act(&self, client: &Client, id: &str, action: &str, body: &Value) -> Option<Answer> {
        let answer = client.post(&format!("/v1/orders/{id}/{action}"), body).await;
        if answer.status == 200 && body["dry_run"] != true {
            self.see(&answer.body());
        }
        Some(answer)
    }

    async fn edit(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let order = self.order(client, random).await?;
        let mut lines = vec![];
        for known in order["lines"].as_array().unwrap() {
            match random.below(6) {
                0 | 1 => lines.push(json!({"order_line_id": known["id"], "quantity": (1 + random.below(14)).to_string()})),
                2 if random.below(3) == 0 => lines.push(json!({"order_line_id": known["id"], "remove": true})),
                3 if random.below(3) == 0 => lines.push(json!({"order_line_id": known["id"], "unit_price": price(random)})),
                _ => {}
            }
        }
        if order["lines"].as_array().unwrap().len() < 6 && random.below(2) == 0 {
            lines.push(line(random));
        }
        let mut body = json!({"lines": lines, "on_shortage": *random.one_of(&["refuse", "hold", "backorder"])});
        match random.below(8) {
            0 => body["discounts"] = json!([{"percent": random.below(25).to_string()}]),
            1 => body["shipping"] = json!({"amount": format!("{}.25", random.below(40_000))}),
            2 => body["shipping_address"] = json!({"line1": "Hauptstr. 1", "city": "Bonn", "country": *random.one_of(&["ID", "DE"])}),
            3 => body["reprice"] = json!(true),
            4 => body["dry_run"] = json!(true),
            5 => body["coupon_codes"] = random.one_of(&[json!([]), json!(["TEN"]), json!(["FIRST"]), json!(["LARGE"])]).clone(),
            _ => {}
        }
        self.act(client, &id_of(&order), "edits", &body).await
    }

    async fn cancel(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let order = self.order(client, random).await?;
        let mut body = json!({"reason": {"code": *random.one_of(&["customer_request", "out_of_stock"])}, "dry_run": random.below(6) == 0});
        if random.below(3) > 0 {
            let line = pick_of(&order["lines"], random)?;
            body["lines"] = json!([{"order_line_id": line["id"], "quantity": (1 + random.below(4)).to_string()}]);
        }
        self.act(client, &id_of(&order), "cancel", &body).await
    }

    async fn release(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let order = self.order(client, random).await?;
        let open: Value = order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null()).cloned().collect();
        let hold = pick_of(&open, random)?;
        self.act(client, &id_of(&order), &format!("holds/{}/release", id_of(hold)), &json!({"reason": "looked at"})).await
    }

    /// The oldest work that can be done, or all of one of the orders.
    async fn jobs(&self, client: &Client, random: &mut Random) -> Option<Value> {
        if random.below(4) > 0 {
            return Some(client.get("/v1/fulfillment_orders?status=open,picking,packed&limit=15").await.expect(200)["data"].clone());
        }
        let id = self.orders.borrow().any(random)?;
        Some(
            client.get(&format!("/v1/fulfillment_orders?order_id={id}&status=open,on_hold,picking,packed")).await.expect(200)["data"]
                .clone(),
        )
    }

    async fn on_work(
        &self,
        client: &Client,
        random: &mut Random,
        action: &str,
        body: impl Fn(&Value, &mut Random) -> Option<Value>,
    ) -> Option<Answer> {
        let jobs = self.jobs(client, random).await?;
        let job = pick_of(&jobs, random)?;
        let body = body(job, random)?;
        Some(client.post(&format!("/v1/fulfillment_orders/{}/{action}", id_of(job)), &body).await)
    }

    async fn pick(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let jobs = self.jobs(client, random).await?;
        let job = pick_of(&jobs, random)?;
        let mut body = json!({});
        let mut missing = None;
        if random.below(3) > 0 {
            let line = pick_of(&job["lines"], random)?;
            let picked = random.below(quantity(&line["quantity"]) + 1);
            body = json!({"lines": [{"order_line_id": line["order_line_id"], "picked_quantity": picked.to_string()}]});
            if random.below(5) == 0 {
                body["lines"][0]["short_reason"] = json!("damaged");
                missing = Some((line["sku"].as_str().unwrap(), quantity(&line["quantity"]) - picked));
            }
        }
        let path = format!("/v1/fulfillment_orders/{}/pick", id_of(job));
        // A line may have grown since it was looked at, and then more is missing: who finds any missing names the version.
        let Some((sku, missing)) = missing else {
            return Some(client.post(&path, &body).await);
        };
        let answer = client.post_if(&path, &job["version"], &body).await;
        if answer.status == 200 {
            self.model.borrow_mut().moves("short_pick", sku, -Decimal::from(missing));
        }
        Some(answer)
    }

    async fn ship(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let jobs = self.jobs(client, random).await?;
        let job = pick_of(&jobs, random)?;
        let mut body = json!({"carrier": "jne", "dry_run": random.below(10) == 0});
        if random.below(2) == 0 {
            body["lines"] = some_of_a_line(job, random)?["lines"].clone();
        }
        let answer = client.post(&format!("/v1/fulfillment_orders/{}/ship", id_of(job)), &body).await;
        if answer.status == 201 {
            let shipment = answer.body();
            self.shipments.borrow_mut().add(id_of(&shipment), random);
            self.shipped.borrow_mut().add(shipment["order_id"].as_str().unwrap().to_owned(), random);
            let mut model = self.model.borrow_mut();
            for line in shipment["lines"].as_array().unwrap() {
                model.moves("shipment", line["sku"].as_str().unwrap(), -amount(&line["quantity"]));
            }
        }
        Some(answer)
    }

    async fn merge(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let jobs = self.jobs(client, random).await?;
        let jobs = jobs.as_array().unwrap();
        let others = |into| jobs.iter().map(move |job| (into, job));
        let of_one_order = |(into, job): &(&Value, &Value)| job["order_id"] == into["order_id"] && job["id"] != into["id"];
        let mut pairs: Vec<_> = jobs.iter().flat_map(others).filter(of_one_order).collect();
        // Few jobs fit together; now and then any two are tried.
        let fits =
            |(into, job): &(&Value, &Value)| job["location"] == into["location"] && [into, job].iter().all(|job| job["status"] == "open");
        if random.below(4) > 0 && pairs.iter().any(fits) {
            pairs.retain(fits);
        }
        let (into, job) = pairs.get(random.below(pairs.len().max(1)))?;
        let body = json!({"fulfillment_order_ids": [job["id"]]});
        Some(client.post(&format!("/v1/fulfillment_orders/{}/merge", id_of(into)), &body).await)
    }

    async fn deliver(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.shipments.borrow().any(random)?;
        Some(client.post(&format!("/v1/shipments/{id}/deliver"), &json!({})).await)
    }

    async fn invoice(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = if random.below(3) == 0 { self.orders.borrow().any(random)? } else { self.shipped.borrow().any(random)? };
        let answer = client.post(&format!("/v1/orders/{id}/invoices"), &json!({})).await;
        if answer.status == 201 {
            let invoice = answer.body();
            self.model.borrow_mut().invoiced += amount(&invoice["total"]);
            self.invoices.borrow_mut().add(id_of(&invoice), random);
        }
        Some(answer)
    }

    async fn credit(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.invoices.borrow().any(random)?;
        let mut body = json!({"invoice_id": id, "reason": "torn", "dry_run": random.below(8) == 0});
        if random.below(3) > 0 {
            let invoice = client.get(&format!("/v1/invoices/{id}")).await.expect(200);
            let line = pick_of(&invoice["lines"], random)?;
            body["lines"] = json!([{"invoice_line_id": line["id"], "quantity": (1 + random.below(3)).to_string()}]);
            if invoice["kind"] == "prepayment" && random.below(4) > 0 {
                body["lines"] = Value::Null;
                body["amount"] = json!(format!("{}.{:02}", random.below(30_000), 1 + random.below(99)));
            }
        }
        let answer = client.post("/v1/credit_notes", &body).await;
        if answer.status == 201 {
            self.model.borrow_mut().credited += amount(&answer.body()["total"]);
        }
        Some(answer)
    }

    async fn rebill(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.invoices.borrow().any(random)?;
        let body = json!({"reason": "a wrong name", "dry_run": random.below(6) == 0});
        let answer = client.post(&format!("/v1/invoices/{id}/rebill"), &body).await;
        if answer.status == 201 {
            let invoice = answer.body();
            let mut model = self.model.borrow_mut();
            model.invoiced += amount(&invoice["total"]);
            model.credited += amount(&invoice["total"]);
            self.invoices.borrow_mut().add(id_of(&invoice), random);
        }
        Some(answer)
    }

    async fn pay(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let mut body = json!({"amount": format!("{}.00", 1 + random.below(400_000)), "currency": "IDR", "method": "bank_transfer"});
        match random.below(3) {
            0 => body["order_id"] = json!(self.orders.borrow().any(random)?),
            _ => body["invoice_id"] = json!(self.invoices.borrow().any(random)?),
        }
        let answer = client.post("/v1/payments", &body).await;
        if answer.status == 201 {
            self.model.borrow_mut().received += amount(&body["amount"]);
            self.payments.borrow_mut().add(id_of(&answer.body()), random);
        }
        Some(answer)
    }

    async fn refund(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.payments.borrow().any(random)?;
        let body = json!({"amount": format!("{}.00", 1 + random.below(200_000)), "reason": "too much"});
        let answer = client.post(&format!("/v1/payments/{id}/refund"), &body).await;
        if answer.status == 201 {
            self.model.borrow_mut().refunded += amount(&body["amount"]);
        }
        Some(answer)
    }

    async fn receive(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let lines: Vec<Value> =
            (0..2).map(|_| json!({"sku": sku(random.below(SKUS)), "quantity": (1 + random.below(30)).to_string()})).collect();
        (lines[0]["sku"] != lines[1]["sku"]).then_some(())?;
        self.on_stock(client, "receipts", json!({"location": *random.one_of(&LOCATIONS), "lines": lines})).await
    }

    async fn count(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let lines = json!([{"sku": sku(random.below(SKUS)), "counted": random.below(60).to_string()}]);
        self.on_stock(client, "adjustments", json!({"location": *random.one_of(&LOCATIONS), "reason": "count", "lines": lines})).await
    }

    async fn adjust(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let lines = json!([{"sku": sku(random.below(SKUS)), "delta": (random.below(21) as i64 - 10).to_string()}]);
        self.on_stock(client, "adjustments", json!({"location": *random.one_of(&LOCATIONS), "reason": "found", "lines": lines})).await
    }

    async fn transfer(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let (from, to) = *random.one_of(&[(LOCATIONS[0], LOCATIONS[1]), (LOCATIONS[1], LOCATIONS[0])]);
        let lines = json!([{"sku": sku(random.below(SKUS)), "quantity": (1 + random.below(9)).to_string()}]);
        self.on_stock(client, "transfers", json!({"from": from, "to": to, "lines": lines})).await
    }

    async fn quarantine(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let action = *random.one_of(&["quarantine", "release", "scrap"]);
        let lines = json!([{"sku": sku(random.below(SKUS)), "quantity": (1 + random.below(5)).to_string(), "action": action}]);
        self.on_stock(client, "quarantine", json!({"location": *random.one_of(&LOCATIONS), "reason": "wet", "lines": lines})).await
    }

    /// Changes stock, and notes by how much the answer says it did.
    async fn on_stock(&self, client: &Client, kind: &str, body: Value) -> Option<Answer> {
        let answer = client.post(&format!("/v1/inventory/{kind}"), &body).await;
        if answer.status == 201 {
            let moved = match kind {
                "receipts" => "receipt",
                "transfers" => "transfer",
                "quarantine" => "scrap",
                _ if body["reason"] == "count" => "count",
                _ => "adjustment",
            };
            for line in answer.body()["lines"].as_array().unwrap() {
                self.model.borrow_mut().moves(moved, line["sku"].as_str().unwrap(), amount(&line["change"]));
            }
        }
        Some(answer)
    }

    async fn serve_backorders(&self) -> Option<Answer> {
        let (db, now) = (self.app.app.db.clone(), self.app.clock.now());
        actix_web::web::block(move || fill_backorders(&db, now).and_then(|_| keep_promises(&db, now))).await.unwrap().unwrap();
        None
    }

    async fn order_supply(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let body = json!({"sku": sku(random.below(SKUS)), "location": *random.one_of(&LOCATIONS), "quantity": (1 + random.below(40)).to_string(),
            "expected_on": some_day(random)});
        let answer = client.post("/v1/inventory/incoming", &body).await;
        if answer.status == 201 {
            self.supplies.borrow_mut().add(id_of(&answer.body()), random);
        }
        Some(answer)
    }

    async fn change_supply(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.supplies.borrow().any(random)?;
        let body = match random.below(3) {
            0 => json!({"quantity": (1 + random.below(40)).to_string()}),
            _ => json!({"expected_on": some_day(random)}),
        };
        Some(client.send(reqwest::Method::PATCH, &format!("/v1/inventory/incoming/{id}"), None, Some(&body)).await.unwrap())
    }

    async fn receive_supply(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.supplies.borrow().any(random)?;
        let supply = client.get(&format!("/v1/inventory/incoming/{id}")).await.expect(200);
        let lines = json!([{"sku": supply["sku"], "quantity": (1 + random.below(20)).to_string(), "incoming_id": id}]);
        self.on_stock(client, "receipts", json!({"location": supply["location"], "lines": lines})).await
    }

    async fn on_supply(&self, client: &Client, random: &mut Random, action: &str, body: Value) -> Option<Answer> {
        let id = self.supplies.borrow().any(random)?;
        Some(client.post(&format!("/v1/inventory/incoming/{id}{action}"), &body).await)
    }

    async fn ask_return(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.shipped.borrow().any(random)?;
        let order = client.get(&format!("/v1/orders/{id}")).await.expect(200);
        let line = pick_of(&order["lines"], random)?;
        let line = json!({"order_line_id": line["id"], "quantity": (1 + random.below(3)).to_string(), "reason": {"code": "changed_mind"}});
        let answer = client.post("/v1/returns", &json!({"order_id": order["id"], "lines": [line]})).await;
        if answer.status == 201 {
            self.returns.borrow_mut().add(id_of(&answer.body()), random);
        }
        Some(answer)
    }

    async fn on_return(&self, client: &Client, random: &mut Random, action: &str, body: Value) -> Option<Answer> {
        let id = self.returns.borrow().any(random)?;
        Some(client.post(&format!("/v1/returns/{id}/{action}"), &body).await)
    }

    async fn receive_return(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.returns.borrow().any(random)?;
        let announced = client.get(&format!("/v1/returns/{id}")).await.expect(200);
        let line = pick_of(&announced["lines"], random)?;
        let (back, condition) = (1 + random.below(3), *random.one_of(&["resellable", "resellable", "damaged", "scrap"]));
        let lines = json!([{"order_line_id": line["order_line_id"], "quantity": back.to_string(), "condition": condition}]);
        let body = json!({"location": *random.one_of(&LOCATIONS), "lines": lines, "dry_run": random.below(8) == 0});
        let answer = client.post(&format!("/v1/returns/{id}/receive"), &body).await;
        if answer.status == 200 && body["dry_run"] != true {
            let sku = line["sku"].as_str().unwrap();
            if sku.starts_with("SKU") {
                let mut model = self.model.borrow_mut();
                model.moves("return", sku, back.into());
                if condition == "scrap" {
                    model.moves("scrap", sku, -Decimal::from(back));
                }
            }
        }
        Some(answer)
    }

    async fn complete_return(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.returns.borrow().any(random)?;
        let replaces = random.below(4) == 0;
        let mut body = json!({"refund": !replaces && random.below(2) == 0, "replacement": replaces, "dry_run": random.below(8) == 0});
        if random.below(4) == 0 {
            body["restocking_fee"] = json!("100.00");
        }
        let answer = client.post(&format!("/v1/returns/{id}/complete"), &body).await;
        if answer.status == 200 && body["dry_run"] != true {
            let done = answer.body();
            let mut model = self.model.borrow_mut();
            model.credited += amount(&done["amount_credited"]);
            model.refunded += amount(&done["amount_refunded"]);
            if let Some(id) = done["replacement_order_id"].as_str() {
                model.orders += Decimal::ONE;
                self.orders.borrow_mut().add(id.to_owned(), random);
            }
        }
        Some(answer)
    }

    /// The invariants hold, and the database says what the answers add up to.
    fn prove(&self) {
        prove(&self.app.database);
        let mut model = self.model.borrow_mut();
        model.moved.retain(|_, quantity| !quantity.is_zero());
        assert_eq!(*model, in_the_database(self.app));
    }
}

#[derive(diesel::QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Numeric)]
    value: Decimal,
}

fn in_the_database(app: &TestApp) -> Model {
    // That the shelves hold what the movements add up to is an invariant.
    let query = "SELECT concat(sku, ' ', CASE WHEN kind LIKE 'transfer%' THEN 'transfer' WHEN reason = 'short_pick' THEN reason ELSE kind END) \
        AS name, sum(quantity) AS value FROM stock_movement GROUP BY 1 HAVING sum(quantity) <> 0 \
        UNION ALL SELECT 'invoiced', coalesce(sum(total), 0) FROM invoice \
        UNION ALL SELECT 'credited', coalesce(sum(total), 0) FROM credit_note WHERE reason <> ALL ('{the order was cancelled, the order was edited, what had deducted the prepayment was credited, \
        the order came to less than its prepayment}') \
        UNION ALL SELECT 'received', coalesce(sum(amount_captured), 0) FROM payment WHERE provider IS NULL UNION ALL SELECT 'refunded', coalesce(sum(amount), 0) FROM refund \
        UNION ALL SELECT 'orders', count(*) FROM sales_order";
    let rows: Vec<Sum> = diesel::sql_query(query).load(&mut app.database.connect()).unwrap();
    let mut sums: BTreeMap<String, Decimal> = rows.into_iter().map(|row| (row.name, row.value)).collect();
    let mut take = |name: &str| sums.remove(name).unwrap_or_default();
    let (invoiced, credited, received, refunded, orders) =
        (take("invoiced"), take("credited"), take("received"), take("refunded"), take("orders"));
    Model { invoiced, credited, received, refunded, orders, moved: sums }
}

/// Some are past already.
fn some_day(random: &mut Random) -> String {
    format!("2026-03-{:02}", 1 + random.below(30))
}

fn price(random: &mut Random) -> String {
    format!("{}.{:03}", 1 + random.below(30_000), random.below(1_000))
}

/// A line that an order may get.
fn line(random: &mut Random) -> Value {
    if random.below(8) == 0 {
        return json!({"sku": *random.one_of(&["WRAP", "INSURANCE"]), "quantity": (1 + random.below(3)).to_string()});
    }
    let mut line = json!({"sku": sku(random.below(SKUS)), "quantity": (1 + random.below(9)).to_string()});
    if random.below(3) == 0 {
        line["unit_price"] = json!(price(random));
    }
    if random.below(4) == 0 {
        line["discounts"] = json!([{"percent": (1 + random.below(30)).to_string()}]);
    }
    line
}

/// A part of a line of a fulfillment order.
fn some_of_a_line(job: &Value, random: &mut Random) -> Option<Value> {
    let line = pick_of(&job["lines"], random)?;
    let some = 1 + random.below(quantity(&line["quantity"]));
    Some(json!({"lines": [{"order_line_id": line["order_line_id"], "quantity": some.to_string()}]}))
}

fn move_some(job: &Value, random: &mut Random) -> Option<Value> {
    let mut body = if random.below(2) == 0 { some_of_a_line(job, random)? } else { json!({}) };
    body["location"] = json!(LOCATIONS.iter().find(|location| job["location"] != **location)?);
    Some(body)
}

/// A number from the environment.
fn set(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[actix_web::test]
async fn a_day_of_random_commands_keeps_every_invariant() {
    let (commands, clients) = (set("PESANAN_COMMANDS", COMMANDS), set("PESANAN_AT_ONCE", AT_ONCE).max(1));
    let seed = set("PESANAN_SEED", usize::from_ne_bytes(uuid::Uuid::new_v4().as_bytes()[..8].try_into().unwrap()) >> 16);
    // Shown where the test fails.
    println!("PESANAN_SEED={seed} PESANAN_COMMANDS={commands} PESANAN_AT_ONCE={clients}");
    let stripe = StripeServer::start();
    let base = stripe.base.clone();
    let app = TestApp::spawn_with(move |config| config.stripe_api = base).await;
    stripe.capture_before((app.clock.now() + TimeDelta::days(7)).timestamp());
    let client = open_shop(&app, "shop", SKUS, |_| [60, 40]).await;
    money::open(&client).await;
    let more = json!([
        {"sku": "WRAP", "name": "Gift wrap", "kind": "service", "unit": "C62", "tax_category": "standard"},
        {"sku": "INSURANCE", "name": "Insurance", "kind": "charge", "unit": "C62", "tax_category": "standard"},
    ]);
    client.put("/v1/products", &more).await.expect(200);
    let prices =
        json!([{"sku": "WRAP", "currency": "IDR", "unit_price": "5000"}, {"sku": "INSURANCE", "currency": "IDR", "unit_price": "3000.5"}]);
    client.put("/v1/prices", &prices).await.expect(200);
    let rates = json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "USt", "rate": "0.19"}]);
    client.put("/v1/tax_rates", &rates).await.expect(200);
    customer(&client, "C-2", json!({"credit_limit": "3000000.00", "currency": "IDR"})).await;
    customer(&client, "C-3", json!({"payment_terms": "prepaid"})).await;
    let second = client.at(&app.spawn_second());
    let world = World {
        app: &app,
        stripe,
        clients: [client, second],
        model: RefCell::new(in_the_database(&app)),
        orders: RefCell::default(),
        invoices: RefCell::default(),
        payments: RefCell::default(),
        cards: RefCell::default(),
        shipments: RefCell::default(),
        shipped: RefCell::default(),
        supplies: RefCell::default(),
        returns: RefCell::default(),
        seen: RefCell::default(),
        tally: RefCell::default(),
    };
    for start in (0..commands).step_by(STRETCH) {
        let work = start..commands.min(start + STRETCH);
        at_once(clients, work, async |i: usize| world.run(seed as u64, i).await).await;
        world.settle_with_stripe().await;
        world.prove();
    }
    assert_no_deadlock(&app.database);
    let tally = world.tally.borrow();
    if commands >= COMMANDS {
        for (command, _) in DAY.iter().filter(|(command, _)| !matches!(command, Command::ServeBackorders | Command::WorkOnPayments)) {
            assert!(tally.contains_key(&(*command, "done".to_owned())), "{command:?} never worked: {tally:#?}");
        }
    }
    println!("{tally:#?}");
    let moved = world.stripe.moves();
    for kind in ["authorize", "charge", "capture", "cancel", "refund"] {
        let times = moved.iter().filter(|moved| moved.starts_with(kind)).count();
        println!("{kind} at Stripe: {times}");
        assert!(commands < COMMANDS || times > 0, "Stripe was never asked to {kind}");
    }
}
