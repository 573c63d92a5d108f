use super::body::{
    CartAvailability, CartLine, CartLineAvailability, NewReservation, PostReservation, Reservation, ReservationFilter, ReservationStatus,
    base_quantity, check_cart, wanted,
};
use super::choice::choose;
use super::store::{self, Header, LiveReservation};
use crate::auth::actor::Context;
use crate::auth::permission::Role;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::availability::service::{CartSupply, cart};
use crate::inventory::stock::level::{ShelfKey, ShelfQuantity};
use crate::inventory::stock::locked::LockedStock;
use crate::inventory::stock::products;
use crate::inventory::stock::short::insufficient_stock;
use crate::orders::backorders;
use crate::platform::keyset::Slice;
use crate::platform::sql::Together;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, OrganizationId, ReservationId};
use crate::types::page::{Page, encode_cursor};
use aws_lc_rs::{constant_time, digest};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// A storefront's own key is in everybody's hands, so what it may hold is held for less long.
const STOREFRONT_SECONDS: u32 = 900;
const MOST_SECONDS: u32 = 3600;

/// Tells line by line whether a cart can be had. Services always can, products that are not sold never.
pub fn availability(connection: &mut PgConnection, context: &Context, lines: &[CartLine]) -> Result<CartAvailability, Error> {
    let skus: Vec<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    let CartSupply { products, supplies, today } = cart(connection, context.organization_id, &skus, context.now)?;
    let mut faults = Faults::new();
    check_cart(&mut faults, lines);
    let mut quantities = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        faults.require(products.contains_key(&line.sku), format!("/lines/{i}/sku"), "unknown_sku", "there is no product with this SKU");
        quantities.push(base_quantity(&mut faults, &products, i, line).unwrap_or_default());
    }
    faults.into_result()?;
    let today = today.ok_or_else(|| Error::internal("a cart of no products"))?;
    let mut asked: HashMap<String, Decimal> = HashMap::new();
    let answer = |(line, quantity): (&CartLine, Decimal)| {
        let so_far = asked.entry(line.sku.clone()).or_default();
        *so_far += quantity;
        let (available, available_on) = match (products.get(&line.sku), supplies.get(&line.sku)) {
            (Some(product), _) if !product.active => (false, None),
            (Some(product), _) if !product.stocked => (true, Some(today)),
            (_, Some(supply)) => (supply.available() >= *so_far, supply.covered_on(*so_far, today)),
            (_, None) => (false, None),
        };
        CartLineAvailability { sku: line.sku.clone(), quantity: line.quantity, unit: line.unit.clone(), available, available_on }
    };
    let lines: Vec<CartLineAvailability> = lines.iter().zip(quantities).map(answer).collect();
    Ok(CartAvailability { available: lines.iter().all(|line| line.available), lines })
}

/// How many carts a caller may hold at once.
#[derive(Clone, Debug)]
pub struct Room {
    /// All of them; 0 = any number.
    pub carts: u32,
    /// Of a storefront's visitors, those from one address.
    pub address: Option<AddressRoom>,
}

/// The part of one address.
#[derive(Clone, Debug)]
pub struct AddressRoom {
    pub address: String,
    pub carts: u32,
}

/// Holds a cart's stock: all of it or nothing (409 `insufficient_stock`). A caller may hold only so many at once
/// (409 `reservation_limit_reached`).
pub fn create(
    connection: &mut PgConnection,
    context: &Context,
    id: ReservationId,
    release_secret: &str,
    body: &PostReservation,
    room: &Room,
) -> Result<NewReservation, Error> {
    let storefront = context.role == Role::Storefront;
    let most = if storefront { STOREFRONT_SECONDS } else { MOST_SECONDS };
    let mut faults = Faults::new();
    check_cart(&mut faults, &body.lines);
    let seconds = body.expires_in_seconds;
    faults.require((1..=most).contains(&seconds), "/expires_in_seconds", "out_of_range", &format!("1 to {most} seconds"));
    let skus: Vec<&str> = body.lines.iter().map(|line| line.sku.as_str()).collect();
    let products = products(connection, context.organization_id, &skus)?;
    let wanted = wanted(&mut faults, &products, &body.lines);
    faults.into_result()?;

    check_room(connection, context, room)?;
    let skus: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let (mut stock, ranked) = LockedStock::lock_skus(connection, context.organization_id, &skus)?;
    let waiting = backorders::waiting_for(connection, context.organization_id, &skus)?;
    let lines = choose(&wanted, stock.levels().cloned(), &waiting, &ranked).map_err(|mut short| {
        if storefront {
            short.iter_mut().for_each(|short| short.available = None);
        }
        insufficient_stock(&short)
    })?;
    for line in &lines {
        stock.level_mut(&line.key())?.reserved += line.quantity;
    }
    let header = Header {
        id,
        status: ReservationStatus::Live,
        release_secret_hash: hash(release_secret),
        expires_at: context.now + TimeDelta::seconds(i64::from(seconds)),
        order_id: None,
        created_at: context.now,
        updated_at: context.now,
    };
    let address = room.address.as_ref().map(|room| room.address.as_str());
    let rows = store::insert(context, &header, address, &lines);
    stock.write_with(connection, context, rows, vec![event_of("reservation.created", id, &lines)])?;
    let reservation = shown_to(context, header.with_lines(&lines));
    Ok(NewReservation { release_secret: release_secret.to_owned(), reservation })
}

