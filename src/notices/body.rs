use super::kind::{NoticeKind, NoticeStatus};
use super::smtp::is_address;
use crate::types::absent::{null_is_default, null_is_true};
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CustomerId, InvoiceId, NoticeId, OrderId};
use crate::types::language::Language;
use crate::types::text::check_optional_text;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// In which language notices are written to customers who have none of their own.
    pub enum NoticeLanguage {
        /// That of the customer's country: Indonesian in Indonesia, English elsewhere.
        Auto = "auto",
        English = "en",
        Indonesian = "id",
    }
}

impl NoticeLanguage {
    /// The language of a notice: the reader's own, else the one for all, else that of his country.
    pub fn for_reader(self, own: Option<Language>, country: &str) -> Language {
        own.unwrap_or(match self {
            Self::English => Language::English,
            Self::Indonesian => Language::Indonesian,
            Self::Auto => Language::of_country(country),
        })
    }
}

/// Which kinds are sent; one that is left out is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoticeKinds {
    #[serde(deserialize_with = "null_is_true")]
    pub acknowledgement: bool,
    #[serde(deserialize_with = "null_is_true")]
    pub delay: bool,
    #[serde(deserialize_with = "null_is_true")]
    pub dispatch: bool,
    #[serde(deserialize_with = "null_is_true")]
    pub invoice: bool,
    #[serde(deserialize_with = "null_is_true")]
    pub receipt: bool,
    #[serde(deserialize_with = "null_is_true")]
    pub refund: bool,
    #[serde(deserialize_with = "null_is_true")]
    pub reminder: bool,
    /// Answers to mails that order something (docs/channels/email.md).
    #[serde(deserialize_with = "null_is_true")]
    pub order_reply: bool,
}

impl Default for NoticeKinds {
    fn default() -> Self {
        Self {
            acknowledgement: true,
            delay: true,
            dispatch: true,
            invoice: true,
            receipt: true,
            refund: true,
            reminder: true,
            order_reply: true,
        }
    }
}

impl NoticeKinds {
    pub fn includes(&self, kind: NoticeKind) -> bool {
        match kind {
            NoticeKind::Acknowledgement => self.acknowledgement,
            NoticeKind::Delay => self.delay,
            NoticeKind::Dispatch => self.dispatch,
            NoticeKind::Invoice => self.invoice,
            NoticeKind::Receipt => self.receipt,
            NoticeKind::Refund => self.refund,
            NoticeKind::Reminder => self.reminder,
            NoticeKind::OrderReply => self.order_reply,
        }
    }

    pub fn of(kinds: &[NoticeKind]) -> Self {
        Self {
            acknowledgement: kinds.contains(&NoticeKind::Acknowledgement),
            delay: kinds.contains(&NoticeKind::Delay),
            dispatch: kinds.contains(&NoticeKind::Dispatch),
            invoice: kinds.contains(&NoticeKind::Invoice),
            receipt: kinds.contains(&NoticeKind::Receipt),
            refund: kinds.contains(&NoticeKind::Refund),
            reminder: kinds.contains(&NoticeKind::Reminder),
            order_reply: kinds.contains(&NoticeKind::OrderReply),
        }
    }

    pub fn list(&self) -> Vec<NoticeKind> {
        NoticeKind::ALL.iter().copied().filter(|kind| self.includes(*kind)).collect()
    }
}

/// Whether and how customers are written to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "enabled": true, "sender_name": "PT Nusantara Niaga", "sender_email": "pesanan@nusantara-niaga.example",
    "reply_to": "penjualan@nusantara-niaga.example", "language": "auto", "kinds": {"receipt": false}
}))]
pub struct PutNoticeSettings {
    pub enabled: bool,
    #[serde(default)]
    pub sender_name: Option<String>,
    /// Needed where `enabled`. The mail server must be allowed to send for its domain (SPF, DKIM).
    #[serde(default)]
    pub sender_email: Option<String>,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Gets a copy of everything.
    #[serde(default)]
    pub bcc: Option<String>,
    #[serde(default)]
    pub language: Option<NoticeLanguage>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub kinds: NoticeKinds,
    #[serde(default, rename = "smtp_configured")]
    #[schema(ignore)]
    _smtp_configured: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

impl PutNoticeSettings {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_text(&mut faults, "/sender_name", self.sender_name.as_deref(), 100);
        for (pointer, email) in [("/sender_email", &self.sender_email), ("/reply_to", &self.reply_to), ("/bcc", &self.bcc)] {
            if let Some(email) = email {
                faults.require(is_address(email), pointer, "invalid_email", "write an address such as ada@example.com");
            }
        }
        faults.require(!self.enabled || self.sender_email.is_some(), "/sender_email", "required", "without a sender nothing can be sent");
        faults.into_result()
    }
}

