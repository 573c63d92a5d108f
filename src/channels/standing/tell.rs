//! Works the outbox off: lease (one short transaction), look and call (none), record (one). Whoever dies in between leaves a lease that
//! runs out, and the same is told again.

use super::deal_api;
use super::store::{self, Task};
use crate::auth::actor::Context;
use crate::channels::outbox::work_off;
use crate::channels::platforms::api_client::ApiError;
use crate::channels::turns::{self, Among, Turn, Work, due_in};
use crate::channels::{self, service};
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::db::Db;
use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// Longer than a login and a call may take.
const LEASE: TimeDelta = TimeDelta::seconds(180);
/// Of one channel in one turn.
const BATCH: i64 = 20;
const TELLING: Work = Work { name: "tell_crm", due: due_in!("crm_standing", "waiting"), lease: LEASE };
/// How long a CRM may be away before a person has to look.
const PATIENCE: TimeDelta = TimeDelta::days(7);

/// Tells until nothing is due; how many were tried.
pub fn work(db: &Db, now: &impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let attempt = |task: &Task| {
        let told = call(db, task, now())?;
        record(db, task, &told, now())?;
        Ok(told.err())
    };
    let give_back = |rest: &[Task]| db.write_blocking(|connection| Ok(store::give_back(connection, rest)?));
    turns::in_turns(db, &TELLING, Among::ALL, now, |turn| {
        let due = lease_of(db, turn, now())?;
        work_off(db, TELLING.name, &due, attempt, give_back)
    })
}

/// Takes what is due of the channel that is next, with its turn. A step of its own, so that dying after it can be tried.
pub fn lease(db: &Db, now: DateTime<Utc>) -> Result<Vec<Task>, Error> {
    let turn = db.write_blocking(|connection| Ok(turns::take(connection, &TELLING, Among::ALL, now)?))?;
    turn.map_or(Ok(vec![]), |turn| lease_of(db, &turn, now))
}

fn lease_of(db: &Db, turn: &Turn, now: DateTime<Utc>) -> Result<Vec<Task>, Error> {
    db.write_blocking(|connection| Ok(store::lease(connection, turn, now, LEASE, BATCH)?))
}

/// Tells a CRM where one order stands now, unless it was told just that; what it has been told.
pub fn call(db: &Db, task: &Task, now: DateTime<Utc>) -> Result<Result<Vec<u8>, ApiError>, Error> {
    let (organization_id, channel_id) = (task.organization_id, task.channel_id);
    let (channel, credentials, standing) = db.read_blocking(|connection| {
        let channel = channels::of_id(connection, organization_id, channel_id)?.ok_or(Error::not_found("channel"))?;
        let credentials = service::credentials(connection, organization_id, channel_id)?;
        let standing = store::standing(connection, organization_id, task.order_id)?.ok_or(Error::not_found("order"))?;
        Ok((channel, credentials, standing))
    })?;
    let properties = standing.properties();
    let text = properties.iter().map(|(property, value)| format!("{} {value}\n", property.hubspot())).collect::<String>();
    let digest = digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec();
    if task.told.as_ref() == Some(&digest) {
        return Ok(Ok(digest));
    }
    Ok(match deal_api(&channel, &credentials, now) {
        Ok(Some(api)) => api.write(&standing.external_id, &properties).map(|()| digest),
        Ok(None) => Ok(digest),
        Err(error) => Err(error),
    })
}

/// Writes down what came of it.
pub fn record(db: &Db, task: &Task, told: &Result<Vec<u8>, ApiError>, now: DateTime<Utc>) -> Result<(), Error> {
    db.write_blocking(|connection| match told {
        Ok(digest) => Ok(store::told(connection, task, digest, now)?),
        Err(error) => {
            let waits = error.may_pass() || matches!(error, ApiError::Setup { .. } | ApiError::Refused { .. });
            let gives_up = !waits || now - task.waiting_since > PATIENCE;
            let again = error.at().unwrap_or(now + back_off(task.attempts));
            let detail: String = error.to_string().chars().take(500).collect();
            if store::failed(connection, task, &detail, gives_up, again, now)? && gives_up {
                let context = Context::job(task.organization_id, "tell_crm", now);
                let data = json!({ "order_id": task.order_id, "code": error.code(), "detail": detail });
                events::append(connection, &context, &[NewEvent::of("channel.not_told", "channel", task.channel_id.0, data)])?;
            }
            Ok(())
        }
    })
}

/// Until the next try after so many: from 15 s, doubling, to 6 hours.
fn back_off(attempts: i32) -> TimeDelta {
    let doubled = 15i64.saturating_mul(1 << attempts.clamp(1, 20).saturating_sub(1));
    TimeDelta::seconds(doubled.min(6 * 3600))
}
