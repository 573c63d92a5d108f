//! Money comes in: it is booked, and put on invoices and orders up to what they owe.

use super::adjustment_limits::Limits;
use super::document_date::{booking_date, instant_of, past_date, require_open};
use super::payment_targets::{Aim, Targets};
use super::provider_money::{ask, was_cancelled_lately};
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization::{self, Settings};
use crate::payments::body::{
    CapturePayment, NewAllocation, NewAllocations, NewPayment, Target, check_allocations, check_amount, write_off,
};
use crate::payments::operations::operation::{Operation, OperationKind};
use crate::payments::payment::{LastCapture, Payment, PaymentAction, PaymentStatus};
use crate::payments::provider::stripe::amounts;
use crate::payments::providers::{self, body::PaymentProviderKind};
use crate::payments::service::{self as payments, PaymentChange};
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, PaymentId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

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
        PaymentStatus::Captured => booking_date(&settings, body.received_on, context, "/received_on")?,
        _ => past_date(&settings, body.received_on, context, "/received_on")?,
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
        Limits::load(connection, context, &targets, &aims)?.check(context, &aims, &payment)?;
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

/// Giving up what is owed takes a scope of its own, whatever the way on which the money comes in. What stands on the documents
/// already counts too, once they are locked: [`Limits::check`].
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
    Limits::load(connection, context, &targets, &aims)?.check(context, &aims, payment)?;
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
    let received_on = booking_date(&settings, body.received_on, context, "/received_on")?;
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
