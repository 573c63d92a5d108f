//! What events there are: the one table from which come the page, `GET /v1/event_types` and the `webhooks` of the OpenAPI document.

mod access;
pub mod api;
mod books;
mod fulfillment;
mod masters;
mod money;
mod orders;
/// How the table says what `data` holds.
mod schema;
mod stock;

use super::readable::scope_of;
use crate::auth::permission::Permission;
use serde_json::Value;

/// A type of events.
#[derive(Clone, Copy, Debug)]
pub struct EventType {
    pub name: &'static str,
    /// When it happens.
    pub what: &'static str,
    /// What its `data` holds, in the words of [`schema`].
    data: &'static str,
    /// An example of its `data`.
    example: &'static str,
}

const ALL: [&[EventType]; 7] = [orders::TYPES, fulfillment::TYPES, money::TYPES, books::TYPES, stock::TYPES, masters::TYPES, access::TYPES];

/// All of them, in the order in which they are documented.
pub fn all() -> impl Iterator<Item = &'static EventType> {
    ALL.into_iter().flatten()
}

/// The type of this name.
pub fn find(name: &str) -> Option<&'static EventType> {
    all().find(|known| known.name == name)
}

impl EventType {
    /// The scope that reading it takes.
    pub fn scope(&self) -> &'static str {
        scope_of(self.name).map(Permission::scope).unwrap_or_default()
    }

    /// JSON Schema of its `data`.
    pub fn data_schema(&self) -> Option<Value> {
        schema::schema(self.data)
    }

    pub fn data_example(&self) -> Option<Value> {
        serde_json::from_str(self.example).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_entry_can_be_read_and_has_a_scope_and_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for event_type in all() {
            let name = event_type.name;
            assert!(names.insert(name), "{name} stands twice");
            assert!(!event_type.scope().is_empty(), "nobody may read {name}");
            assert!(event_type.data_schema().is_some(), "what {name} holds: {}", event_type.data);
            assert!(event_type.data_example().is_some_and(|example| example.is_object()), "the example of {name}");
            assert!(!event_type.what.is_empty() && !event_type.what.ends_with('.'), "{name}: {}", event_type.what);
        }
        assert!(names.len() > 100);
    }

    #[test]
    fn the_page_shows_the_table() {
        let page = include_str!("../../../docs/events.md");
        let shown: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.contains('.')).collect();
        let rows: Vec<String> = all().map(|known| format!("| `{}` | `{}` | {} |", known.name, known.scope(), known.what)).collect();
        assert_eq!(shown, rows, "docs/events.md should say:\n{}", rows.join("\n"));
    }

    /// The string literals of a source file that have the form of an event type.
    fn types_in(source: &str) -> Vec<&str> {
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let is_type = |text: &&str| text.split_once('.').is_some_and(|(subject, verb)| plain(subject) && plain(verb));
        // A template's file name has the form too.
        let is_file = |text: &&str| text.ends_with(".typ");
        source.split(['"', '\'']).filter(|text| is_type(text) && !is_file(text)).filter(|text| scope_of(text).is_some()).collect()
    }

    #[test]
    fn the_table_names_what_the_code_tells_and_nothing_else() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events/catalogue");
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut told = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.extension().and_then(|extension| extension.to_str()) {
                    // Platforms have topics of the same form.
                    None if path.is_dir() && path != own && !path.ends_with("channels/platforms") => folders.push(path),
                    Some("rs") => told.extend(types_in(&std::fs::read_to_string(path).unwrap()).into_iter().map(str::to_owned)),
                    _ => {}
                }
            }
        }
        assert_eq!(all().map(|known| known.name.to_owned()).collect::<BTreeSet<_>>(), told);
    }
}
