//! From the raw bytes of a mail to what it is and what it orders. Pure: knows no customer, no product, no clock. Never fails: what
//! cannot be read is remarked.

pub mod authentication;
mod columns;
mod csv_file;
mod decode;
mod grid;
mod html;
pub mod kind;
mod numbers;
mod parts;
mod prose;
mod rest;
#[cfg(test)]
mod tests;
mod text;
mod tnef;
mod values;
mod vocabulary;
mod weigh;
mod words;
mod xlsx;
mod xlsx_styles;

use crate::channels::platforms::ubl::order::UblOrder;
use crate::types::text::turns_direction;
use crate::verifications::reading::{Reading, Remark};
use authentication::Authentication;
use kind::{MailKind, RawHeaders};
use mail_parser::{HeaderValue, MessageParser};
use weigh::Weighed;

/// A mail as far as it matters here.
#[derive(Clone, Debug)]
pub struct Mail {
    pub kind: MailKind,
    /// Why it is of that kind.
    pub detail: String,
    /// The one address that it is from, in lower case; `None` where there is none, or more than one.
    pub sender: Option<String>,
    pub sender_name: Option<String>,
    pub subject: String,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// Message ids that it answers to, the oldest first.
    pub references: Vec<String>,
    /// It answers another mail: its headers say so, or its subject and what it quotes or speaks of. `Re:` alone may mean a matter.
    pub is_answer: bool,
    /// Words of its subject and text that could be numbers of orders.
    pub numbers: Vec<String>,
    /// What stands in tables that were not read.
    pub unread_cells: Vec<String>,
    /// A file holds a table that was not read.
    pub unread_table: bool,
    /// Sent by a program: it gets no answer.
    pub automatic: bool,
    /// What mail servers say of the sender's domain, topmost first.
    pub authentication: Vec<Authentication>,
    /// What it orders. There may be something even where the mail is no order.
    pub reading: Reading,
    /// The UBL order in it.
    pub ubl: Option<UblOrder>,
}

impl Mail {
    /// Whether the server says that the sender's domain is whose it claims to be.
    pub fn is_proven_by(&self, server: &str) -> bool {
        let domain = self.sender.as_deref().and_then(|sender| sender.rsplit_once('@')).map(|(_, domain)| domain);
        domain.is_some_and(|domain| authentication::of_server(&self.authentication, server).is_some_and(|told| told.proves(domain)))
    }
}

/// Reads a mail.
pub fn read(bytes: &[u8]) -> Mail {
    let headers = RawHeaders::of(bytes);
    let parsed = MessageParser::default().parse(bytes);
    let Some(message) = parsed else {
        return Mail {
            kind: MailKind::Other,
            detail: "this is no mail".to_owned(),
            sender: None,
            sender_name: None,
            subject: String::new(),
            message_id: None,
            references: vec![],
            is_answer: false,
            numbers: vec![],
            unread_cells: vec![],
            unread_table: false,
            automatic: true,
            authentication: vec![],
            reading: Reading::default(),
            ubl: None,
        };
    };
    let (sender, sender_name) = sender(&message, &headers);
    let subject: String =
        message.subject().unwrap_or_default().chars().filter(|c| !c.is_control() && !turns_direction(*c)).take(500).collect();
    let found = parts::look(&message);
    let (kind, detail) = judge(&headers, sender.as_deref(), &subject, &found);
    let weighed = Weighed { subject: &subject, files: &found.files, prose: &found.prose };
    let mut reading = found.reading.unwrap_or_default();
    reading.remarks.extend(found.remarks);
    reading.remarks.extend(weighed.remarks());
    reading.note = weigh::joined(weighed.note(), reading.note);
    if reading.purchase_order_number.is_none() {
        let is_product = |value: &str| reading.lines.iter().any(|line| line.sku.as_ref().is_some_and(|sku| sku.value == value));
        reading.purchase_order_number = numbers::of_subject(&subject).filter(|field| !is_product(&field.value));
    }
    let texts = [subject.as_str()].into_iter().chain(found.prose.iter().map(|(_, prose)| prose.own.as_str()));
    let numbers = numbers::all(texts);
    Mail {
        kind,
        detail,
        sender,
        sender_name,
        message_id: message.message_id().map(clean_id).filter(|id| !id.is_empty()),
        references: references(&message),
        is_answer: !matches!(message.in_reply_to(), HeaderValue::Empty)
            || kind::answers(&subject) && (found.quotes || numbers::says_yours(&subject)),
        numbers,
        unread_cells: found.unread_cells,
        unread_table: found.unread_table,
        automatic: kind::is_automatic(&headers),
        authentication: headers.all("authentication-results").take(20).filter_map(Authentication::read).collect(),
        reading,
        ubl: found.ubl,
        subject,
    }
}

