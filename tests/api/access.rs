use crate::support::app::{Caller, TestApp, send};
use chrono::TimeDelta;
use pesanan::auth::api_clients::body::IssuedApiClient;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

const TOKEN: &str = "/v1/auth/token";

fn grant(client: &IssuedApiClient) -> Value {
    json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret})
}

fn with_secret(id: &str, secret: &Value) -> Value {
    json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret})
}

#[actix_web::test]
async fn a_token_is_got_by_form_by_json_and_by_basic_and_opens() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let client = app.api_client(organization, Role::Sales).await;
    let id = client.client_id.to_string();
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &client.client_secret), ("audience", "x")];
    let by_form = send(app.request(Method::POST, TOKEN).form(&form)).await.expect(200);
    let by_json = app.token(&grant(&client)).await.expect(200);
    let basic = app.request(Method::POST, TOKEN).basic_auth(&id, Some(&client.client_secret));
    let by_basic = send(basic.form(&[("grant_type", "client_credentials"), ("scope", "orders:read customers:read")])).await.expect(200);
    assert_eq!(by_basic.body["scope"], "orders:read customers:read");
    assert_eq!(by_json.body["scope"], Role::Sales.permissions().scope());
    for reply in [by_form, by_json, by_basic] {
        assert_eq!((reply.header("cache-control"), reply.body["token_type"].as_str()), ("no-store", Some("Bearer")));
        assert_eq!(reply.body["expires_in"], 3600);
        let token = reply.body["access_token"].as_str().unwrap();
        let me = send(app.request(Method::GET, "/v1/me").bearer_auth(token)).await.expect(200).body;
        let scopes: Vec<&str> = me["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
        assert_eq!(scopes.join(" "), reply.body["scope"].as_str().unwrap());
        assert_eq!(me["organization"], json!({"id": organization, "code": "demo", "legal_name": "PT Nusantara Niaga"}));
        assert_eq!((&me["kind"], &me["role"], &me["id"]), (&json!("api_client"), &json!("sales"), &json!(id)));
        assert_eq!(me["name"], "sales of the tests");
    }
}

#[actix_web::test]
async fn refused_tokens_are_told_in_the_words_of_rfc_6749() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let client = app.api_client(organization, Role::Viewer).await;
    let merged = |more: Value| {
        let mut body = grant(&client);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (more, status, error) in [
        (json!({"client_secret": "psk_wrong"}), 401, "invalid_client"),
        (json!({"client_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f"}), 401, "invalid_client"),
        (json!({"client_id": "nobody\u{0}"}), 401, "invalid_client"),
        (json!({"client_secret": null}), 401, "invalid_client"),
        (json!({"scope": "orders:write"}), 400, "invalid_scope"),
        (json!({"scope": "nonsense"}), 400, "invalid_scope"),
        (json!({"grant_type": "refresh_token", "refresh_token": "x"}), 400, "invalid_grant"),
        (json!({"grant_type": "refresh_token"}), 400, "invalid_request"),
        (json!({"grant_type": "password"}), 400, "unsupported_grant_type"),
        (json!({"grant_type": ""}), 400, "invalid_request"),
        (json!({"grant_type": 3}), 400, "invalid_request"),
        (json!({"grant_type": "x".repeat(20_000)}), 413, "invalid_request"),
    ] {
        let reply = app.token(&merged(more)).await.expect(status);
        assert_eq!(reply.body["error"], error);
        assert!(reply.body["error_description"].is_string() && reply.body.get("code").is_none());
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("content-type"), "application/json");
    }
    let basic = app.request(Method::POST, TOKEN).basic_auth("someone", Some("wrong")).form(&[("grant_type", "client_credentials")]);
    assert_eq!(send(basic).await.expect(401).header("www-authenticate"), "Basic realm=\"pesanan\"");
    let text = app.request(Method::POST, TOKEN).header("content-type", "text/plain").body("grant_type=client_credentials");
    assert_eq!(send(text).await.expect(415).body["error"], "invalid_request");
}

