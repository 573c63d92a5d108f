//! The JSON shapes of returns.

use super::sales_return::{Condition, Return, ReturnLine, ReturnMilestones, ReturnReason};
use super::status::ReturnProgress;
use crate::platform::limits::ORDER_LINES;
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CreditNoteId, CustomerId, OrderId, OrderLineId, RefundId, ReturnId, ReturnLineId, ShipmentId};
use crate::types::text::{check_external_ids, check_metadata, check_optional_prose, check_prose, check_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// A return to ask for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"order_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "lines": [
    {"order_line_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e70", "quantity": "2", "reason": {"code": "damaged", "detail": "Two bags were torn"}}]}))]
pub struct NewReturn {
    pub order_id: OrderId,
    #[schema(min_items = 1, max_items = 1000)]
    pub lines: Vec<NewReturnLine>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturnLine {
    pub order_line_id: OrderLineId,
    /// At most what was shipped and neither came back nor is announced.
    #[schema(example = "2")]
    pub quantity: Quantity,
    pub reason: ReturnReason,
}

fn check_reason(faults: &mut Faults, pointer: &str, reason: &ReturnReason) {
    check_optional_prose(faults, &format!("{pointer}/detail"), reason.detail.as_deref(), 500);
}

fn check_count(faults: &mut Faults, lines: usize) {
    faults.require(lines > 0, "/lines", "required", "name at least one line");
    faults.require(lines <= ORDER_LINES, "/lines", "too_many_items", "at most 1000 lines in a call");
}

impl NewReturn {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_count(&mut faults, self.lines.len());
        let mut seen = HashSet::new();
        for (i, line) in self.lines.iter().enumerate() {
            faults.require(line.quantity.0 > Decimal::ZERO, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
            faults.require(seen.insert(line.order_line_id), format!("/lines/{i}/order_line_id"), "duplicate_key", "each line once");
            check_reason(&mut faults, &format!("/lines/{i}/reason"), &line.reason);
        }
        check_optional_prose(&mut faults, "/note", self.note.as_deref(), 2_000);
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }
}

/// Letting a return in.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"override": true, "reason": "A loyal customer"}))]
pub struct AuthorizeReturn {
    /// Lets it in although its time is over; needed where `within_window` is false.
    #[serde(default, rename = "override", deserialize_with = "null_is_default")]
    pub overrides: bool,
    #[serde(default)]
    pub reason: Option<String>,
}

impl AuthorizeReturn {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_prose(&mut faults, "/reason", self.reason.as_deref(), 500);
        faults.into_result()
    }
}

/// Not letting it in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The seal was broken"}))]
pub struct RefuseReturn {
    pub reason: String,
}

impl RefuseReturn {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_prose(&mut faults, "/reason", &self.reason, 500);
        faults.into_result()
    }
}

/// Calling it off.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The customer keeps it"}))]
pub struct CancelReturn {
    #[serde(default)]
    pub reason: Option<String>,
}

impl CancelReturn {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_prose(&mut faults, "/reason", self.reason.as_deref(), 500);
        faults.into_result()
    }
}

/// Goods that are here, as inspection found them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "jakarta-1", "lines": [
    {"order_line_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e70", "quantity": "1", "condition": "resellable"},
    {"order_line_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e70", "quantity": "1", "condition": "damaged"}]}))]
pub struct ReceiveReturn {
    pub location: String,
    #[schema(min_items = 1, max_items = 1000)]
    pub lines: Vec<ReceivedLine>,
    /// Only says what would change.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

/// Units of one order line in one condition; it need not be announced.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLine {
    pub order_line_id: OrderLineId,
    /// At most what was shipped and did not come back.
    #[schema(example = "1")]
    pub quantity: Quantity,
    pub condition: Condition,
    /// Of units that were not announced.
    #[serde(default)]
    pub reason: Option<ReturnReason>,
}

impl ReceiveReturn {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/location", &self.location, 64);
        check_count(&mut faults, self.lines.len());
        let mut seen = HashSet::new();
        for (i, line) in self.lines.iter().enumerate() {
            faults.require(line.quantity.0 > Decimal::ZERO, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
            let key = (line.order_line_id, line.condition);
            faults.require(seen.insert(key), format!("/lines/{i}"), "duplicate_key", "each line and condition once");
            if let Some(reason) = &line.reason {
                check_reason(&mut faults, &format!("/lines/{i}/reason"), reason);
            }
        }
        faults.into_result()
    }
}

