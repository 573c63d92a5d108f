//! The answer to a mail that orders something: the order's number, what has to be asked, or why there is no order.

use super::{Letter, Writer};
use crate::notices::letter::one_line;
use serde_json::Value;

/// Questions of one mail; whoever has more to ask had better telephone.
const QUESTIONS: usize = 10;

impl Writer<'_> {
    pub(super) fn order_reply(&self) -> Letter {
        let said = self.about.event;
        let detail = |value: &Value| value.as_str().map(one_line).unwrap_or_default();
        if let Some(asked) = said["asked"].as_array() {
            let mut paragraphs = vec![
                self.say(
                    "We have your mail, but could not take the order in it by ourselves. A colleague looks at it; you help us with an answer to the following:",
                    "Email Anda sudah kami terima, tetapi pesanannya belum dapat kami proses secara otomatis. Rekan kami akan memeriksanya; mohon bantu kami dengan menjawab hal berikut:",
                )
                .to_owned(),
            ];
            paragraphs.extend(asked.iter().take(QUESTIONS).map(|reason| format!("\u{2013} {}", detail(&reason["detail"]))));
            let heading = self.say("A question about your order", "Pertanyaan tentang pesanan Anda").to_owned();
            return Letter { subject: heading.clone(), heading, paragraphs, ..Letter::default() };
        }
        if let Some(why) = said["rejected"].as_str() {
            let heading = self.say("We could not take your order", "Pesanan Anda tidak dapat kami terima").to_owned();
            let paragraph = self.say("We have not made an order of your mail:", "Kami tidak membuat pesanan dari email Anda:");
            return Letter {
                subject: heading.clone(),
                heading,
                paragraphs: vec![format!("{paragraph} {}", one_line(why))],
                ..Letter::default()
            };
        }
        let number = detail(&said["placed"]);
        let heading = format!("{} {number}", self.say("We have your order", "Pesanan Anda kami terima:")).trim_end().to_owned();
        let paragraph = self.say(
            "Thank you for your mail. We have taken your order under the number below; please name it when you write to us.",
            "Terima kasih atas email Anda. Pesanan Anda telah kami catat dengan nomor di bawah ini; mohon sebutkan bila menghubungi kami.",
        );
        let mut letter = Letter { subject: heading.clone(), heading, paragraphs: vec![paragraph.to_owned()], ..Letter::default() };
        self.order_facts(&mut letter.facts);
        if letter.facts.is_empty() {
            self.fact(&mut letter.facts, "Order", "Pesanan", Some(number));
        }
        letter
    }
}
