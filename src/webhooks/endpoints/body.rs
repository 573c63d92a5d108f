use crate::auth::actor::{Actor, ActorBody, ActorKind};
use crate::auth::permission::{Permission, Permissions};
use crate::events::scope_of;
use crate::types::absent::present;
use crate::types::fault::{Fault, Faults};
use crate::types::id::WebhookEndpointId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// More names than there are types.
const MAX_TYPES: usize = 200;

/// A webhook endpoint to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://example.com/pesanan", "event_types": ["order.captured", "shipment.shipped"]}))]
pub struct NewWebhookEndpoint {
    /// `https` on the public internet. A redirect is not followed.
    #[schema(example = "https://example.com/pesanan", max_length = 2000)]
    pub url: String,
    /// Which events are sent: names of the catalogue, `GET /v1/event_types`. Absent or empty: all that its owner may read, those of
    /// types to come included.
    #[serde(default, deserialize_with = "crate::types::absent::null_is_default")]
    pub event_types: Vec<String>,
    /// `true` by default.
    #[serde(default)]
    #[schema(default = true)]
    pub active: Option<bool>,
}

/// What changes of a webhook endpoint. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event_types": ["order.captured", "order.cancelled", "shipment.shipped"]}))]
pub struct PatchWebhookEndpoint {
    #[serde(default)]
    #[schema(example = "https://example.com/pesanan", max_length = 2000)]
    pub url: Option<String>,
    /// Empty or null: all that its owner may read.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub event_types: Option<Option<Vec<String>>>,
    /// `false` sends nothing more; `true` begins again with what happens from then on.
    #[serde(default)]
    pub active: Option<bool>,
}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct RotateWebhookSecret {}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct TestWebhookEndpoint {}

text_enum! {
    /// Why nothing is sent.
    #[schema(as = WebhookDisabledReason)]
    pub enum DisabledReason {
        /// Somebody said so.
        ByRequest = "by_request",
        /// The receiver answered 410.
        Gone = "gone",
        /// It has failed for five days without a success.
        Failing = "failing",
        /// Its owner has been disabled.
        OwnerDisabled = "owner_disabled",
    }
}

/// A webhook endpoint. Its secret is not among what can be read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpoint {
    pub id: WebhookEndpointId,
    #[schema(example = "https://example.com/pesanan")]
    pub url: String,
    /// Empty: all that its owner may read.
    pub event_types: Vec<String>,
    pub active: bool,
    /// Null while active.
    pub disabled_reason: Option<DisabledReason>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Whoever last said what is sent where. Only events that it may read are sent.
    pub owner: ActorBody,
    /// The first failure after the last success; null while it works. Disabled five days after it.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before the last rotation signs as well.
    pub previous_secret_valid_until: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A webhook endpoint with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct IssuedWebhookEndpoint {
    /// `whsec_` and 32 bytes in base64, as the libraries of Standard Webhooks take it.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDqxM1MMmCNm0=")]
    pub secret: String,
    #[serde(flatten)]
    pub endpoint: WebhookEndpoint,
}

/// Whose permissions an endpoint has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub kind: ActorKind,
    pub id: Uuid,
    /// role ∩ scope of the token
    pub permissions: Permissions,
}

impl From<&Actor> for Owner {
    fn from(actor: &Actor) -> Self {
        Self { kind: actor.kind, id: actor.id, permissions: actor.permissions }
    }
}

/// What is wrong with the types, `owner` being who asks for them.
pub fn check_types(faults: &mut Faults, types: &[String], owner: &Owner) {
    faults.require(types.len() <= MAX_TYPES, "/event_types", "too_many_items", "at most 200 types; leave it empty for all");
    for (i, name) in types.iter().enumerate().take(MAX_TYPES) {
        let here = format!("/event_types/{i}");
        let needed = crate::events::catalogue::find(name).and_then(|known| scope_of(known.name)).map(Permission::scope);
        match needed {
            None => faults.add(here, "unknown_event_type", "GET /v1/event_types lists the types that there are"),
            Some(_) if types[..i].contains(name) => faults.add(here, "duplicate", "this type is given already"),
            Some(scope) if scope_of(name).is_some_and(|scope| !owner.permissions.contains(scope)) => {
                faults.add(here, "insufficient_scope", format!("this type takes the scope '{scope}', which you have not"));
            }
            Some(_) => {}
        }
    }
}

impl NewWebhookEndpoint {
    pub fn check(&self, owner: &Owner) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_types(&mut faults, &self.event_types, owner);
        faults.into_result()
    }
}

impl PatchWebhookEndpoint {
    pub fn check(&self, owner: &Owner) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_types(&mut faults, self.event_types.as_ref().and_then(Option::as_deref).unwrap_or_default(), owner);
        faults.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::permission::Role;

    #[test]
    fn types_are_of_the_catalogue_once_each_and_within_reach() {
        let owner = Owner { kind: ActorKind::User, id: Uuid::nil(), permissions: Role::Warehouse.permissions() };
        let codes = |types: &[&str]| {
            let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
            let new = NewWebhookEndpoint { url: String::new(), event_types: types, active: None };
            new.check(&owner).err().unwrap_or_default().iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>()
        };
        assert!(codes(&[]).is_empty() && codes(&["order.captured", "shipment.shipped"]).is_empty());
        assert_eq!(
            codes(&["order.captured", "order.*", "order.captured", "invoice.issued"]),
            ["/event_types/1 unknown_event_type", "/event_types/2 duplicate", "/event_types/3 insufficient_scope"]
        );
        assert_eq!(codes(&["order.captured"; 201])[0], "/event_types too_many_items");
    }
}
