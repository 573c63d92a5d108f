use super::Database;
use crate::auth::actor::Context;
use crate::auth::api_clients;
use crate::auth::api_clients::body::NewApiClient;
use crate::auth::permission::Role;
use crate::error::Error;
use crate::organization::{self, NewOrganization};
use clap::{Args, Subcommand};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde_json::json;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum OrganizationCommand {
    /// Create an organization with its payment terms, invoice series and the channel `direct`
    Create(CreateOrganization),
}

#[derive(Args)]
pub struct CreateOrganization {
    #[arg(long)]
    code: String,
    /// Legal name
    #[arg(long)]
    name: String,
    /// ISO 4217
    #[arg(long)]
    currency: String,
    /// ISO 3166-1 alpha-2
    #[arg(long)]
    country: String,
    /// IANA name such as Asia/Jakarta
    #[arg(long)]
    time_zone: String,
    #[command(flatten)]
    database: Database,
}

#[derive(Subcommand)]
pub enum ApiClientCommand {
    /// Create an API client; its secret is printed once
    Create(CreateApiClient),
}

#[derive(Args)]
pub struct CreateApiClient {
    /// Code of the organization
    #[arg(long)]
    organization: String,
    #[arg(long)]
    name: String,
    /// admin, sales, warehouse, finance, viewer, integration or storefront
    #[arg(long, value_parser = |name: &str| Role::from_name(name).ok_or("no such role"))]
    role: Role,
    #[command(flatten)]
    database: Database,
}

impl OrganizationCommand {
    pub fn run(self) -> Result<ExitCode, Error> {
        let Self::Create(command) = self;
        let new = NewOrganization {
            code: command.code,
            name: command.name,
            currency: command.currency,
            country: command.country,
            time_zone: command.time_zone,
        };
        on_database(&command.database, |connection| {
            let id = organization::create(connection, &new, chrono::Utc::now())?;
            println!("{}", json!({ "id": id, "code": new.code }));
            Ok(())
        })
    }
}

impl ApiClientCommand {
    pub fn run(self) -> Result<ExitCode, Error> {
        let Self::Create(command) = self;
        on_database(&command.database, |connection| {
            let organization_id = organization::find_by_code(connection, &command.organization)?.ok_or(Error::not_found("organization"))?;
            let context = Context::system(organization_id, chrono::Utc::now());
            let new = NewApiClient { name: command.name.clone(), role: command.role };
            let issued = api_clients::service::create(connection, &context, &new)?;
            println!("{}", json!({ "client_id": issued.client_id, "client_secret": issued.client_secret }));
            Ok(())
        })
    }
}

fn on_database(database: &Database, work: impl FnOnce(&mut PgConnection) -> Result<(), Error>) -> Result<ExitCode, Error> {
    let open = database.open()?;
    let mut connection = PgConnection::establish(&open.url).map_err(|error| Error::unavailable(error.to_string()))?;
    let result = work(&mut connection);
    drop(connection);
    open.close();
    result.map(|()| ExitCode::SUCCESS)
}
