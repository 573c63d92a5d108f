//! Templates and data to PDF. The engine sees nothing but what is compiled in and what it is handed: no file system, no network, no
//! clock. All text of users comes in as values of `data.json`, so that none of it is ever read as markup.

use super::legible::Legible;
use crate::error::Error;
use std::sync::OnceLock;
use typst::comemo;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

macro_rules! templates {
    ($($name:literal),*) => { &[$(($name, include_str!(concat!("templates/", $name)))),*] };
}

const TEMPLATES: &[(&str, &str)] = templates!["base.typ", "invoice.typ", "receipt.typ", "packing_list.typ", "statement.typ"];

/// Inter, cut down to Latin, Greek and Cyrillic (SIL Open Font License 1.1; see `fonts/LICENSE.txt`).
const FONTS: [&[u8]; 3] =
    [include_bytes!("fonts/Inter-Regular.otf"), include_bytes!("fonts/Inter-Medium.otf"), include_bytes!("fonts/Inter-SemiBold.otf")];

/// What is the same for all documents; made at the first one.
struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    /// Fonts of the operator's own, for scripts that Inter lacks: their families, tried after it.
    families: Vec<String>,
    /// What all fonts show, and what the built-in ones show.
    legible: Legible,
    legible_built_in: Legible,
}

impl Shared {
    fn load(folder: Option<&std::path::Path>) -> Self {
        let mut fonts: Vec<Font> = FONTS.iter().flat_map(|data| Font::iter(Bytes::new(*data))).collect();
        let legible_built_in = Legible::by(fonts.iter().map(Font::info));
        let mut own = folder.map(files_in).unwrap_or_default();
        own.sort();
        let read = |path: &std::path::PathBuf| std::fs::read(path).inspect_err(|error| log::warn!("{}: {error}", path.display())).ok();
        fonts.extend(own.iter().filter_map(read).flat_map(|data| Font::iter(Bytes::new(data))));
        let mut families = vec![];
        for font in &fonts {
            let family = font.info().family.as_str().to_owned();
            if !families.contains(&family) {
                families.push(family);
            }
        }
        let legible = Legible::by(fonts.iter().map(Font::info));
        let (library, book) = (LazyHash::new(Library::default()), LazyHash::new(FontBook::from_fonts(&fonts)));
        Self { library, book, fonts, families, legible, legible_built_in }
    }
}

fn files_in(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).inspect_err(|error| log::warn!("{}: {error}", folder.display())).ok();
    let is_font = |path: &std::path::PathBuf| path.extension().is_some_and(|kind| matches!(kind.to_str(), Some("ttf" | "otf" | "ttc")));
    entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).filter(is_font).collect()
}

/// A picture beside the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name in the data, with the ending that tells its kind: `logo.png`.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// One PDF to make.
#[derive(Clone, Debug)]
pub struct Job {
    /// The template: `invoice`, `receipt`, …
    pub template: &'static str,
    /// What it shows, as the template's first lines say. `fonts` and `logo` are filled in here.
    pub data: serde_json::Map<String, serde_json::Value>,
    pub logo: Option<Picture>,
    /// Becomes the PDF's identity, instead of one that is drawn.
    pub identity: String,
}

/// Makes PDFs; its fonts are read at the first one.
#[derive(Default)]
pub struct Engine {
    shared: OnceLock<Shared>,
    font_folder: Option<std::path::PathBuf>,
}

impl Engine {
    /// `font_folder` holds fonts for scripts that the built-in one lacks.
    pub fn new(font_folder: Option<std::path::PathBuf>) -> Self {
        Self { shared: OnceLock::new(), font_folder }
    }

    /// The same job gives the same bytes. What no font has is shown by a substitute, a logo that cannot be drawn is left out, and a
    /// document that the operator's own fonts spoil is made without them: an invoice must not wait for a picture or a letter.
    pub fn render(&self, job: &Job) -> Result<Vec<u8>, Error> {
        let shared = self.shared();
        let own_fonts = shared.fonts.len() > FONTS.len();
        let mut result = self.compile(job, job.logo.as_ref(), &shared.legible);
        if let (Err(error), true) = (&result, own_fonts) {
            log::warn!("a document is made with the built-in fonts alone: {error}");
            result = self.compile(job, job.logo.as_ref(), &shared.legible_built_in);
        }
        if let (Err(error), Some(_)) = (&result, &job.logo) {
            log::warn!("a document is made without its logo: {error}");
            result = self.compile(job, None, &shared.legible_built_in);
        }
        // What was memoised for this document is of no use to the next.
        comemo::evict(0);
        result.map_err(Error::internal)
    }

    fn shared(&self) -> &Shared {
        self.shared.get_or_init(|| Shared::load(self.font_folder.as_deref()))
    }

    fn compile(&self, job: &Job, logo: Option<&Picture>, legible: &Legible) -> Result<Vec<u8>, String> {
        let document = self.lay_out(job, logo, legible)?;
        let standards = PdfStandards::new(&[PdfStandard::A_2b]).map_err(|error| error.message().to_string())?;
        let options = PdfOptions {
            ident: Smart::Custom(job.identity.clone()),
            creator: Smart::Custom(Some("Pesanan".to_owned())),
            standards,
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|errors| told(&errors))
    }

    #[cfg(test)]
    pub(super) fn shown(&self, text: &str) -> String {
        self.shared().legible.shown(text).unwrap_or_else(|| text.to_owned())
    }

    #[cfg(test)]
    pub(super) fn layout(&self, job: &Job, logo: Option<&Picture>) -> Result<PagedDocument, String> {
        self.lay_out(job, logo, &self.shared().legible)
    }

    fn lay_out(&self, job: &Job, logo: Option<&Picture>, legible: &Legible) -> Result<PagedDocument, String> {
        let shared = self.shared();
        let mut data = job.data.clone();
        data.values_mut().for_each(|value| legible.show(value));
        data.insert("fonts".to_owned(), serde_json::json!(shared.families));
        data.insert("logo".to_owned(), serde_json::json!(logo.map(|picture| &picture.name)));
        let mut files = vec![(file_id("data.json")?, Bytes::new(serde_json::to_vec(&data).map_err(|error| error.to_string())?))];
        if let Some(picture) = logo {
            files.push((file_id(&picture.name)?, Bytes::new(picture.bytes.clone())));
        }
        let desk = Desk { shared, main: file_id(&format!("{}.typ", job.template))?, files };
        typst::compile(&desk).output.map_err(|errors| told(&errors))
    }
}

fn told(errors: &[SourceDiagnostic]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn file_id(name: &str) -> Result<FileId, String> {
    let path = VirtualPath::new(name).map_err(|_| format!("'{name}' is no path of a template"))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// All that a template can reach.
struct Desk<'a> {
    shared: &'a Shared,
    main: FileId,
    files: Vec<(FileId, Bytes)>,
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let name = id.vpath().get_without_slash();
        let found = TEMPLATES.iter().find(|(template, _)| *template == name);
        found.map(|(_, text)| Source::new(id, (*text).to_owned())).ok_or_else(|| FileError::NotFound(name.into()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(file, _)| *file == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| FileError::NotFound(id.vpath().get_without_slash().into()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
