//! Every case is written, read back by the reader of the standard's syntax, and held to EN 16931 and Peppol BIS Billing 3 again.

use super::{UblProfile, write};
use crate::documents::facts::{TradeDocument, TradeKind};
use crate::documents::samples::{Sample, credited, decimal, indonesian, invoice, kept_in, plain};
use crate::error::Error;
use crate::types::decimal::{Amount, Quantity, UnitPrice};
use en16931::profiles::{EN16931, PEPPOL_BIS_3};

const ZERO: &str = "0";

/// Domestic sale of 2 × 50.00 under one category.
fn one(scheme: &'static str, rate: &'static str, tax: &'static str, total: &'static str) -> TradeDocument {
    invoice(&Sample {
        currency: "EUR",
        lines: &[("Consulting", "2", "50.00", ZERO, "100.00", ZERO, scheme, rate)],
        shipping: ZERO,
        groups: &[(scheme, rate, "100.00", tax)],
        totals: ["100.00", ZERO, tax, total],
    })
}

/// Line discount 10 % of 200.00; order discount 18.00 over 180.00 and 100.00 by net: 11.57 and 6.43; freight 9.50 at 21 %.
/// 21 %: 180.00 − 11.57 + 9.50 = 177.93 → 37.37; 9 %: 100.00 − 6.43 = 93.57 → 8.42.
fn discounts_and_shipping() -> TradeDocument {
    invoice(&Sample {
        currency: "EUR",
        lines: &[
            ("Grinder", "4", "50.00", "20.00", "180.00", "11.57", "S", "0.21"),
            ("Beans", "10", "10.00", ZERO, "100.00", "6.43", "S", "0.09"),
        ],
        shipping: "9.50",
        groups: &[("S", "0.21", "177.93", "37.37"), ("S", "0.09", "93.57", "8.42")],
        totals: ["280.00", "18.00", "45.79", "317.29"],
    })
}

/// All goods came back before the invoice: freight 9.50 at 21 % = 2.00 alone.
fn shipping_alone() -> TradeDocument {
    invoice(&Sample {
        currency: "EUR",
        lines: &[],
        shipping: "9.50",
        groups: &[("S", "0.21", "9.50", "2.00")],
        totals: [ZERO, ZERO, "2.00", "11.50"],
    })
}

fn with_reason(mut document: TradeDocument, code: &str, reason: &str) -> TradeDocument {
    document.tax_breakdown[0].exemption_code = Some(code.to_owned());
    document.tax_breakdown[0].exemption_reason = Some(reason.to_owned());
    document
}

fn prepaid() -> TradeDocument {
    TradeDocument { paid: Amount(decimal("523.54")), ..plain() }
}

fn partly_prepaid_and_rounded() -> TradeDocument {
    TradeDocument { paid: Amount(decimal("100.00")), rounding_amount: Amount(decimal("0.01")), total: Amount(decimal("523.55")), ..plain() }
}

/// ¥ 3 × 333 = 999, tax 10 % = 99.9 → 100.
fn yen() -> TradeDocument {
    invoice(&Sample {
        currency: "JPY",
        lines: &[("Matcha", "3", "333", ZERO, "999", ZERO, "S", "0.10")],
        shipping: ZERO,
        groups: &[("S", "0.10", "999", "100")],
        totals: ["999", ZERO, "100", "1099"],
    })
}

/// Fils that come to whole tens: 4 × 2.250 = 9.000 dinar, no tax.
fn dinar() -> TradeDocument {
    invoice(&Sample {
        currency: "KWD",
        lines: &[("Dates", "4", "2.250", "0.000", "9.000", "0.000", "O", ZERO)],
        shipping: "0.000",
        groups: &[("O", ZERO, "9.000", "0.000")],
        totals: ["9.000", "0.000", "0.000", "9.000"],
    })
}

