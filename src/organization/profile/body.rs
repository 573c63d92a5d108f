use super::bank_account::BankAccount;
use super::logo::check_logo;
use crate::inbox::message::RETENTION_DAYS;
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::address::{Address, Contact};
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::electronic_address::ElectronicAddress;
use crate::types::fault::{Fault, Faults};
use crate::types::id::OrganizationId;
use crate::types::tax_id;
use crate::types::text::{check_email, check_external_ids, check_metadata, check_optional_text, check_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// A day of the week.
    pub enum WorkingDay {
        Mon = "mon",
        Tue = "tue",
        Wed = "wed",
        Thu = "thu",
        Fri = "fri",
        Sat = "sat",
        Sun = "sun",
    }
}

impl WorkingDay {
    pub fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Mon,
            Self::Tue => Weekday::Tue,
            Self::Wed => Weekday::Wed,
            Self::Thu => Weekday::Thu,
            Self::Fri => Weekday::Fri,
            Self::Sat => Weekday::Sat,
            Self::Sun => Weekday::Sun,
        }
    }
}

text_enum! {
    /// What decides whether a sale is taxed.
    pub enum TaxTreatment {
        /// Intra-community supplies, reverse charge and exports of a seller in the EU are told from where the goods go, the buyer's VAT
        /// number and the kind of product; the rest is taxed by the rates.
        Automatic = "automatic",
        /// The tax rates alone, and the buyer's own exemption.
        RatesOnly = "rates_only",
    }
}

/// A local time of day, `"15:00"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ToSchema)]
#[schema(value_type = String, example = "15:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
pub struct TimeOfDay(pub NaiveTime);

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        // chrono alone would take "9:5" as well.
        let time = if text.len() == 5 { NaiveTime::parse_from_str(&text, "%H:%M").ok() } else { None };
        time.map(Self).ok_or_else(|| D::Error::custom("invalid_time|write hours and minutes such as \"15:00\""))
    }
}

/// The part of an organization that is read whole and never filtered by. Its defaults are those of an untouched organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Profile {
    #[schema(example = "01.234.567.8-901.000")]
    pub tax_id: Option<String>,
    pub registration_number: Option<String>,
    pub address: Option<Address>,
    #[schema(example = "penjualan@nusantara-niaga.example")]
    pub email: Option<String>,
    pub contact: Option<Contact>,
    pub electronic_address: Option<ElectronicAddress>,
    pub bank_accounts: Vec<BankAccount>,
    /// A `data:` URI of a PNG, JPEG or SVG.
    pub logo: Option<String>,
    /// Working days from an order to its hand-over to the carrier.
    #[schema(example = 1)]
    pub default_handling_days: i32,
    /// Working days on the road.
    #[schema(example = 3)]
    pub default_transit_days: i32,
    /// Orders after this local time count for the next day.
    pub cutoff_time: TimeOfDay,
    pub working_days: Vec<WorkingDay>,
    /// Calendar days after delivery within which goods may come back.
    #[schema(example = 30)]
    pub return_window_days: i32,
    /// Whether sales across borders are told from where they go and who buys, or taxed by the rates alone (docs/pricing.md).
    pub tax_treatment: TaxTreatment,
    /// Days from an invoice's due date to each of its reminders.
    #[schema(example = json!([7, 21, 35]))]
    pub reminder_days: Vec<i32>,
    /// Whether authorizations at a payment provider are captured for what of their order ships.
    pub capture_on_shipment: bool,
    /// For how many days after its end an inbound message is kept word for word (docs/inbox.md).
    #[schema(example = 400)]
    pub inbound_retention_days: i32,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            tax_id: None,
            registration_number: None,
            address: None,
            email: None,
            contact: None,
            electronic_address: None,
            bank_accounts: vec![],
            logo: None,
            default_handling_days: 1,
            default_transit_days: 3,
            cutoff_time: TimeOfDay(NaiveTime::from_hms_opt(15, 0, 0).unwrap_or_default()),
            working_days: vec![WorkingDay::Mon, WorkingDay::Tue, WorkingDay::Wed, WorkingDay::Thu, WorkingDay::Fri],
            return_window_days: 30,
            tax_treatment: TaxTreatment::Automatic,
            reminder_days: vec![7, 21, 35],
            capture_on_shipment: false,
            inbound_retention_days: RETENTION_DAYS,
            external_ids: BTreeMap::new(),
            metadata: Map::new(),
        }
    }
}

