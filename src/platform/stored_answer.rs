//! How the answer of a request is kept for its repetition: compressed before it crosses to Postgres.
//!
//! LZ4 with a dictionary: answers of this API consist mostly of the names of their members, which the dictionary holds, so that a
//! few microseconds make 5 kB of order into less than 1.5 kB.

use crate::error::Error;
use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};

/// The shape of an order. It may never change: what was stored with it is read with it. A better one gets the next format number.
const DICTIONARY: &[u8] = include_bytes!("stored_answer.dictionary");
/// First byte of what was compressed with [`DICTIONARY`].
const FORMAT: u8 = 1;

pub fn compress(answer: &[u8]) -> Vec<u8> {
    let mut stored = vec![FORMAT];
    stored.extend(compress_prepend_size_with_dict(answer, DICTIONARY));
    stored
}

/// # Errors
/// Where it was not stored by [`compress`].
pub fn decompress(stored: &[u8]) -> Result<Vec<u8>, Error> {
    match stored.split_first() {
        Some((&FORMAT, rest)) => decompress_size_prepended_with_dict(rest, DICTIONARY).map_err(Error::internal),
        _ => Err(Error::internal("a stored answer of an unknown format")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn answers_survive(answer in prop::collection::vec(any::<u8>(), 0..5000), json in "(\\{\"id\":\"[0-9a-f]{8}\",\"quantity\":\"[0-9]\"\\}){0,100}") {
            prop_assert_eq!(decompress(&compress(&answer)).unwrap(), answer);
            prop_assert_eq!(decompress(&compress(json.as_bytes())).unwrap(), json.as_bytes());
        }
    }

    #[test]
    fn what_was_not_stored_by_us_is_an_error() {
        assert!(decompress(b"").is_err());
        assert!(decompress(b"\x02abc").is_err());
        assert!(decompress(b"\x01abc").is_err());
    }
}
