use super::*;
use std::net::TcpListener;

/// A server that says these bytes one after the other, each after it has been told something.
fn server(answers: Vec<Vec<u8>>) -> Account {
    crate::channels::platforms::api_client::allow_loopback();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for answer in answers {
            if stream.write_all(&answer).is_err() || stream.read(&mut [0; 4096]).is_err() {
                return;
            }
        }
    });
    Account { host: "127.0.0.1".into(), port, tls: ImapTls::None, username: "a".into(), password: "b\"c".into() }
}

fn open(account: &Account) -> Result<Client, ImapError> {
    Client::open(account, Patience { command: Duration::from_millis(500), look: Duration::from_secs(20) }, &never())
}

fn never() -> Stop {
    Arc::new(|| false)
}

/// A server that lets everybody in and says `told` to the first command behind that, `again` and again.
fn talkative(told: Vec<u8>, again: bool, pause: Duration) -> Account {
    crate::channels::platforms::api_client::allow_loopback();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for answer in ["* OK\r\n", "* CAPABILITY IMAP4rev1\r\nA1 OK\r\n", "A2 OK\r\n", "* CAPABILITY IMAP4rev1\r\nA3 OK\r\n"] {
            if stream.write_all(answer.as_bytes()).is_err() || stream.read(&mut [0; 4096]).is_err() {
                return;
            }
        }
        while stream.write_all(&told).is_ok() && again {
            std::thread::sleep(pause);
        }
        std::thread::sleep(Duration::from_secs(20));
    });
    Account { host: "127.0.0.1".into(), port, tls: ImapTls::None, username: "a".into(), password: "b".into() }
}

#[test]
fn literals_are_read_whatever_is_in_them() {
    let body = b"Subject: x\r\n\r\nA9 OK {5}\r\n)";
    let mut fetched = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", body.len()).into_bytes();
    fetched.extend_from_slice(body);
    fetched.extend_from_slice(b")\r\nA7 OK done\r\n");
    let account = server(vec![
        b"* OK hello\r\n".to_vec(),
        b"* CAPABILITY IMAP4rev1\r\nA1 OK\r\n".to_vec(),
        b"A2 OK in\r\n".to_vec(),
        b"* CAPABILITY IMAP4rev1 MOVE\r\nA3 OK\r\n".to_vec(),
        b"* 3 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 10] x\r\nA4 OK [READ-WRITE] selected\r\n".to_vec(),
        b"* SEARCH 9 7\r\nA5 OK\r\n".to_vec(),
        b"* 1 FETCH (UID 7 RFC822.SIZE 24)\r\nA6 OK\r\n".to_vec(),
        fetched,
    ]);
    let mut client = open(&account).unwrap();
    assert!(client.can("MOVE") && !client.can("UIDPLUS"));
    assert_eq!(client.select("INBOX").unwrap(), Selected { uid_validity: 42, uid_next: Some(10) });
    assert_eq!(client.search("UNSEEN").unwrap(), [7, 9]);
    assert_eq!(client.fetch(7).unwrap(), Fetched::Mail(body.to_vec()));
}

#[test]
fn refusals_and_garbage_are_errors() {
    let failed = |answers: Vec<&str>| open(&server(answers.into_iter().map(|text| text.as_bytes().to_vec()).collect())).err().unwrap();
    assert!(matches!(failed(vec!["* OK\r\n", "* CAPABILITY\r\nA1 OK\r\n", "A2 NO bad password\r\n"]), ImapError::Refused(_)));
    assert!(matches!(failed(vec!["HTTP/1.1 400\r\n"]), ImapError::Garbled(_)));
    assert!(matches!(failed(vec!["* OK\r\n", "* BYE\r\n"]), ImapError::Refused(_)));
    assert!(matches!(failed(vec!["* OK\r\n", "* X {99999999999}\r\n"]), ImapError::Garbled(_)));
    assert!(matches!(failed(vec![]), ImapError::Connection(_)));
    assert_eq!(quoted("a\"b\\c").unwrap(), "\"a\\\"b\\\\c\"");
    assert!(quoted("a\r\nA1 LOGOUT").is_err());
}

