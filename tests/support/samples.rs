//! Test data that are no part of this repository: in the folder that `PESANAN_DATA` names, else in `../shared/data` beside it. A test
//! whose data are at neither place is skipped by name ([`crate::or_skip`]).
#![allow(clippy::unwrap_used, reason = "a test that cannot read its data can only stop")]

use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a file or folder of the test data is, if it is there.
pub fn place(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("PESANAN_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    [data, Some(beside)].into_iter().flatten().map(|data| data.join(name)).find(|place| place.exists())
}

/// A sample payload, where the samples are at hand.
pub fn sample(name: &str) -> Option<Vec<u8>> {
    place("payloads").map(|folder| folder.join(name)).filter(|file| file.is_file()).map(|file| std::fs::read(file).unwrap())
}

/// Says which test is skipped and why, past the harness, which keeps the output of tests that pass to itself.
pub fn skipped(here: &str, why: &str) {
    let name = here.split("::").filter(|part| !part.starts_with('{')).last().unwrap_or(here);
    let mut shown = std::io::stderr();
    writeln!(shown, "skipped: {name} ({why})").unwrap();
}

/// What is found, or the end of the test, which is then named as skipped with the reason why: by default, that its data are not at hand.
#[macro_export]
macro_rules! or_skip {
    ($found:expr) => {
        $crate::or_skip!($found, "its data are not at hand: set PESANAN_DATA")
    };
    ($found:expr, $why:expr) => {
        match $found {
            Some(found) => found,
            None => {
                $crate::support::samples::skipped(std::any::type_name_of_val(&|| ()), $why);
                return;
            }
        }
    };
}

#[test]
fn a_skipped_test_is_named() {
    fn skips() -> &'static str {
        std::any::type_name_of_val(&|| ())
    }
    let here = skips();
    assert_eq!(here.split("::").filter(|part| !part.starts_with('{')).last(), Some("skips"), "{here}");
    or_skip!(Some(()));
    assert_eq!((place("no such thing"), sample("no such thing")), (None, None));
}
