//! An order that has been decided, as it is written and answered.

use super::PlaceRequest;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::orders::body::OrderBody;
use crate::orders::captured::{self, Captured};
use crate::orders::order::Order;
use crate::orders::peg::Peg;
use crate::orders::status::OrderStatus;
use crate::orders::summary::Summary;
use crate::payments::payment::Payment;
use crate::platform::http::Answer;
use crate::platform::idempotency::StoredHeaders;
use crate::platform::stored_answer;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use std::collections::HashSet;

/// Bytes of an order of a few lines, so that the buffer need not grow.
const ANSWER_SIZE: usize = 6 * 1024;

/// An order that has been decided and rendered.
pub(super) struct Prepared {
    pub place: usize,
    pub order: Order,
    pub answer: Vec<u8>,
    compressed: Vec<u8>,
    headers: String,
    events: Vec<(&'static str, String)>,
    pub payments: Vec<Payment>,
    pegs: Vec<Peg>,
}

pub(super) fn prepare(place: usize, mut order: Order, pegs: Vec<Peg>, context: &Context) -> Result<Prepared, Error> {
    let at = if order.detail.historical { order.ordered_at } else { context.now };
    order.settle(at);
    let mut answer = Vec::with_capacity(ANSWER_SIZE);
    serde_json::to_writer(&mut answer, &OrderBody::from(&order)).map_err(Error::internal)?;
    let compressed = stored_answer::compress(&answer);
    let headers = StoredHeaders { location: Some(location(order.id)), version: Some(order.version) };
    let headers = serde_json::to_string(&headers).map_err(Error::internal)?;
    let data = serde_json::to_string(&Summary::of(&order)).map_err(Error::internal)?;
    let mut events = vec![("order.captured", data.clone())];
    match order.status {
        OrderStatus::Draft => {}
        OrderStatus::OnHold => events.push(("order.held", data)),
        OrderStatus::Confirmed | OrderStatus::Completed | OrderStatus::Cancelled => events.push(("order.confirmed", data)),
    }
    Ok(Prepared { place, order, answer, compressed, headers, events, payments: vec![], pegs })
}

pub(super) fn location(id: OrderId) -> String {
    format!("/v1/orders/{id}")
}

pub(super) fn created(order: &Order, body: Vec<u8>) -> Answer {
    Answer {
        status: 201,
        body,
        location: Some(location(order.id)),
        version: Some(order.version),
        replayed: false,
        content_type: "application/json",
    }
}

pub(super) fn write(
    connection: &mut PgConnection,
    context: &Context,
    requests: &[&PlaceRequest],
    prepared: &[&Prepared],
    holding_claims: bool,
) -> Result<HashSet<OrderId>, diesel::result::Error> {
    let batch: Vec<Captured> = prepared
        .iter()
        .map(|p| Captured {
            order: &p.order,
            claims: &requests[p.place].claims,
            answer: &p.compressed,
            headers: &p.headers,
            events: &p.events,
            pegs: &p.pegs,
            actor: &context.actor,
            origin: requests[p.place].origin.as_deref(),
            at: context.now,
        })
        .collect();
    captured::capture(connection, &batch, holding_claims)
}
