//! From a request to an order: who buys, what it costs, what speaks against it. Pure; stock comes after, in `promise`.

mod buyer;
mod objections;

pub use objections::objections;

use super::body::NewOrder;
use super::coupons::{self, CouponUse, Named};
use super::dates::Dates;
use super::given_tax::{self, STANDARD, Told};
use super::milestones::Milestones;
use super::order::{DeliveryRule, Detail, Document, LineDetail, OnShortage, Order, OrderLine};
use super::pricing::{self, LineInput, Priced, Pricing, PricingInput, ShippingInput};
use super::quantities::LineQuantities;
use super::reference::{Product, Reference};
use super::status::{FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, ReturnStatus};
use super::tax::TaxRule;
use super::tax_treatment::TaxedBuyer;
use super::taxation::{Places, Taxation};
use crate::auth::actor::Context;
use crate::catalog::coupons::judge::Buying;
use crate::catalog::product_kind::ProductKind;
use crate::customers::guests::NewGuest;
use crate::error::Error;
use crate::payments::payment::PaymentStatus as MoneyStatus;
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{CustomerId, OrderId, OrderLineId};
use crate::types::tax_id;
use buyer::{Addresses, Buyer, addresses, buyer, payment_terms};
use chrono::NaiveDate;
use rust_decimal::Decimal;

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
        let own = own.filter(|_| !body.buyers_prices || listed().is_some());
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
    let mut input = PricingInput {
        currency,
        mode: body.pricing(),
        prices_include_tax: body.prices_include_tax,
        lines: inputs,
        discounts: body.discounts.clone(),
        shipping,
    };
    if input.mode == Pricing::AsGiven {
        let told = |(line, ordered): (&super::body::NewOrderLine, &Ordered)| {
            let category = ordered.product.tax_category.clone();
            Some(Told { rate: line.tax_rate.map(|rate| rate.0), name: line.tax_name.clone(), category, kept: None })
        };
        let told: Vec<Option<Told>> = body.lines.iter().zip(lines).map(told).collect();
        let of_shipping = body.shipping.as_ref().map(|shipping| Told {
            rate: shipping.tax_rate.map(|rate| rate.0),
            name: shipping.tax_name.clone(),
            category: STANDARD.to_owned(),
            kept: None,
        });
        given_tax::take(&mut input, &told, of_shipping.as_ref());
    }
    input
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
