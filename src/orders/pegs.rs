//! Pegs as they are stored: what incoming supply is promised to which line.
//!
//! A peg is written under the lock of its supply. Changes of orders hold the order's lock besides, so that of a line's pegs only
//! those vanish meanwhile whose supply gives way. Incoming supply comes after customers' balances and before stock in the lock order.

use super::change::OrderChange;
use super::order::{Order, OrderLine};
use super::outlook::Outlook;
use super::peg::{self, FairPlace, GiveWay, Peg, PromiseCause};
use super::reference::Company;
use super::status::OrderStatus;
use super::store;
pub use super::store::pegs::Review;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::incoming::pool::{SupplyOfProduct, SupplyPool};
use crate::types::id::{IncomingSupplyId, OrderId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A review that is asked for: SKU, cause, and the supply that is the cause.
pub type AskedReview<'a> = (&'a str, PromiseCause, Option<IncomingSupplyId>);

/// Locks the open supply of these products and shows what of it is free, after those who wait without a peg.
pub fn lock_supply(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    skus: &[&str],
    today: NaiveDate,
) -> QueryResult<SupplyPool> {
    let skus: Vec<&str> = skus.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if skus.is_empty() {
        return Ok(SupplyPool::default());
    }
    let locked = store::pegs::lock_supply(connection, organization_id, &skus)?;
    let owed = if locked.is_empty() { vec![] } else { store::pegs::owed(connection, organization_id, &skus)? };
    let products = skus.into_iter().map(|sku| SupplyOfProduct {
        sku: sku.to_owned(),
        owed: owed.iter().find(|(own, _)| own == sku).map_or(Decimal::ZERO, |(_, owed)| *owed),
        supplies: locked.iter().filter(|(own, _, ships)| own == sku && *ships).map(|(_, supply, _)| supply.clone()).collect(),
    });
    Ok(SupplyPool::new(products, today))
}

/// As [`lock_supply`], without a lock.
pub fn see_supply(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    skus: &[&str],
    today: NaiveDate,
) -> QueryResult<SupplyPool> {
    let products = store::pegs::see_supply(connection, organization_id, skus)?;
    Ok(SupplyPool::new(products, today))
}

/// What locked orders are dated by; locks the supply of what they may come to wait for.
pub fn outlook(connection: &mut PgConnection, context: &Context, orders: &[&Order]) -> Result<Outlook, Error> {
    let company = company(connection, context.organization_id)?;
    let lines = || orders.iter().flat_map(|order| &order.lines).filter(|line| line.is_stocked());
    let open = lines().filter(|line| !(line.quantities.unallocated + line.quantities.backordered).is_zero());
    let skus: Vec<&str> = open.map(|line| line.sku.as_str()).collect();
    let supply = lock_supply(connection, context.organization_id, &skus, company.local_date(context.now))?;
    let waits = lines().any(|line| !line.quantities.backordered.is_zero());
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let pegs = if waits { store::pegs::of_orders(connection, context.organization_id, &ids)? } else { vec![] };
    Ok(Outlook::new(company, supply, pegs))
}

