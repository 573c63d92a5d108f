//! What an order asks for, however it was written: two requests of one external id are compared by it.

use super::body::NewOrder;
use super::order::{DeliveryRule, OnShortage};
use super::pricing::Pricing;
use crate::error::Error;
use crate::payments::payment::PaymentStatus;
use crate::platform::canonical::Canonical;
use crate::types::decimal::{Amount, Rate};
use aws_lc_rs::digest;

/// SHA-256 over the request as it was understood: without fields that say nothing or what would be taken anyway, and with each decimal
/// in one form. A field that requests get one day changes the digest of none that does without it. What only the organization's data
/// tell (its currency, a product's unit, a customer's terms) is not looked up: written out it is other content.
pub fn content_hash(body: &NewOrder) -> Result<Vec<u8>, Error> {
    let mut plain = body.clone();
    plain.channel = plain.channel.filter(|channel| channel != "direct");
    plain.pricing = plain.pricing.filter(|pricing| *pricing != Pricing::Computed);
    plain.on_shortage = plain.on_shortage.filter(|on_shortage| *on_shortage != OnShortage::Refuse);
    plain.delivery_rule = plain.delivery_rule.filter(|rule| *rule != DeliveryRule::Partial);
    plain.priority = plain.priority.filter(|priority| *priority != 0);
    for payment in &mut plain.payments {
        payment.status = payment.status.filter(|status| *status != PaymentStatus::Captured);
        payment.amount = short(payment.amount);
    }
    if let Some(shipping) = &mut plain.shipping {
        (shipping.amount, shipping.tax_amount) = (short(shipping.amount), shipping.tax_amount.map(short));
        shipping.tax_rate = shipping.tax_rate.map(|rate| Rate(rate.0.normalize()));
    }
    let of_lines = plain.lines.iter_mut().flat_map(|line| {
        line.tax_amount = line.tax_amount.map(short);
        line.tax_rate = line.tax_rate.map(|rate| Rate(rate.0.normalize()));
        line.discounts.iter_mut()
    });
    for discount in plain.discounts.iter_mut().chain(of_lines) {
        discount.amount = discount.amount.map(short);
    }
    let json = serde_json::to_vec(&plain).map_err(Error::internal)?;
    let mut content = serde_json::from_slice::<Canonical>(&json).map_err(Error::internal)?;
    content.drop_empty("metadata");
    let mut bytes = Vec::with_capacity(json.len());
    content.write(&mut bytes);
    Ok(digest::digest(&digest::SHA256, &bytes).as_ref().to_vec())
}

fn short(amount: Amount) -> Amount {
    Amount(amount.0.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn hash(more: Value) -> Vec<u8> {
        let mut body = json!({"customer_code": "C", "external_id": "W-1", "lines": [{"sku": "A", "quantity": "2"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        content_hash(&serde_json::from_value(body).unwrap()).unwrap()
    }

    #[test]
    fn the_same_order_has_the_same_content_however_it_is_written() {
        let plain = hash(json!({}));
        for same in [
            json!({"lines": [{"quantity": "2.0", "sku": "A"}]}),
            json!({"lines": [{"sku": "A", "quantity": "2.000", "unit": null, "discounts": [], "metadata": {}}]}),
            json!({"channel": "direct", "pricing": "computed", "on_shortage": "refuse", "delivery_rule": "partial", "priority": 0}),
            json!({"draft": false, "prices_include_tax": false, "discounts": null, "note": null, "external_ids": {}}),
        ] {
            assert_eq!(hash(same.clone()), plain, "{same}");
        }
        let priced = |quantity: &str, price: &str, amount: &str, shipping: &str| {
            hash(json!({"lines": [{"sku": "A", "quantity": quantity, "unit_price": price, "discounts": [{"amount": amount}]}],
                "shipping": {"amount": shipping}, "payments": [{"method": "card", "amount": amount}]}))
        };
        assert_eq!(priced("2", "5", "1.5", "25000"), priced("2.0", "5.000000", "1.50", "25000.00"));
        assert_ne!(priced("2", "5", "1.5", "25000"), priced("2", "5", "1.6", "25000"));
        for other in [
            json!({"lines": [{"sku": "A", "quantity": "3"}]}),
            json!({"lines": [{"sku": "A", "quantity": "2"}, {"sku": "A", "quantity": "2"}]}),
            json!({"channel": "web"}),
            json!({"draft": true}),
            json!({"note": "x"}),
            json!({"currency": "IDR"}),
            json!({"metadata": {"a": null}}),
            json!({"ordered_at": "2026-03-02T03:00:00Z"}),
        ] {
            assert_ne!(hash(other.clone()), plain, "{other}");
        }
        assert_eq!(hash(json!({"ordered_at": "2026-03-02T03:00:00Z"})), hash(json!({"ordered_at": "2026-03-02T10:00:00+07:00"})));
    }
}
