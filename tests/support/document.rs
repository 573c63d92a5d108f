//! The OpenAPI document as a test reads it: its operations, samples of its schemas, and what does not fit a schema.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use chrono::{DateTime, NaiveDate};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The document that the application serves.
pub struct Document(pub Value);

/// One operation of it.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    /// With its parameters in braces.
    pub path: String,
    pub id: String,
    pub json: Value,
}

impl Document {
    pub fn new() -> Self {
        let text = pesanan::openapi::json(&pesanan::openapi::document());
        Self(serde_json::from_str(&text).unwrap())
    }

    /// All operations, by path.
    pub fn operations(&self) -> Vec<Operation> {
        let of_path = |(path, item): (&String, &Value)| {
            let of_method = |(method, json): (&String, &Value)| Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                id: json["operationId"].as_str().unwrap_or_default().to_owned(),
                json: json.clone(),
            };
            item.as_object().unwrap().iter().map(of_method).collect::<Vec<_>>()
        };
        self.0["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
    }

    pub fn operation(&self, id: &str) -> Operation {
        self.operations().into_iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("there is no operation '{id}'"))
    }

    /// The documented operation that serves this request, if there is one. A literal segment goes before a parameter.
    pub fn find(&self, method: &Method, path: &str) -> Option<Operation> {
        let parts: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
        let fits = |operation: &Operation| {
            let pattern: Vec<&str> = operation.path.split('/').collect();
            let same = |(pattern, part): (&&str, &&str)| pattern == part || pattern.starts_with('{');
            operation.method == *method && pattern.len() == parts.len() && pattern.iter().zip(&parts).all(same)
        };
        let mut found: Vec<Operation> = self.operations().into_iter().filter(fits).collect();
        found.sort_by_key(|operation| operation.path.matches('{').count());
        found.into_iter().next()
    }

    /// What a `$ref` leads to; the value itself where it is none.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("'{reference}' leads out of the document"));
                self.resolve(self.0.pointer(pointer).unwrap_or_else(|| panic!("'{reference}' leads nowhere")))
            }
            None => value,
        }
    }

    /// An example of a media type: its own, else that of its schema, else one that is put together from the schema's parts.
    pub fn example(&self, content: &Value) -> Result<Value, String> {
        if let Some(example) = content.get("example") {
            return Ok(example.clone());
        }
        if let Some(example) = content["examples"].as_object().and_then(|examples| examples.values().next()) {
            return Ok(example["value"].clone());
        }
        self.sample(&content["schema"], 0)
    }

    fn sample(&self, schema: &Value, depth: usize) -> Result<Value, String> {
        if depth > 30 {
            return Err("the schema leads back to itself".to_owned());
        }
        let schema = self.resolve(schema);
        let given = schema.get("example").or(schema.get("default")).or(schema["enum"].get(0)).or(schema["examples"].get(0));
        if let Some(given) = given {
            return Ok(given.clone());
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                whole.extend(self.sample(part, depth + 1)?.as_object().cloned().unwrap_or_default());
            }
            return Ok(Value::Object(whole));
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let first = choices.iter().find(|choice| choice["type"] != "null").ok_or("a choice of nothing")?;
                return self.sample(first, depth + 1);
            }
        }
        match types(schema).into_iter().find(|name| *name != "null") {
            Some("object") => {
                let mut object = Map::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    object.insert(name.clone(), self.sample(property, depth + 1).map_err(|error| format!("{name}: {error}"))?);
                }
                Ok(Value::Object(object))
            }
            Some("array") => Ok(json!([self.sample(&schema["items"], depth + 1)?])),
            Some("integer" | "number") => Ok(schema.get("minimum").cloned().unwrap_or(json!(1))),
            Some("boolean") => Ok(json!(true)),
            Some("string") => Ok(match schema["format"].as_str() {
                Some("date-time") => json!("2026-03-02T02:00:00Z"),
                Some("date") => json!("2026-03-02"),
                Some("uuid") => json!("01938f5e-7c1a-7000-8000-2f1b3c4d5e6f"),
                _ => json!("string"),
            }),
            _ => Err(format!("no example can be made of {schema}")),
        }
    }

    /// Why `value` does not fit `schema`, each with its place. A member that the schema does not name is a fault, too, unless the
    /// schema says what free members look like.
    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.judge(schema, value, "", &mut faults);
        faults
    }

    fn judge(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let mut add = |what: String| faults.push(format!("{at}: {what}"));
        let fits = |name: &&str| match *name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => value.is_null(),
        };
        let names = types(schema);
        if !names.is_empty() && !names.iter().any(fits) {
            return add(format!("{value} is no {}", names.join(" or ")));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            add(format!("{value} is none of {allowed:?}"));
        }
        if let Some(text) = value.as_str() {
            let fine = match schema["format"].as_str() {
                Some("date-time") => DateTime::parse_from_rfc3339(text).is_ok(),
                Some("date") => text.parse::<NaiveDate>().is_ok(),
                Some("uuid") => text.parse::<Uuid>().is_ok(),
                _ => true,
            };
            if !fine {
                add(format!("'{text}' is no {}", schema["format"]));
            }
        }
        if schema["pattern"] == r"^-?[0-9]+(\.[0-9]+)?$"
            && value.as_str().is_some_and(|text| text.parse::<rust_decimal::Decimal>().is_err())
        {
            add(format!("{value} is no decimal"));
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let tries: Vec<Vec<String>> = choices.iter().map(|choice| self.faults(choice, value)).collect();
                if !tries.iter().any(Vec::is_empty) {
                    let best = tries.into_iter().rev().min_by_key(Vec::len).unwrap_or_default();
                    add(format!("fits no choice: {}", best.join("; ")));
                }
            }
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            if schema.get("items").is_some() {
                self.judge(&schema["items"], item, &format!("{at}/{i}"), faults);
            }
        }
        if let Some(object) = value.as_object() {
            self.judge_members(schema, object, at, faults);
        }
    }

    fn judge_members(&self, schema: &Value, object: &Map<String, Value>, at: &str, faults: &mut Vec<String>) {
        let mut named = BTreeSet::new();
        let mut free = false;
        self.name_members(schema, &mut named, &mut free);
        for part in std::iter::once(schema).chain(schema["allOf"].as_array().into_iter().flatten().map(|part| self.resolve(part))) {
            for name in part["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !object.contains_key(name) {
                    faults.push(format!("{at}: '{name}' is missing"));
                }
            }
            for (name, property) in part["properties"].as_object().into_iter().flatten() {
                if let Some(value) = object.get(name) {
                    self.judge(property, value, &format!("{at}/{name}"), faults);
                }
            }
            if part["additionalProperties"].is_object() {
                for (name, value) in object.iter().filter(|(name, _)| !named.contains(*name)) {
                    self.judge(&part["additionalProperties"], value, &format!("{at}/{name}"), faults);
                }
            }
        }
        if !free && !named.is_empty() {
            faults.extend(object.keys().filter(|name| !named.contains(*name)).map(|name| format!("{at}: '{name}' is not documented")));
        }
    }

    fn name_members(&self, schema: &Value, named: &mut BTreeSet<String>, free: &mut bool) {
        let schema = self.resolve(schema);
        named.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        *free |= schema["additionalProperties"].is_object() || schema["additionalProperties"] == json!(true);
        schema["allOf"].as_array().into_iter().flatten().for_each(|part| self.name_members(part, named, free));
    }
}

