//! What a command would come to: the command itself, run in a savepoint that is rolled back, and what lies between before and
//! after. So a dry run can neither promise nor refuse anything else than the command.

pub mod difference;
mod store;

use crate::auth::actor::Context;
use crate::catalog::coupons::service as coupons;
use crate::error::Error;
use crate::orders;
use crate::orders::change;
use crate::platform::http::Precondition;
use crate::platform::undone::undone;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;
use difference::{DryRun, Standing};

/// Runs `command`, which changes this one order, says what it has changed, and undoes it. Refusals are the command's. Where there
/// is no such order, what the command says of that.
pub fn dry_run(
    connection: &mut PgConnection,
    context: &Context,
    order_id: OrderId,
    command: impl FnOnce(&mut PgConnection) -> Result<(), Error>,
) -> Result<DryRun, Error> {
    // Under the order's lock nothing else moves between the two looks.
    change::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let before = standing(connection, context.organization_id, order_id)?;
    let after = undone(connection, |connection| {
        command(connection)?;
        standing(connection, context.organization_id, order_id)
    })?;
    Ok(difference::difference(&before, &after))
}

fn standing(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> Result<Standing, Error> {
    let order = orders::find(connection, organization_id, order_id)?.ok_or(Error::not_found("order"))?;
    let documents = store::documents(connection, organization_id, order_id)?;
    let moved = store::moved(connection, organization_id, order_id)?;
    let coupons = coupons::uses_of(connection, organization_id, order_id)?;
    Ok(Standing { order, documents, moved, coupons })
}
