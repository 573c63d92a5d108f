//! From a request to an order: who buys, what it costs, what speaks against it. Pure; stock comes after, in `promise`.

use super::body::NewOrder;
use super::coupons::{self, CouponUse, Named};
use super::dates::Dates;
use super::hold::{Hold, HoldCode};
use super::milestones::Milestones;
use super::order::{CustomerSnapshot, DeliveryRule, Detail, Document, LineDetail, OnShortage, Order, OrderLine};
use super::pricing::{self, LineInput, Priced, Pricing, PricingInput, ShippingInput};
use super::quantities::LineQuantities;
use super::reference::{Customer, Product, Reference};
use super::status::{FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, ReturnStatus};
use super::tax::TaxRule;
use super::tax_treatment::TaxedBuyer;
use super::taxation::{Places, Taxation};
use crate::auth::actor::Context;
use crate::catalog::coupons::judge::Buying;
use crate::catalog::product_kind::ProductKind;
use crate::customers::address_book::{AddressUse, CustomerAddress};
use crate::customers::guests::NewGuest;
use crate::error::Error;
use crate::payments::payment::PaymentStatus as MoneyStatus;
use crate::types::address::Address;
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{CustomerId, OrderId, OrderLineId};
use crate::types::tax_id;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;

/// A new order with what its caller may do.
#[derive(Clone, Debug)]
pub struct Request {
    /// Made before any try, so that a repeated try makes the same order.
    pub order_id: OrderId,
    pub number: String,
    pub body: NewOrder,
    /// Scope `orders:price`.
    pub may_price: bool,
    pub dates: Dates,
    /// Imported history: given dates, no holds.
    pub historical: bool,
}

/// An order that is priced and checked, with nothing promised yet.
#[derive(Clone, Debug)]
pub struct Verified {
    pub order: Order,
    pub guest: Option<NewGuest>,
    /// To be claimed with the order.
    pub coupons: Vec<CouponUse>,
}

/// Verifies one order against what is known. `guest_id` is the id that a new guest gets.
pub fn verify(request: &Request, reference: &Reference, context: &Context, guest_id: CustomerId) -> Result<Verified, Error> {
    let body = &request.body;
    body.check()?;
    if body.sets_own_terms() && !request.may_price {
        return Err(Error::InsufficientScope { scope: "orders:price".to_owned() });
    }
    let mut faults = Faults::new();
    let ordered_at = request.dates.ordered_at(body.ordered_at, context.now, &mut faults);
    let on = reference.company.local_date(ordered_at);
    request.dates.check_requested(body, on, &mut faults);
    let buyer = buyer(body, reference, guest_id, &mut faults);
    let lines = lines(body, reference, &mut faults);
    faults.into_result()?;
    let Some(buyer) = buyer else { return Err(Error::internal("a buyer without faults")) };

    let mut faults = Faults::new();
    let terms = payment_terms(body, reference, &buyer, &mut faults);
    let addresses = addresses(body, &buyer, &mut faults);
    let channel = channel(body, reference, &mut faults);
    let currency = body.currency.or(buyer.currency()).unwrap_or(reference.company.organization.base_currency);
    let taxed = buyer.taxed();
    let places = Places::of(&reference.company, &taxed, addresses.shipping.as_ref(), addresses.billing.as_ref());
    let mut input = pricing_input(body, reference, &buyer, &lines, currency, Taxed { places, buyer: taxed }, on, &mut faults);
    faults.into_result()?;
    let coupons = coupons(body, reference, &buyer, &lines, on, &mut input)?;
    let priced = pricing::price(&input)?;

    let now = if request.historical { ordered_at } else { context.now };
    let mut order = order(request, &buyer, &lines, &input, &priced, &addresses, context);
    order.channel = channel;
    let in_the_union = tax_id::is_member_state(&reference.company.organization.country);
    order.document.buyer_vat_state = taxed.vat_state.filter(|_| in_the_union).map(str::to_owned);
    order.document.coupon_codes = coupons.iter().map(|coupon| coupon.code.clone()).collect();
    order.ordered_at = ordered_at;
    order.milestones = Milestones::captured(ordered_at, now);
    order.document.prepaid = terms.1;
    order.document.payment_terms = terms.0;
    if !request.historical {
        let paid = body.payments.iter().filter(|payment| counts_as_paid(payment.status)).map(|payment| payment.amount.0).sum();
        let price_list = buyer.trusted().and_then(|customer| customer.price_list.as_deref());
        order.holds = objections(&order, reference, price_list, paid, context);
    }
    let guest = match buyer {
        Buyer::Guest(guest) => Some(guest),
        Buyer::Known { payer, .. } => payer,
    };
    let guest = guest.map(|guest| NewGuest { currency, ..guest });
    Ok(Verified { order, guest, coupons })
}

