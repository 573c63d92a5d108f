//! What a mail is, told by its headers before anybody looks for lines in it.

use crate::types::text_enum::text_enum;

text_enum! {
    /// What a mail is.
    pub enum MailKind {
        /// Lines of an order stand in it.
        Order = "order",
        /// It sends somebody else's mail on.
        Forward = "forward",
        /// It asks for a price, or answers with what was written before.
        Quote = "quote",
        /// A program answers for somebody who is away.
        AutoReply = "auto_reply",
        /// A mail server tells what has become of another mail.
        Bounce = "bounce",
        /// Sent to a list.
        Newsletter = "newsletter",
        /// Nothing of an order is in it.
        Other = "other",
    }
}

/// The headers of a mail, names in lower case, unfolded, in their order.
#[derive(Clone, Debug, Default)]
pub struct RawHeaders(Vec<(String, String)>);

/// Longer than any program writes.
const HEADERS: usize = 1_000;
const LONGEST: usize = 16 * 1024;

impl RawHeaders {
    /// Those before the first empty line, as far as they can be read.
    pub fn of(bytes: &[u8]) -> Self {
        let mut headers: Vec<(String, String)> = vec![];
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                // Some mails begin with an empty line.
                if headers.is_empty() {
                    continue;
                }
                break;
            }
            let text = String::from_utf8_lossy(line);
            if text.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut()
                    && value.len() < LONGEST
                {
                    value.push(' ');
                    value.push_str(text.trim());
                }
            } else if let Some((name, value)) = text.split_once(':') {
                headers.push((name.trim().to_ascii_lowercase(), value.trim().chars().take(LONGEST).collect()));
            }
            if headers.len() >= HEADERS {
                break;
            }
        }
        Self(headers)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

/// Whether a program has sent it by itself (RFC 3834 §5): such a mail gets no answer, whatever it says.
pub fn is_automatic(headers: &RawHeaders) -> bool {
    let auto_submitted = headers.first("auto-submitted").map(|value| value.to_ascii_lowercase());
    auto_submitted.is_some_and(|value| !value.starts_with("no"))
        || headers.has("x-autoreply")
        || headers.has("x-autorespond")
        || headers.has("x-auto-response-suppress")
        || headers.has("feedback-id")
        || has_precedence(headers, &["bulk", "list", "junk", "auto_reply"])
        || headers.first("return-path").is_some_and(|path| path.trim() == "<>")
        || is_of_list(headers)
        || headers.first("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/report"))
}

fn has_precedence(headers: &RawHeaders, values: &[&str]) -> bool {
    headers.first("precedence").is_some_and(|value| values.contains(&value.trim().to_ascii_lowercase().as_str()))
}

fn is_of_list(headers: &RawHeaders) -> bool {
    headers.has("list-id") || headers.has("list-unsubscribe") || headers.has("list-post")
}

/// What the headers make of it; `None` where only its content can tell.
pub fn of_headers(headers: &RawHeaders, sender: Option<&str>, subject: &str) -> Option<MailKind> {
    let content_type = headers.first("content-type").unwrap_or_default().to_ascii_lowercase();
    let local = sender.and_then(|sender| sender.split('@').next()).unwrap_or_default();
    if content_type.starts_with("multipart/report") || matches!(local, "mailer-daemon" | "postmaster") || headers.has("x-failed-recipients")
    {
        return Some(MailKind::Bounce);
    }
    let auto_submitted = headers.first("auto-submitted").unwrap_or_default().to_ascii_lowercase();
    let answers_alone = auto_submitted.starts_with("auto-replied")
        || auto_submitted.starts_with("auto-notified")
        || headers.has("x-autoreply")
        || headers.has("x-autorespond")
        || has_precedence(headers, &["auto_reply"])
        || is_away(subject);
    if answers_alone {
        return Some(MailKind::AutoReply);
    }
    if is_of_list(headers) || has_precedence(headers, &["bulk", "list", "junk"]) {
        return Some(MailKind::Newsletter);
    }
    let words = words_before(subject);
    if words.iter().any(|word| FORWARDS.contains(&word.as_str())) {
        return Some(MailKind::Forward);
    }
    asks_for_price(subject).then_some(MailKind::Quote)
}

