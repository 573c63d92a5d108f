//! What each kind of notice says, in English and in Indonesian. Pure: it reads the answers of the API, in which amounts are decimal
//! strings, and writes them as the reader does.

/// Answers to mails.
mod order_reply;
/// The organization's own words.
mod own_words;

use super::kind::NoticeKind;
use super::letter::{Item, Letter, Link, one_line};
use super::templates::body::Words;
use crate::documents::language::{Language, Money};
use crate::types::currency::Currency;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::Value;

/// Who writes.
#[derive(Clone, Debug, Default)]
pub struct Seller {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
}

/// To whom, and about what: the things of the API that have to do with it.
pub struct About<'a> {
    pub kind: NoticeKind,
    pub language: Language,
    pub time_zone: Tz,
    pub seller: &'a Seller,
    /// The reader's name.
    pub reader: &'a str,
    pub order: Option<&'a Value>,
    pub shipment: Option<&'a Value>,
    pub invoice: Option<&'a Value>,
    pub payment: Option<&'a Value>,
    /// `data` of the event.
    pub event: &'a Value,
    /// The organization's own words, where it has some for this kind and language.
    pub own: Option<&'a Words>,
}

/// Writes the notice.
pub fn compose(about: &About<'_>) -> Letter {
    let writer = Writer { about };
    let mut letter = match about.kind {
        NoticeKind::Acknowledgement => writer.acknowledgement(),
        NoticeKind::Delay => writer.delay(),
        NoticeKind::Dispatch => writer.dispatch(),
        NoticeKind::Invoice => writer.invoice(),
        NoticeKind::Receipt => writer.receipt(),
        NoticeKind::Refund => writer.refund(),
        NoticeKind::Reminder => writer.reminder(),
        NoticeKind::OrderReply => writer.order_reply(),
    };
    if let Some(words) = about.own {
        writer.put_own_words(&mut letter, words);
    }
    letter.subject = one_line(&letter.subject);
    letter.greeting = format!("{} {},", writer.say("Dear", "Yth."), one_line(about.reader));
    letter.closing = writer.say("Kind regards", "Hormat kami").to_owned();
    letter.sender = writer.sender();
    letter.footnote = writer
        .say(
            "This message was sent automatically. You are welcome to answer it.",
            "Pesan ini dikirim secara otomatis. Anda dapat membalasnya.",
        )
        .to_owned();
    letter
}

struct Writer<'a> {
    about: &'a About<'a>,
}

