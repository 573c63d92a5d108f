//! From a UBL document to its order: the buyer is found by its identifiers, products by the seller's number, then the GTIN.

use super::new_order::{self, located};
use super::order::{self, UblOrder};
use crate::auth::actor::Context;
use crate::catalog::products::named::named;
use crate::channels::platform::Workbench;
use crate::customers::senders::by_identifiers;
use crate::error::Error;
use crate::inbox::Message;
use crate::order_to_cash::place::{PlaceRequest, place};
use crate::orders::body::NewOrder;
use crate::orders::dates::Dates;
use crate::orders::service::next_number;
use crate::orders::verify::Request;
use crate::platform::idempotency::fingerprint;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;

/// The document's order as ours. 422 with XPaths where the document, its buyer or its products are not what they should be.
pub fn read(connection: &mut PgConnection, organization_id: OrganizationId, channel: &str, document: &UblOrder) -> Result<NewOrder, Error> {
    let identifiers: Vec<(Option<&str>, &str)> =
        document.buyer.all_identifiers().into_iter().map(|id| (id.scheme.as_deref(), id.value.as_str())).collect();
    let customers = by_identifiers(connection, organization_id, &identifiers, document.buyer.tax_id.as_deref())?;
    let buyer = "/Order/cac:BuyerCustomerParty/cac:Party";
    let customer_id = match customers.as_slice() {
        [only] => *only,
        [] => {
            let detail = "no customer has the electronic address, code or tax number of this buyer";
            return Err(Error::Invalid(Faults::one(buyer, "unknown_buyer", detail)));
        }
        several => {
            let detail = format!("{} customers have the electronic address, code or tax number of this buyer", several.len());
            return Err(Error::Invalid(Faults::one(buyer, "ambiguous_buyer", detail)));
        }
    };
    let skus: Vec<&str> = document.lines.iter().filter_map(|line| line.sellers_id.as_deref()).collect();
    let gtins: Vec<&str> = document.lines.iter().filter_map(|line| line.standard_id.as_ref()).map(|id| id.value.as_str()).collect();
    let named = named(connection, organization_id, &skus, &gtins)?;
    let order = new_order::new_order(document, channel, customer_id, &named)?;
    order.check().map_err(|faults| in_document(faults, document))?;
    Ok(order)
}

/// Faults of the order where they stand in the document.
pub fn in_document(faults: Vec<crate::types::fault::Fault>, document: &UblOrder) -> Error {
    Error::Invalid(faults.into_iter().map(|fault| located(fault, document)).collect())
}

/// Takes the document of a message. The same document makes the same order.
pub fn take(bench: &Workbench, message: &Message) -> Result<OrderId, Error> {
    let document = order::read(&message.body)?;
    let context = Context::job(message.organization_id, "inbox", bench.now);
    bench.db.read_blocking(|connection| {
        let body = read(connection, message.organization_id, &message.channel.code, &document)?;
        let number = next_number(connection, &bench.desk.numbers, message.organization_id)?;
        let request = Request { order_id: OrderId::generate(), number, body, may_price: true, dates: Dates::AsTold, historical: false };
        let request = PlaceRequest::new(request, None, &fingerprint("ubl", format!("{document:?}").as_bytes()));
        let outcome = place(connection, &bench.desk.master_data, &context, &[&request])?.pop();
        let answer = outcome.unwrap_or_else(|| Err(Error::internal("an order without outcome")));
        let answer = answer.map_err(|error| match error {
            Error::Invalid(faults) => in_document(faults, &document),
            other => other,
        })?;
        #[derive(serde::Deserialize)]
        struct Placed {
            id: OrderId,
        }
        let placed: Placed = serde_json::from_slice(&answer.body).map_err(Error::internal)?;
        Ok(placed.id)
    })
}