/// An organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organization {
    pub id: OrganizationId,
    #[schema(example = "demo")]
    pub code: String,
    #[schema(example = "PT Nusantara Niaga")]
    pub legal_name: String,
    pub country: Country,
    /// IANA name
    #[schema(example = "Asia/Jakarta")]
    pub time_zone: String,
    #[schema(example = "IDR")]
    pub base_currency: Currency,
    pub books_closed_through_on: Option<NaiveDate>,
    #[serde(flatten)]
    pub profile: Profile,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An organization to set. Absent fields take their defaults, but time zone and base currency, which have none that would fit
/// everybody, stay as they are.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR",
    "tax_id": "01.234.567.8-901.000",
    "address": {"line1": "Jl. Jenderal Sudirman Kav. 52", "city": "Jakarta", "postal_code": "12190", "country": "ID"},
    "email": "penjualan@nusantara-niaga.example", "electronic_address": {"scheme": "0088", "value": "8991234567891"},
    "bank_accounts": [{"holder": "PT Nusantara Niaga", "account_number": "1234567890", "bic": "CENAIDJA", "bank_name": "Bank Central Asia", "currency": "IDR"}],
    "working_days": ["mon", "tue", "wed", "thu", "fri", "sat"], "cutoff_time": "15:00", "return_window_days": 30, "external_ids": {"erp": "1000"}
}))]
pub struct PutOrganization {
    pub legal_name: String,
    pub country: Country,
    /// IANA name
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Cannot change once there are orders.
    #[serde(default)]
    pub base_currency: Option<Currency>,
    /// No document may be dated on or before this day, which is not in the future.
    #[serde(default)]
    pub books_closed_through_on: Option<NaiveDate>,
    #[serde(default)]
    pub tax_id: Option<String>,
    #[serde(default)]
    pub registration_number: Option<String>,
    #[serde(default)]
    pub address: Option<Address>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub contact: Option<Contact>,
    #[serde(default)]
    pub electronic_address: Option<ElectronicAddress>,
    /// At most 20.
    #[serde(default)]
    pub bank_accounts: Option<Vec<BankAccount>>,
    /// A `data:` URI of a PNG, JPEG or SVG of at most 256 KiB; a PNG of at most 4,000 pixels a side.
    #[serde(default)]
    pub logo: Option<String>,
    /// 0 to 365 working days, 1 by default.
    #[serde(default)]
    pub default_handling_days: Option<i32>,
    /// 0 to 365 working days, 3 by default.
    #[serde(default)]
    pub default_transit_days: Option<i32>,
    /// 15:00 by default.
    #[serde(default)]
    pub cutoff_time: Option<TimeOfDay>,
    /// At least one; Monday to Friday by default.
    #[serde(default)]
    pub working_days: Option<Vec<WorkingDay>>,
    /// 0 to 3650 days, 30 by default.
    #[serde(default)]
    pub return_window_days: Option<i32>,
    /// `automatic` by default.
    #[serde(default)]
    pub tax_treatment: Option<TaxTreatment>,
    /// At most 9, 1 to 365 days, ascending; an empty list reminds nobody. 7, 21 and 35 by default.
    #[serde(default)]
    pub reminder_days: Option<Vec<i32>>,
    /// False by default; a payment may say otherwise.
    #[serde(default)]
    pub capture_on_shipment: Option<bool>,
    /// 30 to 3650 days, 400 by default.
    #[serde(default)]
    pub inbound_retention_days: Option<i32>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    // A `PUT` takes its own `GET` body back; these five are ignored.
    #[serde(default, rename = "id")]
    #[schema(ignore)]
    _id: Option<IgnoredAny>,
    #[serde(default, rename = "code")]
    #[schema(ignore)]
    _code: Option<IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

/// What of an organization to change; its `GET` body, laid over and put back.
pub type PatchOrganization = MergePatch<PutOrganization>;

const MAX_BANK_ACCOUNTS: usize = 20;

impl PutOrganization {
    /// What can be said without knowing what is stored.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/legal_name", &self.legal_name, 200);
        check_optional_text(&mut faults, "/tax_id", self.tax_id.as_deref(), 50);
        tax_id::check_form(&mut faults, "/tax_id", self.tax_id.as_deref(), Some(self.country.code()));
        check_optional_text(&mut faults, "/registration_number", self.registration_number.as_deref(), 50);
        if let Some(zone) = &self.time_zone {
            faults.require(zone.parse::<Tz>().is_ok(), "/time_zone", "unknown_time_zone", "use an IANA name such as Asia/Jakarta");
        }
        if let Some(address) = &self.address {
            address.check(&mut faults, "/address");
        }
        if let Some(email) = &self.email {
            check_email(&mut faults, "/email", email);
        }
        if let Some(contact) = &self.contact {
            contact.check(&mut faults, "/contact");
        }
        if let Some(address) = &self.electronic_address {
            address.check(&mut faults, "/electronic_address");
        }
        let accounts = self.bank_accounts.as_deref().unwrap_or_default();
        faults.require(accounts.len() <= MAX_BANK_ACCOUNTS, "/bank_accounts", "too_many_items", "at most 20 bank accounts");
        for (i, account) in accounts.iter().enumerate().take(MAX_BANK_ACCOUNTS) {
            account.check(&mut faults, &format!("/bank_accounts/{i}"));
        }
        if let Some(logo) = &self.logo {
            check_logo(&mut faults, "/logo", logo);
        }
        let no_day = self.working_days.as_ref().is_some_and(Vec::is_empty);
        faults.require(!no_day, "/working_days", "required", "name at least one day; leave the field out for Monday to Friday");
        if let Some(days) = &self.reminder_days {
            let fits = days.len() <= 9 && days.iter().all(|day| (1..=365).contains(day)) && days.is_sorted_by(|a, b| a < b);
            faults.require(fits, "/reminder_days", "out_of_range", "at most 9 numbers from 1 to 365, each above the one before");
        }
        let mut days = |pointer: &str, value: Option<i32>, least: i32, most: i32| {
            let fits = value.is_none_or(|days| (least..=most).contains(&days));
            faults.require(fits, pointer, "out_of_range", &format!("{least} to {most} days"));
        };
        days("/default_handling_days", self.default_handling_days, 0, 365);
        days("/default_transit_days", self.default_transit_days, 0, 365);
        days("/return_window_days", self.return_window_days, 0, 3650);
        days("/inbound_retention_days", self.inbound_retention_days, 30, 3650);
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }

