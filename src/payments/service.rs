use super::body::{PatchPaymentData, PaymentBody, PutPaymentData};
use super::inbound::Dispute;
use super::operations;
use super::operations::operation::{Operation, OperationKind};
use super::payment::Payment;
use super::refunds;
use super::refunds::body::RefundBody;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::platform::http::Precondition;
use crate::platform::keyset::Slice;
use crate::platform::numbers::Numbers;
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, OrderId, OrganizationId, PaymentId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

pub use super::bulk::insert_all;
pub use super::standing::{standing_on_invoices, standing_on_orders};
pub use super::store::{DocumentAdjustment, Filter, adjustments_of, customer_exists, insert, of_order, of_provider};
pub use super::waiting::{expired, look_again, orders_to_capture, seen, silent};

const WHAT: &str = "payment";

/// A payment before and after a use case. Change `after`.
#[derive(Clone, Debug)]
pub struct PaymentChange {
    before: Payment,
    pub after: Payment,
}

impl PaymentChange {
    fn of(payment: Payment) -> Self {
        Self { before: payment.clone(), after: payment }
    }

    pub fn is_changed(&self) -> bool {
        self.after != self.before
    }

    /// Whether more is asked of its provider than before.
    pub fn asks_more(&self) -> bool {
        self.after.operations.len() > self.before.operations.len()
    }

    /// How much more of it is on no document.
    pub fn more_unapplied(&self) -> Decimal {
        self.after.unapplied() - self.before.unapplied()
    }
}

/// The next receipt number, `RCP-000123`. Take it before the transaction.
pub fn next_number(connection: &mut PgConnection, numbers: &Numbers, organization_id: OrganizationId) -> Result<String, Error> {
    Ok(format!("RCP-{:06}", numbers.next(connection, organization_id.0, "payment")?))
}

/// The next refund number, `RFD-000123`. Take it before the transaction.
pub fn next_refund_number(connection: &mut PgConnection, numbers: &Numbers, organization_id: OrganizationId) -> Result<String, Error> {
    Ok(format!("RFD-{:06}", numbers.next(connection, organization_id.0, "refund")?))
}

/// Takes back the number of a payment or refund where its call was refused, so that nothing was written under it.
pub fn put_number_back<T>(numbers: &Numbers, organization_id: OrganizationId, number: &str, outcome: &Result<T, Error>) {
    let series = match number.split_once('-') {
        Some(("RFD", digits)) => digits.parse().ok().map(|number| ("refund", number)),
        Some(("RCP", digits)) => digits.parse().ok().map(|number| ("payment", number)),
        Some(_) | None => None,
    };
    if let (Some((series, number)), Err(error)) = (series, outcome)
        && error.is_refusal()
    {
        numbers.put_back(organization_id.0, series, number);
    }
}

/// The payment as it is, without a lock; 404 where there is none.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: PaymentId) -> Result<Payment, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One payment under its row lock; 404 where there is none, 412 where it is not the version that the caller has seen.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: PaymentId,
    precondition: &Precondition,
) -> Result<PaymentChange, Error> {
    let payment = store::lock(connection, organization_id, &[id])?.pop().ok_or(Error::not_found(WHAT))?;
    precondition.check(payment.version)?;
    Ok(PaymentChange::of(payment))
}

/// The payments whose money is on an invoice, or on an order and none of its invoices, locked; oldest first. The caller holds
/// the order's lock.
pub fn lock_with_money_on(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
    invoice_id: Option<InvoiceId>,
) -> Result<Vec<PaymentChange>, Error> {
    let ids = store::with_money_on(connection, organization_id, order_id, invoice_id)?;
    if ids.is_empty() {
        return Ok(vec![]);
    }
    // UUIDv7: the order of the locks is the order of age.
    Ok(store::lock(connection, organization_id, &ids)?.into_iter().map(PaymentChange::of).collect())
}

/// The payments of these ids under their row locks, oldest first.
pub fn lock_all(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[PaymentId]) -> Result<Vec<PaymentChange>, Error> {
    Ok(store::lock(connection, organization_id, ids)?.into_iter().map(PaymentChange::of).collect())
}

