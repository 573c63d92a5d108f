//! Reading what a platform has sent, so that a fault names its place (RFC 6901) and nothing that is too large gets in.

use super::parts;
use crate::inbox::Reason;
use crate::platform::limits;
use crate::types::address::Address;
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::fault::member;
use crate::types::text::turns_direction;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// A value or the reason why there is none.
pub type Read<T> = Result<T, Reason>;

static NOTHING: Value = Value::Null;

/// A value within a message, and its place.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub value: &'a Value,
    pub pointer: String,
}

/// Amounts beyond this are nobody's.
const LARGEST: Decimal = Decimal::from_parts(276_447_232, 23_283, 0, false, 0);

impl<'a> Node<'a> {
    pub fn root(value: &'a Value) -> Self {
        Self { value, pointer: String::new() }
    }

    pub fn fault(&self, code: &str, detail: impl Into<String>) -> Reason {
        Reason::new(code, detail, self.pointer.as_str())
    }

    /// A field; null where there is none.
    pub fn field(&self, name: &str) -> Node<'a> {
        let value = self.value.get(name).unwrap_or(&NOTHING);
        Node { value, pointer: format!("{}/{}", self.pointer, member(name)) }
    }

    /// A field of a field.
    pub fn at(&self, path: &[&str]) -> Node<'a> {
        path.iter().fold(self.clone(), |node, name| node.field(name))
    }

    /// The items of a list; none where it is no list.
    pub fn items(&self) -> Vec<Node<'a>> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(|(i, value)| Node { value, pointer: format!("{}/{i}", self.pointer) }).collect()
    }

    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    pub fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// One line of text without what is no text, cut at `max` characters; `None` where nothing is left.
    pub fn text(&self, max: usize) -> Option<String> {
        match self.value {
            Value::String(text) => cleaned(text, max),
            Value::Number(number) => cleaned(&number.to_string(), max),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// As [`Node::text`] for what people write to each other, in as many lines as they like.
    pub fn prose(&self, max: usize) -> Option<String> {
        self.value.as_str().map_or_else(|| self.text(max), |text| parts::lines(Some(text), max))
    }

    /// An id: text, or a whole number of any size that JSON readers keep.
    /// `id_missing` where there is nothing, `invalid_id` where there is something else.
    pub fn id(&self) -> Read<String> {
        let id = match self.value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => number.as_u64().map(|number| number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        id.filter(|id| (1..=200).contains(&id.chars().count()) && !id.chars().any(|c| c.is_control() || turns_direction(c))).ok_or_else(
            || match self.value {
                Value::Null => self.fault("id_missing", "there is no id here"),
                _ => self.fault("invalid_id", "an id is text of 1 to 200 characters without control characters, or a whole number"),
            },
        )
    }

    /// A decimal number, written as text or as a number; `None` where there is none.
    pub fn decimal(&self) -> Read<Option<Decimal>> {
        let text = match self.value {
            Value::Null => return Ok(None),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err(self.fault("invalid_decimal", "this is no number")),
        };
        let number: Option<Decimal> = if text.len() <= 40 { text.parse().ok() } else { None };
        let number = number.ok_or_else(|| self.fault("invalid_decimal", "this is no decimal number"))?;
        if number.abs() >= LARGEST {
            return Err(self.fault("out_of_range", "more than 14 digits before the point"));
        }
        Ok(Some(number.round_dp(10).normalize()))
    }

    /// How much of something; zero or less is the caller's to judge.
    pub fn quantity(&self) -> Read<Option<Decimal>> {
        let quantity = self.decimal()?;
        if quantity.is_some_and(|quantity| quantity.abs() > Decimal::from(limits::MAX_QUANTITY)) {
            return Err(self.fault("out_of_range", "at most 1,000,000,000"));
        }
        Ok(quantity)
    }

    /// An amount of money in minor units of the currency at most, rounded where a shop writes more; zero where there is none.
    pub fn money(&self, currency: Currency) -> Read<Decimal> {
        Ok(currency.round(self.decimal()?.unwrap_or_default()))
    }

    /// As [`Node::money`], but never below zero.
    pub fn positive(&self, currency: Currency) -> Read<Decimal> {
        let amount = self.money(currency)?;
        if amount < Decimal::ZERO { Err(self.fault("out_of_range", "must not be negative")) } else { Ok(amount) }
    }

    pub fn currency(&self) -> Read<Currency> {
        let code = self.text(10).ok_or_else(|| self.fault("currency_missing", "there is no currency here"))?;
        Currency::from_code(&code).ok_or_else(|| self.fault("unknown_currency", "use an ISO 4217 code"))
    }

    /// An instant with its offset; `None` where there is none.
    pub fn instant(&self) -> Read<Option<DateTime<Utc>>> {
        let Some(text) = self.text(60) else { return Ok(None) };
        let instant =
            DateTime::parse_from_rfc3339(&text).map_err(|_| self.fault("invalid_instant", "write an instant as RFC 3339 does"))?;
        Ok(Some(in_range(self, instant.with_timezone(&Utc))?))
    }

    /// An instant that is meant in UTC and says no offset (`2017-03-22T19:28:02`).
    pub fn utc_instant(&self) -> Read<Option<DateTime<Utc>>> {
        let Some(text) = self.text(60) else { return Ok(None) };
        if let Ok(instant) = DateTime::parse_from_rfc3339(&text) {
            return Ok(Some(in_range(self, instant.with_timezone(&Utc))?));
        }
        let naive = text.parse::<chrono::NaiveDateTime>().map_err(|_| self.fault("invalid_instant", "write a date and a time"))?;
        Ok(Some(in_range(self, naive.and_utc())?))
    }
}

/// Years that Postgres and everybody else can write.
fn in_range(node: &Node, at: DateTime<Utc>) -> Read<DateTime<Utc>> {
    let known = DateTime::UNIX_EPOCH..DateTime::from_timestamp(4_102_444_800, 0).unwrap_or(DateTime::UNIX_EPOCH);
    if known.contains(&at) { Ok(at) } else { Err(node.fault("out_of_range", "not between 1970 and 2100")) }
}

/// One line, trimmed and cut; `None` where nothing is left.
fn cleaned(text: &str, max: usize) -> Option<String> {
    let upright = text.chars().filter(|c| !turns_direction(*c));
    let clean: String = upright.map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let cut: String = clean.trim().chars().take(max).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// First and last name, whichever are there.
pub fn full_name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts: Vec<String> = first.into_iter().chain(last).collect();
    cleaned(&parts.join(" "), 200)
}

/// The names of an address's fields at a platform.
pub struct AddressFields {
    pub line1: &'static str,
    pub line2: &'static str,
    pub city: &'static str,
    pub region: &'static str,
    pub postal_code: &'static str,
    pub country: &'static str,
}

/// The address at a place, with the platform's own names of its fields; `None` where nothing of it is said.
pub fn address(node: &Node, fields: &AddressFields) -> Read<Option<Address>> {
    let text = |name: &str| node.field(name).text(200);
    let name = text("name").or_else(|| full_name(text("first_name"), text("last_name")));
    let (line1, city) = (text(fields.line1), text(fields.city));
    let country = node.field(fields.country);
    let said = name.is_some() || line1.is_some() || city.is_some() || text(fields.postal_code).is_some();
    let code = country.text(3).map(|code| code.to_ascii_uppercase());
    let Some(code) = code else {
        return if said && line1.is_some() { Err(country.fault("unknown_country", "there is no country here")) } else { Ok(None) };
    };
    if !said {
        return Ok(None);
    }
    let code = Country::from_code(&code).ok_or_else(|| country.fault("unknown_country", "use an ISO 3166-1 alpha-2 code"))?;
    Ok(Some(Address {
        name,
        company: text("company"),
        line1: line1.unwrap_or_default(),
        line2: text(fields.line2),
        city: city.unwrap_or_default(),
        region: text(fields.region),
        postal_code: text(fields.postal_code),
        country: code,
        phone: text("phone"),
    }))
}

/// Free data that fits: what would make it larger than an order may carry is left out.
pub fn bounded(values: impl IntoIterator<Item = (&'static str, Value)>, bytes: usize) -> Map<String, Value> {
    let mut left = bytes;
    let mut map = Map::new();
    for (name, value) in values {
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        let size = value.to_string().len() + name.len() + 4;
        if !empty && size <= left && !value.to_string().contains("\\u0000") {
            left -= size;
            map.insert(name.to_owned(), value);
        }
    }
    map
}

/// A body without the mark of UTF-8 that some programs put before it (RFC 8259 §8.1 lets readers skip it).
pub fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The body as JSON. Whole numbers of more digits than 64 bits hold are text, so that ids keep theirs.
pub fn json(body: &[u8]) -> Read<Value> {
    let body = without_mark(body);
    let malformed = |error: serde_json::Error| Reason::new("malformed_json", format!("the body is no JSON: {error}"), "");
    let value = serde_json::from_slice(body).map_err(malformed)?;
    match long_numbers_quoted(body) {
        Some(quoted) => serde_json::from_slice(&quoted).map_err(malformed),
        None => Ok(value),
    }
}

/// Well-formed JSON with its longest whole numbers as text; `None` where it has none.
fn long_numbers_quoted(body: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut copied, mut at) = (vec![], 0, 0);
    while at < body.len() {
        match body[at] {
            b'"' => {
                at += 1;
                while at < body.len() && body[at] != b'"' {
                    at += if body[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'0'..=b'9' | b'-' => {
                let rest = &body[at..];
                let length =
                    rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).unwrap_or(rest.len());
                let number = &rest[..length];
                let whole = length >= 20 && number.iter().all(u8::is_ascii_digit);
                if whole && std::str::from_utf8(number).is_ok_and(|text| text.parse::<u64>().is_err()) {
                    out.extend_from_slice(&body[copied..at]);
                    out.push(b'"');
                    out.extend_from_slice(number);
                    out.push(b'"');
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    (copied > 0).then(|| {
        out.extend_from_slice(&body[copied..]);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_beyond_what_a_double_holds_keep_their_digits() {
        let body: Value = serde_json::from_str(r#"{"a": 820982911946154508, "b": "x1", "c": 1.5, "d": 18446744073709551615}"#).unwrap();
        let id = |name: &str| Node::root(&body).field(name).id();
        assert_eq!(
            (id("a").unwrap(), id("b").unwrap(), id("d").unwrap()),
            ("820982911946154508".into(), "x1".into(), u64::MAX.to_string())
        );
        assert_eq!((id("c").unwrap_err().pointer, id("e").unwrap_err().code), ("/c".into(), "id_missing".into()));
    }

    #[test]
    fn longer_numbers_keep_their_digits_and_a_mark_before_the_body_is_skipped() {
        let text = "\u{feff}{\"id\": 123456789012345678901234567890, \"x\": \"\\\"18446744073709551616\", \"n\": [18446744073709551615, -1.5e3, 99999999999999999999.5]}";
        let body = json(text.as_bytes()).unwrap();
        assert_eq!(Node::root(&body).field("id").id().unwrap(), "123456789012345678901234567890");
        assert_eq!((&body["x"], &body["n"][0], &body["n"][1]), (&json!("\"18446744073709551616"), &json!(u64::MAX), &json!(-1500.0)));
        assert!(body["n"][2].is_f64());
        assert_eq!(json(b"{\"id\": 00000000000000000000000000001}").unwrap_err().code, "malformed_json");
        let code = |body: Value| Node::root(&body).id().unwrap_err().code;
        assert_eq!(
            (code(json!("a\u{0}b")), code(json!(1.5)), code(Value::Null)),
            ("invalid_id".into(), "invalid_id".into(), "id_missing".into())
        );
    }

    #[test]
    fn numbers_are_read_from_text_and_from_numbers_and_large_ones_refused() {
        let body = json!({"a": "10.50", "b": 1.5, "c": "", "d": "ten", "e": "99999999999999999999", "f": [1], "g": -3});
        let number = |name: &str| Node::root(&body).field(name).decimal();
        assert_eq!(number("a").unwrap(), Some(Decimal::new(105, 1)));
        assert_eq!(number("b").unwrap(), Some(Decimal::new(15, 1)));
        assert_eq!((number("c").unwrap(), number("z").unwrap()), (None, None));
        assert_eq!((number("d").unwrap_err().code, number("f").unwrap_err().code), ("invalid_decimal".into(), "invalid_decimal".into()));
        assert_eq!((number("e").unwrap_err().code, number("g").unwrap()), ("out_of_range".into(), Some(Decimal::from(-3))));
    }

    /// Phones put marks of direction around a number that is copied from them.
    #[test]
    fn what_shops_send_is_brought_into_one_line_and_notes_keep_theirs() {
        let body = json!({"phone": "\u{202a}+62 22 420 1234\u{202c}", "name": "Siti\nRahma\u{2028}", "note": "ring\r\ntwice\u{2069}", "number": 7});
        let root = Node::root(&body);
        let text = |name: &str| root.field(name).text(100).unwrap();
        assert_eq!((text("phone"), text("name"), text("number")), ("+62 22 420 1234".into(), "Siti Rahma".into(), "7".into()));
        assert_eq!(root.field("note").prose(100).as_deref(), Some("ring\ntwice"));
        assert_eq!((root.field("number").prose(100).as_deref(), root.field("none").prose(100)), (Some("7"), None));
        assert!(Node::root(&json!("a\u{202e}b")).id().is_err());
    }

    #[test]
    fn pointers_escape_as_rfc_6901_says() {
        let body = json!({"a/b": {"~": [{"x": 1}]}});
        assert_eq!(Node::root(&body).at(&["a/b", "~"]).items()[0].field("x").pointer, "/a~1b/~0/0/x");
    }
}
