//! Words that speak against taking a mail for an order, in English, German, Indonesian, Dutch, French and Spanish. A table: another word
//! is another entry.

use super::columns::folded;
use super::vocabulary;
use std::sync::LazyLock;

/// What a mail may be about beside an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Matter {
    Cancellation,
    Complaint,
    Return,
    Invoice,
    Report,
    Quotation,
    Change,
}

impl Matter {
    /// As it is asked about.
    pub fn question(self) -> &'static str {
        match self {
            Self::Cancellation => "is something cancelled or not wanted?",
            Self::Complaint => "is it a complaint?",
            Self::Return => "is it about a return?",
            Self::Invoice => "is it about an invoice or a reminder?",
            Self::Report => "is it a report or a list?",
            Self::Quotation => "is it about a quotation?",
            Self::Change => "is something to be changed?",
        }
    }
}

/// A word of a text: folded, and as it stands there.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    pub folded: String,
    start: usize,
    end: usize,
    text: &'a str,
}

impl Word<'_> {
    /// Whether it begins as names do.
    pub fn is_capitalized(&self) -> bool {
        self.text[self.start..].starts_with(char::is_uppercase)
    }
}

/// Words that are looked at in one text.
const WORDS: usize = 10_000;

/// The words of a text, divided by whatever is neither letter nor digit.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = vec![];
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(Word { folded: folded(&text[from..at]), start: from, end: at, text });
                start = None;
            }
            _ => {}
        }
        if words.len() >= WORDS {
            break;
        }
    }
    words
}

/// Phrases of words.
pub struct Phrases(Vec<Vec<&'static str>>);

impl Phrases {
    /// As the vocabulary writes them.
    pub fn of(text: &'static str) -> Self {
        Self(text.split(';').map(|phrase| phrase.split_whitespace().collect::<Vec<_>>()).filter(|phrase| !phrase.is_empty()).collect())
    }

    /// The first place of one of them, as it stands in the text.
    pub fn find<'a>(&self, words: &[Word<'a>]) -> Option<&'a str> {
        (0..words.len()).find_map(|at| {
            let length = self.begin(&words[at..])?;
            words[at].text.get(words[at].start..words[at + length - 1].end)
        })
    }

    /// Whether the words begin with one of them; how many words it has.
    pub fn begin(&self, words: &[Word<'_>]) -> Option<usize> {
        let here =
            |phrase: &Vec<&str>| words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, pattern)| is(&word.folded, pattern));
        self.0.iter().filter(|phrase| here(phrase)).map(Vec::len).max()
    }
}

fn is(word: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or_else(|| word == pattern, |start| word.starts_with(start))
}

static MATTERS: LazyLock<Vec<(Matter, Phrases)>> =
    LazyLock::new(|| vocabulary::MATTERS.iter().map(|(matter, text)| (*matter, Phrases::of(text))).collect());
static LIST_FILES: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::LIST_FILES));
static ORDER_FILES: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::ORDER_FILES));
static INSTRUCTIONS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::INSTRUCTIONS));
static STREETS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::STREETS));
static MONTHS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::MONTHS));
static WEEKDAYS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::WEEKDAYS));
static WEEKS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::WEEKS));

/// What else a text speaks of, each with the first words that say so.
pub fn matters(text: &str) -> Vec<(Matter, &str)> {
    let words = words(text);
    MATTERS.iter().filter_map(|(matter, phrases)| phrases.find(&words).map(|told| (*matter, told))).collect()
}

/// What else the name of a file speaks of.
pub fn matters_of_file(name: &str) -> Vec<(Matter, &str)> {
    let mut all = matters(name);
    let words = words(name);
    if all.iter().all(|(matter, _)| *matter != Matter::Report)
        && ORDER_FILES.find(&words).is_none()
        && let Some(told) = LIST_FILES.find(&words)
    {
        all.push((Matter::Report, told));
    }
    all
}

/// The words of an instruction that need no sentence around them.
pub fn phrase_of_instruction(text: &str) -> Option<&str> {
    INSTRUCTIONS.find(&words(text))
}

