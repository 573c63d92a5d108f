//! Rows of products, prices, customers and stock, through the services of the ordinary bulk calls. Rows and outcomes are one
//! transaction, so a worker that dies has done both or neither.

use super::body::ImportKind;
use super::job::{Step, is_passing, settle, without_poison};
use super::outcome::{Telling, done, fault_of};
use super::store::{self, Lease, Outcome, PendingRow};
use crate::auth::actor::Context;
use crate::catalog::prices::body::PutPrice;
use crate::catalog::prices::service as prices;
use crate::catalog::products::body::{Product, PutProduct};
use crate::catalog::products::service as products;
use crate::customers::body::Customer;
use crate::customers::many;
use crate::error::Error;
use crate::platform::db::Db;
use crate::platform::http::parse_json;
use crate::platform::undone::undone;
use crate::types::bulk::BulkOutcome;
use crate::types::fault::{Fault, Faults};
use crate::types::id::CustomerId;
use crate::types::text::check_code;
use diesel::Connection;
use diesel::pg::PgConnection;
use overlay::{laid_over, overtaken, was_overtaken};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

mod overlay;
mod stock;

/// Rows of one transaction: what is locked meanwhile is wanted by others too.
const BATCH: i64 = 1_000;

/// Works on the next rows; `None` where there are none.
pub fn step(db: &Db, context: &Context, lease: &Lease, after: i64) -> Result<Option<Step>, Error> {
    let telling = Telling::of(lease);
    let rows = db.read_blocking(|connection| Ok(store::pending(connection, lease, after, BATCH)?))?;
    let Some(last) = rows.last().map(|row| row.row_number) else { return Ok(None) };
    let settled = std::cell::Cell::new(0);
    let status = std::cell::Cell::new(None);
    let write = |rows: &[PendingRow]| {
        let (first, last) = (rows.first().map_or(0, |row| row.row_number), rows.last().map_or(0, |row| row.row_number));
        let (done, now) = db.write_blocking(|connection| {
            // Another worker may have had the lease in between: under the lock it is seen what is still open.
            store::lock(connection, lease)?;
            let open = store::pending(connection, lease, first - 1, last - first + 1)?;
            let open: Vec<PendingRow> = open.into_iter().filter(|row| row.row_number <= last).collect();
            let outcomes = if lease.dry_run {
                undone(connection, |connection| outcomes(connection, context, lease, &telling, &open))?
            } else {
                outcomes(connection, context, lease, &telling, &open)?
            };
            let status = settle(connection, context, lease, &outcomes)?;
            Ok((outcomes.len(), status))
        })?;
        settled.set(settled.get() + done);
        status.set(Some(now));
        Ok(vec![])
    };
    // What comes back is what panicked by itself.
    let poison = without_poison(&rows, &telling, &write)?;
    if !poison.is_empty() || status.get().is_none() {
        status.set(Some(db.write_blocking(|connection| settle(connection, context, lease, &poison))?));
    }
    let status = status.get().ok_or_else(|| Error::internal("a batch without an end"))?;
    Ok(Some(Step { last, settled: settled.get() + poison.len(), status }))
}

/// A row that has been read.
struct Item<T> {
    row: PendingRow,
    body: T,
}

/// What became of a row: the thing's id and name.
type Told = (BulkOutcome, Option<Uuid>, String);

/// A row with what has become of it.
type Settled = (PendingRow, Result<Told, Error>);

/// Writes rows together.
type Put<'a, T> = dyn Fn(&mut PgConnection, &[Item<T>]) -> Result<Vec<Told>, Error> + 'a;

