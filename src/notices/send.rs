//! Sends what waits: claim, send outside of any transaction, finish.
//!
//! A notice is sent once. The one edge is a process that dies after the mail server has taken the message and before that is
//! committed: after the lease another one sends the same message again, with the same `Message-ID`, by which the reader's side can
//! tell. Losing it would be worse.

use super::collect::NEWS;
use super::kind::{NoticeStatus, is_hopeless, next_try};
use super::service;
use super::smtp::{Mailer, NotSent, message};
use super::store::{self, Finished, Outgoing};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a process may take for one message before another one takes over; a message takes at most a few time-outs.
const LEASE: TimeDelta = TimeDelta::minutes(10);

/// The PDF that goes with a notice: its file name and bytes.
pub type Attach<'a> = &'a dyn Fn(&Outgoing) -> Result<Option<(String, Vec<u8>)>, Error>;

/// Sends until nothing is due, the server does not answer, or `stop` says so. How many were sent.
pub fn send_due(
    db: &Db,
    mailer: &Mailer,
    attach: Attach<'_>,
    now: impl Fn() -> DateTime<Utc>,
    stop: impl Fn() -> bool,
) -> Result<usize, Error> {
    let mut sent = 0;
    while !stop() {
        let started_at = now();
        let Some(notice) = db.write_blocking(|connection| Ok(store::claim(connection, started_at, started_at + LEASE)?))? else { break };
        if let Some(reason) = db.read_blocking(|connection| Ok(store::unwanted(connection, &notice, started_at - NEWS)?))? {
            skip(db, &notice, reason, started_at)?;
            continue;
        }
        let outcome = match is_hopeless(notice.attempts) {
            true => Err(NotSent::Refused("no try has come to an end".to_owned())),
            false => try_once(mailer, attach, &notice),
        };
        let ended_at = now();
        let no_server = matches!(outcome, Err(NotSent::NoServer(_)));
        if finish(db, &notice, &outcome, ended_at)? == NoticeStatus::Sent {
            sent += 1;
        }
        if no_server {
            break;
        }
    }
    Ok(sent)
}

fn skip(db: &Db, notice: &Outgoing, reason: &'static str, now: DateTime<Utc>) -> Result<(), Error> {
    let finished = Finished { status: NoticeStatus::Skipped, skip_reason: Some(reason), next_attempt_at: now, error: None, now };
    db.write_blocking(|connection| Ok(store::finish(connection, notice, &finished).map(drop)?))
}

fn try_once(mailer: &Mailer, attach: Attach<'_>, notice: &Outgoing) -> Result<(), NotSent> {
    let attachment = attach(notice).map_err(|error| NotSent::Later(format!("the attachment: {error}")))?;
    let message = message(notice, attachment).map_err(|error| NotSent::Refused(error.to_string()))?;
    mailer.send(&message)
}

/// The status that a try leads to.
fn finish(db: &Db, notice: &Outgoing, outcome: &Result<(), NotSent>, now: DateTime<Utc>) -> Result<NoticeStatus, Error> {
    let (status, next_attempt_at, error) = match outcome {
        Ok(()) => (NoticeStatus::Sent, now, None),
        Err(NotSent::Refused(error)) => (NoticeStatus::Failed, now, Some(error)),
        Err(NotSent::Later(error) | NotSent::NoServer(error)) => match next_try(notice.attempts, now) {
            Some(at) => (NoticeStatus::Pending, at, Some(error)),
            None => (NoticeStatus::Failed, now, Some(error)),
        },
    };
    let error: Option<String> = error.map(|error| error.chars().filter(|c| !c.is_control()).take(500).collect());
    let finished = Finished { status, skip_reason: None, next_attempt_at, error: error.as_deref(), now };
    let context = Context::job(notice.organization_id, "send_notices", now);
    db.write_blocking(|connection| {
        if !store::finish(connection, notice, &finished)? {
            return Ok(());
        }
        let event_type = match status {
            NoticeStatus::Sent => "notice.sent",
            NoticeStatus::Failed => "notice.failed",
            NoticeStatus::Pending | NoticeStatus::Sending | NoticeStatus::Skipped => return Ok(()),
        };
        let notice = store::find(connection, notice.organization_id, notice.id)?.ok_or(Error::not_found("notice"))?;
        Ok(events::append(connection, &context, &[service::event(event_type, &notice)])?)
    })?;
    Ok(status)
}
