//! No header, however broken, opens a channel's door or makes whoever reads it panic.

use super::platform;
use crate::channels::body::{Channel, ChannelKind, ChannelSettings};
use crate::channels::platform::{Knock, Listening};
use crate::payments::provider::stripe::signature as stripe;
use crate::types::id::{ChannelId, OrganizationId};
use chrono::DateTime;
use proptest::prelude::*;
use proptest::test_runner::Config;

/// All headers that a platform is known by.
const NAMES: [&str; 13] = [
    "authorization",
    "x-shopify-hmac-sha256",
    "x-shopify-topic",
    "x-wc-webhook-signature",
    "x-wc-webhook-topic",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "x-pesanan-secret",
    "x-signature-sha256",
    "x-channel-secret",
];

fn listening(kind: ChannelKind) -> Listening {
    let channel = Channel {
        id: ChannelId::generate(),
        code: "door".into(),
        kind,
        name: "Door".into(),
        active: true,
        settings: ChannelSettings { organization_id: Some("00D7F00000107XsUAI".into()), ..ChannelSettings::default() },
        inbound_url: None,
        secret_count: 2,
        credentials: vec![],
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    };
    let secrets = vec!["first-secret-of-the-channel".to_owned(), "whsec_c2Vjb25kLXNlY3JldA==".to_owned()];
    Listening { organization_id: OrganizationId::generate(), channel, secrets }
}

/// What somebody without the secret may write.
fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "v1,", "v1=", "v1a,", " ", ",", "=", "Basic ", "basic ", "Bearer ", "sha256=", "1772445600", "1772445600000", "-1", "9223372036854775807", "t=",
            "AAAA", "5bdcc146bf60754e", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "whsec_", ":", "first-secret", "\u{e9}", "",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[A-Za-z0-9+/]{0,44}={0,2}",
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((prop::sample::select(&NAMES[..]).prop_map(str::to_owned), value()), 0..8)
}

fn stays_shut(kinds: &[Listening], headers: &[(String, String)], body: &[u8]) {
    let now = DateTime::from_timestamp(1_772_445_600, 0).unwrap();
    let knock = Knock { method: "POST", uris: vec!["https://seller.example/v1/inbound/1".to_owned()], headers, body };
    for listening in kinds {
        let admitted = platform(listening.channel.kind).unwrap().admit(&knock, listening, now);
        assert!(admitted.is_err(), "{} lets {headers:?} in", listening.channel.kind);
    }
    // The payment provider's header is a list of its own kind.
    for (_, value) in headers {
        assert!(stripe::verify(value, body, &kinds[0].secrets, now).is_err(), "Stripe lets {value:?} in");
    }
}

fn doors() -> Vec<Listening> {
    let doors: Vec<Listening> = ChannelKind::ALL.iter().filter(|kind| platform(**kind).is_some()).map(|kind| listening(*kind)).collect();
    assert_eq!(doors.len(), 8);
    doors
}

fn tried(cases: u32) {
    let doors = doors();
    proptest!(Config { cases, ..Config::default() }, |(headers in headers(), body in prop::collection::vec(any::<u8>(), 0..40))| {
        stays_shut(&doors, &headers, &body);
    });
}

#[test]
fn no_header_of_a_stranger_opens_a_door() {
    tried(1_000);
}

#[test]
#[ignore = "a million inputs"]
fn a_million_headers_of_strangers_open_no_door() {
    tried(1_000_000);
}
