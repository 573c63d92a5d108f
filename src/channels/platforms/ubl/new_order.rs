//! From a UBL order to one of ours. Pure.

use super::order::{AllowanceCharge, Line, UblOrder};
use crate::catalog::products::named::Named;
use crate::channels::platforms::parts;
use crate::error::Error;
use crate::orders::body::NewOrder;
use crate::platform::http::from_value;
use crate::types::address::Address;
use crate::types::fault::{Fault, Faults};
use crate::types::id::CustomerId;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Places of a price per unit.
const PRICE_PLACES: u32 = 6;

/// Where it is to be delivered; `None` where the document leaves that to us.
pub fn address(order: &UblOrder) -> Option<Address> {
    let place = order.delivery.as_ref()?;
    let shorter = |text: &Option<String>| parts::line(text.as_deref(), 200);
    Some(Address {
        name: None,
        company: shorter(&place.name),
        line1: shorter(&place.line1).unwrap_or_default(),
        line2: shorter(&place.line2),
        city: shorter(&place.city).unwrap_or_default(),
        region: shorter(&place.region),
        postal_code: shorter(&place.postal_code),
        country: place.country.clone()?,
        phone: shorter(&place.phone),
    })
}

/// The sender's id of the order: buyers number their orders each for himself.
pub fn external_id(order: &UblOrder) -> String {
    let buyer = order.buyer.all_identifiers().first().map(|id| match &id.scheme {
        Some(scheme) => format!("{scheme}:{}/", id.value),
        None => format!("{}/", id.value),
    });
    let id = format!("{}{}", buyer.unwrap_or_default(), order.id);
    id.chars().take(255).collect()
}

/// The order as `POST /v1/orders` takes it. Where every line has a price, prices are the buyer's (`as_given`), so that one that is not
/// ours holds the order for `price_mismatch`, and where we have none the order is not placed.
pub fn new_order(order: &UblOrder, channel: &str, customer_id: CustomerId, named: &Named) -> Result<NewOrder, Vec<Fault>> {
    let mut faults = Faults::new();
    let as_given = order.lines.iter().all(|line| line.price.is_some());
    let lines: Vec<Value> = order.lines.iter().map(|line| self::line(line, as_given, named, &mut faults)).collect();
    let (charges, allowances): (Vec<_>, Vec<_>) = order.allowances.iter().partition(|allowance| allowance.is_charge);
    let without_price = !as_given && !order.allowances.is_empty();
    faults.require(!without_price, "/Order/cac:AllowanceCharge", "price_missing", "allowances and charges want a price on each line");
    let shipping = (!charges.is_empty()).then(|| {
        let amount: Decimal = charges.iter().map(|charge| charge.amount).sum();
        let method = parts::line(charges[0].reason.as_deref(), 100).unwrap_or_else(|| "charges".to_owned());
        json!({ "method": method, "amount": amount.to_string() })
    });
    faults.into_result()?;
    let (name, phone) = (parts::line(order.buyer.contact_name.as_deref(), 200), parts::line(order.buyer.contact_phone.as_deref(), 50));
    let contact = json!({ "name": name, "phone": phone, "email": order.buyer.contact_email });
    let has_contact = order.buyer.contact_name.is_some() || order.buyer.contact_phone.is_some() || order.buyer.contact_email.is_some();
    let body = json!({
        "channel": channel, "external_id": external_id(order), "customer_id": customer_id,
        "currency": order.currency.map(|currency| currency.code()), "purchase_order_number": order.id, "buyer_reference": order.buyer_reference,
        "requested_on": order.requested_on, "note": order.note, "delivery_instructions": order.delivery_terms,
        "shipping_address": address(order), "contact": has_contact.then_some(contact),
        "pricing": if as_given { "as_given" } else { "computed" },
        "discounts": discounts(&allowances), "shipping": shipping, "lines": lines, "on_shortage": "backorder",
    });
    let read: Result<NewOrder, Error> = from_value(&body);
    read.map(|order| NewOrder { buyers_prices: true, ..order }).map_err(|error| match error {
        Error::Invalid(faults) => faults.into_iter().map(|fault| located(fault, order)).collect(),
        other => Faults::one("/Order", "invalid", other.to_string()),
    })
}

