//! People: creating them, logging in, staying logged in, being shut out.

use crate::support::app::{Caller, Reply, TestApp, send};
use chrono::TimeDelta;
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "kereta api pagi";
const LOGIN: &str = "/v1/auth/login";

/// Creates a user with [`PASSWORD`].
async fn user(admin: &Caller<'_>, email: &str, role: &str) -> Value {
    let new = json!({"email": email, "name": "Rahma Putri", "role": role, "password": PASSWORD});
    admin.post("/v1/users", new).await.expect(201).body
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Reply {
    send(app.request(Method::POST, LOGIN).json(&json!({"email": email, "password": password}))).await
}

async fn refresh(app: &TestApp, token: &Value) -> Reply {
    app.token(&json!({"grant_type": "refresh_token", "refresh_token": token})).await
}

async fn me(app: &TestApp, login: &Value) -> Reply {
    send(app.request(Method::GET, "/v1/me").bearer_auth(login["access_token"].as_str().unwrap())).await
}

fn bearer(app: &TestApp, login: &Value, method: Method, path: &str) -> reqwest::RequestBuilder {
    app.request(method, path).bearer_auth(login["access_token"].as_str().unwrap())
}

#[actix_web::test]
async fn a_user_logs_in_acts_under_an_own_name_and_logs_out() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let created = user(&admin, "Siti@Example.com", "sales").await;
    assert_eq!((&created["one_time_password"], &created["password_change_required"]), (&Value::Null, &json!(false)));
    assert!(created.get("password").is_none() && created.get("password_hash").is_none());
    let login = log_in(&app, "siti@example.com", PASSWORD).await.expect(200);
    assert_eq!((login.header("cache-control"), &login.body["expires_in"]), ("no-store", &json!(900)));
    assert_eq!(login.body["scope"], Role::Sales.permissions().scope());
    let login = login.body;
    let mine = me(&app, &login).await.expect(200).body;
    assert_eq!((&mine["kind"], &mine["name"], &mine["role"]), (&json!("user"), &json!("Rahma Putri"), &json!("sales")));
    assert_eq!(mine["id"], created["id"]);

    let customer = bearer(&app, &login, Method::POST, "/v1/customers").json(&json!({"name": "Budi", "kind": "person"}));
    send(customer).await.expect(201);
    assert_eq!(send(bearer(&app, &login, Method::GET, "/v1/users")).await.code(403), "insufficient_scope");
    let events = admin.get("/v1/events?type=customer.created").await.expect(200).body;
    assert_eq!(events["data"][0]["actor"], json!({"type": "user", "id": created["id"], "name": "Rahma Putri"}));

    send(bearer(&app, &login, Method::POST, "/v1/auth/logout")).await.expect(204);
    assert_eq!(me(&app, &login).await.code(401), "unauthenticated");
    assert_eq!(refresh(&app, &login["refresh_token"]).await.expect(400).body["error"], "invalid_grant");
    let again = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    send(app.request(Method::POST, "/v1/auth/logout").json(&json!({"refresh_token": again["refresh_token"]}))).await.expect(204);
    assert_eq!(me(&app, &again).await.status, 401);
    send(app.request(Method::POST, "/v1/auth/logout").json(&json!({"refresh_token": "prt_unknown"}))).await.expect(204);
    assert_eq!(send(app.request(Method::POST, "/v1/auth/logout")).await.code(401), "unauthenticated");
}

