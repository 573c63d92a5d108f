use super::mail_settings::MailSettings;
use super::platforms::api_client;
use super::platforms::generic::mapping::Mapping;
use crate::error::Error;
use crate::platform::http::parse_json;
use crate::types::absent::{null_is_default, present};
use crate::types::decimal::{Amount, Percent};
use crate::types::fault::{Fault, Faults};
use crate::types::free_data::{self, PatchIds, PatchMetadata};
use crate::types::id::ChannelId;
use crate::types::text::{check_code, check_external_ids, check_metadata, check_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// What speaks through a channel.
    pub enum ChannelKind {
        Direct = "direct",
        Shopify = "shopify",
        Woocommerce = "woocommerce",
        Bigcommerce = "bigcommerce",
        Hubspot = "hubspot",
        Salesforce = "salesforce",
        Email = "email",
        Ubl = "ubl",
        Generic = "generic",
        Stripe = "stripe",
    }
}

impl ChannelKind {
    /// Whether the bodies of its messages say what was paid, and are believed.
    pub fn tells_money(self) -> bool {
        match self {
            Self::Shopify | Self::Woocommerce | Self::Generic => true,
            // BigCommerce is asked for the order itself; the others say nothing of payments.
            Self::Bigcommerce | Self::Direct | Self::Hubspot | Self::Salesforce | Self::Email | Self::Ubl | Self::Stripe => false,
        }
    }
}

/// How far a line's price that came with an order may be from the price computed here before the order is held for
/// `price_mismatch`: by `amount` in the order's currency or by `percent` of the computed price, whichever allows more. With `any` the
/// prices that come are the seller's own, and none holds an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "1000.00", "percent": "1", "any": false}))]
pub struct PriceTolerance {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub percent: Option<Percent>,
    /// Prices are not compared at all: for a shop whose own prices count.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = false)]
    pub any: bool,
}

/// The settings that a channel knows. Others are refused, so that a slip of the pen is not taken for a setting.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Absent: one minor unit a line.
    #[serde(default)]
    pub price_tolerance: Option<PriceTolerance>,
    /// The shop that may speak through this channel, as its platform names it.
    #[serde(default)]
    #[schema(example = "nusantara-niaga.myshopify.com")]
    pub shop_domain: Option<String>,
    /// Takes in orders of the shop's test mode. Absent: they are left aside.
    #[serde(default)]
    #[schema(example = false)]
    pub test_orders: Option<bool>,
    /// The product (of kind `charge`) that tips, duties and fees of the shop are sold as. Absent: they count as shipping.
    #[serde(default)]
    #[schema(example = "FEE")]
    pub fee_sku: Option<String>,
    /// Shopify: the number of the location whose stock is set, where the shop has several.
    #[serde(default)]
    #[schema(example = "905684977")]
    pub shop_location: Option<String>,
    /// Of a generic channel: where in its messages what stands.
    #[serde(default)]
    pub mapping: Option<Mapping>,
    /// Where the platform's own API is, if not at its usual address. Of Salesforce: the address of My Domain.
    #[serde(default)]
    #[schema(example = "https://nusantara.my.salesforce.com")]
    pub api_base: Option<String>,
    /// Salesforce: the organization that may speak through this channel.
    #[serde(default)]
    #[schema(example = "00D7F00000107XsUAI")]
    pub organization_id: Option<String>,
    /// BigCommerce: the store that may speak through this channel.
    #[serde(default)]
    #[schema(example = "abc123def")]
    pub store_hash: Option<String>,
    /// HubSpot and Salesforce: the stages of a deal or opportunity that make an order. Empty: the platform's own stage for won.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = json!(["closedwon"]), max_items = 50)]
    pub won_stages: Vec<String>,
    /// HubSpot: the pipelines whose deals make orders. Empty: all.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = json!(["default"]), max_items = 50)]
    pub pipelines: Vec<String>,
    /// HubSpot and Salesforce: the field of a company that holds its tax number.
    #[serde(default)]
    #[schema(example = "tax_id")]
    pub tax_id_field: Option<String>,
    /// Whether number, status, shipments and invoices of its orders are written back to the platform.
    #[serde(default, deserialize_with = "null_is_default")]
    pub write_back: bool,
    /// Shopify, WooCommerce and BigCommerce: whether the shop is asked every ten minutes for orders that its hooks have not brought.
    /// Absent: wherever the channel has credentials.
    #[serde(default)]
    #[schema(example = true)]
    pub reconcile: Option<bool>,
    /// Of kind `email`.
    #[serde(default)]
    pub mail: Option<MailSettings>,
}

