//! Who calls and what they may do.

pub mod actor;
pub mod api_clients;
pub mod authenticator;
pub mod call;
pub mod keys;
pub mod login;
pub mod me;
pub mod origin;
pub mod password;
pub mod permission;
pub mod publishable_keys;
pub mod rate_limit;
pub mod refusals;
pub mod secret;
pub mod sessions;
pub mod token;
pub mod users;

use crate::error::Error;
use crate::platform::db::Db;
use authenticator::Authenticator;

/// A job of every few seconds: tells the authenticator who has been disabled and which logins have ended, by whichever process. Runs
/// on a thread that may block.
pub fn refresh_disabled(db: &Db, authenticator: &Authenticator) -> Result<(), Error> {
    api_clients::service::refresh_disabled(db, authenticator)?;
    publishable_keys::service::refresh(db, authenticator)?;
    sessions::service::refresh_ended(db, authenticator)
}
