use super::*;
use crate::channels::platforms::crm::deal::Buyer;
use crate::channels::platforms::salesforce::push;
use crate::types::id::CustomerId;
use proptest::prelude::*;
use serde_json::Value;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_416_800, 0).unwrap()
}

/// An Order as `JSON.serialize` of Apex writes it.
const ORDER: &str = r#"{
  "attributes": {"type": "Order", "url": "/services/data/v62.0/sobjects/Order/8017F000000ABCDQA4"},
  "Id": "8017F000000ABCDQA4", "OrderNumber": "00000123", "Status": "Activated", "StatusCode": "Activated", "TotalAmount": 2450.50,
  "EffectiveDate": "2026-03-01", "ActivatedDate": "2026-03-01T09:30:00.000+0000", "LastModifiedDate": "2026-03-01T09:30:02.000+0000",
  "CurrencyIsoCode": "EUR", "PoNumber": "PO-77", "AccountId": "0017F000007ydJmQAI", "Description": "Second floor",
  "ShippingStreet": "Jl. Asia Afrika 8\r\nLantai 2", "ShippingCity": "Bandung", "ShippingPostalCode": "40111", "ShippingCountry": "Indonesia",
  "Account": {"attributes": {"type": "Account"}, "Id": "0017F000007ydJmQAI", "Name": "Express Logistics", "Phone": "+62 22 1", "VAT__c": "DE136695976",
    "BillingStreet": "Unter den Linden 1", "BillingCity": "Berlin", "BillingCountryCode": "DE", "BillingCountry": "Germany"},
  "BillToContact": {"Id": "0037F00000AAAAAQA4", "Name": "Sean Silver", "Email": "sean@express.example"}, "Owner": {"Name": "Ayu Lestari"},
  "OrderItems": {"totalSize": 2, "done": true, "records": [
    {"Id": "8027F000000AAABQA4", "OrderItemNumber": "0000000002", "Quantity": 1.0, "UnitPrice": 450.5, "TotalPrice": 450.50,
      "Product2": {"ProductCode": "KOPI-250", "StockKeepingUnit": null}},
    {"Id": "8027F000000AAAAQA4", "OrderItemNumber": "0000000001", "Quantity": 20.0, "UnitPrice": 100.0, "TotalPrice": 2000.0,
      "Product2": {"ProductCode": "GC1040", "StockKeepingUnit": "TEH-100"}}]}
}"#;

fn order() -> Whole {
    let mut pushed = push::read(ORDER.as_bytes()).unwrap();
    let one = pushed.remove(0);
    let lines = one.record.children("OrderItems").unwrap().to_vec();
    let (account, contact) = (one.record.parent("Account").cloned(), one.record.parent("BillToContact").cloned());
    Whole { kind: one.kind, record: one.record, lines, account, contact }
}

