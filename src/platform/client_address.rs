//! The address of whoever asks: the peer's, unless the peer is a proxy that is trusted to tell it.

use actix_web::http::header::{HeaderMap, HeaderName};
use std::net::IpAddr;

/// Addresses with a common beginning, such as `10.0.0.0/8`; one address is a network of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' is no address or network such as 10.0.0.0/8");
        let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if prefix > longest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    fn contains(&self, other: IpAddr) -> bool {
        let same = |a: u128, b: u128, bits: u32| {
            let ignored = bits - self.prefix;
            // A shift by all bits is none.
            a.checked_shr(ignored).unwrap_or(0) == b.checked_shr(ignored).unwrap_or(0)
        };
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// From right to left, the first address that is no trusted proxy's: each trusted proxy has appended whom it heard from, and what
/// stands further to the left could be anybody's invention.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let mut nearest = peer?.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let told = headers.get_all(HeaderName::from_static("x-forwarded-for")).filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
    for text in told.into_iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        let Ok(address) = text.parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
    }
    Some(nearest)
}

/// What stands for an address when tries are counted: a whole /64 of IPv6, since one subscriber has that many.
pub fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x}/64", address.to_bits() >> 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        client_address(peer.parse().ok(), &headers, &trusted).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.7"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.7"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["198.51.100.7"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(
            seen("10.1.2.3", &["1.1.1.1, 198.51.100.7, 10.9.9.9"], &["10.0.0.0/8"]),
            "198.51.100.7",
            "what a client invents is ignored"
        );
        assert_eq!(seen("10.1.2.3", &["1.1.1.1", "198.51.100.7"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(seen("10.1.2.3", &["nonsense"], &["10.0.0.0/8"]), "10.1.2.3");
        assert_eq!(seen("::1", &["2001:db8::7"], &["::1"]), "2001:db8::7");
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::7"], &["10.0.0.1"]), "2001:db8::7");
        assert_eq!(seen("8.8.8.8", &["9.9.9.9"], &["0.0.0.0/0"]), "9.9.9.9");
    }

    #[test]
    fn networks_are_read_and_slips_are_told() {
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "x"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        assert_eq!(counted_as("2001:db8::1".parse().unwrap()), counted_as("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(counted_as("2001:db8::1".parse().unwrap()), counted_as("2001:db8:0:1::1".parse().unwrap()));
    }
}
