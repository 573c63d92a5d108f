//! Which addresses this process may call by itself: those of the public internet. One inside of our own network would let whoever
//! writes an address reach what only we can reach (server-side request forgery).

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How far this process may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// This machine too, and that without TLS: for trying out, never where others write addresses.
    pub loopback: bool,
}

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfReach(pub &'static str);

impl Reach {
    /// Whether a connection may go there.
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || self.loopback && is_loopback(address)
    }

    /// The address, if it is one to call; a name in it is looked up when it is called.
    pub fn read(self, text: &str) -> Result<Url, OutOfReach> {
        let url = Url::parse(text).map_err(|_| OutOfReach("write an address such as https://api.example.com"))?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(OutOfReach("write the address alone, without user, query or fragment"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(OutOfReach("the address has no host"))?;
        let literal = literal(host);
        let here = literal.map_or_else(|| is_localhost(host), is_loopback);
        match url.scheme() {
            "https" => {}
            "http" if self.loopback && here => {}
            _ => return Err(OutOfReach("an https address is needed")),
        }
        if literal.map_or_else(|| is_localhost(host) && !self.loopback, |address| !self.allows(address)) {
            return Err(OutOfReach("this is no public address"));
        }
        Ok(url)
    }
}

/// The resolver of an HTTP client: whatever a name leads to, only what is within reach is connected to, and the address that is
/// checked is the one that is connected to.
pub struct WithinReach(pub Reach);

impl Resolve for WithinReach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(format!("'{}' leads to no public address", name.as_str()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The address that a URL's host is, where it is no name.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a name is this machine's own.
pub fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // RFC 6761 §6.3.
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether an address is this machine's own, in IPv6 dress too.
pub fn is_loopback(address: IpAddr) -> bool {
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

    const INSIDE: Reach = Reach { loopback: false };
    const TRIAL: Reach = Reach { loopback: true };

    #[test]
    fn only_public_addresses_are_called_and_in_a_trial_this_machine() {
        for fine in ["https://api.hubapi.com", "https://nusantara.my.salesforce.com/", "https://8.8.8.8", "https://[2606:4700::1111]/a/b"] {
            assert!(INSIDE.read(fine).is_ok() && TRIAL.read(fine).is_ok(), "{fine}");
        }
        for here in ["http://127.0.0.1:9000", "http://localhost:1/x", "http://[::1]:2/", "https://a.localhost"] {
            assert!(INSIDE.read(here).is_err() && TRIAL.read(here).is_ok(), "{here}");
        }
        let never = [
            "",
            "api.hubapi.com",
            "ftp://example.com",
            "http://example.com",
            "https://10.0.0.1",
            "https://169.254.169.254/latest",
            "https://user:secret@example.com",
            "https://example.com/?a=b",
            "https://example.com/#a",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00:ec2::254]/",
            "https://0x0a000001/",
            "https://[64:ff9b::a00:1]/",
            "http://10.0.0.1",
        ];
        for text in never {
            assert!(INSIDE.read(text).is_err() && TRIAL.read(text).is_err(), "{text}");
        }
    }

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

    proptest! {
        #[test]
        fn an_address_is_as_public_in_every_dress(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(is_public(v4.into()), is_public(v4.to_ipv6_mapped().into()));
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified() {
                prop_assert!(!is_public(v4.into()));
            }
        }
    }
}
