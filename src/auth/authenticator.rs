//! From an `Authorization` header to an actor, without asking the database at each request.

use super::actor::{Actor, ActorKind};
use super::keys::{Keys, TokenClaims};
use super::permission::{Permissions, Role};
use super::publishable_keys::Registry;
use super::rate_limit::RateLimit;
use super::refusals::Refusals;
use super::sessions::service::ENDED_KEPT;
use crate::error::Error;
use crate::platform::clock::Clock;
use crate::types::id::OrganizationId;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::RwLock;
use uuid::Uuid;

/// Publishable keys that one address may have looked up in a minute; those that are in use are known without.
const KEY_LOOKUPS: u32 = 60;

/// Verifies tokens, and knows who has been disabled since they were made (refreshed every few seconds by a job, so that a
/// disabled caller is out within 30 s).
pub struct Authenticator {
    keys: Keys,
    clock: Clock,
    disabled: RwLock<HashSet<Uuid>>,
    /// Ended logins, with the time after which none of their tokens can live any more.
    ended: RwLock<HashMap<Uuid, DateTime<Utc>>>,
    rate_limit: Option<RateLimit>,
    /// Of the visitors of storefronts, by key and address.
    checkout_rate_limit: Option<RateLimit>,
    /// Of looking keys up that are not known yet, by address.
    key_lookups: Option<RateLimit>,
    /// Keys that stand in the pages of storefronts.
    pub publishable_keys: Registry,
    /// What callers tried without permission.
    pub refusals: Refusals,
}

impl Authenticator {
    /// `rate_limit_per_minute`: requests per caller, `checkout_rate_limit_per_minute`: per publishable key and address; `None` = no limit.
    pub fn new(keys: Keys, clock: Clock, rate_limit_per_minute: Option<u32>, checkout_rate_limit_per_minute: Option<u32>) -> Self {
        Self {
            keys,
            clock,
            disabled: RwLock::default(),
            ended: RwLock::default(),
            rate_limit: RateLimit::new(rate_limit_per_minute),
            checkout_rate_limit: RateLimit::new(checkout_rate_limit_per_minute),
            key_lookups: RateLimit::new(Some(KEY_LOOKUPS)),
            publishable_keys: Registry::default(),
            refusals: Refusals::default(),
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The caller of a request with a bearer token; 401 without one or with one that is not valid here, 429 past the rate limit.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Error> {
        let actor = self.verify(headers)?;
        if let Some(limit) = &self.rate_limit {
            limit.check(actor.id, None)?;
        }
        Ok(actor)
    }

    /// The same for a request that has been let in, to see whether its token is still valid.
    pub fn verify(&self, headers: &HeaderMap) -> Result<Actor, Error> {
        let refuse = |detail: &str| Error::Unauthenticated { detail: detail.to_owned() };
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let token = token.filter(|token| !token.is_empty()).ok_or(Error::NoCredentials)?;
        let claims = self.keys.verify(token, self.clock.now().timestamp())?;
        let role = Role::from_name(&claims.role).ok_or_else(|| refuse("the token's role is unknown"))?;
        let scope = Permissions::parse(&claims.scope).map_err(|_| refuse("the token's scope is unknown"))?;
        let disabled = self.disabled.read().map(|set| set.contains(&claims.sub)).unwrap_or(true);
        if disabled {
            return Err(refuse("this caller has been disabled"));
        }
        let ended = |id| self.ended.read().map(|ended| ended.contains_key(&id)).unwrap_or(true);
        if claims.sid.is_some_and(ended) {
            return Err(refuse("this login has ended; log in again"));
        }
        Ok(Actor {
            organization_id: OrganizationId(claims.org),
            // Only users log in.
            kind: if claims.sid.is_some() { ActorKind::User } else { ActorKind::ApiClient },
            session_id: claims.sid,
            id: claims.sub,
            role,
            permissions: role.permissions().intersect(scope),
        })
    }

    /// Refuses the tokens of logins that have ended, until the last of them has expired by itself.
    pub fn end_sessions(&self, ids: impl IntoIterator<Item = Uuid>) {
        let until = self.clock.now() + ENDED_KEPT;
        if let Ok(mut ended) = self.ended.write() {
            ended.extend(ids.into_iter().map(|id| (id, until)));
        }
    }

    /// Frees what quiet callers and logins of long ago hold in memory.
    pub fn upkeep(&self) {
        let now = self.clock.now();
        if let Ok(mut ended) = self.ended.write() {
            ended.retain(|_, until| *until > now);
        }
        for limit in [&self.rate_limit, &self.checkout_rate_limit, &self.key_lookups].into_iter().flatten() {
            limit.forget_quiet_callers();
        }
    }

    /// 429 where a visitor of a storefront has used up the limit.
    pub fn check_checkout_rate(&self, key: Uuid, address: Option<IpAddr>) -> Result<(), Error> {
        self.checkout_rate_limit.as_ref().map_or(Ok(()), |limit| limit.check(key, address))
    }

    /// 429 where this address has shown too many keys that nobody knows: each costs a look at the database.
    pub fn check_key_lookups(&self, address: Option<IpAddr>) -> Result<(), Error> {
        self.key_lookups.as_ref().map_or(Ok(()), |limit| limit.check(Uuid::nil(), address))
    }

    /// Signs an access token.
    pub fn sign(&self, claims: TokenClaims) -> Result<String, Error> {
        self.keys.sign(claims)
    }

    /// Shuts out callers whom another process, or an earlier run of this one, has disabled. It only adds: a list that was
    /// read just before somebody was disabled must not let him in again.
    pub fn disable_all(&self, ids: impl IntoIterator<Item = Uuid>) {
        if let Ok(mut set) = self.disabled.write() {
            set.extend(ids);
        }
    }

    /// Shuts one caller out at once in this process.
    pub fn disable(&self, id: Uuid) {
        if let Ok(mut set) = self.disabled.write() {
            set.insert(id);
        }
    }
}
