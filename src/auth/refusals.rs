//! What callers tried without permission. Noted in memory and written down by a job: a refusal must cost less than what it refuses.

use super::actor::Actor;
use super::permission::Permission;
use crate::audit::{AuditAction, NewEntry};
use crate::types::id::OrganizationId;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use uuid::Uuid;

/// Notes that wait at most; a flood beyond it says nothing that these do not say.
const WAITING: usize = 1_000;

/// Refusals that wait to be written.
#[derive(Default)]
pub struct Refusals(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    waiting: Vec<(OrganizationId, NewEntry)>,
    /// When a caller was last refused a scope; the same within a minute is not noted again.
    lately: HashMap<(Uuid, &'static str), DateTime<Utc>>,
}

impl Refusals {
    pub fn note(&self, actor: &Actor, permission: Permission, operation: String, origin: String, now: DateTime<Utc>) {
        let Ok(mut noted) = self.0.lock() else { return };
        let since = now - TimeDelta::minutes(1);
        if noted.lately.len() >= WAITING {
            noted.lately.retain(|_, at| *at > since);
        }
        let key = (actor.id, permission.scope());
        if noted.waiting.len() >= WAITING || noted.lately.len() >= WAITING || noted.lately.get(&key).is_some_and(|at| *at > since) {
            return;
        }
        noted.lately.insert(key, now);
        let subject_type = match actor.kind {
            super::actor::ActorKind::ApiClient => "api_client",
            super::actor::ActorKind::User => "user",
            super::actor::ActorKind::PublishableKey => "publishable_key",
        };
        let entry = NewEntry {
            action: AuditAction::PermissionRefused,
            actor: actor.name(),
            subject_type,
            subject_id: actor.id,
            data: json!({ "scope": permission.scope(), "operation": operation, "role": actor.role }),
            origin: Some(origin),
            at: now,
        };
        noted.waiting.push((actor.organization_id, entry));
    }

    /// What has been noted since the last call.
    pub fn take(&self) -> Vec<(OrganizationId, NewEntry)> {
        self.0.lock().map(|mut noted| std::mem::take(&mut noted.waiting)).unwrap_or_default()
    }
}
