//! What every handler needs of HTTP: reading JSON and query with exact faults, conditional requests, answers.

use super::objects::Objects;
use crate::error::Error;
use crate::types::fault::{Fault, member};
use crate::types::id::NotAnId;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a JSON body. 400 for what is not JSON at all or holds U+0000 (Postgres text cannot), 422 with a pointer for what is
/// JSON of the wrong shape.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::bad_request("malformed_json", "the body is not UTF-8"))?;
    if has_nul(text) {
        return Err(Error::bad_request("malformed_json", "U+0000 is not allowed anywhere"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let pointer = pointer_of(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            // Before a fault of shape is told, the whole text must have been JSON.
            serde_json::error::Category::Data => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) => Error::Invalid(vec![shape_fault(pointer, &without_position(&inner.to_string()))]),
                Err(syntax) => malformed(&syntax),
            },
            _ => malformed(&inner),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Reads JSON that was made here into the body that a service takes, with the faults that a caller of the API would be told.
pub fn from_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, Error> {
    parse_json(value.to_string().as_bytes())
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::bad_request("malformed_json", format!("the body is not valid JSON: {error}"))
}

fn has_nul(text: &str) -> bool {
    if text.contains('\0') {
        return true;
    }
    text.match_indices("\\u0000").any(|(at, _)| text[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 0)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&member(key));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

fn without_position(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    }
}

/// What chrono says of a text that is no date or no instant.
const NOT_A_TIME: [&str; 5] = [
    "input is out of range",
    "no possible date and time matching input",
    "input contains invalid characters",
    "premature end of input",
    "trailing input",
];

/// Whether the pointer ends at a member of an object, not at an element or the whole.
fn is_member(pointer: &str) -> bool {
    pointer.rsplit('/').next().is_some_and(|last| !last.is_empty() && !last.bytes().all(|b| b.is_ascii_digit()))
}

/// What serde and the readers of values say, in words that help: code and detail. Our own types write `code|detail`.
fn plain(message: &str) -> Option<(String, String)> {
    let of = |code: &str, detail: String| Some((code.to_owned(), detail));
    if let Some((code, detail)) = message.split_once('|').filter(|(code, _)| !code.contains(' ')) {
        return of(code, detail.to_owned());
    }
    if message.starts_with("unknown variant") {
        let values: Vec<&str> = message.split_once(", expected").unwrap_or_default().1.split('`').skip(1).step_by(2).collect();
        return of("unknown_value", format!("use one of {}", values.join(", ")));
    }
    if message.starts_with("UUID parsing failed") {
        return of("invalid_id", NotAnId.to_string());
    }
    None
}

const A_DATE: &str = "write a date of the calendar such as 2026-03-02";
const AN_INSTANT: &str = "write an instant with its offset, such as 2026-03-02T09:00:00+07:00";

/// Turns serde's message into a fault.
fn shape_fault(mut pointer: String, message: &str) -> Fault {
    let named = |prefix: &str| message.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(member);
    let (code, detail) = if let Some(plain) = plain(message) {
        plain
    } else if let Some(field) = named("unknown field `") {
        if !pointer.ends_with(&format!("/{field}")) {
            pointer = format!("{pointer}/{field}");
        }
        ("unknown_field".to_owned(), "this field is not known here; free data belongs in metadata".to_owned())
    } else if let Some(field) = named("missing field `") {
        pointer = format!("{pointer}/{field}");
        ("required".to_owned(), "this field is required".to_owned())
    } else if message.starts_with("invalid type: null,") && is_member(&pointer) {
        // Null is absent.
        ("required".to_owned(), "this field is required".to_owned())
    } else if let Some(field) = named("duplicate field `") {
        pointer = format!("{pointer}/{field}");
        ("duplicate_field".to_owned(), "this field is given more than once".to_owned())
    } else if NOT_A_TIME.contains(&message) && pointer.ends_with("_on") {
        ("invalid_date".to_owned(), A_DATE.to_owned())
    } else if NOT_A_TIME.contains(&message) {
        ("invalid_timestamp".to_owned(), AN_INSTANT.to_owned())
    } else {
        ("invalid_type".to_owned(), message.to_owned())
    };
    Fault { pointer, code, detail }
}

/// Reads the query string into `T` (with `deny_unknown_fields`): 400 `unknown_parameter` for an unknown or repeated one,
/// 400 `invalid_parameter` for a value that does not fit.
pub fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let malformed = || Error::bad_request("invalid_parameter", "the query string is not percent-encoded UTF-8");
    if !is_percent_encoded(query) {
        return Err(malformed());
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| malformed())?;
    for (i, (name, value)) in pairs.iter().enumerate() {
        if pairs[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(Error::bad_request("unknown_parameter", format!("'{name}' is given more than once; give many values by comma")));
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(Error::bad_request("invalid_parameter", "U+0000 is not allowed anywhere"));
        }
        if is_beyond_calendar(value) {
            return Err(Error::bad_request("invalid_parameter", format!("'{name}' lies beyond the years 1 to 9999")));
        }
    }
    let kept: Vec<&(String, String)> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let encoded = serde_urlencoded::to_string(&kept).map_err(Error::internal)?;
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.is_empty()) {
        // An empty value means "not filtered"; its name must be known all the same.
        let probe = serde_urlencoded::to_string([(name, "0")]).map_err(Error::internal)?;
        if let Err(error) = serde_urlencoded::from_str::<T>(&probe)
            && error.to_string().starts_with("unknown field")
        {
            return Err(query_error(&error.to_string()));
        }
    }
    read_pairs(&encoded).map_err(|(name, message)| value_error::<T>(&kept, &name, &message))
}

