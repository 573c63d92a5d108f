//! A request that is sent twice takes effect once (IETF draft `Idempotency-Key`). Claim, effect and stored answer are one
//! transaction; a refused request stores nothing, so that it runs afresh.

use super::canonical::Canonical;
use crate::error::Error;
use crate::platform::http::Answer;
use crate::platform::sql::sql;
use crate::platform::stored_answer;
use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The caller's key in its scope, with the fingerprint of what came with it.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub organization_id: Uuid,
    /// caller, path and key; the method is always POST
    pub key: String,
    /// SHA-256 of query and canonical JSON
    pub hash: Vec<u8>,
    pub at: DateTime<Utc>,
}

/// SHA-256 over the query and the body with sorted keys, so that the order of members does not matter.
pub fn fingerprint(query: &str, body: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(query.len() + body.len() * 2);
    canonical.extend_from_slice(query.as_bytes());
    canonical.push(b'\n');
    match serde_json::from_slice::<Canonical>(body) {
        Ok(value) => value.write(&mut canonical),
        Err(_) => canonical.extend_from_slice(body),
    }
    digest::digest(&digest::SHA256, &canonical).as_ref().to_vec()
}

/// The parts of an answer that are stored beside its body.
#[derive(Serialize, Deserialize, Default)]
pub struct StoredHeaders {
    pub location: Option<String>,
    pub version: Option<i64>,
}

#[derive(QueryableByName)]
struct ClaimRow {
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = SmallInt)]
    status: i16,
    #[diesel(sql_type = Nullable<Binary>)]
    answer: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    headers: Option<String>,
}

/// Runs `effect` at most once for `key`: the first caller's 2xx answer is stored in the transaction of its effect and
/// repeated to all later ones. Call it inside `Db::write`. Without a key it just runs `effect`.
pub fn once(
    connection: &mut PgConnection,
    key: Option<&IdempotencyKey>,
    effect: impl FnOnce(&mut PgConnection) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    let Some(key) = key else { return effect(connection) };
    if let Some(answer) = claim(connection, key, OPEN)? {
        return Ok(answer);
    }
    let answer = effect(connection)?;
    settle(connection, key, &answer)?;
    Ok(answer)
}

/// As [`once`] for an answer that shows a secret: only the claim is kept, so that a repeated request is told 409
/// `secret_already_shown` and the secret is stored nowhere in clear.
pub fn once_secret(
    connection: &mut PgConnection,
    key: Option<&IdempotencyKey>,
    effect: impl FnOnce(&mut PgConnection) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    let Some(key) = key else { return effect(connection) };
    // Nothing but that there was an answer is kept, so the claim is written as it will stay.
    match claim(connection, key, CREATED)? {
        Some(answer) => Ok(answer),
        None => effect(connection),
    }
}

/// The status of a claim whose answer is still to come; no committed claim has it.
const OPEN: i16 = 0;
const CREATED: i16 = 201;

/// Notes what the claim came to.
fn settle(connection: &mut PgConnection, key: &IdempotencyKey, answer: &Answer) -> Result<(), Error> {
    let body = stored_answer::compress(&answer.body);
    let headers =
        serde_json::to_string(&StoredHeaders { location: answer.location.clone(), version: answer.version }).map_err(Error::internal)?;
    sql("UPDATE claim SET status = $3, answer = $4, headers = $5 WHERE organization_id = $1 AND kind = 'k' AND key = $2")
        .bind::<SqlUuid, _>(key.organization_id)
        .bind::<Text, _>(&key.key)
        .bind::<SmallInt, _>(i16::try_from(answer.status).unwrap_or(200))
        .bind::<Binary, _>(body)
        .bind::<Text, _>(headers)
        .execute(connection)?;
    Ok(())
}

