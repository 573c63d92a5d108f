//! A connection whose every step ends in time, however the bytes come.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whether this process is about to stop.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// How long a step waits before it looks whether it is to stop.
const SLICE: Duration = Duration::from_secs(1);

pub struct Timed {
    stream: TcpStream,
    /// When whatever is under way must be over.
    pub until: Instant,
    stop: Stop,
}

impl Timed {
    /// Its time is up until [`Timed::until`] is set.
    pub fn new(stream: TcpStream, stop: Stop) -> Self {
        Self { stream, until: Instant::now(), stop }
    }

    fn step(&mut self, mut step: impl FnMut(&mut TcpStream) -> Result<usize>) -> Result<usize> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::new(ErrorKind::TimedOut, "the server takes too long"));
            }
            if (self.stop)() {
                return Err(Error::other("we are being stopped"));
            }
            let slice = Some(left.min(SLICE).max(Duration::from_millis(1)));
            self.stream.set_read_timeout(slice)?;
            self.stream.set_write_timeout(slice)?;
            match step(&mut self.stream) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                done => return done,
            }
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.step(|stream| stream.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.step(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}
