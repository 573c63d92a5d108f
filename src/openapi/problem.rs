//! What an error answer holds, as the document tells it; [`crate::error::Error::problem`] writes it.

use crate::orders::body::HoldBody;
use crate::types::decimal::{Amount, Quantity};
use crate::types::fault::Fault;
use crate::types::id::{OrderId, OrderLineId};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// RFC 9457 problem details, as every error answer carries them.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// A stable URI for each code.
    #[schema(example = "urn:pesanan:problem:insufficient_stock")]
    pub r#type: String,
    pub title: String,
    #[schema(example = 409)]
    pub status: u16,
    pub detail: String,
    /// `urn:uuid:` and the request id.
    pub instance: String,
    /// What a program decides by.
    #[schema(example = "insufficient_stock")]
    pub code: String,
    pub errors: Vec<Fault>,
    /// What of which lines stands against it: `insufficient_stock`, `exceeds_invoiceable`, `exceeds_invoiced`, `exceeds_returnable`,
    /// `delivery_rule`, `line_in_progress`, `line_invoiced`, `unit_changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<ProblemLine>>,
    /// The order that there is already (`external_id_conflict`), or that is held (`order_on_hold`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Of `order_on_hold`: the open holds that stand in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<HoldBody>>,
    /// Of `invalid_transition`: what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Of `invalid_transition`: the status from which it does not go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_status: Option<String>,
    /// Of `invalid_transition`: what can be done in this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// Of `reservation_limit_reached`: how many carts may be held at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The most that can be paid back, in the payment's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refundable_amount: Option<Amount>,
    /// Of a document that cannot be made: the fields that it lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<ProblemField>>,
    /// Of `not_representable`: the rules of the standard that the document would break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<ProblemRule>>,
    /// Of `series_in_use`: the number that comes next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_number: Option<i64>,
    /// Of `date_before_last`: the date of the last document of the series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_issued_on: Option<NaiveDate>,
}

/// What stands against a line. Which members there are depends on the problem's `code`; quantities are decimal strings, in the
/// line's unit, those of stock in the product's base unit.
#[derive(Serialize, ToSchema)]
pub struct ProblemLine {
    /// Where the line is in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_line_id: Option<OrderLineId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<Quantity>,
    /// Null for a storefront, which is never told how much there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<Quantity>,
    /// Of `delivery_rule`: what is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoiceable_quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditable_quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returnable_quantity: Option<Quantity>,
    /// Of `line_in_progress`: what must stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_quantity: Option<Quantity>,
}

/// A field that a document lacks.
#[derive(Serialize, ToSchema)]
pub struct ProblemField {
    #[schema(example = "/electronic_address")]
    pub pointer: String,
    pub detail: String,
}

/// A rule of a standard, and where a document would break it.
#[derive(Serialize, ToSchema)]
pub struct ProblemRule {
    #[schema(example = "BR-DEC")]
    pub rule: String,
    pub at: String,
    pub detail: String,
}