#[actix_web::test]
async fn users_are_listed_changed_and_kept_apart_by_organization() {
    let app = TestApp::spawn().await;
    let (ours, theirs) = (app.organization("ours").await, app.organization("theirs").await);
    let (admin, stranger) = (app.caller(ours, Role::Admin).await, app.caller(theirs, Role::Admin).await);
    let siti = user(&admin, "siti@example.com", "sales").await;
    let path = format!("/v1/users/{}", siti["id"].as_str().unwrap());
    let taken = json!({"email": "SITI@example.com", "name": "Other", "role": "sales"});
    assert_eq!(admin.post("/v1/users", taken).await.code(409), "user_email_taken");
    user(&stranger, "siti@example.com", "admin").await;
    for reply in
        [stranger.get(&path).await, stranger.patch(&path, json!({"name": "x"})).await, stranger.act(&format!("{path}/disable")).await]
    {
        assert_eq!(reply.code(404), "not_found");
    }
    let listed = admin.get("/v1/users?email=siti@EXAMPLE.com&role=sales&active=true").await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/v1/users?role=finance").await.expect(200).body["data"], json!([]));
    let renamed = admin.patch(&path, json!({"name": "Siti"})).await.expect(200);
    assert_eq!((renamed.header("etag"), &renamed.body["name"]), ("\"2\"", &json!("Siti")));
    assert_eq!(admin.patch(&path, json!({"name": "Siti"})).await.header("etag"), "\"2\"", "no change, no version");
    let stale = admin.request(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({"name": "S"}));
    assert_eq!(send(stale).await.code(412), "stale_version");

    // The same address in two organizations: which is meant must be said, and that is no different from a wrong password.
    assert_eq!(log_in(&app, "siti@example.com", PASSWORD).await.code(401), "login_refused");
    let named = json!({"organization": "theirs", "email": "siti@example.com", "password": PASSWORD});
    assert_eq!(send(app.request(Method::POST, LOGIN).json(&named)).await.expect(200).body["user"]["role"], "admin");
}

#[actix_web::test]
async fn a_one_time_password_opens_nothing_but_the_way_to_an_own_one() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let new = json!({"email": "siti@example.com", "name": "Siti Rahma", "role": "sales"});
    let post = || admin.request(Method::POST, "/v1/users").header("idempotency-key", "a").json(&new);
    let created = send(post()).await.expect(201).body;
    assert_eq!(send(post()).await.code(409), "secret_already_shown");
    let one_time = created["one_time_password"].as_str().unwrap();
    let login = log_in(&app, "siti@example.com", one_time).await.expect(200).body;
    assert_eq!((&login["scope"], &login["user"]["password_change_required"]), (&json!(""), &json!(true)));
    assert_eq!(send(bearer(&app, &login, Method::GET, "/v1/orders")).await.code(403), "insufficient_scope");
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        send(bearer(&app, &login, Method::POST, "/v1/me/password").json(&body))
    };
    assert_eq!(change("something else", PASSWORD).await.code(422), "wrong_password");
    assert_eq!(change(one_time, "short").await.code(422), "password_too_short");
    assert_eq!(change(one_time, "hello siti@example").await.code(422), "password_guessable");
    assert_eq!(change(one_time, one_time).await.code(422), "unchanged");
    change(one_time, PASSWORD).await.expect(204);
    let next = refresh(&app, &login["refresh_token"]).await.expect(200).body;
    assert_eq!(next["scope"], Role::Sales.permissions().scope(), "the login goes on with all of its role's scopes");
    assert_eq!(log_in(&app, "siti@example.com", one_time).await.code(401), "login_refused");

    let other = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    let path = format!("/v1/users/{}/password", created["id"].as_str().unwrap());
    let reset = admin.act(&path).await.expect(200).body;
    assert!(reset["one_time_password"].is_string());
    for login in [&next, &other] {
        assert_eq!(me(&app, login).await.status, 401, "a new password ends all logins");
        assert_eq!(refresh(&app, &login["refresh_token"]).await.status, 400);
    }
    assert_eq!(admin.post("/v1/me/password", json!({"current_password": "a", "new_password": PASSWORD})).await.code(409), "users_only");
}