/// What makes a sentence look like an instruction: its words, a street, a day.
pub fn instruction(text: &str) -> Option<&str> {
    let words = words(text);
    let is_number =
        |i: Option<usize>| i.and_then(|i| words.get(i)).is_some_and(|word| word.folded.starts_with(|c: char| c.is_ascii_digit()));
    let single = |(i, word): (usize, &Word<'_>)| {
        let one = std::slice::from_ref(word);
        let street = STREETS.begin(one).is_some() || vocabulary::STREET_ENDINGS.iter().any(|end| word.folded.ends_with(end));
        let week = WEEKS.begin(one).is_some() && is_number(Some(i + 1));
        let month = MONTHS.begin(one).is_some() && (is_number(i.checked_sub(1)) || is_number(Some(i + 1)));
        street || week || month || WEEKDAYS.begin(one).is_some()
    };
    let is_day = |word: &&str| super::values::date(word.trim_matches(|c: char| !c.is_alphanumeric())).is_some();
    let found = INSTRUCTIONS.find(&words);
    let found = found.or_else(|| words.iter().enumerate().find(|told| single(*told)).and_then(|(_, word)| text.get(word.start..word.end)));
    found.or_else(|| text.split_whitespace().find(is_day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<Matter> {
        matters(text).into_iter().map(|(matter, _)| matter).collect()
    }

    #[test]
    fn words_of_six_languages_speak_against_an_order() {
        for (text, matter) in [
            ("CANCEL my order PO-1001 please", Matter::Cancellation),
            ("Cancellation of our order", Matter::Cancellation),
            ("we don't need it", Matter::Cancellation),
            ("Bitte stornieren Sie die Bestellung", Matter::Cancellation),
            ("Pembatalan pesanan", Matter::Cancellation),
            ("Mohon batalkan pesanan kami", Matter::Cancellation),
            ("Gelieve deze bestelling te annuleren", Matter::Cancellation),
            ("Annulation de commande", Matter::Cancellation),
            ("Cancelación del pedido", Matter::Cancellation),
            ("Complaint: wrong delivery", Matter::Complaint),
            ("Reklamation", Matter::Complaint),
            ("Keluhan pelanggan", Matter::Complaint),
            ("Klacht over levering", Matter::Complaint),
            ("Réclamation", Matter::Complaint),
            ("Queja", Matter::Complaint),
            ("Return of goods RMA", Matter::Return),
            ("Rücksendung", Matter::Return),
            ("Retur barang", Matter::Return),
            ("Retourzending", Matter::Return),
            ("Devolución", Matter::Return),
            ("Invoice 991", Matter::Invoice),
            ("Mahnung", Matter::Invoice),
            ("Tagihan bulan ini", Matter::Invoice),
            ("Factuur 12", Matter::Invoice),
            ("Facture n° 7", Matter::Invoice),
            ("Recordatorio", Matter::Invoice),
            ("Our stock report for November", Matter::Report),
            ("Bestandsliste", Matter::Report),
            ("Laporan stok", Matter::Report),
            ("Inventaire", Matter::Report),
            ("as in your offer", Matter::Quotation),
            ("Angebot 7", Matter::Quotation),
            ("Penawaran harga", Matter::Quotation),
            ("Devis", Matter::Quotation),
            ("Please send 5 instead of 3", Matter::Change),
            ("5 statt 3", Matter::Change),
            ("Bestellung ändern", Matter::Change),
            ("mohon diubah", Matter::Change),
            ("5 in plaats van 3", Matter::Change),
            ("5 au lieu de 3", Matter::Change),
            ("5 en lugar de 3", Matter::Change),
        ] {
            assert!(told(text).contains(&matter), "{text}: {:?}", told(text));
        }
    }

    #[test]
    fn orders_speak_of_nothing_else() {
        for text in [
            "Please find our order attached.",
            "Purchase order 4711, please confirm and return the signed confirmation",
            "Anbei unsere Bestellung. Bitte bestätigen Sie den Liefertermin. Vielen Dank!",
            "Terlampir pesanan kami, mohon diproses. Terima kasih atas perhatiannya.",
            "Hierbij onze bestelling, graag een bevestiging. Met andere woorden: bedankt",
            "Veuillez trouver ci-joint notre commande. Dans l'attente de votre retour, merci.",
            "Adjuntamos nuestro pedido, muchas gracias",
        ] {
            assert_eq!(matters(text), [], "{text}");
            assert_eq!(instruction("Please find our order attached"), None);
        }
    }

    #[test]
    fn names_of_files_speak_too() {
        assert_eq!(matters_of_file("invoice.csv"), [(Matter::Invoice, "invoice")]);
        assert_eq!(matters_of_file("Stock_2026.xlsx"), [(Matter::Report, "Stock")]);
        assert_eq!(matters_of_file("stock-order.csv"), []);
        assert_eq!(matters_of_file("order-10248.csv"), []);
        assert_eq!(matters_of_file("po.csv"), []);
    }

    #[test]
    fn instructions_are_words_streets_and_days() {
        for (text, expected) in [
            ("please deliver to our new place", Some("deliver to")),
            ("Jl. Baru 5, Medan", Some("Jl")),
            ("Hauptstraße 7", Some("Hauptstraße")),
            ("needed on 5 December", Some("December")),
            ("bis KW 51", Some("KW")),
            ("by Friday", Some("Friday")),
            ("needed 05.12.2026.", Some("05.12.2026.")),
            ("the coffee was very good in may", None),
            ("5 boxes", None),
        ] {
            assert_eq!(instruction(text), expected, "{text}");
        }
    }

    #[test]
    fn phrases_are_written_as_words_are_folded() {
        use super::vocabulary::*;
        let all = [
            LIST_FILES,
            ORDER_FILES,
            INSTRUCTIONS,
            STREETS,
            MONTHS,
            WEEKDAYS,
            WEEKS,
            GREETINGS,
            CLOSINGS,
            LONG_CLOSINGS,
            THANKS,
            PLEASE,
            POSTSCRIPTS,
            PROGRAMS,
            CONFIDENTIAL,
            COVERING,
            NUMBERED,
        ];
        for text in MATTERS.iter().map(|(_, text)| *text).chain(all) {
            for phrase in Phrases::of(text).0 {
                assert!(phrase.iter().all(|word| folded(word) == word.trim_end_matches('*')), "{phrase:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(text in "\\PC{0,80}|(cancel|statt|ändern| |[0-9.]{1,10}|Jl|KW|é|\n){0,20}") {
            for (_, told) in matters(&text).into_iter().chain(matters_of_file(&text)) {
                prop_assert!(text.contains(told) && !told.is_empty());
            }
            prop_assert!(instruction(&text).is_none_or(|told| text.contains(told)));
        }
    }
}
