//! A UBL 2.1 Order (ISO/IEC 19845) as Peppol BIS Ordering 3 profiles it, as plain values. Faults point by XPath.

use super::xml;
use crate::banking::files::element::Element;
use crate::platform::limits::ORDER_LINES;
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::fault::{Fault, Faults};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The namespace of the root element.
pub const NAMESPACE: &str = "urn:oasis:names:specification:ubl:schema:xsd:Order-2";

/// An identifier with the code of its scheme (ISO 6523, EAS), where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identifier {
    pub scheme: Option<String>,
    pub value: String,
}

/// Who buys, as the buyer says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    pub endpoint: Option<Identifier>,
    pub identifiers: Vec<Identifier>,
    pub name: Option<String>,
    /// Of a tax scheme.
    pub tax_id: Option<String>,
    pub registration: Option<Identifier>,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_email: Option<String>,
}

impl Party {
    /// What the buyer is told apart by, all kinds together.
    pub fn all_identifiers(&self) -> Vec<&Identifier> {
        self.endpoint.iter().chain(&self.identifiers).chain(&self.registration).collect()
    }
}

/// Where the goods go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPlace {
    pub identifier: Option<Identifier>,
    pub name: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<Country>,
    pub phone: Option<String>,
}

/// An allowance (off) or a charge (on top), in the order's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceCharge {
    pub is_charge: bool,
    pub amount: Decimal,
    pub code: Option<String>,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub xpath: String,
    pub id: String,
    pub quantity: Decimal,
    pub unit: Option<String>,
    /// Of `price_quantity` units.
    pub price: Option<Decimal>,
    pub price_quantity: Decimal,
    pub name: Option<String>,
    pub sellers_id: Option<String>,
    pub buyers_id: Option<String>,
    pub standard_id: Option<Identifier>,
    pub note: Option<String>,
    pub requested_on: Option<NaiveDate>,
    pub allowances: Vec<AllowanceCharge>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UblOrder {
    pub id: String,
    pub issued_on: Option<NaiveDate>,
    pub currency: Option<Currency>,
    pub note: Option<String>,
    pub buyer_reference: Option<String>,
    pub buyer: Party,
    pub delivery: Option<DeliveryPlace>,
    pub delivery_terms: Option<String>,
    pub requested_on: Option<NaiveDate>,
    pub allowances: Vec<AllowanceCharge>,
    pub lines: Vec<Line>,
}

/// Whether the bytes claim to be such an order, without reading them.
pub fn claims_to_be(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4_096)];
    head.windows(NAMESPACE.len()).any(|window| window == NAMESPACE.as_bytes())
}

/// Reads an order; all faults at once.
pub fn read(bytes: &[u8]) -> Result<UblOrder, Vec<Fault>> {
    let root = xml::read(bytes).map_err(|refused| Faults::one("", refused.code, refused.detail))?;
    let known = root.attributes.iter().any(|(name, value)| name.starts_with("xmlns") && value == NAMESPACE);
    if root.name != "Order" || !known {
        return Err(Faults::one("/*", "unsupported_document", format!("send an Order of UBL 2.1 ({NAMESPACE})")));
    }
    let mut faults = Faults::new();
    let order = order(&root, &mut faults);
    faults.into_result()?;
    order.ok_or_else(|| Faults::one("/Order", "required", "an order has an ID and lines"))
}

/// Whom the order is for, as the buyer says it. Beside [`UblOrder`], which is what tells documents apart.
pub fn seller(bytes: &[u8]) -> Option<Party> {
    xml::read(bytes).ok()?.at(&["SellerSupplierParty", "Party"]).map(party)
}

