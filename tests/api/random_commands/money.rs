//! The money of the random day: cards that are reserved, captured as goods leave or by hand, given up, refunded and charged back at a
//! local Stripe; money that is put on orders, taken off them, paid in advance.

use super::{World, amount, pick_of};
use crate::support::load::{Answer, Client, Random, id_of, number, sku};
use crate::support::stripe::StripeServer;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use diesel::sql_types::{Numeric, Text};
use pesanan::jobs::{ask_providers, capture_shipped, expire_authorizations};
use pesanan::order_to_cash::provider_outbox;
use pesanan::payments::provider::stripe::StripeApi;
use rust_decimal::Decimal;
use serde_json::json;

/// Opens the account at the local Stripe, and coupons: one that runs out, one for large orders, one for certain products.
pub async fn open(client: &Client) {
    let account = json!({"kind": "stripe", "name": "Stripe", "api_key": "sk_test_day", "webhook_secrets": ["whsec_day"]});
    client.put("/v1/payment_providers/stripe", &account).await.expect(201);
    for (code, limit) in [("TEN", 40), ("FIVE", 4_000)] {
        let coupon = json!({"code": code, "name": code, "percent": "7.5", "usage_limit": limit});
        client.post("/v1/coupons", &coupon).await.expect(201);
    }
    // What edits make orders lose, and share anew.
    let large =
        json!({"code": "LARGE", "name": "Large", "percent": "10", "minimum_subtotal": "60000.00", "currency": "IDR", "usage_limit": 60});
    let first =
        json!({"code": "FIRST", "name": "The first", "amount": "2500.00", "currency": "IDR", "skus": [sku(0), sku(1)], "combinable": true});
    for coupon in [large, first] {
        client.post("/v1/coupons", &coupon).await.expect(201);
    }
}