enum Buyer<'a> {
    Known {
        customer: &'a Customer,
        bill_to: &'a Customer,
        /// Recognized by e-mail alone: history, never terms, credit, prices or addresses.
        by_email_only: bool,
        /// The guest who pays, where that is not `bill_to`: what a guest orders is not the account's to pay, and does not use its
        /// credit.
        payer: Option<NewGuest>,
    },
    Guest(NewGuest),
}

impl Buyer<'_> {
    fn currency(&self) -> Option<Currency> {
        match self {
            Self::Known { customer, by_email_only: false, .. } => customer.currency,
            Self::Known { .. } | Self::Guest(_) => None,
        }
    }

    /// The customer whose terms, prices and addresses count.
    fn trusted(&self) -> Option<&Customer> {
        match self {
            Self::Known { customer, by_email_only: false, .. } => Some(customer),
            Self::Known { .. } | Self::Guest(_) => None,
        }
    }

    /// Who pays, where that is somebody else whose terms and addresses count.
    fn other_payer(&self) -> Option<&Customer> {
        match self {
            Self::Known { customer, bill_to, by_email_only: false, .. } if bill_to.id != customer.id => Some(bill_to),
            Self::Known { .. } | Self::Guest(_) => None,
        }
    }

    /// What of the one who pays counts for tax; nobody who was recognized by an e-mail address has any of it.
    fn taxed(&self) -> TaxedBuyer<'_> {
        match self {
            Self::Known { bill_to, by_email_only: false, .. } => bill_to.taxed(),
            Self::Known { .. } | Self::Guest(_) => TaxedBuyer::default(),
        }
    }

    fn snapshots(&self) -> (CustomerSnapshot, CustomerSnapshot) {
        let of_guest = |guest: &NewGuest| CustomerSnapshot { id: guest.id, code: None, name: guest.name.clone() };
        let of = |customer: &Customer| CustomerSnapshot { id: customer.id, code: customer.code.clone(), name: customer.name.clone() };
        match self {
            Self::Known { customer, payer: Some(payer), .. } => (of(customer), of_guest(payer)),
            Self::Known { customer, bill_to, payer: None, .. } => (of(customer), of(bill_to)),
            Self::Guest(guest) => (of_guest(guest), of_guest(guest)),
        }
    }

    fn email(&self) -> Option<&str> {
        match self {
            Self::Known { customer, .. } => customer.email.as_deref(),
            Self::Guest(guest) => guest.email.as_deref(),
        }
    }
}

