use super::body::{Import, ImportKind, ImportMode, ImportRow, ImportRowStatus};
use super::service::{self, Filter};
use super::store::Rights;
use super::upload;
use crate::app::App;
use crate::auth::call::{Call, StreamCall};
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::orders::body::NewOrder;
use crate::platform::filters;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::ImportId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(create_import).service(list_imports).service(get_import).service(list_import_rows);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NewImportQuery {
    /// What the rows are: `orders`.
    #[param(value_type = ImportKind, example = "orders")]
    pub kind: String,
    /// `live`, the default: each row is taken as if it had been sent now by itself.
    #[param(value_type = Option<ImportMode>, example = "live")]
    pub mode: Option<String>,
}

/// Import orders
///
/// The body is NDJSON: one body of `POST /v1/orders` a line, up to 1,000,000 lines and 2 GiB. All rows are stored before this is
/// answered; then they are worked off in the order of the file, each with an outcome of its own, as if it had been sent by itself:
/// the same prices, holds, stock, events and `external_id`. Follow `GET /v1/imports/{id}`; what was refused is told by
/// `GET /v1/imports/{id}/rows?status=rejected`.
#[utoipa::path(tag = "orders", operation_id = "create_import", security(("oauth2" = ["orders:write"])), params(NewImportQuery),
    request_body(content = NewOrder, content_type = "application/x-ndjson", description = "One order a line"),
    responses(
        (status = 202, description = "All rows are stored; they are worked off now", body = Import, headers(
            ("Location" = String, description = "Where its progress is"), ("ETag" = String, description = "The version"))),
        (status = 400, response = crate::openapi::BadRequest),
        (status = 422, response = crate::openapi::Invalid),
    ))]
#[post("/v1/imports")]
pub async fn create_import(call: StreamCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.check_type(&["application/x-ndjson", "application/ndjson"])?;
    let query: NewImportQuery = call.query()?;
    filters::one::<ImportKind>("kind", &query.kind)?;
    query.mode.as_deref().map(|mode| filters::one::<ImportMode>("mode", mode)).transpose()?;
    let rights =
        Rights { may_price: call.actor.may(Permission::ORDERS_PRICE), may_book_payments: call.actor.may(Permission::PAYMENTS_WRITE) };
    let (key, query, organization_id) = (call.idempotency_key()?, call.query_string().to_owned(), context.organization_id);
    let id = ImportId::generate();
    let accepted = match upload::receive(&app.db, &context, id, rights, &query, call.into_payload()).await {
        Ok(received) => {
            let key = key.map(|key| idempotency::IdempotencyKey { hash: received.hash, ..key });
            let accept = move |connection: &mut diesel::pg::PgConnection| {
                idempotency::once(connection, key.as_ref(), |connection| {
                    let import = service::accept(connection, &context, id, received.rows)?;
                    let answer = Answer::json(202, &import)?.with_version(import.version);
                    Ok(Answer { location: Some(format!("/v1/imports/{id}")), ..answer })
                })
            };
            app.db.write(accept).await
        }
        Err(error) => Err(error),
    };
    // Refused, or a repetition of one that is there: these rows are nobody's. What was acknowledged is not touched by it.
    if !accepted.as_ref().is_ok_and(|answer| !answer.replayed)
        && let Err(error) = upload::discard(&app.db, organization_id, id).await
    {
        log::warn!("rows of an upload that came to nothing are left to the job: {error}");
    }
    accepted
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `queued running completed`; many by comma.
    #[param(example = "queued,running")]
    pub status: Option<String>,
    /// Changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// List imports
#[utoipa::path(tag = "orders", operation_id = "list_imports", security(("oauth2" = ["orders:read"])), params(ImportQuery), responses(
    (status = 200, description = "One page of imports, the newest first", body = Page<Import>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/imports")]
pub async fn list_imports(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let query: ImportQuery = call.query()?;
    let statuses = filters::parsed("status", query.status.as_deref())?;
    let filter = Filter { statuses: (!statuses.is_empty()).then_some(statuses), updated_from: query.updated_from };
    let bound_to = format!("imports {filter:?}");
    let limit = page_limit(query.limit)?;
    let before = page_id(page_after(query.cursor.as_deref(), &bound_to, 1)?)?.map(ImportId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, before, limit, &bound_to)).await?;
    Answer::ok(&page)
}

/// Get an import and its progress
#[utoipa::path(tag = "orders", operation_id = "get_import", security(("oauth2" = ["orders:read"])), params(("id" = ImportId, Path, description = "Id of the import")), responses(
    (status = 200, description = "The import", body = Import, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/imports/{id}")]
pub async fn get_import(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    call.no_query()?;
    let id: ImportId = call.path("id")?;
    let import = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&import)?.with_version(import.version))
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportRowQuery {
    /// One of `pending imported unchanged rejected`.
    #[param(value_type = Option<ImportRowStatus>, example = "rejected")]
    pub status: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// List the rows of an import
///
/// In the order of the file, each with its outcome: the order that it made or found, or what is wrong with it.
#[utoipa::path(tag = "orders", operation_id = "list_import_rows", security(("oauth2" = ["orders:read"])), params(("id" = ImportId, Path, description = "Id of the import"), ImportRowQuery), responses(
    (status = 200, description = "One page of rows", body = Page<ImportRow>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/imports/{id}/rows")]
pub async fn list_import_rows(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let id: ImportId = call.path("id")?;
    let query: ImportRowQuery = call.query()?;
    let status = query.status.as_deref().map(|status| filters::one::<ImportRowStatus>("status", status)).transpose()?;
    let bound_to = format!("import {id} {status:?}");
    let limit = page_limit(query.limit)?;
    let after = match page_after(query.cursor.as_deref(), &bound_to, 1)?.as_deref() {
        Some([row]) => row.parse().map_err(|_| Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))?,
        Some(_) | None => 0,
    };
    let page =
        app.db.read(move |connection| service::rows(connection, context.organization_id, id, status, after, limit, &bound_to)).await?;
    Answer::ok(&page)
}
