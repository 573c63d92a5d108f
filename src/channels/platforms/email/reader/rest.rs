//! What a table says beside the fields of its lines: columns of other names, rows that are no line. Nothing of it is thrown away, since
//! it may say that a line is not wanted.

use super::columns;
use super::grid::{Cell, Grid, Source};
use super::values;
use super::weigh;
use super::words::{self, Matter};
use crate::channels::platforms::parts::line;
use crate::verifications::reading::{ReadLine, Reading, Remark};

/// Columns that are looked at.
const COLUMNS: usize = 256;
/// Words of a row that says something, at least.
const SAYING: usize = 3;
const REMARKS: usize = 20;

/// A column that is none of ours.
struct Other {
    place: usize,
    name: String,
    /// Where it first says something, and what.
    first: Option<(String, String)>,
    rows: usize,
}

/// What is beside the lines of a grid.
pub struct Rest<'a> {
    grid: &'a Grid,
    others: Vec<Other>,
    remarks: Vec<Remark>,
    note: String,
    /// Where the note begins.
    place: Option<String>,
}

impl<'a> Rest<'a> {
    /// `header` is the row with the names, `taken` are the columns that are read.
    pub fn of(grid: &'a Grid, header: usize, taken: &[usize]) -> Self {
        let mut rest = Self { grid, others: vec![], remarks: vec![], note: String::new(), place: None };
        // Nothing says where a column of plain text begins, and all of it is looked at as text.
        if matches!(grid.source, Source::Text { .. }) {
            return rest;
        }
        let names = &grid.rows[header].1;
        let width = grid.rows[header..].iter().map(|(_, cells)| cells.len()).max().unwrap_or_default().min(COLUMNS);
        for place in (0..width).filter(|place| !taken.contains(place)) {
            let name = names.get(place).and_then(|cell| line(Some(&cell.text), 60)).unwrap_or_default();
            if columns::of_name(&name).is_none() && !columns::is_aside(&name) {
                rest.others.push(Other { place, name, first: None, rows: 0 });
            }
        }
        // Letterheads speak of much; only this is asked about.
        for (number, cells) in &grid.rows[..header] {
            let text = joined(cells);
            let cancels = words::matters(&text).into_iter().any(|(matter, _)| matter == Matter::Cancellation);
            if cancels {
                let told = weigh::of_row(&text, &grid.source.place(*number, 0));
                rest.remarks.extend(told.into_iter().take(1));
            }
        }
        rest
    }

    /// Takes what a line's row says in other columns.
    pub fn line(&mut self, number: usize, cells: &[Cell], read: &ReadLine) {
        let product = read.sku.as_ref().or(read.gtin.as_ref()).or(read.name.as_ref()).map(|field| field.value.as_str()).unwrap_or_default();
        for other in &mut self.others {
            let Some(text) = cells.get(other.place).and_then(said) else { continue };
            let place = self.grid.source.place(number, other.place);
            let name = if other.name.is_empty() { String::new() } else { format!(", {}", other.name) };
            if self.note.len() < weigh::NOTE {
                self.note.push_str(&format!("{product}{name}: {text}\n"));
                self.place.get_or_insert_with(|| place.clone());
            }
            other.rows += 1;
            other.first.get_or_insert((place, text));
        }
    }

    /// Takes a row that is no line.
    pub fn row(&mut self, number: usize, cells: &[Cell]) {
        if matches!(self.grid.source, Source::Text { .. }) {
            return;
        }
        let text = joined(cells);
        if words::words(&text).len() < SAYING || self.note.len() >= weigh::NOTE {
            return;
        }
        let place = self.grid.source.place(number, 0);
        self.remarks.extend(weigh::of_row(&text, &place));
        self.note.push_str(&text);
        self.note.push('\n');
        self.place.get_or_insert(place);
    }

    /// Adds all of it to what was read.
    pub fn told(self, reading: &mut Reading) {
        reading.remarks.extend(self.remarks.into_iter().take(REMARKS));
        for other in self.others.into_iter().filter(|other| !columns::is_describing(&other.name)).take(REMARKS) {
            let Some((place, text)) = other.first else { continue };
            let name = if other.name.is_empty() { "a column without a name".to_owned() } else { format!("the column \"{}\"", other.name) };
            let more = if other.rows > 1 { format!(" (and {} rows more say something)", other.rows - 1) } else { String::new() };
            reading.remarks.push(Remark::new("unread_column", format!("{name} says \"{text}\"{more}: what does it ask for?"), place));
        }
        if let Some(place) = self.place {
            reading.note = weigh::note(&self.note, &place);
        }
    }
}

fn joined(cells: &[Cell]) -> String {
    let texts: Vec<&str> = cells.iter().map(|cell| cell.text.trim()).filter(|text| !text.is_empty()).take(COLUMNS).collect();
    line(Some(&texts.join(" ")), 500).unwrap_or_default()
}

/// What a cell says, where it is more than a number.
fn said(cell: &Cell) -> Option<String> {
    let text = line(Some(&cell.text), 200)?;
    let nothing = matches!(columns::folded(&text).as_str(), "" | "na" | "none" | "nil" | "nihil" | "keine" | "aucun" | "geen");
    let amount = cell.is_number || values::number(&text).is_some_and(|number| number.rest.is_empty()) && values::date(&text).is_none();
    (!nothing && !amount).then_some(text)
}