#[test]
fn a_server_that_drips_is_left_in_time() {
    let account = talkative(b"x".to_vec(), true, Duration::from_millis(20));
    let mut client = open(&account).unwrap();
    let since = Instant::now();
    let error = client.select("INBOX").unwrap_err();
    assert!(matches!(&error, ImapError::Connection(detail) if detail.contains("too long")), "{error}");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    // So is one whose every command is in time, but not all of them.
    let account = talkative(b"* OK [UIDVALIDITY 1] x\r\nA4 OK\r\nA5 OK\r\nA6 OK\r\nA7 OK\r\n".to_vec(), false, Duration::ZERO);
    let patience = Patience { command: Duration::from_secs(5), look: Duration::from_millis(500) };
    let mut client = Client::open(&account, patience, &never()).unwrap();
    client.select("INBOX").unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert!(matches!(client.search("ALL"), Err(ImapError::Connection(_))));
}

#[test]
fn a_server_that_talks_on_and_on_is_left_before_it_fills_the_memory() {
    let megabyte = |length: usize| -> Vec<u8> { format!("* 1 FETCH (BODY[] {{{length}}}\r\n{})\r\n", "x".repeat(length)).into_bytes() };
    for told in [megabyte(1_000_000), b"* OK x\r\n".repeat(1_000), b"x".repeat(100_000), b"{5}\r\nxxxxx".repeat(10_000)] {
        let mut client = Client::open(&talkative(told, true, Duration::ZERO), Patience::USUAL, &never()).unwrap();
        let error = client.search("ALL").unwrap_err();
        assert!(matches!(&error, ImapError::Garbled(_)), "{error}");
    }
}

#[test]
fn whoever_stops_waits_for_no_server() {
    let account = talkative(b"x".to_vec(), false, Duration::ZERO);
    let since = Instant::now();
    let stop: Stop = Arc::new(move || since.elapsed() > Duration::from_secs(2));
    let mut client = Client::open(&account, Patience::USUAL, &stop).unwrap();
    assert!(matches!(client.select("INBOX"), Err(ImapError::Connection(_))));
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_message_that_is_too_long_is_known_by_its_headers() {
    let start = [
        "* OK\r\n",
        "* CAPABILITY IMAP4rev1\r\nA1 OK\r\n",
        "A2 OK\r\n",
        "* CAPABILITY IMAP4rev1\r\nA3 OK\r\n",
        // Another message is spoken of meanwhile.
        "* 1 FETCH (UID 6 RFC822.SIZE 1)\r\n* 2 FETCH (RFC822.SIZE 26214401 UID 7)\r\nA4 OK\r\n",
        "* 2 FETCH (UID 7 BODY[HEADER]<0> {10}\r\nSubject: x)\r\nA5 OK\r\n",
        "* 2 FETCH (UID 8 RFC822.SIZE 5)\r\nA6 OK\r\n",
        "* 2 FETCH (UID 8 BODY[] \"a\\\"b: c\")\r\nA7 OK\r\n",
        "A8 OK\r\n",
        "* 2 FETCH (UID 10 RFC822.SIZE 5)\r\nA9 OK\r\n",
        "* 2 FETCH (UID 10 BODY[] NIL)\r\nA10 OK\r\n",
    ];
    let mut client = open(&server(start.into_iter().map(|text| text.as_bytes().to_vec()).collect())).unwrap();
    assert_eq!(client.fetch(7).unwrap(), Fetched::TooLarge { bytes: 26_214_401, head: b"Subject: x".to_vec() });
    assert_eq!(client.fetch(8).unwrap(), Fetched::Mail(b"a\"b: c".to_vec()));
    assert_eq!(client.fetch(9).unwrap(), Fetched::Gone);
    assert!(matches!(client.fetch(10), Err(ImapError::Refused(_))));
}

#[test]
fn what_is_inside_of_our_network_is_not_connected_to() {
    for host in ["169.254.169.254", "10.1.1.1", "::ffff:192.168.0.1"] {
        let account = Account { host: host.to_owned(), ..talkative(vec![], false, Duration::ZERO) };
        let stop: Stop = Arc::new(|| false);
        let Err(ImapError::Connection(why)) = Client::open(&account, Patience::USUAL, &stop) else { panic!("{host} was connected to") };
        assert!(why.contains("no public address"), "{why}");
    }
}
