//! What a shipment is, and what its tracking makes of it.

use crate::fulfillment::package::Package;
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderId, OrderLineId, ShipmentId, TrackingEventId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// Where a shipment is. In the order in which two events of the same moment count.
    pub enum ShipmentStatus {
        InTransit = "in_transit",
        OutForDelivery = "out_for_delivery",
        /// The carrier cannot go on by himself.
        Exception = "exception",
        Delivered = "delivered",
        /// The carrier brings it back. What came back is booked by a return, which is a document of its own.
        Returned = "returned",
    }
}

text_enum! {
    /// Who says that it was delivered.
    pub enum DeliverySource {
        Carrier = "carrier",
        Manual = "manual",
        /// Nobody: time has passed.
        Assumed = "assumed",
    }
}

/// What has left one location for one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shipment {
    pub id: ShipmentId,
    #[schema(example = "SO-000123-S1")]
    pub number: String,
    pub order_id: OrderId,
    pub fulfillment_order_id: FulfillmentOrderId,
    #[schema(example = "jakarta-1")]
    pub location: String,
    #[schema(example = "jne")]
    pub carrier: String,
    #[schema(example = "JNE0123456789")]
    pub tracking_number: Option<String>,
    /// The carrier's public page; null for carriers whose page is not known.
    #[schema(example = "https://cekresi.jne.co.id/JNE0123456789")]
    pub tracking_url: Option<String>,
    pub status: ShipmentStatus,
    pub delivery_source: Option<DeliverySource>,
    pub lines: Vec<ShipmentLine>,
    pub packages: Vec<Package>,
    pub shipped_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    #[schema(example = "Siti Rahma")]
    pub received_by: Option<String>,
    /// In the order in which they took place.
    pub events: Vec<TrackingEvent>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How much of an order line has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShipmentLine {
    pub order_line_id: OrderLineId,
    pub line_number: i16,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "Kopi Arabika Gayo 250 g")]
    pub name: String,
    #[schema(example = "C62")]
    pub unit: String,
    pub quantity: Quantity,
    /// Cost of one base unit when it left, in the organization's base currency. Not for everybody who may read shipments.
    #[serde(skip)]
    #[schema(ignore)]
    pub unit_cost: Option<Decimal>,
}

/// What the carrier saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrackingEvent {
    pub id: TrackingEventId,
    pub status: ShipmentStatus,
    pub occurred_at: DateTime<Utc>,
    pub detail: Option<String>,
    #[schema(example = "Bandung")]
    pub city: Option<String>,
    pub received_by: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

/// What an event changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// It was known already.
    Known,
    /// It is new.
    Noted,
    /// It is new, and the first to say that the customer has the goods.
    Delivered,
}

impl Shipment {
    /// Takes a carrier's event in, in whatever order they come. The same event (status and moment) is taken once.
    pub fn track(&mut self, event: TrackingEvent) -> Tracked {
        if self.events.iter().any(|known| known.status == event.status && known.occurred_at == event.occurred_at) {
            return Tracked::Known;
        }
        let delivers = event.status == ShipmentStatus::Delivered && self.delivered_at.is_none();
        if delivers {
            // Carriers' clocks are wrong at times; nothing arrives before it has left.
            self.delivered_at = Some(event.occurred_at.max(self.shipped_at));
            self.delivery_source = Some(DeliverySource::Carrier);
            self.received_by = event.received_by.clone().or(self.received_by.take());
        }
        self.events.push(event);
        self.events.sort_by_key(|event| (event.occurred_at, event.status));
        self.status = status_of(&self.events, self.delivered_at);
        if delivers { Tracked::Delivered } else { Tracked::Noted }
    }

    /// Somebody says by hand that the customer has the goods. `Err` holds the status that does not allow it.
    pub fn deliver(&mut self, at: DateTime<Utc>, received_by: Option<String>) -> Result<(), ShipmentStatus> {
        match self.status {
            ShipmentStatus::InTransit | ShipmentStatus::OutForDelivery | ShipmentStatus::Exception => {}
            ShipmentStatus::Delivered | ShipmentStatus::Returned => return Err(self.status),
        }
        self.delivered_at = Some(at);
        self.delivery_source = Some(DeliverySource::Manual);
        self.received_by = received_by;
        self.status = status_of(&self.events, self.delivered_at);
        Ok(())
    }
}

/// Where a shipment is: what its latest event says by the moment when it took place. Delivered and returned are ends: they win
/// over whatever else carriers scan later. A delivery that no event tells (by hand, assumed) counts as one.
pub fn status_of(events: &[TrackingEvent], delivered_at: Option<DateTime<Utc>>) -> ShipmentStatus {
    let is_end = |status: ShipmentStatus| match status {
        ShipmentStatus::Delivered | ShipmentStatus::Returned => true,
        ShipmentStatus::InTransit | ShipmentStatus::OutForDelivery | ShipmentStatus::Exception => false,
    };
    let told = events.iter().map(|event| (event.status, event.occurred_at));
    let all = told.chain(delivered_at.map(|at| (ShipmentStatus::Delivered, at)));
    all.max_by_key(|(status, at)| (is_end(*status), *at, *status)).map_or(ShipmentStatus::InTransit, |(status, _)| status)
}

