//! The shop has changed an order: ours becomes what it is there, as far as it still can. Only what has changed there is written.

use super::place::is_unchanged;
use super::state::{LineState, ShopState, discounts_after, keys_of_ours, keys_of_shop, same_discounts};
use super::store::{FactKind, ShippingBack};
use super::{Road, ShopOrder, Walked, outcome_of, store};
use crate::error::Error;
use crate::inbox::Outcome;
use crate::order_to_cash::edit::edit_for_channel;
use crate::orders::body::{NewOrder, NewOrderLine};
use crate::orders::discount::Discount;
use crate::orders::edit::body::{EditLine, EditOrder, EditShipping};
use crate::orders::order::{Order, OrderLine};
use crate::types::decimal::Amount;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// The code of the discount that stands for a refund of ours, which the shop's discounts do not know.
pub(super) fn refund_code(reference: &str) -> String {
    format!("refund-{reference}").chars().take(64).collect()
}

/// What is on our order because the shop has paid it back, and is not on the shop's.
#[derive(Clone, Debug, Default)]
pub(super) struct PaidBack {
    pub shipping: ShippingBack,
    /// The codes of discounts for it.
    pub codes: HashSet<String>,
}

impl PaidBack {
    pub fn is_for_refund(&self, code: Option<&String>) -> bool {
        code.is_some_and(|code| self.codes.contains(code))
    }
}

impl Road<'_> {
    pub(super) fn paid_back(&self, connection: &mut PgConnection) -> Result<PaidBack, Error> {
        let references = store::references(connection, &self.key, FactKind::RefundRest)?;
        let codes = references.iter().map(|reference| refund_code(reference)).collect();
        Ok(PaidBack { shipping: store::shipping_back(connection, &self.key)?, codes })
    }

    pub(super) fn edit(&self, shop: &ShopOrder) -> Result<Walked, Error> {
        if shop.cancelled.is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        let now = ShopState::of(&shop.order);
        let edited = self.on_order(|connection, known, order_id| {
            let mut doubt = None;
            if !is_unchanged(known, &shop.order, &now)? {
                let order = self.find(connection, order_id)?;
                if order.document.prices_include_tax != shop.order.prices_include_tax {
                    return Err(Error::conflict("not_changed", "whether prices include tax is another than before"));
                }
                let back = self.paid_back(connection)?;
                let before = known.state();
                // Of shipping and discounts on the whole a CRM never speaks.
                let speaks_of_all = before.is_some() || !self.is_crm();
                if let Some(edit) = edit_of(&order, &shop.order, before.as_ref(), &now, &back, speaks_of_all) {
                    edit_for_channel(connection, &self.context, order_id, &edit)?;
                }
                // Beside what the shop has changed may stand what was corrected here.
                if before.is_none_or(|before| !before.costs_the_same(&now)) {
                    doubt = self.compare_totals(connection, order_id, shop)?;
                }
            }
            known.set_state(&now)?;
            store::save(connection, &self.key, known, self.bench.now)?;
            Ok(doubt)
        });
        let error = match edited {
            Ok(doubt) => {
                self.told.borrow_mut().extend(doubt.flatten());
                return Ok(ControlFlow::Continue(()));
            }
            Err(error) => error,
        };
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
            known.set_state(&now)?;
            Ok(store::save(connection, &self.key, known, self.bench.now)?)
        })?;
        self.tell("not_changed", detail, "");
        Ok(ControlFlow::Continue(()))
    }
}

