//! From the raw bytes of a mail to what it is and what it orders. Pure: knows no customer, no product, no clock. Never fails: what
//! cannot be read is remarked.

mod columns;
mod csv_file;
mod grid;
mod html;
pub mod kind;
mod parts;
#[cfg(test)]
mod tests;
mod text;
mod tnef;
mod values;
mod xlsx;

use crate::channels::platforms::ubl::order::UblOrder;
use crate::verifications::reading::{Confidence, ReadField, Reading, Remark};
use kind::{MailKind, RawHeaders};
use mail_parser::{HeaderValue, MessageParser};

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
    /// Sent by a program: it gets no answer.
    pub automatic: bool,
    /// The domains for which a mail server has said `dmarc=pass`, with the id of that server, topmost first.
    pub authentication: Vec<Authentication>,
    /// What it orders. There may be something even where the mail is no order.
    pub reading: Reading,
    /// The UBL order in it.
    pub ubl: Option<UblOrder>,
}

/// What an `Authentication-Results` header (RFC 8601) says of DMARC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    pub server: String,
    /// `pass`, `fail`, `none` …
    pub dmarc: String,
    /// The domain that was looked at (`header.from`).
    pub domain: Option<String>,
}

impl Mail {
    /// Whether the server says that the sender's domain is whose it claims to be. Only its topmost word counts: those below may be
    /// the sender's own.
    pub fn is_proven_by(&self, server: &str) -> bool {
        let Some(domain) = self.sender.as_deref().and_then(|sender| sender.rsplit_once('@')).map(|(_, domain)| domain) else {
            return false;
        };
        let told = self.authentication.iter().find(|told| told.server.eq_ignore_ascii_case(server));
        told.is_some_and(|told| told.dmarc == "pass" && told.domain.as_deref() == Some(domain))
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
            automatic: true,
            authentication: vec![],
            reading: Reading::default(),
            ubl: None,
        };
    };
    let (sender, sender_name) = sender(&message, &headers);
    let subject: String = message.subject().unwrap_or_default().chars().filter(|c| !c.is_control()).take(500).collect();
    let found = parts::look(&message);
    let (kind, detail) = judge(&headers, sender.as_deref(), &subject, &found);
    let mut reading = found.reading.unwrap_or_default();
    reading.remarks.extend(found.remarks);
    if reading.purchase_order_number.is_none() {
        reading.purchase_order_number = order_number(&subject);
    }
    Mail {
        kind,
        detail,
        sender,
        sender_name,
        message_id: message.message_id().map(clean_id).filter(|id| !id.is_empty()),
        references: references(&message),
        automatic: kind::is_automatic(&headers),
        authentication: headers.all("authentication-results").take(20).filter_map(authentication).collect(),
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
        let plain = !address.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ','));
        plain && address.len() <= 254 && address.split('@').count() == 2 && !address.starts_with('@') && !address.ends_with('@')
    });
    let name = only.name.as_deref().map(|name| name.chars().filter(|c| !c.is_control()).take(200).collect());
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

/// `mx.seller.example 1; spf=pass …; dmarc=pass (p=reject) header.from=buyer.example`
fn authentication(value: &str) -> Option<Authentication> {
    let mut parts = without_comments(value);
    let mut parts = std::mem::take(&mut parts).split(';').map(str::trim).map(str::to_owned).collect::<Vec<_>>().into_iter();
    let server = parts.next()?.split_whitespace().next()?.to_owned();
    for part in parts {
        let Some(rest) = part.strip_prefix("dmarc=") else { continue };
        let mut words = rest.split_whitespace();
        let dmarc = words.next()?.to_ascii_lowercase();
        let domain = words.find_map(|word| word.strip_prefix("header.from=")).map(|domain| domain.trim_matches('"').to_lowercase());
        return Some(Authentication { server, dmarc, domain });
    }
    Some(Authentication { server, dmarc: "none".to_owned(), domain: None })
}

fn without_comments(value: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(value.len()), 0usize);
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
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
    if found.holds_mail && found.reading.as_ref().is_none_or(|_| !found.from_attachment) {
        return (MailKind::Forward, "another mail is attached to it".to_owned());
    }
    // What a program sends by itself is believed only where a file says the lines: our own notices have tables too.
    if kind::is_automatic(headers) && !found.from_attachment {
        return (MailKind::AutoReply, "a program has sent it".to_owned());
    }
    if found.reading.is_some() {
        return (MailKind::Order, String::new());
    }
    if found.quoted_lines || found.quotes && kind::answers(subject) {
        return (MailKind::Quote, "it answers with what was written before; nothing new is ordered in it".to_owned());
    }
    if found.forwards {
        return (MailKind::Forward, "it sends another mail on; ask its writer to order himself".to_owned());
    }
    (MailKind::Other, "no lines of an order were found in it".to_owned())
}

/// The buyer's number of the order in the subject: a word for it, then something with a digit.
fn order_number(subject: &str) -> Option<ReadField> {
    let words: Vec<&str> = subject.split_whitespace().collect();
    for i in 0..words.len() {
        for length in 1..=3 {
            let Some(label) = words.get(i..i + length).map(|words| words.join("")) else { break };
            if !columns::is_order_number_label(&label) {
                continue;
            }
            let value =
                words[i + length..].iter().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).find(|word| !is_filler(word));
            if let Some(value) = value.filter(|value| value.chars().any(|c| c.is_ascii_digit()) && value.len() <= 100) {
                return Some(ReadField::new(value, Confidence::of(92), "header=Subject"));
            }
        }
    }
    None
}

fn is_filler(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "" | "no" | "nr" | "number" | "nomor" | "n" | "num" | "numéro" | "nummer")
}

/// A remark about a part.
fn remark(code: &str, detail: impl Into<String>, part: &str) -> Remark {
    Remark::new(code, detail, format!("part={part}"))
}
