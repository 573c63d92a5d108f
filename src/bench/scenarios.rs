//! The scenarios: which lanes of ours and which scripts of pgbench take turns, and what is compared with what.

use super::Scenario;
use super::http::Connection;
use super::load::runtime;
use super::order_request::{Goods, plain};
use super::pgbench::Script;
use super::report::{Line, rate};
use super::run::{Bench, Lane, Rival};
use super::server::Queue;
use super::store;
use super::work::{Mixed, Reads, Work};
use crate::demo::chance::Chance;
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::rc::Rc;

/// Orders that pgbench puts into one statement, and its clients then.
const BATCH: usize = 64;
const BATCH_CLIENTS: usize = 2;
/// From as many clients on ours is compared with batches too.
const COMPARED_WITH_BATCH: usize = 64;
/// Orders that the reading clients and scripts draw from.
const DRAWN: i64 = 20_000;
const CURSORS: i64 = 64;
const PAGE: usize = 50;

/// Runs the scenario of the options and shows its lines.
pub fn run(bench: &mut Bench) -> Result<Vec<Line>, Error> {
    bench.show_head();
    let mut lines = vec![];
    // Replays are measured once, beside 64 clients if these are asked for.
    let replayed_at = bench.options.clients.iter().copied().find(|clients| *clients == 64).or(bench.options.clients.last().copied());
    let best = if bench.options.scenario == Scenario::Reads { 0 } else { bench.best_pgbench_clients()? };
    for &clients in &bench.options.clients {
        let mut new = match bench.options.scenario {
            Scenario::Orders => orders(bench, clients, best, replayed_at == Some(clients))?,
            Scenario::HotSku => hot_sku(bench, clients, best)?,
            Scenario::SoldOut => sold_out(bench, clients, best)?,
            Scenario::Reads => reads(bench, clients)?,
            Scenario::Mixed => mixed(bench, clients)?,
        };
        for line in &mut new {
            line.more.insert("rows".into(), json!(bench.options.rows));
            bench.show(line)?;
        }
        lines.append(&mut new);
    }
    Ok(lines)
}

fn rates(lane: &Lane) -> Vec<f64> {
    lane.windows.iter().map(rate).collect()
}

fn line_of(bench: &Bench, lane: &Lane) -> Line {
    let mut line = Line::of(&lane.name, lane.clients, &lane.windows);
    let queue = if bench.servers[lane.server].queue == Queue::On { "on" } else { "off" };
    line.more.insert("queue".into(), json!(queue));
    line
}

/// The second server, where there is one without the queue.
fn queue_off(bench: &Bench) -> Option<usize> {
    (bench.servers.len() > 1).then_some(1)
}

/// One order a statement: with as many clients as ours up to 16, above with the number at which it goes fastest.
fn capture_rival(clients: usize, best: usize) -> Rival {
    Rival::new(Script::Capture, if clients <= 16 { clients } else { best }, 1)
}

fn orders(bench: &mut Bench, clients: usize, best: usize, with_replays: bool) -> Result<Vec<Line>, Error> {
    let mut lanes = vec![bench.orders_lane("orders", clients, 0, Goods::Uniform, 0)];
    match queue_off(bench) {
        Some(server) => lanes.push(bench.orders_lane("orders-queue-off", clients, server, Goods::Uniform, 0)),
        None if with_replays => lanes.push(bench.orders_lane("replays", clients, 0, Goods::Uniform, 20)),
        None => {}
    }
    let mut rivals = vec![capture_rival(clients, best)];
    if clients >= COMPARED_WITH_BATCH {
        rivals.push(Rival::new(Script::Capture, BATCH_CLIENTS, BATCH));
    }
    bench.alternate(&mut lanes, &mut rivals)?;
    let mut lines: Vec<Line> = lanes.iter().map(|lane| line_of(bench, lane)).collect();
    let uniform = rates(&lanes[0]);
    for line in &mut lines {
        line.compare(rivals[0].clients, &rivals[0].per_second);
        if let Some(batches) = rivals.get(1) {
            line.compare_more("pgbench_batch", "batch", &batches.per_second);
        }
        if line.scenario == "replays" {
            line.compare_more("uniform", "uniform", &uniform);
        }
    }
    compare_with_queue_off(&mut lines);
    Ok(lines)
}

/// The first line beside the one whose name says so.
fn compare_with_queue_off(lines: &mut [Line]) {
    if let Some((first, others)) = lines.split_first_mut()
        && let Some(off) = others.iter().find(|line| line.scenario.ends_with("-queue-off"))
    {
        first.compare_queue_off(off);
    }
}

fn hot_sku(bench: &mut Bench, clients: usize, best: usize) -> Result<Vec<Line>, Error> {
    let mut lanes = vec![bench.orders_lane("hot-sku", clients, 0, Goods::OneSku, 0)];
    if let Some(server) = queue_off(bench) {
        lanes.push(bench.orders_lane("hot-sku-queue-off", clients, server, Goods::OneSku, 0));
    }
    lanes.push(bench.orders_lane("uniform", clients, 0, Goods::Uniform, 0));
    let mut rival = capture_rival(clients, best);
    rival.variables.push(("skus", "1".to_owned()));
    let mut rivals = [rival];
    bench.alternate(&mut lanes, &mut rivals)?;
    let uniform = lanes.pop().map(|lane| rates(&lane)).unwrap_or_default();
    let mut lines: Vec<Line> = lanes.iter().map(|lane| line_of(bench, lane)).collect();
    for line in &mut lines {
        line.compare(rivals[0].clients, &rivals[0].per_second);
        line.compare_more("uniform", "uniform", &uniform);
    }
    compare_with_queue_off(&mut lines);
    Ok(lines)
}

