//! Hand-written SQL that diesel prepares once and caches by its text.
//!
//! `diesel::sql_query` is parsed and planned anew at each call. This is the same idea with the same `$1` placeholders, but it
//! lets diesel keep the prepared statement per connection. Texts must therefore come from a small closed set: build them from
//! constants, never from values.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::{AsExpression, IntoSql};
use diesel::pg::{Pg, PgConnection, PgValue};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{Jsonb, SingleValue, SqlType, Text, Untyped};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;

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

/// A statement whose columns are told apart by their places, which saves the search for each column's name in each row: for rows
/// with many columns. Load it into `#[derive(Queryable)]` rows with the fields in the order of the columns.
pub struct Rows<'a, ST> {
    statement: Sql<'a>,
    columns: PhantomData<ST>,
}

impl<'a> Sql<'a> {
    /// Says the types of the columns, in their order.
    pub fn columns<ST>(self) -> Rows<'a, ST> {
        Rows { statement: self, columns: PhantomData }
    }
}

impl<ST: 'static> QueryId for Rows<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Rows<'_, ST> {
    type SqlType = ST;
}

impl<ST> diesel::RunQueryDsl<PgConnection> for Rows<'_, ST> {}

impl<ST> QueryFragment<Pg> for Rows<'_, ST> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.statement.walk_ast(out)
    }
}

/// A `jsonb` or `text` column read straight into its type, without a tree of values between them.
#[derive(Clone, Debug, FromSqlRow)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromSql<Jsonb, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            [1, text @ ..] => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("not the binary form of jsonb".into()),
        }
    }
}

impl<T: DeserializeOwned> FromSql<Text, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

/// Writes that go to the database as one statement, in one round trip. They see the database as it was before all of them, so
/// none may write a row that another one writes or makes; the order in which they run is open, so rows that others contend for
/// must be locked already. Parts that are left out for want of rows give other texts: let there be few of them.
#[derive(Default)]
pub struct Together<'a> {
    parts: Vec<(&'static str, Sql<'a>)>,
}

impl<'a> Together<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an INSERT, UPDATE or DELETE without RETURNING under a name of its own.
    pub fn add(&mut self, name: &'static str, part: Sql<'a>) {
        self.parts.push((name, part));
    }

    pub fn with(mut self, name: &'static str, part: Sql<'a>) -> Self {
        self.add(name, part);
        self
    }

    /// Runs all of it; nothing where there is nothing. Returns how many rows the first part has written.
    pub fn execute(self, connection: &mut PgConnection) -> QueryResult<usize> {
        use diesel::RunQueryDsl;
        #[derive(diesel::QueryableByName)]
        struct Written {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            written: i64,
        }
        let Some((first, _)) = self.parts.first() else { return Ok(0) };
        let first = *first;
        let (mut text, mut values) = (String::from("WITH "), Vec::new());
        for (i, (name, part)) in self.parts.into_iter().enumerate() {
            text.push_str(if i == 0 { "" } else { ", " });
            text.push_str(name);
            text.push_str(" AS (");
            push_shifted(&mut text, &part.text, values.len());
            text.push_str(" RETURNING 1)");
            values.extend(part.values);
        }
        text.push_str(&format!(" SELECT count(*) AS written FROM {first}"));
        let row: Written = Sql { text: text.into(), values, cached: true }.get_result(connection)?;
        Ok(usize::try_from(row.written).unwrap_or(0))
    }
}

/// Appends `part` with each `$n` as `$(n + by)`.
fn push_shifted(text: &mut String, part: &str, by: usize) {
    let mut rest = part;
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        text.push_str(&rest[..=at]);
        match rest[at + 1..at + 1 + digits].parse::<usize>() {
            Ok(index) => text.push_str(&(index + by).to_string()),
            Err(_) => text.push_str(&rest[at + 1..at + 1 + digits]),
        }
        rest = &rest[at + 1 + digits..];
    }
    text.push_str(rest);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_placeholders_of_a_later_part_go_on_counting() {
        let mut text = String::new();
        push_shifted(&mut text, "UPDATE a SET b = $2, c = '$', d = $10 WHERE e = $1", 7);
        assert_eq!(text, "UPDATE a SET b = $9, c = '$', d = $17 WHERE e = $8");
    }
}
