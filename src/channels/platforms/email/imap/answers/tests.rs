use super::*;
use proptest::prelude::*;
use std::io::Cursor;

/// What a server may say, with what has a meaning coming often.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "* ", "A1 OK\r\n", "\r\n", "\n", "{5}\r\n", "{0}\r\n", "{12}", "{99999999999999999999}\r\n", "{26214400}\r\n", "{-1}\r\n", "{5+}\r\n",
            "FETCH (", "1 FETCH (UID 7 ", "UID 7", "RFC822.SIZE 24", "RFC822.SIZE ", "BODY[] ", "\"", "\\", ")", "NIL", "[UIDVALIDITY 4]", "SEARCH 1 2 3",
            "* 1 FETCH (UID 7 BODY[] {5}\r\nhello)\r\n",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Whatever is said is taken apart or refused, in no more than it was and than it may be.
fn total(said: &[u8], budget: usize) {
    let mut answers = Answers::new(Cursor::new(said), budget);
    let mut kept = 0;
    while let Ok(response) = answers.response() {
        kept += response.text.len() / 3 + response.literals.iter().map(Vec::len).sum::<usize>();
        assert!(kept <= said.len().min(budget), "{said:?}");
        let _ = number_behind(&response.text, "RFC822.SIZE ");
        if let Some(of_it) = of_message(vec![response], 7) {
            let _ = content(of_it);
        }
    }
}

#[test]
fn literals_and_lines_are_told_apart() {
    let said = b"* 1 FETCH (UID 7 X {3}\r\n{2} Y {2}\r\n\r\n)\r\n* OK {x}\r\n";
    let mut answers = Answers::new(Cursor::new(&said[..]), 1_000);
    let first = answers.response().unwrap();
    assert_eq!(
        (first.text.as_str(), first.literals.as_slice()),
        ("* 1 FETCH (UID 7 X {3} Y {2})", &[b"{2}".to_vec(), b"\r\n".to_vec()][..])
    );
    assert_eq!(answers.response().unwrap().text, "* OK {x}");
    assert!(matches!(answers.response(), Err(ImapError::Connection(_))));
    let mut answers = Answers::new(Cursor::new(vec![b'x'; 100_000]), 50_000);
    assert!(matches!(answers.response(), Err(ImapError::Garbled(_))));
}

proptest! {
    #[test]
    fn whatever_a_server_says_is_no_panic(said in said(), budget in 0usize..200) {
        total(&said, budget);
    }
}

#[test]
#[ignore = "a million inputs"]
fn a_million_answers_of_servers_are_no_panic() {
    let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
    proptest!(config, |(said in said(), budget in 0usize..200)| total(&said, budget));
}
