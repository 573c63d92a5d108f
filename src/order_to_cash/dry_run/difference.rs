//! What `dry_run` answers: what a command would change. Amounts and quantities are after less before.

use crate::catalog::coupons::body::{CouponRedemption, ReleaseReason};
use crate::orders::body::OrderBody;
use crate::orders::order::Order;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a command would change.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DryRun {
    pub before: OrderBody,
    pub after: OrderBody,
    pub difference: Difference,
}

/// What changes of money, stock and documents; amounts and quantities are after less before.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Difference {
    pub money: MoneyDifference,
    pub stock: Vec<StockDifference>,
    pub documents: Vec<DocumentDifference>,
    /// Coupons that the order would take or give back.
    pub coupons: Vec<CouponDifference>,
}

/// A coupon that the order would hold, or no longer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CouponDifference {
    #[schema(example = "LEBARAN10")]
    pub code: String,
    /// Whether the order holds it afterwards.
    pub held: bool,
    /// Why it would be given back.
    pub reason: Option<ReleaseReason>,
}

/// The order's amounts. Deposits above what is left to invoice leave it, so that less is paid and no more is due.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MoneyDifference {
    pub currency: Currency,
    /// Of what was ordered: an edit changes it, a cancellation does not.
    pub total: Amount,
    /// Of what the order is worth.
    pub current_total: Amount,
    pub uninvoiced_total: Amount,
    pub amount_invoiced: Amount,
    pub amount_credited: Amount,
    pub amount_paid: Amount,
    pub amount_due: Amount,
}

/// The stock of a product at a location, in base units.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StockDifference {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    /// Promised to the order.
    pub reserved: Quantity,
    /// Lying there.
    pub on_hand: Quantity,
}

text_enum! {
    /// What a document is.
    pub enum DocumentKind {
        FulfillmentOrder = "fulfillment_order",
        Shipment = "shipment",
        Invoice = "invoice",
        CreditNote = "credit_note",
        Payment = "payment",
        Refund = "refund",
        Return = "return",
    }
}

/// Another document that is made or changes with the order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DocumentDifference {
    pub r#type: DocumentKind,
    pub id: Uuid,
    /// Of a document that would be made: the number that it would get now.
    #[schema(example = "SO-000001-F1")]
    pub number: String,
    /// Null where the document would be made.
    #[schema(example = "open")]
    pub status_before: Option<String>,
    #[schema(example = "cancelled")]
    pub status_after: String,
    /// Of an invoice, a credit note or a refund that would be made.
    pub total: Option<Amount>,
    /// What becomes due on an invoice; null for other documents.
    pub amount_due: Option<Amount>,
    /// Money of a payment that is on no document any more; null for other documents.
    pub unapplied_amount: Option<Amount>,
}

/// A document of an order beside its fulfillment orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub kind: DocumentKind,
    pub id: Uuid,
    pub number: String,
    pub status: String,
    /// Nothing for documents without money.
    pub total: Option<Decimal>,
    pub due: Option<Decimal>,
    pub unapplied: Option<Decimal>,
}

/// All that a command on an order can change.
#[derive(Clone, Debug)]
pub struct Standing {
    pub order: Order,
    pub documents: Vec<Document>,
    /// What the ledger says that the order's documents have moved: (SKU, location), base units.
    pub moved: BTreeMap<(String, String), Decimal>,
    /// All uses of coupons that the order has had.
    pub coupons: Vec<CouponRedemption>,
}

/// What lies between two standings of one order.
pub fn difference(before: &Standing, after: &Standing) -> DryRun {
    let (old, new) = (&before.order, &after.order);
    let amount = |value: Decimal| Amount(new.currency.round(value));
    let money = MoneyDifference {
        currency: new.currency,
        total: amount(new.total - old.total),
        current_total: amount(new.current_total() - old.current_total()),
        uninvoiced_total: amount(new.uninvoiced_total - old.uninvoiced_total),
        amount_invoiced: amount(new.amount_invoiced - old.amount_invoiced),
        amount_credited: amount(new.amount_credited - old.amount_credited),
        amount_paid: amount(new.amount_paid - old.amount_paid),
        amount_due: amount(new.amount_due() - old.amount_due()),
    };
    let mut documents = work(old, new);
    documents.extend(after.documents.iter().filter_map(|document| {
        let known = before.documents.iter().find(|known| known.id == document.id);
        (known != Some(document)).then(|| changed(known, document, new.currency))
    }));
    DryRun {
        difference: Difference { money, stock: stock(before, after), documents, coupons: coupons(before, after) },
        before: OrderBody::from(old),
        after: OrderBody::from(new),
    }
}

fn coupons(before: &Standing, after: &Standing) -> Vec<CouponDifference> {
    let held = |standing: &Standing, code: &str| standing.coupons.iter().any(|of| of.code == code && of.released_at.is_none());
    let changed = after.coupons.iter().filter(|of| held(before, &of.code) != held(after, &of.code));
    let told = |of: &CouponRedemption| CouponDifference {
        code: of.code.clone(),
        held: of.released_at.is_none(),
        reason: of.release_reason.clone(),
    };
    changed.map(told).collect()
}

fn stock(before: &Standing, after: &Standing) -> Vec<StockDifference> {
    let mut sums: BTreeMap<(String, String), (Decimal, Decimal)> = BTreeMap::new();
    for (standing, sign) in [(before, Decimal::NEGATIVE_ONE), (after, Decimal::ONE)] {
        for fulfillment_order in &standing.order.fulfillment_orders {
            for line in &fulfillment_order.lines {
                let key = (line.sku.clone(), fulfillment_order.location.clone());
                sums.entry(key).or_default().0 += sign * line.open_base();
            }
        }
        for (key, moved) in &standing.moved {
            sums.entry(key.clone()).or_default().1 += sign * moved;
        }
    }
    sums.retain(|_, (reserved, on_hand)| !(reserved.is_zero() && on_hand.is_zero()));
    let row = |((sku, location), (reserved, on_hand)): ((String, String), (Decimal, Decimal))| StockDifference {
        sku,
        location,
        reserved: Quantity(reserved.normalize()),
        on_hand: Quantity(on_hand.normalize()),
    };
    sums.into_iter().map(row).collect()
}

/// Fulfillment orders that would be made or change.
fn work(before: &Order, after: &Order) -> Vec<DocumentDifference> {
    let known = |id| before.fulfillment_orders.iter().find(|known| known.id == id);
    let changed = after.fulfillment_orders.iter().filter(|now| {
        known(now.id).is_none_or(|then| (then.status, &then.lines, &then.location) != (now.status, &now.lines, &now.location))
    });
    changed
        .map(|now| DocumentDifference {
            r#type: DocumentKind::FulfillmentOrder,
            id: now.id.0,
            number: now.number.clone(),
            status_before: known(now.id).map(|then| then.status.to_string()),
            status_after: now.status.to_string(),
            total: None,
            amount_due: None,
            unapplied_amount: None,
        })
        .collect()
}

fn changed(before: Option<&Document>, after: &Document, currency: Currency) -> DocumentDifference {
    let amount = |value: Decimal| Amount(currency.round(value));
    let more = |of: fn(&Document) -> Option<Decimal>| of(after).map(|now| amount(now - before.and_then(of).unwrap_or_default()));
    DocumentDifference {
        r#type: after.kind,
        id: after.id,
        number: after.number.clone(),
        status_before: before.map(|before| before.status.clone()),
        status_after: after.status.clone(),
        total: after.total.filter(|_| before.is_none()).map(amount),
        amount_due: more(|document| document.due),
        unapplied_amount: more(|document| document.unapplied),
    }
}
