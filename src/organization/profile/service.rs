use super::body::{Organization, PatchOrganization, PutOrganization};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization::settings::Settings;
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "organization";

pub fn get(connection: &mut PgConnection, id: OrganizationId) -> Result<Organization, Error> {
    store::find(connection, id)?.ok_or(Error::not_found(WHAT))
}

/// What the other features must know of the organization; one statement.
pub fn settings(connection: &mut PgConnection, id: OrganizationId) -> Result<Settings, Error> {
    store::find_settings(connection, id)?.ok_or(Error::not_found(WHAT))
}

/// Replaces the profile; one that stays as it is keeps its version. 409 `base_currency_in_use` where the currency of the books would change under orders.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    put: &PutOrganization,
    precondition: &Precondition,
    create_only: bool,
) -> Result<Organization, Error> {
    put.check()?;
    let current = store::lock(connection, context.organization_id)?.ok_or(Error::not_found(WHAT))?;
    if create_only {
        return Err(Error::Stale { current: current.version });
    }
    precondition.check(current.version)?;
    write(connection, context, current, put)
}

/// Changes what the patch names of the profile, by the same rules.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    patch: &PatchOrganization,
    precondition: &Precondition,
) -> Result<Organization, Error> {
    let current = store::lock(connection, context.organization_id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    let put = patch.apply(&current)?;
    put.check()?;
    write(connection, context, current, &put)
}

fn write(connection: &mut PgConnection, context: &Context, current: Organization, put: &PutOrganization) -> Result<Organization, Error> {
    if let Some(closed) = put.books_closed_through_on {
        let zone: Tz = put.time_zone.as_deref().unwrap_or(&current.time_zone).parse().map_err(Error::internal)?;
        if closed > context.now.with_timezone(&zone).date_naive() {
            let detail = "books are closed through a day that is over or today, never through one to come";
            return Err(Error::invalid("/books_closed_through_on", "out_of_range", detail));
        }
    }
    let changes_currency = put.base_currency.is_some_and(|currency| currency != current.base_currency);
    if changes_currency && store::has_orders(connection, context.organization_id)? {
        let detail = format!("there are orders; the base currency stays {}", current.base_currency);
        return Err(Error::conflict("base_currency_in_use", detail));
    }
    if put.is_already(&current) {
        return Ok(current);
    }
    let profile = serde_json::to_value(put.profile()).map_err(Error::internal)?;
    let organization = store::update(connection, context, put, &profile)?;
    // Bank accounts, contacts and the logo are for those who may ask for the organization itself.
    let data = json!({
        "code": organization.code, "legal_name": organization.legal_name, "country": organization.country,
        "time_zone": organization.time_zone, "base_currency": organization.base_currency,
        "books_closed_through_on": organization.books_closed_through_on, "version": organization.version,
    });
    events::append(connection, context, &[NewEvent::of("organization.updated", "organization", organization.id.0, data)])?;
    Ok(organization)
}
