//! Documents for tests, with amounts computed by hand.

use super::facts::{Corrected, Seller, TradeDocument, TradeKind, TradeLine};
use crate::types::decimal::{Amount, ExchangeRate, Quantity, Rate, UnitPrice};
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn amount(text: &str) -> Amount {
    Amount(decimal(text))
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub fn dutch_seller() -> Seller {
    read(json!({
        "legal_name": "Molen & Zonen B.V.", "tax_id": "NL123456789B01", "registration_number": "12345678", "country": "NL",
        "address": {"line1": "Keizersgracht 241", "city": "Amsterdam", "postal_code": "1016 EA", "country": "NL"},
        "email": "facturen@molen.example", "contact": {"name": "Anneke de Vries", "phone": "+31 20 555 0102", "email": "anneke@molen.example"},
        "electronic_address": {"scheme": "0106", "value": "12345678"},
        "bank_accounts": [{"holder": "Molen & Zonen B.V.", "iban": "NL91ABNA0417164300", "bic": "ABNANL2A", "bank_name": "ABN AMRO", "currency": "EUR"}]
    }))
}

pub fn indonesian_seller() -> Seller {
    read(json!({
        "legal_name": "PT Nusantara Niaga", "tax_id": "01.234.567.8-901.000", "registration_number": "8120014091234", "country": "ID",
        "address": {"line1": "Jl. Jenderal Sudirman Kav. 52", "line2": "Menara Bahari lt. 17", "city": "Jakarta", "postal_code": "12190", "country": "ID"},
        "email": "penjualan@nusantara-niaga.example", "contact": {"phone": "+62 21 5550 1234"},
        "electronic_address": {"scheme": "0088", "value": "8991234567891"},
        "bank_accounts": [{"holder": "PT Nusantara Niaga", "account_number": "1234567890", "bic": "CENAIDJA", "bank_name": "Bank Central Asia", "currency": "IDR"}]
    }))
}

/// One line: name, quantity, unit price, discount, net amount, share of the order's discount, category, rate.
pub type Line<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str);
/// One tax group: category, rate, net amount, tax.
pub type Group<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What a sample says beside its seller and buyer.
pub struct Sample<'a> {
    pub currency: &'a str,
    pub lines: &'a [Line<'a>],
    pub shipping: &'a str,
    pub groups: &'a [Group<'a>],
    /// Subtotal, order discount, tax, total.
    pub totals: [&'a str; 4],
}

/// An invoice to a buyer in Berlin.
pub fn invoice(sample: &Sample<'_>) -> TradeDocument {
    let lines = sample.lines.iter().enumerate().map(|(i, (name, quantity, price, discount, net, share, scheme, rate))| TradeLine {
        sku: format!("SKU-{:03}", i + 1),
        customer_sku: None,
        name: (*name).to_owned(),
        unit: "C62".to_owned(),
        quantity: Quantity(decimal(quantity)),
        unit_price: UnitPrice(decimal(price)),
        price_quantity: Quantity(Decimal::ONE),
        discount_amount: amount(discount),
        net_amount: amount(net),
        order_discount_amount: amount(share),
        tax_category: (*scheme).to_owned(),
        tax_scheme_category: (*scheme).to_owned(),
        tax_rate: Rate(decimal(rate)),
        base_fraction: Default::default(),
    });
    let groups: Vec<Value> = sample
        .groups
        .iter()
        .map(|(scheme, rate, net, tax)| {
            json!({"tax_category": scheme, "tax_scheme_category": scheme, "rate": rate, "base_fraction": "1/1", "net_amount": net,
                "taxable_amount": net, "tax_amount": tax, "exemption_code": null, "exemption_reason": null})
        })
        .collect();
    let [subtotal, discount, tax, total] = sample.totals;
    let shipped = decimal(sample.shipping) != Decimal::ZERO;
    let accounts = dutch_seller().bank_accounts;
    TradeDocument {
        kind: TradeKind::Invoice,
        number: "INV-000123".to_owned(),
        issued_on: "2026-03-02".parse().unwrap(),
        supply_on: Some("2026-02-27".parse().unwrap()),
        due_on: Some("2026-04-01".parse().unwrap()),
        corrects: None,
        seller: dutch_seller(),
        logo: None,
        buyer: read(json!({
            "id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "code": "C-1001", "name": "Kaffeehaus Brandt GmbH", "tax_id": "DE136695976",
            "email": "rechnung@brandt.example", "electronic_address": {"scheme": "9930", "value": "DE136695976"},
            "address": {"name": "Jörg Brandt", "line1": "Oranienstraße 12", "city": "Berlin", "postal_code": "10999", "country": "DE"}
        })),
        ship_to: Some(read(
            json!({"company": "Lager Brandt", "line1": "Gewerbehof 3", "city": "Potsdam", "postal_code": "14467", "country": "DE"}),
        )),
        orders: vec![read(
            json!({"id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e70", "number": "SO-000123", "purchase_order_number": "PO-2026-77"}),
        )],
        buyer_reference: None,
        payment_terms: Some(read(
            json!({"code": "net_30", "name": "Net 30 days", "net_days": 30, "end_of_month": false, "prepayment": false,
            "cash_on_delivery": false, "discount_percent": null, "discount_days": null}),
        )),
        payment_means: accounts.iter().map(|account| read(json!({"code": "30", "account": account}))).collect(),
        currency: read(json!(sample.currency)),
        exchange_rate: None,
        base_currency: read(json!(sample.currency)),
        tax_total_base_currency: None,
        prices_include_tax: false,
        lines: lines.collect(),
        subtotal: amount(subtotal),
        discount_total: amount(discount),
        shipping_net: amount(sample.shipping),
        tax_breakdown: groups.into_iter().map(read).collect(),
        shipping_tax_group: shipped.then_some(0),
        tax_total: amount(tax),
        rounding_amount: amount("0"),
        total: amount(total),
        paid: amount("0"),
        fiscal_number: None,
    }
}

