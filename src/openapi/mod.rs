//! The OpenAPI 3.1 document. The features describe their operations where they handle them; what holds for all of them alike
//! is added here: info, tags, security schemes, shared headers and answers.

mod bodies;
mod parameters;
mod patches;
mod paths;
/// What an error answer holds.
mod problem;
mod responses;
mod schemas;
mod security;
mod service_config;
mod swagger;
/// What receivers are sent.
mod webhooks;

pub use paths::Paths;
pub use problem::Problem;
pub use responses::{
    BadRequest, Conflict, CursorGone, DocumentIncomplete, Forbidden, HeadTooLarge, HoldNotReleasable, InternalError, Invalid, LoginBlocked,
    LoginRefused, NotFound, OrderRefused, PayloadTooLarge, RequestTimeout, ReservationRefused, Stale, StockConflict, Unauthenticated,
    Unavailable, UnsupportedMediaType,
};
pub use service_config::{ServiceConfig, serve};
pub use swagger::routes;

use crate::app;
use utoipa::OpenApi;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi as Document, Server};

/// The parts of the API in the order of the road from an order to its cash, each with what it is for.
pub const TAGS: [(&str, &str); 16] = [
    ("access", "Get a token, see who it is, and manage the API clients that may ask for one."),
    ("organization", "Describe your own company: addresses, bank accounts, payment terms and exchange rates."),
    ("catalog", "Say what is sold, for how much, and at which tax."),
    ("customers", "Keep who buys, with addresses, terms and credit, and see everything that happened with each."),
    ("inventory", "Know what is where: locations, stock levels, receipts, counts, transfers, and what is on its way."),
    ("checkout", "Tell a shop's cart what is available, and keep it aside while the buyer pays."),
    ("orders", "Place orders, confirm, hold, release and cancel them, and follow each to its end."),
    ("fulfillment", "Pick, pack and ship what orders have promised, and track it to the door."),
    ("invoices", "Bill what has shipped, with numbers without gaps, and correct a bill by a credit note."),
    ("payments", "Book the money that comes in and apply it, and give back what is owed."),
    ("returns", "Take goods back: let them in, inspect them, and credit, refund or replace them."),
    ("notices", "Write to customers what happens to their orders, and see what was sent."),
    ("channels", "Open the ways that orders come through, and see what the platforms behind them have told."),
    ("reports", "Measure sales, cycle times and fill rates by definitions that come with each answer."),
    ("events", "Follow everything that happens, in order and without a gap."),
    ("webhooks", "Have events sent to other systems, signed and until they arrive, and see what became of each."),
];

#[derive(OpenApi)]
#[openapi(info(title = "Pesanan", license(name = "Apache-2.0", identifier = "Apache-2.0")), components(schemas(Problem)))]
struct Base;

/// The whole document, from the same registration that serves the routes.
pub fn document() -> Document {
    let mut document = Base::openapi();
    document.info.description = Some(include_str!("description.md").to_owned());
    // Relative, so that it is right behind every proxy and for every port.
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(TAGS.iter().map(|(name, what)| TagBuilder::new().name(*name).description(Some(*what)).build()).collect());
    service_config::describe(&mut document, app::features);
    let components = document.components.get_or_insert_default();
    security::add_schemes(components);
    parameters::add_components(components);
    responses::add_components(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            security::complete(operation);
            bodies::complete(&method, operation);
            parameters::complete(&method, operation);
            responses::complete(path, &method, operation);
        }
    }
    schemas::refer(&mut document);
    schemas::separate(&mut document);
    patches::loosen(&mut document);
    document.webhooks = Some(webhooks::all_webhooks());
    document
}

/// The document as it is committed and served: indented JSON with a line break at its end.
pub fn json(document: &Document) -> String {
    document.to_pretty_json().map(|json| json + "\n").unwrap_or_default()
}

/// The operations of one path, each with its method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let known = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    known.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
