//! The event feed under slow and fast writers: everything once and in order, where a reader of `id > last` misses what commits
//! late.

use crate::support::app::TestApp;
use crate::support::load::{Client, Random, at_once, open_shop, order};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use pesanan::auth::actor::Context;
use pesanan::events::{self, event::NewEvent, position::Position};
use pesanan::organization;
use pesanan::types::id::OrganizationId;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const WRITERS: usize = 24;
/// Of these, so many commit only after a naive reader has gone past them.
const LATE_WRITERS: usize = 8;
const LATE_TRANSACTIONS: usize = 4;
const TRANSACTIONS: usize = 30;
const ORDERS: usize = 80;
/// The most events that one page holds.
const QUICK: usize = 200;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

/// The organization's events after one, as they are committed now.
fn ids(connection: &mut PgConnection, organization_id: OrganizationId, after: i64, condition: &str) -> Vec<i64> {
    let query = format!("SELECT id FROM event WHERE organization_id = '{organization_id}' AND id > {after} AND {condition} ORDER BY id");
    let rows: Vec<Id> = diesel::sql_query(query).load(connection).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn some_events(random: &mut Random, most: usize) -> Vec<NewEvent> {
    (0..1 + random.below(most)).map(|_| NewEvent::of("order.held", "order", uuid::Uuid::new_v4(), json!({}))).collect()
}

fn append_some(connection: &mut PgConnection, context: &Context, random: &mut Random) -> diesel::QueryResult<()> {
    for _ in 0..1 + random.below(3) {
        events::append(connection, context, &some_events(random, 4))?;
        std::thread::sleep(Duration::from_millis(random.below(8) as u64));
    }
    if random.below(10) == 0 {
        return Err(diesel::result::Error::RollbackTransaction);
    }
    Ok(())
}

/// What writers and readers tell each other.
#[derive(Default)]
struct Signals {
    /// How far the naive reader has come.
    naive_at: AtomicI64,
    /// How often a reader of the feed has come to the end of what it is shown.
    caught_up: AtomicUsize,
    late_writers: AtomicUsize,
    writers_done: AtomicBool,
    orders_done: AtomicBool,
}

impl Signals {
    /// Whether nothing more will be written.
    fn done(&self) -> bool {
        self.writers_done.load(Ordering::SeqCst) && self.orders_done.load(Ordering::SeqCst)
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Holds each transaction open until both the naive reader and one of the feed have read on. Answers the ids that it wrote.
fn write_late(connection: &mut PgConnection, [context, _]: &[Context; 2], signals: &Signals, seed: u64) -> Vec<i64> {
    let mut random = Random::seeded(seed);
    let mut written = vec![];
    for _ in 0..LATE_TRANSACTIONS {
        let ids = connection.transaction(|connection| -> diesel::QueryResult<Vec<i64>> {
            events::append(connection, context, &some_events(&mut random, 3))?;
            let own = ids(connection, context.organization_id, 0, "xmin = pg_current_xact_id()::xid");
            let last = own[own.len() - 1];
            wait_until("the naive reader is past it", || signals.naive_at.load(Ordering::SeqCst) > last);
            // The page after the next was asked for when others had written past this one.
            let enough = signals.caught_up.load(Ordering::SeqCst) + 2;
            wait_until("the feed was read to its end", || signals.caught_up.load(Ordering::SeqCst) >= enough);
            Ok(own)
        });
        written.extend(ids.unwrap());
    }
    signals.late_writers.fetch_sub(1, Ordering::SeqCst);
    written
}

/// Writes until the late ones are through, since they wait for somebody to write past them.
fn write(connection: &mut PgConnection, contexts: &[Context; 2], signals: &Signals, seed: u64) -> Vec<i64> {
    let mut random = Random::seeded(seed);
    let mut transactions = 0;
    while transactions < TRANSACTIONS || (signals.late_writers.load(Ordering::SeqCst) > 0 && transactions < 200 * TRANSACTIONS) {
        let context = &contexts[usize::from(random.below(5) == 0)];
        if transactions >= TRANSACTIONS {
            // Slower than anybody reads.
            std::thread::sleep(Duration::from_millis(30));
        }
        match connection.transaction(|connection| append_some(connection, context, &mut random)) {
            Ok(()) | Err(diesel::result::Error::RollbackTransaction) => transactions += 1,
            Err(error) => panic!("{error}"),
        }
    }
    vec![]
}

/// Reads `id > last` again and again, as one is tempted to.
fn read_naively(connection: &mut PgConnection, organization_id: OrganizationId, signals: &Signals) -> Vec<i64> {
    let mut seen = vec![];
    loop {
        let done = signals.done();
        let new = ids(connection, organization_id, signals.naive_at.load(Ordering::SeqCst), "true");
        if let Some(last) = new.last() {
            signals.naive_at.store(*last, Ordering::SeqCst);
        }
        seen.extend(new);
        if done {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Follows the feed over HTTP in pages of changing size, of at most so many events.
async fn follow(client: &Client, filter: &str, signals: &Signals, most: usize) -> Vec<i64> {
    let mut random = Random::seeded(most as u64);
    let (mut seen, mut after) = (vec![], String::new());
    loop {
        let done = signals.done();
        loop {
            let page = client.get(&format!("/v1/events?limit={}{filter}{after}", most - random.below(most / 2 + 1))).await.expect(200);
            let position = |event: &serde_json::Value| Position::decode(event["position"].as_str().unwrap()).unwrap().0;
            seen.extend(page["data"].as_array().unwrap().iter().map(position));
            after = format!("&after={}", page["next_cursor"].as_str().unwrap());
            if page["has_more"] == false {
                break;
            }
        }
        if most == QUICK {
            signals.caught_up.fetch_add(1, Ordering::SeqCst);
        }
        if done {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn slow_writers_hide_no_event_from_the_feed_and_show_none_twice() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 5, |_| [100, 100]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let other = app.organization("other").await;
    let shop = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    let contexts = [shop, other].map(|organization_id| Context::system(organization_id, app.clock.now()));
    let signals = Arc::new(Signals { late_writers: AtomicUsize::new(LATE_WRITERS), ..Signals::default() });

    let start = |work: fn(&mut PgConnection, &[Context; 2], &Signals, u64) -> Vec<i64>, seed: u64| {
        let (mut connection, contexts, signals) = (app.database.connect(), contexts.clone(), signals.clone());
        std::thread::spawn(move || work(&mut connection, &contexts, &signals, seed))
    };
    let naive = start(|connection, contexts, signals, _| read_naively(connection, contexts[0].organization_id, signals), 0);
    let late_writers: Vec<_> = (0..LATE_WRITERS).map(|i| start(write_late, i as u64)).collect();
    let writers: Vec<_> = (LATE_WRITERS..WRITERS).map(|i| start(write, i as u64)).collect();
    let ended = {
        let signals = signals.clone();
        std::thread::spawn(move || {
            let late: Vec<_> = late_writers.into_iter().map(JoinHandle::join).collect();
            let others: Vec<_> = writers.into_iter().map(JoinHandle::join).collect();
            signals.writers_done.store(true, Ordering::SeqCst);
            others.into_iter().for_each(|other| assert!(other.is_ok()));
            late.into_iter().flat_map(Result::unwrap).collect::<Vec<i64>>()
        })
    };
    let orders = async {
        let place = async |i: usize| servers[i % 2].post("/v1/orders", &order(&[(i % 5, 1)], "backorder")).await.expect(201);
        at_once(8, 0..ORDERS, place).await;
        signals.orders_done.store(true, Ordering::SeqCst);
    };
    let ((), one, two, captured) = tokio::join!(
        orders,
        follow(&servers[0], "", &signals, QUICK),
        follow(&servers[1], "", &signals, 30),
        follow(&servers[0], "&type=order.captured,order.cancelled", &signals, 7),
    );
    let (late, naive) = (ended.join().unwrap(), naive.join().unwrap());

    let mut connection = app.database.connect();
    let committed = ids(&mut connection, shop, 0, "true");
    assert!(committed.len() > 1_000, "{}", committed.len());
    assert_same(&one, &committed);
    assert_same(&two, &committed);
    assert_same(&captured, &ids(&mut connection, shop, 0, "type = 'order.captured'"));
    assert_eq!(captured.len(), ORDERS);

    // The control: the same events, the same time, without the feed's care.
    let naive: BTreeSet<i64> = naive.into_iter().collect();
    let missed = committed.iter().filter(|id| !naive.contains(id)).count();
    assert!(missed >= late.len() && late.len() >= LATE_WRITERS * LATE_TRANSACTIONS, "{missed} missed, {} of them late", late.len());
    assert!(late.iter().all(|id| !naive.contains(id)));
}

/// In words that can be read where they differ.
#[track_caller]
fn assert_same(seen: &[i64], committed: &[i64]) {
    let set: BTreeSet<&i64> = seen.iter().collect();
    let missed: Vec<&i64> = committed.iter().filter(|id| !set.contains(id)).collect();
    assert!(missed.is_empty(), "{} events missed: {missed:?}", missed.len());
    assert_eq!(seen.len(), set.len(), "events shown twice");
    assert_eq!(seen, committed, "in order");
}