/// The same as a credit note that takes all of it back.
pub fn credited(mut document: TradeDocument) -> TradeDocument {
    document.kind = TradeKind::CreditNote;
    document.corrects = Some(Corrected {
        number: document.number,
        issued_on: document.issued_on,
        reason: "Goods came back unopened".to_owned(),
        buyer_document_number: Some("RN-88".to_owned()),
    });
    document.number = "CN-000007".to_owned();
    document.issued_on = "2026-03-20".parse().unwrap();
    (document.due_on, document.payment_terms) = (None, None);
    document.payment_means = vec![];
    document
}

/// With the tax also in another currency of the books.
pub fn kept_in(mut document: TradeDocument, currency: &str, rate: &str, tax: &str) -> TradeDocument {
    document.base_currency = read(json!(currency));
    document.exchange_rate = Some(ExchangeRate(decimal(rate)));
    document.tax_total_base_currency = Some(amount(tax));
    document
}

/// A Dutch domestic invoice: 12 × 18.50 and 3 × 42.00 at 21 %, 40 × 2.35 at 9 %; 21 % of 348.00 is 73.08, 9 % of 94.00 is 8.46.
pub fn plain() -> TradeDocument {
    invoice(&Sample {
        currency: "EUR",
        lines: &[
            ("Espresso beans, 1 kg", "12", "18.50", "0", "222.00", "0", "S", "0.21"),
            ("Milk jug, steel", "3", "42.00", "0", "126.00", "0", "S", "0.21"),
            ("Oat biscuits", "40", "2.35", "0", "94.00", "0", "S", "0.09"),
        ],
        shipping: "0",
        groups: &[("S", "0.21", "348.00", "73.08"), ("S", "0.09", "94.00", "8.46")],
        totals: ["442.00", "0", "81.54", "523.54"],
    })
}

/// An Indonesian invoice of many lines: each 7 × Rp 48.500 = Rp 339.500; PPN 12 % on 11/12.
pub fn indonesian(lines: usize) -> TradeDocument {
    let count = Decimal::from(lines);
    let net = decimal("339500.00") * count;
    let taxable = net * Decimal::from(11) / Decimal::from(12);
    let rupiah: crate::types::currency::Currency = read(json!("IDR"));
    let (taxable, tax) = (rupiah.round(taxable), rupiah.round(net * decimal("0.11")));
    let mut document = invoice(&Sample { currency: "IDR", lines: &[], shipping: "0", groups: &[], totals: ["0", "0", "0", "0"] });
    let names = ["Kopi Arabika Gayo 250 g", "Teh Melati Premium, kaleng hadiah edisi terbatas", "Gula Aren Cair 1 L"];
    document.lines = (0..lines)
        .map(|i| {
            read(json!({"sku": format!("KOPI-{:04}", i + 1), "customer_sku": (i % 3 == 1).then(|| format!("88-{i:04}")), "name": names[i % 3], "unit": "C62",
                "quantity": "7", "unit_price": "48500", "price_quantity": "1", "discount_amount": "0.00", "net_amount": "339500.00",
                "order_discount_amount": "0.00", "tax_category": "standard", "tax_scheme_category": "S", "tax_rate": "0.12", "base_fraction": "11/12"}))
        })
        .collect();
    document.tax_breakdown =
        vec![read(json!({"tax_category": "standard", "tax_scheme_category": "S", "rate": "0.12", "base_fraction": "11/12",
        "net_amount": net, "taxable_amount": taxable, "tax_amount": tax, "exemption_code": null, "exemption_reason": null}))];
    (document.subtotal, document.tax_total, document.total) = (Amount(net), Amount(tax), Amount(net + tax));
    document.seller = indonesian_seller();
    document.payment_means =
        indonesian_seller().bank_accounts.iter().map(|account| read(json!({"code": "30", "account": account}))).collect();
    document.buyer = read(json!({
        "id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "code": "C-TOKO-SUMBER", "name": "Toko Sumber Rejeki", "tax_id": "02.345.678.9-012.000",
        "email": "toko@sumber.example", "electronic_address": {"scheme": "0088", "value": "8991000000010"},
        "address": {"line1": "Jl. Braga No. 12", "city": "Bandung", "region": "Jawa Barat", "postal_code": "40111", "country": "ID"}
    }));
    document.ship_to = Some(read(
        json!({"company": "Gudang Cimahi", "line1": "Jl. Industri II No. 5", "city": "Cimahi", "postal_code": "40532", "country": "ID"}),
    ));
    document.fiscal_number = Some("010.002-26.12345678".to_owned());
    document
}

