//! An authenticated request. The one extractor of every handler, so that the order of checks is the same everywhere:
//! authenticate → permission → body and query → replay → precondition → state.

use super::actor::{Actor, Context};
use super::authenticator::Authenticator;
use super::origin;
use super::permission::Permission;
use super::publishable_keys::{self, Holder};
use crate::app::App;
use crate::error::Error;
use crate::platform::client_address::client_address;
use crate::platform::http::{KnownVersions, Precondition, parse_json, parse_query};
use crate::platform::idempotency::{IdempotencyKey, fingerprint};
use crate::platform::{limits, logging};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::cell::OnceCell;
use std::pin::Pin;
use std::sync::Arc;

/// A request whose caller is known. The body has been read up to its limit, but nothing of it is judged before
/// [`Call::require`] has passed.
pub struct Call {
    pub actor: Actor,
    request: HttpRequest,
    body: Result<Vec<u8>, Error>,
    now: DateTime<Utc>,
    fingerprint: OnceCell<Vec<u8>>,
    /// The publishable key that the caller shows, if it is a page of a storefront.
    pub storefront: Option<Arc<Holder>>,
}

/// The same for bulk operations, with their larger body.
pub struct BulkCall(pub Call);

impl std::ops::Deref for BulkCall {
    type Target = Call;
    fn deref(&self) -> &Call {
        &self.0
    }
}

impl Call {
    /// 403 unless the caller has `permission`. Every handler's first line.
    pub fn require(&self, permission: Permission) -> Result<Context, Error> {
        self.also(permission)?;
        self.context()
    }

    /// 403 unless the caller has `permission`, too: what a body or a path asks for beside the operation's own.
    pub fn also(&self, permission: Permission) -> Result<(), Error> {
        self.actor.require(permission).inspect_err(|_| self.note_refusal(permission))
    }

    /// As `require`, for an operation that takes any one of several permissions; the refusal names the first.
    pub fn require_any(&self, permissions: &[Permission]) -> Result<Context, Error> {
        match permissions.iter().find(|permission| self.actor.may(**permission)).or(permissions.first()) {
            Some(permission) => self.require(*permission),
            None => self.context(),
        }
    }