fn order(root: &Element, faults: &mut Faults) -> Option<UblOrder> {
    let id = text(root, "/Order", &["ID"], 100, faults);
    if id.is_none() {
        faults.add("/Order/cbc:ID", "required", "the buyer's number of the order is missing");
    }
    let currency = root.text_at(&["DocumentCurrencyCode"]).and_then(|code| {
        let currency = Currency::from_code(&code);
        faults.require(currency.is_some(), "/Order/cbc:DocumentCurrencyCode", "invalid_currency", "use a code of ISO 4217");
        currency
    });
    let buyer_party = root.at(&["BuyerCustomerParty", "Party"]);
    faults.require(buyer_party.is_some(), "/Order/cac:BuyerCustomerParty/cac:Party", "required", "the buyer is missing");
    let delivery = root.at(&["Delivery"]);
    let lines: Vec<&Element> = root.all("OrderLine").collect();
    faults.require(!lines.is_empty(), "/Order/cac:OrderLine", "required", "an order has at least one line");
    if lines.len() > ORDER_LINES {
        let detail = format!("at most {ORDER_LINES} lines; this has {}", lines.len());
        faults.add("/Order/cac:OrderLine", "too_many_items", detail);
        return None;
    }
    let lines =
        lines.iter().enumerate().filter_map(|(i, line)| self::line(line, &format!("/Order/cac:OrderLine[{}]", i + 1), currency, faults));
    let lines: Vec<Line> = lines.collect();
    Some(UblOrder {
        id: id?,
        issued_on: date(root, "/Order", &["IssueDate"], faults),
        note: text(root, "/Order", &["Note"], 5_000, faults),
        buyer_reference: text(root, "/Order", &["CustomerReference"], 100, faults),
        buyer: buyer_party.map(party).unwrap_or_default(),
        delivery: delivery.and_then(place),
        delivery_terms: root.text_at(&["DeliveryTerms", "SpecialTerms"]).or_else(|| root.text_at(&["DeliveryTerms", "ID"])),
        requested_on: delivery.and_then(|delivery| requested(delivery, "/Order/cac:Delivery", faults)),
        allowances: allowances(root, "/Order", currency, faults),
        currency,
        lines,
    })
}

/// The path of names as an XPath with the prefixes that everybody uses.
fn xpath(base: &str, path: &[&str]) -> String {
    let mut out = base.to_owned();
    for (i, name) in path.iter().enumerate() {
        let basic = i + 1 == path.len() && !matches!(*name, "Party" | "Item" | "Price" | "LineItem" | "Delivery" | "AllowanceCharge");
        out.push_str(if basic { "/cbc:" } else { "/cac:" });
        out.push_str(name);
    }
    out
}

fn text(element: &Element, base: &str, path: &[&str], longest: usize, faults: &mut Faults) -> Option<String> {
    let text = element.text_at(path)?;
    if text.chars().count() > longest || text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        faults.add(xpath(base, path), "too_long", format!("at most {longest} characters, no control characters"));
        return None;
    }
    Some(text)
}

fn date(element: &Element, base: &str, path: &[&str], faults: &mut Faults) -> Option<NaiveDate> {
    let text = element.text_at(path)?;
    // A time zone may stand behind it (XML Schema).
    let date = text.get(..10).and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    faults.require(date.is_some(), xpath(base, path), "invalid_date", "write a date such as 2026-12-05");
    date
}

fn decimal(element: &Element, base: &str, path: &[&str], faults: &mut Faults) -> Option<Decimal> {
    let text = element.text_at(path)?;
    let number = text.parse::<Decimal>().ok();
    faults.require(number.is_some(), xpath(base, path), "invalid_decimal", "write a decimal such as 12.50");
    number.map(|number| number.normalize())
}

fn identifier(element: Option<&Element>) -> Option<Identifier> {
    let element = element?;
    let value = element.text.trim();
    let scheme = element.attribute("schemeID").map(str::to_owned).filter(|scheme| !scheme.is_empty());
    (!value.is_empty() && value.len() <= 200).then(|| Identifier { scheme, value: value.to_owned() })
}

/// The period that the goods are wanted in: its end, before which they must be there, else its start.
fn requested(delivery: &Element, base: &str, faults: &mut Faults) -> Option<NaiveDate> {
    let end = date(delivery, base, &["RequestedDeliveryPeriod", "EndDate"], faults);
    end.or_else(|| date(delivery, base, &["RequestedDeliveryPeriod", "StartDate"], faults))
}

fn party(party: &Element) -> Party {
    Party {
        endpoint: identifier(party.at(&["EndpointID"])),
        identifiers: party.all("PartyIdentification").filter_map(|element| identifier(element.at(&["ID"]))).collect(),
        name: party.text_at(&["PartyName", "Name"]).or_else(|| party.text_at(&["PartyLegalEntity", "RegistrationName"])),
        tax_id: party.text_at(&["PartyTaxScheme", "CompanyID"]),
        registration: identifier(party.at(&["PartyLegalEntity", "CompanyID"])),
        contact_name: party.text_at(&["Contact", "Name"]),
        contact_phone: party.text_at(&["Contact", "Telephone"]),
        contact_email: party.text_at(&["Contact", "ElectronicMail"]),
    }
}

