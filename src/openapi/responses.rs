//! The answers that operations share. Their examples are made by the very code that answers, so that they cannot differ from it.

use super::parameters::{answers_with_etag, writes_nothing};
use super::problem::Problem;
use super::security;
use crate::error::Error;
use crate::inventory::stock::short::{Short, insufficient_stock};
use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Components, ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{ToResponse, ToSchema};

/// The request id of all examples.
const REQUEST_ID: &str = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";

macro_rules! problems {
    ($($name:ident, $description:literal, [$($error:expr),+], [$($header:literal),*];)*) => {
        $(
            #[doc = $description]
            pub struct $name;

            impl ToResponse<'static> for $name {
                fn response() -> (&'static str, RefOr<Response>) {
                    (stringify!($name), problem_response($description, &[$($error),+], &[$($header),*]).into())
                }
            }
        )*

        /// Makes them all known to the document.
        pub fn add_components(components: &mut Components) {
            components.responses.extend([$($name::response()),*].map(|(name, response)| (name.to_owned(), response)));
        }
    };
}

problems! {
    BadRequest, "The syntax of path, query, header or JSON", [
        Error::bad_request("unknown_parameter", "'colour' is not a parameter of this operation"),
        Error::bad_request("malformed_json", "the body is not valid JSON: EOF while parsing a value at line 1 column 12"),
        Error::bad_request("invalid_path", "'id' in the path is malformed")
    ], [];
    Unauthenticated, "No token, or one that is not valid here", [
        Error::Unauthenticated { detail: "the token has expired; get a new one".to_owned() }
    ], ["WWW-Authenticate"];
    LoginRefused, "The login does not open; why is not told", [Error::LoginRefused], ["WWW-Authenticate"];
    LoginBlocked, "Too many tries; until then the right password does not open either", [Error::LoginBlocked { retry_after_seconds: 30 }], ["Retry-After"];
    Forbidden, "The token does not have the scope, which `WWW-Authenticate` names, or a publishable key is shown where it opens nothing", [
        Error::InsufficientScope { scope: "orders:write".to_owned() },
        Error::Forbidden { code: "publishable_key", detail: "a publishable key opens /v1/checkout/* alone".to_owned() }
    ], ["WWW-Authenticate"];
    CheckoutForbidden, "The token does not have the scope, or it is not for a page of a storefront; `WWW-Authenticate` comes where a scope is missing", [
        Error::InsufficientScope { scope: "checkout".to_owned() },
        Error::Forbidden { code: "origin_not_allowed", detail: "this key is not for pages of https://elsewhere.example".to_owned() },
        Error::Forbidden { code: "not_for_storefronts", detail: "a storefront sees no reservations: one shopper's cart is none of another's business".to_owned() }
    ], ["WWW-Authenticate"];
    HoldNotReleasable, "The token does not have the scope, or another role must release this hold; `WWW-Authenticate` comes where a scope is missing", [
        Error::InsufficientScope { scope: "orders:read".to_owned() },
        Error::Forbidden { code: "hold_not_releasable", detail: "a hold of code 'credit_limit' is released by: finance, admin".to_owned() }
    ], ["WWW-Authenticate"];
    NotFound, "Not there, or another organization's", [Error::not_found("order")], [];
    NotAcceptable, "`Accept` names no type that this is served as", [Error::NotAcceptable { served_as: "application/json".to_owned() }], [];
    RequestTimeout, "The body came too slowly", [Error::RequestTimeout], [];
    Conflict, "The stored state does not allow this", [
        Error::invalid_transition("cancelled", "confirm", &[]),
        Error::conflict("idempotency_in_flight", "the same key is being worked on; try again")
    ], [];
    OrderRefused, "Short of stock with `on_shortage: refuse`, or an `external_id` with other content", [
        Error::conflict_with("insufficient_stock", "not all of the order is in stock; see lines", json!({
            "lines": [{"pointer": "/lines/0", "sku": "KOPI-250", "requested": "500", "available": "120"}]
        })),
        Error::conflict_with("external_id_conflict", "the channel has sent another order with this external_id",
            json!({ "order_id": "01938f5e-7c1a-7000-8000-0a1b2c3d4e5f" })),
        Error::conflict("idempotency_in_flight", "the same key is being worked on; try again")
    ], [];
    StockConflict, "There is not enough stock for this", [
        insufficient_stock(&[Short::at("KOPI-250", "jakarta-1", 500.into(), 120.into())]),
        Error::conflict("idempotency_in_flight", "the same key is being worked on; try again")
    ], [];
    ReservationRefused, "There is not enough stock for this, or the client holds as many reservations as it may", [
        insufficient_stock(&[Short::at("KOPI-250", "jakarta-1", 500.into(), 120.into())]),
        Error::conflict_with("reservation_limit_reached", "this client holds 5000 live reservations, as many as it may; let orders take them over, release them or let them expire",
            json!({ "limit": 5000 })),
        Error::conflict("idempotency_in_flight", "the same key is being worked on; try again")
    ], [];
    DocumentIncomplete, "The seller or the buyer lacks what the document must say, or its content is against the standard", [
        Error::conflict_with("seller_incomplete", "the organization lacks what this document must say of the seller; set it with PUT /v1/organization",
            json!({ "missing": [{"pointer": "/electronic_address", "detail": "BT-34, the seller's electronic address"}] })),
        Error::conflict_with("not_representable", "an amount has more than the two decimals that EN 16931 allows; send the PDF",
            json!({ "rules": [{"rule": "BR-DEC", "at": "1.234", "detail": "amounts have at most two decimals"}] }))
    ], [];
    CursorGone, "The cursor is of another database than that which answers now: begin anew without it", [crate::changes::gone()], [];
    Stale, "`If-Match` named another version", [Error::Stale { current: 4 }], [];
    PayloadTooLarge, "The body is larger than the operation takes", [Error::PayloadTooLarge { limit: crate::platform::limits::BODY_BYTES }], [];
    UnsupportedMediaType, "The body is not JSON by its `Content-Type`, or it is compressed", [
        Error::UnsupportedMediaType { expected: "application/json".to_owned() },
        Error::UnsupportedContentEncoding
    ], [];
    Invalid, "Read, but against schema or rule; value faults all at once", [
        Error::invalid("/lines/0/quantity", "out_of_range", "must be above 0"),
        Error::invalid("/colour", "unknown_field", "this field is not known here; free data belongs in metadata"),
        Error::invalid("", "idempotency_key_reused", "this Idempotency-Key was used with another request; use a new one")
    ], [];
    TooManyRequests, "More requests than configured; off unless configured", [
        Error::TooManyRequests { retry_after_seconds: 3, per_minute: 600 }
    ], ["Retry-After", "RateLimit", "RateLimit-Policy"];
    HeadTooLarge, "Method, path, query and headers are larger than configured", [Error::HeadTooLarge { limit: 16 * 1024 }], [];
    InternalError, "Our fault; it is logged with the request id", [Error::internal("")], [];
    Unavailable, "Not able to answer right now; come again", [Error::unavailable(String::new())], ["Retry-After"];
}

