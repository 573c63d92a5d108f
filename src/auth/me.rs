//! Who the caller's token is.

use super::actor::ActorKind;
use super::api_clients;
use super::call::Call;
use super::permission::Role;
use super::publishable_keys;
use super::users;
use crate::app::App;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::organization;
use crate::platform::http::Answer;
use crate::types::id::{ApiClientId, OrganizationId, PublishableKeyId, UserId};
use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The caller.
#[derive(Serialize, ToSchema)]
pub struct Me {
    pub organization: MyOrganization,
    pub kind: ActorKind,
    pub id: Uuid,
    #[schema(example = "Web shop")]
    pub name: String,
    pub role: Role,
    /// What this token may do: the role's scopes, narrowed to those that it was asked for with.
    #[schema(example = json!(["orders:read", "orders:write"]))]
    pub scopes: Vec<String>,
}

/// The caller's organization.
#[derive(Serialize, ToSchema)]
pub struct MyOrganization {
    pub id: OrganizationId,
    #[schema(example = "demo")]
    pub code: String,
    #[schema(example = "PT Nusantara Niaga")]
    pub legal_name: String,
}

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_me);
}

/// Tell who the token is
#[utoipa::path(tag = "access", operation_id = "get_me", security(("oauth2" = [])), responses(
    (status = 200, description = "Any valid token may ask this", body = Me),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/me")]
pub async fn get_me(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.context()?;
    call.no_query()?;
    let actor = call.actor.clone();
    let me = app
        .db
        .read(move |connection| {
            let name = match actor.kind {
                ActorKind::ApiClient => api_clients::service::get(connection, context.organization_id, ApiClientId(actor.id))?.name,
                ActorKind::PublishableKey => {
                    publishable_keys::service::get(connection, context.organization_id, PublishableKeyId(actor.id))?.name
                }
                ActorKind::User => users::service::get(connection, context.organization_id, UserId(actor.id))?.name,
            };
            let settings = organization::settings(connection, context.organization_id)?;
            Ok(Me {
                organization: MyOrganization { id: settings.id, code: settings.code, legal_name: settings.legal_name },
                kind: actor.kind,
                id: actor.id,
                name,
                role: actor.role,
                scopes: actor.permissions.scope().split_ascii_whitespace().map(str::to_owned).collect(),
            })
        })
        .await?;
    Answer::ok(&me)
}