fn outcomes(
    connection: &mut PgConnection,
    context: &Context,
    lease: &Lease,
    telling: &Telling,
    rows: &[PendingRow],
) -> Result<Vec<Outcome>, Error> {
    match lease.kind {
        ImportKind::Products => take(
            rows,
            telling,
            |row| Cells::read(row, "sku", |cells| product(cells).map(|_| ())),
            |cells| cells.text("sku").to_owned(),
            |run| {
                let skus: Vec<String> = run.iter().map(|item| item.body.text("sku").to_owned()).collect();
                let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
                let before = if telling.of_file() { products::find_many(connection, context.organization_id, &skus)? } else { vec![] };
                let before: HashMap<&str, &Product> = before.iter().map(|product| (product.sku.as_str(), product)).collect();
                let (whole, mut settled) = whole(run, |cells| {
                    if telling.of_file() { product_over(cells, before.get(cells.text("sku")).copied()) } else { product(cells) }
                });
                settled.extend(one_by_one_on_refusal(connection, whole, &|connection, run| {
                    let bodies: Vec<PutProduct> = run.iter().map(|item| item.body.clone()).collect();
                    let done = products::put_all(connection, context, &bodies)?;
                    Ok(done.into_iter().zip(run).map(|((id, outcome), item)| (outcome, Some(id.0), item.body.sku().to_owned())).collect())
                })?);
                if telling.of_file() {
                    let after = products::find_many(connection, context.organization_id, &skus)?;
                    let after: HashMap<&str, i64> = after.iter().map(|product| (product.sku.as_str(), product.version)).collect();
                    let told = settled.iter().filter_map(|(_, told)| told.as_ref().ok());
                    let version = |sku: &str| before.get(sku).map(|product| product.version);
                    if told.into_iter().any(|(outcome, _, sku)| was_overtaken(version(sku), after.get(sku.as_str()).copied(), *outcome)) {
                        return Err(overtaken());
                    }
                }
                Ok(settled)
            },
        ),
        ImportKind::Prices => take(
            rows,
            telling,
            price,
            |body| format!("{:?}", body.key()),
            |run| {
                one_by_one_on_refusal(connection, run, &|connection, run| {
                    let bodies: Vec<PutPrice> = run.iter().map(|item| item.body.clone()).collect();
                    let done = prices::put_all(connection, context, &bodies)?;
                    Ok(done.into_iter().zip(run).map(|(outcome, item)| (outcome, None, item.body.sku.clone())).collect())
                })
            },
        ),
        ImportKind::Customers => take(
            rows,
            telling,
            |row| {
                if telling.of_file() { Cells::read(row, "", |_| Ok(())) } else { Cells::read(row, "", |cells| customer(cells).map(|_| ())) }
            },
            Cells::customer_name,
            |run| {
                if !telling.of_file() {
                    let (whole, mut settled) = whole(run, customer);
                    settled.extend(customers_or_halves(connection, context, whole)?);
                    return Ok(settled);
                }
                customers_over(connection, context, run)
            },
        ),
        ImportKind::Stock => take(rows, telling, stock::read, stock::StockRow::name, |run| {
            let mut told = vec![];
            for group in stock::groups(run) {
                told.extend(one_by_one_on_refusal(connection, group, &|connection, group| stock::put(connection, context, group))?);
            }
            Ok(told)
        }),
        ImportKind::Orders => Err(Error::internal("orders are placed, not put")),
    }
}

/// Reads rows, refuses those that are wrong by themselves, and hands the others over in runs in which no name occurs twice: of two
/// rows about the same thing the later one of the file wins.
fn take<T>(
    rows: &[PendingRow],
    telling: &Telling,
    read: impl Fn(&PendingRow) -> Result<T, Error>,
    name: impl Fn(&T) -> String,
    mut work: impl FnMut(Vec<Item<T>>) -> Result<Vec<Settled>, Error>,
) -> Result<Vec<Outcome>, Error> {
    let (mut outcomes, mut run, mut names) = (vec![], vec![], HashSet::new());
    let mut tell = |outcomes: &mut Vec<Outcome>, run: Vec<Item<T>>| -> Result<(), Error> {
        if run.is_empty() {
            return Ok(());
        }
        for (row, told) in work(run)? {
            outcomes.push(match told {
                Ok((outcome, id, key)) => done(&row, outcome, id, key),
                Err(error) if is_passing(&error) => return Err(error),
                Err(error) => telling.rejected(&row, &error),
            });
        }
        Ok(())
    };
    for row in rows {
        match fault_of(row).map_or_else(|| read(row), Err) {
            Ok(body) => {
                let name = name(&body);
                if names.contains(&name) {
                    tell(&mut outcomes, std::mem::take(&mut run))?;
                    names.clear();
                }
                names.insert(name);
                run.push(Item { row: row.clone(), body });
            }
            Err(error) => outcomes.push(telling.rejected(row, &error)),
        }
    }
    tell(&mut outcomes, run)?;
    Ok(outcomes)
}

