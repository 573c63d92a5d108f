use super::body::Changes;
use super::meet;
use super::position::{Moment, Position};
use super::service::{Kind, Met, poll};
use super::store;
use crate::app::App;
use crate::auth::actor::Context;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::catalog::prices::body::Price;
use crate::catalog::products::body::Product;
use crate::customers::body::Customer;
use crate::error::Error;
use crate::fulfillment::shipments::shipment::Shipment;
use crate::inventory::stock::levels::body::InventoryLevel;
use crate::invoicing::credit_notes::body::CreditNoteBody;
use crate::invoicing::invoices::body::InvoiceBody;
use crate::openapi::ServiceConfig;
use crate::orders::body::OrderBody;
use crate::payments::body::PaymentBody;
use crate::platform::http::Answer;
use crate::returns::body::ReturnBody;
use crate::types::page::page_limit;
use actix_web::get;
use actix_web::web::Data;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(poll_orders)
        .service(poll_customers)
        .service(poll_products)
        .service(poll_prices)
        .service(poll_invoices)
        .service(poll_payments)
        .service(poll_credit_notes)
        .service(poll_shipments)
        .service(poll_returns)
        .service(poll_stock);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// `next_cursor` of the answer before; from the beginning where absent.
    after: Option<String>,
    /// Rows that one answer looks at, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What each kind is polled by.
type Meet<T> = fn(&mut PgConnection, &Context, Moment, Option<Vec<String>>, usize) -> Result<Met<T>, Error>;

async fn changes<T: Serialize + Send + 'static>(
    call: Call,
    app: Data<App>,
    permission: Permission,
    kind: Kind,
    meet: Meet<T>,
) -> Result<Answer, Error> {
    let context = call.require(permission)?;
    let query: ChangesQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let position = query.after.map_or(Ok(Position::beginning()), |after| Position::read(&after, kind.name, kind.parts))?;
    let changes = app
        .db
        .read(move |connection| {
            let whose = (context.organization_id, context.now);
            poll(connection, whose, kind, position.clone(), |connection, since, after| meet(connection, &context, since, after, limit))
        })
        .await?;
    Answer::ok(&changes)
}

/// Poll changed orders
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "orders", operation_id = "poll_orders", security(("oauth2" = ["orders:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<OrderBody>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/orders")]
pub async fn poll_orders(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "orders", table: Some(store::ORDERS), parts: 2 };
    changes(call, app, Permission::ORDERS_READ, kind, meet::orders).await
}

/// Poll changed customers
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "customers", operation_id = "poll_customers", security(("oauth2" = ["customers:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Customer>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/customers")]
pub async fn poll_customers(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "customers", table: Some(store::CUSTOMERS), parts: 2 };
    changes(call, app, Permission::CUSTOMERS_READ, kind, meet::customers).await
}

/// Poll changed products
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "catalog", operation_id = "poll_products", security(("oauth2" = ["catalog:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Product>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/products")]
pub async fn poll_products(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "products", table: Some(store::PRODUCTS), parts: 2 };
    changes(call, app, Permission::CATALOG_READ, kind, meet::products).await
}

/// Poll changed prices
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice. The prices of one product come together.
#[utoipa::path(tag = "catalog", operation_id = "poll_prices", security(("oauth2" = ["catalog:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Price>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/prices")]
pub async fn poll_prices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "prices", table: Some(store::PRICES), parts: 5 };
    changes(call, app, Permission::CATALOG_READ, kind, meet::prices).await
}

/// Poll changed invoices
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "invoices", operation_id = "poll_invoices", security(("oauth2" = ["invoices:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<InvoiceBody>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/invoices")]
pub async fn poll_invoices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "invoices", table: Some(store::INVOICES), parts: 2 };
    changes(call, app, Permission::INVOICES_READ, kind, meet::invoices).await
}

/// Poll changed payments
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "payments", operation_id = "poll_payments", security(("oauth2" = ["payments:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<PaymentBody>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/payments")]
pub async fn poll_payments(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "payments", table: Some(store::PAYMENTS), parts: 2 };
    changes(call, app, Permission::PAYMENTS_READ, kind, meet::payments).await
}

/// Poll changed credit notes
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "invoices", operation_id = "poll_credit_notes", security(("oauth2" = ["invoices:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<CreditNoteBody>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/credit_notes")]
pub async fn poll_credit_notes(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "credit_notes", table: Some(store::CREDIT_NOTES), parts: 2 };
    changes(call, app, Permission::INVOICES_READ, kind, meet::credit_notes).await
}

/// Poll changed shipments
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "fulfillment", operation_id = "poll_shipments", security(("oauth2" = ["fulfillment:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Shipment>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/shipments")]
pub async fn poll_shipments(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "shipments", table: Some(store::SHIPMENTS), parts: 1 };
    changes(call, app, Permission::FULFILLMENT_READ, kind, meet::shipments).await
}

/// Poll changed returns
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "returns", operation_id = "poll_returns", security(("oauth2" = ["returns:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<ReturnBody>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/returns")]
pub async fn poll_returns(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "returns", table: Some(store::RETURNS), parts: 2 };
    changes(call, app, Permission::RETURNS_READ, kind, meet::returns).await
}

/// Poll changed stock levels
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice. A level also changes with
/// what is reserved of it and with its incoming supply. Orders keep no list of the levels that they change, since they must be fast:
/// each poll looks through all levels of the organization once, so do it every minute rather than every second.
#[utoipa::path(tag = "inventory", operation_id = "poll_stock", security(("oauth2" = ["inventory:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<InventoryLevel>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 410, response = crate::openapi::CursorGone),
))]
#[get("/v1/changes/stock")]
pub async fn poll_stock(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "stock", table: None, parts: 2 };
    changes(call, app, Permission::INVENTORY_READ, kind, meet::stock).await
}
