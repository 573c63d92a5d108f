//! Batches of orders placed straight on a connection, as an import or a queue does it, several at once.

use crate::support::app::TestApp;
use crate::support::load::{are_blocked, assert_no_deadlock, number, open_shop, order, prove, units};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use pesanan::auth::actor::Context;
use pesanan::error::Error;
use pesanan::order_to_cash::place::{PlaceRequest, place};
use pesanan::orders::dates::Dates;
use pesanan::orders::master_data::MasterDataCache;
use pesanan::orders::verify::Request;
use pesanan::organization;
use pesanan::platform::http::Answer;
use pesanan::platform::idempotency::{IdempotencyKey, fingerprint};
use pesanan::platform::numbers::Numbers;
use pesanan::types::id::OrderId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Barrier;

const SKUS: usize = 12;

fn context_of(app: &TestApp) -> Context {
    let id = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    Context::system(id, app.clock.now())
}

fn request(context: &Context, number: &str, key: Option<&str>, body: &Value) -> PlaceRequest {
    let hash = fingerprint("", body.to_string().as_bytes());
    let key = key.map(|key| IdempotencyKey {
        organization_id: context.organization_id.0,
        key: key.to_owned(),
        hash: hash.clone(),
        at: context.now,
    });
    let body = serde_json::from_value(body.clone()).unwrap();
    let request = Request {
        order_id: OrderId::generate(),
        number: number.to_owned(),
        body,
        may_price: true,
        dates: Dates::Recent,
        historical: false,
    };
    PlaceRequest::new(request, key.as_ref(), &hash)
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn code(error: &Error) -> String {
    error.problem("")["code"].as_str().unwrap().to_owned()
}

/// One order of a batch by what it claims: numbers of its key and its external id, and which of several contents it has.
#[derive(Clone, Copy, Debug)]
struct Wish {
    key: usize,
    external_id: usize,
    content: usize,
}

/// Three batches whose claims overlap in different orders: the first takes key and external id i for order i; the second repeats
/// some of its orders and takes one claim of each of the others, backwards; the third takes the keys with other external ids.
fn wishes(batch: usize, orders: usize) -> Vec<Wish> {
    let elsewhere = orders;
    let wish = |i: usize| match (batch, i % 5) {
        (0, _) | (1, 0) => Wish { key: i, external_id: i, content: i },
        (1, 1) => Wish { key: elsewhere + i, external_id: i, content: i },
        (1, 2) => Wish { key: elsewhere + i, external_id: i, content: elsewhere + i },
        (1, 3) => Wish { key: i, external_id: elsewhere + i, content: i },
        (1, _) => Wish { key: i, external_id: (i + 1) % orders, content: i },
        _ => Wish { key: i, external_id: orders - 1 - i, content: i },
    };
    let mut wishes: Vec<Wish> = (0..orders).map(wish).collect();
    match batch {
        0 => {}
        1 => wishes.reverse(),
        _ => wishes.rotate_left(orders / 2),
    }
    wishes
}

#[actix_web::test]
async fn batches_with_crossed_keys_and_external_ids_wait_for_each_other_without_deadlock() {
    const ORDERS: usize = 50;
    const ROUNDS: usize = 8;
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", SKUS, |_| [60, 60]).await;
    let context = context_of(&app);
    let barrier = Barrier::new(4);
    let run = |batch: usize| {
        let mut connection: PgConnection = app.database.connect();
        let mut results = vec![];
        for round in 0..ROUNDS {
            let wishes = wishes(batch, ORDERS);
            let requests: Vec<PlaceRequest> = wishes
                .iter()
                .enumerate()
                .map(|(i, wish)| {
                    let mut body = order(&[(wish.content % SKUS, 1), ((wish.content + 5) % SKUS, 2)], "backorder");
                    body["external_id"] = json!(format!("{round}-{}", wish.external_id));
                    body["note"] = json!(format!("{}", wish.content));
                    request(&context, &format!("SO-{batch}-{round}-{i}"), Some(&format!("{round}-{:03}", wish.key)), &body)
                })
                .collect();
            barrier.wait();
            let outcomes = place(&mut connection, &MasterDataCache::default(), &context, &requests.iter().collect::<Vec<_>>());
            results.push((wishes, requests, outcomes));
        }
        results
    };
    let mut met = 0;
    let results: Vec<_> = std::thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..3).map(|batch| scope.spawn(move || run(batch))).collect();
        let mut holder = app.database.connect();
        for round in 0..ROUNDS {
            // Holds a key in the middle of all batches until each has taken what it takes before that one, so that those which take
            // theirs in different orders do meet.
            holder.batch_execute("BEGIN").unwrap();
            let hold = format!(
                "INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
                 VALUES ('{0}', 'k', '{round}-{1:03}', '{0}', '', 0, now())",
                context.organization_id,
                ORDERS / 2
            );
            holder.batch_execute(&hold).unwrap();
            barrier.wait();
            met += usize::from(are_blocked(&mut holder, 3));
            holder.batch_execute("ROLLBACK").unwrap();
        }
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(met, ROUNDS);

    let mut made = 0;
    for (wishes, requests, outcomes) in results {
        for ((outcome, request), wish) in outcomes.unwrap().iter().zip(&requests).zip(&wishes) {
            match outcome {
                Ok(answer) => {
                    let order = body(answer);
                    assert_eq!(order["note"], json!(wish.content.to_string()));
                    assert_eq!(answer.replayed, order["id"] != json!(request.request.order_id));
                    made += i64::from(!answer.replayed);
                }
                Err(error) => {
                    let code = code(error);
                    assert!(["external_id_conflict", "idempotency_key_reused"].contains(&code.as_str()), "{wish:?}: {error}");
                }
            }
        }
    }
    let stored = number(&app.database, "SELECT count(*) AS value FROM sales_order");
    assert_eq!(made, stored, "each stored order was answered once as made");
    assert!(stored >= (ROUNDS * ORDERS / 2) as i64, "{stored} of {}", ROUNDS * ORDERS);
    let unclaimed = "SELECT count(*) AS value FROM sales_order o WHERE (SELECT count(*) FROM claim c \
        WHERE c.organization_id = o.organization_id AND c.subject_id = o.id) <> 2";
    assert_eq!(number(&app.database, unclaimed), 0, "each stored order holds both of its claims");
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM claim"), 2 * stored, "and nobody else holds one");
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn an_order_that_cannot_be_stored_does_not_fail_its_batch() {
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", SKUS, |_| [60, 60]).await;
    let context = context_of(&app);
    let mut connection = app.database.connect();
    let body = order(&[(0, 1)], "refuse");
    let batch: Vec<PlaceRequest> = ["SO-1", "SO-2", "SO-1", "SO-3"].iter().map(|number| request(&context, number, None, &body)).collect();
    for _ in 0..2 {
        let outcomes = place(&mut connection, &MasterDataCache::default(), &context, &batch.iter().collect::<Vec<_>>()).unwrap();
        let answers: Vec<String> = outcomes
            .iter()
            .map(|outcome| match outcome {
                Ok(answer) => self::body(answer)["number"].as_str().unwrap().to_owned(),
                Err(error) => code(error),
            })
            .collect();
        assert_eq!(answers, ["SO-1", "SO-2", "order_number_taken", "SO-3"]);
    }
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 3);
    prove(&app.database);
}

