//! What the lines of an edited order become.

use super::body::{EditLine, EditOrder};
use super::coupons::check_discounts;
use super::header::change_header;
use super::price::{Change, change_amounts};
use crate::error::Error;
use crate::orders::check::COUPONS_TAKEN_OFF;
use crate::orders::coupons::{CouponsChange, with_coupons};
use crate::orders::order::{LineDetail, Order, OrderLine};
use crate::orders::pricing::Pricing;
use crate::orders::quantities::LineQuantities;
use crate::orders::reference::Reference;
use crate::orders::status::{OrderAction, OrderStatus};
use crate::platform::limits;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::OrderLineId;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What the edit has done besides changing the order.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Allocated units that lines no longer want, by line number: they are to be taken from the fulfillment orders.
    pub withdrawn: Vec<(i16, Decimal)>,
    /// Lines that are new or want more than before.
    pub grown: Vec<OrderLineId>,
    /// What has become of its coupons.
    pub coupons: CouponsChange,
}

/// Changes the order as asked: header, lines, quantities, then all amounts anew. Nothing is promised, and nothing of the order may
/// be kept where it is refused.
pub fn apply(order: &mut Order, edit: &EditOrder, reference: &Reference) -> Result<Applied, Error> {
    edit.check()?;
    order.status.next(OrderAction::Edit)?;
    let before = order.clone();
    let mut faults = Faults::new();
    let mut changes: Vec<Change> = before.lines.iter().map(|_| Change::default()).collect();
    for (i, asked) in edit.lines.iter().enumerate() {
        if let Some(id) = asked.order_line_id {
            match before.lines.iter().position(|line| line.id == id) {
                Some(place) => changes[place] = Change { asked: Some((i, asked)), is_new: false },
                None => faults.add(format!("/lines/{i}/order_line_id"), "unknown_line", "the order has no such line"),
            }
        } else if let Some(line) = new_line(order, asked, i, reference, &mut faults) {
            order.lines.push(line);
            changes.push(Change { asked: Some((i, asked)), is_new: true });
        }
    }
    faults.require(
        order.lines.len() <= limits::ORDER_LINES,
        "/lines",
        "too_many_items",
        "an order has at most 1000 lines, removed ones included",
    );
    change_header(order, edit, reference, &mut faults);
    check_pricing(order, edit, &mut faults);
    check_discounts(&before, edit, &changes, &mut faults);
    let mut applied = Applied::default();
    for (place, change) in changes.iter().enumerate() {
        match change.asked {
            Some((i, asked)) if !change.is_new => check_quantity(&order.lines[place], asked, i, &mut faults),
            _ => {}
        }
    }
    faults.into_result()?;
    require_left(order, &changes)?;
    require_due_first(order)?;
    for (place, change) in changes.iter().enumerate() {
        let line = &mut order.lines[place];
        if let Some((_, asked)) = change.asked.filter(|_| !change.is_new) {
            change_line(line, asked, &before.document.coupon_codes, &mut applied)?;
        }
        if change.is_new {
            applied.grown.push(line.id);
        }
        if before.status == OrderStatus::Draft {
            line.original_quantity = line.quantities.quantity;
        }
    }
    if order.lines.iter().all(|line| line.quantities.wanted().is_zero()) {
        return Err(Error::conflict("nothing_left", "an edit leaves something of an order; cancel it instead"));
    }
    applied.coupons = change_amounts(order, &before, edit, &changes, reference)?;
    Ok(applied)
}

fn new_line(order: &Order, asked: &EditLine, i: usize, reference: &Reference, faults: &mut Faults) -> Option<OrderLine> {
    let (sku, quantity) = (asked.sku.as_deref()?, asked.quantity?.0.normalize());
    let Some(product) = reference.product(sku) else {
        faults.add(format!("/lines/{i}/sku"), "unknown_sku", "no product with this SKU");
        return None;
    };
    let Some((unit, factor)) = product.unit(asked.unit.as_deref()) else {
        let units: Vec<&str> = std::iter::once(product.unit.as_str()).chain(product.units.iter().map(|unit| unit.unit.as_str())).collect();
        faults.add(format!("/lines/{i}/unit"), "unknown_unit", format!("this product is sold in {}", units.join(", ")));
        return None;
    };
    check_scale(quantity, factor, product.quantity_scale, i, faults);
    let zero = order.currency.zero();
    Some(OrderLine {
        id: OrderLineId::generate(),
        line_number: order.lines.iter().map(|line| line.line_number).max().unwrap_or(0).saturating_add(1),
        sku: product.sku.clone(),
        name: product.name.clone(),
        kind: product.kind,
        unit,
        unit_factor: factor,
        quantities: LineQuantities::ordered(quantity),
        original_quantity: quantity,
        initially_allocated: Decimal::ZERO,
        unit_price: Decimal::ZERO,
        price_quantity: Decimal::ONE,
        discount_amount: zero,
        net_amount: zero,
        tax_category: product.tax_category.clone(),
        tax_rate: Decimal::ZERO,
        tax_amount: zero,
        requested_on: asked.requested_on.or(order.document.requested_on),
        first_promised_on: None,
        promised_on: None,
        detail: LineDetail {
            discounts: asked.discounts.clone().unwrap_or_default(),
            gross_amount: Amount(zero),
            order_discount_amount: Amount(zero),
            quantity_scale: product.quantity_scale,
            external_line_id: asked.external_line_id.clone(),
            customer_sku: asked.customer_sku.clone(),
            external_ids: asked.external_ids.clone().unwrap_or_default(),
            metadata: asked.metadata.clone().unwrap_or_default(),
            ..LineDetail::default()
        },
    })
}

