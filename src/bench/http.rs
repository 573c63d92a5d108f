//! A lean HTTP/1.1 client: one kept connection, whole requests as bytes, a few microseconds each, so that the generator takes
//! little of the machine that it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than any of our answers has.
const HEADERS: usize = 32;
/// An order and its head; lists make the buffer grow.
const BUFFER: usize = 16 * 1024;

/// A connection that is opened when it is needed.
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    body: Range<usize>,
}

/// What came back; the body is the connection's until the next exchange.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub status: u16,
    /// `Idempotency-Replayed: true`
    pub replayed: bool,
}

struct Head {
    answer: Answer,
    /// Where the body starts.
    end: usize,
    content_length: usize,
}

impl Connection {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: vec![0; BUFFER], body: 0..0 }
    }

    /// A fresh connection: the server may have closed one that lay idle.
    pub async fn open(&mut self) -> Result<()> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        self.stream = Some(stream);
        Ok(())
    }

    /// Sends a whole request and reads the whole answer.
    ///
    /// # Errors
    /// Where no whole answer came back; the next exchange opens a new connection.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        if self.stream.is_none() {
            self.open().await?;
        }
        let result = self.exchange_once(request).await;
        if result.is_err() {
            self.stream = None;
        }
        result
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body.clone()).unwrap_or_default()
    }

    async fn exchange_once(&mut self, request: &[u8]) -> Result<Answer> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        stream.write_all(request).await?;
        let (mut filled, mut head) = (0, None);
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            let read = stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if head.is_none() {
                head = read_head(&self.buffer[..filled])?;
            }
            if let Some(Head { answer, end, content_length }) = head
                && filled >= end + content_length
            {
                self.body = end..end + content_length;
                return Ok(answer);
            }
        }
    }
}

/// The head, once it is complete.
fn read_head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let end = match response.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(Error::new(ErrorKind::InvalidData, error)),
    };
    let answer =
        Answer { status: response.code.unwrap_or_default(), replayed: value_of(response.headers, "idempotency-replayed").is_some() };
    let length = value_of(response.headers, "content-length").and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
    match length {
        Some(content_length) => Ok(Some(Head { answer, end, content_length })),
        None if matches!(answer.status, 204 | 304) => Ok(Some(Head { answer, end, content_length: 0 })),
        None => Err(Error::new(ErrorKind::InvalidData, "an answer without Content-Length")),
    }
}

fn value_of<'a>(headers: &'a [httparse::Header], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_complete() {
        let bytes = b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\nIdempotency-Replayed: true\r\n\r\nabc";
        assert!(read_head(&bytes[..30]).unwrap().is_none());
        let head = read_head(bytes).unwrap().unwrap();
        assert_eq!((head.answer.status, head.answer.replayed, head.content_length), (201, true, 5));
        assert_eq!(&bytes[head.end..], b"abc");
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(read_head(b"HTTP/1.1 304 Not Modified\r\n\r\n").unwrap().unwrap().content_length, 0);
    }
}
