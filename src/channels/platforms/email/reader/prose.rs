//! What the writer of a mail says himself, without greeting, signature and notices of confidence; and what of it says more than that an
//! order is with it.

use super::numbers;
use super::vocabulary;
use super::words::{self, Matter, Phrases, Word};
use super::{columns, text};
use std::cell::LazyCell;
use std::sync::LazyLock;

/// The writer's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// All of them.
    pub own: String,
    /// Lines that were not understood.
    pub rest: Vec<String>,
}

static GREETINGS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::GREETINGS));
static CLOSINGS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::CLOSINGS));
static LONG_CLOSINGS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::LONG_CLOSINGS));
static THANKS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::THANKS));
static PLEASE: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::PLEASE));
static POSTSCRIPTS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::POSTSCRIPTS));
static PROGRAMS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::PROGRAMS));
static CONFIDENTIAL: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::CONFIDENTIAL));
static COVERING: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::COVERING));
static NUMBERED: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(vocabulary::NUMBERED));

/// Words of a notice of confidence, at least.
const NOTICE: usize = 12;
/// Words of a greeting or a closing, at most.
const FORMULA: usize = 8;
/// Lines that are kept.
const LINES: usize = 200;

impl Prose {
    /// Reads a text; `is_line` tells which lines of it are read as lines of an order.
    pub fn of(text: &str, is_line: impl Fn(&str) -> bool) -> Self {
        let lines: Vec<&str> = text::own_lines(text).into_iter().map(|(_, line)| line.trim()).collect();
        let lines = without_notices(&lines);
        let mut prose = Self::default();
        let mut signature = false;
        let last_that_asks = LazyCell::new(|| lines.iter().rposition(|line| asks(line)));
        for (i, line) in lines.iter().enumerate() {
            // RFC 3676 §4.3, with the space that trimming takes away.
            if *line == "--" {
                break;
            }
            let words = words::words(line);
            if words.is_empty() || words.len() <= FORMULA && PROGRAMS.begin(&words).is_some() {
                continue;
            }
            signature &= POSTSCRIPTS.begin(&words).is_none();
            if signature {
                continue;
            }
            if is_closing(line, &words) {
                signature = true;
                continue;
            }
            if words.len() <= 5 && THANKS.begin(&words).is_some() && words::matters(line).is_empty() {
                signature = last_that_asks.is_none_or(|last| last <= i);
                continue;
            }
            prose.own.push_str(line);
            prose.own.push('\n');
            if is_line(line) || is_number_of_order(line) {
                continue;
            }
            let said = after_greeting(line).trim();
            if !is_covering(said) && prose.rest.len() < LINES {
                prose.rest.push(said.to_owned());
            }
        }
        prose
    }
}

/// Paragraphs that say who may read the mail are nobody's own words.
fn without_notices<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let paragraphs = lines.split(|line| line.is_empty());
    let kept = paragraphs.filter(|paragraph| {
        let text = paragraph.join(" ");
        let words = words::words(&text);
        let cancels = words::matters(&text).iter().any(|(matter, _)| *matter == Matter::Cancellation);
        words.len() < NOTICE || cancels || CONFIDENTIAL.find(&words).is_none()
    });
    kept.flatten().copied().collect()
}

