//! From where a request comes, as it is written beside what it changed. Pure.

use actix_web::http::header::{HeaderMap, USER_AGENT};
use std::net::IpAddr;

/// Longer user agents are cut: what tells them apart stands at their beginning.
const MAX_USER_AGENT: usize = 120;

/// Request id, address and user agent, by tab: one short text, since every event of a captured order pays for it.
pub fn write(request_id: &str, address: Option<IpAddr>, headers: &HeaderMap) -> String {
    let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let agent = user_agent(headers).unwrap_or_default();
    format!("{request_id}\t{address}\t{agent}")
}

/// What the program at the other end calls itself: printable text of bounded length.
pub fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    let clean: String = text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
    (!clean.trim().is_empty()).then(|| clean.trim().to_owned())
}

/// What was written, read back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    pub request_id: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

impl Origin {
    pub fn read(written: Option<&str>) -> Self {
        let Some(written) = written else { return Self::default() };
        let mut parts = written.splitn(3, '\t').map(|part| (!part.is_empty()).then(|| part.to_owned()));
        let mut next = || parts.next().flatten();
        Self { request_id: next(), address: next(), user_agent: next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn an_origin_is_read_back_and_cannot_be_forged_by_its_user_agent() {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static("curl/8.5\tx"));
        let written = write("r-1", "10.0.0.7".parse().ok(), &headers);
        let read = Origin::read(Some(&written));
        assert_eq!((read.request_id.as_deref(), read.address.as_deref()), (Some("r-1"), Some("10.0.0.7")));
        assert_eq!(read.user_agent.as_deref(), Some("curl/8.5x"));
        headers.insert(USER_AGENT, HeaderValue::from_str(&"a".repeat(500)).unwrap());
        assert_eq!(user_agent(&headers).map(|agent| agent.len()), Some(MAX_USER_AGENT));
        assert_eq!(Origin::read(None), Origin::default());
        assert_eq!(Origin::read(Some("r-2\tunknown\t")).user_agent, None);
    }
}
