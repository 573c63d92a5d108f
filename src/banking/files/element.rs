//! A small tree of one XML element, read within bounds. What can make a document grow or reach outside is refused: document types,
//! entities other than the five of XML, depth, and more nodes than any statement has.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

const DEPTH: usize = 32;
/// Of one entry: a batch of ten thousand payments has fewer.
const NODES: usize = 500_000;
/// Longer text than this is none of ours.
const TEXT: usize = 16 * 1024;

/// An element with its children, names without namespace prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

/// Why a document is not read any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: &'static str,
    pub detail: String,
}

impl Refused {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl Element {
    /// The first element on the path.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.children.iter().find(|child| child.name == *name))
    }

    /// The text of the first element on the path, without space around it; `None` where it is empty.
    pub fn text_at(&self, path: &[&str]) -> Option<String> {
        let text = self.at(path)?.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// All children of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The next start, end or text that matters, with everything dangerous refused.
pub enum Token {
    /// The element without its content, and whether it is empty.
    Start(Element, bool),
    End,
    Text(String),
    Eof,
}

pub fn next(reader: &mut Reader<&[u8]>) -> Result<Token, Refused> {
    loop {
        let at = reader.buffer_position();
        let malformed = |error: &dyn std::fmt::Display| Refused::new("malformed_xml", format!("at byte {at}: {error}"));
        return match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(start) => Ok(Token::Start(opened(&start).map_err(|error| malformed(&error))?, false)),
            Event::Empty(start) => Ok(Token::Start(opened(&start).map_err(|error| malformed(&error))?, true)),
            Event::End(_) => Ok(Token::End),
            Event::Text(text) => Ok(Token::Text(text.xml_content(XmlVersion::Implicit1_0).into_owned())),
            Event::CData(text) => Ok(Token::Text(text.xml_content(XmlVersion::Implicit1_0).into_owned())),
            Event::GeneralRef(reference) => {
                if let Some(character) = reference.resolve_char_ref().map_err(|error| malformed(&error))? {
                    return Ok(Token::Text(character.to_string()));
                }
                let name = reference.xml_content(XmlVersion::Implicit1_0);
                match quick_xml::escape::resolve_predefined_entity(&name) {
                    Some(text) => Ok(Token::Text(text.to_owned())),
                    None => Err(Refused::new("entity_refused", format!("at byte {at}: entities other than the five of XML are not read"))),
                }
            }
            Event::DocType(_) => Err(Refused::new("document_type_refused", "a document type declaration is not read; leave it out")),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
            Event::Eof => Ok(Token::Eof),
        };
    }
}

fn opened(start: &BytesStart<'_>) -> Result<Element, quick_xml::Error> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(quick_xml::Error::from)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        attributes.push((name_of(attribute.key.as_ref()), value));
    }
    Ok(Element { name: name_of(start.local_name().as_ref()), attributes, ..Element::default() })
}

fn name_of(name: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(name.as_ref()).into_owned()
}

/// The content of an element whose start has been read.
pub fn content(reader: &mut Reader<&[u8]>, start: Element) -> Result<Element, Refused> {
    let (mut open, mut nodes) = (vec![start], 0);
    loop {
        nodes += 1;
        if nodes > NODES || open.len() > DEPTH {
            return Err(Refused::new("too_large", "an entry has more elements than any bank's, or they are nested deeper"));
        }
        match next(reader)? {
            Token::Start(element, true) => attach(&mut open, element)?,
            Token::Start(element, false) => open.push(element),
            Token::Text(text) => {
                if let Some(element) = open.last_mut()
                    && element.text.len() + text.len() <= TEXT
                {
                    element.text.push_str(&text);
                } else {
                    return Err(Refused::new("too_large", format!("a text has more than {TEXT} bytes")));
                }
            }
            Token::End => match open.pop() {
                Some(element) if open.is_empty() => return Ok(element),
                Some(element) => attach(&mut open, element)?,
                None => return Err(Refused::new("malformed_xml", "an element ends that has not begun")),
            },
            Token::Eof => return Err(Refused::new("malformed_xml", "the document ends before its elements do")),
        }
    }
}

fn attach(open: &mut [Element], element: Element) -> Result<(), Refused> {
    let parent = open.last_mut().ok_or_else(|| Refused::new("malformed_xml", "an element stands outside of the document"))?;
    parent.children.push(element);
    Ok(())
}
