use super::place::{self, Place};
use super::serve::run_server;
use super::smtp::Smtp;
use crate::auth::actor::Context;
use crate::auth::api_clients;
use crate::auth::api_clients::body::NewApiClient;
use crate::auth::keys::{KeyConfig, Keys};
use crate::auth::password::one_time_password;
use crate::auth::permission::Role;
use crate::channels::platforms::api_client;
use crate::config::{Config, read_keys};
use crate::demo;
use crate::error::Error;
use crate::organization;
use crate::platform::db::{Db, DbOptions};
use crate::platform::migrate::migrate;
use crate::types::id::{ApiClientId, OrganizationId};
use crate::webhooks::target::Targets;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Serve a demo company on 127.0.0.1, with a private Postgres of its own. A second start keeps the data.
#[derive(Args)]
pub struct Demo {
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Folder of the private Postgres, and of the demo's keys and secrets [default: .pesanan]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Only the organization and its API client, no data
    #[arg(long)]
    empty: bool,
    /// A database of your own instead of the private one; without it and --data-dir, PESANAN_DATABASE_URL says it
    #[arg(long)]
    database_url: Option<String>,
    #[command(flatten)]
    smtp: Smtp,
}

/// What the demo needs again at its next start; readable by its owner alone.
#[derive(Serialize, Deserialize)]
struct Secrets {
    client_id: ApiClientId,
    client_secret: String,
    /// Of the demo's users.
    #[serde(default)]
    password: Option<String>,
}

impl Demo {
    pub fn run(self) -> Result<ExitCode, Error> {
        // Before anything is started: a port in use is the most likely slip.
        TcpListener::bind(("127.0.0.1", self.port))
            .map_err(|error| Error::internal(format!("port {} cannot be used ({error}); choose another with --port", self.port)))?;
        let folder = self.folder();
        std::fs::create_dir_all(&folder).map_err(Error::internal)?;
        let place = Place::choose(self.database_url.clone(), self.data_dir.clone(), place::environment());
        let place = place.unwrap_or(Place::Folder(folder));
        eprintln!("database: {}", place.told());
        let open = super::OpenDatabase::at(&place)?;
        let result = self.serve(&open);
        open.close();
        result.map(|()| ExitCode::SUCCESS)
    }

    fn serve(&self, open: &super::OpenDatabase) -> Result<(), Error> {
        let url = open.url.as_str();
        migrate(url)?;
        if was_broken_off(url)? {
            let own = || Error::internal("the first start was broken off before the demo company was loaded; empty this database");
            let postgres = open.postgres.as_ref().ok_or_else(own)?;
            eprintln!("the first start was broken off: starting over");
            postgres.recreate_database(super::PRIVATE_DATABASE).map_err(Error::internal)?;
            migrate(url)?;
        }
        let keys = self.keys()?;
        let secrets = self.prepare(url)?;
        // A demo serves this machine alone, so whoever sets up a channel may try it with a server of his own.
        api_client::allow_loopback();
        // Whoever reaches the demo is on this machine anyway.
        let webhook_targets = Targets { loopback: true, ..Targets::default() };
        let config = Config {
            listen: format!("127.0.0.1:{}", self.port),
            keys,
            smtp: self.smtp.config(),
            webhook_targets,
            ..Config::new(url.to_owned())
        };
        run_server(config, |address| announce(&address.to_string(), &secrets))
    }

