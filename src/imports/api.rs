use super::body::{Import, ImportFormat, ImportKind, ImportMode, ImportRow, ImportRowStatus};
use super::csv_rows::CsvOptions;
use super::result;
use super::service::{self, Filter};
use super::store::Rights;
use super::upload::{self, Sending};
use crate::app::App;
use crate::auth::call::{Call, StreamCall};
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::orders::body::NewOrder;
use crate::platform::file_stream::FileStream;
use crate::platform::filters;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::tabular::column::OUTCOMES;
use crate::tabular::csv_reader::Encoding;
use crate::tabular::csv_writer;
use crate::types::id::ImportId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use crate::types::text_enum::text_enum;
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(create_import).service(list_imports).service(get_import).service(list_import_rows).service(get_import_result);
}

/// What any kind of import takes to be sent.
const WRITE_ANY: &[Permission] =
    &[Permission::ORDERS_WRITE, Permission::CATALOG_WRITE, Permission::CUSTOMERS_WRITE, Permission::INVENTORY_WRITE];
/// What any kind of import takes to be read.
const READ_ANY: &[Permission] =
    &[Permission::ORDERS_READ, Permission::CATALOG_READ, Permission::CUSTOMERS_READ, Permission::INVENTORY_READ];

text_enum! {
    /// What stands between the cells of a CSV file.
    pub enum Delimiter {
        Comma = ",",
        Semicolon = ";",
        Tab = "tab",
    }
}

text_enum! {
    /// How the bytes of a CSV file are letters.
    pub enum EncodingName {
        Utf8 = "utf-8",
        Windows1252 = "windows-1252",
    }
}

text_enum! {
    /// What stands before the fraction of the numbers of a CSV file.
    pub enum DecimalSign {
        Point = "point",
        Comma = "comma",
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NewImportQuery {
    /// What the rows are: `orders`, `products`, `customers`, `prices`, `stock`.
    #[param(value_type = ImportKind, example = "orders")]
    pub kind: String,
    /// `live`, the default: each row is taken as if it had been sent now by itself. `historical` wants the scope `import`.
    #[param(value_type = Option<ImportMode>)]
    pub mode: Option<String>,
    /// Tells what each row would do, and writes nothing.
    pub dry_run: Option<bool>,
    /// Of CSV: `,` `;` `tab`; found in the first line where absent.
    #[param(inline)]
    pub delimiter: Option<Delimiter>,
    /// Of CSV: `utf-8` (default) or `windows-1252`.
    #[param(inline)]
    pub encoding: Option<EncodingName>,
    /// Of CSV: `point` (default), or `comma` for numbers such as `1.234,56`.
    #[param(inline)]
    pub decimal: Option<DecimalSign>,
    /// Of CSV: a JSON object from the file's names of columns to fields, such as `{"Artikel": "sku", "Ort": "shipping_address.city",
    /// "Lager": null}`; null passes over a column.
    pub mapping: Option<String>,
}

impl NewImportQuery {
    fn csv(&self) -> Result<CsvOptions, Error> {
        let delimiter = self.delimiter.map(|delimiter| match delimiter {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
        });
        let encoding = match self.encoding {
            Some(EncodingName::Windows1252) => Encoding::Windows1252,
            Some(EncodingName::Utf8) | None => Encoding::Utf8,
        };
        let malformed = |_| Error::bad_request("invalid_parameter", "mapping is a JSON object from names of columns to fields or null");
        let mapping = self.mapping.as_deref().map(serde_json::from_str).transpose().map_err(malformed)?.unwrap_or_default();
        Ok(CsvOptions { delimiter, encoding, decimal_comma: self.decimal == Some(DecimalSign::Comma), mapping })
    }
}

/// What sending this takes; any of all where the query does not say what it is.
fn needed(query: &str) -> &'static [Permission] {
    let kind = query.split('&').find_map(|pair| pair.strip_prefix("kind=")).and_then(|kind| kind.parse::<ImportKind>().ok());
    let of = |permission| WRITE_ANY.iter().position(|known| *known == permission).map_or(WRITE_ANY, |at| &WRITE_ANY[at..=at]);
    kind.map_or(WRITE_ANY, |kind| of(kind.write_permission()))
}

/// Import rows
///
/// The body is NDJSON, one JSON object a line, or CSV, whose first line names the columns: up to 1,000,000 rows and 2 GiB. A row of
/// `orders` is a body of `POST /v1/orders`, of `products` one of `PUT /v1/products`, of `prices` one of `PUT /v1/prices`, of
/// `customers` one of `PUT /v1/customers/by_code/{code}` with its code, of `stock` `{location, sku, quantity, as_of?,
/// source_version?}`. Sending takes the scope that writes them, `historical` the scope `import` too.
///
/// All rows are stored before this is answered; then they are worked off in the order of the file, each with an outcome of its own,
/// as if it had been sent by itself. Follow `GET /v1/imports/{id}`; what was refused is told by
/// `GET /v1/imports/{id}/rows?status=rejected`, and all of it by the file `GET /v1/imports/{id}/result`.
#[utoipa::path(tag = "orders", operation_id = "create_import",
    security(("oauth2" = ["orders:write"]), ("oauth2" = ["catalog:write"]), ("oauth2" = ["customers:write"]), ("oauth2" = ["inventory:write"])),
    params(NewImportQuery),
    request_body(content(
        (NewOrder = "application/x-ndjson"),
        (String = "text/csv", example = json!("external_id,customer_code,lines.sku,lines.quantity\nweb-1,C-TOKO-SUMBER,KOPI-250,2\nweb-1,,TEH-100,1\n")),
    ), description = "One row a line"),
    responses(
        (status = 202, description = "All rows are stored; they are worked off now", body = Import, headers(
            ("Location" = String, description = "Where its progress is"), ("ETag" = String, description = "The version"))),
        (status = 400, response = crate::openapi::BadRequest),
        (status = 422, response = crate::openapi::Invalid),
    ))]
