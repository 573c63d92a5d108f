//! Who acts.

use super::permission::{Permission, Permissions, Role};
use crate::error::Error;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
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
}

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    ApiClient,
    User,
}

impl Actor {
    /// 403 naming the scope unless the caller has it.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        Err(Error::InsufficientScope { scope: permission.scope().to_owned() })
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// How events and documents name the actor: `api_client:<id>`.
    pub fn name(&self) -> String {
        match self.kind {
            ActorKind::ApiClient => format!("api_client:{}", self.id),
            ActorKind::User => format!("user:{}", self.id),
        }
    }
}

/// What every use case must know of its request; made once, before the transaction, so that a retry changes nothing.
#[derive(Clone, Debug)]
pub struct Context {
    pub organization_id: OrganizationId,
    /// `api_client:<id>`, `user:<id>` or `system`
    pub actor: String,
    /// The caller's role; `admin` for the system itself.
    pub role: Role,
    pub now: DateTime<Utc>,
}

impl Context {
    /// For jobs and the command line.
    pub fn system(organization_id: OrganizationId, now: DateTime<Utc>) -> Self {
        Self { organization_id, actor: "system".to_owned(), role: Role::Admin, now }
    }
}