/// `Re`, `Fwd` and the like, before the subject proper.
pub fn words_before(subject: &str) -> Vec<String> {
    let mut words = vec![];
    let mut rest = subject.trim_start();
    while let Some((word, after)) = rest.split_once(':') {
        let word = word.trim().trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']')).to_lowercase();
        if !ANSWERS.contains(&word.as_str()) && !FORWARDS.contains(&word.as_str()) {
            break;
        }
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// Whether the subject answers another one.
pub fn answers(subject: &str) -> bool {
    words_before(subject).iter().any(|word| ANSWERS.contains(&word.as_str()))
}

const ANSWERS: &[&str] = &["re", "aw", "antw", "antwort", "bls", "balas", "sv", "réf", "ref"];
const FORWARDS: &[&str] = &["fw", "fwd", "wg", "tr", "doorst", "trs", "teruskan", "fwd msg"];

fn is_away(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    [
        "automatic reply",
        "auto reply",
        "autoreply",
        "out of office",
        "automatische antwort",
        "abwesenheit",
        "automatisch antwoord",
        "afwezig",
        "réponse automatique",
        "absence du bureau",
        "balasan otomatis",
        "di luar kantor",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
}

fn asks_for_price(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    [
        "request for quotation",
        "request for quote",
        "rfq",
        "price request",
        "price inquiry",
        "permintaan penawaran",
        "minta penawaran",
        "preisanfrage",
        "angebotsanfrage",
        "anfrage",
        "offerteaanvraag",
        "prijsaanvraag",
        "demande de devis",
        "demande de prix",
    ]
    .iter()
    .any(|words| lower.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(headers: &str, subject: &str) -> Option<MailKind> {
        of_headers(&RawHeaders::of(headers.as_bytes()), Some("siti@buyer.example"), subject)
    }

    #[test]
    fn headers_tell_what_is_no_order() {
        for (headers, subject, expected) in [
            ("Content-Type: multipart/report; report-type=delivery-status", "Undeliverable", Some(MailKind::Bounce)),
            ("Auto-Submitted: auto-replied", "Re: order", Some(MailKind::AutoReply)),
            ("X-Autoreply: yes", "hello", Some(MailKind::AutoReply)),
            ("Precedence: auto_reply", "hello", Some(MailKind::AutoReply)),
            ("A: b", "Automatic reply: order", Some(MailKind::AutoReply)),
            ("List-Unsubscribe: <mailto:x@y.example>", "News", Some(MailKind::Newsletter)),
            ("Precedence: bulk", "News", Some(MailKind::Newsletter)),
            ("A: b", "Fwd: order", Some(MailKind::Forward)),
            ("A: b", "Re: WG: Bestellung", Some(MailKind::Forward)),
            ("A: b", "Request for quotation 7", Some(MailKind::Quote)),
            ("A: b", "Preisanfrage", Some(MailKind::Quote)),
            ("Auto-Submitted: no", "Purchase order 1", None),
            ("Auto-Submitted: auto-generated", "Purchase order 1", None),
            ("A: b", "Order: ref 4", None),
        ] {
            assert_eq!(kind(headers, subject), expected, "{headers} {subject}");
        }
        assert_eq!(of_headers(&RawHeaders::default(), Some("mailer-daemon@x.example"), ""), Some(MailKind::Bounce));
    }

    #[test]
    fn what_a_program_sends_gets_no_answer() {
        let automatic = |headers: &str| is_automatic(&RawHeaders::of(headers.as_bytes()));
        assert!(
            automatic("Auto-Submitted: auto-generated; x=y") && automatic("Return-Path: <>") && automatic("X-Auto-Response-Suppress: All")
        );
        assert!(!automatic("Auto-Submitted: no\r\nReturn-Path: <a@b.example>"));
    }

    #[test]
    fn folded_headers_are_one() {
        let headers = RawHeaders::of(b"\r\nSubject: a\r\n  b\r\nX: 1\r\nX: 2\r\n\r\nSubject: body");
        assert_eq!(headers.first("subject"), Some("a b"));
        assert_eq!(headers.all("x").collect::<Vec<_>>(), ["1", "2"]);
    }
}
