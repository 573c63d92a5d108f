use crate::fulfillment::dating::Dating;
use crate::fulfillment::fulfillment_order::{FulfillmentOrder, FulfillmentOrderStatus};
use crate::fulfillment::package::{Package, check_packages};
use crate::orders::order::Order;
use crate::platform::limits::ORDER_LINES;
use crate::types::absent::null_is_default;
use crate::types::address::Address;
use crate::types::decimal::Quantity;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{FulfillmentOrderId, OrderId, OrderLineId};
use crate::types::text::{check_code, check_external_ids, check_metadata, check_optional_prose, check_optional_text, check_text};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// What one location has to pick, pack and ship of one order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FulfillmentOrderBody {
    pub id: FulfillmentOrderId,
    #[schema(example = "SO-000123-F1")]
    pub number: String,
    pub order_id: OrderId,
    #[schema(example = "SO-000123")]
    pub order_number: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    pub status: FulfillmentOrderStatus,
    pub ship_by_on: Option<NaiveDate>,
    pub ship_to: Option<Address>,
    pub lines: Vec<FulfillmentOrderLineBody>,
    /// Packed and not yet shipped.
    pub packages: Vec<Package>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One order line's share. Quantities in the order line's unit, each counted from the start:
/// `quantity ≥ picked_quantity ≥ packed_quantity ≥ shipped_quantity`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FulfillmentOrderLineBody {
    pub id: Uuid,
    pub order_line_id: OrderLineId,
    pub line_number: i16,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "Kopi Arabika Gayo 250 g")]
    pub name: String,
    #[schema(example = "C62")]
    pub unit: String,
    pub quantity: Quantity,
    pub picked_quantity: Quantity,
    pub packed_quantity: Quantity,
    pub shipped_quantity: Quantity,
    /// Why this location.
    #[schema(example = "whole_order")]
    pub reason: Option<String>,
}

impl FulfillmentOrderBody {
    pub fn of(order: &Order, fulfillment_order: &FulfillmentOrder) -> Self {
        let lines = fulfillment_order.lines.iter().filter_map(|allocation| {
            let line = order.lines.iter().find(|line| line.line_number == allocation.line_number)?;
            Some(FulfillmentOrderLineBody {
                id: line_id(fulfillment_order.id, line.line_number),
                order_line_id: line.id,
                line_number: line.line_number,
                sku: line.sku.clone(),
                name: line.name.clone(),
                unit: line.unit.clone(),
                quantity: Quantity(allocation.quantity),
                picked_quantity: Quantity(allocation.picked),
                packed_quantity: Quantity(allocation.packed),
                shipped_quantity: Quantity(allocation.shipped),
                reason: allocation.reason.clone(),
            })
        });
        Self {
            id: fulfillment_order.id,
            number: fulfillment_order.number.clone(),
            order_id: order.id,
            order_number: order.number.clone(),
            location: fulfillment_order.location.clone(),
            status: fulfillment_order.status,
            ship_by_on: fulfillment_order.ship_by_on,
            ship_to: order.document.shipping_address.clone(),
            lines: lines.collect(),
            packages: fulfillment_order.packages.clone(),
            version: fulfillment_order.version,
            created_at: fulfillment_order.created_at,
            updated_at: fulfillment_order.updated_at,
        }
    }
}

/// The id of a fulfillment order's line. It is not stored: it is the fulfillment order's with the line's number laid over its
/// random end, so it is the same each time and nobody else's.
pub fn line_id(id: FulfillmentOrderId, line_number: i16) -> Uuid {
    let mut bytes = id.0.into_bytes();
    let [high, low] = line_number.to_be_bytes();
    bytes[14] ^= high;
    bytes[15] ^= low;
    Uuid::from_bytes(bytes)
}

/// What was picked. Without lines: all of it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct Pick {
    #[serde(default)]
    pub lines: Option<Vec<PickLine>>,
}

/// What was picked of one line.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PickLine {
    pub order_line_id: OrderLineId,
    /// Picked of the line in all, as the fulfillment order shows it: fewer than before put some back.
    #[schema(example = "3")]
    pub picked_quantity: Quantity,
    /// Why there is no more to pick. With it, what is missing loses its allocation and is written off the shelf; without it,
    /// the rest is picked later.
    #[serde(default)]
    #[schema(example = "damaged")]
    pub short_reason: Option<String>,
}

