//! What PDFs look like can only be looked at; that they are made, always the same, and of all that they are given, is proved here.

use super::engine::{Engine, Job, Picture};
use super::facts::TradeDocument;
use super::language::Language;
use super::paper::Paper;
use super::samples::{credited, decimal, dutch_seller, indonesian, packing_list, plain, receipt, statement};
use super::sheet::{self, Variant};
use crate::types::decimal::{Amount, UnitPrice};
use rust_decimal::Decimal;
use std::time::Instant;
use typst::layout::{Frame, FrameItem};

pub(super) fn job(document: &TradeDocument, language: Language, paper: Paper) -> Job {
    Job {
        template: "invoice",
        data: sheet::trade::sheet(document, Variant { language, paper }),
        logo: None,
        identity: document.number.clone(),
    }
}

/// A logo as a small company has it.
pub(super) fn logo() -> Picture {
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 60"><circle cx="30" cy="30" r="26" fill="#0f4c5c"/><path d="M18 34c8-18 16-18 24 0" stroke="#fff" stroke-width="5" fill="none"/><rect x="70" y="16" width="140" height="10" rx="5" fill="#14202e"/><rect x="70" y="34" width="96" height="8" rx="4" fill="#8f99a3"/></svg>"##;
    Picture { name: "logo.svg".to_owned(), bytes: svg.as_bytes().to_vec() }
}

#[test]
fn the_same_document_is_laid_out_in_the_same_bytes() {
    let job = job(&plain(), Language::English, Paper::A4);
    let pdf = Engine::default().render(&job).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    assert_eq!(pdf, Engine::default().render(&job).unwrap());
}

#[test]
fn a_logo_that_cannot_be_drawn_is_left_out() {
    let engine = Engine::default();
    let broken = Picture { name: "logo.png".to_owned(), bytes: b"\x89PNG\r\n\x1a\nrest".to_vec() };
    let with = |logo: Option<Picture>| engine.render(&Job { logo, ..job(&plain(), Language::English, Paper::A4) }).unwrap();
    assert_eq!(with(Some(broken)), with(None));
    assert_ne!(with(Some(logo())), with(None));
}

#[test]
fn what_users_write_is_never_markup() {
    let mut document = plain();
    for text in ["#panic(\"no\")", "= Heading $x^2$ *b* _i_ `c` @ref <label> // no", "#read(\"/etc/passwd\")", "\\u{41}", "]]]", "#"] {
        document.lines[0].name = text.to_owned();
        document.buyer.name = text.to_owned();
        Engine::default().render(&job(&document, Language::Indonesian, Paper::Letter)).unwrap();
    }
}

/// The text of each page, in the order in which it is drawn.
fn pages(document: &TradeDocument, language: Language, paper: Paper) -> Vec<String> {
    fn collect(frame: &Frame, into: &mut String) {
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => collect(&group.frame, into),
                FrameItem::Text(text) => {
                    into.push_str(&text.text);
                    into.push('|');
                }
                _ => {}
            }
        }
    }
    let laid_out = Engine::default().layout(&job(document, language, paper), None).unwrap();
    laid_out
        .pages()
        .iter()
        .map(|page| {
            let mut text = String::new();
            collect(&page.frame, &mut text);
            text
        })
        .collect()
}

