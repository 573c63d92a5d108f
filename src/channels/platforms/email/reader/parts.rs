//! The parts of a mail (RFC 2045), numbered as IMAP numbers them (RFC 3501 §6.4.5), and the lines found in them.

use super::grid;
use super::{csv_file, html, remark, text, tnef, xlsx};
use crate::channels::platforms::ubl::order::{self as ubl_order, UblOrder};
use crate::channels::platforms::ubl::reading;
use crate::verifications::reading::{Reading, Remark};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use std::collections::BTreeMap;

/// Parts that are looked at.
const PARTS: usize = 500;
const DEPTH: usize = 30;
const REMARKS: usize = 50;

/// What the parts hold together.
#[derive(Default)]
pub struct Found {
    pub reading: Option<Reading>,
    pub ubl: Option<UblOrder>,
    pub remarks: Vec<Remark>,
    /// The lines stand in a file, not in the text.
    pub from_attachment: bool,
    /// A mail is attached.
    pub holds_mail: bool,
    /// The text holds what it answers to, or a mail that it sends on.
    pub quotes: bool,
    pub forwards: bool,
    /// There are lines, but in what it answers to.
    pub quoted_lines: bool,
}

#[derive(Default)]
struct Sources {
    ubl: Vec<(Reading, UblOrder)>,
    files: Vec<Reading>,
    html: Vec<Reading>,
    text: Vec<Reading>,
}

/// Looks at every part. A UBL order counts more than a file, a file more than a table in the mail, and that more than its text.
pub fn look(message: &Message<'_>) -> Found {
    let (mut found, mut sources) = (Found::default(), Sources::default());
    let mut left = PARTS;
    walk(message, 0, "", 0, &mut left, &mut found, &mut sources);
    if sources.ubl.len() > 1 {
        found.remarks.push(Remark::new("several_orders", "more than one UBL order is attached; the first one was read", ""));
    }
    let Sources { ubl, files, html, text } = sources;
    let same = |a: &Reading, b: &Reading| demands(a) == demands(b);
    found.from_attachment = !ubl.is_empty() || !files.is_empty();
    if let Some((reading, order)) = ubl.into_iter().next() {
        (found.reading, found.ubl) = (Some(reading), Some(order));
    } else if let Some(first) = files.first() {
        if files[1..].iter().chain(&html).any(|other| !same(first, other)) {
            found.remarks.push(Remark::new("tables_differ", "there is more than one table, and they do not order the same", ""));
        }
        found.reading = files.into_iter().next();
    } else if let Some(first) = html.first() {
        if html[1..].iter().any(|other| !same(first, other)) {
            found.remarks.push(Remark::new("tables_differ", "there is more than one table, and they do not order the same", ""));
        }
        found.reading = html.into_iter().next();
    } else {
        found.reading = text.into_iter().next();
    }
    found.remarks.truncate(REMARKS);
    found
}

/// What is ordered, however it is arranged.
fn demands(reading: &Reading) -> BTreeMap<String, Vec<String>> {
    let mut demands: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in &reading.lines {
        let product = line.sku.as_ref().or(line.gtin.as_ref()).or(line.name.as_ref()).map(|field| field.value.clone()).unwrap_or_default();
        demands.entry(product).or_default().push(line.quantity.as_ref().map(|field| field.value.clone()).unwrap_or_default());
    }
    demands.values_mut().for_each(|quantities| quantities.sort());
    demands
}

fn walk(message: &Message<'_>, id: u32, number: &str, depth: usize, left: &mut usize, found: &mut Found, sources: &mut Sources) {
    let Some(part) = message.parts.get(id as usize) else { return };
    if *left == 0 || depth > DEPTH {
        return;
    }
    *left -= 1;
    if let PartType::Multipart(children) = &part.body {
        for (i, child) in children.iter().enumerate() {
            // Never the part itself or one before it: a parser's slip must not lead in a circle.
            if *child > id {
                let number = if number.is_empty() { format!("{}", i + 1) } else { format!("{number}.{}", i + 1) };
                walk(message, *child, &number, depth + 1, left, found, sources);
            }
        }
        return;
    }
    leaf(part, if number.is_empty() { "1" } else { number }, found, sources);
}

