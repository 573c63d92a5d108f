//! Works off what is to be asked of payment providers and what they have told: lease (one short transaction), call (none), record
//! (one transaction). Whoever dies in between leaves a lease that runs out, and the same call with the same key is made again.

use super::provider_money::{Answer, leave_unresolved, reconcile, record, refuse};
use crate::auth::actor::Context;
use crate::auth::permission::Role;
use crate::error::Error;
use crate::payments::inbound::{self, DueEvent, Told};
use crate::payments::operations::operation::{KEY_LIFE, Operation, OperationKind, back_off};
use crate::payments::operations::{self, Due};
use crate::payments::provider::stripe::StripeApi;
use crate::payments::provider::{Failure, NewIntent, PaymentProvider, ProviderError};
use crate::payments::service as payments;
use crate::platform::db::Db;
use crate::platform::numbers::Numbers;
use chrono::{DateTime, TimeDelta, Utc};

/// Longer than a call may take.
const LEASE: TimeDelta = TimeDelta::seconds(120);
const BATCH: i64 = 20;

/// Works off operations and messages until nothing is due; how many.
pub fn work(db: &Db, api: &StripeApi, numbers: &Numbers, now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        let mut done = 0;
        for due in lease(db, now())? {
            let result = call(api, &due, now());
            settle(db, &due, result, now())?;
            done += 1;
        }
        let told = db.write_blocking(|connection| Ok(inbound::lease(connection, now(), LEASE, BATCH)?))?;
        for event in told {
            hear(db, api, numbers, &event, now())?;
            done += 1;
        }
        all += done;
        if done == 0 || db.is_stopping() {
            return Ok(all);
        }
    }
}

/// Takes what is due. Its step of its own, so that dying after it can be tried.
pub fn lease(db: &Db, now: DateTime<Utc>) -> Result<Vec<Due>, Error> {
    db.write_blocking(|connection| Ok(operations::lease(connection, now, LEASE, BATCH)?))
}

/// Calls the provider; no transaction is open.
pub fn call(api: &StripeApi, due: &Due, now: DateTime<Utc>) -> Result<Answer, ProviderError> {
    if is_too_old(due, now) {
        return Err(ProviderError::Unknown("its key is too old to be sent again".into()));
    }
    let account = api.account(&due.api_key);
    let key = Operation::key(due.id);
    let reference = || {
        let missing = Failure { code: "no_reference".into(), detail: "the provider does not know this payment".into() };
        due.provider_reference.as_deref().ok_or(ProviderError::Refused(missing))
    };
    match due.kind {
        OperationKind::Authorize | OperationKind::Charge => {
            let payment_id = due.payment_id.to_string();
            let new = NewIntent {
                amount: due.amount,
                currency: due.currency,
                payment_method: due.payment_method.as_deref().unwrap_or_default(),
                capture: due.kind == OperationKind::Charge,
                payment_id: &payment_id,
                number: &due.number,
            };
            account.create(&new, &key).map(Answer::Intent)
        }
        OperationKind::Retrieve => account.retrieve(reference()?).map(Answer::Intent),
        OperationKind::Capture => account.capture(reference()?, due.amount, due.currency, due.last, &key).map(Answer::Intent),
        OperationKind::Cancel => account.cancel(reference()?, &key).map(Answer::Intent),
        OperationKind::Refund => account.refund(reference()?, due.amount, due.currency, &due.id.to_string(), &key).map(Answer::Refund),
    }
}

/// Called before, and so long ago that the provider may have forgotten the key: it could be done twice.
fn is_too_old(due: &Due, now: DateTime<Utc>) -> bool {
    due.attempts > 1 && now - due.created_at > KEY_LIFE && due.kind != OperationKind::Retrieve
}

/// Books the result, or leaves the operation for later where there is none.
pub fn settle(db: &Db, due: &Due, result: Result<Answer, ProviderError>, now: DateTime<Utc>) -> Result<(), Error> {
    let context = context(due.organization_id, &due.actor, now);
    let ids = (due.payment_id, due.id);
    let booked = match result {
        Ok(answer) => db.write_blocking(|connection| record(connection, &context, ids, &answer)),
        Err(ProviderError::Refused(failure)) => db.write_blocking(|connection| refuse(connection, &context, ids, &failure)),
        Err(ProviderError::Unknown(_)) if is_too_old(due, now) => {
            db.write_blocking(|connection| leave_unresolved(connection, &context, ids))
        }
        Err(ProviderError::Unknown(detail)) => {
            log::warn!(operation:% = due.id; "a payment operation has no result yet: {detail}");
            return put_off(db, due, "no_answer", &detail, now);
        }
    };
    match booked {
        // The money has moved and cannot be booked now, such as in closed books: the answer is fetched again.
        Err(error @ Error::Conflict { .. }) => put_off(db, due, "not_booked", &error.to_string(), now),
        other => other,
    }
}

fn put_off(db: &Db, due: &Due, code: &str, detail: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let failure = Failure { code: code.to_owned(), detail: detail.chars().take(500).collect() };
    db.write_blocking(|connection| Ok(operations::put_off(connection, due, now + back_off(due.attempts), &failure)?))
}

/// Works one message of a provider in: what it is about is asked for anew, and booked.
fn hear(db: &Db, api: &StripeApi, numbers: &Numbers, event: &DueEvent, now: DateTime<Utc>) -> Result<(), Error> {
    let finish =
        |status: &'static str, detail: &str| db.write_blocking(|connection| Ok(inbound::finish(connection, event, status, detail, now)?));
    let Some(told) = Told::read(&event.body) else { return finish("ignored", "it is about no payment") };
    let organization_id = event.organization_id;
    let found = db.read_blocking(|connection| Ok(payments::of_provider(connection, organization_id, &event.provider, &told)?))?;
    let Some(payment_id) = found else { return finish("ignored", "it is about a payment that is not ours") };
    let context = context(organization_id, &format!("payment_provider:{}", event.provider), now);
    if let Some(dispute) = &told.dispute {
        return db.write_blocking(|connection| {
            payments::tell_of_dispute(connection, &context, payment_id, dispute)?;
            Ok(inbound::finish(connection, event, "processed", "", now)?)
        });
    }
    let account = api.account(&event.api_key);
    let known = account.retrieve(&told.reference).and_then(|intent| Ok((intent, account.refunds(&told.reference)?)));
    let later =
        |detail: String| db.write_blocking(|connection| Ok(inbound::put_off(connection, event, now + back_off(event.attempts), &detail)?));
    let (intent, refunds) = match known {
        Ok(known) => known,
        Err(ProviderError::Unknown(detail)) => return later(detail),
        Err(ProviderError::Refused(failure)) => return finish("ignored", &failure.detail),
    };
    let foreign = refunds.iter().any(|refund| refund.operation_id.is_none());
    let number = if foreign {
        db.read_blocking(|connection| payments::next_refund_number(connection, numbers, organization_id))?
    } else {
        String::new()
    };
    let booked = db.write_blocking(|connection| {
        reconcile(connection, &context, payment_id, &intent, &refunds, &number)?;
        Ok(inbound::finish(connection, event, "processed", "", now)?)
    });
    match booked {
        Err(error @ Error::Conflict { .. }) => later(error.to_string()),
        other => other,
    }
}

fn context(organization_id: crate::types::id::OrganizationId, actor: &str, now: DateTime<Utc>) -> Context {
    Context { organization_id, actor: actor.to_owned(), origin: None, role: Role::Admin, now }
}
