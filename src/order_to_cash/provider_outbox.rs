//! Works off what is to be asked of payment providers and what they have told: lease (one short transaction), call (none), record
//! (one transaction). Whoever dies in between leaves a lease that runs out, and the same call with the same key is made again.

use super::provider_money::{Answer, leave_unresolved, lose_dispute, reconcile, record, refuse};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::payments::inbound::{self, Dispute, DueEvent, Told};
use crate::payments::operations::operation::{KEY_LIFE, Operation, OperationKind, back_off};
use crate::payments::operations::{self, Due};
use crate::payments::provider::stripe::StripeApi;
use crate::payments::provider::{Failure, Intent, NewIntent, PaymentProvider, ProviderError, ProviderRefund, RefundState};
use crate::payments::service as payments;
use crate::payments::{providers, refunds};
use crate::platform::db::Db;
use crate::platform::numbers::Numbers;
use crate::types::id::{OrganizationId, PaymentId};
use chrono::{DateTime, TimeDelta, Utc};

/// Longer than a call may take.
const LEASE: TimeDelta = TimeDelta::seconds(120);
const BATCH: i64 = 20;

/// So long a wrong key is not tried again, unless somebody sets another one.
const KEY_WAIT: TimeDelta = TimeDelta::minutes(5);

/// Works off operations and messages until nothing is due; how many. One that cannot be worked off waits longer each time, and holds
/// none of the others up.
pub fn work(db: &Db, api: &StripeApi, numbers: &Numbers, now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        let mut done = 0;
        for due in lease(db, now())? {
            let result = call(api, &due, now());
            if let Err(error) = settle(db, numbers, &due, result, now()) {
                log::error!(operation:% = due.id; "a payment operation could not be booked: {error}");
                put_off(db, &due, "not_booked", NOT_BOOKED, now())?;
            }
            done += 1;
        }
        let told = db.write_blocking(|connection| Ok(inbound::lease(connection, now(), LEASE, BATCH)?))?;
        for event in told {
            if let Err(error) = hear(db, api, numbers, &event, now()) {
                log::error!(event = event.event_id.as_str(); "a message of a payment provider could not be worked in: {error}");
                later(db, &event, NOT_BOOKED, now())?;
            }
            done += 1;
        }
        all += done;
        if done == 0 || db.is_stopping() {
            return Ok(all);
        }
    }
}

/// What callers are told of an error that is none of theirs.
const NOT_BOOKED: &str = "it could not be booked and is tried again; the log says why";

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
        OperationKind::Retrieve => all_known(&account, reference()?).map(|(intent, refunds)| Answer::Known(intent, refunds)),
        OperationKind::Capture => account.capture(reference()?, due.amount, due.currency, due.last, &key).map(Answer::Intent),
        OperationKind::Cancel => account.cancel(reference()?, &key).map(Answer::Intent),
        OperationKind::Refund => account.refund(reference()?, due.amount, due.currency, &due.id.to_string(), &key).map(Answer::Refund),
    }
}

/// Called before, and so long ago that the provider may have forgotten the key: it could be done twice.
fn is_too_old(due: &Due, now: DateTime<Utc>) -> bool {
    due.attempts > 1 && now - due.created_at > KEY_LIFE && due.kind != OperationKind::Retrieve
}

fn all_known(account: &impl PaymentProvider, reference: &str) -> Result<(Intent, Vec<ProviderRefund>), ProviderError> {
    Ok((account.retrieve(reference)?, account.refunds(reference)?))
}

/// Books the result, or leaves the operation for later where there is none.
pub fn settle(db: &Db, numbers: &Numbers, due: &Due, result: Result<Answer, ProviderError>, now: DateTime<Utc>) -> Result<(), Error> {
    let context = Context::as_system(due.organization_id, &due.actor, now);
    let ids = (due.payment_id, due.id);
    let booked = match result {
        Ok(answer) => {
            let numbers = refund_numbers(db, numbers, (due.organization_id, due.payment_id), answer.foreign_refunds())?;
            db.write_blocking(|connection| record(connection, &context, ids, &answer, &numbers))
        }
        Err(ProviderError::Refused(failure)) => db.write_blocking(|connection| refuse(connection, &context, ids, &failure)),
        Err(ProviderError::Unknown(_)) if is_too_old(due, now) => {
            db.write_blocking(|connection| leave_unresolved(connection, &context, ids))
        }
        Err(ProviderError::Unknown(detail)) => {
            log::warn!(operation:% = due.id; "a payment operation has no result yet: {detail}");
            return put_off(db, due, "no_answer", &detail, now);
        }
        Err(ProviderError::KeyRefused(detail)) => {
            log::error!(operation:% = due.id; "a payment operation waits for another key: {detail}");
            let failure = Failure { code: "key_refused".into(), detail };
            return db.write_blocking(|connection| {
                providers::service::tell_of_refused_key(connection, &context, &due.provider, &failure.detail)?;
                Ok(operations::put_off_unasked(connection, due, now + KEY_WAIT, &failure)?)
            });
        }
    };
    match booked {
        // The money has moved and cannot be booked now, such as in closed books: the answer is fetched again.
        Err(error @ Error::Conflict { .. }) => put_off(db, due, "not_booked", &error.to_string(), now),
        other => other,
    }
}

