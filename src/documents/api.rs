use super::kind::IssuedKind;
use super::language::Language;
use super::paper::Paper;
use super::service::{self, PDF, Wanted, XML};
use super::statement::body::Statement;
use super::statement::service::Asked;
use super::ubl::UblProfile;
use super::{gather, statement};
use crate::app::App;
use crate::auth::actor::Context;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::organization;
use crate::platform::file_answer::FileAnswer;
use crate::platform::filters::one;
use crate::platform::http::Answer;
use crate::types::currency::Currency;
use crate::types::id::{CreditNoteId, CustomerId, FulfillmentOrderId, InvoiceId, PaymentId, ShipmentId};
use actix_web::web::Data;
use actix_web::{Either, get};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A statement of more entries than these is no longer read on paper, and takes seconds to lay out.
const MOST_PRINTED: usize = 2_000;

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_invoice_pdf).service(get_invoice_ubl).service(get_credit_note_pdf).service(get_credit_note_ubl);
    config.service(get_payment_receipt).service(get_shipment_packing_list).service(get_fulfillment_order_packing_list);
    config.service(get_customer_statement).service(get_customer_statement_pdf);
}

/// A PDF/A-2b file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PdfFile(#[allow(dead_code, reason = "it stands in the document of the API only")] Vec<u8>);

/// How a PDF is wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PdfQuery {
    /// `en` or `id`; where absent that of the reader's country.
    language: Option<String>,
    /// `a4` or `letter`; where absent that of the reader's country.
    paper: Option<String>,
}

impl PdfQuery {
    fn read(&self) -> Result<(Option<Language>, Option<Paper>), Error> {
        let language = self.language.as_deref().map(|text| one("language", text)).transpose()?;
        let paper = self.paper.as_deref().map(|text| one("paper", text)).transpose()?;
        Ok((language, paper))
    }
}

/// Which rules a UBL document is held to.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UblQuery {
    /// `peppol` (default) or `en16931`
    profile: Option<String>,
}

/// The period and currency of a statement.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The first day; that of the month of `to` where absent.
    from: Option<NaiveDate>,
    /// The last day; today where absent.
    to: Option<NaiveDate>,
    /// ISO 4217; the customer's, else that of the books, where absent.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
    /// Of the PDF: `en` or `id`; where absent that of the customer's country.
    language: Option<String>,
    /// Of the PDF: `a4` or `letter`; where absent that of the customer's country.
    paper: Option<String>,
}

impl StatementQuery {
    fn asked(&self) -> Asked {
        Asked { from: self.from, to: self.to, currency: self.currency }
    }

    fn pdf(&self) -> Result<(Option<Language>, Option<Paper>), Error> {
        PdfQuery { language: self.language.clone(), paper: self.paper.clone() }.read()
    }
}

async fn pdf(
    call: &Call,
    app: &App,
    permission: Permission,
    kind: IssuedKind,
    id: impl Fn(&Call) -> Result<Uuid, Error>,
) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(permission, &[PDF])?;
    let (language, paper) = call.query::<PdfQuery>()?.read()?;
    service::issued(app, context, kind, id(call)?, Wanted::Pdf { language, paper }).await
}

async fn ubl(call: &Call, app: &App, kind: IssuedKind, id: impl Fn(&Call) -> Result<Uuid, Error>) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(Permission::INVOICES_READ, &[XML])?;
    let profile = call.query::<UblQuery>()?.profile;
    let profile = profile.as_deref().map(|text| one("profile", text)).transpose()?.unwrap_or(UblProfile::Peppol);
    service::issued(app, context, kind, id(call)?, Wanted::Ubl(profile)).await
}

