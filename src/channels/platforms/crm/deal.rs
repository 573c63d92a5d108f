//! A deal, opportunity or order as its CRM has it, and the order that follows from it. Pure.

use crate::customers::matching::Party;
use crate::inbox::Reason;
use crate::order_to_cash::shop_orders::{Places, ShopOrder};
use crate::orders::body::{InlineCustomer, NewOrder, NewOrderLine};
use crate::orders::discount::Discount;
use crate::orders::order::OnShortage;
use crate::orders::pricing::Pricing;
use crate::types::address::{Address, Contact};
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::{Amount, Percent, Quantity, UnitPrice};
use crate::types::id::CustomerId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A deal as its CRM has it now.
#[derive(Clone, Debug)]
pub struct Deal {
    pub external_id: String,
    /// When the CRM last changed it or one of its lines.
    pub version_at: DateTime<Utc>,
    /// Whether it is to be delivered: closed as won, or activated.
    pub won: bool,
    /// Absent in a CRM of one currency.
    pub currency: Option<Currency>,
    /// What the CRM shows as its amount, to be compared with the lines.
    pub amount: Option<Decimal>,
    pub lines: Vec<DealLine>,
    pub buyer: Option<Party>,
    pub contact: Option<Contact>,
    /// Where the deal itself says so.
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    pub sales_rep: Option<String>,
    pub closed_at: Option<DateTime<Utc>>,
    pub requested_on: Option<NaiveDate>,
    pub purchase_order_number: Option<String>,
    pub note: Option<String>,
    pub metadata: Map<String, Value>,
}

/// One line of a deal. Amounts are in the deal's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DealLine {
    pub external_id: String,
    pub sku: Option<String>,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub discount: DealDiscount,
    /// Where the CRM states one; else it is computed here.
    pub tax_amount: Option<Decimal>,
    /// After discount, before tax, as the CRM shows it.
    pub net_amount: Option<Decimal>,
    /// Where it stands, for reasons.
    pub pointer: String,
    /// The name of the field of the SKU in the CRM.
    pub sku_field: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DealDiscount {
    None,
    /// Of the whole line.
    Amount(Decimal),
    /// In hundred.
    Percent(Decimal),
}

impl DealLine {
    /// Zero where it is beyond all reason; the order is then refused for its quantity or price.
    fn gross(&self) -> Decimal {
        self.quantity.checked_mul(self.unit_price).filter(is_money).unwrap_or_default()
    }

    /// What the line's discount comes to. Where the CRM shows what is left, that counts: it is what the customer has agreed to.
    fn discount(&self, places: u32) -> Option<Discount> {
        let of = |amount: Decimal| Some(Discount { amount: Some(Amount(rounded(amount, places))), ..Discount::default() });
        let left = self.net_amount.filter(is_money).map(|net| self.gross() - net).filter(|off| !off.is_sign_negative());
        match (&self.discount, left) {
            // A percentage that comes to just that stays one, as a person would have agreed on it.
            (DealDiscount::Percent(percent), left) if is_a_percent(*percent) => {
                let off = rounded(self.gross() * *percent / Decimal::ONE_HUNDRED, places);
                match left {
                    Some(left) if rounded(left, places) != off => of(left),
                    _ => Some(Discount { percent: Some(Percent(percent.normalize())), ..Discount::default() }),
                }
            }
            (_, Some(left)) => of(left),
            (DealDiscount::Amount(amount), None) if is_money(amount) => of(*amount),
            (DealDiscount::Amount(_) | DealDiscount::Percent(_) | DealDiscount::None, None) => None,
        }
        .filter(|discount| discount.percent.is_some() || discount.amount.is_some_and(|amount| !amount.0.is_zero()))
    }

