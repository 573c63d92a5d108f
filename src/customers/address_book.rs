//! A customer's named addresses.

use crate::types::absent::null_is_default;
use crate::types::address::Address;
use crate::types::country::Country;
use crate::types::fault::Faults;
use crate::types::gs1::check_gln;
use crate::types::text::check_code;
use crate::types::text_enum::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

text_enum! {
    /// What an address is for.
    pub enum AddressUse {
        Billing = "billing",
        Shipping = "shipping",
    }
}

/// An address with a code, by which an order can name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerAddress {
    #[schema(example = "gudang")]
    pub code: String,
    pub r#use: AddressUse,
    #[serde(default)]
    #[schema(example = "Bagian Penerimaan")]
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
    /// Global Location Number of the place.
    #[serde(default)]
    #[schema(example = "8991234500003")]
    pub gln: Option<String>,
}

impl CustomerAddress {
    /// As documents print it.
    pub fn to_address(&self) -> Address {
        Address {
            name: self.name.clone(),
            company: self.company.clone(),
            line1: self.line1.clone(),
            line2: self.line2.clone(),
            city: self.city.clone(),
            region: self.region.clone(),
            postal_code: self.postal_code.clone(),
            country: self.country.clone(),
            phone: self.phone.clone(),
        }
    }
}

/// Adds what is wrong with the addresses of one customer: malformed, too many, or two with one code.
pub fn check_addresses(faults: &mut Faults, pointer: &str, addresses: &[CustomerAddress]) {
    faults.require(addresses.len() <= 200, pointer, "too_many_items", "at most 200 addresses");
    let mut seen = HashSet::new();
    for (i, address) in addresses.iter().enumerate() {
        let here = format!("{pointer}/{i}");
        check_code(faults, &format!("{here}/code"), &address.code);
        faults.require(seen.insert(&address.code), format!("{here}/code"), "duplicate_code", "each address code once");
        address.to_address().check(faults, &here);
        check_gln(faults, &format!("{here}/gln"), address.gln.as_deref());
    }
}