/// Get an invoice as a PDF
///
/// As it was issued: the same bytes for ever in each language and on each paper, whatever changes later.
#[utoipa::path(tag = "invoices", operation_id = "get_invoice_pdf", security(("oauth2" = ["invoices:read"])),
    params(("id" = InvoiceId, Path, description = "Id of the invoice"), PdfQuery), responses(
    (status = 200, description = "PDF/A-2b", body = PdfFile, content_type = "application/pdf", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/invoices/{id}/pdf")]
pub async fn get_invoice_pdf(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    pdf(&call, &app, Permission::INVOICES_READ, IssuedKind::Invoice, |call| Ok(call.path::<InvoiceId>("id")?.0)).await
}

/// Get an invoice as UBL
///
/// UBL 2.1 that passes EN 16931 and, unless asked otherwise, Peppol BIS Billing 3. The same bytes for ever. 409 `seller_incomplete` or
/// `buyer_incomplete` names what has to be set before, `not_representable` the rules that stand against it.
#[utoipa::path(tag = "invoices", operation_id = "get_invoice_ubl", security(("oauth2" = ["invoices:read"])),
    params(("id" = InvoiceId, Path, description = "Id of the invoice"), UblQuery), responses(
    (status = 200, description = "UBL 2.1 Invoice", body = String, content_type = "application/xml", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::DocumentIncomplete),
))]
#[get("/v1/invoices/{id}/ubl")]
pub async fn get_invoice_ubl(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    ubl(&call, &app, IssuedKind::Invoice, |call| Ok(call.path::<InvoiceId>("id")?.0)).await
}

/// Get a credit note as a PDF
///
/// As it was issued: the same bytes for ever in each language and on each paper, whatever changes later.
#[utoipa::path(tag = "invoices", operation_id = "get_credit_note_pdf", security(("oauth2" = ["invoices:read"])),
    params(("id" = CreditNoteId, Path, description = "Id of the credit note"), PdfQuery), responses(
    (status = 200, description = "PDF/A-2b", body = PdfFile, content_type = "application/pdf", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/credit_notes/{id}/pdf")]
pub async fn get_credit_note_pdf(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    pdf(&call, &app, Permission::INVOICES_READ, IssuedKind::CreditNote, |call| Ok(call.path::<CreditNoteId>("id")?.0)).await
}

/// Get a credit note as UBL
///
/// UBL 2.1 that passes EN 16931 and, unless asked otherwise, Peppol BIS Billing 3; as for invoices.
#[utoipa::path(tag = "invoices", operation_id = "get_credit_note_ubl", security(("oauth2" = ["invoices:read"])),
    params(("id" = CreditNoteId, Path, description = "Id of the credit note"), UblQuery), responses(
    (status = 200, description = "UBL 2.1 CreditNote", body = String, content_type = "application/xml", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::DocumentIncomplete),
))]
#[get("/v1/credit_notes/{id}/ubl")]
pub async fn get_credit_note_ubl(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    ubl(&call, &app, IssuedKind::CreditNote, |call| Ok(call.path::<CreditNoteId>("id")?.0)).await
}

/// Get the receipt of a payment as a PDF
///
/// For money that has come, with what it was for at the first request; 409 `not_received` before. The same bytes for ever in each
/// language and on each paper.
#[utoipa::path(tag = "payments", operation_id = "get_payment_receipt", security(("oauth2" = ["payments:read"])),
    params(("id" = PaymentId, Path, description = "Id of the payment"), PdfQuery), responses(
    (status = 200, description = "PDF/A-2b", body = PdfFile, content_type = "application/pdf", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
))]
#[get("/v1/payments/{id}/receipt")]
pub async fn get_payment_receipt(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    pdf(&call, &app, Permission::PAYMENTS_READ, IssuedKind::Receipt, |call| Ok(call.path::<PaymentId>("id")?.0)).await
}

