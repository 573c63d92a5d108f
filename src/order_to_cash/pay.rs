//! Money comes in: it is booked, and put on invoices and orders up to what they owe.

use super::accounts::{self, LockedAccount, account_of};
use super::document_date::{booking_date, instant_of, past_date, require_open};
use super::provider_money::{ask, was_cancelled_lately};
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::invoicing::invoices;
use crate::orders::body::NewOrderPayment;
use crate::orders::order::Order;
use crate::organization::{self, Settings};
use crate::payments::account::{Account, Placement};
use crate::payments::body::{
    CapturePayment, NewAllocation, NewAllocations, NewPayment, Target, check_allocations, check_amount, write_off,
};
use crate::payments::early_payment::Offer;
use crate::payments::operations::operation::{Operation, OperationKind};
use crate::payments::payment::{LastCapture, Payment, PaymentAction, PaymentStatus, Refunded};
use crate::payments::provider::stripe::amounts;
use crate::payments::providers::{self, body::PaymentProviderKind};
use crate::payments::service::{self as payments, PaymentChange};
use crate::payments::settlement::{AdjustmentKind, Settlement};
use crate::platform::http::Precondition;
use crate::types::currency::Currency;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CustomerId, InvoiceId, OrderId, PaymentId};
use chrono::{DateTime, NaiveDate, Utc};
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

fn aims_of(allocations: &[NewAllocation]) -> Vec<Aim> {
    let aim = |(i, row): (usize, &NewAllocation)| {
        Some(Aim { pointer: format!("/allocations/{i}"), target: row.target()?, exact: Some(row.settlement()) })
    };
    allocations.iter().enumerate().filter_map(aim).collect()
}

fn aims(body: &NewPayment) -> Vec<Aim> {
    let invoice = body.invoice_id.map(|id| Aim { pointer: "/invoice_id".into(), target: Target::Invoice(id), exact: None });
    let order = body.order_id.map(|id| Aim { pointer: "/order_id".into(), target: Target::Order(id), exact: None });
    invoice.into_iter().chain(order).chain(aims_of(body.allocations())).collect()
}