    /// After discount, before tax, as it will stand on the order.
    fn net(&self, places: u32) -> Decimal {
        let discount = self.discount(places);
        let off = match discount {
            Some(Discount { percent: Some(percent), .. }) => self.gross() * percent.0 / Decimal::ONE_HUNDRED,
            Some(Discount { amount: Some(amount), .. }) => amount.0,
            Some(_) | None => Decimal::ZERO,
        };
        rounded(self.gross() - rounded(off, places), places)
    }
}

/// Whether it can be computed with: 16 digits before the point are more than any order has.
fn is_money(amount: &Decimal) -> bool {
    amount.abs() < Decimal::from(10_000_000_000_000_000u64)
}

fn is_a_percent(percent: Decimal) -> bool {
    percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.normalize().scale() <= 4
}

/// Who buys, as settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Buyer {
    Customer(CustomerId),
    /// By name and address alone.
    Guest {
        name: String,
        email: Option<String>,
        phone: Option<String>,
    },
}

impl Deal {
    /// Why no order can be made of it as it is; somebody may still correct it in the CRM.
    pub fn lacks(&self) -> Option<Reason> {
        if self.lines.is_empty() {
            return Some(Reason::new("no_lines", "it is won, but has no line items; add them in the CRM", ""));
        }
        let missing = self.lines.iter().find(|line| line.sku.is_none());
        let reason = |line: &DealLine| {
            let detail = format!("the line has no SKU ({}); give its product one in the CRM", line.sku_field);
            Reason::new("sku_missing", detail, format!("{}/{}", line.pointer, line.sku_field))
        };
        missing
            .map(reason)
            .or_else(|| self.buyer.is_none().then(|| Reason::new("no_buyer", "neither a company nor a contact belongs to it", "")))
    }

    /// The order that it asks for.
    pub fn shop_order(&self, buyer: &Buyer, now: DateTime<Utc>) -> ShopOrder {
        let places_of_currency = self.currency.map_or(2, Currency::minor_units);
        let system = self.buyer.as_ref().map(|buyer| buyer.system.to_string());
        let named = |id: &String| system.iter().map(|system| (system.clone(), id.clone())).collect::<BTreeMap<_, _>>();
        let mut places = Places::default();
        let mut lines = Vec::with_capacity(self.lines.len());
        for (i, line) in self.lines.iter().enumerate() {
            places.note(format!("/lines/{i}"), line.pointer.clone());
            places.note(format!("/lines/{i}/sku"), format!("{}/{}", line.pointer, line.sku_field));
            lines.push(NewOrderLine {
                sku: line.sku.clone().unwrap_or_default(),
                quantity: Quantity(line.quantity.normalize()),
                unit_price: Some(UnitPrice(line.unit_price.normalize())),
                discounts: line.discount(places_of_currency).into_iter().collect(),
                tax_amount: line.tax_amount.map(|tax| Amount(rounded(tax, places_of_currency))),
                tax_rate: None,
                tax_name: None,
                external_line_id: Some(line.external_id.clone()),
                unit: None,
                requested_on: None,
                customer_sku: None,
                external_ids: named(&line.external_id),
                metadata: Map::new(),
            });
        }
        let (customer_id, guest) = match buyer {
            Buyer::Customer(id) => (Some(*id), InlineCustomer { name: String::new(), email: None, phone: None }),
            Buyer::Guest { name, email, phone } => {
                (None, InlineCustomer { name: name.clone(), email: email.clone(), phone: phone.clone() })
            }
        };
        let blank = NewOrder::of_guest(guest);
        // A customer has its addresses with us.
        let of_buyer = |address: fn(&Party) -> &Option<Address>| {
            self.buyer.as_ref().filter(|_| customer_id.is_none()).and_then(|buyer| address(buyer).clone())
        };
        let order = NewOrder {
            customer_id,
            customer: blank.customer.clone().filter(|_| customer_id.is_none()),
            currency: self.currency,
            // A date in the future is when it is expected to close, and one that is long past says nothing of today's order.
            ordered_at: self.closed_at.filter(|at| *at <= now && *at > now - TimeDelta::days(300)),
            pricing: Some(Pricing::AsGiven),
            lines,
            shipping_address: self.shipping_address.clone().or_else(|| of_buyer(|party| &party.shipping_address)),
            billing_address: self.billing_address.clone().or_else(|| of_buyer(|party| &party.billing_address)),
            requested_on: self.requested_on,
            sales_rep: self.sales_rep.clone(),
            purchase_order_number: self.purchase_order_number.clone(),
            contact: self.contact.clone(),
            // What was sold is sold: what is short waits for supply.
            on_shortage: Some(OnShortage::Backorder),
            note: self.note.clone(),
            external_ids: named(&self.external_id),
            metadata: self.metadata.clone(),
            ..blank
        };
        ShopOrder {
            external_id: self.external_id.clone(),
            version_at: self.version_at,
            order,
            cancelled: None,
            payments: vec![],
            refunds: vec![],
            fulfillments: vec![],
            doubts: self.doubts(places_of_currency),
            places,
        }
    }

