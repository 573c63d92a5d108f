use super::AuditAction;
use crate::auth::actor::ActorBody;
use crate::error::Error;
use crate::events::body::Subject;
use crate::events::catalogue;
use crate::platform::filters::{any_of, many};
use crate::types::id::OrderId;
use crate::types::page::page_limit;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Who did what, when, from where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    pub id: i64,
    pub at: DateTime<Utc>,
    /// The type of the event, or `auth.…` for what changes nothing.
    #[schema(example = "order.cancelled")]
    pub action: String,
    pub actor: ActorBody,
    pub subject: Subject,
    /// The order in whose time line it belongs.
    pub order_id: Option<OrderId>,
    /// Past trusted proxies; null for jobs, the command line, and what was written before this was kept.
    #[schema(example = "203.0.113.7")]
    pub address: Option<String>,
    /// What the program at the other end calls itself.
    #[schema(example = "curl/8.5.0")]
    pub user_agent: Option<String>,
    /// As in `X-Request-Id`, in problems and in the log.
    pub request_id: Option<String>,
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// `user:<id>`, `api_client:<id>`, the id alone, `system`, or `anonymous`.
    pub actor: Option<String>,
    /// Types of events and `auth.…` actions, many by comma.
    #[param(example = "order.cancelled,auth.login_failed")]
    pub action: Option<String>,
    /// `order`, `user`, `invoice` …
    pub subject_type: Option<String>,
    /// Of what was done to.
    pub subject_id: Option<Uuid>,
    /// At or after.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// What to look for; `None` is anything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub actors: Option<Vec<String>>,
    /// The system itself and all of its jobs.
    pub system: bool,
    pub actions: Option<Vec<String>>,
    pub subject_type: Option<String>,
    pub subject_id: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

impl AuditQuery {
    pub fn limit(&self) -> Result<usize, Error> {
        page_limit(self.limit)
    }

    /// What a cursor of this list is bound to.
    pub fn filters(&self) -> String {
        format!("audit {:?}", Self { limit: None, cursor: None, ..self.clone() })
    }

    pub fn filter(&self) -> Result<Filter, Error> {
        let (actors, system) = match self.actor.as_deref() {
            None => (None, false),
            Some("system") => (None, true),
            Some("anonymous") => (Some(vec!["anonymous".to_owned()]), false),
            Some(text) => (Some(actors(text)?), false),
        };
        Ok(Filter {
            actors,
            system,
            actions: any_of(actions(self.action.as_deref())?),
            subject_type: self.subject_type.clone(),
            subject_id: self.subject_id,
            from: self.from,
            to: self.to,
        })
    }
}

/// Types of events and actions beside them: a slip would find nothing for ever.
fn actions(text: Option<&str>) -> Result<Vec<String>, Error> {
    let (audited, types): (Vec<_>, Vec<_>) = many(text).into_iter().partition(|action| action.parse::<AuditAction>().is_ok());
    if let Some(unknown) = types.iter().find(|known| catalogue::find(known).is_none()) {
        let audited: Vec<&str> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        let detail = format!("'{unknown}' is no value of action: use a type of GET /v1/event_types, or one of {}", audited.join(", "));
        return Err(Error::bad_request("invalid_parameter", detail));
    }
    Ok(audited.into_iter().chain(types).collect())
}

/// How an actor may be written down.
fn actors(text: &str) -> Result<Vec<String>, Error> {
    let (kinds, id): (&[&str], &str) = match text.split_once(':') {
        Some(("user", id)) => (&["user"], id),
        Some(("api_client", id)) => (&["api_client"], id),
        Some(("system", job)) if !job.is_empty() => return Ok(vec![format!("system:{job}")]),
        Some(_) => (&[], ""),
        None => (&["user", "api_client"], text),
    };
    let id: Result<Uuid, _> = id.parse();
    match id {
        Ok(id) => Ok(kinds.iter().map(|kind| format!("{kind}:{id}")).collect()),
        Err(_) => Err(Error::bad_request("invalid_parameter", "actor is user:<id>, api_client:<id>, an id, system or anonymous")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_type_of_event_or_one_beside_them() {
        assert_eq!(actions(Some("auth.logged_in, order.cancelled,")).unwrap(), ["auth.logged_in", "order.cancelled"]);
        assert!(actions(None).unwrap().is_empty() && actions(Some(",")).unwrap().is_empty());
        for bad in ["orders.captured", "auth.logged", "order", "order.cancelled,x"] {
            assert!(matches!(actions(Some(bad)), Err(Error::BadRequest { code: "invalid_parameter", .. })), "{bad}");
        }
    }

    #[test]
    fn an_actor_is_asked_for_by_kind_or_by_id_alone() {
        let id = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";
        assert_eq!(actors(&format!("user:{id}")).unwrap(), [format!("user:{id}")]);
        assert_eq!(actors(id).unwrap(), [format!("user:{id}"), format!("api_client:{id}")]);
        assert_eq!(actors("system:expire_holds").unwrap(), ["system:expire_holds"]);
        for bad in ["siti", "user:siti", "robot:1", "user:"] {
            assert!(actors(bad).is_err(), "{bad}");
        }
    }
}