fn place(delivery: &Element) -> Option<DeliveryPlace> {
    let (location, receiver) = (delivery.at(&["DeliveryLocation"]), delivery.at(&["DeliveryParty"]));
    let address = location.and_then(|location| location.at(&["Address"]));
    let identifier = location.and_then(|location| identifier(location.at(&["ID"])));
    if address.is_none() && identifier.is_none() {
        return None;
    }
    let of_address = |path: &[&str]| address.and_then(|address| address.text_at(path));
    let second: Vec<String> = [of_address(&["AdditionalStreetName"]), of_address(&["AddressLine", "Line"])].into_iter().flatten().collect();
    let line1 = of_address(&["StreetName"]).map(|street| match of_address(&["BuildingNumber"]) {
        Some(number) => format!("{street} {number}"),
        None => street,
    });
    Some(DeliveryPlace {
        identifier,
        name: receiver.and_then(|party| party.text_at(&["PartyName", "Name"])),
        line1,
        line2: (!second.is_empty()).then(|| second.join(", ")),
        city: of_address(&["CityName"]),
        region: of_address(&["CountrySubentity"]),
        postal_code: of_address(&["PostalZone"]),
        country: of_address(&["Country", "IdentificationCode"]).and_then(|code| Country::from_code(&code.to_ascii_uppercase())),
        phone: receiver.and_then(|party| party.text_at(&["Contact", "Telephone"])),
    })
}

fn allowances(element: &Element, base: &str, currency: Option<Currency>, faults: &mut Faults) -> Vec<AllowanceCharge> {
    let mut out = vec![];
    for (i, allowance) in element.all("AllowanceCharge").enumerate() {
        let here = format!("{base}/cac:AllowanceCharge[{}]", i + 1);
        let Some(amount) = decimal(allowance, &here, &["Amount"], faults) else { continue };
        if amount < Decimal::ZERO {
            faults.add(format!("{here}/cbc:Amount"), "out_of_range", "must not be negative");
            continue;
        }
        same_currency(allowance.at(&["Amount"]), currency, &format!("{here}/cbc:Amount"), faults);
        out.push(AllowanceCharge {
            is_charge: allowance.text_at(&["ChargeIndicator"]).is_some_and(|text| matches!(text.as_str(), "true" | "1")),
            amount,
            code: allowance.text_at(&["AllowanceChargeReasonCode"]),
            reason: allowance.text_at(&["AllowanceChargeReason"]),
        });
    }
    out
}

fn same_currency(amount: Option<&Element>, currency: Option<Currency>, pointer: &str, faults: &mut Faults) {
    let told = amount.and_then(|amount| amount.attribute("currencyID"));
    if let (Some(told), Some(currency)) = (told, currency)
        && told != currency.code()
    {
        faults.add(format!("{pointer}/@currencyID"), "currency_mismatch", format!("the order is in {}", currency.code()));
    }
}

