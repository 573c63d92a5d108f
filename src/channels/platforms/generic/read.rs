//! Reading a message by a mapping.

use super::super::reading::{AddressFields, Node, Read, address, bounded};
use super::mapping::{MappedAddress, Mapping};
use crate::channels::body::ChannelSettings;
use crate::inbox::Reason;
use crate::order_to_cash::shop_orders::figures::{Figures, LineFigures, LinePrice, ShippingFigures, ShopTax, discount};
use crate::order_to_cash::shop_orders::{Places, ShopCancellation, ShopOrder, ShopPayment};
use crate::orders::body::{InlineCustomer, NewOrder};
use crate::orders::order::CancelCode;
use crate::payments::payment::PaymentMethod;
use crate::platform::limits;
use crate::types::address::Address;
use crate::types::currency::Currency;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A value that a pointer leads to, or that stands in the mapping itself.
pub enum Source<'a> {
    There(Node<'a>),
    Constant(String, Value),
}

/// What a pointer or constant of the mapping gives; `None` where there is no mapping for it.
pub fn source<'a>(from: &Node<'a>, pointer: Option<&str>) -> Option<Source<'a>> {
    let pointer = pointer?;
    if let Some(constant) = pointer.strip_prefix('=') {
        return Some(Source::Constant(from.pointer.clone(), Value::String(constant.to_owned())));
    }
    static NOTHING: Value = Value::Null;
    let value = from.value.pointer(pointer).unwrap_or(&NOTHING);
    Some(Source::There(Node { value, pointer: format!("{}{pointer}", from.pointer) }))
}

impl Source<'_> {
    pub fn node(&self) -> Node<'_> {
        match self {
            Self::There(node) => Node { value: node.value, pointer: node.pointer.clone() },
            Self::Constant(pointer, value) => Node { value, pointer: pointer.clone() },
        }
    }

    pub fn text(&self, max: usize) -> Option<String> {
        self.node().text(max)
    }

    pub fn prose(&self, max: usize) -> Option<String> {
        self.node().prose(max)
    }
}

const METHODS: &[(&str, PaymentMethod)] = &[
    ("bank_transfer", PaymentMethod::BankTransfer),
    ("card", PaymentMethod::Card),
    ("cash", PaymentMethod::Cash),
    ("e_wallet", PaymentMethod::EWallet),
];

impl Mapping {
    /// The order that a message makes; `None` for one whose topic makes none.
    pub fn read(&self, body: &Node, settings: &ChannelSettings, received_at: DateTime<Utc>) -> Read<Option<ShopOrder>> {
        let at = |pointer: &Option<String>| source(body, pointer.as_deref());
        if !self.topics.is_empty() {
            let topic = at(&self.topic).and_then(|topic| topic.text(100)).unwrap_or_default();
            if !self.topics.contains(&topic) {
                return Ok(None);
            }
        }
        let needed = |pointer: &Option<String>, name: &str| {
            at(pointer).ok_or_else(|| body.fault("mapping_incomplete", format!("settings.mapping does not say where {name} stands")))
        };
        let external_id = needed(&self.external_id, "external_id")?.node().id()?;
        let currency = needed(&self.currency, "currency")?.node().currency()?;
        let mut places = Places::default();
        let mut order = NewOrder::of_guest(self.customer(body, &mut places)?);
        let doubts = self.figures(body, currency, settings)?.write(&mut order, &mut places);
        order.ordered_at = at(&self.ordered_at).map(|node| node.node().utc_instant()).transpose()?.flatten();
        order.shipping_address = self.shipping_address.as_ref().map(|mapped| mapped.read(body)).transpose()?.flatten();
        order.billing_address = self.billing_address.as_ref().map(|mapped| mapped.read(body)).transpose()?.flatten();
        order.note = at(&self.note).and_then(|node| node.prose(5000));
        order.purchase_order_number = at(&self.purchase_order_number).and_then(|node| node.text(100));
        let version_at = at(&self.version_at).map(|node| node.node().utc_instant()).transpose()?.flatten();
        let captured = self.paid(body, currency, &order)?;
        Ok(Some(ShopOrder {
            version_at: version_at.unwrap_or(received_at),
            cancelled: self.cancelled(body),
            payments: vec![ShopPayment {
                reference: format!("shop-{external_id}"),
                method: self.method(body),
                authorized: currency.zero(),
                captured,
            }],
            refunds: vec![],
            fulfillments: vec![],
            external_id,
            order,
            doubts,
            places,
        }))
    }

