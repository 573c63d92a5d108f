//! A mail as data, and its two forms: plain text, and HTML that mail programs show alike (tables, styles inline, nothing loaded from
//! elsewhere). Pure.

use crate::documents::language::Language;
use std::fmt::Write;

/// What a notice says, in the reader's language, amounts and dates written as the reader writes them.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// One line; line breaks in it become spaces.
    pub subject: String,
    pub heading: String,
    pub greeting: String,
    pub paragraphs: Vec<String>,
    /// Numbers, dates and the like, by their names.
    pub facts: Vec<(String, String)>,
    pub items: Vec<Item>,
    /// The last one is the sum.
    pub totals: Vec<(String, String)>,
    pub link: Option<Link>,
    pub closing: String,
    /// Who writes: name, address, how to answer.
    pub sender: Vec<String>,
    /// Why this came by itself.
    pub footnote: String,
}

/// One thing that was ordered or sent.
#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    /// `3 pcs`, or a new date.
    pub detail: String,
    pub amount: Option<String>,
}

/// Where to look further.
#[derive(Clone, Debug)]
pub struct Link {
    pub label: String,
    pub url: String,
}

impl Link {
    /// Only to pages of the web, whatever somebody has written as a tracking address.
    pub fn to(label: &str, url: &str) -> Option<Self> {
        let web = url.starts_with("https://") || url.starts_with("http://");
        let clean = !url.chars().any(|c| c.is_whitespace() || c.is_control());
        (web && clean).then(|| Self { label: label.to_owned(), url: url.to_owned() })
    }
}

/// A header of one line, without anything that could begin another. Spaces that do not break stay as they are.
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

