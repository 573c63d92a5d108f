use super::Parties;
use super::writer::Writer;
use crate::orders::order::{Order, OrderLine};
use crate::orders::status::OrderStatus;
use chrono::NaiveDate;
use rust_decimal::Decimal;

const CUSTOMIZATION: &str = "urn:fdc:peppol.eu:poacc:trns:order_response:3";
const PROFILE: &str = "urn:fdc:peppol.eu:poacc:bis:ordering:3";

/// What the seller says of the whole order: a code of UNCL4343 as Peppol narrows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Received; somebody has to decide first.
    Acknowledged,
    Accepted,
    /// Accepted, but not as it was ordered; the lines say what is different.
    Amended,
    Rejected,
}

impl Verdict {
    pub fn code(self) -> &'static str {
        match self {
            Self::Acknowledged => "AB",
            Self::Accepted => "AP",
            Self::Amended => "CA",
            Self::Rejected => "RE",
        }
    }
}

/// What he says of a line: a code of UNCL1229.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineVerdict {
    Changed,
    Accepted,
    NotAccepted,
}

impl LineVerdict {
    pub fn code(self) -> &'static str {
        match self {
            Self::Changed => "3",
            Self::Accepted => "5",
            Self::NotAccepted => "7",
        }
    }
}

/// Less than was ordered, or later than was asked for, is a change; nothing at all is no.
pub fn of_line(line: &OrderLine) -> LineVerdict {
    let kept = line.quantities.quantity - line.quantities.cancelled;
    let late = line.promised_on.zip(line.requested_on).is_some_and(|(promised, requested)| promised > requested);
    if kept <= Decimal::ZERO {
        LineVerdict::NotAccepted
    } else if kept != line.original_quantity || late {
        LineVerdict::Changed
    } else {
        LineVerdict::Accepted
    }
}

pub fn of_order(order: &Order) -> Verdict {
    match order.status {
        OrderStatus::Draft | OrderStatus::OnHold => Verdict::Acknowledged,
        OrderStatus::Cancelled => Verdict::Rejected,
        OrderStatus::Confirmed | OrderStatus::Completed => {
            if order.lines.iter().all(|line| of_line(line) == LineVerdict::Accepted) {
                Verdict::Accepted
            } else {
                Verdict::Amended
            }
        }
    }
}

/// The order response as it stands on that day. 409 where a party cannot be reached by it.
pub fn order_response(order: &Order, parties: &Parties<'_>, on: NaiveDate) -> Result<String, crate::error::Error> {
    parties.check()?;
    let verdict = of_order(order);
    Ok(Writer::document("OrderResponse", |writer| {
        writer.leaf("cbc:CustomizationID", CUSTOMIZATION);
        writer.leaf("cbc:ProfileID", PROFILE);
        // Each version of the order is answered by a document of its own.
        writer.leaf("cbc:ID", &format!("{}-{}", order.number, order.version));
        writer.leaf("cbc:SalesOrderID", &order.number);
        writer.leaf("cbc:IssueDate", &on.to_string());
        writer.leaf("cbc:OrderResponseCode", verdict.code());
        writer.leaf("cbc:DocumentCurrencyCode", order.currency.code());
        writer.leaf_if("cbc:CustomerReference", order.detail.buyer_reference.as_deref());
        writer.within("cac:OrderReference", |writer| {
            writer.leaf("cbc:ID", order.purchase_order_number.as_deref().unwrap_or(&order.number));
        });
        writer.within("cac:SellerSupplierParty", |writer| parties.write_seller(writer));
        writer.within("cac:BuyerCustomerParty", |writer| parties.write_buyer(writer));
        if let Some(promised) = order.promised_on().filter(|_| matches!(verdict, Verdict::Accepted | Verdict::Amended)) {
            write_delivery(writer, promised);
        }
        if verdict == Verdict::Amended {
            order.lines.iter().for_each(|line| write_line(writer, order, line));
        }
    }))
}

fn write_delivery(writer: &mut Writer, promised: NaiveDate) {
    writer.within("cac:Delivery", |writer| {
        writer.within("cac:PromisedDeliveryPeriod", |writer| writer.leaf("cbc:EndDate", &promised.to_string()));
    });
}

fn write_line(writer: &mut Writer, order: &Order, line: &OrderLine) {
    let verdict = of_line(line);
    let kept = (line.quantities.quantity - line.quantities.cancelled).normalize();
    writer.within("cac:OrderLine", |writer| {
        writer.within("cac:LineItem", |writer| {
            writer.leaf("cbc:ID", &line_id(line));
            writer.leaf("cbc:LineStatusCode", verdict.code());
            if verdict != LineVerdict::NotAccepted {
                writer.leaf_of("cbc:Quantity", "unitCode", &line.unit, &kept.to_string());
            }
            let waits = line.quantities.backordered.normalize();
            if waits > Decimal::ZERO {
                writer.leaf_of("cbc:MaximumBackorderQuantity", "unitCode", &line.unit, &waits.to_string());
            }
            if let Some(promised) = line.promised_on.filter(|_| verdict != LineVerdict::NotAccepted) {
                write_delivery(writer, promised);
            }
            if verdict != LineVerdict::NotAccepted {
                writer.within("cac:Price", |writer| {
                    writer.leaf_of("cbc:PriceAmount", "currencyID", order.currency.code(), &line.unit_price.normalize().to_string());
                    writer.leaf_of("cbc:BaseQuantity", "unitCode", &line.unit, &line.price_quantity.normalize().to_string());
                });
            }
            write_item(writer, line);
        });
        writer.within("cac:OrderLineReference", |writer| writer.leaf("cbc:LineID", &line_id(line)));
    });
}

/// The buyer's id of the line, where the line came with one.
pub fn line_id(line: &OrderLine) -> String {
    line.detail.external_line_id.clone().unwrap_or_else(|| line.line_number.to_string())
}

pub fn write_item(writer: &mut Writer, line: &OrderLine) {
    writer.within("cac:Item", |writer| {
        writer.leaf("cbc:Name", &line.name);
        if let Some(theirs) = line.detail.customer_sku.as_deref().filter(|sku| !sku.trim().is_empty()) {
            writer.within("cac:BuyersItemIdentification", |writer| writer.leaf("cbc:ID", theirs));
        }
        writer.within("cac:SellersItemIdentification", |writer| writer.leaf("cbc:ID", &line.sku));
    });
}
