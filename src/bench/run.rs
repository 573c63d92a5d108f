//! One run: preparation, windows by turns, figures, proof.

use super::cluster::{Cluster, Database};
use super::cpu;
use super::load::{Crowd, Tally, go_on, runtime};
use super::meters::Meters;
use super::order_request::{Extent, Goods, OrderRequest};
use super::pgbench::{Pgbench, Script};
use super::report::{Line, Window};
use super::scenarios;
use super::server::{Queue, Server};
use super::store;
use super::work::{Orders, Work};
use super::{Options, QueueChoice};
use crate::auth::actor::Context;
use crate::auth::api_clients;
use crate::auth::api_clients::body::NewApiClient;
use crate::auth::permission::Role;
use crate::bench::http::Connection;
use crate::check;
use crate::error::Error;
use crate::platform::migrate::analyze;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// SKUs of which there is one piece at each location.
const SCARCE: u32 = 200;
/// Connections and caches become warm, and a new database gets its first rows.
const WARM_UP: Duration = Duration::from_secs(1);
/// Longest that a server may take to meet all customers.
const ACQUAINTED: Duration = Duration::from_secs(40);
/// Log a second of capture, with room to spare.
const LOG_A_SECOND: i64 = 80 << 20;
/// As much as the server is set to keep ready.
const LOG_AT_MOST: i64 = 3 << 30;

/// Everything that scenarios work with.
pub struct Bench<'a> {
    pub options: &'a Options,
    pub extent: Extent,
    pub database: &'a Database,
    pub servers: Vec<Running>,
    pub pgbench: Option<Pgbench>,
    pub meters: Meters,
    runtime: Runtime,
    /// Tells this run's keys from those of all others.
    seed: u64,
    json: bool,
}

/// A server with a token for it.
pub struct Running {
    pub queue: Queue,
    pub server: Server,
    pub token: String,
}

/// Clients of ours with one kind of work, and what they have measured.
pub struct Lane {
    pub name: String,
    pub clients: usize,
    pub server: usize,
    crowd: Crowd,
    pub windows: Vec<Window>,
}

/// A script of pgbench, and what it has reached.
pub struct Rival {
    pub script: Script,
    pub clients: usize,
    /// What one transaction counts for.
    pub per_transaction: usize,
    pub variables: Vec<(&'static str, String)>,
    pub per_second: Vec<f64>,
}

impl Rival {
    pub fn new(script: Script, clients: usize, per_transaction: usize) -> Self {
        let variables = if script == Script::Capture { vec![("n", per_transaction.to_string())] } else { vec![] };
        Self { script, clients, per_transaction, variables, per_second: vec![] }
    }
}

/// Runs a scenario. Returns false where requests failed that should not have, or an invariant does not hold.
pub fn run(options: &Options) -> Result<bool, Error> {
    if cfg!(debug_assertions) {
        eprintln!("this is a debug build: the figures mean nothing");
    }
    std::fs::create_dir_all(&options.data_dir).map_err(Error::internal)?;
    let cluster = Cluster::open(&options.data_dir, options.database_url.as_deref())?;
    let result = run_on(&cluster, options);
    cluster.close();
    result
}

fn run_on(cluster: &Cluster, options: &Options) -> Result<bool, Error> {
    let extent = Extent { skus: options.skus, scarce: SCARCE.min(options.skus), customers: options.customers };
    let database = cluster.database(extent, options.rows, options.afresh, |database| {
        let mut bench = Bench::start(cluster, options, extent, database)?;
        bench.capture_first(WARM_UP)
    })?;
    let mut bench = Bench::start(cluster, options, extent, &database)?;
    bench.prepare()?;
    let lines = scenarios::run(&mut bench)?;
    bench.report_memory();
    let Bench { servers, mut meters, .. } = bench;
    for running in servers {
        running.server.stop();
    }
    let errors: u64 = lines.iter().map(|line| line.errors).sum();
    if errors > 0 {
        eprintln!("{errors} requests were not answered as they should have been");
    }
    let started = Instant::now();
    let violations = check::run(meters.connection())?;
    for violation in violations.iter().take(20) {
        eprintln!("{violation}");
    }
    let took = started.elapsed().as_secs_f32();
    eprintln!("check: {} violations of {} invariants in {took:.1} s", violations.len(), check::INVARIANTS.len());
    Ok(errors == 0 && violations.is_empty())
}

impl<'a> Bench<'a> {
    /// Starts the server or servers on a database.
    fn start(cluster: &Cluster, options: &'a Options, extent: Extent, database: &'a Database) -> Result<Self, Error> {
        go_on()?;
        let runtime = runtime()?;
        let meters = Meters::new(cluster.connect(&database.name)?)?;
        let queues: &[Queue] = match options.queue {
            QueueChoice::On => &[Queue::On],
            QueueChoice::Off => &[Queue::Off],
            QueueChoice::Both => &[Queue::On, Queue::Off],
        };
        let mut servers = vec![];
        for queue in queues {
            let log = options.data_dir.join(if *queue == Queue::On { "server.log" } else { "server-queue-off.log" });
            let server = Server::start(&database.url, *queue, &log)?;
            let token = token(&mut cluster.connect(&database.name)?, database, &runtime, server.address)?;
            servers.push(Running { queue: *queue, server, token });
        }
        let mut pgbench = Pgbench::find(&options.data_dir.join("pgbench"), &database.url)?;
        match &mut pgbench {
            Some(pgbench) => {
                pgbench.set("organization", database.organization_id);
                pgbench.set("skus", extent.skus);
                pgbench.set("customers", extent.customers);
            }
            None => eprintln!("pgbench is not installed: there is nothing to compare with"),
        }
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        Ok(Self { options, extent, database, servers, pgbench, meters, runtime, seed, json: options.json })
    }

