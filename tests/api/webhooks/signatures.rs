//! What is sent is what the libraries of Standard Webhooks take.

use super::{create, deliver, open, path, place, spawn, spawn_at};
use crate::support::receiver::{Received, Receiver};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use pesanan::platform::clock::Clock;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn headers(request: &Received) -> http::HeaderMap {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let header = |name: &&'static str| (http::HeaderName::from_static(name), request.header(name).parse().unwrap());
    names.iter().map(header).collect()
}

#[actix_web::test]
async fn the_official_library_takes_what_is_sent_and_nothing_else() {
    let app = spawn_at(Clock::System).await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let endpoint = create(&admin, &receiver.url(), &["order.captured", "order.confirmed"]).await;
    let library = Webhook::new(endpoint["secret"].as_str().unwrap()).unwrap();
    let other = Webhook::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDqxM1MMmCNm0=").unwrap();
    place(&admin).await;
    assert_eq!(deliver(&app).await, 2);
    for request in receiver.received() {
        library.verify(&request.body, &headers(&request)).unwrap();
        assert!(other.verify(&request.body, &headers(&request)).is_err());
        let mut changed = request.body.clone();
        changed[10] ^= 1;
        assert!(library.verify(&changed, &headers(&request)).is_err());
        let mut replayed = headers(&request);
        replayed.insert("webhook-id", "another".parse().unwrap());
        assert!(library.verify(&request.body, &replayed).is_err());
    }
}

#[actix_web::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let endpoint = create(&admin, &receiver.url(), &["order.captured"]).await;
    let rotate =
        async || admin.act(&format!("{}/rotate_secret", path(&endpoint))).await.expect(200).body["secret"].as_str().unwrap().to_owned();
    let first = endpoint["secret"].as_str().unwrap().to_owned();
    let signed_by = async |secrets: &[&String]| {
        place(&admin).await;
        assert_eq!(deliver(&app).await, 1);
        let request = receiver.news().remove(0);
        let expected: Vec<String> = secrets
            .iter()
            .map(|secret| {
                Webhook::new(secret).unwrap().sign(request.header("webhook-id"), app.clock.now().timestamp(), &request.body).unwrap()
            })
            .collect();
        assert_eq!(request.header("webhook-signature"), expected.join(" "));
    };
    signed_by(&[&first]).await;
    let second = rotate().await;
    signed_by(&[&second, &first]).await;
    app.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    signed_by(&[&second, &first]).await;
    app.clock.advance(TimeDelta::seconds(1));
    signed_by(&[&second]).await;
    let third = rotate().await;
    let fourth = rotate().await;
    assert_ne!(third, fourth);
    signed_by(&[&fourth, &third]).await;
}

/// What the official packages of npm and PyPI say of messages, where `scripts/install-webhook-packages` has put them.
fn judged_by(program: &str, script: &str, environment: (&str, &str), messages: &Value) -> Option<String> {
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("webhook-packages").join(environment.1);
    if !packages.is_dir() {
        eprintln!("SKIPPED: {script}; scripts/install-webhook-packages installs what it needs");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official").join(script);
    let mut child = Command::new(program)
        .arg(script)
        .env(environment.0, packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(messages.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[actix_web::test]
async fn the_official_packages_of_npm_and_pypi_take_what_is_sent_and_nothing_else() {
    let app = spawn_at(Clock::System).await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let endpoint = create(&admin, &receiver.url(), &[]).await;
    let old = endpoint["secret"].as_str().unwrap();
    place(&admin).await;
    deliver(&app).await;
    let before = receiver.news();
    let new = admin.act(&format!("{}/rotate_secret", path(&endpoint))).await.expect(200).body["secret"].clone();
    place(&admin).await;
    deliver(&app).await;
    let after = receiver.news();
    assert!(before.len() >= 2 && after.len() >= 3);
    let message = |request: &Received, secret: &str, body: &[u8], genuine: bool| {
        let header = |name: &str| request.header(name).to_owned();
        json!({"secret": secret, "body": STANDARD.encode(body), "genuine": genuine, "headers": {"webhook-id": header("webhook-id"),
            "webhook-timestamp": header("webhook-timestamp"), "webhook-signature": header("webhook-signature")}})
    };
    let mut messages = vec![];
    for request in &before {
        messages.push(message(request, old, &request.body, true));
        messages.push(message(request, new.as_str().unwrap(), &request.body, false));
        messages.push(message(request, old, &[&request.body[..], b" "].concat(), false));
    }
    // After a rotation whoever has either secret takes it.
    for request in &after {
        messages.push(message(request, old, &request.body, true));
        messages.push(message(request, new.as_str().unwrap(), &request.body, true));
        messages.push(message(request, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDqxM1MMmCNm0=", &request.body, false));
    }
    let (count, messages) = (messages.len(), Value::Array(messages));
    for told in [
        judged_by("node", "verify.js", ("NODE_PATH", "node_modules"), &messages),
        judged_by("python3", "verify.py", ("PYTHONPATH", "python"), &messages),
    ] {
        assert!(told.is_none_or(|told| told == format!("judged {count}")));
    }
}
