//! Spreadsheets of Office Open XML (ECMA-376), read within bounds: no entry of the archive may unfold to more than a few megabytes,
//! whatever it says of itself.

use super::grid::{Cell, Grid, Source};
use super::xlsx_styles::DateStyles;
use flate2::read::DeflateDecoder;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::io::Read;

/// Unfolded bytes of one entry. A sheet of a thousand lines has a few hundred kilobytes.
const ENTRY: u64 = 16 * 1024 * 1024;
const ENTRIES: usize = 2_000;
const SHEETS: usize = 10;
const ROWS: usize = 5_000;
const COLUMNS: usize = 256;
const STRINGS: usize = 200_000;

/// The sheets of the workbook; `None` for what is none.
pub fn grids(bytes: &[u8], part: &str) -> Option<Vec<Grid>> {
    let archive = Archive::open(bytes)?;
    let strings = archive.text("xl/sharedStrings.xml").map(|text| shared_strings(&text)).unwrap_or_default();
    let mut names: Vec<&str> = archive.names().filter(|name| name.starts_with("xl/worksheets/") && name.ends_with(".xml")).collect();
    names.sort_by_key(|name| (name.len(), name.to_owned()));
    let workbook = archive.text("xl/workbook.xml").unwrap_or_default();
    let titles = sheet_titles(&workbook);
    let styles = DateStyles::of(&archive.text("xl/styles.xml").unwrap_or_default(), &workbook);
    let grids = names.iter().take(SHEETS).enumerate().filter_map(|(i, name)| {
        let text = archive.text(name)?;
        let sheet = titles.get(i).cloned().unwrap_or_else(|| format!("{}", i + 1));
        Some(Grid { source: Source::Sheet { part: part.to_owned(), sheet }, rows: rows(&text, &strings, &styles) })
    });
    let grids: Vec<Grid> = grids.collect();
    (!grids.is_empty()).then_some(grids)
}

/// A ZIP archive (APPNOTE 6.3), as far as spreadsheets use it.
struct Archive<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    method: u16,
    /// Of its local header.
    at: usize,
    packed: usize,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).ok()
}

impl<'a> Archive<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        // The end record stands at the end, before a comment of at most 64 KiB.
        let from = bytes.len().saturating_sub(65_557);
        let end = (from..bytes.len().checked_sub(21)?).rev().find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))?;
        let count = u16_at(bytes, end + 10)?.min(ENTRIES);
        let mut at = u32_at(bytes, end + 16)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            if !bytes.get(at..)?.starts_with(b"PK\x01\x02") {
                break;
            }
            let (name_length, extra, comment) = (u16_at(bytes, at + 28)?, u16_at(bytes, at + 30)?, u16_at(bytes, at + 32)?);
            let name = bytes.get(at + 46..at + 46 + name_length)?;
            entries.push(Entry {
                name: String::from_utf8_lossy(name).replace('\\', "/"),
                method: u16::try_from(u16_at(bytes, at + 10)?).ok()?,
                at: u32_at(bytes, at + 42)?,
                packed: u32_at(bytes, at + 20)?,
            });
            at += 46 + name_length + extra + comment;
        }
        Some(Self { bytes, entries })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// An entry as text; `None` where it is not there, packed in another way or longer than we read.
    fn text(&self, name: &str) -> Option<String> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        if !self.bytes.get(entry.at..)?.starts_with(b"PK\x03\x04") {
            return None;
        }
        let from = entry.at + 30 + u16_at(self.bytes, entry.at + 26)? + u16_at(self.bytes, entry.at + 28)?;
        let packed = self.bytes.get(from..from.checked_add(entry.packed)?)?;
        let mut out = Vec::new();
        match entry.method {
            0 => out.extend_from_slice(packed),
            8 => {
                DeflateDecoder::new(packed).take(ENTRY + 1).read_to_end(&mut out).ok()?;
            }
            _ => return None,
        }
        if out.len() as u64 > ENTRY {
            return None;
        }
        String::from_utf8(out).ok()
    }
}

pub fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

/// The text of an event between tags.
fn content(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(text.xml_content(XmlVersion::Implicit1_0).into_owned()),
        Event::CData(text) => Some(text.xml_content(XmlVersion::Implicit1_0).into_owned()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(character)) => Some(character.to_string()),
            Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference.xml_content(XmlVersion::Implicit1_0)).map(str::to_owned),
            Err(_) => None,
        },
        _ => None,
    }
}

