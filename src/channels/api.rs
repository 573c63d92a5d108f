use super::body::{Channel, IssuedChannelSecret, NewChannel, PatchChannel, RotateChannelAddress, RotateChannelSecret};
use super::service::{self, Filters};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::take_external_ids;
use crate::platform::http::{Answer, parse_query};
use crate::platform::idempotency;
use crate::types::id::ChannelId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_channels)
        .service(create_channel)
        .service(get_channel)
        .service(patch_channel)
        .service(rotate_channel_secret)
        .service(rotate_channel_address);
    config.service(super::try_mapping::try_channel_mapping);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChannelQuery {
    #[param(example = "web")]
    pub code: Option<String>,
    /// Changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// Whoever knows the address may knock, so it is shown to those alone who may replace it.
fn shown(call: &Call, app: &App, channel: Channel) -> Channel {
    let inbound_url = channel.inbound_url.filter(|_| call.actor.may(Permission::CHANNELS_WRITE));
    reached(app, Channel { inbound_url, ..channel })
}

/// With the whole address where it is configured under which the outside reaches this API. What a request says of its host is not to
/// be relied on: it is that of a proxy, or of whoever asks.
fn reached(app: &App, channel: Channel) -> Channel {
    let inbound_url = channel.inbound_url.map(|path| app.config.outside(&path));
    Channel { inbound_url, ..channel }
}

/// List channels
#[utoipa::path(tag = "channels", operation_id = "list_channels", security(("oauth2" = ["channels:read"])), params(
    ChannelQuery,
    ("external_ids.erp" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of channels, oldest first", body = Page<Channel>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/channels")]
pub async fn list_channels(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_READ)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: ChannelQuery = parse_query(&rest)?;
    let filters = Filters { code: query.code, external_ids, updated_from: query.updated_from };
    let limit = page_limit(query.limit)?;
    let after = page_id(page_after(query.cursor.as_deref(), &filters.fingerprint(), 1)?)?;
    let mut page =
        app.db.read(move |connection| service::list(connection, context.organization_id, &filters, after.map(ChannelId), limit)).await?;
    page.data = page.data.into_iter().map(|channel| shown(&call, &app, channel)).collect();
    Answer::ok(&page)
}

/// Create a channel
#[utoipa::path(tag = "channels", operation_id = "create_channel", security(("oauth2" = ["channels:write"])), request_body = NewChannel, responses(
    (status = 201, description = "Created", body = Channel, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/channels")]
pub async fn create_channel(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let body: NewChannel = call.json()?;
    let (key, own) = (call.idempotency_key()?, app.clone());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let channel = reached(&own, service::create(connection, &context, &body)?);
                Ok(Answer::created(format!("/v1/channels/{}", channel.id), &channel)?.with_version(channel.version))
            })
        })
        .await
}

/// Get a channel
#[utoipa::path(tag = "channels", operation_id = "get_channel", security(("oauth2" = ["channels:read"])), params(("id" = ChannelId, Path, description = "Id of the channel")), responses(
    (status = 200, description = "The channel", body = Channel, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/channels/{id}")]
pub async fn get_channel(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_READ)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let channel = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    let channel = shown(&call, &app, channel);
    Ok(Answer::ok(&channel)?.with_version(channel.version))
}

/// Change a channel
#[utoipa::path(tag = "channels", operation_id = "patch_channel", security(("oauth2" = ["channels:write"])), params(("id" = ChannelId, Path, description = "Id of the channel")),
    request_body = PatchChannel, responses(
    (status = 200, description = "Changed", body = Channel),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/channels/{id}")]
pub async fn patch_channel(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let body: PatchChannel = call.json()?;
    let precondition = call.precondition()?;
    let channel = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    let channel = reached(&app, channel);
    Ok(Answer::ok(&channel)?.with_version(channel.version))
}

/// Replace a channel's secret
///
/// With `secret` the one that its platform has made; without, a new one is made and shown, once. The one until now is still good for
/// `previous_valid_for_seconds`, so that messages which are under way are let in.
#[utoipa::path(tag = "channels", operation_id = "rotate_channel_secret", security(("oauth2" = ["channels:write"])), params(("id" = ChannelId, Path, description = "Id of the channel")),
    request_body = Option<RotateChannelSecret>, responses(
    (status = 200, description = "Replaced; a secret made here is shown this once", body = IssuedChannelSecret, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/channels/{id}/rotate_secret")]
pub async fn rotate_channel_secret(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let body: RotateChannelSecret = call.json_or_empty()?;
    let (key, precondition, own) = (call.idempotency_key()?, call.precondition()?, app.clone());
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let issued = service::rotate_secret(connection, &context, id, &body, &precondition)?;
                let issued = IssuedChannelSecret { channel: reached(&own, issued.channel), ..issued };
                Ok(Answer::ok(&issued)?.with_version(issued.channel.version))
            })
        })
        .await
}

/// Give a channel another address
///
/// The one until now still listens for `previous_valid_for_seconds`: change it at the platform before they are over.
#[utoipa::path(tag = "channels", operation_id = "rotate_channel_address", security(("oauth2" = ["channels:write"])), params(("id" = ChannelId, Path, description = "Id of the channel")),
    request_body = Option<RotateChannelAddress>, responses(
    (status = 200, description = "It listens at another address", body = Channel, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/channels/{id}/rotate_address")]
pub async fn rotate_channel_address(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let body: RotateChannelAddress = call.json_or_empty()?;
    let (key, precondition, own) = (call.idempotency_key()?, call.precondition()?, app.clone());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let channel = reached(&own, service::rotate_address(connection, &context, id, &body, &precondition)?);
                Ok(Answer::ok(&channel)?.with_version(channel.version))
            })
        })
        .await
}