fn buyer<'a>(body: &NewOrder, reference: &'a Reference, guest_id: CustomerId, faults: &mut Faults) -> Option<Buyer<'a>> {
    let mut payer = None;
    let (customer, by_email_only, pointer) = if let Some(inline) = &body.customer {
        let guest = NewGuest {
            id: guest_id,
            name: inline.name.clone(),
            email: inline.email.clone(),
            phone: inline.phone.clone(),
            currency: reference.company.organization.base_currency,
        };
        match inline.email.as_deref().and_then(|email| reference.customer_by_email(email)) {
            Some(customer) => {
                payer = Some(guest).filter(|_| !customer.guest && body.bill_to_customer_id.is_none());
                (Some(customer), true, "/customer")
            }
            None => return Some(Buyer::Guest(guest)),
        }
    } else if let Some(id) = body.customer_id {
        (reference.customer(id), false, "/customer_id")
    } else {
        (body.customer_code.as_deref().and_then(|code| reference.customer_by_code(code)), false, "/customer_code")
    };
    let Some(customer) = customer else {
        faults.add(pointer, "unknown_customer", "no customer with this id or code");
        return None;
    };
    let bill_to_id = body.bill_to_customer_id.or(customer.bill_to_customer_id.filter(|_| !by_email_only));
    let bill_to = match bill_to_id {
        None => customer,
        Some(id) => match reference.customer(id) {
            Some(bill_to) => bill_to,
            None => {
                faults.add("/bill_to_customer_id", "unknown_customer", "no customer with this id");
                return None;
            }
        },
    };
    Some(Buyer::Known { customer, bill_to, by_email_only, payer })
}

/// A line as it is ordered: product, unit and factor.
struct Ordered<'a> {
    product: &'a Product,
    unit: String,
    factor: Decimal,
    quantity: Decimal,
}

fn lines<'a>(body: &NewOrder, reference: &'a Reference, faults: &mut Faults) -> Vec<Ordered<'a>> {
    let mut lines = Vec::with_capacity(body.lines.len());
    for (i, line) in body.lines.iter().enumerate() {
        let Some(product) = reference.product(&line.sku) else {
            faults.add(format!("/lines/{i}/sku"), "unknown_sku", "no product with this SKU");
            continue;
        };
        let Some((unit, factor)) = product.unit(line.unit.as_deref()) else {
            let units: Vec<&str> =
                std::iter::once(product.unit.as_str()).chain(product.units.iter().map(|unit| unit.unit.as_str())).collect();
            faults.add(format!("/lines/{i}/unit"), "unknown_unit", format!("this product is sold in {}", units.join(", ")));
            continue;
        };
        let quantity = line.quantity.0.normalize();
        let base = (quantity * factor).normalize();
        if quantity.scale() > product.quantity_scale {
            faults.add(
                format!("/lines/{i}/quantity"),
                "too_many_decimals",
                format!("this product takes {} decimal places", product.quantity_scale),
            );
        } else if base.scale() > 3 {
            faults.add(format!("/lines/{i}/quantity"), "too_many_decimals", "in the base unit this has more than 3 decimal places");
        }
        lines.push(Ordered { product, unit, factor, quantity });
    }
    lines
}

/// Code of the terms and whether they are prepayment: those of the one who pays.
fn payment_terms(body: &NewOrder, reference: &Reference, buyer: &Buyer, faults: &mut Faults) -> (String, bool) {
    let payer = buyer.other_payer().or(buyer.trusted());
    let code = body.payment_terms.as_deref().or(payer.map(|payer| payer.payment_terms.as_str())).unwrap_or("due_on_receipt");
    let terms = reference.company.payment_term(code);
    if terms.is_none() {
        faults.add("/payment_terms", "unknown_payment_terms", "no payment terms with this code");
    }
    (code.to_owned(), terms.is_some_and(|terms| terms.prepayment))
}

struct Addresses {
    shipping: Option<Address>,
    billing: Option<Address>,
}

