//! How much of an order line is where. Every unit is in exactly one of five states:
//! `quantity = unallocated + backordered + allocated + shipped + cancelled`. Picked and packed are within allocated;
//! delivered and returned within shipped; invoiced within shipped and prepaid; credited within invoiced.

use rust_decimal::Decimal;

/// The quantities of one line, in the line's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineQuantities {
    pub quantity: Decimal,
    pub unallocated: Decimal,
    pub backordered: Decimal,
    pub allocated: Decimal,
    /// Of the allocated: picked and not yet shipped.
    pub picked: Decimal,
    /// Of the picked: packed and not yet shipped.
    pub packed: Decimal,
    pub shipped: Decimal,
    pub delivered: Decimal,
    pub cancelled: Decimal,
    pub invoiced: Decimal,
    pub credited: Decimal,
    pub returned: Decimal,
    /// Of the returned: came back before it was invoiced, by a return that is not settled. It is not invoiced meanwhile.
    pub withheld: Decimal,
    /// Of the returned: came back before it was invoiced, and never will be.
    pub waived: Decimal,
}

/// A move that asks for more than there is to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {verb} {asked}: at most {possible} can be")]
pub struct NotThatMuch {
    pub verb: &'static str,
    pub asked: Decimal,
    pub possible: Decimal,
}

/// From which states a cancelled or removed quantity came; the allocated part must go back to its shelf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    pub unallocated: Decimal,
    pub backordered: Decimal,
    pub allocated: Decimal,
}

/// Quantities have at most 14 digits before the point, as in JSON.
const LARGEST: Decimal = Decimal::from_parts(276_447_231, 23_283, 0, false, 0);

impl LineQuantities {
    /// A line as it is ordered: nothing of it is promised yet.
    pub fn ordered(quantity: Decimal) -> Self {
        Self { quantity, unallocated: quantity, ..Self::default() }
    }

    /// What is neither shipped nor cancelled.
    pub fn open(&self) -> Decimal {
        self.unallocated + self.backordered + self.allocated
    }

    /// What the customer still wants of the line or has already got.
    pub fn wanted(&self) -> Decimal {
        self.quantity - self.cancelled
    }

    /// What of the line is invoiced in the end: all that is wanted, without what came back before it was invoiced.
    pub fn billable(&self) -> Decimal {
        self.wanted() - self.waived
    }

    /// Whether the equation and all bounds hold; `prepaid` is what may be invoiced before it ships.
    pub fn is_consistent(&self, prepaid: Decimal) -> bool {
        let states = [self.unallocated, self.backordered, self.allocated, self.shipped, self.cancelled];
        let within = |part: Decimal, whole: Decimal| part >= Decimal::ZERO && part <= whole;
        states.iter().all(|state| *state >= Decimal::ZERO)
            && self.quantity == states.iter().sum::<Decimal>()
            && within(self.picked, self.allocated)
            && within(self.packed, self.picked)
            && within(self.delivered, self.shipped)
            && within(self.returned, self.shipped)
            && within(self.withheld, self.returned)
            && within(self.waived, self.returned - self.withheld)
            && within(self.invoiced, self.shipped + prepaid - self.withheld - self.waived)
            && within(self.credited, self.invoiced)
    }

    /// Promises stock: unallocated → allocated.
    pub fn allocate(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("allocate", &mut self.unallocated, quantity)?;
        self.allocated += quantity;
        Ok(())
    }

    /// Waits for supply: unallocated → backordered.
    pub fn backorder(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("backorder", &mut self.unallocated, quantity)?;
        self.backordered += quantity;
        Ok(())
    }

    /// Supply came: backordered → unallocated, to be allocated anew.
    pub fn end_backorder(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("end the backorder of", &mut self.backordered, quantity)?;
        self.unallocated += quantity;
        Ok(())
    }

    /// Gives stock back: allocated → unallocated. What is picked stays; `put_back` it first.
    pub fn deallocate(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        at_most("deallocate", quantity, self.allocated - self.picked)?;
        self.allocated -= quantity;
        self.unallocated += quantity;
        Ok(())
    }

    /// Stock that was promised is not there: allocated → backordered, picked or not.
    pub fn lose_allocation(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("lose", &mut self.allocated, quantity)?;
        self.backordered += quantity;
        self.keep_picked_within_allocated();
        Ok(())
    }

    /// Marks allocated units as picked.
    pub fn pick(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        at_most("pick", quantity, self.allocated - self.picked)?;
        self.picked += quantity;
        Ok(())
    }

    /// Puts picked units back on the shelf; they stay allocated.
    pub fn put_back(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("put back", &mut self.picked, quantity)?;
        self.packed = self.packed.min(self.picked);
        Ok(())
    }