impl Operation {
    /// Names of the path's parameters.
    pub fn path_parameters(&self) -> Vec<&str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    /// The path with each parameter filled in.
    pub fn path_with(&self, value: impl Fn(&str) -> String) -> String {
        let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => value(name),
            None => part.to_owned(),
        };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// The alternatives of scopes that open it; `None` where no token is wanted.
    pub fn scopes(&self) -> Option<Vec<Vec<String>>> {
        let requirements = self.json["security"].as_array()?;
        if requirements.iter().all(|requirement| requirement.get("oauth2").is_none()) {
            return None;
        }
        let words = |requirement: &Value| {
            let scopes = requirement["oauth2"].as_array()?;
            Some(scopes.iter().map(|scope| scope.as_str().unwrap().to_owned()).collect())
        };
        Some(requirements.iter().filter_map(words).collect())
    }

    /// Whether it takes a header of this name.
    pub fn takes_header(&self, document: &Document, name: &str) -> bool {
        let parameters = self.json["parameters"].as_array().into_iter().flatten();
        parameters.map(|parameter| document.resolve(parameter)).any(|parameter| parameter["in"] == "header" && parameter["name"] == name)
    }

    /// The documented answer of this status.
    pub fn response<'a>(&'a self, document: &'a Document, status: u16) -> Option<&'a Value> {
        self.json["responses"].get(status.to_string()).map(|response| document.resolve(response))
    }
}

/// `type` of a schema, one or many.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}
