use super::parties::{footer, place, seller};
use super::trade::date_parts;
use super::{Variant, object};
use crate::documents::facts::PackingList;
use crate::fulfillment::package::Package;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// What `packing_list.typ` shows.
pub fn sheet(list: &PackingList, variant: Variant) -> Map<String, Value> {
    let (language, words) = (variant.language, variant.language.labels());
    let mut facts = vec![];
    let mut add = |label: &str, value: Option<String>| facts.extend(value.map(|value| [label.to_owned(), value]));
    add(if list.has_left { words.shipped_on } else { words.ship_by }, list.on.map(|on| language.date(on)));
    add(words.order, Some(list.order_number.clone()));
    add(words.ordered_on, Some(language.date(list.ordered_on)));
    add(words.purchase_order, list.purchase_order_number.clone());
    add(words.carrier, list.carrier.clone());
    add(words.tracking_number, list.tracking_number.clone());
    let quantity = |value: Decimal, unit: &str| format!("{}\u{a0}{}", language.plain(value, 0), language.unit(unit));
    let lines = list.lines.iter().enumerate().map(|(i, line)| {
        json!({
            "number": (i + 1).to_string(),
            "name": line.name,
            "sku": line.sku,
            "ordered": quantity(line.ordered.0, &line.unit),
            "quantity": quantity(line.quantity.0, &line.unit),
        })
    });
    let packages = list.packages.iter().enumerate().map(|(i, package)| {
        json!({
            "number": (i + 1).to_string(),
            "weight": package.weight_grams.map_or_else(String::new, |grams| format!("{}\u{a0}kg", language.plain(grams.0 / Decimal::ONE_THOUSAND, 2))),
            "size": size(package),
            "tracking": package.tracking_number.clone().unwrap_or_default(),
        })
    });
    object(json!({
        "language": language,
        "paper": variant.paper,
        "title": words.packing_list,
        "number": list.number,
        "subtitle": null,
        "issued": date_parts(list.on.unwrap_or(list.ordered_on)),
        "seller": seller(&list.seller, language),
        "footer": footer(&list.seller, language),
        "page": words.page,
        "carry": null,
        "parties": [
            place(list.ship_from_address.as_ref(), words.ship_from, &list.ship_from),
            place(list.ship_to.as_ref(), words.ship_to, &list.customer),
        ],
        "facts": facts,
        "instructions": list.delivery_instructions.as_ref().map(|text| json!({ "label": words.delivery_instructions, "text": text })),
        "heads": {
            "number": words.number, "description": words.description, "sku": words.sku, "ordered": words.ordered,
            "quantity": if list.has_left { words.shipped } else { words.packed }, "checked": words.checked,
        },
        "lines": lines.collect::<Vec<_>>(),
        "packages": {
            "label": words.packages,
            "heads": [words.number, words.weight, words.size, words.tracking_number],
            "rows": packages.collect::<Vec<_>>(),
        },
        "signatures": [words.packed_by, words.received_by],
    }))
}

fn size(package: &Package) -> String {
    match (package.length_mm, package.width_mm, package.height_mm) {
        (Some(length), Some(width), Some(height)) => {
            let cm = |mm: u32| Decimal::new(mm.into(), 1).normalize();
            format!("{} × {} × {} cm", cm(length), cm(width), cm(height))
        }
        _ => String::new(),
    }
}
