//! The OpenAPI document: what it says, and that the application does as it says.

use crate::support::app::{TestApp, send};
use crate::support::document::{Document, Operation};
use pesanan::auth::permission::{Permission, Role};
use pesanan::openapi::TAGS;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// No id of anything.
const NOTHING: &str = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";

/// Fails with all faults at once.
#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/pesanan.v1.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let ours = pesanan::openapi::json(&pesanan::openapi::document());
    if committed != ours {
        let first = ours.lines().zip(committed.lines()).position(|(ours, theirs)| ours != theirs);
        let line = first.unwrap_or_else(|| ours.lines().count().min(committed.lines().count()));
        let show = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").trim().to_owned();
        panic!(
            "openapi/pesanan.v1.json is not what the code says; write it anew with `make openapi` and read the difference.\n\
             The first is in line {}:\n  code       {}\n  committed  {}",
            line + 1,
            show(&ours),
            show(&committed)
        );
    }
}

#[test]
fn the_document_introduces_itself() {
    let document = Document::new().0;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["servers"][0], json!({"url": "/"}));
    let tags: Vec<&str> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(tags, TAGS.map(|(name, _)| name));
    for tag in document["tags"].as_array().unwrap() {
        let what = tag["description"].as_str().unwrap();
        assert!(what.ends_with('.') && what.matches(". ").count() == 0, "one sentence: {what}");
    }
    let flow = &document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    assert_eq!(flow["tokenUrl"], "/v1/auth/token");
    let scopes: BTreeMap<&str, &str> = Permission::ALL.iter().map(|(_, scope, what)| (*scope, *what)).collect();
    assert_eq!(flow["scopes"], json!(scopes));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["bearerFormat"], "JWT");
}

#[test]
fn the_walk_has_five_steps_and_every_link_leads_to_an_operation() {
    let document = Document::new();
    let text = document.0["info"]["description"].as_str().unwrap().to_owned();
    assert_eq!(text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count(), 5);
    let links: Vec<&str> = text.split("](#/").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert!(links.len() >= 7);
    for link in links {
        let (tag, id) = link.split_once('/').unwrap();
        let operation = document.operation(id);
        assert_eq!(operation.json["tags"], json!([tag]));
        let name = format!("[`{} {}`](#/{link})", operation.method, operation.path);
        assert!(text.contains(&name), "{name}");
    }
}

#[test]
fn every_operation_has_an_id_a_tag_and_a_line_of_its_own() {
    let document = Document::new();
    let (mut ids, mut summaries, mut faults) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for Operation { id, json, .. } in document.operations() {
        let mut require = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{id}: {what}"));
            }
        };
        let words = id.split('_').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
        require(words && id.contains('_'), "the id is verb_noun");
        require(ids.insert(id.clone()), "the id occurs twice");
        let tag = json["tags"].as_array().filter(|tags| tags.len() == 1).map(|tags| tags[0].clone());
        require(tag.is_some_and(|tag| TAGS.iter().any(|(name, _)| *name == tag)), "one tag of the list");
        let summary = json["summary"].as_str().unwrap_or_default();
        require(!summary.is_empty() && summary.len() <= 80 && !summary.contains('\n'), "a summary of one line, 80 characters at most");
        require(!summary.ends_with('.') && summaries.insert(summary.to_owned()), "a summary of its own, without a full stop");
        for parameter in json["parameters"].as_array().into_iter().flatten() {
            let parameter = document.resolve(parameter);
            let told = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
            require(told, &format!("the parameter {} is not described", parameter["name"]));
        }
        require(json["security"].is_array(), "name the scope: security((\"oauth2\" = [\"orders:read\"])), or security(()) for none");
    }
    none(faults);
}