    fn customer(&self, body: &Node, places: &mut Places) -> Read<InlineCustomer> {
        let text = |pointer: &Option<String>, max| source(body, pointer.as_deref()).and_then(|node| node.text(max));
        let (email, phone) = (text(&self.customer.email, 254), text(&self.customer.phone, 50));
        for (name, pointer) in [("name", &self.customer.name), ("email", &self.customer.email), ("phone", &self.customer.phone)] {
            if let Some(Source::There(node)) = source(body, pointer.as_deref()) {
                places.note(format!("/customer/{name}"), node.pointer);
            }
        }
        let name = text(&self.customer.name, 200).or_else(|| email.clone()).or_else(|| phone.clone());
        let name = name.ok_or_else(|| body.fault("customer_missing", "the order names nobody: neither name, e-mail nor phone"))?;
        Ok(InlineCustomer { name, email, phone })
    }

    fn figures(&self, body: &Node, currency: Currency, settings: &ChannelSettings) -> Read<Figures> {
        let at = |pointer: &Option<String>| source(body, pointer.as_deref());
        let money = |pointer: &Option<String>| at(pointer).map(|node| node.node().positive(currency)).transpose();
        let list =
            at(&self.lines.items).ok_or_else(|| body.fault("mapping_incomplete", "settings.mapping does not say where lines stand"))?;
        let list = list.node();
        if !list.value.is_array() {
            return Err(list.fault("lines_missing", "there is no list of lines here"));
        }
        let items = list.items();
        if items.len() > limits::ORDER_LINES {
            return Err(list.fault("too_many_items", format!("at most {} lines", limits::ORDER_LINES)));
        }
        let mut lines = vec![];
        for (i, item) in items.iter().enumerate() {
            lines.push(self.line(item, i, currency)?);
        }
        let mut discounts = vec![];
        if let Some(amount) = money(&self.discount)?.filter(|amount| !amount.is_zero()) {
            discounts.push(discount(amount, None, None));
        }
        let mut shipping = None;
        if let Some(mapped) = &self.shipping {
            let node = at(&mapped.amount);
            let pointer = node.as_ref().map(|node| node.node().pointer).unwrap_or_default();
            shipping = Some(ShippingFigures {
                method: at(&mapped.method).and_then(|node| node.text(100)),
                amount: money(&mapped.amount)?.unwrap_or(currency.zero()),
                tax: money(&mapped.tax)?.unwrap_or(currency.zero()),
                rates: ShopTax::default(),
                pointer,
            });
        }
        let total = at(&self.total);
        let total_pointer = total.as_ref().map(|node| node.node().pointer).unwrap_or_default();
        let is_null = total.as_ref().is_none_or(|node| node.node().is_null());
        Ok(Figures {
            currency,
            prices_include_tax: at(&self.prices_include_tax).is_some_and(|node| is_true(&node)),
            lines,
            shipping,
            extras: vec![],
            discounts,
            tax_total: money(&self.tax_total)?,
            total: if is_null { None } else { money(&self.total)? },
            total_pointer,
            fee_sku: settings.fee_sku.clone(),
        })
    }

    fn line(&self, item: &Node, i: usize, currency: Currency) -> Read<LineFigures> {
        let at = |pointer: &Option<String>| source(item, pointer.as_deref());
        let mapped = &self.lines;
        let quantity = match at(&mapped.quantity) {
            Some(node) => node.node().quantity()?,
            None => None,
        };
        let quantity = quantity.filter(|quantity| *quantity > Decimal::ZERO);
        let quantity = quantity.ok_or_else(|| item.fault("quantity_missing", "there is no quantity above 0"))?;
        let not_negative = |node: &Source| match node.node().decimal()? {
            Some(price) if price < Decimal::ZERO => Err(node.node().fault("out_of_range", "must not be negative")),
            price => Ok(price.unwrap_or_default()),
        };
        let price = match (at(&mapped.unit_price), at(&mapped.amount)) {
            (Some(node), _) => LinePrice::Unit(not_negative(&node)?),
            (None, Some(node)) => LinePrice::Line(not_negative(&node)?),
            (None, None) => return Err(item.fault("mapping_incomplete", "settings.mapping does not say where the price stands")),
        };
        let off = at(&mapped.discount).map(|node| node.node().positive(currency)).transpose()?.filter(|amount| !amount.is_zero());
        let tax = at(&mapped.tax).filter(|node| !node.node().is_null()).map(|node| node.node().positive(currency)).transpose()?;
        let name = at(&mapped.name).and_then(|node| node.text(200)).map_or(Value::Null, Value::String);
        let external_line_id = at(&mapped.external_line_id).and_then(|node| node.text(200)).unwrap_or_else(|| (i + 1).to_string());
        Ok(LineFigures {
            external_line_id,
            sku: at(&mapped.sku).and_then(|node| node.text(64)).unwrap_or_default(),
            quantity,
            price,
            discounts: off.into_iter().map(|amount| discount(amount, None, None)).collect(),
            tax,
            rates: ShopTax::default(),
            external_ids: BTreeMap::new(),
            metadata: if name.is_null() { Map::new() } else { bounded([("name", name)], 1024) },
            pointer: item.pointer.clone(),
            sku_pointer: at(&mapped.sku).map(|node| node.node().pointer).unwrap_or_default(),
        })
    }

