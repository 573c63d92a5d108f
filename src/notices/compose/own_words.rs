//! The organization's own words in place of the built-in ones.

use super::{Letter, Writer};
use crate::notices::kind::NoticeKind;
use crate::notices::letter::one_line;
use crate::notices::templates::body::Words;
use crate::notices::templates::text::fill;
use serde_json::Value;
use std::collections::BTreeMap;

impl Writer<'_> {
    /// Whether the organization's words say what has happened: questions and bad news that a template knows nothing of stay ours.
    fn fits_own_words(&self) -> bool {
        let event = self.about.event;
        match self.about.kind {
            NoticeKind::Refund => event["refund"]["status"] != "failed",
            NoticeKind::OrderReply => event["asked"].is_null() && event["rejected"].is_null(),
            NoticeKind::Acknowledgement
            | NoticeKind::Delay
            | NoticeKind::Dispatch
            | NoticeKind::Invoice
            | NoticeKind::Receipt
            | NoticeKind::Reminder => true,
        }
    }

    pub(super) fn put_own_words(&self, letter: &mut Letter, words: &Words) {
        if !self.fits_own_words() {
            return;
        }
        let (kind, values) = (self.about.kind, self.values());
        letter.subject = fill(&words.subject, &values, kind);
        if let Some(heading) = &words.heading {
            letter.heading = one_line(&fill(heading, &values, kind));
        }
        // Values are one line each, so that none begins a paragraph of its own.
        let text = words.text.replace("\r\n", "\n");
        let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
        letter.paragraphs = paragraphs.map(|paragraph| fill(paragraph, &values, kind)).collect();
    }

    /// Every placeholder of any kind, written as the reader writes it.
    fn values(&self) -> BTreeMap<&'static str, String> {
        let about = self.about;
        let nothing = Value::Null;
        let order = about.order.unwrap_or(&nothing);
        let shipment = about.shipment.unwrap_or(&nothing);
        let invoice = about.invoice.unwrap_or(&nothing);
        let payment = about.payment.unwrap_or(&nothing);
        let refund = &about.event["refund"];
        let text = |value: &Value| value.as_str().map(one_line).unwrap_or_default();
        let date = |value: &Value| self.date_of(value).unwrap_or_default();
        let money = |document: &Value, value: &Value| self.money(document, value).unwrap_or_default();
        let promised = match about.kind {
            NoticeKind::Delay => {
                self.date_of(&about.event["promised_on"]).unwrap_or_else(|| self.say("not known yet", "belum diketahui").to_owned())
            }
            _ => date(&order["promised_on"]),
        };
        let amount = match about.kind {
            NoticeKind::Refund => money(payment, &refund["amount"]),
            _ => money(payment, &payment["amount_captured"]),
        };
        let order_number = if order["number"].is_string() { text(&order["number"]) } else { text(&about.event["placed"]) };
        let values = [
            ("customer_name", one_line(about.reader)),
            ("seller_name", one_line(&about.seller.name)),
            ("order_number", order_number),
            ("purchase_order_number", text(&order["purchase_order_number"])),
            ("ordered_on", date(&order["ordered_at"])),
            ("promised_on", promised),
            ("previous_promised_on", date(&about.event["previous_promised_on"])),
            ("order_total", money(order, &order["total"])),
            ("shipment_number", text(&shipment["number"])),
            ("carrier", text(&shipment["carrier"]).to_uppercase()),
            ("tracking_number", text(&shipment["tracking_number"])),
            ("tracking_url", text(&shipment["tracking_url"])),
            ("invoice_number", text(&invoice["number"])),
            ("issued_on", date(&invoice["issued_on"])),
            ("due_on", date(&invoice["due_on"])),
            ("invoice_total", money(invoice, &invoice["total"])),
            ("amount_due", money(invoice, &invoice["amount_due"])),
            ("days_overdue", about.event["days_overdue"].as_i64().map(|days| days.to_string()).unwrap_or_default()),
            ("receipt_number", text(&payment["number"])),
            ("received_on", date(&payment["received_on"])),
            ("amount", amount),
            ("method", payment["method"].as_str().map(|method| self.method(method).to_owned()).unwrap_or_default()),
            ("reference", text(&payment["reference"])),
            ("refund_number", text(&refund["number"])),
        ];
        BTreeMap::from(values)
    }
}
