use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::journal::role::LedgerRole;
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::fault::Faults;
use crate::types::id::OrganizationId;
use crate::types::text::{check_code, check_text};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::Connection;
use diesel::pg::PgConnection;
use serde_json::json;

/// An organization to create, as it is typed on a command line.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    pub code: String,
    /// The legal name.
    pub name: String,
    /// ISO 4217; the currency of the books.
    pub currency: String,
    /// ISO 3166-1 alpha-2
    pub country: String,
    /// IANA name such as `Asia/Jakarta`
    pub time_zone: String,
}

/// Creates an organization and what exists from its start: payment terms, number series of invoices and credit notes, the
/// channel `direct`, the chart of accounts. All or nothing: one transaction, within the caller's if there is one.
pub fn create(connection: &mut PgConnection, new: &NewOrganization, now: DateTime<Utc>) -> Result<OrganizationId, Error> {
    let mut faults = Faults::new();
    check_code(&mut faults, "/code", &new.code);
    check_text(&mut faults, "/name", &new.name, 200);
    let currency = Currency::from_code(&new.currency);
    faults.require(currency.is_some(), "/currency", "unknown_currency", "use an ISO 4217 code such as EUR, IDR or JPY");
    faults.require(
        Country::from_code(&new.country).is_some(),
        "/country",
        "unknown_country",
        "use an ISO 3166-1 alpha-2 code such as ID, DE or US",
    );
    faults.require(new.time_zone.parse::<Tz>().is_ok(), "/time_zone", "unknown_time_zone", "use an IANA name such as Asia/Jakarta");
    faults.into_result()?;
    let id = OrganizationId::generate();
    connection.transaction(|connection| {
        store::insert(connection, id, new, now)?;
        store::seed_payment_terms(connection, id, now)?;
        store::seed_invoice_series(connection, id, now)?;
        store::seed_channel(connection, id, now)?;
        store::seed_ledger_accounts(connection, id, &LedgerRole::ALL.iter().map(|role| role.from_the_start()).collect::<Vec<_>>(), now)?;
        let data = json!({
            "code": new.code, "legal_name": new.name, "country": new.country, "time_zone": new.time_zone, "base_currency": new.currency,
            "books_closed_through_on": null, "version": 1,
        });
        let event = NewEvent::of("organization.created", "organization", id.0, data);
        events::append(connection, &Context::system(id, now), &[event])?;
        Ok(id)
    })
}

/// The organization with this code, for the command line.
pub fn find_by_code(connection: &mut PgConnection, code: &str) -> Result<Option<OrganizationId>, Error> {
    Ok(store::find_by_code(connection, code)?)
}
