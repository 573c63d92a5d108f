use super::super::creditor_reference::plain;
use std::collections::HashSet;

/// How many runs of letters and digits of a text are looked at, and how many of them make one number at most.
const RUNS: usize = 60;
const JOINED: usize = 4;

/// What in a text may be a number of ours: runs of letters and digits, alone and joined to those that follow, with at least one
/// digit. So `INV-000001`, `inv 000001` and `INV000001/INV000002` are all found.
pub fn named_numbers(text: &str) -> HashSet<String> {
    let runs: Vec<String> =
        text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()).filter(|run| !run.is_empty()).take(RUNS).map(plain).collect();
    let mut found = HashSet::new();
    for start in 0..runs.len() {
        let mut joined = String::new();
        for run in runs.iter().skip(start).take(JOINED) {
            joined.push_str(run);
            if joined.len() > 40 {
                break;
            }
            if joined.len() >= 4 && joined.bytes().any(|b| b.is_ascii_digit()) {
                found.insert(joined.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_as_people_write_them() {
        for text in [
            "INV-000123",
            "Rechnung inv 000123, danke",
            "INV000123/INV000124",
            "/INV/000123/",
            "pay INV-\n000123.",
            "Invoice:INV-000123;SO-000001",
        ] {
            assert!(named_numbers(text).contains("INV000123"), "{text}");
        }
        assert!(named_numbers("INV000123/INV000124").contains("INV000124"));
        assert!(named_numbers("INV/2026/0001").contains("INV20260001"));
        assert!(!named_numbers("INV-0001234").contains("INV000123"), "no number is a part of another");
        assert!(named_numbers("thank you").is_empty());
        assert!(named_numbers(&"A1 ".repeat(10_000)).len() < 300);
    }
}
