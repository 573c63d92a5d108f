//! The database goes away under a running server.

use pesanan::app::Application;
use pesanan::auth::keys::Keys;
use pesanan::config::Config;
use pesanan::platform::migrate::migrate;
use pesanan::platform::private_postgres::{Options, PrivatePostgres};
use std::path::Path;
use std::time::{Duration, Instant};

#[actix_web::test]
async fn a_stop_takes_seconds_though_the_database_is_gone() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("vanished-{}", std::process::id()));
    let postgres = PrivatePostgres::start(&folder, Options { durable: false, ..Options::default() }).unwrap();
    let url = postgres.create_database("pesanan").unwrap();
    migrate(&url).unwrap();
    let keys = vec![Keys::generate("test").unwrap()];
    let config = Config { listen: "127.0.0.1:0".to_owned(), keys, connections: 4, workers: 1, ..Config::new(url) };
    let application = Application::build(config).unwrap();
    let ready = format!("http://{}/health/ready", application.address);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = actix_web::rt::spawn(application.run(async {
        let _ = stopped.await;
    }));
    let http = reqwest::Client::new();
    assert_eq!(http.get(&ready).send().await.unwrap().status(), 200);
    postgres.stop();

    // More than there are connections, and a job, wait for the database when the stop comes.
    let waiting: Vec<_> = (0..12).map(|_| actix_web::rt::spawn(http.get(&ready).send())).collect();
    actix_web::rt::time::sleep(Duration::from_secs(2)).await;
    let started = Instant::now();
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    for reply in waiting {
        let reply = reply.await.unwrap().unwrap();
        assert_eq!((reply.status().as_u16(), &reply.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    }
    let _ = std::fs::remove_dir_all(&folder);
}
