//! From a UBL document to its order: the buyer is found by its identifiers, products by the seller's number, then the GTIN.

use super::new_order::{self, located};
use super::order::{self, Party, UblOrder};
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
use crate::organization::profile::service as profile;
use crate::platform::idempotency::fingerprint;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;

/// The document's order as ours. 422 with XPaths where the document, its buyer or its products are not what they should be.
pub fn read(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel: &str,
    document: &UblOrder,
    seller: Option<&Party>,
) -> Result<NewOrder, Error> {
    if let Some(seller) = seller {
        let ours = profile::get(connection, organization_id)?.profile;
        let (address, tax_id) = (ours.electronic_address.as_ref(), ours.tax_id.as_deref());
        if let Some(pointer) = other_seller(seller, address.map(|own| (own.scheme.as_str(), own.value.as_str())), tax_id) {
            return Err(Error::Invalid(Faults::one(
                pointer,
                "other_seller",
                "the order is for another seller: this is neither address nor tax number of ours",
            )));
        }
    }
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

/// Where the seller that a document names is certainly another than we: its address is of our scheme, or it has a tax number, and none
/// of what can be compared is ours.
fn other_seller(seller: &Party, address: Option<(&str, &str)>, tax_id: Option<&str>) -> Option<&'static str> {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let named = seller.endpoint.as_ref().zip(address);
    let address = named
        .filter(|(given, (scheme, _))| given.scheme.as_deref() == Some(scheme))
        .map(|(given, (_, own))| plain(&given.value) == plain(own));
    // With or without the country before it.
    let same = |a: &str, b: &str| a == b || a.get(2..) == Some(b) || b.get(2..) == Some(a);
    let number = seller.tax_id.as_deref().zip(tax_id).map(|(given, own)| same(&plain(given), &plain(own)));
    match (address, number) {
        (Some(true), _) | (_, Some(true)) | (None, None) => None,
        (Some(false), _) => Some("/Order/cac:SellerSupplierParty/cac:Party/cbc:EndpointID"),
        (None, Some(false)) => Some("/Order/cac:SellerSupplierParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID"),
    }
}

/// Faults of the order where they stand in the document.
pub fn in_document(faults: Vec<crate::types::fault::Fault>, document: &UblOrder) -> Error {
    Error::Invalid(faults.into_iter().map(|fault| located(fault, document)).collect())
}

/// Takes the document of a message. The same document makes the same order.
pub fn take(bench: &Workbench, message: &Message) -> Result<OrderId, Error> {
    let document = order::read(&message.body)?;
    let seller = order::seller(&message.body);
    let context = Context::job(message.organization_id, "inbox", bench.now);
    bench.db.read_blocking(|connection| {
        let body = read(connection, message.organization_id, &message.channel.code, &document, seller.as_ref())?;
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