#[actix_web::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_login() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    user(&admin, "siti@example.com", "sales").await;
    let login = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    let first = refresh(&app, &login["refresh_token"]).await.expect(200).body;
    assert_ne!(first["refresh_token"], login["refresh_token"]);
    let repeated = refresh(&app, &login["refresh_token"]).await.expect(200).body;
    assert_eq!(repeated["refresh_token"], first["refresh_token"], "the same request again, the same answer");
    let second = refresh(&app, &first["refresh_token"]).await.expect(200).body;
    me(&app, &second).await.expect(200);
    // Its successor is in use: whoever comes with the first one now is somebody else.
    assert_eq!(refresh(&app, &login["refresh_token"]).await.expect(400).body["error"], "invalid_grant");
    assert_eq!(me(&app, &second).await.status, 401, "the whole login is over");
    assert_eq!(refresh(&app, &second["refresh_token"]).await.status, 400);

    let late = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    let next = refresh(&app, &late["refresh_token"]).await.expect(200).body;
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(refresh(&app, &late["refresh_token"]).await.status, 400, "too late for the same request again");
    assert_eq!(refresh(&app, &next["refresh_token"]).await.status, 400);
    let told = admin.get("/v1/audit?action=auth.refresh_token_reused").await.expect(200).body;
    assert_eq!(told["data"].as_array().unwrap().len(), 2);

    let idle = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(refresh(&app, &idle["refresh_token"]).await.status, 400, "a week without use");
    let mut busy = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    for _ in 0..4 {
        app.clock.advance(TimeDelta::days(6));
        busy = refresh(&app, &busy["refresh_token"]).await.expect(200).body;
    }
    app.clock.advance(TimeDelta::days(6));
    assert_eq!(refresh(&app, &busy["refresh_token"]).await.status, 400, "thirty days, however busy");
    for bad in [json!("prt_nonsense"), json!("")] {
        assert_eq!(refresh(&app, &bad).await.status, 400);
    }
}

/// Two tabs, or a request that a proxy has sent twice: both get the same next token, and nobody is logged out.
#[actix_web::test]
async fn refreshes_at_the_same_moment_are_one() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    user(&admin, "siti@example.com", "sales").await;
    let second = app.spawn_second();
    let mut token = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body["refresh_token"].clone();
    for _ in 0..5 {
        let ask = |address: &str| {
            app.http.post(format!("{address}/v1/auth/token")).json(&json!({"grant_type": "refresh_token", "refresh_token": token}))
        };
        let asked = (0..8).map(|i| send(ask(if i % 2 == 0 { &app.address } else { &second })));
        let next: std::collections::BTreeSet<String> =
            join_all(asked).await.into_iter().map(|reply| reply.expect(200).body["refresh_token"].as_str().unwrap().to_owned()).collect();
        assert_eq!(next.len(), 1);
        token = json!(next.first());
    }
    // A thief and the owner at the same moment, with tokens of different ages: the login ends, however they interleave.
    let old = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body["refresh_token"].clone();
    let mut newest = refresh(&app, &old).await.expect(200).body;
    newest = refresh(&app, &newest["refresh_token"]).await.expect(200).body;
    let (thief, _) = futures_util::future::join(refresh(&app, &old), refresh(&app, &newest["refresh_token"])).await;
    assert_eq!(thief.status, 400);
    assert_eq!(refresh(&app, &newest["refresh_token"]).await.status, 400);
}

#[actix_web::test]
async fn guessing_is_slowed_down_across_processes_and_tells_nobody_who_exists() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    user(&admin, "siti@example.com", "sales").await;
    let disabled = user(&admin, "budi@example.com", "sales").await;
    admin.act(&format!("/v1/users/{}/disable", disabled["id"].as_str().unwrap())).await.expect(200);
    let second = app.spawn_second();
    let mut seen = vec![];
    for (email, password) in
        [("siti@example.com", "wrong password"), ("nobody@example.com", "wrong password"), ("budi@example.com", PASSWORD)]
    {
        // Many at once, over two processes: five are compared, the others wait.
        let asked = (0..12).map(|i| {
            let address = if i % 2 == 0 { &app.address } else { &second };
            send(app.http.post(format!("{address}{LOGIN}")).json(&json!({"email": email, "password": password})))
        });
        let replies = join_all(asked).await;
        let statuses = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
        assert_eq!((statuses(401), statuses(429)), (5, 7), "{email}");
        let told = |status: u16| {
            let reply = replies.iter().find(|reply| reply.status == status).unwrap();
            let mut body = reply.body.clone();
            body.as_object_mut().unwrap().remove("instance");
            (body, reply.header("www-authenticate").to_owned(), reply.header("retry-after").to_owned())
        };
        seen.push((told(401), told(429)));
    }
    assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:#?}");
    assert_eq!((&seen[0].0.0["code"], &seen[0].1.0["code"]), (&json!("login_refused"), &json!("login_blocked")));
    assert_eq!(seen[0].1.2, "31");

    let blocked = log_in(&app, "siti@example.com", PASSWORD).await;
    assert_eq!(blocked.code(429), "login_blocked", "the right password too");
    app.clock.advance(TimeDelta::seconds(30));
    log_in(&app, "siti@example.com", PASSWORD).await.expect(200);
    for _ in 0..4 {
        assert_eq!(log_in(&app, "siti@example.com", "wrong password").await.status, 401, "a login that opens starts the count anew");
    }
    log_in(&app, "siti@example.com", PASSWORD).await.expect(200);
}

