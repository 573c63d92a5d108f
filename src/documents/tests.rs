//! What PDFs look like can only be looked at; that they are made, always the same, and of all that they are given, is proved here.

use super::engine::{Engine, Job, Picture};
use super::facts::TradeDocument;
use super::language::Language;
use super::paper::Paper;
use super::samples::{credited, indonesian, plain};
use super::sheet::{self, Variant};
use std::time::Instant;

pub(super) fn job(document: &TradeDocument, language: Language, paper: Paper) -> Job {
    Job { template: "invoice", data: sheet::trade::sheet(document, Variant { language, paper }), logo: None, identity: document.number.clone() }
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