/// What a receiver is sent, as the document describes it: an event of the feed with its `timestamp`, of a type of the catalogue.
#[test]
fn every_webhook_has_a_schema_and_an_example_that_fits_it() {
    let document = Document::new();
    let webhooks = document.0["webhooks"].as_object().unwrap();
    let known: Vec<&str> = pesanan::events::catalogue::all().map(|known| known.name).collect();
    assert_eq!(webhooks.keys().map(String::as_str).collect::<BTreeSet<_>>(), known.iter().copied().collect());
    let mut faults = vec![];
    for (name, item) in webhooks {
        let content = &item["post"]["requestBody"]["content"]["application/json"];
        let example = &content["example"];
        assert_eq!((&example["type"], &content["schema"]["allOf"][1]["properties"]["type"]["enum"][0]), (&json!(name), &json!(name)));
        faults.extend(document.faults(&content["schema"], example).into_iter().map(|fault| format!("{name} {fault}")));
        let free = example["data"].as_object().unwrap().is_empty();
        assert!(!free || content["schema"]["allOf"][1]["properties"]["data"]["properties"] == json!({}), "{name} has no example");
    }
    none(faults);
}

#[test]
fn every_reference_leads_somewhere_and_everything_named_is_used() {
    let document = Document::new();
    let mut used = BTreeSet::new();
    collect_references(&document.0, &mut used);
    for reference in &used {
        document.resolve(&json!({ "$ref": reference }));
    }
    let mut faults = Vec::new();
    for (kind, things) in document.0["components"].as_object().unwrap() {
        for name in things.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            if !used.contains(&format!("#/components/{kind}/{name}")) {
                faults.push(format!("{kind}/{name} is used nowhere"));
            }
        }
    }
    none(faults);
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect_references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}

#[test]
fn every_body_has_an_example_that_fits_its_schema() {
    let document = Document::new();
    let mut faults = Vec::new();
    for Operation { id, json, .. } in document.operations() {
        for (kind, content) in json["requestBody"]["content"].as_object().into_iter().flatten() {
            let schema = strip_null(&document, &content["schema"]);
            let given = content.get("example").or(schema.get("example")).or(document.resolve(&schema["items"]).get("example"));
            if given.is_none() {
                faults.push(format!("{id}: no example of {kind}"));
            }
            match document.example(content) {
                Ok(example) => faults.extend(document.faults(&content["schema"], &example).iter().map(|fault| format!("{id}{fault}"))),
                Err(error) => faults.push(format!("{id}: {error}")),
            }
        }
        let responses = json["responses"].as_object().unwrap();
        if !responses.keys().any(|status| status.starts_with('2')) {
            faults.push(format!("{id}: no success"));
        }
        for (status, response) in responses {
            let response = document.resolve(response);
            if response["description"].as_str().unwrap_or_default().is_empty() {
                faults.push(format!("{id} {status}: no description"));
            }
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                let example = document.example(content);
                let fits = example.map(|example| document.faults(&content["schema"], &example));
                // Problems may have members of their own beside the standard ones (RFC 9457 §3.2).
                let wrong = fits.unwrap_or_else(|error| vec![error]);
                let wrong = wrong.into_iter().filter(|fault| !(kind == "application/problem+json" && fault.ends_with("not documented")));
                faults.extend(wrong.map(|fault| format!("{id} {status} {fault}")));
            }
            if status.starts_with(['4', '5']) {
                let content = response["content"].as_object().and_then(|content| content.values().next()).unwrap_or(&Value::Null);
                let shown = content.get("example").or(content.get("examples")).or(document.resolve(&content["schema"]).get("example"));
                if shown.is_none() && id != "create_token" {
                    faults.push(format!("{id} {status}: no example; `response = crate::openapi::…` brings one"));
                }
            }
        }
    }
    none(faults);
}

fn strip_null<'a>(document: &'a Document, schema: &'a Value) -> &'a Value {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    document.resolve(choices.into_iter().find(|choice| choice["type"] != "null").unwrap_or(schema))
}

