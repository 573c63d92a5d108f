//! What a mapping makes of a message, before any message comes.

use super::body::ChannelKind;
use super::platforms::generic::{self, mapping::Mapping};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inbox::Reason;
use crate::orders::body::NewOrder;
use crate::platform::http::Answer;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::ChannelId;
use actix_web::post;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A message to read by a mapping.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"message": {"id": 7, "currency": "IDR", "buyer": {"email": "siti@example.com"}, "items": [{"sku": "KOPI-250", "qty": 2, "price": "50000"}]},
    "mapping": {"external_id": "/id", "currency": "/currency", "customer": {"email": "/buyer/email"}, "lines": {"items": "/items", "sku": "/sku", "quantity": "/qty", "unit_price": "/price"}}}))]
pub struct TryMapping {
    /// The channel's own where absent.
    #[serde(default)]
    pub mapping: Option<Mapping>,
    /// What the shop would send.
    #[schema(value_type = Object)]
    pub message: Value,
}

/// What a message would be read as.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriedMapping {
    /// The body of `POST /v1/orders` that it comes to; null where the message makes no order.
    #[schema(value_type = Option<Object>)]
    pub order: Option<NewOrder>,
    pub external_id: Option<String>,
    pub version_at: Option<DateTime<Utc>>,
    /// Whether the shop has cancelled it.
    pub cancelled: bool,
    /// How much of it is paid.
    pub paid: Option<Amount>,
    /// Why there is no order, or why it would be held.
    pub reason: Option<Reason>,
}

/// Try a mapping
///
/// Reads a message by the mapping given, or by the channel's own, and answers the order that it would make. Nothing is stored; whether
/// its products and prices are there is found out when the order is placed.
#[utoipa::path(tag = "channels", operation_id = "try_channel_mapping", extensions(("x-writes-nothing" = json!(true))), security(("oauth2" = ["channels:write"])), params(("id" = ChannelId, Path, description = "Id of the channel")),
    request_body = TryMapping, responses(
    (status = 200, description = "What it is read as", body = TriedMapping),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/channels/{id}/try_mapping")]
pub async fn try_channel_mapping(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let body: TryMapping = call.json()?;
    let mut faults = Faults::new();
    if let Some(mapping) = &body.mapping {
        mapping.check(&mut faults, "/mapping");
    }
    faults.into_result()?;
    let channel = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    if channel.kind != ChannelKind::Generic {
        return Err(Error::conflict("not_generic", "only a channel of kind generic has a mapping; other kinds know their platform's form"));
    }
    let mut settings = channel.settings;
    settings.mapping = body.mapping.or(settings.mapping);
    if settings.mapping.is_none() {
        return Err(Error::conflict("mapping_missing", "the channel has no mapping; send one"));
    }
    let read = generic::read(body.message.to_string().as_bytes(), &settings, context.now);
    let nothing = TriedMapping { order: None, external_id: None, version_at: None, cancelled: false, paid: None, reason: None };
    Answer::ok(&match read {
        Err(reason) => TriedMapping { reason: Some(reason), ..nothing },
        Ok(None) => {
            let detail = "the mapping leaves messages of this topic out";
            TriedMapping { reason: Some(Reason::new("topic_not_used", detail, "")), ..nothing }
        }
        Ok(Some(order)) => TriedMapping {
            external_id: Some(order.external_id),
            version_at: Some(order.version_at),
            cancelled: order.cancelled.is_some(),
            paid: Some(Amount(order.payments.iter().map(|payment| payment.captured).sum())),
            order: Some(order.order),
            reason: order.doubts.into_iter().next(),
        },
    })
}
