//! A fulfillment order: what one location has to pick, pack and ship of one order. Its lines *are* the allocations.

use super::package::Package;
use crate::orders::quantities::NotThatMuch;
use crate::types::id::FulfillmentOrderId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

text_enum! {
    pub enum FulfillmentOrderStatus {
        Open = "open",
        OnHold = "on_hold",
        Picking = "picking",
        Packed = "packed",
        Shipped = "shipped",
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What can be done to a fulfillment order.
    pub enum FulfillmentOrderAction {
        Pick = "pick",
        Pack = "pack",
        Ship = "ship",
        Cancel = "cancel",
        /// Another location takes it over.
        Move = "move",
        /// A part of it becomes a fulfillment order of its own.
        Split = "split",
        /// It takes another one in, or is taken in.
        Merge = "merge",
    }
}

/// The fulfillment order's status does not allow the action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fulfillment order that is {status} does not allow {action}")]
pub struct Refused {
    pub status: FulfillmentOrderStatus,
    pub action: FulfillmentOrderAction,
    /// What the status does allow.
    pub allowed: Vec<FulfillmentOrderAction>,
}

impl From<Refused> for crate::error::Error {
    fn from(refused: Refused) -> Self {
        let allowed: Vec<&str> = refused.allowed.iter().map(|action| action.as_str()).collect();
        Self::invalid_transition(refused.status.as_str(), refused.action.as_str(), &allowed)
    }
}

impl FulfillmentOrderStatus {
    /// The status after the action on all that is open; what an action on a part leaves, [`FulfillmentOrder::settle`] derives.
    /// Whether an open hold stands against the action is the hold's to say (`blocks`).
    pub fn next(self, action: FulfillmentOrderAction) -> Result<Self, Refused> {
        self.after(action).ok_or_else(|| Refused { status: self, action, allowed: self.allowed() })
    }

    /// The actions that `next` does not refuse.
    pub fn allowed(self) -> Vec<FulfillmentOrderAction> {
        FulfillmentOrderAction::ALL.iter().copied().filter(|action| self.after(*action).is_some()).collect()
    }

    fn after(self, action: FulfillmentOrderAction) -> Option<Self> {
        use FulfillmentOrderAction as A;
        match self {
            Self::Open => match action {
                A::Pick => Some(Self::Picking),
                A::Pack => Some(Self::Packed),
                A::Ship => Some(Self::Shipped),
                A::Cancel => Some(Self::Cancelled),
                A::Move | A::Split | A::Merge => Some(Self::Open),
            },
            Self::Picking => match action {
                A::Pick | A::Split => Some(Self::Picking),
                A::Pack => Some(Self::Packed),
                A::Ship => Some(Self::Shipped),
                A::Cancel => Some(Self::Cancelled),
                A::Move => Some(Self::Open),
                A::Merge => None,
            },
            Self::OnHold => match action {
                A::Pick | A::Pack | A::Move | A::Split | A::Merge => Some(Self::OnHold),
                A::Ship => Some(Self::Shipped),
                A::Cancel => Some(Self::Cancelled),
            },
            Self::Packed => match action {
                A::Ship => Some(Self::Shipped),
                A::Cancel => Some(Self::Cancelled),
                A::Move => Some(Self::Open),
                A::Pick | A::Pack | A::Split | A::Merge => None,
            },
            Self::Shipped | Self::Cancelled => match action {
                A::Pick | A::Pack | A::Ship | A::Cancel | A::Move | A::Split | A::Merge => None,
            },
        }
    }
}

/// One order line's share at one location, in the order line's unit. `picked ≥ packed ≥ shipped`, all counted from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub line_number: i16,
    pub sku: String,
    /// Shipped units included.
    pub quantity: Decimal,
    /// Base units in one unit.
    pub unit_factor: Decimal,
    pub picked: Decimal,
    pub packed: Decimal,
    pub shipped: Decimal,
    /// Why this location.
    pub reason: Option<String>,
}

impl Allocation {
    /// Not yet shipped.
    pub fn open(&self) -> Decimal {
        self.quantity - self.shipped
    }

    /// Not yet shipped, in base units: what the shelf has reserved for it.
    pub fn open_base(&self) -> Decimal {
        self.open() * self.unit_factor
    }

    /// So much of it is picked in all, shipped units included: fewer than before put some back. What is packed stays picked.
    pub fn pick_to(&mut self, picked: Decimal) -> Result<(), NotThatMuch> {
        if picked < self.packed || picked > self.quantity {
            return Err(NotThatMuch { verb: "pick", asked: picked, possible: self.quantity });
        }
        self.picked = picked;
        Ok(())
    }

    /// Packs what is picked.
    pub fn pack(&mut self) {
        self.packed = self.picked;
    }

