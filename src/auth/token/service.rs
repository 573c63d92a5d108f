use super::body::{Refusal, TokenRequest};
use super::credentials::{Credentials, credentials};
use super::store;
use crate::auth::keys::TokenClaims;
use crate::auth::permission::{Permissions, Role};
use crate::error::Error;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use uuid::Uuid;

/// A client that has proved who it is.
pub struct Client {
    pub organization_id: OrganizationId,
    pub id: Uuid,
    pub role: Role,
}

/// The credentials of a request whose grant type is one of ours.
pub fn read(authorization: Option<&str>, request: &TokenRequest) -> Result<Credentials, Refusal> {
    match request.grant_type.as_deref() {
        Some("client_credentials") => credentials(authorization, request),
        Some(_) => Err(Refusal::UnsupportedGrantType("this server grants client_credentials and refresh_token")),
        None => Err(Refusal::InvalidRequest("grant_type is required")),
    }
}

/// The client of these credentials; `None` where it is unknown, disabled, or the secret is not one of its own at `now`.
pub fn authenticate(connection: &mut PgConnection, given: &Credentials, now: DateTime<Utc>) -> Result<Option<Client>, Error> {
    let found = store::find_active(connection, given.client_id)?;
    let found = found.filter(|client| client.secrets.accept(&given.client_secret, now));
    Ok(found.map(|client| Client { organization_id: client.organization_id, id: given.client_id, role: client.role }))
}

/// What is granted: the role's permissions, or the subset asked for (RFC 6749 §3.3).
pub fn granted(role: Role, scope: Option<&str>) -> Result<Permissions, Refusal> {
    let Some(scope) = scope else { return Ok(role.permissions()) };
    let wanted = Permissions::parse(scope).map_err(|_| Refusal::InvalidScope("a scope is not known here"))?;
    if wanted == Permissions::default() {
        return Err(Refusal::InvalidScope("the scope names nothing; leave it out for all that the role has"));
    }
    if wanted.intersect(role.permissions()) != wanted {
        return Err(Refusal::InvalidScope("the client's role does not have all of these scopes"));
    }
    Ok(wanted)
}

/// The claims of a token that lives for `seconds` from `now`. Issuer and audience are set where it is signed.
pub fn claims(client: &Client, granted: Permissions, now: DateTime<Utc>, seconds: i64) -> TokenClaims {
    TokenClaims {
        iss: String::new(),
        aud: String::new(),
        sub: client.id,
        org: client.organization_id.0,
        role: client.role.as_str().to_owned(),
        scope: granted.scope(),
        exp: now.timestamp() + seconds,
        iat: now.timestamp(),
        jti: Uuid::now_v7(),
        sid: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::permission::Permission;

    #[test]
    fn a_scope_narrows_and_never_widens() {
        assert_eq!(granted(Role::Sales, None).unwrap(), Role::Sales.permissions());
        assert_eq!(granted(Role::Sales, Some("orders:read")).unwrap(), Permissions::of(&[Permission::ORDERS_READ]));
        for refused in ["orders:read admin", "payments:write", "nonsense", " "] {
            assert!(matches!(granted(Role::Sales, Some(refused)), Err(Refusal::InvalidScope(_))), "{refused}");
        }
    }

    #[test]
    fn other_grants_are_unsupported_and_none_is_a_fault_of_the_request() {
        let with = |grant: Option<&str>| read(None, &TokenRequest { grant_type: grant.map(str::to_owned), ..Default::default() });
        assert!(matches!(with(Some("password")), Err(Refusal::UnsupportedGrantType(_))));
        assert!(matches!(with(None), Err(Refusal::InvalidRequest(_))));
        assert!(matches!(with(Some("client_credentials")), Err(Refusal::InvalidClient(_))));
    }
}
