//! Orders with their invoices, locked so that money can move on them.

use super::hold;
use super::order_events::order_events;
use super::promise_events::promise_moved_by_hold;
use super::reallocate::locked_shelf;
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::invoicing::invoices;
use crate::invoicing::invoices::balance::{InvoiceBalance, InvoiceStatus};
use crate::orders::change::{self, OrderChange};
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
use crate::payments::account::Account;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// One order, its invoices and what is owed for them. Move money by `account`, quantities by `change.after`, then [`save`].
#[derive(Clone, Debug)]
pub struct LockedAccount {
    pub change: OrderChange,
    pub account: Account,
    invoices_before: Vec<InvoiceBalance>,
}

impl LockedAccount {
    fn of(change: OrderChange, mut invoices: Vec<InvoiceBalance>) -> Self {
        invoices.sort_by_key(|invoice| (invoice.issued_on, invoice.id));
        Self { account: account_of(&change.after, invoices.clone()), change, invoices_before: invoices }
    }

    /// Releases the hold that waits for money, once all that the order costs is paid or authorized.
    pub fn release_payment_hold(&mut self, context: &Context) {
        let covered = self.account.is_covered();
        release_payment_hold(&mut self.change.after, covered, context.now);
    }

    /// Holds an order that waits for its money where money that was promised is not coming: nothing of it has shipped, and what is
    /// paid and authorized no longer covers it.
    pub fn require_payment(&mut self, context: &Context) {
        let covered = self.account.is_covered();
        let order = &mut self.change.after;
        let waits = order.open_holds().any(|hold| hold.code == HoldCode::PaymentRequired);
        let is_open = matches!(order.status, OrderStatus::Confirmed | OrderStatus::OnHold);
        let unshipped = order.lines.iter().all(|line| line.quantities.shipped.is_zero());
        if order.document.prepaid && is_open && unshipped && !covered && !waits {
            let required = self.account.uninvoiced + self.account.invoiced - self.account.credited;
            let paid = self.account.paid + self.account.authorized;
            let data = json!({ "required": Amount(required), "paid": Amount(paid) });
            let detail = "prepayment: the money that was promised is not coming";
            order.holds.push(Hold::raise(HoldCode::PaymentRequired, None, detail, data, &context.actor, context.now));
        }
    }

    /// Brings the account's figures into the order.
    fn write_back(&mut self) {
        let (order, account) = (&mut self.change.after, &self.account);
        order.amount_invoiced = account.invoiced;
        order.amount_credited = account.credited;
        order.amount_paid = account.paid;
        order.amount_refunded = account.refunded;
        order.amount_authorized = account.authorized;
        let due_before: Decimal = self.invoices_before.iter().map(InvoiceBalance::due).sum();
        self.change.unpaid = account.invoiced_debt() - due_before;
    }

    /// The events of invoices on which nothing is due any more.
    pub fn settled_invoices(&self) -> Vec<NewEvent> {
        let settled =
            |(before, after): &(&InvoiceBalance, &InvoiceBalance)| before.status().is_open() && after.status() == InvoiceStatus::Paid;
        self.changed_invoices().filter(settled).map(|(_, after)| invoice_paid(after)).collect()
    }

    /// Counts what is left to invoice anew.
    pub fn count_uninvoiced(&mut self) {
        self.change.after.uninvoiced_total = self.change.after.uninvoiced();
        self.account.uninvoiced = self.change.after.uninvoiced_total;
    }

    /// Invoices that were there before and have changed.
    fn changed_invoices(&self) -> impl Iterator<Item = (&InvoiceBalance, &InvoiceBalance)> {
        let pairs = self.invoices_before.iter().filter_map(|before| Some((before, self.account.invoice(before.id)?)));
        pairs.filter(|(before, after)| before != after)
    }
}

/// The money of an order with these invoices, oldest first.
pub fn account_of(order: &Order, invoices: Vec<InvoiceBalance>) -> Account {
    Account {
        order_id: order.id,
        customer_id: order.bill_to_customer_id,
        currency: order.currency,
        uninvoiced: order.uninvoiced_total,
        invoiced: order.amount_invoiced,
        credited: order.amount_credited,
        paid: order.amount_paid,
        refunded: order.amount_refunded,
        authorized: order.amount_authorized,
        invoices,
    }
}

