use super::body::{Customer, PatchCustomer, PutCustomer};
use super::credit;
use super::store::{self, References, Standing};
pub use super::store::{Filter, Start};
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::platform::http::Precondition;
use crate::types::currency::Currency;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CustomerId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

/// How an order names a customer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CustomerRef {
    Id(CustomerId),
    Code(String),
}

/// The named customers, each once, together with those who pay for them; unknown ones are left out. One statement.
pub fn for_order(connection: &mut PgConnection, organization_id: OrganizationId, named: &[CustomerRef]) -> QueryResult<Vec<Customer>> {
    let (mut ids, mut codes) = (vec![], vec![]);
    for reference in named {
        match reference {
            CustomerRef::Id(id) => ids.push(*id),
            CustomerRef::Code(code) => codes.push(code.as_str()),
        }
    }
    store::by_ids_and_codes(connection, organization_id, &ids, &codes)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: CustomerId) -> Result<Customer, Error> {
    store::by_id(connection, organization_id, id)?.ok_or(Error::not_found("customer"))
}

/// `filters` names the filters of the list, so that a cursor is only good for them.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    start: &Start,
    filters: &str,
    limit: usize,
) -> Result<Page<Customer>, Error> {
    let rows = store::page(connection, organization_id, filter, start, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| match start {
        Start::ByCreated { .. } => encode_cursor(filters, &[row.id.to_string()]),
        Start::ByUpdated { .. } | Start::ByLastUpdated { .. } => encode_cursor(filters, &[row.updated_at.to_rfc3339(), row.id.to_string()]),
    }))
}

/// Creates a customer; 409 `customer_code_taken`.
pub fn create(connection: &mut PgConnection, context: &Context, id: CustomerId, body: &PutCustomer) -> Result<Customer, Error> {
    insert(connection, context, id, body)?.ok_or_else(|| Error::conflict("customer_code_taken", "another customer has this code"))
}

/// Creates or replaces the customer `code`. The flag tells whether it is new; then it gets `new_id`.
pub fn put_by_code(
    connection: &mut PgConnection,
    context: &Context,
    new_id: CustomerId,
    code: &str,
    body: &PutCustomer,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(Customer, bool), Error> {
    let mut body = body.clone();
    body.code = Some(code.to_owned());
    if store::id_of_code(connection, context.organization_id, code)?.is_none() {
        if *precondition != Precondition::Any {
            return Err(Error::not_found("customer"));
        }
        if let Some(created) = insert(connection, context, new_id, &body)? {
            return Ok((created, true));
        }
    }
    // It was there, or another call has created it since we looked.
    let id = store::id_of_code(connection, context.organization_id, code)?.ok_or(Error::not_found("customer"))?;
    let seen = get(connection, context.organization_id, id)?;
    make_way(connection, &seen, &body)?;
    let current = lock(connection, context.organization_id, id, body.bill_to_customer_id)?;
    if create_only {
        return Err(Error::Stale { current: current.version });
    }
    precondition.check(current.version)?;
    Ok((replace(connection, context, &current, &body)?, false))
}

/// The version of the customer with this code.
pub fn version_of_code(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<i64>> {
    store::version_of_code(connection, organization_id, code)
}

/// Creates or replaces a customer by its id. Tells its version before, where it was there.
pub fn put_by_id(
    connection: &mut PgConnection,
    context: &Context,
    id: CustomerId,
    body: &PutCustomer,
) -> Result<(Customer, Option<i64>), Error> {
    let Some(seen) = store::by_id(connection, context.organization_id, id)? else {
        return Ok((create(connection, context, id, body)?, None));
    };
    make_way(connection, &seen, body)?;
    let current = lock(connection, context.organization_id, id, body.bill_to_customer_id)?;
    Ok((replace(connection, context, &current, body)?, Some(current.version)))
}

pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: CustomerId,
    patch: &PatchCustomer,
    precondition: &Precondition,
) -> Result<Customer, Error> {
    let payer = patch.text("bill_to_customer_id").and_then(|text| text.parse().ok());
    let seen = get(connection, context.organization_id, id)?;
    if let Ok(body) = patch.apply(&seen) {
        make_way(connection, &seen, &body)?;
    }
    let current = lock(connection, context.organization_id, id, payer)?;
    precondition.check(current.version)?;
    replace(connection, context, &current, &patch.apply(&current)?)
}

/// Locks the table of balances as the change of a customer will need it, before the customer's row: orders hold it when they look at
/// the row. What was seen without a lock may be out of date; then the lock is taken late, and a deadlock is tried again.
fn make_way(connection: &mut PgConnection, seen: &Customer, body: &PutCustomer) -> QueryResult<()> {
    match (&seen.balance, body.credit_limit) {
        (None, None) => Ok(()),
        (Some(_), None) => credit::store::join(connection),
        (Some(balance), Some(_)) if body.currency == Some(balance.currency) || body.currency == seen.currency => {
            credit::store::join(connection)
        }
        (_, Some(_)) => credit::store::fence(connection),
    }
}

/// Locks a customer and whom it will be billed to together, so that neither becomes the other's payer meanwhile.
fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: CustomerId,
    payer: Option<CustomerId>,
) -> Result<Customer, Error> {
    let ids: Vec<CustomerId> = payer.into_iter().chain([id]).collect();
    store::lock(connection, organization_id, &ids)?;
    get(connection, organization_id, id)
}

