//! Looks into the mailboxes of e-mail channels: a message is stored before it is marked or moved, and the place is remembered after
//! that, so that whoever dies in between fetches it again, which changes nothing. Several threads look at once, so that a slow server
//! holds up its own mailbox; an organization has one of them at a time.

mod answers;
pub mod client;
mod store;
mod timed;

use super::{NOT_FETCHED, TOO_LARGE, TOPIC, message_id};
use crate::channels::{self, Channel};
use crate::error::Error;
use crate::inbox::{NewMessage, Proof, service as inbox};
use crate::platform::db::Db;
use crate::types::id::OrganizationId;
use chrono::{DateTime, TimeDelta, Utc};
use client::{Account, Client, Fetched, ImapError, Patience};
use diesel::pg::PgConnection;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
pub use store::Mailbox;
use timed::Stop;
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
    /// What went wrong in the last look, or which message of it was left where it is; null where it went well.
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

/// Longer than a look may take.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// Threads of a process that look into mailboxes.
pub const LOOKS: usize = 4;
/// Looks in which a message could not be fetched before it is left where it is.
const TRIES: i32 = 4;
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
        let Some(mailbox) = lease(db, at)? else { break };
        let told = match one(db, &mailbox, at) {
            Ok(looked) => {
                all += looked.stored;
                store::Told { error: looked.left_out, failed: false }
            }
            Err(Trouble::Server(error)) => store::Told { error: Some(error.to_string()), failed: true },
            Err(Trouble::Ours(error)) => {
                log::error!("a mailbox was not read: {error}");
                store::Told { error: Some("something failed here; it is tried again".to_owned()), failed: true }
            }
        };
        let wait = if told.failed { EVERY * 2i32.pow(u32::try_from(mailbox.failures.clamp(0, 4)).unwrap_or(0)) } else { EVERY };
        let ended = now();
        db.write_blocking(|connection| Ok(store::release(connection, &mailbox, ended, ended + wait, &told)?))?;
    }
    Ok(all)
}

/// The next mailbox that is due. One thread after the other, since what another one takes at the same moment is not to be seen.
fn lease(db: &Db, at: DateTime<Utc>) -> Result<Option<Mailbox>, Error> {
    static ONE_AFTER_THE_OTHER: Mutex<()> = Mutex::new(());
    let _turn = ONE_AFTER_THE_OTHER.lock().unwrap_or_else(PoisonError::into_inner);
    db.write_blocking(|connection| Ok(store::lease(connection, at, LEASE)?))
}

/// What a look came to.
#[derive(Default)]
struct Looked {
    stored: usize,
    /// What was not taken in, for whoever looks after the mailbox.
    left_out: Option<String>,
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
fn one(db: &Db, mailbox: &Mailbox, now: DateTime<Utc>) -> Result<Looked, Trouble> {
    let (channel, account) = account(db, mailbox)?;
    let settings = channel.settings.mail.clone().unwrap_or_default();
    let stopping = db.clone();
    let stop: Stop = Arc::new(move || stopping.is_stopping());
    let mut client = Client::open(&account, Patience::USUAL, &stop)?;
    let selected = client.select(settings.folder())?;
    let uid_validity = i64::from(selected.uid_validity);
    let (criteria, last_uid) = match mailbox.uid_validity {
        // The first look: what people have read before was theirs.
        None => ("UNSEEN".to_owned(), 0),
        Some(known) if known == uid_validity => (format!("UID {}:*", mailbox.last_uid + 1), mailbox.last_uid),
        Some(_) => (format!("SINCE {}", (now - BACK).format("%d-%b-%Y")), 0),
    };
    let uids: Vec<u32> = client.search(&criteria)?.into_iter().filter(|uid| i64::from(*uid) > last_uid).collect();
    let mut looked = Looked::default();
    let mut through = last_uid;
    for uid in uids.iter().take(MANY) {
        if db.is_stopping() {
            break;
        }
        let place = Place { uid: *uid, uid_validity };
        match client.fetch(*uid) {
            Ok(Fetched::Mail(raw)) => {
                looked.stored += usize::from(store_message(db, mailbox, &channel, raw, now)?);
                match &settings.imap_processed_folder {
                    Some(folder) => client.move_to(*uid, folder)?,
                    None => client.mark_seen(*uid)?,
                }
            }
            Ok(Fetched::TooLarge { bytes, head }) => {
                looked.stored += usize::from(store_left_out(db, mailbox, &channel, TOO_LARGE, place.told(head, bytes), now)?);
                looked.left_out = Some(format!("message {uid} of {bytes} bytes is longer than a mail may be; it is left in the mailbox"));
            }
            Ok(Fetched::Gone) => {}
            Err(error) => {
                // What fails again and again is a person's, and those behind it are not to wait for him. The connection is past use.
                if !db.is_stopping() && db.write_blocking(|connection| Ok(store::stuck(connection, mailbox, i64::from(*uid))?))? >= TRIES {
                    let message = place.told(vec![], 0);
                    store_left_out(db, mailbox, &channel, NOT_FETCHED, message, now)?;
                    advance(db, mailbox, uid_validity, i64::from(*uid))?;
                }
                return Err(error.into());
            }
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
    Ok(looked)
}

/// Where in the mailbox a message is.
#[derive(Clone, Copy)]
struct Place {
    uid: u32,
    uid_validity: i64,
}

impl Place {
    /// What is known of a message that is not taken: its headers, else its place, and how long it is.
    fn told(self, head: Vec<u8>, bytes: u64) -> (Vec<u8>, Vec<(String, String)>) {
        let body = if head.is_empty() { format!("X-Mailbox-Uid: {} {}\r\n", self.uid_validity, self.uid).into_bytes() } else { head };
        let length = (bytes > 0).then(|| ("content-length".to_owned(), bytes.to_string()));
        (body, length.into_iter().collect())
    }
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
    take_in(db, mailbox, channel, TOPIC, (raw, vec![]), now)
}

/// Stores what is known of a message that is left in the mailbox, so that a person sees it; whether it is new.
fn store_left_out(
    db: &Db,
    mailbox: &Mailbox,
    channel: &Channel,
    topic: &str,
    told: (Vec<u8>, Vec<(String, String)>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    log::warn!(channel = channel.code.as_str(), topic = topic; "a message is left in its mailbox");
    take_in(db, mailbox, channel, topic, told, now)
}

fn take_in(
    db: &Db,
    mailbox: &Mailbox,
    channel: &Channel,
    topic: &str,
    (body, headers): (Vec<u8>, Vec<(String, String)>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let message = NewMessage {
        topic: topic.to_owned(),
        external_id: message_id(&body),
        headers,
        content_type: "message/rfc822".to_owned(),
        body,
        proof: Proof::Mailbox,
        remote_address: None,
    };
    db.write_blocking(|connection| Ok(inbox::take(connection, mailbox.organization_id, channel, &message, now)?.1))
}

fn advance(db: &Db, mailbox: &Mailbox, uid_validity: i64, last_uid: i64) -> Result<(), Error> {
    db.write_blocking(|connection| Ok(store::advance(connection, mailbox, uid_validity, last_uid)?))
}
