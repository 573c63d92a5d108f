//! Lines of an order in plain text. Nothing in it says what is a column, so what is read here is for a person to look at.

use super::columns;
use super::grid::{Cell, Grid, Source};
use super::values;
use crate::verifications::reading::{Confidence, ReadField, ReadLine, Reading};

const LINES: usize = 5_000;
const GUESS: Confidence = Confidence::of(40);

/// The writer's own lines, without what he answers to: from 0, as they stand in the part.
pub fn own_lines(text: &str) -> Vec<(usize, &str)> {
    let mut own = vec![];
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    for (i, line) in lines.iter().enumerate() {
        if begins_quote(&lines[i..]) {
            break;
        }
        if !line.trim().starts_with('>') {
            own.push((i, *line));
        }
    }
    own
}

/// Whether there is something that the writer answers to or sends on.
pub fn has_quote(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    (0..lines.len()).any(|i| lines[i].trim().starts_with('>') || begins_quote(&lines[i..]))
}

/// How mail programs of our languages begin it; the first of the lines is the one in question.
fn begins_quote(lines: &[&str]) -> bool {
    let line = lines.first().map(|line| line.trim()).unwrap_or_default();
    // Most lines are none.
    if line.is_empty() || line.len() > 1_000 {
        return false;
    }
    let lower = line.to_lowercase();
    let dashes = lower.starts_with("---") || lower.starts_with("___");
    let marks = [
        "original message",
        "forwarded message",
        "ursprüngliche nachricht",
        "weitergeleitete nachricht",
        "pesan asli",
        "pesan yang diteruskan",
        "pesan terusan",
        "oorspronkelijk bericht",
        "doorgestuurd bericht",
        "message d'origine",
        "message transféré",
        "begin forwarded message",
    ];
    if (dashes || lower.starts_with("begin forwarded")) && marks.iter().any(|mark| lower.contains(mark)) {
        return true;
    }
    let introduces = ["on ", "am ", "pada ", "op ", "le ", "el "].iter().any(|word| lower.starts_with(word));
    let says = |text: &str| {
        ["wrote:", "schrieb:", "menulis:", "schreef:", "a écrit :", "a écrit:", "escribió:"].iter().any(|end| text.ends_with(end))
    };
    // Long introductions are broken, at the address mostly.
    let next = lines.get(1).map(|line| line.trim().to_lowercase()).unwrap_or_default();
    if introduces && (says(&lower) || lower.chars().any(|c| c.is_ascii_digit()) && next.len() < 200 && says(&next)) {
        return true;
    }
    // The head of a mail that Outlook answers to.
    let from = ["from:", "von:", "dari:", "van:", "de:", "de :"].iter().any(|word| lower.starts_with(word));
    // Not `Date:`, which letters have as well.
    let sent = ["sent:", "gesendet:", "dikirim:", "verzonden:", "envoyé :", "envoyé:", "enviado:", "enviado el:"];
    from && lines[1..].iter().take(3).any(|line| {
        let lower = line.trim().to_lowercase();
        sent.iter().any(|word| lower.starts_with(word))
    })
}

/// Whether a line could be one of an order: cells, or a product and how many.
pub fn is_row(line: &str) -> bool {
    cells(line).len() >= 2 || loose_line(line).is_some()
}

/// The grid of a table whose columns are set apart by tabs, bars, semicolons or wide gaps.
pub fn grid(text: &str, part: &str) -> Grid {
    let rows = own_lines(text).into_iter().map(|(number, line)| (number, cells(line))).collect();
    Grid { source: Source::Text { part: part.to_owned() }, rows }
}

fn cells(line: &str) -> Vec<Cell> {
    let line = line.trim();
    for separator in ['\t', '|', ';'] {
        if line.contains(separator) {
            return line.trim_matches('|').split(separator).map(|text| Cell::text(text.trim())).collect();
        }
    }
    line.split("  ").map(str::trim).filter(|text| !text.is_empty()).map(Cell::text).collect()
}

