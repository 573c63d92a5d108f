use super::*;
use proptest::prelude::*;
use serde_json::json;

/// An order of 2 × 20.00 and 1 × 10.00, a coupon of 5.00, shipping of 8.00, tax of 10 %: (50 − 5 + 8) × 1.10 = 58.30.
fn document() -> Value {
    json!({
        "order": {"id": 250, "status_id": 11, "status": "Awaiting Fulfillment", "date_created": "Tue, 25 Jun 2019 16:15:35 +0000",
            "date_modified": "Tue, 25 Jun 2019 16:20:00 +0000", "currency_code": "USD", "default_currency_code": "USD",
            "subtotal_ex_tax": "50.0000", "shipping_cost_ex_tax": "8.0000", "shipping_cost_inc_tax": "8.8000", "shipping_cost_tax": "0.8000",
            "handling_cost_ex_tax": "0.0000", "total_ex_tax": "53.0000", "total_inc_tax": "58.3000", "total_tax": "5.3000",
            "coupon_discount": "5.0000", "discount_amount": "0.0000", "store_credit_amount": "0.0000", "payment_method": "Credit Card",
            "payment_status": "captured", "customer_id": 7, "customer_message": "Ring twice", "refunded_amount": "0.0000",
            "billing_address": {"first_name": "Jane", "last_name": "Doe", "company": "", "street_1": "123 Main Street", "city": "Austin", "zip": "78751",
                "country": "United States", "country_iso2": "US", "state": "Texas", "email": "jane@example.com", "phone": "1234567890"}},
        "products": [
            {"id": 11, "product_id": 77, "sku": "KOPI-250", "name": "Coffee", "quantity": 2, "total_ex_tax": "40.0000", "total_inc_tax": "44.0000",
                "total_tax": "4.0000", "applied_discounts": [{"id": "coupon", "amount": "4.0000", "name": "Coupon", "code": "FIVE", "target": "order"}]},
            {"id": 12, "product_id": 78, "sku": "TEH-100", "name": "Tea", "quantity": 1, "total_ex_tax": "10.0000", "total_inc_tax": "11.0000",
                "total_tax": "1.0000", "applied_discounts": [{"id": "coupon", "amount": "1.0000", "name": "Coupon", "code": "FIVE", "target": "order"}]}],
        "shipping_addresses": [{"id": 1, "first_name": "Jane", "last_name": "Doe", "street_1": "555 East Street", "street_2": "Apt 4", "city": "Austin",
            "zip": "78108", "country_iso2": "US", "state": "Texas", "shipping_method": "Ship by Weight", "email": "jane@example.com"}],
        "coupons": [{"id": 1, "code": "FIVE", "discount": 5.0}],
        "shipments": [],
        "transactions": [{"id": 1, "event": "authorization", "method": "credit_card", "amount": 58.3, "status": "ok", "gateway_transaction_id": "ch_1"},
            {"id": 2, "event": "capture", "method": "credit_card", "amount": 58.3, "status": "ok", "gateway_transaction_id": "ch_1"},
            {"id": 3, "event": "capture", "method": "credit_card", "amount": 58.3, "status": "error"}],
        "refunds": [],
    })
}