fn clean_id(id: &str) -> String {
    id.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>')).take(200).collect()
}

fn sender(message: &mail_parser::Message<'_>, headers: &RawHeaders) -> (Option<String>, Option<String>) {
    // Two From headers are a trick: programs differ in which one they show.
    if headers.all("from").count() > 1 {
        return (None, None);
    }
    let addresses = message.from().map(|from| from.clone().into_list()).unwrap_or_default();
    let [only] = addresses.as_slice() else { return (None, None) };
    let address = only.address.as_deref().map(|address| address.trim().to_lowercase());
    let address = address.filter(|address| {
        let plain = !address.chars().any(|c| c.is_control() || turns_direction(c) || c.is_whitespace() || matches!(c, '<' | '>' | ','));
        plain && address.len() <= 254 && address.split('@').count() == 2 && !address.starts_with('@') && !address.ends_with('@')
    });
    let name = only.name.as_deref().map(|name| name.chars().filter(|c| !c.is_control() && !turns_direction(*c)).take(200).collect());
    (address, name)
}

fn references(message: &mail_parser::Message<'_>) -> Vec<String> {
    let ids = |value: &HeaderValue<'_>| -> Vec<String> {
        match value {
            HeaderValue::Text(id) => vec![clean_id(id)],
            HeaderValue::TextList(ids) => ids.iter().map(|id| clean_id(id)).collect(),
            _ => vec![],
        }
    };
    let mut all = ids(message.references());
    for id in ids(message.in_reply_to()) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all.retain(|id| !id.is_empty());
    all.truncate(20);
    all
}

fn judge(headers: &RawHeaders, sender: Option<&str>, subject: &str, found: &parts::Found) -> (MailKind, String) {
    if let Some(kind) = kind::of_headers(headers, sender, subject) {
        let detail = match kind {
            MailKind::Bounce => "a mail server tells what has become of another mail",
            MailKind::AutoReply => "a program has answered",
            MailKind::Newsletter => "it was sent to a list",
            MailKind::Forward => "it sends another mail on; ask its writer to order himself",
            MailKind::Quote => "it asks for a price",
            MailKind::Order | MailKind::Other => "",
        };
        return (kind, detail.to_owned());
    }
    if found.holds_mail && !found.unread_table && found.reading.as_ref().is_none_or(|_| !found.from_attachment) {
        return (MailKind::Forward, "another mail is attached to it".to_owned());
    }
    // What a program sends by itself is believed only where a file says the lines: our own notices have tables too.
    if kind::is_automatic(headers) && !found.from_attachment {
        return (MailKind::AutoReply, "a program has sent it".to_owned());
    }
    if found.reading.is_some() {
        return (MailKind::Order, String::new());
    }
    if found.unread_table {
        return (MailKind::Other, "the table in it was not read".to_owned());
    }
    if found.quoted_lines || found.quotes && kind::answers(subject) {
        return (MailKind::Quote, "it answers with what was written before; nothing new is ordered in it".to_owned());
    }
    if found.forwards {
        return (MailKind::Forward, "it sends another mail on; ask its writer to order himself".to_owned());
    }
    (MailKind::Other, "no lines of an order were found in it".to_owned())
}

/// A remark about a part.
fn remark(code: &str, detail: impl Into<String>, part: &str) -> Remark {
    Remark::new(code, detail, format!("part={part}"))
}