    /// First rows, statistics, log files to write over, and an order for pgbench to copy.
    fn prepare(&mut self) -> Result<(), Error> {
        for running in &self.servers {
            eprintln!("server ready within {} ms", running.server.ready_within.as_millis());
        }
        self.report_memory();
        self.capture_first(if self.options.windows > 1 { ACQUAINTED } else { WARM_UP })?;
        // Plans made for empty tables stay bad for long.
        analyze(self.meters.connection())?;
        let seconds = i64::try_from(self.options.seconds * self.options.windows as u64 * 5).unwrap_or(i64::MAX);
        let wanted = seconds.saturating_mul(LOG_A_SECOND).min(LOG_AT_MOST);
        if self.options.database_url.is_none() {
            // A log file that must be made first stands in front of every commit.
            let missing = wanted - store::ready_log(self.meters.connection())?;
            if missing > 0 {
                store::write_log(self.meters.connection(), missing)?;
            }
            store::checkpoint(self.meters.connection())?;
        } else if let Err(error) = store::checkpoint(self.meters.connection()) {
            eprintln!("no checkpoint before the run: {error}");
        }
        if let Some(pgbench) = &mut self.pgbench {
            let sample = store::sample_order(self.meters.connection(), self.database.organization_id)?;
            pgbench.set_all(&sample.ok_or_else(|| Error::internal("the server captured no order that pgbench could copy"))?);
        }
        Ok(())
    }

    /// Captures an order of each customer, or as many as there is time for: the first rows of a new database, and what a server that has
    /// run for a day remembers.
    fn capture_first(&mut self, at_most: Duration) -> Result<(), Error> {
        const CLIENTS: usize = 64;
        for server in 0..self.servers.len() {
            let orders = |request: OrderRequest, seed| Work::Orders(Box::new(Orders::new(request.in_turn_among(CLIENTS), 0, false, seed)));
            let mut lane = self.lane("first rows", CLIENTS, server, orders, Goods::Uniform);
            lane.crowd.connect(&self.runtime)?;
            let (since, mut accepted) = (Instant::now(), 0);
            while accepted < u64::from(self.extent.customers) && since.elapsed() < at_most {
                let tally = lane.crowd.work(&self.runtime, WARM_UP)?;
                accepted += tally.accepted;
                if tally.accepted == 0 {
                    return Err(Error::internal(format!("no order was captured: {}", tally.first_error.unwrap_or_default())));
                }
            }
            eprintln!("warm: {accepted} orders of {} customers in {:.1} s", self.extent.customers, since.elapsed().as_secs_f32());
        }
        Ok(())
    }

    /// Clients that place orders; `replay_percent` of 100 are sent twice.
    pub fn orders_lane(&mut self, name: &str, clients: usize, server: usize, goods: Goods, replay_percent: u32) -> Lane {
        let may_be_refused = matches!(goods, Goods::ThirdSoldOut | Goods::SoldOut);
        self.lane(
            name,
            clients,
            server,
            |request, seed| Work::Orders(Box::new(Orders::new(request, replay_percent, may_be_refused, seed))),
            goods,
        )
    }

