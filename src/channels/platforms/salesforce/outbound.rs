//! The outbound message: SOAP with up to 100 notifications, each with an sObject as it was when the message was queued
//! (developer.salesforce.com, "Outbound Messages"). It is not signed: who sends it is told by the address that it knows and by the id
//! of its organization.

use super::ids::whole;
use crate::banking::files::element::{Element, Refused, Token, content, next};
use crate::inbox::Reason;
use quick_xml::reader::Reader;
use std::collections::BTreeMap;

/// Of one message, by the specification.
const MOST: usize = 100;
const NAMESPACE: &str = "http://soap.sforce.com/2005/09/outbound";

/// What an outbound message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// 18 characters.
    pub organization_id: String,
    /// Each once: what is sent again within one message is left out.
    pub notifications: Vec<Notification>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub id: String,
    /// `Opportunity`, `Order` …
    pub object: String,
    /// Of the sObject; empty ones are left out.
    pub fields: BTreeMap<String, String>,
    /// XPath within the message.
    pub pointer: String,
}

/// What Salesforce counts as success. Anything else is sent again for 24 hours.
pub const ACKNOWLEDGEMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\
<notificationsResponse xmlns=\"http://soap.sforce.com/2005/09/outbound\"><Ack>true</Ack></notificationsResponse>\
</soapenv:Body></soapenv:Envelope>";

/// Reads a message.
pub fn read(body: &[u8]) -> Result<Outbound, Reason> {
    let text = std::str::from_utf8(body).map_err(|_| Reason::new("not_utf8", "the message is not in UTF-8", ""))?;
    let envelope = root(text).map_err(|refused| Reason::new(refused.code, refused.detail, ""))?;
    let unlike = |detail: &str, pointer: &str| Reason::new("unsupported_format", detail, pointer);
    let found = envelope.at(&["Body", "notifications"]).filter(|_| envelope.name == "Envelope");
    let found = found.ok_or_else(|| unlike("this is no outbound message of Salesforce", ""))?;
    if !found.attributes.iter().any(|(name, value)| name.starts_with("xmlns") && value == NAMESPACE) {
        return Err(unlike("this is no outbound message of Salesforce", "/Envelope/Body/notifications"));
    }
    let organization_id = found.text_at(&["OrganizationId"]).and_then(|id| whole(&id));
    let organization_id =
        organization_id.ok_or_else(|| unlike("it names no organization", "/Envelope/Body/notifications/OrganizationId"))?;
    let mut notifications: Vec<Notification> = vec![];
    for (i, one) in found.all("Notification").enumerate() {
        let pointer = format!("/Envelope/Body/notifications/Notification[{}]", i + 1);
        if i >= MOST {
            return Err(Reason::new("too_many_items", format!("a message has at most {MOST} notifications"), pointer));
        }
        let id = one.text_at(&["Id"]).and_then(|id| whole(&id)).ok_or_else(|| unlike("a notification has an id", &pointer))?;
        let object = one.at(&["sObject"]).ok_or_else(|| unlike("a notification has an sObject", &pointer))?;
        if notifications.iter().any(|known| known.id == id) {
            continue;
        }
        let kind = object.attribute("xsi:type").or_else(|| object.attribute("type")).unwrap_or_default();
        let kind = kind.rsplit(':').next().unwrap_or_default().to_owned();
        let field = |field: &Element| {
            let text = field.text.trim();
            (field.children.is_empty() && !text.is_empty()).then(|| (field.name.clone(), text.to_owned()))
        };
        notifications.push(Notification { id, object: kind, fields: object.children.iter().filter_map(field).collect(), pointer });
    }
    Ok(Outbound { organization_id, notifications })
}

