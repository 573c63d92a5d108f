//! What a client does over and over, and what it takes for an error.

use super::load::Client;
use super::order_request::{OrderRequest, plain, post};
use crate::demo::chance::Chance;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;

/// Orders that a replaying client remembers.
const REMEMBERED: usize = 16;
/// Orders that a mixed client may still work on.
const OPEN: usize = 32;
/// How often a refused or held order is told from a confirmed one: its status stands in the first bytes.
const STATUS_WITHIN: usize = 240;

/// The work of one client.
pub enum Work {
    Orders(Orders),
    /// Any of these requests, each expected to answer 200.
    Reads(Reads),
    Mixed(Box<Mixed>),
}

impl Work {
    /// One round: one request, for some of the mixed work two.
    pub async fn step(&mut self, client: &mut Client) {
        match self {
            Self::Orders(orders) => orders.step(client).await,
            Self::Reads(reads) => reads.step(client).await,
            Self::Mixed(mixed) => mixed.step(client).await,
        }
    }
}

/// Places orders; some are sent again and must answer the same bytes.
pub struct Orders {
    request: OrderRequest,
    replay_percent: u32,
    /// Whether 409 is an expected answer.
    may_be_refused: bool,
    next: u64,
    chance: Chance,
    answered: VecDeque<(u64, Vec<u8>)>,
}

impl Orders {
    pub fn new(request: OrderRequest, replay_percent: u32, may_be_refused: bool, seed: u64) -> Self {
        Self { request, replay_percent, may_be_refused, next: 0, chance: Chance::seeded(seed), answered: VecDeque::new() }
    }

    async fn step(&mut self, client: &mut Client) {
        let replay = self.replay_percent > 0 && self.chance.between(0, 99) < self.replay_percent;
        match self.chance.pick(self.answered.make_contiguous()).filter(|_| replay) {
            Some((number, before)) => {
                let Some(answer) = client.exchange(self.request.write(*number)).await else { return };
                match answer.status {
                    201 => client.tally.note_replay(answer.replayed && client.body() == before),
                    _ => client.note_unexpected(),
                }
            }
            None => {
                self.next += 1;
                let Some(answer) = client.exchange(self.request.write(self.next)).await else { return };
                match answer.status {
                    201 if is_confirmed(client.body()) => self.remember(client),
                    409 if self.may_be_refused => client.tally.refused += 1,
                    _ => client.note_unexpected(),
                }
            }
        }
    }

    fn remember(&mut self, client: &mut Client) {
        client.tally.accepted += 1;
        if self.replay_percent == 0 {
            return;
        }
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back((self.next, client.body().to_vec()));
    }
}

/// An order on hold is none that the figures are about.
fn is_confirmed(body: &[u8]) -> bool {
    let status = b"\"status\":\"confirmed\"";
    body.get(..STATUS_WITHIN).unwrap_or(body).windows(status.len()).any(|window| window == status)
}

/// Reads, drawn from a list that all clients share.
pub struct Reads {
    pub requests: Rc<Vec<Vec<u8>>>,
    pub chance: Chance,
}

impl Reads {
    async fn step(&mut self, client: &mut Client) {
        let Some(request) = self.chance.pick(&self.requests) else { return };
        let Some(answer) = client.exchange(request).await else { return };
        match answer.status {
            200 => client.tally.accepted += 1,
            _ => client.note_unexpected(),
        }
    }
}

/// A day of a shop: of a hundred rounds 40 orders, 25 reads of an order, 5 lists, 10 reservations (half of them released),
/// 5 cancellations, 8 shipments, 7 payments; always of orders that this client has placed.
pub struct Mixed {
    pub orders: OrderRequest,
    pub address: SocketAddr,
    pub token: String,
    pub skus: u32,
    pub chance: Chance,
    next: u64,
    open: VecDeque<PlacedOrder>,
}

