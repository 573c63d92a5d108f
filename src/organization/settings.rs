//! What the other features must know of an organization.

use super::profile::body::{Profile, WorkingDay};
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// An organization's settings, read once for a request.
#[derive(Clone, Debug)]
pub struct Settings {
    pub id: OrganizationId,
    pub code: String,
    pub legal_name: String,
    pub country: Country,
    /// Where its days begin and end: every `_on` date is a day there.
    pub time_zone: Tz,
    /// Its books' currency.
    pub base_currency: Currency,
    /// Documents of this day and before it are closed.
    pub books_closed_through_on: Option<NaiveDate>,
    /// Working days from an order to its hand-over to the carrier.
    pub default_handling_days: i32,
    /// Working days on the road.
    pub default_transit_days: i32,
    /// Orders after this local time count for the next day.
    pub cutoff_time: NaiveTime,
    /// Never empty.
    pub working_days: Vec<WorkingDay>,
    /// Calendar days after delivery within which goods may come back.
    pub return_window_days: i32,
    /// Days from an invoice's due date to each of its reminders, ascending.
    pub reminder_days: Vec<i32>,
    /// Whether authorizations at a payment provider are captured for what of their order ships.
    pub capture_on_shipment: bool,
    /// What documents print of the seller, to be copied into them: name, tax ids, address, contact, bank accounts.
    pub seller: Value,
}

impl Settings {
    pub(super) fn new(organization: Identity, profile: Profile) -> Self {
        let seller = json!({
            "legal_name": organization.legal_name,
            "tax_id": profile.tax_id,
            "registration_number": profile.registration_number,
            "address": profile.address,
            "email": profile.email,
            "contact": profile.contact,
            "electronic_address": profile.electronic_address,
            "country": organization.country,
            "bank_accounts": profile.bank_accounts,
        });
        Self {
            id: organization.id,
            code: organization.code,
            legal_name: organization.legal_name,
            country: organization.country,
            time_zone: organization.time_zone,
            base_currency: organization.base_currency,
            books_closed_through_on: organization.books_closed_through_on,
            default_handling_days: profile.default_handling_days,
            default_transit_days: profile.default_transit_days,
            cutoff_time: profile.cutoff_time.0,
            working_days: profile.working_days,
            return_window_days: profile.return_window_days,
            reminder_days: profile.reminder_days,
            capture_on_shipment: profile.capture_on_shipment,
            seller,
        }
    }

    /// The day that it is for the organization at that instant.
    pub fn local_date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.time_zone).date_naive()
    }

    /// Whether people work there on that day of the week. Public holidays are not known here.
    pub fn is_working_day(&self, on: NaiveDate) -> bool {
        self.working_days.iter().any(|day| day.weekday() == on.weekday())
    }
}

/// What is a column of its own rather than part of the profile.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub id: OrganizationId,
    pub code: String,
    pub legal_name: String,
    pub country: Country,
    pub time_zone: Tz,
    pub base_currency: Currency,
    pub books_closed_through_on: Option<NaiveDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(zone: &str) -> Settings {
        let identity = Identity {
            id: OrganizationId::generate(),
            code: "demo".into(),
            legal_name: "PT Nusantara Niaga".into(),
            country: Country::from_code("ID").unwrap(),
            time_zone: zone.parse().unwrap(),
            base_currency: Currency::from_code("IDR").unwrap(),
            books_closed_through_on: None,
        };
        Settings::new(identity, Profile::default())
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let jakarta = settings("Asia/Jakarta");
        assert_eq!(jakarta.local_date(at("2026-03-01T16:59:59Z")), date("2026-03-01"));
        assert_eq!(jakarta.local_date(at("2026-03-01T17:00:00Z")), date("2026-03-02"));
        let berlin = settings("Europe/Berlin");
        assert_eq!(berlin.local_date(at("2026-07-01T22:30:00Z")), date("2026-07-02"), "summer time");
        assert_eq!(berlin.local_date(at("2026-01-01T22:30:00Z")), date("2026-01-01"));
    }

    #[test]
    fn an_untouched_profile_works_monday_to_friday_and_shows_its_name_to_buyers() {
        let settings = settings("UTC");
        assert!(settings.is_working_day("2026-03-02".parse().unwrap()) && !settings.is_working_day("2026-03-01".parse().unwrap()));
        assert_eq!(settings.seller["legal_name"], "PT Nusantara Niaga");
        assert_eq!(settings.seller["country"], "ID");
        assert!(settings.seller["tax_id"].is_null());
    }
}
