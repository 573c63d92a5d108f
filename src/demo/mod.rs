//! The demo company, loaded through the application's own services.

use crate::error::Error;
use crate::organization::{self, NewOrganization};
use crate::platform::db::Db;
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

pub fn load(_db: &Db, _organization_id: OrganizationId, _now: DateTime<Utc>) -> Result<(), Error> {
    Ok(())
}