fn insert(connection: &mut PgConnection, context: &Context, id: CustomerId, body: &PutCustomer) -> Result<Option<Customer>, Error> {
    if body.credit_limit.is_some() {
        credit::store::join(connection)?;
    }
    if let Some(payer) = body.bill_to_customer_id {
        store::lock(connection, context.organization_id, &[payer])?;
    }
    let limit_currency = check(connection, context.organization_id, id, body)?;
    if !store::insert(connection, context, id, body)? {
        return Ok(None);
    }
    if let Some(limit) = body.credit_limit {
        // No order can name a customer that is not committed yet, so nobody moves this balance.
        credit::store::open(connection, context.organization_id, id, limit_currency, limit.0)?;
    }
    let customer = get(connection, context.organization_id, id)?;
    append_event(connection, context, "customer.created", &customer)?;
    Ok(Some(customer))
}

fn replace(connection: &mut PgConnection, context: &Context, current: &Customer, body: &PutCustomer) -> Result<Customer, Error> {
    let organization_id = context.organization_id;
    require_terms(context, current, body)?;
    let limit_currency = check(connection, organization_id, current.id, body)?;
    let standing = if current.guest && !body.is_account() { Standing::Guest } else { Standing::Account };
    let changed = store::update(connection, context, current.id, body, standing)?;
    keep_balance(connection, organization_id, current, body, limit_currency)?;
    let customer = get(connection, organization_id, current.id)?;
    if changed {
        append_event(connection, context, "customer.updated", &customer)?;
    }
    Ok(customer)
}

/// Who may not let an order pass its credit limit may not lift the limit of a customer either, nor the block; and who may not give an
/// order its own prices and terms may not give a customer others.
fn require_terms(context: &Context, current: &Customer, body: &PutCustomer) -> Result<(), Error> {
    let missing = |permission: Permission| !context.permissions.contains(permission);
    if (current.credit_limit, current.blocked) != (body.credit_limit, body.blocked) && missing(Permission::PAYMENTS_WRITE) {
        return Err(Error::InsufficientScope { scope: Permission::PAYMENTS_WRITE.scope().to_owned() });
    }
    let terms = (current.payment_terms.as_str(), &current.price_list) != (body.payment_terms(), &body.price_list);
    if terms && missing(Permission::ORDERS_PRICE) && missing(Permission::PAYMENTS_WRITE) {
        return Err(Error::InsufficientScope { scope: Permission::ORDERS_PRICE.scope().to_owned() });
    }
    Ok(())
}

/// Brings the balance row in step with the limit.
fn keep_balance(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    current: &Customer,
    body: &PutCustomer,
    currency: Currency,
) -> Result<(), Error> {
    match (&current.balance, body.credit_limit) {
        (None, None) => {}
        (Some(_), None) => credit::store::remove(connection, organization_id, current.id)?,
        (Some(before), Some(limit)) if before.currency == currency => {
            if before.credit_limit != limit {
                credit::store::set_limit(connection, organization_id, current.id, limit.0)?;
            }
        }
        (_, Some(limit)) => {
            credit::store::fence(connection)?;
            credit::store::open(connection, organization_id, current.id, currency, limit.0)?;
        }
    }
    Ok(())
}

/// Refuses a body with all its faults, those of its references included. Gives the currency of the credit limit.
fn check(connection: &mut PgConnection, organization_id: OrganizationId, id: CustomerId, body: &PutCustomer) -> Result<Currency, Error> {
    let references = store::references(connection, organization_id, id, body.payment_terms(), body.bill_to_customer_id)?;
    Ok(judge(body, id, &references)?)
}

/// The currency of the credit limit, or all that is wrong with a body, given what its references come to.
pub(super) fn judge(body: &PutCustomer, id: CustomerId, references: &References) -> Result<Currency, Vec<Fault>> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    let currency = body.currency.unwrap_or(references.base_currency);
    if let Some(limit) = body.credit_limit {
        let detail = format!("{currency} has {} decimal places", currency.minor_units());
        faults.require(currency.is_exact(limit.0), "/credit_limit", "too_many_decimals", &detail);
    }
    let terms = "no payment terms have this code; see /v1/payment_terms";
    faults.require(references.terms_known, "/payment_terms", "unknown_payment_terms", terms);
    if let Some(payer) = body.bill_to_customer_id {
        let here = "/bill_to_customer_id";
        if payer == id {
            faults.add(here, "bill_to_itself", "leave it out where the customer pays for itself");
        } else if !references.payer_known {
            faults.add(here, "unknown_customer", "no customer has this id");
        } else if references.payer_is_paid_for {
            faults.add(here, "bill_to_chain", "that customer is billed to another one; name the one that pays");
        } else if references.pays_for_others {
            faults.add(here, "bill_to_chain", "this customer pays for others, so it must pay for itself");
        }
    }
    faults.into_result()?;
    Ok(currency)
}

fn append_event(connection: &mut PgConnection, context: &Context, event_type: &'static str, customer: &Customer) -> QueryResult<()> {
    let data = json!({ "code": customer.code, "name": customer.name, "guest": customer.guest, "version": customer.version });
    events::append(connection, context, &[NewEvent::of(event_type, "customer", customer.id.0, data)])
}