    /// The profile that this asks for, with defaults where it says nothing.
    pub fn profile(&self) -> Profile {
        let default = Profile::default();
        let mut working_days = self.working_days.clone().unwrap_or(default.working_days);
        working_days.sort_unstable();
        working_days.dedup();
        Profile {
            tax_id: self.tax_id.clone(),
            registration_number: self.registration_number.clone(),
            address: self.address.clone(),
            email: self.email.clone(),
            contact: self.contact.clone(),
            electronic_address: self.electronic_address.clone(),
            bank_accounts: self.bank_accounts.iter().flatten().cloned().map(BankAccount::normalized).collect(),
            logo: self.logo.clone(),
            default_handling_days: self.default_handling_days.unwrap_or(default.default_handling_days),
            default_transit_days: self.default_transit_days.unwrap_or(default.default_transit_days),
            cutoff_time: self.cutoff_time.unwrap_or(default.cutoff_time),
            working_days,
            return_window_days: self.return_window_days.unwrap_or(default.return_window_days),
            tax_treatment: self.tax_treatment.unwrap_or(default.tax_treatment),
            reminder_days: self.reminder_days.clone().unwrap_or(default.reminder_days),
            capture_on_shipment: self.capture_on_shipment.unwrap_or(default.capture_on_shipment),
            inbound_retention_days: self.inbound_retention_days.unwrap_or(default.inbound_retention_days),
            external_ids: self.external_ids.clone(),
            metadata: self.metadata.clone(),
        }
    }