impl Letter {
    /// The form for programs and people that want no HTML.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |text: &str| {
            out.push_str(text);
            out.push('\n');
        };
        line(&self.greeting);
        line("");
        for paragraph in &self.paragraphs {
            line(paragraph);
            line("");
        }
        for (name, value) in &self.facts {
            line(&format!("{name}: {value}"));
        }
        if !self.items.is_empty() {
            line("");
        }
        for item in &self.items {
            let amount = item.amount.as_ref().map(|amount| format!("  {amount}")).unwrap_or_default();
            line(&format!("- {} ({}){amount}", item.name, item.detail));
        }
        if !self.totals.is_empty() {
            line("");
        }
        for (name, value) in &self.totals {
            line(&format!("{name}: {value}"));
        }
        if let Some(link) = &self.link {
            line("");
            line(&format!("{}: {}", link.label, link.url));
        }
        line("");
        line(&self.closing);
        for part in &self.sender {
            line(part);
        }
        line("");
        line(&self.footnote);
        out
    }

    /// The form that most people see.
    pub fn html(&self, language: Language) -> String {
        let mut out = String::with_capacity(8 * 1024);
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{}</title></head>\n<body style=\"margin:0;padding:0;background:#eef1ee;\">\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#eef1ee;\"><tr><td align=\"center\" style=\"padding:32px 12px;\">\n\
             <table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;max-width:600px;background:#ffffff;border-radius:10px;{FONT}\">\n\
             <tr><td style=\"background:#14532d;border-radius:10px 10px 0 0;padding:22px 36px;color:#ffffff;font-size:15px;font-weight:600;letter-spacing:.2px;\">{}</td></tr>\n\
             <tr><td style=\"padding:34px 36px 8px;\"><h1 style=\"margin:0 0 18px;font-size:24px;line-height:30px;font-weight:700;color:#111827;\">{}</h1>\
             <p style=\"{PARAGRAPH}\">{}</p>",
            language.as_str(),
            escaped(&self.subject),
            escaped(self.sender.first().map_or("", String::as_str)),
            escaped(&self.heading),
            escaped(&self.greeting),
        );
        for paragraph in &self.paragraphs {
            let _ = write!(out, "<p style=\"{PARAGRAPH}\">{}</p>", escaped(paragraph));
        }
        out.push_str("</td></tr>\n");
        self.write_facts(&mut out);
        self.write_items(&mut out);
        if let Some(link) = &self.link {
            let _ = writeln!(
                out,
                "<tr><td style=\"padding:14px 36px 6px;\"><a href=\"{}\" style=\"display:inline-block;background:#15803d;color:#ffffff;\
                 text-decoration:none;font-size:15px;font-weight:600;padding:12px 22px;border-radius:7px;\">{}</a></td></tr>",
                escaped(&link.url),
                escaped(&link.label)
            );
        }
        let sender: Vec<String> = self.sender.iter().map(|part| escaped(part)).collect();
        let unbroken: Vec<String> = sender.iter().map(|part| format!("<span style=\"white-space:nowrap;\">{part}</span>")).collect();
        let _ = write!(
            out,
            "<tr><td style=\"padding:18px 36px 30px;\"><p style=\"{PARAGRAPH}\">{}<br><span style=\"color:#111827;font-weight:600;\">{}</span></p></td></tr>\n\
             <tr><td style=\"border-top:1px solid #e5e7eb;padding:18px 36px 26px;font-size:12px;line-height:18px;color:#6b7280;\">{}<br>{}</td></tr>\n\
             </table></td></tr></table></body></html>\n",
            escaped(&self.closing),
            sender.first().map_or("", String::as_str),
            unbroken.join(" &middot; "),
            escaped(&self.footnote)
        );
        out
    }

    fn write_facts(&self, out: &mut String) {
        if self.facts.is_empty() {
            return;
        }
        out.push_str(
            "<tr><td style=\"padding:8px 36px;\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"background:#f6f8f6;border-radius:8px;\">",
        );
        for (place, (name, value)) in self.facts.iter().enumerate() {
            let top = if place == 0 { 14 } else { 5 };
            let bottom = if place + 1 == self.facts.len() { 14 } else { 5 };
            let _ = write!(
                out,
                "<tr><td style=\"padding:{top}px 18px {bottom}px;font-size:14px;color:#6b7280;\">{}</td>\
                 <td align=\"right\" style=\"padding:{top}px 18px {bottom}px;font-size:14px;color:#111827;font-weight:600;\">{}</td></tr>",
                escaped(name),
                escaped(value)
            );
        }
        out.push_str("</table></td></tr>\n");
    }

    fn write_items(&self, out: &mut String) {
        if self.items.is_empty() && self.totals.is_empty() {
            return;
        }
        out.push_str(
            "<tr><td style=\"padding:14px 36px 8px;\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\">",
        );
        for item in &self.items {
            let _ = write!(
                out,
                "<tr><td style=\"padding:11px 0;border-bottom:1px solid #e5e7eb;font-size:15px;line-height:21px;color:#111827;\">{}\
                 <br><span style=\"font-size:13px;color:#6b7280;\">{}</span></td>\
                 <td align=\"right\" valign=\"top\" style=\"padding:11px 0 11px 24px;border-bottom:1px solid #e5e7eb;font-size:15px;line-height:21px;color:#111827;white-space:nowrap;\">{}</td></tr>",
                escaped(&item.name),
                escaped(&item.detail),
                escaped(item.amount.as_deref().unwrap_or(""))
            );
        }
        for (place, (name, value)) in self.totals.iter().enumerate() {
            let last = place + 1 == self.totals.len();
            let style = if last {
                "font-size:17px;font-weight:700;color:#111827;padding:10px 0;"
            } else {
                "font-size:14px;color:#4b5563;padding:6px 0 0;"
            };
            let _ = write!(
                out,
                "<tr><td style=\"{style}\">{}</td><td align=\"right\" style=\"{style}white-space:nowrap;\">{}</td></tr>",
                escaped(name),
                escaped(value)
            );
        }
        out.push_str("</table></td></tr>\n");
    }
}

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;";
const PARAGRAPH: &str = "margin:0 0 14px;font-size:15px;line-height:23px;color:#374151;";

/// Text inside of HTML, in elements and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_nothing_else() {
        let letter = Letter {
            greeting: "Dear <script>alert('x')</script>,".into(),
            items: vec![Item { name: "Kopi \"A\" & B".into(), detail: "1 pcs".into(), amount: None }],
            link: Link::to("Track", "https://example.com/?a=1&b=\"x\""),
            ..Letter::default()
        };
        let html = letter.html(Language::English);
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
        assert!(html.contains("Kopi &quot;A&quot; &amp; B") && html.contains("?a=1&amp;b=&quot;x&quot;"));
        assert!(letter.text().contains("- Kopi \"A\" & B (1 pcs)"));
    }

    #[test]
    fn links_lead_to_the_web_alone_and_headers_are_one_line() {
        assert!(Link::to("x", "javascript:alert(1)").is_none());
        assert!(Link::to("x", "https://a.example/ b").is_none());
        assert_eq!(one_line("a\r\nBcc: everybody@example.com\u{2028}b\tc"), "a Bcc: everybody@example.com b c");
        assert_eq!(one_line(&"x".repeat(500)).len(), 200);
    }
}
