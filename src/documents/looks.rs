//! Pages as they are seen: each PDF is drawn to pixels, which must be there, inside of the margins, and no more than a page bears.

use super::engine::{Engine, Job};
use super::facts::TradeDocument;
use super::language::Language;
use super::paper::Paper;
use super::samples::{credited, indonesian, packing_list, plain, receipt, statement};
use super::sheet::{self, Variant};
use super::tests::{job, logo};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::Pixmap;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{RenderCache, RenderSettings, render};
use std::ops::RangeInclusive;

/// Pixels of a PDF point: as few as show what is where.
const SCALE: f32 = 0.5;
/// Pixels at the edge where nothing is printed: half a centimetre, which printers cut off.
const MARGIN: u16 = 7;

/// The pages of a PDF as pictures, white where nothing is.
fn drawn(pdf: Vec<u8>) -> Vec<Pixmap> {
    let pdf = Pdf::new(pdf).unwrap();
    let (cache, settings) = (RenderCache::new(), InterpreterSettings::default());
    let look = RenderSettings { x_scale: SCALE, y_scale: SCALE, bg_color: WHITE, ..RenderSettings::default() };
    pdf.pages().iter().map(|page| render(page, &cache, &settings, &look)).collect()
}

/// Whether something is printed there.
fn is_ink(page: &Pixmap, x: u16, y: u16) -> bool {
    let pixel = page.sample(x, y);
    [pixel.r, pixel.g, pixel.b].iter().any(|part| *part < 240)
}

/// The columns and rows between which all ink is; `None` of an empty page.
fn inked(page: &Pixmap) -> Option<(RangeInclusive<u16>, RangeInclusive<u16>)> {
    let ink = |x: u16, y: u16| is_ink(page, x, y);
    let column = |x: &u16| (0..page.height()).any(|y| ink(*x, y));
    let row = |y: &u16| (0..page.width()).any(|x| ink(x, *y));
    let left = (0..page.width()).find(column)?;
    let right = (0..page.width()).rev().find(column)?;
    let top = (0..page.height()).find(row)?;
    let bottom = (0..page.height()).rev().find(row)?;
    Some((left..=right, top..=bottom))
}

/// In a thousand of the page.
fn share_of_ink(page: &Pixmap) -> usize {
    let all = usize::from(page.width()) * usize::from(page.height());
    let ink = (0..page.height()).flat_map(|y| (0..page.width()).map(move |x| (x, y))).filter(|(x, y)| is_ink(page, *x, *y)).count();
    ink * 1000 / all
}

/// Each document of each kind, by name.
fn documents(variant: Variant) -> Vec<(&'static str, Job)> {
    let Variant { language, paper } = variant;
    let other = |template: &'static str, data| Job { template, data, logo: Some(logo()), identity: template.to_owned() };
    let trade = |document: TradeDocument| Job { logo: Some(logo()), ..job(&document, language, paper) };
    let seller = plain().seller;
    vec![
        ("an invoice", trade(plain())),
        ("an invoice of many pages", trade(indonesian(45))),
        ("a credit note", trade(credited(plain()))),
        ("a receipt", other("receipt", sheet::receipt::sheet(&receipt(), variant))),
        ("a packing list", other("packing_list", sheet::packing_list::sheet(&packing_list(), variant))),
        ("a statement", other("statement", sheet::statement::sheet(&statement(30), &seller, variant))),
    ]
}

#[test]
fn no_page_is_blank_and_nothing_leaves_it() {
    let engine = Engine::default();
    for (language, paper) in [(Language::English, Paper::A4), (Language::Indonesian, Paper::Letter)] {
        let (width, height) = match paper {
            Paper::A4 => (297, 420),
            Paper::Letter => (306, 396),
        };
        for (what, job) in documents(Variant { language, paper }) {
            let pages = drawn(engine.render(&job).unwrap());
            assert!(!pages.is_empty() && (what != "an invoice of many pages" || pages.len() > 2), "{what} has {} pages", pages.len());
            for (number, page) in pages.iter().enumerate() {
                let case = format!("{what}, page {} on {paper} in {language}", number + 1);
                assert!(
                    page.width().abs_diff(width) <= 1 && page.height().abs_diff(height) <= 1,
                    "{case}: {} × {}",
                    page.width(),
                    page.height()
                );
                let (columns, rows) = inked(page).unwrap_or_else(|| panic!("{case} is blank"));
                let inside = *columns.start() >= MARGIN
                    && *columns.end() < page.width() - MARGIN
                    && *rows.start() >= MARGIN
                    && *rows.end() < page.height() - MARGIN;
                assert!(inside, "{case}: ink from {columns:?} by {rows:?} of {} × {}", page.width(), page.height());
                // A page has something to say in most of its width, and is neither empty nor black.
                assert!(columns.end() - columns.start() > page.width() / 2, "{case}: {columns:?}");
                let share = share_of_ink(page);
                assert!((3..400).contains(&share), "{case}: {share} of 1000 are ink");
            }
        }
    }
}

#[test]
fn an_empty_page_would_be_seen() {
    let mut blank = Pixmap::new(100, 100);
    blank.data_as_u8_slice_mut().fill(255);
    assert_eq!((inked(&blank), share_of_ink(&blank)), (None, 0));
    blank.data_as_u8_slice_mut()[(40 * 100 + 30) * 4..(40 * 100 + 30) * 4 + 3].fill(0);
    assert_eq!(inked(&blank), Some((30..=30, 40..=40)));
}