    /// Hands units over to the carrier. Shipping implies picking and packing; packed units go first.
    pub fn ship(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        self.at_most_open("ship", quantity)?;
        self.shipped += quantity;
        self.packed = self.packed.max(self.shipped);
        self.picked = self.picked.max(self.packed);
        Ok(())
    }

    /// Takes open units away from the location, those first that nobody has picked.
    pub fn withdraw(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        self.at_most_open("withdraw", quantity)?;
        self.quantity -= quantity;
        self.picked = self.picked.min(self.quantity);
        self.packed = self.packed.min(self.quantity);
        Ok(())
    }

    fn at_most_open(&self, verb: &'static str, asked: Decimal) -> Result<(), NotThatMuch> {
        if asked < Decimal::ZERO || asked > self.open() { Err(NotThatMuch { verb, asked, possible: self.open() }) } else { Ok(()) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FulfillmentOrder {
    pub id: FulfillmentOrderId,
    pub number: String,
    pub location: String,
    pub status: FulfillmentOrderStatus,
    pub ship_by_on: Option<NaiveDate>,
    /// Packed and not yet shipped.
    pub packages: Vec<Package>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub lines: Vec<Allocation>,
}

impl FulfillmentOrder {
    /// A new one without lines.
    pub fn open(number: String, location: String, held: bool, at: DateTime<Utc>) -> Self {
        Self {
            id: FulfillmentOrderId::generate(),
            number,
            location,
            status: if held { FulfillmentOrderStatus::OnHold } else { FulfillmentOrderStatus::Open },
            ship_by_on: None,
            packages: vec![],
            version: 1,
            created_at: at,
            updated_at: at,
            lines: vec![],
        }
    }

    pub fn line(&self, line_number: i16) -> Option<&Allocation> {
        self.lines.iter().find(|line| line.line_number == line_number)
    }

    pub fn line_mut(&mut self, line_number: i16) -> Option<&mut Allocation> {
        self.lines.iter_mut().find(|line| line.line_number == line_number)
    }

    /// Packs what is picked; where nothing is picked yet, packing implies picking all that may leave.
    pub fn pack(&mut self, may_leave: impl Fn(&Allocation) -> bool) {
        let untouched = self.lines.iter().all(|line| line.picked == line.shipped);
        for line in &mut self.lines {
            if untouched && may_leave(line) {
                line.picked = line.quantity;
            }
            line.pack();
        }
    }

    /// Whether something is still to be shipped.
    pub fn is_live(&self) -> bool {
        match self.status {
            FulfillmentOrderStatus::Open
            | FulfillmentOrderStatus::OnHold
            | FulfillmentOrderStatus::Picking
            | FulfillmentOrderStatus::Packed => true,
            FulfillmentOrderStatus::Shipped | FulfillmentOrderStatus::Cancelled => false,
        }
    }

    /// Derives the status from its lines: nothing open is shipped or cancelled; everything packed, picked. `held`: a hold or the
    /// order's delivery rule keeps all of it back.
    pub fn settle(&mut self, held: bool) {
        let zero = Decimal::ZERO;
        self.lines.retain(|line| line.quantity > zero);
        let open = || self.lines.iter().filter(|line| line.open() > zero);
        self.status = if open().next().is_none() {
            if self.lines.iter().any(|line| line.shipped > zero) {
                FulfillmentOrderStatus::Shipped
            } else {
                FulfillmentOrderStatus::Cancelled
            }
        } else if held {
            FulfillmentOrderStatus::OnHold
        } else if open().all(|line| line.packed == line.quantity) {
            FulfillmentOrderStatus::Packed
        } else if open().any(|line| line.picked > line.shipped) {
            FulfillmentOrderStatus::Picking
        } else {
            FulfillmentOrderStatus::Open
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FulfillmentOrderAction as A;
    use proptest::prelude::*;

    /// One letter per action (pick, pack, ship, cancel, move, split, merge): the next status, `-` refused.
    const TABLE: [(FulfillmentOrderStatus, &str); 6] = [
        (FulfillmentOrderStatus::Open, "ipscooo"),
        (FulfillmentOrderStatus::OnHold, "hhschhh"),
        (FulfillmentOrderStatus::Picking, "ipscoi-"),
        (FulfillmentOrderStatus::Packed, "--sco--"),
        (FulfillmentOrderStatus::Shipped, "-------"),
        (FulfillmentOrderStatus::Cancelled, "-------"),
    ];

    #[test]
    fn every_action_in_every_status_is_decided() {
        assert_eq!(TABLE.len(), FulfillmentOrderStatus::ALL.len());
        for (status, row) in TABLE {
            for (&action, expected) in A::ALL.iter().zip(row.chars()) {
                let letter = match status.next(action) {
                    Ok(FulfillmentOrderStatus::Open) => 'o',
                    Ok(FulfillmentOrderStatus::OnHold) => 'h',
                    Ok(FulfillmentOrderStatus::Picking) => 'i',
                    Ok(FulfillmentOrderStatus::Packed) => 'p',
                    Ok(FulfillmentOrderStatus::Shipped) => 's',
                    Ok(FulfillmentOrderStatus::Cancelled) => 'c',
                    Err(refused) => {
                        assert!(!refused.allowed.contains(&action));
                        '-'
                    }
                };
                assert_eq!(letter, expected, "{status} {action}");
            }
        }
    }

    fn allocation(line_number: i16, quantity: i64) -> Allocation {
        Allocation {
            line_number,
            sku: "KOPI-250".into(),
            quantity: quantity.into(),
            unit_factor: Decimal::ONE,
            picked: Decimal::ZERO,
            packed: Decimal::ZERO,
            shipped: Decimal::ZERO,
            reason: None,
        }
    }

    fn of(lines: Vec<Allocation>) -> FulfillmentOrder {
        let mut order = FulfillmentOrder::open("SO-000001-F1".into(), "jakarta-1".into(), false, DateTime::default());
        order.lines = lines;
        order
    }

    #[test]
    fn the_derived_status_is_that_of_the_table() {
        let all = |order: &mut FulfillmentOrder, action: A| match action {
            A::Pick => order.lines.iter_mut().for_each(|line| line.pick_to(line.quantity).unwrap()),
            A::Pack => order.pack(|_| true),
            A::Ship => order.lines.iter_mut().for_each(|line| line.ship(line.open()).unwrap()),
            A::Cancel => order.lines.iter_mut().for_each(|line| line.withdraw(line.open()).unwrap()),
            A::Move => order.lines.iter_mut().for_each(|line| (line.picked, line.packed) = (line.shipped, line.shipped)),
            A::Split | A::Merge => {}
        };
        for before in [vec![], vec![A::Pick], vec![A::Pick, A::Pack]] {
            for &action in A::ALL {
                let mut order = of(vec![allocation(1, 3), allocation(2, 1)]);
                before.iter().for_each(|action| all(&mut order, *action));
                order.settle(false);
                if let Ok(expected) = order.status.next(action) {
                    all(&mut order, action);
                    order.settle(false);
                    assert_eq!(order.status, expected, "{action} after {before:?}");
                }
            }
        }
    }

    #[test]
    fn packing_takes_what_is_picked_and_all_of_it_where_nothing_is() {
        let mut order = of(vec![allocation(1, 3), allocation(2, 1)]);
        order.lines[0].pick_to(2.into()).unwrap();
        order.pack(|_| true);
        order.settle(false);
        assert_eq!((order.status, order.lines[0].packed, order.lines[1].packed), (FulfillmentOrderStatus::Picking, 2.into(), 0.into()));
        let mut order = of(vec![allocation(1, 3)]);
        order.pack(|_| true);
        assert_eq!((order.lines[0].picked, order.lines[0].packed), (3.into(), 3.into()));
        let mut order = of(vec![allocation(1, 3), allocation(2, 1)]);
        order.pack(|line| line.line_number == 2);
        assert_eq!((order.lines[0].picked, order.lines[1].packed), (0.into(), 1.into()), "what must not leave stays on its shelf");
    }

    #[test]
    fn a_part_shipped_leaves_the_rest_open() {
        let mut order = of(vec![allocation(1, 3)]);
        order.lines[0].ship(2.into()).unwrap();
        order.settle(false);
        assert_eq!((order.status, order.lines[0].open()), (FulfillmentOrderStatus::Open, 1.into()));
        order.lines[0].withdraw(1.into()).unwrap();
        order.settle(false);
        assert_eq!(order.status, FulfillmentOrderStatus::Shipped);
    }

    proptest! {
        #[test]
        fn progress_stays_in_order_whatever_is_done(moves in prop::collection::vec((0u8..4, -2i64..8), 0..30)) {
            let mut line = allocation(1, 10);
            for (which, quantity) in moves {
                let before = line.clone();
                let quantity = Decimal::from(quantity);
                let moved = match which {
                    0 => line.pick_to(quantity),
                    1 => { line.pack(); Ok(()) }
                    2 => line.ship(quantity),
                    _ => line.withdraw(quantity),
                };
                if moved.is_err() {
                    prop_assert_eq!(&line, &before);
                }
                prop_assert!(Decimal::ZERO <= line.shipped && line.shipped <= line.packed);
                prop_assert!(line.packed <= line.picked && line.picked <= line.quantity);
            }
        }
    }
}