/// Prices with 21 % inside: 3 × 9.99 = 29.97 with tax is 24.77 without (29.97 ÷ 1.21 = 24.768…), tax 5.20.
fn tax_inclusive() -> TradeDocument {
    let mut document = invoice(&Sample {
        currency: "EUR",
        lines: &[("Mug", "3", "9.99", ZERO, "24.77", ZERO, "S", "0.21")],
        shipping: ZERO,
        groups: &[("S", "0.21", "24.77", "5.20")],
        totals: ["24.77", ZERO, "5.20", "29.97"],
    });
    document.prices_include_tax = true;
    document
}

/// 2,500 screws at 12.80 a hundred and 0.125 kg at 39.99: 320.00 and 4.99875 → 5.00; 21 % of 325.00 is 68.25.
fn per_hundred() -> TradeDocument {
    let mut document = invoice(&Sample {
        currency: "EUR",
        lines: &[
            ("Screws M4", "2500", "12.80", ZERO, "320.00", ZERO, "S", "0.21"),
            ("Saffron", "0.125", "39.99", ZERO, "5.00", ZERO, "S", "0.21"),
        ],
        shipping: ZERO,
        groups: &[("S", "0.21", "325.00", "68.25")],
        totals: ["325.00", ZERO, "68.25", "393.25"],
    });
    document.lines[0].price_quantity = Quantity(decimal("100"));
    document.lines[1].unit = "KGM".to_owned();
    document
}

/// Two of our categories with one rate are one group to the standard: 50.00 and 50.00 at 21 %.
fn two_categories_one_rate() -> TradeDocument {
    let mut document = invoice(&Sample {
        currency: "EUR",
        lines: &[("Book", "1", "50.00", ZERO, "50.00", ZERO, "S", "0.21"), ("Lamp", "1", "50.00", ZERO, "50.00", ZERO, "S", "0.21")],
        shipping: ZERO,
        groups: &[("S", "0.21", "50.00", "10.50"), ("S", "0.21", "50.00", "10.50")],
        totals: ["100.00", ZERO, "21.00", "121.00"],
    });
    document.lines[1].tax_category = "reduced".to_owned();
    document.tax_breakdown[1].tax_category = "reduced".to_owned();
    document
}

/// 348.00 of goods taken back and 12.00 of them kept as a fee: 336.00, 21 % is 70.56.
fn restocked() -> TradeDocument {
    credited(invoice(&Sample {
        currency: "EUR",
        lines: &[
            ("Espresso beans, 1 kg", "12", "18.50", "0", "222.00", "0", "S", "0.21"),
            ("Milk jug, steel", "3", "42.00", "0", "126.00", "0", "S", "0.21"),
            ("Restocking fee", "-1", "12.00", "0", "-12.00", "0", "S", "0.21"),
        ],
        shipping: ZERO,
        groups: &[("S", "0.21", "336.00", "70.56")],
        totals: ["336.00", ZERO, "70.56", "406.56"],
    }))
}

/// 100.00 asked for in advance at 21 %, and the invoice of 348.00 that deducts it: 248.00, 21 % is 52.08.
fn prepayment() -> TradeDocument {
    TradeDocument { kind: TradeKind::Prepayment, supply_on: None, ..one("S", "0.21", "21.00", "121.00") }
}

fn deducting() -> TradeDocument {
    invoice(&Sample {
        currency: "EUR",
        lines: &[
            ("Espresso beans, 1 kg", "12", "18.50", "0", "222.00", "0", "S", "0.21"),
            ("Milk jug, steel", "3", "42.00", "0", "126.00", "0", "S", "0.21"),
            ("Prepayment INV-000122", "1", "-100.00", "0", "-100.00", "0", "S", "0.21"),
        ],
        shipping: ZERO,
        groups: &[("S", "0.21", "248.00", "52.08")],
        totals: ["248.00", ZERO, "52.08", "300.08"],
    })
}

