use super::body::Changes;
use super::position::Position;
use super::service::{Kind, Met, poll};
use super::store;
use crate::app::App;
use crate::auth::actor::Context;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::catalog::prices;
use crate::catalog::prices::body::{Price, PriceKey};
use crate::catalog::products;
use crate::catalog::products::body::Product;
use crate::customers;
use crate::customers::body::Customer;
use crate::error::Error;
use crate::invoicing::invoices;
use crate::invoicing::invoices::body::InvoiceBody;
use crate::orders;
use crate::orders::body::OrderBody;
use crate::orders::filter::{OrderFilter, OrderSort};
use crate::payments;
use crate::payments::body::PaymentBody;
use crate::platform::http::Answer;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::page::page_limit;
use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::str::FromStr;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(poll_orders)
        .service(poll_customers)
        .service(poll_products)
        .service(poll_prices)
        .service(poll_invoices)
        .service(poll_payments);
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
type Meet<T> = fn(&mut PgConnection, &Context, DateTime<Utc>, Option<Vec<String>>, usize) -> Result<Met<T>, Error>;

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
            poll(connection, whose, kind, position.clone(), |connection, from, after| meet(connection, &context, from, after, limit))
        })
        .await?;
    Answer::ok(&changes)
}

/// The key of a row by its last change.
fn dated<Id: FromStr>(after: Option<Vec<String>>) -> Result<Option<(DateTime<Utc>, Id)>, Error> {
    let Some(after) = after else { return Ok(None) };
    let [at, id] = after.as_slice() else { return Err(wrong()) };
    at.parse().ok().zip(id.parse().ok()).map(Some).ok_or_else(wrong)
}

fn wrong() -> Error {
    Error::bad_request("invalid_cursor", "take it from next_cursor")
}

fn meet_orders(
    connection: &mut PgConnection,
    context: &Context,
    from: DateTime<Utc>,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Box<RawValue>>, Error> {
    let filter = OrderFilter { updated_from: Some(from), sort: OrderSort::UpdatedFirst, limit, ..OrderFilter::default() };
    let mut orders = orders::service::shown_after(connection, context.organization_id, &filter, dated(after)?)?;
    let more = orders.len() > limit;
    orders.truncate(limit);
    let next = orders.last().filter(|_| more).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    let row = |order: orders::ShownOrder| {
        let json = String::from_utf8(order.json).map_err(Error::internal)?;
        Ok((order.id.to_string(), RawValue::from_string(json).map_err(Error::internal)?))
    };
    Ok(Met { rows: orders.into_iter().map(row).collect::<Result<_, Error>>()?, next })
}

fn meet_customers(
    connection: &mut PgConnection,
    context: &Context,
    from: DateTime<Utc>,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Customer>, Error> {
    let filter = customers::service::Filter { updated_from: Some(from), ..Default::default() };
    let start = customers::service::Start::ByUpdated { after: dated(after)? };
    let page = customers::service::list(connection, context.organization_id, &filter, &start, "", limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

fn meet_products(
    connection: &mut PgConnection,
    context: &Context,
    from: DateTime<Utc>,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Product>, Error> {
    let filter = products::service::Filter { updated_from: Some(from), ..Default::default() };
    let start = products::service::Start::ByUpdated { after: dated(after)? };
    let page = products::service::list(connection, context.organization_id, &filter, &start, "", limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.sku.clone(), row)).collect(), next })
}

fn meet_prices(
    connection: &mut PgConnection,
    context: &Context,
    from: DateTime<Utc>,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<Price>, Error> {
    let filter = prices::service::Filter { updated_from: Some(from), ..Default::default() };
    let after = after.map(|parts| PriceKey::read(parts).ok_or_else(wrong)).transpose()?;
    let page = prices::service::list(connection, context.organization_id, &filter, after.as_ref(), "", limit)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| PriceKey::of(last).parts().to_vec());
    Ok(Met { rows: page.data.into_iter().map(|row| (row.sku.clone(), row)).collect(), next })
}

/// A page of a list by its last change.
fn slice<Id: FromStr>(after: Option<Vec<String>>, limit: usize) -> Result<Slice<Id>, Error> {
    let after = dated(after)?.map(|(at, id): (DateTime<Utc>, Id)| After { key: at.to_rfc3339(), id });
    Ok(Slice { sort: Sort::UpdatedFirst, after, limit, filters: String::new() })
}

fn meet_invoices(
    connection: &mut PgConnection,
    context: &Context,
    from: DateTime<Utc>,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<InvoiceBody>, Error> {
    let filter = invoices::service::Filter { updated_from: Some(from), ..Default::default() };
    let page = invoices::service::list(connection, context, &filter, &slice(after, limit)?)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

fn meet_payments(
    connection: &mut PgConnection,
    context: &Context,
    from: DateTime<Utc>,
    after: Option<Vec<String>>,
    limit: usize,
) -> Result<Met<PaymentBody>, Error> {
    let filter = payments::service::Filter { updated_from: Some(from), ..Default::default() };
    let page = payments::service::list(connection, context.organization_id, &filter, &slice(after, limit)?)?;
    let next = page.next_cursor.as_ref().and(page.data.last()).map(|last| vec![last.updated_at.to_rfc3339(), last.id.to_string()]);
    Ok(Met { rows: page.data.into_iter().map(|row| (row.id.to_string(), row)).collect(), next })
}

/// Poll changed orders
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "orders", operation_id = "poll_orders", security(("oauth2" = ["orders:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<OrderBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/changes/orders")]
pub async fn poll_orders(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "orders", table: store::ORDERS, parts: 2 };
    changes(call, app, Permission::ORDERS_READ, kind, meet_orders).await
}

/// Poll changed customers
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "customers", operation_id = "poll_customers", security(("oauth2" = ["customers:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Customer>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/changes/customers")]
pub async fn poll_customers(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "customers", table: store::CUSTOMERS, parts: 2 };
    changes(call, app, Permission::CUSTOMERS_READ, kind, meet_customers).await
}

/// Poll changed products
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "catalog", operation_id = "poll_products", security(("oauth2" = ["catalog:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Product>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/changes/products")]
pub async fn poll_products(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "products", table: store::PRODUCTS, parts: 2 };
    changes(call, app, Permission::CATALOG_READ, kind, meet_products).await
}

/// Poll changed prices
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice. The prices of one product come together.
#[utoipa::path(tag = "catalog", operation_id = "poll_prices", security(("oauth2" = ["catalog:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<Price>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/changes/prices")]
pub async fn poll_prices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "prices", table: store::PRICES, parts: 5 };
    changes(call, app, Permission::CATALOG_READ, kind, meet_prices).await
}

/// Poll changed invoices
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "invoices", operation_id = "poll_invoices", security(("oauth2" = ["invoices:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<InvoiceBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/changes/invoices")]
pub async fn poll_invoices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "invoices", table: store::INVOICES, parts: 2 };
    changes(call, app, Permission::INVOICES_READ, kind, meet_invoices).await
}

/// Poll changed payments
///
/// What has changed since `after`, in no order to rely on, and nothing missed: unlike a list by `updated_from`, this waits for no
/// overlap. Something that was being written at the poll before may be told twice.
#[utoipa::path(tag = "payments", operation_id = "poll_payments", security(("oauth2" = ["payments:read"])), params(ChangesQuery), responses(
    (status = 200, description = "What has changed", body = Changes<PaymentBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/changes/payments")]
pub async fn poll_payments(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let kind = Kind { name: "payments", table: store::PAYMENTS, parts: 2 };
    changes(call, app, Permission::PAYMENTS_READ, kind, meet_payments).await
}