/// What the platform's own API is called with. It is sent to the platform and shown to nobody. Which of them a kind needs stands in
/// the page of its platform.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"access_token": "shpat_example"}))]
pub struct ChannelCredentials {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// The names alone, so that no log shows a secret.
impl std::fmt::Debug for ChannelCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.names().fmt(f)
    }
}

impl ChannelCredentials {
    fn named(&self) -> [(&'static str, Option<&String>); 5] {
        [
            ("access_token", self.access_token.as_ref()),
            ("client_id", self.client_id.as_ref()),
            ("client_secret", self.client_secret.as_ref()),
            ("username", self.username.as_ref()),
            ("password", self.password.as_ref()),
        ]
    }

    /// The names of those that are there.
    pub fn names(&self) -> Vec<&'static str> {
        self.named().into_iter().filter_map(|(name, value)| value.map(|_| name)).collect()
    }

    fn check(&self, faults: &mut Faults) {
        for (name, value) in self.named() {
            let fits = value.is_none_or(|value| (1..=4096).contains(&value.len()) && !value.chars().any(char::is_control));
            faults.require(fits, format!("/credentials/{name}"), "invalid_secret", "1 to 4096 characters, no control characters");
        }
    }
}

/// 8 to 500 printable ASCII characters: whatever platforms make.
fn check_secret(faults: &mut Faults, secret: Option<&String>) {
    let fits = |secret: &String| (8..=500).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic());
    faults.require(secret.is_none_or(fits), "/secret", "invalid_secret", "8 to 500 printable ASCII characters");
}

/// A day: time enough for a platform to send what it has not yet got rid of.
const PREVIOUS_SECONDS: i64 = 86_400;
const PREVIOUS_SECONDS_MAX: i64 = 7 * 86_400;

fn check_previous(faults: &mut Faults, seconds: Option<i64>) -> i64 {
    let seconds = seconds.unwrap_or(PREVIOUS_SECONDS);
    let fits = (0..=PREVIOUS_SECONDS_MAX).contains(&seconds);
    faults.require(fits, "/previous_valid_for_seconds", "out_of_range", "0 to 604800 seconds");
    seconds
}

/// How a channel's secret is to be replaced.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"previous_valid_for_seconds": 3600}))]
pub struct RotateChannelSecret {
    /// The one that the platform has made. Absent: one is made here.
    #[serde(default)]
    #[schema(write_only)]
    pub secret: Option<String>,
    /// How long the one until now is still good; a day by default.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604800)]
    pub previous_valid_for_seconds: Option<i64>,
}

impl RotateChannelSecret {
    /// Checks it; the seconds.
    pub fn check(&self) -> Result<i64, Vec<Fault>> {
        let mut faults = Faults::new();
        check_secret(&mut faults, self.secret.as_ref());
        let seconds = check_previous(&mut faults, self.previous_valid_for_seconds);
        faults.into_result().map(|()| seconds)
    }
}

/// A channel whose secret was replaced.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuedChannelSecret {
    /// Where it was made here; null where the platform made it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
    pub channel: Channel,
}

/// How a channel's address is to be replaced.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"previous_valid_for_seconds": 3600}))]
pub struct RotateChannelAddress {
    /// How long the one until now still listens; a day by default.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604800)]
    pub previous_valid_for_seconds: Option<i64>,
}

impl RotateChannelAddress {
    /// Checks it; the seconds.
    pub fn check(&self) -> Result<i64, Vec<Fault>> {
        let mut faults = Faults::new();
        let seconds = check_previous(&mut faults, self.previous_valid_for_seconds);
        faults.into_result().map(|()| seconds)
    }
}

