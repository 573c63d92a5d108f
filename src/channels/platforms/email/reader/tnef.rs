//! What lies in a `winmail.dat` (TNEF, MS-OXTNEF). Nothing of it becomes an order; a person is told what to ask for instead.

const SIGNATURE: [u8; 4] = [0x78, 0x9f, 0x3e, 0x22];
/// `attAttachTitle`: the file name of an attachment.
const ATTACH_TITLE: u32 = 0x0001_8010;
const NAMES: usize = 50;

/// The names of the files in it; `None` for what is no TNEF.
pub fn file_names(bytes: &[u8]) -> Option<Vec<String>> {
    let mut rest = bytes.strip_prefix(&SIGNATURE)?.get(2..)?;
    let mut names = vec![];
    // Level (1), attribute (4), length (4), data, checksum (2).
    while let Some(head) = rest.get(..9) {
        let attribute = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
        let length = usize::try_from(u32::from_le_bytes([head[5], head[6], head[7], head[8]])).ok()?;
        let Some(data) = length.checked_add(9).and_then(|end| rest.get(9..end)) else { break };
        if attribute == ATTACH_TITLE && names.len() < NAMES {
            let text = String::from_utf8_lossy(data);
            names.push(text.trim_end_matches('\0').chars().filter(|c| !c.is_control()).take(200).collect());
        }
        let Some(next) = rest.get(9 + length + 2..) else { break };
        rest = next;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_and_a_torn_one_harms_nothing() {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend_from_slice(&[1, 0]);
        for (attribute, data) in [(0x0001_8004u32, &b"Subject\0"[..]), (ATTACH_TITLE, b"po-1.xlsx\0")] {
            bytes.push(2);
            bytes.extend_from_slice(&attribute.to_le_bytes());
            bytes.extend_from_slice(&u32::try_from(data.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(&[0, 0]);
        }
        assert_eq!(file_names(&bytes), Some(vec!["po-1.xlsx".to_owned()]));
        for end in 0..bytes.len() {
            let _ = file_names(&bytes[..end]);
        }
        assert_eq!(file_names(b"PK"), None);
    }
}
