//! A patch is merged at every depth (RFC 7396 §2): what an object must have when it is made may be left out where it is changed.

use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr, Schema};

const PREFIX: &str = "#/components/schemas/";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Gives each object inside of a `PATCH` body a form of its own, `AddressPatch` beside `Address`, of which nothing is required. Lists
/// are replaced as a whole, so what is in them stays as it is.
pub fn loosen(document: &mut Document) {
    let bodies = bodies(document);
    let Some(components) = &mut document.components else { return };
    for name in bodies {
        let Some(RefOr::T(Schema::Object(mut body))) = components.schemas.get(&name).cloned() else { continue };
        body.properties.values_mut().for_each(|property| {
            merged(property, &mut components.schemas);
        });
        components.schemas.insert(name, Schema::Object(body).into());
    }
}

/// Names of the schemas of all `PATCH` bodies.
fn bodies(document: &mut Document) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in super::operations(item) {
            if let (HttpMethod::Patch, Some(RefOr::T(body))) = (method, &operation.request_body) {
                let schemas = body.content.values().filter_map(|content| match content {
                    RefOr::T(content) => content.schema.as_ref(),
                    RefOr::Ref(_) => None,
                });
                names.extend(schemas.filter_map(|schema| named(schema).map(str::to_owned)));
            }
        }
    }
    names
}

fn named(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.strip_prefix(PREFIX),
        RefOr::T(_) => None,
    }
}

/// Refers to the patch of an object instead of the object. Whether there was one.
fn merged(property: &mut RefOr<Schema>, schemas: &mut Schemas) -> bool {
    match property {
        RefOr::T(Schema::OneOf(choice)) => {
            let mut any = false;
            for item in &mut choice.items {
                any |= merged(item, schemas);
            }
            any
        }
        RefOr::T(_) => false,
        RefOr::Ref(reference) => {
            let Some(patch) = reference.ref_location.strip_prefix(PREFIX).and_then(|name| patch_of(name, schemas)) else { return false };
            *property = Ref::from_schema_name(patch).into();
            true
        }
    }
}

/// The name of the patch of an object, made if need be; `None` where there is nothing that would have to be there.
fn patch_of(name: &str, schemas: &mut Schemas) -> Option<String> {
    let patch = format!("{}Patch", name.strip_suffix("Input").unwrap_or(name));
    if schemas.contains_key(&patch) {
        return Some(patch);
    }
    let Some(RefOr::T(Schema::Object(mut object))) = schemas.get(name).cloned() else { return None };
    let required = std::mem::take(&mut object.required);
    let mut other = !required.is_empty();
    for (name, property) in &mut object.properties {
        other |= merged(property, schemas);
        if !required.contains(name) {
            allow_null(property);
        }
    }
    other.then(|| {
        schemas.insert(patch.clone(), Schema::Object(object).into());
        patch
    })
}

/// Null takes away what may be absent.
fn allow_null(property: &mut RefOr<Schema>) {
    let nullable = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) if *kind != Type::Null => Some(SchemaType::from_iter([kind.clone(), Type::Null])),
        _ => None,
    };
    match property {
        RefOr::T(Schema::Object(object)) => {
            if let Some(kind) = nullable(&object.schema_type) {
                object.schema_type = kind;
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let Some(kind) = nullable(&array.schema_type) {
                array.schema_type = kind;
            }
        }
        RefOr::Ref(_) => {
            let null = ObjectBuilder::new().schema_type(Type::Null);
            *property = Schema::OneOf(OneOfBuilder::new().item(null).item(property.clone()).build()).into();
        }
        // A choice of ours is between null and one other already.
        RefOr::T(_) => {}
    }
}
