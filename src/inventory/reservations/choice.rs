//! From which locations a cart is reserved: one for all of it if any can, else as few as possible, by their order of shipping.

use crate::inventory::locations::body::RankedLocation;
use crate::inventory::stock::level::{ShelfQuantity, StockLevel};
use crate::inventory::stock::short::Short;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Takes each wanted SKU from the shelves, or names all SKUs of which there is too little. Levels at locations that are not
/// ranked (inactive ones) count for nothing.
pub fn choose(
    wanted: &BTreeMap<String, Decimal>,
    levels: &[StockLevel],
    ranked: &[RankedLocation],
) -> Result<Vec<ShelfQuantity>, Vec<Short>> {
    let mut shelves: BTreeMap<(usize, &str), Decimal> = BTreeMap::new();
    for level in levels.iter().filter(|level| level.available() > Decimal::ZERO) {
        if let Some(rank) = ranked.iter().position(|location| location.code == level.location) {
            shelves.insert((rank, level.sku.as_str()), level.available());
        }
    }
    let there = |rank: usize, sku: &str| shelves.get(&(rank, sku)).copied().unwrap_or_default();
    let short: Vec<Short> = wanted
        .iter()
        .map(|(sku, quantity)| (sku, quantity, (0..ranked.len()).map(|rank| there(rank, sku)).sum::<Decimal>()))
        .filter(|(_, quantity, available)| available < quantity)
        .map(|(sku, quantity, available)| Short { sku: sku.clone(), location: None, requested: *quantity, available: Some(available) })
        .collect();
    if !short.is_empty() {
        return Err(short);
    }
    let mut open: BTreeMap<&str, Decimal> = wanted.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
    let mut taken = vec![];
    while !open.is_empty() {
        // The location that finishes most lines; among equals the one that has most of the first line, then the first in rank.
        let finishes = |rank: usize| open.iter().filter(|(sku, quantity)| there_after(&taken, ranked, rank, sku, there(rank, sku)) >= **quantity).count();
        let of_first = |rank: usize| open.iter().next().map_or(Decimal::ZERO, |(sku, quantity)| {
            there_after(&taken, ranked, rank, sku, there(rank, sku)).min(*quantity)
        });
        let best = (0..ranked.len()).max_by_key(|rank| (finishes(*rank), of_first(*rank), std::cmp::Reverse(*rank)));
        let Some(best) = best.filter(|rank| finishes(*rank) > 0 || of_first(*rank) > Decimal::ZERO) else { break };
        let gives: Vec<(String, Decimal)> = open
            .iter()
            .map(|(sku, quantity)| ((*sku).to_owned(), there_after(&taken, ranked, best, sku, there(best, sku)).min(*quantity)))
            .filter(|(_, quantity)| *quantity > Decimal::ZERO)
            .collect();
        for (sku, quantity) in gives {
            if let Some(left) = open.get_mut(sku.as_str()) {
                *left -= quantity;
            }
            taken.push(ShelfQuantity::new(sku, &ranked[best].code, quantity));
        }
        open.retain(|_, quantity| *quantity > Decimal::ZERO);
    }
    Ok(taken)
}

/// What a location still has after what has been taken from it.
fn there_after(taken: &[ShelfQuantity], ranked: &[RankedLocation], rank: usize, sku: &str, there: Decimal) -> Decimal {
    let gone: Decimal =
        taken.iter().filter(|part| part.sku == sku && part.location == ranked[rank].code).map(|part| part.quantity).sum();
    there - gone
}
