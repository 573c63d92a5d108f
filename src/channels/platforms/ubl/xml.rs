//! A business document as a tree, within bounds: no document types, no entities but the five of XML, no depth and no size without end.

use crate::banking::files::element::{self, Element, Refused, Token};
use quick_xml::reader::Reader;

const DEPTH: usize = 32;
/// An order of a thousand lines has some fifty thousand.
const NODES: usize = 500_000;
/// Longer text is an attached file, which is no part of an order; it is left out.
const TEXT: usize = 16 * 1024;

/// The document's root with all that is in it.
pub fn read(bytes: &[u8]) -> Result<Element, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::new("not_utf8", "send the document in UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let (mut open, mut root, mut nodes): (Vec<Element>, Option<Element>, usize) = (vec![], None, 0);
    loop {
        nodes += 1;
        if nodes > NODES || open.len() > DEPTH {
            return Err(Refused::new("too_large", "the document has more elements than any order, or they are nested deeper"));
        }
        let ended = match element::next(&mut reader)? {
            Token::Start(_, _) if root.is_some() => return Err(Refused::new("malformed_xml", "the document goes on after its end")),
            Token::Start(element, true) => Some(element),
            Token::Start(element, false) => {
                open.push(element);
                None
            }
            Token::Text(text) => {
                if let Some(element) = open.last_mut()
                    && element.text.len() + text.len() <= TEXT
                {
                    element.text.push_str(&text);
                } else if open.is_empty() && !text.trim().is_empty() {
                    return Err(Refused::new("malformed_xml", "text stands outside of the document"));
                }
                None
            }
            Token::End => Some(open.pop().ok_or_else(|| Refused::new("malformed_xml", "an element ends that has not begun"))?),
            Token::Eof if open.is_empty() => return root.ok_or_else(|| Refused::new("malformed_xml", "the document is empty")),
            Token::Eof => return Err(Refused::new("malformed_xml", "the document ends before its elements do")),
        };
        if let Some(element) = ended {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => root = Some(element),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_reach_outside_or_grow_is_refused() {
        let code = |text: &str| read(text.as_bytes()).err().map(|refused| refused.code);
        assert_eq!(code("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"), Some("document_type_refused"));
        assert_eq!(code("<a>&e;</a>"), Some("entity_refused"));
        assert_eq!(code(&"<a>".repeat(40)), Some("too_large"));
        assert_eq!(code("<a><b></a>"), Some("malformed_xml"));
        assert_eq!(code("<a/><b/>"), Some("malformed_xml"));
        assert_eq!(code(""), Some("malformed_xml"));
        assert_eq!(code("<a>1 &lt; 2</a>"), None);
        let attached = format!("<a><b>{}</b><c>x</c></a>", "QUJD".repeat(10_000));
        assert_eq!(read(attached.as_bytes()).unwrap().text_at(&["c"]).as_deref(), Some("x"));
    }
}
