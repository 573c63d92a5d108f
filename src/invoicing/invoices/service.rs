use super::body::{InvoiceAdjustment, InvoiceBody};
use super::invoice::Invoice;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::invoicing::documents::body::{PatchDocumentData, PutDocumentData};
use crate::invoicing::documents::{self, DocumentKind};
use crate::organization;
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::platform::keyset::Slice;
use crate::types::decimal::Amount;
use crate::types::id::{InvoiceId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use serde_json::{Value, json};

pub use super::store::{
    Filter, ShippedLine, bill_to, insert, lock_balances, mark_invoiced, orders_of, organizations_with_overdue, prepayments, save_balances,
    save_credited, save_successor, terms_of, uninvoiced,
};

const WHAT: &str = "invoice";

/// The invoice as a whole; 404 where there is none.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: InvoiceId) -> Result<Invoice, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// As `find`, with the row locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: InvoiceId) -> Result<Invoice, Error> {
    store::lock(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

pub fn get(connection: &mut PgConnection, context: &Context, id: InvoiceId) -> Result<InvoiceBody, Error> {
    let invoice = find(connection, context.organization_id, id)?;
    body(connection, context, &invoice)
}

/// An invoice with the adjustments that stand on it.
pub fn body(connection: &mut PgConnection, context: &Context, invoice: &Invoice) -> Result<InvoiceBody, Error> {
    let today = today(connection, context)?;
    let mut bodies = bodies(connection, context, std::slice::from_ref(invoice), today)?;
    bodies.pop().ok_or_else(|| Error::internal("an invoice without a body"))
}

/// In the order of the invoices. Those on which nothing is paid have no adjustments.
fn bodies(connection: &mut PgConnection, context: &Context, invoices: &[Invoice], today: NaiveDate) -> Result<Vec<InvoiceBody>, Error> {
    let paid: Vec<InvoiceId> = invoices.iter().filter(|invoice| !invoice.amount_paid.is_zero()).map(|invoice| invoice.id).collect();
    let adjustments = payments::adjustments_of(connection, context.organization_id, &paid)?;
    let offers = |invoice: &&Invoice| !invoice.amount_paid.is_zero() && invoice.document.payment_terms.discount_percent.is_some();
    let offering: Vec<InvoiceId> = invoices.iter().filter(offers).map(|invoice| invoice.id).collect();
    let standing = payments::standing_on_invoices(connection, context.organization_id, &offering)?;
    let of = |invoice: &Invoice| {
        let own = adjustments.iter().filter(|adjustment| adjustment.invoice_id == invoice.id);
        own.map(|adjustment| InvoiceAdjustment {
            payment_id: adjustment.payment_id,
            kind: adjustment.kind,
            amount: Amount(invoice.currency.round(adjustment.amount)),
            reference: adjustment.reference.clone(),
        })
        .collect()
    };
    Ok(invoices.iter().map(|invoice| InvoiceBody::of(invoice, today, of(invoice), &standing)).collect())
}

/// The organization's date.
pub fn today(connection: &mut PgConnection, context: &Context) -> Result<NaiveDate, Error> {
    Ok(organization::settings(connection, context.organization_id)?.local_date(context.now))
}

pub fn list(
    connection: &mut PgConnection,
    context: &Context,
    filter: &Filter,
    slice: &Slice<InvoiceId>,
) -> Result<Page<InvoiceBody>, Error> {
    let today = today(connection, context)?;
    let rows = store::page(connection, context.organization_id, filter, slice, today)?;
    let key = |invoice: &Invoice| [slice.sort.key(invoice.updated_at, Some(invoice.due_on)), invoice.id.to_string()];
    let page = Page::cut(rows, slice.limit, |invoice| encode_cursor(&slice.filters, &key(invoice)));
    Ok(Page { data: bodies(connection, context, &page.data, today)?, next_cursor: page.next_cursor })
}

/// Changes external ids and metadata; nothing else of an issued invoice can be changed.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: InvoiceId,
    patch: &PatchDocumentData,
    precondition: &Precondition,
) -> Result<InvoiceBody, Error> {
    let mut invoice = lock(connection, context.organization_id, id)?;
    precondition.check(invoice.version)?;
    let before = PutDocumentData { external_ids: invoice.external_ids.clone(), metadata: invoice.metadata.clone() };
    if let Some(after) = documents::patch(connection, context, (DocumentKind::Invoice, id.0), &before, patch)? {
        let data = json!({ "number": invoice.number, "external_ids": after.external_ids });
        let event = NewEvent::of_part("invoice.updated", invoice.order_id, WHAT, id.0, data);
        events::append(connection, context, &[event])?;
        invoice.version += 1;
        invoice.updated_at = context.now;
        (invoice.external_ids, invoice.metadata) = (after.external_ids, after.metadata);
    }
    body(connection, context, &invoice)
}

/// What readers of the feed need of an invoice without asking back.
pub fn event_data(invoice: &Invoice) -> Value {
    json!({
        "number": invoice.number,
        "order_id": invoice.order_id,
        "order_number": invoice.document.orders.first().map(|order| order.number.as_str()),
        "customer_id": invoice.customer_id,
        "currency": invoice.currency,
        "total": Amount(invoice.total),
        "amount_due": Amount(invoice.balance().due()),
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
    })
}
