//! Finds or makes the customer of a party, once however many messages bring it at the same time.

use super::rule::{Match, Party, decide};
use super::store;
use crate::auth::actor::Context;
use crate::customers::body::{CustomerKind, PatchCustomer, PutCustomer};
use crate::customers::service;
use crate::error::Error;
use crate::platform::http::Precondition;
use crate::types::address::Contact;
use crate::types::fault::Faults;
use crate::types::id::CustomerId;
use crate::types::tax_id;
use diesel::pg::PgConnection;
use serde_json::{Map, Value, json};

/// Who buys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Customer(CustomerId),
    /// Nobody that is proved: the order names its buyer by e-mail address alone.
    Guest,
    /// Several customers could be meant.
    Ambiguous(Vec<CustomerId>),
}

/// Settles who the party is; a new one gets `new_id` where it has an external id. Call it in a transaction of its own.
pub fn settle(connection: &mut PgConnection, context: &Context, new_id: CustomerId, party: &Party) -> Result<Settled, Error> {
    let claims = store::claim(connection, context, party)?;
    let settled = find_or_make(connection, context, new_id, party)?;
    store::release(connection, context, &claims)?;
    Ok(settled)
}

fn find_or_make(connection: &mut PgConnection, context: &Context, new_id: CustomerId, party: &Party) -> Result<Settled, Error> {
    let candidates = store::candidates(connection, context.organization_id, party)?;
    let id = match decide(party, &candidates) {
        Match::Ambiguous(ids) => return Ok(Settled::Ambiguous(ids)),
        Match::EmailOnly => return Ok(Settled::Guest),
        Match::Nobody if party.external_id.is_none() => return Ok(Settled::Guest),
        Match::Nobody => service::create(connection, context, new_id, &new_customer(party)?)?.id,
        Match::Known(id) => id,
        Match::Link(id) => {
            let link = json!({ "external_ids": { party.system: party.external_id } });
            patch(connection, context, id, link)?;
            id
        }
    };
    let customer = service::get(connection, context.organization_id, id)?;
    if customer.shipping_address.is_none() && customer.billing_address.is_none() && customer.addresses.is_empty() {
        let known = [("billing_address", &party.billing_address), ("shipping_address", &party.shipping_address)];
        let known: Map<String, Value> =
            known.iter().filter_map(|(name, address)| address.as_ref().map(|address| ((*name).to_owned(), json!(address)))).collect();
        if !known.is_empty() {
            patch(connection, context, id, Value::Object(known))?;
        }
    }
    if let Some(contact) = party.contact.as_ref().filter(|contact| is_new(contact, &customer.contacts, customer.email.as_deref())) {
        let contacts: Vec<&Contact> = customer.contacts.iter().chain([contact]).collect();
        patch(connection, context, id, json!({ "contacts": contacts }))?;
    }
    Ok(Settled::Customer(id))
}

/// Whether somebody is not yet among those to talk to; one without an address cannot be told from others.
fn is_new(contact: &Contact, known: &[Contact], own: Option<&str>) -> bool {
    let Some(email) = &contact.email else { return false };
    let same = |other: Option<&str>| other.is_some_and(|other| other.eq_ignore_ascii_case(email));
    known.len() < 100 && !same(own) && !known.iter().any(|other| same(other.email.as_deref()))
}

fn patch(connection: &mut PgConnection, context: &Context, id: CustomerId, patch: Value) -> Result<(), Error> {
    let patch: PatchCustomer = serde_json::from_value(patch).map_err(Error::internal)?;
    service::patch(connection, context, id, &patch, &Precondition::Any)?;
    Ok(())
}

/// A new customer has the terms of everybody, and no prices of its own. A tax number that cannot be one of its country is kept as a note.
fn new_customer(party: &Party) -> Result<PutCustomer, Error> {
    let country = party.billing_address.as_ref().or(party.shipping_address.as_ref()).map(|address| address.country.code());
    let mut faults = Faults::new();
    tax_id::check_form(&mut faults, "", party.tax_id.as_deref(), country);
    let fits = faults.into_result().is_ok();
    let mut metadata = Map::new();
    if let Some(number) = party.tax_id.as_ref().filter(|_| !fits) {
        metadata.insert(format!("{}_tax_id", party.system), json!(number));
    }
    let own_contact = party.contact.as_ref().filter(|contact| is_new(contact, &[], party.email.as_deref()));
    let body = json!({
        "name": party.name, "kind": party.kind, "email": party.email, "phone": party.phone,
        "tax_id": party.tax_id.as_ref().filter(|_| fits), "currency": party.currency,
        "billing_address": party.billing_address, "shipping_address": party.shipping_address,
        "contacts": own_contact.filter(|_| party.kind == CustomerKind::Company).into_iter().collect::<Vec<_>>(),
        "external_ids": party.external_id.as_ref().map(|id| json!({ party.system: id })), "metadata": metadata,
    });
    serde_json::from_value(body).map_err(Error::internal)
}