/// The calendars of an organization.
pub fn company(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<Arc<Company>, Error> {
    let read = store::reference::company(connection, organization_id)?;
    let (company, _) = read.ok_or_else(|| Error::internal("an order without its organization"))?;
    Ok(Arc::new(company))
}

/// Lets pegs follow what has been saved: writes fresh ones, lets those go that a line does not need any more, and asks for a review
/// of what has come to wait or is free again. Does nothing where no line waits or waited.
pub fn follow(connection: &mut PgConnection, context: &Context, changes: &[&OrderChange]) -> QueryResult<()> {
    let fresh: Vec<Peg> = changes.iter().flat_map(|change| change.pegs.iter().cloned()).collect();
    let waits = |line: &OrderLine| line.quantities.backordered * line.unit_factor;
    let mut eased: Vec<(OrderId, &OrderLine)> = vec![];
    let mut reviews: Vec<AskedReview> = vec![];
    for change in changes {
        for line in &change.after.lines {
            let before = change.before.lines.iter().find(|before| before.line_number == line.line_number).map_or(Decimal::ZERO, waits);
            if waits(line) < before {
                eased.push((change.after.id, line));
            } else if waits(line) > before {
                // One that has lost its stock is promised anew itself; one that is new here may go before others.
                let lost = line.promised_on.is_some() && change.before.status != OrderStatus::Draft;
                let cause = if lost { PromiseCause::Backordered } else { PromiseCause::Overtaken };
                reviews.push((&line.sku, cause, None));
            }
        }
    }
    if !fresh.is_empty() {
        // A line that has a peg to this supply already waits for more of it.
        let ids: Vec<OrderId> = changes.iter().map(|change| change.after.id).collect();
        let stored = store::pegs::of_orders(connection, context.organization_id, &ids)?;
        let same = |a: &Peg, b: &Peg| (a.order_id, a.line_number, a.incoming_id) == (b.order_id, b.line_number, b.incoming_id);
        let old: Vec<Peg> = stored.into_iter().filter(|old| fresh.iter().any(|new| same(old, new))).collect();
        let sum = |new: &Peg| Peg {
            quantity: new.quantity + old.iter().filter(|old| same(old, new)).map(|old| old.quantity).sum::<Decimal>(),
            ..new.clone()
        };
        store::pegs::write(connection, context, &old, &fresh.iter().map(sum).collect::<Vec<_>>())?;
    }
    let keys: Vec<(OrderId, i16)> = eased.iter().map(|(id, line)| (*id, line.line_number)).collect();
    if !keys.is_empty() && store::pegs::lock_supplies_of_lines(connection, context.organization_id, &keys)? {
        let ids: Vec<OrderId> = eased.iter().map(|(id, _)| *id).collect();
        let stored = store::pegs::of_orders(connection, context.organization_id, &ids)?;
        let (mut before, mut after) = (vec![], vec![]);
        for (id, line) in &eased {
            let own: Vec<Peg> = stored.iter().filter(|peg| peg.order_id == *id && peg.line_number == line.line_number).cloned().collect();
            let mut kept = own.clone();
            peg::trim(&mut kept, waits(line));
            if kept != own {
                reviews.push((&line.sku, PromiseCause::DemandFreed, None));
            }
            before.extend(own);
            after.extend(kept);
        }
        store::pegs::write(connection, context, &before, &after)?;
    }
    reviews.sort_unstable_by_key(|review| (review.0, review.1.as_str()));
    reviews.dedup();
    if reviews.is_empty() { Ok(()) } else { store::pegs::ask_review(connection, context.organization_id, &reviews) }
}

/// Takes `excess` of what is pegged to a locked supply away from its lines. Returns what is pegged to it then.
pub fn give_way(
    connection: &mut PgConnection,
    context: &Context,
    id: IncomingSupplyId,
    excess: Decimal,
    who: GiveWay,
) -> QueryResult<Decimal> {
    let stored = store::pegs::of_supplies(connection, context.organization_id, &[id])?;
    let mut kept: Vec<(FairPlace, Peg)> = stored.clone();
    peg::give_way(&mut kept, excess, who);
    let alone = |pegs: Vec<(FairPlace, Peg)>| pegs.into_iter().map(|(_, peg)| peg).collect::<Vec<_>>();
    let (before, after) = (alone(stored), alone(kept));
    store::pegs::write(connection, context, &before, &after)?;
    Ok(after.iter().map(|peg| peg.quantity).sum())
}

/// Asks for a review of the promises of products.
pub fn ask_review(connection: &mut PgConnection, organization_id: OrganizationId, reviews: &[AskedReview]) -> QueryResult<()> {
    store::pegs::ask_review(connection, organization_id, reviews)
}

/// Asks for a review of what is pegged to supply that should have been there before today.
pub fn ask_review_of_overdue(connection: &mut PgConnection, organization_id: OrganizationId, today: NaiveDate) -> QueryResult<()> {
    store::pegs::ask_review_of_overdue(connection, organization_id, today)
}

/// Organizations whose promises are to be reviewed.
pub fn organizations_to_review(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<OrganizationId>, Error> {
    Ok(store::pegs::organizations_to_review(connection, now)?)
}

/// Takes the reviews of one product; none where there is nothing to do.
pub fn take_reviews(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<Review>> {
    store::pegs::take_reviews(connection, organization_id)
}

/// Reviews that are asked for since supply has arrived.
pub fn received(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<Review>> {
    store::pegs::received(connection, organization_id)
}

/// Whether a review can come to anything where lines have only come to wait behind all others: something of the supply is free, or
/// a line is still promised what it has lost.
pub fn is_worth_reviewing(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    sku: &str,
    today: NaiveDate,
) -> QueryResult<bool> {
    store::pegs::is_worth_reviewing(connection, organization_id, sku, today)
}

/// How the lines that wait for a product are pegged now, and how they would be in fair order.
pub struct Replanned {
    pub before: Vec<Peg>,
    pub after: Vec<Peg>,
    /// Orders whose promise may be another one by it.
    pub orders: Vec<OrderId>,
}

/// Locks all orders that wait for a product and its open supply, and pegs them anew in fair order. Orders that have come to wait
/// meanwhile keep what they have. The pegs are to be written by [`write`].
pub fn plan_anew(connection: &mut PgConnection, context: &Context, sku: &str, today: NaiveDate) -> QueryResult<Replanned> {
    let organization_id = context.organization_id;
    let orders = store::pegs::lock_waiting(connection, organization_id, sku)?;
    let locked = store::pegs::lock_supply(connection, organization_id, &[sku])?;
    let mut waiting = store::pegs::waiting_lines(connection, organization_id, sku, &orders)?;
    let supplies: Vec<IncomingSupplyId> = locked.iter().map(|(_, supply, _)| supply.id).collect();
    let stored = store::pegs::of_supplies(connection, organization_id, &supplies)?;
    let before: Vec<Peg> = stored.into_iter().map(|(_, peg)| peg).filter(|peg| orders.binary_search(&peg.order_id).is_ok()).collect();
    let free = locked.into_iter().filter(|(_, _, ships)| *ships).map(|(_, mut supply, _)| {
        supply.free += before.iter().filter(|peg| peg.incoming_id == supply.id).map(|peg| peg.quantity).sum::<Decimal>();
        supply
    });
    let owed = store::pegs::held_without_pegs(connection, organization_id, sku)?;
    let product = SupplyOfProduct { sku: sku.to_owned(), owed, supplies: free.collect() };
    let after = peg::plan(&mut waiting, &mut SupplyPool::new([product], today));
    let of = |pegs: &[Peg], order_id: OrderId, line_number: i16| {
        let mut own: Vec<Peg> = pegs.iter().filter(|peg| peg.order_id == order_id && peg.line_number == line_number).cloned().collect();
        own.sort_by_key(|peg| (peg.expected_on, peg.incoming_id));
        own
    };
    let mut changed: Vec<OrderId> = vec![];
    for line in &waiting {
        let new = of(&after, line.order_id, line.line_number);
        let whole = new.iter().map(|peg| peg.quantity).sum::<Decimal>() >= line.backordered;
        if new != of(&before, line.order_id, line.line_number) || whole != line.promised_on.is_some() {
            changed.push(line.order_id);
        }
    }
    changed.sort_unstable();
    changed.dedup();
    Ok(Replanned { before, after, orders: changed })
}

/// Makes stored pegs into others.
pub fn write(connection: &mut PgConnection, context: &Context, before: &[Peg], after: &[Peg]) -> QueryResult<()> {
    store::pegs::write(connection, context, before, after)
}

/// All pegs of these orders.
pub fn of_orders(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Peg>> {
    store::pegs::of_orders(connection, organization_id, ids)
}
