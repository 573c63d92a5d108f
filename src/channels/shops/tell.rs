//! Works the outbox off: lease (one short transaction), look, write down what is about to be told (one), call, record (one).

use super::store::{self, Task};
use super::telling;
use super::{Looked, OutgoingFulfillment, back_off, shop_api};
use crate::auth::actor::Context;
use crate::channels::outbox::work_off;
use crate::channels::platforms::api_client::ApiError;
use crate::channels::turns::{self, Among, Turn, Work, due_in};
use crate::channels::{self, service};
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::fulfillment::shipments;
use crate::orders;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::json;

/// Longer than the calls of one shipment may take.
const LEASE: TimeDelta = TimeDelta::seconds(180);
/// Of one channel in one turn.
const BATCH: i64 = 20;
const TELLING: Work = Work { name: "tell_shops", due: due_in!("shop_task", "waiting"), lease: LEASE };
/// How long a shop may be away before a person has to look.
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
    db.write_blocking(|connection| Ok(store::lease_tasks(connection, turn, now, LEASE, BATCH)?))
}

/// Tells one shop of one shipment; what the shop calls it.
pub fn call(db: &Db, task: &Task, now: DateTime<Utc>) -> Result<Result<Option<String>, ApiError>, Error> {
    let (organization_id, channel_id) = (task.organization_id, task.channel_id);
    let (channel, credentials, fulfillment) = db.read_blocking(|connection| {
        let channel = channels::of_id(connection, organization_id, channel_id)?.ok_or(Error::not_found("channel"))?;
        let channel_code = channel.code.clone();
        let credentials = service::credentials(connection, organization_id, channel_id)?;
        let shipment = shipments::service::get(connection, organization_id, task.shipment_id)?;
        let order = orders::find(connection, organization_id, task.order_id)?.ok_or(Error::not_found("order"))?;
        let of_line = |line: &shipments::shipment::ShipmentLine| {
            let known = order.line(line.order_line_id)?;
            Some((known.detail.external_line_id.clone()?, line.quantity.0))
        };
        Ok((
            channel,
            credentials,
            OutgoingFulfillment {
                order_external_id: order.external_id.clone().unwrap_or_default(),
                number: shipment.number.clone(),
                carrier: shipment.carrier.clone(),
                tracking_number: shipment.tracking_number.clone(),
                tracking_url: shipment.tracking_url.clone(),
                lines: shipment.lines.iter().filter_map(of_line).collect(),
                completes: order.lines.iter().all(|line| line.quantities.open() == Decimal::ZERO),
                others: telling::other_fulfillments(connection, task, &channel_code)?,
                telling: telling::before(connection, task)?,
            },
        ))
    })?;
    let api = match shop_api(&channel, &credentials, now) {
        Ok(Some(api)) => api,
        Ok(None) => return Ok(Ok(None)),
        Err(error) => return Ok(Err(error)),
    };
    let (mut about, call) = match api.look(&fulfillment) {
        Ok(Looked::Untold { telling, call }) => (telling, call),
        Ok(Looked::Known(reference)) => return Ok(Ok(reference)),
        Err(error) => return Ok(Err(error)),
    };
    if let Some(before) = fulfillment.telling.clone() {
        // What an earlier attempt has made may still show up.
        about.known = before.known;
    }
    if !db.write_blocking(|connection| Ok(telling::note(connection, task, &about, now)?))? {
        return Ok(Err(ApiError::Later { detail: "another attempt has got on with it".to_owned(), at: None }));
    }
    Ok(api.fulfill(&fulfillment, &call))
}

/// Writes down what came of it. What the shop calls the shipment is noted with the order, so that its own hook of it is known.
pub fn record(db: &Db, task: &Task, told: &Result<Option<String>, ApiError>, now: DateTime<Utc>) -> Result<(), Error> {
    db.write_blocking(|connection| match told {
        Ok(reference) => Ok(store::done(connection, task, reference.as_deref(), now)?),
        Err(error) => {
            let gives_up = !waits(error) || now - task.created_at > PATIENCE;
            let again = error.at().unwrap_or(now + back_off(task.attempts));
            let detail: String = error.to_string().chars().take(500).collect();
            if store::failed(connection, task, &detail, gives_up, again, now)? && gives_up {
                let context = Context::job(task.organization_id, "tell_shops", now);
                let data = json!({ "shipment_id": task.shipment_id, "order_id": task.order_id, "code": error.code(), "detail": detail });
                events::append(connection, &context, &[NewEvent::of("channel.not_told", "channel", task.channel_id.0, data)])?;
            }
            Ok(())
        }
    })
}

/// Whether the same call may be taken later; new credentials let it pass, too.
fn waits(error: &ApiError) -> bool {
    error.may_pass() || matches!(error, ApiError::Setup { .. } | ApiError::Refused { .. })
}