fn shared_strings(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    let (mut strings, mut open, mut phonetic, mut inside) = (vec![], String::new(), false, false);
    while let Ok(event) = reader.read_event() {
        match &event {
            Event::Eof => break,
            Event::Start(start) => match start.local_name().as_ref() {
                "si" => open.clear(),
                "t" => inside = true,
                "rPh" => phonetic = true,
                _ => {}
            },
            Event::Empty(start) if start.local_name().as_ref() == "si" => strings.push(String::new()),
            Event::End(end) => match end.local_name().as_ref() {
                "si" => strings.push(std::mem::take(&mut open)),
                "t" => inside = false,
                "rPh" => phonetic = false,
                _ => {}
            },
            other if inside && !phonetic => open.extend(content(other)),
            _ => {}
        }
        if strings.len() > STRINGS {
            break;
        }
    }
    strings
}

fn sheet_titles(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    let mut titles = vec![];
    while let Ok(event) = reader.read_event() {
        match &event {
            Event::Eof => break,
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "sheet" && titles.len() < SHEETS => {
                titles.push(attribute(start, "name").unwrap_or_default());
            }
            _ => {}
        }
    }
    titles
}

/// Row and column, from 0, of a reference such as `B4`.
fn reference(text: &str) -> Option<(usize, usize)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let mut column = 0usize;
    for letter in text[..digits].bytes() {
        if !letter.is_ascii_uppercase() || column > 20_000 {
            return None;
        }
        column = column * 26 + usize::from(letter - b'A') + 1;
    }
    let row: usize = text[digits..].parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

/// How a cell says what it holds.
#[derive(Default)]
struct Open {
    row: usize,
    column: usize,
    kind: String,
    style: Option<usize>,
    text: String,
}

fn rows(text: &str, strings: &[String], styles: &DateStyles) -> Vec<(usize, Vec<Cell>)> {
    let mut reader = Reader::from_str(text);
    let mut rows: Vec<(usize, Vec<Cell>)> = vec![];
    let (mut open, mut inside, mut next) = (Open::default(), false, (0, 0));
    while let Ok(event) = reader.read_event() {
        match &event {
            Event::Eof => break,
            Event::Start(start) | Event::Empty(start) => {
                let empty = matches!(event, Event::Empty(_));
                match start.local_name().as_ref() {
                    "row" => {
                        let row = attribute(start, "r").and_then(|row| row.parse::<usize>().ok()).and_then(|row| row.checked_sub(1));
                        next = (row.unwrap_or(next.0), 0);
                        if empty {
                            next.0 += 1;
                        }
                    }
                    "c" => {
                        let (row, column) = attribute(start, "r").and_then(|text| reference(&text)).unwrap_or(next);
                        let style = attribute(start, "s").and_then(|style| style.parse().ok());
                        open = Open { row, column, kind: attribute(start, "t").unwrap_or_default(), style, text: String::new() };
                        next = (row, column + 1);
                    }
                    "v" | "t" => inside = !empty,
                    _ => {}
                }
            }
            Event::End(end) => match end.local_name().as_ref() {
                "v" | "t" => inside = false,
                "c" => put(&mut rows, &open, strings, styles),
                "row" => next = (next.0 + 1, 0),
                _ => {}
            },
            other if inside => open.text.extend(content(other)),
            _ => {}
        }
        if rows.len() > ROWS {
            break;
        }
    }
    rows
}

fn put(rows: &mut Vec<(usize, Vec<Cell>)>, open: &Open, strings: &[String], styles: &DateStyles) {
    if open.column >= COLUMNS {
        return;
    }
    let cell = match open.kind.as_str() {
        "s" => Cell::text(open.text.trim().parse::<usize>().ok().and_then(|place| strings.get(place)).cloned().unwrap_or_default()),
        "" | "n" => match open.text.trim().parse::<f64>() {
            // `1.0000000000000002` is how a spreadsheet stores what it shows as 1.
            Ok(value) if let Some(day) = styles.day(open.style, value) => Cell::text(day.to_string()),
            Ok(value) if value.is_finite() => Cell { text: shortest(&open.text, value), is_number: true },
            _ => Cell::text(&open.text),
        },
        // A mistake of the sheet's is no value.
        "e" => Cell::default(),
        _ => Cell::text(&open.text),
    };
    let row = match rows.last_mut() {
        Some((number, row)) if *number == open.row => row,
        _ => {
            rows.push((open.row, vec![]));
            let Some((_, row)) = rows.last_mut() else { return };
            row
        }
    };
    if row.len() <= open.column {
        row.resize(open.column + 1, Cell::default());
    }
    row[open.column] = cell;
}