/// A receipt number for each refund that was made at the provider and is not known yet.
fn refund_numbers<'a>(
    db: &Db,
    numbers: &Numbers,
    (organization_id, payment_id): (OrganizationId, PaymentId),
    foreign: impl Iterator<Item = &'a ProviderRefund>,
) -> Result<Vec<String>, Error> {
    // One that has failed is not booked.
    let booked = foreign.filter(|refund| refund.state != RefundState::Failed);
    numbers_of_unknown(db, numbers, (organization_id, payment_id), booked.map(|refund| refund.reference.as_str()))
}

/// A receipt number for each of these references of the provider that is booked under none yet.
fn numbers_of_unknown<'a>(
    db: &Db,
    numbers: &Numbers,
    (organization_id, payment_id): (OrganizationId, PaymentId),
    references: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, Error> {
    let references: Vec<&str> = references.collect();
    if references.is_empty() {
        return Ok(vec![]);
    }
    db.read_blocking(|connection| {
        let known = refunds::service::of_payments(connection, organization_id, &[payment_id])?;
        let is_new = |reference: &&&str| !known.iter().any(|row| row.provider_reference.as_deref() == Some(**reference));
        references.iter().filter(is_new).map(|_| payments::next_refund_number(connection, numbers, organization_id)).collect()
    })
}

fn put_off(db: &Db, due: &Due, code: &str, detail: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let failure = Failure { code: code.to_owned(), detail: detail.chars().take(500).collect() };
    db.write_blocking(|connection| Ok(operations::put_off(connection, due, now + back_off(due.attempts), &failure)?))
}

fn later(db: &Db, event: &DueEvent, detail: &str, now: DateTime<Utc>) -> Result<(), Error> {
    db.write_blocking(|connection| Ok(inbound::put_off(connection, event, now + back_off(event.attempts), detail)?))
}

/// The provider did not tell what a message is about.
fn unheard(db: &Db, context: &Context, event: &DueEvent, error: &ProviderError, now: DateTime<Utc>) -> Result<(), Error> {
    if let ProviderError::KeyRefused(detail) = error {
        db.write_blocking(|connection| providers::service::tell_of_refused_key(connection, context, &event.provider, detail))?;
    }
    later(db, event, &error.to_string(), now)
}

/// Works one message of a provider in: what it is about is asked for anew, and booked. What the provider does not tell now is asked for
/// again, for as long as it takes: the message will not be sent again.
fn hear(db: &Db, api: &StripeApi, numbers: &Numbers, event: &DueEvent, now: DateTime<Utc>) -> Result<(), Error> {
    let finish =
        |status: &'static str, detail: &str| db.write_blocking(|connection| Ok(inbound::finish(connection, event, status, detail, now)?));
    let Some(told) = Told::read(&event.body) else { return finish("ignored", "it is about no payment") };
    let organization_id = event.organization_id;
    let found = db.read_blocking(|connection| Ok(payments::of_provider(connection, organization_id, &event.provider, &told)?))?;
    let Some(payment_id) = found else { return finish("ignored", "it is about a payment that is not ours") };
    let context = Context::as_system(organization_id, &format!("payment_provider:{}", event.provider), now);
    let account = api.account(&event.api_key);
    let booked = match &told.dispute {
        Some(dispute) => {
            let known = match account.dispute(&dispute.id) {
                Ok(known) => Some(known),
                Err(ProviderError::Refused(failure)) if failure.is_missing() => None,
                Err(error) => return unheard(db, &context, event, &error, now),
            };
            let number = match &known {
                Some(known) if known.is_lost => {
                    let lost = [known.reference.as_str()].into_iter();
                    numbers_of_unknown(db, numbers, (organization_id, payment_id), lost)?.pop()
                }
                _ => None,
            };
            let now_told = known.as_ref().map_or_else(|| dispute.clone(), Dispute::from);
            db.write_blocking(|connection| {
                payments::tell_of_dispute(connection, &context, payment_id, &now_told)?;
                if let (Some(known), Some(number)) = (&known, &number) {
                    lose_dispute(connection, &context, payment_id, known, number)?;
                }
                Ok(inbound::finish(connection, event, "processed", "", now)?)
            })
        }
        None => {
            let (intent, refunds) = match all_known(&account, &told.reference) {
                Ok(known) => known,
                Err(ProviderError::Refused(failure)) if failure.is_missing() => return finish("ignored", &failure.detail),
                Err(error) => return unheard(db, &context, event, &error, now),
            };
            let answer = Answer::Known(intent, refunds);
            let numbers = refund_numbers(db, numbers, (organization_id, payment_id), answer.foreign_refunds())?;
            db.write_blocking(|connection| {
                reconcile(connection, &context, payment_id, &answer, &numbers)?;
                Ok(inbound::finish(connection, event, "processed", "", now)?)
            })
        }
    };
    match booked {
        Err(error @ Error::Conflict { .. }) => later(db, event, &error.to_string(), now),
        other => other,
    }
}
