//! Whether a mail that has lines is certainly an order: what its subject, the names of its files and its writer's own words say beside
//! them. Pure.

use super::prose::Prose;
use super::words;
use crate::channels::platforms::parts::lines;
use crate::verifications::reading::{Confidence, ReadField, Remark};

/// Characters of a note, at most.
pub const NOTE: usize = 2_000;

/// Of an order, of whatever it is made.
const NOTE_OF_ORDER: usize = 5_000;

/// Where something stands that is weighed, and what.
pub struct Weighed<'a> {
    pub subject: &'a str,
    /// Part and name.
    pub files: &'a [(String, String)],
    /// Part and text.
    pub prose: &'a [(String, Prose)],
}

impl Weighed<'_> {
    /// What speaks against making an order of it unseen.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = other_matters("the subject", words::matters(self.subject), "header=Subject");
        if let Some(told) = words::phrase_of_instruction(self.subject) {
            remarks.push(instruction("the subject", told, "header=Subject"));
        }
        for (part, name) in self.files {
            remarks.extend(other_matters("the name of the file", words::matters_of_file(name), &format!("part={part}")));
        }
        for (part, prose) in self.prose {
            let place = format!("part={part}");
            remarks.extend(other_matters("the text", words::matters(&prose.own), &place));
            if let Some(told) = prose.rest.iter().find_map(|line| words::instruction(line)) {
                remarks.push(instruction("the text", told, &place));
            }
        }
        remarks
    }

    /// What the writer says beside the lines, so that nobody overlooks it.
    pub fn note(&self) -> Option<ReadField> {
        let (part, _) = self.prose.iter().find(|(_, prose)| !prose.rest.is_empty())?;
        let said: Vec<&str> = self.prose.iter().flat_map(|(_, prose)| &prose.rest).map(String::as_str).collect();
        note(&said.join("\n"), &format!("part={part}"))
    }
}

/// A note within its bounds.
pub fn note(text: &str, place: &str) -> Option<ReadField> {
    within(text, NOTE, place)
}

fn within(text: &str, longest: usize, place: &str) -> Option<ReadField> {
    lines(Some(text), longest).map(|text| ReadField::new(text, Confidence::CERTAIN, place))
}

/// Two notes as one.
pub fn joined(first: Option<ReadField>, second: Option<ReadField>) -> Option<ReadField> {
    match (first, second) {
        (Some(first), Some(second)) => within(&format!("{}\n{}", first.value, second.value), NOTE_OF_ORDER, &first.place),
        (first, second) => first.or(second),
    }
}

fn other_matters(what: &str, matters: Vec<(words::Matter, &str)>, place: &str) -> Vec<Remark> {
    let told = |(matter, told): (words::Matter, &str)| {
        Remark::new("other_matter", format!("{what} says \"{told}\": {}", matter.question()), place)
    };
    matters.into_iter().map(told).collect()
}

fn instruction(what: &str, told: &str, place: &str) -> Remark {
    Remark::new("instruction", format!("{what} says \"{told}\": what does it ask for?"), place)
}

/// What a row beside the lines says.
pub fn of_row(text: &str, place: &str) -> Vec<Remark> {
    let mut remarks = other_matters("the file", words::matters(text), place);
    remarks.extend(words::instruction(text).map(|told| instruction("the file", told, place)));
    remarks
}
