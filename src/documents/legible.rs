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

#[cfg(test)]
mod tests {
    use super::super::engine::{Engine, Job};
    use super::super::language::Language;
    use super::super::paper::Paper;
    use super::super::samples::{dutch_seller, packing_list, plain, receipt, statement};
    use super::super::sheet::{self, Variant};

    /// What people write, and what is shown of it with the built-in fonts.
    const SCRIPTS: [(&str, &str, &str); 22] = [
        ("Latin", "Ōtsuka & Søn “Æther” – Łódź", "Ōtsuka & Søn “Æther” – Łódź"),
        ("Greek", "Καφές Αθήνα", "Καφές Αθήνα"),
        ("Cyrillic", "Кофе и чай", "Кофе и чай"),
        ("two code points for one letter", "Cafe\u{301}", "Cafe\u{301}"),
        ("emoji", "Budi 😀", "Budi ?"),
        ("emoji of several", "Ani 👩‍👩‍👧 👍🏽 ❤️", "Ani ??? ? ?"),
        ("Chinese", "北京咖啡", "????"),
        ("Japanese", "株式会社テスト", "???????"),
        ("Korean", "커피 주식회사", "?? ????"),
        ("Arabic", "قهوة عربى", "???? ????"),
        ("Hebrew", "קפה", "???"),
        ("Thai", "ที่ร้าน", "????"),
        ("Devanagari", "कॉफ़ी", "??"),
        ("Armenian", "Սուրճ", "?????"),
        ("circled", "① ㈠ ⑳", "1 ? 20"),
        ("ligature and full width", "ﬁn ＡＢＣ１２", "fin ABC12"),
        ("rial", "﷼ 5", "? 5"),
        ("private use", "a\u{e000}b\u{f8ff}", "a?b?"),
        ("nothing but a mark", "\u{e34}", "?"),
        ("byte order mark", "\u{feff}Toko", "Toko"),
        ("not a character", "a\u{fffe}b", "a?b"),
        ("spaces", "a\u{3000}b\u{202f}c", "a b\u{202f}c"),
    ];

    fn jobs(text: &str) -> [Job; 4] {
        let variant = Variant { language: Language::English, paper: Paper::A4 };
        let job = |template, data| Job { template, data, logo: None, identity: template.to_owned() };
        let (mut document, mut paid, mut packed, mut account) = (plain(), receipt(), packing_list(), statement(1));
        document.buyer.name = text.to_owned();
        document.lines[0].name = text.to_owned();
        paid.payer = Some(document.buyer.clone());
        paid.reference = Some(text.to_owned());
        packed.customer = text.to_owned();
        packed.lines[0].name = text.to_owned();
        account.customer.name = text.to_owned();
        let mut seller = dutch_seller();
        seller.legal_name = text.to_owned();
        [
            job("invoice", sheet::trade::sheet(&document, variant)),
            job("receipt", sheet::receipt::sheet(&paid, variant)),
            job("packing_list", sheet::packing_list::sheet(&packed, variant)),
            job("statement", sheet::statement::sheet(&account, &seller, variant)),
        ]
    }

    #[test]
    fn no_script_keeps_a_document_from_being_made() {
        let engine = Engine::default();
        for (script, text, _) in SCRIPTS {
            for job in jobs(text) {
                let pdf = engine.render(&job);
                assert!(pdf.is_ok_and(|pdf| pdf.starts_with(b"%PDF-1.7")), "{} in {script}", job.template);
            }
        }
    }

    #[test]
    fn what_is_missing_is_seen_to_be_missing() {
        let engine = Engine::default();
        for (script, text, expected) in SCRIPTS {
            assert_eq!(engine.shown(text), expected, "{script}");
        }
    }

    #[test]
    fn every_character_can_be_drawn_or_has_something_that_can() {
        let engine = Engine::default();
        // The planes that have characters, less most of Han.
        let all: Vec<char> = ('\u{20}'..='\u{1ffff}').chain('\u{e0000}'..='\u{e01ff}').filter(|c| !c.is_control()).collect();
        for some in all.chunks(20_000) {
            let text: String = some.chunks(40).flat_map(|row| row.iter().copied().chain(Some(' '))).collect();
            let [invoice, ..] = jobs(&text);
            assert!(engine.render(&invoice).is_ok(), "from U+{:04X}", u32::from(some[0]));
        }
    }
}
