use super::position::{Position, event_id};
use crate::auth::actor::ActorBody;
use crate::error::Error;
use crate::platform::filters::{any_of, event_types};
use crate::types::id::OrderId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Something that has happened. Events never change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// Stable: whoever may see an event twice (a reader that starts again) tells by it.
    pub id: Uuid,
    /// `docs/events.md` has the catalogue. New types may come at any time; skip what you do not know.
    #[schema(example = "order.confirmed")]
    pub r#type: String,
    pub occurred_at: DateTime<Utc>,
    /// Pass it as `after` to go on behind this event.
    #[schema(example = "AQAAAAAAAAAq")]
    pub position: String,
    /// Who did it.
    pub actor: ActorBody,
    /// The order in whose time line it belongs.
    pub order_id: Option<OrderId>,
    pub subject: Subject,
    /// What a reader needs without asking back; its members depend on the type.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// What an event is about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Subject {
    #[schema(example = "order")]
    pub r#type: String,
    pub id: Uuid,
}

/// An event as it is stored.
pub struct StoredEvent {
    pub sequence: i64,
    pub event_type: String,
    pub order_id: Option<OrderId>,
    pub subject_type: String,
    pub subject_id: Uuid,
    pub actor: ActorBody,
    pub data: String,
    pub occurred_at: DateTime<Utc>,
}

impl TryFrom<StoredEvent> for Event {
    type Error = Error;

    fn try_from(stored: StoredEvent) -> Result<Self, Error> {
        Ok(Self {
            id: event_id(stored.sequence, stored.occurred_at),
            r#type: stored.event_type,
            occurred_at: stored.occurred_at,
            position: Position(stored.sequence).encode(),
            actor: stored.actor,
            order_id: stored.order_id,
            subject: Subject { r#type: stored.subject_type, id: stored.subject_id },
            data: RawValue::from_string(stored.data).map_err(Error::internal)?,
        })
    }
}

/// One stretch of the feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventFeed {
    pub data: Vec<Event>,
    /// Where to go on, never null: keep it with what you have made of the events, and pass it as `after` next time, at once
    /// if `has_more`, else after a while.
    #[schema(example = "AQAAAAAAAAAq")]
    pub next_cursor: String,
    /// Whether more is waiting already. A page may be empty and still have more behind it.
    pub has_more: bool,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// `next_cursor` of the last answer or the `position` of an event; without it the feed starts at its beginning.
    pub after: Option<String>,
    /// Only these types, many by comma.
    #[serde(rename = "type")]
    #[param(pattern = r"^[a-z_]+\.[a-z_]+(,[a-z_]+\.[a-z_]+)*$", example = "order.confirmed,shipment.shipped")]
    pub event_type: Option<String>,
    /// Events a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

impl FeedQuery {
    /// 400 `invalid_cursor` for what is no position of this feed.
    pub fn after(&self) -> Result<Position, Error> {
        let Some(text) = &self.after else { return Ok(Position::default()) };
        Position::decode(text)
            .ok_or_else(|| Error::bad_request("invalid_cursor", "take `after` from next_cursor or from an event's position"))
    }

    /// The types asked for; 400 for what is none.
    pub fn types(&self) -> Result<Option<Vec<String>>, Error> {
        const MAX_TYPES: usize = 50;
        let Some(text) = &self.event_type else { return Ok(None) };
        let types = event_types("type", Some(text))?;
        if types.len() > MAX_TYPES {
            return Err(Error::bad_request("invalid_parameter", "type is up to 50 names such as order.confirmed, separated by commas"));
        }
        Ok(any_of(types))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(text: &str) -> Result<Option<Vec<String>>, Error> {
        FeedQuery { event_type: Some(text.to_owned()), ..FeedQuery::default() }.types()
    }

    #[test]
    fn types_are_given_by_comma_and_slips_are_told() {
        assert_eq!(FeedQuery::default().types().unwrap(), None);
        assert_eq!(types("order.held, invoice.paid").unwrap(), Some(vec!["order.held".to_owned(), "invoice.paid".to_owned()]));
        let slip = ["order", "captuerd"].join(".");
        for bad in ["order", "order.", "Order.held", &slip, "order.*", "a.b.c", &"order.held,".repeat(60)] {
            assert!(types(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_data_of_an_event_is_served_as_it_was_written() {
        let stored = StoredEvent {
            sequence: 42,
            event_type: "order.held".into(),
            order_id: None,
            subject_type: "order".into(),
            subject_id: Uuid::nil(),
            actor: ActorBody::read("system:expire_holds", None),
            data: r#"{"b":"1.50","a":[]}"#.into(),
            occurred_at: DateTime::UNIX_EPOCH,
        };
        let json = serde_json::to_string(&Event::try_from(stored).unwrap()).unwrap();
        assert!(json.contains(r#""data":{"b":"1.50","a":[]}"#) && json.contains(r#""type":"order.held""#), "{json}");
    }
}
