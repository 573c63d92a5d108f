//! Buyers without an account. One e-mail address makes one guest, however many orders name it at once.

use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use std::collections::HashMap;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: CustomerId,
    #[diesel(sql_type = Text)]
    email: String,
}

/// A buyer who is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGuest {
    pub id: CustomerId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub currency: Currency,
}

/// Inserts the guests that are not there yet and tells the id that each wanted guest has in the end. A claim per e-mail address
/// (kind `u`) makes a second transaction wait for the first.
pub fn create(connection: &mut PgConnection, context: &Context, wanted: &[&NewGuest]) -> QueryResult<HashMap<CustomerId, CustomerId>> {
    let mut emails: Vec<String> = wanted.iter().filter_map(|guest| guest.email.as_ref()).map(|email| email.to_lowercase()).collect();
    emails.sort();
    emails.dedup();
    sql("INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
         SELECT $1, 'u', e.email, $1, '', 200, $3 FROM unnest($2::text[]) AS e(email) ORDER BY e.email COLLATE \"C\" \
         ON CONFLICT (organization_id, kind, key) DO UPDATE SET created_at = EXCLUDED.created_at")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(&emails)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    let found: Vec<Found> = sql("SELECT DISTINCT ON (lower(email)) id, lower(email) AS email FROM customer \
         WHERE organization_id = $1 AND lower(email) = ANY($2) ORDER BY lower(email), created_at, id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(&emails)
    .load(connection)?;
    let mut known: HashMap<String, CustomerId> = found.into_iter().map(|row| (row.email, row.id)).collect();
    let mut ids = HashMap::new();
    let mut new = vec![];
    for guest in wanted {
        let email = guest.email.as_ref().map(|email| email.to_lowercase());
        let id = email.as_ref().and_then(|email| known.get(email)).copied();
        if id.is_none() {
            new.push(*guest);
            email.map(|email| known.insert(email, guest.id));
        }
        ids.insert(guest.id, id.unwrap_or(guest.id));
    }
    insert(connection, context, &new)?;
    sql("UPDATE claim c SET subject_id = k.id FROM unnest($2::text[], $3::uuid[]) AS k(email, id) \
         WHERE c.organization_id = $1 AND c.kind = 'u' AND c.key = k.email AND c.subject_id <> k.id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(known.keys().collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(known.values().collect::<Vec<_>>())
    .execute(connection)?;
    Ok(ids)
}

fn insert(connection: &mut PgConnection, context: &Context, guests: &[&NewGuest]) -> QueryResult<()> {
    if guests.is_empty() {
        return Ok(());
    }
    sql("INSERT INTO customer (organization_id, id, name, kind, guest, email, phone, currency, created_at, updated_at) \
         SELECT $1, g.id, g.name, 'person', true, g.email, g.phone, g.currency, $2, $2 \
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS g(id, name, email, phone, currency)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<SqlUuid>, _>(guests.iter().map(|guest| guest.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(guests.iter().map(|guest| guest.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(guests.iter().map(|guest| guest.email.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(guests.iter().map(|guest| guest.phone.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(guests.iter().map(|guest| guest.currency).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}