text_enum! {
    /// What the customer pays for the goods that replace returned ones.
    pub enum ReplacementPrice {
        /// Nothing: the sale stands, other goods take the place of the returned ones.
        NoCharge = "no_charge",
        /// What the returned ones have cost: they are credited, and the new ones are a sale of their own.
        Original = "original",
    }
}

/// How a return is settled. Without `replacement` what is here is credited; `refund` sends the money back too.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refund": true, "restocking_fee": "5000.00"}))]
pub struct CompleteReturn {
    /// Sends back what the credit sets free, to the payments that it came with, the newest first. Without it that money stays: on the
    /// order, as far as that is neither invoiced nor paid yet, else unapplied on its payments.
    #[serde(default, deserialize_with = "null_is_default")]
    pub refund: bool,
    /// `false` where the goods were credited before they came, by a credit note of their own: nothing is credited now.
    #[serde(default)]
    #[schema(default = true)]
    pub credit: Option<bool>,
    /// Kept back of the credit; without tax, or with it where the order's prices include tax.
    #[serde(default)]
    #[schema(example = "5000.00")]
    pub restocking_fee: Option<Amount>,
    /// Credits the shipping on the order's invoices, too; where it is on none yet it never will be.
    #[serde(default, deserialize_with = "null_is_default")]
    pub refund_shipping: bool,
    /// Places an order for the same goods.
    #[serde(default, deserialize_with = "null_is_default")]
    pub replacement: bool,
    /// `no_charge` where absent; with `refund` it is `original`.
    #[serde(default)]
    pub replacement_price: Option<ReplacementPrice>,
    /// Printed on the credit note.
    #[serde(default)]
    #[schema(example = "Goods returned")]
    pub reason: Option<String>,
    /// Only says what would change.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

impl CompleteReturn {
    /// What the customer pays for the replacement; none where there is none.
    pub fn replacement_price(&self) -> Option<ReplacementPrice> {
        let usual = if self.refund { ReplacementPrice::Original } else { ReplacementPrice::NoCharge };
        self.replacement.then(|| self.replacement_price.unwrap_or(usual))
    }

    /// Whether the returned goods are credited.
    pub fn credits(&self) -> bool {
        self.replacement_price() != Some(ReplacementPrice::NoCharge)
    }

    /// Whether they were credited before.
    pub fn is_credited(&self) -> bool {
        self.credit == Some(false)
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_prose(&mut faults, "/reason", self.reason.as_deref(), 500);
        if let Some(Amount(fee)) = self.restocking_fee {
            faults.require(fee >= Decimal::ZERO, "/restocking_fee", "out_of_range", "must not be negative");
        }
        faults.require(
            self.replacement || self.replacement_price.is_none(),
            "/replacement_price",
            "without_replacement",
            "there is no replacement to be priced; set replacement",
        );
        if !self.credits() || self.is_credited() {
            let detail = match self.credits() {
                true => "with credit: false nothing is credited that could go back or be kept",
                false => "a replacement at no charge leaves the sale as it is: nothing is credited",
            };
            faults.require(!self.refund, "/refund", "nothing_credited", detail);
            faults.require(!self.refund_shipping, "/refund_shipping", "nothing_credited", detail);
            let fee = self.restocking_fee.is_some_and(|fee| fee.0 > Decimal::ZERO);
            faults.require(!fee, "/restocking_fee", "nothing_credited", detail);
        }
        faults.into_result()
    }
}

/// What may be changed on a return at any time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutReturnData {
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// Changes of it (RFC 7396).
pub type PatchReturnData = MergePatch<PutReturnData>;

impl PutReturnData {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_prose(&mut faults, "/note", self.note.as_deref(), 2_000);
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }
}

