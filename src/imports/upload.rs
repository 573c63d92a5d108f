use super::body::{ImportFormat, ImportKind, ImportMode};
use super::csv_rows::{APART, ColumnNames, CsvOptions, CsvRows};
use super::lines::{Line, Lines, TooLong};
use super::store::{self, NewImport, Rights};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::platform::db::Db;
use crate::platform::limits;
use crate::types::id::{ImportId, OrganizationId};
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use aws_lc_rs::digest;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What one statement stores.
const CHUNK_ROWS: usize = 1_000;
const CHUNK_BYTES: usize = 1024 * 1024;
/// A sender that is silent for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// How long an upload may take from one chunk to the next before another process clears it away.
const LEASE_SECONDS: i64 = 600;
/// Rows that one transaction forgets.
const DISCARD_ROWS: i64 = 10_000;

/// What is sent, and how it is to be taken.
#[derive(Clone, Debug)]
pub struct Sending {
    pub kind: ImportKind,
    pub mode: ImportMode,
    pub dry_run: bool,
    /// Told by the first letter where the media type leaves it open.
    pub format: Option<ImportFormat>,
    pub csv: CsvOptions,
    pub rights: Rights,
}

/// An upload that has come to its end.
pub struct Received {
    pub rows: i64,
    /// SHA-256 of query and body.
    pub hash: Vec<u8>,
    /// Of a CSV file.
    pub columns: Option<ColumnNames>,
}

/// Rows as they come out of the stream.
enum Source {
    Ndjson(Lines),
    Csv(Box<CsvRows>),
}

impl Source {
    fn new(format: ImportFormat, sending: &Sending) -> Self {
        match format {
            ImportFormat::Ndjson => Self::Ndjson(Lines::default()),
            ImportFormat::Csv => Self::Csv(Box::new(CsvRows::new(sending.kind, sending.csv.clone()))),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<Vec<Line>, Error> {
        let too_long = |TooLong| {
            let detail = format!("a row has at most {} bytes; end each with a line feed", limits::BODY_BYTES);
            Error::invalid("", "row_too_long", detail)
        };
        match self {
            Self::Ndjson(lines) => lines.push(bytes, limits::BODY_BYTES).map_err(too_long),
            Self::Csv(rows) => rows.push(bytes),
        }
    }

    fn end(&mut self) -> Result<Vec<Line>, Error> {
        match self {
            Self::Ndjson(lines) => Ok(lines.end().into_iter().collect()),
            Self::Csv(rows) => rows.end(),
        }
    }

    /// Rows that were handed on before it was seen what is wrong with them.
    fn apart(&self) -> Vec<i64> {
        match self {
            Self::Ndjson(_) => vec![],
            Self::Csv(rows) => rows.apart(),
        }
    }

    fn columns(self) -> Option<ColumnNames> {
        match self {
            Self::Ndjson(_) => None,
            Self::Csv(rows) => Some(rows.names),
        }
    }
}

/// JSON begins with a brace; else it is the line with the names of columns.
fn format_of(bytes: &[u8]) -> ImportFormat {
    let text = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => ImportFormat::Ndjson,
        Some(_) | None => ImportFormat::Csv,
    }
}

async fn next(payload: &mut Payload) -> Result<Option<Bytes>, Error> {
    let next = tokio::time::timeout(SILENCE, payload.next()).await.map_err(|_| Error::RequestTimeout)?;
    let malformed = |_| Error::bad_request("malformed_body", "the body ended early or is not encoded as its headers say");
    next.transpose().map_err(malformed)
}

/// Stores what is sent as it comes in: memory holds one chunk and one row. On failure, [`discard`] what is there.
pub async fn receive(
    db: &Db,
    context: &Context,
    id: ImportId,
    sending: &Sending,
    query: &str,
    mut payload: Payload,
) -> Result<Received, Error> {
    let mut part = next(&mut payload).await?;
    let format = sending.format.unwrap_or_else(|| format_of(part.as_deref().unwrap_or_default()));
    let (begin, new) = (context.clone(), NewImport::of(id, sending, format));
    db.write(move |connection| Ok(store::begin(connection, &begin, &new, LEASE_SECONDS)?)).await?;
    let mut upload = Upload { db, organization_id: context.organization_id, id, chunk: vec![], chunk_bytes: 0, rows: 0 };
    let (mut source, mut bytes) = (Source::new(format, sending), 0);
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(query.as_bytes());
    hash.update(b"\n");
    while let Some(some) = part {
        bytes += some.len();
        if bytes > limits::IMPORT_BODY_BYTES {
            return Err(Error::PayloadTooLarge { limit: limits::IMPORT_BODY_BYTES });
        }
        hash.update(&some);
        for line in source.push(&some)? {
            upload.add(line).await?;
        }
        part = next(&mut payload).await?;
    }
    for line in source.end()? {
        upload.add(line).await?;
    }
    upload.flush().await?;
    let (organization_id, apart) = (context.organization_id, source.apart());
    if !apart.is_empty() {
        db.write(move |connection| Ok(store::set_fault(connection, organization_id, id, &apart, APART)?)).await?;
    }
    if upload.rows == 0 {
        return Err(Error::invalid("", "required", "send at least one row"));
    }
    Ok(Received { rows: upload.rows, hash: hash.finish().as_ref().to_vec(), columns: source.columns() })
}

struct Upload<'a> {
    db: &'a Db,
    organization_id: OrganizationId,
    id: ImportId,
    chunk: Vec<(Line, Uuid)>,
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
        self.chunk.push((line, Uuid::now_v7()));
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