/// 409 `reservation_limit_reached` where the caller, or the address that it is used from, holds as many carts as it may. The caller's
/// own reservations wait for each other from here to their ends, nobody else's do. It comes before the levels in the lock order.
fn check_room(connection: &mut PgConnection, context: &Context, room: &Room) -> Result<(), Error> {
    if room.carts == 0 && room.address.is_none() {
        return Ok(());
    }
    store::lock_caller(connection, context)?;
    if let Some(of) = &room.address
        && store::count_live_of_address(connection, context, &of.address, i64::from(of.carts))? >= i64::from(of.carts)
    {
        let detail = format!("{} reservations are live from this address, as many as may be; use, release or await them", of.carts);
        return Err(Error::conflict_with("reservation_limit_reached", detail, json!({ "limit": of.carts })));
    }
    let most = room.carts;
    if most == 0 || store::count_live(connection, context, i64::from(most))? < i64::from(most) {
        return Ok(());
    }
    let detail = format!(
        "this client holds {most} live reservations, as many as it may; let orders take them over, release them or let them expire"
    );
    Err(Error::conflict_with("reservation_limit_reached", detail, json!({ "limit": most })))
}

/// 403 `not_for_storefronts` where the caller's key is in everybody's hands.
pub fn refuse_storefront(context: &Context) -> Result<(), Error> {
    if context.role == Role::Storefront {
        let detail = "a storefront's key is in everybody's hands; list reservations with a key of another role".to_owned();
        return Err(Error::Forbidden { code: "not_for_storefronts", detail });
    }
    Ok(())
}

/// One page of reservations with their lines.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &ReservationFilter,
    slice: &Slice<ReservationId>,
) -> Result<Page<Reservation>, Error> {
    let headers = store::page(connection, organization_id, filter, slice)?;
    let cursor_of = |row: &Header| encode_cursor(&slice.filters, &[slice.sort.key(row.updated_at, None), row.id.to_string()]);
    let page = Page::cut(headers, slice.limit, cursor_of);
    let ids: Vec<ReservationId> = page.data.iter().map(|header| header.id).collect();
    let mut lines: HashMap<ReservationId, Vec<ShelfQuantity>> = HashMap::new();
    for (id, line) in store::lines(connection, organization_id, &ids)? {
        lines.entry(id).or_default().push(line);
    }
    Ok(page.map(|header| {
        let lines = lines.remove(&header.id).unwrap_or_default();
        header.with_lines(&lines)
    }))
}

pub fn get(connection: &mut PgConnection, context: &Context, id: ReservationId) -> Result<Reservation, Error> {
    let header = store::find(connection, context.organization_id, id)?.ok_or(Error::not_found("reservation"))?;
    let lines = lines_of(connection, context.organization_id, id)?;
    Ok(shown_to(context, header.with_lines(&lines)))
}

/// A storefront is not told where its cart lies: one large cart would tell it all that each location has.
fn shown_to(context: &Context, mut reservation: Reservation) -> Reservation {
    if context.role == Role::Storefront {
        reservation.lines.iter_mut().for_each(|line| line.allocations.clear());
    }
    reservation
}

