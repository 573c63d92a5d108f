//! Answers to mails that order something: queued with what they answer, sent as every notice is. Never to a program, never twice, and
//! never many to the same address, so that two programs that answer each other end soon.

use super::compose::{About, compose};
use super::kind::NoticeKind;
use super::letter::one_line;
use super::smtp::is_address;
use super::store::{self, NewNotice};
use super::{collect::seller, templates};
use crate::auth::actor::Context;
use crate::customers;
use crate::error::Error;
use crate::inbox::Reason;
use crate::organization;
use crate::types::id::{CustomerId, NoticeId, OrderId};
use chrono::TimeDelta;
use diesel::pg::PgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

/// Answers that one address gets within an hour.
const AN_HOUR: i64 = 10;

/// What the answer says.
#[derive(Clone, Debug)]
pub enum Said {
    /// The number of the order.
    Placed(String),
    /// What a person has to look at.
    Asked(Vec<Reason>),
    /// Why there is no order.
    Rejected(String),
}

impl Said {
    fn json(&self) -> Value {
        match self {
            Self::Placed(number) => json!({ "placed": number }),
            Self::Asked(reasons) => json!({ "asked": reasons }),
            Self::Rejected(detail) => json!({ "rejected": detail }),
        }
    }
}

/// An answer, and to what.
#[derive(Clone, Debug)]
pub struct Reply<'a> {
    /// What it is about; one answer each.
    pub source_id: Uuid,
    pub recipient: &'a str,
    pub recipient_name: Option<&'a str>,
    pub subject: &'a str,
    pub message_id: Option<&'a str>,
    pub references: &'a [String],
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub said: &'a Said,
}

/// Queues the answer, unless the organization sends none or the address has had many.
pub fn queue(connection: &mut PgConnection, context: &Context, reply: &Reply<'_>) -> Result<(), Error> {
    let Some(settings) = store::settings(connection, context.organization_id)? else { return Ok(()) };
    if !settings.sends(NoticeKind::OrderReply) || settings.is_own(reply.recipient) || !is_address(reply.recipient) {
        return Ok(());
    }
    let since = context.now - TimeDelta::hours(1);
    if store::replies_to(connection, context.organization_id, reply.recipient, since)? >= AN_HOUR {
        log::warn!("{AN_HOUR} answers to one address within an hour: no more of them");
        return Ok(());
    }
    let organization = organization::settings(connection, context.organization_id)?;
    let customer = reply.customer_id.map(|id| customers::service::get(connection, context.organization_id, id)).transpose()?;
    let language = settings.language.for_reader(customer.and_then(|customer| customer.language), organization.country.code());
    let own = templates::store::find(connection, context.organization_id, NoticeKind::OrderReply, language)?.map(|own| own.words());
    let letter = compose(&About {
        kind: NoticeKind::OrderReply,
        language,
        time_zone: organization.time_zone,
        seller: &seller(&organization.seller),
        reader: reply.recipient_name.filter(|name| !name.trim().is_empty()).unwrap_or(reply.recipient),
        order: None,
        shipment: None,
        invoice: None,
        payment: None,
        event: &reply.said.json(),
        own: own.as_ref(),
    });
    let mut references = reply.references.to_vec();
    references.extend(reply.message_id.filter(|id| !reply.references.iter().any(|known| known == id)).map(str::to_owned));
    let notice = NewNotice {
        id: NoticeId::generate(),
        kind: NoticeKind::OrderReply,
        language: language.as_str().to_owned(),
        recipient: reply.recipient.to_owned(),
        subject: answered(reply.subject).unwrap_or_else(|| letter.subject.clone()),
        text_body: letter.text(),
        html_body: letter.html(language),
        source_id: reply.source_id,
        invoice_id: None,
        order_id: reply.order_id,
        customer_id: reply.customer_id,
        skip_reason: None,
        in_reply_to: reply.message_id.map(str::to_owned),
        references,
    };
    Ok(store::insert(connection, context, &notice)?)
}

/// Whether a mail is from an address that we write from, or that answers to us go to: then it is our own, come back.
pub fn is_own(connection: &mut PgConnection, context: &Context, sender: Option<&str>) -> Result<bool, Error> {
    let Some(sender) = sender else { return Ok(false) };
    Ok(store::settings(connection, context.organization_id)?.is_some_and(|settings| settings.is_own(sender)))
}

/// `Re:` the subject, once; `None` where there is none.
fn answered(subject: &str) -> Option<String> {
    let subject = one_line(subject);
    if subject.is_empty() {
        return None;
    }
    let answers = subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:"));
    Some(if answers { subject } else { format!("Re: {subject}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_answered_once() {
        assert_eq!(answered("Purchase order 1").as_deref(), Some("Re: Purchase order 1"));
        assert_eq!(answered("RE: Purchase order 1").as_deref(), Some("RE: Purchase order 1"));
        assert_eq!(answered("a\r\nBcc: x@y.example").as_deref(), Some("Re: a Bcc: x@y.example"));
        assert_eq!(answered(" "), None);
    }
}
