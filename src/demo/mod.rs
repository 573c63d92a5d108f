//! The demo company, loaded through the application's own services: who it is (`company.json`), what is ordered (`plan`,
//! `specials`) and how it lives (`life`).

mod calendar;
pub(crate) mod chance;
mod company;
mod life;
pub mod people;
mod plan;
mod specials;

pub use calendar::opening;

use crate::auth::actor::Context;
use crate::error::Error;
use crate::organization::{self, NewOrganization};
use crate::platform::db::Db;
use crate::platform::migrate;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};

/// Code of the demo's organization.
pub const CODE: &str = "demo";

pub fn create_organization(db: &Db, now: DateTime<Utc>) -> Result<OrganizationId, Error> {
    let new = NewOrganization {
        code: CODE.to_owned(),
        name: "PT Nusantara Niaga".to_owned(),
        currency: "IDR".to_owned(),
        country: "ID".to_owned(),
        time_zone: "Asia/Jakarta".to_owned(),
    };
    db.write_blocking(|connection| organization::create(connection, &new, now))
}

/// Fills the new organization with six weeks of business up to `now`.
pub fn load(db: &Db, organization_id: OrganizationId, now: DateTime<Utc>) -> Result<(), Error> {
    let company = company::Company::read()?;
    let context = Context::system(organization_id, calendar::opening(now));
    db.write_blocking(|connection| company::write(connection, &context, &company))?;
    life::Life::new(db, organization_id, &plan::plan(&company, now), now).run()?;
    db.read_blocking(migrate::analyze)
}