/// A hash is computed whether or not there is an account, so that both take the same time.
#[actix_web::test]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    user(&admin, "siti@example.com", "sales").await;
    let mut took = [vec![], vec![]];
    for round in 0..4 {
        for (times, email) in took.iter_mut().zip(["siti@example.com".to_owned(), format!("nobody{round}@example.com")]) {
            let started = std::time::Instant::now();
            log_in(&app, &email, "wrong password").await.expect(401);
            times.push(started.elapsed().as_secs_f64());
        }
    }
    let least = took.map(|times| times.into_iter().fold(f64::MAX, f64::min));
    assert!(least[0] / least[1] < 2.0 && least[1] / least[0] < 2.0, "{least:?}");
}

#[actix_web::test]
async fn a_disabled_user_is_out_at_once_here_and_soon_elsewhere_and_may_come_back() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let siti = user(&admin, "siti@example.com", "sales").await;
    let path = format!("/v1/users/{}", siti["id"].as_str().unwrap());
    let login = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;
    let disabled = admin.act(&format!("{path}/disable")).await.expect(200);
    assert_eq!((&disabled.body["active"], disabled.header("etag")), (&json!(false), "\"2\""));
    assert_eq!(me(&app, &login).await.code(401), "unauthenticated");
    assert_eq!(refresh(&app, &login["refresh_token"]).await.status, 400);
    assert_eq!(log_in(&app, "siti@example.com", PASSWORD).await.code(401), "login_refused");
    assert_eq!(admin.act(&format!("{path}/disable")).await.expect(200).header("etag"), "\"2\"", "twice is no change");
    assert_eq!(admin.act(&format!("{path}/password")).await.code(409), "invalid_transition");
    admin.act(&format!("{path}/enable")).await.expect(200);
    assert_eq!(me(&app, &login).await.status, 401, "the old login stays over");
    let login = log_in(&app, "siti@example.com", PASSWORD).await.expect(200).body;

    // Done by another process: this one learns of it by its job.
    let second = app.spawn_second();
    send(app.http.post(format!("{second}{path}/disable")).bearer_auth(&admin.token)).await.expect(200);
    me(&app, &login).await.expect(200);
    app.refresh_disabled().await;
    assert_eq!(me(&app, &login).await.code(401), "unauthenticated");
}

#[actix_web::test]
async fn a_new_role_takes_the_old_one_away_and_nobody_changes_the_own() {
    let app = TestApp::spawn().await;
    let organization = app.organization("demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    let ayu = user(&admin, "ayu@example.com", "admin").await;
    let path = format!("/v1/users/{}", ayu["id"].as_str().unwrap());
    let login = log_in(&app, "ayu@example.com", PASSWORD).await.expect(200).body;
    for (method, path, body) in
        [(Method::PATCH, path.clone(), json!({"role": "sales"})), (Method::POST, format!("{path}/disable"), json!({}))]
    {
        assert_eq!(send(bearer(&app, &login, method, &path).json(&body)).await.code(409), "own_account");
    }
    admin.patch(&path, json!({"role": "viewer"})).await.expect(200);
    assert_eq!(me(&app, &login).await.status, 401);
    let login = log_in(&app, "ayu@example.com", PASSWORD).await.expect(200).body;
    assert_eq!(me(&app, &login).await.expect(200).body["role"], "viewer");
    app.clock.advance(TimeDelta::seconds(900));
    assert_eq!(me(&app, &login).await.code(401), "unauthenticated", "fifteen minutes");
}