fn sold_out(bench: &mut Bench, clients: usize, best: usize) -> Result<Vec<Line>, Error> {
    let mut lanes = vec![
        bench.orders_lane("sold-out-third", clients, 0, Goods::ThirdSoldOut, 0),
        bench.orders_lane("sold-out", clients, 0, Goods::SoldOut, 0),
        bench.orders_lane("uniform", clients, 0, Goods::Uniform, 0),
    ];
    let mut rivals = [capture_rival(clients, best)];
    bench.alternate(&mut lanes, &mut rivals)?;
    let uniform = lanes.pop().map(|lane| rates(&lane)).unwrap_or_default();
    let mut lines: Vec<Line> = lanes.iter().map(|lane| line_of(bench, lane)).collect();
    for line in &mut lines {
        line.compare(rivals[0].clients, &rivals[0].per_second);
        line.compare_more("uniform", "uniform", &uniform);
    }
    Ok(lines)
}

fn mixed(bench: &mut Bench, clients: usize) -> Result<Vec<Line>, Error> {
    let (address, token, skus) = (bench.servers[0].server.address, bench.servers[0].token.clone(), bench.extent.skus);
    let work = |orders, seed| Work::Mixed(Box::new(Mixed::new(orders, address, token.clone(), skus, Chance::seeded(seed))));
    let mut lanes = [bench.lane("mixed", clients, 0, work, Goods::Uniform)];
    // A day of many kinds of requests has no counterpart in pgbench.
    bench.alternate(&mut lanes, &mut [])?;
    Ok(vec![line_of(bench, &lanes[0])])
}

fn reads(bench: &mut Bench, clients: usize) -> Result<Vec<Line>, Error> {
    let organization_id = bench.database.organization_id;
    let connection = bench.meters.connection();
    let drawn = store::draw_orders(connection, organization_id, DRAWN as f64)?;
    let by_id: Vec<String> = store::drawn_orders(connection, DRAWN)?.into_iter().map(|id| format!("/v1/orders/{id}")).collect();
    let deep = store::orders(connection)? / 10 * 9;
    let shallow = cursors(bench, 0)?;
    let deep = cursors(bench, deep)?;
    let mut lanes = vec![];
    for (name, paths) in [("reads-order", by_id), ("reads-list-shallow", shallow), ("reads-list-deep", deep)] {
        let (address, token) = (bench.servers[0].server.address, bench.servers[0].token.clone());
        let requests: Rc<Vec<Vec<u8>>> = Rc::new(paths.iter().map(|path| plain("GET", path, address, &token)).collect());
        let work = |_, seed| Work::Reads(Reads { requests: Rc::clone(&requests), chance: Chance::seeded(seed) });
        lanes.push(bench.lane(name, clients, 0, work, Goods::Uniform));
    }
    let mut rivals = [Rival::new(Script::SelectOrder, clients, 1), Rival::new(Script::SelectOrders, clients, 1)];
    for rival in &mut rivals {
        rival.variables.push(("ids", drawn.to_string()));
    }
    bench.alternate(&mut lanes, &mut rivals)?;
    let mut lines: Vec<Line> = lanes.iter().map(|lane| line_of(bench, lane)).collect();
    for (line, rival) in lines.iter_mut().zip([0, 1, 1]) {
        line.compare(clients, &rivals[rival].per_second);
    }
    Ok(lines)
}

/// Pages of the order list that start at different orders, all after the newest `skipped`. A cursor is opaque: the first page's
/// own is taken, and the keys of other orders are put in the place of its key.
fn cursors(bench: &mut Bench, skipped: i64) -> Result<Vec<String>, Error> {
    let organization_id = bench.database.organization_id;
    let places = store::places(bench.meters.connection(), organization_id, skipped, CURSORS)?;
    let (address, token) = (bench.servers[0].server.address, &bench.servers[0].token);
    let mut http = Connection::new(address);
    let request = plain("GET", &format!("/v1/orders?limit={PAGE}"), address, token);
    let answer = runtime()?.block_on(http.exchange(&request)).map_err(Error::internal)?;
    let page: Value = serde_json::from_slice(http.body()).map_err(Error::internal)?;
    let unread = || Error::internal(format!("the order list answered {} and not a page with a next one", answer.status));
    let cursor = page["next_cursor"].as_str().and_then(|cursor| String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok());
    let last = page["data"].as_array().and_then(|orders| orders.last());
    let (cursor, last) = cursor.zip(last).ok_or_else(unread)?;
    let last_id = last["id"].as_str().ok_or_else(unread)?;
    let last_at = cursor.split('"').find(|word| word.ends_with("+00:00") || word.ends_with('Z')).unwrap_or_default().to_owned();
    let paths = places.into_iter().map(|place| {
        let mut own = cursor.replace(last_id, &place.id.to_string());
        if !last_at.is_empty() {
            own = own.replace(&last_at, &place.updated_at.to_rfc3339());
        }
        format!("/v1/orders?limit={PAGE}&cursor={}", URL_SAFE_NO_PAD.encode(own))
    });
    Ok(paths.collect())
}