/// A row as it stands in the file.
struct Cells {
    subject_id: Uuid,
    fields: Map<String, Value>,
}

impl Cells {
    /// Reads a row. One without its name is judged as a whole, so that all that is wrong with it is told.
    fn read(row: &PendingRow, name: &str, judge: impl Fn(&Self) -> Result<(), Error>) -> Result<Self, Error> {
        let cells = Self { subject_id: row.subject_id, fields: parse_json(&row.raw)? };
        if name.is_empty() || cells.text(name).is_empty() {
            judge(&cells)?;
        }
        Ok(cells)
    }

    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn id(&self) -> Option<CustomerId> {
        self.text("id").parse().ok()
    }

    /// What [`many::Row::name`] will say.
    fn customer_name(&self) -> String {
        match (self.text("code"), self.id()) {
            ("", Some(id)) => format!("id {id}"),
            ("", None) => format!("new {}", self.subject_id),
            (code, _) => format!("code {code}"),
        }
    }
}

/// Reads the rows of a run as whole things; those that cannot be are settled.
fn whole<T>(run: Vec<Item<Cells>>, read: impl Fn(&Cells) -> Result<T, Error>) -> (Vec<Item<T>>, Vec<Settled>) {
    let (mut whole, mut refused) = (vec![], vec![]);
    for Item { row, body } in run {
        match read(&body) {
            Ok(body) => whole.push(Item { row, body }),
            Err(error) => refused.push((row, Err(error))),
        }
    }
    (whole, refused)
}

fn product(cells: &Cells) -> Result<PutProduct, Error> {
    judged(parse_json(&serde_json::to_vec(&cells.fields).map_err(Error::internal)?)?)
}

fn product_over(cells: &Cells, current: Option<&Product>) -> Result<PutProduct, Error> {
    judged(laid_over(&cells.fields, current)?)
}

fn judged(mut body: PutProduct) -> Result<PutProduct, Error> {
    let mut faults = Faults::new();
    check_code(&mut faults, "/sku", body.sku());
    body.check(&mut faults, "");
    faults.into_result()?;
    Ok(body)
}

fn price(row: &PendingRow) -> Result<PutPrice, Error> {
    let body: PutPrice = parse_json(&row.raw)?;
    let mut faults = Faults::new();
    body.check(&mut faults, "");
    faults.into_result()?;
    Ok(body)
}

fn customer(cells: &Cells) -> Result<many::Row, Error> {
    #[derive(serde::Deserialize)]
    struct Named {
        #[serde(default)]
        id: Option<CustomerId>,
    }
    let raw = serde_json::to_vec(&cells.fields).map_err(Error::internal)?;
    let (body, named): (_, Named) = (parse_json(&raw)?, parse_json(&raw)?);
    Ok(many::Row { new_id: CustomerId(cells.subject_id), known_id: named.id, body })
}

/// Customers of a file, each laid over the one that is there. Rows may name one customer by code and by id: then the later one lies over
/// what the earlier one has made.
fn customers_over(connection: &mut PgConnection, context: &Context, mut run: Vec<Item<Cells>>) -> Result<Vec<Settled>, Error> {
    let ids: Vec<CustomerId> = run.iter().filter_map(|item| item.body.id()).collect();
    let codes: Vec<String> = run.iter().map(|item| item.body.text("code").to_owned()).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let before = many::find(connection, context.organization_id, &ids, &codes)?;
    let current = |cells: &Cells| {
        let code = cells.text("code");
        let of_code = |customer: &&Customer| customer.code.as_deref() == Some(code);
        if code.is_empty() { before.iter().find(|customer| Some(customer.id) == cells.id()) } else { before.iter().find(of_code) }
    };
    let mut seen = HashSet::new();
    let again = run.iter().position(|item| current(&item.body).is_some_and(|customer| !seen.insert(customer.id)));
    let later = again.map(|at| run.split_off(at));
    let (whole, mut settled) = whole(run, |cells| {
        // Code and id name the customer: where one of them is empty, the other does.
        let mut fields = cells.fields.clone();
        fields.retain(|name, value| !(value.is_null() && matches!(name.as_str(), "code" | "id")));
        let body = laid_over(&fields, current(cells))?;
        let known_id = if cells.fields.contains_key("id") { customer_id(cells)? } else { None };
        Ok(many::Row { new_id: CustomerId(cells.subject_id), known_id, body })
    });
    settled.extend(customers_or_halves(connection, context, whole)?);
    let after = many::find(connection, context.organization_id, &ids, &codes)?;
    let version = |among: &[Customer], id: Uuid| among.iter().find(|customer| customer.id.0 == id).map(|customer| customer.version);
    let told = settled.iter().filter_map(|(_, told)| told.as_ref().ok());
    if told.into_iter().any(|(outcome, id, _)| id.is_some_and(|id| was_overtaken(version(&before, id), version(&after, id), *outcome))) {
        return Err(overtaken());
    }
    if let Some(later) = later {
        settled.extend(customers_over(connection, context, later)?);
    }
    Ok(settled)
}

