use super::address_book::{AddressUse, CustomerAddress, check_addresses};
use super::credit::Balance;
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::address::{Address, Contact};
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::electronic_address::ElectronicAddress;
use crate::types::fault::Faults;
use crate::types::id::CustomerId;
use crate::types::language::Language;
use crate::types::tax_id::{self, TaxIdCheck};
use crate::types::text::{check_code, check_email, check_external_ids, check_metadata, check_optional_text, check_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The terms of everybody who has none of their own.
pub const DEFAULT_TERMS: &str = "due_on_receipt";

text_enum! {
    /// Whom one sells to.
    pub enum CustomerKind {
        Company = "company",
        Person = "person",
    }
}

/// Why a customer pays no tax (EN 16931 BT-120, BT-121).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxExemption {
    /// A VATEX code, or the authority's own.
    #[schema(example = "VATEX-EU-IC")]
    pub code: String,
    #[schema(example = "Intra-community supply")]
    pub reason: String,
}

/// A customer to set. Absent fields take their defaults.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "C-TOKO-SUMBER", "name": "Toko Sumber Rejeki", "kind": "company", "email": "pembelian@sumberrejeki.example", "payment_terms": "net_30",
    "tax_id": "01.234.567.8-421.000", "electronic_address": {"scheme": "0088", "value": "8991000000010"},
    "credit_limit": "50000000.00", "addresses": [{"code": "gudang", "use": "shipping", "line1": "Jl. Braga No. 12", "city": "Bandung", "country": "ID"}],
    "billing_address": {"company": "Toko Sumber Rejeki", "line1": "Jl. Braga No. 12", "city": "Bandung", "postal_code": "40111", "country": "ID"}
}))]
pub struct PutCustomer {
    /// The organization's own name for the customer, unique.
    #[serde(default)]
    #[schema(example = "C-TOKO-SUMBER", pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub code: Option<String>,
    pub name: String,
    pub kind: CustomerKind,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    /// Of documents and notices; where absent that of the country.
    #[serde(default)]
    pub language: Option<Language>,
    #[serde(default)]
    pub tax_id: Option<String>,
    #[serde(default)]
    pub tax_exemption: Option<TaxExemption>,
    #[serde(default)]
    pub electronic_address: Option<ElectronicAddress>,
    /// What orders and the credit limit are in; the organization's base currency where absent.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// `due_on_receipt` where absent.
    #[serde(default)]
    #[schema(example = "net_30")]
    pub payment_terms: Option<String>,
    /// How much may be open and unpaid; absent = no limit.
    #[serde(default)]
    pub credit_limit: Option<Amount>,
    /// Whose prices the customer gets; `default` where absent.
    #[serde(default)]
    pub price_list: Option<String>,
    /// Orders of a blocked customer are held.
    #[serde(default, deserialize_with = "null_is_default")]
    pub blocked: bool,
    /// Who pays, if another customer does; that one must pay for itself.
    #[serde(default)]
    pub bill_to_customer_id: Option<CustomerId>,
    #[serde(default)]
    pub sales_rep: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub addresses: Vec<CustomerAddress>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub contacts: Vec<Contact>,
    #[serde(default)]
    pub billing_address: Option<Address>,
    #[serde(default)]
    pub shipping_address: Option<Address>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    // A `PUT` takes its own `GET` body back; these seven are ignored.
    #[serde(default, rename = "tax_id_check")]
    #[schema(ignore)]
    _tax_id_check: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "id")]
    #[schema(ignore)]
    _id: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "guest")]
    #[schema(ignore)]
    _guest: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "balance")]
    #[schema(ignore)]
    _balance: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

/// What changes of a customer.
pub type PatchCustomer = MergePatch<PutCustomer>;

impl PutCustomer {
    pub fn payment_terms(&self) -> &str {
        self.payment_terms.as_deref().unwrap_or(DEFAULT_TERMS)
    }

    fn country(&self) -> Option<&str> {
        home(self.billing_address.as_ref(), self.shipping_address.as_ref(), &self.addresses)
    }

    /// Whether it says anything that only a known customer has.
    pub fn is_account(&self) -> bool {
        self.code.is_some() || self.payment_terms() != DEFAULT_TERMS || self.credit_limit.is_some() || self.price_list.is_some()
    }

