//! The picture on documents. It is kept as data, never as an address that a server would have to fetch.

use crate::types::fault::Faults;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Enough for a sharp print; it is read with each PDF.
const LIMIT_BYTES: usize = 256 * 1024;

/// Adds a fault unless `logo` is a `data:` URI (RFC 2397) of a PNG or JPEG of at most 256 KiB.
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
        _ => false,
    };
    faults.require(fits, pointer, "invalid_logo", "the picture is a PNG or a JPEG, and says so");
    faults.require(bytes.len() <= LIMIT_BYTES, pointer, "too_long", "the picture has at most 256 KiB");
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
        assert!(!fine(&picture("image/svg+xml", b"<svg/>")));
        assert!(!fine("https://example.com/logo.png") && !fine("data:image/png;base64,???"));
        assert!(!fine(&picture("image/jpeg", &[b"\xff\xd8\xff".to_vec(), vec![0; LIMIT_BYTES]].concat())));
    }
}
