//! Requests are closed and lenient, answers are open and complete: an unknown field of a request is refused and most fields may
//! be left out, while in an answer every documented field is present and new ones may come. A shape that occurs on both sides
//! therefore becomes two: `Address` in answers, `AddressInput` in requests.

use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, Response, Schema};

const PREFIX: &str = "#/components/schemas/";

/// Refers to a named schema wherever it is written out again, as the derive does inside of `Page<Order>`.
pub fn refer(document: &mut Document) {
    let Some(components) = &mut document.components else { return };
    let named: Vec<(String, RefOr<Schema>)> =
        components.schemas.iter().filter(|(_, schema)| is_object(schema)).map(|(name, schema)| (name.clone(), schema.clone())).collect();
    let mut to_reference = |schema: &mut RefOr<Schema>| {
        if let Some((name, _)) = named.iter().find(|(_, known)| known == schema) {
            *schema = Ref::from_schema_name(name).into();
        }
    };
    for schema in components.schemas.values_mut() {
        each_part(schema, &mut |part| walk(part, &mut to_reference));
    }
}

/// Makes the two sides.
pub fn separate(document: &mut Document) {
    let asked = reachable(document, each_request_schema);
    let answered = reachable(document, each_answer_schema);
    let Some(components) = &mut document.components else { return };
    let schemas = &mut components.schemas;
    let shared: BTreeSet<String> = asked.intersection(&answered).filter(|name| holds_object(schemas, name)).cloned().collect();
    for name in &shared {
        if let Some(schema) = schemas.get(name).cloned() {
            schemas.insert(input_name(name), schema);
        }
    }
    let mut to_input = |schema: &mut RefOr<Schema>| {
        if let RefOr::Ref(reference) = schema
            && let Some(name) = reference.ref_location.strip_prefix(PREFIX)
            && shared.contains(name)
        {
            reference.ref_location = format!("{PREFIX}{}", input_name(name));
        }
    };
    for (name, schema) in schemas.iter_mut() {
        let of_request = asked.contains(name) && !answered.contains(name);
        if of_request || name.strip_suffix("Input").is_some_and(|name| shared.contains(name)) {
            walk(schema, &mut to_input);
        } else if answered.contains(name) && !name.starts_with("Problem") {
            // A problem has the members that its code brings (RFC 9457 §3.2); all other answers have all of theirs.
            walk(schema, &mut open_and_complete);
        }
    }
    each_request_schema(document, &mut |schema| walk(schema, &mut to_input));
    each_answer_schema(document, &mut |schema| walk(schema, &mut open_and_complete));
}

fn input_name(name: &str) -> String {
    format!("{name}Input")
}

fn open_and_complete(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    if object.properties.is_empty() {
        return;
    }
    object.required = object.properties.keys().cloned().collect();
    if matches!(object.additional_properties.as_deref(), Some(AdditionalProperties::FreeForm(false))) {
        object.additional_properties = None;
    }
}

fn is_object(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if !object.properties.is_empty())
}

/// Whether the schema is, or leads to, an object with named properties; numbers, texts and enums are the same on both sides.
fn holds_object(schemas: &BTreeMap<String, RefOr<Schema>>, name: &str) -> bool {
    let mut names = BTreeSet::new();
    collect(schemas, name, &mut names);
    names.iter().filter_map(|name| schemas.get(name)).any(|schema| {
        let mut found = false;
        walk(&mut schema.clone(), &mut |schema| found |= is_object(schema));
        found
    })
}

/// Names of all schemas that can be reached from those that `each` visits.
fn reachable(document: &mut Document, each: impl Fn(&mut Document, &mut dyn FnMut(&mut RefOr<Schema>))) -> BTreeSet<String> {
    let mut starts = BTreeSet::new();
    each(document, &mut |schema| starts.extend(references(schema)));
    let mut names = BTreeSet::new();
    if let Some(components) = &document.components {
        starts.iter().for_each(|name| collect(&components.schemas, name, &mut names));
    }
    names
}

fn collect(schemas: &BTreeMap<String, RefOr<Schema>>, name: &str, names: &mut BTreeSet<String>) {
    if names.insert(name.to_owned())
        && let Some(schema) = schemas.get(name)
    {
        references(&mut schema.clone()).iter().for_each(|next| collect(schemas, next, names));
    }
}

fn references(schema: &mut RefOr<Schema>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(schema, &mut |schema| {
        if let RefOr::Ref(reference) = schema {
            names.extend(reference.ref_location.strip_prefix(PREFIX).map(str::to_owned));
        }
    });
    names
}

fn each_request_schema(document: &mut Document, visit: &mut dyn FnMut(&mut RefOr<Schema>)) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in super::operations(item) {
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                body.content.values_mut().filter_map(schema_of).for_each(&mut *visit);
            }
        }
    }
}

fn each_answer_schema(document: &mut Document, visit: &mut dyn FnMut(&mut RefOr<Schema>)) {
    let mut each = |response: &mut RefOr<Response>| {
        if let RefOr::T(response) = response {
            response.content.values_mut().filter_map(schema_of).for_each(&mut *visit);
        }
    };
    for item in document.paths.paths.values_mut() {
        for (_, operation) in super::operations(item) {
            operation.responses.responses.values_mut().for_each(&mut each);
        }
    }
    if let Some(components) = &mut document.components {
        components.responses.values_mut().for_each(each);
    }
}

fn schema_of(content: &mut RefOr<Content>) -> Option<&mut RefOr<Schema>> {
    match content {
        RefOr::T(content) => content.schema.as_mut(),
        RefOr::Ref(_) => None,
    }
}

/// Visits a schema and all schemas inside it, without following references.
fn walk(schema: &mut RefOr<Schema>, visit: &mut dyn FnMut(&mut RefOr<Schema>)) {
    each_part(schema, &mut |part| walk(part, visit));
    visit(schema);
}

/// Visits the schemas directly inside a schema.
fn each_part(schema: &mut RefOr<Schema>, visit: &mut dyn FnMut(&mut RefOr<Schema>)) {
    match schema {
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                visit(items);
            }
        }
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(&mut *visit);
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                visit(values);
            }
        }
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(visit),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(visit),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter_mut().for_each(visit),
        // `Schema` is open for kinds to come, which would have nothing of ours inside.
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}