    pub fn check(&self, faults: &mut Faults) {
        if let Some(code) = &self.code {
            check_code(faults, "/code", code);
        }
        check_text(faults, "/name", &self.name, 200);
        if let Some(email) = &self.email {
            check_email(faults, "/email", email);
        }
        check_optional_text(faults, "/phone", self.phone.as_deref(), 50);
        check_optional_text(faults, "/tax_id", self.tax_id.as_deref(), 50);
        tax_id::check_form(faults, "/tax_id", self.tax_id.as_deref(), self.country());
        check_optional_text(faults, "/sales_rep", self.sales_rep.as_deref(), 200);
        if let Some(exemption) = &self.tax_exemption {
            check_text(faults, "/tax_exemption/code", &exemption.code, 50);
            check_text(faults, "/tax_exemption/reason", &exemption.reason, 200);
        }
        if let Some(address) = &self.electronic_address {
            address.check(faults, "/electronic_address");
        }
        if let Some(list) = &self.price_list {
            check_code(faults, "/price_list", list);
        }
        if let Some(Amount(limit)) = self.credit_limit {
            faults.require(limit >= Decimal::ZERO, "/credit_limit", "out_of_range", "must not be below 0; leave it out for no limit");
        }
        check_addresses(faults, "/addresses", &self.addresses);
        faults.require(self.contacts.len() <= 100, "/contacts", "too_many_items", "at most 100 contacts");
        for (i, contact) in self.contacts.iter().enumerate() {
            contact.check(faults, &format!("/contacts/{i}"));
        }
        for (pointer, address) in [("/billing_address", &self.billing_address), ("/shipping_address", &self.shipping_address)] {
            if let Some(address) = address {
                address.check(faults, pointer);
            }
        }
        check_external_ids(faults, "/external_ids", &self.external_ids);
        check_metadata(faults, "/metadata", &self.metadata);
    }
}

/// The country that a customer is at home in, as far as an address tells: that of the invoices, then that of the goods.
pub(super) fn home<'a>(billing: Option<&'a Address>, shipping: Option<&'a Address>, addresses: &'a [CustomerAddress]) -> Option<&'a str> {
    let of_use = |purpose: AddressUse| addresses.iter().find(|address| address.r#use == purpose).map(|address| &address.country);
    let country = billing.map(|address| &address.country).or_else(|| of_use(AddressUse::Billing));
    country.or(shipping.map(|address| &address.country)).or_else(|| of_use(AddressUse::Shipping)).map(Country::code)
}

/// A customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    pub id: CustomerId,
    #[schema(example = "C-TOKO-SUMBER")]
    pub code: Option<String>,
    #[schema(example = "Toko Sumber Rejeki")]
    pub name: String,
    pub kind: CustomerKind,
    /// Made by an order that named a person by e-mail alone: history, never terms, credit or prices.
    pub guest: bool,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Of documents and notices; null: that of the country.
    pub language: Option<Language>,
    pub tax_id: Option<String>,
    /// What can be said of `tax_id` by looking at it, where the customer's country is known. Only a valid one earns a sale without tax.
    pub tax_id_check: Option<TaxIdCheck>,
    pub tax_exemption: Option<TaxExemption>,
    pub electronic_address: Option<ElectronicAddress>,
    pub currency: Option<Currency>,
    #[schema(example = "net_30")]
    pub payment_terms: String,
    pub credit_limit: Option<Amount>,
    pub price_list: Option<String>,
    pub blocked: bool,
    pub bill_to_customer_id: Option<CustomerId>,
    pub sales_rep: Option<String>,
    pub addresses: Vec<CustomerAddress>,
    pub contacts: Vec<Contact>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    /// Null without a credit limit.
    pub balance: Option<Balance>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Customer {
    /// Where invoices go by default.
    pub fn default_billing_address(&self) -> Option<Address> {
        self.billing_address.clone().or_else(|| self.first_for(AddressUse::Billing))
    }

    fn first_for(&self, purpose: AddressUse) -> Option<Address> {
        self.addresses.iter().find(|address| address.r#use == purpose).map(CustomerAddress::to_address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults_of(body: Value) -> Vec<(String, String)> {
        let customer: PutCustomer = serde_json::from_value(body).unwrap();
        let mut faults = Faults::new();
        customer.check(&mut faults);
        faults.into_result().err().unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = faults_of(json!({
            "code": "a/b", "name": "", "kind": "company", "email": "nobody", "credit_limit": "-1", "electronic_address": {"scheme": "gln", "value": "1"},
            "addresses": [
                {"code": "x", "use": "billing", "country": "ID", "gln": "123"},
                {"code": "x", "use": "shipping", "country": "ID"}
            ],
            "contacts": [{"email": "@"}], "external_ids": {"hub spot": "1"}
        }));
        let expected = [
            ("/code", "invalid_code"),
            ("/name", "required"),
            ("/email", "invalid_email"),
            ("/electronic_address/scheme", "invalid_scheme"),
            ("/credit_limit", "out_of_range"),
            ("/addresses/0/gln", "invalid_gln"),
            ("/addresses/1/code", "duplicate_code"),
            ("/contacts/0/email", "invalid_email"),
            ("/external_ids/hub spot", "invalid_code"),
        ];
        assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    }

    #[test]
    fn terms_credit_prices_or_a_code_make_an_account() {
        let is_account = |extra: Value| {
            let mut body = json!({"name": "Siti", "kind": "person", "email": "siti@example.com"});
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            serde_json::from_value::<PutCustomer>(body).unwrap().is_account()
        };
        assert!(!is_account(json!({"payment_terms": "due_on_receipt", "phone": "+62 812"})));
        for extra in
            [json!({"code": "C-1"}), json!({"payment_terms": "net_30"}), json!({"credit_limit": "0"}), json!({"price_list": "vip"})]
        {
            assert!(is_account(extra.clone()), "{extra}");
        }
    }
}
