use crate::types::currency::Currency;
use crate::types::id::ShipmentId;
use rust_decimal::Decimal;

/// Shipped units of one order line that are on no invoice yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenShipmentLine {
    pub shipment_id: ShipmentId,
    pub line_number: i16,
    pub open: Decimal,
}

/// The part of an invoiced quantity that came with one shipment; without one for services, and for goods that are invoiced
/// before they ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentPart {
    pub shipment_id: Option<ShipmentId>,
    pub quantity: Decimal,
}

/// Takes a quantity from the line's shipments, in the order in which they are given.
pub fn parts(quantity: Decimal, open: &[OpenShipmentLine]) -> Vec<ShipmentPart> {
    let mut left = quantity;
    let mut parts = Vec::new();
    for line in open {
        let taken = left.min(line.open);
        if taken > Decimal::ZERO {
            parts.push(ShipmentPart { shipment_id: Some(line.shipment_id), quantity: taken });
            left -= taken;
        }
    }
    if left > Decimal::ZERO {
        parts.push(ShipmentPart { shipment_id: None, quantity: left });
    }
    parts
}

/// An amount of the whole quantity, shared over its parts so that nothing is lost.
pub fn shares(currency: Currency, amount: Decimal, parts: &[ShipmentPart]) -> Vec<Decimal> {
    let weights: Vec<Decimal> = parts.iter().map(|part| part.quantity).collect();
    currency.split(amount, &weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_oldest_shipment_comes_first_and_the_rest_has_none() {
        let shipped = |open: i64| OpenShipmentLine { shipment_id: ShipmentId::generate(), line_number: 1, open: open.into() };
        let open = [shipped(2), shipped(0), shipped(3)];
        let quantities = |quantity: i64| {
            let parts = parts(quantity.into(), &open);
            parts.iter().map(|part| (open.iter().position(|o| Some(o.shipment_id) == part.shipment_id), part.quantity)).collect::<Vec<_>>()
        };
        assert_eq!(quantities(1), [(Some(0), 1.into())]);
        assert_eq!(quantities(4), [(Some(0), 2.into()), (Some(2), 2.into())]);
        assert_eq!(quantities(7), [(Some(0), 2.into()), (Some(2), 3.into()), (None, 2.into())]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_shipments(
            quantity in 1i64..50_000, open in prop::collection::vec(0i64..20_000, 0..6), amount in 0i64..1_000_000,
            code in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
        ) {
            let currency = Currency::from_code(code).unwrap();
            let open: Vec<_> = open.into_iter()
                .map(|open| OpenShipmentLine { shipment_id: ShipmentId::generate(), line_number: 1, open: Decimal::new(open, 3) })
                .collect();
            let quantity = Decimal::new(quantity, 3);
            let parts = parts(quantity, &open);
            prop_assert_eq!(parts.iter().map(|part| part.quantity).sum::<Decimal>(), quantity);
            prop_assert!(parts.iter().all(|part| part.quantity > Decimal::ZERO));
            let amount = Decimal::new(amount, currency.minor_units());
            prop_assert_eq!(shares(currency, amount, &parts).iter().sum::<Decimal>(), amount);
        }
    }
}
