use super::*;
use crate::channels::body::{ChannelKind, ChannelSettings};
use crate::inbox::Outcome;
use crate::types::id::ChannelId;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// A server for one call: what it was asked, once it has answered so.
fn serve(answer: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/base/", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![];
        let mut chunk = [0u8; 4096];
        while !String::from_utf8_lossy(&asked).contains("\r\n\r\n") {
            let read = stream.read(&mut chunk).unwrap();
            asked.extend_from_slice(&chunk[..read]);
        }
        let _ = stream.write_all(answer.as_bytes());
        String::from_utf8_lossy(&asked).into_owned()
    });
    (base, serving)
}

fn channel(base: Option<&str>) -> Channel {
    Channel {
        id: ChannelId::generate(),
        code: "crm".into(),
        kind: ChannelKind::Hubspot,
        name: "CRM".into(),
        active: true,
        settings: ChannelSettings { api_base: base.map(str::to_owned), ..ChannelSettings::default() },
        inbound_url: None,
        secret_count: 0,
        credentials: vec![],
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_416_800, 0).unwrap()
}

fn asking(base: &str) -> Result<Reply, ApiError> {
    allow_loopback();
    let api = Api::new(&channel(Some(base)), None, Login::Bearer("pat-1".into()), now())?;
    api.get(&["crm", "v3", "deals", "../7 ?#"], &[("properties", "a,b&c")])
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn a_call_says_who_calls_and_no_id_leads_elsewhere() {
    let (base, serving) = serve(answer("200 OK", r#"{"id":"7"}"#));
    let reply = asking(&base).unwrap();
    assert_eq!(reply.json::<Value>().unwrap()["id"], "7");
    let asked = serving.join().unwrap().to_lowercase();
    assert!(asked.starts_with("get /base/crm/v3/deals/..%2f7%20%3f%23?properties=a%2cb%26c http/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nauthorization: bearer pat-1\r\n"), "{asked}");
}

#[test]
fn each_answer_is_told_by_what_it_means() {
    let table = [
        (answer("401 Unauthorized", "{}"), "platform_refused", false),
        (answer("403 Forbidden", "{}"), "platform_refused", false),
        (answer("404 Not Found", "no such deal"), "not_at_platform", true),
        (answer("410 Gone", ""), "not_at_platform", true),
        (answer("400 Bad Request", "no"), "platform_call_failed", true),
        (answer("302 Found\r\nLocation: http://127.0.0.1:1/", ""), "platform_call_failed", true),
        (answer("429 Too Many Requests\r\nRetry-After: 90", ""), "platform_unavailable", false),
        (answer("503 Service Unavailable", ""), "platform_unavailable", false),
        ("garbage\r\n\r\n".to_owned(), "platform_unavailable", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{}".to_owned(), "platform_unavailable", false),
    ];
    for (sent, code, ends) in table {
        let (base, serving) = serve(sent.clone());
        let error = asking(&base).unwrap_err();
        assert_eq!(error.code(), code, "{sent}: {error}");
        let rejected = matches!(error.outcome(), Outcome::Rejected { .. });
        assert_eq!(rejected, ends, "{sent}");
        if sent.contains("Retry-After") {
            assert_eq!(error.at(), Some(now() + chrono::TimeDelta::seconds(90)));
        }
        serving.join().unwrap();
    }
}

#[test]
fn an_endless_answer_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0u8; 4096];
        let _ = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
        let mut sent = 0;
        while stream.write_all(&[b' '; 65_536]).is_ok() {
            sent += 65_536;
        }
        sent
    });
    assert_eq!(asking(&base).unwrap_err().code(), "platform_call_failed");
    assert!(serving.join().unwrap() < 4 * ANSWER);
}

#[test]
fn a_channel_that_lacks_what_calls_need_says_so() {
    let new = |base: Option<&str>, own| Api::new(&channel(base), own, Login::Nobody, now()).err().map(|error| error.code());
    assert_eq!(new(None, None), Some("channel_incomplete"));
    assert_eq!(new(Some("http://example.com"), None), Some("channel_incomplete"));
    assert_eq!(new(Some("https://10.0.0.1"), Some("https://api.hubapi.com")), Some("channel_incomplete"));
    assert_eq!(new(None, Some("https://api.hubapi.com")), None);
    let credentials = ChannelCredentials { access_token: Some("t".into()), ..ChannelCredentials::default() };
    assert_eq!(needed(&credentials, "access_token"), Ok("t"));
    assert_eq!(needed(&credentials, "client_id").unwrap_err().to_string(), "the channel has no credentials.client_id");
}