/// Whether and how customers are written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticeSettings {
    pub enabled: bool,
    pub sender_name: Option<String>,
    pub sender_email: Option<String>,
    pub reply_to: Option<String>,
    pub bcc: Option<String>,
    pub language: NoticeLanguage,
    pub kinds: NoticeKinds,
    /// Whether the server knows a mail server (`PESANAN_SMTP_HOST`); without one nothing is sent.
    pub smtp_configured: bool,
    /// 0 until they are set for the first time.
    pub version: i64,
    pub updated_at: Option<DateTime<Utc>>,
}

/// A notice in lists.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notice {
    pub id: NoticeId,
    pub kind: NoticeKind,
    pub status: NoticeStatus,
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    /// Goes with it as PDF.
    pub invoice_id: Option<InvoiceId>,
    /// The order, shipment, invoice … or event that it tells of.
    pub source_id: Uuid,
    /// `en` or `id`
    #[schema(example = "id")]
    pub language: String,
    /// Null where nobody could be written to.
    #[schema(example = "pembelian@sumberrejeki.example")]
    pub recipient: Option<String>,
    #[schema(example = "Pesanan Anda kami terima: SO-000123")]
    pub subject: String,
    /// Of a skipped one.
    #[schema(example = "no_recipient")]
    pub skip_reason: Option<String>,
    /// Tries since it was made, or since it was last asked to be sent again.
    pub attempts: i32,
    /// How often it was asked to be sent again.
    pub resends: i32,
    /// Of one that waits.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// What the mail server said last.
    pub last_error: Option<String>,
    pub sent_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A notice with what it says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeWithContent {
    #[serde(flatten)]
    pub notice: Notice,
    pub text: String,
    /// Loads nothing from elsewhere.
    pub html: String,
}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct ResendNotice {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sender_that_could_break_a_header_is_refused() {
        let codes = |body: serde_json::Value| -> Vec<String> {
            let settings: PutNoticeSettings = serde_json::from_value(body).unwrap();
            settings.check().err().unwrap_or_default().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        };
        assert!(codes(json!({"enabled": false})).is_empty());
        assert_eq!(codes(json!({"enabled": true})), ["/sender_email required"]);
        let told = codes(
            json!({"enabled": true, "sender_name": "A\r\nBcc: x@example.com", "sender_email": "a@example.com\r\nBcc: x@example.com", "bcc": "b"}),
        );
        assert_eq!(told, ["/sender_name invalid_characters", "/sender_email invalid_email", "/bcc invalid_email"]);
    }

    #[test]
    fn the_readers_own_language_comes_first() {
        use Language::{English, Indonesian};
        for (settings, own, country, expected) in [
            (NoticeLanguage::Auto, None, "ID", Indonesian),
            (NoticeLanguage::Auto, None, "DE", English),
            (NoticeLanguage::Auto, Some(English), "ID", English),
            (NoticeLanguage::English, None, "ID", English),
            (NoticeLanguage::English, Some(Indonesian), "DE", Indonesian),
        ] {
            assert_eq!(settings.for_reader(own, country), expected, "{settings} {own:?} {country}");
        }
    }

    #[test]
    fn kinds_that_are_left_out_are_sent() {
        let kinds: NoticeKinds = serde_json::from_value(json!({"receipt": false})).unwrap();
        assert!(kinds.invoice && !kinds.receipt);
        let kinds: NoticeKinds = serde_json::from_value(json!({"receipt": false, "invoice": null})).unwrap();
        assert!(kinds.invoice && !kinds.receipt);
        assert_eq!(NoticeKinds::of(&kinds.list()), kinds);
    }
}
