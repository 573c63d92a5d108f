//! Records out of a stream of bytes: CSV (RFC 4180) as it comes in, with `,`, `;` or tab between the fields.

/// How the bytes of a file are letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    /// What spreadsheets of western Europe write.
    Windows1252,
}

/// A record with its place in the file: the line on which it begins, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub number: i64,
    pub fields: Vec<Vec<u8>>,
    /// A quoted field does not end, or goes on behind its closing quote.
    pub malformed: bool,
}

/// A record that is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing of the field has come.
    Start,
    Bare,
    Quoted,
    /// A quote within quotes: the end, or half of a doubled one.
    Quote,
}

/// Cuts a stream into records. It keeps no more than the record that has not ended yet. Empty lines are counted and left out.
pub struct Records {
    delimiter: u8,
    longest: usize,
    state: State,
    field: Vec<u8>,
    fields: Vec<Vec<u8>>,
    malformed: bool,
    /// Of the record that has begun.
    bytes: usize,
    number: i64,
    /// The line that is being read.
    line: i64,
}

impl Records {
    /// `longest` is in bytes.
    pub fn new(delimiter: u8, longest: usize) -> Self {
        Self { delimiter, longest, state: State::Start, field: vec![], fields: vec![], malformed: false, bytes: 0, number: 1, line: 1 }
    }

    /// Takes the next bytes and gives the records that end in them.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Record>, TooLong> {
        let mut records = vec![];
        for &byte in bytes {
            self.bytes += 1;
            if self.bytes > self.longest {
                return Err(TooLong);
            }
            match (self.state, byte) {
                (State::Start, b'"') => self.state = State::Quoted,
                (State::Quoted, b'"') => self.state = State::Quote,
                (State::Quote, b'"') => {
                    self.field.push(b'"');
                    self.state = State::Quoted;
                }
                (State::Quoted, byte) => {
                    self.line += i64::from(byte == b'\n');
                    self.field.push(byte);
                }
                (State::Start | State::Bare | State::Quote, b'\n') => {
                    if self.state != State::Quote && self.field.last() == Some(&b'\r') {
                        self.field.pop();
                    }
                    self.line += 1;
                    records.extend(self.cut());
                }
                (State::Start | State::Bare | State::Quote, byte) if byte == self.delimiter => self.end_field(),
                // Of the line's end.
                (State::Quote, b'\r') => {}
                (State::Quote, byte) => {
                    self.malformed = true;
                    self.field.push(byte);
                }
                (State::Start | State::Bare, byte) => {
                    self.state = State::Bare;
                    self.field.push(byte);
                }
            }
        }
        Ok(records)
    }

    /// The last record, where the stream did not end with a line's end.
    pub fn end(&mut self) -> Option<Record> {
        if self.bytes == 0 {
            return None;
        }
        self.malformed |= self.state == State::Quoted;
        self.cut()
    }

    fn end_field(&mut self) {
        self.fields.push(std::mem::take(&mut self.field));
        self.state = State::Start;
    }

    fn cut(&mut self) -> Option<Record> {
        // A quoted empty field is a field; a line with nothing on it is none.
        let empty = self.fields.is_empty() && self.state != State::Quote && self.field.iter().all(u8::is_ascii_whitespace);
        self.end_field();
        let (fields, malformed, number) = (std::mem::take(&mut self.fields), std::mem::take(&mut self.malformed), self.number);
        (self.bytes, self.number) = (0, self.line);
        (!empty).then_some(Record { number, fields, malformed })
    }
}

