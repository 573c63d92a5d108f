//! Orders of the past: placed with their numbers and dates, then carried to where they ended by the ordinary use cases.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::fulfillment::fulfillment_orders::body::Ship;
use crate::fulfillment::shipments::body::NewTrackingEvent;
use crate::invoicing::invoices::body::NewInvoice;
use crate::invoicing::series;
use crate::order_to_cash::cancel::cancel;
use crate::order_to_cash::deliver::track;
use crate::order_to_cash::invoice::{self, Issue};
use crate::order_to_cash::ship::{ShipRequest, ship_all};
use crate::orders;
use crate::orders::body::NewOrder;
use crate::orders::status::{InvoiceStatus, OrderStatus};
use crate::platform::http::{Precondition, from_value, parse_json};
use crate::types::fault::Faults;
use crate::types::id::OrderId;
use crate::types::text::check_text;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Fields that only an order of the past has.
const FIELDS: [&str; 5] = ["number", "shipped_at", "delivered_at", "cancelled", "invoice"];

/// What became of an order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Its number then.
    #[serde(default)]
    pub number: Option<String>,
    /// When all of it left.
    #[serde(default)]
    shipped_at: Option<DateTime<Utc>>,
    #[serde(default)]
    delivered_at: Option<DateTime<Utc>>,
    #[serde(default)]
    cancelled: Option<bool>,
    #[serde(default)]
    invoice: Option<PastInvoice>,
}

/// The invoice of all that had shipped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PastInvoice {
    /// Its number then, kept as the external id `history`.
    #[serde(default)]
    number: Option<String>,
    issued_on: NaiveDate,
}

impl History {
    /// Reads a row: what `POST /v1/orders` takes, and what became of it.
    pub fn read(raw: &[u8], now: DateTime<Utc>) -> Result<(NewOrder, Self), Error> {
        let mut row: Map<String, Value> = parse_json(raw)?;
        let taken: Map<String, Value> = FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), row.remove(*name)?))).collect();
        let history: Self = from_value(&Value::Object(taken))?;
        let body: NewOrder = from_value(&Value::Object(row))?;
        body.check()?;
        history.check(body.ordered_at.unwrap_or(now), now)?;
        Ok((body, history))
    }

    fn check(&self, ordered_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Error> {
        let mut faults = Faults::new();
        if let Some(number) = &self.number {
            check_text(&mut faults, "/number", number, 64);
        }
        let after = |at: Option<DateTime<Utc>>, before: DateTime<Utc>| at.is_none_or(|at| before <= at && at <= now);
        let order = "after the order, in the past";
        faults.require(after(self.shipped_at, ordered_at), "/shipped_at", "out_of_range", order);
        faults.require(
            after(self.delivered_at, self.shipped_at.unwrap_or(ordered_at)),
            "/delivered_at",
            "out_of_range",
            "after it was shipped, in the past",
        );
        let shipped = "only what has shipped";
        faults.require(self.delivered_at.is_none() || self.shipped_at.is_some(), "/delivered_at", "not_shipped", shipped);
        faults.require(self.invoice.is_none() || self.shipped_at.is_some(), "/invoice", "not_shipped", shipped);
        let cancelled = self.cancelled == Some(true) && self.shipped_at.is_some();
        faults.require(!cancelled, "/cancelled", "already_shipped", "what has shipped was not cancelled");
        Ok(faults.into_result()?)
    }

    /// Carries the order there in the current transaction; what has been done before is left alone.
    pub fn carry(&self, connection: &mut PgConnection, context: &Context, id: OrderId) -> Result<(), Error> {
        let order = orders::find(connection, context.organization_id, id)?.ok_or(Error::not_found("order"))?;
        if self.cancelled == Some(true) {
            if order.status != OrderStatus::Cancelled {
                let request = from_value(&json!({"reason": {"code": "customer_request", "detail": "imported history"}}))?;
                cancel(connection, context, id, &request, &Precondition::Any)?;
            }
            return Ok(());
        }
        let Some(shipped_at) = self.shipped_at else { return Ok(()) };
        let ship: Ship = from_value(&json!({"carrier": "history", "shipped_at": shipped_at}))?;
        let open = order.fulfillment_orders.iter().filter(|fulfillment_order| fulfillment_order.is_live());
        let requests: Vec<ShipRequest> =
            open.map(|open| ShipRequest { fulfillment_order_id: open.id, body: ship.clone(), precondition: Precondition::Any }).collect();
        if !requests.is_empty() {
            let shipments = ship_all(connection, context, &requests)?;
            if let Some(delivered_at) = self.delivered_at {
                let delivered: NewTrackingEvent = from_value(&json!({"status": "delivered", "occurred_at": delivered_at}))?;
                for shipment in shipments {
                    track(connection, context, shipment.id, &delivered, &Precondition::Any, None)?;
                }
            }
        }
        match &self.invoice {
            Some(past) if order.invoice_status != InvoiceStatus::Invoiced => {
                let external_ids = past.number.clone().map(|number| [("history".to_owned(), number)].into());
                let body = NewInvoice {
                    issued_on: Some(past.issued_on),
                    series: Some(series::HISTORY.to_owned()),
                    external_ids,
                    ..NewInvoice::default()
                };
                invoice::issue(connection, context, id, &Issue { body, may_predate: true, precondition: Precondition::Any })?;
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_an_order_must_fit_together() {
        let now: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
        let codes = |more: Value| -> Vec<(String, String)> {
            let mut row = json!({"customer_code": "C", "ordered_at": "2020-01-02T00:00:00Z", "lines": [{"sku": "A", "quantity": "1"}]});
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            match History::read(row.to_string().as_bytes(), now) {
                Ok(_) => vec![],
                Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
                Err(error) => panic!("{error}"),
            }
        };
        let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        let whole = json!({"number": "10248", "shipped_at": "2020-01-03T00:00:00Z", "delivered_at": "2020-01-04T00:00:00Z",
            "invoice": {"number": "R-1", "issued_on": "2020-01-03"}});
        assert!(codes(whole).is_empty());
        assert_eq!(codes(json!({"shipped_at": "2020-01-01T00:00:00Z"})), one("/shipped_at", "out_of_range"));
        assert_eq!(codes(json!({"delivered_at": "2020-01-04T00:00:00Z"})), one("/delivered_at", "not_shipped"));
        assert_eq!(codes(json!({"invoice": {"issued_on": "2020-01-03"}})), one("/invoice", "not_shipped"));
        assert_eq!(codes(json!({"cancelled": true, "shipped_at": "2020-01-03T00:00:00Z"})), one("/cancelled", "already_shipped"));
        assert_eq!(codes(json!({"colour": "red"})), one("/colour", "unknown_field"));
    }
}