/// Where a customer is shipped to, or billed, by default.
fn default_address(customer: &Customer, purpose: AddressUse) -> Option<Address> {
    let coded = || customer.addresses.iter().find(|address| address.r#use == purpose).map(CustomerAddress::to_address);
    let first = match purpose {
        AddressUse::Billing => &customer.billing_address,
        AddressUse::Shipping => &customer.shipping_address,
    };
    first.clone().or_else(coded)
}

/// Name and address of an invoice are of one company: somebody else who pays is billed at an address of his own, or at none.
fn addresses(body: &NewOrder, buyer: &Buyer, faults: &mut Faults) -> Addresses {
    let customer = buyer.trusted();
    let default = |customer: Option<&Customer>, purpose| customer.and_then(|customer| default_address(customer, purpose));
    let mut shipping = body.shipping_address.clone();
    if let Some(code) = &body.ship_to_address_code {
        shipping = customer.and_then(|c| c.addresses.iter().find(|address| &address.code == code)).map(CustomerAddress::to_address);
        faults.require(shipping.is_some(), "/ship_to_address_code", "unknown_address", "the customer has no address with this code");
    }
    let shipping = shipping
        .or_else(|| default(customer, AddressUse::Shipping))
        .or_else(|| body.billing_address.clone())
        .or_else(|| default(customer, AddressUse::Billing));
    let billing = body.billing_address.clone().or_else(|| match buyer.other_payer() {
        Some(payer) => default(Some(payer), AddressUse::Billing).or_else(|| default(Some(payer), AddressUse::Shipping)),
        None => default(customer, AddressUse::Billing).or_else(|| shipping.clone()),
    });
    Addresses { shipping, billing }
}

fn channel(body: &NewOrder, reference: &Reference, faults: &mut Faults) -> String {
    let code = body.channel.as_deref().unwrap_or("direct");
    match reference.company.channel(code) {
        None => faults.add("/channel", "unknown_channel", "no channel with this code"),
        Some(channel) => faults.require(channel.active, "/channel", "channel_inactive", "this channel is switched off"),
    }
    code.to_owned()
}

/// Where an order is taxed, and for whom.
struct Taxed<'a> {
    places: Places,
    buyer: TaxedBuyer<'a>,
}

#[allow(clippy::too_many_arguments)]
fn pricing_input(
    body: &NewOrder,
    reference: &Reference,
    buyer: &Buyer,
    lines: &[Ordered],
    currency: Currency,
    taxed: Taxed<'_>,
    on: NaiveDate,
    faults: &mut Faults,
) -> PricingInput {
    let price_list = buyer.trusted().and_then(|customer| customer.price_list.as_deref());
    let has_goods = lines.iter().any(|line| line.product.kind == ProductKind::Stocked);
    let taxation = Taxation::new(&reference.company, taxed.places, on, taxed.buyer, has_goods);
    let tax = |product: &Product, pointer: String, faults: &mut Faults| {
        let category = &product.tax_category;
        taxation.rule(product.kind, category).unwrap_or_else(|missing| {
            let detail = format!("{} has tax rates, but none for category '{category}' on {on}", missing.country);
            faults.add(pointer, "tax_rate_missing", detail);
            TaxRule::outside_scope(category)
        })
    };
    let mut inputs = Vec::with_capacity(lines.len());
    for (i, (line, ordered)) in body.lines.iter().zip(lines).enumerate() {
        let own = line.unit_price.map(|price| (price.0, Decimal::ONE));
        let listed = || {
            let price = reference.price(&ordered.product.sku, price_list, currency, ordered.quantity * ordered.factor, on)?;
            Some((price.unit_price.0 * ordered.factor, price.price_quantity.0))
        };
        let (unit_price, price_quantity) = own.or_else(listed).unwrap_or_else(|| {
            faults.add(format!("/lines/{i}/sku"), "price_missing", format!("no price of {} in {currency} on {on}", ordered.product.sku));
            (Decimal::ZERO, Decimal::ONE)
        });
        inputs.push(LineInput {
            quantity: ordered.quantity,
            unit_price: rounded(unit_price, 6).normalize(),
            price_quantity: price_quantity.normalize(),
            discounts: line.discounts.clone(),
            tax: tax(ordered.product, format!("/lines/{i}/sku"), faults),
            given_tax_amount: line.tax_amount.map(|amount| amount.0),
        });
    }
    let shipping = body.shipping.as_ref().map(|shipping| ShippingInput {
        amount: shipping.amount.0,
        tax: taxation.shipping_rule(inputs.first().map(|line: &LineInput| &line.tax)),
        given_tax_amount: shipping.tax_amount.map(|amount| amount.0),
    });
    PricingInput {
        currency,
        mode: body.pricing(),
        prices_include_tax: body.prices_include_tax,
        lines: inputs,
        discounts: body.discounts.clone(),
        shipping,
    }
}

