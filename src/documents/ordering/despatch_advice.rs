use super::Parties;
use super::order_response::{line_id, write_item};
use super::writer::Writer;
use crate::error::Error;
use crate::fulfillment::shipments::shipment::{Shipment, ShipmentLine};
use crate::orders::order::Order;
use crate::types::address::Address;
use chrono::NaiveDate;
use rust_decimal::Decimal;

const CUSTOMIZATION: &str = "urn:fdc:peppol.eu:poacc:trns:despatch_advice:3";
const PROFILE: &str = "urn:fdc:peppol.eu:poacc:bis:despatch_advice:3";

/// The despatch advice of a shipment that left on that day. 409 where a party cannot be reached by it.
pub fn despatch_advice(order: &Order, shipment: &Shipment, parties: &Parties<'_>, left_on: NaiveDate) -> Result<String, Error> {
    parties.check()?;
    let reference = order.purchase_order_number.as_deref().unwrap_or(&order.number);
    Ok(Writer::document("DespatchAdvice", |writer| {
        writer.leaf("cbc:CustomizationID", CUSTOMIZATION);
        writer.leaf("cbc:ProfileID", PROFILE);
        writer.leaf("cbc:ID", &shipment.number);
        writer.leaf("cbc:IssueDate", &left_on.to_string());
        writer.within("cac:OrderReference", |writer| {
            writer.leaf("cbc:ID", reference);
            writer.leaf("cbc:SalesOrderID", &order.number);
        });
        writer.within("cac:DespatchSupplierParty", |writer| parties.write_seller(writer));
        writer.within("cac:DeliveryCustomerParty", |writer| parties.write_buyer(writer));
        writer.within("cac:Shipment", |writer| {
            writer.leaf("cbc:ID", &shipment.number);
            if !shipment.carrier.is_empty() {
                writer.within("cac:Consignment", |writer| {
                    writer.leaf("cbc:ID", shipment.tracking_number.as_deref().unwrap_or("NA"));
                    writer.within("cac:CarrierParty", |writer| {
                        writer.within("cac:PartyName", |writer| writer.leaf("cbc:Name", &shipment.carrier));
                    });
                });
            }
            writer.within("cac:Delivery", |writer| {
                writer.leaf_if("cbc:TrackingID", shipment.tracking_number.as_deref());
                if let Some(address) = &order.document.shipping_address {
                    writer.within("cac:DeliveryAddress", |writer| write_address(writer, address));
                }
                writer.within("cac:Despatch", |writer| writer.leaf("cbc:ActualDespatchDate", &left_on.to_string()));
            });
        });
        for (i, line) in shipment.lines.iter().enumerate() {
            write_line(writer, order, line, i + 1, reference);
        }
    }))
}

fn write_line(writer: &mut Writer, order: &Order, shipped: &ShipmentLine, number: usize, reference: &str) {
    let Some(line) = order.lines.iter().find(|line| line.id == shipped.order_line_id) else { return };
    let open = (line.quantities.quantity - line.quantities.cancelled - line.quantities.shipped).normalize();
    writer.within("cac:DespatchLine", |writer| {
        writer.leaf("cbc:ID", &number.to_string());
        writer.leaf_of("cbc:DeliveredQuantity", "unitCode", &shipped.unit, &shipped.quantity.0.normalize().to_string());
        if open > Decimal::ZERO {
            writer.leaf_of("cbc:OutstandingQuantity", "unitCode", &line.unit, &open.to_string());
            writer.leaf("cbc:OutstandingReason", "follows");
        }
        writer.within("cac:OrderLineReference", |writer| {
            writer.leaf("cbc:LineID", &line_id(line));
            writer.within("cac:OrderReference", |writer| writer.leaf("cbc:ID", reference));
        });
        write_item(writer, line);
    });
}

fn write_address(writer: &mut Writer, address: &Address) {
    writer.leaf_if("cbc:StreetName", Some(&address.line1));
    writer.leaf_if("cbc:AdditionalStreetName", address.line2.as_deref());
    writer.leaf_if("cbc:CityName", Some(&address.city));
    writer.leaf_if("cbc:PostalZone", address.postal_code.as_deref());
    writer.leaf_if("cbc:CountrySubentity", address.region.as_deref());
    writer.within("cac:Country", |writer| writer.leaf("cbc:IdentificationCode", address.country.code()));
}
