//! Work that is done to see what it comes to.

use crate::error::Error;
use diesel::Connection;
use diesel::pg::PgConnection;

/// What `work` comes to, without what it has written: a transaction, or a savepoint within one, that is rolled back in any case. An
/// error is that of `work`.
pub fn undone<T>(connection: &mut PgConnection, work: impl FnOnce(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
    enum End<T> {
        Seen(T),
        Failed(Error),
    }
    impl<T> From<diesel::result::Error> for End<T> {
        fn from(error: diesel::result::Error) -> Self {
            Self::Failed(error.into())
        }
    }
    let end = connection.transaction(|connection| -> Result<(), End<T>> { Err(work(connection).map_or_else(End::Failed, End::Seen)) });
    match end {
        Err(End::Seen(seen)) => Ok(seen),
        Err(End::Failed(error)) => Err(error),
        Ok(()) => Err(Error::internal("a dry run that was not undone")),
    }
}