impl ChannelSettings {
    fn check(&self, faults: &mut Faults) {
        if let Some(tolerance) = &self.price_tolerance {
            let here = "/settings/price_tolerance";
            let some = tolerance.amount.is_some() || tolerance.percent.is_some() || tolerance.any;
            faults.require(some, here, "required", "give amount, percent or both, or any");
            let amount = tolerance.amount.is_none_or(|amount| amount.0 >= Decimal::ZERO);
            faults.require(amount, format!("{here}/amount"), "out_of_range", "0 or more");
            let percent = tolerance.percent.is_none_or(|percent| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percent.0));
            faults.require(percent, format!("{here}/percent"), "out_of_range", "0 to 100");
        }
        if let Some(mail) = &self.mail {
            mail.check(faults, "/settings/mail", api_client::reach());
        }
        if let Some(domain) = &self.shop_domain {
            let detail = "write the host name alone, such as nusantara-niaga.myshopify.com";
            faults.require(is_host_name(domain), "/settings/shop_domain", "invalid_domain", detail);
        }
        if let Some(sku) = &self.fee_sku {
            check_code(faults, "/settings/fee_sku", sku);
        }
        if let Some(mapping) = &self.mapping {
            mapping.check(faults, "/settings/mapping");
        }
        if let Some(base) = &self.api_base
            && let Err(why) = api_client::reach().read(base)
        {
            faults.add("/settings/api_base", "invalid_address", why.0);
        }
        let location =
            self.shop_location.as_deref().is_none_or(|id| (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()));
        faults.require(location, "/settings/shop_location", "invalid_id", "the number at the end of the location's address in Shopify");
        let id = |text: &str| (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        for (name, text) in [("organization_id", &self.organization_id), ("store_hash", &self.store_hash)] {
            let fits = text.as_deref().is_none_or(id);
            faults.require(fits, format!("/settings/{name}"), "invalid_id", "letters and digits, as the platform shows it");
        }
        let field = |text: &str| (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let fits = self.tax_id_field.as_deref().is_none_or(field);
        faults.require(fits, "/settings/tax_id_field", "invalid_field", "the field's internal name: letters, digits and underscores");
        for (name, stages) in [("won_stages", &self.won_stages), ("pipelines", &self.pipelines)] {
            faults.require(stages.len() <= 50, format!("/settings/{name}"), "too_many_items", "at most 50");
            for (i, stage) in stages.iter().enumerate().take(50) {
                check_text(faults, &format!("/settings/{name}/{i}"), stage, 200);
            }
        }
    }

    /// Where credentials are sent to.
    pub fn called_at(&self) -> impl PartialEq + use<'_> {
        let mailbox = self.mail.as_ref().map(|mail| (mail.imap_host.as_deref(), mail.port(), mail.tls()));
        (self.api_base.as_deref(), self.shop_domain.as_deref(), self.store_hash.as_deref(), mailbox)
    }

    /// Host names do not tell case apart; stored, they have none.
    fn normalized(mut self) -> Self {
        self.mail = self.mail.map(MailSettings::normalized);
        self.shop_domain = self.shop_domain.map(|domain| domain.to_ascii_lowercase());
        self
    }

    /// These settings with `patch` merged into them (RFC 7396): null takes a setting away.
    fn merged(&self, patch: &Value) -> Result<Self, Error> {
        let mut value = serde_json::to_value(self).map_err(Error::internal)?;
        merge(&mut value, patch);
        let merged: Self = parse_json(value.to_string().as_bytes()).map_err(|error| match error {
            Error::Invalid(faults) => {
                Error::Invalid(faults.into_iter().map(|fault| Fault { pointer: format!("/settings{}", fault.pointer), ..fault }).collect())
            }
            other => other,
        })?;
        Ok(merged.normalized())
    }
}

/// JSON Merge Patch (RFC 7396 §2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, change) in changes {
            if change.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

/// RFC 1123: at least two labels of letters, digits and inner hyphens.
pub(super) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

/// A channel to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "shop-id", "kind": "shopify", "name": "Web shop Indonesia", "settings": {"shop_domain": "nusantara-niaga.myshopify.com", "price_tolerance": {"percent": "1"}}, "external_ids": {"erp": "20"}}))]
pub struct NewChannel {
    /// What orders name it by; fixed.
    pub code: String,
    /// Fixed.
    pub kind: ChannelKind,
    pub name: String,
    /// True by default. An inactive channel takes no orders.
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub settings: Option<ChannelSettings>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    /// What the platform signs its messages with. Never shown.
    #[serde(default)]
    #[schema(write_only)]
    pub secret: Option<String>,
    /// What the platform's own API is called with. Never shown.
    #[serde(default)]
    #[schema(write_only)]
    pub credentials: Option<ChannelCredentials>,
}

impl NewChannel {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_code(&mut faults, "/code", &self.code);
        check_text(&mut faults, "/name", &self.name, 200);
        if let Some(settings) = &self.settings {
            settings.check(&mut faults);
        }
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        check_secret(&mut faults, self.secret.as_ref());
        if let Some(credentials) = &self.credentials {
            credentials.check(&mut faults);
        }
        faults.into_result()
    }

    pub fn settings(&self) -> ChannelSettings {
        self.settings.clone().unwrap_or_default().normalized()
    }
}