fn leaf(part: &MessagePart<'_>, number: &str, found: &mut Found, sources: &mut Sources) {
    let name: String = part.attachment_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    let content_type =
        part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase());
    let content_type = content_type.unwrap_or_default();
    let lower = name.to_lowercase();
    let ends = |suffix: &str| lower.ends_with(suffix);
    if part.is_encoding_problem {
        found.remarks.push(remark("encoding_problem", "the part's encoding is damaged; it was read as far as it goes", number));
    }
    match &part.body {
        PartType::Message(_) => {
            found.holds_mail = true;
            found.remarks.push(remark("attached_mail", "a mail is attached; it is not read", number));
        }
        PartType::Html(content) if name.is_empty() => {
            for table in html::tables(content, number) {
                let Some(reading) = grid::read(&table.grid) else { continue };
                if table.quoted {
                    found.quoted_lines = true;
                } else {
                    sources.html.push(reading);
                }
            }
        }
        PartType::Text(content) if name.is_empty() && content_type != "text/csv" => {
            if text::has_quote(content) {
                found.quotes = true;
                found.forwards |= content.lines().any(|line| line.to_lowercase().contains("forwarded message"));
            }
            let reading = grid::read(&text::grid(content, number)).or_else(|| text::loose_lines(content, number));
            sources.text.extend(reading);
        }
        PartType::Text(content) | PartType::Html(content) if is_xml(&content_type, &lower) => {
            xml(content.as_bytes(), &name, number, found, sources)
        }
        PartType::Text(content) if content_type == "text/csv" || ends(".csv") || ends(".tsv") || ends(".txt") => {
            sources.files.extend(grid::read(&csv_file::grid(content, number)));
        }
        PartType::Text(_) | PartType::Html(_) | PartType::Multipart(_) => {}
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => binary(bytes, &content_type, &name, number, found, sources),
    }
}

fn is_xml(content_type: &str, name: &str) -> bool {
    matches!(content_type, "text/xml" | "application/xml") || content_type.ends_with("+xml") || name.ends_with(".xml")
}

fn xml(bytes: &[u8], name: &str, number: &str, found: &mut Found, sources: &mut Sources) {
    if !ubl_order::claims_to_be(bytes) {
        found.remarks.push(remark("unread_attachment", format!("{name} is XML, but no UBL order"), number));
        return;
    }
    match ubl_order::read(bytes) {
        Ok(order) => sources.ubl.push((reading::of(&order, &format!("part={number};xpath=")), order)),
        Err(faults) => found.remarks.extend(faults.into_iter().take(10).map(|fault| {
            Remark::new("ubl_fault", format!("{}: {}", fault.code, fault.detail), format!("part={number};xpath={}", fault.pointer))
        })),
    }
}

fn binary(bytes: &[u8], content_type: &str, name: &str, number: &str, found: &mut Found, sources: &mut Sources) {
    let lower = name.to_lowercase();
    let ends = |suffix: &str| lower.ends_with(suffix);
    let unread = |what: &str| {
        remark(
            "unread_attachment",
            format!("{} is {what}, which is not read", if name.is_empty() { "an attachment" } else { name }),
            number,
        )
    };
    if content_type == "application/ms-tnef" || ends("winmail.dat") {
        let detail = match tnef::file_names(bytes) {
            Some(names) if !names.is_empty() => {
                format!("winmail.dat of Outlook holds {}; ask for it as a usual attachment", names.join(", "))
            }
            Some(_) => "winmail.dat of Outlook holds no files".to_owned(),
            None => "winmail.dat is damaged".to_owned(),
        };
        found.remarks.push(remark("unread_attachment", detail, number));
    } else if content_type.contains("spreadsheetml.sheet") || ends(".xlsx") || ends(".xlsm") {
        match xlsx::grids(bytes, number) {
            Some(grids) => sources.files.extend(grids.iter().filter_map(grid::read)),
            None => found.remarks.push(unread("no readable spreadsheet")),
        }
    } else if is_xml(content_type, &lower) {
        xml(bytes, name, number, found, sources);
    } else if ends(".csv") || ends(".tsv") {
        // Sent as something else than text; most programs write it in UTF-8 all the same.
        let text = String::from_utf8_lossy(bytes);
        sources.files.extend(grid::read(&csv_file::grid(&text, number)));
    } else if content_type.contains("pdf") || ends(".pdf") {
        found.remarks.push(unread("a PDF"));
    } else if ends(".xls") || content_type.contains("ms-excel") {
        found.remarks.push(unread("a spreadsheet of before 2007"));
    } else if ends(".zip") || content_type.contains("zip") {
        found.remarks.push(unread("an archive"));
    }
}
