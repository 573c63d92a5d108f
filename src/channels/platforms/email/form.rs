//! What inbound-parse services post: a form (RFC 7578) one of whose fields is the mail as it came.

/// The field with the raw mail: of SendGrid, of Mailgun, of CloudMailin.
const FIELDS: [&str; 3] = ["email", "body-mime", "message"];

/// The mail in a body of this type; `None` where the form holds none.
pub fn raw_mail(content_type: &str, body: &[u8]) -> Option<Vec<u8>> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "multipart/form-data" => {
            let boundary = boundary(content_type)?;
            // A body that a person has put in its place is the mail itself.
            if !body.starts_with(b"--") {
                return Some(body.to_vec());
            }
            let fields = fields(body, &boundary);
            FIELDS.iter().find_map(|name| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_vec()))
        }
        "application/x-www-form-urlencoded" => {
            let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
            FIELDS.iter().find_map(|name| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone().into_bytes()))
        }
        _ => Some(body.to_vec()),
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let parameter = content_type.split(';').skip(1).map(str::trim).find(|part| part.to_ascii_lowercase().starts_with("boundary="))?;
    let value = parameter["boundary=".len()..].trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// Fields; a form has a handful, and attachments.
const MANY: usize = 200;

fn fields<'a>(body: &'a [u8], boundary: &str) -> Vec<(String, &'a [u8])> {
    let delimiter = format!("--{boundary}");
    let delimiter = delimiter.as_bytes();
    let mut fields = vec![];
    let mut at = find(body, delimiter, 0);
    while let Some(start) = at {
        let from = start + delimiter.len();
        if body.get(from..from + 2) == Some(b"--") || fields.len() >= MANY {
            break;
        }
        let Some(head_end) = find(body, b"\r\n\r\n", from) else { break };
        // The delimiter of the next part begins a line.
        let mut next = find(body, delimiter, head_end + 4);
        while let Some(place) = next {
            if body.get(place.saturating_sub(2)..place) == Some(b"\r\n") {
                break;
            }
            next = find(body, delimiter, place + 1);
        }
        let end = next.map_or(body.len(), |next| next.saturating_sub(2)).max(head_end + 4);
        let head = String::from_utf8_lossy(&body[from..head_end]);
        if let Some(name) = name(&head) {
            fields.push((name, body.get(head_end + 4..end).unwrap_or_default()));
        }
        at = next;
    }
    fields
}

fn name(head: &str) -> Option<String> {
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let value = disposition.split(';').map(str::trim).find_map(|part| part.strip_prefix("name="))?;
    Some(value.trim_matches('"').to_owned())
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    while let Some(found) = haystack.get(at..)?.iter().position(|byte| *byte == first) {
        if haystack[at + found..].starts_with(needle) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAIL: &str = "From: a@b.example\r\n\r\nhi\r\n--x\r\nnot a field\r\n";

    fn form(field: &str) -> Vec<u8> {
        format!("--xYz\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nhi\r\n--xYz\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{MAIL}\r\n--xYz--\r\n").into_bytes()
    }

    #[test]
    fn the_mail_is_found_in_the_forms_of_the_services() {
        for field in FIELDS {
            assert_eq!(raw_mail("multipart/form-data; boundary=xYz", &form(field)).as_deref(), Some(MAIL.as_bytes()), "{field}");
        }
        assert_eq!(raw_mail("Multipart/Form-Data; charset=utf-8; boundary=\"xYz\"", &form("email")).as_deref(), Some(MAIL.as_bytes()));
        assert_eq!(raw_mail("application/x-www-form-urlencoded", b"a=b&body-mime=From%3A+a%0D%0A").as_deref(), Some(&b"From: a\r\n"[..]));
        assert_eq!(raw_mail("message/rfc822", MAIL.as_bytes()).as_deref(), Some(MAIL.as_bytes()));
        // Corrected by a person.
        assert_eq!(raw_mail("multipart/form-data; boundary=xYz", MAIL.as_bytes()).as_deref(), Some(MAIL.as_bytes()));
    }

    #[test]
    fn a_form_without_a_mail_has_none() {
        assert_eq!(raw_mail("multipart/form-data; boundary=xYz", &form("text")), None);
        assert_eq!(raw_mail("multipart/form-data", &form("email")), None);
        let whole = form("email");
        for end in 0..whole.len() {
            let _ = raw_mail("multipart/form-data; boundary=xYz", &whole[..end]);
        }
    }

    /// Forms with what has a meaning in them coming often, under a boundary that may be theirs.
    fn forms() -> impl Strategy<Value = (String, Vec<u8>)> {
        let kind = prop_oneof![
            4 => Just("multipart/form-data; boundary=xYz".to_owned()),
            1 => Just("application/x-www-form-urlencoded".to_owned()),
            1 => "(multipart/form-data|Multipart/Form-Data ; charset=\"x)?;? ?(boundary=)?\"?[xYz;\" é]{0,6}",
        ];
        let piece = prop_oneof![
            8 => prop::sample::select(vec![
                "--xYz", "--xYz--", "--", "xYz", "\r\n", "\n", "\r\n\r\n", "Content-Disposition: form-data; name=\"email\"", "content-disposition:", "; name=",
                "name=\"", "\"", ";", "body-mime=", "message=", "&", "%3A", "%", "%zz", "email", MAIL,
            ]).prop_map(|text| text.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..20),
        ];
        (kind, prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat()))
    }

    /// What is found is a part of what came.
    fn total(content_type: &str, body: &[u8]) {
        if let Some(mail) = raw_mail(content_type, body) {
            let is_part = mail.is_empty() || body.windows(mail.len()).any(|part| part == mail);
            assert!(is_part || content_type.starts_with("application/x-www-form"), "{content_type:?} {body:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_posted_is_no_panic((content_type, body) in forms()) {
            total(&content_type, &body);
        }
    }

    #[test]
    #[ignore = "a million inputs"]
    fn a_million_forms_hold_a_mail_or_none() {
        let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
        proptest!(config, |((content_type, body) in forms())| total(&content_type, &body));
    }
}