    fn folder(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from(".pesanan"))
    }

    /// The demo's own signing key, made at its first start.
    fn keys(&self) -> Result<Vec<KeyConfig>, Error> {
        let path = self.folder().join("jwt-keys.json");
        if !path.exists() {
            let keys = [Keys::generate("demo-1")?];
            write_secret(&path, &serde_json::to_string_pretty(&keys).map_err(Error::internal)?)?;
        }
        read_keys(&path.to_string_lossy())
    }

    /// Organization, data and API client, unless they are there.
    fn prepare(&self, url: &str) -> Result<Secrets, Error> {
        let db = Db::open(&DbOptions::for_one_command(url))?;
        let now = chrono::Utc::now();
        let known = db.read_blocking(|connection| organization::find_by_code(connection, demo::CODE))?;
        let organization_id = match known {
            Some(id) => id,
            None if self.empty => demo::create_organization(&db, now)?,
            None => load(&db, now)?,
        };
        match self.known_secrets() {
            // Whoever has no password yet was made by an older version, which knew no users.
            Some(secrets) if secrets.password.is_some() && is_client(&db, organization_id, &secrets)? => Ok(secrets),
            Some(_) | None => self.new_secrets(&db, organization_id, now),
        }
    }

    fn secrets_path(&self) -> PathBuf {
        self.folder().join("demo-client.json")
    }

    fn known_secrets(&self) -> Option<Secrets> {
        serde_json::from_str(&std::fs::read_to_string(self.secrets_path()).ok()?).ok()
    }

    fn new_secrets(&self, db: &Db, organization_id: OrganizationId, now: DateTime<Utc>) -> Result<Secrets, Error> {
        let context = Context::system(organization_id, now);
        let password = one_time_password()?;
        db.write_blocking(|connection| demo::people::create(connection, &context, &password))?;
        let new = NewApiClient { name: "Demo".to_owned(), role: Role::Admin };
        let issued = db.write_blocking(|connection| api_clients::service::create(connection, &context, &new))?;
        let secrets = Secrets { client_id: issued.client_id, client_secret: issued.client_secret, password: Some(password) };
        write_secret(&self.secrets_path(), &serde_json::to_string_pretty(&secrets).map_err(Error::internal)?)?;
        Ok(secrets)
    }
}

/// The API client comes last at the first start: an organization without one was left before it was complete.
fn was_broken_off(url: &str) -> Result<bool, Error> {
    let db = Db::open(&DbOptions::for_one_command(url))?;
    let Some(id) = db.read_blocking(|connection| organization::find_by_code(connection, demo::CODE))? else { return Ok(false) };
    let clients = db.read_blocking(|connection| api_clients::service::list(connection, id, None, None, 1))?;
    Ok(clients.data.is_empty())
}

fn load(db: &Db, now: DateTime<Utc>) -> Result<OrganizationId, Error> {
    eprint!("loading the demo company …");
    let started = Instant::now();
    let organization_id = demo::create_organization(db, demo::opening(now))?;
    demo::load(db, organization_id, now)?;
    eprintln!(" done in {:.1} s", started.elapsed().as_secs_f32());
    Ok(organization_id)
}

/// Whether the secrets on disk belong to this database.
fn is_client(db: &Db, organization_id: OrganizationId, secrets: &Secrets) -> Result<bool, Error> {
    match db.read_blocking(|connection| api_clients::service::get(connection, organization_id, secrets.client_id)) {
        Ok(client) => Ok(client.active),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_secret(path: &Path, text: &str) -> Result<(), Error> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(Error::internal)?;
    file.write_all(text.as_bytes()).map_err(Error::internal)
}

fn announce(address: &str, secrets: &Secrets) {
    let Secrets { client_id, client_secret, password } = secrets;
    let (email, password) = (demo::people::ADMIN, password.as_deref().unwrap_or_default());
    println!(
        "
Pesanan is ready.

  Swagger UI     http://{address}/docs/
  client id      {client_id}
  client secret  {client_secret}
  login          {email}
  password       {password}

Place an order:

  TOKEN=$(curl -s -u {client_id}:{client_secret} -d grant_type=client_credentials \\
    http://{address}/v1/auth/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')

  curl -s http://{address}/v1/orders -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\
    -H 'Idempotency-Key: my-first-order' \\
    -d '{{\"customer_code\": \"C-TOKO-SUMBER\", \"lines\": [{{\"sku\": \"KOPI-250\", \"quantity\": \"3\"}}]}}'

Ctrl-C stops it; the data stay.
"
    );
    println!("ready http://{address}");
}
