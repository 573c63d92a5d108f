//! Where electronic documents go: EN 16931 BT-34 (seller) and BT-49 (buyer).

use super::fault::Faults;
use super::text::check_text;
use serde::{Deserialize, Serialize};

/// An address in an electronic network, such as a Peppol participant id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElectronicAddress {
    /// Code of the Electronic Address Scheme list (EAS), such as `0088` for a GLN or `EM` for e-mail.
    #[schema(example = "0088")]
    pub scheme: String,
    #[schema(example = "8991234567891")]
    pub value: String,
}

impl ElectronicAddress {
    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        let scheme = self.scheme.as_bytes();
        let digits = scheme.len() == 4 && scheme.iter().all(u8::is_ascii_digit);
        let letters = scheme.len() == 2 && scheme.iter().all(u8::is_ascii_uppercase);
        faults.require(
            digits || letters,
            format!("{pointer}/scheme"),
            "invalid_scheme",
            "use a code of the EAS list: four digits such as 0088, or two letters such as EM",
        );
        check_text(faults, &format!("{pointer}/value"), &self.value, 200);
    }
}