    /// As `require_any`, for an operation that serves a file of this type.
    pub fn require_file(&self, permissions: &[Permission], served: &'static [&'static str]) -> Result<Context, Error> {
        if !permissions.iter().any(|permission| self.actor.may(*permission))
            && let Some(permission) = permissions.first()
        {
            self.require(*permission)?;
        }
        let accept = self.request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        acceptable(accept, served).ok_or_else(|| Error::NotAcceptable { served_as: served.join(" or ") })?;
        Ok(self.unchecked_context())
    }

    /// As `require`, for an operation that serves something else than JSON: the type among `served` that `Accept` prefers, the first
    /// where it leaves the choice.
    pub fn require_as(&self, permission: Permission, served: &'static [&'static str]) -> Result<(Context, &'static str), Error> {
        self.also(permission)?;
        let accept = self.request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let chosen = acceptable(accept, served).ok_or_else(|| Error::NotAcceptable { served_as: served.join(" or ") })?;
        Ok((self.unchecked_context(), chosen))
    }

    /// For the few operations that every caller may use, whatever its scopes.
    pub fn context(&self) -> Result<Context, Error> {
        self.check_accept()?;
        Ok(self.unchecked_context())
    }

    fn unchecked_context(&self) -> Context {
        let origin = Some(self.origin());
        Context {
            organization_id: self.actor.organization_id,
            actor: self.actor.name(),
            origin,
            role: self.actor.role,
            permissions: self.actor.permissions,
            now: self.now,
        }
    }

    /// From where this request comes, as it is written beside what it changes.
    pub fn origin(&self) -> String {
        origin_of(&self.request)
    }

    /// Where it comes from, past trusted proxies.
    pub fn address(&self) -> Option<std::net::IpAddr> {
        client_of(&self.request)
    }

    /// A caller that tries what it may not do is worth knowing of; it is written down by a job, so that asking costs nothing.
    fn note_refusal(&self, permission: Permission) {
        let Some(authenticator) = self.request.app_data::<Data<Authenticator>>() else { return };
        let operation = format!("{} {}", self.request.method(), self.request.match_pattern().unwrap_or_default());
        authenticator.refusals.note(&self.actor, permission, operation, self.origin(), self.now);
    }

    /// The JSON body: 413, 415, 400 and 422 come from here.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = self.bytes()?;
        self.check_content_type()?;
        parse_json(body)
    }

    /// As `json` for an operation whose fields are all optional: no body is the empty object.
    pub fn json_or_empty<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match self.bytes()? {
            [] => parse_json(b"{}"),
            _ => self.json(),
        }
    }

    /// The body as it came, of one of these types, and which: 413 and 415 come from here.
    pub fn raw(&self, types: &[&'static str]) -> Result<(&'static str, &[u8]), Error> {
        let body = self.bytes()?;
        let given = self.header("content-type").unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match types.iter().find(|known| **known == essence) {
            Some(known) => Ok((known, body)),
            None => Err(Error::UnsupportedMediaType { expected: types.join(" or ") }),
        }
    }

    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        parse_query(self.request.query_string())
    }

    /// The query as it was sent, for parameters whose names are not known beforehand.
    pub fn query_string(&self) -> &str {
        self.request.query_string()
    }

    /// 400 `unknown_parameter` if there is any query parameter.
    pub fn no_query(&self) -> Result<(), Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        self.query::<Nothing>().map(|_| ())
    }

    /// A path segment, parsed; 400 `invalid_path` where it has not the form of `T`.
    pub fn path<T: std::str::FromStr>(&self, name: &str) -> Result<T, Error> {
        let text = self.request.match_info().get(name).unwrap_or_default();
        text.parse().map_err(|_| Error::bad_request("invalid_path", format!("'{name}' in the path is malformed")))
    }

    /// A natural key in the path; 400 `invalid_path` where it has not the form of one.
    pub fn path_code(&self, name: &str, what: &'static str) -> Result<String, Error> {
        let text = self.request.match_info().get(name).unwrap_or_default();
        let text = actix_web::web::Path::<String>::from(text.to_owned()).into_inner();
        if crate::types::text::is_code(&text) {
            return Ok(text);
        }
        let detail = format!("'{name}' in the path is no code of a {what}: 1 to 64 of letters, digits, '.', '_', '~', '-'");
        Err(Error::bad_request("invalid_path", detail))
    }

    pub fn precondition(&self) -> Result<Precondition, Error> {
        Precondition::of(self.request.headers())
    }

    /// What the caller says that it has already.
    pub fn known_versions(&self) -> KnownVersions {
        KnownVersions::of(self.request.headers())
    }

    /// Whether `If-None-Match: *` asks to create only.
    pub fn create_only(&self) -> bool {
        self.request.headers().get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == b"*")
    }

    /// The caller's key in its scope, `None` without the header, 400 where it is malformed.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Error> {
        let Some(value) = self.request.headers().get("idempotency-key") else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let fine = (1..=255).contains(&bare.len()) && bare.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"');
        if !fine {
            return Err(Error::bad_request("invalid_idempotency_key", "Idempotency-Key is 1 to 255 printable ASCII characters"));
        }
        Ok(Some(IdempotencyKey {
            organization_id: self.actor.organization_id.0,
            key: format!("{}/{}/{bare}", self.actor.id, self.request.path()),
            hash: self.fingerprint()?,
            at: self.now,
        }))
    }

    /// SHA-256 of query and canonical body.
    pub fn fingerprint(&self) -> Result<Vec<u8>, Error> {
        let bytes = self.bytes()?;
        Ok(self.fingerprint.get_or_init(|| fingerprint(self.request.query_string(), bytes)).clone())
    }

    /// The header with the token alone, to see later whether it is still valid.
    pub fn authorization(&self) -> header::HeaderMap {
        let mut headers = header::HeaderMap::new();
        if let Some(token) = self.request.headers().get(header::AUTHORIZATION) {
            headers.insert(header::AUTHORIZATION, token.clone());
        }
        headers
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    fn bytes(&self) -> Result<&[u8], Error> {
        match &self.body {
            Ok(bytes) => Ok(bytes),
            Err(Error::PayloadTooLarge { limit }) => Err(Error::PayloadTooLarge { limit: *limit }),
            Err(Error::RequestTimeout) => Err(Error::RequestTimeout),
            Err(Error::UnsupportedContentEncoding) => Err(Error::UnsupportedContentEncoding),
            Err(_) => Err(Error::bad_request("malformed_body", "the body ended early or is not encoded as its headers say")),
        }
    }

    fn check_content_type(&self) -> Result<(), Error> {
        let patch = self.request.method() == actix_web::http::Method::PATCH;
        let given = self.request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence == "application/json" || (patch && essence == "application/merge-patch+json") {
            return Ok(());
        }
        let expected = if patch { "application/merge-patch+json or application/json" } else { "application/json" };
        Err(Error::UnsupportedMediaType { expected: expected.to_owned() })
    }

    /// 406 where the caller names types and none of them is JSON (a `.csv` path, and `format=csv`, serve text/csv).
    fn check_accept(&self) -> Result<(), Error> {
        let accept = self.request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let csv = self.request.path().ends_with(".csv") || self.request.query_string().split('&').any(|pair| pair == "format=csv");
        let served: &[&str] = if csv { &["text/csv"] } else { &["application/json"] };
        acceptable(accept, served).map(|_| ()).ok_or_else(|| Error::NotAcceptable { served_as: served.join(" or ") })
    }
}

