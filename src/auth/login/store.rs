use super::throttle::{AttemptKey, Count};
use crate::platform::sql::sql;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Integer, Nullable, Timestamptz};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    key: Vec<u8>,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Timestamptz)]
    last_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    blocked_until: Option<DateTime<Utc>>,
}

/// The counts of these keys, locked in the order of the keys; what was never tried is opened with none.
pub fn lock(connection: &mut PgConnection, keys: &[AttemptKey]) -> QueryResult<Vec<(Vec<u8>, Count)>> {
    let hashes: Vec<&[u8]> = keys.iter().map(|key| key.hash.as_slice()).collect();
    sql("INSERT INTO login_attempt (key, failures, last_at) SELECT key, 0, '-infinity' FROM unnest($1::bytea[]) AS k(key) ORDER BY key \
         ON CONFLICT DO NOTHING")
    .bind::<Array<Binary>, _>(hashes.clone())
    .execute(connection)?;
    let rows: Vec<Row> = sql("SELECT key, failures, CASE WHEN failures = 0 THEN 'epoch' ELSE last_at END AS last_at, blocked_until \
         FROM login_attempt WHERE key = ANY($1) ORDER BY key FOR UPDATE")
    .bind::<Array<Binary>, _>(hashes)
    .load(connection)?;
    let count = |row: &Row| Count { failures: row.failures, last_at: row.last_at, blocked_until: row.blocked_until };
    Ok(rows.into_iter().map(|row| (row.key.clone(), count(&row))).collect())
}

pub fn save(connection: &mut PgConnection, counts: &[(Vec<u8>, Count)]) -> QueryResult<()> {
    sql("UPDATE login_attempt a SET failures = t.failures, last_at = t.last_at, blocked_until = t.blocked_until \
         FROM unnest($1::bytea[], $2::int4[], $3::timestamptz[], $4::timestamptz[]) AS t(key, failures, last_at, blocked_until) WHERE a.key = t.key")
    .bind::<Array<Binary>, _>(counts.iter().map(|count| count.0.as_slice()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(counts.iter().map(|count| count.1.failures).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(counts.iter().map(|count| count.1.last_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(counts.iter().map(|count| count.1.blocked_until).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

/// Forgets keys that have been quiet since `before`.
pub fn purge(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    sql("DELETE FROM login_attempt WHERE key = ANY (ARRAY( \
         SELECT key FROM login_attempt WHERE last_at < $1 ORDER BY key LIMIT 1000 FOR UPDATE SKIP LOCKED))")
    .bind::<Timestamptz, _>(before)
    .execute(connection)
}
