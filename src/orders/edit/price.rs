//! What the edited order costs: every line, discount and tax anew, with the prices and taxes that hold for it.

use super::body::{EditLine, EditOrder};
use super::coupons;
use super::reprice::{Invoiced, reprice};
use crate::error::Error;
use crate::orders::coupons::CouponsChange;
use crate::orders::given_tax::{self, STANDARD, Told};
use crate::orders::order::{Order, OrderLine};
use crate::orders::pricing::{LineInput, Priced, Pricing, PricingInput, ShippingInput};
use crate::orders::reference::{Customer, Reference};
use crate::orders::tax::{TaxGroup, TaxRule};
use crate::orders::tax_treatment::REASONS;
use crate::orders::taxation::{Places, Taxation};
use crate::orders::valuation::InvoicedPart;
use crate::types::currency::rounded;
use crate::types::decimal::{Amount, Quantity};
use crate::types::fault::{Fault, Faults};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What the edit asks of one line of the order: the place in the request and what stands there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub asked: Option<(usize, &'a EditLine)>,
    pub is_new: bool,
}

/// Where and when the order is taxed and priced, and for whom.
struct Terms<'a> {
    reference: &'a Reference,
    taxation: Taxation<'a>,
    on: NaiveDate,
    price_list: Option<&'a str>,
    vat_state: Option<&'a str>,
}

impl<'a> Terms<'a> {
    fn of(order: &Order, reference: &'a Reference) -> Self {
        let organization = &reference.company.organization;
        let on = order.ordered_at.with_timezone(&organization.time_zone).date_naive();
        let account = reference.account_of(order.customer_id, order.bill_to_customer_id);
        let payer = account.and_then(|_| reference.customer(order.bill_to_customer_id));
        let buyer = payer.map(Customer::taxed).unwrap_or_default();
        let document = &order.document;
        let places = Places::of(&reference.company, &buyer, document.shipping_address.as_ref(), document.billing_address.as_ref());
        let has_goods = order.lines.iter().any(|line| line.is_stocked() && !line.quantities.quantity.is_zero());
        Self {
            reference,
            taxation: Taxation::new(&reference.company, places, on, buyer, has_goods),
            on,
            price_list: account.and_then(|customer| customer.price_list.as_deref()),
            vat_state: buyer.vat_state,
        }
    }

    fn taxes_as(&self, other: &Self) -> bool {
        self.taxation.places == other.taxation.places
    }

    fn tax_rule(&self, line: &OrderLine, pointer: &str, faults: &mut Faults) -> Option<TaxRule> {
        let category = match self.reference.product(&line.sku) {
            Some(product) if REASONS.contains(&line.tax_category.as_str()) => &product.tax_category,
            Some(_) | None => &line.tax_category,
        };
        let found = self.taxation.rule(line.kind, category);
        if let Err(missing) = &found {
            let detail = format!("{} has tax rates, but none for category '{category}' on {}", missing.country, self.on);
            faults.add(pointer, "tax_rate_missing", detail);
        }
        found.ok()
    }

    /// The list's price of one unit of the line, and for how many units it is.
    fn list_price(&self, order: &Order, line: &OrderLine) -> Option<(Decimal, Decimal)> {
        let base_quantity = line.quantities.quantity * line.unit_factor;
        let price = self.reference.price(&line.sku, self.price_list, order.currency, base_quantity, self.on)?;
        Some((rounded(price.unit_price.0 * line.unit_factor, 6).normalize(), price.price_quantity.0.normalize()))
    }
}

