//! The shop has changed an order: ours becomes what it is there, as far as it still can.

use super::place::{content, is_of_before};
use super::store::ShippingBack;
use super::{Road, ShopOrder, Walked, outcome_of, store};
use crate::error::Error;
use crate::inbox::Outcome;
use crate::orders::body::NewOrder;
use crate::orders::discount::Discount;
use crate::orders::edit::body::{EditLine, EditOrder, EditShipping};
use crate::orders::order::{Order, OrderLine};
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use rust_decimal::Decimal;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Begins the code of a discount that stands for a refund of ours: the shop's discounts do not know it.
pub const REFUND_CODE: &str = "refund-";

impl Road<'_> {
    pub(super) fn edit(&self, shop: &ShopOrder) -> Result<Walked, Error> {
        if shop.cancelled.is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        let new = content(&shop.order)?;
        let edited = self.on_order(|connection, known, order_id| {
            if known.content.as_ref() == Some(&new) {
                return Ok(());
            }
            if is_of_before(known.content.as_deref(), &shop.order)? {
                known.content = Some(new.clone());
                return Ok(store::save(connection, &self.key, known, self.bench.now)?);
            }
            let order = self.find(connection, order_id)?;
            let back = store::shipping_back(connection, &self.key)?;
            if let Some(edit) = edit_of(&order, &shop.order, &back) {
                crate::order_to_cash::edit::edit(connection, &self.context, order_id, &edit, &Precondition::Any)?;
            }
            known.content = Some(new.clone());
            Ok(store::save(connection, &self.key, known, self.bench.now)?)
        });
        let Err(error) = edited else { return Ok(ControlFlow::Continue(())) };
        let detail = match outcome_of(error, |pointer| shop.places.of(pointer))? {
            Outcome::Later { reason, .. } if reason.code == "unknown_sku" || reason.code == "tax_rate_missing" => {
                return Ok(ControlFlow::Break(Outcome::Later { reason, at: None }));
            }
            Outcome::Later { reason, .. } | Outcome::Rejected { reason, .. } => reason.detail,
            Outcome::Processed { .. } => String::new(),
        };
        let detail = format!("the shop has changed the order, and here it could not be changed: {detail}");
        // It is told once: what a person has decided then stands.
        self.on_order(|connection, known, order_id| {
            self.hold(connection, order_id, &detail)?;
            known.content = Some(new.clone());
            Ok(store::save(connection, &self.key, known, self.bench.now)?)
        })?;
        self.tell("not_changed", detail, "");
        Ok(ControlFlow::Continue(()))
    }
}

/// What of our order differs from the shop's, as an edit; `None` where nothing does.
pub(super) fn edit_of(order: &Order, shop: &NewOrder, back: &ShippingBack) -> Option<EditOrder> {
    let mut edit = EditOrder { lines: lines_of(order, shop), ..EditOrder::default() };
    let ours_alone = order.document.discounts.iter().filter(|discount| is_refund(discount));
    let discounts: Vec<Discount> = shop.discounts.iter().chain(ours_alone).cloned().collect();
    if !same_discounts(&discounts, &order.document.discounts) {
        edit.discounts = Some(discounts);
    }
    edit.shipping = shipping_of(order, shop, back);
    let document = &order.document;
    edit.shipping_address = shop.shipping_address.clone().filter(|address| Some(address) != document.shipping_address.as_ref());
    edit.billing_address = shop.billing_address.clone().filter(|address| Some(address) != document.billing_address.as_ref());
    edit.contact = shop.contact.clone().filter(|contact| Some(contact) != order.detail.contact.as_ref());
    edit.note = shop.note.clone().filter(|note| Some(note) != order.detail.note.as_ref());
    let differs = !edit.lines.is_empty()
        || edit.discounts.is_some()
        || edit.shipping.is_some()
        || edit.shipping_address.is_some()
        || edit.billing_address.is_some()
        || edit.contact.is_some()
        || edit.note.is_some();
    differs.then_some(edit)
}

