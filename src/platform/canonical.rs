//! One form for all JSON texts that mean the same: members sorted, white space and escapes gone. Made for digests: it is not JSON
//! itself, and texts are borrowed where they can be.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

pub enum Canonical<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Array(Vec<Canonical<'a>>),
    Object(Vec<(Cow<'a, str>, Canonical<'a>)>),
}

impl Canonical<'_> {
    /// Drops members that say nothing (null, false, and what is empty then), at every depth but below members called `kept`.
    pub fn drop_empty(&mut self, kept: &str) {
        match self {
            Self::Array(items) => items.iter_mut().for_each(|item| item.drop_empty(kept)),
            Self::Object(members) => {
                members.iter_mut().filter(|(key, _)| key != kept).for_each(|(_, value)| value.drop_empty(kept));
                members.retain(|(_, value)| !value.says_nothing());
            }
            Self::Null | Self::Bool(_) | Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) | Self::Text(_) => {}
        }
    }

    fn says_nothing(&self) -> bool {
        match self {
            Self::Null | Self::Bool(false) => true,
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            Self::Bool(true) | Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) | Self::Text(_) => false,
        }
    }

    /// Appends a form that no other value has: each piece begins with its kind, and what varies in length with its length.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(b'n'),
            Self::Bool(value) => out.extend([b'b', u8::from(*value)]),
            Self::Unsigned(value) => {
                out.push(b'u');
                out.extend(value.to_be_bytes());
            }
            Self::Signed(value) => {
                out.push(b'i');
                out.extend(value.to_be_bytes());
            }
            Self::Float(value) => {
                out.push(b'f');
                out.extend(value.to_bits().to_be_bytes());
            }
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                out.push(b'a');
                out.extend((items.len() as u64).to_be_bytes());
                items.iter().for_each(|item| item.write(out));
            }
            Self::Object(members) => {
                out.push(b'o');
                out.extend((members.len() as u64).to_be_bytes());
                for (key, value) in members {
                    write_text(key, out);
                    value.write(out);
                }
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b's');
    out.extend((text.len() as u64).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

impl<'de> Deserialize<'de> for Canonical<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Canonical<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Canonical::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Canonical::Bool(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Canonical::Unsigned(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Canonical::Signed(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Canonical::Float(value))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Canonical::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Canonical::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = vec![];
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Canonical::Array(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all: Vec<(Cow<'de, str>, Canonical<'de>)> = vec![];
        while let Some(Key(key)) = members.next_key()? {
            all.push((key, members.next_value()?));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Canonical::Object(all))
    }
}

/// A member's name, borrowed unless it is escaped: serde's own `Cow` never borrows.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a member's name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Vec<u8> {
        let mut out = vec![];
        serde_json::from_str::<Canonical>(text).unwrap().write(&mut out);
        out
    }

    #[test]
    fn what_means_the_same_has_one_form() {
        assert_eq!(form(r#"{"a":[1,-2,0.5,true,null],"b":"x"}"#), form(r#" { "b" : "\u0078", "a" : [ 1, -2, 5e-1, true, null ] } "#));
    }

    #[test]
    fn what_differs_has_another() {
        let all = [
            "1",
            "-1",
            "1.5",
            "\"1\"",
            "true",
            "false",
            "null",
            "[]",
            "{}",
            "[1]",
            "[[1]]",
            "[1,2]",
            "[12]",
            r#"["a","b"]"#,
            r#"["ab"]"#,
            r#"{"a":"b"}"#,
            r#"{"a":["b"]}"#,
            r#"{"ab":""}"#,
            r#"["a",{"b":1}]"#,
            r#"[{"a":1},{"b":2}]"#,
            r#"[{"a":1,"b":2}]"#,
        ];
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert_ne!(form(a), form(b), "{a} and {b}");
            }
        }
    }
}