impl Pick {
    /// `None`: all of it.
    pub fn lines(&self) -> Option<&[PickLine]> {
        self.lines.as_deref()
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        require_some(&mut faults, self.lines());
        let lines = self.lines().unwrap_or_default();
        check_lines(&mut faults, lines.iter().map(|line| line.order_line_id));
        for (i, line) in lines.iter().enumerate() {
            let pointer = format!("/lines/{i}/picked_quantity");
            faults.require(line.picked_quantity.0 >= Decimal::ZERO, pointer, "out_of_range", "must not be negative");
            check_optional_prose(&mut faults, &format!("/lines/{i}/short_reason"), line.short_reason.as_deref(), 200);
        }
        faults.into_result()
    }
}

/// How it was packed. Packs what is picked; where nothing is picked yet, all that the order's delivery rule lets go.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"packages": [{"weight_grams": "1250", "length_mm": 300, "width_mm": 200, "height_mm": 150}]}))]
pub struct Pack {
    #[serde(default)]
    pub packages: Option<Vec<Package>>,
}

impl Pack {
    pub fn packages(&self) -> &[Package] {
        self.packages.as_deref().unwrap_or_default()
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_packages(&mut faults, self.packages());
        faults.into_result()
    }
}

/// What leaves, and with whom. Shipping implies picking and packing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"carrier": "jne", "tracking_number": "JNE0123456789"}))]
pub struct Ship {
    /// `jne`, `jnt`, `sicepat`, `pos_indonesia`, `dhl`, `ups`, `fedex`, `usps`, `dpd`, `gls`, or any other name.
    #[schema(example = "jne")]
    pub carrier: String,
    #[serde(default)]
    #[schema(example = "JNE0123456789")]
    pub tracking_number: Option<String>,
    /// Now, if absent. At most 30 days ago without the scope `import`, and not before the day of the order (422 `before_order`).
    #[serde(default)]
    pub shipped_at: Option<DateTime<Utc>>,
    /// All that is open, if absent.
    #[serde(default)]
    pub lines: Option<Vec<ShipLine>>,
    /// Those that were packed, if absent.
    #[serde(default)]
    pub packages: Option<Vec<Package>>,
    #[serde(default)]
    pub external_ids: Option<BTreeMap<String, String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// Answers what would change, and ships nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

/// How much of one line leaves.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipLine {
    pub order_line_id: OrderLineId,
    #[schema(example = "2")]
    pub quantity: Quantity,
}

impl Ship {
    /// `None`: all that is open.
    pub fn lines(&self) -> Option<&[ShipLine]> {
        self.lines.as_deref()
    }

    pub fn check(&self, now: DateTime<Utc>, dating: Dating) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/carrier", &self.carrier, 64);
        check_optional_text(&mut faults, "/tracking_number", self.tracking_number.as_deref(), 100);
        dating.check(&mut faults, "/shipped_at", self.shipped_at, now);
        require_some(&mut faults, self.lines());
        let lines = self.lines().unwrap_or_default();
        check_lines(&mut faults, lines.iter().map(|line| line.order_line_id));
        for (i, line) in lines.iter().enumerate() {
            faults.require(line.quantity.0 > Decimal::ZERO, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
        }
        check_packages(&mut faults, self.packages.as_deref().unwrap_or_default());
        if let Some(ids) = &self.external_ids {
            check_external_ids(&mut faults, "/external_ids", ids);
        }
        if let Some(metadata) = &self.metadata {
            check_metadata(&mut faults, "/metadata", metadata);
        }
        faults.into_result()
    }
}

/// Why it is cancelled.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the shelf is closed for stock taking"}))]
pub struct CancelFulfillmentOrder {
    #[serde(default)]
    pub reason: Option<String>,
}

impl CancelFulfillmentOrder {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_prose(&mut faults, "/reason", self.reason.as_deref(), 500);
        faults.into_result()
    }
}

/// Where it goes, and what of it: all that is open, if lines are absent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "surabaya-1"}))]
pub struct MoveFulfillmentOrder {
    #[schema(example = "surabaya-1")]
    pub location: String,
    #[serde(default)]
    pub lines: Option<Vec<FulfillmentOrderPart>>,
}