    /// An amount that is neither that of the lines nor that with their tax is for a person to look at before anything ships.
    fn doubts(&self, places: u32) -> Vec<Reason> {
        let Some(amount) = self.amount.filter(is_money) else { return vec![] };
        let net: Decimal = self.lines.iter().map(|line| line.net(places)).sum();
        let tax: Decimal = self.lines.iter().filter_map(|line| line.tax_amount.filter(is_money)).sum();
        let off = Decimal::new(i64::try_from(self.lines.len()).unwrap_or(1).max(1), places);
        if (amount - net).abs() <= off || (amount - net - tax).abs() <= off {
            return vec![];
        }
        vec![Reason::new("total_mismatch", format!("the amount is {amount}, the lines come to {net}"), "/amount")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn line(quantity: &str, price: &str, discount: DealDiscount, net: Option<&str>) -> DealLine {
        DealLine {
            external_id: "1".into(),
            sku: Some("KOPI-250".into()),
            quantity: dec(quantity),
            unit_price: dec(price),
            discount,
            tax_amount: None,
            net_amount: net.map(dec),
            pointer: "/line_items/1".into(),
            sku_field: "hs_sku",
        }
    }

    /// Worked by hand: quantity × price, less what is off, rounded half away from zero to the currency's places.
    #[test]
    fn discounts_leave_what_the_crm_shows() {
        let percent = |text: &str| DealDiscount::Percent(dec(text));
        let table = [
            (line("10", "12.50", DealDiscount::None, None), "", "125.00"),
            (line("10", "12.50", percent("10"), None), "10 %", "112.50"),
            (line("10", "12.50", percent("10"), Some("112.5")), "10 %", "112.50"),
            // A price list that rounds otherwise: what is shown counts.
            (line("3", "9.99", percent("15"), Some("25.48")), "4.49", "25.48"),
            (line("3", "9.99", percent("15"), Some("25.47")), "15 %", "25.47"),
            (line("2", "100", DealDiscount::Amount(dec("15")), None), "15.00", "185.00"),
            (line("2", "100", DealDiscount::Amount(dec("15")), Some("180")), "20.00", "180.00"),
            (line("2", "100", DealDiscount::None, Some("200.00")), "", "200.00"),
            // More than the gross is no discount, and the amount is doubted elsewhere.
            (line("2", "100", DealDiscount::None, Some("250")), "", "200.00"),
            (line("2", "100", percent("140"), None), "", "200.00"),
            (line("0.333", "10", DealDiscount::None, None), "", "3.33"),
        ];
        for (line, off, net) in table {
            let discount = line.discount(2).map(|discount| match (discount.amount, discount.percent) {
                (Some(amount), _) => format!("{:.2}", amount.0),
                (None, percent) => format!("{} %", percent.unwrap_or_default().0),
            });
            assert_eq!(discount.unwrap_or_default(), off, "{line:?}");
            assert_eq!(format!("{:.2}", line.net(2)), net, "{line:?}");
        }
    }
}