/// Goods that a customer sends back (return merchandise authorization).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReturnBody {
    pub id: ReturnId,
    #[schema(example = "RMA-000001")]
    pub number: String,
    pub order_id: OrderId,
    #[schema(example = "SO-000123")]
    pub order_number: String,
    pub customer_id: CustomerId,
    pub status: ReturnProgress,
    /// The shipment that a carrier brought back, where that is how it began.
    pub shipment_id: Option<ShipmentId>,
    /// Whether it was asked for in time.
    pub within_window: bool,
    /// The last day on which it could be asked for.
    pub window_ends_on: NaiveDate,
    /// It was authorized although its time was over.
    pub window_overridden: bool,
    /// Why it was authorized, refused or cancelled.
    pub decision: Option<String>,
    /// Who did.
    pub decided_by: Option<String>,
    pub lines: Vec<ReturnLineBody>,
    pub currency: Currency,
    pub amount_credited: Amount,
    pub amount_refunded: Amount,
    /// Kept back of the credit.
    pub restocking_fee: Amount,
    /// The first of `credit_note_ids`.
    pub credit_note_id: Option<CreditNoteId>,
    /// One for each invoice that the goods were on.
    pub credit_note_ids: Vec<CreditNoteId>,
    pub refund_ids: Vec<RefundId>,
    /// The order that replaces the goods; it names this return in `metadata.replaces_return_id`.
    pub replacement_order_id: Option<OrderId>,
    pub note: Option<String>,
    pub milestones: ReturnMilestones,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Units of one order line, in its unit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReturnLineBody {
    pub id: ReturnLineId,
    /// The order line's.
    pub line_number: i16,
    pub order_line_id: OrderLineId,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub name: String,
    #[schema(example = "C62")]
    pub unit: String,
    /// Announced; 0 for what came unannounced.
    pub quantity: Quantity,
    /// Null where it came unannounced and nobody said why.
    pub reason: Option<ReturnReason>,
    pub received_quantity: Quantity,
    /// Back on the shelf.
    pub resellable_quantity: Quantity,
    /// In quarantine.
    pub damaged_quantity: Quantity,
    /// Written off.
    pub scrap_quantity: Quantity,
    /// Of the received: came back before it was invoiced, and is not.
    pub uninvoiced_quantity: Quantity,
    /// Of the received: on credit notes of this return.
    pub credited_quantity: Quantity,
}

impl From<&ReturnLine> for ReturnLineBody {
    fn from(line: &ReturnLine) -> Self {
        Self {
            id: line.id,
            line_number: line.line_number,
            order_line_id: line.order_line_id,
            sku: line.sku.clone(),
            name: line.name.clone(),
            unit: line.unit.clone(),
            quantity: Quantity(line.quantity),
            reason: line.reason.clone(),
            received_quantity: Quantity(line.received()),
            resellable_quantity: Quantity(line.resellable),
            damaged_quantity: Quantity(line.damaged),
            scrap_quantity: Quantity(line.scrap),
            uninvoiced_quantity: Quantity(line.uninvoiced),
            credited_quantity: Quantity(line.credited),
        }
    }
}

impl From<&Return> for ReturnBody {
    fn from(rma: &Return) -> Self {
        let money = |amount: Decimal| Amount(rma.currency.round(amount));
        Self {
            id: rma.id,
            number: rma.number.clone(),
            order_id: rma.order_id,
            order_number: rma.order_number.clone(),
            customer_id: rma.customer_id,
            status: rma.status,
            shipment_id: rma.shipment_id,
            within_window: rma.within_window,
            window_ends_on: rma.window_ends_on,
            window_overridden: rma.detail.window_overridden,
            decision: rma.detail.decision.clone(),
            decided_by: rma.detail.decided_by.clone(),
            lines: rma.lines.iter().map(ReturnLineBody::from).collect(),
            currency: rma.currency,
            amount_credited: money(rma.amount_credited),
            amount_refunded: money(rma.amount_refunded),
            restocking_fee: money(rma.restocking_fee),
            credit_note_id: rma.credit_note_ids.first().copied(),
            credit_note_ids: rma.credit_note_ids.clone(),
            refund_ids: rma.refund_ids.clone(),
            replacement_order_id: rma.replacement_order_id,
            note: rma.detail.note.clone(),
            milestones: rma.milestones.clone(),
            external_ids: rma.external_ids.clone(),
            metadata: rma.metadata.clone(),
            version: rma.version,
            created_at: rma.created_at,
            updated_at: rma.updated_at,
        }
    }
}
