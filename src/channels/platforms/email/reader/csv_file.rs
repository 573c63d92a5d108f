//! Attachments of separated values.

use super::grid::{Cell, Grid, Source};

/// Rows that are looked at; an order has at most a thousand lines.
const ROWS: usize = 5_000;
const COLUMNS: usize = 256;

/// A grid of whatever separator makes the most columns in the first lines.
pub fn grid(text: &str, part: &str) -> Grid {
    // Old spreadsheets end lines with a carriage return alone.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let text = text.as_str();
    let separator = separator(text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut rows = vec![];
    // Lines are counted here: fields may hold line breaks, and the reader skips empty lines.
    let (mut line, mut seen) = (0, 0);
    for record in reader.records().take(ROWS) {
        // Text is UTF-8 already; what the reader refuses ends the table.
        let Ok(record) = record else { break };
        let at = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(seen).min(text.len());
        let bytes = text.as_bytes();
        let start = bytes[at..].iter().position(|byte| !matches!(byte, b'\r' | b'\n')).map_or(at, |skipped| at + skipped);
        line += bytes[seen.min(start)..start].iter().filter(|byte| **byte == b'\n').count();
        seen = start;
        rows.push((line, record.iter().take(COLUMNS).map(Cell::text).collect()));
    }
    Grid { source: Source::Csv { part: part.to_owned() }, rows }
}

fn separator(text: &str) -> u8 {
    // Excel may say it in the first line.
    if let Some(told) = text.lines().next().and_then(|line| line.strip_prefix("sep="))
        && let [separator] = told.trim().as_bytes()
    {
        return *separator;
    }
    let count = |separator: char| -> usize { text.lines().take(20).map(|line| line.matches(separator).count()).sum() };
    [(',', b','), (';', b';'), ('\t', b'\t'), ('|', b'|')]
        .into_iter()
        .max_by_key(|(c, _)| (count(*c), *c == ','))
        .map_or(b',', |(_, byte)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_found() {
        let cells = |text: &str| {
            grid(text, "2").rows.into_iter().map(|(_, row)| row.into_iter().map(|cell| cell.text).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(cells("sku;qty\nA;1,5\n"), [vec!["sku", "qty"], vec!["A", "1,5"]]);
        assert_eq!(cells("\u{feff}sku,qty\r\n\"A, b\",2\r\n"), [vec!["sku", "qty"], vec!["A, b", "2"]]);
        assert_eq!(cells("sku\tqty\nA\t1"), [vec!["sku", "qty"], vec!["A", "1"]]);
        assert_eq!(cells("sep=;\nsku;qty"), [vec!["sep=", ""], vec!["sku", "qty"]]);
        assert_eq!(cells("sku;qty\rA;1\rB;2\r"), [vec!["sku", "qty"], vec!["A", "1"], vec!["B", "2"]]);
        assert!(cells("").is_empty());
        let numbers: Vec<usize> = grid("sku;qty\r\rA;1\r", "2").rows.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [0, 2]);
    }
}
