//! Gathers what a document says from the features that know it.

use super::facts::{PackingLine, PackingList, Receipt, ReceiptLine, Seller, TradeDocument};
use super::store;
use crate::auth::actor::Context;
use crate::customers;
use crate::error::Error;
use crate::fulfillment::shipments;
use crate::inventory::locations;
use crate::invoicing::credit_notes;
use crate::invoicing::invoices::service as invoices;
use crate::orders::{self, order::Order};
use crate::organization::{self, Settings};
use crate::payments::service as payments;
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::{CreditNoteId, FulfillmentOrderId, InvoiceId, OrderId, OrganizationId, PaymentId, ShipmentId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

pub fn invoice(connection: &mut PgConnection, context: &Context, id: InvoiceId) -> Result<TradeDocument, Error> {
    let invoice = invoices::find(connection, context.organization_id, id)?;
    let paid = store::paid_at_issue(connection, context.organization_id, id)?;
    let then = store::organization_at(connection, context.organization_id, invoice.created_at)?;
    TradeDocument::of_invoice(&invoice, paid, then.logo).map_err(Error::internal)
}

pub fn credit_note(connection: &mut PgConnection, context: &Context, id: CreditNoteId) -> Result<TradeDocument, Error> {
    let note = credit_notes::service::find(connection, context.organization_id, id)?;
    let invoice = invoices::find(connection, context.organization_id, note.invoice_id)?;
    let then = store::organization_at(connection, context.organization_id, note.created_at)?;
    TradeDocument::of_credit_note(&note, invoice.supply_on, then.logo).map_err(Error::internal)
}

/// What was so when its money last came in. 409 `not_received` while none has come.
pub fn receipt(connection: &mut PgConnection, context: &Context, id: PaymentId) -> Result<Receipt, Error> {
    let organization_id = context.organization_id;
    let payment = payments::find(connection, organization_id, id)?;
    let Some((received_at, refunded)) = store::received_at(connection, organization_id, id)? else {
        let detail = format!("the payment is {}; there is a receipt once its money has come", payment.status);
        return Err(Error::conflict("not_received", detail));
    };
    let refunded = payment.currency.round(refunded);
    let standing = payment.standing_at(received_at);
    let applied: Decimal = standing.iter().map(|placement| placement.settles.money).sum();
    let then = store::organization_at(connection, organization_id, received_at)?;
    let invoice_ids: Vec<InvoiceId> = standing.iter().filter_map(|placement| placement.invoice_id).collect();
    let invoices = store::invoice_heads(connection, organization_id, &invoice_ids)?;
    let order_ids: Vec<OrderId> = standing.iter().map(|placement| placement.order_id).collect();
    let orders = orders::numbers(connection, organization_id, &order_ids)?;
    let lines = standing.iter().map(|placement| {
        let head = placement.invoice_id.and_then(|id| invoices.get(&id));
        let settles = placement.settles.rounded(payment.currency);
        ReceiptLine {
            number: head.map(|head| head.number.clone()).or_else(|| orders.get(&placement.order_id).cloned()).unwrap_or_default(),
            is_invoice: head.is_some(),
            issued_on: head.map(|head| head.issued_on),
            amount: Amount(settles.money),
            adjustments: settles.adjustments,
        }
    });
    let payer = match store::payer(connection, organization_id, id)? {
        Some(customer_id) => invoices::bill_to(connection, organization_id, customer_id)?.map(|(payer, _)| payer),
        None => None,
    };
    Ok(Receipt {
        number: payment.number.clone(),
        received_on: payment.received_on,
        method: payment.method,
        reference: payment.reference.clone(),
        currency: payment.currency,
        amount: Amount(payment.captured),
        lines: lines.collect(),
        seller: serde_json::from_value(then.seller).map_err(Error::internal)?,
        logo: then.logo,
        payer,
        unapplied: Amount(payment.currency.round(payment.captured - refunded - applied)),
        refunded: Amount(refunded),
    })
}

pub fn shipment(connection: &mut PgConnection, organization_id: OrganizationId, id: ShipmentId) -> Result<PackingList, Error> {
    let shipment = shipments::service::get(connection, organization_id, id)?;
    let settings = organization::settings(connection, organization_id)?;
    let order = order(connection, organization_id, shipment.order_id)?;
    let mut list = packing_list(connection, &settings, &order, shipment.number, &shipment.location)?;
    list.on = Some(settings.local_date(shipment.shipped_at));
    list.has_left = true;
    list.carrier = Some(shipment.carrier).filter(|carrier| !carrier.is_empty());
    list.tracking_number = shipment.tracking_number;
    list.packages = shipment.packages;
    let quantities = shipment.lines.iter().map(|line| (line.line_number, line.quantity.0));
    list.lines = lines(&order, quantities);
    Ok(list)
}

/// What of a fulfillment order has not left yet; of one that is done, all of it.
pub fn fulfillment_order(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: FulfillmentOrderId,
) -> Result<PackingList, Error> {
    let order_id = crate::fulfillment::fulfillment_orders::service::order_of(connection, organization_id, id)?;
    let settings = organization::settings(connection, organization_id)?;
    let order = order(connection, organization_id, order_id)?;
    let found = order.fulfillment_orders.iter().find(|fulfillment_order| fulfillment_order.id == id);
    let work = found.ok_or(Error::not_found("fulfillment order"))?;
    let mut list = packing_list(connection, &settings, &order, work.number.clone(), &work.location)?;
    list.on = work.ship_by_on;
    list.packages.clone_from(&work.packages);
    let is_live = work.is_live();
    let quantities = work.lines.iter().map(|line| (line.line_number, if is_live { line.open() } else { line.quantity }));
    list.lines = lines(&order, quantities.filter(|(_, quantity)| !quantity.is_zero()));
    Ok(list)
}

fn order(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderId) -> Result<Order, Error> {
    orders::find(connection, organization_id, id)?.ok_or(Error::not_found("order"))
}

fn packing_list(
    connection: &mut PgConnection,
    settings: &Settings,
    order: &Order,
    number: String,
    location: &str,
) -> Result<PackingList, Error> {
    let location = locations::service::get(connection, settings.id, location)?;
    let customer = customers::service::get(connection, settings.id, order.customer_id)?;
    Ok(PackingList {
        language: customer.language,
        number,
        on: None,
        has_left: false,
        order_number: order.number.clone(),
        ordered_on: settings.local_date(order.ordered_at),
        purchase_order_number: order.purchase_order_number.clone(),
        seller: seller(settings)?,
        ship_from: location.name,
        ship_from_address: location.address,
        customer: order.document.customer.name.clone(),
        ship_to: order.document.shipping_address.clone(),
        carrier: None,
        tracking_number: None,
        delivery_instructions: order.detail.delivery_instructions.clone(),
        lines: vec![],
        packages: vec![],
    })
}

fn lines(order: &Order, quantities: impl Iterator<Item = (i16, Decimal)>) -> Vec<PackingLine> {
    let line = |(line_number, quantity): (i16, Decimal)| {
        let line = order.lines.iter().find(|line| line.line_number == line_number)?;
        Some(PackingLine {
            sku: line.sku.clone(),
            name: line.name.clone(),
            unit: line.unit.clone(),
            ordered: Quantity(line.quantities.quantity),
            quantity: Quantity(quantity.normalize()),
        })
    };
    quantities.filter_map(line).collect()
}

/// The seller as he is now.
pub fn seller(settings: &Settings) -> Result<Seller, Error> {
    serde_json::from_value(settings.seller.clone()).map_err(Error::internal)
}
