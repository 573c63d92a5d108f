//! What a refusal of ours means for the message that asked for it.

use crate::error::Error;
use crate::inbox::Outcome;
use crate::types::fault::Fault;

/// Faults that pass as soon as our master data catches up.
const WAITS: &[&str] =
    &["unknown_sku", "unknown_unit", "tax_rate_missing", "price_missing", "unknown_customer", "unknown_payment_terms", "channel_inactive"];

/// A fault of the message is rejected, what our master data or the state of an order stands against waits, what is our own is an error.
/// `place` tells where in the message what stands that a pointer of ours is about.
pub fn outcome_of(error: Error, place: impl Fn(&str) -> String) -> Result<Outcome, Error> {
    match error {
        Error::Invalid(faults) => {
            let waits = |fault: &&Fault| WAITS.contains(&fault.code.as_str());
            let worst = faults.iter().find(|fault| !waits(fault)).or(faults.first());
            let Some(fault) = worst else { return Err(Error::internal("a refusal without a fault")) };
            let outcome = if waits(&fault) { Outcome::later } else { Outcome::rejected };
            Ok(outcome(&fault.code, fault.detail.as_str(), place(&fault.pointer)))
        }
        Error::Conflict { code, detail, .. } => Ok(Outcome::later(code, detail, place(""))),
        Error::BadRequest { code, detail } | Error::Forbidden { code, detail } => Ok(Outcome::rejected(code, detail, "")),
        Error::NotFound { what } => Ok(Outcome::rejected("not_found", format!("no such {what}"), "")),
        other => Err(other),
    }
}
