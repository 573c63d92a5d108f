use super::body::{Customer, PatchCustomer, PutCustomer};
use super::credit::Balance;
use super::service::{self, Filter, Start};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, many, take_external_ids};
use crate::platform::http::{Answer, Tagged, parse_query};
use crate::platform::idempotency;
use crate::types::id::CustomerId;
use crate::types::page::{Page, page_after, page_limit};
use crate::types::text_enum::text_enum;
use actix_web::web::Data;
use actix_web::{get, patch, post, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_customers).service(create_customer).service(put_customer_by_code).service(get_customer).service(patch_customer);
}

text_enum! {
    /// How customers are sorted.
    pub enum CustomerSort {
        CreatedAt = "created_at",
        /// By their last change, for those who keep a copy.
        UpdatedAt = "updated_at",
        /// Whoever was changed last comes first.
        UpdatedLast = "-updated_at",
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// Part of name, code or e-mail address.
    #[param(example = "sumber")]
    q: Option<String>,
    /// Many by comma.
    #[param(example = "C-TOKO-SUMBER")]
    code: Option<String>,
    /// The whole address, in any case.
    email: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `created_at` (default), `updated_at` or `-updated_at`.
    #[param(inline)]
    sort: Option<CustomerSort>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl CustomerQuery {
    fn filter(&self, external_ids: &BTreeMap<String, String>) -> Filter {
        Filter {
            text: self.q.clone(),
            codes: any_of(many(self.code.as_deref())),
            email: self.email.clone(),
            external_ids: external_ids.clone(),
            updated_from: self.updated_from,
        }
    }

    /// What a cursor is bound to.
    fn name(&self, external_ids: &BTreeMap<String, String>) -> String {
        let filters = (&self.q, &self.code, &self.email, external_ids, &self.updated_from, &self.sort);
        format!("customers {filters:?}")
    }

    fn start(&self, name: &str) -> Result<Start, Error> {
        let invalid = || Error::bad_request("invalid_cursor", "take the cursor from next_cursor");
        let after = |parts| page_after(self.cursor.as_deref(), name, parts);
        let dated = || {
            let key = after(2)?.map(|key| Some((key[0].parse().ok()?, key[1].parse().ok()?)));
            key.map(|key| key.ok_or_else(invalid)).transpose()
        };
        Ok(match self.sort.unwrap_or(CustomerSort::CreatedAt) {
            CustomerSort::CreatedAt => Start::ByCreated { after: after(1)?.map(|key| key[0].parse().map_err(|_| invalid())).transpose()? },
            CustomerSort::UpdatedAt => Start::ByUpdated { after: dated()? },
            CustomerSort::UpdatedLast => Start::ByLastUpdated { after: dated()? },
        })
    }
}

/// List customers
#[utoipa::path(tag = "customers", operation_id = "list_customers", security(("oauth2" = ["customers:read"])), params(
    CustomerQuery,
    ("external_ids.hubspot" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of customers", body = Page<Customer>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/customers")]
pub async fn list_customers(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: CustomerQuery = parse_query(&rest)?;
    let (name, limit) = (query.name(&external_ids), page_limit(query.limit)?);
    let (filter, start) = (query.filter(&external_ids), query.start(&name)?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &start, &name, limit)).await?;
    Answer::ok(&page)
}

/// Create a customer
#[utoipa::path(tag = "customers", operation_id = "create_customer", security(("oauth2" = ["customers:write"])), request_body(content = PutCustomer, example = json!({
    "name": "Warung Kopi Melati", "kind": "company", "email": "halo@melati.example", "payment_terms": "net_15",
    "shipping_address": {"company": "Warung Kopi Melati", "line1": "Jl. Kaliurang Km 5", "city": "Sleman", "region": "YO", "postal_code": "55281", "country": "ID"}
})), responses(
    (status = 201, description = "Created", body = Customer, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/customers")]
pub async fn create_customer(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_WRITE)?;
    call.no_query()?;
    let body: PutCustomer = call.json()?;
    let (key, id) = (call.idempotency_key()?, CustomerId::generate());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let customer = service::create(connection, &context, id, &body)?;
                Ok(Answer::created(format!("/v1/customers/{}", customer.id), &customer)?.with_version(customer.version))
            })
        })
        .await
}

/// Create or replace the customer with a code
///
/// Another `credit_limit` or `blocked` of a customer who is there wants `payments:write`, too; other `payment_terms` or `price_list` want
/// `orders:price` or `payments:write`.
#[utoipa::path(tag = "customers", operation_id = "put_customer_by_code", security(("oauth2" = ["customers:write"])), request_body = PutCustomer, params(("code" = String, Path, description = "Code of the customer", example = "C-TOKO-SUMBER")), responses(
    (status = 200, description = "Replaced", body = Customer),
    (status = 201, description = "Created", body = Customer),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/customers/by_code/{code}")]
pub async fn put_customer_by_code(call: Call, app: Data<App>) -> Result<Tagged, Error> {
    let context = call.require(Permission::CUSTOMERS_WRITE)?;
    call.no_query()?;
    let code = call.path_code("code", "customer")?;
    let body: PutCustomer = call.json()?;
    let (precondition, create_only, new_id) = (call.precondition()?, call.create_only(), CustomerId::generate());
    let (customer, created) = app
        .db
        .write(move |connection| service::put_by_code(connection, &context, new_id, &code, &body, &precondition, create_only))
        .await?;
    let location = format!("/v1/customers/{}", customer.id);
    let answer = if created { Answer::created(location, &customer)? } else { Answer::ok(&customer)? };
    tagged(answer, &customer)
}

/// With a balance, which moves without the customer's version, the tag covers both.
fn tagged(answer: Answer, customer: &Customer) -> Result<Tagged, Error> {
    let rest = customer.balance.as_ref().map(Balance::tag).transpose().map_err(Error::internal)?;
    Ok(Tagged { answer: answer.with_version(customer.version), rest })
}

/// Get a customer
///
/// `ETag` covers the balance: it is another one after an order or a payment, though `version` stays and `If-Match` with it passes.
#[utoipa::path(tag = "customers", operation_id = "get_customer", security(("oauth2" = ["customers:read"])), params(("id" = CustomerId, Path, description = "Id of the customer")), responses(
    (status = 200, description = "The customer", body = Customer, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/customers/{id}")]
pub async fn get_customer(call: Call, app: Data<App>) -> Result<Tagged, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    call.no_query()?;
    let id: CustomerId = call.path("id")?;
    let customer = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    tagged(Answer::ok(&customer)?, &customer)
}

/// Change parts of a customer
#[utoipa::path(tag = "customers", operation_id = "patch_customer", security(("oauth2" = ["customers:write"])), request_body(content = PatchCustomer, example = json!({"phone": "+62 22 420 1234", "external_ids": {"hubspot": "9001"}})), params(("id" = CustomerId, Path, description = "Id of the customer")), responses(
    (status = 200, description = "Changed", body = Customer),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/customers/{id}")]
pub async fn patch_customer(call: Call, app: Data<App>) -> Result<Tagged, Error> {
    let context = call.require(Permission::CUSTOMERS_WRITE)?;
    call.no_query()?;
    let id: CustomerId = call.path("id")?;
    let body: PatchCustomer = call.json()?;
    let precondition = call.precondition()?;
    let customer = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    tagged(Answer::ok(&customer)?, &customer)
}