/// Whether this is a day of a year with a sign (ISO 8601), which the database may not know. A plus is a blank in a query.
fn is_beyond_calendar(value: &str) -> bool {
    let Some(day) = value.strip_prefix(['-', '+', ' ']) else { return false };
    let mut parts = day.splitn(3, '-').map(|part| part.bytes().take_while(u8::is_ascii_digit).count());
    matches!((parts.next(), parts.next(), parts.next()), (Some(4..), Some(2), Some(2)))
}

/// Reads encoded pairs. Where that fails, the name of the pair and why.
fn read_pairs<T: DeserializeOwned>(encoded: &str) -> Result<T, (String, String)> {
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(encoded.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| (error.path().to_string(), error.into_inner().to_string()))
}

/// Why `T` does not take the pair of this name.
fn value_error<T: DeserializeOwned>(pairs: &[&(String, String)], name: &str, message: &str) -> Error {
    let given = pairs.iter().find(|(known, _)| known == name && !message.starts_with("unknown field"));
    let Some((_, value)) = given else { return query_error(message) };
    let detail = if !NOT_A_TIME.contains(&message) {
        words(message)
    } else if takes_dates::<T>(pairs, name) {
        A_DATE.to_owned()
    } else {
        format!("{AN_INSTANT} (percent-encoded: %2B for the plus)")
    };
    let value: String = value.chars().take(60).collect();
    Error::bad_request("invalid_parameter", format!("'{value}' is no value of {name}: {detail}"))
}

/// Whether the parameter of this name is a date and no instant: a date tells.
fn takes_dates<T: DeserializeOwned>(pairs: &[&(String, String)], name: &str) -> bool {
    let dated = pairs.iter().map(|(known, value)| (known.as_str(), if known == name { "2026-03-02" } else { value.as_str() }));
    let dated = serde_urlencoded::to_string(dated.collect::<Vec<_>>()).unwrap_or_default();
    read_pairs::<T>(&dated).err().is_none_or(|(at, _)| at != name)
}

/// What is wrong with the value of a query parameter.
fn words(message: &str) -> String {
    let number = "write a whole number";
    match message {
        "invalid digit found in string" => number.to_owned(),
        "number too large to fit in target type" | "number too small to fit in target type" => format!("{number} within its bounds"),
        "provided string was not `true` or `false`" => "use one of true, false".to_owned(),
        _ => plain(message).map_or_else(|| message.to_owned(), |(_, detail)| detail),
    }
}

