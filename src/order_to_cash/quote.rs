//! What would become of an order if it were placed now, by what places it: look, verify, price, promise. Nothing is written or locked.

use super::place::{PlaceRequest, decide, shelf_of, take_payments, unseen_supply};
use crate::auth::actor::Context;
use crate::customers::balance::{self, Credit};
use crate::error::Error;
use crate::inventory::reservations;
use crate::orders::allocation::Shelf;
use crate::orders::captured::{self, Claim};
use crate::orders::master_data::{self, Asked, Gathered, MasterDataCache};
use crate::orders::order::Order;
use crate::orders::outlook::Outlook;
use crate::orders::peg::Peg;
use crate::orders::pegs;
use crate::orders::promise;
use crate::orders::quote::{Quote, Refusal};
use crate::orders::verify::{self, Request};
use crate::types::id::{CustomerId, OrderId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// An order that has been decided upon, and nothing more.
struct Tried {
    placed: PlaceRequest,
    gathered: Gathered,
    order: Order,
    shelf: Shelf,
    decided: Result<Vec<Peg>, Error>,
    /// Of the bill-to customer, before the order.
    left: Option<Credit>,
}

/// Quotes one order. What is wrong with the request itself is an error as it is of placing; what only stands against it now is told
/// in the quote.
pub fn quote(connection: &mut PgConnection, cache: &MasterDataCache, context: &Context, request: Request) -> Result<Quote, Error> {
    let Tried { placed, gathered, mut order, mut shelf, decided, left } = try_to_place(connection, cache, context, request)?;
    let mut refusals = vec![];
    if gathered.held.contains(&true) {
        refusals.push(Refusal::external_id_taken());
    }
    let pegs = match decided {
        Ok(pegs) => pegs,
        Err(error) => {
            refusals.push(Refusal::of(&error).ok_or(error)?);
            part_that_is_there(&mut order, &mut shelf, context)?;
            vec![]
        }
    };
    take_payments(&mut order, &placed, &gathered.reference, context)?;
    order.settle(context.now);
    Quote::new(order, &pegs, left, refusals)
}

/// What placing an order would answer, where its external id is free: nothing, or why it is refused.
pub fn judge(connection: &mut PgConnection, cache: &MasterDataCache, context: &Context, request: Request) -> Result<(), Error> {
    let tried = try_to_place(connection, cache, context, request)?;
    tried.decided.map(|_| ())
}

/// The order that the channel has sent with the same external id and content before; 409 `external_id_conflict` where its content was
/// another.
pub fn placed_before(connection: &mut PgConnection, context: &Context, request: &PlaceRequest) -> Result<Option<OrderId>, Error> {
    let claims: Vec<(uuid::Uuid, OrderId, &Claim)> = request
        .claims
        .iter()
        .filter(|claim| claim.kind == "x")
        .map(|claim| (context.organization_id.0, request.request.order_id, claim))
        .collect();
    let Some(held) = captured::held_claims(connection, &claims)?.pop() else { return Ok(None) };
    if claims.iter().any(|(_, _, claim)| claim.is_of(&held.hash)) {
        return Ok(Some(held.subject_id));
    }
    let extra = json!({ "order_id": held.subject_id });
    Err(Error::conflict_with("external_id_conflict", "the channel has sent another order with this external_id", extra))
}

fn try_to_place(connection: &mut PgConnection, cache: &MasterDataCache, context: &Context, request: Request) -> Result<Tried, Error> {
    let mut placed = PlaceRequest::new(request, None, &[]);
    placed.payment_numbers = vec![String::new(); placed.request.body.payments.len()];
    let claims = placed.claims.iter().filter(|claim| claim.kind == "x").map(|claim| (claim.kind, claim.key.as_str())).collect();
    let asked = Asked { body: &placed.request.body, claims };
    let gathered = master_data::gather(connection, cache, context, &[asked])?;
    let reference = &gathered.reference;
    let verified = verify::verify(&placed.request, reference, context, CustomerId::generate())?;

    let mut shelf = shelf_of(reference, context);
    add_reserved(connection, context, &placed, &mut shelf)?;
    let mut credit = balance::see(connection, context.organization_id, &[verified.order.bill_to_customer_id])?;
    let left = credit.get(&verified.order.bill_to_customer_id).cloned();

    let mut order = verified.order.clone();
    let mut decided = decide(&mut order, &mut shelf.clone(), &mut credit.clone(), context);
    if decided.is_ok() && unseen_supply(&order, &shelf) {
        let skus: Vec<&str> = verified.order.lines.iter().map(|line| line.sku.as_str()).collect();
        let supply = pegs::see_supply(connection, context.organization_id, &skus, reference.company.local_date(context.now))?;
        shelf = shelf.with_outlook(Outlook::new(reference.company.clone(), supply, vec![]));
        order = verified.order.clone();
        decided = decide(&mut order, &mut shelf, &mut credit, context);
    }
    Ok(Tried { placed, gathered, order, shelf, decided, left })
}

/// What a checkout keeps for this order is there for it.
fn add_reserved(connection: &mut PgConnection, context: &Context, placed: &PlaceRequest, shelf: &mut Shelf) -> Result<(), Error> {
    let Some(id) = placed.request.body.reservation_id else { return Ok(()) };
    let unknown = |error| match error {
        Error::NotFound { .. } => Error::invalid("/reservation_id", "unknown_reservation", "no reservation with this id"),
        error => error,
    };
    for line in reservations::kept(connection, context, id).map_err(unknown)? {
        let available: Decimal = shelf.available(&line.sku, &line.location);
        shelf.set(&line.sku, &line.location, available + line.quantity);
    }
    Ok(())
}

/// A refused order takes nothing; the quote shows what could be had of it.
fn part_that_is_there(order: &mut Order, shelf: &mut Shelf, context: &Context) -> Result<(), Error> {
    let plan = shelf.plan(&promise::demands(order));
    shelf.take(&plan).map_err(Error::internal)?;
    promise::allocate(order, &plan, shelf, context).map_err(Error::internal)?;
    promise::date(order, shelf, context);
    Ok(())
}
