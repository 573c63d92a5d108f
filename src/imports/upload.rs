use super::lines::{Line, Lines, TooLong};
use super::store::{self, Rights};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::platform::db::Db;
use crate::platform::limits;
use crate::types::id::{ImportId, OrderId, OrganizationId};
use actix_web::dev::Payload;
use aws_lc_rs::digest;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// What one statement stores.
const CHUNK_ROWS: usize = 1_000;
const CHUNK_BYTES: usize = 1024 * 1024;
/// A sender that is silent for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// How long an upload may take from one chunk to the next before another process clears it away.
const LEASE_SECONDS: i64 = 600;
/// Rows that one transaction forgets.
const DISCARD_ROWS: i64 = 10_000;

/// An upload that has come to its end.
pub struct Received {
    pub rows: i64,
    /// SHA-256 of query and body.
    pub hash: Vec<u8>,
}

/// Stores what is sent as it comes in: memory holds one chunk and one line. On failure, [`discard`] what is there.
pub async fn receive(
    db: &Db,
    context: &Context,
    id: ImportId,
    rights: Rights,
    query: &str,
    mut payload: Payload,
) -> Result<Received, Error> {
    let begin = context.clone();
    db.write(move |connection| Ok(store::begin(connection, &begin, id, rights, LEASE_SECONDS)?)).await?;
    let mut upload = Upload { db, organization_id: context.organization_id, id, chunk: vec![], chunk_bytes: 0, rows: 0 };
    let (mut lines, mut bytes) = (Lines::default(), 0);
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(query.as_bytes());
    hash.update(b"\n");
    loop {
        let next = tokio::time::timeout(SILENCE, payload.next()).await.map_err(|_| Error::RequestTimeout)?;
        let Some(part) = next else { break };
        let part = part.map_err(|_| Error::bad_request("malformed_body", "the body ended early or is not encoded as its headers say"))?;
        bytes += part.len();
        if bytes > limits::IMPORT_BODY_BYTES {
            return Err(Error::PayloadTooLarge { limit: limits::IMPORT_BODY_BYTES });
        }
        hash.update(&part);
        let too_long = |TooLong| {
            let detail = format!("a row has at most {} bytes; end each with a line feed", limits::BODY_BYTES);
            Error::invalid("", "row_too_long", detail)
        };
        for line in lines.push(&part, limits::BODY_BYTES).map_err(too_long)? {
            upload.add(line).await?;
        }
    }
    if let Some(line) = lines.end() {
        upload.add(line).await?;
    }
    upload.flush().await?;
    if upload.rows == 0 {
        return Err(Error::invalid("", "required", "send at least one row"));
    }
    Ok(Received { rows: upload.rows, hash: hash.finish().as_ref().to_vec() })
}

struct Upload<'a> {
    db: &'a Db,
    organization_id: OrganizationId,
    id: ImportId,
    chunk: Vec<(Line, OrderId)>,
    chunk_bytes: usize,
    /// Stored, or in the chunk.
    rows: i64,
}

impl Upload<'_> {
    async fn add(&mut self, line: Line) -> Result<(), Error> {
        self.rows += 1;
        if self.rows > limits::IMPORT_ROWS {
            let detail = format!("at most {} rows in an import; send them in parts", limits::IMPORT_ROWS);
            return Err(Error::invalid("", "too_many_items", detail));
        }
        self.chunk_bytes += line.bytes.len();
        self.chunk.push((line, OrderId::generate()));
        if self.chunk.len() >= CHUNK_ROWS || self.chunk_bytes >= CHUNK_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let (rows, organization_id, id) = (Arc::new(std::mem::take(&mut self.chunk)), self.organization_id, self.id);
        self.chunk_bytes = 0;
        let stored =
            self.db.write(move |connection| Ok(store::insert_rows(connection, organization_id, id, &rows, LEASE_SECONDS)?)).await?;
        if stored { Ok(()) } else { Err(Error::unavailable("the upload was given up, it had been silent for too long".into())) }
    }
}

/// Forgets an upload that came to nothing; one that was acknowledged stays.
pub async fn discard(db: &Db, organization_id: OrganizationId, id: ImportId) -> Result<(), Error> {
    while !db.write(move |connection| Ok(store::discard(connection, organization_id, id, DISCARD_ROWS)?)).await? {}
    Ok(())
}

/// Forgets uploads whose sender or server died. Returns how many.
pub fn clear_abandoned(db: &Db) -> Result<usize, Error> {
    let abandoned = db.read_blocking(|connection| Ok(store::abandoned(connection, 10)?))?;
    for &(organization_id, id) in &abandoned {
        while !db.write_blocking(|connection| Ok(store::discard(connection, organization_id, id, DISCARD_ROWS)?))? {}
    }
    Ok(abandoned.len())
}