/// The number as it is shown: fifteen digits are all that a spreadsheet keeps.
fn shortest(text: &str, value: f64) -> String {
    let text = text.trim();
    if text.len() <= 15 && !text.contains(['e', 'E']) {
        return text.to_owned();
    }
    let rounded = format!("{value:.9}");
    if rounded.len() > 40 { text.to_owned() } else { rounded.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A ZIP archive of stored entries.
    pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut out, mut directory) = (vec![], vec![]);
        for (name, bytes) in entries {
            let at = u32::try_from(out.len()).unwrap();
            let (length, name_length) = (u32::try_from(bytes.len()).unwrap(), u16::try_from(name.len()).unwrap());
            let fixed = |signature: &[u8; 4], versions: &[u8]| {
                let mut head = signature.to_vec();
                head.extend_from_slice(versions);
                head.extend_from_slice(&[0; 12]);
                head.extend_from_slice(&length.to_le_bytes());
                head.extend_from_slice(&length.to_le_bytes());
                head.extend_from_slice(&name_length.to_le_bytes());
                head.extend_from_slice(&[0; 2]);
                head
            };
            let mut local = fixed(b"PK\x03\x04", &[20, 0]);
            local.extend_from_slice(name.as_bytes());
            out.extend_from_slice(&local);
            out.extend_from_slice(bytes);
            let mut central = fixed(b"PK\x01\x02", &[20, 0, 20, 0]);
            central.extend_from_slice(&[0; 10]);
            central.extend_from_slice(&at.to_le_bytes());
            central.extend_from_slice(name.as_bytes());
            directory.extend_from_slice(&central);
        }
        let (at, count) = (u32::try_from(out.len()).unwrap(), u16::try_from(entries.len()).unwrap());
        let length = u32::try_from(directory.len()).unwrap();
        out.extend_from_slice(&directory);
        out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        out.extend_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&at.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out
    }

    /// A workbook of one sheet with a string table, an inline string and numbers, in its parts.
    pub const PARTS: [(&str, &[u8]); 3] = [
        ("xl/workbook.xml", br#"<workbook><sheets><sheet name="Pesanan" sheetId="1"/></sheets></workbook>"#),
        ("xl/sharedStrings.xml", br#"<sst><si><t>SKU</t></si><si><r><t>Q</t></r><r><t>ty</t></r></si><si><t>KOPI-250</t><rPh><t>x</t></rPh></si></sst>"#),
        (
            "xl/worksheets/sheet1.xml",
            br#"<worksheet><sheetData><row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c></row>
                <row r="3"><c r="B3" t="s"><v>2</v></c><c r="C3"><v>3</v></c></row>
                <row r="4"><c r="B4" t="inlineStr"><is><t>TEH-100 &amp; co</t></is></c><c r="C4"><v>2.5000000000000004</v></c></row></sheetData></worksheet>"#,
        ),
    ];

    pub fn workbook() -> Vec<u8> {
        archive(&PARTS)
    }

    #[test]
    fn a_workbook_becomes_a_grid() {
        let grids = grids(&workbook(), "2").unwrap();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].source, Source::Sheet { part: "2".into(), sheet: "Pesanan".into() });
        let texts: Vec<Vec<&str>> = grids[0].rows.iter().map(|(_, row)| row.iter().map(|cell| cell.text.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["", "SKU", "Qty"], vec!["", "KOPI-250", "3"], vec!["", "TEH-100 & co", "2.5"]]);
        assert_eq!(grids[0].rows[1].0, 2);
        assert_eq!(grids[0].source.place(2, 1), "part=2;sheet=Pesanan;cell=B3");
    }

    #[test]
    fn what_is_no_workbook_is_none() {
        assert!(grids(b"", "2").is_none());
        assert!(grids(b"PK\x05\x06", "2").is_none());
        assert!(grids(&[0; 100], "2").is_none());
        assert!(grids(&archive(&[("a.txt", b"x")]), "2").is_none());
        let whole = workbook();
        for end in 0..whole.len() {
            let _ = grids(&whole[..end], "2");
        }
    }
}