fn customer_id(cells: &Cells) -> Result<Option<CustomerId>, Error> {
    match cells.fields.get("id") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => cells.id().map(Some).ok_or_else(|| Error::invalid("/id", "invalid_id", "must be the id of a customer")),
    }
}

/// Each customer has an outcome of its own; an error that says nothing of which is looked for in halves.
fn customers_or_halves(connection: &mut PgConnection, context: &Context, mut run: Vec<Item<many::Row>>) -> Result<Vec<Settled>, Error> {
    let bodies: Vec<many::Row> = run.iter().map(|item| item.body.clone()).collect();
    let error = match connection.transaction(|connection| many::put_all(connection, context, &bodies)) {
        Ok(done) => {
            let told = |(item, done): (Item<many::Row>, many::Outcome)| {
                let told = done.map(|(id, outcome)| (outcome, Some(id.0), item.body.body.code.clone().unwrap_or_default()));
                (item.row, told)
            };
            return Ok(run.into_iter().zip(done).map(told).collect());
        }
        Err(error) => error,
    };
    if is_passing(&error) {
        return Err(error);
    }
    if run.len() == 1 {
        return Ok(run.pop().map(|item| (item.row, Err(error))).into_iter().collect());
    }
    let second = run.split_off(run.len() / 2);
    let mut told = customers_or_halves(connection, context, run)?;
    told.extend(customers_or_halves(connection, context, second)?);
    Ok(told)
}

/// Runs `put` on all; what it says is wrong with some of them refuses those, and the rest is tried again. Where it does not say which,
/// halves are tried.
fn one_by_one_on_refusal<T>(connection: &mut PgConnection, mut open: Vec<Item<T>>, put: &Put<T>) -> Result<Vec<Settled>, Error> {
    let mut told = vec![];
    while !open.is_empty() {
        let error = match connection.transaction(|connection| put(connection, &open)) {
            Ok(done) => {
                told.extend(open.into_iter().zip(done).map(|(item, done)| (item.row, Ok(done))));
                break;
            }
            Err(error) => error,
        };
        if is_passing(&error) {
            return Err(error);
        }
        let blamed = blamed(&error, &open);
        if blamed.is_empty() {
            if open.len() == 1 {
                told.extend(open.pop().map(|item| (item.row, Err(error))));
                break;
            }
            let second = open.split_off(open.len() / 2);
            told.extend(one_by_one_on_refusal(connection, open, put)?);
            open = second;
            continue;
        }
        let mut rest = vec![];
        for (i, item) in open.into_iter().enumerate() {
            match blamed.get(&i) {
                Some(faults) => told.push((item.row, Err(Error::Invalid(faults.clone())))),
                None => rest.push(item),
            }
        }
        open = rest;
    }
    Ok(told)
}

/// The rows that an error is about, with their faults as a row by itself would have them.
fn blamed<T>(error: &Error, items: &[Item<T>]) -> BTreeMap<usize, Vec<Fault>> {
    let Error::Invalid(faults) = error else { return BTreeMap::new() };
    let mut blamed: BTreeMap<usize, Vec<Fault>> = BTreeMap::new();
    for fault in faults {
        let rest = fault.pointer.strip_prefix('/').unwrap_or_default();
        let (index, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let pointer = if rest.is_empty() { String::new() } else { format!("/{rest}") };
        match index.parse::<usize>() {
            Ok(i) if i < items.len() => blamed.entry(i).or_default().push(Fault { pointer, ..fault.clone() }),
            Ok(_) | Err(_) => return BTreeMap::new(),
        }
    }
    blamed
}
