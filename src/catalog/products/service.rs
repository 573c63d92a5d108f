use super::body::{PatchProduct, Product, PutProduct};
use super::store::{self, NewProduct, Written};
pub use super::store::{Filter, Start};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::platform::http::Precondition;
use crate::types::bulk::BulkOutcome;
use crate::types::fault::Faults;
use crate::types::id::{OrganizationId, ProductId};
use crate::types::page::{Page, encode_cursor};
use crate::types::text::check_code;
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Creates or replaces the product `sku`. The flag tells whether it is new; then it has `new_id`.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    new_id: ProductId,
    sku: &str,
    body: &PutProduct,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(Product, bool), Error> {
    let body = checked(sku, body.clone())?;
    let current = store::lock(connection, context.organization_id, sku)?;
    match &current {
        Some(product) if create_only => return Err(Error::Stale { current: product.version }),
        Some(product) => precondition.check(product.version)?,
        None if *precondition != Precondition::Any => return Err(Error::not_found("product")),
        None => {}
    }
    let product = write(connection, context, NewProduct { sku, id: new_id, body: &body })?;
    // Another call may have created it between our look and our write.
    let created = product.id == new_id;
    if create_only && !created {
        return Err(Error::Stale { current: product.version });
    }
    Ok((product, created))
}

pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    sku: &str,
    patch: &PatchProduct,
    precondition: &Precondition,
) -> Result<Product, Error> {
    let current = store::lock(connection, context.organization_id, sku)?.ok_or(Error::not_found("product"))?;
    precondition.check(current.version)?;
    let body = checked(sku, patch.apply(&current)?)?;
    write(connection, context, NewProduct { sku, id: current.id, body: &body })
}

fn checked(sku: &str, mut body: PutProduct) -> Result<PutProduct, Error> {
    let mut faults = Faults::new();
    let same = body.sku.as_deref().is_none_or(|given| given == sku);
    faults.require(same, "/sku", "sku_mismatch", "the body names another SKU than the path; a SKU cannot be changed");
    body.check(&mut faults, "");
    faults.into_result()?;
    Ok(body)
}

fn write(connection: &mut PgConnection, context: &Context, new: NewProduct<'_>) -> Result<Product, Error> {
    if upsert(connection, context, &[new])?.is_empty() && new.body.source_version.is_some() {
        store::left(connection, context.organization_id, &[new])?;
    }
    get(connection, context.organization_id, new.sku)
}

/// The products among `skus`; unknown ones are left out.
pub fn find_many(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> diesel::QueryResult<Vec<Product>> {
    store::by_sku(connection, organization_id, skus)
}

/// As [`put_all`], answered by the products as they are now.
pub fn put_many(connection: &mut PgConnection, context: &Context, bodies: &[PutProduct]) -> Result<Vec<Product>, Error> {
    put_all(connection, context, bodies)?;
    let skus: Vec<&str> = bodies.iter().map(PutProduct::sku).collect();
    Ok(store::by_sku(connection, context.organization_id, &skus)?)
}

/// Creates or replaces many products by SKU, in a number of statements that does not grow with them. Tells of each, in their order,
/// which product it is and what became of it.
pub fn put_all(connection: &mut PgConnection, context: &Context, bodies: &[PutProduct]) -> Result<Vec<(ProductId, BulkOutcome)>, Error> {
    let mut bodies = bodies.to_vec();
    let mut faults = Faults::new();
    let mut seen = HashSet::new();
    for (i, body) in bodies.iter_mut().enumerate() {
        let pointer = format!("/{i}");
        let sku = body.sku.clone().unwrap_or_default();
        check_code(&mut faults, &format!("{pointer}/sku"), &sku);
        body.check(&mut faults, &pointer);
        faults.require(seen.insert(sku), format!("{pointer}/sku"), "duplicate_key", "each SKU once in a call");
    }
    faults.into_result()?;
    let row = |body| NewProduct { sku: PutProduct::sku(body), id: ProductId::generate(), body };
    let rows: Vec<NewProduct<'_>> = bodies.iter().map(row).collect();
    let mut outcomes: HashMap<String, (ProductId, BulkOutcome)> = HashMap::with_capacity(rows.len());
    for product in upsert(connection, context, &rows)? {
        let outcome = if product.version == 1 { BulkOutcome::Created } else { BulkOutcome::Updated };
        outcomes.insert(product.sku, (product.id, outcome));
    }
    let left: Vec<NewProduct<'_>> = rows.iter().copied().filter(|row| !outcomes.contains_key(row.sku)).collect();
    if !left.is_empty() {
        for product in store::left(connection, context.organization_id, &left)? {
            let outcome = if product.late { BulkOutcome::Late } else { BulkOutcome::Unchanged };
            outcomes.insert(product.sku, (product.id, outcome));
        }
    }
    let outcome = |row: &NewProduct<'_>| outcomes.get(row.sku).copied().ok_or_else(|| Error::internal("a product without an outcome"));
    rows.iter().map(outcome).collect()
}

fn upsert(connection: &mut PgConnection, context: &Context, rows: &[NewProduct<'_>]) -> Result<Vec<Written>, Error> {
    let in_use = store::in_use_with_other_measure(connection, context.organization_id, rows)?;
    if !in_use.is_empty() {
        return Err(Error::conflict_with(
            "product_in_use",
            "unit and kind cannot change once there is stock or an order of the product; make a new SKU instead",
            json!({ "skus": in_use }),
        ));
    }
    let changed = store::upsert(connection, context, rows)?;
    let event = |product: &Written| {
        let event_type = if product.version == 1 { "product.created" } else { "product.updated" };
        NewEvent::of(event_type, "product", product.id.0, json!({ "sku": product.sku, "version": product.version }))
    };
    events::append(connection, context, &changed.iter().map(event).collect::<Vec<_>>())?;
    Ok(changed)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, sku: &str) -> Result<Product, Error> {
    store::by_sku(connection, organization_id, &[sku])?.pop().ok_or(Error::not_found("product"))
}

/// `filters` names the filters of the list, so that a cursor is only good for them.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    start: &Start,
    filters: &str,
    limit: usize,
) -> Result<Page<Product>, Error> {
    let rows = store::page(connection, organization_id, filter, start, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| match start {
        Start::BySku { .. } => encode_cursor(filters, std::slice::from_ref(&row.sku)),
        Start::ByUpdated { .. } | Start::ByLastUpdated { .. } => encode_cursor(filters, &[row.updated_at.to_rfc3339(), row.id.to_string()]),
    }))
}
