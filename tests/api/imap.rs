//! A mailbox of Dovecot's, started for the test. Skipped by name where Dovecot is not installed, or not by root.

use crate::mail::{HEAD, Post, post, table, text};
use crate::or_skip;
use crate::shop::clean;
use crate::support::app::TestApp;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Nullable, Text};
use pesanan::channels::platforms::email::imap::{self, Mailbox};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DOVECOT: &str = "/usr/sbin/dovecot";

struct Server {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Server {
    /// `None` where it cannot run.
    fn start() -> Option<Self> {
        let is_root = std::fs::read_to_string("/proc/self/status").ok()?.lines().any(|line| line.starts_with("Uid:\t0\t"));
        if !is_root || !std::path::Path::new(DOVECOT).exists() {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = PathBuf::from(format!("/tmp/pesanan-dovecot-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("mail")).unwrap();
        let at = folder.display();
        let run = |command: &str, arguments: &[&str]| assert!(Command::new(command).args(arguments).status().unwrap().success());
        run("chown", &["nobody:nogroup", &format!("{at}/mail")]);
        run("chmod", &["755", &at.to_string()]);
        let config = format!(
            "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\nssl = no\ndisable_plaintext_auth = no\n\
             mail_location = maildir:{at}/mail\nfirst_valid_uid = 1\nmail_privileged_group =\n\
             passdb {{\n  driver = static\n  args = password=secret\n}}\nuserdb {{\n  driver = static\n  args = uid=65534 gid=65534 home={at}/mail\n}}\n\
             namespace inbox {{\n  inbox = yes\n  separator = /\n  mailbox Processed {{\n    auto = create\n  }}\n}}\n\
             service imap-login {{\n  inet_listener imap {{\n    port = {port}\n  }}\n  inet_listener imaps {{\n    port = 0\n  }}\n}}\n"
        );
        std::fs::write(folder.join("dovecot.conf"), config).unwrap();
        let child = Command::new(DOVECOT)
            .args(["-F", "-c", &format!("{at}/dovecot.conf")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port, folder };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "{}",
                std::fs::read_to_string(server.folder.join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }

    /// Says these commands; what was answered to the last one.
    fn say(&self, commands: &[String]) -> Vec<String> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        lines.next().unwrap();
        let mut told = vec![];
        for (i, command) in [String::from("LOGIN orders secret")].iter().chain(commands).enumerate() {
            writer.write_all(format!("T{i} {command}\r\n").as_bytes()).unwrap();
            told = vec![];
            loop {
                let line = lines.next().unwrap();
                if let Some(rest) = line.strip_prefix(&format!("T{i} ")) {
                    assert!(rest.starts_with("OK"), "{command}: {rest}");
                    break;
                }
                told.push(line);
            }
        }
        told
    }

    fn append(&self, flags: &str, mail: &str) {
        // A literal that does not wait (RFC 7888).
        self.say(&[format!("APPEND INBOX ({flags}) {{{}+}}\r\n{mail}", mail.len())]);
    }

    fn count(&self, folder: &str, what: &str) -> u32 {
        let told = self.say(&[format!("STATUS {folder} ({what})")]);
        told.iter().find_map(|line| line.split(&format!("{what} ")).nth(1)?.trim_end_matches(')').parse().ok()).unwrap()
    }
}

impl Post<'_> {
    async fn look(&self) -> usize {
        let (db, clock) = (self.app.app.db.clone(), self.app.clock.clone());
        let found = actix_web::web::block(move || imap::look(&db, || clock.now())).await.unwrap().unwrap();
        self.work().await;
        self.app.clock.advance(TimeDelta::seconds(61));
        found
    }
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    last_uid: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
}

async fn state(app: &TestApp) -> Row {
    let read = |connection: &mut diesel::pg::PgConnection| {
        diesel::sql_query("SELECT last_uid, last_error FROM mailbox").get_result::<Row>(connection).map_err(pesanan::error::Error::from)
    };
    app.app.db.read(read).await.unwrap()
}

fn order(id: &str) -> String {
    table(&HEAD.replace("m1", id).replace("4711", id), &[["KOPI", "1"]])
}

#[actix_web::test]
async fn each_message_of_a_mailbox_is_taken_once() {
    let server = or_skip!(Server::start(), "dovecot-imapd is not installed, or this is not root");
    let app = TestApp::spawn().await;
    let settings = json!({"imap_host": "127.0.0.1", "imap_port": server.port, "imap_tls": "none", "imap_processed_folder": "Processed", "unproven_senders": "order"});
    let post = post(&app, settings, None).await;
    let channel = format!("/v1/channels/{}", text(&post.channel["id"]));
    let login = |password: &str| post.admin.patch(&channel, json!({"credentials": {"username": "orders", "password": password}}));
    login("secret").await.expect(200);

    server.append("\\Seen", &order("OLD-1"));
    server.append("", &order("A-1"));
    assert_eq!(post.look().await, 1, "what people have read before is theirs");
    assert_eq!((post.orders().await.len(), server.count("INBOX", "MESSAGES"), server.count("Processed", "MESSAGES")), (1, 1, 1));
    assert_eq!(server.count("Processed", "UNSEEN"), 0);
    assert_eq!(post.look().await, 0);
    // Somebody opens it before we look.
    server.append("\\Seen", &order("A-2"));
    assert_eq!((post.look().await, post.orders().await.len()), (1, 2));

    // Stored, and dead before it is marked: it is fetched again, which changes nothing.
    let mail = order("A-3");
    server.append("", &mail);
    let (db, now, mailbox) = (app.app.db.clone(), app.clock.now(), mailbox(&app).await);
    let channel_id = mailbox.channel_id;
    let store = move || {
        let channel =
            db.read_blocking(|connection| Ok(pesanan::channels::of_id(connection, mailbox.organization_id, channel_id)?.unwrap())).unwrap();
        imap::store_message(&db, &mailbox, &channel, mail.clone().into_bytes(), now).unwrap()
    };
    assert!(actix_web::web::block(store).await.unwrap());
    assert_eq!((post.look().await, post.orders().await.len()), (0, 3));
    assert_eq!(server.count("INBOX", "MESSAGES"), 1);

    // A server that has lost its numbers.
    let forget = |connection: &mut diesel::pg::PgConnection| {
        diesel::sql_query("UPDATE mailbox SET uid_validity = 1").execute(connection).map_err(pesanan::error::Error::from)
    };
    app.app.db.write(forget).await.unwrap();
    server.append("", &order("A-4"));
    post.look().await;
    let orders = post.orders().await;
    let numbers: Vec<&str> = orders.iter().map(|order| text(&order["purchase_order_number"])).collect();
    assert!(numbers.contains(&"A-4") && numbers.iter().filter(|number| **number == "A-1").count() == 1, "{numbers:?}");

    // A password that is wrong is told, and nothing is lost.
    login("wrong").await.expect(200);
    server.append("", &order("A-5"));
    let count = orders.len();
    assert_eq!((post.look().await, state(&app).await.last_error.is_some()), (0, true));
    login("secret").await.expect(200);
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!((post.look().await, post.orders().await.len(), state(&app).await.last_error), (1, count + 1, None));
    assert!(state(&app).await.last_uid > 0);
    clean(&app).await;
}

async fn mailbox(app: &TestApp) -> Mailbox {
    let read = |connection: &mut diesel::pg::PgConnection| {
        diesel::sql_query("SELECT organization_id, channel_id, uid_validity, last_uid, failures FROM mailbox")
            .get_result::<Mailbox>(connection)
            .map_err(pesanan::error::Error::from)
    };
    app.app.db.read(read).await.unwrap()
}