impl Writer<'_> {
    fn say<'t>(&self, english: &'t str, indonesian: &'t str) -> &'t str {
        match self.about.language {
            Language::English => english,
            Language::Indonesian => indonesian,
        }
    }

    fn sender(&self) -> Vec<String> {
        let seller = self.about.seller;
        let parts = [Some(&seller.name), seller.address.as_ref(), seller.email.as_ref(), seller.phone.as_ref()];
        parts.into_iter().flatten().map(|part| one_line(part)).filter(|part| !part.is_empty()).collect()
    }

    fn date(&self, on: NaiveDate) -> String {
        self.about.language.date(on)
    }

    /// The date of a member: a day, or an instant as a day where the seller is.
    fn date_of(&self, value: &Value) -> Option<String> {
        let text = value.as_str()?;
        let on = text.parse::<NaiveDate>().ok();
        let on = on.or_else(|| text.parse::<DateTime<Utc>>().ok().map(|at| at.with_timezone(&self.about.time_zone).date_naive()));
        on.map(|on| self.date(on))
    }

    /// An amount with its currency.
    fn money(&self, document: &Value, amount: &Value) -> Option<String> {
        let currency = Currency::from_code(document["currency"].as_str()?)?;
        let amount: Decimal = amount.as_str()?.parse().ok()?;
        Some(Money::new(self.about.language, currency, std::iter::once(amount)).with_currency(amount))
    }

    fn fact(&self, facts: &mut Vec<(String, String)>, english: &str, indonesian: &str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((self.say(english, indonesian).to_owned(), one_line(&value)));
        }
    }

    fn quantity(&self, quantity: &Value, unit: &Value) -> String {
        let number: Decimal = quantity.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        let unit = unit.as_str().map(|code| self.about.language.unit(code)).unwrap_or_default();
        format!("{} {unit}", self.about.language.plain(number, 0)).trim_end().to_owned()
    }

    fn number(&self, document: Option<&Value>) -> String {
        document.and_then(|document| document["number"].as_str()).unwrap_or_default().to_owned()
    }

    fn order_facts(&self, facts: &mut Vec<(String, String)>) {
        let Some(order) = self.about.order else { return };
        self.fact(facts, "Order", "Pesanan", order["number"].as_str().map(str::to_owned));
        self.fact(facts, "Your reference", "Nomor PO Anda", order["purchase_order_number"].as_str().map(str::to_owned));
        self.fact(facts, "Ordered on", "Tanggal pesanan", self.date_of(&order["ordered_at"]));
    }

    fn lines(&self, document: &Value) -> Vec<Item> {
        let lines = document["lines"].as_array().into_iter().flatten();
        let item = |line: &Value| Item {
            name: one_line(line["name"].as_str().unwrap_or_default()),
            detail: self.quantity(&line["quantity"], &line["unit"]),
            amount: self.money(document, &line["net_amount"]),
        };
        lines.map(item).collect()
    }

    fn totals(&self, document: &Value) -> Vec<(String, String)> {
        let mut totals = vec![];
        let positive =
            |value: &Value| value.as_str().and_then(|text| text.parse::<Decimal>().ok()).is_some_and(|amount| amount > Decimal::ZERO);
        let mut add = |english, indonesian, amount: Option<String>| self.fact(&mut totals, english, indonesian, amount);
        add("Subtotal", "Subtotal", self.money(document, &document["subtotal"]));
        if positive(&document["discount_total"]) {
            add("Discount", "Diskon", self.money(document, &document["discount_total"]).map(|amount| format!("\u{2212} {amount}")));
        }
        if positive(&document["shipping_net"]) {
            add("Shipping", "Ongkos kirim", self.money(document, &document["shipping_net"]));
        }
        if positive(&document["tax_total"]) {
            add("Tax", "Pajak", self.money(document, &document["tax_total"]));
        }
        add("Total", "Jumlah", self.money(document, &document["total"]));
        totals
    }

    fn acknowledgement(&self) -> Letter {
        let order = self.about.order.unwrap_or(&Value::Null);
        let number = self.number(self.about.order);
        let mut facts = vec![];
        self.order_facts(&mut facts);
        self.fact(&mut facts, "Expected delivery", "Perkiraan tiba", self.date_of(&order["promised_on"]));
        Letter {
            subject: format!("{} {number}", self.say("We have your order", "Pesanan Anda kami terima:")),
            heading: self.say("Thank you for your order", "Terima kasih atas pesanan Anda").to_owned(),
            paragraphs: vec![
                self.say(
                    "Your order is confirmed. We will write again as soon as it leaves.",
                    "Pesanan Anda telah dikonfirmasi. Kami akan mengabari Anda begitu barang dikirim.",
                )
                .to_owned(),
            ],
            facts,
            items: self.lines(order),
            totals: self.totals(order),
            ..Letter::default()
        }
    }

    fn delay(&self) -> Letter {
        let number = self.number(self.about.order);
        let (event, order) = (self.about.event, self.about.order.unwrap_or(&Value::Null));
        let mut facts = vec![];
        self.order_facts(&mut facts);
        self.fact(&mut facts, "Promised until now", "Perkiraan sebelumnya", self.date_of(&event["previous_promised_on"]));
        let unknown = self.say("not known yet", "belum diketahui").to_owned();
        let changed = event["lines"].as_array().cloned().unwrap_or_default();
        let known = self.date_of(&event["promised_on"]);
        self.fact(&mut facts, "Expected now", "Perkiraan sekarang", Some(known.clone().unwrap_or_else(|| unknown.clone())));
        let name_of = |line: &Value| {
            let mut lines = order["lines"].as_array().into_iter().flatten();
            let found = lines.find(|known| known["id"] == line["order_line_id"]);
            one_line(found.unwrap_or(line)["name"].as_str().or(line["sku"].as_str()).unwrap_or_default())
        };
        let item = |line: &Value| Item {
            name: name_of(line),
            detail: self.date_of(&line["promised_on"]).unwrap_or_else(|| unknown.clone()),
            amount: None,
        };
        let paragraph = match known {
            Some(_) => self.say(
                "The delivery date of your order has changed. We are sorry if this upsets your plans; if the new date does not suit you, please answer this message.",
                "Tanggal pengiriman pesanan Anda berubah. Mohon maaf bila hal ini mengganggu rencana Anda; bila tanggal baru tidak sesuai, silakan balas pesan ini.",
            ),
            None => self.say(
                "A part of your order is not available at the moment. We are sorry, and will write again as soon as we know the new date.",
                "Sebagian pesanan Anda saat ini belum tersedia. Mohon maaf; kami akan mengabari Anda begitu tanggal barunya diketahui.",
            ),
        };
        Letter {
            subject: format!("{} {number}", self.say("New delivery date of your order", "Perubahan tanggal kirim pesanan")),
            heading: self.say("Your order comes on another day", "Tanggal kirim pesanan Anda berubah").to_owned(),
            paragraphs: vec![paragraph.to_owned()],
            facts,
            items: changed.iter().map(item).collect(),
            ..Letter::default()
        }
    }

    fn dispatch(&self) -> Letter {
        let number = self.number(self.about.order);
        let shipment = self.about.shipment.unwrap_or(&Value::Null);
        let mut facts = vec![];
        self.order_facts(&mut facts);
        self.fact(&mut facts, "Shipment", "Pengiriman", shipment["number"].as_str().map(str::to_owned));
        self.fact(&mut facts, "Carrier", "Kurir", shipment["carrier"].as_str().map(str::to_uppercase));
        self.fact(&mut facts, "Tracking number", "Nomor resi", shipment["tracking_number"].as_str().map(str::to_owned));
        let lines = shipment["lines"].as_array().into_iter().flatten();
        let unit_of = |line: &Value| {
            let mut ordered = self.about.order.and_then(|order| order["lines"].as_array()).into_iter().flatten();
            ordered.find(|known| known["id"] == line["order_line_id"]).map_or(Value::Null, |known| known["unit"].clone())
        };
        let item = |line: &Value| Item {
            name: one_line(line["name"].as_str().or(line["sku"].as_str()).unwrap_or_default()),
            detail: self.quantity(&line["quantity"], &unit_of(line)),
            amount: None,
        };
        Letter {
            subject: format!("{} {number}", self.say("On its way: your order", "Pesanan Anda dalam perjalanan:")),
            heading: self.say("Your order is on its way", "Pesanan Anda dalam perjalanan").to_owned(),
            paragraphs: vec![self.say("These goods have left our warehouse.", "Barang berikut telah meninggalkan gudang kami.").to_owned()],
            facts,
            items: lines.map(item).collect(),
            link: shipment["tracking_url"].as_str().and_then(|url| Link::to(self.say("Track the shipment", "Lacak kiriman"), url)),
            ..Letter::default()
        }
    }

    fn invoice_facts(&self, facts: &mut Vec<(String, String)>) {
        let Some(invoice) = self.about.invoice else { return };
        self.fact(facts, "Invoice", "Faktur", invoice["number"].as_str().map(str::to_owned));
        self.fact(facts, "Issued on", "Tanggal faktur", self.date_of(&invoice["issued_on"]));
        self.fact(facts, "Due on", "Jatuh tempo", self.date_of(&invoice["due_on"]));
        self.fact(facts, "Amount due", "Sisa tagihan", self.money(invoice, &invoice["amount_due"]));
    }

    fn invoice(&self) -> Letter {
        let invoice = self.about.invoice.unwrap_or(&Value::Null);
        let mut facts = vec![];
        self.invoice_facts(&mut facts);
        self.fact(&mut facts, "Order", "Pesanan", self.about.order.and_then(|order| order["number"].as_str()).map(str::to_owned));
        Letter {
            subject: format!("{} {}", self.say("Invoice", "Faktur"), self.number(self.about.invoice)),
            heading: self.say("Your invoice", "Faktur Anda").to_owned(),
            paragraphs: vec![self.say("Please find your invoice attached.", "Terlampir faktur Anda.").to_owned()],
            facts,
            items: self.lines(invoice),
            totals: self.totals(invoice),
            ..Letter::default()
        }
    }

    fn reminder(&self) -> Letter {
        let mut facts = vec![];
        self.invoice_facts(&mut facts);
        let days = self.about.event["days_overdue"].as_i64().map(|days| days.to_string());
        self.fact(&mut facts, "Days overdue", "Hari terlambat", days);
        Letter {
            subject: format!("{} {}", self.say("Payment reminder: invoice", "Pengingat pembayaran: faktur"), self.number(self.about.invoice)),
            heading: self.say("A reminder of your invoice", "Pengingat faktur Anda").to_owned(),
            paragraphs: vec![
                self.say(
                    "We have not seen a payment of this invoice yet. Please settle the amount due; if you have paid meanwhile, there is nothing left to do.",
                    "Kami belum menerima pembayaran faktur ini. Mohon lunasi sisa tagihan; bila Anda sudah membayar, abaikan pesan ini.",
                )
                .to_owned(),
            ],
            facts,
            ..Letter::default()
        }
    }

    fn receipt(&self) -> Letter {
        let payment = self.about.payment.unwrap_or(&Value::Null);
        let mut facts = vec![];
        self.fact(&mut facts, "Receipt", "Kuitansi", payment["number"].as_str().map(str::to_owned));
        self.fact(&mut facts, "Received on", "Diterima tanggal", self.date_of(&payment["received_on"]));
        self.fact(&mut facts, "Method", "Metode", payment["method"].as_str().map(|method| self.method(method).to_owned()));
        self.fact(&mut facts, "Reference", "Referensi", payment["reference"].as_str().map(str::to_owned));
        self.fact(&mut facts, "Order", "Pesanan", self.about.order.and_then(|order| order["number"].as_str()).map(str::to_owned));
        let amount = self.money(payment, &payment["amount_captured"]);
        Letter {
            subject: format!("{} {}", self.say("Payment received:", "Pembayaran diterima:"), self.number(self.about.payment)),
            heading: self.say("Thank you for your payment", "Terima kasih atas pembayaran Anda").to_owned(),
            paragraphs: vec![self.say("We have received your payment.", "Pembayaran Anda telah kami terima.").to_owned()],
            facts,
            totals: amount.map(|amount| (self.say("Received", "Diterima").to_owned(), amount)).into_iter().collect(),
            ..Letter::default()
        }
    }

    fn refund(&self) -> Letter {
        let payment = self.about.payment.unwrap_or(&Value::Null);
        let refund = &self.about.event["refund"];
        let mut facts = vec![];
        self.fact(&mut facts, "Refund", "Pengembalian dana", refund["number"].as_str().map(str::to_owned));
        self.fact(&mut facts, "Payment", "Pembayaran", payment["number"].as_str().map(str::to_owned));
        self.fact(&mut facts, "Order", "Pesanan", self.about.order.and_then(|order| order["number"].as_str()).map(str::to_owned));
        let amount = self.money(payment, &refund["amount"]);
        let has_failed = refund["status"] == "failed";
        let (heading, paragraph, total) = if has_failed {
            (
                self.say("Your refund did not arrive", "Pengembalian dana Anda belum berhasil"),
                self.say(
                    "Your bank did not take our refund. The money is with us and still yours; please tell us how we can send it to you.",
                    "Bank Anda tidak menerima pengembalian dana kami. Dana tersebut masih ada pada kami dan tetap milik Anda; \
                     mohon beri tahu kami cara mengirimkannya.",
                ),
                self.say("Not refunded", "Belum dikembalikan"),
            )
        } else {
            (
                self.say("Your refund", "Pengembalian dana Anda"),
                self.say(
                    "We have refunded your payment. It reaches you the way it was paid; a bank may take some days.",
                    "Dana Anda telah kami kembalikan melalui cara pembayaran semula; bank dapat memerlukan beberapa hari.",
                ),
                self.say("Refunded", "Dikembalikan"),
            )
        };
        Letter {
            subject: format!("{} {}", self.say("Refund", "Pengembalian dana"), refund["number"].as_str().unwrap_or_default()),
            heading: heading.to_owned(),
            paragraphs: vec![paragraph.to_owned()],
            facts,
            totals: amount.map(|amount| (total.to_owned(), amount)).into_iter().collect(),
            ..Letter::default()
        }
    }

    fn method<'t>(&self, method: &'t str) -> &'t str {
        match method {
            "bank_transfer" => self.say("bank transfer", "transfer bank"),
            "card" => self.say("card", "kartu"),
            "cash" => self.say("cash", "tunai"),
            "e_wallet" => self.say("e-wallet", "dompet elektronik"),
            "other" => self.say("other", "lainnya"),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn letter(kind: NoticeKind, language: Language) -> Letter {
        letter_in(kind, language, None)
    }

    fn letter_in(kind: NoticeKind, language: Language, own: Option<&Words>) -> Letter {
        let seller = Seller { name: "PT Nusantara Niaga".into(), email: Some("halo@nusantara.example".into()), ..Seller::default() };
        let order = json!({"number": "SO-000123", "currency": "IDR", "ordered_at": "2026-03-01T20:00:00Z", "promised_on": "2026-03-05",
            "subtotal": "150000.00", "discount_total": "0.00", "shipping_net": "20000.00", "tax_total": "18700.00", "total": "188700.00",
            "lines": [{"id": "1", "name": "Kopi Gayo\r\nBcc: x", "quantity": "3", "unit": "C62", "net_amount": "150000.00"}]});
        let shipment = json!({"number": "SO-000123-S1", "carrier": "jne", "tracking_number": "JNE1", "tracking_url": "https://jne.example/JNE1",
            "lines": [{"order_line_id": "1", "name": "Kopi Gayo", "quantity": "3"}]});
        let invoice = json!({"number": "INV-000001", "currency": "EUR", "issued_on": "2026-03-02", "due_on": "2026-04-01", "amount_due": "1234.50",
            "subtotal": "1234.50", "total": "1234.50", "lines": []});
        let payment =
            json!({"number": "RCP-000001", "currency": "JPY", "amount_captured": "12345", "received_on": "2026-03-02", "method": "cash"});
        let event = json!({"previous_promised_on": "2026-03-05", "promised_on": "2026-03-12", "days_overdue": 7,
            "lines": [{"order_line_id": "1", "promised_on": "2026-03-12"}], "refund": {"number": "RFD-000001", "amount": "345"}});
        compose(&About {
            kind,
            language,
            time_zone: chrono_tz::Asia::Jakarta,
            seller: &seller,
            reader: "Toko Sumber\r\nX-Evil: 1",
            order: Some(&order),
            shipment: Some(&shipment),
            invoice: Some(&invoice),
            payment: Some(&payment),
            event: &event,
            own,
        })
    }

    #[test]
    fn own_words_stand_in_place_of_ours_with_values_as_the_reader_writes_them() {
        let own = Words {
            subject: "{order_number}: {order_total}\nBcc: x".into(),
            heading: None,
            text: "Dear {customer_name},\r\n\r\nexpected {promised_on} {{really}} {purchase_order_number}.\n\n\n\nBye".into(),
        };
        let ours = letter(NoticeKind::Acknowledgement, Language::Indonesian);
        let written = letter_in(NoticeKind::Acknowledgement, Language::Indonesian, Some(&own));
        assert_eq!(written.subject, "SO-000123: Rp\u{a0}188.700 Bcc: x");
        assert_eq!(written.paragraphs, ["Dear Toko Sumber X-Evil: 1,", "expected 5 Maret 2026 {really} .", "Bye"]);
        assert_eq!((&written.heading, &written.facts, &written.totals), (&ours.heading, &ours.facts, &ours.totals));
        // Every placeholder of every kind has a value, here where all things are there.
        for kind in NoticeKind::ALL {
            for name in crate::notices::templates::text::placeholders(*kind) {
                let own = Words { subject: format!("<{{{name}}}>"), heading: None, text: "x".into() };
                let subject = letter_in(*kind, Language::English, Some(&own)).subject;
                let missing = ["purchase_order_number", "reference"].contains(name) || *kind == NoticeKind::OrderReply;
                assert!(missing || subject.len() > 2, "{kind} {name}: {subject}");
            }
        }
    }

    #[test]
    fn amounts_and_dates_are_the_readers() {
        let english = letter(NoticeKind::Acknowledgement, Language::English);
        assert_eq!(english.subject, "We have your order SO-000123");
        assert_eq!(english.greeting, "Dear Toko Sumber X-Evil: 1,");
        assert!(english.facts.contains(&("Ordered on".into(), "2 March 2026".into())), "{:?}", english.facts);
        assert!(english.facts.contains(&("Expected delivery".into(), "5 March 2026".into())));
        assert_eq!(english.totals.last().unwrap(), &("Total".to_owned(), "IDR\u{a0}188,700".to_owned()));
        let indonesian = letter(NoticeKind::Acknowledgement, Language::Indonesian);
        assert_eq!(indonesian.totals.last().unwrap(), &("Jumlah".to_owned(), "Rp\u{a0}188.700".to_owned()));
        assert!(indonesian.facts.contains(&("Tanggal pesanan".into(), "2 Maret 2026".into())));
        let invoice = letter(NoticeKind::Invoice, Language::Indonesian);
        assert!(invoice.facts.contains(&("Sisa tagihan".into(), "EUR\u{a0}1.234,50".into())), "{:?}", invoice.facts);
        let refund = letter(NoticeKind::Refund, Language::English);
        assert_eq!(refund.totals, [("Refunded".to_owned(), "JPY\u{a0}345".to_owned())]);
        let dispatch = letter(NoticeKind::Dispatch, Language::English);
        assert_eq!(dispatch.link.unwrap().url, "https://jne.example/JNE1");
    }

    #[test]
    fn every_kind_is_written_in_both_languages_and_nothing_breaks_a_header() {
        for kind in NoticeKind::ALL {
            let letters = [Language::English, Language::Indonesian].map(|language| letter(*kind, language));
            for letter in &letters {
                assert!(!letter.subject.is_empty() && !letter.heading.is_empty() && !letter.paragraphs.is_empty(), "{kind}");
                let one_line = |text: &String| !text.contains(['\r', '\n']);
                assert!(one_line(&letter.subject) && one_line(&letter.greeting) && letter.items.iter().all(|item| one_line(&item.name)));
                assert!(letter.text().contains("PT Nusantara Niaga") && letter.html(Language::English).contains("PT Nusantara Niaga"));
            }
            assert_ne!(letters[0].subject, letters[1].subject, "{kind}");
            assert_ne!(letters[0].paragraphs, letters[1].paragraphs, "{kind}");
        }
    }
}
