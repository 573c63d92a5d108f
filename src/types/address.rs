//! Postal addresses as documents print them.

use super::absent::{null_is_default, present};
use super::country::Country;
use super::fault::Faults;
use super::text::{check_optional_text, check_text};
use serde::{Deserialize, Serialize};

/// A postal address. `line1`, `city` and `country` are what a parcel needs at least.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    #[serde(default)]
    #[schema(example = "Siti Rahma")]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(example = "Toko Sumber Rejeki")]
    pub company: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = "Jl. Braga No. 12")]
    pub line1: String,
    #[serde(default)]
    pub line2: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = "Bandung")]
    pub city: String,
    #[serde(default)]
    #[schema(example = "JB")]
    pub region: Option<String>,
    #[serde(default)]
    #[schema(example = "40111")]
    pub postal_code: Option<String>,
    pub country: Country,
    #[serde(default)]
    pub phone: Option<String>,
}

impl Address {
    /// Adds what is too long or malformed. Missing parts are no fault here: an order waits for them on hold.
    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        for (field, text) in [
            ("name", &self.name),
            ("company", &self.company),
            ("line2", &self.line2),
            ("region", &self.region),
            ("postal_code", &self.postal_code),
            ("phone", &self.phone),
        ] {
            check_optional_text(faults, &format!("{pointer}/{field}"), text.as_deref(), 200);
        }
        for (field, text) in [("line1", &self.line1), ("city", &self.city)] {
            if !text.is_empty() {
                check_text(faults, &format!("{pointer}/{field}"), text, 200);
            }
        }
    }

    /// Whether a carrier can deliver there: line1, city, country.
    pub fn is_deliverable(&self) -> bool {
        !self.line1.trim().is_empty() && !self.city.trim().is_empty()
    }
}

/// A person to talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    #[serde(default)]
    #[schema(example = "Siti Rahma")]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(example = "siti@example.com")]
    pub email: Option<String>,
    #[serde(default)]
    #[schema(example = "+62 22 420 1234")]
    pub phone: Option<String>,
}

/// What of a person to talk to changes (RFC 7396): absent fields stay, null removes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchContact {
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub phone: Option<Option<String>>,
}

impl PatchContact {
    /// The person as it is with the change.
    pub fn over(&self, contact: Contact) -> Contact {
        let laid = |change: &Option<Option<String>>, before: Option<String>| change.clone().unwrap_or(before);
        Contact { name: laid(&self.name, contact.name), email: laid(&self.email, contact.email), phone: laid(&self.phone, contact.phone) }
    }
}

impl Contact {
    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        check_optional_text(faults, &format!("{pointer}/name"), self.name.as_deref(), 200);
        check_optional_text(faults, &format!("{pointer}/phone"), self.phone.as_deref(), 50);
        if let Some(email) = &self.email {
            super::text::check_email(faults, &format!("{pointer}/email"), email);
        }
    }
}
