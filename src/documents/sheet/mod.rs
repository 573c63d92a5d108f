//! What the templates show: facts, written in the reader's language. Templates only lay out.

/// Packing lists.
pub mod packing_list;
/// Who is who on a document.
mod parties;
/// Receipts.
pub mod receipt;
/// Statements of account.
pub mod statement;
/// What taxes are called.
mod tax;
/// Invoices and credit notes.
pub mod trade;

use super::language::Language;
use super::paper::Paper;
use serde_json::{Map, Value};

/// How a document is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub language: Language,
    pub paper: Paper,
}

/// What there is of two texts, with a dot between them.
fn joined(parts: [Option<String>; 2], between: &str) -> Option<String> {
    parts.into_iter().flatten().reduce(|first, second| format!("{first}{between}{second}"))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
