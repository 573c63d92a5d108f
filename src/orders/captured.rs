//! What capture needs of the orders' rows: facts to decide by, claims, and the one statement that writes.

use super::body::NewOrder;
use super::reference::Reference;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use diesel::pg::PgConnection;

pub use store::captured::{Captured, Claim, HeldClaim, capture, delete_claims, held_claims, insert_claims, refusal, set_paid};
pub use store::reference::Named;

/// Everything the orders name, read without a lock.
pub fn gather(connection: &mut PgConnection, context: &Context, named: &Named) -> Result<Reference, Error> {
    let reference = store::reference::gather(connection, context.organization_id, named, context.now)?;
    reference.ok_or_else(|| Error::Unauthenticated { detail: "the token's organization does not exist here".to_owned() })
}

impl Named {
    /// Collects what a batch of orders names.
    pub fn of<'a>(bodies: impl Iterator<Item = &'a NewOrder>) -> Self {
        let mut named = Self::default();
        for body in bodies {
            named.skus.extend(body.lines.iter().map(|line| line.sku.clone()));
            named.customer_ids.extend(body.customer_id.iter().chain(&body.bill_to_customer_id));
            named.customer_codes.extend(body.customer_code.clone());
            named.emails.extend(body.customer.iter().filter_map(|customer| customer.email.as_ref()).map(|email| email.to_lowercase()));
            named.channels.push(body.channel.clone().unwrap_or_else(|| "direct".to_owned()));
            named.payment_terms.extend(body.payment_terms.clone());
            let addresses = body.shipping_address.iter().chain(&body.billing_address);
            named.countries.extend(addresses.map(|address| address.country.code().to_owned()));
            named.purchase_order_numbers.extend(body.purchase_order_number.clone().filter(|number| !number.trim().is_empty()));
        }
        for texts in [&mut named.skus, &mut named.channels, &mut named.countries, &mut named.payment_terms] {
            texts.sort();
            texts.dedup();
        }
        named
    }
}