#[actix_web::test]
async fn only_an_admin_of_the_organization_sees_its_clients() {
    let app = TestApp::spawn().await;
    let (ours, theirs) = (app.organization("ours").await, app.organization("theirs").await);
    let (admin, stranger) = (app.caller(ours, Role::Admin).await, app.caller(theirs, Role::Admin).await);
    let finance = app.caller(ours, Role::Finance).await;
    assert_eq!(finance.get("/v1/api_clients").await.code(403), "insufficient_scope");
    assert_eq!(send(app.request(Method::GET, "/v1/api_clients")).await.code(401), "unauthenticated");
    let created = admin.post("/v1/api_clients", json!({"name": "Web shop", "role": "integration"})).await.expect(201);
    let path = created.header("location").to_owned();
    assert_eq!(path, format!("/v1/api_clients/{}", created.body["client_id"].as_str().unwrap()));
    let got = admin.get(&path).await.expect(200);
    assert!(got.body.get("client_secret").is_none() && got.body.get("secret_hash").is_none());
    assert_eq!((got.header("etag"), &got.body["role"], &got.body["active"]), ("\"1\"", &json!("integration"), &json!(true)));
    for reply in [stranger.get(&path).await, stranger.patch(&path, json!({"name": "x"})).await] {
        assert_eq!(reply.code(404), "not_found");
    }
    for action in ["disable", "rotate"] {
        assert_eq!(stranger.act(&format!("{path}/{action}")).await.code(404), "not_found");
    }
    let first = admin.get("/v1/api_clients?limit=2").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/api_clients?limit=2&cursor={cursor}")).await.expect(200).body;
    assert_eq!((first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len()), (2, 1));
    assert_eq!(second["data"][0]["name"], "Web shop");
    assert_eq!(admin.post("/v1/api_clients", json!({"name": "", "role": "sales"})).await.code(422), "required");
    assert_eq!(admin.get("/v1/api_clients/nonsense").await.code(400), "invalid_path");
}

#[actix_web::test]
async fn a_secret_is_shown_once_and_never_replayed() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let post = |path: &str, key: &str, body: Value| admin.request(Method::POST, path).header("idempotency-key", key).json(&body);
    let new = json!({"name": "Web shop", "role": "sales"});
    let created = send(post("/v1/api_clients", "a", new.clone())).await.expect(201).body;
    assert!(created["client_secret"].as_str().unwrap().starts_with("psk_"));
    assert_eq!(send(post("/v1/api_clients", "a", new)).await.code(409), "secret_already_shown");
    assert_eq!(send(post("/v1/api_clients", "a", json!({"name": "Other", "role": "sales"}))).await.code(422), "idempotency_key_reused");
    assert_eq!(admin.get("/v1/api_clients").await.body["data"].as_array().unwrap().len(), 2, "created once");

    let rotate = format!("/v1/api_clients/{}/rotate", created["client_id"].as_str().unwrap());
    send(post(&rotate, "b", json!({}))).await.expect(200);
    assert_eq!(send(post(&rotate, "b", json!({}))).await.code(409), "secret_already_shown");
}

#[actix_web::test]
async fn a_rotated_secret_lets_the_old_one_live_as_long_as_asked() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let client = app.api_client(organization, Role::Sales).await;
    let id = client.client_id.to_string();
    let rotate = format!("/v1/api_clients/{id}/rotate");
    let old = json!(client.client_secret);
    for bad in [json!({"previous_valid_for_seconds": 604_801}), json!({"previous_valid_for_seconds": -1})] {
        assert_eq!(admin.post(&rotate, bad).await.code(422), "out_of_range");
    }
    let middle = admin.post(&rotate, json!({"previous_valid_for_seconds": 60})).await.expect(200).body;
    assert_eq!((&middle["version"], &middle["client_id"]), (&json!(2), &json!(id)));
    assert!(middle["previous_secret_valid_until"].is_string());
    app.token(&with_secret(&id, &old)).await.expect(200);
    app.token(&with_secret(&id, &middle["client_secret"])).await.expect(200);
    app.clock.advance(TimeDelta::seconds(60));
    app.token(&with_secret(&id, &old)).await.expect(401);
    app.token(&with_secret(&id, &middle["client_secret"])).await.expect(200);

    let last = admin.act(&rotate).await.expect(200).body;
    assert!(last["previous_secret_valid_until"].is_null());
    app.token(&with_secret(&id, &middle["client_secret"])).await.expect(401);
    app.token(&with_secret(&id, &last["client_secret"])).await.expect(200);
    let stale = admin.request(Method::POST, &rotate).header("if-match", "\"2\"");
    assert_eq!(send(stale).await.code(412), "stale_version");
}

