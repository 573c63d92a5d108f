//! A return as a whole, and how it changes in memory. Quantities in the order line's unit.

use super::status::{Refused, ReturnAction, ReturnProgress};
use crate::types::currency::Currency;
use crate::types::id::{CreditNoteId, CustomerId, OrderId, OrderLineId, RefundId, ReturnId, ReturnLineId, ShipmentId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// Why goods come back.
    pub enum ReturnCode {
        Damaged = "damaged",
        Defective = "defective",
        WrongItem = "wrong_item",
        NotAsDescribed = "not_as_described",
        Late = "late",
        ChangedMind = "changed_mind",
        /// The receiver did not take the parcel in.
        Refused = "refused",
    }
}

/// Why goods come back, in a word and in the customer's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnReason {
    pub code: ReturnCode,
    #[serde(default)]
    #[schema(example = "The bag was torn")]
    pub detail: Option<String>,
}

text_enum! {
    /// What inspection made of returned goods.
    pub enum Condition {
        /// Goes back on the shelf and may be promised at once.
        Resellable = "resellable",
        /// Lies in quarantine until somebody decides.
        Damaged = "damaged",
        /// Thrown away: it comes in and is written off.
        Scrap = "scrap",
    }
}

/// When a return got where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnMilestones {
    pub requested_at: Option<DateTime<Utc>>,
    pub authorized_at: Option<DateTime<Utc>>,
    pub refused_at: Option<DateTime<Utc>>,
    /// When the first goods arrived.
    pub first_received_at: Option<DateTime<Utc>>,
    /// When the last goods arrived.
    pub received_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// What of a return is neither filtered nor summed by SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnDetail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Somebody has authorized it although its time was over.
    #[serde(default)]
    pub window_overridden: bool,
    /// Why it was authorized, refused or cancelled: the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Who authorized or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// Units of one order line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnLine {
    pub id: ReturnLineId,
    /// The order line's.
    pub line_number: i16,
    pub order_line_id: OrderLineId,
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub unit_factor: Decimal,
    /// Announced; 0 for what came unannounced.
    pub quantity: Decimal,
    pub reason: Option<ReturnReason>,
    pub resellable: Decimal,
    pub damaged: Decimal,
    pub scrap: Decimal,
    /// Of the received: came back before it was invoiced, and is not.
    pub uninvoiced: Decimal,
    /// Of the received: on credit notes of this return.
    pub credited: Decimal,
}

impl ReturnLine {
    pub fn received(&self) -> Decimal {
        self.resellable + self.damaged + self.scrap
    }

    /// Announced and not here.
    pub fn missing(&self) -> Decimal {
        (self.quantity - self.received()).max(Decimal::ZERO)
    }

    /// Here and on invoices.
    pub fn invoiced(&self) -> Decimal {
        self.received() - self.uninvoiced
    }

    fn put(&mut self, quantity: Decimal, condition: Condition) {
        match condition {
            Condition::Resellable => self.resellable += quantity,
            Condition::Damaged => self.damaged += quantity,
            Condition::Scrap => self.scrap += quantity,
        }
    }
}

/// Goods that have arrived. `line` names the order line, with its announced quantity 0 where the return did not know of it.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub line: ReturnLine,
    pub quantity: Decimal,
    /// Of the quantity: was not invoiced yet.
    pub uninvoiced: Decimal,
    pub condition: Condition,
}

/// Goods on their way back from a customer (return merchandise authorization).
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    pub id: ReturnId,
    pub number: String,
    pub order_id: OrderId,
    pub order_number: String,
    pub customer_id: CustomerId,
    pub status: ReturnProgress,
    /// The shipment that a carrier brought back.
    pub shipment_id: Option<ShipmentId>,
    pub within_window: bool,
    pub window_ends_on: NaiveDate,
    pub currency: Currency,
    pub amount_credited: Decimal,
    pub amount_refunded: Decimal,
    /// Kept back of the credit, as it was asked for.
    pub restocking_fee: Decimal,
    pub replacement_order_id: Option<OrderId>,
    pub credit_note_ids: Vec<CreditNoteId>,
    pub refund_ids: Vec<RefundId>,
    pub milestones: ReturnMilestones,
    pub detail: ReturnDetail,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// By line number.
    pub lines: Vec<ReturnLine>,
}

impl Return {
    /// Whether somebody must say so to let it in.
    pub fn needs_override(&self) -> bool {
        !self.within_window
    }

    /// The customer may send it. The caller has settled whether its time is over.
    pub fn authorize(&mut self, by: &str, reason: Option<&str>, at: DateTime<Utc>) -> Result<(), Refused> {
        self.status = self.status.next(ReturnAction::Authorize)?;
        self.milestones.authorized_at = Some(at);
        self.detail.window_overridden = self.needs_override();
        self.decide(by, reason);
        Ok(())
    }

    /// It will not be taken back.
    pub fn refuse(&mut self, by: &str, reason: &str, at: DateTime<Utc>) -> Result<(), Refused> {
        self.status = self.status.next(ReturnAction::Refuse)?;
        self.milestones.refused_at = Some(at);
        self.decide(by, Some(reason));
        Ok(())
    }

    /// It will not come.
    pub fn cancel(&mut self, by: &str, reason: Option<&str>, at: DateTime<Utc>) -> Result<(), Refused> {
        self.status = self.status.next(ReturnAction::Cancel)?;
        self.milestones.cancelled_at = Some(at);
        self.decide(by, reason);
        Ok(())
    }

    fn decide(&mut self, by: &str, reason: Option<&str>) {
        self.detail.decided_by = Some(by.to_owned());
        self.detail.decision = reason.map(str::to_owned);
    }

    /// Counts arrivals in: more, less or other than was announced. The order's lines have taken them back.
    pub fn receive(&mut self, arrivals: &[Arrival], at: DateTime<Utc>) -> Result<(), Refused> {
        let mut lines = self.lines.clone();
        for arrival in arrivals {
            let place = match lines.iter().position(|line| line.order_line_id == arrival.line.order_line_id) {
                Some(place) => place,
                None => {
                    lines.push(arrival.line.clone());
                    lines.len() - 1
                }
            };
            lines[place].put(arrival.quantity, arrival.condition);
            lines[place].uninvoiced += arrival.uninvoiced;
        }
        lines.sort_by_key(|line| line.line_number);
        let all_here = lines.iter().all(|line| line.missing().is_zero());
        self.status = self.status.next(if all_here { ReturnAction::Receive } else { ReturnAction::ReceivePart })?;
        self.lines = lines;
        self.milestones.first_received_at.get_or_insert(at);
        self.milestones.received_at = Some(at);
        Ok(())
    }

    /// It is settled.
    pub fn complete(&mut self, at: DateTime<Utc>) -> Result<(), Refused> {
        self.status = self.status.next(ReturnAction::Complete)?;
        self.milestones.completed_at = Some(at);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
