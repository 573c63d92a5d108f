//! What a payment is put on: orders and invoices, locked, and written back with it.

use super::accounts::{self, LockedAccount};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::invoicing::invoices;
use crate::payments::account::{Account, Placement};
use crate::payments::body::Target;
use crate::payments::payment::{Payment, Refunded};
use crate::payments::service::{self as payments, PaymentChange};
use crate::payments::settlement::Settlement;
use crate::platform::http::Precondition;
use crate::types::currency::Currency;
use crate::types::fault::Faults;
use crate::types::id::{CustomerId, InvoiceId, OrderId, PaymentId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use rust_decimal::Decimal;

/// What a request wants its money to be put on, and where it says so.
pub(super) struct Aim {
    pub pointer: String,
    pub target: Target,
    /// Exactly so much; up to the debt where absent.
    pub exact: Option<Settlement>,
}

impl Aim {
    /// As much as is owed.
    pub fn up_to_the_debt(target: Target) -> Self {
        Self { pointer: String::new(), target, exact: None }
    }
}

/// The locked orders and invoices that a payment touches.
pub(super) struct Targets {
    pub accounts: Vec<LockedAccount>,
}

impl Targets {
    /// 422 for each target that is not there.
    pub fn lock(connection: &mut PgConnection, context: &Context, aims: &[Aim]) -> Result<Self, Error> {
        let orders = Self::orders_of(connection, context, aims)?;
        let targets = Self { accounts: accounts::lock_all(connection, context.organization_id, &orders)? };
        let mut faults = Faults::new();
        for aim in aims {
            let (code, what) = match aim.target {
                Target::Invoice(_) => ("unknown_invoice", "invoice"),
                Target::Order(_) => ("unknown_order", "order"),
            };
            faults.require(targets.order_of(aim.target).is_ok(), &aim.pointer, code, &format!("there is no such {what}"));
        }
        faults.into_result()?;
        Ok(targets)
    }

    /// The orders of what aims name, in the order of their ids; what is not there is left out.
    pub fn orders_of<'a>(
        connection: &mut PgConnection,
        context: &Context,
        aims: impl IntoIterator<Item = &'a Aim> + Clone,
    ) -> Result<Vec<OrderId>, Error> {
        let invoice = |aim: &Aim| match aim.target {
            Target::Invoice(id) => Some(id),
            Target::Order(_) => None,
        };
        let ids: Vec<InvoiceId> = aims.clone().into_iter().filter_map(invoice).collect();
        let orders_of =
            if ids.is_empty() { Default::default() } else { invoices::service::orders_of(connection, context.organization_id, &ids)? };
        let order = |aim: &Aim| match aim.target {
            Target::Invoice(id) => orders_of.get(&id).copied(),
            Target::Order(id) => Some(id),
        };
        let mut orders: Vec<OrderId> = aims.into_iter().filter_map(order).collect();
        orders.sort();
        orders.dedup();
        Ok(orders)
    }

    /// The payment with all orders that it has touched or was announced for. Orders come first in the lock order, so they are
    /// read without a lock; where another one has come in between, the transaction starts over.
    pub fn lock_of(
        connection: &mut PgConnection,
        context: &Context,
        id: PaymentId,
        precondition: &Precondition,
    ) -> Result<(Self, PaymentChange), Error> {
        let seen = payments::find(connection, context.organization_id, id)?.orders();
        let targets = Self { accounts: accounts::lock_all(connection, context.organization_id, &seen)? };
        let change = payments::lock(connection, context.organization_id, id, precondition)?;
        if change.after.orders().iter().any(|order| !seen.contains(order)) {
            let cause = "the payment was put on another order while its orders were being locked".to_owned();
            return Err(Error::Database(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(cause))));
        }
        Ok((targets, change))
    }

    /// Takes what went back off the orders and invoices that it was on.
    pub fn take_refunded(&mut self, refunded: &Refunded) -> Result<(), Error> {
        for placement in &refunded.from_documents {
            self.account_mut(placement.order_id)?.refund(placement);
        }
        if let Some(released) = &refunded.released {
            self.account_mut(released.order_id)?.refunded += released.settles.money;
        }
        Ok(())
    }

    pub fn order_of(&self, target: Target) -> Result<OrderId, Error> {
        let owns = |account: &&LockedAccount| match target {
            Target::Invoice(id) => account.account.invoice(id).is_some(),
            Target::Order(id) => account.account.order_id == id,
        };
        self.accounts.iter().find(owns).map(|account| account.account.order_id).ok_or(Error::not_found("order"))
    }

    pub fn account(&self, target: Target) -> Result<&Account, Error> {
        let order_id = self.order_of(target)?;
        self.accounts.iter().map(|account| &account.account).find(|account| account.order_id == order_id).ok_or(Error::not_found("order"))
    }

    pub fn account_mut(&mut self, order_id: OrderId) -> Result<&mut Account, Error> {
        let found = self.accounts.iter_mut().map(|account| &mut account.account).find(|account| account.order_id == order_id);
        found.ok_or_else(|| Error::internal("money on an order that is not locked"))
    }

    /// That all targets are in the payment's currency and paid by its customer; who that is.
    pub fn check(&self, aims: &[Aim], currency: Currency, customer_id: Option<CustomerId>) -> Result<Option<CustomerId>, Error> {
        let mut faults = Faults::new();
        let mut payer = customer_id;
        for aim in aims {
            let account = self.account(aim.target)?;
            if account.currency != currency {
                let detail = format!("this is in {}, the payment in {currency}", account.currency);
                faults.add(&aim.pointer, "currency_mismatch", detail);
            }
            match payer {
                None => payer = Some(account.customer_id),
                Some(payer) if payer == account.customer_id => {}
                Some(_) => {
                    let pointer = if customer_id.is_some() && aims.len() == 1 { "/customer_id" } else { aim.pointer.as_str() };
                    faults.add(pointer, "customer_mismatch", "this is billed to another customer than the payment's");
                }
            }
        }
        faults.into_result()?;
        Ok(payer)
    }

    /// Puts the payment's unapplied money on its targets, one after the other. 422 `exceeds_debt` where an exact amount is more
    /// than is owed.
    pub fn apply(&mut self, aims: &[Aim], payment: &mut Payment, at: DateTime<Utc>) -> Result<(), Error> {
        let mut faults = Faults::new();
        for aim in aims {
            let order_id = self.order_of(aim.target)?;
            let account = self.account_mut(order_id)?;
            let mut settles = aim.exact.clone().unwrap_or_else(|| Settlement::money(payment.unapplied())).rounded(account.currency);
            let debt = match aim.target {
                Target::Invoice(id) => account.invoice(id).map_or(Decimal::ZERO, |invoice| invoice.due()),
                Target::Order(_) => account.debt(),
            };
            if aim.exact.is_some() && settles.total() > debt {
                let detail = format!("{debt} {} is owed", account.currency);
                let field = if settles.money > debt { "amount" } else { "adjustments" };
                faults.add(format!("{}/{field}", aim.pointer), "exceeds_debt", detail);
                continue;
            }
            let placements: Vec<Placement> = match aim.target {
                Target::Invoice(id) => account.pay_invoice(id, &mut settles).into_iter().collect(),
                Target::Order(_) => account.pay(&mut settles),
            };
            payment.put(&placements, at);
        }
        Ok(faults.into_result()?)
    }

    /// Adds to what is authorized for an order.
    pub fn authorized(&mut self, order_id: Option<OrderId>, amount: Decimal) {
        if let Some(account) = self.accounts.iter_mut().find(|account| Some(account.account.order_id) == order_id) {
            account.account.authorized += amount;
        }
    }

    /// Releases holds that waited for this money, and writes orders, invoices and balances. The events of the payment come before
    /// those that follow from them.
    pub fn save(
        mut self,
        connection: &mut PgConnection,
        context: &Context,
        at: DateTime<Utc>,
        mut facts: Vec<NewEvent>,
    ) -> Result<Vec<NewEvent>, Error> {
        self.accounts.iter_mut().for_each(|account| account.release_payment_hold(context));
        facts.extend(accounts::save(connection, context, self.accounts, at)?);
        Ok(facts)
    }
}