/// What changes of a channel (RFC 7396). Absent fields stay as they are; within `settings`, `external_ids` and `metadata`
/// null takes a member away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": true, "settings": {"price_tolerance": {"amount": "1000.00"}}, "external_ids": {"erp": "21"}}))]
pub struct PatchChannel {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<ChannelSettings>)]
    pub settings: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub external_ids: PatchIds,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub metadata: PatchMetadata,
    /// All of them anew: those that are not named are forgotten. Never shown.
    #[serde(default)]
    #[schema(write_only)]
    pub credentials: Option<ChannelCredentials>,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Channel {
    pub id: ChannelId,
    #[schema(example = "web")]
    pub code: String,
    pub kind: ChannelKind,
    #[schema(example = "Web shop")]
    pub name: String,
    pub active: bool,
    pub settings: ChannelSettings,
    /// Where its platform sends its messages to: the whole URL where the server is told its public address (`PESANAN_PUBLIC_URL`), else
    /// the path at the address of this API; null for a kind that receives none. Whoever knows it may knock, so it is null too for callers
    /// without `channels:write`.
    #[schema(example = "/v1/inbound/5f6c1d0e-3f43-4c0d-9a53-0d0a4a3b5c11")]
    pub inbound_url: Option<String>,
    /// How many secrets are good now: none, one, or two while one is being replaced.
    pub secret_count: usize,
    /// Which credentials are there.
    #[schema(example = json!(["access_token"]))]
    pub credentials: Vec<String>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Channel {
    /// `None`: one minor unit a line.
    pub fn price_tolerance(&self) -> Option<PriceTolerance> {
        self.settings.price_tolerance
    }

    /// The channel as `patch` wants it, checked as a whole.
    pub fn patched(&self, patch: &PatchChannel) -> Result<Self, Error> {
        let mut channel = self.clone();
        if let Some(name) = &patch.name {
            channel.name.clone_from(name);
        }
        if let Some(active) = patch.active {
            channel.active = active;
        }
        if let Some(settings) = &patch.settings {
            if !settings.is_object() {
                return Err(Error::invalid("/settings", "invalid_type", "settings is an object"));
            }
            channel.settings = self.settings.merged(settings)?;
        }
        let mut faults = Faults::new();
        check_text(&mut faults, "/name", &channel.name, 200);
        channel.settings.check(&mut faults);
        free_data::patch((&mut channel.external_ids, &mut channel.metadata), (&patch.external_ids, &patch.metadata), &mut faults);
        if let Some(credentials) = &patch.credentials {
            credentials.check(&mut faults);
        }
        faults.into_result()?;
        Ok(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn channel() -> Channel {
        Channel {
            id: ChannelId::generate(),
            code: "shop".into(),
            kind: ChannelKind::Shopify,
            name: "Shop".into(),
            active: true,
            settings: ChannelSettings {
                price_tolerance: Some(PriceTolerance { amount: Some(Amount(Decimal::TEN)), percent: None, any: false }),
                shop_domain: Some("a.example".into()),
                ..ChannelSettings::default()
            },
            inbound_url: None,
            secret_count: 0,
            credentials: vec![],
            external_ids: BTreeMap::new(),
            metadata: Map::new(),
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn patched(body: Value) -> Result<Channel, (String, String)> {
        let patch: PatchChannel = parse_json(body.to_string().as_bytes()).unwrap();
        channel().patched(&patch).map_err(|error| match error {
            Error::Invalid(faults) => (faults[0].pointer.clone(), faults[0].code.clone()),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn a_patch_merges_settings_and_null_takes_one_away() {
        let settings = |body: Value| patched(body).unwrap().settings;
        assert_eq!(settings(json!({})), channel().settings);
        let merged = settings(json!({"settings": {"price_tolerance": {"percent": "2"}, "shop_domain": null}}));
        assert_eq!(
            merged.price_tolerance.unwrap(),
            PriceTolerance { amount: Some(Amount(Decimal::TEN)), percent: Some(Percent(Decimal::TWO)), any: false }
        );
        assert_eq!(merged.shop_domain, None);
        assert_eq!(settings(json!({"settings": {"price_tolerance": null}})).price_tolerance, None);
        assert_eq!(settings(json!({"settings": {"shop_domain": "B.Example"}})).shop_domain.as_deref(), Some("b.example"));
    }

    #[test]
    fn faults_in_settings_name_their_place_in_the_patch() {
        let fault = |settings: Value| patched(json!({"settings": settings})).unwrap_err();
        let expect = |settings: Value, pointer: &str, code: &str| assert_eq!(fault(settings), (pointer.to_owned(), code.to_owned()));
        expect(json!({"colour": "red"}), "/settings/colour", "unknown_field");
        expect(json!({"price_tolerance": {"amount": 5}}), "/settings/price_tolerance/amount", "decimal_string_required");
        expect(json!({"price_tolerance": {"percent": "101"}}), "/settings/price_tolerance/percent", "out_of_range");
        expect(json!({"price_tolerance": {"amount": null}}), "/settings/price_tolerance", "required");
        expect(json!({"shop_domain": "https://a.example/"}), "/settings/shop_domain", "invalid_domain");
        expect(json!("x"), "/settings", "invalid_type");
    }
}
