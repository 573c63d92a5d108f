//! How the table says what `data` holds, and the JSON Schema that follows from it.
//!
//! `number text, total decimal?, lines [sku text, quantity decimal], note text!` means: a text, a decimal or null, a list of objects,
//! and a text that may be absent. A list of values is `[text]`, an object `{…}`, a map by names that are not known `<…>`.

use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of a description. `None` where it cannot be read; a test reads all of them.
pub fn schema(description: &str) -> Option<Value> {
    let mut reader = Reader { rest: description.trim() };
    let schema = reader.members("")?;
    reader.rest.is_empty().then_some(schema)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, token: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> Option<&'a str> {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Members up to `end`, as an object that may have more of them later.
    fn members(&mut self, end: &str) -> Option<Value> {
        let (mut properties, mut required) = (Map::new(), vec![]);
        loop {
            self.skip();
            if self.rest.is_empty() || (!end.is_empty() && self.rest.starts_with(end)) {
                break;
            }
            let name = self.word()?;
            let schema = self.kind()?;
            if !self.takes("!") {
                required.push(json!(name));
            }
            properties.insert(name.to_owned(), schema);
            if !self.takes(",") {
                break;
            }
        }
        let mut object = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            object["required"] = Value::Array(required);
        }
        Some(object)
    }

    fn kind(&mut self) -> Option<Value> {
        let schema = if self.takes("[") {
            let items = self.inside("]")?;
            json!({ "type": "array", "items": items })
        } else if self.takes("{") {
            let object = self.members("}")?;
            self.takes("}").then_some(object)?
        } else if self.takes("<") {
            let values = self.kind()?;
            self.takes(">").then(|| json!({ "type": "object", "additionalProperties": values }))?
        } else {
            simple(self.word()?)?
        };
        Some(if self.takes("?") { nullable(schema) } else { schema })
    }

    /// What a list holds: members of an object, or one kind of value.
    fn inside(&mut self, end: &str) -> Option<Value> {
        let before = self.rest;
        if let Some(kind) = self.kind()
            && self.takes(end)
        {
            return Some(kind);
        }
        self.rest = before;
        let object = self.members(end)?;
        self.takes(end).then_some(object)
    }
}

fn simple(word: &str) -> Option<Value> {
    Some(match word {
        "text" => json!({ "type": "string" }),
        "decimal" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" }),
        "integer" => json!({ "type": "integer" }),
        "boolean" => json!({ "type": "boolean" }),
        "id" => json!({ "type": "string", "format": "uuid" }),
        "instant" => json!({ "type": "string", "format": "date-time" }),
        "date" => json!({ "type": "string", "format": "date" }),
        "object" => json!({ "type": "object", "additionalProperties": true }),
        "any" => json!({ "type": ["string", "number", "boolean", "object", "array", "null"] }),
        _ => return None,
    })
}

fn nullable(mut schema: Value) -> Value {
    if let Some(kind @ Value::String(_)) = schema.get("type").cloned() {
        schema["type"] = json!([kind, "null"]);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_into_a_schema() {
        let read =
            schema("number text, total decimal?, lines [sku text, quantity decimal!], tags [text], by {id id?}, ids <text>").unwrap();
        assert_eq!(read["required"], json!(["number", "total", "lines", "tags", "by", "ids"]));
        assert_eq!(read["properties"]["total"]["type"], json!(["string", "null"]));
        assert_eq!(read["properties"]["lines"]["items"]["required"], json!(["sku"]));
        assert_eq!(read["properties"]["tags"]["items"], json!({"type": "string"}));
        assert_eq!(read["properties"]["by"]["properties"]["id"]["format"], "uuid");
        assert_eq!(read["properties"]["ids"]["additionalProperties"], json!({"type": "string"}));
        assert_eq!(schema("").unwrap(), json!({"type": "object", "properties": {}}));
        for wrong in ["number", "number txt", "lines [sku text", "a text b text", "by {id id", "a text,, b text", "]"] {
            assert_eq!(schema(wrong), None, "{wrong}");
        }
    }
}
