//! Use cases that stay within orders: reading, and changing what people may change at any time.

use super::body::{OrderBody, PatchOrder};
use super::change;
use super::edit::told;
use super::filter::OrderFilter;
use super::store::{self, ShownOrder};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::platform::numbers::Numbers;
use crate::types::fault::Faults;
use crate::types::free_data;
use crate::types::id::{OrderId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

/// The next order number, `SO-000123`. Take it before the transaction.
pub fn next_number(connection: &mut PgConnection, numbers: &Numbers, organization_id: OrganizationId) -> Result<String, Error> {
    Ok(format!("SO-{:06}", numbers.next(connection, organization_id.0, "order")?))
}

/// The order, written as [`OrderBody`] is.
pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> Result<ShownOrder, Error> {
    store::find_shown(connection, organization_id, id)?.ok_or(Error::not_found("order"))
}

/// The order's version alone; 404 where there is no such order.
pub fn version(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> Result<i64, Error> {
    store::version(connection, organization_id, id)?.ok_or(Error::not_found("order"))
}

/// A page of orders, written as `Page<OrderBody>` is.
pub fn list(connection: &mut PgConnection, organization_id: OrganizationId, filter: &OrderFilter) -> Result<Vec<u8>, Error> {
    let bad_cursor = || Error::bad_request("invalid_cursor", "take the cursor from next_cursor");
    let after = match filter.after.as_deref() {
        None => None,
        Some([at, id]) => {
            let at: DateTime<Utc> = at.parse().map_err(|_| bad_cursor())?;
            Some((at, id.parse().map_err(|_| bad_cursor())?))
        }
        Some(_) => return Err(bad_cursor()),
    };
    let orders = store::list::page(connection, organization_id, filter, after)?;
    let key = |order: &ShownOrder| filter.sort.key(order.ordered_at, order.updated_at).to_rfc3339();
    let cursor_of = |order: &ShownOrder| encode_cursor(&filter.fingerprint, &[key(order), order.id.to_string()]);
    let page = Page::cut(orders, filter.limit, cursor_of);
    let cursor = serde_json::to_string(&page.next_cursor).map_err(Error::internal)?;
    let orders = page.data.iter().map(|order| order.json.len() + 1).sum::<usize>();
    let mut json = Vec::with_capacity(orders + cursor.len() + 32);
    json.extend_from_slice(b"{\"data\":[");
    for (i, order) in page.data.iter().enumerate() {
        json.extend_from_slice(if i == 0 { b"" } else { b"," });
        json.extend_from_slice(&order.json);
    }
    json.extend_from_slice(b"],\"next_cursor\":");
    json.extend_from_slice(cursor.as_bytes());
    json.push(b'}');
    Ok(json)
}

/// The next orders after the last one seen, in the filter's order, each written as [`OrderBody`] is. None after the last.
pub fn shown_after(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &OrderFilter,
    after: Option<(DateTime<Utc>, OrderId)>,
) -> Result<Vec<ShownOrder>, Error> {
    Ok(store::list::page(connection, organization_id, filter, after)?)
}

/// Changes header fields that bind nothing (merge-patch, RFC 7396).
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderId,
    patch: &PatchOrder,
    precondition: &Precondition,
) -> Result<OrderBody, Error> {
    patch.check()?;
    let mut change = change::lock(connection, context.organization_id, id, precondition)?;
    let order = &mut change.after;
    let set = |slot: &mut Option<String>, value: &Option<Option<String>>| {
        if let Some(value) = value {
            slot.clone_from(value);
        }
    };
    set(&mut order.detail.note, &patch.note);
    set(&mut order.detail.buyer_reference, &patch.buyer_reference);
    set(&mut order.detail.delivery_instructions, &patch.delivery_instructions);
    set(&mut order.purchase_order_number, &patch.purchase_order_number);
    set(&mut order.sales_rep, &patch.sales_rep);
    if let Some(contact) = &patch.contact {
        order.detail.contact = contact.as_ref().map(|contact| contact.over(order.detail.contact.take().unwrap_or_default()));
    }
    let mut faults = Faults::new();
    let detail = &mut order.detail;
    free_data::patch((&mut detail.external_ids, &mut detail.metadata), (&patch.external_ids, &patch.metadata), &mut faults);
    faults.into_result()?;
    let mut changes = [change];
    change::save(connection, context, &mut changes, context.now)?;
    let [change] = changes;
    if change.after != change.before {
        let data = told(&change.before, &change.after, &[]);
        events::append(connection, context, &[NewEvent::of_order("order.edited", id, data)])?;
    }
    Ok(OrderBody::from(&change.after))
}
