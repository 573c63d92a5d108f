//! What invoices and credit notes have in common after they were issued.

/// What may change on them.
pub mod body;
mod store;

use crate::auth::actor::Context;
use crate::error::Error;
use body::{PatchDocumentData, PutDocumentData};
use diesel::pg::PgConnection;
use uuid::Uuid;

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    Invoice,
    CreditNote,
}

/// Changes external ids and metadata of a document whose row the caller has locked; nothing else of an issued document can be
/// changed. The new data, where they are others than `before`; then its version is the next one.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    (kind, id): (DocumentKind, Uuid),
    before: &PutDocumentData,
    patch: &PatchDocumentData,
) -> Result<Option<PutDocumentData>, Error> {
    let after = patch.apply(before)?;
    after.check()?;
    if after == *before {
        return Ok(None);
    }
    store::save_data(connection, context, kind, id, &after)?;
    Ok(Some(after))
}