/// Whether every escape has two digits and all of it is UTF-8: the decoder would replace what is not, and find something else.
fn is_percent_encoded(text: &str) -> bool {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        if *byte != b'%' {
            decoded.push(*byte);
            at += 1;
            continue;
        }
        let (Some(high), Some(low)) = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) else { return false };
        decoded.push(high * 16 + low);
        at += 3;
    }
    std::str::from_utf8(&decoded).is_ok()
}

/// What is wrong with the query as a whole.
fn query_error(message: &str) -> Error {
    let named = |prefix: &str| message.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    if let Some(name) = named("unknown field `") {
        return Error::bad_request("unknown_parameter", format!("'{name}' is not a parameter of this operation"));
    }
    match named("missing field `") {
        Some(name) => Error::bad_request("invalid_parameter", format!("'{name}' is required")),
        None => Error::bad_request("invalid_parameter", words(message)),
    }
}

/// What `If-Match` asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// No header, or `*`.
    #[default]
    Any,
    Versions(Vec<i64>),
}

impl Precondition {
    /// Reads `If-Match`: versions alone count; `W/` and suffixes that a proxy adds (`-gzip`) are ignored.
    pub fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let Some(value) = headers.get(header::IF_MATCH) else { return Ok(Self::Any) };
        let text = value.to_str().map_err(|_| Error::bad_request("invalid_header", "If-Match is not ASCII"))?;
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        Ok(Self::Versions(text.split(',').filter_map(version_of_tag).collect()))
    }

    /// 412 unless `current` is among the versions asked for.
    pub fn check(&self, current: i64) -> Result<(), Error> {
        match self {
            Self::Versions(versions) if !versions.contains(&current) => Err(Error::Stale { current }),
            Self::Any | Self::Versions(_) => Ok(()),
        }
    }
}

/// What `If-None-Match` says that the caller has (RFC 9110 §13.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownVersions {
    /// No header.
    Nothing,
    /// `*`: whatever there is.
    Anything,
    Versions(Vec<i64>),
}

impl KnownVersions {
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) {
            None => Self::Nothing,
            Some(tags) if tags.trim() == "*" => Self::Anything,
            Some(tags) => Self::Versions(tags.split(',').filter_map(version_of_tag).collect()),
        }
    }

    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    pub fn includes(&self, version: i64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Anything => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

fn version_of_tag(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    tag.split('-').next()?.parse().ok()
}

/// A finished answer, kept as bytes so that a repeated request gets the very same ones.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub location: Option<String>,
    /// Served as `ETag: "<version>"`; see [`Tagged`] where that says too little.
    pub version: Option<i64>,
    pub replayed: bool,
    pub content_type: &'static str,
}

impl Answer {
    pub fn json(status: u16, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self { status, body, location: None, version: None, replayed: false, content_type: "application/json" })
    }

    /// 200 with a body that is JSON already.
    pub fn written(json: Vec<u8>) -> Self {
        Self { status: 200, body: json, location: None, version: None, replayed: false, content_type: "application/json" }
    }

    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Result<Self, Error> {
        Self::json(200, body)
    }

    /// 201 with `Location`.
    pub fn created(location: String, body: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { location: Some(location), ..Self::json(201, body)? })
    }

    /// 304 for a caller who has this version.
    pub fn unchanged(version: i64) -> Self {
        Self { status: 304, body: vec![], location: None, version: Some(version), replayed: false, content_type: "application/json" }
    }

    pub fn no_content() -> Self {
        Self { status: 204, body: vec![], location: None, version: None, replayed: false, content_type: "application/json" }
    }

    /// Comma-separated values (RFC 4180).
    pub fn csv(body: Vec<u8>) -> Self {
        Self { status: 200, body, location: None, version: None, replayed: false, content_type: "text/csv; charset=utf-8" }
    }

    pub fn with_version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }
}

/// An answer that shows something which moves without its version. The tag says of it too which one it is, so that `If-None-Match`
/// compares all that is shown; `If-Match` still compares the version alone.
#[derive(Clone, Debug)]
pub struct Tagged {
    pub answer: Answer,
    /// Letters and digits, other ones whenever the rest of what is shown is another; none where there is nothing but the version.
    pub rest: Option<String>,
}