fn is_refund(discount: &Discount) -> bool {
    discount.code.as_deref().is_some_and(|code| code.starts_with(REFUND_CODE))
}

fn same_discounts(a: &[Discount], b: &[Discount]) -> bool {
    a.len() == b.len() && a.iter().all(|discount| b.contains(discount))
}

fn shipping_of(order: &Order, shop: &NewOrder, back: &ShippingBack) -> Option<EditShipping> {
    let document = &order.document;
    let tax = document.shipping_tax.0;
    let ours = if document.prices_include_tax { order.shipping_net + tax } else { order.shipping_net };
    let (amount, shop_tax, method) = match &shop.shipping {
        Some(shipping) => (shipping.amount.0, shipping.tax_amount.map_or(Decimal::ZERO, |tax| tax.0), shipping.method.clone()),
        None => (Decimal::ZERO, Decimal::ZERO, None),
    };
    // What the shop has paid back of it is off ours, and not off the shop's order.
    let (amount, shop_tax) = ((amount - back.amount).max(Decimal::ZERO), (shop_tax - back.tax).max(Decimal::ZERO));
    let same = amount == ours && shop_tax == tax && (method.is_none() || method == document.shipping_method);
    let said = shop.shipping.as_ref();
    (!same).then(|| EditShipping {
        method,
        amount: Some(Amount(amount)),
        tax_amount: Some(Amount(shop_tax)),
        tax_rate: said.and_then(|shipping| shipping.tax_rate),
        tax_name: said.and_then(|shipping| shipping.tax_name.clone()),
    })
}

fn lines_of(order: &Order, shop: &NewOrder) -> Vec<EditLine> {
    let mut edits = vec![];
    let mut met = HashSet::new();
    for (place, line) in shop.lines.iter().enumerate() {
        let same = |known: &&OrderLine| match &line.external_line_id {
            Some(id) => known.detail.external_line_id.as_ref() == Some(id),
            None => usize::try_from(known.line_number).is_ok_and(|number| number == place + 1),
        };
        let known = order.lines.iter().filter(same).find(|known| known.sku == line.sku && !met.contains(&known.id));
        let Some(known) = known.filter(|known| !known.is_removed()) else {
            edits.push(EditLine {
                sku: Some(line.sku.clone()),
                quantity: Some(line.quantity),
                unit: line.unit.clone(),
                unit_price: line.unit_price,
                discounts: Some(line.discounts.clone()),
                tax_amount: line.tax_amount,
                tax_rate: line.tax_rate,
                tax_name: line.tax_name.clone(),
                external_line_id: line.external_line_id.clone(),
                customer_sku: line.customer_sku.clone(),
                external_ids: Some(line.external_ids.clone()),
                metadata: Some(line.metadata.clone()),
                ..EditLine::default()
            });
            continue;
        };
        met.insert(known.id);
        let price = line.unit_price.map_or(known.unit_price, |price| price.0);
        let taxed_otherwise = line.tax_amount.is_some_and(|tax| tax.0 != known.tax_amount);
        let same_price = price == known.unit_price && known.price_quantity == Decimal::ONE;
        let same = known.quantities.quantity == line.quantity.0
            && same_price
            && same_discounts(&line.discounts, &known.detail.discounts)
            && !taxed_otherwise;
        if !same {
            edits.push(EditLine {
                order_line_id: Some(known.id),
                quantity: (known.quantities.quantity != line.quantity.0).then_some(line.quantity),
                unit_price: line.unit_price,
                discounts: Some(line.discounts.clone()),
                tax_amount: line.tax_amount,
                tax_rate: line.tax_rate,
                tax_name: line.tax_name.clone(),
                ..EditLine::default()
            });
        }
    }
    let gone = order.lines.iter().filter(|line| !line.is_removed() && !met.contains(&line.id));
    edits.extend(gone.map(|line| EditLine { order_line_id: Some(line.id), remove: true, ..EditLine::default() }));
    edits
}