/// The last units go to the first orders of the batch; what is left over for the others is told line by line.
#[actix_web::test]
async fn a_shortage_refuses_the_late_orders_of_a_batch_and_no_other() {
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", SKUS, |i| if i == 0 { [3, 2] } else { [60, 60] }).await;
    let context = context_of(&app);
    let mut connection = app.database.connect();
    let sku = |i: usize| if i.is_multiple_of(2) { 0 } else { 1 };
    let batch: Vec<PlaceRequest> =
        (0..12).map(|i| request(&context, &format!("SO-{i}"), Some(&i.to_string()), &order(&[(sku(i), 2)], "refuse"))).collect();
    let outcomes = place(&mut connection, &MasterDataCache::default(), &context, &batch.iter().collect::<Vec<_>>()).unwrap();
    for (i, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(answer) => assert_eq!(units(&body(answer)["lines"][0]["allocated_quantity"]), 2),
            Err(error) => {
                assert!(i % 2 == 0 && i >= 4, "{i}: {error}");
                let problem = error.problem("");
                assert_eq!((&problem["code"], &problem["lines"][0]["available"]), (&json!("insufficient_stock"), &json!("1")));
            }
        }
    }
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    prove(&app.database);
}

#[actix_web::test]
async fn number_blocks_of_two_processes_never_overlap() {
    const EACH: usize = 600;
    let app = TestApp::spawn().await;
    let organization_id = app.organization("shop").await.0;
    let processes = [Numbers::default(), Numbers::default()];
    let taken: Vec<i64> = std::thread::scope(|scope| {
        let take = |numbers| {
            let mut connection = app.database.connect();
            (0..EACH).map(|_| Numbers::next(numbers, &mut connection, organization_id, "order").unwrap()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = processes.iter().chain(&processes).map(|numbers| scope.spawn(move || take(numbers))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<i64> = taken.iter().copied().collect();
    assert_eq!((taken.len(), distinct.len()), (4 * EACH, 4 * EACH));
}

/// A hundred older orders wait for whole boxes; five pieces have come, which only the youngest can use.
#[actix_web::test]
async fn backorders_that_cannot_use_what_has_come_do_not_keep_it_from_those_that_can() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let boxed =
        json!([{"sku": "SKU-00", "name": "SKU-00", "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}], "tax_category": "standard"}]);
    client.put("/v1/products", &boxed).await.expect(200);
    let context = context_of(&app);
    let batch: Vec<PlaceRequest> = (0..121)
        .map(|i| {
            let mut body = order(&[(0, 2)], "backorder");
            if i < 120 {
                body["lines"][0]["unit"] = json!("XBX");
            }
            request(&context, &format!("SO-{i:03}"), None, &body)
        })
        .collect();
    assert!(
        place(&mut app.database.connect(), &MasterDataCache::default(), &context, &batch.iter().collect::<Vec<_>>())
            .unwrap()
            .iter()
            .all(Result::is_ok)
    );
    let receive = json!({"location": "jakarta-1", "lines": [{"sku": "SKU-00", "quantity": "5"}]});
    client.post("/v1/inventory/receipts", &receive).await.expect(201);
    let (db, now) = (app.app.db.clone(), app.clock.now());
    let served = actix_web::web::block(move || pesanan::jobs::fill_backorders(&db, now)).await.unwrap().unwrap();
    assert_eq!(served, 1);
    prove(&app.database);
}

#[actix_web::test]
async fn an_order_whose_answer_was_lost_is_found_again_though_it_has_taken_the_last_piece_itself() {
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", SKUS, |_| [1, 0]).await;
    let context = context_of(&app);
    let (mut connection, cache) = (app.database.connect(), MasterDataCache::default());
    // Neither key nor external id: only its own id tells that it has been here before.
    let lost = request(&context, "SO-1", None, &order(&[(0, 1)], "refuse"));
    let first = place(&mut connection, &cache, &context, &[&lost]).unwrap().pop().unwrap().unwrap();
    let again = place(&mut connection, &cache, &context, &[&lost]).unwrap().pop().unwrap().unwrap();
    assert_eq!(body(&first)["id"], body(&again)["id"]);
    let other = request(&context, "SO-2", None, &order(&[(0, 1)], "refuse"));
    let refused = place(&mut connection, &cache, &context, &[&lost, &other]).unwrap();
    assert!(refused[0].is_ok());
    assert_eq!(code(refused[1].as_ref().unwrap_err()), "insufficient_stock");
    prove(&app.database);
}

#[actix_web::test]
async fn who_comes_first_is_served_first_whichever_way_the_order_takes() {
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", SKUS, |i| if i == 0 { [1, 0] } else { [5, 5] }).await;
    let context = context_of(&app);
    let guest = json!({"customer": {"name": "Ayu", "email": "ayu@example.com"}, "lines": [{"sku": "SKU-00", "quantity": "1"}],
        "shipping_address": {"name": "Ayu", "line1": "Jl. Braga 1", "city": "Bandung", "country": "ID"}});
    let batch = [
        request(&context, "SO-1", Some("1"), &guest),
        request(&context, "SO-2", Some("2"), &order(&[(0, 1)], "refuse")),
        request(&context, "SO-3", Some("3"), &order(&[(1, 1)], "refuse")),
        request(&context, "SO-4", Some("4"), &order(&[(0, 1)], "backorder")),
    ];
    let outcomes = place(&mut app.database.connect(), &MasterDataCache::default(), &context, &batch.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(body(outcomes[0].as_ref().unwrap())["lines"][0]["allocated_quantity"], "1");
    assert_eq!(code(outcomes[1].as_ref().unwrap_err()), "insufficient_stock");
    assert_eq!(body(outcomes[2].as_ref().unwrap())["lines"][0]["allocated_quantity"], "1");
    assert_eq!(body(outcomes[3].as_ref().unwrap())["lines"][0]["backordered_quantity"], "1");
    prove(&app.database);
}

#[actix_web::test]
async fn what_a_batch_has_written_stays_written_when_one_of_its_orders_fails() {
    let app = TestApp::spawn().await;
    open_shop(&app, "shop", SKUS, |_| [1, 0]).await;
    let context = context_of(&app);
    let poison = "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$; \
        CREATE TRIGGER poison BEFORE INSERT ON customer FOR EACH ROW WHEN (NEW.guest) EXECUTE FUNCTION poison()";
    app.database.connect().batch_execute(poison).unwrap();
    let guest = json!({"customer": {"name": "Ayu", "email": "ayu@example.com"}, "lines": [{"sku": "SKU-01", "quantity": "1"}],
        "shipping_address": {"name": "Ayu", "line1": "Jl. Braga 1", "city": "Bandung", "country": "ID"}});
    let batch = [request(&context, "SO-1", None, &order(&[(0, 1)], "refuse")), request(&context, "SO-2", None, &guest)];
    let outcomes = place(&mut app.database.connect(), &MasterDataCache::default(), &context, &batch.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(body(outcomes[0].as_ref().unwrap())["lines"][0]["allocated_quantity"], "1");
    assert!(outcomes[1].is_err());
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 1);
    prove(&app.database);
}

#[actix_web::test]
async fn old_claims_are_forgotten_however_many_there_are_and_external_ids_never() {
    let app = TestApp::spawn().await;
    let claims = "INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
        SELECT gen_random_uuid(), CASE WHEN i % 4 = 0 THEN 'x' ELSE 'k' END, i::text, gen_random_uuid(), '', 201, \
        timestamptz '2020-01-01' + i * interval '1 second' FROM generate_series(1, 16000) i";
    app.database.connect().batch_execute(claims).unwrap();
    let count = |kind: &str| {
        number(&app.database, &format!("SELECT count(*) AS value FROM claim WHERE kind = '{kind}' AND created_at < '2021-01-01'"))
    };
    assert_eq!((count("k"), count("x")), (12_000, 4_000));
    let (db, now) = (app.app.db.clone(), app.clock.now());
    let purge = move || pesanan::jobs::purge_claims(&db, now);
    assert!(actix_web::web::block(purge.clone()).await.unwrap().unwrap() >= 12_000);
    assert_eq!((count("k"), count("x")), (0, 4_000));
    assert_eq!(actix_web::web::block(purge).await.unwrap().unwrap(), 0);
}

#[actix_web::test]
async fn a_batch_sends_two_statements_however_many_orders_it_has() {
    use diesel::Connection;
    use diesel::connection::InstrumentationEvent;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [500, 500]).await;
    client.post("/v1/coupons", &json!({"code": "TEN", "name": "Ten off", "percent": "10", "usage_limit": 1000})).await.expect(201);
    let context = context_of(&app);
    let (mut connection, cache) = (app.database.connect(), MasterDataCache::default());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counted.fetch_add(1, Relaxed);
        }
    });
    let mut number = 0;
    let mut run = |orders: usize, coupons: &[&str]| {
        let batch: Vec<PlaceRequest> = (0..orders)
            .map(|i| {
                number += 1;
                let mut body = order(&[(i % SKUS, 1), ((i + 1) % SKUS, 2)], "refuse");
                body["coupon_codes"] = json!(coupons);
                body["external_id"] = json!(format!("E-{number}"));
                body["purchase_order_number"] = json!(format!("PO-{number}"));
                request(&context, &format!("SO-{number}"), Some(&number.to_string()), &body)
            })
            .collect();
        sent.store(0, Relaxed);
        let outcomes = place(&mut connection, &cache, &context, &batch.iter().collect::<Vec<_>>()).unwrap();
        assert!(outcomes.iter().all(Result::is_ok));
        sent.load(Relaxed)
    };
    // The first orders read the master data; from then on it is remembered: a look and the capture.
    assert!(run(SKUS, &[]) <= 4);
    assert_eq!((run(1, &[]), run(50, &[])), (2, 2));
    // Coupons cost a batch of its own kind a fixed number more.
    let one = run(1, &["TEN"]);
    assert_eq!(run(50, &["TEN"]), one);
    assert!(one <= 12, "{one}");
    assert_eq!((run(1, &[]), run(50, &[])), (2, 2));
    prove(&app.database);
}

#[actix_web::test]
async fn a_batch_that_is_short_is_pegged_to_supply_in_its_two_statements() {
    use diesel::Connection;
    use diesel::connection::InstrumentationEvent;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 3, |_| [10, 0]).await;
    for sku in ["SKU-00", "SKU-01"] {
        let supply = json!({"sku": sku, "location": "jakarta-1", "quantity": "60", "expected_on": "2026-03-10"});
        client.post("/v1/inventory/incoming", &supply).await.expect(201);
    }
    let context = context_of(&app);
    let (mut connection, cache) = (app.database.connect(), MasterDataCache::default());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counted.fetch_add(1, Relaxed);
        }
    });
    let mut number_of_order = 0;
    let mut run = |orders: usize| {
        let batch: Vec<PlaceRequest> = (0..orders)
            .map(|_| {
                number_of_order += 1;
                request(&context, &format!("SO-{number_of_order}"), None, &order(&[(0, 2), (1, 1), (2, 1)], "backorder"))
            })
            .collect();
        sent.store(0, Relaxed);
        let outcomes = place(&mut connection, &cache, &context, &batch.iter().collect::<Vec<_>>()).unwrap();
        assert!(outcomes.iter().all(Result::is_ok));
        sent.load(Relaxed)
    };
    run(1);
    assert_eq!((run(1), run(30)), (2, 2));
    // 32 orders: 64 of the first, of which 10 were there and 54 are pegged; 32 of the second, 22 pegged; of the third nothing comes.
    assert_eq!(number(&app.database, "SELECT sum(quantity)::bigint AS value FROM peg"), 76);
    assert_eq!(
        number(&app.database, "SELECT count(*) AS value FROM promise_review"),
        22 + 2,
        "those of the third, and of supply that came"
    );
    prove(&app.database);
}
