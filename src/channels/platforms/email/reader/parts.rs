//! The parts of a mail (RFC 2045), numbered as IMAP numbers them (RFC 3501 §6.4.5), and the lines found in them.

use super::grid::{self, Grid};
use super::prose::Prose;
use super::{csv_file, decode, html, remark, text, tnef, xlsx};
use crate::channels::platforms::ubl::order::{self as ubl_order, UblOrder};
use crate::channels::platforms::ubl::reading;
use crate::verifications::reading::{ReadLine, Reading, Remark};
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
    /// The writer's own text, by part.
    pub prose: Vec<(String, Prose)>,
    /// Names of files, by part.
    pub files: Vec<(String, String)>,
    /// A file holds a table without names that we know.
    pub unread_table: bool,
    /// What stands in tables that were not read, so that products may be known there.
    pub unread_cells: Vec<String>,
}

/// Cells that are looked at.
const CELLS: usize = 500;

impl Found {
    /// The lines of a file's tables; what has none is told.
    fn take_tables(&mut self, grids: &[Grid], name: &str, number: &str, sources: &mut Sources) {
        let read: Vec<Reading> = grids.iter().filter_map(grid::read).collect();
        if read.is_empty() && grids.iter().any(Grid::has_text) {
            self.unread_table = true;
            let name = if name.is_empty() { "a file" } else { name };
            let detail = format!("{name} holds a table, but no columns whose names say product and quantity");
            self.remarks.push(remark("unread_table", detail, number));
            self.keep_cells(grids);
        }
        sources.files.extend(read);
    }

    fn keep_cells(&mut self, grids: &[Grid]) {
        let left = CELLS.saturating_sub(self.unread_cells.len());
        self.unread_cells.extend(grids.iter().flat_map(Grid::names).take(left));
    }
}

#[derive(Default)]
struct Sources {
    ubl: Vec<(Reading, UblOrder)>,
    files: Vec<Reading>,
    html: Vec<Reading>,
    text: Vec<Reading>,
    /// Text that stands in HTML as well.
    alternatives: Vec<(String, Prose)>,
}

