//! Who did what, when, from where: the events, and beside them what changes nothing (logins, refusals).

pub mod api;
pub mod body;
pub mod chunks;
pub mod service;
mod store;

use crate::auth::authenticator::Authenticator;
use crate::error::Error;
use crate::platform::db::Db;
use crate::types::id::OrganizationId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::Value;
use uuid::Uuid;

text_enum! {
    /// What is worth knowing and no event; docs/users-and-audit.md says when each is written.
    pub enum AuditAction {
        LoggedIn = "auth.logged_in",
        LoggedOut = "auth.logged_out",
        LoginFailed = "auth.login_failed",
        LoginBlocked = "auth.login_blocked",
        RefreshTokenReused = "auth.refresh_token_reused",
        PermissionRefused = "auth.permission_refused",
    }
}

/// Something worth knowing that is no event.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub action: AuditAction,
    /// As [`crate::auth::actor::Context`] has it; `anonymous` for somebody who has not proved who it is.
    pub actor: String,
    pub subject_type: &'static str,
    pub subject_id: Uuid,
    /// An object; never a secret.
    pub data: Value,
    pub origin: Option<String>,
    pub at: DateTime<Utc>,
}

/// Writes it down, in the transaction of what it tells of.
pub fn write(connection: &mut PgConnection, organization_id: OrganizationId, entry: &NewEntry) -> QueryResult<()> {
    store::insert(connection, organization_id, entry)
}

/// A job of every moment: writes down what callers were refused. Runs on a thread that may block.
pub fn write_refusals(db: &Db, authenticator: &Authenticator) -> Result<usize, Error> {
    let refusals = authenticator.refusals.take();
    if !refusals.is_empty() {
        db.write_blocking(|connection| {
            for (organization_id, entry) in &refusals {
                store::insert(connection, *organization_id, entry)?;
            }
            Ok(())
        })?;
    }
    Ok(refusals.len())
}

#[cfg(test)]
mod tests {
    use super::AuditAction;

    #[test]
    fn the_page_names_every_action() {
        let page = include_str!("../../docs/users-and-audit.md");
        for action in AuditAction::ALL {
            assert!(page.contains(&format!("`{action}`")), "{action}");
        }
    }
}
