//! Elements one after the other, with everything between them escaped.

/// A UBL document that is being written.
pub struct Writer {
    out: String,
    depth: usize,
}

const COMPONENTS: &str = "urn:oasis:names:specification:ubl:schema:xsd:Common";

impl Writer {
    /// The whole document of this kind.
    pub fn document(kind: &str, content: impl FnOnce(&mut Self)) -> String {
        let mut writer = Self { out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), depth: 1 };
        writer.out.push_str(&format!(
            "<{kind} xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2\" xmlns:cac=\"{COMPONENTS}AggregateComponents-2\" xmlns:cbc=\"{COMPONENTS}BasicComponents-2\">\n"
        ));
        content(&mut writer);
        writer.out.push_str(&format!("</{kind}>\n"));
        writer.out
    }

    pub fn within(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.indent();
        self.out.push_str(&format!("<{name}>\n"));
        self.depth += 1;
        content(self);
        self.depth -= 1;
        self.indent();
        self.out.push_str(&format!("</{name}>\n"));
    }

    pub fn leaf(&mut self, name: &str, text: &str) {
        self.indent();
        self.out.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
    }

    /// Nothing where there is nothing to say: UBL knows no empty elements.
    pub fn leaf_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.leaf(name, text);
        }
    }

    pub fn leaf_of(&mut self, name: &str, attribute: &str, value: &str, text: &str) {
        self.indent();
        self.out.push_str(&format!("<{name} {attribute}=\"{}\">{}</{name}>\n", escaped(value), escaped(text)));
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}

/// Text and attributes; characters that XML 1.0 has no place for are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