fn order(document: &Value) -> ShopOrder {
    match read(document, &ChannelSettings::default()).unwrap() {
        Told::Order(order) => *order,
        Told::Incomplete => panic!("an order is expected"),
    }
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn an_order_is_read_field_by_field() {
    let shop = order(&document());
    assert_eq!((shop.external_id.as_str(), shop.version_at.to_rfc3339().as_str()), ("250", "2019-06-25T16:20:00+00:00"));
    assert!(shop.doubts.is_empty(), "{:?}", shop.doubts);
    let new = &shop.order;
    let customer = new.customer.as_ref().unwrap();
    assert_eq!(
        (customer.name.as_str(), customer.email.as_deref(), customer.phone.as_deref()),
        ("Jane Doe", Some("jane@example.com"), Some("1234567890"))
    );
    assert_eq!((new.currency.map(Currency::code), new.prices_include_tax), (Some("USD"), false));
    let lines: Vec<_> = new.lines.iter().map(|line| (line.sku.as_str(), line.quantity.0, line.external_line_id.as_deref())).collect();
    assert_eq!(lines, [("KOPI-250", dec("2"), Some("11")), ("TEH-100", dec("1"), Some("12"))]);
    assert_eq!(new.lines[0].unit_price.map(|price| price.0), Some(dec("20")));
    assert_eq!(
        new.lines[0].discounts.iter().map(|one| (one.code.as_deref(), one.amount.map(|amount| amount.0))).collect::<Vec<_>>(),
        [(Some("FIVE"), Some(dec("4")))]
    );
    let tax: Decimal = new.lines.iter().filter_map(|line| line.tax_amount).map(|tax| tax.0).sum();
    let shipping = new.shipping.as_ref().unwrap();
    assert_eq!((shipping.amount.0, shipping.tax_amount.map(|tax| tax.0), tax), (dec("8"), Some(dec("0.80")), dec("4.50")));
    assert_eq!(
        new.shipping_address.as_ref().map(|to| (to.line1.as_str(), to.line2.as_deref(), to.country.code())),
        Some(("555 East Street", Some("Apt 4"), "US"))
    );
    assert_eq!(new.note.as_deref(), Some("Ring twice"));
    let payment = ShopPayment { reference: "ch_1".into(), method: PaymentMethod::Card, authorized: dec("0"), captured: dec("58.3") };
    assert_eq!(shop.payments, [payment]);
}

#[test]
fn a_store_that_writes_prices_with_tax_gives_its_discounts_so() {
    let mut document = document();
    // 44.00 + 11.00 − 5.00 + 8.80 = 58.80, of which 5.35 tax.
    document["order"]["total_inc_tax"] = json!("58.8000");
    document["order"]["total_tax"] = json!("5.3500");
    let shop = order(&document);
    assert!(shop.order.prices_include_tax && shop.doubts.is_empty(), "{:?}", shop.doubts);
    document["order"]["total_inc_tax"] = json!("60.0000");
    let shop = order(&document);
    assert_eq!(
        shop.doubts.iter().map(|doubt| (doubt.code.as_str(), doubt.pointer.as_str())).collect::<Vec<_>>(),
        [("totals_differ", "/order/total_inc_tax")]
    );
}

#[test]
fn statuses_refunds_and_shipments_are_told() {
    let mut document = document();
    document["order"]["status_id"] = json!(0);
    assert!(matches!(read(&document, &ChannelSettings::default()), Ok(Told::Incomplete)));
    for (status, cancelled, doubt) in [
        (5, Some(CancelCode::CustomerRequest), ""),
        (6, Some(CancelCode::PaymentFailed), ""),
        (12, None, "manual_verification"),
        (13, None, "disputed"),
        (2, None, ""),
    ] {
        document["order"]["status_id"] = json!(status);
        let shop = order(&document);
        assert_eq!(shop.cancelled.map(|cancelled| cancelled.code), cancelled, "{status}");
        assert_eq!(shop.doubts.first().map(|doubt| doubt.code.as_str()).unwrap_or_default(), doubt, "{status}");
    }
    document["refunds"] = json!([
        {"id": 3, "order_id": 250, "reason": "Too bitter", "total_amount": 19.8, "payments": [{"is_declined": false}],
            "items": [{"item_type": "PRODUCT", "item_id": 11, "quantity": 1, "requested_amount": 17.6}, {"item_type": "SHIPPING", "item_id": 1, "requested_amount": 2.2}]},
        {"id": 4, "total_amount": 5, "payments": [{"is_declined": true}], "items": []}]);
    document["shipments"] = json!([
        {"id": 12, "order_id": 250, "date_created": "Tue, 25 Jun 2019 17:00:00 +0000", "tracking_number": "JNE1", "tracking_carrier": "jne",
            "shipping_provider": "", "comments": "", "items": [{"order_product_id": 11, "product_id": 77, "quantity": 2}]},
        {"id": 13, "comments": "pesanan shipment 01890", "items": []}]);
    let shop = order(&document);
    let goods = ShopRefundLine { external_line_id: "11".into(), quantity: dec("1"), goods: RefundedGoods::Unsaid };
    assert_eq!(shop.refunds.len(), 1);
    assert_eq!((shop.refunds[0].reference.as_str(), shop.refunds[0].amount, shop.refunds[0].beside_lines), ("3", dec("19.8"), dec("2.2")));
    assert_eq!(shop.refunds[0].lines, [goods]);
    assert_eq!(shop.fulfillments.len(), 1);
    let shipped = &shop.fulfillments[0];
    assert_eq!(
        (shipped.reference.as_str(), shipped.carrier.as_deref(), shipped.tracking_number.as_deref()),
        ("12", Some("jne"), Some("JNE1"))
    );
    assert_eq!(shipped.lines.as_deref(), Some([ShopFulfillmentLine { external_line_id: "11".into(), quantity: dec("2") }].as_slice()));
}

#[test]
fn money_is_what_the_provider_took() {
    let mut document = document();
    let paid = |document: &Value| -> Vec<(String, String, String)> {
        let text = |amount: Decimal| amount.normalize().to_string();
        order(document).payments.into_iter().map(|one| (one.reference, text(one.authorized), text(one.captured))).collect()
    };
    let one = |reference: &str, authorized: &str, captured: &str| (reference.to_owned(), authorized.to_owned(), captured.to_owned());
    document["transactions"] = json!([{"event": "authorization", "amount": 58.3, "status": "ok", "gateway_transaction_id": "ch_1"}]);
    assert_eq!(paid(&document), [one("ch_1", "58.3", "0")]);
    document["transactions"] = json!([{"event": "purchase", "amount": 50, "status": "ok", "gateway_transaction_id": "ch_2"},
        {"event": "settled", "amount": 50, "status": "ok"}, {"event": "refund", "amount": 10, "status": "ok"}, {"event": "pending", "amount": 9, "status": "ok"}]);
    document["order"]["store_credit_amount"] = json!("8.3000");
    assert_eq!(paid(&document), [one("ch_2", "0", "50"), one("bigcommerce-250-store-credit", "0", "8.3")]);
    document["transactions"] = json!([]);
    assert_eq!(paid(&document), [one("bigcommerce-250", "0", "50"), one("bigcommerce-250-store-credit", "0", "8.3")]);
    document["order"]["payment_status"] = json!("");
    assert_eq!(paid(&document), [one("bigcommerce-250-store-credit", "0", "8.3")]);
}

/// A document with other values here and there.
fn arb_document() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|x| json!(x)),
        "[-0-9.]{0,20}".prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"amount": "1e9"}])),
        Just(json!("99999999999999.99")),
    ];
    let pointers = [
        "/order/id",
        "/order/status_id",
        "/order/date_modified",
        "/order/total_inc_tax",
        "/order/total_tax",
        "/order/default_currency_code",
        "/order/coupon_discount",
        "/order/billing_address",
        "/order/shipping_cost_tax",
        "/products",
        "/products/0/quantity",
        "/products/0/total_ex_tax",
        "/products/0/total_tax",
        "/products/1/applied_discounts",
        "/products/1/sku",
        "/shipping_addresses",
        "/transactions/0/amount",
        "/transactions",
        "/refunds",
        "/shipments",
        "/order/store_credit_amount",
    ];
    prop::collection::vec((prop::sample::select(pointers.to_vec()), value), 0..5).prop_map(|changes| {
        let mut document = document();
        for (pointer, value) in changes {
            if let Some(place) = document.pointer_mut(pointer) {
                *place = value;
            }
        }
        document
    })
}

proptest! {
    #[test]
    fn any_document_is_read_or_refused(document in arb_document()) {
        let _ = read(&document, &ChannelSettings::default());
    }
}

#[test]
#[ignore = "a million inputs"]
fn a_million_bigcommerce_orders_are_read_or_refused() {
    let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
    proptest!(config, |(document in arb_document())| drop(read(&document, &ChannelSettings::default())));
}
