//! Where in a shop's message what stands: JSON pointers (RFC 6901), or `=` and the value itself where it is always the same.

use crate::types::absent::null_is_default;
use crate::types::fault::Faults;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a message says what. Each is a JSON pointer such as `/order/id`, or `=` and a value that is always the same, such as `=IDR`;
/// those of `lines` start at a line. What is absent is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"external_id": "/id", "version_at": "/updated_at", "currency": "=IDR", "total": "/total", "customer": {"name": "/buyer/name", "email": "/buyer/email"},
    "lines": {"items": "/items", "external_line_id": "/id", "sku": "/sku", "quantity": "/qty", "unit_price": "/price", "tax": "/tax"}}))]
pub struct Mapping {
    /// The shop's id of the order. Needed.
    #[serde(default)]
    pub external_id: Option<String>,
    /// What kind of message it is; with `topics` others make no order.
    #[serde(default)]
    pub topic: Option<String>,
    /// Topics that tell of orders. Empty: all.
    #[serde(default, deserialize_with = "null_is_default")]
    pub topics: Vec<String>,
    /// When the shop last changed it (RFC 3339). Absent: when the message came.
    #[serde(default)]
    pub version_at: Option<String>,
    #[serde(default)]
    pub ordered_at: Option<String>,
    /// ISO 4217. Needed.
    #[serde(default)]
    pub currency: Option<String>,
    /// True where prices include tax.
    #[serde(default)]
    pub prices_include_tax: Option<String>,
    /// What the buyer pays in all; the order is held where the parts do not make it.
    #[serde(default)]
    pub total: Option<String>,
    /// The tax of everything, where lines do not say theirs.
    #[serde(default)]
    pub tax_total: Option<String>,
    /// A discount on the whole order that is not inside its lines.
    #[serde(default)]
    pub discount: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub customer: MappedCustomer,
    #[serde(default, deserialize_with = "null_is_default")]
    pub lines: MappedLines,
    #[serde(default)]
    pub shipping: Option<MappedShipping>,
    #[serde(default)]
    pub shipping_address: Option<MappedAddress>,
    #[serde(default)]
    pub billing_address: Option<MappedAddress>,
    /// How much of it is paid, or true where all of it is.
    #[serde(default)]
    pub paid: Option<String>,
    /// `bank_transfer`, `card`, `cash`, `e_wallet` or `other`.
    #[serde(default)]
    pub payment_method: Option<String>,
    /// Where it says that it is cancelled: true, an instant, or one of `cancelled_values`.
    #[serde(default)]
    pub cancelled: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = json!(["cancelled", "void"]))]
    pub cancelled_values: Vec<String>,
    #[serde(default)]
    pub purchase_order_number: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// Who buys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedCustomer {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
}

