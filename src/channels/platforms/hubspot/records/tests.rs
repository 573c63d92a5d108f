use super::*;
use crate::channels::platforms::crm::deal::Buyer;
use crate::types::id::CustomerId;
use proptest::prelude::*;
use serde_json::Value;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_416_800, 0).unwrap()
}

fn record(value: Value) -> Record {
    serde_json::from_str(&value.to_string()).unwrap()
}

fn fetched() -> Fetched {
    Fetched {
        deal: record(json!({
            "id": "697680835", "archived": false, "updatedAt": "2026-03-01T08:00:00.000Z",
            "properties": {"dealname": "Kopi for March", "dealstage": "closedwon", "pipeline": "default", "amount": "237.50", "deal_currency_code": "USD",
                "closedate": "2026-03-01T07:59:00Z", "description": "Deliver\nin the morning", "hubspot_owner_id": "77", "hs_merged_object_ids": null},
            "associations": {
                "line items": {"results": [{"id": "12", "type": "deal_to_line_item"}, {"id": "11", "type": "deal_to_line_item"}]},
                "companies": {"results": [{"id": "900", "type": "deal_to_company_unlabeled"}, {"id": "901", "type": "deal_to_company"},
                    {"id": "901", "type": "deal_to_company_unlabeled"}]}
            }
        })),
        lines: vec![
            record(
                json!({"id": "12", "updatedAt": "2026-03-01T08:00:05Z", "properties": {"hs_sku": "TEH-100", "quantity": "5", "price": "25",
                "amount": "125.00", "hs_position_on_quote": "1"}}),
            ),
            record(
                json!({"id": "11", "updatedAt": "2026-02-20T08:00:00Z", "properties": {"hs_sku": " KOPI-250 ", "quantity": "10", "price": "12.50",
                "hs_discount_percentage": "10", "amount": "112.50", "hs_tax_amount": "0.00", "hs_position_on_quote": "0"}}),
            ),
        ],
        company: Some(record(
            json!({"id": "901", "properties": {"name": "Toko  Sumber\nRejeki", "address": "Jl. Braga No. 12", "city": "Bandung",
            "zip": "40111", "country": "Indonesia", "phone": "+62 22 420 1234", "npwp": "01.234.567.8-421.000"}}),
        )),
        contact: Some(record(json!({"id": "5", "properties": {"firstname": "Siti", "lastname": "Rahma", "email": "siti@toko.example"}}))),
        owner: Some(
            serde_json::from_str(r#"{"id": "77", "firstName": "Ayu", "lastName": "Lestari", "email": "ayu@example.com"}"#).unwrap(),
        ),
    }
}

fn settings() -> ChannelSettings {
    ChannelSettings { tax_id_field: Some("npwp".into()), ..ChannelSettings::default() }
}

#[test]
fn a_deal_is_read_field_by_field() {
    let deal = fetched().deal("697680835".into(), &settings(), now());
    assert!(deal.won && deal.lacks().is_none());
    assert_eq!(deal.version_at.to_rfc3339(), "2026-03-01T08:00:05+00:00");
    assert_eq!((deal.currency.map(Currency::code), deal.sales_rep.as_deref()), (Some("USD"), Some("Ayu Lestari")));
    let buyer = deal.buyer.as_ref().unwrap();
    assert_eq!((buyer.system, buyer.external_id.as_deref(), buyer.name.as_str()), ("hubspot", Some("901"), "Toko Sumber Rejeki"));
    assert_eq!((buyer.tax_id.as_deref(), buyer.email.as_deref()), (Some("01.234.567.8-421.000"), Some("siti@toko.example")));
    assert_eq!(buyer.billing_address.as_ref().map(|address| address.country.code()), Some("ID"));
    let id = CustomerId::generate();
    let shop = deal.shop_order(&Buyer::Customer(id), now());
    assert_eq!((shop.order.customer_id, shop.order.shipping_address.is_none()), (Some(id), true));
    let lines: Vec<_> = shop
        .order
        .lines
        .iter()
        .map(|line| {
            serde_json::to_value((&line.sku, line.quantity, line.unit_price, &line.discounts, line.tax_amount, &line.external_line_id))
                .unwrap()
        })
        .collect();
    let percent = json!([{"code": null, "amount": null, "percent": "10", "reason": null}]);
    assert_eq!(lines, [json!(["KOPI-250", "10", "12.50", percent, null, "11"]), json!(["TEH-100", "5", "25.00", [], null, "12"])]);
    // 10 × 12.50 less 10 % = 112.50, and 5 × 25.00 = 125.00: 237.50, as the deal says.
    assert!(shop.doubts.is_empty());
    assert_eq!(shop.order.note.as_deref(), Some("Deliver\nin the morning"));
    assert_eq!(shop.order.contact.as_ref().and_then(|contact| contact.name.as_deref()), Some("Siti Rahma"));
    assert_eq!(shop.places.of("/lines/1/sku"), "/line_items/12/hs_sku");
    assert_eq!(shop.order.ordered_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-03-01T07:59:00+00:00"));
}

#[test]
fn the_primary_company_comes_first_and_each_once() {
    let companies = fetched().deal.associations("companies");
    assert_eq!((companies.ids, companies.more), (vec!["901".to_owned(), "900".to_owned()], false));
    assert_eq!(fetched().deal.associations("line_items").ids, ["12", "11"]);
    assert_eq!(fetched().deal.associations("contacts"), Associations::default());
}

#[test]
fn stages_and_pipelines_say_what_is_won() {
    let won = |stage: &str, pipeline: &str, settings: &ChannelSettings| {
        is_won(&record(json!({"id": "1", "properties": {"dealstage": stage, "pipeline": pipeline}})), settings)
    };
    let own = ChannelSettings { won_stages: vec!["1234".into()], pipelines: vec!["b2b".into()], ..ChannelSettings::default() };
    assert!(won("closedwon", "default", &ChannelSettings::default()) && !won("closedlost", "default", &ChannelSettings::default()));
    assert!(won("1234", "b2b", &own) && !won("1234", "default", &own) && !won("closedwon", "b2b", &own));
}

#[test]
fn what_is_missing_is_told_at_its_place() {
    let lacks = |change: fn(&mut Fetched)| {
        let mut fetched = fetched();
        change(&mut fetched);
        fetched.deal("1".into(), &settings(), now()).lacks().map(|reason| (reason.code, reason.pointer))
    };
    assert_eq!(lacks(|fetched| fetched.lines.clear()), Some(("no_lines".into(), String::new())));
    let no_sku = lacks(|fetched| drop(fetched.lines[0].properties.remove("hs_sku")));
    assert_eq!(no_sku, Some(("sku_missing".into(), "/line_items/12/hs_sku".into())));
    assert_eq!(lacks(|fetched| (fetched.company, fetched.contact) = (None, None)), Some(("no_buyer".into(), String::new())));
    assert_eq!(lacks(|fetched| fetched.company = None), None);
}

#[test]
fn an_amount_that_is_not_that_of_the_lines_is_doubted() {
    let mut fetched = fetched();
    fetched.deal.properties.insert("amount".into(), Loose("300".into()));
    let shop = fetched.deal("1".into(), &settings(), now()).shop_order(&Buyer::Customer(CustomerId::generate()), now());
    assert_eq!(shop.doubts.len(), 1);
    assert_eq!(
        (shop.doubts[0].code.as_str(), shop.doubts[0].detail.as_str()),
        ("total_mismatch", "the amount is 300, the lines come to 237.50")
    );
}

/// An object of about the right shape, with odd values.
fn arb_record() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(|n| json!(n.to_string())),
        "[-0-9.eE]{0,12}".prop_map(Value::from),
        any::<f64>().prop_map(|x| json!(x)),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("2026-03-01T08:00:00Z")),
        Just(json!("9e27")),
        Just(json!("-9e27")),
    ];
    let names: Vec<&str> = DEAL_PROPERTIES.split(',').chain(LINE_PROPERTIES.iter().copied()).chain(COMPANY_PROPERTIES.split(',')).collect();
    let properties = prop::collection::hash_map(prop::sample::select(names), value, 0..12);
    (any::<i64>(), properties, "\\PC{0,24}|2026-03-0[1-9]T00:00:00Z|[0-9]{0,16}", any::<bool>()).prop_map(
        |(id, properties, updated, archived)| {
            let kinds = json!({"companies": {"results": [{"id": id, "type": updated}]}});
            json!({"id": id, "properties": properties, "updatedAt": updated, "archived": archived, "associations": kinds}).to_string()
        },
    )
}

fn total(texts: &[String]) {
    let mut records = texts.iter().filter_map(|text| serde_json::from_str::<Record>(text).ok());
    let Some(deal) = records.next() else { return };
    let (company, contact) = (records.next(), records.next());
    let fetched = Fetched { deal, lines: records.collect(), company, contact, owner: None };
    let deal = fetched.deal("1".into(), &settings(), now());
    drop((deal.lacks(), fetched.deal.associations("companies"), fetched.deal.merged()));
    drop(deal.shop_order(&Buyer::Guest { name: "A".into(), email: None, phone: None }, now()));
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(texts in prop::collection::vec(arb_record(), 1..6)) {
        total(&texts);
    }
}

#[test]
#[ignore = "a million inputs"]
fn a_million_hubspot_records_are_read_or_refused() {
    let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
    proptest!(config, |(texts in prop::collection::vec(arb_record(), 1..6))| total(&texts));
}