/// Raises the versions of payments that changed and writes the difference. The caller holds their locks.
pub fn save(connection: &mut PgConnection, context: &Context, changes: &mut [PaymentChange]) -> Result<(), Error> {
    for change in changes.iter_mut().filter(|change| change.is_changed()) {
        change.after.version = change.before.version + 1;
        change.after.updated_at = context.now;
    }
    let changed: Vec<&PaymentChange> = changes.iter().filter(|change| change.is_changed()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    store::update(connection, context, &changed.iter().map(|change| &change.after).collect::<Vec<_>>())?;
    let new_rows = |change: &&PaymentChange| change.before.allocations.len();
    let rows: Vec<_> =
        changed.iter().flat_map(|change| change.after.allocations[new_rows(change)..].iter().map(|row| (change.after.id, row))).collect();
    store::insert_allocations(connection, context.organization_id, &rows)?;
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for change in changed {
        for operation in &change.after.operations {
            match change.before.operations.iter().find(|known| known.id == operation.id) {
                None => asked.push((change.after.id, operation)),
                Some(known) if known != operation => answered.push((change.after.id, operation)),
                Some(_) => {}
            }
        }
    }
    // Answers first: only one operation at a time may be pending.
    operations::update(connection, context, &answered)?;
    operations::insert(connection, context, &asked)?;
    Ok(())
}

/// Asks a payment's provider for what it knows of it, unless something is asked already.
pub fn ask_provider(connection: &mut PgConnection, context: &Context, id: PaymentId) -> Result<(), Error> {
    let mut change = lock(connection, context.organization_id, id, &Precondition::Any)?;
    let payment = &mut change.after;
    if payment.operations.iter().all(|operation| !operation.is_pending()) {
        payment.operations.push(Operation::new(OperationKind::Retrieve, payment.amount, context.now));
        save(connection, context, std::slice::from_mut(&mut change))?;
    }
    Ok(())
}

/// Tells that the payer contests the payment at his bank. The money is taken back when he has won.
pub fn tell_of_dispute(connection: &mut PgConnection, context: &Context, id: PaymentId, dispute: &Dispute) -> Result<(), Error> {
    let payment = find(connection, context.organization_id, id)?;
    let mut fact = event("payment.disputed", &payment);
    fact.data["dispute"] = json!({ "id": dispute.id, "status": dispute.status, "reason": dispute.reason });
    events::append(connection, context, &[fact])?;
    Ok(())
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: PaymentId) -> Result<PaymentBody, Error> {
    let payment = find(connection, organization_id, id)?;
    body(connection, organization_id, &payment)
}

/// A payment with its refunds.
pub fn body(connection: &mut PgConnection, organization_id: OrganizationId, payment: &Payment) -> Result<PaymentBody, Error> {
    let refunds = refunds::service::of_payments(connection, organization_id, &[payment.id])?;
    Ok(PaymentBody::of(payment, refunds))
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<PaymentId>,
) -> Result<Page<PaymentBody>, Error> {
    let rows = store::page(connection, organization_id, filter, slice)?;
    let key = |payment: &Payment| [slice.sort.key(payment.updated_at, None), payment.id.to_string()];
    let page = Page::cut(rows, slice.limit, |payment| encode_cursor(&slice.filters, &key(payment)));
    let ids: Vec<PaymentId> = page.data.iter().map(|payment| payment.id).collect();
    let refunds = refunds::service::of_payments(connection, organization_id, &ids)?;
    let of = |id: PaymentId| refunds.iter().filter(|refund| refund.payment_id == id).cloned().collect::<Vec<RefundBody>>();
    Ok(page.map(|payment| PaymentBody::of(&payment, of(payment.id))))
}

/// Changes reference, external ids and metadata.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    patch: &PatchPaymentData,
    precondition: &Precondition,
) -> Result<PaymentBody, Error> {
    let mut change = lock(connection, context.organization_id, id, precondition)?;
    let payment = &mut change.after;
    let before = PutPaymentData {
        reference: payment.reference.clone(),
        external_ids: payment.external_ids.clone(),
        metadata: payment.metadata.clone(),
    };
    let after = patch.apply(&before)?;
    after.check()?;
    if after != before {
        (payment.reference, payment.external_ids, payment.metadata) = (after.reference, after.external_ids, after.metadata);
        save(connection, context, std::slice::from_mut(&mut change))?;
        events::append(connection, context, &[event("payment.updated", &change.after)])?;
    }
    body(connection, context.organization_id, &change.after)
}

/// An event about a payment; in an order's time line where it concerns one.
pub fn event(event_type: &'static str, payment: &Payment) -> NewEvent {
    let data = json!({
        "number": payment.number,
        "status": payment.status,
        "customer_id": payment.customer_id,
        "currency": payment.currency,
        "method": payment.method,
        "amount": Amount(payment.amount),
        "amount_captured": Amount(payment.captured),
        "amount_refunded": Amount(payment.refunded),
        "unapplied_amount": Amount(payment.unapplied()),
        "received_on": payment.received_on,
        "expires_at": payment.expires_at,
        "reference": payment.reference,
        "provider": payment.provider,
        "allocations": payment.standing().iter().map(|placement| json!({
            "order_id": placement.order_id, "invoice_id": placement.invoice_id, "amount": Amount(placement.settles.money),
            "adjustments": placement.settles.adjustments,
        })).collect::<Vec<_>>(),
    });
    let order_id = payment.order_id.or(payment.orders().first().copied());
    match order_id {
        Some(order_id) => NewEvent::of_part(event_type, order_id, WHAT, payment.id.0, data),
        None => NewEvent::of(event_type, WHAT, payment.id.0, data),
    }
}