#[actix_web::test]
async fn a_disabled_client_is_out_at_once_here_and_soon_elsewhere() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let client = app.api_client(organization, Role::Sales).await;
    let token = app.token(&grant(&client)).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    let me = || send(app.request(Method::GET, "/v1/me").bearer_auth(&token));
    me().await.expect(200);
    let path = format!("/v1/api_clients/{}", client.client_id);
    let disabled = admin.act(&format!("{path}/disable")).await.expect(200);
    assert_eq!((&disabled.body["active"], disabled.header("etag")), (&json!(false), "\"2\""));
    assert_eq!(me().await.code(401), "unauthenticated");
    app.token(&grant(&client)).await.expect(401);
    assert_eq!(admin.act(&format!("{path}/disable")).await.expect(200).header("etag"), "\"2\"", "twice is no change");
    assert_eq!(admin.act(&format!("{path}/rotate")).await.code(409), "invalid_transition");

    // As if another process had done it: this one learns of it by its job.
    let other = app.api_client(organization, Role::Sales).await;
    let token = app.token(&grant(&other)).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    let id = other.client_id;
    app.app
        .db
        .write(move |connection| {
            use diesel::RunQueryDsl;
            diesel::sql_query("UPDATE api_client SET active = false WHERE id = $1")
                .bind::<diesel::sql_types::Uuid, _>(id)
                .execute(connection)
                .map_err(pesanan::error::Error::from)
        })
        .await
        .unwrap();
    let me = || send(app.request(Method::GET, "/v1/me").bearer_auth(&token));
    me().await.expect(200);
    app.refresh_disabled().await;
    me().await.expect(401);
}

#[actix_web::test]
async fn a_token_expires_and_a_client_is_renamed() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let client = app.api_client(organization, Role::Viewer).await;
    let path = format!("/v1/api_clients/{}", client.client_id);
    let renamed = admin.patch(&path, json!({"name": "Console"})).await.expect(200);
    assert_eq!((&renamed.body["name"], renamed.header("etag")), (&json!("Console"), "\"2\""));
    assert_eq!(admin.patch(&path, json!({"name": "Console"})).await.header("etag"), "\"2\"", "no change, no version");
    assert_eq!(admin.patch(&path, json!({"role": "admin"})).await.code(422), "unknown_field");
    app.clock.advance(TimeDelta::seconds(3600));
    assert_eq!(admin.get("/v1/me").await.code(401), "unauthenticated");
}

#[actix_web::test]
async fn a_narrowed_token_does_less_than_its_role() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let client = app.api_client(organization, Role::Admin).await;
    let mut body = grant(&client);
    body["scope"] = json!("orders:read");
    let token = app.token(&body).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    let caller = |path: &'static str| send(app.request(Method::GET, path).bearer_auth(&token));
    caller("/v1/organization").await.expect(200);
    assert_eq!(caller("/v1/api_clients").await.code(403), "insufficient_scope");
    assert_eq!(caller("/v1/channels").await.code(403), "insufficient_scope");
}

/// Every caller may ask who it is, a storefront too.
#[actix_web::test]
async fn each_role_may_ask_who_it_is() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    for role in Role::ALL {
        let caller: Caller<'_> = app.caller(organization, role).await;
        assert_eq!(caller.get("/v1/me").await.expect(200).body["role"], role.as_str());
    }
}