    /// Marks picked units as packed.
    pub fn pack(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        at_most("pack", quantity, self.picked - self.packed)?;
        self.packed += quantity;
        Ok(())
    }

    /// Hands over to the carrier: allocated → shipped. Shipping implies picking and packing; packed units go first.
    pub fn ship(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("ship", &mut self.allocated, quantity)?;
        self.shipped += quantity;
        self.packed = (self.packed - quantity).max(Decimal::ZERO);
        self.picked = (self.picked - quantity).max(Decimal::ZERO);
        Ok(())
    }

    /// A service was done, or a charge falls due: unallocated → shipped and delivered at once.
    pub fn perform(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("complete", &mut self.unallocated, quantity)?;
        self.shipped += quantity;
        self.delivered += quantity;
        Ok(())
    }

    /// The customer has it.
    pub fn deliver(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        at_most("deliver", quantity, self.shipped - self.delivered)?;
        self.delivered += quantity;
        Ok(())
    }

    /// Puts shipped units, and `prepaid` ones that are not, on an invoice.
    pub fn invoice(&mut self, quantity: Decimal, prepaid: Decimal) -> Result<(), NotThatMuch> {
        at_most("invoice", quantity, (self.shipped + prepaid).min(self.wanted()) - self.withheld - self.waived - self.invoiced)?;
        self.invoiced += quantity;
        Ok(())
    }

    /// Puts invoiced units on a credit note.
    pub fn credit(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        at_most("credit", quantity, self.invoiced - self.credited)?;
        self.credited += quantity;
        Ok(())
    }

    /// Shipped units came back. They stay shipped: a return is a new document, not an undone shipment. What of them is not
    /// invoiced yet is withheld from invoices until the return is settled; how much that is.
    pub fn take_back(&mut self, quantity: Decimal) -> Result<Decimal, NotThatMuch> {
        at_most("return", quantity, self.shipped - self.returned)?;
        let withheld = (self.shipped - self.invoiced - self.withheld - self.waived).clamp(Decimal::ZERO, quantity);
        self.returned += quantity;
        self.withheld += withheld;
        Ok(withheld)
    }

    /// A return is settled: its withheld units are never invoiced.
    pub fn waive(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("waive", &mut self.withheld, quantity)?;
        self.waived += quantity;
        Ok(())
    }

    /// A return is settled by other goods in place of money: what was withheld is to be paid after all.
    pub fn end_withholding(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        take("invoice again", &mut self.withheld, quantity)
    }

    /// Cancels open units, those that bind nothing first: unallocated, then backordered, then allocated (unpicked, then picked).
    pub fn cancel(&mut self, quantity: Decimal) -> Result<Withdrawn, NotThatMuch> {
        let withdrawn = self.withdraw("cancel", quantity)?;
        self.cancelled += quantity;
        Ok(withdrawn)
    }

    /// An edit orders more of the line.
    pub fn increase(&mut self, quantity: Decimal) -> Result<(), NotThatMuch> {
        at_most("add", quantity, LARGEST - self.quantity)?;
        self.quantity += quantity;
        self.unallocated += quantity;
        Ok(())
    }

    /// An edit orders less of the line; taken from the same states as `cancel`.
    pub fn decrease(&mut self, quantity: Decimal) -> Result<Withdrawn, NotThatMuch> {
        let withdrawn = self.withdraw("remove", quantity)?;
        self.quantity -= quantity;
        Ok(withdrawn)
    }

    fn withdraw(&mut self, verb: &'static str, quantity: Decimal) -> Result<Withdrawn, NotThatMuch> {
        at_most(verb, quantity, self.open())?;
        let unallocated = quantity.min(self.unallocated);
        let backordered = (quantity - unallocated).min(self.backordered);
        let allocated = quantity - unallocated - backordered;
        self.unallocated -= unallocated;
        self.backordered -= backordered;
        self.allocated -= allocated;
        self.keep_picked_within_allocated();
        Ok(Withdrawn { unallocated, backordered, allocated })
    }

    fn keep_picked_within_allocated(&mut self) {
        self.picked = self.picked.min(self.allocated);
        self.packed = self.packed.min(self.picked);
    }
}

fn at_most(verb: &'static str, asked: Decimal, possible: Decimal) -> Result<(), NotThatMuch> {
    let possible = possible.max(Decimal::ZERO);
    if asked < Decimal::ZERO || asked > possible { Err(NotThatMuch { verb, asked, possible }) } else { Ok(()) }
}