/// Rupiah with a part of a sen lost on a third of a price: the ordered price does not reproduce the line.
fn a_cumulative_share() -> TradeDocument {
    let mut document = plain();
    document.lines[0].unit_price = UnitPrice(decimal("18.515"));
    document
}

fn cases() -> Vec<(&'static str, TradeDocument)> {
    let exempt = || with_reason(one("E", ZERO, ZERO, "100.00"), "VATEX-EU-132", "Exempt under Article 132 of Directive 2006/112/EC");
    let foreign = || kept_in(plain(), "USD", "1.08", "88.06");
    vec![
        ("several rates", plain()),
        ("line and order discounts, freight", discounts_and_shipping()),
        ("shipping alone", shipping_alone()),
        ("zero-rated", one("Z", ZERO, ZERO, "100.00")),
        ("exempt with its reason", exempt()),
        ("exempt under a code of its own", with_reason(one("E", ZERO, ZERO, "100.00"), "CERT-4711", "Diplomatic mission")),
        ("reverse charge", one("AE", ZERO, ZERO, "100.00")),
        ("intra-Community supply", one("K", ZERO, ZERO, "100.00")),
        ("export", one("G", ZERO, ZERO, "100.00")),
        ("not subject to tax", not_subject()),
        ("prepaid", prepaid()),
        ("prepayment", prepayment()),
        ("invoice that deducts a prepayment", deducting()),
        ("partly prepaid and rounded", partly_prepaid_and_rounded()),
        ("yen", yen()),
        ("dinar", dinar_not_subject()),
        ("tax also in the books' currency", foreign()),
        ("prices with tax inside", tax_inclusive()),
        ("prices by the hundred, parts of a kilogram", per_hundred()),
        ("two categories of one rate", two_categories_one_rate()),
        ("a price that does not reproduce its line", a_cumulative_share()),
        ("Indonesian, tax on 11/12", indonesian(3)),
        ("credit note", credited(plain())),
        ("credit note with discounts and freight", credited(discounts_and_shipping())),
        ("credit note of shipping alone", credited(shipping_alone())),
        ("credit note with a restocking fee", restocked()),
        ("credit note of an intra-Community supply", credited(TradeDocument { ship_to: None, ..one("K", ZERO, ZERO, "100.00") })),
        ("credit note of an exempt sale", credited(exempt())),
        ("credit note with tax in the books' currency", credited(foreign())),
    ]
}

/// Nobody names a tax number where nothing is taxed (BR-O-02, BR-O-03 and BR-O-04).
fn without_tax_ids(mut document: TradeDocument) -> TradeDocument {
    document.seller.tax_id = None;
    document.buyer.tax_id = None;
    document
}

fn not_subject() -> TradeDocument {
    without_tax_ids(one("O", ZERO, ZERO, "100.00"))
}

fn dinar_not_subject() -> TradeDocument {
    without_tax_ids(dinar())
}

