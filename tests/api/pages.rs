//! What the pages of docs/ say, held against the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files with this ending, in this folder and those within it.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

fn pages() -> Vec<PathBuf> {
    files(&root().join("docs"), "md").into_iter().filter(|path| !path.components().any(|part| part.as_os_str() == "decisions")).collect()
}

/// The codes that stand behind `call` in the source.
fn codes_behind(source: &str, call: &str, codes: &mut BTreeSet<String>) {
    for (at, _) in source.match_indices(call) {
        let rest = source[at + call.len()..].trim_start();
        let code = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(code, _)| code);
        codes.extend(code.filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).map(str::to_owned));
    }
}

#[test]
fn every_reason_of_a_message_is_told_on_a_page() {
    let mut codes = BTreeSet::new();
    let calls = ["Outcome::later(", "Outcome::ignored(", "Outcome::rejected(", "Reason::new(", ".fault(", "self.tell("];
    for folder in ["src/channels/platforms", "src/order_to_cash/shop_orders", "src/inbox"] {
        for path in files(&root().join(folder), "rs").into_iter().filter(|path| !path.ends_with("tests.rs")) {
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap();
            calls.iter().for_each(|call| codes_behind(source, call, &mut codes));
            if folder.ends_with("shop_orders") {
                codes_behind(source, "Error::conflict(", &mut codes);
            }
        }
    }
    assert!(codes.len() > 60 && codes.contains("unknown_order") && codes.contains("awaits_fulfillment"), "{codes:?}");
    let pages: Vec<PathBuf> =
        pages().into_iter().filter(|path| path.ends_with("inbox.md") || path.parent().unwrap().ends_with("channels")).collect();
    let told: String = pages.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let untold: Vec<&String> = codes.iter().filter(|code| !told.contains(&format!("`{code}`"))).collect();
    assert!(untold.is_empty(), "write these into docs/inbox.md: {untold:?}");
}

/// Each page can be pasted by itself: what its requests use is defined in it, in one form for all.
#[test]
fn a_page_defines_what_its_requests_use() {
    let mut preludes = BTreeSet::new();
    for path in pages().into_iter().filter(|path| !path.ends_with("performance.md")) {
        let page = fs::read_to_string(&path).unwrap();
        let shell: String = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let uses = |name: &str| shell.contains(&format!("${name}")) || shell.contains(&format!("{{{name}"));
        let calls = shell.lines().any(|line| line.starts_with("api ") || line.contains("$(api "));
        let prelude: Vec<&str> = shell.lines().filter(|line| line.starts_with("BASE=") || line.starts_with("api() ")).collect();
        if uses("BASE") || uses("TOKEN") || calls {
            assert_eq!(prelude.len(), 2, "{} has not the two lines of the other pages", path.display());
            preludes.insert(prelude.join("\n"));
        }
        let ascii = shell.lines().filter(|line| line.contains("\"secret\"") || line.contains("access_token\": \"")).all(str::is_ascii);
        assert!(
            ascii || path.ends_with("access.md") || path.ends_with("users-and-audit.md") || path.ends_with("webhooks.md"),
            "{}",
            path.display()
        );
    }
    assert_eq!(preludes.len(), 1, "{preludes:#?}");
}