/// Lines such as `KOPI-250 3`, `3 x KOPI-250` or `- KOPI-250: 3 pcs`; `None` where there are none.
pub fn loose_lines(text: &str, part: &str) -> Option<Reading> {
    let source = Source::Text { part: part.to_owned() };
    let mut reading = Reading::default();
    for (number, line) in own_lines(text) {
        if let Some((sku, quantity, unit)) = loose_line(line) {
            let field = |value: String| ReadField::new(value, GUESS, source.place(number, 0));
            reading.lines.push(ReadLine {
                sku: Some(field(sku)),
                quantity: Some(field(quantity)),
                unit: unit.map(field),
                ..ReadLine::default()
            });
        }
        if reading.lines.len() == crate::platform::limits::ORDER_LINES {
            break;
        }
    }
    (!reading.lines.is_empty()).then_some(reading)
}

fn loose_line(line: &str) -> Option<(String, String, Option<String>)> {
    let line = line.trim().trim_start_matches(['-', '*', '•', '·']).trim();
    if line.len() > 120 || columns::is_sum(line.split_whitespace().next()?) {
        return None;
    }
    let words: Vec<&str> =
        line.split(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | ',' | '@')).filter(|word| !word.is_empty()).collect();
    let words: Vec<&str> =
        words.into_iter().filter(|word| !matches!(word.to_lowercase().as_str(), "x" | "×" | "of" | "qty" | "jumlah")).collect();
    let quantity = |word: &str| {
        values::number(word).filter(|number| number.rest.is_empty() || number.rest == "x").map(|number| number.value.to_string())
    };
    match words.as_slice() {
        [first, second] if looks_like_sku(first) => Some(((*first).to_owned(), quantity(second)?, None)),
        [first, second] if looks_like_sku(second) => Some(((*second).to_owned(), quantity(first)?, None)),
        [first, second, unit] if looks_like_sku(first) && is_unit(unit) => {
            Some(((*first).to_owned(), quantity(second)?, Some((*unit).to_owned())))
        }
        [first, unit, sku] if looks_like_sku(sku) && is_unit(unit) => Some(((*sku).to_owned(), quantity(first)?, Some((*unit).to_owned()))),
        _ => None,
    }
}

/// Letters together with digits or a hyphen, as no word of a sentence is.
fn looks_like_sku(word: &str) -> bool {
    (3..=64).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && !word.ends_with(['.', '-'])
        && values::number(word).is_none()
}

fn is_unit(word: &str) -> bool {
    word.len() <= 6 && word.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_product_and_quantity() {
        let text = "Selamat pagi,\n\nmohon kirim:\n- KOPI-250 3\n2 x TEH-100\nGULA1: 5 kg\n\nTerima kasih, 2 orang\nTotal 10\n";
        let reading = loose_lines(text, "1").unwrap();
        let read: Vec<(&str, &str, Option<&str>, &str)> = reading
            .lines
            .iter()
            .map(|line| {
                let (sku, quantity) = (line.sku.as_ref().unwrap(), line.quantity.as_ref().unwrap());
                (sku.value.as_str(), quantity.value.as_str(), line.unit.as_ref().map(|unit| unit.value.as_str()), sku.place.as_str())
            })
            .collect();
        assert_eq!(
            read,
            [
                ("KOPI-250", "3", None, "part=1;line=4"),
                ("TEH-100", "2", None, "part=1;line=5"),
                ("GULA1", "5", Some("kg"), "part=1;line=6")
            ]
        );
        assert!(loose_lines("Dear all,\nwe meet at 10 in room B12, 3 people.\n", "1").is_none());
    }

    #[test]
    fn what_is_answered_to_is_not_the_writers() {
        let own = |text: &'static str| own_lines(text).into_iter().map(|(_, line)| line).collect::<Vec<_>>();
        assert_eq!(own("yes\n> KOPI-250 3\nOn Monday, Siti wrote:\nTEH-100 2"), ["yes"]);
        assert_eq!(own("fyi\n-------- Forwarded Message --------\nTEH-100 2"), ["fyi"]);
        assert!(has_quote("a\nAm 1.1.2026 schrieb:\n") && !has_quote("a\nOn Monday we meet\n"));
    }

    #[test]
    fn a_table_in_text_is_a_grid() {
        let cells = |line: &str| cells(line).into_iter().map(|cell| cell.text).collect::<Vec<_>>();
        assert_eq!(cells("| SKU | Qty |"), ["SKU", "Qty"]);
        assert_eq!(cells("KOPI-250   3    pcs"), ["KOPI-250", "3", "pcs"]);
        assert_eq!(cells("a\tb"), ["a", "b"]);
    }
}