/// What is merged (RFC 7396) need not be sent whole, at whatever depth.
#[test]
fn nothing_inside_of_a_patch_is_required() {
    let document = Document::new();
    let (mut faults, mut objects) = (vec![], 0);
    for operation in document.operations().iter().filter(|operation| operation.method == Method::PATCH) {
        for (kind, content) in operation.json["requestBody"]["content"].as_object().unwrap() {
            let mut open = vec![(String::new(), document.resolve(&content["schema"]))];
            while let Some((at, schema)) = open.pop() {
                if schema["required"].as_array().is_some_and(|required| !required.is_empty()) {
                    faults.push(format!("{} {kind}{at}: {} is required", operation.id, schema["required"]));
                }
                objects += schema["properties"].is_object() as usize;
                open.extend(schema["oneOf"].as_array().into_iter().flatten().map(|choice| (at.clone(), document.resolve(choice))));
                let members = schema["properties"].as_object().into_iter().flatten();
                open.extend(members.map(|(name, member)| (format!("{at}/{name}"), document.resolve(member))));
            }
        }
    }
    none(faults);
    assert!(objects > 40, "{objects}");
    let address = &document.0["components"]["schemas"]["AddressPatch"];
    assert_eq!((&address["additionalProperties"], &address["properties"]["line1"]["type"]), (&json!(false), &json!(["string", "null"])));
    assert_eq!(document.0["components"]["schemas"]["AddressInput"]["required"], json!(["country"]), "what is made is made whole");
}