/// The character between the fields of a header line: the one that stands in it most often outside of quotes, a comma of equals.
pub fn delimiter_of(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some(count) = counts.iter_mut().find(|(delimiter, _)| !quoted && delimiter == byte) {
            count.1 += 1;
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

/// The text of a field; `None` where its bytes are not of the encoding.
pub fn decode(bytes: Vec<u8>, encoding: Encoding) -> Option<String> {
    match encoding {
        Encoding::Utf8 => String::from_utf8(bytes).ok(),
        Encoding::Windows1252 => Some(bytes.into_iter().map(windows_1252).collect()),
    }
}

/// The letter of a byte (WHATWG Encoding Standard, index windows-1252).
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '\u{20AC}', '\u{81}', '\u{201A}', '\u{0192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{02C6}', '\u{2030}', '\u{0160}',
        '\u{2039}', '\u{0152}', '\u{8D}', '\u{017D}', '\u{8F}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}',
        '\u{2013}', '\u{2014}', '\u{02DC}', '\u{2122}', '\u{0161}', '\u{203A}', '\u{0153}', '\u{9D}', '\u{017E}', '\u{0178}',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(parts: &[&[u8]], delimiter: u8) -> Vec<(i64, Vec<String>, bool)> {
        let mut records = Records::new(delimiter, 10_000);
        let mut found: Vec<Record> = parts.iter().flat_map(|part| records.push(part).unwrap()).collect();
        found.extend(records.end());
        let text = |record: Record| {
            let fields = record.fields.into_iter().map(|field| String::from_utf8(field).unwrap()).collect();
            (record.number, fields, record.malformed)
        };
        found.into_iter().map(text).collect()
    }

    fn row(number: i64, fields: &[&str]) -> (i64, Vec<String>, bool) {
        (number, fields.iter().map(|field| (*field).to_owned()).collect(), false)
    }

    #[test]
    fn records_are_numbered_by_the_line_on_which_they_begin() {
        let file = b"a,b\r\n\r\n\"x\ny\",\"say \"\"hi\"\"\"\r\n,\n\"\"\nlast";
        let expected = [row(1, &["a", "b"]), row(3, &["x\ny", "say \"hi\""]), row(5, &["", ""]), row(6, &[""]), row(7, &["last"])];
        assert_eq!(all(&[file], b','), expected);
        assert_eq!(all(&[b"1;2,5;3\n"], b';'), [row(1, &["1", "2,5", "3"])]);
        assert!(all(&[b""], b',').is_empty() && all(&[b"\n \r\n"], b',').is_empty());
    }

    #[test]
    fn a_quote_that_does_not_end_is_told() {
        assert!(all(&[b"\"a,b\nc"], b',')[0].2);
        assert!(all(&[b"\"a\"b,c\n"], b',')[0].2);
        assert_eq!(all(&[b"5\" pipe,x\n"], b','), [row(1, &["5\" pipe", "x"])]);
    }

    #[test]
    fn a_record_without_end_is_not_collected_for_ever() {
        let mut records = Records::new(b',', 100);
        assert_eq!(records.push(&[b'"'; 1]), Ok(vec![]));
        assert_eq!(records.push(&[b'\n'; 100]), Err(TooLong));
    }

    #[test]
    fn the_delimiter_is_the_one_that_the_header_has_most_of() {
        assert_eq!(delimiter_of(b"sku;name;\"a,b,c,d\"\n"), b';');
        assert_eq!(delimiter_of(b"sku\tname\n"), b'\t');
        assert_eq!(delimiter_of(b"sku\n"), b',');
        assert_eq!(delimiter_of(b"a;b,c\n"), b',');
    }

    #[test]
    fn bytes_are_letters_of_the_declared_encoding() {
        assert_eq!(decode(b"Caf\xe9 \x80 5".to_vec(), Encoding::Windows1252).as_deref(), Some("Caf\u{e9} \u{20ac} 5"));
        assert_eq!(decode(b"Caf\xe9".to_vec(), Encoding::Utf8), None);
        assert_eq!(decode("Café".into(), Encoding::Utf8).as_deref(), Some("Café"));
    }

    proptest! {
        /// Against the writer of another hand.
        #[test]
        fn what_is_written_is_read_wherever_the_stream_is_cut(
            rows in prop::collection::vec(prop::collection::vec("[a\",;\r\n\té ]{0,6}", 2..4), 1..5),
            at in 0usize..200,
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(vec![]);
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let file = writer.into_inner().unwrap();
            let (head, tail) = file.split_at(at.min(file.len()));
            let read: Vec<Vec<String>> = all(&[head, tail], b',').into_iter().map(|(_, fields, malformed)| { assert!(!malformed); fields }).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in bytes()) {
            total(bytes);
        }
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![1 => any::<u8>(), 2 => prop::sample::select(b";,\t\"\r\n a".to_vec())];
        prop::collection::vec(byte, 0..200)
    }

    fn total(bytes: Vec<u8>) {
        let mut records = Records::new(b';', 100);
        if records.push(&bytes).is_ok() {
            records.end();
        }
        let _ = (delimiter_of(&bytes), decode(bytes.clone(), Encoding::Utf8), decode(bytes, Encoding::Windows1252));
    }

    #[test]
    #[ignore = "a million inputs"]
    fn a_million_streams_of_bytes_are_records_or_too_long() {
        let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
        proptest!(config, |(bytes in bytes())| total(bytes));
    }
}
