//! The demo company, as `pesanan demo` loads it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use super::app::TestApp;
use pesanan::demo;
use pesanan::types::id::OrganizationId;

/// Loads it whole.
pub async fn load(app: &TestApp) -> OrganizationId {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    let loaded = actix_web::web::block(move || {
        let id = demo::create_organization(&db, now)?;
        demo::load(&db, id, now).map(|()| id)
    });
    loaded.await.unwrap().unwrap()
}
