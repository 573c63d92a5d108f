//! A locked order before and after a use case.

use super::order::Order;
use super::peg::Peg;
use super::pegs;
use super::status::OrderStatus;
use super::store;
use crate::auth::actor::Context;
use crate::catalog::coupons::service as coupons;
use crate::customers::balance::{self, BalanceChange};
use crate::error::Error;
use crate::platform::http::Precondition;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::RunQueryDsl;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Change `after`; `before` tells what has to be written.
#[derive(Clone, Debug)]
pub struct OrderChange {
    pub before: Order,
    pub after: Order,
    /// Change of the bill-to customer's amounts due on invoices that goes with this one.
    pub unpaid: Decimal,
    /// Incoming supply that has been promised to its lines, to be written; the caller holds the supply's lock.
    pub pegs: Vec<Peg>,
}

impl OrderChange {
    fn of(order: Order) -> Self {
        Self { before: order.clone(), after: order, unpaid: Decimal::ZERO, pegs: vec![] }
    }
}

/// Locks orders in the order of their ids. Unknown ids are left out.
pub fn lock_all(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> Result<Vec<OrderChange>, Error> {
    Ok(store::lock(connection, organization_id, ids)?.into_iter().map(OrderChange::of).collect())
}

/// Locks one order; 404 where there is none, 412 where it is not the version that the caller has seen.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: OrderId,
    precondition: &Precondition,
) -> Result<OrderChange, Error> {
    let order = store::lock(connection, organization_id, &[id])?.pop().ok_or(Error::not_found("order"))?;
    precondition.check(order.version)?;
    Ok(OrderChange::of(order))
}

/// Settles the orders at `at` (now, or a given time in history), raises their versions, writes the difference and moves the
/// customers' balances; pegs follow. An order that is cancelled as a whole gives its coupons back. Comes before stock in the lock order.
/// Orders that did not change are left alone.
pub fn save(connection: &mut PgConnection, context: &Context, changes: &mut [OrderChange], at: DateTime<Utc>) -> Result<(), Error> {
    for change in changes.iter_mut() {
        change.after.settle(at);
        if change.after == change.before {
            continue;
        }
        change.after.version = change.before.version + 1;
        change.after.updated_at = context.now;
        for fulfillment_order in &mut change.after.fulfillment_orders {
            let before = change.before.fulfillment_orders.iter().find(|f| f.id == fulfillment_order.id);
            if let Some(before) = before.filter(|before| *before != fulfillment_order) {
                fulfillment_order.version = before.version + 1;
                fulfillment_order.updated_at = context.now;
            }
        }
    }
    let cancelled =
        changes.iter().filter(|change| change.before.status != OrderStatus::Cancelled && change.after.status == OrderStatus::Cancelled);
    let with_coupons = cancelled.filter(|change| !change.after.document.coupon_codes.is_empty());
    let with_coupons: Vec<OrderId> = with_coupons.map(|change| change.after.id).collect();
    coupons::release(connection, context.organization_id, &with_coupons, context.now)?;
    let balances: Vec<BalanceChange> = changes
        .iter()
        .map(|change| BalanceChange {
            customer_id: change.after.bill_to_customer_id,
            currency: change.after.currency,
            open_orders: change.after.open_amount() - change.before.open_amount(),
            unpaid: change.unpaid,
        })
        .collect();
    let balances = balance::change(context.organization_id, &balances);
    let changed: Vec<&OrderChange> = changes.iter().filter(|change| change.after != change.before).collect();
    if !changed.is_empty() {
        store::save(connection, context.organization_id, &changed, balances)?;
        pegs::follow(connection, context, &changed)?;
    } else if let Some(balances) = balances {
        balances.execute(connection)?;
    }
    Ok(())
}
