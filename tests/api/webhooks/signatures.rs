//! What is sent is what the libraries of Standard Webhooks take.

use super::{create, deliver, open, path, place, spawn, spawn_at};
use crate::support::receiver::{Received, Receiver};
use chrono::TimeDelta;
use pesanan::platform::clock::Clock;
use standardwebhooks::Webhook;

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