/// Prices the order anew where the edit touches what it costs, and tells what has become of its coupons. 409 where that would change what is on an invoice.
pub fn change_amounts(
    order: &mut Order,
    before: &Order,
    edit: &EditOrder,
    changes: &[Change<'_>],
    reference: &Reference,
) -> Result<CouponsChange, Error> {
    let (terms, terms_before) = (Terms::of(order, reference), Terms::of(before, reference));
    let moves = !terms.taxes_as(&terms_before);
    let shipping = asked_shipping(before, edit);
    let touched = changes.iter().enumerate().any(|(place, change)| touches(before, order, place, change));
    let discounts_change = order.document.discounts != before.document.discounts;
    if !(moves || edit.reprice || touched || shipping.is_some() || discounts_change || coupons::are_asked(before, edit)) {
        return Ok(CouponsChange::default());
    }
    let is_invoiced = before.detail.shipping_invoiced || before.lines.iter().any(|line| !line.quantities.invoiced.is_zero());
    let judges_coupons = coupons::are_judged(before, edit, is_invoiced)?;
    if judges_coupons {
        coupons::take_off(order, before);
    }
    if is_invoiced && shipping.is_some() {
        let detail = "the shipping is on an invoice; take it back by a credit note with shipping";
        return Err(Error::conflict("shipping_invoiced", detail));
    }
    let (mut faults, mut refused) = (Faults::new(), vec![]);
    let (mut inputs, mut told) = (vec![], vec![]);
    for (place, change) in changes.iter().enumerate() {
        let known = before.lines.get(place);
        let Some(input) = line_input(order, place, known, change, edit, moves, &terms, &mut faults) else { continue };
        let line = &mut order.lines[place];
        if known.is_some_and(|known| !known.quantities.invoiced.is_zero() && is_priced_otherwise(before, known, line, &input)) {
            refused.push(json!({ "order_line_id": line.id, "sku": line.sku, "invoiced_quantity": Quantity(line.quantities.invoiced) }));
        }
        (line.unit_price, line.price_quantity) = (input.unit_price, input.price_quantity);
        inputs.push((place, input));
        told.push(given_of(before, known, line, change, moves, &terms));
    }
    refuse_invoiced(refused)?;
    let anew = moves || edit.reprice && !is_invoiced;
    let of_shipping = given_of_shipping(before, edit, shipping.is_some() || anew, is_invoiced);
    let shipping = shipping_input(order, before, edit, shipping, anew, &inputs, &terms);
    faults.into_result()?;
    let part = before.value_of(|line| line.quantities.invoiced);
    let invoiced_part = |place: usize| {
        let (line, value) = (before.lines.get(place)?, part.lines.get(place)?);
        let quantity = line.quantities.invoiced;
        (!quantity.is_zero()).then_some(InvoicedPart {
            quantity: Quantity(quantity),
            discount_amount: Amount(value.discount_amount),
            net_amount: Amount(value.net_amount),
            order_discount_amount: Amount(value.order_discount_amount),
            tax_amount: Amount(value.tax_amount),
        })
    };
    let invoiced = Invoiced {
        lines: inputs.iter().map(|(place, _)| invoiced_part(*place)).collect(),
        shipping_tax: before.document.shipping_tax.0,
        discounts_change,
    };
    let (places, inputs): (Vec<usize>, Vec<LineInput>) = inputs.into_iter().unzip();
    let mut input = PricingInput {
        currency: order.currency,
        mode: order.document.pricing,
        prices_include_tax: order.document.prices_include_tax,
        lines: inputs,
        discounts: order.document.discounts.clone(),
        shipping,
    };
    let coupons = match judges_coupons {
        true => coupons::judge(order, edit, reference, &mut input, &places, terms.on)?,
        false => CouponsChange::default(),
    };
    given_tax::take(&mut input, &told, of_shipping.as_ref());
    let priced = reprice(&input, &invoiced).map_err(|error| as_asked(error, &places, changes))?;
    write(order, &places, &input, &priced, &invoiced);
    if moves || edit.reprice {
        order.document.buyer_vat_state = terms.vat_state.map(str::to_owned);
    }
    if judges_coupons {
        order.document.discounts.clone_from(&input.discounts);
        order.document.coupon_codes = coupons.uses.iter().map(|of| of.code.clone()).collect();
        for (place, line) in places.iter().zip(input.lines) {
            order.lines[*place].detail.discounts = line.discounts;
        }
    }
    Ok(coupons)
}

/// Whether a line's amounts may become others.
fn touches(before: &Order, order: &Order, place: usize, change: &Change<'_>) -> bool {
    let (Some(known), Some((_, asked))) = (before.lines.get(place), change.asked) else { return change.is_new };
    let now = &order.lines[place];
    known.quantities.quantity != now.quantities.quantity
        || known.detail.discounts != now.detail.discounts
        || asked.unit_price.is_some_and(|price| (price.0.normalize(), Decimal::ONE) != (known.unit_price.normalize(), known.price_quantity))
        || asked.tax_amount.is_some_and(|tax| tax.0 != known.tax_amount)
}

/// What the line is priced by; none for a line that is removed, or whose faults are told.
#[allow(clippy::too_many_arguments)]
fn line_input(
    order: &Order,
    place: usize,
    known: Option<&OrderLine>,
    change: &Change<'_>,
    edit: &EditOrder,
    moves: bool,
    terms: &Terms<'_>,
    faults: &mut Faults,
) -> Option<LineInput> {
    let line = &order.lines[place];
    if line.quantities.quantity.is_zero() {
        return None;
    }
    let computed = order.document.pricing == Pricing::Computed;
    let anew = edit.reprice && computed && line.quantities.invoiced.is_zero();
    let pointer = change.asked.map_or_else(|| "/lines".to_owned(), |(i, _)| format!("/lines/{i}/sku"));
    let own = change.asked.and_then(|(_, asked)| asked.unit_price).map(|price| (price.0.normalize(), Decimal::ONE));
    let agreed = known.filter(|known| !(anew || computed && is_of_its_quantity(order, known, line, terms)));
    let agreed = agreed.map(|known| (known.unit_price.normalize(), known.price_quantity.normalize()));
    let price = own.or(agreed).or_else(|| terms.list_price(order, line));
    if price.is_none() {
        faults.add(&pointer, "price_missing", format!("no price of {} in {} on {}", line.sku, order.currency, terms.on));
    }
    let tax = match known.filter(|known| !anew && !moves && !known.quantities.quantity.is_zero()) {
        Some(known) => {
            let group = order.document.tax_breakdown.get(known.detail.tax_group);
            let untaxed_now = change.asked.and_then(|(_, asked)| asked.tax_amount).is_some_and(|tax| tax.0.is_zero());
            let mut ours = || terms.tax_rule(line, &pointer, faults);
            if untaxed_now && group.is_some_and(|group| group.tax_name.is_some()) { ours() } else { rule_of(group) }
        }
        None => {
            let pointer = if known.is_some() && moves { "/shipping_address" } else { &pointer };
            terms.tax_rule(line, pointer, faults)
        }
    };
    let (unit_price, price_quantity) = price?;
    let as_agreed = known.filter(|known| {
        let same = known.quantities.quantity == line.quantities.quantity && known.detail.discounts == line.detail.discounts;
        same && (known.unit_price.normalize(), known.price_quantity.normalize()) == (unit_price, price_quantity)
    });
    let given = change.asked.and_then(|(_, asked)| asked.tax_amount).or(as_agreed.map(|known| Amount(known.tax_amount)));
    Some(LineInput {
        quantity: line.quantities.quantity,
        unit_price,
        price_quantity,
        discounts: line.detail.discounts.clone(),
        tax: tax?,
        given_tax_amount: given.filter(|_| !computed).map(|amount| amount.0),
    })
}

/// What the shop says of the tax of a line that is not invoiced, where it is another than before or of another place.
fn given_of(
    before: &Order,
    known: Option<&OrderLine>,
    line: &OrderLine,
    change: &Change<'_>,
    moves: bool,
    terms: &Terms<'_>,
) -> Option<Told> {
    let asked = change.asked.map(|(_, asked)| asked);
    let is_other = |known: &OrderLine| moves || asked.is_some_and(|asked| asked.tax_amount.is_some_and(|tax| tax.0 != known.tax_amount));
    let judged = before.document.pricing == Pricing::AsGiven
        && known.is_none_or(|known| known.quantities.invoiced.is_zero() && (is_other(known) || known.quantities.quantity.is_zero()));
    if !judged {
        return None;
    }
    let category = terms.reference.product(&line.sku).map_or_else(|| STANDARD.to_owned(), |product| product.tax_category.clone());
    let of_group = known.and_then(|known| before.document.tax_breakdown.get(known.detail.tax_group));
    let (rate, name) = (asked.and_then(|asked| asked.tax_rate), asked.and_then(|asked| asked.tax_name.clone()));
    Some(told(of_group, rate.map(|rate| rate.0), name, category))
}

fn given_of_shipping(before: &Order, edit: &EditOrder, judged: bool, is_invoiced: bool) -> Option<Told> {
    if !judged || is_invoiced || before.document.pricing != Pricing::AsGiven {
        return None;
    }
    let of_group = before.document.shipping_tax_group.and_then(|group| before.document.tax_breakdown.get(group));
    let (rate, name) = edit.shipping.as_ref().map_or((None, None), |shipping| (shipping.tax_rate, shipping.tax_name.clone()));
    Some(told(of_group, rate.map(|rate| rate.0), name, STANDARD.to_owned()))
}

/// A tax of the shop's that stands in a group of its own rate keeps rate and name where they still fit.
fn told(of_group: Option<&TaxGroup>, rate: Option<Decimal>, name: Option<String>, category: String) -> Told {
    let given = of_group.filter(|group| group.tax_name.is_some());
    let kept = given.and_then(|group| rule_of(Some(group))).filter(|rule| name.is_none() || name == rule.name);
    Told { rate, name: name.or_else(|| given.and_then(|group| group.tax_name.clone())), category, kept }
}

/// Whether a line that is not invoiced has the list's price for its quantity, and now another quantity: what was agreed then was the
/// list, with its prices by quantity, and not that figure.
fn is_of_its_quantity(order: &Order, known: &OrderLine, line: &OrderLine, terms: &Terms<'_>) -> bool {
    let agreed = (known.unit_price.normalize(), known.price_quantity.normalize());
    known.quantities.quantity != line.quantities.quantity
        && known.quantities.invoiced.is_zero()
        && terms.list_price(order, known) == Some(agreed)
}

fn rule_of(group: Option<&TaxGroup>) -> Option<TaxRule> {
    group.map(|group| TaxRule {
        tax_category: group.tax_category.clone(),
        tax_scheme_category: group.tax_scheme_category.clone(),
        rate: group.rate.0,
        base_fraction: group.base_fraction,
        exemption_code: group.exemption_code.clone(),
        exemption_reason: group.exemption_reason.clone(),
        name: group.tax_name.clone(),
    })
}

/// Whether a line that is on an invoice would get another price, discount or tax.
fn is_priced_otherwise(before: &Order, known: &OrderLine, line: &OrderLine, input: &LineInput) -> bool {
    let agreed = (known.unit_price.normalize(), known.price_quantity.normalize());
    let taxed_otherwise = rule_of(before.document.tax_breakdown.get(known.detail.tax_group)).as_ref() != Some(&input.tax);
    agreed != (input.unit_price.normalize(), input.price_quantity.normalize())
        || known.detail.discounts != line.detail.discounts
        || taxed_otherwise
        || input.given_tax_amount.is_some_and(|tax| known.quantities.quantity == line.quantities.quantity && tax != known.tax_amount)
}

fn refuse_invoiced(lines: Vec<Value>) -> Result<(), Error> {
    if lines.is_empty() {
        return Ok(());
    }
    let detail = "what is on an invoice keeps its price, discounts and tax; correct it by a credit note, and add a new line for the rest";
    Err(Error::conflict_with("line_invoiced", detail, json!({ "lines": lines })))
}

/// The shipping that the edit asks for, where it is another than before.
fn asked_shipping(before: &Order, edit: &EditOrder) -> Option<Decimal> {
    let asked = edit.shipping.as_ref()?;
    let amount = asked.amount.map(|amount| amount.0);
    let taxed_otherwise = asked.tax_amount.is_some_and(|tax| tax.0 != before.document.shipping_tax.0);
    let now = shipping_amount(before);
    match amount {
        Some(amount) if Some(amount) != now => Some(amount),
        Some(_) | None if taxed_otherwise => Some(amount.or(now).unwrap_or_default()),
        Some(_) | None => None,
    }
}

/// In the prices' own terms; none where the order has no shipping.
fn shipping_amount(order: &Order) -> Option<Decimal> {
    order.document.shipping_tax_group?;
    Some(if order.document.prices_include_tax { order.shipping_net + order.document.shipping_tax.0 } else { order.shipping_net })
}

fn shipping_input(
    order: &Order,
    before: &Order,
    edit: &EditOrder,
    asked: Option<Decimal>,
    anew: bool,
    lines: &[(usize, LineInput)],
    terms: &Terms<'_>,
) -> Option<ShippingInput> {
    let amount = asked.or_else(|| shipping_amount(before))?;
    let group = before.document.shipping_tax_group.filter(|_| !anew).and_then(|group| before.document.tax_breakdown.get(group));
    let untaxed_now = !amount.is_zero() && edit.shipping.as_ref().and_then(|asked| asked.tax_amount).is_some_and(|tax| tax.0.is_zero());
    let agreed = rule_of(group.filter(|group| !(untaxed_now && group.tax_name.is_some())));
    let listed = || terms.taxation.shipping_rule(lines.first().map(|(_, line)| &line.tax));
    let given = match asked {
        None => Some(before.document.shipping_tax.0),
        Some(_) => edit.shipping.as_ref().and_then(|shipping| shipping.tax_amount).map(|tax| tax.0),
    };
    Some(ShippingInput {
        amount,
        tax: agreed.unwrap_or_else(listed),
        given_tax_amount: given.filter(|_| order.document.pricing == Pricing::AsGiven),
    })
}

/// The faults of pricing, with the places of the request.
fn as_asked(error: Error, places: &[usize], changes: &[Change<'_>]) -> Error {
    let Error::Invalid(faults) = error else { return error };
    let pointer = |fault: &Fault| {
        let rest = fault.pointer.strip_prefix("/lines/")?;
        let (number, field) = rest.split_once('/').map_or((rest, String::new()), |(number, field)| (number, format!("/{field}")));
        let place: usize = number.parse().ok()?;
        let asked = changes.get(*places.get(place)?)?.asked;
        Some(asked.map_or_else(|| "/lines".to_owned(), |(i, _)| format!("/lines/{i}{field}")))
    };
    let faults: Vec<Fault> =
        faults.into_iter().map(|fault| Fault { pointer: pointer(&fault).unwrap_or_else(|| fault.pointer.clone()), ..fault }).collect();
    Error::from(faults)
}

fn write(order: &mut Order, places: &[usize], input: &PricingInput, priced: &Priced, invoiced: &Invoiced) {
    let zero = order.currency.zero();
    let groups_before = std::mem::replace(&mut order.document.tax_breakdown, priced.tax_breakdown.clone());
    for (place, line) in order.lines.iter_mut().enumerate() {
        let Some(priced_at) = places.iter().position(|priced| *priced == place) else {
            let group = groups_before.get(line.detail.tax_group);
            let like = priced.tax_breakdown.iter().position(|other| group.is_some_and(|group| group.is_like(other)));
            line.detail.tax_group = like.unwrap_or_default();
            (line.discount_amount, line.net_amount, line.tax_amount) = (zero, zero, zero);
            (line.detail.gross_amount, line.detail.order_discount_amount) = (Amount(zero), Amount(zero));
            line.detail.invoiced = None;
            continue;
        };
        let (amounts, tax) = (&priced.lines[priced_at], &input.lines[priced_at].tax);
        line.discount_amount = amounts.discount_amount;
        line.net_amount = amounts.net_amount;
        line.tax_amount = amounts.tax_amount;
        line.tax_category.clone_from(&tax.tax_category);
        line.tax_rate = tax.rate;
        line.detail.gross_amount = Amount(amounts.gross_amount);
        line.detail.order_discount_amount = Amount(amounts.order_discount_amount);
        line.detail.tax_group = amounts.tax_group;
        line.detail.invoiced = invoiced.lines[priced_at];
    }
    order.document.shipping_tax = Amount(priced.shipping_tax);
    order.document.shipping_tax_group = priced.shipping_tax_group;
    order.subtotal = priced.subtotal;
    order.discount_total = priced.discount_total;
    order.shipping_net = priced.shipping_net;
    order.tax_total = priced.tax_total;
    order.total = priced.total;
}
