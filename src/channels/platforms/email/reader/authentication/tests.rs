use super::*;
use proptest::prelude::*;

fn read(value: &str) -> (String, Option<String>) {
    let told = Authentication::read(value).unwrap();
    assert_eq!(told.server.as_deref(), Some("mx.seller.example"), "{value}");
    (told.dmarc, told.domain)
}

fn pass(domain: &str) -> (String, Option<String>) {
    ("pass".to_owned(), Some(domain.to_owned()))
}

fn unreadable() -> (String, Option<String>) {
    (UNREADABLE.to_owned(), None)
}

#[test]
fn what_servers_write_is_read() {
    // The forms of Google, Yahoo, OpenDMARC, Exchange behind a gateway, and the examples of RFC 8601 appendix B.
    for value in [
        "mx.seller.example; dmarc=pass header.from=buyer.example",
        "mx.seller.example; dkim=pass header.i=@buyer.example header.s=s1 header.b=AbC+/x=; spf=pass (mx.seller.example: domain of a@buyer.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@buyer.example; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=buyer.example",
        "mx.seller.example; dkim=pass header.i=@buyer.example header.s=s; spf=pass smtp.mailfrom=buyer.example; dmarc=pass(p=REJECT) header.from=buyer.example;",
        "mx.seller.example 1; DMARC=Pass action=none Header.From=Buyer.Example;compauth=pass reason=100",
        "mx.seller.example ; dmarc = pass ( p=none ) policy.dmarc=none header.from = \"buyer.example\"",
        "(note; dmarc=fail) mx.seller.example (also; this) 1 (and (this)) ; (x) dmarc/1 (y) = (z) pass reason=\"it; is=right\" header.from=buyer.example",
        "\"mx.seller.example\"; spf=pass smtp.mailfrom=\"a;b\"@buyer.example; dmarc=pass header.from=buyer.example",
        "mx.seller.example; spf=none smtp.mailfrom=<>; iprev=pass policy.iprev=2001:db8::1; dmarc=pass header.from=buyer.example",
    ] {
        assert_eq!(read(value), pass("buyer.example"), "{value}");
    }
    let none = ("none".to_owned(), None);
    for value in [
        "mx.seller.example; none",
        "mx.seller.example 1; none",
        "mx.seller.example",
        "mx.seller.example; spf=pass smtp.mailfrom=a@b.example",
    ] {
        assert_eq!(read(value), none, "{value}");
    }
    assert_eq!(read("mx.seller.example; dmarc=pass").1, None);
    assert_eq!(read("mx.seller.example; dmarc=fail (p=none) header.from=buyer.example").0, "fail");
    assert_eq!(Authentication::read("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dmarc=pass header.from=a.example"), None);
}

#[test]
fn what_does_not_follow_the_grammar_proves_nothing() {
    for value in [
        // Words of the sender: in quotes, in a comment, bare.
        r#"mx.seller.example; spf=pass smtp.mailfrom="x;dmarc=pass header.from=buyer.example "@evil.example; dmarc=fail header.from=buyer.example"#,
        r#"mx.seller.example; spf=pass smtp.mailfrom="x\";dmarc=pass header.from=buyer.example;\""@evil.example"#,
        r#"mx.seller.example; spf=pass (domain of "x);dmarc=pass header.from=buyer.example ("@evil.example) smtp.mailfrom=evil.example"#,
        r#"mx.seller.example; spf=pass (domain of x);dmarc=pass header.from=buyer.example (@evil.example) smtp.mailfrom=x; dmarc=fail header.from=evil.example"#,
        "mx.seller.example; spf=pass smtp.mailfrom=x;dmarc=pass header.from=buyer.example @evil.example",
        // Two results, two domains.
        "mx.seller.example; dmarc=pass header.from=buyer.example; dmarc=fail header.from=buyer.example",
        "mx.seller.example; dmarc=pass header.from=evil.example header.from=buyer.example",
        // Not the end that it had.
        "mx.seller.example; dmarc=pass header.from=buyer.example (",
        "mx.seller.example; dmarc=pass header.from=buyer.example; spf=pass smtp.mailfrom=\"a",
        "mx.seller.example; dmarc=pass header.from=buyer.example \\",
        "mx.seller.example; dmarc=pass header.from=buyer.example )",
        "mx.seller.example; dmarc=pass header.from=buyer.example; spf",
        "mx.seller.example; dmarc=pass header.from=buyer.example; spf=pass smtp.mailfrom=a\u{0}",
    ] {
        let (dmarc, domain) = read(value);
        assert!(dmarc != "pass" || domain.as_deref() != Some("buyer.example"), "{value}");
    }
    assert_eq!(read(&format!("mx.seller.example; dmarc=pass header.from=buyer.example ({})", "x".repeat(LONGEST))), unreadable());
    assert_eq!(
        read(&format!("mx.seller.example; dmarc=pass {} header.from=buyer.example", "(".repeat(11) + &")".repeat(11))),
        unreadable()
    );
}