#[derive(Deserialize)]
struct PlacedOrder {
    id: String,
    total: String,
    currency: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Identified>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

impl Mixed {
    pub fn new(orders: OrderRequest, address: SocketAddr, token: String, skus: u32, chance: Chance) -> Self {
        Self { orders, address, token, skus, chance, next: 0, open: VecDeque::new() }
    }

    async fn step(&mut self, client: &mut Client) {
        match self.chance.between(0, 99) {
            0..25 => self.read(client).await,
            25..30 => self.get(client, "/v1/orders?limit=20").await,
            30..40 => self.reserve(client).await,
            40..45 => self.cancel(client).await,
            45..53 => self.ship(client).await,
            53..60 => self.pay(client).await,
            _ => self.place(client).await,
        }
    }

    async fn place(&mut self, client: &mut Client) {
        self.next += 1;
        let Some(answer) = client.exchange(self.orders.write(self.next)).await else { return };
        let placed = (answer.status == 201).then(|| serde_json::from_slice(client.body()).ok()).flatten();
        let Some(placed) = placed else { return client.note_unexpected() };
        client.tally.accepted += 1;
        if self.open.len() == OPEN {
            self.open.pop_front();
        }
        self.open.push_back(placed);
    }

    async fn read(&mut self, client: &mut Client) {
        match self.open.back().map(|order| format!("/v1/orders/{}", order.id)) {
            Some(path) => self.get(client, &path).await,
            None => self.place(client).await,
        }
    }

    async fn get(&mut self, client: &mut Client, path: &str) {
        let request = plain("GET", path, self.address, &self.token);
        self.expect(client, &request, 200).await;
    }

    async fn reserve(&mut self, client: &mut Client) {
        let sku = self.chance.between(1, self.skus);
        let body = json!({"lines": [{"sku": format!("SKU-{sku:06}"), "quantity": "1"}], "expires_in_seconds": 600}).to_string();
        let request = post("/v1/checkout/reservations", self.address, &self.token, &body);
        if !self.expect(client, &request, 201).await || self.chance.between(0, 1) == 0 {
            return;
        }
        let Ok(reservation) = serde_json::from_slice::<Identified>(client.body()) else { return client.note_unexpected() };
        let request = plain("DELETE", &format!("/v1/checkout/reservations/{}", reservation.id), self.address, &self.token);
        self.expect(client, &request, 204).await;
    }

    async fn cancel(&mut self, client: &mut Client) {
        let Some(order) = self.open.pop_front() else { return self.place(client).await };
        let body = r#"{"reason":{"code":"customer_request"}}"#;
        let request = post(&format!("/v1/orders/{}/cancel", order.id), self.address, &self.token, body);
        self.expect(client, &request, 200).await;
    }

    async fn ship(&mut self, client: &mut Client) {
        let Some(order) = self.open.pop_front() else { return self.place(client).await };
        let path = format!("/v1/fulfillment_orders?order_id={}", order.id);
        if !self.expect(client, &plain("GET", &path, self.address, &self.token), 200).await {
            return;
        }
        let page = serde_json::from_slice::<Page>(client.body()).ok();
        let Some(id) = page.and_then(|page| page.data.into_iter().next()).map(|fulfillment| fulfillment.id) else {
            return client.note_unexpected();
        };
        let request = post(&format!("/v1/fulfillment_orders/{id}/ship"), self.address, &self.token, r#"{"carrier":"jne"}"#);
        self.expect(client, &request, 201).await;
    }

    async fn pay(&mut self, client: &mut Client) {
        let Some(order) = self.open.pop_front() else { return self.place(client).await };
        let body = json!({"amount": order.total, "currency": order.currency, "method": "bank_transfer", "order_id": order.id}).to_string();
        let request = post("/v1/payments", self.address, &self.token, &body);
        self.expect(client, &request, 201).await;
    }

    async fn expect(&self, client: &mut Client, request: &[u8], status: u16) -> bool {
        let Some(answer) = client.exchange(request).await else { return false };
        if answer.status == status {
            client.tally.accepted += 1;
            return true;
        }
        client.note_unexpected();
        false
    }
}
