//! Works messages in, channel by channel in turns: lease (one short transaction), work (each step its own), settle (one). Whoever dies
//! in between leaves leases that run out, and the same message is worked in again; platforms see to it that this changes nothing.

use super::message::{InboundMessageStatus, Message, Outcome, PATIENCE, Reason, back_off};
use super::store::{self, Settled};
use crate::auth::actor::Context;
use crate::channels::ChannelKind;
use crate::channels::platform::Workbench;
use crate::channels::platforms::platform;
use crate::channels::turns::{self, Among, End, Turn, Work, due_in};
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::order_to_cash::capture_queue::Desk;
use crate::platform::db::Db;
use crate::platform::panics::caught;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::time::{Duration, Instant};

/// Of kinds whose platforms are asked back: longer than that may take for one record.
const ASKING: TimeDelta = TimeDelta::seconds(300);
/// Of the others. After a crash their messages wait no longer than this.
const OWN: TimeDelta = TimeDelta::seconds(60);
/// Messages of a channel are worked in one after the other, what came first first; so many in one turn.
const BATCH: i64 = 20;
/// No message is begun in a turn that has lasted so long: other channels wait.
const TURN: Duration = Duration::from_secs(10);
const INBOX: Work = Work { name: "inbox", due: due_in!("inbound_message", "received"), lease: ASKING };

fn lease_of_kind(kind: ChannelKind) -> TimeDelta {
    if platform(kind).is_some_and(|platform| platform.calls_out()) { ASKING } else { OWN }
}

/// Works messages in until none is due; how many.
pub fn work(db: &Db, desk: &Desk, now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    work_among(db, desk, ChannelKind::ALL, now)
}

/// As [`work`], of channels of these kinds.
pub fn work_among(db: &Db, desk: &Desk, kinds: &[ChannelKind], now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let lease = kinds.iter().map(|kind| lease_of_kind(*kind)).max().unwrap_or(ASKING);
    turns::in_turns(db, &Work { lease, ..INBOX }, Among { kinds, only: None }, &now, |turn| serve(db, desk, turn, lease, &now))
}

/// The kinds whose messages are worked in without waiting for anybody, and those whose platforms are asked back.
pub fn kinds() -> (Vec<ChannelKind>, Vec<ChannelKind>) {
    ChannelKind::ALL.iter().copied().partition(|kind| !platform(*kind).is_some_and(|platform| platform.calls_out()))
}

/// Takes what is due of the channel that is next, with its turn. A step of its own, so that dying after it can be tried.
pub fn lease(db: &Db, now: DateTime<Utc>) -> Result<Vec<Message>, Error> {
    let turn = db.write_blocking(|connection| Ok(turns::take(connection, &INBOX, Among::ALL, now)?))?;
    turn.map_or(Ok(vec![]), |turn| lease_of(db, &turn, ASKING, now))
}

fn lease_of(db: &Db, turn: &Turn, lease: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Message>, Error> {
    db.write_blocking(|connection| Ok(store::lease(connection, turn, now, lease, BATCH)?))
}

/// Keeps a message, and the turn of its channel, for as long again; false where it has become another's.
pub fn hold(db: &Db, message: &Message, now: DateTime<Utc>) -> Result<bool, Error> {
    db.write_blocking(|connection| Ok(store::hold(connection, message, INBOX.name, now + lease_of_kind(message.channel.kind))?))
}

/// One turn of a channel: its messages until there are enough, or its platform turns out to be away.
fn serve(db: &Db, desk: &Desk, turn: &Turn, lease: TimeDelta, now: &impl Fn() -> DateTime<Utc>) -> Result<(usize, End), Error> {
    let (started, leased_at) = (Instant::now(), now());
    let due = lease_of(db, turn, lease, leased_at)?;
    let (mut done, mut end) = (0, End::Done);
    for message in &due {
        if db.is_stopping() || end != End::Done || (done > 0 && started.elapsed() > TURN) {
            break;
        }
        done += 1;
        if now() - leased_at > lease / 3 && !hold(db, message, now())? {
            continue;
        }
        let outcome = attempt(&Workbench { db, desk, now: now() }, message);
        if outcome.tells_that_platform_is_away() {
            end = End::Away(outcome.later_at());
        }
        // What cannot be written down must not hold up those behind it.
        if let Err(error) = settle(db, message, &outcome, now()) {
            log::error!(message:% = message.id; "what has become of an inbound message was not written down: {error}");
            let plain = Outcome::later("not_worked_in", "something failed here; it is tried again", "");
            if let Err(error) = settle(db, message, &plain, now()) {
                log::error!(message:% = message.id; "it keeps its lease, and is tried again when that is over: {error}");
            }
        }
    }
    let rest = &due[done..];
    if !rest.is_empty() {
        db.write_blocking(|connection| Ok(store::give_back(connection, rest)?))?;
    }
    Ok((done, end))
}

/// Works one message in. What fails on our side waits, a panic too.
pub fn attempt(bench: &Workbench, message: &Message) -> Outcome {
    if !message.channel.active {
        return Outcome::later("channel_inactive", "the channel is not active; activate it, or discard the message", "");
    }
    let Some(platform) = platform(message.channel.kind) else {
        return Outcome::rejected("no_platform", "a channel of this kind receives nothing", "");
    };
    caught(|| platform.work_in(bench, message)).unwrap_or_else(|error| {
        log::error!(message:% = message.id; "an inbound message was not worked in: {error}");
        Outcome::later("not_worked_in", "something failed here; it is tried again", "")
    })
}

/// Writes down what an attempt came to.
pub fn settle(db: &Db, message: &Message, outcome: &Outcome, now: DateTime<Utc>) -> Result<(), Error> {
    let context = Context::job(message.organization_id, "inbox", now);
    db.write_blocking(|connection| {
        let settled = settled(message, outcome, now);
        if !store::settle(connection, message, &settled, now)? {
            return Ok(());
        }
        let event_type = match settled.status {
            InboundMessageStatus::Processed => "inbound_message.processed",
            InboundMessageStatus::Rejected => "inbound_message.rejected",
            InboundMessageStatus::Received | InboundMessageStatus::Discarded => return Ok(()),
        };
        let data = json!({
            "channel": message.channel.code, "topic": message.topic, "external_id": message.external_id,
            "order_ids": settled.order_ids, "reason": settled.reason,
        });
        Ok(events::append(connection, &context, &[NewEvent::of(event_type, "inbound_message", message.id.0, data)])?)
    })
}

fn settled<'a>(message: &Message, outcome: &'a Outcome, now: DateTime<Utc>) -> Settled<'a> {
    let ended = |status, order_ids: &'a [_], reason: Option<&'a Reason>| Settled { status, order_ids, reason, next_attempt_at: None };
    match outcome {
        Outcome::Processed { order_ids, reason } => ended(InboundMessageStatus::Processed, order_ids, reason.as_ref()),
        Outcome::Rejected { order_ids, reason } => ended(InboundMessageStatus::Rejected, order_ids, Some(reason)),
        Outcome::Later { reason, .. } if now - message.received_at > PATIENCE && reason.code != "channel_inactive" => {
            ended(InboundMessageStatus::Rejected, &[], Some(reason))
        }
        Outcome::Later { reason, at } => Settled {
            status: InboundMessageStatus::Received,
            order_ids: &[],
            reason: Some(reason),
            next_attempt_at: Some(at.unwrap_or(now + back_off(message.attempts))),
        },
    }
}
