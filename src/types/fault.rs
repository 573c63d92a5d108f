//! What is wrong with a body: all value faults at once, each with its place.

use serde::{Deserialize, Serialize};

/// One fault of a request body: `pointer` is a JSON Pointer (RFC 6901) into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fault {
    #[schema(example = "/lines/0/quantity")]
    pub pointer: String,
    #[schema(example = "out_of_range")]
    pub code: String,
    #[schema(example = "must be above 0")]
    pub detail: String,
}

/// Collects faults while a body is checked; `into_result` refuses if there are any.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault { pointer: pointer.into(), code: code.into(), detail: detail.into() });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a fault unless `holds`.
    pub fn require(&mut self, holds: bool, pointer: impl Into<String>, code: &str, detail: &str) {
        if !holds {
            self.add(pointer, code, detail);
        }
    }

    /// `Err` with all faults (at most 100 are kept for the answer) if there is any.
    pub fn into_result(mut self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.truncate(100);
        Err(self.0)
    }

    /// A single fault as a refusal.
    pub fn one(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Vec<Fault> {
        vec![Fault { pointer: pointer.into(), code: code.into(), detail: detail.into() }]
    }
}

/// A member's name in a JSON Pointer (RFC 6901 §3).
pub fn member(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
