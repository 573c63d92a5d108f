//! Orders as UBL 2.1 documents, of whoever has the channel's secret.

/// From a document to an order of ours.
pub mod new_order;
/// The document as plain values.
pub mod order;
/// The document as a reading.
pub mod reading;
/// From a document to its order.
pub mod take;
mod xml;

use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof, Reason};
use crate::order_to_cash::verified_order::is_passing;
use crate::types::fault::Fault;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

/// A document of a thousand lines with notes; attached files are no part of an order.
pub const LIMIT: usize = 5 * 1024 * 1024;

/// The header with the HMAC-SHA256 of the body, in base64 or hexadecimal.
pub const SIGNATURE: &str = "x-signature-sha256";
/// The header with the secret itself, for senders that cannot sign.
pub const SECRET: &str = "x-channel-secret";

pub struct Ubl;

impl Platform for Ubl {
    fn limit(&self) -> usize {
        LIMIT
    }

    /// A channel without a secret lets nobody in: an order binds us.
    fn admit(&self, knock: &Knock, listening: &Listening, _now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        let signed = is_signed(knock.header(SIGNATURE), knock.body, &listening.secrets);
        if !signed && !knows_the_secret(knock.header(SECRET), &listening.secrets) {
            return Err(NotTheirs);
        }
        Ok(Admitted::Message {
            topic: "order".to_owned(),
            external_id: None,
            proof: if signed { Proof::Signature } else { Proof::Address },
        })
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        match take::take(bench, message) {
            Ok(order_id) => Ok(Outcome::processed(vec![order_id])),
            Err(Error::Invalid(faults)) => Ok(refused(&faults)),
            Err(error) if is_passing(&error) => Err(error),
            Err(Error::Conflict { code, detail, .. }) => Ok(Outcome::rejected(code, detail, "/Order")),
            Err(error) => Ok(Outcome::rejected("refused", error.to_string(), "/Order")),
        }
    }
}

/// A product or buyer that is not there yet may come; anything else stays as it is.
fn refused(faults: &[Fault]) -> Outcome {
    let may_pass = |fault: &&Fault| matches!(fault.code.as_str(), "unknown_sku" | "unknown_buyer" | "price_missing" | "tax_rate_missing");
    let Some(first) = faults.iter().find(|fault| !may_pass(fault)).or(faults.first()) else {
        return Outcome::rejected("refused", "the document cannot be taken", "/Order");
    };
    let more = if faults.len() > 1 { format!(" (and {} more)", faults.len() - 1) } else { String::new() };
    let reason = Reason::new(first.code.as_str(), format!("{}{more}", first.detail), first.pointer.as_str());
    match may_pass(&first) {
        true => Outcome::Later { reason, at: None },
        false => Outcome::Rejected { order_ids: vec![], reason },
    }
}

fn knows_the_secret(given: &str, secrets: &[String]) -> bool {
    let same = |secret: &String| aws_lc_rs::constant_time::verify_slices_are_equal(secret.as_bytes(), given.as_bytes()).is_ok();
    secrets.iter().fold(false, |known, secret| same(secret) | known)
}

fn is_signed(given: &str, body: &[u8], secrets: &[String]) -> bool {
    let given = given.trim().strip_prefix("sha256=").unwrap_or(given.trim());
    let hexadecimal = |text: &str| -> Option<Vec<u8>> {
        let pairs = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        pairs.collect()
    };
    let tag = if given.len() == 64 { hexadecimal(given) } else { STANDARD.decode(given).ok() };
    let Some(tag) = tag.filter(|tag| tag.len() == 32) else { return false };
    let fits = |secret: &String| hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body, &tag).is_ok();
    secrets.iter().fold(false, |known, secret| fits(secret) | known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_in_either_form_or_the_secret_opens() {
        // RFC 4231, test case 2.
        let (secrets, body) = ([String::from("x"), "Jefe".to_owned()], b"what do ya want for nothing?");
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let bytes: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
        assert!(is_signed(hex, body, &secrets) && is_signed(&format!("sha256={hex}"), body, &secrets));
        assert!(is_signed(&STANDARD.encode(&bytes), body, &secrets));
        assert!(!is_signed(hex, b"something else", &secrets) && !is_signed("", body, &secrets) && !is_signed("ü", body, &secrets));
        assert!(!is_signed(hex, body, &[]));
        assert!(knows_the_secret("Jefe", &secrets) && !knows_the_secret("jefe", &secrets) && !knows_the_secret("", &[]));
    }
}
