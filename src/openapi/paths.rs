//! The documented paths with their methods, to tell a wrong method from a wrong path.

use utoipa::openapi::OpenApi as Document;

/// Each path, cut at its slashes, with its methods as `Allow` names them.
pub struct Paths(Vec<(Vec<String>, String)>);

impl Paths {
    pub fn of(document: &Document) -> Self {
        let json = serde_json::to_value(&document.paths).unwrap_or_default();
        let paths = json.as_object().cloned().unwrap_or_default();
        let known = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
        let methods = |item: &serde_json::Value| {
            let words = known.iter().filter(|method| item.get(**method).is_some()).map(|method| method.to_uppercase());
            // Whatever can be got can be asked for its head alone.
            words.map(|word| if word == "GET" { "GET, HEAD".to_owned() } else { word }).collect::<Vec<_>>().join(", ")
        };
        Self(paths.iter().map(|(path, item)| (path.split('/').map(str::to_owned).collect(), methods(item))).collect())
    }

    /// `GET, HEAD, PATCH` for a path that is documented, whatever its parameters.
    pub fn methods(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &[String]| {
            pattern.len() == parts.len()
                && pattern.iter().zip(&parts).all(|(p, part)| p == part || (p.starts_with('{') && !part.is_empty()))
        };
        let open = |pattern: &[String]| pattern.iter().filter(|part| part.starts_with('{')).count();
        self.0.iter().filter(|(pattern, _)| fits(pattern)).min_by_key(|(pattern, _)| open(pattern)).map(|(_, methods)| methods.clone())
    }
}
