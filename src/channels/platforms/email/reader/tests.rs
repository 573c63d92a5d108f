use super::super::form::raw_mail;
use super::kind::MailKind;
use super::xlsx::tests::{PARTS, archive, workbook};
use super::{Mail, read};
use crate::channels::platforms::ubl::order::tests::document;
use crate::verifications::reading::Confidence;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::{Path, PathBuf};

/// The real mails, which are no part of this repository: `PESANAN_DATA` names the folder above them.
fn samples() -> Option<PathBuf> {
    let data = std::env::var_os("PESANAN_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    [data, Some(beside)].into_iter().flatten().map(|folder| folder.join("email")).find(|folder| folder.is_dir())
}

/// A mail of these headers and parts: content type (with name) and content.
fn mail(headers: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = format!("{headers}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n");
    for (content_type, content) in parts {
        let encoded = STANDARD.encode(content);
        let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        out.push_str(&format!(
            "--b1\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            lines.join("\r\n")
        ));
    }
    out.push_str("--b1--\r\n");
    out.into_bytes()
}

const FROM: &str =
    "From: Siti <siti@buyer.example>\r\nTo: orders@seller.example\r\nSubject: Purchase order 4711\r\nMessage-ID: <m1@buyer.example>";

/// SKU, quantity and place of the SKU.
fn lines(mail: &Mail) -> Vec<(String, String, String)> {
    let value =
        |field: &Option<crate::verifications::reading::ReadField>| field.as_ref().map(|field| field.value.clone()).unwrap_or_default();
    let place =
        |field: &Option<crate::verifications::reading::ReadField>| field.as_ref().map(|field| field.place.clone()).unwrap_or_default();
    mail.reading.lines.iter().map(|line| (value(&line.sku), value(&line.quantity), place(&line.sku))).collect()
}

fn line(sku: &str, quantity: &str, place: &str) -> (String, String, String) {
    (sku.to_owned(), quantity.to_owned(), place.to_owned())
}

#[test]
fn every_sample_has_its_verdict() {
    let Some(folder) = samples() else {
        println!("skipped: every_sample_has_its_verdict (set PESANAN_DATA)");
        return;
    };
    // File, kind, lines, whether they are sure, a remark.
    let expected: [(&str, MailKind, usize, bool, Option<&str>); 20] = [
        ("01-outlook-mixed-alternative-2png.eml", MailKind::Other, 0, true, None),
        ("02-outlook-latin1-base64-body.eml", MailKind::Other, 0, true, None),
        ("03-outlook-latin1-qp-body.eml", MailKind::Other, 0, true, None),
        ("04-forwarded-real-shop-order-rfc822.eml", MailKind::Forward, 0, true, Some("attached_mail")),
        ("05-odd-transfer-encodings.eml", MailKind::Other, 0, true, None),
        ("06-utf8-subject-multipart.eml", MailKind::Other, 0, true, None),
        ("07-nested-rfc822-broken.eml", MailKind::Forward, 0, true, Some("attached_mail")),
        ("08-pdf-attachment-unicode-subject.eml", MailKind::Other, 0, true, Some("unread_attachment")),
        ("09-pdf-rfc2047-filename.eml", MailKind::Forward, 0, true, None),
        ("10-forwarded-as-attachment-with-pdf.eml", MailKind::Forward, 0, true, Some("attached_mail")),
        ("11-rfc2231-long-japanese-filename.eml", MailKind::Other, 0, true, None),
        ("12-invalid-cte-qp-with-space.eml", MailKind::Other, 0, true, None),
        ("13-invoice-mail-qp-french.eml", MailKind::Other, 0, true, None),
        ("14-groupwise-nested-attachments.eml", MailKind::Forward, 0, true, Some("attached_mail")),
        ("15-zip-attachment.eml", MailKind::Other, 0, true, Some("unread_attachment")),
        ("16-mixed-inline-text.eml", MailKind::Other, 0, true, None),
        ("17-boundary-prefix-clash-pdf.eml", MailKind::Other, 0, true, Some("unread_attachment")),
        ("18-composed-tnef-winmail.eml", MailKind::Other, 0, true, Some("unread_attachment")),
        ("19-composed-order-csv.eml", MailKind::Order, 3, true, None),
        ("20-order-csv-no-headers.eml", MailKind::Order, 3, false, None),
    ];
    let mut told = vec![];
    for (name, kind, count, sure, remark) in expected {
        let read = read(&std::fs::read(folder.join(name)).unwrap());
        let is_sure = read.reading.unsure(Confidence::ENOUGH).is_empty();
        let remarked = remark.is_none_or(|code| read.reading.remarks.iter().any(|remark| remark.code == code));
        if (read.kind, read.reading.lines.len(), is_sure, remarked) != (kind, count, sure, true) {
            told.push(format!("{name}: {:?} {:?} sure {is_sure} {:?}", read.kind, lines(&read), read.reading.remarks));
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn the_sample_with_a_table_is_read_field_by_field() {
    let Some(folder) = samples() else {
        println!("skipped: the_sample_with_a_table_is_read_field_by_field (set PESANAN_DATA)");
        return;
    };
    let read = read(&std::fs::read(folder.join("19-composed-order-csv.eml")).unwrap());
    let expected =
        [line("11", "12", "part=2;row=2;column=1"), line("42", "10", "part=2;row=3;column=1"), line("72", "5", "part=2;row=4;column=1")];
    assert_eq!(lines(&read), expected);
    let prices: Vec<&str> = read.reading.lines.iter().map(|line| line.unit_price.as_ref().unwrap().value.as_str()).collect();
    assert_eq!(prices, ["14", "9.8", "34.8"]);
    assert_eq!(read.sender.as_deref(), Some("purchasing@buyer.example"));
    assert_eq!(read.message_id.as_deref(), Some("2f11eacbb4b639e6cfac79f794169c4e@buyer.example"));
    assert_eq!(read.reading.purchase_order_number.unwrap().value, "10248");
    let bare = super::read(&std::fs::read(folder.join("20-order-csv-no-headers.eml")).unwrap());
    assert_eq!((bare.sender, bare.message_id, bare.subject.as_str()), (None, None, ""));
}

#[test]
fn lines_are_found_in_files_and_tables() {
    let csv =
        mail(FROM, &[("text/plain", b"see attachment"), ("text/csv; name=\"a.csv\"", b"Kode Barang;Jumlah;Satuan\r\nKOPI-250;3;pcs\r\n")]);
    assert_eq!(lines(&read(&csv)), [line("KOPI-250", "3", "part=2;row=2;column=1")]);

    let octets = mail(FROM, &[("application/octet-stream; name=\"order.CSV\"", b"sku,qty\nKOPI-250,3\n")]);
    assert_eq!(lines(&read(&octets)), [line("KOPI-250", "3", "part=1;row=2;column=1")]);

    let sheet = mail(
        FROM,
        &[("text/plain", b"hi"), ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; name=\"po.xlsx\"", &workbook())],
    );
    let read_sheet = read(&sheet);
    let expected = [line("KOPI-250", "3", "part=2;sheet=Pesanan;cell=B3"), line("TEH-100 & co", "2.5", "part=2;sheet=Pesanan;cell=B4")];
    assert_eq!((read_sheet.kind, lines(&read_sheet)), (MailKind::Order, expected.to_vec()));

    let html = b"<p>Halo</p><table><tr><th>Artikelnummer</th><th>Menge</th><th>Einzelpreis</th></tr><tr><td>KOPI-250</td><td>3 St</td><td>85,50 &euro;</td></tr></table>";
    let read_html = read(&mail(FROM, &[("text/html; charset=utf-8", html)]));
    assert_eq!(lines(&read_html), [line("KOPI-250", "3", "part=1;table=1;row=2;column=1")]);
    let first = &read_html.reading.lines[0];
    assert_eq!((first.unit.as_ref().unwrap().value.as_str(), first.unit_price.as_ref().unwrap().value.as_str()), ("St", "85.5"));
    assert!(read_html.reading.unsure(Confidence::ENOUGH).is_empty());

    let ubl = read(&mail(FROM, &[("text/plain", b"hi"), ("application/xml; name=\"order.xml\"", &document(&|text| text))]));
    let place = "part=2;xpath=/Order/cac:OrderLine[1]/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID";
    assert_eq!((ubl.kind, lines(&ubl)), (MailKind::Order, vec![line("KOPI-250", "3", place)]));
    assert_eq!((ubl.reading.purchase_order_number.unwrap().value.as_str(), ubl.ubl.unwrap().id.as_str()), ("PO-77", "PO-77"));

    let plain = read(&mail(FROM, &[("text/plain", b"Mohon kirim:\n3 x KOPI-250\n")]));
    assert_eq!((plain.kind, lines(&plain)), (MailKind::Order, vec![line("KOPI-250", "3", "part=1;line=2")]));
    assert!(!plain.reading.unsure(Confidence::ENOUGH).is_empty(), "prose is a guess");
}

#[test]
fn tables_that_do_not_agree_are_remarked() {
    let codes = |csv: &[u8]| -> Vec<String> {
        let html = b"<table><tr><td>SKU</td><td>Qty</td></tr><tr><td>KOPI-250</td><td>3</td></tr></table>";
        let read = read(&mail(FROM, &[("text/html", html), ("text/csv; name=a.csv", csv)]));
        read.reading.remarks.into_iter().map(|remark| remark.code).collect()
    };
    assert!(codes(b"sku,qty\nKOPI-250,3\n").is_empty());
    assert_eq!(codes(b"sku,qty\nKOPI-250,4\n"), ["tables_differ"]);
    assert_eq!(codes(b"sku,qty,discount\nKOPI-250,3,5\n"), ["discount_expected"]);
}

#[test]
fn what_is_no_order_is_none() {
    let table: &[u8] = b"<table><tr><td>SKU</td><td>Qty</td></tr><tr><td>KOPI-250</td><td>3</td></tr></table>";
    let quoted = [b"<p>Thanks</p><blockquote>", table, b"</blockquote>"].concat();
    let kind = |headers: String, html: &[u8]| read(&mail(&headers, &[("text/html", html)])).kind;
    assert_eq!(kind(FROM.to_owned(), table), MailKind::Order);
    assert_eq!(kind(format!("{FROM}\r\nAuto-Submitted: auto-replied"), table), MailKind::AutoReply);
    assert_eq!(kind(format!("{FROM}\r\nAuto-Submitted: auto-generated"), table), MailKind::AutoReply);
    assert_eq!(kind(format!("{FROM}\r\nList-Id: <news.buyer.example>"), table), MailKind::Newsletter);
    assert_eq!(kind(FROM.replace("Purchase", "Fwd: Purchase"), table), MailKind::Forward);
    assert_eq!(kind(FROM.replace("Purchase", "RFQ, purchase"), table), MailKind::Quote);
    assert_eq!(kind(FROM.replace("Purchase", "Re: Purchase"), &quoted), MailKind::Quote);
    assert_eq!(kind(FROM.replace("siti@", "MAILER-DAEMON@"), table), MailKind::Bounce);
    let report = format!(
        "{FROM}\r\nContent-Type: multipart/report; boundary=b1; report-type=delivery-status\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nKOPI-250 3\r\n--b1--\r\n"
    );
    assert_eq!(read(report.as_bytes()).kind, MailKind::Bounce);
    // A purchasing system sends by itself, with a file.
    let csv: &[u8] = b"sku,qty\nKOPI-250,3\n";
    let generated = read(&mail(&format!("{FROM}\r\nAuto-Submitted: auto-generated"), &[("text/csv; name=a.csv", csv)]));
    assert_eq!((generated.kind, generated.automatic), (MailKind::Order, true));
}

#[test]
fn a_sender_is_proven_by_the_trusted_server_alone() {
    let proven = |headers: &str| read(&mail(&format!("{headers}\r\n{FROM}"), &[("text/plain", b"x")])).is_proven_by("mx.seller.example");
    assert!(proven(
        "Authentication-Results: mx.seller.example; spf=pass smtp.mailfrom=x; dmarc=pass (p=reject dis=none) header.from=buyer.example"
    ));
    assert!(proven("Authentication-Results: MX.seller.example 1; dkim=pass;\r\n dmarc=PASS header.from=Buyer.example"));
    assert!(!proven("Authentication-Results: mx.evil.example; dmarc=pass header.from=buyer.example"));
    assert!(!proven("Authentication-Results: mx.seller.example; dmarc=fail header.from=buyer.example"));
    assert!(!proven("Authentication-Results: mx.seller.example; dmarc=pass header.from=evil.example"));
    assert!(!proven("Authentication-Results: mx.seller.example; none (dmarc=pass header.from=buyer.example)"));
    // The forger's own word stands below the server's.
    assert!(!proven(
        "Authentication-Results: mx.seller.example; dmarc=fail header.from=buyer.example\r\nAuthentication-Results: mx.seller.example; dmarc=pass header.from=buyer.example"
    ));
    assert!(!proven("X: y"));
    assert!(
        !proven("Authentication-Results: mx.seller.example; dmarc=pass header.from=buyer.example\r\nFrom: other@evil.example"),
        "two senders"
    );
}

/// Mails to spoil.
fn seeds() -> Vec<Vec<u8>> {
    let html = b"<table><tr><td>SKU<td>Qty</tr><tr><td>KOPI-250<td>3 pcs</tr></table><blockquote><table><tr><td>x</table>";
    let mut seeds = vec![
        mail(FROM, &[("text/html", html)]),
        mail(FROM, &[("text/csv; name=a.csv", b"Kode Barang;Jumlah;Harga\nKOPI-250;1.000;Rp 85.000,00\n\"x\"\"y\";2;3\n")]),
        mail(FROM, &[("application/xml; name=o.xml", &document(&|text| text))]),
        mail(FROM, &[("text/plain", b"PO: 7\nSKU  Qty\nKOPI-250  3\n> TEH 2\nOn Monday, x wrote:\n")]),
        mail(FROM, &[("application/x; name=a.xlsx", &workbook())]),
    ];
    // Not encoded, so that what is spoiled is the content.
    for content in [String::from_utf8(document(&|text| text)).unwrap(), String::from_utf8_lossy(html).into_owned()] {
        let kind = if content.starts_with("<?xml") { "application/xml; name=o.xml" } else { "text/html" };
        seeds.push(format!("{FROM}\r\nContent-Type: {kind}\r\n\r\n{content}").into_bytes());
    }
    let raw = workbook();
    let mut sheet = format!("{FROM}\r\nContent-Type: application/x; name=a.xlsx\r\nContent-Transfer-Encoding: binary\r\n\r\n").into_bytes();
    sheet.extend_from_slice(&raw);
    seeds.push(sheet);
    seeds
}

/// Spoils what is given in many ways, and reads it.
fn spoil(seeds: &[Vec<u8>], count: u64, read: &dyn Fn(&[u8])) {
    // A generator of its own (SplitMix64), so that a failure can be repeated.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap()
    };
    let bits: [&[u8]; 14] = [
        b"\r\n\r\n",
        b"--b1",
        b"--b1--",
        b"<table>",
        b"</td>",
        b"&#x110000;",
        b"\xff\xfe",
        b"=?utf-8?B?",
        b"Content-Type: message/rfc822\r\n",
        b"999999999999999999999999999999",
        b"PK\x05\x06",
        b"\"",
        b"<![CDATA[",
        b"</cac:LineItem>",
    ];
    for _ in 0..count {
        let mut bytes = seeds[next() % seeds.len()].clone();
        for _ in 0..=next() % 6 {
            let at = next() % bytes.len().max(1);
            match next() % 6 {
                0 if !bytes.is_empty() => bytes[at] = u8::try_from(next() % 256).unwrap(),
                1 => bytes.truncate(at),
                2 => {
                    let bit = bits[next() % bits.len()];
                    let at = at.min(bytes.len());
                    bytes.splice(at..at, bit.iter().copied());
                }
                3 if !bytes.is_empty() => {
                    let end = (at + next() % 40).min(bytes.len());
                    bytes.drain(at..end);
                }
                4 => {
                    let at = at.min(bytes.len());
                    let end = (at + next() % 200).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.extend(copy);
                }
                _ if !bytes.is_empty() => bytes[at] ^= 1 << (next() % 8),
                _ => {}
            }
        }
        read(&bytes);
    }
}

/// What comes out must hold, whatever went in.
fn read_mail(bytes: &[u8]) {
    let mail = read(bytes);
    assert!(mail.kind != MailKind::Order || !mail.reading.lines.is_empty(), "an order without lines: {bytes:?}");
    for line in &mail.reading.lines {
        assert!(line.quantity.as_ref().is_none_or(|field| field.value.parse::<rust_decimal::Decimal>().is_ok()), "{bytes:?}");
    }
    let _ = raw_mail("multipart/form-data; boundary=b1", bytes);
}

fn read_document(bytes: &[u8]) {
    if let Ok(order) = crate::channels::platforms::ubl::order::read(bytes) {
        assert!(!order.lines.is_empty() && order.lines.iter().all(|line| line.quantity > rust_decimal::Decimal::ZERO), "{bytes:?}");
    }
}

fn read_workbook(bytes: &[u8]) {
    for grid in super::xlsx::grids(bytes, "2").unwrap_or_default() {
        assert!(grid.rows.iter().all(|(_, row)| row.len() <= 256), "{bytes:?}");
    }
}

/// The bytes as each part of a workbook in turn: what lies in a spoiled archive is hardly ever reached.
fn read_part(bytes: &[u8]) {
    for i in 0..PARTS.len() {
        let mut parts = PARTS;
        parts[i].1 = bytes;
        read_workbook(&archive(&parts));
    }
}

fn parts_of_a_workbook() -> Vec<Vec<u8>> {
    PARTS.iter().map(|(_, bytes)| bytes.to_vec()).collect()
}

#[test]
fn spoiled_mails_and_documents_are_read_without_a_panic() {
    spoil(&seeds(), 3_000, &read_mail);
    spoil(&[document(&|text| text)], 3_000, &read_document);
    spoil(&[workbook()], 3_000, &read_workbook);
    spoil(&parts_of_a_workbook(), 3_000, &read_part);
}

#[test]
#[ignore = "minutes"]
fn a_million_spoiled_mails_are_read_without_a_panic() {
    spoil(&seeds(), 1_000_000, &read_mail);
}

#[test]
#[ignore = "minutes"]
fn a_million_spoiled_documents_are_read_without_a_panic() {
    spoil(&[document(&|text| text)], 1_000_000, &read_document);
}

#[test]
#[ignore = "minutes"]
fn a_million_spoiled_workbooks_are_read_without_a_panic() {
    spoil(&[workbook()], 1_000_000, &read_workbook);
}

#[test]
#[ignore = "minutes"]
fn a_million_spoiled_parts_of_workbooks_are_read_without_a_panic() {
    spoil(&parts_of_a_workbook(), 1_000_000, &read_part);
}