/// A dry run changes nothing, so that there is no version of what it shows.
#[test]
fn where_a_dry_run_can_be_asked_for_the_tag_is_said_to_be_missing_from_it() {
    let document = Document::new();
    let mut seen = 0;
    for operation in document.operations() {
        let body = document.resolve(&operation.json["requestBody"]["content"]["application/json"]["schema"]);
        let told = &operation.json["responses"]["200"]["headers"]["ETag"]["description"];
        let only = operation.json["responses"]["200"]["description"].as_str().is_some_and(|what| what.starts_with("With `dry_run`"));
        assert!(!only || told.is_null(), "{}: nothing else is answered with 200", operation.id);
        if body["properties"].get("dry_run").is_some() && told.is_string() {
            assert!(told.as_str().unwrap().contains("a dry run has none"), "{}: {told}", operation.id);
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

/// A scope that is missing is told in a header (RFC 6750 §3), other reasons to refuse are not.
#[test]
fn a_refusal_that_has_no_header_is_not_said_to_have_one() {
    let document = Document::new();
    let shared = &document.0["components"]["responses"]["Forbidden"];
    assert!(shared["description"].as_str().unwrap().contains("scope, which `WWW-Authenticate` names, or"));
    assert!(shared["content"]["application/problem+json"]["examples"]["publishable_key"].is_object());
    for operation in document.operations().iter().filter(|operation| operation.path.starts_with("/v1/checkout/")) {
        let refused = operation.response(&document, 403).unwrap();
        let codes: Vec<&String> = refused["content"]["application/problem+json"]["examples"].as_object().unwrap().keys().collect();
        assert_eq!(codes, ["insufficient_scope", "not_for_storefronts", "origin_not_allowed"], "{}", operation.id);
        assert!(refused["description"].as_str().unwrap().contains("`WWW-Authenticate` comes where a scope is missing"));
    }
}

/// Who proves himself by a signature has no token, no scope, no key and no limit.
#[test]
fn the_doors_of_platforms_are_documented() {
    let document = Document::new();
    for (id, path, scheme) in [
        ("receive_inbound_message", "/v1/inbound/{inbound_id}", "channel_proof"),
        ("receive_provider_event", "/v1/inbound/payments/{inbound_id}", "stripe_proof"),
    ] {
        let operation = document.operation(id);
        assert_eq!((operation.path.as_str(), &operation.method), (path, &Method::POST));
        assert_eq!(operation.json["security"], json!([{ scheme: [] }]));
        assert_eq!(document.0["components"]["securitySchemes"][scheme]["type"], "apiKey");
        assert!(operation.json["requestBody"]["required"] == true && operation.scopes().is_none());
        for status in [200, 401, 408, 413, 415, 431, 500, 503] {
            assert!(operation.response(&document, status).is_some(), "{id} {status}");
        }
        assert!(operation.response(&document, 429).is_none() && operation.response(&document, 403).is_none());
    }
}

#[test]
fn an_idempotency_key_has_no_example_that_everybody_would_send() {
    let document = Document::new();
    for operation in document.operations().iter().filter(|operation| operation.method == Method::POST && operation.scopes().is_some()) {
        let named = operation.json["parameters"].as_array().into_iter().flatten();
        let named: Vec<&Value> = named.map(|parameter| document.resolve(parameter)).collect();
        let keys: Vec<&&Value> = named.iter().filter(|parameter| parameter["name"] == "Idempotency-Key").collect();
        // A question is asked again without one.
        assert_eq!(keys.len(), usize::from(operation.json["x-writes-nothing"] != true), "{}", operation.id);
        if keys.is_empty() {
            assert!(operation.json["responses"]["200"]["headers"].get("Idempotency-Replayed").is_none(), "{}", operation.id);
            continue;
        }
        assert_eq!((keys[0]["required"].as_bool(), keys[0].get("example"), keys[0]["schema"].get("example")), (Some(false), None, None));
    }
}

/// Swagger UI sends what it finds: a list would be narrowed by all of its filters at once.
#[test]
fn what_may_be_left_out_of_a_query_has_no_example() {
    let document = Document::new();
    for operation in document.operations() {
        for parameter in operation.json["parameters"].as_array().into_iter().flatten().map(|parameter| document.resolve(parameter)) {
            if parameter["in"] == "query" && parameter["required"] != true {
                assert_eq!(parameter.get("example").or(parameter["schema"].get("example")), None, "{} {parameter}", operation.id);
            }
        }
    }
}

/// Ids and codes of nothing, so that whatever gets past the scope finds nothing to do.
fn path_to_nothing(operation: &Operation) -> String {
    operation.path_with(|name| if name == "id" || name.ends_with("_id") { NOTHING.to_owned() } else { "no-such-code".to_owned() })
}

#[actix_web::test]
async fn without_a_token_nothing_answers() {
    let (app, document) = (TestApp::spawn().await, Document::new());
    let mut faults = Vec::new();
    for operation in document.operations().iter().filter(|operation| operation.scopes().is_some()) {
        let reply = send(app.request(operation.method.clone(), &path_to_nothing(operation))).await;
        // Who shows nothing is told no error (RFC 6750 §3.1).
        let told = reply.header("www-authenticate") == "Bearer realm=\"pesanan\"";
        if (reply.status, reply.body["code"].as_str()) != (401, Some("unauthenticated")) || !told {
            faults.push(format!("{}: {} {}", operation.id, reply.status, reply.body));
        }
    }
    none(faults);
}

/// Each operation, called with every scope but its own, names its own; called with its own alone, it is not refused.
#[actix_web::test]
async fn the_documented_scope_is_needed_and_enough() {
    let (app, document) = (TestApp::spawn().await, Document::new());
    let organization = app.organization("demo").await;
    let client = app.api_client(organization, Role::Admin).await;
    let every: BTreeSet<&str> = Permission::ALL.iter().map(|(_, scope, _)| *scope).collect();
    let mut tokens = BTreeMap::new();
    let mut faults = Vec::new();
    for operation in document.operations() {
        let Some(alternatives) = operation.scopes() else { continue };
        let own: BTreeSet<&str> = alternatives.iter().flatten().map(String::as_str).collect();
        if !own.is_subset(&every) || alternatives.is_empty() {
            faults.push(format!("{}: {alternatives:?} are no scopes", operation.id));
            continue;
        }
        let others = every.difference(&own).copied().collect::<Vec<_>>().join(" ");
        let mut trials: Vec<(String, bool)> =
            alternatives.iter().filter(|scopes| !scopes.is_empty()).map(|scopes| (scopes.join(" "), true)).collect();
        trials.push((others, own.is_empty()));
        for (scope, enough) in trials {
            if !tokens.contains_key(&scope) {
                let request = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": scope});
                tokens.insert(scope.clone(), app.token(&request).await.expect(200).body["access_token"].as_str().unwrap().to_owned());
            }
            let request = app.request(operation.method.clone(), &path_to_nothing(&operation)).bearer_auth(&tokens[&scope]);
            let reply = send(request).await;
            let detail = reply.body["detail"].as_str().unwrap_or_default();
            let refused = reply.status == 403 && reply.body["code"] == "insufficient_scope";
            let names_it =
                own.iter().any(|scope| detail.contains(&format!("'{scope}'")) && reply.header("www-authenticate").contains(scope));
            let fine = if enough { !matches!(reply.status, 401 | 403 | 500) } else { refused && names_it };
            if !fine {
                faults.push(format!("{} with '{scope}': {} {}", operation.id, reply.status, reply.body));
            }
        }
    }
    none(faults);
}

/// No body at all is refused by an operation that needs one, and by no other.
#[actix_web::test]
async fn a_body_is_needed_where_the_document_says_so() {
    let (app, document) = (TestApp::spawn().await, Document::new());
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let mut faults = Vec::new();
    for operation in document.operations().iter().filter(|operation| operation.scopes().is_some()) {
        let reply = send(admin.request(operation.method.clone(), &path_to_nothing(operation))).await;
        let needed = operation.json["requestBody"]["required"] == true;
        if (reply.status == 415) != needed {
            faults.push(format!("{}: {needed}, but {} {}", operation.id, reply.status, reply.body));
        }
    }
    none(faults);
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones_on_every_path() {
    let (app, document) = (TestApp::spawn().await, Document::new());
    let mut paths: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in document.operations() {
        paths.entry(operation.path.clone()).or_default().push(operation);
    }
    let mut faults = Vec::new();
    for (path, operations) in paths {
        let mut known: BTreeSet<&str> = operations.iter().map(|operation| operation.method.as_str()).collect();
        // What can be got can be asked for its head alone.
        known.extend(known.contains("GET").then_some("HEAD"));
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            if known.contains(method.as_str()) {
                continue;
            }
            let reply = send(app.request(method.clone(), &path_to_nothing(&operations[0]))).await;
            let allowed: BTreeSet<&str> = reply.header("allow").split(", ").collect();
            let told = method == Method::HEAD || reply.body["code"] == "method_not_allowed";
            if reply.status != 405 || allowed != known || !told {
                faults.push(format!("{method} {path}: {} Allow: {allowed:?} {}", reply.status, reply.body));
            }
        }
    }
    none(faults);
}

#[actix_web::test]
async fn the_document_and_its_page_need_nothing_from_elsewhere() {
    let app = TestApp::spawn().await;
    let get = async |path: &str| {
        let response = app.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    };
    assert_eq!(get("/openapi.json").await, pesanan::openapi::json(&pesanan::openapi::document()));
    let direct = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let redirect = direct.get(format!("{}/docs", app.address)).send().await.unwrap();
    assert_eq!((redirect.status().as_u16(), &redirect.headers()["location"]), (308, &"/docs/".parse().unwrap()));
    let page = get("/docs/").await;
    let sources: Vec<&str> =
        ["src=\"", "href=\""].iter().flat_map(|start| page.split(start).skip(1)).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(sources.len() >= 4, "{page}");
    for source in sources {
        assert!(!source.contains("//"), "'{source}' is somewhere else");
        get(&format!("/docs/{}", source.trim_start_matches("./"))).await;
    }
    let start = get("/docs/swagger-initializer.js").await;
    assert!(
        start.contains("\"validatorUrl\": \"none\"") && start.contains("\"persistAuthorization\": true") && !start.contains("http"),
        "{start}"
    );
}