/// Claims the key, or answers with what it got before.
fn claim(connection: &mut PgConnection, key: &IdempotencyKey, status: i16) -> Result<Option<Answer>, Error> {
    let inserted = sql("INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
         VALUES ($1, 'k', $2, $3, $4, $6, $5) ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<Text, _>(&key.key)
    .bind::<SqlUuid, _>(Uuid::nil())
    .bind::<Binary, _>(&key.hash)
    .bind::<Timestamptz, _>(key.at)
    .bind::<SmallInt, _>(status)
    .execute(connection)
    .map_err(|error| in_flight(error.into()))?;
    if inserted == 1 {
        return Ok(None);
    }
    match answered(connection, Some(key))? {
        Some(answer) => Ok(Some(answer)),
        None => Err(Error::conflict("idempotency_in_flight", "the same key is being worked on; try again")),
    }
}

/// The answer that a key got before, without claiming it: for work of several transactions, whose last one is [`once`].
pub fn answered(connection: &mut PgConnection, key: Option<&IdempotencyKey>) -> Result<Option<Answer>, Error> {
    let Some(key) = key else { return Ok(None) };
    let row: Option<ClaimRow> =
        sql("SELECT hash, status, answer, headers FROM claim WHERE organization_id = $1 AND kind = 'k' AND key = $2")
            .bind::<SqlUuid, _>(key.organization_id)
            .bind::<Text, _>(&key.key)
            .get_result(connection)
            .optional()?;
    row.map(|row| replay(&row.hash, &key.hash, row.status, row.answer, row.headers)).transpose()
}

/// A wait for a twin in flight that ended by time is the caller's to repeat. Only for errors of statements that wait for nothing
/// but claims.
pub fn in_flight(error: Error) -> Error {
    if error.is_lock_timeout() {
        return Error::conflict("idempotency_in_flight", "the same key is being worked on; try again");
    }
    error
}

/// As [`in_flight`] after statements that wait for other rows too: only where one of the claims (kind and key) is held by a
/// transaction under way is the wait told as that of a twin; else it is the plain 503 of a busy row. Not in a transaction.
pub fn lock_wait(connection: &mut PgConnection, organization_id: Uuid, claims: &[(&str, &str)], error: Error) -> Error {
    if !error.is_lock_timeout() {
        return error;
    }
    match is_claimed_elsewhere(connection, organization_id, claims) {
        Ok(true) => in_flight(error),
        Ok(false) => error,
        Err(failure) => failure,
    }
}

/// Tries to make the claims and gives them up again; whoever makes one meanwhile would have to be waited for.
fn is_claimed_elsewhere(connection: &mut PgConnection, organization_id: Uuid, claims: &[(&str, &str)]) -> Result<bool, Error> {
    let (kinds, keys): (Vec<&str>, Vec<&str>) = claims.iter().copied().unzip();
    let tried: Result<(), Error> = connection.transaction(|connection| {
        connection.batch_execute("SET LOCAL lock_timeout = '1ms'")?;
        sql("INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
             SELECT $1, c.kind, c.key, $1, '', 0, now() FROM unnest($2::text[], $3::text[]) AS c(kind, key) \
             ORDER BY c.kind COLLATE \"C\", c.key COLLATE \"C\" ON CONFLICT DO NOTHING")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Text>, _>(&keys)
        .execute(connection)?;
        Err(diesel::result::Error::RollbackTransaction.into())
    });
    match tried {
        Err(error) if error.is_lock_timeout() => Ok(true),
        Ok(()) | Err(Error::Database(diesel::result::Error::RollbackTransaction)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The stored answer, or 422 where the key came with another request.
pub fn replay(stored: &[u8], given: &[u8], status: i16, answer: Option<Vec<u8>>, headers: Option<String>) -> Result<Answer, Error> {
    if stored != given {
        return Err(Error::invalid("", "idempotency_key_reused", "this Idempotency-Key was used with another request; use a new one"));
    }
    let Some(answer) = answer else {
        return Err(Error::conflict("secret_already_shown", "a secret is shown once; make a new one"));
    };
    let headers: StoredHeaders = headers.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(Answer {
        status: u16::try_from(status).unwrap_or(200),
        body: stored_answer::decompress(&answer)?,
        location: headers.location,
        version: headers.version,
        replayed: true,
        content_type: "application/json",
    })
}

/// Forgets stored answers that are older than `before`, at most `limit` a call, the oldest first. External ids stay claimed. The
/// condition is that of the index `claim_by_age`, which knows nothing of them, so that a call costs what it deletes.
pub fn purge(connection: &mut PgConnection, before: DateTime<Utc>, limit: usize) -> Result<usize, Error> {
    let purged = sql("DELETE FROM claim WHERE ctid = ANY (ARRAY( \
         SELECT ctid FROM claim WHERE kind <> 'x' AND created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))")
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(limit as i64)
    .execute(connection)?;
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_ignores_the_order_of_members_and_white_space() {
        let a = fingerprint("x=1", br#"{"a":1,"b":{"c":[1,2],"d":"e"}}"#);
        assert_eq!(a, fingerprint("x=1", br#"{ "b": {"d":"e","c":[1,2]}, "a":1 }"#));
        assert_ne!(a, fingerprint("x=2", br#"{"a":1,"b":{"c":[1,2],"d":"e"}}"#));
        assert_ne!(a, fingerprint("x=1", br#"{"a":1,"b":{"c":[2,1],"d":"e"}}"#));
    }
}
