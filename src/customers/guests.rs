//! Buyers without an account. One e-mail address makes one guest, however many orders name it at once. Where it is also that of an
//! account, the order is in the account's history, and the guest pays.

use crate::auth::actor::Context;
use crate::events::{self, event::NewEvent};
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::json;
use std::collections::{HashMap, HashSet};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: CustomerId,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Bool)]
    guest: bool,
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

/// Guests whose e-mail addresses this transaction has claimed.
#[derive(Debug, Default)]
pub struct ClaimedGuests {
    /// The customer that each wanted guest is in the end, and who pays.
    ids: HashMap<CustomerId, (CustomerId, CustomerId)>,
    /// Who pays, by address in lower case.
    known: HashMap<String, CustomerId>,
    /// Those that are not there yet.
    new: Vec<NewGuest>,
}

impl ClaimedGuests {
    /// The id of the customer that this wanted guest is, or will be: the oldest with the address, an account too.
    pub fn id(&self, wanted: CustomerId) -> Option<CustomerId> {
        self.ids.get(&wanted).map(|(id, _)| *id)
    }

    /// The id of the guest who pays: by an e-mail address alone, no account does.
    pub fn payer(&self, wanted: CustomerId) -> Option<CustomerId> {
        self.ids.get(&wanted).map(|(_, payer)| *payer)
    }
}

/// Finds out who the wanted guests are. A claim per e-mail address (kind `u`) makes a second transaction wait for the first.
/// [`insert`] must follow.
pub fn claim(connection: &mut PgConnection, context: &Context, wanted: &[&NewGuest]) -> QueryResult<ClaimedGuests> {
    let mut claimed = ClaimedGuests::default();
    if wanted.is_empty() {
        return Ok(claimed);
    }
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
    let found: Vec<Found> = sql("SELECT id, lower(email) AS email, guest FROM customer \
         WHERE organization_id = $1 AND lower(email) = ANY($2) ORDER BY lower(email), created_at, id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(&emails)
    .load(connection)?;
    let mut oldest: HashMap<String, CustomerId> = HashMap::new();
    for row in found {
        if row.guest {
            claimed.known.entry(row.email.clone()).or_insert(row.id);
        }
        oldest.entry(row.email).or_insert(row.id);
    }
    for guest in wanted {
        let email = guest.email.as_ref().map(|email| email.to_lowercase());
        let payer = email.as_ref().and_then(|email| claimed.known.get(email)).copied().unwrap_or(guest.id);
        if payer == guest.id {
            claimed.new.push((*guest).clone());
        }
        let known = email.map(|email| {
            claimed.known.insert(email.clone(), payer);
            oldest.get(&email).copied()
        });
        claimed.ids.insert(guest.id, (known.flatten().unwrap_or(payer), payer));
    }
    Ok(claimed)
}

/// Inserts the new guests among `payers`, tells of them, and gives the addresses of the others back: who buys nothing is not stored.
/// Call it when all rows of the transaction are locked.
pub fn insert(connection: &mut PgConnection, context: &Context, claimed: &ClaimedGuests, payers: &HashSet<CustomerId>) -> QueryResult<()> {
    let (bought, gone): (Vec<&NewGuest>, Vec<&NewGuest>) = claimed.new.iter().partition(|guest| payers.contains(&guest.id));
    insert_customers(connection, context, &bought)?;
    let gone: HashSet<CustomerId> = gone.into_iter().map(|guest| guest.id).collect();
    let (left, kept): (Vec<_>, Vec<_>) = claimed.known.iter().partition(|(_, id)| gone.contains(id));
    if !kept.is_empty() {
        sql("UPDATE claim c SET subject_id = k.id FROM unnest($2::text[], $3::uuid[]) AS k(email, id) \
             WHERE c.organization_id = $1 AND c.kind = 'u' AND c.key = k.email AND c.subject_id <> k.id")
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Array<Text>, _>(kept.iter().map(|(email, _)| email.as_str()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(kept.iter().map(|(_, id)| **id).collect::<Vec<_>>())
        .execute(connection)?;
    }
    if !left.is_empty() {
        sql("DELETE FROM claim WHERE organization_id = $1 AND kind = 'u' AND key = ANY($2)")
            .bind::<SqlUuid, _>(context.organization_id)
            .bind::<Array<Text>, _>(left.iter().map(|(email, _)| email.as_str()).collect::<Vec<_>>())
            .execute(connection)?;
    }
    Ok(())
}

fn insert_customers(connection: &mut PgConnection, context: &Context, guests: &[&NewGuest]) -> QueryResult<()> {
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
    let event = |guest: &&NewGuest| {
        let data = json!({ "code": null, "name": guest.name, "guest": true, "version": 1 });
        NewEvent::of("customer.created", "customer", guest.id.0, data)
    };
    events::append(connection, context, &guests.iter().map(event).collect::<Vec<_>>())
}
