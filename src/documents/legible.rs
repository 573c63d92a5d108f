//! Text as the fonts at hand can show it. A document is never refused for a character that no font has: what is missing is written
//! in characters that are there, or is seen to be missing. Only what is drawn changes; the facts keep what was written.

use serde_json::Value;
use typst::text::{Coverage, FontInfo, is_default_ignorable};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What stands for a character that cannot be shown: the first of these that the fonts have; of the built-in ones, the last.
const SUBSTITUTES: [char; 3] = ['\u{25a1}', '\u{25af}', '?'];

/// Characters that change the look of the one before them, and are nothing by themselves: skin tones of emoji.
const SKIN_TONES: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';

/// Which characters a set of fonts shows.
#[derive(Clone, Debug)]
pub struct Legible {
    /// By family. Which font of a family is taken depends on the weight, so that a family has what all its fonts have.
    families: Vec<Family>,
    substitute: char,
}

#[derive(Clone, Debug)]
struct Family {
    name: String,
    fonts: Vec<Coverage>,
}

impl Family {
    fn has(&self, c: char) -> bool {
        self.fonts.iter().all(|font| font.contains(u32::from(c)))
    }
}

impl Legible {
    pub fn by<'a>(fonts: impl Iterator<Item = &'a FontInfo>) -> Self {
        let mut families: Vec<Family> = vec![];
        for font in fonts {
            let (name, coverage) = (font.family.as_str(), font.coverage.clone());
            match families.iter_mut().find(|family| family.name == name) {
                Some(family) => family.fonts.push(coverage),
                None => families.push(Family { name: name.to_owned(), fonts: vec![coverage] }),
            }
        }
        let mut fonts = Self { families, substitute: '?' };
        fonts.substitute = SUBSTITUTES.into_iter().find(|c| fonts.has(*c)).unwrap_or('?');
        fonts
    }

    fn has(&self, c: char) -> bool {
        match c {
            '\n' | '\t' => true,
            // PDF/A has no place for characters that mean nothing by themselves.
            '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => false,
            _ => self.families.iter().any(|family| family.has(c)),
        }
    }

    /// The text itself where the fonts have all of it. Else, character by character: what is invisible is left out, a letter with a
    /// mark that is missing stands without it, a compatibility form (`①`, `ﬁ`, full width) as what it is a form of (Unicode
    /// Normalization Form KD, UAX #15), everything else as the substitute.
    pub fn shown(&self, text: &str) -> Option<String> {
        if text.chars().all(|c| self.has(c)) {
            return None;
        }
        let mut shown = String::with_capacity(text.len());
        for c in text.nfc() {
            match c {
                _ if self.has(c) => shown.push(c),
                _ if is_default_ignorable(c) || SKIN_TONES.contains(&c) => {}
                _ if is_combining_mark(c) && !shown.is_empty() => {}
                _ if c.is_whitespace() => shown.push(' '),
                '\u{2010}'..='\u{2015}' | '\u{2212}' => shown.push('-'),
                _ => self.spell(c, &mut shown),
            }
        }
        Some(shown)
    }

    fn spell(&self, c: char, into: &mut String) {
        let parts: Vec<char> = std::iter::once(c).nfkd().filter(|part| !is_combining_mark(*part)).collect();
        if parts.is_empty() || !parts.iter().all(|part| self.has(*part)) {
            into.push(self.substitute);
        } else {
            into.extend(parts);
        }
    }

    /// All texts of a document's data; names of fields stay.
    pub fn show(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(shown) = self.shown(text) {
                    *text = shown;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.show(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.show(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
