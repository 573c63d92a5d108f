//! From a reading to its order: by itself where all is certain, by a person's word where it is not. A reading makes one order at most:
//! its row says under which id, so that whoever dies in between goes on with the same one.

use super::cancel::cancel;
use super::capture_queue::Desk;
use super::confirm::confirm;
use super::place::{PlaceRequest, place, place_within};
use crate::auth::actor::Context;
use crate::channels::Channel;
use crate::error::Error;
use crate::events;
use crate::inbox::Reason;
use crate::notices::replies::{self, Reply, Said};
use crate::orders;
use crate::orders::body::{CancelReason, CancelRequest};
use crate::orders::dates::Dates;
use crate::orders::master_data::MasterDataCache;
use crate::orders::order::CancelCode;
use crate::orders::service::next_number;
use crate::orders::status::OrderStatus;
use crate::orders::verify::Request;
use crate::platform::db::Db;
use crate::platform::http::Precondition;
use crate::platform::idempotency::fingerprint;
use crate::types::fault::Faults;
use crate::types::id::{ChannelId, OrderId, OrderVerificationId};
use crate::types::text::check_prose;
use crate::verifications::body::{OrderVerification, RejectVerification, VerificationStatus};
use crate::verifications::proposal::{ProposedOrder, reasons_of};
use crate::verifications::service::{WHAT, event, get};
use crate::verifications::store::{self, Decision, Intent, NewVerification, Stored};
use diesel::pg::PgConnection;

/// Stores a reading, once for each external id; what is stored under it now.
pub fn take(connection: &mut PgConnection, context: &Context, new: &NewVerification) -> Result<Stored, Error> {
    store::insert(connection, context, new)?;
    let stored = store::of_external_id(connection, context.organization_id, new.channel_id, &new.external_id)?;
    stored.ok_or_else(|| Error::internal("a reading is neither new nor known"))
}

/// What is stored under an external id.
pub fn known(connection: &mut PgConnection, context: &Context, channel_id: ChannelId, external_id: &str) -> Result<Option<Stored>, Error> {
    Ok(store::of_external_id(connection, context.organization_id, channel_id, external_id)?)
}

/// Does what is to be done by itself, and says what has become of it. May be run again at any time. `asks` is whether the sender is
/// asked about what is open.
pub fn carry_out(
    db: &Db,
    desk: &Desk,
    context: &Context,
    channel: &Channel,
    stored: &Stored,
    asks: bool,
) -> Result<OrderVerification, Error> {
    let id = stored.shown.id;
    // Its first version is the reading alone; whatever was done or decided has made another.
    if stored.shown.version > 1 {
        return Ok(stored.shown.clone());
    }
    let placed = match stored.intent {
        Intent::Nothing => None,
        Intent::Order | Intent::Draft => match place_intended(db, desk, context, channel, stored) {
            Ok(()) => Some(Ok(stored.intended_order_id)),
            Err(error) if is_passing(&error) => return Err(error),
            Err(error) => Some(Err(reasons_of(&error, &stored.shown.reading))),
        },
    };
    db.write_blocking(|connection| {
        let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
        // A person may have decided meanwhile, or another worker gone before.
        if current.shown.version > 1 {
            return Ok(current.shown);
        }
        let mut reasons = current.shown.reasons.clone();
        let (status, order_id) = match &placed {
            Some(Ok(order_id)) => (current.shown.status, Some(*order_id)),
            Some(Err(told)) => {
                reasons.extend(told.iter().filter(|reason| !reasons.contains(reason)).cloned().collect::<Vec<_>>());
                (VerificationStatus::Open, None)
            }
            None => (current.shown.status, None),
        };
        store::decide(connection, context, id, &Decision { status, reasons: &reasons, order_id, detail: None, by_person: false })?;
        let verification = get(connection, context.organization_id, id)?;
        let said = match (status, order_id) {
            (VerificationStatus::Automatic, Some(order_id)) => Some(Said::Placed(number_of(connection, context, order_id)?)),
            _ if asks => Some(Said::Asked(verification.reasons.clone())),
            _ => None,
        };
        let event_type = if status == VerificationStatus::Automatic { "order_verification.passed" } else { "order_verification.opened" };
        events::append(connection, context, &[event(event_type, &verification)])?;
        if let Some(said) = said {
            answer(connection, context, &current, order_id, &said)?;
        }
        Ok(verification)
    })
}