#[test]
fn every_case_passes_the_standard_and_peppol_when_it_is_read_back() {
    let mut faults = vec![];
    for (name, document) in cases() {
        for (profile, rules) in [(UblProfile::Peppol, &PEPPOL_BIS_3), (UblProfile::En16931, &EN16931)] {
            let xml = match write(&document, profile) {
                Ok(xml) => xml,
                Err(Error::Conflict { code, extra, .. }) => {
                    faults.push(format!("{name} ({profile}): {code} {}", serde_json::Value::Object(extra)));
                    continue;
                }
                Err(error) => {
                    faults.push(format!("{name} ({profile}): {error}"));
                    continue;
                }
            };
            if let Some(folder) = std::env::var_os("PESANAN_DOCUMENTS") {
                let file = format!("{}-{profile}.xml", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
                std::fs::write(std::path::Path::new(&folder).join(file), &xml).unwrap();
            }
            let read = en16931_formats::read(xml.as_bytes()).unwrap();
            faults.extend(read.entries.iter().map(|entry| format!("{name} ({profile}): {entry:?}")));
            assert_eq!(read.invoice.specification_id.as_deref(), Some(rules.specification_id), "{name}");
            faults.extend(rules.validate(&read.invoice).fatal().map(|finding| format!("{name} ({profile}): {finding}")));
            assert_eq!(read.invoice.number.as_deref(), Some(document.number.as_str()));
            assert_eq!(read.invoice.totals.due.into_decimal(), document.due(), "{name}");
            assert_eq!(read.invoice.lines.len(), document.lines.len().max(1), "{name}");
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_same_document_is_written_in_the_same_bytes() {
    assert_eq!(write(&plain(), UblProfile::Peppol).unwrap(), write(&plain(), UblProfile::Peppol).unwrap());
}

fn refused(document: &TradeDocument, profile: UblProfile) -> (&'static str, serde_json::Map<String, serde_json::Value>) {
    match write(document, profile) {
        Err(Error::Conflict { code, extra, .. }) => (code, extra),
        other => panic!("{other:?}"),
    }
}

#[test]
fn whatever_the_seller_lacks_is_named_at_once() {
    let mut document = plain();
    document.seller.address = None;
    document.seller.tax_id = None;
    document.seller.electronic_address = None;
    let pointers = |extra: &serde_json::Map<String, serde_json::Value>| {
        extra["missing"].as_array().unwrap().iter().map(|missing| missing["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (code, extra) = refused(&document, UblProfile::Peppol);
    assert_eq!((code, pointers(&extra)), ("seller_incomplete", vec!["/address".into(), "/tax_id".into(), "/electronic_address".into()]));
    let (code, extra) = refused(&document, UblProfile::En16931);
    assert_eq!((code, pointers(&extra)), ("seller_incomplete", vec!["/address".into(), "/tax_id".into()]));
    let mut document = one("AE", ZERO, ZERO, "100.00");
    (document.buyer.tax_id, document.buyer.electronic_address) = (None, None);
    let (code, extra) = refused(&document, UblProfile::Peppol);
    assert_eq!((code, pointers(&extra)), ("buyer_incomplete", vec!["/electronic_address".into(), "/tax_id".into()]));
}

#[test]
fn who_is_reached_by_mail_alone_gets_the_standard_without_peppol() {
    let mut document = plain();
    document.buyer.electronic_address = None;
    assert_eq!(refused(&document, UblProfile::Peppol).0, "buyer_incomplete");
    let xml = write(&document, UblProfile::En16931).unwrap();
    assert!(xml.contains("schemeID=\"EM\">rechnung@brandt.example<"), "{xml}");
}

#[test]
fn a_third_decimal_is_refused_by_its_rule() {
    let mut document = dinar_not_subject();
    document.lines[0].net_amount = Amount(decimal("9.005"));
    let (code, extra) = refused(&document, UblProfile::Peppol);
    assert_eq!((code, &extra["rules"][0]["rule"]), ("not_representable", &serde_json::json!("BR-DEC")));
}

#[test]
fn totals_that_do_not_add_up_are_refused_by_their_rule() {
    let mut document = plain();
    document.subtotal = Amount(decimal("443.00"));
    let (code, extra) = refused(&document, UblProfile::Peppol);
    let rules: Vec<&str> = extra["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert!(code == "not_representable" && rules.contains(&"BR-CO-10"), "{rules:?}");
}

#[test]
fn text_of_users_stays_text() {
    let mut document = plain();
    document.lines[0].name = "<cbc:ID>&amp; \"x\" ]]> \u{1F36A}".to_owned();
    let xml = write(&document, UblProfile::Peppol).unwrap();
    let read = en16931_formats::read(xml.as_bytes()).unwrap();
    assert_eq!(read.invoice.lines[0].item.name.as_deref(), Some(document.lines[0].name.as_str()));
}
