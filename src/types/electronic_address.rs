//! Where a business takes electronic documents (EN 16931 BT-34, BT-49).

use super::fault::Faults;
use super::text::check_text;
use serde::{Deserialize, Serialize};

/// An endpoint with its scheme, from the code list EAS (Electronic Address Scheme): `0088` is a GLN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElectronicAddress {
    #[schema(example = "0088")]
    pub scheme: String,
    #[schema(example = "8991234500003")]
    pub value: String,
}

impl ElectronicAddress {
    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        let eas = (2..=4).contains(&self.scheme.len()) && self.scheme.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        faults.require(eas, format!("{pointer}/scheme"), "invalid_code", "use an EAS code such as 0088 or 9930");
        check_text(faults, &format!("{pointer}/value"), &self.value, 200);
    }
}
