//! Text of a part whose program does not say, or says wrongly, how it is written.

use encoding_rs::{Encoding as Charset, WINDOWS_1252};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders};
use std::borrow::Cow;

/// The text of a part: as the parser has read it, unless that has lost characters since the part is no UTF-8 and names no other charset.
pub fn text<'a>(message: &Message<'_>, part: &MessagePart<'_>, read: &'a str) -> Cow<'a, str> {
    if !read.contains(['\u{fffd}', '\0']) {
        return Cow::Borrowed(read);
    }
    let charset = part.content_type().and_then(|kind| kind.attribute("charset")).unwrap_or("utf-8").to_ascii_lowercase();
    if !matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii" | "ascii") {
        return Cow::Borrowed(read);
    }
    let raw = message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let bytes = match part.encoding {
        Encoding::Base64 => base64_decode(raw),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::None => Some(raw.to_vec()),
    };
    bytes.filter(|bytes| !bytes.is_empty()).map_or(Cow::Borrowed(read), |bytes| Cow::Owned(of_bytes(&bytes)))
}

/// By its byte order mark, else UTF-8, else Windows-1252, which is what spreadsheets of our languages write where they write no UTF-8.
pub fn of_bytes(bytes: &[u8]) -> String {
    if let Some((charset, _)) = Charset::for_bom(bytes) {
        return charset.decode(bytes).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_how_they_are_written() {
        assert_eq!(of_bytes(b"St\xfcckzahl \x80"), "Stückzahl €");
        assert_eq!(of_bytes("Stückzahl".as_bytes()), "Stückzahl");
        assert_eq!(of_bytes(b"\xef\xbb\xbfQt\xc3\xa9"), "Qté");
        assert_eq!(of_bytes(b"\xff\xfeQ\0t\0\xe9\0"), "Qté");
        assert_eq!(of_bytes(b""), "");
    }
}