/// Adds the discounts of the order's coupons.
fn coupons(
    body: &NewOrder,
    reference: &Reference,
    buyer: &Buyer,
    lines: &[Ordered],
    on: NaiveDate,
    input: &mut PricingInput,
) -> Result<Vec<CouponUse>, Error> {
    if body.coupon_codes.is_empty() {
        return Ok(vec![]);
    }
    let skus: Vec<&str> = lines.iter().map(|line| line.product.sku.as_str()).collect();
    let customer_id = match buyer {
        Buyer::Known { customer, .. } => Some(customer.id),
        Buyer::Guest(_) => None,
    };
    let buying = Buying {
        customer_id,
        named: buyer.trusted().is_some(),
        recognizable: customer_id.is_some() || buyer.email().is_some(),
        channel: body.channel.as_deref().unwrap_or("direct"),
        currency: input.currency,
        skus: &skus,
        subtotal: Decimal::ZERO,
        on,
    };
    let named = |code: &'_ String| {
        let coupon = reference.coupons.by_code(code);
        coupon.map_or_else(Default::default, |coupon| reference.coupons.standing(coupon.id, customer_id))
    };
    let named: Vec<Named> = body
        .coupon_codes
        .iter()
        .map(|code| Named { code, coupon: reference.coupons.by_code(code), standing: named(code), is_held: false })
        .collect();
    coupons::apply(input, &skus, &buying, &named)
}

