//! Invoices and credit notes as UBL 2.1 (ISO/IEC 19845) that passes EN 16931-1 and, unless asked otherwise, Peppol BIS Billing 3.
//! What does not pass is not written: the rules run before the document does.

/// From our facts to the standard's terms.
mod model;
/// What the seller or the buyer still has to say of himself.
mod parties;
#[cfg(test)]
mod tests;

use super::facts::TradeDocument;
use crate::error::Error;
use crate::types::text_enum::text_enum;
use en16931::Validated;
use en16931::profiles::{EN16931, En16931, PEPPOL_BIS_3, PeppolBis3};
use en16931::validation::profile::Rejected;
use en16931_formats::Syntax;
use serde_json::{Value, json};

text_enum! {
    /// The rules that a UBL document is held to.
    pub enum UblProfile {
        /// Peppol BIS Billing 3.0, which is within EN 16931.
        Peppol = "peppol",
        /// EN 16931 alone, for buyers who are not reached by Peppol.
        En16931 = "en16931",
    }
}

/// The document as XML. 409 `seller_incomplete` or `buyer_incomplete` names each field that is missing; 409 `not_representable`
/// names the rules that the document's content is against, such as a third decimal (BR-DEC).
pub fn write(document: &TradeDocument, profile: UblProfile) -> Result<String, Error> {
    parties::check(document, profile)?;
    let specification = match profile {
        UblProfile::Peppol => PEPPOL_BIS_3.specification_id,
        UblProfile::En16931 => EN16931.specification_id,
    };
    let invoice = model::invoice(document, specification)?;
    let written = match profile {
        UblProfile::Peppol => Validated::<PeppolBis3>::new(invoice).map(|proof| en16931_formats::write(&proof, Syntax::Ubl)),
        UblProfile::En16931 => Validated::<En16931>::new(invoice).map(|proof| en16931_formats::write(&proof, Syntax::Ubl)),
    };
    let written = written.map_err(|rejected| not_representable(&rejected))?;
    if written.entries.iter().any(|entry| entry.is_loss()) {
        return Err(Error::internal(format!("UBL cannot carry all of it: {:?}", written.entries)));
    }
    Ok(written.xml)
}

fn not_representable(rejected: &Rejected) -> Error {
    let rules: Vec<Value> = rejected
        .report()
        .fatal()
        .map(|finding| json!({ "rule": finding.rule, "at": finding.path.to_string(), "detail": finding.message }))
        .collect();
    not_representable_as("the document's content is against rules of the standard; see rules", rules)
}

fn not_representable_as(detail: &str, rules: Vec<Value>) -> Error {
    Error::conflict_with("not_representable", detail, json!({ "rules": rules }))
}