fn place_intended(db: &Db, desk: &Desk, context: &Context, channel: &Channel, stored: &Stored) -> Result<(), Error> {
    let is_draft = stored.intent == Intent::Draft;
    // A draft may be replaced by another order, which could not take its place under the same external id.
    let external_id = (!is_draft).then_some(stored.shown.external_id.as_str());
    let body = stored.shown.proposal.order(&channel.code, external_id, stored.message_id.as_deref(), is_draft)?;
    body.check()?;
    db.read_blocking(|connection| {
        // It may be there already, of a try that ended before it could tell.
        if orders::numbers(connection, context.organization_id, &[stored.intended_order_id])?.contains_key(&stored.intended_order_id) {
            return Ok(());
        }
        let number = next_number(connection, &desk.numbers, context.organization_id)?;
        let request = Request {
            order_id: stored.intended_order_id,
            number,
            body: body.clone(),
            may_price: true,
            dates: Dates::AsTold,
            historical: false,
        };
        let hash = fingerprint("", stored.shown.external_id.as_bytes());
        let request = PlaceRequest::new(request, None, &hash);
        let outcome = place(connection, &desk.master_data, context, &[&request])?.pop();
        outcome.unwrap_or_else(|| Err(Error::internal("an order without outcome"))).map(|_| ())
    })
}

/// What may be otherwise in a moment, and says nothing of the order.
pub fn is_passing(error: &Error) -> bool {
    matches!(
        error,
        Error::Conflict { code: "idempotency_in_flight", .. } | Error::Unavailable { .. } | Error::Internal(_) | Error::Database(_)
    ) || error.is_transient()
        || error.is_lock_timeout()
        || error.is_broken_connection()
}

fn number_of(connection: &mut PgConnection, context: &Context, id: OrderId) -> Result<String, Error> {
    let mut numbers = orders::numbers(connection, context.organization_id, &[id])?;
    numbers.remove(&id).ok_or_else(|| Error::internal("a verification without its order"))
}

/// What a person wants it to be. Id and number are for an order that is placed anew; made before the transaction.
#[derive(Clone, Debug)]
pub struct Acceptance {
    pub order: Option<ProposedOrder>,
    /// Scope `orders:price`.
    pub may_price: bool,
    pub order_id: OrderId,
    pub number: String,
}

/// Lets it become an order.
pub fn accept(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    id: OrderVerificationId,
    acceptance: &Acceptance,
    precondition: &Precondition,
) -> Result<OrderVerification, Error> {
    let current = open(connection, context, id, "accept", precondition)?;
    let draft = draft_of(connection, context, &current, "accept")?;
    let order_id = match (&acceptance.order, draft) {
        (None, Some(draft)) => {
            confirm(connection, context, draft, &Precondition::Any)?;
            draft
        }
        (wanted, draft) => {
            let wanted = wanted.as_ref().unwrap_or(&current.shown.proposal);
            let body = wanted.order(&current.shown.channel, None, current.message_id.as_deref(), false)?;
            body.check().map_err(in_body)?;
            cancel_draft(connection, context, draft)?;
            let request = Request {
                order_id: acceptance.order_id,
                number: acceptance.number.clone(),
                body,
                may_price: acceptance.may_price,
                dates: Dates::AsTold,
                historical: false,
            };
            place_within(connection, cache, context, &PlaceRequest::new(request, None, &[])).map_err(|error| match error {
                Error::Invalid(faults) => in_body(faults),
                other => other,
            })?;
            acceptance.order_id
        }
    };
    let decision = Decision {
        status: VerificationStatus::Accepted,
        reasons: &current.shown.reasons,
        order_id: Some(order_id),
        detail: None,
        by_person: true,
    };
    store::decide(connection, context, id, &decision)?;
    let verification = get(connection, context.organization_id, id)?;
    events::append(connection, context, &[event("order_verification.accepted", &verification)])?;
    let said = Said::Placed(number_of(connection, context, order_id)?);
    answer(connection, context, &current, Some(order_id), &said)?;
    Ok(verification)
}

