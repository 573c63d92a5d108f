//! Tables and text in HTML as mail programs write it. Not a browser: tags and text in the order in which they come, in one pass.

use super::grid::{Cell, Grid, Source};
use crate::channels::platforms::entities::decoded;

const CELLS: usize = 100_000;
const TABLES: usize = 200;
/// Bytes of text that are looked at.
const TEXT: usize = 64 * 1024;
/// Tables within tables; more than any layout has.
const DEPTH: usize = 40;

/// A table, and whether it stands in what the writer answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HtmlTable {
    pub grid: Grid,
    pub quoted: bool,
}

/// What a mail's HTML holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html {
    /// All tables, innermost first, as they end.
    pub tables: Vec<HtmlTable>,
    /// The writer's own text in its order, each piece with the number of the table that it stands in, 0 for none.
    pub text: Vec<(usize, String)>,
    /// Bytes of it.
    length: usize,
}

impl Html {
    /// The text outside of these tables, by their numbers.
    pub fn prose(&self, without: &[usize]) -> String {
        self.text.iter().filter(|(table, _)| !without.contains(table)).map(|(_, text)| text.as_str()).collect()
    }

    fn push_text(&mut self, table: usize, text: &str) {
        let room = TEXT.saturating_sub(self.length);
        if room == 0 || text.is_empty() {
            return;
        }
        let cut = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        self.length += text.len();
        match self.text.last_mut() {
            Some((last, piece)) if *last == table => piece.push_str(&decoded(cut)),
            _ => self.text.push((table, decoded(cut))),
        }
    }
}

#[derive(Default)]
struct Open {
    number: usize,
    rows: Vec<Vec<Cell>>,
    row: Option<Vec<Cell>>,
    cell: Option<(String, usize)>,
    quoted: bool,
}

impl Open {
    fn end_cell(&mut self) {
        if let Some((text, span)) = self.cell.take() {
            let row = self.row.get_or_insert_default();
            row.push(Cell::text(text.split_whitespace().collect::<Vec<_>>().join(" ")));
            row.extend((1..span).map(|_| Cell::default()));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        self.rows.extend(self.row.take());
    }
}

/// Reads the HTML of a part.
pub fn read(html: &str, part: &str) -> Html {
    let mut out = Html::default();
    let (mut open, mut begun, mut cells): (Vec<Open>, usize, usize) = (vec![], 0, 0);
    let (mut quotes, mut quoted_for_good) = (0usize, false);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push(&mut open, &rest[..at]);
        if quotes == 0 && !quoted_for_good {
            // Line breaks of the source are none of the text.
            out.push_text(open.last().map_or(0, |table| table.number), &rest[..at].replace(['\r', '\n'], " "));
        }
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some(end) = tag_end(rest) else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name_end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let (name, attributes) = (tag[..name_end].to_ascii_lowercase(), &tag[name_end..]);
        if quotes == 0 && !quoted_for_good && ends_line(&name) {
            out.push_text(open.last().map_or(0, |table| table.number), if matches!(name.as_str(), "td" | "th") { " " } else { "\n" });
        }
        match (name.as_str(), closing) {
            ("script" | "style" | "head" | "title", false) => rest = after_closing(rest, &name),
            ("blockquote", false) => quotes += 1,
            ("blockquote", true) => quotes = quotes.saturating_sub(1),
            ("div", false) if begins_quote(attributes) => quoted_for_good = true,
            ("table", false) if open.len() < DEPTH && begun < TABLES => {
                begun += 1;
                open.push(Open { number: begun, quoted: quoted_for_good || quotes > 0, ..Open::default() });
            }
            ("table", true) => end_table(&mut open, &mut out.tables, part),
            ("tr", false) => {
                if let Some(table) = open.last_mut() {
                    table.end_row();
                    table.row = Some(vec![]);
                }
            }
            ("tr", true) => {
                if let Some(table) = open.last_mut() {
                    table.end_row();
                }
            }
            ("td" | "th", false) => {
                if let Some(table) = open.last_mut() {
                    table.end_cell();
                    let span = attribute(attributes, "colspan").and_then(|span| span.parse::<usize>().ok()).unwrap_or(1).clamp(1, 64);
                    cells += span;
                    if cells > CELLS {
                        break;
                    }
                    table.cell = Some((String::new(), span));
                }
            }
            ("td" | "th", true) => {
                if let Some(table) = open.last_mut() {
                    table.end_cell();
                }
            }
            ("br" | "p" | "div" | "li", _) => push(&mut open, " "),
            _ => {}
        }
    }
    while !open.is_empty() {
        end_table(&mut open, &mut out.tables, part);
    }
    if quotes == 0 && !quoted_for_good {
        out.push_text(0, rest);
    }
    out
}

