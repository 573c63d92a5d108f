use super::body::{PaymentProviderBody, Provider, PutPaymentProvider};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::payments::operations;
use crate::platform::http::Precondition;
use crate::types::id::OrganizationId;
use crate::types::page::{Changed, Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;
use uuid::Uuid;

pub use super::store::{find, listening};

const WHAT: &str = "payment provider";

/// Creates or replaces the provider `code`; one that stays as it is keeps its version. The flag tells whether it is new.
pub fn put(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    put: &PutPaymentProvider,
    precondition: &Precondition,
    create_only: bool,
) -> Result<(PaymentProviderBody, bool), Error> {
    put.check()?;
    let current = store::lock(connection, context.organization_id, code)?;
    match &current {
        Some(current) if create_only => return Err(Error::Stale { current: current.version }),
        Some(current) => precondition.check(current.version)?,
        None if *precondition != Precondition::Any => return Err(Error::not_found(WHAT)),
        None => {}
    }
    let api_key = put.api_key.clone().or(current.as_ref().map(|current| current.api_key.clone()));
    let wanted = Provider {
        code: code.to_owned(),
        kind: put.kind,
        name: put.name.clone(),
        active: put.active.unwrap_or(true),
        api_key: api_key.ok_or_else(|| Error::invalid("/api_key", "required", "a new provider needs its key"))?,
        webhook_secrets: put
            .webhook_secrets
            .clone()
            .or(current.as_ref().map(|current| current.webhook_secrets.clone()))
            .unwrap_or_default(),
        inbound_id: current.as_ref().map_or_else(Uuid::new_v4, |current| current.inbound_id),
        version: current.as_ref().map_or(1, |current| current.version),
        created_at: current.as_ref().map_or(context.now, |current| current.created_at),
        updated_at: current.as_ref().map_or(context.now, |current| current.updated_at),
    };
    if current.as_ref() == Some(&wanted) {
        return Ok((PaymentProviderBody::from(&wanted), false));
    }
    let written = store::upsert(connection, context, &wanted)?;
    operations::hurry(connection, context.organization_id, code, context.now)?;
    // Another call may have created it between our look and our write.
    let created = written.version == 1;
    if create_only && !created {
        return Err(Error::Stale { current: written.version - 1 });
    }
    let event_type = if created { "payment_provider.created" } else { "payment_provider.updated" };
    let data = json!({ "code": written.code, "kind": written.kind, "name": written.name, "active": written.active });
    events::append(connection, context, &[NewEvent::of(event_type, "organization", context.organization_id.0, data)])?;
    Ok((PaymentProviderBody::from(&written), created))
}

/// The provider does not accept the key: somebody must set another one. Told once for each key.
pub fn tell_of_refused_key(connection: &mut PgConnection, context: &Context, code: &str, detail: &str) -> Result<(), Error> {
    if store::refuse_key(connection, context, code)? {
        let data = json!({ "code": code, "detail": detail });
        let fact = NewEvent::of("payment_provider.key_refused", "organization", context.organization_id.0, data);
        events::append(connection, context, &[fact])?;
    }
    Ok(())
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<PaymentProviderBody, Error> {
    Ok(PaymentProviderBody::from(&store::find(connection, organization_id, code)?.ok_or(Error::not_found(WHAT))?))
}

pub fn list(connection: &mut PgConnection, organization_id: OrganizationId, asked: &Changed) -> Result<Page<PaymentProviderBody>, Error> {
    let rows = store::page(connection, organization_id, asked)?.iter().map(PaymentProviderBody::from).collect();
    Ok(Page::cut(rows, asked.limit, |row: &PaymentProviderBody| encode_cursor(&asked.fingerprint, std::slice::from_ref(&row.code))))
}