/// The type that `Accept` (RFC 9110 §12.5.1) prefers among those that are served: the one with the highest quality, the earlier one
/// of equals. `None` where it takes none of them.
fn acceptable(accept: Option<&str>, served: &[&'static str]) -> Option<&'static str> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return served.first().copied() };
    // How exactly the most exact range that fits says it, and with what quality, in thousandths.
    let wanted = |kind: &str| {
        let family = kind.split('/').next().unwrap_or_default();
        let ranges = accept.split(',').filter_map(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let range = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let exact = match range.as_str() {
                "*/*" => 0,
                range if range == kind => 2,
                range if range.strip_suffix("/*") == Some(family) => 1,
                _ => return None,
            };
            Some((exact, quality(pieces)))
        });
        ranges.max().map(|(_, quality)| quality).filter(|quality| *quality > 0)
    };
    let mut best: Option<(&'static str, u32)> = None;
    for kind in served {
        if let Some(quality) = wanted(kind)
            && best.is_none_or(|(_, known)| quality > known)
        {
            best = Some((kind, quality));
        }
    }
    best.map(|(kind, _)| kind)
}

/// The weight of a media range in thousandths; 1000 where it says none or what is no weight.
fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> u32 {
    let given = parameters.filter_map(|piece| piece.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let Some((_, value)) = given else { return 1000 };
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, thousandths.parse::<u32>()) {
        ("0", Ok(fraction)) => fraction,
        _ => 1000,
    }
}

/// Address, user agent and id of a request.
pub(super) fn origin_of(request: &HttpRequest) -> String {
    let id = logging::current().map(|context| context.request_id).unwrap_or_default();
    origin::write(&id, client_of(request), request.headers())
}

/// The address that a request comes from, past the proxies that are trusted.
pub fn client_of(request: &HttpRequest) -> Option<std::net::IpAddr> {
    let trusted = request.app_data::<Data<App>>().map_or(&[][..], |app| &app.config.trusted_proxies);
    client_address(request.peer_addr().map(|peer| peer.ip()), request.headers(), trusted)
}

