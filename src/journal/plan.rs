//! Which entries a batch of facts makes, in the order in which the facts were recorded.

use super::derive;
use super::entry::Draft;
use super::facts::{Applied, Billed, Capture, Moved, MovedKind, Paid, Refunded};
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, OrderId};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// All that is to be booked.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub invoices: Vec<Billed>,
    pub credit_notes: Vec<Billed>,
    pub payments: Vec<PaymentFacts>,
    pub movements: Vec<Moved>,
    /// The order, and who pays it, of what goods moved for.
    pub orders: HashMap<Uuid, (OrderId, Option<CustomerId>)>,
}

/// What is new of one payment.
#[derive(Clone, Debug)]
pub struct PaymentFacts {
    pub payment: Paid,
    pub capture: Option<Capture>,
    /// How many captures of it are booked already.
    pub booked_captures: i64,
    pub applied: Vec<Applied>,
    pub refunds: Vec<Refunded>,
}

/// The kind of a fact, as it is noted that it is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    Invoice,
    CreditNote,
    Capture,
    Allocation,
    Refund,
    Movement,
}

impl FactKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::Capture => "capture",
            Self::Allocation => "allocation",
            Self::Refund => "refund",
            Self::Movement => "movement",
        }
    }
}

/// A fact that an entry books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booked {
    pub kind: FactKind,
    pub id: Uuid,
    pub part: i64,
    /// Of a capture.
    pub amount: Decimal,
}

impl Booked {
    fn whole(kind: FactKind, id: Uuid) -> Self {
        Self { kind, id, part: 0, amount: Decimal::ZERO }
    }
}

/// An entry to be, and the facts in it. Without a draft the facts move no account.
#[derive(Clone, Debug)]
pub struct Planned {
    pub draft: Option<Draft>,
    pub facts: Vec<Booked>,
}

/// The entries of `facts`, in the order of their time; what happened in one moment goes documents before money.
pub fn plan(facts: Facts, base_currency: Currency, local_date: impl Fn(DateTime<Utc>) -> NaiveDate) -> Vec<Planned> {
    let mut planned = Vec::new();
    for invoice in &facts.invoices {
        planned.push(Planned { draft: Some(derive::invoice(invoice)), facts: vec![Booked::whole(FactKind::Invoice, invoice.id)] });
    }
    for note in &facts.credit_notes {
        planned.push(Planned { draft: Some(derive::credit_note(note)), facts: vec![Booked::whole(FactKind::CreditNote, note.id)] });
    }
    planned.extend(moved(&facts, base_currency));
    for payment in facts.payments {
        planned.extend(paid(payment, &local_date));
    }
    // Stable: what was planned first stays first within a moment.
    planned.sort_by_key(|planned| planned.draft.as_ref().map(|draft| draft.at));
    planned
}

fn moved(facts: &Facts, base_currency: Currency) -> Vec<Planned> {
    let mut groups: BTreeMap<(DateTime<Utc>, Uuid, u8), Vec<&Moved>> = BTreeMap::new();
    for movement in &facts.movements {
        let kind = match movement.kind {
            MovedKind::Shipment => 0,
            MovedKind::Return => 1,
            MovedKind::Adjustment => 2,
        };
        groups.entry((movement.at, movement.subject_id, kind)).or_default().push(movement);
    }
    let entry = |((_, subject_id, _), movements): (&(DateTime<Utc>, Uuid, u8), &Vec<&Moved>)| {
        let (order_id, customer_id) = facts.orders.get(subject_id).map_or((None, None), |(order, customer)| (Some(*order), *customer));
        let booked =
            |movement: &&Moved| Booked { kind: FactKind::Movement, id: movement.subject_id, part: movement.id, amount: Decimal::ZERO };
        Planned { draft: derive::moved(movements, base_currency, order_id, customer_id), facts: movements.iter().map(booked).collect() }
    };
    groups.iter().map(entry).collect()
}

/// Rows of the moment of the capture or of a refund are in its entry; the others are an application a moment.
fn paid(facts: PaymentFacts, local_date: &impl Fn(DateTime<Utc>) -> NaiveDate) -> Vec<Planned> {
    let payment = &facts.payment;
    let mut rows: BTreeMap<DateTime<Utc>, Vec<Applied>> = BTreeMap::new();
    for row in facts.applied {
        rows.entry(row.at).or_default().push(row);
    }
    let with_rows = |first: Option<Booked>, rows: &[Applied]| -> Vec<Booked> {
        first.into_iter().chain(rows.iter().map(|row| Booked::whole(FactKind::Allocation, row.id.0))).collect()
    };
    let mut planned = Vec::new();
    if let Some(capture) = &facts.capture {
        let rows = rows.remove(&capture.at).unwrap_or_default();
        let booked = Booked { kind: FactKind::Capture, id: payment.id.0, part: facts.booked_captures, amount: capture.amount };
        planned.push(Planned { draft: Some(derive::capture(payment, capture, &rows)), facts: with_rows(Some(booked), &rows) });
    }
    for refund in &facts.refunds {
        let rows = rows.remove(&refund.at).unwrap_or_default();
        let booked = Booked { part: i64::from(refund.has_failed), ..Booked::whole(FactKind::Refund, refund.id.0) };
        planned.push(Planned { draft: Some(derive::refund(payment, refund, &rows)), facts: with_rows(Some(booked), &rows) });
    }
    for (at, rows) in rows {
        planned.push(Planned { draft: Some(derive::applied(payment, &rows, local_date(at), at)), facts: with_rows(None, &rows) });
    }
    planned
}
