//! Which locations ship an order. A plan is made from what is on the shelves and changes nothing; `Shelf::take` commits it,
//! so that the next order of the same batch sees what is left, and an order that refuses shortages simply does not take.
//!
//! The rule, in this order:
//! 1. as much of the order as there is anywhere is promised;
//! 2. one location that can ship all of it, the best ranked (lowest priority number, then code);
//! 3. else the fewest locations that can; among equally few those that rank first, compared one after the other.
//!    With up to eight locations that have any of the goods the search is exact; beyond that the location that ships most
//!    of what is still open is added until all is shipped, and those that became needless are dropped again;
//! 4. among the chosen, a line ships from one location where one has all of it, else it is split in order of rank.
//!
//! Lines of one SKU share the shelf: the larger unit is served first (a box of 12 before single pieces, which could
//! otherwise break the last box), then the earlier line. Quantities are promised in whole multiples of `10^-quantity_scale`
//! of the ordered unit. If units of one SKU do not divide each other (boxes of 10 and of 12), "fewest" and "as much as there
//! is" hold for this order of serving.

use super::outlook::Outlook;
use super::peg::Peg;
use crate::types::id::OrderId;
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::sync::Arc;

text_enum! {
    /// Why a quantity is promised from its location.
    pub enum AllocationReason {
        /// This one location ships the whole order.
        WholeOrder = "whole_order",
        /// The line ships whole from one of the fewest locations that can ship the order.
        FewestLocations = "fewest_locations",
        /// No single chosen location has all of the line.
        Split = "split",
        /// What there is of a line that is short.
        AvailablePart = "available_part",
        /// Promised in a checkout, before the order.
        Reservation = "reservation",
        /// Supply came in for a backordered line.
        Backorder = "backorder",
        /// A person moved it there.
        Moved = "moved",
    }
}

/// With more candidate locations than this the search for the fewest is no longer exact.
const EXACT_SEARCH_LOCATIONS: usize = 8;

/// What is available per SKU and location, in base units. Locations are ranked once.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Codes in order of rank.
    locations: Vec<Arc<str>>,
    ranks: HashMap<Arc<str>, usize>,
    rows: HashMap<String, usize>,
    /// Row after row, one quantity per location.
    available: Vec<Decimal>,
    /// What dates are promised by; without it none are.
    pub outlook: Option<Outlook>,
}

/// What lines of a product wait for, in base units.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Waiting {
    pub sku: String,
    /// The smallest quantity that may be promised of them.
    pub step: Decimal,
    pub quantity: Decimal,
}

/// Takes off the shelves, the best ranked first, what lines that wait for `quantity` can be given in multiples of `step`.
pub fn keep<'a>(shelves: impl Iterator<Item = &'a mut Decimal>, step: Decimal, quantity: Decimal) {
    let mut open = quantity;
    for available in shelves.filter(|available| **available > Decimal::ZERO) {
        let given = (open.min(*available) / step).floor() * step;
        *available -= given;
        open -= given;
    }
}

/// A line's demand.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The caller's own index of the line, so that lines without stock can be left out.
    pub line: usize,
    pub sku: String,
    /// In the ordered unit.
    pub quantity: Decimal,
    /// Base units in one ordered unit; above 0.
    pub unit_factor: Decimal,
    /// Decimal places that a quantity of this product may have.
    pub quantity_scale: u32,
}

/// A promise: so much of a line from this location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub line: usize,
    pub location: Arc<str>,
    /// In the ordered unit.
    pub quantity: Decimal,
    pub base_quantity: Decimal,
    pub reason: AllocationReason,
    /// The place in `Shelf::available`.
    place: usize,
}

/// What could not be promised of a line, in the ordered unit; above 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    pub line: usize,
    pub quantity: Decimal,
}

/// A decision that has not been taken yet. Allocations in the order of the demands, then of rank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub allocations: Vec<Allocation>,
    pub short: Vec<Shortage>,
}

impl Plan {
    /// Whether nothing is short.
    pub fn is_complete(&self) -> bool {
        self.short.is_empty()
    }
}

/// The shelf has less than the plan was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shelf has changed since the plan was made")]
pub struct StalePlan;