#[cfg(test)]
mod tests {
    use super::ShipmentStatus as S;
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn event(status: S, minute: i64) -> TrackingEvent {
        TrackingEvent {
            id: TrackingEventId::generate(),
            status,
            occurred_at: at(minute),
            detail: None,
            city: None,
            received_by: (status == S::Delivered).then(|| "Siti".to_owned()),
            recorded_at: at(0),
        }
    }

    fn shipment() -> Shipment {
        Shipment {
            id: ShipmentId::generate(),
            number: "SO-000001-S1".into(),
            order_id: OrderId::generate(),
            fulfillment_order_id: FulfillmentOrderId::generate(),
            location: "jakarta-1".into(),
            carrier: "jne".into(),
            tracking_number: None,
            tracking_url: None,
            status: S::InTransit,
            delivery_source: None,
            lines: vec![],
            packages: vec![],
            shipped_at: at(0),
            delivered_at: None,
            received_by: None,
            events: vec![],
            external_ids: BTreeMap::new(),
            metadata: Map::new(),
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn tracked(events: &[(S, i64)]) -> Shipment {
        let mut shipment = shipment();
        for (status, minute) in events {
            shipment.track(event(*status, *minute));
        }
        shipment
    }

    #[test]
    fn the_latest_event_counts_and_an_end_wins_over_later_scans() {
        assert_eq!(tracked(&[]).status, S::InTransit);
        assert_eq!(tracked(&[(S::OutForDelivery, 9), (S::InTransit, 3)]).status, S::OutForDelivery);
        assert_eq!(tracked(&[(S::Exception, 3), (S::InTransit, 9)]).status, S::InTransit);
        assert_eq!(tracked(&[(S::Delivered, 3), (S::InTransit, 9)]).status, S::Delivered);
        assert_eq!(tracked(&[(S::Delivered, 3), (S::Returned, 9), (S::Exception, 12)]).status, S::Returned);
        assert_eq!(tracked(&[(S::Returned, 3), (S::Delivered, 9)]).status, S::Delivered);
    }

    #[test]
    fn the_same_event_twice_is_one() {
        let mut shipment = shipment();
        assert_eq!(shipment.track(event(S::Delivered, 5)), Tracked::Delivered);
        let before = shipment.clone();
        assert_eq!(shipment.track(event(S::Delivered, 5)), Tracked::Known);
        assert_eq!(shipment, before);
        assert_eq!(shipment.track(event(S::Delivered, 6)), Tracked::Noted);
        assert_eq!((shipment.delivered_at, shipment.received_by.as_deref()), (Some(at(5)), Some("Siti")));
        assert_eq!(shipment.delivery_source, Some(DeliverySource::Carrier));
    }

    #[test]
    fn a_delivery_by_hand_stands_against_late_scans_and_happens_once() {
        let mut shipment = tracked(&[(S::InTransit, 1)]);
        shipment.deliver(at(5), Some("Budi".into())).unwrap();
        assert_eq!(shipment.deliver(at(6), None), Err(S::Delivered));
        assert_eq!(shipment.track(event(S::OutForDelivery, 4)), Tracked::Noted);
        assert_eq!(shipment.track(event(S::Delivered, 7)), Tracked::Noted);
        assert_eq!((shipment.status, shipment.delivered_at), (S::Delivered, Some(at(5))));
        assert_eq!((shipment.delivery_source, shipment.received_by.as_deref()), (Some(DeliverySource::Manual), Some("Budi")));
        assert_eq!(tracked(&[(S::Returned, 1)]).deliver(at(5), None), Err(S::Returned));
    }

    proptest! {
        #[test]
        fn the_order_in_which_events_come_does_not_matter(
            (events, shuffled) in prop::collection::vec((0usize..5, 0i64..6), 0..12)
                .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        ) {
            let of = |events: &[(usize, i64)]| tracked(&events.iter().map(|(status, minute)| (S::ALL[*status], *minute)).collect::<Vec<_>>());
            let (one, other) = (of(&events), of(&shuffled));
            prop_assert_eq!(one.status, other.status);
            prop_assert_eq!(one.delivered_at.is_some(), other.delivered_at.is_some());
            let told = |shipment: &Shipment| shipment.events.iter().map(|event| (event.status, event.occurred_at)).collect::<Vec<_>>();
            prop_assert_eq!(told(&one), told(&other));
        }
    }
}