fn discounts(allowances: &[&AllowanceCharge]) -> Vec<Value> {
    let text = |text: &Option<String>, longest: usize| parts::line(text.as_deref(), longest);
    let discount = |allowance: &&AllowanceCharge| json!({ "code": text(&allowance.code, 64), "amount": allowance.amount.to_string(), "reason": text(&allowance.reason, 500) });
    allowances.iter().map(discount).collect()
}

fn line(line: &Line, as_given: bool, named: &Named, faults: &mut Faults) -> Value {
    let standard = line.standard_id.as_ref().map(|id| id.value.as_str());
    let sku = named.sku(line.sellers_id.as_deref(), standard).or(line.sellers_id.as_deref()).or(standard).or(line.buyers_id.as_deref());
    let (charges, allowances): (Vec<_>, Vec<_>) = line.allowances.iter().partition(|allowance| allowance.is_charge);
    let mut price = line.price.map(|price| price / line.price_quantity);
    if let Some(price) = &mut price {
        // What is charged for the line is part of what its goods cost.
        let charged: Decimal = charges.iter().map(|charge| charge.amount).sum();
        *price += charged / line.quantity;
        let exact = price.round_dp(PRICE_PLACES) * line.quantity * line.price_quantity == *price * line.quantity * line.price_quantity;
        if !exact && !charges.is_empty() {
            faults.add(
                format!("{}/cac:AllowanceCharge", line.xpath),
                "not_representable",
                "the charge is no price per unit of 6 places; put it into the price",
            );
        }
        *price = price.round_dp(PRICE_PLACES).normalize();
    } else if !line.allowances.is_empty() {
        faults.add(format!("{}/cac:AllowanceCharge", line.xpath), "price_missing", "allowances and charges want a price on each line");
    }
    let mut metadata = serde_json::Map::new();
    if let Some(note) = &line.note {
        metadata.insert("note".to_owned(), json!(note.chars().take(1_000).collect::<String>()));
    }
    json!({
        "sku": sku.unwrap_or_default(), "quantity": line.quantity.to_string(), "unit": line.unit.as_deref().map(unit),
        "unit_price": price.filter(|_| as_given).map(|price| price.to_string()), "discounts": if as_given { discounts(&allowances) } else { vec![] },
        "requested_on": line.requested_on, "external_line_id": line.id, "customer_sku": line.buyers_id, "metadata": metadata,
    })
}

/// Rec 20 has several codes for single things; ours is C62.
fn unit(code: &str) -> &str {
    match code {
        "NAR" | "EA" | "PCE" => "C62",
        code => code,
    }
}

/// A fault of the order, which points by JSON pointer, where it stands in the document.
pub fn located(fault: Fault, order: &UblOrder) -> Fault {
    Fault { pointer: xpath_of(&fault.pointer, order), ..fault }
}

