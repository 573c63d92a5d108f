//! What a server answers (RFC 3501 §7), taken apart as far as it matters here.

use super::client::ImapError;
use crate::channels::platforms::email::LIMIT;
use std::io::Read;

/// A line without its literals.
const LINE: usize = 1024 * 1024;

/// One response: its text, and the literals that were in it, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub text: String,
    pub literals: Vec<Vec<u8>>,
}

/// The answers that come out of a stream.
pub struct Answers<S> {
    pub stream: S,
    /// Read, but not yet used.
    ahead: Vec<u8>,
    used: usize,
    /// Bytes that may still come before something else is asked.
    pub budget: usize,
}

impl<S: Read> Answers<S> {
    pub fn new(stream: S, budget: usize) -> Self {
        Self { stream, ahead: vec![], used: 0, budget }
    }

    /// A line, with the literals that it announces.
    pub fn response(&mut self) -> Result<Response, ImapError> {
        let mut response = Response::default();
        loop {
            let line = self.line()?;
            let literal = literal_length(&line);
            response.text.push_str(&line);
            if response.text.len() > LINE {
                return Err(ImapError::Garbled("a line without end".to_owned()));
            }
            let Some(length) = literal else { return Ok(response) };
            if length > LIMIT || length > self.budget + self.ahead.len() {
                return Err(ImapError::Garbled(format!("{length} bytes at once")));
            }
            response.literals.push(self.exactly(length)?);
        }
    }

    /// Up to the next line end, which is left out.
    fn line(&mut self) -> Result<String, ImapError> {
        let mut searched = self.used;
        loop {
            if let Some(at) = self.ahead[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + at;
                let line = String::from_utf8_lossy(&self.ahead[self.used..end]).trim_end_matches('\r').to_owned();
                self.used = end + 1;
                return Ok(line);
            }
            searched = self.ahead.len();
            if searched - self.used > LINE {
                return Err(ImapError::Garbled("a line without end".to_owned()));
            }
            let before = self.used;
            self.more()?;
            // What was used is let go of.
            searched -= before - self.used;
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, ImapError> {
        // Announced is not sent: memory grows with what comes.
        let mut bytes = vec![];
        loop {
            let end = self.ahead.len().min(self.used + length - bytes.len());
            bytes.extend_from_slice(&self.ahead[self.used..end]);
            self.used = end;
            if bytes.len() == length {
                return Ok(bytes);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> Result<(), ImapError> {
        self.ahead.drain(..self.used);
        self.used = 0;
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(ImapError::Connection("the server has closed it".to_owned())),
            count => {
                self.budget = self.budget.checked_sub(count).ok_or_else(|| ImapError::Garbled("an answer without end".to_owned()))?;
                self.ahead.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}

/// What is said of this message; others may be told of meanwhile.
pub fn of_message(told: Vec<Response>, uid: u32) -> Option<Response> {
    let is_of_it = |line: &Response| line.text.contains(" FETCH (") && number_behind(&line.text, "UID ") == Some(u64::from(uid));
    told.into_iter().find(is_of_it)
}

/// The number that follows this word.
pub fn number_behind(text: &str, word: &str) -> Option<u64> {
    let at = text.find(word)? + word.len();
    text[at..].split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The one string of a response: a literal, or short and in quotes.
pub fn content(mut line: Response) -> Option<Vec<u8>> {
    if let Some(literal) = line.literals.pop() {
        return Some(literal);
    }
    let quoted = line.text.split_once(" \"")?.1;
    let mut content = vec![];
    let mut bytes = quoted.bytes();
    loop {
        match bytes.next()? {
            b'"' => return Some(content),
            b'\\' => content.push(bytes.next()?),
            byte => content.push(byte),
        }
    }
}

/// `{123}` at the end of a line announces so many bytes.
fn literal_length(line: &str) -> Option<usize> {
    let inner = line.strip_suffix('}')?;
    let at = inner.rfind('{')?;
    inner[at + 1..].trim_end_matches('+').parse().ok()
}

#[cfg(test)]
mod tests;
