use super::frame;
use super::hub::Seat;
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::error::Error;
use crate::events::feed::{self, Reader};
use crate::events::position::Position;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// Events of one read: all that a stream holds in memory, twice at most.
const PAGE: usize = 100;
/// How often it looks whether it may go on.
const TICK: Duration = Duration::from_secs(1);
/// Proxies close what is silent for longer than about half a minute; and only when something is written is it known that a reader
/// has gone, whose place another waits for.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A reader that takes nothing for so long is not there any more, or should read pages.
const STALLED: Duration = Duration::from_secs(30);

/// One reader's stream.
pub struct Stream {
    pub app: Data<App>,
    pub authenticator: Data<Authenticator>,
    /// With the token.
    pub headers: HeaderMap,
    pub reader: Reader,
    pub after: Position,
    pub seat: Seat,
    pub to: Sender<Bytes>,
}

/// Why it ends.
enum End {
    /// The reader has gone, or takes nothing.
    Gone,
    Told(&'static str),
    Failed(Error),
}

impl Stream {
    /// Sends all that happens until it must end.
    pub async fn run(mut self) {
        match self.go().await {
            End::Gone => {}
            End::Told(why) => {
                let _ = self.send(frame::farewell(why)).await;
            }
            // The reader comes again with its place.
            End::Failed(error) => log::warn!("an event stream ended: {error}"),
        }
    }

    async fn go(&mut self) -> End {
        if let Err(end) = self.send(frame::opening(&self.after.encode())).await {
            return end;
        }
        loop {
            if let Err(end) = self.read_on().await {
                return end;
            }
            if let Err(end) = self.wait().await {
                return end;
            }
        }
    }

    /// Sends what is there.
    async fn read_on(&mut self) -> Result<(), End> {
        loop {
            self.check()?;
            let (reader, after) = (self.reader.clone(), self.after);
            let page = self.app.db.read(move |connection| feed::read(connection, &reader, after, PAGE)).await.map_err(End::Failed)?;
            let frames: Result<String, Error> = page.data.iter().map(frame::event).collect();
            let frames = frames.map_err(End::Failed)?;
            if !frames.is_empty() {
                self.send(frames).await?;
            }
            self.after = Position::decode(&page.next_cursor).unwrap_or(self.after);
            if !page.has_more {
                return Ok(());
            }
        }
    }

    /// Waits for news, with signs of life.
    async fn wait(&mut self) -> Result<(), End> {
        let mut silent_since = Instant::now();
        loop {
            tokio::select! {
                news = self.seat.news.changed() => return news.map_err(|_| End::Gone),
                () = self.to.closed() => return Err(End::Gone),
                () = tokio::time::sleep(TICK) => {}
            }
            self.check()?;
            if silent_since.elapsed() >= HEARTBEAT {
                self.send(frame::heartbeat(&self.after.encode())).await?;
                silent_since = Instant::now();
            }
        }
    }

    /// Whether it may go on.
    fn check(&self) -> Result<(), End> {
        if self.app.stopping.load(Ordering::Relaxed) {
            return Err(End::Told("the server is stopping; come again"));
        }
        match self.authenticator.verify(&self.headers) {
            Ok(_) => Ok(()),
            Err(_) => Err(End::Told("the token is valid no more; come again with another")),
        }
    }

    async fn send(&self, text: String) -> Result<(), End> {
        match tokio::time::timeout(STALLED, self.to.send(Bytes::from(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}
