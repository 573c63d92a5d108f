use super::DocumentKind;
use super::body::PutDocumentData;
use crate::auth::actor::Context;
use crate::platform::sql::{sql, to_json};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// Writes external ids and metadata. The caller holds the row's lock.
pub fn save_data(
    connection: &mut PgConnection,
    context: &Context,
    kind: DocumentKind,
    id: Uuid,
    data: &PutDocumentData,
) -> QueryResult<()> {
    let table = match kind {
        DocumentKind::Invoice => "invoice",
        DocumentKind::CreditNote => "credit_note",
    };
    sql(format!(
        "UPDATE {table} SET external_ids = $3, metadata = $4, version = version + 1, updated_at = $5 WHERE organization_id = $1 AND id = $2"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Jsonb, _>(to_json(&data.external_ids)?)
    .bind::<Jsonb, _>(to_json(&data.metadata)?)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(())
}