/// What the shop has changed of its order and ours differs in, as an edit; `None` where there is nothing. Where nobody knows what it had
/// `before`, it is everything that differs.
fn edit_of(
    order: &Order,
    shop: &NewOrder,
    before: Option<&ShopState>,
    now: &ShopState,
    back: &PaidBack,
    speaks_of_all: bool,
) -> Option<EditOrder> {
    let has_changed = |field: fn(&ShopState) -> &String| before.is_none_or(|before| field(before) != field(now));
    let mut edit = EditOrder { lines: lines_of(order, shop, before, now), ..EditOrder::default() };
    if speaks_of_all {
        let known = before.map(|before| before.discounts.as_slice());
        let for_refund = |discount: &Discount| back.is_for_refund(discount.code.as_ref());
        edit.discounts = discounts_after(&order.document.discounts, &shop.discounts, known, for_refund);
        if has_changed(|state| &state.shipping) {
            edit.shipping = shipping_of(order, shop, &back.shipping);
        }
    }
    let document = &order.document;
    let differing = |address: &Option<_>, ours: Option<&_>| address.clone().filter(|address| Some(address) != ours);
    if has_changed(|state| &state.shipping_address) {
        edit.shipping_address = differing(&shop.shipping_address, document.shipping_address.as_ref());
    }
    if has_changed(|state| &state.billing_address) {
        edit.billing_address = differing(&shop.billing_address, document.billing_address.as_ref());
    }
    if has_changed(|state| &state.contact) {
        edit.contact = shop.contact.clone().filter(|contact| Some(contact) != order.detail.contact.as_ref());
    }
    if has_changed(|state| &state.note) {
        edit.note = shop.note.clone().filter(|note| Some(note) != order.detail.note.as_ref());
    }
    let differs = !edit.lines.is_empty()
        || edit.discounts.is_some()
        || edit.shipping.is_some()
        || edit.shipping_address.is_some()
        || edit.billing_address.is_some()
        || edit.contact.is_some()
        || edit.note.is_some();
    differs.then_some(edit)
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

fn lines_of(order: &Order, shop: &NewOrder, before: Option<&ShopState>, now: &ShopState) -> Vec<EditLine> {
    let mut edits = vec![];
    let ours: Vec<&OrderLine> = order.lines.iter().filter(|line| !line.is_removed()).collect();
    let mut known: HashMap<String, &OrderLine> = keys_of_ours(&ours).into_iter().zip(ours.iter().copied()).collect();
    for (key, line) in keys_of_shop(&shop.lines).into_iter().zip(&shop.lines) {
        let was = before.and_then(|before| before.lines.get(&key));
        let is = now.lines.get(&key);
        match known.remove(&key) {
            Some(ours) => edits.extend(change_of(ours, line, was, is)),
            // Taken off here, and nothing has changed of it there.
            None if was.zip(is).is_some_and(|(was, is)| was.wants_the_same(is)) => {}
            None => edits.push(new_line(line)),
        }
    }
    // In our order; what was put on here, the shop has never had.
    let is_gone = |key: &str| before.is_none_or(|before| before.lines.contains_key(key));
    let gone: HashSet<_> = known.iter().filter(|(key, _)| is_gone(key)).map(|(_, line)| line.id).collect();
    let gone = ours.iter().filter(|line| gone.contains(&line.id));
    edits.extend(gone.map(|line| EditLine { order_line_id: Some(line.id), remove: true, ..EditLine::default() }));
    edits
}

fn new_line(line: &NewOrderLine) -> EditLine {
    EditLine {
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
    }
}

/// What the shop has changed of a line that ours differs in.
fn change_of(ours: &OrderLine, line: &NewOrderLine, was: Option<&LineState>, is: Option<&LineState>) -> Option<EditLine> {
    let has_changed = |field: fn(&LineState) -> Option<&String>| was.is_none_or(|was| field(was) != is.and_then(field));
    let same_quantity = ours.quantities.quantity == line.quantity.0;
    let same_price = line.unit_price.is_none_or(|price| price.0 == ours.unit_price && ours.price_quantity == Decimal::ONE);
    let quantity = (!same_quantity && has_changed(|state| Some(&state.quantity))).then_some(line.quantity);
    let unit_price = line.unit_price.filter(|_| !same_price && has_changed(|state| state.unit_price.as_ref()));
    let discounts = discounts_after(&ours.detail.discounts, &line.discounts, was.map(|was| was.discounts.as_slice()), |_| false);
    let moves = quantity.is_some() || unit_price.is_some() || discounts.is_some();
    // The shop's tax is that of its own amounts: of others it is computed.
    let agrees = (same_quantity || quantity.is_some())
        && (same_price || unit_price.is_some())
        && same_discounts(discounts.as_ref().unwrap_or(&ours.detail.discounts), &line.discounts);
    let has_other_tax = |tax: Amount| tax.0 != ours.tax_amount && has_changed(|state| state.tax_amount.as_ref());
    let tax_amount = line.tax_amount.filter(|tax| agrees && (moves || has_other_tax(*tax)));
    (moves || tax_amount.is_some()).then(|| EditLine {
        order_line_id: Some(ours.id),
        quantity,
        unit_price,
        discounts,
        tax_amount,
        tax_rate: tax_amount.and(line.tax_rate),
        tax_name: tax_amount.and(line.tax_name.clone()),
        ..EditLine::default()
    })
}