/// Books a payment in the current transaction. Money that arrived is never refused: what exceeds the debt stays unapplied.
pub fn receive(connection: &mut PgConnection, context: &Context, body: &NewPayment, number: String) -> Result<Payment, Error> {
    body.check()?;
    require_write_off(context, body.allocations())?;
    let settings = organization::settings(connection, context.organization_id)?;
    // Only money that has moved stands in the books; what is announced or authorized is dated anew when it comes.
    let received_on = match body.status() {
        PaymentStatus::Captured => booking_date(&settings, body.received_on, context.now, "/received_on")?,
        _ => past_date(&settings, body.received_on, context.now, "/received_on")?,
    };
    if body.expires_at.is_some_and(|expires_at| expires_at <= context.now) {
        return Err(Error::invalid("/expires_at", "in_the_past", "an authorization that is over reserves nothing"));
    }
    let aims = aims(body);
    let mut targets = Targets::lock(connection, context, &aims)?;
    let customer_id = targets.check(&aims, body.currency, body.customer_id)?;
    if let (Some(id), true) = (body.customer_id, aims.is_empty())
        && !payments::customer_exists(connection, context.organization_id, id)?
    {
        return Err(Error::invalid("/customer_id", "unknown_customer", "there is no such customer"));
    }
    let mut orders: Vec<OrderId> = aims.iter().map(|aim| targets.order_of(aim.target)).collect::<Result<_, _>>()?;
    orders.dedup();
    let mut payment = Payment {
        id: PaymentId::generate(),
        number,
        customer_id,
        order_id: if let [only] = orders.as_slice() { Some(*only) } else { None },
        invoice_id: body.invoice_id,
        currency: body.currency,
        method: body.method,
        status: if body.provider.is_some() { PaymentStatus::Pending } else { body.status() },
        amount: body.currency.round(body.amount.0),
        captured: body.currency.zero(),
        refunded: body.currency.zero(),
        applied: body.currency.zero(),
        received_on,
        expires_at: body.expires_at,
        reference: body.reference.clone(),
        external_ids: body.external_ids.clone().unwrap_or_default(),
        metadata: body.metadata.clone().unwrap_or_default(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
        allocations: vec![],
        provider: body.provider.clone(),
        provider_reference: body.provider_reference.clone(),
        capture_on_shipment: false,
        operations: vec![],
    };
    if body.provider.is_some() {
        begin_at_provider(connection, context, &settings, body, &mut payment)?;
    }
    if payment.status == PaymentStatus::Captured {
        payment.captured = payment.amount;
        targets.check_discounts(connection, context, &aims, &payment)?;
        targets.apply(&aims, &mut payment, context.now)?;
    } else if payment.status == PaymentStatus::Authorized {
        targets.authorized(payment.order_id, payment.amount);
    }
    payments::insert(connection, context, &payment)?;
    let at = instant_of(&settings, received_on, context.now);
    let facts = targets.save(connection, context, at, vec![booked(&payment)])?;
    events::append(connection, context, &facts)?;
    Ok(payment)
}

/// Giving up what is owed takes a scope of its own, whatever the way on which the money comes in.
fn require_write_off(context: &Context, allocations: &[NewAllocation]) -> Result<(), Error> {
    if write_off(allocations) { context.require(Permission::PAYMENTS_WRITE_OFF) } else { Ok(()) }
}

/// What the provider is asked for first: to reserve the money, to take it, or what it knows of money that a checkout asked it for.
fn begin_at_provider(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    body: &NewPayment,
    payment: &mut Payment,
) -> Result<(), Error> {
    let code = body.provider.as_deref().unwrap_or_default();
    let provider = providers::service::find(connection, context.organization_id, code)?.filter(|provider| provider.active);
    let provider = provider.ok_or_else(|| Error::invalid("/provider", "unknown_provider", "there is no active provider of this code"))?;
    let movable = match provider.kind {
        PaymentProviderKind::Stripe => amounts::to_minor(payment.amount, payment.currency).is_some(),
    };
    if !movable {
        return Err(Error::invalid("/amount", "amount_not_supported", "the provider cannot move exactly this amount of this currency"));
    }
    let reserves = body.status() == PaymentStatus::Authorized;
    payment.capture_on_shipment =
        reserves && payment.order_id.is_some() && body.capture_on_shipment.unwrap_or(settings.capture_on_shipment);
    let kind = match (&body.provider_reference, reserves) {
        (Some(_), _) => OperationKind::Retrieve,
        (None, true) => OperationKind::Authorize,
        (None, false) => OperationKind::Charge,
    };
    let operation = Operation::new(kind, payment.amount, context.now);
    ask(payment, Operation { payment_method: body.provider_payment_method.clone(), ..operation })
}

/// Puts unapplied money on orders and invoices.
pub fn allocate(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    body: &NewAllocations,
    precondition: &Precondition,
) -> Result<Payment, Error> {
    if body.allocations.is_empty() {
        return Err(Error::invalid("/allocations", "required", "name at least one order or invoice"));
    }
    require_write_off(context, &body.allocations)?;
    let settings = organization::settings(connection, context.organization_id)?;
    require_open(&settings, settings.local_date(context.now))?;
    let aims = aims_of(&body.allocations);
    let mut targets = Targets::lock(connection, context, &aims)?;
    let mut change = payments::lock(connection, context.organization_id, id, precondition)?;
    let payment = &mut change.after;
    payment.status = payment.next(PaymentAction::Allocate)?;
    let mut faults = Faults::new();
    check_allocations(&mut faults, &body.allocations, payment.unapplied(), payment.currency);
    faults.into_result()?;
    payment.customer_id = targets.check(&aims, payment.currency, payment.customer_id)?;
    targets.check_discounts(connection, context, &aims, payment)?;
    targets.apply(&aims, payment, context.now)?;
    finish(connection, context, targets, change, "payment.applied", context.now)
}

/// What was authorized or announced arrives, and is put on what it was announced for.
pub fn capture(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    body: &CapturePayment,
    precondition: &Precondition,
) -> Result<Payment, Error> {
    let settings = organization::settings(connection, context.organization_id)?;
    let received_on = booking_date(&settings, body.received_on, context.now, "/received_on")?;
    let (mut targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
    let payment = &mut change.after;
    payment.next(PaymentAction::Capture)?;
    let amount = capturable(payment, body)?;
    if payment.provider.is_some() {
        let last = body.last != Some(false) || amount == payment.authorized();
        ask(payment, Operation { last, ..Operation::new(OperationKind::Capture, amount, context.now) })?;
        return finish(connection, context, targets, change, "payment.operation_requested", context.now);
    }
    let authorized = payment.authorized();
    let last = if body.last == Some(false) { LastCapture::No } else { LastCapture::Yes };
    payment.capture(amount, last, received_on)?;
    targets.authorized(payment.order_id, payment.authorized() - authorized);
    let target = payment.invoice_id.map(Target::Invoice).or(payment.order_id.map(Target::Order));
    let aims: Vec<Aim> = target.into_iter().map(Aim::up_to_the_debt).collect();
    targets.apply(&aims, payment, context.now)?;
    let at = instant_of(&settings, received_on, context.now);
    finish(connection, context, targets, change, "payment.captured", at)
}

/// What is to be captured: 422 where it is no amount, 409 `exceeds_authorized` above what is left of an authorization.
fn capturable(payment: &Payment, body: &CapturePayment) -> Result<Decimal, Error> {
    let amount = body.amount.map_or(payment.amount - payment.captured, |amount| amount.0);
    let mut faults = Faults::new();
    check_amount(&mut faults, "/amount", amount, payment.currency);
    faults.into_result()?;
    let left = payment.authorized();
    if payment.status == PaymentStatus::Authorized && amount > left {
        return Err(Error::conflict("exceeds_authorized", format!("at most {left} {} can be captured", payment.currency)));
    }
    Ok(payment.currency.round(amount))
}

/// It will not be captured: the payer is free again. A provider is asked to give it up, and it is voided when that is done.
pub fn void(connection: &mut PgConnection, context: &Context, id: PaymentId, precondition: &Precondition) -> Result<Payment, Error> {
    if payments::find(connection, context.organization_id, id)?.provider.is_some() {
        let (targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
        let payment = &mut change.after;
        payment.next(PaymentAction::Void)?;
        let amount = payment.authorized();
        ask(payment, Operation::new(OperationKind::Cancel, amount, context.now))?;
        return finish(connection, context, targets, change, "payment.operation_requested", context.now);
    }
    give_up(connection, context, id, precondition, PaymentAction::Void, "payment.voided")
}

/// The payer's side refused.
pub fn fail(connection: &mut PgConnection, context: &Context, id: PaymentId, precondition: &Precondition) -> Result<Payment, Error> {
    if payments::find(connection, context.organization_id, id)?.provider.is_some() {
        return Err(Error::conflict("provider_decides", "the payment's provider says whether it fails; void it to give it up"));
    }
    give_up(connection, context, id, precondition, PaymentAction::Fail, "payment.failed")
}

/// The order whose shipments are to be asked for before its authorization, which is over, is given up: the provider may still have the
/// money. Once only.
pub fn captured_late(connection: &mut PgConnection, context: &Context, id: PaymentId) -> Result<Option<OrderId>, Error> {
    let payment = payments::find(connection, context.organization_id, id)?;
    let was_asked_late = |operation: &Operation| {
        operation.kind == OperationKind::Capture && payment.expires_at.is_some_and(|expires_at| expires_at <= operation.created_at)
    };
    let waits = payment.capture_on_shipment && !payment.operations.iter().any(was_asked_late);
    Ok(payment.order_id.filter(|_| waits))
}

/// The time in which an authorization can be captured is over; nothing happens where it is not, or where it is no authorization
/// any more.
pub fn expire(connection: &mut PgConnection, context: &Context, id: PaymentId) -> Result<(), Error> {
    let payment = payments::find(connection, context.organization_id, id)?;
    let is_over = |payment: &Payment| {
        payment.status == PaymentStatus::Authorized && payment.expires_at.is_some_and(|expires_at| expires_at <= context.now)
    };
    if is_over(&payment) && payment.provider.is_some() {
        let (targets, mut change) = Targets::lock_of(connection, context, id, &Precondition::Any)?;
        let payment = &mut change.after;
        let under_way = payment.operations.iter().any(Operation::blocks) || was_cancelled_lately(payment, context);
        if is_over(payment) && !under_way {
            let amount = payment.authorized();
            ask(payment, Operation::new(OperationKind::Cancel, amount, context.now))?;
            finish(connection, context, targets, change, "payment.operation_requested", context.now)?;
        }
    } else if is_over(&payment) {
        match give_up(connection, context, id, &Precondition::Any, PaymentAction::Expire, "payment.expired") {
            // Captured or given up since we looked: nothing is left to expire.
            Err(Error::Conflict { code: "invalid_transition", .. }) => {}
            other => drop(other?),
        }
    }
    Ok(())
}

fn give_up(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    precondition: &Precondition,
    action: PaymentAction,
    event_type: &'static str,
) -> Result<Payment, Error> {
    let (mut targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
    let payment = &mut change.after;
    let authorized = payment.authorized();
    payment.status = payment.next(action)?;
    targets.authorized(payment.order_id, -authorized);
    targets.accounts.iter_mut().for_each(|account| account.require_payment(context));
    finish(connection, context, targets, change, event_type, context.now)
}

fn finish(
    connection: &mut PgConnection,
    context: &Context,
    targets: Targets,
    mut change: PaymentChange,
    event_type: &'static str,
    at: DateTime<Utc>,
) -> Result<Payment, Error> {
    payments::save(connection, context, std::slice::from_mut(&mut change))?;
    let facts = targets.save(connection, context, at, vec![payments::event(event_type, &change.after)])?;
    events::append(connection, context, &facts)?;
    Ok(change.after)
}

/// The locked orders and invoices that a payment touches.
pub(super) struct Targets {
    pub accounts: Vec<LockedAccount>,
}

impl Targets {
    /// 422 for each target that is not there.
    fn lock(connection: &mut PgConnection, context: &Context, aims: &[Aim]) -> Result<Self, Error> {
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

    fn order_of(&self, target: Target) -> Result<OrderId, Error> {
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

    /// 422 `discount_not_granted` where more is deducted for paying early than the invoice's terms grant for the day on which the
    /// money came.
    fn check_discounts(&self, connection: &mut PgConnection, context: &Context, aims: &[Aim], payment: &Payment) -> Result<(), Error> {
        let deducted = |aim: &Aim| aim.exact.as_ref().map(|exact| exact.of_kind(AdjustmentKind::EarlyPaymentDiscount)).unwrap_or_default();
        let discounted: Vec<&Aim> = aims.iter().filter(|aim| deducted(aim) > Decimal::ZERO).collect();
        if discounted.is_empty() {
            return Ok(());
        }
        let invoice = |aim: &&Aim| match aim.target {
            Target::Invoice(id) => Some(id),
            Target::Order(_) => None,
        };
        let ids: Vec<InvoiceId> = discounted.iter().filter_map(invoice).collect();
        let terms = invoices::service::terms_of(connection, context.organization_id, &ids)?;
        let mut faults = Faults::new();
        for aim in discounted {
            let pointer = format!("{}/adjustments", aim.pointer);
            let Some(id) = invoice(&aim) else {
                faults.add(pointer, "discount_not_granted", "an early payment discount is one of an invoice; name it by invoice_id");
                continue;
            };
            let issued_on = self.account(aim.target)?.invoice(id).map(|invoice| invoice.issued_on);
            let offer = terms.get(&id).zip(issued_on).and_then(|(terms, issued_on)| Offer::of(terms, issued_on));
            let Some(offer) = offer else {
                faults.add(pointer, "discount_not_granted", "the invoice's terms have no early payment discount");
                continue;
            };
            let settled = aim.exact.as_ref().map(Settlement::total).unwrap_or_default();
            let most = offer.granted(settled, payment.received_on, payment.currency);
            if deducted(aim) > most {
                let (percent, until_on) = (offer.percent.normalize(), offer.until_on);
                let detail = format!("the terms grant {percent} % until {until_on}: at most {most} {} here", payment.currency);
                faults.add(pointer, "discount_not_granted", detail);
            }
        }
        Ok(faults.into_result()?)
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

/// Money that came with a new order, with its receipt number.
#[derive(Clone, Debug)]
pub struct OrderPayment<'a> {
    pub number: String,
    pub payment: &'a NewOrderPayment,
}

/// The payments of a new order, and what they make of it: captured money is put on it up to its total, authorized money
/// counts, and a hold that waited for it is released. Nothing is written; see [`payments::insert`]. Pointers are those of
/// `POST /v1/orders`.
pub fn payments_of_new_order(
    order: &mut Order,
    given: &[OrderPayment],
    received_on: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Vec<Payment>, Vec<Fault>> {
    let mut account = Account { uninvoiced: order.wanted_total() - order.amount_invoiced, ..account_of(order, vec![]) };
    let mut faults = Faults::new();
    let mut payments = Vec::new();
    for (i, OrderPayment { number, payment: new }) in given.iter().enumerate() {
        check_amount(&mut faults, &format!("/payments/{i}/amount"), new.amount.0, order.currency);
        let mut payment = Payment {
            id: PaymentId::generate(),
            number: number.clone(),
            customer_id: Some(order.bill_to_customer_id),
            order_id: Some(order.id),
            invoice_id: None,
            currency: order.currency,
            method: new.method,
            status: new.status.unwrap_or(PaymentStatus::Captured),
            amount: order.currency.round(new.amount.0),
            captured: order.currency.zero(),
            refunded: order.currency.zero(),
            applied: order.currency.zero(),
            received_on,
            expires_at: None,
            reference: new.reference.clone(),
            external_ids: Default::default(),
            metadata: Default::default(),
            version: 1,
            created_at: at,
            updated_at: at,
            allocations: vec![],
            provider: None,
            provider_reference: None,
            capture_on_shipment: false,
            operations: vec![],
        };
        match payment.status {
            PaymentStatus::Captured => {
                payment.captured = payment.amount;
                let placements = account.pay(&mut Settlement::money(payment.amount));
                payment.put(&placements, at);
            }
            PaymentStatus::Authorized => account.authorized += payment.amount,
            PaymentStatus::Pending => {}
            PaymentStatus::Voided
            | PaymentStatus::Expired
            | PaymentStatus::Failed
            | PaymentStatus::Reversed
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => {
                faults.add(format!("/payments/{i}/status"), "unknown_value", "an order comes with captured, authorized or pending money");
            }
        }
        payments.push(payment);
    }
    faults.into_result()?;
    (order.amount_paid, order.amount_authorized) = (account.paid, account.authorized);
    accounts::release_payment_hold(order, account.is_covered(), at);
    Ok(payments)
}

/// The event of a payment that has just been booked.
pub fn booked(payment: &Payment) -> NewEvent {
    let event_type = match payment.status {
        PaymentStatus::Captured | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded | PaymentStatus::Reversed => {
            "payment.captured"
        }
        PaymentStatus::Authorized => "payment.authorized",
        PaymentStatus::Pending => "payment.pending",
        PaymentStatus::Voided => "payment.voided",
        PaymentStatus::Expired => "payment.expired",
        PaymentStatus::Failed => "payment.failed",
    };
    payments::event(event_type, payment)
}