    /// Clients with work that is made from requests of their own.
    pub fn lane(&mut self, name: &str, clients: usize, server: usize, work: impl Fn(OrderRequest, u64) -> Work, goods: Goods) -> Lane {
        self.seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) | 1;
        let (seed, extent) = (self.seed, self.extent);
        let running = &self.servers[server];
        let (address, token) = (running.server.address, &running.token);
        let crowd = Crowd::new(clients, address, |number| {
            work(OrderRequest::new(address, token, goods, extent, seed, number), seed ^ (number as u64).wrapping_mul(0x2545_f491_4f6c_dd1d))
        });
        Lane { name: name.to_owned(), clients, server, crowd, windows: vec![] }
    }

    /// Windows by turns: each lane, then each rival, then again.
    pub fn alternate(&mut self, lanes: &mut [Lane], rivals: &mut [Rival]) -> Result<(), Error> {
        for lane in &mut *lanes {
            self.warm_up(lane)?;
        }
        for number in 1..=self.options.windows {
            for lane in &mut *lanes {
                let window = self.window(lane)?;
                eprintln!("{number}: {} {} clients {:.0}/s", lane.name, lane.clients, super::report::rate(&window));
                lane.windows.push(window);
            }
            for rival in &mut *rivals {
                let Some(pgbench) = &self.pgbench else { continue };
                let rate = pgbench.run(rival.script, rival.clients, self.options.seconds, &rival.variables)? * rival.per_transaction as f64;
                eprintln!("{number}: pgbench {:?} × {} {} clients {rate:.0}/s", rival.script, rival.per_transaction, rival.clients);
                rival.per_second.push(rate);
            }
        }
        Ok(())
    }

    /// The number of clients at which one order a statement goes fastest.
    pub fn best_pgbench_clients(&self) -> Result<usize, Error> {
        const LIKELY: usize = 16;
        let Some(pgbench) = self.pgbench.as_ref().filter(|_| self.options.windows > 1) else { return Ok(LIKELY) };
        let mut best = (0.0, LIKELY);
        for clients in [4, 8, 16] {
            let rival = Rival::new(Script::Capture, clients, 1);
            let rate = pgbench.run(rival.script, clients, 1, &rival.variables)?;
            eprintln!("pgbench with {clients} clients: {rate:.0}/s");
            if rate > best.0 {
                best = (rate, clients);
            }
        }
        Ok(best.1)
    }

    fn warm_up(&mut self, lane: &mut Lane) -> Result<Tally, Error> {
        lane.crowd.connect(&self.runtime)?;
        lane.crowd.work(&self.runtime, WARM_UP)
    }

    fn window(&mut self, lane: &mut Lane) -> Result<Window, Error> {
        let pid = self.servers[lane.server].server.pid();
        // The server may have closed connections that lay idle meanwhile.
        lane.crowd.connect(&self.runtime)?;
        let before = self.meters.read(pid)?;
        let tally = lane.crowd.work(&self.runtime, Duration::from_secs(self.options.seconds))?;
        let used = self.meters.read(pid)?.since(before);
        if let Some(error) = &tally.first_error {
            eprintln!("{}: {} errors, the first: {error}", lane.name, tally.errors);
        }
        Ok(Window { seconds: self.options.seconds as f64, tally, used })
    }

    /// Shows the figures of one scenario.
    pub fn show(&self, line: &Line) -> Result<(), Error> {
        if self.json {
            println!("{}", serde_json::to_string(line).map_err(Error::internal)?);
        } else {
            println!("{}", line.table_row());
        }
        Ok(())
    }

    pub fn show_head(&self) {
        if !self.json {
            println!("{}", Line::TABLE_HEAD);
        }
    }

    fn report_memory(&self) {
        for running in &self.servers {
            let Some((now, most)) = cpu::memory_of(running.server.pid()) else { continue };
            eprintln!("server's memory: {} MB, at most {} MB", now >> 20, most >> 20);
        }
    }
}

/// A token of a new administrator, got as any client gets one.
fn token(connection: &mut diesel::PgConnection, database: &Database, runtime: &Runtime, address: SocketAddr) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
    }
    let context = Context::system(database.organization_id, chrono::Utc::now());
    let issued = api_clients::service::create(connection, &context, &NewApiClient { name: "bench".to_owned(), role: Role::Admin })?;
    let body =
        serde_json::json!({"grant_type": "client_credentials", "client_id": issued.client_id, "client_secret": issued.client_secret});
    let body = body.to_string();
    let request = format!(
        "POST /v1/auth/token HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut http = Connection::new(address);
    let answer = runtime.block_on(http.exchange(request.as_bytes())).map_err(Error::internal)?;
    match serde_json::from_slice::<Granted>(http.body()) {
        Ok(granted) if answer.status == 200 => Ok(granted.access_token),
        Ok(_) | Err(_) => Err(Error::internal(format!("no token: {} {}", answer.status, String::from_utf8_lossy(http.body())))),
    }
}
