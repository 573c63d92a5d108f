//! Lines out of a stream of bytes: NDJSON as it comes in.

/// Cuts a stream into lines. It keeps no more than the line that has not ended yet.
#[derive(Default)]
pub struct Lines {
    open: Vec<u8>,
    /// Lines that have begun.
    number: i64,
}

/// A line that is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

/// A line that is not empty, with its place in the file, from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    pub bytes: Vec<u8>,
    /// `code|detail` of what was wrong with it as it was read; whoever works on it tells that and looks no further.
    pub fault: Option<String>,
}

impl Lines {
    /// Takes the next bytes and gives the lines that end in them; empty ones are counted and left out.
    pub fn push(&mut self, mut bytes: &[u8], longest: usize) -> Result<Vec<Line>, TooLong> {
        let mut lines = vec![];
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..at], longest)?;
            lines.extend(self.cut());
            bytes = &bytes[at + 1..];
        }
        self.extend(bytes, longest)?;
        Ok(lines)
    }

    /// The last line, where the stream did not end with a line's end.
    pub fn end(&mut self) -> Option<Line> {
        if self.open.is_empty() { None } else { self.cut() }
    }

    fn extend(&mut self, bytes: &[u8], longest: usize) -> Result<(), TooLong> {
        if self.open.len() + bytes.len() > longest {
            return Err(TooLong);
        }
        self.open.extend_from_slice(bytes);
        Ok(())
    }

    fn cut(&mut self) -> Option<Line> {
        self.number += 1;
        let mut bytes = std::mem::take(&mut self.open);
        // A byte order mark is no part of the text.
        if self.number == 1 && bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            bytes.drain(..3);
        }
        let empty = bytes.iter().all(u8::is_ascii_whitespace);
        (!empty).then_some(Line { number: self.number, bytes, fault: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(parts: &[&[u8]]) -> Vec<(i64, String)> {
        let mut lines = Lines::default();
        let mut found: Vec<Line> = parts.iter().flat_map(|part| lines.push(part, 100).unwrap()).collect();
        found.extend(lines.end());
        found.into_iter().map(|line| (line.number, String::from_utf8(line.bytes).unwrap())).collect()
    }

    #[test]
    fn lines_are_numbered_as_in_the_file_and_empty_ones_have_no_row() {
        let expected = [(1, "{}".to_owned()), (3, "[1]\r".to_owned()), (5, "2".to_owned())];
        assert_eq!(all(&[b"\xef\xbb\xbf{}\n\n[1]\r\n \t\n2"]), expected);
        assert_eq!(all(&[b"{}\n"]), [(1, "{}".to_owned())]);
        assert!(all(&[b"\n\n"]).is_empty());
    }

    #[test]
    fn a_line_without_end_is_not_collected_for_ever() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(&[b'x'; 60], 100), Ok(vec![]));
        assert_eq!(lines.push(&[b'x'; 60], 100), Err(TooLong));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_stream_is_cut(text in "[a\n\r ]{0,40}", at in 0usize..40) {
            let at = at.min(text.len());
            let (head, tail) = text.as_bytes().split_at(at);
            prop_assert_eq!(all(&[head, tail]), all(&[text.as_bytes()]));
        }
    }
}
