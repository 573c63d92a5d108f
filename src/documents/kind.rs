use super::language::Language;
use super::paper::Paper;
use super::ubl::UblProfile;
use crate::types::text_enum::text_enum;
use aws_lc_rs::digest::{SHA256, digest};

text_enum! {
    /// A document whose bytes are kept for ever.
    pub enum IssuedKind {
        Invoice = "invoice",
        CreditNote = "credit_note",
        Receipt = "receipt",
    }
}

/// One of the forms in which a document is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Pdf(Language, Paper),
    Ubl(UblProfile),
}

impl Form {
    /// The form's key, `pdf-en-a4`.
    pub fn key(self) -> String {
        match self {
            Self::Pdf(language, paper) => format!("pdf-{language}-{paper}"),
            Self::Ubl(profile) => format!("ubl-{profile}"),
        }
    }
}

/// A file and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    pub bytes: Vec<u8>,
}

impl Stored {
    pub fn of(bytes: Vec<u8>) -> Self {
        let sha256 = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { sha256, bytes }
    }
}
