//! Reads what the events of a batch are about and is not booked yet. Number of statements is the same for every batch.

use super::super::plan::Facts;
use super::billed::{credit_notes, invoices};
use super::goods::{movements, orders};
use super::paid::payments;
use crate::error::Error;
use crate::events::follow::Followed;
use crate::organization::Settings;
use crate::types::currency::Currency;
use crate::types::id::OrderId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

/// The subjects of a batch of events.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub invoices: Vec<Uuid>,
    pub credit_notes: Vec<Uuid>,
    pub payments: Vec<Uuid>,
    pub refunds: Vec<Uuid>,
    /// Shipments, returns and stock changes.
    pub moved: Vec<Uuid>,
    /// When payments were captured.
    pub captured_at: HashMap<Uuid, DateTime<Utc>>,
    pub orders: HashMap<Uuid, OrderId>,
}

impl Batch {
    /// The parts of event types before their point that this is about.
    pub const SUBJECTS: [&str; 7] = ["invoice", "credit_note", "payment", "refund", "shipment", "return", "inventory"];

    pub fn of(events: &[Followed]) -> Self {
        let mut batch = Self::default();
        for event in events {
            let ids = match event.subject_type.as_str() {
                "invoice" => &mut batch.invoices,
                "credit_note" => &mut batch.credit_notes,
                "payment" => &mut batch.payments,
                "refund" => &mut batch.refunds,
                "shipment" | "return" | "stock_change" => &mut batch.moved,
                _ => continue,
            };
            ids.push(event.subject_id);
            if event.event_type == "payment.captured" {
                batch.captured_at.insert(event.subject_id, event.occurred_at);
            }
            if let Some(order_id) = event.order_id {
                batch.orders.insert(event.subject_id, order_id);
            }
        }
        for ids in [&mut batch.invoices, &mut batch.credit_notes, &mut batch.payments, &mut batch.refunds, &mut batch.moved] {
            ids.sort_unstable();
            ids.dedup();
        }
        batch
    }

    pub fn is_empty(&self) -> bool {
        [&self.invoices, &self.credit_notes, &self.payments, &self.refunds, &self.moved].iter().all(|ids| ids.is_empty())
    }
}

/// Units of base currency for one of a currency on a day.
pub(super) type RateOf<'a> = dyn FnMut(&mut PgConnection, Currency, NaiveDate) -> Result<Option<Decimal>, Error> + 'a;

/// All facts of the batch that are not booked.
pub fn gather(
    connection: &mut PgConnection,
    settings: &Settings,
    batch: &Batch,
    now: DateTime<Utc>,
    rate: &mut RateOf<'_>,
) -> Result<Facts, Error> {
    Ok(Facts {
        invoices: invoices(connection, settings.id, &batch.invoices)?,
        credit_notes: credit_notes(connection, settings.id, &batch.credit_notes)?,
        payments: payments(connection, settings, batch, now, rate)?,
        movements: movements(connection, settings, &batch.moved)?,
        orders: orders(connection, settings.id, batch)?,
    })
}
