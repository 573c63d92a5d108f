//! How events and positions are written. Pure.

use crate::error::Error;
use crate::events::body::Event;

/// Milliseconds after which a reader whose connection has ended comes again.
const RETRY: u32 = 3_000;

/// What a stream begins with: where it stands, so that a reader who loses it before the first event knows, too.
pub fn opening(position: &str) -> String {
    format!("retry: {RETRY}\n{}", heartbeat(position))
}

/// A sign of life. It has no data, so that no reader is bothered with it, but the position is kept.
pub fn heartbeat(position: &str) -> String {
    format!(": heartbeat\nid: {position}\n\n")
}

/// One event. Its `type` is in the data: an `event` field would keep it from readers who have not named it.
pub fn event(event: &Event) -> Result<String, Error> {
    let json = serde_json::to_string(event).map_err(Error::internal)?;
    // Outside of its strings, where it would be escaped, a line break means nothing in JSON; here it would end the data.
    let data = json.replace(['\n', '\r'], "");
    Ok(format!("id: {}\ndata: {data}\n\n", event.position))
}

/// Why a stream ends, for people who look at it.
pub fn farewell(why: &str) -> String {
    format!(": {why}\n\n")
}