fn is_closing(line: &str, words: &[Word<'_>]) -> bool {
    if LONG_CLOSINGS.begin(words).is_some() {
        return true;
    }
    let closes = CLOSINGS.begin(words).is_some() || THANKS.begin(words).is_some() && CLOSINGS.find(words).is_some();
    words.len() <= FORMULA && closes && words::matters(line).is_empty()
}

/// Whether a line behind the thanks still wants something.
fn asks(line: &str) -> bool {
    let wants = |(matter, _): &(Matter, &str)| matches!(matter, Matter::Cancellation | Matter::Change);
    PLEASE.find(&words::words(line)).is_some() || words::matters(line).iter().any(wants)
}

/// `PO number: 4711`.
fn is_number_of_order(line: &str) -> bool {
    let Some((label, value)) = line.split_once([':', '#']) else { return false };
    columns::is_order_number_label(label) && value.split_whitespace().count() == 1
}

fn after_greeting(line: &str) -> &str {
    let words = words::words(line);
    let Some(length) = GREETINGS.begin(&words) else { return line };
    match line.split_once([',', '!', ':']) {
        Some((greeting, rest)) if words::words(greeting).len() <= FORMULA => rest,
        // Names and titles alone.
        None if words[length..].iter().all(|word| word.is_capitalized() || COVERING.begin(std::slice::from_ref(word)).is_some()) => "",
        _ => line,
    }
}

/// Whether a line only says that an order is with it.
fn is_covering(line: &str) -> bool {
    let mut numbered = false;
    line.split_whitespace().map(|token| token.trim_matches(|c: char| !c.is_alphanumeric())).filter(|token| !token.is_empty()).all(|token| {
        if token.chars().any(|c| c.is_ascii_digit()) {
            return std::mem::take(&mut numbered) || numbers::with_prefix(token).is_some();
        }
        let words = words::words(token);
        numbered = NUMBERED.begin(&words).is_some();
        words.iter().all(|word| COVERING.begin(std::slice::from_ref(word)).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rest(text: &str) -> Vec<String> {
        Prose::of(text, |_| false).rest
    }

    #[test]
    fn letters_that_only_cover_an_order_say_nothing() {
        for text in [
            "Please find our order attached.",
            "Hi Tom, please find attached our purchase order 4711 of 30.11.2026. Thank you!",
            "Dear Ayu,\n\nplease find our order PO-1001 attached.\n\nBest regards\nSiti Rahma\nJl. Braga 12, Bandung",
            "Sehr geehrte Damen und Herren,\nanbei finden Sie unsere Bestellung Nr. 77. Vielen Dank!\nMit freundlichen Grüßen\nHans, Rechnungswesen",
            "Yth. Bapak Budi,\nterlampir pesanan kami, mohon diproses.\nTerima kasih,\nSiti\nJalan Baru 5",
            "Geachte heer Jansen,\nhierbij onze bestelling.\nMet vriendelijke groet,\nPiet",
            "Bonjour,\nveuillez trouver ci-joint notre commande n° 15. Merci !\nCordialement,\nLuc\n12 rue de Lyon",
            "Buenos días,\nadjuntamos nuestro pedido. Gracias.\nSaludos,\nAna",
            "see attachment\n-- \nour cancellation policy: no returns",
            "order attached\n\nSent from my iPhone",
            "order attached\n\nThis e-mail and its attachments are confidential and meant for the\nintended recipient; if you are not, return it to us.",
            "PO number: 4711",
            "order attached\n> please cancel\n",
            "order attached\nFrom: Ayu\nSent: Monday\nTo: Siti\nplease cancel",
            "order attached\nOn Mon, Nov 30, 2026 at 9:00 AM Ayu\n<ayu@shop.example> wrote:\nplease cancel",
            "",
        ] {
            assert_eq!(rest(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_says_more_is_kept() {
        assert_eq!(
            rest("Order attached. Please send 5 instead of 3 of KOPI-250"),
            ["Order attached. Please send 5 instead of 3 of KOPI-250"]
        );
        assert_eq!(
            rest("Hello,\ndeliver to our new warehouse Jl. Baru 5, Medan\nThanks"),
            ["deliver to our new warehouse Jl. Baru 5, Medan"]
        );
        assert_eq!(rest("order attached\nThanks!\nPlease cancel line 2"), ["Please cancel line 2"]);
        assert_eq!(rest("order attached\nRegards\nSiti\nPS: without sugar"), ["PS: without sugar"]);
        assert_eq!(rest("Dear Ayu please leave it at the gate"), ["Dear Ayu please leave it at the gate"]);
        assert!(Prose::of("please cancel our order", |_| false).own.contains("cancel"));
        assert_eq!(Prose::of("3 x KOPI-250\nby Friday", |line| line.contains("KOPI")).rest, ["by Friday"]);
    }

    proptest! {
        #[test]
        fn what_is_kept_stands_in_the_text(text in "\\PC{0,80}|(Dear|order|Regards|PS|--|please|[.,!? \\n]|5|é|> ){0,25}") {
            let prose = Prose::of(&text, |_| false);
            for line in &prose.rest {
                prop_assert!(text.contains(line.as_str()) && prose.own.contains(line.as_str()));
            }
        }
    }
}
