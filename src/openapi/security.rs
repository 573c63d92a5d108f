//! How a caller proves who it is, and which scope an operation wants.
//!
//! An operation names its scope where it is described, `security(("oauth2" = ["orders:read"]))`, and requires it in its first
//! line; a test calls each operation with every scope but that one and wants 403.

use crate::auth::permission::Permission;
use utoipa::openapi::Components;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement, SecurityScheme,
};

const OAUTH2: &str = "oauth2";
const BEARER: &str = "bearer";
/// What proves that a message is a platform's, instead of a token.
const CHANNEL_PROOF: &str = "channel_proof";
const STRIPE_PROOF: &str = "stripe_proof";

pub fn add_schemes(components: &mut Components) {
    let scopes: Scopes = Permission::ALL.iter().map(|(_, scope, what)| (*scope, *what)).collect();
    let flow = Flow::ClientCredentials(ClientCredentials::new("/v1/auth/token", scopes));
    let what = "Client id and secret of an API client. Without a chosen scope the token gets all that the client's role has.";
    components.security_schemes.insert(OAUTH2.to_owned(), SecurityScheme::OAuth2(OAuth2::with_description([flow], what)).into());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token that you already have: `access_token` of `POST /v1/auth/token`."))
        .build();
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(bearer).into());
    let channel = "What the channel's platform proves itself by, with the channel's secret: `webhook-signature` beside `webhook-id` and \
                   `webhook-timestamp` (Standard Webhooks: `generic`, `bigcommerce`, `salesforce`), `X-Shopify-Hmac-Sha256`, \
                   `X-WC-Webhook-Signature`, `X-HubSpot-Signature-v3`, `X-Pesanan-Secret` (`salesforce`), `X-Signature-SHA256` or \
                   `X-Channel-Secret` (`ubl`), `Authorization: Basic` (`email`).";
    let stripe = "HMAC-SHA256 of time and body under a webhook secret of the provider, as Stripe writes it.";
    for (name, header, what) in [(CHANNEL_PROOF, "webhook-signature", channel), (STRIPE_PROOF, "Stripe-Signature", stripe)] {
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(header, what)));
        components.security_schemes.insert(name.to_owned(), scheme.into());
    }
}

/// Beside `oauth2`, every operation takes a token that was got elsewhere.
pub fn complete(operation: &mut Operation) {
    if wants_token(operation) {
        operation.security.get_or_insert_default().push(SecurityRequirement::new(BEARER, Vec::<String>::new()));
    }
}

/// Whether the operation is for callers with a token; `security(())`, or a proof of a platform's own, says that it is not.
pub fn wants_token(operation: &Operation) -> bool {
    let proof = |name| SecurityRequirement::new(name, Vec::<String>::new());
    let others = [SecurityRequirement::default(), proof(CHANNEL_PROOF), proof(STRIPE_PROOF)];
    operation.security.as_ref().is_some_and(|requirements| !others.iter().any(|other| requirements.contains(other)))
}

/// Whether it wants a scope as well.
pub fn wants_scope(operation: &Operation) -> bool {
    let any_token = SecurityRequirement::new(OAUTH2, Vec::<String>::new());
    wants_token(operation) && operation.security.as_ref().is_some_and(|requirements| !requirements.contains(&any_token))
}