/// So much of one line.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentOrderPart {
    pub order_line_id: OrderLineId,
    /// All of the line that is free, if absent.
    #[serde(default)]
    #[schema(example = "1")]
    pub quantity: Option<Quantity>,
}

/// What becomes a fulfillment order of its own: units that nobody has picked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"order_line_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "quantity": "1"}]}))]
pub struct SplitFulfillmentOrder {
    #[schema(min_items = 1, max_items = 1000)]
    pub lines: Vec<FulfillmentOrderPart>,
}

impl SplitFulfillmentOrder {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.require(!self.lines.is_empty(), "/lines", "required", "name at least one line");
        check_parts(&mut faults, &self.lines);
        faults.into_result()
    }
}

/// Which others it takes in: of the same order at the same location, with nothing picked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fulfillment_order_ids": ["01938f5e-7c1a-7000-8000-2f1b3c4d5e6f"]}))]
pub struct MergeFulfillmentOrders {
    #[schema(min_items = 1, max_items = 1000)]
    pub fulfillment_order_ids: Vec<FulfillmentOrderId>,
}

impl MergeFulfillmentOrders {
    /// `into` is the one that takes the others in.
    pub fn check(&self, into: FulfillmentOrderId) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        let ids = &self.fulfillment_order_ids;
        faults.require(!ids.is_empty(), "/fulfillment_order_ids", "required", "name at least one other fulfillment order");
        faults.require(ids.len() <= ORDER_LINES, "/fulfillment_order_ids", "too_many_items", "at most 1000 fulfillment orders");
        let mut seen = HashSet::from([into]);
        for (i, id) in ids.iter().enumerate() {
            let pointer = format!("/fulfillment_order_ids/{i}");
            faults.require(seen.insert(*id), pointer, "duplicate", "name each other fulfillment order once");
        }
        faults.into_result()
    }
}

impl MoveFulfillmentOrder {
    /// `None`: all that is open.
    pub fn lines(&self) -> Option<&[FulfillmentOrderPart]> {
        self.lines.as_deref()
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_code(&mut faults, "/location", &self.location);
        require_some(&mut faults, self.lines());
        check_parts(&mut faults, self.lines().unwrap_or_default());
        faults.into_result()
    }
}

/// Lines that are given name something: a filter that came out empty must not mean all of it.
fn require_some<T>(faults: &mut Faults, lines: Option<&[T]>) {
    let some = lines.is_none_or(|lines| !lines.is_empty());
    faults.require(some, "/lines", "required", "name at least one line, or leave lines out for all that is open");
}

fn check_parts(faults: &mut Faults, parts: &[FulfillmentOrderPart]) {
    check_lines(faults, parts.iter().map(|part| part.order_line_id));
    for (i, part) in parts.iter().enumerate() {
        let fine = part.quantity.is_none_or(|quantity| quantity.0 > Decimal::ZERO);
        faults.require(fine, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
    }
}

fn check_lines(faults: &mut Faults, ids: impl ExactSizeIterator<Item = OrderLineId>) {
    faults.require(ids.len() <= ORDER_LINES, "/lines", "too_many_items", "at most 1000 lines");
    let mut seen = HashSet::new();
    for (i, id) in ids.enumerate() {
        faults.require(seen.insert(id), format!("/lines/{i}/order_line_id"), "duplicate", "name each line once");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_lines_are_their_own_and_the_same_each_time() {
        let id = FulfillmentOrderId::generate();
        let ids: HashSet<Uuid> = (1..=1000).map(|line| line_id(id, line)).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|line| *line != id.0 && line.get_version_num() == 7));
        assert_eq!(line_id(id, 7), line_id(id, 7));
    }

    #[test]
    fn faults_of_a_shipment_are_told_all_at_once() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let id = OrderLineId::generate();
        let ship: Ship = serde_json::from_value(serde_json::json!({
            "carrier": " ", "shipped_at": "2020-01-01T00:00:00Z", "packages": [{"length_mm": 0}],
            "lines": [{"order_line_id": id, "quantity": "0"}, {"order_line_id": id, "quantity": "1"}]
        }))
        .unwrap();
        let pointers: Vec<String> = ship.check(now, Dating::Recent).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/carrier", "/shipped_at", "/lines/1/order_line_id", "/lines/0/quantity", "/packages/0/length_mm"]);
    }
}