async fn read(request: HttpRequest, payload: Payload, limit: usize) -> Result<Call, Error> {
    let authenticator = request.app_data::<Data<Authenticator>>().ok_or_else(|| Error::internal("no authenticator"))?;
    let now = authenticator.now();
    let (actor, storefront) = match publishable_keys::service::shown(request.headers()) {
        None => (authenticator.authenticate(request.headers())?, None),
        Some(key) => {
            let app = request.app_data::<Data<App>>().ok_or_else(|| Error::internal("no application"))?;
            let visit = (request.path(), request.headers(), client_of(&request));
            let (actor, holder) = publishable_keys::service::authenticate(&app.db, authenticator, visit, key).await?;
            (actor, Some(holder))
        }
    };
    logging::set_organization(actor.organization_id.0);
    let body = read_body(&request, payload, limit).await;
    Ok(Call { actor, request, body, now, fingerprint: OnceCell::new(), storefront })
}

/// The whole body, up to `limit` bytes. 415 for a compressed one: how large it is would be known only once it has been unpacked.
pub async fn read_body(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Vec<u8>, Error> {
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(header::HeaderValue::as_bytes).unwrap_or_default();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
        return Err(Error::UnsupportedContentEncoding);
    }
    let mut body = Vec::new();
    let whole = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(Error::internal)?;
            if body.len() + chunk.len() > limit {
                return Err(Error::PayloadTooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(())
    };
    // A sender slower than this holds a connection for nothing.
    match tokio::time::timeout(std::time::Duration::from_secs(30), whole).await {
        Ok(result) => result.map(|()| body),
        Err(_) => Err(Error::RequestTimeout),
    }
}

/// The same for a body that is worked off while it comes in. Its idempotency key knows nothing of the body: set its hash once
/// that is known.
pub struct StreamCall {
    call: Call,
    payload: Payload,
}

impl std::ops::Deref for StreamCall {
    type Target = Call;
    fn deref(&self) -> &Call {
        &self.call
    }
}

impl StreamCall {
    /// Which of these types the body says that it is, else 415.
    pub fn check_type(&self, types: &[&'static str]) -> Result<&'static str, Error> {
        self.bytes()?;
        let given = self.header("content-type").unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let known = types.iter().find(|known| **known == essence).copied();
        known.ok_or_else(|| Error::UnsupportedMediaType { expected: types.join(" or ") })
    }

    pub fn into_payload(self) -> Payload {
        self.payload
    }
}

impl FromRequest for StreamCall {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let reading = read(request.clone(), Payload::None, limits::BODY_BYTES);
        Box::pin(async move { Ok(StreamCall { call: reading.await?, payload }) })
    }
}

impl FromRequest for Call {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(read(request.clone(), payload.take(), limits::BODY_BYTES))
    }
}

impl FromRequest for BulkCall {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = read(request.clone(), payload.take(), limits::BULK_BODY_BYTES);
        Box::pin(async move { reading.await.map(BulkCall) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_chooses_among_what_is_served() {
        let both: &[&'static str] = &["application/json", "application/pdf"];
        let choose = |accept: &str| acceptable(Some(accept), both);
        assert_eq!(acceptable(None, both), Some("application/json"));
        assert_eq!(choose(" "), Some("application/json"));
        assert_eq!(choose("*/*"), Some("application/json"));
        assert_eq!(choose("application/pdf"), Some("application/pdf"));
        assert_eq!(choose("text/html, application/pdf;q=0.9, application/json;q=0.8"), Some("application/pdf"));
        assert_eq!(choose("application/*;q=0.5, application/json;q=0"), Some("application/pdf"));
        assert_eq!(choose("text/html"), None);
        assert_eq!(choose("*/*;q=0"), None);
        assert_eq!(choose("application/json; q=0.000"), None);
        assert_eq!(acceptable(Some("image/*"), &["image/png"]), Some("image/png"));
    }
}
