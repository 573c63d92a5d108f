//! Salesforce ids: 15 characters that tell case apart, or the same with 3 more that say which of them are capitals.

/// The 18 characters of an id that is written either way; none where it is no id.
pub fn whole(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match text.len() {
        15 => Some(format!("{text}{}", suffix(text))),
        // The suffix is in capitals; the first 15 say everything.
        18 => text.get(..15).map(|short| format!("{short}{}", suffix(short))),
        _ => None,
    }
}

fn suffix(short: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let of = |part: &[u8]| part.iter().enumerate().fold(0usize, |bits, (i, byte)| bits | usize::from(byte.is_ascii_uppercase()) << i);
    short.as_bytes().chunks(5).map(|part| char::from(LETTERS[of(part) & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_an_id_are_one() {
        // Of the recorded outbound message: organization, opportunity, account.
        for id in ["00D7F00000107XsUAI", "0067F000003pmdWQAQ", "0017F000007ydJmQAI", "04l7F000008aeAyQAI"] {
            assert_eq!(whole(id).as_deref(), Some(id));
            assert_eq!(whole(&id[..15]).as_deref(), Some(id));
            assert_eq!(whole(&format!("{}{}", &id[..15], id[15..].to_lowercase())).as_deref(), Some(id));
        }
        for odd in ["", "0067F000003pmd", "0067F000003pmdWQ", "0067F000003pmd' ", "0067F000003pmd'QAQ"] {
            assert_eq!(whole(odd), None, "{odd}");
        }
    }
}