impl Tagged {
    fn tag(&self, version: i64) -> String {
        match &self.rest {
            Some(rest) => format!("\"{version}-{rest}\""),
            None => format!("\"{version}\""),
        }
    }

    /// Whether the caller has this one already, whatever a proxy has put before or behind its tag.
    fn is_known_by(&self, given: &str, version: i64) -> bool {
        let opaque = given.trim();
        let opaque = opaque.strip_prefix("W/").unwrap_or(opaque).trim_matches('"');
        let rest = self.rest.as_deref();
        version_of_tag(given) == Some(version) && (rest.is_none() || opaque.split('-').nth(1) == rest)
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        Tagged { answer: self, rest: None }.respond_to(request)
    }
}

impl Responder for Tagged {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let status = StatusCode::from_u16(self.answer.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::VARY, "Accept-Encoding"));
        if let Some(version) = self.answer.version {
            response.insert_header((header::ETAG, self.tag(version)));
            let unchanged = request
                .headers()
                .get(header::IF_NONE_MATCH)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|tags| tags.trim() == "*" || tags.split(',').any(|tag| self.is_known_by(tag, version)));
            if unchanged && status == StatusCode::OK && request.method() == actix_web::http::Method::GET {
                response.status(StatusCode::NOT_MODIFIED);
                return response.finish();
            }
        }
        if let Some(location) = self.answer.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.answer.replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            return response.finish();
        }
        response.content_type(self.answer.content_type).body(self.answer.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::decimal::Quantity;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[allow(dead_code)]
        lines: Vec<Line>,
    }
    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[allow(dead_code)]
        quantity: Quantity,
    }

    fn fault(json: &str) -> (String, String) {
        match parse_json::<Body>(json.as_bytes()) {
            Err(Error::Invalid(faults)) => (faults[0].pointer.clone(), faults[0].code.clone()),
            Err(Error::BadRequest { code, .. }) => (String::new(), code.to_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_fault_of_shape_names_its_place() {
        let expect = |json: &str, pointer: &str, code: &str| assert_eq!(fault(json), (pointer.to_owned(), code.to_owned()), "{json}");
        expect(r#"{"lines":[{"quantity":"1"},{"quantity":2}]}"#, "/lines/1/quantity", "decimal_string_required");
        expect(r#"{"lines":[{"quantity":"1","colour":"red"}]}"#, "/lines/0/colour", "unknown_field");
        expect(r#"{"lines":[{}]}"#, "/lines/0/quantity", "required");
        expect(r#"{"lines":3}"#, "/lines", "invalid_type");
        expect(r#"{"lines":null}"#, "/lines", "required");
        expect(r#"{"lines":[null]}"#, "/lines/0", "invalid_type");
        expect(r#"{"lines":[],"lines":[]}"#, "/lines", "duplicate_field");
        expect(r#"{"a/b~":1}"#, "/a~1b~0", "unknown_field");
        expect(r#"{"lines":[{"quantity":2}"#, "", "malformed_json");
        expect(r#"{"lines":[]} x"#, "", "malformed_json");
        expect(r#"{"lines":[{"quantity":"\u0000"}]}"#, "", "malformed_json");
        expect(&"[".repeat(2000), "", "malformed_json");
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_no_nul() {
        assert!(!has_nul(r#"{"a":"\\u0000"}"#));
        assert!(has_nul(r#"{"a":"\\\u0000"}"#));
    }

    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Query {
        status: Option<String>,
        limit: Option<u32>,
    }

    #[test]
    fn unknown_and_repeated_parameters_are_refused() {
        let code = |query: &str| match parse_query::<Query>(query) {
            Err(Error::BadRequest { code, .. }) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code("colour=red"), "unknown_parameter");
        assert_eq!(code("colour="), "unknown_parameter");
        assert_eq!(code("status=a&status=b"), "unknown_parameter");
        assert_eq!(code("limit=many"), "invalid_parameter");
        for malformed in ["status=%ff", "status=%e2%82", "status=%zz", "status=%4", "%=a", "status=%+1"] {
            assert_eq!(code(malformed), "invalid_parameter", "{malformed}");
        }
        assert_eq!(parse_query::<Query>("status=%e2%82%ac").unwrap().status.as_deref(), Some("€"));
        assert_eq!(parse_query::<Query>("status=&limit=5").unwrap(), Query { status: None, limit: Some(5) });
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        DarkBlue,
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(rename_all = "snake_case")]
    enum Lonely {
        Alone,
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Values {
        colour: Option<Colour>,
        lonely: Option<Lonely>,
        id: Option<uuid::Uuid>,
        own_id: Option<crate::types::id::OrderId>,
        from: Option<chrono::DateTime<chrono::Utc>>,
        day: Option<chrono::NaiveDate>,
        limit: Option<u8>,
        active: Option<bool>,
    }

    #[test]
    fn what_is_wrong_with_a_value_is_told_in_words_that_help() {
        let id = "an id is a UUID such as 01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";
        let instant = "write an instant with its offset, such as 2026-03-02T09:00:00+07:00 (percent-encoded: %2B for the plus)";
        for (query, told) in [
            ("colour=zz", "'zz' is no value of colour: use one of red, dark_blue".to_owned()),
            ("lonely=zz", "'zz' is no value of lonely: use one of alone".to_owned()),
            ("id=zz", format!("'zz' is no value of id: {id}")),
            ("own_id=zz", format!("'zz' is no value of own_id: {id}")),
            ("from=2026-03-02", format!("'2026-03-02' is no value of from: {instant}")),
            ("limit=3&from=yesterday", format!("'yesterday' is no value of from: {instant}")),
            ("day=02.03.2026", "'02.03.2026' is no value of day: write a date of the calendar such as 2026-03-02".to_owned()),
            ("limit=ten", "'ten' is no value of limit: write a whole number".to_owned()),
            ("limit=300", "'300' is no value of limit: write a whole number within its bounds".to_owned()),
            ("active=yes", "'yes' is no value of active: use one of true, false".to_owned()),
        ] {
            match parse_query::<Values>(query) {
                Err(Error::BadRequest { code: "invalid_parameter", detail }) => assert_eq!(detail, told, "{query}"),
                other => panic!("{query}: {other:?}"),
            }
        }
        for (body, code, told) in [
            (r#"{"colour":"zz"}"#, "unknown_value", "use one of red, dark_blue"),
            (r#"{"id":"zz"}"#, "invalid_id", id),
            (r#"{"own_id":"zz"}"#, "invalid_id", id),
        ] {
            let Err(Error::Invalid(faults)) = parse_json::<Values>(body.as_bytes()) else { panic!("{body}") };
            assert_eq!((faults[0].code.as_str(), faults[0].detail.as_str()), (code, told));
        }
    }

    #[test]
    fn if_none_match_compares_all_that_is_shown() {
        let answer = |rest: Option<&str>| Tagged { answer: Answer::no_content(), rest: rest.map(str::to_owned) };
        let known = |rest: Option<&str>, given: &str| answer(rest).is_known_by(given, 3);
        assert_eq!(answer(Some("a1")).tag(3), "\"3-a1\"");
        assert!(known(Some("a1"), "\"3-a1\"") && known(Some("a1"), " W/\"3-a1-gzip\""));
        assert!(!known(Some("a1"), "\"3\"") && !known(Some("a1"), "\"3-b2\"") && !known(Some("a1"), "\"4-a1\""));
        assert!(known(None, "\"3\"") && known(None, "W/\"3-gzip\"") && !known(None, "\"4\""));
    }

    #[test]
    fn if_match_compares_versions_only() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, header::HeaderValue::from_static("W/\"3-gzip\", \"7\""));
        let precondition = Precondition::of(&headers).unwrap();
        assert!(precondition.check(3).is_ok() && precondition.check(7).is_ok());
        assert!(matches!(precondition.check(4), Err(Error::Stale { current: 4 })));
    }
}
