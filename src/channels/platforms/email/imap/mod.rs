//! Looks into the mailboxes of e-mail channels: a message is stored before it is marked or moved, and the place is remembered after
//! that, so that whoever dies in between fetches it again, which changes nothing.

pub mod client;
mod store;

use super::{TOPIC, message_id};
use crate::channels::{self, Channel};
use crate::error::Error;
use crate::inbox::{NewMessage, Proof, service as inbox};
use crate::platform::db::Db;
use crate::types::id::OrganizationId;
use chrono::{DateTime, TimeDelta, Utc};
use client::{Account, Client, ImapError};
use diesel::pg::PgConnection;
use serde::Serialize;
pub use store::Mailbox;
use utoipa::ToSchema;

/// How the mailbox of a channel is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxState {
    #[schema(example = "imap.nusantara-niaga.example")]
    pub host: String,
    #[schema(example = 993)]
    pub port: u16,
    #[schema(example = "INBOX")]
    pub folder: String,
    /// Null before the first look.
    pub last_looked_at: Option<DateTime<Utc>>,
    pub next_look_at: Option<DateTime<Utc>>,
    /// What went wrong in the last look; null where it went well.
    pub last_error: Option<String>,
    /// Looks in a row that failed.
    pub failures: i32,
}

/// `None` where the channel has no mailbox.
pub fn state(connection: &mut PgConnection, organization_id: OrganizationId, channel: &Channel) -> Result<Option<MailboxState>, Error> {
    let Some(settings) = channel.settings.mail.as_ref() else { return Ok(None) };
    let Some(host) = settings.imap_host.clone() else { return Ok(None) };
    let looks = store::looks(connection, organization_id, channel.id)?;
    Ok(Some(MailboxState {
        host,
        port: settings.port(),
        folder: settings.folder().to_owned(),
        last_looked_at: looks.as_ref().and_then(|looks| looks.last_looked_at),
        next_look_at: looks.as_ref().map(|looks| looks.next_look_at),
        last_error: looks.as_ref().and_then(|looks| looks.last_error.clone()),
        failures: looks.map_or(0, |looks| looks.failures),
    }))
}

/// Longer than a look into a mailbox with a few hundred new messages takes.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// How often each mailbox is looked into.
const EVERY: TimeDelta = TimeDelta::seconds(60);
/// Messages of one look; the rest is there a moment later.
const MANY: usize = 200;
/// How far back one looks where the numbers have lost their meaning.
const BACK: TimeDelta = TimeDelta::days(7);

/// Looks into every mailbox that is due; how many messages were stored.
pub fn look(db: &Db, now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    while !db.is_stopping() {
        let at = now();
        let Some(mailbox) = db.write_blocking(|connection| Ok(store::lease(connection, at, LEASE)?))? else { break };
        let outcome = one(db, &mailbox, at);
        let error = match &outcome {
            Ok(stored) => {
                all += stored;
                None
            }
            Err(Trouble::Server(error)) => Some(error.to_string()),
            Err(Trouble::Ours(error)) => {
                log::error!("a mailbox was not read: {error}");
                Some("something failed here; it is tried again".to_owned())
            }
        };
        let next = if error.is_none() { EVERY } else { EVERY * 2i32.pow(u32::try_from(mailbox.failures.clamp(0, 4)).unwrap_or(0)) };
        let told = now();
        db.write_blocking(|connection| Ok(store::release(connection, &mailbox, told, told + next, error.as_deref())?))?;
    }
    Ok(all)
}

enum Trouble {
    Server(ImapError),
    Ours(Error),
}

impl From<ImapError> for Trouble {
    fn from(error: ImapError) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

/// Takes what is new in one mailbox.
fn one(db: &Db, mailbox: &Mailbox, now: DateTime<Utc>) -> Result<usize, Trouble> {
    let (channel, account) = account(db, mailbox)?;
    let settings = channel.settings.mail.clone().unwrap_or_default();
    let mut client = Client::open(&account)?;
    let selected = client.select(settings.folder())?;
    let uid_validity = i64::from(selected.uid_validity);
    let (criteria, last_uid) = match mailbox.uid_validity {
        // The first look: what people have read before was theirs.
        None => ("UNSEEN".to_owned(), 0),
        Some(known) if known == uid_validity => (format!("UID {}:*", mailbox.last_uid + 1), mailbox.last_uid),
        Some(_) => (format!("SINCE {}", (now - BACK).format("%d-%b-%Y")), 0),
    };
    let uids: Vec<u32> = client.search(&criteria)?.into_iter().filter(|uid| i64::from(*uid) > last_uid).collect();
    let mut stored = 0;
    let mut through = last_uid;
    for uid in uids.iter().take(MANY) {
        if db.is_stopping() {
            break;
        }
        let Some(raw) = client.fetch(*uid)? else {
            log::warn!(channel = channel.code.as_str(); "message {uid} of the mailbox is gone or longer than a mail may be; it is left there");
            through = i64::from(*uid);
            advance(db, mailbox, uid_validity, through)?;
            continue;
        };
        stored += usize::from(store_message(db, mailbox, &channel, raw, now)?);
        match &settings.imap_processed_folder {
            Some(folder) => client.move_to(*uid, folder)?,
            None => client.mark_seen(*uid)?,
        }
        through = i64::from(*uid);
        advance(db, mailbox, uid_validity, through)?;
    }
    if mailbox.uid_validity != Some(uid_validity) && uids.len() <= MANY {
        // From now on numbers count; what was there before the first look stays behind. What comes meanwhile has a higher one.
        through = through.max(selected.uid_next.map_or(0, |next| i64::from(next) - 1));
        advance(db, mailbox, uid_validity, through)?;
    }
    client.close();
    Ok(stored)
}

fn account(db: &Db, mailbox: &Mailbox) -> Result<(Channel, Account), Error> {
    let (organization_id, id) = (mailbox.organization_id, mailbox.channel_id);
    let (channel, credentials) = db.read_blocking(|connection| {
        let channel = channels::of_id(connection, organization_id, id)?.ok_or(Error::not_found("channel"))?;
        Ok((channel, channels::service::credentials(connection, organization_id, id)?))
    })?;
    let settings = channel.settings.mail.clone().unwrap_or_default();
    let account = Account {
        host: settings.imap_host.clone().unwrap_or_default(),
        port: settings.port(),
        tls: settings.tls(),
        username: credentials.username.unwrap_or_default(),
        password: credentials.password.unwrap_or_default(),
    };
    Ok((channel, account))
}

/// Stores a message; whether it is new. A step of its own, so that dying after it can be tried.
pub fn store_message(db: &Db, mailbox: &Mailbox, channel: &Channel, raw: Vec<u8>, now: DateTime<Utc>) -> Result<bool, Error> {
    let message = NewMessage {
        topic: TOPIC.to_owned(),
        external_id: message_id(&raw),
        headers: vec![],
        content_type: "message/rfc822".to_owned(),
        body: raw,
        proof: Proof::Mailbox,
        remote_address: None,
    };
    db.write_blocking(|connection| Ok(inbox::take(connection, mailbox.organization_id, channel, &message, now)?.1))
}

fn advance(db: &Db, mailbox: &Mailbox, uid_validity: i64, last_uid: i64) -> Result<(), Error> {
    db.write_blocking(|connection| Ok(store::advance(connection, mailbox, uid_validity, last_uid)?))
}