/// Gives a reservation back. A storefront must show its secret; whoever shows a wrong one finds nothing.
pub fn release(connection: &mut PgConnection, context: &Context, id: ReservationId, secret: Option<&str>) -> Result<(), Error> {
    let missing = || Error::not_found("reservation");
    let (header, lines) = store::lock_with_lines(connection, context.organization_id, id)?.ok_or_else(missing)?;
    let fits = match secret {
        Some(secret) => constant_time::verify_slices_are_equal(&hash(secret), &header.release_secret_hash).is_ok(),
        None if context.role == Role::Storefront => {
            return Err(Error::bad_request("invalid_header", "send the reservation's release_secret as X-Release-Secret"));
        }
        None => true,
    };
    match header.status {
        _ if !fits => return Err(missing()),
        ReservationStatus::Live => {}
        ReservationStatus::Released | ReservationStatus::Expired => return Err(missing()),
        ReservationStatus::Consumed => return Err(not_live(header.status)),
    }
    let stock = crate::inventory::stock::promises::released(connection, context, &lines)?;
    let (ids, orders) = ([id], [None]);
    let ended = store::ended(context.organization_id, &ids, ReservationStatus::Released, &orders, context.now);
    let ended = Together::new().with("reservations", ended);
    stock.write_with(connection, context, ended, vec![event_of("reservation.released", id, &lines)])?;
    Ok(())
}

/// What an order takes over. The stock is still counted in `reserved` at each of `lines`: the order must turn it into its
/// allocations or give it back by [`crate::inventory::release_stock`], at its place in the lock order (stock comes last).
#[derive(Clone, Debug)]
#[must_use = "its stock stays reserved for nobody until it is allocated or released"]
pub struct Consumed {
    pub lines: Vec<ShelfQuantity>,
    /// Its time was up, though nobody had swept it yet: the stock must be given back as well, but the order has no claim on it
    /// and competes like any other.
    pub expired: bool,
    /// `reservation.consumed` or `reservation.expired`, to be appended with the order's own events once all rows are locked.
    pub event: NewEvent,
}

/// One reservation that an order names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumption {
    pub reservation_id: ReservationId,
    pub order_id: OrderId,
}

/// What a live reservation keeps, as it is now, without a lock.
pub fn kept(connection: &mut PgConnection, context: &Context, id: ReservationId) -> Result<Vec<ShelfQuantity>, Error> {
    let header = store::find(connection, context.organization_id, id)?.ok_or(Error::not_found("reservation"))?;
    if header.status != ReservationStatus::Live {
        return Err(not_live(header.status));
    }
    Ok(lines_of(connection, context.organization_id, id)?)
}

