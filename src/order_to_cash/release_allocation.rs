//! Money comes off the wrong document and stays in the company.

use super::document_date::require_open;
use super::payment_targets::Targets;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::invoicing::invoices;
use crate::organization;
use crate::payments::account::Placement;
use crate::payments::body::check_amount;
use crate::payments::corrections::ReleaseAllocations;
use crate::payments::payment::{Payment, PaymentAction};
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{InvoiceId, OrderId, PaymentId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Takes money of a payment off an invoice, or off an order and its invoices: it is unapplied, and the document due again. 409
/// `nothing_applied` where the payment has nothing there, `exceeds_applied` above what it has, `books_closed` where today is closed.
pub fn release(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    body: &ReleaseAllocations,
    precondition: &Precondition,
) -> Result<Payment, Error> {
    body.check()?;
    let settings = organization::settings(connection, context.organization_id)?;
    require_open(&settings, settings.local_date(context.now))?;
    let (order_id, invoice_id) = target(connection, context, body)?;
    let (mut targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
    let payment = &mut change.after;
    payment.status = payment.next(PaymentAction::Release)?;
    let here = payment.standing_on(order_id, invoice_id);
    if here.is_empty() {
        return Err(Error::conflict("nothing_applied", "the payment has no money there"));
    }
    let money = amount(body, &here, payment.currency)?;
    let taken = payment.take_off(&here, money, context.now);
    for placement in &taken {
        targets.account_mut(placement.order_id)?.release(placement);
    }
    targets.accounts.iter_mut().for_each(|account| account.require_payment(context));
    let mut fact = payments::event("payment.unapplied", payment);
    let row = |placement: &Placement| {
        json!({ "order_id": placement.order_id, "invoice_id": placement.invoice_id, "amount": Amount(placement.settles.money),
            "adjustments": placement.settles.adjustments })
    };
    fact.data["released"] = taken.iter().map(row).collect();
    fact.data["reason"] = json!(body.reason);
    payments::save(connection, context, std::slice::from_mut(&mut change))?;
    let facts = targets.save(connection, context, context.now, vec![fact])?;
    events::append(connection, context, &facts)?;
    Ok(change.after)
}

fn target(connection: &mut PgConnection, context: &Context, body: &ReleaseAllocations) -> Result<(OrderId, Option<InvoiceId>), Error> {
    match (body.order_id, body.invoice_id) {
        (Some(order_id), _) => Ok((order_id, None)),
        (None, Some(invoice_id)) => {
            let orders = invoices::service::orders_of(connection, context.organization_id, &[invoice_id])?;
            let order_id = orders.get(&invoice_id).copied();
            let order_id = order_id.ok_or_else(|| Error::invalid("/invoice_id", "unknown_invoice", "there is no such invoice"))?;
            Ok((order_id, Some(invoice_id)))
        }
        (None, None) => Err(Error::invalid("", "exactly_one_of", "give invoice_id or order_id")),
    }
}

/// How much money: all that is there where nothing is said.
fn amount(body: &ReleaseAllocations, here: &[Placement], currency: Currency) -> Result<Decimal, Error> {
    let most: Decimal = here.iter().map(|placement| placement.settles.money).sum();
    let Some(asked) = &body.amount else { return Ok(most) };
    let mut faults = Faults::new();
    check_amount(&mut faults, "/amount", asked.0, currency);
    faults.into_result()?;
    if asked.0 > most {
        let most = currency.round(most);
        let detail = format!("{most} {currency} of the payment is there");
        return Err(Error::conflict_with("exceeds_applied", detail, json!({ "applied_amount": Amount(most) })));
    }
    Ok(asked.0)
}
