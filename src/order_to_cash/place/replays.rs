//! Orders that were sent before.

use super::prepared::location;
use super::{Outcome, PlaceRequest};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::orders;
use crate::orders::body::OrderBody;
use crate::orders::captured::{self, Claim, HeldClaim};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Answers every order without outcome whose claim is held: by itself (an earlier try whose answer was lost), or by an earlier
/// order (a replay). A refusal counts for nothing there: the earlier order may be what left it without stock. One set query.
pub(super) fn settle_replays(
    connection: &mut PgConnection,
    context: &Context,
    requests: &[&PlaceRequest],
    among: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Error> {
    let unanswered = |i: &usize| match &outcomes[*i] {
        None => true,
        Some(Err(_)) => true,
        Some(Ok(_)) => false,
    };
    let open: Vec<usize> = among.iter().copied().filter(unanswered).collect();
    let claims: Vec<(Uuid, OrderId, &Claim)> = open.iter().flat_map(|i| requests[*i].own_claims(context)).collect();
    if claims.is_empty() {
        return Ok(());
    }
    let held: HashMap<(String, String), HeldClaim> =
        captured::held_claims(connection, &claims)?.into_iter().map(|claim| ((claim.kind.clone(), claim.key.clone()), claim)).collect();
    if held.is_empty() {
        return Ok(());
    }
    for i in open {
        let placed = requests[i];
        for claim in &placed.claims {
            if let Some(held) = held.get(&(claim.kind.to_owned(), claim.key.clone())) {
                outcomes[i] = Some(replay(connection, context, placed, claim, held));
                break;
            }
        }
    }
    Ok(())
}

fn replay(connection: &mut PgConnection, context: &Context, placed: &PlaceRequest, claim: &Claim, held: &HeldClaim) -> Outcome {
    let ours = held.subject_id == placed.request.order_id;
    if claim.kind == "k" {
        let answer = idempotency::replay(&held.hash, &claim.hash, held.status, held.answer.clone(), held.headers.clone())?;
        return Ok(Answer { replayed: !ours, ..answer });
    }
    if !ours && !claim.is_of(&held.hash) {
        let extra = json!({ "order_id": held.subject_id });
        return Err(Error::conflict_with("external_id_conflict", "the channel has sent another order with this external_id", extra));
    }
    let order = orders::find(connection, context.organization_id, held.subject_id)?;
    let order = order.ok_or_else(|| Error::internal("a claim without its order"))?;
    let answer = if ours { Answer::created(location(order.id), &OrderBody::from(&order))? } else { Answer::ok(&OrderBody::from(&order))? };
    Ok(Answer { replayed: !ours, ..answer.with_version(order.version) })
}