    /// Everything where it says true, else the amount that it says.
    fn paid(&self, body: &Node, currency: Currency, order: &NewOrder) -> Read<Decimal> {
        let Some(node) = source(body, self.paid.as_deref()) else { return Ok(currency.zero()) };
        if !is_true(&node) {
            return match node.node().value {
                Value::Bool(_) => Ok(currency.zero()),
                _ => node.node().positive(currency),
            };
        }
        if let Some(total) = source(body, self.total.as_deref()) {
            return total.node().positive(currency);
        }
        let lines = order.lines.iter().map(|line| {
            let price = line.unit_price.map_or(Decimal::ZERO, |price| price.0);
            let off: Decimal = line.discounts.iter().filter_map(|discount| discount.amount).map(|amount| amount.0).sum();
            let tax = if order.prices_include_tax { Decimal::ZERO } else { line.tax_amount.map_or(Decimal::ZERO, |tax| tax.0) };
            currency.round(line.quantity.0 * price) - off + tax
        });
        let off: Decimal = order.discounts.iter().filter_map(|discount| discount.amount).map(|amount| amount.0).sum();
        let shipping = order.shipping.as_ref().map_or(Decimal::ZERO, |shipping| {
            let tax = if order.prices_include_tax { Decimal::ZERO } else { shipping.tax_amount.map_or(Decimal::ZERO, |tax| tax.0) };
            shipping.amount.0 + tax
        });
        Ok((lines.sum::<Decimal>() - off + shipping).max(currency.zero()))
    }

    fn method(&self, body: &Node) -> PaymentMethod {
        let name = source(body, self.payment_method.as_deref()).and_then(|node| node.text(50)).unwrap_or_default();
        METHODS.iter().find(|(known, _)| *known == name).map_or(PaymentMethod::Other, |(_, method)| *method)
    }

    fn cancelled(&self, body: &Node) -> Option<ShopCancellation> {
        let node = source(body, self.cancelled.as_deref())?;
        let said = node.text(100);
        let cancelled = match &said {
            _ if node.node().is_true() => true,
            Some(text) if !self.cancelled_values.is_empty() => self.cancelled_values.contains(text),
            Some(text) => text != "false" && text != "0",
            None => false,
        };
        cancelled.then_some(ShopCancellation { code: CancelCode::CustomerRequest, detail: said })
    }
}

fn is_true(source: &Source) -> bool {
    source.node().is_true() || source.text(10).as_deref() == Some("true")
}

impl MappedAddress {
    fn read(&self, body: &Node) -> Read<Option<Address>> {
        const OURS: AddressFields = AddressFields {
            line1: "line1",
            line2: "line2",
            city: "city",
            region: "region",
            postal_code: "postal_code",
            country: "country",
        };
        let mut found = Map::new();
        for (name, pointer) in self.fields() {
            if let Some(text) = source(body, pointer.as_deref()).and_then(|node| node.text(200)) {
                found.insert(name.to_owned(), Value::String(text));
            }
        }
        let found = Value::Object(found);
        address(&Node::root(&found), &OURS).map_err(|reason| {
            let place = source(body, self.country.as_deref()).map(|node| node.node().pointer).unwrap_or_default();
            Reason { pointer: place, ..reason }
        })
    }
}