fn root(text: &str) -> Result<Element, Refused> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let root = loop {
        match next(&mut reader)? {
            Token::Text(text) if text.trim().is_empty() => {}
            Token::Start(element, true) => break element,
            Token::Start(element, false) => break content(&mut reader, element)?,
            Token::Text(_) | Token::End | Token::Eof => return Err(Refused::new("malformed_xml", "the message is no XML document")),
        }
    };
    loop {
        match next(&mut reader)? {
            Token::Text(text) if text.trim().is_empty() => {}
            Token::Eof => return Ok(root),
            Token::Start(..) | Token::End | Token::Text(_) => {
                return Err(Refused::new("malformed_xml", "something stands behind the end of the document"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn envelope(inner: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>\
             <notifications xmlns=\"http://soap.sforce.com/2005/09/outbound\"><OrganizationId>00D7F00000107Xs</OrganizationId>{inner}\
             </notifications></soapenv:Body></soapenv:Envelope>"
        )
    }

    fn notification(id: &str, kind: &str, fields: &str) -> String {
        format!(
            "<Notification><Id>{id}</Id><sObject xsi:type=\"sf:{kind}\" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\">{fields}</sObject></Notification>"
        )
    }

    #[test]
    fn each_notification_is_read_once() {
        let won = notification(
            "04l7F000008aeAyQAI",
            "Opportunity",
            "<sf:Id>0067F000003pmdWQAQ</sf:Id><sf:Name>A &amp; B</sf:Name><sf:X xsi:nil=\"true\"/>",
        );
        let again = notification("04l7F000008aeAy", "Opportunity", "<sf:Id>0067F000003pmdWQAQ</sf:Id>");
        let order = notification("04l7F000008aeAzQAI", "Order", "<sf:Status>Activated</sf:Status>");
        let read = read(envelope(&format!("{won}{again}{order}")).as_bytes()).unwrap();
        assert_eq!((read.organization_id.as_str(), read.notifications.len()), ("00D7F00000107XsUAI", 2));
        let first = &read.notifications[0];
        assert_eq!((first.object.as_str(), first.pointer.as_str()), ("Opportunity", "/Envelope/Body/notifications/Notification[1]"));
        assert_eq!(first.fields.get("Name").map(String::as_str), Some("A & B"));
        assert!(!first.fields.contains_key("X"));
        assert_eq!(read.notifications[1].pointer, "/Envelope/Body/notifications/Notification[3]");
    }

    #[test]
    fn what_is_no_outbound_message_is_refused() {
        let code = |text: &str| read(text.as_bytes()).map(drop).unwrap_err().code;
        assert_eq!(code("{}"), "malformed_xml");
        assert_eq!(code("<a/>"), "unsupported_format");
        assert_eq!(code("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"), "document_type_refused");
        assert_eq!(code(&envelope("").replace("sforce.com/2005", "example.com/2005")), "unsupported_format");
        assert_eq!(code(&envelope("").replace("00D7F00000107Xs", "x")), "unsupported_format");
        assert_eq!(code(&envelope("<Notification><Id>1</Id></Notification>")), "unsupported_format");
        assert_eq!(code(&format!("{}<b/>", envelope(""))), "malformed_xml");
        let id = |i: usize| format!("04l7F00000{i:05}QAI");
        let many: String = (0..101).map(|i| notification(&id(i), "Order", "")).collect();
        assert_eq!(code(&envelope(&many)), "too_many_items");
        assert_eq!(
            read(envelope(&many.replacen("<Notification>", "<Other>", 1).replacen("</Notification>", "</Other>", 1)).as_bytes())
                .unwrap()
                .notifications
                .len(),
            100
        );
    }

    /// Pieces of a message in any order.
    fn arb_message() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<Notification>".to_owned()),
            Just("</Notification>".to_owned()),
            Just("<Id>04l7F000008aeAyQAI</Id>".to_owned()),
            Just("<sObject xsi:type=\"sf:Order\">".to_owned()),
            Just("</sObject>".to_owned()),
            Just("<a b='".to_owned()),
            Just("&lt;&#x41;&y;".to_owned()),
            Just("<![CDATA[x]]>".to_owned()),
            Just("<!-- -->".to_owned()),
            "\\PC{0,6}",
        ];
        (prop::collection::vec(piece, 0..10), any::<bool>()).prop_map(|(pieces, enveloped)| {
            let text = pieces.concat();
            if enveloped { envelope(&text) } else { text }
        })
    }

    fn total(body: &[u8]) {
        if let Ok(read) = read(body) {
            assert!(read.notifications.iter().all(|one| one.id.len() == 18));
        }
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(text in arb_message(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            total(text.as_bytes());
            total(&bytes);
        }
    }

    #[test]
    #[ignore = "a million inputs"]
    fn a_million_outbound_messages_are_read_or_refused() {
        let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
        proptest!(config, |(text in arb_message(), bytes in prop::collection::vec(any::<u8>(), 0..60))| {
            total(text.as_bytes());
            total(&bytes);
        });
    }
}