/// Tags around which text does not run on.
fn ends_line(name: &str) -> bool {
    matches!(
        name,
        "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "td" | "th" | "table" | "hr" | "h1" | "h2" | "h3" | "h4" | "blockquote" | "pre"
    )
}

fn end_table(open: &mut Vec<Open>, out: &mut Vec<HtmlTable>, part: &str) {
    let Some(mut table) = open.pop() else { return };
    table.end_row();
    let source = Source::Html { part: part.to_owned(), table: table.number };
    out.push(HtmlTable { grid: Grid { source, rows: table.rows.into_iter().enumerate().collect() }, quoted: table.quoted });
}

fn push(open: &mut [Open], text: &str) {
    if let Some((cell, _)) = open.last_mut().and_then(|table| table.cell.as_mut())
        && cell.len() < 4_096
    {
        cell.push_str(&decoded(text.get(..text.len().min(8_192)).unwrap_or_default()));
    }
}

/// The end of the tag that `text` begins with; a `>` within quotes does not end it.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        // Unbalanced quotes must not swallow the mail.
        if at > 8_192 {
            return text.find('>');
        }
    }
    text.find('>')
}

/// What follows the end of an element whose content is no text.
fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let closing = format!("</{name}");
    let bytes = text.as_bytes();
    let found =
        (0..bytes.len()).find(|at| bytes.get(*at..*at + closing.len()).is_some_and(|there| there.eq_ignore_ascii_case(closing.as_bytes())));
    found.map_or("", |at| &text[at..])
}

/// How mail programs mark what is answered to or forwarded.
fn begins_quote(attributes: &str) -> bool {
    ["gmail_quote", "divRplyFwdMsg", "appendonsend", "moz-cite-prefix", "yahoo_quoted", "OLK_SRC_BODY_SECTION"]
        .iter()
        .any(|mark| attributes.contains(mark))
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let lower = attributes.to_ascii_lowercase();
    let at = lower.find(&format!("{name}="))? + name.len() + 1;
    let value = attributes.get(at..)?.trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(value.len());
    Some(&value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str) -> Vec<(bool, Vec<Vec<String>>)> {
        let rows = |grid: Grid| grid.rows.into_iter().map(|(_, row)| row.into_iter().map(|cell| cell.text).collect()).collect();
        read(html, "1").tables.into_iter().map(|table| (table.quoted, rows(table.grid))).collect()
    }

    #[test]
    fn tables_within_tables_and_sloppy_tags() {
        let html = "<TABLE><tr><td>out<table border='1'><tr><th>SKU<th>Qty</tr><tr><td><b>KOPI</b>-250<br><td>&nbsp;3</tr></table>side</td></tr></TABLE>";
        let tables = texts(html);
        assert_eq!(tables[0], (false, vec![vec!["SKU".into(), "Qty".into()], vec!["KOPI-250".into(), "3".into()]]));
        assert_eq!(tables[1], (false, vec![vec!["outside".into()]]));
    }

    #[test]
    fn what_is_answered_to_is_quoted() {
        let table = "<table><tr><td>x</td></tr></table>";
        let quoted = |html: String| texts(&html).into_iter().map(|(quoted, _)| quoted).collect::<Vec<_>>();
        assert_eq!(quoted(format!("{table}<blockquote>{table}</blockquote>{table}")), [false, true, false]);
        assert_eq!(quoted(format!("{table}<div class=\"gmail_quote\">{table}</div>{table}")), [false, true, true]);
    }

    #[test]
    fn the_writers_own_text_is_what_stands_outside_of_quotes_and_of_tables_of_lines() {
        let html = "<html><head><title>x</title></head><body><p>Dear Ayu,<br>send it\r\nto Medan&nbsp;now</p><table><tr><td>SKU<td>Qty</table>\
                    <div>Thanks</div><blockquote>old</blockquote><div class=gmail_quote>older</div> tail";
        let read = read(html, "1");
        let lines = |without: &[usize]| -> Vec<String> {
            read.prose(without).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
        };
        assert_eq!(lines(&[1]), ["Dear Ayu,", "send it  to Medan now", "Thanks"]);
        assert_eq!(lines(&[])[2], "SKU Qty");
    }

    #[test]
    fn scripts_styles_comments_and_attributes_are_no_text() {
        let html = "<table><tr><td title='a>b'>1<style>x{}</style><!-- <td>no --><script>'<td>'</script>&lt;&#8364;&bogus;</td><td colspan=2>2</td></tr></table>";
        assert_eq!(texts(html), [(false, vec![vec!["1<€&bogus;".to_owned(), "2".into(), String::new()]])]);
    }
}
