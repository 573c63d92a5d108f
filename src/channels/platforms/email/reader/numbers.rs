//! The buyer's own number of an order in the subject of a mail.

use super::{columns, values};
use crate::verifications::reading::{Confidence, ReadField};

/// Words that stand before a number of ours as well as before one of the buyer's.
const WEAK: &[&str] = &["order", "ourorder", "neworder", "orderan", "pesanan", "pesananbaru", "pedido", "ordendecompra", "auftrag"];
/// What is ours is not the buyer's.
const YOURS: &[&str] = &["your", "ihr", "ihre", "ihrer", "uw", "votre", "vos", "su", "sus", "vuestro"];

/// The number: a word that begins with `PO`, else what follows a word for it and has a digit.
pub fn of_subject(subject: &str) -> Option<ReadField> {
    let words: Vec<&str> = subject.split_whitespace().collect();
    let value = words.iter().find_map(|word| with_prefix(word)).map(str::to_owned);
    let value = value.or_else(|| labelled(&words, columns::is_order_number_label).filter(|value| has_digit(value)));
    let value =
        value.or_else(|| labelled(&words, |label| WEAK.contains(&columns::folded(label).as_str())).filter(|value| is_number(value)));
    value.filter(|value| value.len() <= 100).map(|value| ReadField::new(value, Confidence::of(92), "header=Subject"))
}

/// Words that are looked at as numbers.
const MANY: usize = 100;

/// Words with a digit, such as numbers of orders are.
pub fn all<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words = texts.flat_map(str::split_whitespace).map(bare).filter(|word| (3..=40).contains(&word.len()) && has_digit(word));
    words.take(MANY).map(str::to_owned).collect()
}

/// Whether the subject speaks of something that the reader of the mail has.
pub fn says_yours(subject: &str) -> bool {
    subject.split_whitespace().any(|word| YOURS.contains(&columns::folded(word).as_str()))
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit())
}

/// `PO-1001`, `PO/2026/001` and `PO1001` as they are, `33` of `PO#33`.
pub fn with_prefix(word: &str) -> Option<&str> {
    let word = bare(word);
    let after = ["po", "p.o."].iter().find_map(|prefix| {
        let start = word.get(..prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then(|| &word[prefix.len()..])
    })?;
    let number = after.trim_start_matches(['-', '/', '_', '.', '#', ':']);
    let set_apart = number.len() < after.len() || number.starts_with(|c: char| c.is_ascii_digit());
    let plain = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '_' | '.' | '#' | ':'));
    if !set_apart || !plain || !has_digit(number) {
        return None;
    }
    Some(if after.starts_with(['#', ':']) { number } else { word })
}

/// What follows a label of one to three words.
fn labelled(words: &[&str], is_label: impl Fn(&str) -> bool) -> Option<String> {
    for i in 0..words.len() {
        if i > 0 && YOURS.contains(&columns::folded(words[i - 1]).as_str()) {
            continue;
        }
        for length in 1..=3 {
            let Some(label) = words.get(i..i + length).map(|words| words.join("")) else { break };
            if is_label(&label)
                && let Some(value) = words[i + length..].iter().map(|word| bare(word)).find(|word| !is_filler(word))
                && has_digit(value)
            {
                return Some(value.to_owned());
            }
        }
    }
    None
}

/// Not a quantity, a year or a day: after a weak word only what can hardly be anything else.
fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let year = text.len() == 4 && text.starts_with("20");
    let plain = digits == text.len();
    (if plain { digits >= 4 && !year } else { digits >= 2 }) && values::date(text).is_none()
}

fn is_filler(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "" | "no" | "nr" | "number" | "nomor" | "n" | "num" | "numéro" | "nummer" | "número")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_orders_in_subjects() {
        for (subject, number) in [
            ("Purchase order 10248", Some("10248")),
            ("PO 4711", Some("4711")),
            ("PO 1002", Some("1002")),
            ("PO# 4711-A urgent", Some("4711-A")),
            ("Order PO-1001", Some("PO-1001")),
            ("Pesanan PO/2026/001", Some("PO/2026/001")),
            ("PO#33", Some("33")),
            ("PO:33", Some("33")),
            ("P.O.-77", Some("P.O.-77")),
            ("New order (PO1001)", Some("PO1001")),
            ("Bestellung PO-1002", Some("PO-1002")),
            ("Purchase Order 4711", Some("4711")),
            ("Order 4711", Some("4711")),
            ("Order no. 2026/77", Some("2026/77")),
            ("Pesanan baru No. A-17", Some("A-17")),
            ("Pedido 10023", Some("10023")),
            ("Bestellung Nr. B-77", Some("B-77")),
            ("Bon de commande n° 2026/15", Some("2026/15")),
            ("Re: Your order SO-000100", None),
            ("Ihre Bestellung 4711", None),
            ("Order 5 boxes", None),
            ("Order 2026", None),
            ("Order 30.11.2026", None),
            ("Order of 2026-11-30", None),
            ("POS-terminal 4", None),
            ("Pesanan baru", None),
            ("Purchase order attached", None),
            ("hello 5", None),
        ] {
            assert_eq!(of_subject(subject).map(|field| field.value), number.map(str::to_owned), "{subject}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_subject_and_has_a_digit(subject in "\\PC{0,60}|(PO|Order|Pesanan|your|[-#/: ]|[0-9]|é){0,12}") {
            if let Some(field) = of_subject(&subject) {
                prop_assert!(subject.contains(&field.value) && has_digit(&field.value));
            }
        }
    }
}
