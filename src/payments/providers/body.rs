use crate::types::fault::{Fault, Faults};
use crate::types::text::check_text;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    pub enum PaymentProviderKind {
        Stripe = "stripe",
    }
}

/// A payment provider's account to set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "stripe", "name": "Stripe", "api_key": "sk_test_example", "webhook_secrets": ["whsec_example"]}))]
pub struct PutPaymentProvider {
    pub kind: PaymentProviderKind,
    pub name: String,
    /// Whether new payments may name it. What is under way goes on.
    #[serde(default)]
    #[schema(default = true)]
    pub active: Option<bool>,
    /// Secret; never shown again. Needed at first, kept where absent.
    #[serde(default)]
    #[schema(write_only)]
    pub api_key: Option<String>,
    /// What the provider signs its messages with; two while one is being replaced. Never shown again, kept where absent.
    #[serde(default)]
    #[schema(write_only, max_items = 2)]
    pub webhook_secrets: Option<Vec<String>>,
    // A `PUT` takes its own `GET` body back; these are ignored.
    #[serde(default, rename = "code")]
    #[schema(ignore)]
    _code: Option<IgnoredAny>,
    #[serde(default, rename = "api_key_ending")]
    #[schema(ignore)]
    _api_key_ending: Option<IgnoredAny>,
    #[serde(default, rename = "webhook_secret_count")]
    #[schema(ignore)]
    _webhook_secret_count: Option<IgnoredAny>,
    #[serde(default, rename = "inbound_path")]
    #[schema(ignore)]
    _inbound_path: Option<IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

impl PutPaymentProvider {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/name", &self.name, 200);
        let fits = |secret: &String| (8..=500).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic());
        faults.require(self.api_key.as_ref().is_none_or(fits), "/api_key", "invalid_secret", "8 to 500 printable ASCII characters");
        let secrets = self.webhook_secrets.as_deref().unwrap_or_default();
        faults.require(secrets.len() <= 2, "/webhook_secrets", "too_many_items", "at most two, while one is being replaced");
        for (i, secret) in secrets.iter().enumerate().take(2) {
            faults.require(fits(secret), format!("/webhook_secrets/{i}"), "invalid_secret", "8 to 500 printable ASCII characters");
        }
        faults.into_result()
    }
}

/// A provider with its secrets, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub code: String,
    pub kind: PaymentProviderKind,
    pub name: String,
    pub active: bool,
    pub api_key: String,
    pub webhook_secrets: Vec<String>,
    pub inbound_id: Uuid,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A payment provider's account. Its secrets are not shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentProviderBody {
    #[schema(example = "stripe")]
    pub code: String,
    pub kind: PaymentProviderKind,
    #[schema(example = "Stripe")]
    pub name: String,
    pub active: bool,
    /// The last four characters of the key.
    #[schema(example = "4eC3")]
    pub api_key_ending: String,
    pub webhook_secret_count: usize,
    /// Where the provider sends its messages to. Whoever knows it may knock, so keep it to yourself.
    #[schema(example = "/v1/inbound/payments/5f6c1d0e-3f43-4c0d-9a53-0d0a4a3b5c11")]
    pub inbound_path: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<&Provider> for PaymentProviderBody {
    fn from(provider: &Provider) -> Self {
        let hidden = provider.api_key.len().saturating_sub(4);
        Self {
            code: provider.code.clone(),
            kind: provider.kind,
            name: provider.name.clone(),
            active: provider.active,
            api_key_ending: provider.api_key.get(hidden..).unwrap_or_default().to_owned(),
            webhook_secret_count: provider.webhook_secrets.len(),
            inbound_path: format!("/v1/inbound/payments/{}", provider.inbound_id),
            version: provider.version,
            created_at: provider.created_at,
            updated_at: provider.updated_at,
        }
    }
}
