use super::body::{PatchProduct, Product, PutProduct};
use super::service::{self, Filter, Start};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::catalog::product_kind::ProductKind;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, parsed, take_external_ids};
use crate::platform::http::{Answer, parse_query};
use crate::platform::limits;
use crate::types::bulk::{BulkOutcomes, BulkQuery};
use crate::types::id::ProductId;
use crate::types::page::{Page, page_after, page_limit};
use crate::types::text_enum::text_enum;
use actix_web::web::Data;
use actix_web::{get, patch, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_products).service(put_products).service(get_product).service(put_product).service(patch_product);
}

text_enum! {
    /// How products are sorted.
    pub enum ProductSort {
        Sku = "sku",
        /// By their last change, for those who keep a copy.
        UpdatedAt = "updated_at",
        /// What was changed last comes first.
        UpdatedLast = "-updated_at",
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductQuery {
    /// Part of SKU or name, or a whole GTIN.
    #[param(example = "kopi")]
    q: Option<String>,
    /// Whether it is still sold.
    active: Option<bool>,
    /// `stocked`, `service`, `charge`; many by comma.
    #[param(example = "stocked")]
    kind: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `sku` (default), `updated_at` or `-updated_at`.
    #[param(inline)]
    sort: Option<ProductSort>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl ProductQuery {
    fn filter(&self, external_ids: &BTreeMap<String, String>) -> Result<Filter, Error> {
        let kinds = any_of(parsed::<ProductKind>("kind", self.kind.as_deref())?);
        Ok(Filter { text: self.q.clone(), active: self.active, kinds, external_ids: external_ids.clone(), updated_from: self.updated_from })
    }

    /// What a cursor is bound to.
    fn name(&self, external_ids: &BTreeMap<String, String>) -> String {
        format!("products {:?} {:?} {:?} {external_ids:?} {:?} {:?}", self.q, self.active, self.kind, self.updated_from, self.sort)
    }

    fn start(&self, name: &str) -> Result<Start, Error> {
        let after = |parts| page_after(self.cursor.as_deref(), name, parts);
        let dated = || {
            let key = after(2)?.map(|key| Some((key[0].parse().ok()?, key[1].parse().ok()?)));
            key.map(|key| key.ok_or(Error::bad_request("invalid_cursor", "take it from next_cursor"))).transpose()
        };
        Ok(match self.sort.unwrap_or(ProductSort::Sku) {
            ProductSort::Sku => Start::BySku { after: after(1)?.map(|key| key[0].clone()) },
            ProductSort::UpdatedAt => Start::ByUpdated { after: dated()? },
            ProductSort::UpdatedLast => Start::ByLastUpdated { after: dated()? },
        })
    }
}

/// List products
#[utoipa::path(tag = "catalog", operation_id = "list_products", security(("oauth2" = ["catalog:read"])), params(
    ProductQuery,
    ("external_ids.erp" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of products", body = Page<Product>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/products")]
pub async fn list_products(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_READ)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: ProductQuery = parse_query(&rest)?;
    let (name, limit) = (query.name(&external_ids), page_limit(query.limit)?);
    let (filter, start) = (query.filter(&external_ids)?, query.start(&name)?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &start, &name, limit)).await?;
    Answer::ok(&page)
}

/// The products in the order of the request, or with `answer=outcomes` what became of each. Only for the document: each is
/// written as it is.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum PutProducts {
    Rows(Vec<Product>),
    Outcomes(BulkOutcomes),
}

/// Create or replace many products
///
/// For systems that keep products elsewhere: `source_version` orders what they send, so that what comes late changes nothing, and
/// `answer=outcomes` answers counts and one word a row instead of the products.
#[utoipa::path(tag = "catalog", operation_id = "put_products", security(("oauth2" = ["catalog:write"])), params(BulkQuery), request_body(
    content = Vec<PutProduct>, description = "1 to 100,000 products, each SKU once; products that are not named stay", example = json!([
        {"sku": "KOPI-250", "name": "Kopi Arabika Gayo 250 g", "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}], "tax_category": "standard", "active": true},
        {"sku": "GIFT-WRAP", "name": "Gift wrapping", "kind": "service", "unit": "C62", "tax_category": "standard", "active": true}
    ])), responses(
    (status = 200, description = "The products, in the order of the request; with `answer=outcomes` what became of each", body = PutProducts),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/products")]
pub async fn put_products(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    let query: BulkQuery = call.query()?;
    let bodies: Vec<PutProduct> = call.json()?;
    limits::check_bulk(bodies.len())?;
    if query.wants_outcomes() {
        let rows = app.db.write(move |connection| service::put_all(connection, &context, &bodies)).await?;
        return Answer::ok(&BulkOutcomes::of(rows.into_iter().map(|(_, outcome)| outcome).collect()));
    }
    let rows = app.db.write(move |connection| service::put_many(connection, &context, &bodies)).await?;
    Answer::ok(&rows)
}

/// Get a product
#[utoipa::path(tag = "catalog", operation_id = "get_product", security(("oauth2" = ["catalog:read"])), params(("sku" = String, Path, description = "SKU of the product", example = "KOPI-250")), responses(
    (status = 200, description = "The product", body = Product, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/products/{sku}")]
pub async fn get_product(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_READ)?;
    call.no_query()?;
    let sku = call.path_code("sku", "product")?;
    let product = app.db.read(move |connection| service::get(connection, context.organization_id, &sku)).await?;
    Ok(Answer::ok(&product)?.with_version(product.version))
}

/// Create or replace a product
#[utoipa::path(tag = "catalog", operation_id = "put_product", security(("oauth2" = ["catalog:write"])), request_body = PutProduct, params(("sku" = String, Path, description = "SKU of the product", example = "KOPI-250")), responses(
    (status = 200, description = "Replaced", body = Product),
    (status = 201, description = "Created", body = Product),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/products/{sku}")]
pub async fn put_product(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    call.no_query()?;
    let sku = call.path_code("sku", "product")?;
    let body: PutProduct = call.json()?;
    let (precondition, create_only, new_id) = (call.precondition()?, call.create_only(), ProductId::generate());
    let location = format!("/v1/products/{sku}");
    let (product, created) =
        app.db.write(move |connection| service::put(connection, &context, new_id, &sku, &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(location, &product)? } else { Answer::ok(&product)? };
    Ok(answer.with_version(product.version))
}

/// Change parts of a product
#[utoipa::path(tag = "catalog", operation_id = "patch_product", security(("oauth2" = ["catalog:write"])), request_body(content = PatchProduct, example = json!({"name": "Kopi Arabika Gayo 250 g", "metadata": {"origin": "Takengon"}})), params(("sku" = String, Path, description = "SKU of the product", example = "KOPI-250")), responses(
    (status = 200, description = "Changed", body = Product),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/products/{sku}")]
pub async fn patch_product(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    call.no_query()?;
    let sku = call.path_code("sku", "product")?;
    let body: PatchProduct = call.json()?;
    let precondition = call.precondition()?;
    let product = app.db.write(move |connection| service::patch(connection, &context, &sku, &body, &precondition)).await?;
    Ok(Answer::ok(&product)?.with_version(product.version))
}
