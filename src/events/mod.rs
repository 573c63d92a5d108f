//! The event feed: each committed change has its event, written in the transaction of the change.

pub mod api;
pub mod body;
/// What events there are.
pub mod catalogue;
pub mod event;
pub mod feed;
/// For jobs that work on what has happened.
pub mod follow;
pub mod position;
mod readable;
mod store;
/// The feed as it happens.
pub mod stream;

use crate::auth::actor::Context;
use crate::platform::sql::Sql;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use event::NewEvent;

pub use readable::scope_of;

/// Appends the events of a change. Call it after all row locks of the transaction have been taken, so that ids follow the
/// order of changes; it takes the feed's fence before it draws the first id.
pub fn append(connection: &mut PgConnection, context: &Context, events: &[NewEvent]) -> QueryResult<()> {
    store::append(connection, context, events)
}

/// What [`append`] runs, for a change whose last writes go to the database as one statement; `events` must not be empty.
pub fn statement<'a>(context: &'a Context, events: &'a [NewEvent]) -> Sql<'a> {
    store::statement(context, events)
}
