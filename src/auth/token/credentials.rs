//! Reading a token request: its form, and who the client says it is. Pure.

use super::body::{Refusal, TokenRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

const WRONG: Refusal = Refusal::InvalidClient("client id and secret do not open here");

/// What a client proves itself with.
#[derive(Debug, PartialEq, Eq)]
pub struct Credentials {
    pub client_id: Uuid,
    pub client_secret: String,
}

/// Reads the body by its content type. A known parameter given twice is refused (RFC 6749 §3.2); one without a value counts
/// as absent.
pub fn parse(content_type: &str, body: &[u8]) -> Result<TokenRequest, Refusal> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let request: TokenRequest = match essence.as_str() {
        "application/x-www-form-urlencoded" => {
            serde_urlencoded::from_bytes(body).map_err(|_| Refusal::InvalidRequest("the form is malformed or names a parameter twice"))?
        }
        "application/json" => serde_json::from_slice(body)
            .map_err(|_| Refusal::InvalidRequest("the JSON is malformed, names a parameter twice or holds one that is not a string"))?,
        _ => return Err(Refusal::NeitherFormNorJson),
    };
    let present = |value: Option<String>| value.filter(|text| !text.is_empty());
    Ok(TokenRequest {
        grant_type: present(request.grant_type),
        scope: present(request.scope),
        client_id: present(request.client_id),
        client_secret: present(request.client_secret),
        refresh_token: present(request.refresh_token),
    })
}

/// The client's id and secret, from `Authorization: Basic` or from the body, never from both (RFC 6749 §2.3).
pub fn credentials(authorization: Option<&str>, request: &TokenRequest) -> Result<Credentials, Refusal> {
    let (client_id, client_secret) = match authorization {
        Some(header) => {
            let (id, secret) = basic(header)?;
            if request.client_secret.is_some() {
                return Err(Refusal::InvalidRequest("authenticate by the header or by the body, not by both"));
            }
            if request.client_id.as_ref().is_some_and(|named| *named != id) {
                return Err(Refusal::InvalidRequest("client_id in the body is not the one of the Authorization header"));
            }
            (id, secret)
        }
        None => match (&request.client_id, &request.client_secret) {
            (Some(id), Some(secret)) => (id.clone(), secret.clone()),
            _ => return Err(Refusal::InvalidClient("send client id and secret by Authorization: Basic or in the body")),
        },
    };
    let client_id = client_id.parse().map_err(|_| WRONG)?;
    Ok(Credentials { client_id, client_secret })
}

/// RFC 7617, with id and secret form-urlencoded before they are joined (RFC 6749 §2.3.1).
fn basic(header: &str) -> Result<(String, String), Refusal> {
    let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Refusal::InvalidClient("a client authenticates by the scheme Basic or in the body"));
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let pair = pair.and_then(|(id, secret)| Some((form_decoded(id)?, form_decoded(secret)?)));
    pair.ok_or(Refusal::InvalidClient("Authorization: Basic is malformed"))
}

/// One value of `application/x-www-form-urlencoded`; `None` where an escape is broken or the result is not UTF-8.
fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                rest = &rest[2..];
                // `from_str_radix` would take a sign.
                digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
                u8::from_str_radix(digits, 16).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";
    const FORM: &str = "application/x-www-form-urlencoded;charset=UTF-8";

    fn refused<T>(result: Result<T, Refusal>) -> String {
        result.err().map(|refusal| refusal.to_string().split(':').next().unwrap().to_owned()).unwrap_or_default()
    }

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn forms_and_json_are_read_alike_and_unknown_parameters_ignored() {
        let form = parse(FORM, format!("grant_type=client_credentials&client_id={ID}&client_secret=a%2Bb&audience=x&scope=").as_bytes());
        let json = parse(
            "application/json",
            format!(r#"{{"grant_type":"client_credentials","client_id":"{ID}","client_secret":"a+b","audience":["x"],"scope":null}}"#)
                .as_bytes(),
        );
        for request in [form.unwrap(), json.unwrap()] {
            assert_eq!((request.grant_type.as_deref(), request.scope.as_deref()), (Some("client_credentials"), None));
            assert_eq!(credentials(None, &request).unwrap().client_secret, "a+b");
        }
    }

    #[test]
    fn doubled_parameters_and_other_media_types_are_refused() {
        assert_eq!(refused(parse(FORM, b"grant_type=a&grant_type=b")), "invalid_request");
        assert_eq!(refused(parse("application/json", br#"{"scope":"a","scope":"b"}"#)), "invalid_request");
        assert_eq!(refused(parse("application/json", br#"{"scope":3}"#)), "invalid_request");
        assert_eq!(refused(parse("application/json", b"grant_type=a")), "invalid_request");
        assert!(matches!(parse("text/plain", b""), Err(Refusal::NeitherFormNorJson)));
    }

    #[test]
    fn basic_is_form_decoded_after_base64() {
        let nothing = TokenRequest::default();
        let got = credentials(Some(&header(&format!("{}:a%3Ab+c%2B:d", ID.replace('-', "%2D")))), &nothing).unwrap();
        assert_eq!(got, Credentials { client_id: ID.parse().unwrap(), client_secret: "a:b c+:d".into() });
        for bad in [
            "Basic",
            "Basic !!!",
            "Bearer abc",
            &header("no colon"),
            &header(&format!("{ID}:%zz")),
            &header(&format!("{ID}:%+1")),
            &header(&format!("{ID}:%f")),
        ] {
            assert_eq!(refused(credentials(Some(bad), &nothing)), "invalid_client", "{bad}");
        }
    }

    #[test]
    fn a_client_authenticates_one_way_only() {
        let body = |id: &str, secret: Option<&str>| TokenRequest {
            client_id: Some(id.into()),
            client_secret: secret.map(str::to_owned),
            ..Default::default()
        };
        let basic = header(&format!("{ID}:s"));
        assert!(credentials(Some(&basic), &body(ID, None)).is_ok());
        assert_eq!(refused(credentials(Some(&basic), &body(ID, Some("s")))), "invalid_request");
        assert_eq!(refused(credentials(Some(&basic), &body("other", None))), "invalid_request");
        assert_eq!(refused(credentials(None, &body(ID, None))), "invalid_client");
        assert_eq!(refused(credentials(None, &body("not a uuid", Some("s")))), "invalid_client");
    }
}
