//! The picture on documents. It is kept as data, never as an address that a server would have to fetch.

use crate::types::fault::Faults;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Enough for a sharp print; it is read with each PDF.
const LIMIT_BYTES: usize = 256 * 1024;

/// Adds a fault unless `logo` is a `data:` URI (RFC 2397) of a PNG, JPEG or SVG of at most 256 KiB.
pub fn check_logo(faults: &mut Faults, pointer: &str, logo: &str) {
    let data = logo.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let decoded = data.and_then(|(kind, base64)| Some((kind, STANDARD.decode(base64).ok()?)));
    let Some((kind, bytes)) = decoded else {
        faults.add(pointer, "invalid_logo", "send a data: URI such as data:image/png;base64,iVBORw0…");
        return;
    };
    let fits = match kind {
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/svg+xml" => is_plain_svg(&bytes),
        _ => false,
    };
    faults.require(
        fits,
        pointer,
        "invalid_logo",
        "the picture is a PNG, a JPEG or an SVG without scripts, links and entities, and says so",
    );
    faults.require(!is_huge_png(&bytes), pointer, "too_long", "the picture has at most 4000 pixels a side");
    faults.require(bytes.len() <= LIMIT_BYTES, pointer, "too_long", "the picture has at most 256 KiB");
}

/// A drawing and nothing else: what refers to something outside of it, or could grow when it is read, is no logo.
fn is_plain_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let begins = text.starts_with("<svg") || text.starts_with("<?xml");
    let active = ["<!doctype", "<!entity", "<script", "<foreignobject", "<image", "http-equiv", "javascript:", "@import"];
    begins && text.contains("<svg") && !active.iter().any(|part| text.contains(part))
}

/// Whether the header (PNG, 11.2.2 IHDR) speaks of more pixels than a logo has: a few bytes may stand for gigabytes.
fn is_huge_png(bytes: &[u8]) -> bool {
    const MOST: u32 = 4_000;
    let side = |at: usize| bytes.get(at..at + 4).and_then(|side| side.try_into().ok()).map(u32::from_be_bytes);
    bytes.starts_with(b"\x89PNG") && (side(16) > Some(MOST) || side(20) > Some(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_that_are_what_they_say_are_taken() {
        let fine = |logo: &str| {
            let mut faults = Faults::new();
            check_logo(&mut faults, "/logo", logo);
            faults.is_empty()
        };
        let picture = |kind: &str, bytes: &[u8]| format!("data:{kind};base64,{}", STANDARD.encode(bytes));
        assert!(fine(&picture("image/png", b"\x89PNG\r\n\x1a\nrest")));
        assert!(fine(&picture("image/jpeg", b"\xff\xd8\xff\xe0")));
        assert!(!fine(&picture("image/png", b"\xff\xd8\xff\xe0")));
        let svg =
            |inner: &str| fine(&picture("image/svg+xml", format!("<svg xmlns='http://www.w3.org/2000/svg'>{inner}</svg>").as_bytes()));
        assert!(svg("<path d='M0 0h9'/>") && !svg("<script>x</script>") && !svg("<image href='http://a/b.png'/>"));
        assert!(!fine(&picture("image/svg+xml", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>")) && !fine(&picture("image/svg+xml", b"hello")));
        let png =
            |side: u32| [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), side.to_be_bytes().to_vec(), side.to_be_bytes().to_vec()].concat();
        assert!(fine(&picture("image/png", &png(4_000))) && !fine(&picture("image/png", &png(40_000))));
        assert!(!fine("https://example.com/logo.png") && !fine("data:image/png;base64,???"));
        assert!(!fine(&picture("image/jpeg", &[b"\xff\xd8\xff".to_vec(), vec![0; LIMIT_BYTES]].concat())));
    }
}
