//! Use cases that stay within returns: reading, deciding, and changing what people may change at any time.

use super::body::{AuthorizeReturn, CancelReturn, PatchReturnData, PutReturnData, RefuseReturn, ReturnBody};
use super::sales_return::Return;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::platform::keyset::Slice;
use crate::platform::numbers::Numbers;
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::{OrderId, OrganizationId, ReturnId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::{Value, json};

pub use super::store::{Filter, announced, arrivals, costs, insert, is_open_for};

const WHAT: &str = "return";

/// The next return number, `RMA-000123`. Take it before the transaction.
pub fn next_number(connection: &mut PgConnection, numbers: &Numbers, organization_id: OrganizationId) -> Result<String, Error> {
    Ok(format!("RMA-{:06}", numbers.next(connection, organization_id.0, "return")?))
}

/// The return as it is, without a lock; 404 where there is none.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId) -> Result<Return, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// The order of a return; 404 where there is no such return.
pub fn order_of(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId) -> Result<OrderId, Error> {
    store::order_of(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One return under its row lock; 404 where there is none, 412 where it is not the version that the caller has seen.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: ReturnId,
    precondition: &Precondition,
) -> Result<Return, Error> {
    let found = store::lock(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(found.version)?;
    Ok(found)
}

/// Raises the version and writes a return that the caller has locked.
pub fn save(connection: &mut PgConnection, context: &Context, changed: &mut Return) -> Result<(), Error> {
    changed.version += 1;
    changed.updated_at = context.now;
    store::update(connection, context.organization_id, changed)?;
    Ok(())
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: ReturnId) -> Result<ReturnBody, Error> {
    Ok(ReturnBody::from(&find(connection, organization_id, id)?))
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<ReturnId>,
) -> Result<Page<ReturnBody>, Error> {
    let rows = store::page(connection, organization_id, filter, slice)?;
    let key = |one: &Return| [slice.sort.key(one.updated_at, None), one.id.to_string()];
    let page = Page::cut(rows, slice.limit, |one| encode_cursor(&slice.filters, &key(one)));
    Ok(page.map(|one| ReturnBody::from(&one)))
}

/// Lets it in. 409 `outside_return_window` where its time is over and nobody says that it is let in all the same.
pub fn authorize(
    connection: &mut PgConnection,
    context: &Context,
    id: ReturnId,
    body: &AuthorizeReturn,
    precondition: &Precondition,
) -> Result<ReturnBody, Error> {
    body.check()?;
    let mut found = lock(connection, context.organization_id, id, precondition)?;
    let overdue = found.needs_override() && !body.overrides;
    found.authorize(&context.actor, body.reason.as_deref(), context.now)?;
    if overdue {
        let detail = format!("it could be asked for until {}; send override to let it in all the same", found.window_ends_on);
        return Err(Error::conflict_with("outside_return_window", detail, json!({ "window_ends_on": found.window_ends_on })));
    }
    finish(connection, context, found, "return.authorized")
}

/// Does not let it in.
pub fn refuse(
    connection: &mut PgConnection,
    context: &Context,
    id: ReturnId,
    body: &RefuseReturn,
    precondition: &Precondition,
) -> Result<ReturnBody, Error> {
    body.check()?;
    let mut found = lock(connection, context.organization_id, id, precondition)?;
    found.refuse(&context.actor, &body.reason, context.now)?;
    finish(connection, context, found, "return.refused")
}

/// Calls it off; what it announced may be announced anew.
pub fn cancel(
    connection: &mut PgConnection,
    context: &Context,
    id: ReturnId,
    body: &CancelReturn,
    precondition: &Precondition,
) -> Result<ReturnBody, Error> {
    body.check()?;
    let mut found = lock(connection, context.organization_id, id, precondition)?;
    found.cancel(&context.actor, body.reason.as_deref(), context.now)?;
    finish(connection, context, found, "return.cancelled")
}

fn finish(connection: &mut PgConnection, context: &Context, mut changed: Return, event_type: &'static str) -> Result<ReturnBody, Error> {
    save(connection, context, &mut changed)?;
    events::append(connection, context, &[event(event_type, &changed)])?;
    Ok(ReturnBody::from(&changed))
}

/// Changes note, external ids and metadata.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: ReturnId,
    patch: &PatchReturnData,
    precondition: &Precondition,
) -> Result<ReturnBody, Error> {
    let mut found = lock(connection, context.organization_id, id, precondition)?;
    let before =
        PutReturnData { note: found.detail.note.clone(), external_ids: found.external_ids.clone(), metadata: found.metadata.clone() };
    let after = patch.apply(&before)?;
    after.check()?;
    if after == before {
        return Ok(ReturnBody::from(&found));
    }
    (found.detail.note, found.external_ids, found.metadata) = (after.note, after.external_ids, after.metadata);
    finish(connection, context, found, "return.updated")
}

/// An event about a return, in its order's time line.
pub fn event(event_type: &'static str, one: &Return) -> NewEvent {
    let lines: Vec<Value> = one
        .lines
        .iter()
        .map(|line| {
            json!({
                "order_line_id": line.order_line_id,
                "sku": line.sku,
                "unit": line.unit,
                "quantity": Quantity(line.quantity),
                "reason": line.reason.as_ref().map(|reason| reason.code),
                "received_quantity": Quantity(line.received()),
                "resellable_quantity": Quantity(line.resellable),
                "damaged_quantity": Quantity(line.damaged),
                "scrap_quantity": Quantity(line.scrap),
            })
        })
        .collect();
    let data = json!({
        "number": one.number,
        "order_number": one.order_number,
        "customer_id": one.customer_id,
        "status": one.status,
        "shipment_id": one.shipment_id,
        "within_window": one.within_window,
        "decision": one.detail.decision,
        "currency": one.currency,
        "amount_credited": Amount(one.amount_credited),
        "amount_refunded": Amount(one.amount_refunded),
        "credit_note_ids": one.credit_note_ids,
        "refund_ids": one.refund_ids,
        "replacement_order_id": one.replacement_order_id,
        "lines": lines,
    });
    NewEvent::of_part(event_type, one.order_id, WHAT, one.id.0, data)
}
