//! The documented paths with their methods: to tell a wrong method from a wrong path, and to call a request by what it asks for.

use super::service_config::beginning;
use std::collections::HashMap;
use utoipa::openapi::OpenApi as Document;

/// What is served beside the documented operations, to everybody and to be read only.
const UNVERSIONED: [&str; 5] = ["/health/live", "/health/ready", "/openapi.json", "/docs", "/docs/"];

/// Paths by their beginnings.
pub struct Paths(HashMap<String, Vec<Path>>);

struct Path {
    /// As it is documented.
    template: String,
    parts: Vec<String>,
    /// As `Allow` names them.
    methods: String,
}

impl Path {
    /// How many of its parts are parameters.
    fn open(&self) -> usize {
        self.parts.iter().filter(|part| part.starts_with('{')).count()
    }

    fn fits(&self, parts: &[&str]) -> bool {
        let fits = |own: &String, part: &&str| own == part || (own.starts_with('{') && !part.is_empty());
        self.parts.len() == parts.len() && self.parts.iter().zip(parts).all(|(own, part)| fits(own, part))
    }
}

impl Paths {
    pub fn of(document: &Document) -> Self {
        let json = serde_json::to_value(&document.paths).unwrap_or_default();
        let known = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
        let methods = |item: &serde_json::Value| {
            let words = known.iter().filter(|method| item.get(**method).is_some()).map(|method| method.to_uppercase());
            // Whatever can be got can be asked for its head alone.
            words.map(|word| if word == "GET" { "GET, HEAD".to_owned() } else { word }).collect::<Vec<_>>().join(", ")
        };
        let mut paths: HashMap<String, Vec<Path>> = HashMap::new();
        let documented = json.as_object().into_iter().flatten().map(|(template, item)| (template.as_str(), methods(item)));
        for (template, methods) in documented.chain(UNVERSIONED.map(|template| (template, "GET, HEAD".to_owned()))) {
            let parts = template.split('/').map(str::to_owned).collect();
            let path = Path { template: template.to_owned(), parts, methods };
            paths.entry(beginning(template).to_owned()).or_default().push(path);
        }
        // Of two that fit, the one with fewer parameters is meant.
        paths.values_mut().for_each(|group| group.sort_by_key(Path::open));
        Self(paths)
    }

    fn find(&self, path: &str) -> Option<&Path> {
        let parts: Vec<&str> = path.split('/').collect();
        self.0.get(beginning(path))?.iter().find(|known| known.fits(&parts))
    }

    /// `GET, HEAD, PATCH` for a path that is documented, whatever its parameters.
    pub fn methods(&self, path: &str) -> Option<String> {
        self.find(path).map(|known| known.methods.clone())
    }

    /// `/v1/orders/{id}` for a path that is documented. The framework would look through all paths once more.
    pub fn template(&self, path: &str) -> Option<&str> {
        self.find(path).map(|known| known.template.as_str())
    }
}
