//! Mails with a table that are no order all the same, or not only that: each waits for a person who is told why, and what the sender
//! says beside the lines is on the order. What is plainly an order stays one. Every test ends with the proof of the invariants.

use crate::mail::{Post, codes, post, text};
use crate::shop::clean;
use crate::support::app::TestApp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const CSV: &[u8] = b"SKU,Qty\nKOPI,3\n";

struct Mail<'a> {
    subject: &'a str,
    headers: &'a str,
    text: &'a str,
    file: &'a str,
    content: &'a [u8],
}

impl Default for Mail<'_> {
    fn default() -> Self {
        Self { subject: "Our order", headers: "", text: "Please find our order attached.", file: "po.csv", content: CSV }
    }
}

impl Mail<'_> {
    fn raw(&self, id: &str) -> String {
        let kind = if self.file.ends_with(".csv") { "text/csv" } else { "application/octet-stream" };
        format!(
            "From: Siti <siti@sumber.example>\r\nTo: orders@shop.example\r\nSubject: =?utf-8?B?{}?=\r\nMessage-ID: <{id}@sumber.example>\r\n{}MIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n\
             --b1\r\nContent-Type: {kind}; name=\"{}\"\r\nContent-Disposition: attachment; filename=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b1--\r\n",
            STANDARD.encode(self.subject),
            self.headers,
            self.text.replace('\n', "\r\n"),
            self.file,
            self.file,
            STANDARD.encode(self.content)
        )
    }
}

/// What has become of a mail: its message, its verification and its order, null where there is none.
async fn become_of(post: &Post<'_>, mail: &str) -> (Value, Value, Value) {
    let message = post.take(mail).await;
    let found = post.verifications(&format!("inbound_message_id={}", text(&message["id"]))).await;
    let verification = found.first().cloned().unwrap_or_default();
    let order = match verification["order_id"].as_str() {
        Some(id) => post.admin.get(&format!("/v1/orders/{id}")).await.expect(200).body,
        None => Value::Null,
    };
    (message, verification, order)
}