impl Shelf {
    /// An empty shelf; `locations` are (priority, code), and the lowest priority number ships first.
    pub fn new<C: Into<Arc<str>>>(locations: impl IntoIterator<Item = (i32, C)>) -> Self {
        let mut ranked: Vec<(i32, Arc<str>)> = locations.into_iter().map(|(priority, code)| (priority, code.into())).collect();
        ranked.sort();
        let locations: Vec<Arc<str>> = ranked.into_iter().map(|(_, code)| code).collect();
        let ranks = locations.iter().enumerate().map(|(rank, code)| (code.clone(), rank)).collect();
        Self { locations, ranks, ..Self::default() }
    }

    /// The same shelf with what dates are promised by.
    pub fn with_outlook(self, outlook: Outlook) -> Self {
        Self { outlook: Some(outlook), ..self }
    }

    /// The pegs that have been made of an order's lines, to be written.
    pub fn fresh_pegs(&mut self, order_id: OrderId) -> Vec<Peg> {
        self.outlook.as_mut().map(|outlook| outlook.take_fresh(order_id)).unwrap_or_default()
    }

    /// Says what is available; below zero counts as nothing. A location that the shelf was not made with is passed over.
    pub fn set(&mut self, sku: &str, location: &str, available: Decimal) {
        let Some(&rank) = self.ranks.get(location) else { return };
        let row = match self.rows.get(sku) {
            Some(&row) => row,
            None => {
                let row = self.rows.len();
                self.rows.insert(sku.to_owned(), row);
                self.available.resize((row + 1) * self.locations.len(), Decimal::ZERO);
                row
            }
        };
        self.available[row * self.locations.len() + rank] = available.max(Decimal::ZERO);
    }

    /// Puts more on the shelf.
    pub fn add(&mut self, sku: &str, location: &str, quantity: Decimal) {
        let now = self.available(sku, location);
        self.set(sku, location, now + quantity);
    }

    /// Takes off the shelf what lines that wait already will be given: location by location in order of rank, in whole multiples of
    /// the smallest quantity that may be promised of each. What none of them could be given is everybody's.
    pub fn keep_for(&mut self, waiting: &[Waiting]) {
        for line in waiting.iter().filter(|line| line.step > Decimal::ZERO) {
            let Some(&row) = self.rows.get(&line.sku) else { continue };
            let places = row * self.locations.len()..(row + 1) * self.locations.len();
            keep(self.available[places].iter_mut(), line.step, line.quantity);
        }
    }

    /// What is available now, in base units.
    pub fn available(&self, sku: &str, location: &str) -> Decimal {
        match (self.rows.get(sku), self.ranks.get(location)) {
            (Some(row), Some(rank)) => self.available[row * self.locations.len() + rank],
            _ => Decimal::ZERO,
        }
    }

    /// Decides where the demands ship from. Takes nothing.
    pub fn plan(&self, demands: &[Demand]) -> Plan {
        let search = Search::new(self, demands);
        let fills = search.choose();
        search.plan(self, demands, fills)
    }

    /// Takes what a plan promises, all of it or, if the shelf has less by now, nothing.
    pub fn take(&mut self, plan: &Plan) -> Result<(), StalePlan> {
        for (taken, allocation) in plan.allocations.iter().enumerate() {
            let enough = self.available.get(allocation.place).is_some_and(|available| *available >= allocation.base_quantity);
            if !enough {
                for undone in &plan.allocations[..taken] {
                    self.available[undone.place] += undone.base_quantity;
                }
                return Err(StalePlan);
            }
            self.available[allocation.place] -= allocation.base_quantity;
        }
        Ok(())
    }
}

/// A line as the search sees it.
struct Line {
    /// The index of its demand.
    demand: usize,
    /// The place of its SKU's first location in `Shelf::available`.
    row: usize,
    /// The largest whole multiple of the step within the demand.
    quantity: Decimal,
    unit_factor: Decimal,
    scale: u32,
}

/// So much of a line (by its place in the search) from the location of that rank.
#[derive(Clone, Copy)]
struct Fill {
    line: usize,
    rank: usize,
    quantity: Decimal,
}

