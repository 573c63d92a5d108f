use super::query::{CustomerExportQuery, InvoiceExportQuery, OrderExportQuery, PriceExportQuery, ProductExportQuery, StockExportQuery};
use super::rows::{self, Selection};
use super::writer::{ExportFormat, Writer};
use crate::app::App;
use crate::auth::actor::Context;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::file_stream::{FileStream, Outlet};
use crate::tabular::column::{self, Column};
use actix_web::get;
use actix_web::web::Data;
use std::cell::{Cell, RefCell};
use utoipa::ToSchema;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(export_orders)
        .service(export_order_lines)
        .service(export_invoices)
        .service(export_invoice_lines)
        .service(export_customers)
        .service(export_products)
        .service(export_prices)
        .service(export_stock);
}

/// An Excel workbook.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct WorkbookFile(#[allow(dead_code, reason = "it stands in the document of the API only")] Vec<u8>);

/// Who may export, and in which form.
fn begin(call: &Call, permission: Permission) -> Result<Context, Error> {
    call.require_file(&[permission], ExportFormat::of(call.query_string()).served())
}

/// The file `name`, made while it is sent.
async fn make(
    app: &App,
    context: Context,
    name: &str,
    columns: &'static [Column],
    format: Option<ExportFormat>,
    selection: Selection,
) -> Result<FileStream, Error> {
    let format = format.unwrap_or(ExportFormat::Ndjson);
    let file = format!("{name}-{}.{format}", context.now.format("%Y%m%d-%H%M%S"));
    let db = app.reports.clone();
    let write = move |outlet: &mut Outlet| {
        let writer = RefCell::new(Writer::begin(outlet, columns, format)?);
        let begun = Cell::new(false);
        db.snapshot_blocking(|connection| {
            // A snapshot that was lost with its connection cannot be gone on with: part of it has been sent.
            if begun.replace(true) {
                return Err(Error::unavailable("the connection to the database was lost".to_owned()));
            }
            rows::write(connection, &context, &selection, &mut writer.borrow_mut())
        })?;
        writer.into_inner().finish()
    };
    app.files.make(format.media_type(), file, write).await
}

/// Export orders
///
/// The oldest first. CSV and workbooks have the order's own fields; its lines are `GET /v1/exports/order_lines`.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "orders", operation_id = "export_orders", security(("oauth2" = ["orders:read"])), params(OrderExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/orders")]
pub async fn export_orders(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::ORDERS_READ)?;
    let query: OrderExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter()?);
    make(&app, context, "orders", column::ORDERS, format, Selection::Orders(filter)).await
}

/// Export order lines
///
/// The lines of the orders that the filters name, each with `order_id`, `order_number`, `order_status`, `customer_code` and `currency`.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "orders", operation_id = "export_order_lines", security(("oauth2" = ["orders:read"])), params(OrderExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/order_lines")]
pub async fn export_order_lines(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::ORDERS_READ)?;
    let query: OrderExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter()?);
    make(&app, context, "order_lines", column::ORDER_LINES, format, Selection::OrderLines(filter)).await
}

/// Export invoices
///
/// The oldest first. CSV and workbooks have the invoice's own fields; its lines are `GET /v1/exports/invoice_lines`.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "invoices", operation_id = "export_invoices", security(("oauth2" = ["invoices:read"])), params(InvoiceExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/invoices")]
pub async fn export_invoices(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::INVOICES_READ)?;
    let query: InvoiceExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter()?);
    make(&app, context, "invoices", column::INVOICES, format, Selection::Invoices(filter)).await
}

/// Export invoice lines
///
/// The lines of the invoices that the filters name, each with `invoice_id`, `invoice_number`, `issued_on`, `customer_id` and `currency`.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "invoices", operation_id = "export_invoice_lines", security(("oauth2" = ["invoices:read"])), params(InvoiceExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/invoice_lines")]
pub async fn export_invoice_lines(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::INVOICES_READ)?;
    let query: InvoiceExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter()?);
    make(&app, context, "invoice_lines", column::INVOICE_LINES, format, Selection::InvoiceLines(filter)).await
}

/// Export customers
///
/// The oldest first; what is exported can be imported again.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "customers", operation_id = "export_customers", security(("oauth2" = ["customers:read"])), params(CustomerExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/customers")]
pub async fn export_customers(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::CUSTOMERS_READ)?;
    let query: CustomerExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter());
    make(&app, context, "customers", column::CUSTOMERS, format, Selection::Customers(filter)).await
}

/// Export products
///
/// By SKU; what is exported can be imported again.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "catalog", operation_id = "export_products", security(("oauth2" = ["catalog:read"])), params(ProductExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/products")]
pub async fn export_products(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::CATALOG_READ)?;
    let query: ProductExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter()?);
    make(&app, context, "products", column::PRODUCTS, format, Selection::Products(filter)).await
}

/// Export prices
///
/// By SKU; what is exported can be imported again.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "catalog", operation_id = "export_prices", security(("oauth2" = ["catalog:read"])), params(PriceExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/prices")]
pub async fn export_prices(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::CATALOG_READ)?;
    let query: PriceExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter());
    make(&app, context, "prices", column::PRICES, format, Selection::Prices(filter)).await
}

/// Export stock levels
///
/// By SKU and location.
/// The file is one snapshot of the database; it is made while it is sent, and breaks off where it cannot be completed.
#[utoipa::path(tag = "inventory", operation_id = "export_stock", security(("oauth2" = ["inventory:read"])), params(StockExportQuery), responses(
    (status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exports/stock")]
pub async fn export_stock(call: Call, app: Data<App>) -> Result<FileStream, Error> {
    let context = begin(&call, Permission::INVENTORY_READ)?;
    let query: StockExportQuery = call.query()?;
    let (format, filter) = (query.format, query.filter());
    make(&app, context, "stock", column::STOCK_LEVELS, format, Selection::Stock(filter)).await
}