/// A storefront's page is refused for other reasons than a missing scope, too.
fn forbidden(path: &str) -> (&'static str, RefOr<Response>) {
    if path.starts_with("/v1/checkout/") { CheckoutForbidden::response() } else { Forbidden::response() }
}

fn problem_response(description: &str, errors: &[Error], headers: &[&str]) -> Response {
    let mut content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name())));
    let problems: Vec<Value> = errors.iter().map(|error| error.problem(REQUEST_ID)).collect();
    content = match problems.as_slice() {
        [only] => content.example(Some(only.clone())),
        many => content.examples_from_iter(many.iter().map(|problem| {
            let code = problem["code"].as_str().unwrap_or_default();
            (code.to_owned(), ExampleBuilder::new().summary(code).value(Some(problem.clone())).build())
        })),
    };
    let response = ResponseBuilder::new().description(description).content("application/problem+json", content.build());
    headers.iter().fold(response, |response, name| response.header(*name, header(name))).build()
}

fn header(name: &str) -> Header {
    let (kind, description) = match name {
        "ETag" => (Type::String, "The version, for `If-Match`"),
        "Location" => (Type::String, "Path of what was made"),
        "Retry-After" => (Type::Integer, "Seconds until it is worth to come again"),
        "WWW-Authenticate" => {
            (Type::String, "`Bearer` with the error and, where one is missing, the scope (RFC 6750 §3); no error where no token was sent")
        }
        "Idempotency-Replayed" => (Type::String, "`true` where this is the stored answer to an earlier request with the same key"),
        "RateLimit" => (Type::String, "What is left, and in how many seconds there is more"),
        "RateLimit-Policy" => (Type::String, "The limit: requests (`q`) in a window of seconds (`w`)"),
        _ => (Type::String, ""),
    };
    described(kind, description)
}

fn described(kind: Type, description: &str) -> Header {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(kind))).description(Some(description)).build()
}

/// Adds the shared answers that the operation can give, unless it describes one of that status itself.
pub fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    // The token operation answers in the words of RFC 6749 and describes all of them itself.
    if !security::wants_token(operation) {
        return;
    }
    let writes = !matches!(method, HttpMethod::Get | HttpMethod::Delete);
    let posts = *method == HttpMethod::Post && !writes_nothing(operation);
    // Also without documented fields a `POST` reads what is sent with it.
    let body = writes;
    let shared = [
        ("400", true, BadRequest::response()),
        ("401", true, Unauthenticated::response()),
        ("403", security::wants_scope(operation), forbidden(path)),
        ("404", path.contains('{'), NotFound::response()),
        ("406", true, NotAcceptable::response()),
        ("408", body, RequestTimeout::response()),
        ("409", posts, Conflict::response()),
        ("413", body, PayloadTooLarge::response()),
        ("415", body, UnsupportedMediaType::response()),
        ("422", writes, Invalid::response()),
        ("429", true, TooManyRequests::response()),
        ("431", true, HeadTooLarge::response()),
        ("500", true, InternalError::response()),
        ("503", true, Unavailable::response()),
    ];
    let responses = &mut operation.responses.responses;
    for (status, can, (name, _)) in shared {
        if can && !responses.contains_key(status) {
            responses.insert(status.to_owned(), Ref::from_response_name(name).into());
        }
    }
    let versioned = responses.contains_key("412");
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        // What a dry run shows has no version: nothing has changed.
        let only_dry = response.description.starts_with("With `dry_run`");
        let names = [
            ("Idempotency-Replayed", posts),
            ("ETag", versioned && status != "204" && !(posts && status == "201") && !only_dry),
            ("Location", status == "201"),
        ];
        for (name, _) in names.into_iter().filter(|(_, comes)| *comes && status.starts_with('2')) {
            response.headers.insert(name.to_owned(), header(name).into());
        }
        if response.description.contains("`dry_run`") && response.headers.contains_key("ETag") {
            response.headers.insert("ETag".to_owned(), described(Type::String, "The version, for `If-Match`; a dry run has none").into());
        }
    }
    if *method == HttpMethod::Get && answers_with_etag(operation) {
        let unchanged = Response::new("Still the version that `If-None-Match` named; no body");
        operation.responses.responses.entry("304".to_owned()).or_insert_with(|| unchanged.into());
    }
}