struct Search<'a> {
    available: &'a [Decimal],
    location_count: usize,
    /// In order of serving: SKU by SKU, larger units first.
    lines: Vec<Line>,
}

impl<'a> Search<'a> {
    fn new(shelf: &'a Shelf, demands: &[Demand]) -> Self {
        let location_count = shelf.locations.len();
        let line = |(demand, asked): (usize, &Demand)| {
            let row = *shelf.rows.get(asked.sku.as_str())?;
            let quantity = whole_multiple(asked.quantity, asked.quantity_scale);
            (quantity > Decimal::ZERO && asked.unit_factor > Decimal::ZERO).then(|| Line {
                demand,
                row: row * location_count,
                quantity,
                unit_factor: asked.unit_factor,
                scale: asked.quantity_scale,
            })
        };
        let mut lines: Vec<Line> = demands.iter().enumerate().filter_map(line).collect();
        lines.sort_by(|a, b| a.row.cmp(&b.row).then_with(|| b.step().cmp(&a.step())));
        Self { available: &shelf.available, location_count, lines }
    }

    fn choose(&self) -> Vec<Fill> {
        if let Some(rank) = (0..self.location_count).find(|&rank| self.ships_everything(rank)) {
            return self.lines.iter().enumerate().map(|(line, served)| Fill { line, rank, quantity: served.quantity }).collect();
        }
        let candidates: Vec<usize> = (0..self.location_count).filter(|&rank| self.ships_anything(rank)).collect();
        let most = self.fill(&candidates);
        let goal = self.filled(&most);
        let chosen = if candidates.len() <= EXACT_SEARCH_LOCATIONS {
            self.fewest_exactly(&candidates, &goal)
        } else {
            self.fewest_greedily(&candidates, &goal)
        };
        chosen.map_or(most, |chosen| self.fill(&chosen))
    }

    fn ships_everything(&self, rank: usize) -> bool {
        let mut rest = (usize::MAX, Decimal::ZERO);
        self.lines.iter().all(|line| {
            if rest.0 != line.row {
                rest = (line.row, self.available[line.row + rank]);
            }
            rest.1 -= line.quantity * line.unit_factor;
            rest.1 >= Decimal::ZERO
        })
    }

    fn ships_anything(&self, rank: usize) -> bool {
        self.lines.iter().any(|line| line.step() <= self.available[line.row + rank])
    }

    /// Serves the lines from these locations (in order of rank) as far as they reach.
    fn fill(&self, ranks: &[usize]) -> Vec<Fill> {
        let mut fills = Vec::with_capacity(self.lines.len());
        let mut left: Vec<Decimal> = Vec::with_capacity(ranks.len());
        let mut row = usize::MAX;
        for (place, line) in self.lines.iter().enumerate() {
            if row != line.row {
                row = line.row;
                left.clear();
                left.extend(ranks.iter().map(|rank| self.available[row + rank]));
            }
            let base = line.quantity * line.unit_factor;
            if let Some(whole) = left.iter().position(|left| *left >= base) {
                left[whole] -= base;
                fills.push(Fill { line: place, rank: ranks[whole], quantity: line.quantity });
                continue;
            }
            let mut open = line.quantity;
            for (left, &rank) in left.iter_mut().zip(ranks) {
                let quantity = whole_multiple(*left / line.unit_factor, line.scale).min(open);
                if quantity > Decimal::ZERO {
                    *left -= quantity * line.unit_factor;
                    open -= quantity;
                    fills.push(Fill { line: place, rank, quantity });
                }
            }
        }
        fills
    }

    /// How much of each line is served.
    fn filled(&self, fills: &[Fill]) -> Vec<Decimal> {
        let mut filled = vec![Decimal::ZERO; self.lines.len()];
        fills.iter().for_each(|fill| filled[fill.line] += fill.quantity);
        filled
    }

    fn reaches(&self, ranks: &[usize], goal: &[Decimal]) -> bool {
        self.filled(&self.fill(ranks)).iter().zip(goal).all(|(filled, goal)| filled >= goal)
    }

