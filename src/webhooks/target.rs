//! Where events may be sent at all: to the public internet. An address inside of our own network would let whoever sets an endpoint
//! reach what only we can reach (server-side request forgery). Checked when an endpoint is set, and again at each connection, since a
//! name may lead elsewhere by then.

use crate::error::Error;
use crate::platform::reach::{is_localhost, is_loopback, is_public, literal};
use crate::types::fault::Faults;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::Duration;

const MAX_URL: usize = 2_000;
/// How long a new endpoint's name is looked up; one that is not found by then may be found later.
const LOOKUP: Duration = Duration::from_secs(2);

/// What targets a process takes.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// Whether this machine itself is one, and without TLS: for trying it out, never where others set endpoints.
    pub loopback: bool,
    pub lookup: Lookup,
}

/// How names become addresses, so that tests can set them.
#[derive(Clone, Debug, Default)]
pub enum Lookup {
    #[default]
    System,
    /// No name but these.
    Fixed(Arc<RwLock<HashMap<String, Vec<IpAddr>>>>),
}

impl Lookup {
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()),
            Self::Fixed(names) => {
                let found = names.read().ok().and_then(|names| names.get(name).cloned());
                found.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, format!("no such name: {name}")))
            }
        }
    }
}

impl Targets {
    /// Whether a connection may go there.
    pub fn allow(&self, address: IpAddr) -> bool {
        is_public(address) || (self.loopback && is_loopback(address))
    }

    /// The URL, if it is one to send to by itself; a name in it is not looked up.
    pub fn read(&self, text: &str) -> Result<Url, Refused> {
        let bad = |why: &'static str| Refused { code: "invalid_url", detail: why };
        if text.len() > MAX_URL {
            return Err(bad("at most 2000 characters"));
        }
        let url = Url::parse(text).map_err(|_| bad("write a URL such as https://example.com/pesanan"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("a URL with a user or password is not taken: what comes is proved by its signature"));
        }
        if url.fragment().is_some() {
            return Err(bad("a fragment is never sent"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(bad("write a URL such as https://example.com/pesanan"))?;
        let address = literal(host);
        let here = address.map_or_else(|| is_localhost(host), is_loopback);
        match url.scheme() {
            "https" => {}
            "http" if self.loopback && here => {}
            _ => return Err(Refused { code: "https_required", detail: "events are sent by https only" }),
        }
        let private = address.map_or_else(|| is_localhost(host) && !self.loopback, |address| !self.allow(address));
        if private {
            return Err(PRIVATE);
        }
        Ok(url)
    }

    /// 422 for a URL to which nothing is sent, at `pointer`; a name is looked up, and one that leads nowhere yet is taken.
    pub async fn check(&self, pointer: &str, text: &str) -> Result<(), Error> {
        let refuse = |refused: Refused| Error::Invalid(Faults::one(pointer, refused.code, refused.detail));
        let url = self.read(text).map_err(refuse)?;
        let host = url.host_str().unwrap_or_default();
        if literal(host).is_some() {
            return Ok(());
        }
        let found = tokio::time::timeout(LOOKUP, self.lookup.resolve(host)).await.ok().and_then(Result::ok).unwrap_or_default();
        if found.iter().any(|address| !self.allow(*address)) {
            return Err(refuse(PRIVATE));
        }
        Ok(())
    }
}

/// Why a URL is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: &'static str,
    pub detail: &'static str,
}

pub const PRIVATE: Refused =
    Refused { code: "private_target", detail: "this is no public address; events are sent to the public internet only" };

/// The resolver of the HTTP client: whatever a name leads to, only what is allowed is connected to, and the address that is checked
/// is the one that is connected to.
pub struct PublicOnly(pub Targets);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = self.0.clone();
        Box::pin(async move {
            let found = targets.lookup.resolve(name.as_str()).await?;
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| targets.allow(*address)).map(|ip| (ip, 0).into()).collect();
            if allowed.is_empty() {
                return Err(format!("{}: '{}' leads to no public address", PRIVATE.code, name.as_str()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(targets: &Targets, url: &str) -> &'static str {
        targets.read(url).err().map_or("", |refused| refused.code)
    }

    #[test]
    fn only_https_to_the_public_internet() {
        let targets = Targets::default();
        for fine in [
            "https://example.com",
            "https://example.com:8443/a?b=c",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "https://müller.example/",
        ] {
            assert_eq!(refusal(&targets, fine), "", "{fine}");
        }
        let table = [
            ("http://example.com/", "https_required"),
            ("http://127.0.0.1/", "https_required"),
            ("ftp://example.com/", "https_required"),
            ("file:///etc/passwd", "invalid_url"),
            ("gopher://example.com", "https_required"),
            ("example.com", "invalid_url"),
            ("https://", "invalid_url"),
            ("https://user@example.com/", "invalid_url"),
            ("https://:secret@example.com/", "invalid_url"),
            ("https://example.com/#top", "invalid_url"),
            ("https://localhost/", "private_target"),
            ("https://LOCALHOST./", "private_target"),
            ("https://a.localhost/", "private_target"),
            ("https://127.0.0.1/", "private_target"),
            ("https://127.1/", "private_target"),
            ("https://2130706433/", "private_target"),
            ("https://0x7f.0.0.1/", "private_target"),
            ("https://017700000001/", "private_target"),
            ("https://0/", "private_target"),
            ("https://169.254.169.254/latest/meta-data", "private_target"),
            ("https://[::1]/", "private_target"),
            ("https://[::ffff:10.0.0.1]/", "private_target"),
            ("https://[fd00:ec2::254]/", "private_target"),
            ("https://①⓪.0.0.1/", "private_target"),
        ];
        for (url, code) in table {
            assert_eq!(refusal(&targets, url), code, "{url}");
        }
        assert_eq!(refusal(&targets, &format!("https://example.com/{}", "a".repeat(2_000))), "invalid_url");
    }

    #[test]
    fn a_demo_may_send_to_itself_and_nowhere_else_inside() {
        let demo = Targets { loopback: true, ..Targets::default() };
        for fine in
            ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "http://[::1]:9000/", "https://localhost/", "https://example.com/"]
        {
            assert_eq!(refusal(&demo, fine), "", "{fine}");
        }
        for (url, code) in
            [("http://example.com/", "https_required"), ("http://10.0.0.1/", "https_required"), ("https://10.0.0.1/", "private_target")]
        {
            assert_eq!(refusal(&demo, url), code, "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*", host in "[0-9a-fx.:\\[\\]]{1,20}") {
            for url in [text, format!("https://{host}/")] {
                if let Ok(url) = Targets::default().read(&url) {
                    prop_assert!(literal(url.host_str().unwrap()).is_none_or(is_public));
                }
            }
        }
    }
}
