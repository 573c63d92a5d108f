//! Which cells of a spreadsheet are days: only their style says so (ECMA-376 part 1, §18.8.30 and §18.8.31).

use super::values;
use super::xlsx::attribute;
use chrono::NaiveDate;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::collections::HashSet;

/// Styles of a workbook, as far as they show days.
#[derive(Debug, Default)]
pub struct DateStyles {
    /// By the number that cells name.
    days: Vec<bool>,
    since_1904: bool,
}

/// More than any program writes.
const STYLES: usize = 65_536;

impl DateStyles {
    /// From `xl/styles.xml` and `xl/workbook.xml`.
    pub fn of(styles: &str, workbook: &str) -> Self {
        let mut found = Self { days: vec![], since_1904: since_1904(workbook) };
        let (mut own, mut cells) = (HashSet::new(), false);
        let mut reader = Reader::from_str(styles);
        while let Ok(event) = reader.read_event() {
            match &event {
                Event::Eof => break,
                Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                    "numFmt" if attribute(start, "formatCode").is_some_and(|code| shows_day(&code)) => {
                        own.extend(attribute(start, "numFmtId"));
                    }
                    "cellXfs" => cells = matches!(event, Event::Start(_)),
                    "xf" if cells && found.days.len() < STYLES => {
                        let id = attribute(start, "numFmtId").unwrap_or_default();
                        found.days.push(
                            own.contains(&id)
                                || id.parse().is_ok_and(|id: u32| matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58)),
                        );
                    }
                    _ => {}
                },
                Event::End(end) if end.local_name().as_ref() == "cellXfs" => cells = false,
                _ => {}
            }
        }
        found
    }

    /// The day of a cell of this style; `None` where it is shown as something else.
    pub fn day(&self, style: Option<usize>, value: f64) -> Option<NaiveDate> {
        let shown = style.and_then(|style| self.days.get(style)).copied().unwrap_or_default();
        // Up to the year 9999, as the format has it.
        if !shown || !(1.0..2_958_466.0).contains(&value) {
            return None;
        }
        // The time of the day is left out.
        values::day(format!("{:.0}", value.trunc()).parse().ok()?, self.since_1904)
    }
}

fn since_1904(workbook: &str) -> bool {
    let mut reader = Reader::from_str(workbook);
    while let Ok(event) = reader.read_event() {
        match &event {
            Event::Eof => break,
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "workbookPr" => {
                return attribute(start, "date1904").is_some_and(|told| matches!(told.as_str(), "1" | "true" | "on"));
            }
            _ => {}
        }
    }
    false
}

/// Whether a format shows years or days; what stands in quotes, brackets or behind a backslash is text.
fn shows_day(code: &str) -> bool {
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    for c in code.chars() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => escaped = true,
            '[' => bracket = true,
            ']' => bracket = false,
            _ if bracket => {}
            'y' | 'Y' | 'd' | 'D' => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::xlsx::grids;
    use super::super::xlsx::tests::archive;
    use super::*;

    #[test]
    fn styles_say_what_is_a_day() {
        let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\/mm\/yyyy"/><numFmt numFmtId="165" formatCode="[$Rp-421]#,##0"/></numFmts>
            <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>"#;
        let styles = DateStyles::of(styles, "<workbook><workbookPr/></workbook>");
        let day = |style: usize| styles.day(Some(style), 46370.5).map(|day| day.to_string());
        assert_eq!([day(0), day(1), day(2), day(3), day(9)], [None, Some("2026-12-14".into()), Some("2026-12-14".into()), None, None]);
        assert_eq!((styles.day(None, 46370.0), styles.day(Some(1), f64::NAN), styles.day(Some(1), -1.0)), (None, None, None));
        let early = DateStyles::of("<s><cellXfs><xf numFmtId=\"14\"/></cellXfs></s>", "<workbook><workbookPr date1904=\"1\"/></workbook>");
        assert_eq!(early.day(Some(0), 44908.0).unwrap().to_string(), "2026-12-14");
    }

    #[test]
    fn cells_that_are_shown_as_days_are_days() {
        let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1" s="1"><v>46370</v></c><c r="B1"><v>46370</v></c><c r="C1" s="0"><v>3</v></c></row></sheetData></worksheet>"#;
        let styles = r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
        let bytes = archive(&[
            ("xl/workbook.xml", b"<workbook/>"),
            ("xl/styles.xml", styles.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ]);
        let read = grids(&bytes, "2").unwrap();
        let cells: Vec<(&str, bool)> = read[0].rows[0].1.iter().map(|cell| (cell.text.as_str(), cell.is_number)).collect();
        assert_eq!(cells, [("2026-12-14", false), ("46370", true), ("3", true)]);
    }

    #[test]
    fn formats_show_days_outside_of_text() {
        for (code, shown) in [
            ("yyyy-mm-dd", true),
            ("d-mmm", true),
            ("0.00", false),
            ("\"day\" 0", false),
            ("[Red]0", false),
            ("hh:mm", false),
            ("0_d", false),
        ] {
            assert_eq!(shows_day(code), shown, "{code}");
        }
    }
}
