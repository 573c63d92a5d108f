use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read_parts(kind: ImportKind, options: CsvOptions, parts: &[&[u8]]) -> Result<Vec<(i64, Value, Option<String>)>, String> {
    let mut rows = CsvRows::new(kind, options);
    let mut lines = vec![];
    let code = |error: Error| error.problem("")["code"].as_str().unwrap().to_owned();
    for part in parts {
        lines.extend(rows.push(part).map_err(code)?);
    }
    lines.extend(rows.end().map_err(code)?);
    Ok(lines.into_iter().map(|line| (line.number, serde_json::from_slice(&line.bytes).unwrap(), line.fault)).collect())
}

fn read(kind: ImportKind, file: &str) -> Vec<(i64, Value, Option<String>)> {
    read_parts(kind, CsvOptions::default(), &[file.as_bytes()]).unwrap()
}

#[test]
fn cells_are_read_as_their_fields_are_and_empty_ones_clear() {
    let file = "\u{feff}sku;name;quantity_scale;active;units;standard_cost;external_ids.erp;description;version\r\n\
        A;'=Kopi;2;TRUE;\"[{\"\"unit\"\":\"\"XBX\"\",\"\"factor\"\":\"\"12\"\"}]\"; 12.50 ;4711;;9\r\n\
        B;Teh;x;maybe;[;;;;\r\n";
    let rows = read(ImportKind::Products, file);
    let first = json!({"sku": "A", "name": "=Kopi", "quantity_scale": 2, "active": true, "units": [{"unit": "XBX", "factor": "12"}],
        "standard_cost": "12.50", "external_ids": {"erp": "4711"}, "description": null});
    assert_eq!(rows[0], (2, first, None));
    assert_eq!(
        rows[1].1,
        json!({"sku": "B", "name": "Teh", "quantity_scale": "x", "active": "maybe", "units": "[",
        "standard_cost": null, "external_ids": {"erp": null}, "description": null})
    );
}

#[test]
fn names_of_the_file_are_mapped_and_unknown_ones_refuse_it() {
    let mapping =
        [("Artikel".to_owned(), Some("sku".to_owned())), ("Preis".to_owned(), Some("unit_price".to_owned())), ("Lager".to_owned(), None)];
    let options = CsvOptions { mapping: mapping.into(), encoding: Encoding::Windows1252, ..CsvOptions::default() };
    let file = b"Artikel\tPreis\tcurrency\tLager\nK\xe4se\t1.5\tEUR\tx\n";
    let rows = read_parts(ImportKind::Prices, options.clone(), &[file]).unwrap();
    assert_eq!(rows[0].1, json!({"sku": "K\u{e4}se", "unit_price": "1.5", "currency": "EUR"}));
    let code = |options: &CsvOptions, file: &str| read_parts(ImportKind::Prices, options.clone(), &[file.as_bytes()]).unwrap_err();
    assert_eq!(code(&CsvOptions::default(), "sku,colour\n"), "unknown_column");
    assert_eq!(code(&options, "sku,Artikel\n"), "duplicate_column");
    assert_eq!(code(&CsvOptions::default(), ""), "required");
    assert_eq!(code(&CsvOptions::default(), "version,updated_at\n"), "required");
}

#[test]
fn records_of_one_order_are_its_lines() {
    let file = "external_id,customer_code,shipping_address.city,lines.sku,lines.quantity\n\
        a,C-1,Bandung,KOPI,1\n\
        a,,,TEH,2\n\
        b,C-2,,KOPI,3\n\
        ,C-3,,KOPI,4\n\
        ,C-4,,KOPI,5\n\
        a,C-9,,KOPI,6\n\
        a,C-1,,KOPI,7\n";
    let rows = read(ImportKind::Orders, file);
    let first = json!({"external_id": "a", "customer_code": "C-1", "shipping_address": {"city": "Bandung"},
        "lines": [{"sku": "KOPI", "quantity": "1"}, {"sku": "TEH", "quantity": "2"}]});
    assert_eq!(rows[0], (2, first, None));
    let told: Vec<(i64, usize, bool)> = rows.iter().map(|row| (row.0, row.1["lines"].as_array().unwrap().len(), row.2.is_some())).collect();
    assert_eq!(told, [(2, 2, false), (4, 1, false), (5, 1, false), (6, 1, false), (7, 2, true)]);
}

#[test]
fn a_pointer_leads_to_the_column_of_the_file() {
    let names: ColumnNames =
        [("lines.quantity", "Menge"), ("shipping_address.city", "Ort"), ("units", "Einheiten"), ("external_ids.a/b", "AB")]
            .map(|(path, name)| (path.to_owned(), name.to_owned()))
            .into();
    let column = |pointer| column_of(&names, pointer);
    assert_eq!(column("/lines/12/quantity"), Some("Menge"));
    assert_eq!(column("/shipping_address/city"), Some("Ort"));
    assert_eq!(column("/units/0/factor"), Some("Einheiten"));
    assert_eq!(column("/external_ids/a~1b"), Some("AB"));
    assert_eq!((column("/name"), column("")), (None, None));
}