#[test]
fn only_the_topmost_word_of_the_server_counts() {
    let all = |values: &[&str]| -> Vec<Authentication> { values.iter().filter_map(|value| Authentication::read(value)).collect() };
    let proven = |values: &[&str]| of_server(&all(values), "MX.seller.example").is_some_and(|told| told.proves("buyer.example"));
    let (good, bad) =
        ("mx.seller.example; dmarc=pass header.from=buyer.example", "mx.seller.example; dmarc=fail header.from=buyer.example");
    assert!(proven(&[good]) && proven(&[good, bad]) && proven(&["other.example; dmarc=fail", good]));
    assert!(proven(&["spf=pass smtp.mailfrom=x", good]), "a header without a server is nobody's");
    assert!(!proven(&[bad, good]) && !proven(&[]) && !proven(&["other.example; dmarc=pass header.from=buyer.example"]));
    assert!(!proven(&["mx.seller.example; spf=pass smtp.mailfrom=\"", good]));
    assert!(!proven(&["\"mx.seller.example; dmarc=fail", good]), "below what cannot be read, nothing is believed");
}

/// Anything a sender can put into the address of his envelope, with what has a meaning in the header coming often.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            ";", "(", ")", "\"", "\\", "=", " ", "\t", "@", "<", ">", ",", "dmarc=pass", "header.from=buyer.example", ";dmarc=pass header.from=buyer.example",
            "; dmarc=pass header.from=buyer.example;", "dmarc", "none", "mx.seller.example", "reason=", "a", "\u{e9}", "\0",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn quoted(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn commented(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.chars().flat_map(|c| if matches!(c, '(' | ')' | '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect()
}

const END: &str = "; dmarc=fail (p=REJECT) header.from=evil.example";

/// Whatever the sender's words are, and however carelessly the server has written them, they prove nobody.
fn never_proves(words: &str) {
    for value in [
        format!("mx.seller.example; spf=pass smtp.mailfrom={words}{END}"),
        format!("mx.seller.example; spf=pass (domain of {words} designates 192.0.2.1) smtp.mailfrom=evil.example{END}"),
        format!("mx.seller.example; spf=pass (domain of {words} designates 192.0.2.1) smtp.mailfrom={words}{END}"),
        format!("mx.seller.example; spf=pass smtp.mailfrom=\"{words}\"@evil.example{END}"),
    ] {
        let told = Authentication::read(&value);
        assert!(!told.is_some_and(|told| told.proves("buyer.example")), "{value:?}");
    }
    // Written as the grammar wants it, it is read through.
    let value = format!("mx.seller.example; spf=pass (domain of {}) smtp.mailfrom={}@evil.example{END}", commented(words), quoted(words));
    if value.len() <= LONGEST && !value.contains(char::REPLACEMENT_CHARACTER) {
        let told = Authentication::read(&value).unwrap();
        assert_eq!((told.dmarc.as_str(), told.domain.as_deref()), ("fail", Some("evil.example")), "{value:?}");
    }
}

proptest! {
    #[test]
    fn no_words_of_a_sender_prove_him(words in words()) {
        never_proves(&words);
    }

    #[test]
    fn any_text_is_read_without_a_panic(value in any::<String>()) {
        let _ = Authentication::read(&value);
    }
}

#[test]
#[ignore = "a million inputs"]
fn a_million_words_of_senders_prove_nobody() {
    let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
    proptest!(config, |(words in words(), value in any::<String>())| {
        never_proves(&words);
        let _ = Authentication::read(&value);
    });
}