fn line(element: &Element, base: &str, currency: Option<Currency>, faults: &mut Faults) -> Option<Line> {
    let base = format!("{base}/cac:LineItem");
    let Some(item_line) = element.at(&["LineItem"]) else {
        faults.add(base, "required", "the line has no LineItem");
        return None;
    };
    let quantity = decimal(item_line, &base, &["Quantity"], faults);
    if quantity.is_none() && item_line.text_at(&["Quantity"]).is_none() {
        faults.add(format!("{base}/cbc:Quantity"), "required", "how many?");
    }
    faults.require(
        quantity.is_none_or(|quantity| quantity > Decimal::ZERO),
        format!("{base}/cbc:Quantity"),
        "out_of_range",
        "must be above 0",
    );
    let price = decimal(item_line, &base, &["Price", "PriceAmount"], faults);
    same_currency(item_line.at(&["Price", "PriceAmount"]), currency, &format!("{base}/cac:Price/cbc:PriceAmount"), faults);
    let price_quantity = decimal(item_line, &base, &["Price", "BaseQuantity"], faults).unwrap_or(Decimal::ONE);
    faults.require(price_quantity > Decimal::ZERO, format!("{base}/cac:Price/cbc:BaseQuantity"), "out_of_range", "must be above 0");
    let item = item_line.at(&["Item"]);
    let item_text = |path: &[&str]| item.and_then(|item| item.text_at(path));
    let standard_id = identifier(item.and_then(|item| item.at(&["StandardItemIdentification", "ID"])));
    let (sellers_id, buyers_id) = (item_text(&["SellersItemIdentification", "ID"]), item_text(&["BuyersItemIdentification", "ID"]));
    if sellers_id.is_none() && standard_id.is_none() && buyers_id.is_none() {
        let pointer = format!("{base}/cac:Item/cac:SellersItemIdentification/cbc:ID");
        faults.add(pointer, "required", "name the product by the seller's, the standard or the buyer's item id");
    }
    let requested_on = item_line.at(&["Delivery"]).and_then(|delivery| requested(delivery, &format!("{base}/cac:Delivery"), faults));
    let id = item_line.text_at(&["ID"]);
    faults.require(id.is_some(), format!("{base}/cbc:ID"), "required", "the line has no ID");
    Some(Line {
        id: id?,
        quantity: quantity.filter(|quantity| *quantity > Decimal::ZERO)?,
        unit: item_line.at(&["Quantity"]).and_then(|quantity| quantity.attribute("unitCode")).map(str::to_owned),
        price,
        price_quantity: if price_quantity > Decimal::ZERO { price_quantity } else { Decimal::ONE },
        name: item_text(&["Name"]).or_else(|| item_text(&["Description"])),
        sellers_id,
        buyers_id,
        standard_id,
        note: element.text_at(&["Note"]).or_else(|| item_line.text_at(&["Note"])),
        requested_on,
        allowances: allowances(item_line, &base, currency, faults),
        xpath: base,
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A small order; `change` may spoil it.
    pub fn document(change: &dyn Fn(String) -> String) -> Vec<u8> {
        change(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>PO-77</cbc:ID><cbc:IssueDate>2026-11-29</cbc:IssueDate><cbc:DocumentCurrencyCode>IDR</cbc:DocumentCurrencyCode>
  <cac:BuyerCustomerParty><cac:Party><cbc:EndpointID schemeID="0088">8991000000010</cbc:EndpointID></cac:Party></cac:BuyerCustomerParty>
  <cac:Delivery><cac:RequestedDeliveryPeriod><cbc:StartDate>2026-12-05</cbc:StartDate></cac:RequestedDeliveryPeriod></cac:Delivery>
  <cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID><cbc:Quantity unitCode="C62">3</cbc:Quantity>
    <cac:Item><cac:SellersItemIdentification><cbc:ID>KOPI-250</cbc:ID></cac:SellersItemIdentification></cac:Item></cac:LineItem></cac:OrderLine>
</Order>"#
                .to_owned(),
        )
        .into_bytes()
    }

    #[test]
    fn an_order_is_read() {
        let order = read(&document(&|text| text)).unwrap();
        assert_eq!((order.id.as_str(), order.lines.len()), ("PO-77", 1));
        assert_eq!(order.requested_on.unwrap().to_string(), "2026-12-05");
        assert_eq!(order.buyer.endpoint.unwrap(), Identifier { scheme: Some("0088".into()), value: "8991000000010".into() });
        let line = &order.lines[0];
        assert_eq!((line.sellers_id.as_deref(), line.quantity, line.unit.as_deref()), (Some("KOPI-250"), Decimal::from(3), Some("C62")));
    }

    #[test]
    fn faults_point_by_xpath() {
        let faults = |from: &'static str, to: &'static str| -> Vec<String> {
            let read = read(&document(&|text| text.replace(from, to)));
            read.err().unwrap_or_default().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        };
        let item = "/Order/cac:OrderLine[1]/cac:LineItem";
        assert_eq!(faults("<cbc:ID>PO-77</cbc:ID>", ""), ["/Order/cbc:ID required"]);
        assert_eq!(faults(">3<", ">x<"), [format!("{item}/cbc:Quantity invalid_decimal")]);
        assert_eq!(faults(">3<", ">-3<"), [format!("{item}/cbc:Quantity out_of_range")]);
        assert_eq!(faults("KOPI-250", ""), [format!("{item}/cac:Item/cac:SellersItemIdentification/cbc:ID required")]);
        assert_eq!(faults("IDR", "XXQ"), ["/Order/cbc:DocumentCurrencyCode invalid_currency"]);
        assert_eq!(faults("2026-12-05", "soon"), ["/Order/cac:Delivery/cac:RequestedDeliveryPeriod/cbc:StartDate invalid_date"]);
        assert_eq!(faults("Order-2", "Invoice-2"), ["/* unsupported_document"]);
        assert_eq!(faults("<cbc:ID>1</cbc:ID>", ""), [format!("{item}/cbc:ID required")]);
    }
}
