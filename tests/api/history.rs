//! The history that the benchmark programme loads.

use crate::support::app::TestApp;
use crate::support::load::{number, open_shop, order, prove};
use pesanan::bench::history;
use pesanan::organization;

#[actix_web::test]
async fn a_loaded_history_keeps_every_invariant_and_can_be_read_and_added_to() {
    let app = TestApp::spawn().await;
    let shop = open_shop(&app, "shop", 12, |_| [1000, 500]).await;
    shop.post("/v1/orders", &order(&[(0, 1), (1, 2), (2, 3)], "refuse")).await.expect(201);
    let id = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    history::load(&mut app.database.connect(), id, 700).unwrap();
    prove(&app.database);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 701);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM order_line"), 2103);
    for status in ["completed", "cancelled", "confirmed"] {
        let page = shop.get(&format!("/v1/orders?status={status}&limit=1")).await.expect(200);
        assert_eq!(page["data"][0]["lines"].as_array().unwrap().len(), 3, "{status}: {page:#}");
    }
    let invoices = shop.get("/v1/invoices?limit=2").await.expect(200);
    assert_eq!(invoices["data"][0]["status"], "paid");
    assert_eq!(invoices["data"][0]["bill_to"]["code"], "C-1");
    shop.post("/v1/orders", &order(&[(0, 1), (1, 2), (2, 3)], "refuse")).await.expect(201);
    history::load(&mut app.database.connect(), id, 30).unwrap();
    prove(&app.database);
}

#[actix_web::test]
async fn a_history_needs_an_order_to_take_its_texts_from() {
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", 3, |_| [10, 10]).await;
    let id = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    assert_eq!(history::load(&mut app.database.connect(), id, 10), Err(diesel::result::Error::NotFound));
}