#[post("/v1/imports")]
pub async fn create_import(call: StreamCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require_any(needed(call.query_string()))?;
    let format =
        match call.check_type(&["application/x-ndjson", "application/ndjson", "text/csv", "text/plain", "application/octet-stream"])? {
            "text/csv" => Some(ImportFormat::Csv),
            "text/plain" | "application/octet-stream" => None,
            _ => Some(ImportFormat::Ndjson),
        };
    let query: NewImportQuery = call.query()?;
    let kind = filters::one::<ImportKind>("kind", &query.kind)?;
    let mode = query.mode.as_deref().map_or(Ok(ImportMode::Live), |mode| filters::one("mode", mode))?;
    if mode == ImportMode::Historical {
        call.also(Permission::IMPORT)?;
    }
    let rights =
        Rights { may_price: call.actor.may(Permission::ORDERS_PRICE), may_book_payments: call.actor.may(Permission::PAYMENTS_WRITE) };
    let sending = Sending { kind, mode, dry_run: query.dry_run.unwrap_or(false), format, csv: query.csv()?, rights };
    let (key, query, organization_id) = (call.idempotency_key()?, call.query_string().to_owned(), context.organization_id);
    let id = ImportId::generate();
    let accepted = match upload::receive(&app.db, &context, id, &sending, &query, call.into_payload()).await {
        Ok(received) => {
            let key = key.map(|key| idempotency::IdempotencyKey { hash: received.hash.clone(), ..key });
            let accept = move |connection: &mut diesel::pg::PgConnection| {
                idempotency::once(connection, key.as_ref(), |connection| {
                    let import = service::accept(connection, &context, id, received.rows, received.columns.as_ref())?;
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

/// The kinds that the caller may read.
fn readable(call: &Call) -> Vec<ImportKind> {
    ImportKind::ALL.iter().copied().filter(|kind| call.actor.may(kind.read_permission())).collect()
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `queued running completed failed`; many by comma.
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
#[utoipa::path(tag = "orders", operation_id = "list_imports", security(("oauth2" = ["orders:read"]), ("oauth2" = ["catalog:read"]), ("oauth2" = ["customers:read"]), ("oauth2" = ["inventory:read"])), params(ImportQuery), responses(
    (status = 200, description = "One page of imports, the newest first", body = Page<Import>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/imports")]
pub async fn list_imports(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require_any(READ_ANY)?;
    let query: ImportQuery = call.query()?;
    let statuses = filters::parsed("status", query.status.as_deref())?;
    let kinds = readable(&call);
    let filter = Filter { kinds, statuses: (!statuses.is_empty()).then_some(statuses), updated_from: query.updated_from };
    let bound_to = format!("imports {filter:?}");
    let limit = page_limit(query.limit)?;
    let before = page_id(page_after(query.cursor.as_deref(), &bound_to, 1)?)?.map(ImportId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, before, limit, &bound_to)).await?;
    Answer::ok(&page)
}

/// Get an import and its progress
#[utoipa::path(tag = "orders", operation_id = "get_import", security(("oauth2" = ["orders:read"]), ("oauth2" = ["catalog:read"]), ("oauth2" = ["customers:read"]), ("oauth2" = ["inventory:read"])), params(("id" = ImportId, Path, description = "Id of the import")), responses(
    (status = 200, description = "The import", body = Import, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/imports/{id}")]
pub async fn get_import(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require_any(READ_ANY)?;
    call.no_query()?;
    let id: ImportId = call.path("id")?;
    let import = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    call.also(import.kind.read_permission())?;
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
#[utoipa::path(tag = "orders", operation_id = "list_import_rows", security(("oauth2" = ["orders:read"]), ("oauth2" = ["catalog:read"]), ("oauth2" = ["customers:read"]), ("oauth2" = ["inventory:read"])), params(("id" = ImportId, Path, description = "Id of the import"), ImportRowQuery), responses(
    (status = 200, description = "One page of rows", body = Page<ImportRow>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/imports/{id}/rows")]
pub async fn list_import_rows(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require_any(READ_ANY)?;
    let id: ImportId = call.path("id")?;
    let query: ImportRowQuery = call.query()?;
    let status = query.status.as_deref().map(|status| filters::one::<ImportRowStatus>("status", status)).transpose()?;
    let bound_to = format!("import {id} {status:?}");
    let limit = page_limit(query.limit)?;
    let after = match page_after(query.cursor.as_deref(), &bound_to, 1)?.as_deref() {
        Some([row]) => row.parse().map_err(|_| Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))?,
        Some(_) | None => 0,
    };
    let import = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    call.also(import.kind.read_permission())?;
    let page =
        app.db.read(move |connection| service::rows(connection, context.organization_id, &import, status, after, limit, &bound_to)).await?;
    Answer::ok(&page)
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportResultQuery {
    /// `ndjson` (default) or `csv`.
    #[param(inline)]
    pub format: Option<ImportFormat>,
}

/// Get the outcomes of an import as a file
///
/// Each row with its number, status, action, id, key, and of what was refused code, detail and errors, in the order of the file. What
/// has no outcome yet is `pending`.
#[utoipa::path(tag = "orders", operation_id = "get_import_result", security(("oauth2" = ["orders:read"]), ("oauth2" = ["catalog:read"]), ("oauth2" = ["customers:read"]), ("oauth2" = ["inventory:read"])), params(("id" = ImportId, Path, description = "Id of the import"), ImportResultQuery), responses(
    (status = 200, description = "The file", content((String = "application/x-ndjson", example = json!("{\"row_number\":1,\"status\":\"imported\"}\n")), (String = "text/csv", example = json!("row_number,status\r\n1,imported\r\n")))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/imports/{id}/result")]
pub async fn get_import_result(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let csv = call.query_string().split('&').any(|pair| pair == "format=csv");
    let context = call.require_file(READ_ANY, if csv { &["text/csv"] } else { &["application/x-ndjson"] })?;
    let id: ImportId = call.path("id")?;
    let query: ImportResultQuery = call.query()?;
    let csv = query.format == Some(ImportFormat::Csv);
    let import = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    call.also(import.kind.read_permission())?;
    let (db, organization_id) = (app.reports.clone(), context.organization_id);
    let (media_type, ending) = if csv { ("text/csv; charset=utf-8", "csv") } else { ("application/x-ndjson", "ndjson") };
    let write = move |outlet: &mut crate::platform::file_stream::Outlet| {
        if csv {
            outlet.send(&csv_writer::header(OUTCOMES)?)?;
        }
        let mut after = 0;
        while let Some((last, part)) = db.read_blocking(|connection| result::part(connection, organization_id, &import, csv, after))? {
            outlet.send(&part)?;
            after = last;
        }
        Ok(())
    };
    app.files.make(media_type, format!("import-{id}.{ending}"), write).await
}