/// Get the packing list of a shipment as a PDF
#[utoipa::path(tag = "fulfillment", operation_id = "get_shipment_packing_list", security(("oauth2" = ["fulfillment:read"])),
    params(("id" = ShipmentId, Path, description = "Id of the shipment"), PdfQuery), responses(
    (status = 200, description = "PDF/A-2b", body = PdfFile, content_type = "application/pdf", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/shipments/{id}/packing_list")]
pub async fn get_shipment_packing_list(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(Permission::FULFILLMENT_READ, &[PDF])?;
    let asked = call.query::<PdfQuery>()?.read()?;
    let id: ShipmentId = call.path("id")?;
    let organization_id = context.organization_id;
    let load = move |connection: &mut _| {
        Ok((gather::shipment(connection, organization_id, id)?, service::current_logo(connection, organization_id)?))
    };
    let (list, logo) = app.db.read(load).await?;
    service::packing_list(&app, list, logo, asked).await
}

/// Get the packing list of a fulfillment order as a PDF
///
/// What has not left yet.
#[utoipa::path(tag = "fulfillment", operation_id = "get_fulfillment_order_packing_list", security(("oauth2" = ["fulfillment:read"])),
    params(("id" = FulfillmentOrderId, Path, description = "Id of the fulfillment order"), PdfQuery), responses(
    (status = 200, description = "PDF/A-2b", body = PdfFile, content_type = "application/pdf", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/fulfillment_orders/{id}/packing_list")]
pub async fn get_fulfillment_order_packing_list(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(Permission::FULFILLMENT_READ, &[PDF])?;
    let asked = call.query::<PdfQuery>()?.read()?;
    let id: FulfillmentOrderId = call.path("id")?;
    let organization_id = context.organization_id;
    let load = move |connection: &mut _| {
        Ok((gather::fulfillment_order(connection, organization_id, id)?, service::current_logo(connection, organization_id)?))
    };
    let (list, logo) = app.db.read(load).await?;
    service::packing_list(&app, list, logo, asked).await
}

/// Get a statement of account
///
/// Invoices, credit notes, payments, adjustments and refunds of a period in one currency, with the balance after each. A PDF where
/// `Accept` prefers it.
#[utoipa::path(tag = "customers", operation_id = "get_customer_statement", security(("oauth2" = ["invoices:read"])),
    params(("id" = CustomerId, Path, description = "Id of the customer"), StatementQuery), responses(
    (status = 200, description = "The account", content((Statement = "application/json"), (PdfFile = "application/pdf"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/customers/{id}/statement")]
pub async fn get_customer_statement(call: Call, app: Data<App>) -> Result<Either<Answer, FileAnswer>, Error> {
    let (context, kind) = call.require_as(Permission::INVOICES_READ, &["application/json", PDF])?;
    let query: StatementQuery = call.query()?;
    if kind == PDF {
        return statement_pdf(&call, &app, context, &query).await.map(Either::Right);
    }
    query.pdf()?;
    let (id, asked) = (call.path::<CustomerId>("id")?, query.asked());
    let statement = app
        .db
        .snapshot(move |connection| {
            let settings = organization::settings(connection, context.organization_id)?;
            statement::service::get(connection, &context, &settings, id, asked)
        })
        .await?;
    Answer::ok(&statement).map(Either::Left)
}

/// Get a statement of account as a PDF
#[utoipa::path(tag = "customers", operation_id = "get_customer_statement_pdf", security(("oauth2" = ["invoices:read"])),
    params(("id" = CustomerId, Path, description = "Id of the customer"), StatementQuery), responses(
    (status = 200, description = "PDF/A-2b", body = PdfFile, content_type = "application/pdf", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/customers/{id}/statement.pdf")]
pub async fn get_customer_statement_pdf(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(Permission::INVOICES_READ, &[PDF])?;
    let query: StatementQuery = call.query()?;
    statement_pdf(&call, &app, context, &query).await
}

async fn statement_pdf(call: &Call, app: &App, context: Context, query: &StatementQuery) -> Result<FileAnswer, Error> {
    let (id, asked, form) = (call.path::<CustomerId>("id")?, query.asked(), query.pdf()?);
    let load = move |connection: &mut _| {
        let settings = organization::settings(connection, context.organization_id)?;
        let statement = statement::service::get(connection, &context, &settings, id, asked)?;
        Ok((statement, gather::seller(&settings)?, service::current_logo(connection, context.organization_id)?))
    };
    let (statement, seller, logo) = app.db.snapshot(load).await?;
    if statement.entries.len() > MOST_PRINTED {
        let detail = format!("more than {MOST_PRINTED} entries are not printed; ask for a shorter period, or for JSON");
        return Err(Error::bad_request("invalid_parameter", detail));
    }
    service::statement(app, &statement, &seller, logo, form).await
}