/// Faults of the order stand in the body's `order`.
fn in_body(faults: Vec<crate::types::fault::Fault>) -> Error {
    Error::Invalid(
        faults.into_iter().map(|fault| crate::types::fault::Fault { pointer: format!("/order{}", fault.pointer), ..fault }).collect(),
    )
}

/// Makes no order of it.
pub fn reject(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderVerificationId,
    body: &RejectVerification,
    precondition: &Precondition,
) -> Result<OrderVerification, Error> {
    let mut faults = Faults::new();
    check_prose(&mut faults, "/detail", &body.detail, 500);
    faults.into_result()?;
    let current = open(connection, context, id, "reject", precondition)?;
    let draft = draft_of(connection, context, &current, "reject")?;
    cancel_draft(connection, context, draft)?;
    let decision = Decision {
        status: VerificationStatus::Rejected,
        reasons: &current.shown.reasons,
        order_id: current.shown.order_id,
        detail: Some(&body.detail),
        by_person: true,
    };
    store::decide(connection, context, id, &decision)?;
    let verification = get(connection, context.organization_id, id)?;
    events::append(connection, context, &[event("order_verification.rejected", &verification)])?;
    if body.reply {
        answer(connection, context, &current, None, &Said::Rejected(body.detail.clone()))?;
    }
    Ok(verification)
}

fn open(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderVerificationId,
    action: &'static str,
    precondition: &Precondition,
) -> Result<Stored, Error> {
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.shown.version)?;
    match current.shown.status {
        // One whose draft is still being made is not open yet.
        VerificationStatus::Open if current.intent == Intent::Nothing => Ok(current),
        VerificationStatus::Open | VerificationStatus::Accepted | VerificationStatus::Rejected | VerificationStatus::Automatic => {
            Err(Error::invalid_transition(current.shown.status.as_str(), action, &[]))
        }
    }
}

/// Its draft, while it is one; a cancelled one is none any more, and one that somebody has confirmed is an order already.
fn draft_of(connection: &mut PgConnection, context: &Context, current: &Stored, action: &'static str) -> Result<Option<OrderId>, Error> {
    let Some(id) = current.shown.order_id else { return Ok(None) };
    let order =
        orders::find(connection, context.organization_id, id)?.ok_or_else(|| Error::internal("a verification without its draft"))?;
    match order.status {
        OrderStatus::Draft => Ok(Some(id)),
        OrderStatus::Cancelled => Ok(None),
        OrderStatus::OnHold | OrderStatus::Confirmed | OrderStatus::Completed => {
            Err(Error::invalid_transition(order.status.as_str(), action, &[]))
        }
    }
}

fn cancel_draft(connection: &mut PgConnection, context: &Context, draft: Option<OrderId>) -> Result<(), Error> {
    let Some(id) = draft else { return Ok(()) };
    let reason = CancelReason { code: CancelCode::Duplicate, detail: Some("its verification was decided otherwise".to_owned()) };
    cancel(connection, context, id, &CancelRequest { reason, lines: None, dry_run: false }, &Precondition::Any)?;
    Ok(())
}

/// Queues the answer, where the organization sends any.
fn answer(connection: &mut PgConnection, context: &Context, stored: &Stored, order_id: Option<OrderId>, said: &Said) -> Result<(), Error> {
    let shown = &stored.shown;
    let Some(recipient) = shown.sender.as_deref().filter(|_| stored.answerable) else { return Ok(()) };
    let source_id = match said {
        Said::Asked(_) => shown.id.0,
        // One last word, whichever it is.
        Said::Placed(_) | Said::Rejected(_) => stored.intended_order_id.0,
    };
    let reply = Reply {
        source_id,
        recipient,
        recipient_name: shown.sender_name.as_deref(),
        subject: &shown.subject,
        message_id: stored.message_id.as_deref(),
        references: &stored.references,
        order_id,
        customer_id: shown.customer_id,
        said,
    };
    replies::queue(connection, context, &reply)
}

/// What a person is told of a reading that is open.
pub fn summary(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(", ")
}
