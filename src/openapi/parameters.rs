//! Headers that many operations take alike.

use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Components, Ref, RefOr, Required};

const IDEMPOTENCY_KEY: &str = "IdempotencyKey";
const IF_MATCH: &str = "IfMatch";
const IF_NONE_MATCH: &str = "IfNoneMatch";
const CREATE_ONLY: &str = "CreateOnly";

pub fn add_components(components: &mut Components) {
    // No example of a key: Swagger UI would send the same one with every order.
    let key = "Makes a repeated request take effect once: 1 to 255 printable ASCII characters of your choice, new for each request that \
               is meant to be one of its own. The answer to a repeated one is that of the first, with `Idempotency-Replayed: true`.";
    let all = [
        (IDEMPOTENCY_KEY, header("Idempotency-Key", key, 255)),
        (IF_MATCH, header("If-Match", "Only if the thing still has this version (its `ETag`), else 412.", 1024)),
        (IF_NONE_MATCH, header("If-None-Match", "The `ETag` that you have; 304 without a body if it is still the version.", 1024)),
        (CREATE_ONLY, header("If-None-Match", "`*`: only if there is none yet, else 412.", 1024)),
    ];
    components.parameters.extend(all.into_iter().map(|(name, parameter)| (name.to_owned(), parameter.into())));
}

fn header(name: &str, description: &str, max_length: usize) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(max_length))))
        .build()
}

/// Adds the headers that the operation takes by what it is and by what it answers.
pub fn complete(method: &HttpMethod, operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            describe_example(parameter);
        }
    }
    let answers = |status: &str| operation.responses.responses.contains_key(status);
    let mut names = Vec::new();
    if *method == HttpMethod::Post && super::security::wants_token(operation) && !writes_nothing(operation) {
        names.push(IDEMPOTENCY_KEY);
    }
    if answers("412") {
        names.push(IF_MATCH);
    }
    if *method == HttpMethod::Put && answers("412") && answers("201") {
        names.push(CREATE_ONLY);
    }
    if *method == HttpMethod::Get && answers_with_etag(operation) {
        names.push(IF_NONE_MATCH);
    }
    if !names.is_empty() {
        let references = names.into_iter().map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
        operation.parameters.get_or_insert_default().extend(references);
    }
}

/// Tells the example of an optional filter in words. Swagger UI sends every example that it finds, and a list that is narrowed by
/// all of its filters at once is empty.
fn describe_example(parameter: &mut Parameter) {
    let example = serde_json::to_value(&*parameter).ok().and_then(|mut json| json.get_mut("example").map(serde_json::Value::take));
    let Some(example) = example.filter(|_| parameter.parameter_in == ParameterIn::Query && parameter.required == Required::False) else {
        return;
    };
    let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
    let before = parameter.description.take().map(|before| before.trim_end_matches('.').to_owned() + ", for").unwrap_or("For".to_owned());
    parameter.description = Some(format!("{before} example `{text}`"));
    *parameter = ParameterBuilder::from(std::mem::take(parameter)).example(None).build();
}

/// Whether the operation is a question that is asked by `POST`, for the sake of its body: to ask again is no harm, and a key of no use.
/// It says so by `extensions(("x-writes-nothing" = json!(true)))`.
pub fn writes_nothing(operation: &Operation) -> bool {
    operation.extensions.as_ref().is_some_and(|extensions| extensions.contains_key("x-writes-nothing"))
}

/// Whether 200 comes with the version of the thing.
pub fn answers_with_etag(operation: &Operation) -> bool {
    matches!(operation.responses.responses.get("200"), Some(RefOr::T(response)) if response.headers.contains_key("ETag"))
}