fn order(
    request: &Request,
    buyer: &Buyer,
    ordered: &[Ordered],
    input: &PricingInput,
    priced: &Priced,
    addresses: &Addresses,
    context: &Context,
) -> Order {
    let body = &request.body;
    let (customer, bill_to) = buyer.snapshots();
    let currency = input.currency;
    let sales_rep = body.sales_rep.clone().or_else(|| buyer.trusted().and_then(|customer| customer.sales_rep.clone()));
    let document = Document {
        email: buyer.email().map(str::to_owned),
        pricing: input.mode,
        prices_include_tax: input.prices_include_tax,
        discounts: input.discounts.clone(),
        coupon_codes: vec![],
        buyer_vat_state: None,
        shipping_method: body.shipping.as_ref().and_then(|shipping| shipping.method.clone()),
        shipping_tax: Amount(priced.shipping_tax),
        shipping_tax_group: priced.shipping_tax_group,
        tax_breakdown: priced.tax_breakdown.clone(),
        shipping_address: addresses.shipping.clone(),
        billing_address: addresses.billing.clone(),
        payment_terms: String::new(),
        prepaid: false,
        requested_on: body.requested_on,
        on_shortage: body.on_shortage.unwrap_or(OnShortage::Refuse),
        delivery_rule: body.delivery_rule.unwrap_or(DeliveryRule::Partial),
        customer,
        bill_to,
    };
    let lines = ordered.iter().enumerate().map(|(i, ordered)| {
        let (line, price, amounts) = (&body.lines[i], &input.lines[i], &priced.lines[i]);
        OrderLine {
            id: OrderLineId::generate(),
            line_number: i16::try_from(i + 1).unwrap_or(i16::MAX),
            sku: ordered.product.sku.clone(),
            name: ordered.product.name.clone(),
            kind: ordered.product.kind,
            unit: ordered.unit.clone(),
            unit_factor: ordered.factor,
            quantities: LineQuantities::ordered(ordered.quantity),
            original_quantity: ordered.quantity,
            initially_allocated: Decimal::ZERO,
            unit_price: price.unit_price,
            price_quantity: price.price_quantity,
            discount_amount: amounts.discount_amount,
            net_amount: amounts.net_amount,
            tax_category: price.tax.tax_category.clone(),
            tax_rate: price.tax.rate,
            tax_amount: amounts.tax_amount,
            requested_on: line.requested_on.or(body.requested_on),
            first_promised_on: None,
            promised_on: None,
            detail: LineDetail {
                discounts: price.discounts.clone(),
                gross_amount: Amount(amounts.gross_amount),
                order_discount_amount: Amount(amounts.order_discount_amount),
                tax_group: amounts.tax_group,
                quantity_scale: ordered.product.quantity_scale,
                external_line_id: line.external_line_id.clone(),
                customer_sku: line.customer_sku.clone(),
                cancelled_out_of_stock: Decimal::ZERO,
                withheld: Decimal::ZERO,
                waived: Decimal::ZERO,
                invoiced: None,
                external_ids: line.external_ids.clone(),
                metadata: line.metadata.clone(),
            },
        }
    });
    Order {
        organization_id: context.organization_id,
        id: request.order_id,
        number: request.number.clone(),
        version: 1,
        status: if body.draft { OrderStatus::Draft } else { OrderStatus::Confirmed },
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        invoice_status: InvoiceStatus::NotInvoiced,
        payment_status: PaymentStatus::Unpaid,
        return_status: ReturnStatus::None,
        channel: String::new(),
        external_id: body.external_id.clone(),
        customer_id: document.customer.id,
        bill_to_customer_id: document.bill_to.id,
        currency,
        subtotal: priced.subtotal,
        discount_total: priced.discount_total,
        shipping_net: priced.shipping_net,
        tax_total: priced.tax_total,
        total: priced.total,
        amount_invoiced: currency.zero(),
        amount_credited: currency.zero(),
        amount_paid: currency.zero(),
        amount_refunded: currency.zero(),
        amount_authorized: currency.zero(),
        uninvoiced_total: priced.total,
        document,
        detail: Detail {
            contact: body.contact.clone(),
            note: body.note.clone(),
            buyer_reference: body.buyer_reference.clone(),
            delivery_instructions: body.delivery_instructions.clone(),
            external_ids: body.external_ids.clone(),
            metadata: body.metadata.clone(),
            historical: request.historical,
            priority: body.priority.unwrap_or_default(),
            ..Detail::default()
        },
        milestones: Milestones::default(),
        sales_rep,
        purchase_order_number: body.purchase_order_number.clone(),
        ordered_at: context.now,
        updated_at: context.now,
        lines: lines.collect(),
        holds: vec![],
        fulfillment_orders: vec![],
    }
}

/// What speaks against an order now, as holds that are not raised yet. `price_list` is the one that its buyer is entitled to, `paid`
/// what is captured or authorized for it.
pub fn objections(order: &Order, reference: &Reference, price_list: Option<&str>, paid: Decimal, context: &Context) -> Vec<Hold> {
    let mut holds = vec![];
    let mut raise = |code, line, detail: String, data| holds.push(Hold::raise(code, line, detail, data, &context.actor, context.now));
    let blocked = |id| reference.customer(id).is_some_and(|customer| customer.blocked);
    if blocked(order.customer_id) || blocked(order.bill_to_customer_id) {
        raise(HoldCode::CustomerBlocked, None, "the customer is blocked".into(), json!({}));
    }
    for line in order.lines.iter().filter(|line| !line.is_removed()) {
        if reference.product(&line.sku).is_some_and(|product| !product.active) {
            raise(HoldCode::ProductInactive, Some(line.id), format!("{} is no longer sold", line.sku), json!({ "sku": line.sku }));
        }
    }
    if order.document.pricing == Pricing::AsGiven {
        for mismatch in price_mismatches(order, reference, price_list) {
            raise(HoldCode::PriceMismatch, Some(mismatch.0), mismatch.1, mismatch.2);
        }
    }
    if order.document.prepaid && paid < order.total {
        let data = json!({ "required": order.total.to_string(), "paid": paid.to_string() });
        raise(HoldCode::PaymentRequired, None, "prepayment: the order waits for its money".into(), data);
    }
    let goods = order.lines.iter().any(|line| line.kind == ProductKind::Stocked && !line.is_removed());
    if goods && !order.document.shipping_address.as_ref().is_some_and(Address::is_deliverable) {
        raise(HoldCode::AddressIncomplete, None, "a delivery needs line1, city and country".into(), json!({}));
    }
    if let Some(number) = duplicate_of(order, reference) {
        raise(HoldCode::SuspectedDuplicate, None, format!("looks like {number}"), json!({ "number": number }));
    }
    holds
}