/// A receipt for an invoice with tax withheld, an advance, and a rest.
pub fn receipt() -> super::facts::Receipt {
    read(json!({
        "number": "RCP-000042", "received_on": "2026-03-09", "method": "bank_transfer", "reference": "TRF 20260309-8841", "currency": "IDR",
        "amount": "4995000.00", "seller": indonesian_seller(), "logo": null, "payer": indonesian(1).buyer,
        "lines": [
            {"number": "INV-000123", "is_invoice": true, "issued_on": "2026-03-02", "amount": "3995000.00",
                "adjustments": [{"kind": "withholding_tax", "amount": "80000.00", "reference": "BP-2026-0012"}]},
            {"number": "SO-000150", "is_invoice": false, "issued_on": null, "amount": "900000.00", "adjustments": []}
        ],
        "unapplied": "100000.00", "refunded": "0.00"
    }))
}

pub fn packing_list() -> super::facts::PackingList {
    let line = |i: usize, name: &str, quantity: &str, unit: &str| json!({"sku": format!("KOPI-{i:03}"), "name": name, "unit": unit, "ordered": "12", "quantity": quantity});
    read(json!({
        "number": "SO-000123-S1", "on": "2026-03-03", "has_left": true, "order_number": "SO-000123", "ordered_on": "2026-03-02",
        "purchase_order_number": "PO-2026-77", "seller": indonesian_seller(), "ship_from": "Gudang Jakarta 1",
        "ship_from_address": {"line1": "Jl. Pluit Raya No. 8", "city": "Jakarta", "postal_code": "14440", "country": "ID"},
        "customer": "Toko Sumber Rejeki", "ship_to": indonesian(1).ship_to, "carrier": "JNE", "tracking_number": "JNE0123456789",
        "delivery_instructions": "Masuk lewat pintu belakang, hubungi Ibu Yanti di 0812-5555-0113 sebelum tiba.",
        "lines": [line(1, "Kopi Arabika Gayo 250 g", "12", "C62"), line(2, "Teh Melati Premium, kaleng hadiah edisi terbatas dengan nama yang panjang", "6", "XBX"), line(3, "Gula Aren Cair", "2.5", "LTR")],
        "packages": [
            {"weight_grams": "12500", "length_mm": 400, "width_mm": 300, "height_mm": 250, "tracking_number": "JNE0123456789"},
            {"weight_grams": "8200", "length_mm": 300, "width_mm": 300, "height_mm": 200, "tracking_number": "JNE0123456790"}
        ]
    }))
}

/// A year of invoices and payments, each month 1,000.00 owed and 900.00 paid.
pub fn statement(months: u32) -> super::statement::body::Statement {
    use super::statement::body::{Statement, StatementEntry, StatementEntryKind};
    let (mut balance, mut entries) = (decimal("250.00"), vec![]);
    for month in 0..months {
        let on = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, month % 12 + 1, day).unwrap();
        let mut add = |day: u32, kind, number: String, reference: Option<&str>, due: Option<u32>, debit: &str, credit: &str| {
            balance += decimal(debit) - decimal(credit);
            entries.push(StatementEntry {
                on: on(day),
                kind,
                id: uuid::Uuid::nil(),
                number,
                reference: reference.map(str::to_owned),
                due_on: due.map(on),
                debit: amount(debit),
                credit: amount(credit),
                balance: Amount(balance),
            });
        };
        add(2, StatementEntryKind::Invoice, format!("INV-{:06}", month + 100), None, Some(28), "1000.00", "0");
        add(20, StatementEntryKind::Payment, format!("RCP-{:06}", month + 50), Some("SEPA 4711/26"), None, "0", "900.00");
    }
    let sum = |per_month: i64| Amount(Decimal::new(per_month * 100 * i64::from(months), 2));
    Statement {
        customer: plain().buyer,
        currency: read(json!("EUR")),
        from: "2026-01-01".parse().unwrap(),
        to: "2026-12-31".parse().unwrap(),
        opening_balance: amount("250.00"),
        entries,
        total_debit: sum(1000),
        total_credit: sum(900),
        closing_balance: Amount(balance),
        overdue: amount("100.00"),
    }
}
