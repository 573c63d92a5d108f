use super::kind::{IssuedKind, Stored};
use crate::auth::actor::Context;
use crate::invoicing::invoices::invoice::BillTo;
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, InvoiceId, OrganizationId, PaymentId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(QueryableByName)]
struct FileRow {
    #[diesel(sql_type = Text)]
    sha256: String,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    text: String,
}

/// A file that has been made before.
pub fn file(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    (kind, id): (IssuedKind, Uuid),
    variant: &str,
) -> QueryResult<Option<Stored>> {
    let row: Option<FileRow> =
        sql("SELECT sha256, bytes FROM document_file WHERE organization_id = $1 AND kind = $2 AND subject_id = $3 AND variant = $4")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(kind)
            .bind::<SqlUuid, _>(id)
            .bind::<Text, _>(variant)
            .get_result(connection)
            .optional()?;
    Ok(row.map(|row| Stored { sha256: row.sha256, bytes: row.bytes }))
}

/// Keeps the file unless one is there; the one that is kept comes back.
pub fn keep_file(
    connection: &mut PgConnection,
    context: &Context,
    (kind, id): (IssuedKind, Uuid),
    variant: &str,
    new: &Stored,
) -> QueryResult<Option<Stored>> {
    sql("INSERT INTO document_file (organization_id, kind, subject_id, variant, sha256, bytes, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(kind)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(variant)
    .bind::<Text, _>(&new.sha256)
    .bind::<Binary, _>(new.bytes.as_slice())
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    // A statement of its own, so that it sees what another transaction has just kept.
    file(connection, context.organization_id, (kind, id), variant)
}

/// What a document says, where that has been written down.
pub fn content(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    (kind, id): (IssuedKind, Uuid),
) -> QueryResult<Option<String>> {
    let row: Option<TextRow> =
        sql("SELECT content AS text FROM document_content WHERE organization_id = $1 AND kind = $2 AND subject_id = $3")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(kind)
            .bind::<SqlUuid, _>(id)
            .get_result(connection)
            .optional()?;
    Ok(row.map(|row| row.text))
}

/// Writes it down unless that is done; what is written comes back.
pub fn keep_content(
    connection: &mut PgConnection,
    context: &Context,
    (kind, id): (IssuedKind, Uuid),
    new: &str,
) -> QueryResult<Option<String>> {
    sql("INSERT INTO document_content (organization_id, kind, subject_id, content, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(kind)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(new)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    content(connection, context.organization_id, (kind, id))
}

/// The organization as it was at a moment.
#[derive(QueryableByName)]
pub struct OrganizationThen {
    #[diesel(sql_type = Jsonb)]
    pub seller: Value,
    /// SHA-256 of its logo.
    #[diesel(sql_type = Nullable<Text>)]
    pub logo: Option<String>,
}

/// What documents of that moment show of the organization; of a moment before all that is known, the first that is.
pub fn organization_at(connection: &mut PgConnection, organization_id: OrganizationId, at: DateTime<Utc>) -> QueryResult<OrganizationThen> {
    sql("SELECT profile || jsonb_build_object('legal_name', legal_name, 'country', country) AS seller, logo_sha256 AS logo \
         FROM organization_version WHERE organization_id = $1 \
         ORDER BY valid_from <= $2 DESC, CASE WHEN valid_from <= $2 THEN -version ELSE version END LIMIT 1")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Timestamptz, _>(at)
    .get_result(connection)
}

/// When money of a payment last came in, and what of it had gone back by then; nothing where none has come.
pub fn received_at(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: PaymentId,
) -> QueryResult<Option<(DateTime<Utc>, Decimal)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        captured_at: Option<DateTime<Utc>>,
        #[diesel(sql_type = Numeric)]
        refunded: Decimal,
    }
    let row: Option<Row> = sql("SELECT p.captured_at, (SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.organization_id = $1 \
         AND r.payment_id = p.id AND r.created_at <= p.captured_at AND r.status <> 'failed') AS refunded \
         FROM payment p WHERE p.organization_id = $1 AND p.id = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .get_result(connection)
    .optional()?;
    Ok(row.and_then(|row| Some((row.captured_at?, row.refunded))))
}

/// The `data:` URI of a kept logo.
pub fn logo(connection: &mut PgConnection, organization_id: OrganizationId, sha256: &str) -> QueryResult<Option<String>> {
    let row: Option<TextRow> = sql("SELECT data AS text FROM document_logo WHERE organization_id = $1 AND sha256 = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(sha256)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.text))
}

/// What of an invoice was settled in the transaction that issued it.
pub fn paid_at_issue(connection: &mut PgConnection, organization_id: OrganizationId, id: InvoiceId) -> QueryResult<Decimal> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Numeric)]
        paid: Decimal,
    }
    let row: Row = sql("SELECT coalesce(sum(a.amount + a.adjusted), 0) AS paid FROM invoice i \
         JOIN payment_allocation a ON a.organization_id = i.organization_id AND a.invoice_id = i.id AND a.created_at <= i.created_at \
         WHERE i.organization_id = $1 AND i.id = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .get_result(connection)?;
    Ok(row.paid)
}

/// What others say of an invoice.
#[derive(QueryableByName)]
pub struct InvoiceHead {
    #[diesel(sql_type = SqlUuid)]
    id: InvoiceId,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Date)]
    pub issued_on: NaiveDate,
}

pub fn invoice_heads(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[InvoiceId],
) -> QueryResult<HashMap<InvoiceId, InvoiceHead>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<InvoiceHead> = sql("SELECT id, number, issued_on FROM invoice WHERE organization_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Who paid: whom the payment names, else the customer of what it was for.
pub fn payer(connection: &mut PgConnection, organization_id: OrganizationId, id: PaymentId) -> QueryResult<Option<CustomerId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<SqlUuid>)]
        customer_id: Option<CustomerId>,
    }
    let row: Option<Row> = sql("SELECT coalesce(p.customer_id, (SELECT o.bill_to_customer_id FROM sales_order o \
           WHERE o.organization_id = p.organization_id AND o.id = coalesce(p.order_id, (SELECT a.order_id FROM payment_allocation a \
             WHERE a.organization_id = p.organization_id AND a.payment_id = p.id ORDER BY a.created_at, a.id LIMIT 1)))) AS customer_id \
         FROM payment p WHERE p.organization_id = $1 AND p.id = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .get_result(connection)
    .optional()?;
    Ok(row.and_then(|row| row.customer_id))
}

/// What a buyer's snapshot may lack today's customer may have; see the decision on incomplete parties.
pub fn completed(mut snapshot: BillTo, today: BillTo) -> BillTo {
    snapshot.address = snapshot.address.or(today.address);
    snapshot.electronic_address = snapshot.electronic_address.or(today.electronic_address);
    snapshot.tax_id = snapshot.tax_id.or(today.tax_id);
    snapshot.email = snapshot.email.or(today.email);
    snapshot
}