#[test]
fn a_row_with_too_many_fields_or_other_bytes_is_told() {
    let rows = read_parts(ImportKind::Stock, CsvOptions::default(), &[b"sku,quantity\nA,1,2\nB\xff,1\nC,1,\n"]).unwrap();
    let faults: Vec<Option<&str>> = rows.iter().map(|row| row.2.as_deref().and_then(|fault| fault.split('|').next())).collect();
    assert_eq!(faults, [Some("too_many_fields"), Some("malformed_csv"), None]);
}

#[test]
fn numbers_have_a_comma_where_it_is_said_so() {
    let options = CsvOptions { decimal_comma: true, ..CsvOptions::default() };
    let read = |text: &str| {
        let rows = read_parts(ImportKind::Prices, options.clone(), &[format!("sku;unit_price\nA.1,5;{text}\n").as_bytes()]).unwrap();
        assert_eq!(rows[0].1["sku"], "A.1,5", "only numbers");
        (
            rows[0].1["unit_price"].as_str().unwrap().to_owned(),
            rows[0].2.as_deref().map(|fault| fault.split('|').next().unwrap().to_owned()),
        )
    };
    for (written, number) in [
        ("1234,5", "1234.5"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("12", "12"),
        ("-0,5", "-0.5"),
        ("+1.000", "1000"),
        ("0,001", "0.001"),
    ] {
        assert_eq!(read(written), (number.to_owned(), None), "{written}");
    }
    for written in ["12.50", "1,234.50", "1.23", "1234.567", "1..234", ".5", ",5", "5,", "1,2,3", "1.2345", "a", "1 234"] {
        assert_eq!(read(written).1.as_deref(), Some("invalid_decimal"), "{written}");
    }
    let file = b"sku;name;unit;tax_category;quantity_scale\nA;B;each;standard;3\n";
    assert_eq!(read_parts(ImportKind::Products, options, &[file]).unwrap()[0].1["quantity_scale"], 3);
}

/// Any bytes behind a header that there is, and behind any other one, are rows or a refusal.
fn total(header: &[u8], body: &[u8], which: usize) {
    const HEADS: [&[u8]; 5] = [
        b"external_id;lines.sku;lines.quantity;lines.discounts\n",
        b"sku,units,active,external_ids.a\n",
        b"code,addresses\n",
        b"sku\tunit_price\n",
        b"sku,quantity\n",
    ];
    for file in [[HEADS[which], body].concat(), [header, b"\n", body].concat()] {
        for (encoding, decimal_comma) in [(Encoding::Utf8, false), (Encoding::Windows1252, true)] {
            let options = CsvOptions { encoding, decimal_comma, ..CsvOptions::default() };
            let _ = read_parts(ImportKind::ALL[which], options, &[&file]);
        }
    }
}

/// Bytes of which those with a meaning in CSV come often.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![1 => any::<u8>(), 2 => prop::sample::select(b",;\t\"\n\r.-0123456789abx'={[]}".to_vec())];
    prop::collection::vec(byte, 0..most)
}

#[test]
#[ignore = "a million inputs"]
fn a_million_files_are_rows_or_refused() {
    let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
    proptest!(config, |(header in bytes(12), body in bytes(120), which in 0usize..5)| total(&header, &body, which));
}

proptest! {
    #[test]
    fn no_file_is_a_panic(header in bytes(12), body in bytes(120), which in 0usize..5) {
        total(&header, &body, which);
    }

    #[test]
    fn a_number_is_written_with_a_comma_and_read_again(whole in 0u64..10_000_000_000, fraction in "[0-9]{0,6}", grouped: bool, negative: bool) {
        let digits = whole.to_string();
        let written: String = if grouped {
            let first = (digits.len() - 1) % 3 + 1;
            let rest: Vec<&str> = digits.as_bytes()[first..].chunks(3).map(|group| std::str::from_utf8(group).unwrap()).collect();
            std::iter::once(&digits[..first]).chain(rest).collect::<Vec<_>>().join(".")
        } else {
            digits.clone()
        };
        let (sign, tail) = (if negative { "-" } else { "" }, if fraction.is_empty() { String::new() } else { format!(",{fraction}") });
        let expected = format!("{sign}{digits}{}", tail.replace(',', "."));
        prop_assert_eq!(with_point(&format!("{sign}{written}{tail}")), Some(expected));
    }

    #[test]
    fn it_does_not_matter_where_the_stream_is_cut(body in "[ab,\n\"1]{0,60}", at in 0usize..120) {
        let file = format!("external_id,lines.sku,lines.quantity\n{body}");
        let (head, tail) = file.as_bytes().split_at(at.min(file.len()));
        let whole = read_parts(ImportKind::Orders, CsvOptions::default(), &[file.as_bytes()]);
        prop_assert_eq!(read_parts(ImportKind::Orders, CsvOptions::default(), &[head, tail]), whole);
    }
}