/// Takes over reservations for several orders, with an answer for each in their order; two that name the same one find it
/// gone. Four statements, whatever their number. Locks reservations and nothing else.
pub fn consume_each(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    consumptions: &[Consumption],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Result<Consumed, Error>>> {
    let ids: Vec<ReservationId> = consumptions.iter().map(|consumption| consumption.reservation_id).collect();
    let mut headers: HashMap<ReservationId, Header> =
        store::lock(connection, organization_id, &ids)?.into_iter().map(|header| (header.id, header)).collect();
    let mut lines: HashMap<ReservationId, Vec<ShelfQuantity>> = HashMap::new();
    for (id, line) in store::lines(connection, organization_id, &ids)? {
        lines.entry(id).or_default().push(line);
    }
    let (mut consumed, mut expired) = (vec![], vec![]);
    let mut answers = Vec::with_capacity(consumptions.len());
    for consumption in consumptions {
        let id = consumption.reservation_id;
        answers.push(match headers.get_mut(&id) {
            None => Err(Error::not_found("reservation")),
            Some(header) if header.status != ReservationStatus::Live => Err(not_live(header.status)),
            Some(header) => {
                let is_expired = header.expires_at <= now;
                header.status = if is_expired { ReservationStatus::Expired } else { ReservationStatus::Consumed };
                let order = (id, (!is_expired).then_some(consumption.order_id));
                if is_expired {
                    expired.push(order)
                } else {
                    consumed.push(order)
                }
                let lines = lines.remove(&id).unwrap_or_default();
                let event_type = if is_expired { "reservation.expired" } else { "reservation.consumed" };
                Ok(Consumed { event: event_of(event_type, id, &lines), lines, expired: is_expired })
            }
        });
    }
    for (ended, status) in [(consumed, ReservationStatus::Consumed), (expired, ReservationStatus::Expired)] {
        if !ended.is_empty() {
            let (ids, orders): (Vec<ReservationId>, Vec<Option<OrderId>>) = ended.into_iter().unzip();
            store::end(connection, organization_id, &ids, status, &orders, now)?;
        }
    }
    Ok(answers)
}

/// Gives the stock of reservations back whose time is up, at most `limit` of any organization, and returns how many. To be run
/// in a transaction of its own, again and again until it finds none; any number of processes may.
pub fn expire_due(connection: &mut PgConnection, now: DateTime<Utc>, limit: usize) -> Result<usize, Error> {
    let due = store::lock_due(connection, now, i64::try_from(limit).unwrap_or(i64::MAX))?;
    let mut by_organization: BTreeMap<OrganizationId, Vec<ReservationId>> = BTreeMap::new();
    for row in &due {
        by_organization.entry(row.organization_id).or_default().push(row.id);
    }
    // First the stock of all of them is locked, in the order of organizations; only then events may be drawn.
    let mut locked = vec![];
    for (organization_id, ids) in by_organization {
        let lines = store::lines(connection, organization_id, &ids)?;
        let keys: Vec<ShelfKey> = lines.iter().map(|(_, line)| line.key()).collect();
        let stock = LockedStock::lock_existing(connection, organization_id, keys)?;
        locked.push((Context::job(organization_id, "expire_reservations", now), ids, lines, stock));
    }
    for (context, ids, lines, mut stock) in locked {
        for (_, line) in &lines {
            stock.level_mut(&line.key())?.reserved -= line.quantity;
        }
        stock.write(connection, &context)?;
        store::end(connection, context.organization_id, &ids, ReservationStatus::Expired, &vec![None; ids.len()], now)?;
        let event = |id: &ReservationId| {
            let own: Vec<ShelfQuantity> = lines.iter().filter(|(of, _)| of == id).map(|(_, line)| line.clone()).collect();
            event_of("reservation.expired", *id, &own)
        };
        let events: Vec<NewEvent> = ids.iter().map(event).collect();
        crate::events::append(connection, &context, &events)?;
    }
    Ok(due.len())
}

/// Locks reservations, sorted by id: what take-backs do before they lock orders.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[ReservationId]) -> QueryResult<()> {
    if !ids.is_empty() {
        store::lock(connection, organization_id, ids)?;
    }
    Ok(())
}

/// Live reservations that hold stock at any of `keys`, the newest first, each with all of its lines.
pub fn live_at(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[ShelfKey]) -> QueryResult<Vec<LiveReservation>> {
    store::live_at(connection, organization_id, keys)
}

/// Marks locked reservations as released because their stock is not there, and tells of it; giving the stock back is the
/// caller's.
pub fn take_away(connection: &mut PgConnection, context: &Context, taken: &[LiveReservation]) -> QueryResult<()> {
    if taken.is_empty() {
        return Ok(());
    }
    let ids: Vec<ReservationId> = taken.iter().map(|reservation| reservation.id).collect();
    store::end(connection, context.organization_id, &ids, ReservationStatus::Released, &vec![None; ids.len()], context.now)?;
    let events: Vec<NewEvent> = taken
        .iter()
        .map(|reservation| {
            let mut event = event_of("reservation.released", reservation.id, &reservation.lines);
            event.data["cause"] = json!("stock_missing");
            event
        })
        .collect();
    crate::events::append(connection, context, &events)
}

/// How an event tells of reserved stock.
fn event_of(event_type: &'static str, id: ReservationId, lines: &[ShelfQuantity]) -> NewEvent {
    let told =
        |line: &ShelfQuantity| json!({ "sku": line.sku, "location": line.location, "quantity": line.quantity.normalize().to_string() });
    NewEvent::of(event_type, "reservation", id.0, json!({ "id": id, "lines": lines.iter().map(told).collect::<Vec<_>>() }))
}

fn lines_of(connection: &mut PgConnection, organization_id: OrganizationId, id: ReservationId) -> QueryResult<Vec<ShelfQuantity>> {
    Ok(store::lines(connection, organization_id, &[id])?.into_iter().map(|(_, line)| line).collect())
}

fn not_live(status: ReservationStatus) -> Error {
    let detail = format!("the reservation is {status}; make a new one");
    Error::conflict_with("reservation_not_live", detail, json!({ "status": status }))
}

fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}