/// The lines; the other pointers start at one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedLines {
    /// The list of lines. Needed.
    #[serde(default)]
    pub items: Option<String>,
    /// Absent: the place of the line in the list.
    #[serde(default)]
    pub external_line_id: Option<String>,
    /// Needed.
    #[serde(default)]
    pub sku: Option<String>,
    /// Needed.
    #[serde(default)]
    pub quantity: Option<String>,
    /// This or `amount` is needed.
    #[serde(default)]
    pub unit_price: Option<String>,
    /// Of the whole line, before its discount.
    #[serde(default)]
    pub amount: Option<String>,
    /// An amount off the whole line.
    #[serde(default)]
    pub discount: Option<String>,
    #[serde(default)]
    pub tax: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedShipping {
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub amount: Option<String>,
    #[serde(default)]
    pub tax: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedAddress {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub company: Option<String>,
    #[serde(default)]
    pub line1: Option<String>,
    #[serde(default)]
    pub line2: Option<String>,
    #[serde(default)]
    pub city: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
}

impl Mapping {
    fn pointers(&self) -> Vec<(String, Option<&String>)> {
        let mut all: Vec<(String, Option<&String>)> = [
            ("external_id", &self.external_id),
            ("topic", &self.topic),
            ("version_at", &self.version_at),
            ("ordered_at", &self.ordered_at),
            ("currency", &self.currency),
            ("prices_include_tax", &self.prices_include_tax),
            ("total", &self.total),
            ("tax_total", &self.tax_total),
            ("discount", &self.discount),
            ("customer/name", &self.customer.name),
            ("customer/email", &self.customer.email),
            ("customer/phone", &self.customer.phone),
            ("lines/items", &self.lines.items),
            ("lines/external_line_id", &self.lines.external_line_id),
            ("lines/sku", &self.lines.sku),
            ("lines/quantity", &self.lines.quantity),
            ("lines/unit_price", &self.lines.unit_price),
            ("lines/amount", &self.lines.amount),
            ("lines/discount", &self.lines.discount),
            ("lines/tax", &self.lines.tax),
            ("lines/name", &self.lines.name),
            ("paid", &self.paid),
            ("payment_method", &self.payment_method),
            ("cancelled", &self.cancelled),
            ("purchase_order_number", &self.purchase_order_number),
            ("note", &self.note),
        ]
        .into_iter()
        .map(|(name, pointer)| (name.to_owned(), pointer.as_ref()))
        .collect();
        if let Some(shipping) = &self.shipping {
            let fields = [("method", &shipping.method), ("amount", &shipping.amount), ("tax", &shipping.tax)];
            all.extend(fields.into_iter().map(|(name, pointer)| (format!("shipping/{name}"), pointer.as_ref())));
        }
        for (place, mapped) in [("shipping_address", &self.shipping_address), ("billing_address", &self.billing_address)] {
            let fields = mapped.iter().flat_map(|address| address.fields());
            all.extend(fields.map(|(name, pointer)| (format!("{place}/{name}"), pointer.as_ref())));
        }
        all
    }

    /// Adds what is missing or no pointer.
    pub fn check(&self, faults: &mut Faults, here: &str) {
        for (name, pointer) in self.pointers() {
            let Some(pointer) = pointer else { continue };
            let detail = "write a JSON pointer (RFC 6901) such as /order/id, or = and a value that is always the same";
            faults.require(is_source(pointer), format!("{here}/{name}"), "invalid_pointer", detail);
        }
        let needed = [
            ("external_id", self.external_id.is_some()),
            ("currency", self.currency.is_some()),
            ("customer", self.customer != MappedCustomer::default()),
            ("lines/items", self.lines.items.as_ref().is_some_and(|items| items.starts_with('/') || items.is_empty())),
            ("lines/sku", self.lines.sku.is_some()),
            ("lines/quantity", self.lines.quantity.is_some()),
        ];
        for (name, there) in needed {
            faults.require(there, format!("{here}/{name}"), "required", "an order cannot be made without it");
        }
        let price = self.lines.unit_price.is_some() != self.lines.amount.is_some();
        faults.require(price, format!("{here}/lines/unit_price"), "exactly_one_of", "say where unit_price or amount stands");
        for (name, values) in [("topics", &self.topics), ("cancelled_values", &self.cancelled_values)] {
            faults.require(values.len() <= 50, format!("{here}/{name}"), "too_many_items", "at most 50");
            let short = values.iter().all(|value| (1..=100).contains(&value.chars().count()));
            faults.require(short, format!("{here}/{name}"), "too_long", "1 to 100 characters each");
        }
    }
}

impl MappedAddress {
    pub(super) fn fields(&self) -> [(&'static str, &Option<String>); 9] {
        [
            ("name", &self.name),
            ("company", &self.company),
            ("line1", &self.line1),
            ("line2", &self.line2),
            ("city", &self.city),
            ("region", &self.region),
            ("postal_code", &self.postal_code),
            ("country", &self.country),
            ("phone", &self.phone),
        ]
    }
}

/// A JSON pointer, or a constant.
fn is_source(text: &str) -> bool {
    if let Some(constant) = text.strip_prefix('=') {
        return (1..=200).contains(&constant.chars().count()) && !constant.chars().any(char::is_control);
    }
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.len() <= 300 && (text.is_empty() || text.starts_with('/')) && escapes && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_constants_are_told_from_anything_else() {
        for (text, fits) in [("/a/b~1c", true), ("", true), ("=IDR", true), ("a/b", false), ("/a~2", false), ("=", false), ("/a\n", false)]
        {
            assert_eq!(is_source(text), fits, "{text}");
        }
    }

    #[test]
    fn a_mapping_says_what_it_lacks() {
        let mut faults = Faults::new();
        Mapping { external_id: Some("id".into()), ..Mapping::default() }.check(&mut faults, "/settings/mapping");
        let found: Vec<String> = faults.into_result().unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(
            found,
            [
                "/settings/mapping/external_id",
                "/settings/mapping/currency",
                "/settings/mapping/customer",
                "/settings/mapping/lines/items",
                "/settings/mapping/lines/sku",
                "/settings/mapping/lines/quantity",
                "/settings/mapping/lines/unit_price",
            ]
        );
    }
}
