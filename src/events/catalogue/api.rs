use super::{EventType, all};
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::page::Page;
use actix_web::get;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_event_types);
}

/// A type of events.
#[derive(Serialize, ToSchema)]
#[schema(as = EventType)]
pub struct EventTypeBody {
    #[schema(example = "order.captured")]
    pub r#type: String,
    /// When it happens.
    #[schema(example = "the order is stored, drafts and imported history included; exactly one an order")]
    pub description: String,
    /// The scope that reading it takes.
    #[schema(example = "orders:read")]
    pub scope: String,
    /// JSON Schema (2020-12) of `data`. Members may be added.
    #[schema(value_type = Object)]
    pub data_schema: Value,
    /// An example of `data`.
    #[schema(value_type = Object)]
    pub data_example: Value,
}

impl EventType {
    /// As it is shown.
    pub fn body(&self) -> Result<EventTypeBody, Error> {
        let unreadable = || Error::internal(format!("the catalogue's entry of {} cannot be read", self.name));
        Ok(EventTypeBody {
            r#type: self.name.to_owned(),
            description: self.what.to_owned(),
            scope: self.scope().to_owned(),
            data_schema: self.data_schema().ok_or_else(unreadable)?,
            data_example: self.data_example().ok_or_else(unreadable)?,
        })
    }
}

/// List the types of events
///
/// All that there are, with the schema and an example of their `data`. New ones may come at any time.
#[utoipa::path(tag = "events", operation_id = "list_event_types", security(("oauth2" = ["events:read"])), responses(
    (status = 200, description = "The catalogue; all of it is one page", body = Page<EventTypeBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/event_types")]
pub async fn list_event_types(call: Call) -> Result<Answer, Error> {
    call.require(Permission::EVENTS_READ)?;
    call.no_query()?;
    let data = all().map(EventType::body).collect::<Result<_, _>>()?;
    Answer::ok(&Page { data, next_cursor: None })
}
