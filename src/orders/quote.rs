//! What an order would become if it were placed now: the order itself, without what only a stored one has, and what would hold or
//! refuse it.

use super::body::OrderBody;
use super::order::Order;
use super::peg::Peg;
use super::status::OrderStatus;
use crate::customers::balance::Credit;
use crate::error::Error;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::IncomingSupplyId;
use crate::types::text_enum::text_enum;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

text_enum! {
    /// What placing the order would come to.
    pub enum QuoteOutcome {
        /// Stored as a draft, without a promise.
        Draft = "draft",
        Confirmed = "confirmed",
        /// Stored and held; see `holds`.
        OnHold = "on_hold",
        /// Nothing to ship and nothing to do: complete at once.
        Completed = "completed",
        /// Not stored; see `refusals`.
        Refused = "refused",
    }
}

/// Why the order would not be stored: the problem that placing it would answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refusal {
    #[schema(example = "insufficient_stock")]
    pub code: String,
    pub detail: String,
    /// The short lines of `insufficient_stock`.
    pub lines: Vec<RefusedLine>,
}

/// A line that is short, in its unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusedLine {
    #[schema(example = "/lines/0")]
    pub pointer: String,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub requested: Quantity,
    pub available: Quantity,
}

impl Refusal {
    /// Of the errors that placing a well-formed order may have.
    pub fn of(error: &Error) -> Option<Self> {
        let Error::Conflict { code, detail, extra } = error else { return None };
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let number = |line: &Value, name: &str| Quantity(text(line, name).parse().unwrap_or_default());
        let lines = extra.get("lines").and_then(Value::as_array).into_iter().flatten().map(|line| RefusedLine {
            pointer: text(line, "pointer"),
            sku: text(line, "sku"),
            requested: number(line, "requested"),
            available: number(line, "available"),
        });
        Some(Self { code: (*code).to_owned(), detail: detail.clone(), lines: lines.collect() })
    }

    /// The channel has sent an order under this external id: the same content would be answered by it, other content refused.
    pub fn external_id_taken() -> Self {
        Self {
            code: "external_id_conflict".to_owned(),
            detail: "the channel has sent an order with this external_id before".to_owned(),
            lines: vec![],
        }
    }
}

/// What is left of the bill-to customer's credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditPreview {
    pub currency: Currency,
    /// What may still be ordered now; below zero where a limit was lowered.
    pub available: Amount,
    /// Whether the order fits; where it does not it is held.
    pub sufficient: bool,
}

/// What of a line is not in stock, in its unit, and the incoming supply that it would be promised from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShortLine {
    #[schema(example = 1)]
    pub line_number: i16,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub quantity: Quantity,
    pub supply: Vec<PromisedSupply>,
}

/// A part of incoming supply, in base units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PromisedSupply {
    pub incoming_id: IncomingSupplyId,
    #[schema(example = "jakarta-1")]
    pub location: String,
    pub expected_on: NaiveDate,
    pub quantity: Quantity,
}

/// What one location would ship, and by when.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuotedDeparture {
    #[schema(example = "jakarta-1")]
    pub location: String,
    pub ship_by_on: Option<NaiveDate>,
    #[schema(example = json!([1, 2]))]
    pub line_numbers: Vec<i16>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct Verdict {
    outcome: QuoteOutcome,
    refusals: Vec<Refusal>,
    /// Null where the customer has no limit.
    credit: Option<CreditPreview>,
    shortages: Vec<ShortLine>,
    departures: Vec<QuotedDeparture>,
}

/// An order as it would be, with the verdict on it.
#[derive(Clone, Debug)]
pub struct Quote(Map<String, Value>);

/// Only a stored thing has these.
const OF_ORDERS: [&str; 5] = ["id", "number", "version", "created_at", "updated_at"];
const OF_LINES: [&str; 1] = ["id"];
const OF_HOLDS: [&str; 7] = ["id", "order_line_id", "raised_at", "raised_by", "released_at", "released_by", "release_reason"];

