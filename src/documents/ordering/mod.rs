//! What a buyer is answered in UBL 2.1: the order response (Peppol BIS Ordering 3, T76) and the despatch advice (T16). Pure, apart from
//! the endpoints: both say what stands now, and are made anew each time.

pub mod api;
mod despatch_advice;
mod order_response;
#[cfg(test)]
mod tests;
mod writer;

pub use despatch_advice::despatch_advice;
pub use order_response::order_response;

use super::facts::Seller;
use crate::customers::body::Customer;
use crate::error::Error;
use crate::types::electronic_address::ElectronicAddress;
use serde_json::{Value, json};
use writer::Writer;

/// Who sells and who buys, as both documents name them.
pub struct Parties<'a> {
    pub seller: &'a Seller,
    pub buyer: &'a Customer,
}

impl Parties<'_> {
    /// 409 naming what is missing: both documents travel by electronic addresses (Peppol).
    pub fn check(&self) -> Result<(), Error> {
        let reached = |address: Option<&ElectronicAddress>| address.is_some_and(|address| address.scheme != "EM");
        if !reached(self.seller.electronic_address.as_ref()) {
            let detail = "the organization lacks an electronic address of a scheme that Peppol knows; set it with PUT /v1/organization";
            return Err(incomplete("seller_incomplete", detail));
        }
        if !reached(self.buyer.electronic_address.as_ref()) {
            let detail = "the customer lacks an electronic address of a scheme that Peppol knows; set it with PATCH /v1/customers/{id}";
            return Err(incomplete("buyer_incomplete", detail));
        }
        Ok(())
    }

    fn write_seller(&self, writer: &mut Writer) {
        write_party(writer, self.seller.electronic_address.as_ref(), &self.seller.legal_name);
    }

    fn write_buyer(&self, writer: &mut Writer) {
        write_party(writer, self.buyer.electronic_address.as_ref(), &self.buyer.name);
    }
}

fn incomplete(code: &'static str, detail: &str) -> Error {
    let missing: Value = json!([{ "pointer": "/electronic_address", "detail": "where the document goes" }]);
    Error::conflict_with(code, detail, json!({ "missing": missing }))
}

fn write_party(writer: &mut Writer, address: Option<&ElectronicAddress>, name: &str) {
    writer.within("cac:Party", |writer| {
        if let Some(address) = address {
            writer.leaf_of("cbc:EndpointID", "schemeID", &address.scheme, &address.value);
            writer.within("cac:PartyIdentification", |writer| writer.leaf_of("cbc:ID", "schemeID", &address.scheme, &address.value));
        }
        writer.within("cac:PartyLegalEntity", |writer| writer.leaf("cbc:RegistrationName", name));
    });
}
