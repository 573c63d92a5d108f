//! Hand-written SQL that diesel prepares once and caches by its text.
//!
//! `diesel::sql_query` is parsed and planned anew at each call. This is the same idea with the same `$1` placeholders, but it
//! lets diesel keep the prepared statement per connection. Texts must therefore come from a small closed set: build them from
//! constants, never from values.

use diesel::expression::{AsExpression, IntoSql};
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{SingleValue, SqlType, Untyped};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// A statement with its values. Load it into `#[derive(QueryableByName)]` rows or `execute` it.
pub struct Sql<'a> {
    text: Cow<'static, str>,
    values: Vec<Box<dyn QueryFragment<Pg> + 'a>>,
    cached: bool,
}

/// Starts a statement. `$1` is the first value bound, and so on; a placeholder may occur more than once.
pub fn sql<'a>(text: impl Into<Cow<'static, str>>) -> Sql<'a> {
    Sql { text: text.into(), values: Vec::new(), cached: true }
}

/// As [`sql`], for a text that varies with the request (filters): planned for its values each time, and not kept.
pub fn sql_uncached<'a>(text: String) -> Sql<'a> {
    Sql { text: text.into(), values: Vec::new(), cached: false }
}

/// A `jsonb` value as ours; what is not of its shape is a fault of what was stored.
pub fn from_json<T: DeserializeOwned>(value: Value) -> QueryResult<T> {
    serde_json::from_value(value).map_err(|error| Error::DeserializationError(error.into()))
}

/// A value of ours as `jsonb`.
pub fn to_json(value: &impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| Error::SerializationError(error.into()))
}

impl<'a> Sql<'a> {
    /// Binds the next value with its SQL type.
    pub fn bind<ST, V>(mut self, value: V) -> Self
    where
        ST: SqlType + SingleValue,
        V: AsExpression<ST>,
        V::Expression: QueryFragment<Pg> + 'a,
    {
        self.values.push(Box::new(value.into_sql::<ST>()));
        self
    }
}

impl QueryId for Sql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql<'_> {
    type SqlType = Untyped;
}

impl diesel::RunQueryDsl<PgConnection> for Sql<'_> {}

impl QueryFragment<Pg> for Sql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        let mut rest = self.text.as_ref();
        while let Some(at) = rest.find('$') {
            let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let index: Option<usize> = rest[at + 1..at + 1 + digits].parse().ok();
            match index.and_then(|index| self.values.get(index.wrapping_sub(1))) {
                Some(value) => {
                    out.push_sql(&rest[..at]);
                    value.walk_ast(out.reborrow())?;
                }
                None => out.push_sql(&rest[..at + 1 + digits]),
            }
            rest = &rest[at + 1 + digits..];
        }
        out.push_sql(rest);
        Ok(())
    }
}
