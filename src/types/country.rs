//! ISO 3166-1 alpha-2 country codes.

use serde::{Deserialize, Deserializer, Serialize};

/// An ISO 3166-1 alpha-2 code, upper case.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "ID", min_length = 2, max_length = 2)]
pub struct Country(String);

impl Country {
    pub fn from_code(code: &str) -> Option<Self> {
        (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) && rust_iso3166::from_alpha2(code).is_some())
            .then(|| Self(code.to_owned()))
    }

    pub fn code(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_code(&code)
            .ok_or_else(|| serde::de::Error::custom("unknown_country|use an ISO 3166-1 alpha-2 code such as ID, DE or US"))
    }
}
