use super::Database;
use crate::auth::actor::Context;
use crate::auth::api_clients;
use crate::auth::api_clients::body::NewApiClient;
use crate::auth::password::{self, one_time_password};
use crate::auth::permission::Role;
use crate::auth::users;
use crate::auth::users::body::{NewUser, User};
use crate::auth::users::service::HashedPassword;
use crate::error::Error;
use crate::organization::{self, NewOrganization};
use clap::{Args, Subcommand};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde_json::{Map, json};
use std::collections::BTreeMap;
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

#[derive(Subcommand)]
pub enum UserCommand {
    /// Create a user; prints a one-time password unless one is given
    Create(CreateUser),
}

#[derive(Args)]
pub struct CreateUser {
    /// Code of the organization
    #[arg(long)]
    organization: String,
    #[arg(long)]
    email: String,
    /// What is before the @ of the e-mail address, if it is not given
    #[arg(long)]
    name: Option<String>,
    /// admin, sales, warehouse, finance or viewer
    #[arg(long, value_parser = |name: &str| Role::from_name(name).ok_or("no such role"))]
    role: Role,
    /// Read the password from standard input, one line
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    database: Database,
}

impl UserCommand {
    pub fn run(self) -> Result<ExitCode, Error> {
        let Self::Create(command) = self;
        let given = if command.password_stdin { Some(read_line()?) } else { None };
        let local = command.email.split('@').next().unwrap_or_default().to_owned();
        let new = NewUser {
            email: command.email,
            name: command.name.unwrap_or(local),
            role: command.role,
            password: given,
            external_ids: BTreeMap::new(),
            metadata: Map::new(),
        };
        on_database(&command.database, |connection| {
            let organization_id = organization::find_by_code(connection, &command.organization)?.ok_or(Error::not_found("organization"))?;
            let context = Context::system(organization_id, chrono::Utc::now());
            let (user, one_time_password) = create_user(connection, &context, &new)?;
            println!("{}", json!({ "id": user.id, "email": user.email, "role": user.role, "one_time_password": one_time_password }));
            Ok(())
        })
    }
}

/// Creates a user with the given password, or with a one-time password, which is answered.
fn create_user(connection: &mut PgConnection, context: &Context, new: &NewUser) -> Result<(User, Option<String>), Error> {
    new.check()?;
    let made = if new.password.is_none() { Some(one_time_password()?) } else { None };
    let password = new.password.as_ref().or(made.as_ref()).map(String::as_str).unwrap_or_default();
    let hashed = HashedPassword { hash: password::hash(password)?, one_time: made.is_some() };
    let user = connection.transaction(|connection| users::service::create(connection, context, new, &hashed))?;
    Ok((user, made))
}

fn read_line() -> Result<String, Error> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(Error::internal)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
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