/// Looks at every part. A UBL order counts more than a file, a file more than a table in the mail, and that more than its text.
pub fn look(message: &Message<'_>) -> Found {
    let (mut found, mut sources) = (Found::default(), Sources::default());
    let mut left = PARTS;
    walk(message, 0, "", 0, &mut left, &mut found, &mut sources);
    if sources.ubl.len() > 1 {
        found.remarks.push(Remark::new("several_orders", "more than one UBL order is attached; the first one was read", ""));
    }
    let Sources { ubl, files, html, text, alternatives } = sources;
    if found.prose.iter().all(|(_, prose)| prose.own.is_empty()) {
        found.prose = alternatives;
    }
    let same = |a: &Reading, b: &Reading| demands(a) == demands(b);
    found.from_attachment = !ubl.is_empty() || !files.is_empty();
    if let Some((reading, order)) = ubl.into_iter().next() {
        (found.reading, found.ubl) = (Some(reading), Some(order));
    } else if let Some(first) = files.first() {
        // In text there may be one line of many, but none that the file does not have.
        let ordered = demands(first);
        let beside = |line: &ReadLine| !ordered.get(&product(line)).is_some_and(|quantities| quantities.contains(&quantity(line)));
        let others = text.iter().flat_map(|reading| &reading.lines).any(beside);
        if others || files[1..].iter().chain(&html).any(|other| !same(first, other)) {
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
        demands.entry(product(line)).or_default().push(quantity(line));
    }
    demands.values_mut().for_each(|quantities| quantities.sort());
    demands
}

fn product(line: &ReadLine) -> String {
    line.sku.as_ref().or(line.gtin.as_ref()).or(line.name.as_ref()).map(|field| field.value.clone()).unwrap_or_default()
}

fn quantity(line: &ReadLine) -> String {
    line.quantity.as_ref().map(|field| field.value.clone()).unwrap_or_default()
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
    leaf(message, (id, part), if number.is_empty() { "1" } else { number }, found, sources);
}

fn leaf(message: &Message<'_>, (id, part): (u32, &MessagePart<'_>), number: &str, found: &mut Found, sources: &mut Sources) {
    let name: String = part.attachment_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    let content_type =
        part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase());
    let content_type = content_type.unwrap_or_default();
    let lower = name.to_lowercase();
    let ends = |suffix: &str| lower.ends_with(suffix);
    // Pictures stand in signatures.
    if !name.is_empty() && !content_type.starts_with("image/") {
        found.files.push((number.to_owned(), name.clone()));
    }
    if part.is_encoding_problem {
        found.remarks.push(remark("encoding_problem", "the part's encoding is damaged; it was read as far as it goes", number));
    }
    match &part.body {
        PartType::Message(_) => {
            found.holds_mail = true;
            found.remarks.push(remark("attached_mail", "a mail is attached; it is not read", number));
        }
        PartType::Html(content) if name.is_empty() => of_html(&decode::text(message, part, content), number, found, sources),
        PartType::Text(content) if name.is_empty() && content_type != "text/csv" => {
            let elsewhere = message.text_body.contains(&id) && !message.html_body.contains(&id);
            of_text(&decode::text(message, part, content), number, elsewhere, found, sources);
        }
        PartType::Text(content) | PartType::Html(content) if is_xml(&content_type, &lower) => {
            xml(content.as_bytes(), &name, number, found, sources)
        }
        PartType::Text(content) if content_type == "text/csv" || ends(".csv") || ends(".tsv") => {
            found.take_tables(&[csv_file::grid(&decode::text(message, part, content), number)], &name, number, sources);
        }
        PartType::Text(content) if ends(".txt") => {
            let content = decode::text(message, part, content);
            let grid = csv_file::grid(&content, number);
            match grid::read(&grid) {
                Some(reading) => sources.files.push(reading),
                // A letter, or a table that we do not know.
                None => {
                    found.keep_cells(&[grid]);
                    found.prose.push((number.to_owned(), Prose::of(&content, |_| false)));
                }
            }
        }
        PartType::Text(_) | PartType::Html(_) | PartType::Multipart(_) => {}
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => binary(bytes, &content_type, &name, number, found, sources),
    }
}

fn of_html(content: &str, number: &str, found: &mut Found, sources: &mut Sources) {
    let html = html::read(content, number);
    let mut lines = vec![];
    for table in &html.tables {
        let reading = grid::read(&table.grid);
        match (reading, table.quoted) {
            (Some(_), true) => found.quoted_lines = true,
            (Some(reading), false) => {
                sources.html.push(reading);
                lines.extend(table.grid.table_number());
            }
            (None, false) => found.keep_cells(std::slice::from_ref(&table.grid)),
            (None, true) => {}
        }
    }
    found.prose.push((number.to_owned(), Prose::of(&html.prose(&lines), |_| false)));
}

fn of_text(content: &str, number: &str, elsewhere: bool, found: &mut Found, sources: &mut Sources) {
    if text::has_quote(content) {
        found.quotes = true;
        found.forwards |= content.lines().any(|line| line.to_lowercase().contains("forwarded message"));
    }
    let reading = grid::read(&text::grid(content, number)).or_else(|| text::loose_lines(content, number));
    let prose = Prose::of(content, |line| reading.is_some() && text::is_row(line));
    if elsewhere { &mut sources.alternatives } else { &mut found.prose }.push((number.to_owned(), prose));
    sources.text.extend(reading);
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
            Some(grids) => found.take_tables(&grids, name, number, sources),
            None => found.remarks.push(unread("no readable spreadsheet")),
        }
    } else if is_xml(content_type, &lower) {
        xml(bytes, name, number, found, sources);
    } else if ends(".csv") || ends(".tsv") {
        // Sent as something else than text.
        found.take_tables(&[csv_file::grid(&decode::of_bytes(bytes), number)], name, number, sources);
    } else if content_type.contains("pdf") || ends(".pdf") {
        found.remarks.push(unread("a PDF"));
    } else if ends(".xls") || content_type.contains("ms-excel") {
        found.remarks.push(unread("a spreadsheet of before 2007"));
    } else if ends(".zip") || content_type.contains("zip") {
        found.remarks.push(unread("an archive"));
    }
}
