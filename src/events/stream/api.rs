use super::run::Stream;
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::events::body::FeedQuery;
use crate::events::feed::{self, Reader};
use crate::events::position::Position;
use crate::openapi::ServiceConfig;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(stream_events);
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Where to begin: `next_cursor` or a `position` of the feed; without it, and without `Last-Event-ID`, what happens from now on.
    pub after: Option<String>,
    /// Only these types, many by comma.
    #[serde(rename = "type")]
    #[param(pattern = r"^[a-z_]+\.[a-z_]+(,[a-z_]+\.[a-z_]+)*$", example = "order.confirmed,shipment.shipped")]
    pub event_type: Option<String>,
}

/// Stream events as they happen
///
/// Server-Sent Events: each event of the feed once and in its order, as `data`, with its position as `id`. `Last-Event-ID` goes on
/// behind it. Every 5 seconds without an event a comment shows that the stream lives. It ends when the token does.
#[utoipa::path(tag = "events", operation_id = "stream_events", security(("oauth2" = ["events:read"])), params(
    StreamQuery,
    ("Last-Event-ID" = Option<String>, Header, description = "The last `id` that came; goes before `after`"),
), responses(
    (status = 200, description = "Events until somebody ends it", body = String, content_type = "text/event-stream",
        example = json!("id: AQAAAAAAAAAq\ndata: {\"id\": \"019f4c8e-6f00-7000-8000-00000000002a\", \"type\": \"order.confirmed\"}\n\n")),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/events/stream")]
pub async fn stream_events(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<HttpResponse, Error> {
    let (context, _) = call.require_as(Permission::EVENTS_READ, &["text/event-stream"])?;
    let query: StreamQuery = call.query()?;
    let after = call.header("last-event-id").map(str::to_owned).or(query.after);
    let query = FeedQuery { after, event_type: query.event_type, limit: None };
    let reader = Reader { organization_id: context.organization_id, types: query.types()?, permissions: call.actor.permissions };
    let asked = query.after.is_some().then(|| query.after()).transpose()?;
    let after: Position = app.db.read(move |connection| feed::start(connection, asked)).await?;
    let seat = app.streams.sit(context.organization_id, after.0, app.config.streams_per_organization)?;
    app.streams.poll(&app.db);
    // One piece under way and one being made: a reader that is slow is waited for.
    let (to, from) = tokio::sync::mpsc::channel::<Bytes>(1);
    let stream = Stream { app, authenticator, headers: call.authorization(), reader, after, seat, to };
    actix_web::rt::spawn(stream.run());
    let body = futures_util::stream::unfold(from, |mut from| async move {
        let next = from.recv().await?;
        Some((Ok::<_, Error>(next), from))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        // Compression would hold events back until a block is full, and so would a proxy's buffer.
        .insert_header(("content-encoding", "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body))
}
