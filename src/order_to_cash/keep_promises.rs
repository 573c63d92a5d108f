//! Promises follow supply: when it slips, shrinks, comes early or is taken by somebody else's leaving, the lines that wait for the
//! product are promised anew in fair order.

use super::promise_events::{Cause, promise_changed};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::incoming::pool::SupplyPool;
use crate::orders::change;
use crate::orders::outlook::Outlook;
use crate::orders::peg::PromiseCause;
use crate::orders::pegs::{self, Review};
use crate::orders::promise;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;

/// Asks for reviews of what is pegged to supply that has not come on its day. It promises nothing any more, until somebody gives it
/// a new day.
pub fn review_overdue(connection: &mut PgConnection, context: &Context) -> Result<(), Error> {
    let company = pegs::company(connection, context.organization_id)?;
    Ok(pegs::ask_review_of_overdue(connection, context.organization_id, company.local_date(context.now))?)
}

/// Promises the lines that wait for one product anew, if a review of any has been asked for. Call it until it says that there was
/// none. Safe in several processes at once: each takes other reviews.
pub fn keep_promises(connection: &mut PgConnection, context: &Context) -> Result<bool, Error> {
    let organization_id = context.organization_id;
    let reviews = pegs::take_reviews(connection, organization_id)?;
    let Some((sku, cause)) = cause_of(&reviews) else { return Ok(false) };
    let company = pegs::company(connection, organization_id)?;
    let today = company.local_date(context.now);
    if cause.code == PromiseCause::Backordered && !pegs::is_worth_reviewing(connection, organization_id, sku, today)? {
        return Ok(true);
    }
    let planned = pegs::plan_anew(connection, context, sku, today)?;
    pegs::write(connection, context, &planned.before, &planned.after)?;
    let ids: Vec<OrderId> = planned.orders;
    if ids.is_empty() {
        return Ok(true);
    }
    let mut changes = change::lock_all(connection, organization_id, &ids)?;
    let outlook = Outlook::new(company, SupplyPool::default(), pegs::of_orders(connection, organization_id, &ids)?);
    for change in &mut changes {
        promise::date_by(&mut change.after, &outlook, context);
    }
    changes.retain(|change| change.after != change.before);
    change::save(connection, context, &mut changes, context.now)?;
    let told: Vec<NewEvent> = changes.iter().filter_map(|change| promise_changed(change, cause)).collect();
    events::append(connection, context, &told)?;
    Ok(true)
}

/// What is told as the cause where several came together: what the supply has done last, else what orders have.
fn cause_of(reviews: &[Review]) -> Option<(&str, Cause)> {
    let by_orders = |cause: PromiseCause| matches!(cause, PromiseCause::DemandFreed | PromiseCause::Overtaken | PromiseCause::Backordered);
    let rank = |review: &Review| (!by_orders(review.cause), review.cause != PromiseCause::Backordered, review.id);
    let last = reviews.iter().max_by_key(|review| rank(review))?;
    Some((&last.sku, Cause { code: last.cause, incoming_id: last.incoming_id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_supply_did_is_told_before_what_orders_did() {
        let review = |id, cause| Review { id, sku: "A".into(), cause, incoming_id: None };
        let told = |reviews: &[Review]| cause_of(reviews).map(|(_, cause)| cause.code);
        assert_eq!(told(&[]), None);
        let reviews =
            [review(1, PromiseCause::SupplyDelayed), review(2, PromiseCause::SupplyReduced), review(3, PromiseCause::DemandFreed)];
        assert_eq!(told(&reviews), Some(PromiseCause::SupplyReduced));
        assert_eq!(told(&reviews[2..]), Some(PromiseCause::DemandFreed));
    }
}
