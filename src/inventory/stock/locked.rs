//! Stock rows that this transaction has locked, with the changes that wait to be written. All that changes stock outside of
//! the capture of orders goes through here: rows are made and locked as one sorted set, decided on in plain Rust, and written
//! with a fixed number of statements.

use super::level::{MovementKind, ShelfKey, ShelfQuantity, StockLevel};
use super::low_stock::low_stock_events;
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::locations::body::RankedLocation;
use crate::platform::sql::Together;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A change of what is on hand, as it will stand in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMovement {
    pub key: ShelfKey,
    pub kind: MovementKind,
    /// Signed, in the product's base unit.
    pub quantity: Decimal,
    pub unit_cost: Option<Decimal>,
    pub reason: Option<String>,
    pub reference: Option<String>,
    /// The change, shipment or return that caused it.
    pub subject_id: Option<Uuid>,
    pub occurred_at: DateTime<Utc>,
}

/// Why a whole change of stock happens; each of its movements repeats it.
#[derive(Clone, Debug)]
pub struct Cause {
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub subject_id: Uuid,
    pub occurred_at: DateTime<Utc>,
}

#[derive(Debug)]
struct Shelf {
    before: StockLevel,
    now: StockLevel,
}

/// A level as it has been written, and by how much what is on hand has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenLevel {
    pub level: StockLevel,
    pub change: Decimal,
}

/// Levels by their key, each as it was when it was locked and as it shall become.
#[derive(Debug, Default)]
pub struct LockedStock {
    shelves: BTreeMap<ShelfKey, Shelf>,
    movements: Vec<NewMovement>,
}

impl LockedStock {
    /// Locks the rows of `keys`, after making those that are missing. Product and location of each must be known to exist.
    pub fn lock(connection: &mut PgConnection, context: &Context, keys: impl IntoIterator<Item = ShelfKey>) -> QueryResult<Self> {
        let keys = sorted(keys);
        store::levels::ensure(connection, context, &keys)?;
        Ok(Self::of(store::levels::lock(connection, context.organization_id, &keys)?))
    }

    /// As `lock`, but rows that are missing stay so.
    pub fn lock_existing(
        connection: &mut PgConnection,
        organization_id: OrganizationId,
        keys: impl IntoIterator<Item = ShelfKey>,
    ) -> QueryResult<Self> {
        Ok(Self::of(store::levels::lock(connection, organization_id, &sorted(keys))?))
    }

    /// Locks every location of `skus`; the second value is those that may serve orders, by priority and code.
    pub fn lock_skus(
        connection: &mut PgConnection,
        organization_id: OrganizationId,
        skus: &[&str],
    ) -> QueryResult<(Self, Vec<RankedLocation>)> {
        let rows = store::levels::lock_skus(connection, organization_id, skus)?;
        let ranked: BTreeSet<(i32, &str)> =
            rows.iter().filter_map(|(level, priority)| Some(((*priority)?, level.location.as_str()))).collect();
        let ranked = ranked.into_iter().map(|(priority, code)| RankedLocation { code: code.to_owned(), priority }).collect();
        Ok((Self::of(rows.into_iter().map(|(level, _)| level).collect()), ranked))
    }

    /// Levels that the caller has locked.
    pub fn of(levels: Vec<StockLevel>) -> Self {
        let shelf = |level: StockLevel| (level.key(), Shelf { before: level.clone(), now: level });
        Self { shelves: levels.into_iter().map(shelf).collect(), movements: vec![] }
    }

    /// The level as it shall become.
    pub fn level(&self, key: &ShelfKey) -> Result<&StockLevel, Error> {
        self.shelves.get(key).map(|shelf| &shelf.now).ok_or_else(|| not_locked(key))
    }

    pub fn levels(&self) -> impl Iterator<Item = &StockLevel> {
        self.shelves.values().map(|shelf| &shelf.now)
    }

    /// The level, to be changed in anything but what is on hand.
    pub fn level_mut(&mut self, key: &ShelfKey) -> Result<&mut StockLevel, Error> {
        self.shelves.get_mut(key).map(|shelf| &mut shelf.now).ok_or_else(|| not_locked(key))
    }

    /// What is reserved beyond the good ones that lie there. It must be given back before these levels are written.
    pub fn missing(&self) -> Vec<ShelfQuantity> {
        let missing = self.levels().map(|level| (level, level.missing())).filter(|(_, missing)| !missing.is_zero());
        missing.map(|(level, missing)| ShelfQuantity::new(&level.sku, &level.location, missing)).collect()
    }

    /// Changes what is on hand by `quantity` and notes the movement; no change, no movement. The movement is valued at
    /// `unit_cost`, else at the level's own.
    pub fn move_stock(
        &mut self,
        key: &ShelfKey,
        kind: MovementKind,
        quantity: Decimal,
        unit_cost: Option<Decimal>,
        cause: &Cause,
    ) -> Result<(), Error> {
        if quantity.is_zero() {
            return Ok(());
        }
        let level = self.level_mut(key)?;
        level.on_hand += quantity;
        let unit_cost = unit_cost.or(level.unit_cost);
        self.movements.push(NewMovement {
            key: key.clone(),
            kind,
            quantity,
            unit_cost,
            reason: cause.reason.clone(),
            reference: cause.reference.clone(),
            subject_id: Some(cause.subject_id),
            occurred_at: cause.occurred_at,
        });
        Ok(())
    }

    /// Writes what has changed: levels, ledger, and `inventory.low_stock` for each level that fell below its reorder point. Stock
    /// is the last kind of row to be locked, so its events may be drawn here.
    pub fn write(self, connection: &mut PgConnection, context: &Context) -> QueryResult<Vec<WrittenLevel>> {
        self.write_with(connection, context, Together::new(), vec![])
    }

    /// As `write`, in one statement with the last writes of the use case and the events that tell of it.
    pub fn write_with(
        mut self,
        connection: &mut PgConnection,
        context: &Context,
        writes: Together<'_>,
        told: Vec<NewEvent>,
    ) -> QueryResult<Vec<WrittenLevel>> {
        for shelf in self.shelves.values_mut().filter(|shelf| shelf.now != shelf.before) {
            shelf.now.version = shelf.before.version + 1;
            shelf.now.updated_at = context.now;
        }
        let fallen: Vec<&StockLevel> = self
            .shelves
            .values()
            .filter(|shelf| shelf.now.is_below_reorder_point() && !shelf.before.is_below_reorder_point())
            .map(|shelf| &shelf.now)
            .collect();
        let mut events = low_stock_events(connection, context.organization_id, &fallen)?;
        events.extend(told);
        let changed: Vec<&StockLevel> = self.shelves.values().filter(|shelf| shelf.now != shelf.before).map(|shelf| &shelf.now).collect();
        // Bound anew, so that it may borrow what lives less long than what the caller has put in.
        let mut writes = writes;
        if !changed.is_empty() {
            writes.add("levels", store::levels::write(context, &changed));
        }
        if !self.movements.is_empty() {
            writes.add("movements", store::movements::append(context, &self.movements));
        }
        if !events.is_empty() {
            writes.add("events", crate::events::statement(context, &events));
        }
        writes.execute(connection)?;
        let written = |shelf: Shelf| WrittenLevel { change: shelf.now.on_hand - shelf.before.on_hand, level: shelf.now };
        Ok(self.shelves.into_values().map(written).collect())
    }
}

fn sorted(keys: impl IntoIterator<Item = ShelfKey>) -> Vec<ShelfKey> {
    keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn not_locked(key: &ShelfKey) -> Error {
    Error::internal(format!("the stock level of {} at {} is not there", key.sku, key.location))
}