/// Releases open `payment_required` holds of an order that is covered.
pub fn release_payment_hold(order: &mut Order, covered: bool, at: DateTime<Utc>) {
    let waits = |hold: &&mut crate::orders::hold::Hold| hold.code == HoldCode::PaymentRequired && hold.released_at.is_none();
    if covered {
        order.holds.iter_mut().filter(waits).for_each(|hold| hold.release("system", "paid or authorized in full", at));
    }
}

/// Locks orders and their invoices, each in the order of their ids. Unknown ids are left out.
pub fn lock_all(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> Result<Vec<LockedAccount>, Error> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let changes = change::lock_all(connection, organization_id, ids)?;
    with_invoices(connection, organization_id, changes)
}

/// As `lock_all` for one; 404 where there is none, 412 where it is not the version that the caller has seen.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: OrderId,
    precondition: &Precondition,
) -> Result<LockedAccount, Error> {
    let change = change::lock(connection, organization_id, id, precondition)?;
    with_invoices(connection, organization_id, vec![change])?.pop().ok_or(Error::not_found("order"))
}

/// The account of an order that the caller has locked.
pub fn of_locked(connection: &mut PgConnection, organization_id: OrganizationId, change: OrderChange) -> Result<LockedAccount, Error> {
    with_invoices(connection, organization_id, vec![change])?.pop().ok_or(Error::not_found("order"))
}

fn with_invoices(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    changes: Vec<OrderChange>,
) -> Result<Vec<LockedAccount>, Error> {
    let ids: Vec<OrderId> = changes.iter().map(|change| change.after.id).collect();
    let invoices = invoices::service::lock_balances(connection, organization_id, &ids)?;
    let of = |id: OrderId| invoices.iter().filter(|invoice| invoice.order_id == id).cloned().collect();
    Ok(changes
        .into_iter()
        .map(|change| (of(change.after.id), change))
        .map(|(invoices, change)| LockedAccount::of(change, invoices))
        .collect())
}

/// Writes what money did to invoices, orders and balances, in this order; `at` is when it took place. Payments are locked
/// before. The events that belong to it.
pub fn save(
    connection: &mut PgConnection,
    context: &Context,
    accounts: Vec<LockedAccount>,
    at: DateTime<Utc>,
) -> Result<Vec<NewEvent>, Error> {
    let mut facts = Vec::new();
    let (mut plain, mut released) = (Vec::new(), Vec::new());
    let mut accounts = accounts;
    save_invoices(connection, context, &mut accounts)?;
    for account in accounts {
        facts.extend(account.settled_invoices());
        let open = |order: &Order| order.open_holds().count();
        if open(&account.change.after) < open(&account.change.before) { released.push(account.change) } else { plain.push(account.change) }
    }
    if !released.is_empty() && released.len() + plain.len() > 1 {
        // Some are saved together and some go on by themselves below: their balances are locked here as one sorted set.
        let payers: Vec<CustomerId> = plain.iter().chain(&released).map(|change| change.after.bill_to_customer_id).collect();
        balance::lock(connection, context.organization_id, &payers)?;
    }
    change::save(connection, context, &mut plain, at)?;
    if released.len() > 1 {
        locked_shelf(connection, context, &released.iter().map(|change| &change.after).collect::<Vec<_>>())?;
    }
    for change in released {
        let mut change = [change];
        hold::go_on(connection, context, &mut change, hold::ReleasedBy::Payment)?;
        facts.extend(promise_moved_by_hold(&change[0]));
        plain.extend(change);
    }
    facts.extend(order_events(&plain));
    Ok(facts)
}

/// Writes what money did to the invoices, and brings the accounts' figures into their orders, which the caller saves.
pub fn save_invoices(connection: &mut PgConnection, context: &Context, accounts: &mut [LockedAccount]) -> Result<(), Error> {
    accounts.iter_mut().for_each(LockedAccount::write_back);
    let changed: Vec<&InvoiceBalance> = accounts.iter().flat_map(|account| account.changed_invoices().map(|(_, after)| after)).collect();
    Ok(invoices::service::save_balances(connection, context, &changed)?)
}

/// An invoice on which nothing is due any more.
pub fn invoice_paid(invoice: &InvoiceBalance) -> NewEvent {
    let data = json!({
        "number": invoice.number,
        "order_id": invoice.order_id,
        "customer_id": invoice.customer_id,
        "currency": invoice.currency,
        "total": Amount(invoice.total),
        "amount_credited": Amount(invoice.credited),
        "amount_paid": Amount(invoice.paid),
    });
    NewEvent::of_part("invoice.paid", invoice.order_id, "invoice", invoice.id.0, data)
}