    /// Tries all sets of one location, then of two, and so on, best ranks first.
    fn fewest_exactly(&self, candidates: &[usize], goal: &[Decimal]) -> Option<Vec<usize>> {
        (1..candidates.len()).find_map(|size| {
            let mut places: Vec<usize> = (0..size).collect();
            loop {
                let ranks: Vec<usize> = places.iter().map(|&place| candidates[place]).collect();
                if self.reaches(&ranks, goal) {
                    return Some(ranks);
                }
                if !next_combination(&mut places, candidates.len()) {
                    return None;
                }
            }
        })
    }

    fn fewest_greedily(&self, candidates: &[usize], goal: &[Decimal]) -> Option<Vec<usize>> {
        let mut chosen: Vec<usize> = Vec::new();
        while !self.reaches(&chosen, goal) {
            let open = candidates.iter().filter(|rank| !chosen.contains(rank));
            let with = |rank: usize| {
                let mut ranks = chosen.clone();
                ranks.push(rank);
                ranks.sort_unstable();
                ranks
            };
            let best =
                open.map(|&rank| (self.share_served(&with(rank)), rank)).reduce(|best, next| if next.0 > best.0 { next } else { best });
            chosen = with(best?.1);
        }
        for needless in chosen.clone().into_iter().rev() {
            let rest: Vec<usize> = chosen.iter().copied().filter(|&rank| rank != needless).collect();
            if self.reaches(&rest, goal) {
                chosen = rest;
            }
        }
        Some(chosen)
    }

    /// Σ over the lines of the part that is served; each line counts the same, whatever its unit.
    fn share_served(&self, ranks: &[usize]) -> Decimal {
        self.filled(&self.fill(ranks)).iter().zip(&self.lines).map(|(filled, line)| filled / line.quantity).sum()
    }

    fn plan(&self, shelf: &Shelf, demands: &[Demand], mut fills: Vec<Fill>) -> Plan {
        fills.sort_by_key(|fill| (self.lines[fill.line].demand, fill.rank));
        let mut short: Vec<Decimal> = demands.iter().map(|demand| demand.quantity).collect();
        let mut parts = vec![0usize; demands.len()];
        for fill in &fills {
            let demand = self.lines[fill.line].demand;
            short[demand] -= fill.quantity;
            parts[demand] += 1;
        }
        let complete = short.iter().all(|short| *short <= Decimal::ZERO);
        let one_location = fills.windows(2).all(|pair| pair[0].rank == pair[1].rank);
        let allocation = |fill: &Fill| {
            let line = &self.lines[fill.line];
            let reason = if complete && one_location {
                AllocationReason::WholeOrder
            } else if parts[line.demand] > 1 {
                AllocationReason::Split
            } else if short[line.demand] > Decimal::ZERO {
                AllocationReason::AvailablePart
            } else {
                AllocationReason::FewestLocations
            };
            Allocation {
                line: demands[line.demand].line,
                location: shelf.locations[fill.rank].clone(),
                quantity: fill.quantity,
                base_quantity: fill.quantity * line.unit_factor,
                reason,
                place: line.row + fill.rank,
            }
        };
        let allocations = fills.iter().map(allocation).collect();
        let shortage =
            |(demand, short): (&Demand, Decimal)| (short > Decimal::ZERO).then_some(Shortage { line: demand.line, quantity: short });
        Plan { allocations, short: demands.iter().zip(short).filter_map(shortage).collect() }
    }
}

impl Line {
    /// The least that can be promised of it, in base units.
    fn step(&self) -> Decimal {
        self.unit_factor * Decimal::new(1, self.scale)
    }
}

fn whole_multiple(quantity: Decimal, scale: u32) -> Decimal {
    if quantity.scale() <= scale { quantity } else { quantity.trunc_with_scale(scale) }
}

/// Steps to the next set of places in lexicographic order; false after the last.
fn next_combination(places: &mut [usize], count: usize) -> bool {
    let size = places.len();
    let Some(moving) = (0..size).rev().find(|&i| places[i] < count - size + i) else { return false };
    places[moving] += 1;
    for i in moving + 1..size {
        places[i] = places[i - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests;