impl Quote {
    /// Of a decided order with the pegs that it would have; `credit` is what its customer may order without it.
    pub fn new(order: Order, pegs: &[Peg], credit: Option<Credit>, refusals: Vec<Refusal>) -> Result<Self, Error> {
        let outcome = match order.status {
            _ if !refusals.is_empty() => QuoteOutcome::Refused,
            OrderStatus::Draft => QuoteOutcome::Draft,
            OrderStatus::OnHold => QuoteOutcome::OnHold,
            OrderStatus::Completed => QuoteOutcome::Completed,
            OrderStatus::Confirmed | OrderStatus::Cancelled => QuoteOutcome::Confirmed,
        };
        let verdict = Verdict {
            outcome,
            refusals,
            credit: credit.map(|credit| CreditPreview {
                currency: credit.currency,
                available: Amount(credit.currency.round(credit.available)),
                sufficient: credit.currency == order.currency && credit.available >= order.uninvoiced_total,
            }),
            shortages: shortages(&order, pegs),
            departures: departures(&order),
        };
        let line_of: Vec<_> = order.lines.iter().map(|line| (Value::String(line.id.to_string()), line.line_number)).collect();
        let mut json = object(&OrderBody::from(order))?;
        without(&mut json, &OF_ORDERS);
        each(&mut json, "lines", |line| without(line, &OF_LINES));
        each(&mut json, "holds", |hold| {
            let number = line_of.iter().find(|(id, _)| hold.get("order_line_id") == Some(id)).map(|(_, number)| *number);
            without(hold, &OF_HOLDS);
            hold.insert("line_number".to_owned(), number.into());
        });
        json.extend(object(&verdict)?);
        Ok(Self(json))
    }
}

fn shortages(order: &Order, pegs: &[Peg]) -> Vec<ShortLine> {
    let short = |line: &super::order::OrderLine| line.quantities.unallocated + line.quantities.backordered;
    let waiting = order.lines.iter().filter(|line| order.status != OrderStatus::Draft && line.is_stocked() && short(line) > Decimal::ZERO);
    waiting
        .map(|line| ShortLine {
            line_number: line.line_number,
            sku: line.sku.clone(),
            quantity: Quantity(short(line)),
            supply: pegs
                .iter()
                .filter(|peg| peg.line_number == line.line_number)
                .map(|peg| PromisedSupply {
                    incoming_id: peg.incoming_id,
                    location: peg.location.clone(),
                    expected_on: peg.expected_on,
                    quantity: Quantity(peg.quantity),
                })
                .collect(),
        })
        .collect()
}

fn departures(order: &Order) -> Vec<QuotedDeparture> {
    let of = |f: &crate::fulfillment::fulfillment_order::FulfillmentOrder| QuotedDeparture {
        location: f.location.clone(),
        ship_by_on: f.ship_by_on,
        line_numbers: f.lines.iter().map(|line| line.line_number).collect(),
    };
    order.fulfillment_orders.iter().map(of).collect()
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(value).map_err(Error::internal)? {
        Value::Object(object) => Ok(object),
        _ => Err(Error::internal("not an object")),
    }
}

fn without(object: &mut Map<String, Value>, names: &[&str]) {
    names.iter().for_each(|name| {
        object.remove(*name);
    });
}

fn each(json: &mut Map<String, Value>, name: &str, change: impl Fn(&mut Map<String, Value>)) {
    json.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut).for_each(change);
}

impl Serialize for Quote {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The schema of a stored thing without what only that has.
fn reduced(schema: RefOr<Schema>, names: &[&str]) -> utoipa::openapi::Object {
    let RefOr::T(Schema::Object(mut object)) = schema else { return ObjectBuilder::new().build() };
    names.iter().for_each(|name| {
        object.properties.shift_remove(*name);
    });
    object.required.retain(|name| !names.contains(&name.as_str()));
    object.example = None;
    object
}

impl PartialSchema for Quote {
    fn schema() -> RefOr<Schema> {
        let mut quote = reduced(OrderBody::schema(), &OF_ORDERS);
        let line = reduced(super::body::OrderLineBody::schema(), &OF_LINES);
        let mut hold = reduced(super::body::HoldBody::schema(), &OF_HOLDS);
        hold.properties.insert("line_number".to_owned(), Option::<i16>::schema());
        hold.required.push("line_number".to_owned());
        quote.properties.insert("lines".to_owned(), ArrayBuilder::new().items(line).into());
        quote.properties.insert("holds".to_owned(), ArrayBuilder::new().items(hold).into());
        let verdict = reduced(Verdict::schema(), &[]);
        quote.properties.extend(verdict.properties);
        quote.required.extend(verdict.required);
        quote.description = Some("An order as it would be if it were placed now, and what would hold or refuse it.".to_owned());
        RefOr::T(Schema::Object(quote))
    }
}

impl ToSchema for Quote {
    fn name() -> Cow<'static, str> {
        "Quote".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        OrderBody::schemas(schemas);
        Verdict::schemas(schemas);
    }
}
