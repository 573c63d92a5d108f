//! People whom an order names by e-mail alone.

use super::body::{Customer, DEFAULT_TERMS, PutCustomer};
use super::store::{self, Standing};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::types::id::CustomerId;
use diesel::pg::PgConnection;
use serde_json::json;

/// An inline customer of an order. The caller has checked the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// The customer of an order that names a person inline: the one with this e-mail address, else a new guest.
///
/// Anybody can type an address, so what comes back is never more than the guest said: the id, under which the order joins
/// the history, and whether orders of that customer are held. Terms, credit, prices, tax status and addresses are not lent.
pub fn create_guest(connection: &mut PgConnection, context: &Context, guest: &Guest) -> Result<Customer, Error> {
    let organization_id = context.organization_id;
    let id = match &guest.email {
        Some(email) => match store::id_of_email(connection, organization_id, email)? {
            Some(id) => id,
            None => claimed(connection, context, guest, email)?,
        },
        None => insert(connection, context, guest, CustomerId::generate())?,
    };
    let customer = store::by_id(connection, organization_id, id)?.ok_or(Error::not_found("customer"))?;
    Ok(as_guest(customer, guest))
}

fn claimed(connection: &mut PgConnection, context: &Context, guest: &Guest, email: &str) -> Result<CustomerId, Error> {
    let id = CustomerId::generate();
    let Some(holder) = store::claim_email(connection, context, email, id)? else { return insert(connection, context, guest, id) };
    // The claim was there: its guest has been committed meanwhile, or has changed its address since.
    if let Some(found) = store::id_of_email(connection, context.organization_id, email)? {
        return Ok(found);
    }
    if store::take_claim(connection, context, email, holder, id)? {
        return insert(connection, context, guest, id);
    }
    store::id_of_email(connection, context.organization_id, email)?
        .ok_or_else(|| Error::unavailable("the e-mail address is being claimed by another order".into()))
}

fn insert(connection: &mut PgConnection, context: &Context, guest: &Guest, id: CustomerId) -> Result<CustomerId, Error> {
    let body: PutCustomer =
        serde_json::from_value(json!({ "name": guest.name, "kind": "person", "email": guest.email, "phone": guest.phone }))
            .map_err(Error::internal)?;
    store::insert(connection, context, id, &body, Standing::Guest)?;
    let data = json!({ "code": null, "name": guest.name, "guest": true, "version": 1 });
    events::append(connection, context, &[NewEvent::of("customer.created", "customer", id.0, data)])?;
    Ok(id)
}

fn as_guest(customer: Customer, guest: &Guest) -> Customer {
    Customer {
        code: None,
        name: guest.name.clone(),
        guest: true,
        email: guest.email.clone(),
        phone: guest.phone.clone(),
        tax_id: None,
        tax_exemption: None,
        electronic_address: None,
        currency: None,
        payment_terms: DEFAULT_TERMS.to_owned(),
        credit_limit: None,
        price_list: None,
        bill_to_customer_id: None,
        sales_rep: None,
        addresses: vec![],
        contacts: vec![],
        billing_address: None,
        shipping_address: None,
        external_ids: Default::default(),
        metadata: Default::default(),
        balance: None,
        ..customer
    }
}
