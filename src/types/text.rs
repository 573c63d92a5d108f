//! Bounded strings: the checks that every text from outside passes.

use super::fault::{Faults, member};

/// 1 to `max` characters, no control characters but tab and line breaks, not only white space.
pub fn check_text(faults: &mut Faults, pointer: &str, text: &str, max: usize) {
    let length = text.chars().count();
    if text.trim().is_empty() {
        faults.add(pointer, "required", "must not be empty");
    } else if length > max {
        faults.add(pointer, "too_long", format!("at most {max} characters, this has {length}"));
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        faults.add(pointer, "invalid_characters", "control characters are not text");
    }
}

/// As `check_text` where the text is present.
pub fn check_optional_text(faults: &mut Faults, pointer: &str, text: Option<&str>, max: usize) {
    if let Some(text) = text {
        check_text(faults, pointer, text, max);
    }
}

/// A natural key in a path: 1–64 of `[A-Za-z0-9._~-]`, never `.` or `..` (they would be path navigation).
pub fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'))
        && text != "."
        && text != ".."
}

pub fn check_code(faults: &mut Faults, pointer: &str, text: &str) {
    faults.require(is_code(text), pointer, "invalid_code", "1 to 64 of letters, digits, '.', '_', '~', '-'");
}

/// Good enough to refuse a slip: one `@`, something on both sides, a dot in the domain, no white space, 254 at most (RFC 5321).
pub fn check_email(faults: &mut Faults, pointer: &str, email: &str) {
    let fine = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
        });
    faults.require(fine, pointer, "invalid_email", "write an address such as ada@example.com");
}

/// Free data: an object of at most 16 KiB as JSON.
pub fn check_metadata(faults: &mut Faults, pointer: &str, metadata: &serde_json::Map<String, serde_json::Value>) {
    let size = serde_json::to_vec(metadata).map_or(usize::MAX, |bytes| bytes.len());
    faults.require(size <= 16 * 1024, pointer, "too_long", "at most 16 KiB of JSON");
}

/// External ids: at most 20 systems, each id 1–255 characters.
pub fn check_external_ids(faults: &mut Faults, pointer: &str, ids: &std::collections::BTreeMap<String, String>) {
    faults.require(ids.len() <= 20, pointer, "too_many_items", "at most 20 external ids");
    for (system, id) in ids {
        let here = format!("{pointer}/{}", member(system));
        faults.require(is_code(system), here.clone(), "invalid_code", "name the system with letters, digits, '.', '_', '~', '-'");
        check_text(faults, &here, id, 255);
    }
}
