use super::text;
use crate::notices::kind::NoticeKind;
use crate::types::fault::Faults;
use crate::types::language::Language;
use crate::types::text::{check_optional_text, check_prose, check_text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a notice says in the organization's own words. Placeholders stand in braces, `{order_number}`; a brace of your own is written
/// twice. Facts, lines, totals, link and signature stay where they are.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "subject": "Your order {order_number} at {seller_name}", "heading": "Thank you, {customer_name}",
    "text": "We have your order {order_number} of {ordered_on}.\n\nIt should be with you on {promised_on}."
}))]
pub struct PutNoticeTemplate {
    /// One line.
    #[schema(example = "Your order {order_number} at {seller_name}", max_length = 200)]
    pub subject: String,
    /// One line above the greeting; the built-in one where absent.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub heading: Option<String>,
    /// What stands between greeting and facts; an empty line begins a new paragraph.
    #[schema(max_length = 5000)]
    pub text: String,
    // A `PUT` takes its own `GET` body back; these are ignored.
    #[serde(default, rename = "kind")]
    #[schema(ignore)]
    _kind: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "language")]
    #[schema(ignore)]
    _language: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "placeholders")]
    #[schema(ignore)]
    _placeholders: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

impl PutNoticeTemplate {
    pub fn words(&self) -> Words {
        Words { subject: self.subject.clone(), heading: self.heading.clone(), text: self.text.clone() }
    }

    pub fn check(&self, kind: NoticeKind) -> Result<(), crate::error::Error> {
        let mut faults = Faults::new();
        for (pointer, line) in [("/subject", Some(&self.subject)), ("/heading", self.heading.as_ref())] {
            let Some(line) = line else { continue };
            check_text(&mut faults, pointer, line, 200);
            text::check(&mut faults, pointer, line, kind);
        }
        check_prose(&mut faults, "/text", &self.text, 5000);
        text::check(&mut faults, "/text", &self.text, kind);
        Ok(faults.into_result()?)
    }
}

/// The words of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub subject: String,
    pub heading: Option<String>,
    pub text: String,
}

/// What to look at before it is saved; with no field at all, what is sent now.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subject": "Your order {order_number}", "text": "Thank you, {customer_name}."}))]
pub struct PreviewNotice {
    /// With `text`.
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub heading: Option<String>,
    /// With `subject`.
    #[serde(default)]
    pub text: Option<String>,
}

impl PreviewNotice {
    /// The template that is asked about; `None` where none is.
    pub fn template(&self) -> Result<Option<PutNoticeTemplate>, crate::error::Error> {
        let mut faults = Faults::new();
        let any = self.subject.is_some() || self.heading.is_some() || self.text.is_some();
        faults.require(!any || self.subject.is_some(), "/subject", "required", "give subject and text, or neither");
        faults.require(!any || self.text.is_some(), "/text", "required", "give subject and text, or neither");
        check_optional_text(&mut faults, "/heading", self.heading.as_deref(), 200);
        faults.into_result()?;
        let (Some(subject), Some(text)) = (self.subject.clone(), self.text.clone()) else { return Ok(None) };
        Ok(Some(PutNoticeTemplate {
            subject,
            heading: self.heading.clone(),
            text,
            _kind: None,
            _language: None,
            _placeholders: None,
            _version: None,
            _created_at: None,
            _updated_at: None,
        }))
    }
}

/// A notice of sample things.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticePreview {
    pub kind: NoticeKind,
    pub language: Language,
    /// Whether these are the organization's own words.
    pub own: bool,
    #[schema(example = "Your order SO-000123 at PT Nusantara Niaga")]
    pub subject: String,
    pub text: String,
    /// Loads nothing from elsewhere.
    pub html: String,
}

/// An organization's own words of a kind of notice in a language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeTemplate {
    pub kind: NoticeKind,
    pub language: Language,
    #[schema(example = "Your order {order_number} at {seller_name}")]
    pub subject: String,
    pub heading: Option<String>,
    pub text: String,
    /// What may stand in braces in notices of this kind.
    #[schema(example = json!(["customer_name", "seller_name", "order_number"]))]
    pub placeholders: Vec<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl NoticeTemplate {
    pub fn words(&self) -> Words {
        Words { subject: self.subject.clone(), heading: self.heading.clone(), text: self.text.clone() }
    }
}
