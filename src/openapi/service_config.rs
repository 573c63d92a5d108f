//! Where features register their operations: for serving, which each worker does when it starts, or for the document, which is made
//! once. Collecting the parts of the document takes tens of megabytes, so a worker leaves it out.
//!
//! The framework tries one path after the other. Operations are therefore served in groups of what their paths begin with
//! (`/v1/orders`), of which all but one are passed by a comparison of text.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::fn_guard;
use actix_web::{Scope, web};
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

/// Takes operations, each with its description.
pub struct ServiceConfig<'a>(Purpose<'a>);

enum Purpose<'a> {
    Serving(&'a mut Groups),
    Describing(&'a mut OpenApi),
}

/// What the paths of some operations begin with, and how each of these is registered.
type Groups = Vec<(String, Vec<Register>)>;
type Register = Box<dyn FnOnce(Scope) -> Scope>;

/// The first two segments of a path.
pub(super) fn beginning(path: &str) -> &str {
    let ends = path.match_indices('/').nth(2).map_or(path.len(), |(at, _)| at);
    &path[..ends]
}

/// Serves the operations of `features`: in the order in which these name them, within a group and of the groups themselves.
pub fn serve(config: &mut web::ServiceConfig, features: impl FnOnce(&mut ServiceConfig)) {
    let mut groups = Groups::new();
    features(&mut ServiceConfig(Purpose::Serving(&mut groups)));
    for (name, operations) in groups {
        let group = web::scope("").guard(fn_guard(move |context| beginning(context.head().uri.path()) == name));
        config.service(operations.into_iter().fold(group, |group, register| register(group)));
    }
}

/// Adds the operations of `features`, and the schemas that they name, to a document.
pub fn describe(document: &mut OpenApi, features: impl FnOnce(&mut ServiceConfig)) {
    features(&mut ServiceConfig(Purpose::Describing(document)));
}

impl ServiceConfig<'_> {
    pub fn service<F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static>(&mut self, operation: F) -> &mut Self {
        match &mut self.0 {
            Purpose::Serving(groups) => {
                let (path, register): (_, Register) = (F::path(), Box::new(|group| group.service(operation)));
                match groups.iter_mut().find(|(name, _)| name == beginning(&path)) {
                    Some((_, operations)) => operations.push(register),
                    None => groups.push((beginning(&path).to_owned(), vec![register])),
                }
            }
            Purpose::Describing(document) => {
                document.paths.merge(operation.paths());
                let mut schemas: Vec<(String, RefOr<Schema>)> = vec![];
                operation.schemas(&mut schemas);
                document.components.get_or_insert_default().schemas.extend(schemas);
            }
        }
        self
    }

    pub fn configure(&mut self, feature: impl FnOnce(&mut ServiceConfig)) -> &mut Self {
        feature(self);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn a_group_is_named_by_two_segments() {
        for (path, name) in [("/v1/orders", "/v1/orders"), ("/v1/orders/1/cancel", "/v1/orders"), ("/v1/", "/v1/"), ("/", "/"), ("", "")] {
            assert_eq!(beginning(path), name, "{path}");
        }
    }
}
