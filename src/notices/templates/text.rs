//! The text of a template: words and named placeholders in braces. Pure.

use crate::notices::kind::NoticeKind;
use crate::types::fault::Faults;
use std::collections::BTreeMap;

/// What a placeholder may be called in notices of a kind. Each is written as the reader writes it, and empty where there is nothing.
pub fn placeholders(kind: NoticeKind) -> &'static [&'static str] {
    match kind {
        NoticeKind::Acknowledgement => {
            &["customer_name", "seller_name", "order_number", "purchase_order_number", "ordered_on", "promised_on", "order_total"]
        }
        NoticeKind::Delay => {
            &["customer_name", "seller_name", "order_number", "purchase_order_number", "ordered_on", "previous_promised_on", "promised_on"]
        }
        NoticeKind::Dispatch => &[
            "customer_name",
            "seller_name",
            "order_number",
            "purchase_order_number",
            "ordered_on",
            "shipment_number",
            "carrier",
            "tracking_number",
            "tracking_url",
        ],
        NoticeKind::Invoice => {
            &["customer_name", "seller_name", "order_number", "invoice_number", "issued_on", "due_on", "invoice_total", "amount_due"]
        }
        NoticeKind::Reminder => &[
            "customer_name",
            "seller_name",
            "order_number",
            "invoice_number",
            "issued_on",
            "due_on",
            "invoice_total",
            "amount_due",
            "days_overdue",
        ],
        NoticeKind::Receipt => {
            &["customer_name", "seller_name", "order_number", "receipt_number", "received_on", "amount", "method", "reference"]
        }
        NoticeKind::Refund => &["customer_name", "seller_name", "order_number", "receipt_number", "refund_number", "amount"],
        NoticeKind::OrderReply => &["customer_name", "seller_name", "order_number"],
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Words(String),
    Placeholder(String),
}

/// What is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A brace that neither begins nor ends a placeholder.
    Brace,
    /// A placeholder of no such name.
    Unknown(String),
}

/// Takes a text apart. `{name}` is a placeholder, `{{` and `}}` are braces.
pub fn parse(text: &str, known: &[&str]) -> Result<Vec<Part>, Wrong> {
    let (mut parts, mut words, mut rest) = (vec![], String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        words.push_str(before);
        let doubled = if brace.starts_with('{') { "{{" } else { "}}" };
        if let Some(after) = brace.strip_prefix(doubled) {
            words.push_str(&doubled[..1]);
            rest = after;
            continue;
        }
        let inside = brace.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or(Wrong::Brace)?;
        let (name, after) = inside;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(Wrong::Brace);
        }
        if !known.contains(&name) {
            return Err(Wrong::Unknown(name.to_owned()));
        }
        if !words.is_empty() {
            parts.push(Part::Words(std::mem::take(&mut words)));
        }
        parts.push(Part::Placeholder(name.to_owned()));
        rest = after;
    }
    words.push_str(rest);
    if !words.is_empty() {
        parts.push(Part::Words(words));
    }
    Ok(parts)
}

/// Adds what is wrong with a text of a template, and what it may say.
pub fn check(faults: &mut Faults, pointer: &str, text: &str, kind: NoticeKind) {
    let known = placeholders(kind);
    match parse(text, known) {
        Ok(_) => {}
        Err(Wrong::Brace) => {
            let detail = "write a placeholder as {order_number}, and braces of your own twice: {{ and }}";
            faults.add(pointer, "invalid_placeholder", detail);
        }
        Err(Wrong::Unknown(name)) => {
            let detail = format!("{{{name}}} is not known in notices of kind {kind}; known are {}", known.join(", "));
            faults.add(pointer, "unknown_placeholder", detail);
        }
    }
}

/// The text with its values; what is not among them is empty. Nothing in a value is read as a placeholder.
pub fn fill(text: &str, values: &BTreeMap<&'static str, String>, kind: NoticeKind) -> String {
    // What was saved was checked; a text that is none all the same is shown as it is.
    let Ok(parts) = parse(text, placeholders(kind)) else { return text.to_owned() };
    let part = |part: &Part| match part {
        Part::Words(words) => words.clone(),
        Part::Placeholder(name) => values.get(name.as_str()).cloned().unwrap_or_default(),
    };
    parts.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 2] = ["order_number", "carrier"];

    #[test]
    fn a_text_is_words_and_placeholders() {
        let words = |text: &str| Part::Words(text.to_owned());
        let placeholder = |name: &str| Part::Placeholder(name.to_owned());
        for (text, expected) in [
            ("", Ok(vec![])),
            ("plain", Ok(vec![words("plain")])),
            ("Order {order_number}!", Ok(vec![words("Order "), placeholder("order_number"), words("!")])),
            ("{carrier}{order_number}", Ok(vec![placeholder("carrier"), placeholder("order_number")])),
            ("{{x}} {{{carrier}}}", Ok(vec![words("{x} {"), placeholder("carrier"), words("}")])),
            ("{colour}", Err(Wrong::Unknown("colour".to_owned()))),
            ("{Order_Number}", Err(Wrong::Brace)),
            ("{ order_number }", Err(Wrong::Brace)),
            ("{}", Err(Wrong::Brace)),
            ("{order_number", Err(Wrong::Brace)),
            ("order_number}", Err(Wrong::Brace)),
            ("a } b", Err(Wrong::Brace)),
        ] {
            assert_eq!(parse(text, &KNOWN), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_says_what_may_stand_there() {
        let mut faults = Faults::new();
        check(&mut faults, "/text", "{tracking_number}", NoticeKind::Invoice);
        check(&mut faults, "/subject", "{", NoticeKind::Invoice);
        let faults = faults.into_result().unwrap_err();
        assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_str()), ("/text", "unknown_placeholder"));
        assert!(faults[0].detail.contains("known are customer_name, seller_name, order_number, invoice_number"), "{}", faults[0].detail);
        assert_eq!((faults[1].pointer.as_str(), faults[1].code.as_str()), ("/subject", "invalid_placeholder"));
    }

    proptest! {
        /// Any text whose braces are doubled comes out as it went in, and values are never read again.
        #[test]
        fn doubled_braces_are_braces_and_values_are_only_text(text in any::<String>(), value in any::<String>()) {
            let template = format!("{}{{order_number}}", text.replace('{', "{{").replace('}', "}}"));
            let values = BTreeMap::from([("order_number", value.clone())]);
            prop_assert_eq!(fill(&template, &values, NoticeKind::Acknowledgement), format!("{text}{value}"));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = parse(&text, &KNOWN);
        }
    }
}