fn check_scale(quantity: Decimal, factor: Decimal, scale: u32, i: usize, faults: &mut Faults) {
    let pointer = || format!("/lines/{i}/quantity");
    if quantity.scale() > scale {
        faults.add(pointer(), "too_many_decimals", format!("this product takes {scale} decimal places"));
    } else if (quantity * factor).normalize().scale() > 3 {
        faults.add(pointer(), "too_many_decimals", "in the base unit this has more than 3 decimal places");
    }
}

fn check_quantity(line: &OrderLine, asked: &EditLine, i: usize, faults: &mut Faults) {
    if let Some(quantity) = asked.quantity {
        check_scale(quantity.0.normalize(), line.unit_factor, line.detail.quantity_scale, i, faults);
    }
}

fn check_pricing(order: &Order, edit: &EditOrder, faults: &mut Faults) {
    let as_given = order.document.pricing == Pricing::AsGiven;
    let only = "tax is computed here; give it only for an order with pricing as_given";
    for (i, line) in edit.lines.iter().enumerate() {
        faults.require(as_given || line.tax_amount.is_none(), format!("/lines/{i}/tax_amount"), "only_as_given", only);
        let missing = as_given && line.sku.is_some() && line.unit_price.is_none();
        let detail = "pricing as_given keeps the shop's price: give it";
        faults.require(!missing, format!("/lines/{i}/unit_price"), "required", detail);
    }
    let given = edit.shipping.as_ref().is_some_and(|shipping| shipping.tax_amount.is_some());
    faults.require(as_given || !given, "/shipping/tax_amount", "only_as_given", only);
    let coupons = edit.coupon_codes.as_ref().is_some_and(|codes| !codes.is_empty());
    faults.require(!(as_given && coupons), "/coupon_codes", "only_computed", COUPONS_TAKEN_OFF);
}

/// Terms by which goods come before their invoice do not fit an order that is invoiced ahead of them.
fn require_due_first(order: &Order) -> Result<(), Error> {
    let ahead = order.lines.iter().any(|line| line.quantities.invoiced > line.quantities.shipped);
    if order.document.prepaid || !ahead || !order.amount_paid.is_zero() {
        return Ok(());
    }
    Err(Error::conflict("invoiced_in_advance", "goods are invoiced that have not left; the order keeps terms of prepayment"))
}

/// The least that a line's quantity may become.
fn least(line: &OrderLine) -> Decimal {
    let quantities = &line.quantities;
    let billed = quantities.invoiced + quantities.withheld + quantities.waived;
    quantities.cancelled + (quantities.shipped + quantities.picked).max(billed)
}

/// 409 `line_in_progress` with every line of which more is asked to go than may go.
fn require_left(order: &Order, changes: &[Change<'_>]) -> Result<(), Error> {
    let mut stuck: Vec<Value> = vec![];
    for (line, change) in order.lines.iter().zip(changes) {
        let Some((i, asked)) = change.asked.filter(|_| !change.is_new) else { continue };
        let Some(quantity) = wanted(asked) else { continue };
        let least = least(line);
        if quantity < least {
            let text = |quantity: Decimal| quantity.normalize().to_string();
            stuck.push(json!({
                "pointer": format!("/lines/{i}"), "order_line_id": line.id, "sku": line.sku, "quantity": text(line.quantities.quantity),
                "least_quantity": text(least), "picked_quantity": text(line.quantities.picked), "packed_quantity": text(line.quantities.packed),
                "shipped_quantity": text(line.quantities.shipped), "cancelled_quantity": text(line.quantities.cancelled),
                "invoiced_quantity": text(line.quantities.invoiced),
            }));
        }
    }
    let Some(first) = stuck.first() else { return Ok(()) };
    let detail = format!(
        "at least {} of {} stays: it is picked, shipped, invoiced or cancelled; put it back, or take it back by a return and a credit note",
        first["least_quantity"].as_str().unwrap_or_default(),
        first["sku"].as_str().unwrap_or_default()
    );
    Err(Error::conflict_with("line_in_progress", detail, json!({ "lines": stuck })))
}

/// The quantity that the line is to have, where the edit says so.
fn wanted(asked: &EditLine) -> Option<Decimal> {
    if asked.remove { Some(Decimal::ZERO) } else { asked.quantity.map(|quantity| quantity.0.normalize()) }
}

fn change_line(line: &mut OrderLine, asked: &EditLine, coupon_codes: &[String], applied: &mut Applied) -> Result<(), Error> {
    let quantity = wanted(asked).unwrap_or(line.quantities.quantity);
    let more = quantity - line.quantities.quantity;
    if more > Decimal::ZERO {
        line.quantities.increase(more).map_err(Error::internal)?;
        applied.grown.push(line.id);
    } else {
        let withdrawn = line.quantities.decrease(-more).map_err(Error::internal)?;
        if line.is_stocked() && !withdrawn.allocated.is_zero() {
            applied.withdrawn.push((line.line_number, withdrawn.allocated));
        }
    }
    if let Some(discounts) = &asked.discounts {
        line.detail.discounts = with_coupons(discounts, &line.detail.discounts, coupon_codes);
    }
    line.requested_on = asked.requested_on.or(line.requested_on);
    if asked.external_line_id.is_some() {
        line.detail.external_line_id.clone_from(&asked.external_line_id);
    }
    if asked.customer_sku.is_some() {
        line.detail.customer_sku.clone_from(&asked.customer_sku);
    }
    if let Some(ids) = &asked.external_ids {
        line.detail.external_ids.clone_from(ids);
    }
    if let Some(metadata) = &asked.metadata {
        line.detail.metadata.clone_from(metadata);
    }
    Ok(())
}