impl World<'_> {
    /// A card for one of the orders: what it owes, some of it, or more than that.
    pub async fn reserve(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let order = self.order(client, random).await?;
        let owes = amount(&order["amount_due"]);
        let much = match random.below(4) {
            0 => owes / Decimal::TWO,
            1 => owes + Decimal::from(1_000),
            _ => owes,
        };
        let body = json!({
            "amount": much.round_dp(2).max(Decimal::ONE).to_string(), "currency": "IDR", "method": "card", "provider": "stripe",
            "provider_payment_method": *random.one_of(&["pm_card", "pm_card", "pm_once", "pm_declined"]),
            "status": *random.one_of(&["authorized", "authorized", "authorized", "captured"]),
            "order_id": order["id"],
        });
        let mut body = body;
        if body["status"] == "authorized" {
            body["capture_on_shipment"] = json!(random.below(4) > 0);
        }
        let answer = client.post("/v1/payments", &body).await;
        if answer.status == 201 {
            let money = id_of(&answer.body());
            self.cards.borrow_mut().add(money.clone(), random);
            self.payments.borrow_mut().add(money, random);
        }
        Some(answer)
    }

    pub async fn capture_by_hand(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.cards.borrow().any(random)?;
        let mut body = json!({"final": random.below(2) == 0});
        if random.below(2) == 0 {
            body["amount"] = json!(format!("{}.00", 1 + random.below(60_000)));
        }
        Some(client.post(&format!("/v1/payments/{id}/capture"), &body).await)
    }

    pub async fn void(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.cards.borrow().any(random)?;
        Some(client.post(&format!("/v1/payments/{id}/void"), &json!({})).await)
    }

    pub async fn refund_order(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.orders.borrow().any(random)?;
        let body = json!({"amount": format!("{}.00", 1 + random.below(90_000)), "reason": "late"});
        let answer = client.post(&format!("/v1/orders/{id}/refunds"), &body).await;
        if answer.status == 201 {
            self.model.borrow_mut().refunded += amount(&body["amount"]);
        }
        Some(answer)
    }

    /// The payer's bank takes a payment back, or a part of it.
    pub async fn reverse(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.payments.borrow().any(random)?;
        let mut body = json!({"reason": "called back"});
        if random.below(2) == 0 {
            body["amount"] = json!(format!("{}.00", 1 + random.below(90_000)));
        }
        let answer = client.post(&format!("/v1/payments/{id}/reverse"), &body).await;
        if answer.status == 201 {
            self.model.borrow_mut().refunded += amount(&answer.body()["amount"]);
        }
        Some(answer)
    }

    /// Money comes off whatever one of the payments is on.
    pub async fn release_allocation(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.payments.borrow().any(random)?;
        let money = client.get(&format!("/v1/payments/{id}")).await.expect(200);
        let place = pick_of(&money["allocations"], random)?;
        let by_invoice = place["invoice_id"].is_string() && random.below(2) == 0;
        let mut body = if by_invoice { json!({"invoice_id": place["invoice_id"]}) } else { json!({"order_id": place["order_id"]}) };
        body["reason"] = json!("the wrong one");
        if random.below(2) == 0 {
            body["amount"] = json!(format!("{}.00", 1 + random.below(60_000)));
        }
        Some(client.post(&format!("/v1/payments/{id}/allocations/release"), &body).await)
    }

    /// Unapplied money goes where something is owed, now and then with an adjustment.
    pub async fn allocate(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.payments.borrow().any(random)?;
        let mut row = json!({"amount": format!("{}.00", 1 + random.below(60_000))});
        match random.below(2) {
            0 => row["order_id"] = json!(self.orders.borrow().any(random)?),
            _ => row["invoice_id"] = json!(self.invoices.borrow().any(random)?),
        }
        if random.below(3) == 0 {
            let kind = *random.one_of(&["bank_fee", "withholding_tax", "write_off"]);
            row["adjustments"] = json!([{"kind": kind, "amount": format!("{}.00", 1 + random.below(900))}]);
        }
        Some(client.post(&format!("/v1/payments/{id}/allocations"), &json!({"allocations": [row]})).await)
    }

    /// Asks for money in advance.
    pub async fn prepay(&self, client: &Client, random: &mut Random) -> Option<Answer> {
        let id = self.orders.borrow().any(random)?;
        let body = json!({"prepayment": true, "percent": (5 + random.below(90)).to_string()});
        let answer = client.post(&format!("/v1/orders/{id}/invoices"), &body).await;
        if answer.status == 201 {
            let invoice = answer.body();
            self.model.borrow_mut().invoiced += amount(&invoice["total"]);
            self.invoices.borrow_mut().add(id_of(&invoice), random);
        }
        Some(answer)
    }

    /// What the jobs of the payments thread do.
    pub async fn work_on_payments(&self) -> Option<Answer> {
        let (db, clock, numbers, base) =
            (self.app.app.db.clone(), self.app.clock.clone(), self.app.app.numbers.clone(), self.stripe.base.clone());
        let work = move || {
            let api = StripeApi::new(&base)?;
            let looked = capture_shipped(&db, clock.now())?;
            expire_authorizations(&db, clock.now())?;
            ask_providers(&db, clock.now())?;
            Ok::<usize, pesanan::error::Error>(looked + provider_outbox::work(&db, &api, &numbers, || clock.now())?)
        };
        actix_web::web::block(work).await.unwrap().unwrap();
        None
    }

    /// Works off all that is to be asked of Stripe. Afterwards each side says the same of every card.
    pub async fn settle_with_stripe(&self) {
        for _ in 0..40 {
            self.work_on_payments().await;
            if number(&self.app.database, "SELECT count(*) AS value FROM payment_operation WHERE status = 'pending'") == 0 {
                break;
            }
            self.app.clock.advance(TimeDelta::seconds(30));
        }
        assert_eq!(
            number(
                &self.app.database,
                "SELECT count(*) AS value FROM payment_operation WHERE status <> 'succeeded' AND status <> 'failed'"
            ),
            0
        );
        for card in cards(self.app) {
            let intent = self.stripe.intent(&card.name);
            let minor = |amount: Decimal| (amount * Decimal::ONE_HUNDRED).normalize().to_string();
            assert_eq!(intent["amount_received"].to_string(), minor(card.captured), "{}: {intent:#}", card.name);
            assert_eq!(sent_back(&self.stripe, &card.name).to_string(), minor(card.refunded), "{}", card.name);
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Card {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Numeric)]
    captured: Decimal,
    /// By us.
    #[diesel(sql_type = Numeric)]
    refunded: Decimal,
}

fn cards(app: &crate::support::app::TestApp) -> Vec<Card> {
    let query = "SELECT p.provider_reference AS name, p.amount_captured AS captured, \
        coalesce((SELECT sum(r.amount) FROM refund r WHERE r.payment_id = p.id AND r.kind = 'refund'), 0) AS refunded \
        FROM payment p WHERE p.provider_reference IS NOT NULL";
    diesel::sql_query(query).load(&mut app.database.connect()).unwrap()
}

fn sent_back(stripe: &StripeServer, intent: &str) -> i64 {
    let refunds = stripe.refund_ids().into_iter().map(|id| stripe.refund(&id));
    refunds.filter(|refund| refund["payment_intent"] == intent).map(|refund| refund["amount"].as_i64().unwrap()).sum()
}
