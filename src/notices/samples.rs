//! Things that do not exist, for a look at how a notice reads.

use crate::types::currency::Currency;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// One of each thing that notices tell of, as the API shows them.
pub struct Samples {
    pub order: Value,
    pub shipment: Value,
    pub invoice: Value,
    pub payment: Value,
    pub event: Value,
}

impl Samples {
    pub fn of(currency: Currency) -> Self {
        let amount = |whole: i64| currency.round(Decimal::from(whole)).to_string();
        let lines = json!([
            {"id": "1", "order_line_id": "1", "name": "Kopi Gayo 250 g", "quantity": "3", "unit": "C62", "net_amount": amount(180)},
            {"id": "2", "order_line_id": "2", "name": "Teh Melati 100 g", "quantity": "2", "unit": "C62", "net_amount": amount(40)},
        ]);
        let totals = json!({"subtotal": amount(220), "discount_total": amount(20), "shipping_net": amount(10), "tax_total": amount(23), "total": amount(233)});
        let with = |more: Value| {
            let mut thing = totals.clone();
            if let (Some(thing), Value::Object(more)) = (thing.as_object_mut(), more) {
                thing.extend(more);
            }
            thing
        };
        Self {
            order: with(
                json!({"number": "SO-000123", "currency": currency, "ordered_at": "2026-03-02T03:00:00Z", "promised_on": "2026-03-05",
                "purchase_order_number": "PO-2026-117", "lines": lines}),
            ),
            shipment: json!({"number": "SO-000123-S1", "carrier": "jne", "tracking_number": "JNE0123456789",
                "tracking_url": "https://tracking.example/JNE0123456789", "lines": lines}),
            invoice: with(json!({"number": "INV-000123", "currency": currency, "issued_on": "2026-03-03", "due_on": "2026-04-02",
                "amount_due": amount(233), "lines": lines})),
            payment: json!({"number": "RCP-000123", "currency": currency, "amount_captured": amount(233), "received_on": "2026-03-20",
                "method": "bank_transfer", "reference": "INV-000123"}),
            event: json!({"previous_promised_on": "2026-03-05", "promised_on": "2026-03-09", "days_overdue": 7, "placed": "SO-000123",
                "lines": [{"order_line_id": "1", "promised_on": "2026-03-09"}],
                "refund": {"number": "RFD-000012", "amount": amount(50), "status": "succeeded"}}),
        }
    }
}
