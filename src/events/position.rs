//! Where an event stands in the feed, and the two forms in which the outside sees that: an opaque position and a UUID.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A place in the feed: everything up to and including this sequence number has been seen. Zero is the beginning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Position(pub i64);

/// The first byte of an encoded position, so that the form may change while old ones are still understood.
const VERSION: u8 = 1;

impl Position {
    /// The opaque text that readers hand back. It is bound to no filter: a reader may change its types and go on.
    pub fn encode(self) -> String {
        let mut bytes = [VERSION; 9];
        bytes[1..].copy_from_slice(&self.0.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` for what is not one of ours.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 9] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (version, number) = bytes.split_first()?;
        let position = i64::from_be_bytes(number.try_into().ok()?);
        (*version == VERSION && position >= 0).then_some(Self(position))
    }
}

const SEQUENCE_BITS: u64 = (1 << 62) - 1;

/// The event's public id: a UUIDv7 (RFC 9562 §5.7) of its time, with its sequence number in the place of the random bits
/// (§6.2 allows a counter there). Nothing more is stored, and the event is found again by its primary key.
pub fn event_id(sequence: i64, occurred_at: DateTime<Utc>) -> Uuid {
    let mut rest = [0; 10];
    rest[2..].copy_from_slice(&(sequence.unsigned_abs() & SEQUENCE_BITS).to_be_bytes());
    let millis = u64::try_from(occurred_at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// The sequence number that a public id would have. Whether there is such an event, only the feed knows.
pub fn sequence_of(id: Uuid) -> i64 {
    (id.as_u64_pair().1 & SEQUENCE_BITS).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_encoding_and_nothing_else_is_one() {
        for position in [Position(0), Position(1), Position(i64::MAX)] {
            assert_eq!(Position::decode(&position.encode()), Some(position));
        }
        for bad in ["", "garbage!", "AQ", &URL_SAFE_NO_PAD.encode([2; 9]), &URL_SAFE_NO_PAD.encode([1, 255, 0, 0, 0, 0, 0, 0, 0])] {
            assert_eq!(Position::decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_public_id_is_a_version_7_uuid_that_leads_back_to_its_event() {
        let at = DateTime::from_timestamp_millis(1_790_000_000_123).unwrap();
        let id = event_id(987_654_321, at);
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert_eq!(sequence_of(id), 987_654_321);
        assert!(event_id(2, at) < event_id(3, at));
        assert_eq!(id.get_timestamp().map(|time| time.to_unix().0), Some(1_790_000_000));
    }
}
