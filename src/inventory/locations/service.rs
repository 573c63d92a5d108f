use super::body::{Location, PatchLocation, PutLocation, RankedLocation};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::organization::profile::body::WorkingDay;
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::id::{LocationId, OrganizationId};
use crate::types::page::{Changed, Page, encode_cursor};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;
use std::collections::BTreeMap;

/// Creates or replaces the location `code`; one that stays as it is keeps its version. The flag tells whether it is new.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    body: &PutLocation,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(Location, bool), Error> {
    body.check()?;
    let current = store::lock(connection, context.organization_id, code)?;
    match &current {
        Some(location) if create_only => return Err(Error::Stale { current: location.version }),
        Some(location) => precondition.check(location.version)?,
        None if *precondition != Precondition::Any => return Err(Error::not_found("location")),
        None => {}
    }
    let wanted = wanted(context, code, current.as_ref(), body);
    let written = write(connection, context, current.as_ref(), wanted)?;
    // Another call may have created it between our look and our write.
    let created = current.is_none() && written.version == 1;
    if create_only && !created {
        return Err(Error::Stale { current: written.version - 1 });
    }
    Ok((written, created))
}

/// Changes what the body names; one that changes nothing leaves the version.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    body: &PatchLocation,
    precondition: &Precondition,
) -> Result<Location, Error> {
    let current = store::lock(connection, context.organization_id, code)?.ok_or(Error::not_found("location"))?;
    precondition.check(current.version)?;
    let body = body.apply(&current)?;
    body.check()?;
    let wanted = wanted(context, code, Some(&current), &body);
    write(connection, context, Some(&current), wanted)
}

/// The location as `body` wants it.
fn wanted(context: &Context, code: &str, current: Option<&Location>, body: &PutLocation) -> Location {
    let (id, version, created_at, updated_at) = match current {
        Some(location) => (location.id, location.version, location.created_at, location.updated_at),
        None => (LocationId::generate(), 1, context.now, context.now),
    };
    Location {
        id,
        code: code.to_owned(),
        name: body.name.clone(),
        kind: body.kind,
        address: body.address.clone(),
        priority: body.priority,
        active: body.active,
        handling_days: body.handling_days,
        cutoff_time: body.cutoff_time,
        working_days: body.working_days.clone().map(sorted),
        external_ids: body.external_ids.clone(),
        metadata: body.metadata.clone(),
        version,
        created_at,
        updated_at,
    }
}

fn sorted(mut days: Vec<WorkingDay>) -> Vec<WorkingDay> {
    days.sort_unstable();
    days.dedup();
    days
}

fn write(connection: &mut PgConnection, context: &Context, current: Option<&Location>, wanted: Location) -> Result<Location, Error> {
    if current == Some(&wanted) {
        return Ok(wanted);
    }
    let location = store::upsert(connection, context, &wanted)?;
    let event_type = if location.version == 1 { "location.created" } else { "location.updated" };
    let data = json!({
        "code": location.code, "name": location.name, "kind": location.kind, "priority": location.priority, "active": location.active,
        "version": location.version,
    });
    crate::events::append(connection, context, &[NewEvent::of(event_type, "location", location.id.0, data)])?;
    Ok(location)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<Location, Error> {
    store::find(connection, organization_id, code)?.ok_or(Error::not_found("location"))
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    asked: &Changed,
    external_ids: &BTreeMap<String, String>,
) -> Result<Page<Location>, Error> {
    let rows = store::page(connection, organization_id, asked, external_ids)?;
    Ok(Page::cut(rows, asked.limit, |row| encode_cursor(&asked.fingerprint, std::slice::from_ref(&row.code))))
}

/// The active locations that are not a supplier's, in the order in which they are asked to ship.
pub fn ranked(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<RankedLocation>> {
    store::ranked(connection, organization_id)
}

/// Adds 422 `unknown_location` for each `(pointer, code)` that is not there.
pub fn check_known(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    faults: &mut Faults,
    named: &[(&str, &str)],
) -> QueryResult<()> {
    let codes: Vec<&str> = named.iter().map(|(_, code)| *code).collect();
    let known = store::existing(connection, organization_id, &codes)?;
    for (pointer, code) in named {
        faults.require(
            known.iter().any(|known| known == code),
            *pointer,
            "unknown_location",
            "there is no such location; create it with PUT /v1/locations/{code}",
        );
    }
    Ok(())
}