/// An open verification with these reasons and a draft.
async fn is_doubted(post: &Post<'_>, id: &str, mail: &Mail<'_>, reasons: &[&str]) -> (Value, Value) {
    let (message, verification, order) = become_of(post, &mail.raw(id)).await;
    let told = format!("{} / {} / {}: {message:#} {verification:#}", mail.subject, mail.text, mail.file);
    assert_eq!((&verification["status"], codes(&verification)), (&json!("open"), strings(reasons)), "{told}");
    assert_eq!(order["status"], "draft", "{told}");
    (verification, order)
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[actix_web::test]
async fn mails_that_speak_of_something_else_wait_for_a_person() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let plain = Mail::default();
    let mails = [
        Mail { subject: "CANCEL my order please", ..plain },
        Mail { subject: "Our order", text: "Hello,\nplease cancel the attached order, we do not need it.\nRegards", ..plain },
        Mail { subject: "Stornierung", text: "Bitte stornieren Sie unsere Bestellung", ..plain },
        Mail { subject: "Pembatalan pesanan", text: "Mohon batalkan pesanan kami", ..plain },
        Mail { subject: "Complaint: wrong delivery", text: "see attachment", ..plain },
        Mail { subject: "Return of goods RMA", text: "see attachment", ..plain },
        Mail { subject: "Pesanan", text: "Terlampir laporan stok", ..plain },
        Mail { subject: "Invoice 991", text: "Our invoice", ..plain },
        Mail { file: "invoice.csv", ..plain },
        Mail { subject: "Our stock report for November", ..plain },
        Mail { text: "as in your quotation", ..plain },
        Mail { subject: "Annulation", text: "Veuillez annuler notre commande", ..plain },
        Mail { subject: "Gelieve te annuleren", text: "bijlage", ..plain },
        Mail { subject: "Devolución", text: "Adjuntamos", ..plain },
    ];
    for (i, mail) in mails.iter().enumerate() {
        let (_, verification, _) = become_of(&post, &mail.raw(&format!("o{i}"))).await;
        let told = codes(&verification);
        let only = !told.is_empty() && told.iter().all(|code| code == "other_matter");
        assert!(verification["status"] == "open" && only, "{} / {}: {verification:#}", mail.subject, mail.text);
    }
    // The words are named, and where they stand.
    let (verification, order) =
        is_doubted(&post, "w1", &Mail { text: "Please send 5 instead of 3 of KOPI", ..plain }, &["other_matter"]).await;
    let reason = &verification["reasons"][0];
    assert!(text(&reason["detail"]).contains("\"instead\"") && reason["pointer"] == "part=1", "{reason}");
    assert_eq!(order["note"], "Please send 5 instead of 3 of KOPI");
    // What is quoted, or stands below the name, is not the sender's word.
    for (i, body) in [
        "Order attached.\n-- \nOur cancellation policy: no returns",
        "Order attached.\n\nBest regards\nSiti\nInvoice department\nJl. Braga 12, Bandung",
        "Order attached.\n\n> please cancel the last one\n",
        "Order attached.\n\nThis e-mail and any attachment is confidential and for the intended recipient only. Please return it if it is not for you.",
    ]
    .into_iter()
    .enumerate()
    {
        let (_, verification, order) = become_of(&post, &Mail { text: body, ..plain }.raw(&format!("q{i}"))).await;
        assert_eq!((&verification["status"], &order["note"]), (&json!("automatic"), &Value::Null), "{body}: {verification:#}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn what_answers_a_mail_or_names_an_order_of_ours_is_doubted() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let plain = Mail::default();
    let (_, first, order) = become_of(&post, &plain.raw("r0")).await;
    assert_eq!(first["status"], "automatic");
    let number = text(&order["number"]).to_owned();
    let thanks = format!("Re: Your order {number}");
    let headers = "In-Reply-To: <notice@shop.example>\r\n";
    let (verification, _) =
        is_doubted(&post, "r1", &Mail { subject: &thanks, text: "Thanks!", headers, ..plain }, &["answers_mail", "names_our_order"]).await;
    assert_eq!(verification["reading"]["purchase_order_number"], Value::Null, "our number is not the buyer's");
    is_doubted(&post, "r2", &Mail { headers, ..plain }, &["answers_mail"]).await;
    is_doubted(&post, "r4", &Mail { subject: "Re: Your order SO-9", ..plain }, &["answers_mail"]).await;
    let about = format!("Re: order {number}");
    is_doubted(&post, "r5", &Mail { subject: &about, ..plain }, &["names_our_order"]).await;
    let (_, verification, _) = become_of(&post, &Mail { subject: "Re: PO 4711", ..plain }.raw("r6")).await;
    assert_eq!(verification["status"], "automatic", "a matter, no answer: {verification:#}");
    let more = format!("These belong to {number}.");
    is_doubted(&post, "r3", &Mail { text: &more, ..plain }, &["names_our_order"]).await;
    clean(&app).await;
}

#[actix_web::test]
async fn what_the_sender_writes_beside_the_lines_is_on_the_order() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let plain = Mail::default();
    // Nothing to do: an order, with the words on it.
    let (_, verification, order) =
        become_of(&post, &Mail { text: "Hello Ayu,\norder attached.\nThe driver knows the way.\nRegards\nSiti", ..plain }.raw("n1")).await;
    assert_eq!((&verification["status"], &order["note"]), (&json!("automatic"), &json!("The driver knows the way.")), "{verification:#}");
    assert_eq!(verification["reading"]["note"]["place"], "part=1");
    let body = "Order attached, please deliver to our new warehouse Jl. Baru 5, Medan";
    let (_, order) = is_doubted(&post, "n2", &Mail { text: body, ..plain }, &["instruction"]).await;
    assert_eq!(order["note"], body);
    is_doubted(&post, "n3", &Mail { text: "We need it on 5 December", ..plain }, &["instruction"]).await;
    let (verification, order) = is_doubted(
        &post,
        "n4",
        &Mail { content: b"SKU,Qty,Remark\nKOPI,3,please cancel this line\nTEH,1,\n", ..plain },
        &["unread_column"],
    )
    .await;
    assert_eq!(
        (&verification["reasons"][0]["pointer"], &order["note"]),
        (&json!("part=2;row=2;column=3"), &json!("KOPI, Remark: please cancel this line"))
    );
    is_doubted(&post, "n5", &Mail { content: "SKU;Menge;Bemerkung\nKOPI;3;rot\n".as_bytes(), ..plain }, &["unread_column"]).await;
    // A line in the text that the file does not have.
    is_doubted(&post, "n6", &Mail { text: "Order attached, and\n5 x TEH-100", ..plain }, &["tables_differ"]).await;
    // Columns that say nothing of what is ordered.
    let content = b"No,SKU,Qty,Keterangan,Brand,Total\n1,KOPI,3,,Kapal,Rp 150.000\n,Total,3,,,\n";
    let (_, verification, order) = become_of(&post, &Mail { content, ..plain }.raw("n7")).await;
    assert_eq!((&verification["status"], &order["note"]), (&json!("automatic"), &Value::Null), "{verification:#}");
    // What a person accepts keeps the words.
    let open = post.verifications("status=open&limit=1").await[0].clone();
    let accepted = post.admin.post(&format!("/v1/order_verifications/{}/accept", text(&open["id"])), json!({})).await.expect(200).body;
    let order = post.admin.get(&format!("/v1/orders/{}", text(&accepted["order_id"]))).await.expect(200).body;
    assert_eq!((&order["status"], &order["note"]), (&json!("confirmed"), &open["proposal"]["note"]));
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_plainly_an_order_stays_one() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    for (i, (subject, body)) in [
        ("Purchase order 10248", "Please find our order attached."),
        ("New order", "Dear Ayu,\n\nplease find attached our purchase order of 30.11.2026. Thank you.\n\nKind regards,\nSiti Rahma\nPT Sumber, Jl. Braga 12"),
        ("Bestellung B-77", "Sehr geehrte Damen und Herren,\n\nanbei finden Sie unsere Bestellung. Vielen Dank!\n\nMit freundlichen Grüßen\nHans Weber"),
        ("Pesanan baru", "Yth. Bapak Budi,\n\nterlampir pesanan kami, mohon diproses.\n\nTerima kasih,\nSiti"),
        ("Bestelling", "Geachte heer,\n\nhierbij onze bestelling, graag een bevestiging.\n\nMet vriendelijke groet,\nPiet"),
        ("Commande n° 15", "Bonjour,\n\nveuillez trouver ci-joint notre commande. Merci.\n\nCordialement,\nLuc\n12 rue de Lyon"),
        ("Pedido", "Buenos días,\n\nadjuntamos nuestro pedido. Gracias.\n\nSaludos,\nAna"),
        ("order", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, verification, order) = become_of(&post, &Mail { subject, text: body, ..Mail::default() }.raw(&format!("p{i}"))).await;
        let found = (&verification["status"], &verification["reasons"], &order["status"], &order["note"]);
        assert_eq!(found, (&json!("automatic"), &json!([]), &json!("confirmed"), &Value::Null), "{subject}: {verification:#}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn tables_are_read_however_they_are_written_or_shown_to_a_person() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let plain = Mail::default();
    for (i, (file, content)) in [
        ("po.csv", &b"Artikelnummer;St\xfcckzahl\nKOPI;3"[..]),
        ("po.csv", b"R\xe9f. article;Quantit\xe9\r\nKOPI;3\r\n"),
        ("po.CSV", b"Artikelnummer;St\xfcckzahl\nKOPI;3"),
        ("po.csv", b"SKU,Qty\rKOPI,3\r"),
        ("po.csv", b"\xff\xfeS\0K\0U\0\t\0Q\0t\0y\0\n\0K\0O\0P\0I\0\t\x003\0\n\0"),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, verification, order) = become_of(&post, &Mail { file, content, ..plain }.raw(&format!("e{i}"))).await;
        assert_eq!((&verification["status"], &order["lines"][0]["quantity"]), (&json!("automatic"), &json!("3")), "{i} {verification:#}");
    }
    for (i, content) in [&b"Foo,Bar\nKOPI,3\n"[..], b"KOPI,3\n", b"nothing,at all\nof,ours\n"].into_iter().enumerate() {
        let (message, verification, _) = become_of(&post, &Mail { content, ..plain }.raw(&format!("u{i}"))).await;
        assert_eq!((&message["reason"]["code"], &verification["status"]), (&json!("verification_open"), &json!("open")), "{message:#}");
        assert_eq!(codes(&verification)[0], "unread_table", "{verification:#}");
    }
    // Our product in a table is worth a person, whoever writes; a table of a stranger's without one is not.
    let stranger = |content: &'static [u8], id: &str| Mail { content, ..plain }.raw(id).replace("siti@sumber", "eve@elsewhere");
    let (_, verification, _) = become_of(&post, &stranger(b"Foo,Bar\nKOPI,3\n", "s1")).await;
    assert!(codes(&verification).contains(&"unread_table".to_owned()) && verification["order_id"].is_null(), "{verification:#}");
    let (message, verification, _) = become_of(&post, &stranger(b"Foo,Bar\nX,3\n", "s2")).await;
    assert_eq!((&message["reason"]["code"], verification), (&json!("other"), Value::Null));
    let html = "From: siti@sumber.example\r\nSubject: order\r\nMessage-ID: <h1@sumber.example>\r\nContent-Type: text/html\r\n\r\n\
                <table><tr><td>KOPI</td><td>3</td></tr></table>";
    let (_, verification, _) = become_of(&post, html).await;
    assert_eq!(codes(&verification)[0], "unread_table", "{verification:#}");
    let html = html.replace("KOPI", "Kind regards").replace("h1", "h2");
    assert_eq!(become_of(&post, &html).await.0["reason"]["code"], "other");
    clean(&app).await;
}

#[actix_web::test]
async fn days_and_currencies_that_do_not_fit_are_doubts() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let with = |cell: &str| format!("SKU,Qty,Delivery date\nKOPI,3,{cell}\n");
    for (i, (cell, reason)) in
        [("KW 51", "unsure"), ("ASAP", "unsure"), ("2026-13-45", "unsure"), ("46370", "unsure"), ("2020-01-31", "date_passed")]
            .into_iter()
            .enumerate()
    {
        let content = with(cell);
        let (verification, _) =
            is_doubted(&post, &format!("d{i}"), &Mail { content: content.as_bytes(), ..Mail::default() }, &[reason]).await;
        assert_eq!(verification["reasons"][0]["pointer"], "part=2;row=2;column=3");
    }
    let content = with("2099-12-31");
    let (_, verification, order) = become_of(&post, &Mail { content: content.as_bytes(), ..Mail::default() }.raw("d9")).await;
    assert_eq!(
        (&verification["status"], &order["lines"][0]["requested_on"]),
        (&json!("automatic"), &json!("2099-12-31")),
        "{verification:#}"
    );
    let (_, order) =
        is_doubted(&post, "c1", &Mail { content: b"SKU,Qty,Currency\nKOPI,3,USD\n", ..Mail::default() }, &["currency_differs"]).await;
    assert_eq!(order["currency"], "IDR");
    let (_, verification, _) = become_of(&post, &Mail { content: b"SKU,Qty,Currency\nKOPI,3,IDR\n", ..Mail::default() }.raw("c2")).await;
    assert_eq!(verification["status"], "automatic", "{verification:#}");
    clean(&app).await;
}

#[actix_web::test]
async fn the_second_order_of_a_number_is_seen_however_the_subject_says_it() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    for (i, (subject, number)) in
        [("Order PO-1001", "PO-1001"), ("Pesanan PO/2026/001", "PO/2026/001"), ("PO#33", "33"), ("New order 47110", "47110")]
            .into_iter()
            .enumerate()
    {
        let (_, first, order) = become_of(&post, &Mail { subject, ..Mail::default() }.raw(&format!("f{i}"))).await;
        assert_eq!((&first["status"], &order["purchase_order_number"]), (&json!("automatic"), &json!(number)), "{subject}: {first:#}");
        is_doubted(
            &post,
            &format!("g{i}"),
            &Mail { subject, content: b"SKU,Qty\nTEH,1\n", ..Mail::default() },
            &["purchase_order_number_known"],
        )
        .await;
    }
    clean(&app).await;
}

#[actix_web::test]
async fn a_mailbox_is_not_inside_of_our_network() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let path = format!("/v1/channels/{}", text(&post.channel["id"]));
    for host in ["169.254.169.254", "10.1.1.1", "192.168.0.7", "::ffff:10.0.0.1"] {
        let mail = json!({"imap_host": host});
        let new = json!({"code": "inside", "kind": "email", "name": "Inside", "settings": {"mail": mail}});
        for refused in [post.admin.post("/v1/channels", new).await, post.admin.patch(&path, json!({"settings": {"mail": mail}})).await] {
            let fault = &refused.expect(422).body["errors"][0];
            assert_eq!((&fault["code"], &fault["pointer"]), (&json!("private_target"), &json!("/settings/mail/imap_host")), "{host}");
        }
    }
    clean(&app).await;
}
