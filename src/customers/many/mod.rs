//! Many customers at once, by code: in a number of statements that does not grow with them. Those with a credit limit go one by one,
//! since the lock on their balances comes before that on the customers.

mod store;

use super::body::{Customer, PutCustomer};
use super::service;
use super::store::References;
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::platform::http::Precondition;
use crate::types::bulk::BulkOutcome;
use crate::types::id::{CustomerId, OrganizationId};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// A customer to create or replace.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it gets where it is new.
    pub new_id: CustomerId,
    /// Names it where it has no code.
    pub known_id: Option<CustomerId>,
    pub body: PutCustomer,
}

impl Row {
    /// What names it; two rows of one name must not be in one call.
    pub fn name(&self) -> String {
        match (&self.body.code, self.known_id) {
            (Some(code), _) => format!("code {code}"),
            (None, Some(id)) => format!("id {id}"),
            (None, None) => format!("new {}", self.new_id),
        }
    }
}

/// What became of one of them.
pub type Outcome = Result<(CustomerId, BulkOutcome), Error>;

/// Customers by id or code, perhaps with those who pay for them.
pub fn find(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[CustomerId],
    codes: &[&str],
) -> diesel::QueryResult<Vec<Customer>> {
    super::store::by_ids_and_codes(connection, organization_id, ids, codes)
}

/// Creates or replaces customers, each with an outcome of its own: a refused one changes nothing and refuses no other. Errors are the
/// database's. Each name once; see [`Row::name`].
pub fn put_all(connection: &mut PgConnection, context: &Context, rows: &[Row]) -> Result<Vec<Outcome>, Error> {
    // Where the caller may not change what decides of credit, each is compared with what is there.
    let compared = !context.permissions.contains(Permission::PAYMENTS_WRITE);
    let (alone, together): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).partition(|i| compared || rows[*i].body.code.is_none() || rows[*i].body.credit_limit.is_some());
    let mut outcomes: Vec<Option<Outcome>> = rows.iter().map(|_| None).collect();
    let with_balance = put_together(connection, context, rows, &together, &mut outcomes)?;
    for i in alone.into_iter().chain(with_balance) {
        let one = connection.transaction(|connection| put_alone(connection, context, &rows[i]));
        outcomes[i] = Some(match one {
            Err(error) if error.is_transient() || error.is_broken_connection() || error.is_lock_timeout() => return Err(error),
            one => one,
        });
    }
    outcomes.into_iter().map(|outcome| outcome.ok_or_else(|| Error::internal("a customer without an outcome"))).collect()
}

/// Those among `places` that have no balance. Answers the others.
fn put_together(
    connection: &mut PgConnection,
    context: &Context,
    rows: &[Row],
    places: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<Vec<usize>, Error> {
    if places.is_empty() {
        return Ok(vec![]);
    }
    let codes: Vec<&str> = places.iter().filter_map(|i| rows[*i].body.code.as_deref()).collect();
    let payers: Vec<CustomerId> = places.iter().filter_map(|i| rows[*i].body.bill_to_customer_id).collect();
    let known = store::lock(connection, context.organization_id, &codes, &payers)?;
    let by_code: HashMap<&str, &store::Known> = known.iter().filter_map(|known| Some((known.code.as_deref()?, known))).collect();
    let by_id: HashMap<CustomerId, &store::Known> = known.iter().map(|known| (known.id, known)).collect();
    let terms: HashSet<&str> = places.iter().map(|i| rows[*i].body.payment_terms()).collect();
    let company = store::company(connection, context.organization_id, &terms.into_iter().collect::<Vec<_>>())?;

    let (mut with_balance, mut fine) = (vec![], vec![]);
    for &i in places {
        let row = &rows[i];
        let current = row.body.code.as_deref().and_then(|code| by_code.get(code).copied());
        if current.is_some_and(|current| current.has_balance) {
            with_balance.push(i);
            continue;
        }
        let id = current.map_or(row.new_id, |current| current.id);
        let payer = row.body.bill_to_customer_id.and_then(|payer| by_id.get(&payer).copied());
        let references = References {
            base_currency: company.base_currency,
            terms_known: company.terms.iter().any(|known| known == row.body.payment_terms()),
            payer_known: payer.is_some(),
            payer_is_paid_for: payer.is_some_and(|payer| payer.has_payer),
            pays_for_others: payer.is_some() && current.is_some_and(|current| current.pays_for_others),
        };
        match service::judge(&row.body, id, &references) {
            Ok(_) => fine.push((i, id)),
            Err(faults) => outcomes[i] = Some(Err(faults.into())),
        }
    }
    let written: Vec<(CustomerId, &PutCustomer)> = fine.iter().map(|(i, id)| (*id, &rows[*i].body)).collect();
    let changed: HashMap<String, (CustomerId, i64)> =
        store::upsert(connection, context, &written)?.into_iter().map(|written| (written.code, (written.id, written.version))).collect();
    let mut told = vec![];
    for (i, id) in fine {
        let body = &rows[i].body;
        // Another call may have made the code its own since we looked.
        let change = body.code.as_ref().and_then(|code| changed.get(code));
        let id = change.map_or(id, |(id, _)| *id);
        let outcome = match change {
            None => BulkOutcome::Unchanged,
            Some((_, 1)) => BulkOutcome::Created,
            Some(_) => BulkOutcome::Updated,
        };
        if let Some((_, version)) = change {
            let event_type = if *version == 1 { "customer.created" } else { "customer.updated" };
            let data = json!({ "code": body.code, "name": body.name, "guest": false, "version": version });
            told.push(NewEvent::of(event_type, "customer", id.0, data));
        }
        outcomes[i] = Some(Ok((id, outcome)));
    }
    events::append(connection, context, &told)?;
    Ok(with_balance)
}

fn put_alone(connection: &mut PgConnection, context: &Context, row: &Row) -> Outcome {
    let version = |customer: &Customer| customer.version;
    match (&row.body.code, row.known_id) {
        (Some(code), _) => {
            let before = service::version_of_code(connection, context.organization_id, code)?;
            let (customer, created) = service::put_by_code(connection, context, row.new_id, code, &row.body, &Precondition::Any, false)?;
            let unchanged = !created && before == Some(version(&customer));
            let outcome = if created { BulkOutcome::Created } else { updated(unchanged) };
            Ok((customer.id, outcome))
        }
        (None, Some(id)) => {
            let (customer, before) = service::put_by_id(connection, context, id, &row.body)?;
            let outcome = match before {
                None => BulkOutcome::Created,
                Some(before) => updated(before == version(&customer)),
            };
            Ok((customer.id, outcome))
        }
        (None, None) => Err(Error::invalid("/code", "required", "a customer is named by its code, or by its id if it has none")),
    }
}

fn updated(unchanged: bool) -> BulkOutcome {
    if unchanged { BulkOutcome::Unchanged } else { BulkOutcome::Updated }
}
