use super::body::CreditNoteBody;
use super::credit_note::CreditNote;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::invoicing::documents::body::{PatchDocumentData, PutDocumentData};
use crate::invoicing::documents::{self, DocumentKind};
use crate::platform::http::Precondition;
use crate::platform::keyset::Slice;
use crate::types::decimal::Amount;
use crate::types::id::{CreditNoteId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::{Value, json};

pub use super::store::{Filter, credited_sums, insert, shipping_is_credited};

const WHAT: &str = "credit_note";

/// The credit note as a whole; 404 where there is none.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: CreditNoteId) -> Result<CreditNote, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: CreditNoteId) -> Result<CreditNoteBody, Error> {
    let note = store::find(connection, organization_id, id)?.ok_or(Error::not_found("credit note"))?;
    Ok(CreditNoteBody::from(&note))
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<CreditNoteId>,
) -> Result<Page<CreditNoteBody>, Error> {
    let rows = store::page(connection, organization_id, filter, slice)?;
    let key = |note: &CreditNote| [slice.sort.key(note.updated_at, None), note.id.to_string()];
    let page = Page::cut(rows, slice.limit, |note| encode_cursor(&slice.filters, &key(note)));
    Ok(page.map(|note| CreditNoteBody::from(&note)))
}

/// Changes external ids and metadata; nothing else of an issued credit note can be changed.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: CreditNoteId,
    patch: &PatchDocumentData,
    precondition: &Precondition,
) -> Result<CreditNoteBody, Error> {
    let mut note = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found("credit note"))?;
    precondition.check(note.version)?;
    let before = PutDocumentData { external_ids: note.external_ids.clone(), metadata: note.metadata.clone() };
    if let Some(after) = documents::patch(connection, context, (DocumentKind::CreditNote, id.0), &before, patch)? {
        let data = json!({ "number": note.number, "external_ids": after.external_ids });
        events::append(connection, context, &[NewEvent::of_part("credit_note.updated", note.order_id, WHAT, id.0, data)])?;
        note.version += 1;
        note.updated_at = context.now;
        (note.external_ids, note.metadata) = (after.external_ids, after.metadata);
    }
    Ok(CreditNoteBody::from(&note))
}

/// What readers of the feed need of a credit note without asking back.
pub fn event_data(note: &CreditNote) -> Value {
    json!({
        "number": note.number,
        "invoice_id": note.invoice_id,
        "invoice_number": note.document.invoice_number,
        "order_id": note.order_id,
        "customer_id": note.customer_id,
        "currency": note.currency,
        "total": Amount(note.total),
        "reason": note.reason,
        "issued_on": note.issued_on,
        "replaced_by_invoice_id": note.replaced_by_invoice_id,
    })
}