#[test]
fn an_invoice_says_what_the_directive_and_the_indonesian_rules_ask_for() {
    let mut document = indonesian(1);
    document.tax_breakdown[0].taxable_amount = Amount(decimal("311208.33"));
    let text = pages(&document, Language::Indonesian, Paper::A4).concat();
    for part in [
        "Faktur",
        "INV-000123",
        "2 Maret 2026",
        "27 Februari 2026",
        "1 April 2026",
        "PT Nusantara Niaga",
        "Jl. Jenderal Sudirman Kav. 52",
        "NPWP 01.234.567.8-901.000",
        "Toko Sumber Rejeki",
        "02.345.678.9-012.000",
        "Gudang Cimahi",
        "Kopi Arabika Gayo 250 g",
        "7\u{a0}pcs",
        "48.500,00",
        "339.500,00",
        "PPN 12%",
        "DPP nilai lain",
        "11/12\u{a0}×\u{a0}339.500,00",
        "311.208,33",
        "37.345,00",
        "Rp\u{a0}376.845,00",
        "010.002-26.12345678",
        "Bank Central Asia",
        "1234567890",
        "PO-2026-77",
        "Tiga ratus tujuh puluh enam ribu",
        "Halaman 1 dari 1",
    ] {
        assert!(text.contains(part), "'{part}' is not in {text}");
    }
    let text = pages(&plain(), Language::English, Paper::A4).concat();
    for part in [
        "Invoice",
        "2 March 2026",
        "VAT ID NL123456789B01",
        "DE136695976",
        "VAT 21%",
        "348.00",
        "73.08",
        "VAT 9%",
        "94.00",
        "8.46",
        "EUR\u{a0}523.54",
        "NL91 ABNA 0417 1643 00",
        "Netherlands",
    ] {
        assert!(text.contains(part), "'{part}' is not in {text}");
    }
}

#[test]
fn untaxed_groups_say_why_and_credit_notes_what_they_correct() {
    let mut document = credited(plain());
    document.tax_breakdown[0].tax_scheme_category = "AE".to_owned();
    let text = pages(&document, Language::English, Paper::A4).concat();
    for part in [
        "Credit note",
        "CN-000007",
        "Corrects invoice INV-000123 of 2 March 2026",
        "Goods came back unopened",
        "Reverse charge",
        "Article 196",
        "Total credit",
    ] {
        assert!(text.contains(part), "'{part}' is not in {text}");
    }
    assert!(!text.contains("IBAN"), "nothing is asked for");
    let paid = TradeDocument { paid: plain().total, ..plain() };
    let text = pages(&paid, Language::English, Paper::A4).concat();
    assert!(text.contains("PAID") && text.contains("Paid in full") && !text.contains("IBAN"), "{text}");
    // A prepayment that is deducted may be unpaid.
    let mut deducted = plain();
    let mut line = deducted.lines[0].clone();
    (line.net_amount, line.unit_price) = (Amount(-line.net_amount.0), UnitPrice(-line.unit_price.0));
    deducted.lines.push(line);
    deducted.total = Amount(Decimal::ZERO);
    for (language, says) in [(Language::English, "prepayment deducted above"), (Language::Indonesian, "dipotong uang muka")] {
        let text = pages(&deducted, language, Paper::A4).concat();
        assert!(text.contains(says) && !text.contains("Paid in full") && !text.contains("Sudah lunas"), "{text}");
        assert!(!text.contains("PAID") && !text.contains("LUNAS"), "{text}");
    }
}

#[test]
fn a_long_table_repeats_its_heads_and_carries_its_sum() {
    let pages = pages(&indonesian(60), Language::English, Paper::Letter);
    assert!(pages.len() >= 3, "{}", pages.len());
    for (i, page) in pages.iter().enumerate() {
        assert!(page.contains("DESCRIPTION") && page.contains(&format!("Page {} of {}", i + 1, pages.len())), "{page}");
        let lines = (1..=60).filter(|line| page.contains(&format!("KOPI-{line:04}"))).count();
        assert!(lines > 0);
        assert_eq!(page.contains("Carried forward"), i > 0);
        assert_eq!(page.contains("Carried over"), i + 1 < pages.len());
    }
    let before = (1..=60).filter(|line| pages[0].contains(&format!("KOPI-{line:04}"))).count();
    let sum = Language::English.number(Decimal::from(339_500 * before), 0);
    assert!(pages[0].contains(&sum) && pages[1].contains(&sum), "{sum}");
    assert_eq!(pages.concat().matches("KOPI-").count(), 60, "every line once");
}

