//! Documents written by hand after the message definitions of ISO 20022.

use super::*;

fn header(version: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>"#
    )
}

fn document(version: &str, statement: &str) -> String {
    format!("{}<Stmt>{statement}</Stmt></BkToCstmrStmt></Document>", header(version))
}

const ACCOUNT: &str = "<Id>S-1</Id><Acct><Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id><Ccy>EUR</Ccy></Acct>";

fn balance_of(kind: &str, amount: &str, sign: &str) -> String {
    format!(r#"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd></Bal>"#)
}

/// An entry in the form of version 02.
fn old_entry(reference: &str, amount: &str, sign: &str, details: &str) -> String {
    format!(
        r#"<Ntry><NtryRef>{reference}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>BOOK</Sts>
        <BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt>{details}</Ntry>"#
    )
}

fn read_text(text: &str) -> StatementFile {
    read(text.as_bytes()).unwrap()
}

fn codes(text: &str) -> Vec<(String, String)> {
    read(text.as_bytes()).unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn version_02_and_version_08_say_the_same() {
    let rest = "<RmtInf><Ustrd>Rechnung</Ustrd><Ustrd>INV-000001</Ustrd><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>RF69INV000001</Ref></CdtrRefInf></Strd></RmtInf>";
    let old = format!(
        "<NtryDtls><TxDtls><Refs><EndToEndId>E-1</EndToEndId></Refs><RltdPties><Dbtr><Nm>Müller &amp; Söhne</Nm></Dbtr><DbtrAcct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></DbtrAcct></RltdPties>{rest}</TxDtls></NtryDtls>"
    );
    let new = old.replace("<Dbtr><Nm>", "<Dbtr><Pty><Nm>").replace("</Nm></Dbtr>", "</Nm></Pty></Dbtr>");
    let statement = |details: &str| format!("{ACCOUNT}{}", old_entry("1", "119.00", "CRDT", details));
    let one = read_text(&document("02", &statement(&old)));
    let other = read_text(&document("08", &statement(&new).replace("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>")));
    assert_eq!(one, other);
    let prefixed =
        document("02", &statement(&old)).replace("<Document xmlns=", "<n:Document xmlns:n=").replace("</Document>", "</n:Document>");
    assert_eq!(read_text(&prefixed).entries.len(), 1, "names count, prefixes do not");
    let entry = &one.entries[0];
    assert_eq!((entry.account.as_str(), entry.statement_reference.as_deref()), ("DE89370400440532013000", Some("S-1")));
    assert_eq!((entry.amount.to_string(), entry.currency.code(), entry.direction), ("119.00".into(), "EUR", Direction::Credit));
    assert_eq!((entry.booked_on.to_string(), entry.value_on.unwrap().to_string()), ("2026-03-02".into(), "2026-03-03".into()));
    assert_eq!((entry.remittance_text.as_str(), entry.structured_reference.as_deref()), ("Rechnung INV-000001", Some("RF69INV000001")));
    assert_eq!((entry.counterparty_name.as_deref(), entry.end_to_end_id.as_deref()), (Some("Müller & Söhne"), Some("E-1")));
    assert_eq!(entry.counterparty_account.as_deref(), Some("FR1420041010050500013M02606"));
    assert_eq!(entry.pointer, "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]");
}

#[test]
fn money_that_left_went_to_the_creditor() {
    let details = "<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>We</Nm></Dbtr><Cdtr><Nm>Siti</Nm></Cdtr><CdtrAcct><Id><Othr><Id>77</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls>";
    let file = read_text(&document("02", &format!("{ACCOUNT}{}", old_entry("1", "5", "DBIT", details))));
    let entry = &file.entries[0];
    assert_eq!(
        (entry.direction, entry.counterparty_name.as_deref(), entry.counterparty_account.as_deref()),
        (Direction::Debit, Some("Siti"), Some("77"))
    );
}

#[test]
fn a_batch_becomes_its_parts_where_they_add_up() {
    let part = |amount: &str, text: &str| {
        format!(r#"<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"#)
    };
    let batch = |second: &str| format!("<NtryDtls>{}{}</NtryDtls>", part("100.00", "INV-000001"), part(second, "INV-000002"));
    let whole = read_text(&document("02", &format!("{ACCOUNT}{}", old_entry("7", "119.00", "CRDT", &batch("19.00")))));
    let parts: Vec<_> = whole.entries.iter().map(|entry| (entry.amount.to_string(), entry.remittance_text.as_str())).collect();
    assert_eq!(parts, [("100.00".into(), "INV-000001"), ("19.00".into(), "INV-000002")]);
    assert_ne!(whole.entries[0].key, whole.entries[1].key);
    assert!(whole.entries[1].pointer.ends_with("/Ntry[1]/NtryDtls/TxDtls[2]"));
    let odd = read_text(&document("02", &format!("{ACCOUNT}{}", old_entry("7", "119.00", "CRDT", &batch("18.00")))));
    assert_eq!((odd.entries.len(), odd.entries[0].remittance_text.as_str()), (1, "INV-000001 INV-000002"));
}

#[test]
fn what_is_pending_is_skipped_and_balances_must_agree() {
    let entries = format!(
        "{}{}{}",
        old_entry("1", "30.00", "CRDT", ""),
        old_entry("2", "10.00", "DBIT", ""),
        old_entry("3", "99.00", "CRDT", "").replace("BOOK", "PDNG")
    );
    let statement =
        |closing: &str| format!("{ACCOUNT}{}{}{entries}", balance_of("OPBD", "5.00", "DBIT"), balance_of("CLBD", closing, "CRDT"));
    let file = read_text(&document("08", &statement("15.00")));
    assert_eq!((file.entries.len(), file.skipped), (2, 1));
    assert_eq!(file.sections[0].closing_balance.unwrap().0.to_string(), "15.00");
    assert_eq!(codes(&document("08", &statement("16.00"))), [("/Document/BkToCstmrStmt/Stmt[1]/Bal".into(), "balance_mismatch".into())]);
}

#[test]
fn the_same_booking_has_the_same_key_and_two_bookings_have_two() {
    let of = |statement: &str| read_text(&document("02", statement)).entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>();
    let bank = "<AcctSvcrRef>B-1</AcctSvcrRef>";
    let first = of(&format!("{ACCOUNT}{}", old_entry("1", "5.00", "CRDT", bank)));
    // Another statement with the bank's reference: an intraday report, and the one of the day.
    let other = of(&format!("{}{}", ACCOUNT.replace("S-1", "S-2"), old_entry("9", "5.00", "CRDT", bank)));
    assert_eq!(first, other);
    // Without it the statement and its own numbering tell.
    let by_statement = |statement: &str| of(&format!("{}{}", ACCOUNT.replace("S-1", statement), old_entry("1", "5.00", "CRDT", "")));
    assert_ne!(by_statement("S-1"), by_statement("S-2"));
    assert_eq!(by_statement("S-1"), by_statement("S-1"));
    // Nothing tells two equal ones apart: they are two.
    let nothing = old_entry("NONREF", "5.00", "CRDT", "");
    let two = of(&format!("{ACCOUNT}{nothing}{nothing}"));
    assert!(two.len() == 2 && two[0] != two[1]);
    // One reference twice is one.
    let again = old_entry("1", "5.00", "CRDT", bank);
    assert_eq!(of(&format!("{ACCOUNT}{again}{again}")).len(), 1);
}

#[test]
fn every_bad_entry_is_told_with_its_path() {
    let path = |n: usize, rest: &str| format!("/Document/BkToCstmrStmt/Stmt[1]/Ntry[{n}]{rest}");
    let entries = [
        old_entry("1", "x", "CRDT", ""),
        old_entry("2", "5.001", "CRDT", ""),
        old_entry("3", "5", "LEFT", ""),
        old_entry("4", "5", "CRDT", "").replace("2026-03-02", "2026-02-30"),
        old_entry("5", "5", "CRDT", "").replace("Ccy=\"EUR\"", "Ccy=\"EURO\""),
        old_entry("6", "5", "CRDT", "").replace("BOOK", "DONE"),
    ];
    let expected = [
        (path(1, "/Amt"), "invalid_decimal"),
        (path(2, "/Amt"), "invalid_decimal"),
        (path(3, "/CdtDbtInd"), "unknown_value"),
        (path(4, "/BookgDt"), "invalid_date"),
        (path(5, "/Amt/@Ccy"), "unknown_currency"),
        (path(6, "/Sts"), "unknown_value"),
    ];
    let found = codes(&document("02", &format!("{ACCOUNT}{}", entries.concat())));
    assert_eq!(found, expected.map(|(at, code)| (at, code.to_owned())));
}

#[test]
fn bombs_and_other_documents_are_refused() {
    let code = |text: &str| codes(text)[0].1.clone();
    let fine = document("02", ACCOUNT);
    let bomb = r#"<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>"#;
    assert_eq!(code(&fine.replace("<Document", &format!("{bomb}<Document"))), "document_type_refused");
    let outside = r#"<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#;
    assert_eq!(code(&fine.replace("<Document", &format!("{outside}<Document"))), "document_type_refused");
    assert_eq!(code(&fine.replace("S-1", "&lol;")), "entity_refused");
    assert_eq!(read_text(&fine.replace("S-1", "S&#45;1")).sections[0].reference.as_deref(), Some("S-1"));
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    assert_eq!(code(&document("02", &format!("{ACCOUNT}<Ntry>{deep}</Ntry>"))), "too_large");
    assert_eq!(code(&document("02", &format!("{ACCOUNT}<Ntry>{}</Ntry>", "x".repeat(20_000)))), "too_large");
    assert_eq!(code(&fine.replace("camt.053.001.02", "camt.052.001.02")), "unsupported_format");
    assert_eq!(code("<html></html>"), "unsupported_format");
    for broken in ["", "no xml", "<Document", &fine[..fine.len() - 30], &fine.replace("</Stmt>", "</Statement>")] {
        assert!(read(broken.as_bytes()).is_err(), "{broken}");
    }
    assert_eq!(read(&[0xff, 0xfe]).unwrap_err()[0].code, "not_utf8");
    let nothing = fine.replace("<Stmt>", "<Other>").replace("</Stmt>", "</Other>");
    assert_eq!(code(&nothing), "required");
}

#[test]
fn what_takes_an_entry_back_names_the_same_counterparty_whichever_way_round_the_bank_shows_it() {
    let side = |role: &str, iban: &str| format!("<{role}Acct><Id><IBAN>{iban}</IBAN></Id></{role}Acct>");
    let (customer, ours) = ("FR1420041010050500013M02606", "DE89370400440532013000");
    let details = |parties: String| format!("<NtryDtls><TxDtls><RltdPties>{parties}</RltdPties></TxDtls></NtryDtls>");
    let kept = details(side("Dbtr", customer) + &side("Cdtr", ours));
    let turned = details(side("Dbtr", ours) + &side("Cdtr", customer));
    let reversal = |details: &str| format!("<RvslInd>true</RvslInd>{details}");
    let cases = [("CRDT", kept.clone()), ("DBIT", reversal(&kept)), ("DBIT", reversal(&turned)), ("DBIT", turned), ("DBIT", kept)];
    for (sign, details) in cases {
        let file = read_text(&document("02", &format!("{ACCOUNT}{}", old_entry("1", "5.00", sign, &details))));
        assert_eq!(file.entries[0].counterparty_account.as_deref(), Some(customer), "{sign} {details}");
    }
}
