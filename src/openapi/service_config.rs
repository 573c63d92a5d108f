//! Where features register their operations: for serving, which each worker does when it starts, or for the document, which is made
//! once. Collecting the parts of the document takes tens of megabytes, so a worker leaves it out.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

/// Takes operations, each with its description.
pub struct ServiceConfig<'a>(Purpose<'a>);

enum Purpose<'a> {
    Serving(&'a mut web::ServiceConfig),
    Describing(&'a mut OpenApi),
}

impl<'a> ServiceConfig<'a> {
    /// Operations are served.
    pub fn serving(config: &'a mut web::ServiceConfig) -> Self {
        Self(Purpose::Serving(config))
    }

    /// Operations and the schemas that they name are added to a document.
    pub fn describing(document: &'a mut OpenApi) -> Self {
        Self(Purpose::Describing(document))
    }

    pub fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        match &mut self.0 {
            Purpose::Serving(config) => {
                config.service(operation);
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
