//! A finished file as an answer.

use actix_web::body::BoxBody;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};

/// A file with the name under which it is saved. Its tag is its fingerprint, so that `If-None-Match` compares the bytes.
#[derive(Clone, Debug)]
pub struct FileAnswer {
    pub media_type: &'static str,
    /// ASCII letters, digits, `-`, `_` and `.` only.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    pub bytes: Vec<u8>,
}

/// A name that every file system and header takes.
pub fn file_name(stem: &str, ending: &str) -> String {
    let safe = stem.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' });
    format!("{}.{ending}", safe.collect::<String>().trim_matches('.'))
}

impl Responder for FileAnswer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let tag = format!("\"{}\"", self.sha256);
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let is_known = |given: &str| {
            let given = given.trim();
            let opaque = given.strip_prefix("W/").unwrap_or(given).trim_matches('"');
            // A proxy may have said how it was compressed.
            given == "*" || opaque.split('-').next() == Some(self.sha256.as_str())
        };
        let unchanged = request.method() == Method::GET && known.is_some_and(|tags| tags.split(',').any(is_known));
        let mut response = HttpResponse::build(if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        response.insert_header((header::ETAG, tag));
        response.insert_header((header::VARY, "Accept, Accept-Encoding"));
        // It holds people's names and amounts: for the caller alone.
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        if unchanged {
            return response.finish();
        }
        response.insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{}\"", self.name)));
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        response.content_type(self.media_type).body(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_hold_nothing_that_a_path_or_a_header_would_read() {
        assert_eq!(file_name("INV-000001", "pdf"), "INV-000001.pdf");
        assert_eq!(file_name("EXP/2026/0001", "xml"), "EXP-2026-0001.xml");
        assert_eq!(file_name("..\"\r\nX: y", "pdf"), "---X--y.pdf");
    }
}
