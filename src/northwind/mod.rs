//! The Northwind sample, imported as history through the services that people use: what they would refuse is reported here.

mod country;
mod files;
mod history;
mod master_data;
mod report;

pub use report::{Rejected, Report};

use crate::auth::actor::Context;
use crate::error::Error;
use crate::organization::{self, NewOrganization};
use crate::platform::db::Db;
use crate::platform::migrate;
use chrono::{DateTime, Utc};
use std::path::Path;

/// Code of the organization that the import makes, or adds to.
pub const CODE: &str = "northwind";

/// Imports the CSV files of `folder`. A second run changes nothing: what is there is known by product, customer and order id. A
/// row that breaks a rule is in the report and left out; an error means that the import stopped, and running it again goes on.
pub fn import(db: &Db, folder: &Path, now: DateTime<Utc>) -> Result<Report, Error> {
    let mut report = Report::default();
    let files = files::read(folder, &mut report)?;
    let known = db.read_blocking(|connection| organization::find_by_code(connection, CODE))?;
    let organization_id = match known {
        Some(id) => id,
        None => db.write_blocking(|connection| organization::create(connection, &new_organization(), now))?,
    };
    let context = Context::system(organization_id, now);
    let products = master_data::import(db, &context, &files, &mut report)?;
    history::import(db, &context, &files, &mut report)?;
    master_data::import_reorder_points(db, &context, &products, &mut report)?;
    if report.orders_placed > 0 {
        db.read_blocking(migrate::analyze)?;
    }
    Ok(report)
}

fn new_organization() -> NewOrganization {
    NewOrganization {
        code: CODE.to_owned(),
        name: "Northwind Traders".to_owned(),
        currency: "USD".to_owned(),
        country: "US".to_owned(),
        time_zone: "UTC".to_owned(),
    }
}