#[test]
fn markup_of_users_is_printed_as_they_wrote_it() {
    let mut document = plain();
    document.lines[0].name = "#panic() *b* $x$".to_owned();
    let text = pages(&document, Language::English, Paper::A4).concat();
    assert!(text.contains("#panic() *b* $x$"), "{text}");
}

/// Writes PDFs to the folder of `PESANAN_DOCUMENTS` to be looked at.
#[test]
#[ignore = "for eyes"]
fn show() {
    let folder = std::path::PathBuf::from(std::env::var_os("PESANAN_DOCUMENTS").unwrap());
    let (engine, en, id) = (Engine::default(), Language::English, Language::Indonesian);
    let put = |name: &str, job: Job| std::fs::write(folder.join(format!("{name}.pdf")), engine.render(&job).unwrap()).unwrap();
    put("plain", Job { logo: Some(logo()), ..job(&plain(), en, Paper::A4) });
    put("indonesian", job(&indonesian(4), id, Paper::A4));
    put("sixty", Job { logo: Some(logo()), ..job(&indonesian(60), en, Paper::Letter) });
    put("credit_note", job(&credited(plain()), en, Paper::A4));
    let paid = TradeDocument { paid: plain().total, ..plain() };
    put("paid", Job { logo: Some(logo()), ..job(&paid, en, Paper::A4) });
    let mut long = plain();
    long.orders[0].purchase_order_number = Some("PO-".to_owned() + &"0123456789".repeat(6));
    long.lines[0].name = "x".repeat(90);
    long.lines[0].sku = "SKU-".to_owned() + &"0123456789".repeat(6);
    put("long_words", job(&long, en, Paper::A4));
    let form = |language, paper| Variant { language, paper };
    let of = |template, data, logo| Job { template, data, logo, identity: template.to_owned() };
    put("receipt", of("receipt", sheet::receipt::sheet(&receipt(), form(id, Paper::A4)), Some(logo())));
    put("packing_list", of("packing_list", sheet::packing_list::sheet(&packing_list(), form(id, Paper::A4)), None));
    put("statement", of("statement", sheet::statement::sheet(&statement(3), &dutch_seller(), form(en, Paper::A4)), Some(logo())));
    put("long_statement", of("statement", sheet::statement::sheet(&statement(36), &dutch_seller(), form(en, Paper::Letter)), None));
}

#[test]
fn receipts_packing_lists_and_statements_are_laid_out_in_both_languages_on_both_papers() {
    let engine = Engine::default();
    for language in [Language::English, Language::Indonesian] {
        for paper in [Paper::A4, Paper::Letter] {
            let form = Variant { language, paper };
            for (template, data) in [
                ("receipt", sheet::receipt::sheet(&receipt(), form)),
                ("packing_list", sheet::packing_list::sheet(&packing_list(), form)),
                ("statement", sheet::statement::sheet(&statement(2), &dutch_seller(), form)),
                ("statement", sheet::statement::sheet(&statement(0), &dutch_seller(), form)),
            ] {
                engine.layout(&Job { template, data, logo: None, identity: String::new() }, None).unwrap();
            }
        }
    }
}

/// Time and memory of long documents: `cargo test --release --lib documents::tests::measure -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn measure() {
    let memory = |field: &str| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let engine = Engine::default();
    println!("before the first document: {} MB resident", memory("VmRSS"));
    for lines in [1, 1, 20, 200, 1000, 1] {
        let job = job(&indonesian(lines), Language::Indonesian, Paper::A4);
        let started = Instant::now();
        let pdf = engine.render(&job).unwrap();
        let took = started.elapsed();
        let pages = pdf.windows(12).filter(|window| window.starts_with(b"/Type/Page/") || window.starts_with(b"/Type/Page\n")).count();
        println!(
            "{lines} lines, {pages} pages: {took:.0?}, {} kB, resident {} MB, at most {} MB",
            pdf.len() / 1024,
            memory("VmRSS"),
            memory("VmHWM")
        );
    }
}