fn counts_as_paid(status: Option<MoneyStatus>) -> bool {
    match status.unwrap_or(MoneyStatus::Captured) {
        MoneyStatus::Captured | MoneyStatus::Authorized => true,
        MoneyStatus::Pending
        | MoneyStatus::Voided
        | MoneyStatus::Expired
        | MoneyStatus::Failed
        | MoneyStatus::Reversed
        | MoneyStatus::PartiallyRefunded
        | MoneyStatus::Refunded => false,
    }
}

/// Given prices that differ from ours by more than the channel tolerates (by default one minor unit a line). A product that has
/// no price of ours cannot be compared.
fn price_mismatches(order: &Order, reference: &Reference, price_list: Option<&str>) -> Vec<(OrderLineId, String, serde_json::Value)> {
    let on = order.ordered_at.with_timezone(&reference.company.organization.time_zone).date_naive();
    let tolerance = reference.company.channel(&order.channel).map(|channel| &channel.settings["price_tolerance"]);
    let number = |field: &str| tolerance.and_then(|t| t[field].as_str()).and_then(|text| text.parse::<Decimal>().ok());
    let amount = number("amount").unwrap_or(Decimal::new(1, order.currency.minor_units()));
    let percent = number("percent").unwrap_or(Decimal::ZERO);
    let mut found = vec![];
    for line in &order.lines {
        let base = line.quantities.quantity * line.unit_factor;
        let Some(ours) = reference.price(&line.sku, price_list, order.currency, base, on) else { continue };
        let expected = order.currency.round(base * ours.unit_price.0 / ours.price_quantity.0);
        let given = line.detail.gross_amount.0;
        let tolerated = amount.max(expected * percent / Decimal::ONE_HUNDRED);
        if (given - expected).abs() > tolerated {
            let data = json!({ "sku": line.sku, "given": given.to_string(), "expected": expected.to_string() });
            found.push((line.id, format!("{} is {given} where our price makes {expected}", line.sku), data));
        }
    }
    found
}

/// The number of an order that this one seems to repeat.
fn duplicate_of(order: &Order, reference: &Reference) -> Option<String> {
    let purchase_order = order.purchase_order_number.as_deref().filter(|number| !number.trim().is_empty());
    let same_purchase_order = purchase_order.and_then(|number| {
        let mut others = reference.same_purchase_orders.iter();
        others
            .find(|other| other.customer_id == order.customer_id && other.purchase_order_number == number && other.number != order.number)
            .map(|other| other.number.clone())
    });
    same_purchase_order.or_else(|| {
        let others: Vec<_> = reference.recent_orders.iter().filter(|other| other.customer_id == order.customer_id).collect();
        if others.is_empty() {
            return None;
        }
        let kept = order.lines.iter().filter(|line| !line.is_removed());
        let mut lines: Vec<(String, String, Decimal)> =
            kept.map(|line| (line.sku.clone(), line.unit.clone(), line.quantities.quantity)).collect();
        lines.sort();
        let same = |other: &&&super::reference::RecentOrder| {
            other.channel != order.channel && other.currency == order.currency && other.total == order.total && other.lines == lines
        };
        others.iter().find(same).map(|other| other.number.clone())
    })
}