#[test]
fn an_order_is_read_field_by_field() {
    let settings = ChannelSettings { tax_id_field: Some("VAT__c".into()), ..ChannelSettings::default() };
    let deal = order().deal("8017F000000ABCDQA4", &settings, now());
    assert!(deal.won && deal.lacks().is_none());
    assert_eq!(deal.version_at.to_rfc3339(), "2026-03-01T09:30:02+00:00");
    assert_eq!(
        (deal.currency.map(Currency::code), deal.sales_rep.as_deref(), deal.purchase_order_number.as_deref()),
        (Some("EUR"), Some("Ayu Lestari"), Some("PO-77"))
    );
    let buyer = deal.buyer.as_ref().unwrap();
    assert_eq!(
        (buyer.system, buyer.external_id.as_deref(), buyer.tax_id.as_deref()),
        ("salesforce", Some("0017F000007ydJmQAI"), Some("DE136695976"))
    );
    assert_eq!(
        buyer.billing_address.as_ref().map(|address| (address.line1.as_str(), address.country.code())),
        Some(("Unter den Linden 1", "DE"))
    );
    let shop = deal.shop_order(&Buyer::Customer(CustomerId::generate()), now());
    let lines: Vec<Value> = shop
        .order
        .lines
        .iter()
        .map(|line| json!([line.sku, line.quantity, line.unit_price, line.discounts, line.external_line_id]))
        .collect();
    assert_eq!(
        lines,
        [json!(["TEH-100", "20", "100.00", [], "8027F000000AAAAQA4"]), json!(["KOPI-250", "1", "450.50", [], "8027F000000AAABQA4"])]
    );
    // 20 × 100.00 + 450.50 = 2450.50, as the order says.
    assert!(shop.doubts.is_empty());
    let to = shop.order.shipping_address.unwrap();
    assert_eq!(
        (to.company.as_deref(), to.line1.as_str(), to.line2.as_deref(), to.country.code()),
        (Some("Express Logistics"), "Jl. Asia Afrika 8", Some("Lantai 2"), "ID")
    );
    assert_eq!(shop.order.billing_address, None);
    assert_eq!(shop.order.ordered_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-03-01T09:30:00+00:00"));
    assert_eq!(shop.order.metadata["salesforce_order_number"], "00000123");
}

#[test]
fn states_say_what_is_won() {
    let record = |fields: Value| serde_json::from_str::<Record>(&fields.to_string()).unwrap();
    let (own, none) = (ChannelSettings { won_stages: vec!["Signed".into()], ..ChannelSettings::default() }, ChannelSettings::default());
    let opportunity = |fields, settings| Kind::Opportunity.is_won(&record(fields), settings);
    assert!(opportunity(json!({"StageName": "Closed Won"}), &none) && opportunity(json!({"StageName": "Gewonnen", "IsWon": true}), &none));
    assert!(!opportunity(json!({"StageName": "Perception Analysis", "IsWon": false}), &none));
    assert!(opportunity(json!({"StageName": "Signed"}), &own) && !opportunity(json!({"StageName": "Closed Won", "IsWon": true}), &own));
    assert!(!opportunity(json!({"StageName": "Closed Won", "IsDeleted": true}), &none));
    let order = |fields, settings| Kind::Order.is_won(&record(fields), settings);
    assert!(order(json!({"Status": "Aktiviert", "StatusCode": "A"}), &none) && order(json!({"Status": "Signed"}), &own));
    assert!(!order(json!({"Status": "Draft", "StatusCode": "D"}), &none));
}

#[test]
fn a_discount_of_an_opportunity_s_line_is_in_percent() {
    let record: Record =
        serde_json::from_str(r#"{"Id": "0067F000003pmdWQAQ", "IsWon": true, "Amount": 90.0, "CloseDate": "2026-03-01"}"#).unwrap();
    let line: Record =
        serde_json::from_str(r#"{"Quantity": 2, "UnitPrice": 50, "Discount": 10.0, "TotalPrice": 90.0, "ProductCode": "KOPI-250"}"#)
            .unwrap();
    let account: Record = serde_json::from_str(r#"{"Id": "0017F000007ydJm", "Name": "Express"}"#).unwrap();
    let whole = Whole { kind: Kind::Opportunity, record, lines: vec![line], account: Some(account), contact: None };
    let deal = whole.deal("0067F000003pmdWQAQ", &ChannelSettings::default(), now());
    assert_eq!(deal.buyer.as_ref().and_then(|buyer| buyer.external_id.as_deref()), Some("0017F000007ydJmQAI"));
    let shop = deal.shop_order(&Buyer::Customer(CustomerId::generate()), now());
    assert_eq!(json!(shop.order.lines[0].discounts), json!([{"code": null, "amount": null, "percent": "10", "reason": null}]));
    assert!(shop.doubts.is_empty());
}

/// JSON of about the right shape.
fn arb_push() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<f64>().prop_map(|x| json!(x)),
        any::<i64>().prop_map(|n| json!(n)),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("0067F000003pmdWQAQ")),
        Just(json!("2026-03-01T09:30:02.000+0000")),
        Just(json!({"type": "Order"})),
        Just(json!(true)),
        Just(json!({"records": [{"Quantity": 9e27, "UnitPrice": -9e27, "TotalPrice": 1e16, "Discount": 33.3}, {}]})),
        Just(json!([])),
    ];
    let names = vec![
        "attributes",
        "Id",
        "Status",
        "StageName",
        "IsWon",
        "TotalAmount",
        "Amount",
        "CurrencyIsoCode",
        "OrderItems",
        "Account",
        "BillToContact",
        "ShippingStreet",
        "ShippingCity",
        "ShippingCountry",
        "LastModifiedDate",
        "ActivatedDate",
    ];
    prop::collection::vec((prop::sample::select(names), value), 0..14).prop_map(|fields| {
        let fields: serde_json::Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Value::Object(fields).to_string()
    })
}

fn total(body: &[u8]) {
    for one in push::read(body).unwrap_or_default() {
        let lines = one.record.children(one.kind.lines()).unwrap_or_default().to_vec();
        let (account, contact) = (one.record.parent("Account").cloned(), one.record.parent("BillToContact").cloned());
        let deal = Whole { kind: one.kind, record: one.record, lines, account, contact }.deal(&one.id, &ChannelSettings::default(), now());
        drop((deal.lacks(), deal.shop_order(&Buyer::Guest { name: "A".into(), email: None, phone: None }, now())));
    }
}

proptest! {
    #[test]
    fn any_push_is_read_or_refused(text in arb_push(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        total(text.as_bytes());
        total(&bytes);
    }
}

#[test]
#[ignore = "a million inputs"]
fn a_million_salesforce_pushes_are_read_or_refused() {
    let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
    proptest!(config, |(text in arb_push(), bytes in prop::collection::vec(any::<u8>(), 0..60))| {
        total(text.as_bytes());
        total(&bytes);
    });
}