fn xpath_of(pointer: &str, order: &UblOrder) -> String {
    let parts: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
    let of_line = |i: &str, member: &str| -> Option<String> {
        let line = order.lines.get(i.parse::<usize>().ok()?)?;
        let item = if line.sellers_id.is_some() { "SellersItemIdentification" } else { "StandardItemIdentification" };
        let path = match member {
            "quantity" => "/cbc:Quantity".to_owned(),
            "unit" => "/cbc:Quantity/@unitCode".to_owned(),
            "unit_price" => "/cac:Price/cbc:PriceAmount".to_owned(),
            "discounts" => "/cac:AllowanceCharge".to_owned(),
            "requested_on" => "/cac:Delivery/cac:RequestedDeliveryPeriod".to_owned(),
            "external_line_id" => "/cbc:ID".to_owned(),
            "customer_sku" => "/cac:Item/cac:BuyersItemIdentification/cbc:ID".to_owned(),
            "metadata" => "/cbc:Note".to_owned(),
            _ => format!("/cac:Item/cac:{item}/cbc:ID"),
        };
        Some(format!("{}{path}", line.xpath))
    };
    let known = match parts.as_slice() {
        ["lines", i, member, ..] => of_line(i, member),
        ["lines", ..] => Some("/Order/cac:OrderLine".to_owned()),
        ["customer_id" | "customer", ..] => Some("/Order/cac:BuyerCustomerParty".to_owned()),
        ["currency", ..] => Some("/Order/cbc:DocumentCurrencyCode".to_owned()),
        ["purchase_order_number" | "external_id", ..] => Some("/Order/cbc:ID".to_owned()),
        ["buyer_reference", ..] => Some("/Order/cbc:CustomerReference".to_owned()),
        ["note", ..] => Some("/Order/cbc:Note".to_owned()),
        ["requested_on", ..] => Some("/Order/cac:Delivery/cac:RequestedDeliveryPeriod".to_owned()),
        ["shipping_address", ..] => Some("/Order/cac:Delivery/cac:DeliveryLocation/cac:Address".to_owned()),
        ["delivery_instructions", ..] => Some("/Order/cac:DeliveryTerms".to_owned()),
        ["contact", ..] => Some("/Order/cac:BuyerCustomerParty/cac:Party/cac:Contact".to_owned()),
        ["discounts" | "shipping", ..] => Some("/Order/cac:AllowanceCharge".to_owned()),
        _ => None,
    };
    known.unwrap_or_else(|| pointer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::order::{read, tests::document};
    use super::*;
    use crate::orders::pricing::Pricing;

    fn made(change: &dyn Fn(String) -> String) -> Result<NewOrder, Vec<Fault>> {
        new_order(&read(&document(change)).unwrap(), "peppol", CustomerId::generate(), &Named::default())
    }

    #[test]
    fn a_document_without_prices_gets_ours() {
        let order = made(&|text| text).unwrap();
        assert!(order.check().is_ok());
        assert_eq!(
            (order.external_id.as_deref(), order.purchase_order_number.as_deref()),
            (Some("0088:8991000000010/PO-77"), Some("PO-77"))
        );
        assert_eq!((order.pricing(), order.lines[0].unit.as_deref()), (Pricing::Computed, Some("C62")));
    }

    #[test]
    fn prices_allowances_and_charges_are_taken_over() {
        // 3 x (85000 / 1) and a charge of 6000 on the line: 87000 a unit. Freight of 25000 on the order, 5000 off.
        let order = made(&|text| {
            text.replace("<cac:Item>", "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount currencyID=\"IDR\">6000</cbc:Amount></cac:AllowanceCharge><cac:Price><cbc:PriceAmount currencyID=\"IDR\">170000</cbc:PriceAmount><cbc:BaseQuantity>2</cbc:BaseQuantity></cac:Price><cac:Item>")
                .replace("<cac:OrderLine>", "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:AllowanceChargeReason>Freight</cbc:AllowanceChargeReason><cbc:Amount>25000</cbc:Amount></cac:AllowanceCharge><cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>5000</cbc:Amount></cac:AllowanceCharge><cac:OrderLine>")
        })
        .unwrap();
        assert_eq!(order.pricing(), Pricing::AsGiven);
        assert_eq!(order.lines[0].unit_price.unwrap().0, Decimal::from(87_000));
        assert_eq!(order.shipping.as_ref().unwrap().amount.0, Decimal::from(25_000));
        assert_eq!(order.discounts[0].amount.unwrap().0, Decimal::from(5_000));
        assert!(order.check().is_ok());
    }

    #[test]
    fn what_cannot_be_represented_is_told_by_xpath() {
        let charge = "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount>10</cbc:Amount></cac:AllowanceCharge><cac:Price><cbc:PriceAmount>1</cbc:PriceAmount></cac:Price><cac:Item>";
        let faults = made(&|text| text.replace("<cac:Item>", charge)).unwrap_err();
        assert_eq!(
            (faults[0].pointer.as_str(), faults[0].code.as_str()),
            ("/Order/cac:OrderLine[1]/cac:LineItem/cac:AllowanceCharge", "not_representable")
        );
        let order = read(&document(&|text| text)).unwrap();
        assert_eq!(xpath_of("/lines/0/sku", &order), "/Order/cac:OrderLine[1]/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID");
        assert_eq!(xpath_of("/lines/9/sku", &order), "/lines/9/sku");
        assert_eq!(xpath_of("/shipping_address/city", &order), "/Order/cac:Delivery/cac:DeliveryLocation/cac:Address");
    }
}
