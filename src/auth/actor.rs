//! Who acts, and from where.

use super::permission::{Permission, Permissions, Role};
use crate::error::Error;
use crate::types::id::OrganizationId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Actor {
    pub organization_id: OrganizationId,
    pub kind: ActorKind,
    pub id: Uuid,
    pub role: Role,
    /// role ∩ scope of the token
    pub permissions: Permissions,
    /// The login that the token follows from; only users have one.
    pub session_id: Option<Uuid>,
}

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    ApiClient,
    User,
    /// A page of a storefront.
    PublishableKey,
}

impl Actor {
    /// 403 naming the scope unless the caller has it.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        require(self.permissions, permission)
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// How events and documents are written to name the actor: `api_client:<id>`.
    pub fn name(&self) -> String {
        match self.kind {
            ActorKind::ApiClient => format!("api_client:{}", self.id),
            ActorKind::User => user_name(self.id),
            ActorKind::PublishableKey => format!("publishable_key:{}", self.id),
        }
    }
}

fn require(permissions: Permissions, permission: Permission) -> Result<(), Error> {
    if permissions.contains(permission) {
        return Ok(());
    }
    Err(Error::InsufficientScope { scope: permission.scope().to_owned() })
}

/// How events and documents are written to name a user.
pub fn user_name(id: Uuid) -> String {
    format!("user:{id}")
}

/// What every use case must know of its request; made once, before the transaction, so that a retry changes nothing.
#[derive(Clone, Debug)]
pub struct Context {
    pub organization_id: OrganizationId,
    /// `api_client:<id>`, `user:<id>`, `system:<job>`, or `system` for the command line and for rules.
    pub actor: String,
    /// Where the request came from (see [`super::origin`]); jobs have none.
    pub origin: Option<String>,
    /// The caller's role; `admin` for the system itself.
    pub role: Role,
    /// What the caller may do. For rules that hold whatever the way in: a use case asks for them by [`Context::require`].
    pub permissions: Permissions,
    pub now: DateTime<Utc>,
}

impl Context {
    /// For the command line.
    pub fn system(organization_id: OrganizationId, now: DateTime<Utc>) -> Self {
        Self::as_system(organization_id, "system", now)
    }

    /// For whatever acts by itself under a name of its own.
    pub fn as_system(organization_id: OrganizationId, actor: &str, now: DateTime<Utc>) -> Self {
        Self { organization_id, actor: actor.to_owned(), origin: None, role: Role::Admin, permissions: Permissions::all(), now }
    }

    /// 403 naming the scope unless the caller has it.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        require(self.permissions, permission)
    }

    /// As `require`, where any one of several permissions will do; the refusal names the first.
    pub fn require_any(&self, permissions: &[Permission]) -> Result<(), Error> {
        match permissions.iter().find(|permission| self.permissions.contains(**permission)).or(permissions.first()) {
            Some(permission) => self.require(*permission),
            None => Ok(()),
        }
    }

    /// For a job, which answers for what it does by its name.
    pub fn job(organization_id: OrganizationId, job: &'static str, now: DateTime<Utc>) -> Self {
        Self { actor: format!("system:{job}"), ..Self::system(organization_id, now) }
    }
}

/// Whether this is the system itself or one of its jobs.
pub fn is_system(actor: &str) -> bool {
    actor == "system" || actor.starts_with("system:")
}

text_enum! {
    /// What acted.
    pub enum ActedAs {
        User = "user",
        ApiClient = "api_client",
        /// A page of a storefront.
        PublishableKey = "publishable_key",
        /// A job, a rule, or the command line.
        System = "system",
        /// Somebody who had not proved who it is.
        Anonymous = "anonymous",
    }
}

/// Who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "user", "id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "name": "Siti Rahma"}))]
pub struct ActorBody {
    pub r#type: ActedAs,
    /// Of the user or API client; null for the system.
    pub id: Option<Uuid>,
    /// As it is now; for the system the job's name.
    #[schema(example = "Siti Rahma")]
    pub name: String,
}

impl ActorBody {
    /// From how it is written down, with the name that belongs to it.
    pub fn read(written: &str, name: Option<String>) -> Self {
        let (kind, rest) = written.split_once(':').unwrap_or((written, ""));
        let r#type = kind.parse().unwrap_or(ActedAs::System);
        let id = rest.parse().ok();
        Self { r#type, id, name: name.unwrap_or_else(|| if id.is_none() && !rest.is_empty() { rest } else { written }.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_an_actor_is_read_back() {
        let id: Uuid = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f".parse().unwrap();
        let read = |written: &str, name: Option<&str>| ActorBody::read(written, name.map(str::to_owned));
        let body = |r#type, id, name: &str| ActorBody { r#type, id, name: name.to_owned() };
        assert_eq!(read(&user_name(id), Some("Siti")), body(ActedAs::User, Some(id), "Siti"));
        assert_eq!(read(&format!("api_client:{id}"), Some("Web shop")), body(ActedAs::ApiClient, Some(id), "Web shop"));
        assert_eq!(read("system:expire_holds", None), body(ActedAs::System, None, "expire_holds"));
        assert_eq!(read("system", None), body(ActedAs::System, None, "system"));
        assert!(is_system("system") && is_system("system:x") && !is_system("systems") && !is_system("user:x"));
    }
}