    /// Whether it asks for what there is.
    pub fn is_already(&self, current: &Organization) -> bool {
        self.legal_name == current.legal_name
            && self.country == current.country
            && self.time_zone.as_ref().is_none_or(|zone| *zone == current.time_zone)
            && self.base_currency.is_none_or(|currency| currency == current.base_currency)
            && self.books_closed_through_on == current.books_closed_through_on
            && self.profile() == current.profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::http::parse_json;
    use serde_json::json;

    fn read(body: serde_json::Value) -> PutOrganization {
        parse_json(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn name_and_country_suffice() {
        let put = read(json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "bank_accounts": null, "metadata": null}));
        assert!(put.check().is_ok());
        assert_eq!(put.profile(), Profile::default());
    }

    #[test]
    fn all_faults_come_at_once_with_their_places() {
        let put = read(json!({
            "legal_name": "", "country": "ID", "time_zone": "Mars/Olympus", "email": "nobody", "working_days": [],
            "electronic_address": {"scheme": "GLN", "value": "1"}, "return_window_days": -1, "inbound_retention_days": 29,
            "bank_accounts": [{"holder": "a", "bank_name": "b", "currency": "IDR"}]
        }));
        let pointers: Vec<String> = put.check().unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(
            pointers,
            [
                "/legal_name",
                "/time_zone",
                "/email",
                "/electronic_address/scheme",
                "/bank_accounts/0/account_number",
                "/working_days",
                "/return_window_days",
                "/inbound_retention_days"
            ]
        );
    }

    #[test]
    fn what_get_answers_put_takes() {
        let put = read(
            json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "cutoff_time": "14:30", "working_days": ["sat", "mon", "sat"],
            "address": {"line1": "Jl. Sudirman 52", "city": "Jakarta", "country": "ID"}}),
        );
        let organization = Organization {
            id: OrganizationId::generate(),
            code: "demo".into(),
            legal_name: put.legal_name.clone(),
            country: put.country.clone(),
            time_zone: "Asia/Jakarta".into(),
            base_currency: Currency::from_code("IDR").unwrap(),
            books_closed_through_on: None,
            profile: put.profile(),
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let body = serde_json::to_value(&organization).unwrap();
        assert_eq!((body["cutoff_time"].as_str(), &body["working_days"]), (Some("14:30"), &json!(["mon", "sat"])));
        let again = read(body);
        assert!(again.check().is_ok());
        assert_eq!(again.profile(), organization.profile);
    }

    #[test]
    fn times_of_day_have_two_digits_each() {
        for bad in ["9:00", "24:00", "15:60", "15:00:00", "15-00", "", "1500x"] {
            assert!(serde_json::from_value::<TimeOfDay>(json!(bad)).is_err(), "{bad}");
        }
        assert!(serde_json::from_value::<TimeOfDay>(json!("00:00")).is_ok());
    }

    #[test]
    fn a_stored_profile_may_lack_what_was_added_later() {
        assert_eq!(serde_json::from_value::<Profile>(json!({})).unwrap(), Profile::default());
    }
}
