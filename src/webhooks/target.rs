//! Where events may be sent at all: to the public internet. An address inside of our own network would let whoever sets an endpoint
//! reach what only we can reach (server-side request forgery). Checked when an endpoint is set, and again at each connection, since a
//! name may lead elsewhere by then.

use crate::error::Error;
use crate::types::fault::Faults;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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

/// The address that a URL's host is, where it is no name.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // RFC 6761 §6.3.
    host == "localhost" || host.ends_with(".localhost")
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
    }
}

/// Whether an address is one of the public internet: not among the special-purpose registries of IANA (RFC 6890 and after).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Network, bits of its prefix.
const SPECIAL_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),        // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's platform, public by its number alone
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, and with it the metadata services of clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24),  // AS112
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relay
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved, broadcast
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !SPECIAL_V4.iter().any(|(network, prefix)| (bits ^ network.to_bits()) >> (32 - prefix) == 0)
}

const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),     // protocol assignments, Teredo, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),     // 6to4: an IPv4 address in another dress
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),     // documentation
];

/// Only 2000::/3 is global unicast; all else (loopback, mapped, unique local, link-local, multicast …) is not, but for NAT64.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let (bits, segments) = (address.to_bits(), address.segments());
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        // RFC 6052: the last 32 bits are the IPv4 address that a translator connects to.
        return is_public_v4(Ipv4Addr::from_bits(u32::try_from(bits & 0xffff_ffff).unwrap_or_default()));
    }
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    segments[0] >> 13 == 1 && !SPECIAL_V6.iter().any(|(network, prefix)| (bits ^ network.to_bits()) >> (128 - prefix) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_the_public_internet_is_known() {
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ];
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "168.63.129.17",
            "192.0.1.1",
            "198.17.255.255",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ];
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

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
        fn an_address_is_as_public_in_every_dress(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(is_public(v4.into()), is_public(v4.to_ipv6_mapped().into()));
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified() {
                prop_assert!(!is_public(v4.into()));
            }
        }

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
