//! Bounded strings: the checks that every text from outside passes. Names, numbers and references are one line; notes, reasons and
//! messages may have several.

use super::fault::{Faults, member};

/// Whether a character turns the direction of writing for what follows it, so that a name or a number shows otherwise than it is
/// (Unicode Technical Report 36 §3.2; the embeddings, overrides and isolates of UAX #9).
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a line ends here, beside where control characters end one.
fn separates_lines(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// One line: 1 to `max` characters, no control characters, none that end a line or turn its direction, not only white space.
pub fn check_text(faults: &mut Faults, pointer: &str, text: &str, max: usize) {
    let unfit = |c: char| c.is_control() || separates_lines(c) || turns_direction(c);
    check(faults, pointer, text, max, unfit, "one line without control characters, or such as turn the direction of writing");
}

/// Text of several lines, as people write to each other: as `check_text`, but with tabs and line breaks.
pub fn check_prose(faults: &mut Faults, pointer: &str, text: &str, max: usize) {
    let unfit = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r') || turns_direction(c);
    check(faults, pointer, text, max, unfit, "text without control characters, or such as turn the direction of writing");
}

fn check(faults: &mut Faults, pointer: &str, text: &str, max: usize, unfit: impl Fn(char) -> bool, wanted: &str) {
    let length = text.chars().count();
    if text.trim().is_empty() {
        faults.add(pointer, "required", "must not be empty");
    } else if length > max {
        faults.add(pointer, "too_long", format!("at most {max} characters, this has {length}"));
    } else if text.chars().any(unfit) {
        faults.add(pointer, "invalid_characters", wanted);
    }
}

/// As `check_text` where the text is present.
pub fn check_optional_text(faults: &mut Faults, pointer: &str, text: Option<&str>, max: usize) {
    if let Some(text) = text {
        check_text(faults, pointer, text, max);
    }
}

/// As `check_prose` where the text is present.
pub fn check_optional_prose(faults: &mut Faults, pointer: &str, text: Option<&str>, max: usize) {
    if let Some(text) = text {
        check_prose(faults, pointer, text, max);
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
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || turns_direction(c))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(check: fn(&mut Faults, &str, &str, usize), text: &str) -> Vec<String> {
        let mut faults = Faults::new();
        check(&mut faults, "/x", text, 20);
        faults.into_result().err().into_iter().flatten().map(|fault| fault.code).collect()
    }

    #[test]
    fn names_are_one_line_and_prose_may_have_several() {
        for fine in ["Budi", "株式会社", "محمد", "e\u{301}", "a\u{200e}b", "zero\u{200d}width", "\u{1f600}"] {
            assert_eq!((codes(check_text, fine), codes(check_prose, fine)), (vec![], vec![]), "{fine:?}");
        }
        for lines in ["a\nb", "a\r\nb", "a\tb", "a\u{2028}b", "a\u{2029}b"] {
            assert_eq!((codes(check_text, lines), codes(check_prose, lines)), (vec!["invalid_characters".to_owned()], vec![]), "{lines:?}");
        }
        let turning = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').map(|c| format!("gpj{c}exe"));
        for nowhere in turning.chain(["a\u{1b}b".to_owned(), "a\u{7f}b".to_owned(), "a\u{85}b".to_owned(), "a\u{0}b".to_owned()]) {
            assert_eq!(codes(check_text, &nowhere), ["invalid_characters"], "{nowhere:?}");
            assert_eq!(codes(check_prose, &nowhere), ["invalid_characters"], "{nowhere:?}");
        }
        assert_eq!((codes(check_text, "  "), codes(check_prose, "\n")), (vec!["required".to_owned()], vec!["required".to_owned()]));
        assert_eq!(codes(check_prose, &"a\n".repeat(11)), ["too_long"]);
    }
}