fn take(verb: &'static str, from: &mut Decimal, asked: Decimal) -> Result<(), NotThatMuch> {
    at_most(verb, asked, *from)?;
    *from -= asked;
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn move_by(line: &mut LineQuantities, which: u8, quantity: Decimal) -> Result<(), NotThatMuch> {
        match which {
            0 => line.allocate(quantity),
            1 => line.backorder(quantity),
            2 => line.end_backorder(quantity),
            3 => line.deallocate(quantity),
            4 => line.lose_allocation(quantity),
            5 => line.pick(quantity),
            6 => line.put_back(quantity),
            7 => line.pack(quantity),
            8 => line.ship(quantity),
            9 => line.perform(quantity),
            10 => line.deliver(quantity),
            11 => line.invoice(quantity, Decimal::ZERO),
            12 => line.credit(quantity),
            13 => line.take_back(quantity).map(|_| ()),
            14 => line.increase(quantity),
            15 => line.cancel(quantity).map(|_| ()),
            16 => line.waive(quantity),
            17 => line.end_withholding(quantity),
            _ => line.decrease(quantity).map(|_| ()),
        }
    }

    prop_compose! {
        /// A line after any history.
        pub(crate) fn any_history()(
            ordered in 1i64..50, moves in prop::collection::vec((0u8..19, 0i64..12), 0..60),
        ) -> LineQuantities {
            let mut line = LineQuantities::ordered(ordered.into());
            for (which, quantity) in moves {
                let _ = move_by(&mut line, which, quantity.into());
            }
            line
        }
    }

    proptest! {
        #[test]
        fn every_move_keeps_the_equation_and_a_refused_one_changes_nothing(
            ordered in 0i64..50_000, moves in prop::collection::vec((0u8..19, -500i64..20_000), 0..60),
        ) {
            let mut line = LineQuantities::ordered(Decimal::new(ordered, 3));
            for (which, quantity) in moves {
                let before = line;
                let moved = move_by(&mut line, which, Decimal::new(quantity, 3));
                prop_assert!(line.is_consistent(Decimal::ZERO), "{:?} after move {}", line, which);
                match moved {
                    Ok(()) => prop_assert!(quantity >= 0),
                    Err(refused) => {
                        prop_assert_eq!(line, before);
                        prop_assert!(refused.asked < Decimal::ZERO || refused.asked > refused.possible);
                        prop_assert!(move_by(&mut line, which, refused.possible).is_ok());
                        line = before;
                    }
                }
            }
        }
    }

    #[test]
    fn cancelling_binds_least_first_and_says_what_was_bound() {
        let mut line = LineQuantities::ordered(10.into());
        line.allocate(6.into()).unwrap();
        line.backorder(1.into()).unwrap();
        line.pick(5.into()).unwrap();
        line.pack(5.into()).unwrap();
        let withdrawn = line.cancel(7.into()).unwrap();
        assert_eq!(withdrawn, Withdrawn { unallocated: 3.into(), backordered: 1.into(), allocated: 3.into() });
        assert_eq!((line.allocated, line.picked, line.packed), (3.into(), 3.into(), 3.into()));
        let refused = line.cancel(4.into()).unwrap_err();
        assert_eq!(refused.to_string(), "cannot cancel 4: at most 3 can be");
    }

    #[test]
    fn prepaid_units_are_invoiced_before_they_ship_but_never_cancelled_ones() {
        let mut line = LineQuantities::ordered(5.into());
        assert_eq!(line.invoice(1.into(), Decimal::ZERO).unwrap_err().possible, Decimal::ZERO);
        line.cancel(2.into()).unwrap();
        assert_eq!(line.invoice(4.into(), 5.into()).unwrap_err().possible, Decimal::from(3));
        line.invoice(3.into(), 5.into()).unwrap();
        assert!(line.is_consistent(5.into()));
    }

    #[test]
    fn what_came_back_before_it_was_invoiced_is_not_invoiced() {
        let mut line = LineQuantities { quantity: 5.into(), shipped: 5.into(), ..LineQuantities::default() };
        line.invoice(2.into(), Decimal::ZERO).unwrap();
        assert_eq!(line.take_back(4.into()).unwrap(), 3.into(), "two of the five are on an invoice");
        assert_eq!(line.invoice(1.into(), Decimal::ZERO).unwrap_err().possible, Decimal::ZERO);
        line.waive(2.into()).unwrap();
        line.end_withholding(1.into()).unwrap();
        assert_eq!((line.withheld, line.waived, line.billable()), (0.into(), 2.into(), 3.into()));
        line.invoice(1.into(), Decimal::ZERO).unwrap();
        assert_eq!(line.take_back(1.into()).unwrap(), 0.into(), "all that is left is invoiced");
    }

    #[test]
    fn shipping_from_the_shelf_implies_picking_and_packing() {
        let mut line = LineQuantities::ordered(5.into());
        line.allocate(5.into()).unwrap();
        line.pick(2.into()).unwrap();
        line.ship(4.into()).unwrap();
        assert_eq!((line.allocated, line.picked, line.packed, line.shipped), (1.into(), 0.into(), 0.into(), 4.into()));
    }
}
