//! The names of columns, as buyers write them in English, Indonesian, German, Dutch, French and Spanish.

use crate::verifications::reading::Confidence;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    Sku,
    Gtin,
    CustomerSku,
    Name,
    Quantity,
    Unit,
    UnitPrice,
    RequestedOn,
    Currency,
    /// Says that the customer counts on a price that is not the list's.
    Discount,
}

/// A word that says what its column is.
const SURE: u8 = 98;
/// A word that may say so, but is also used for something else.
const LIKELY: u8 = 60;

/// Names without spaces and signs, in lower case, accents folded.
const NAMES: &[(Column, u8, &[&str])] = &[
    (
        Column::Sku,
        SURE,
        &[
            "sku",
            "itemno",
            "itemnumber",
            "itemcode",
            "itemid",
            "articleno",
            "articlenumber",
            "articlecode",
            "productcode",
            "productid",
            "productno",
            "productnumber",
            "partno",
            "partnumber",
            "materialno",
            "materialnumber",
            "stockcode",
            "suppliersku",
            "vendorsku",
            "sellersitemid",
            "yoursku",
            "kodebarang",
            "kodeproduk",
            "kodeitem",
            "kodeartikel",
            "nomorbarang",
            "nobarang",
            "artikelnummer",
            "artikelnr",
            "artnr",
            "artikelno",
            "materialnummer",
            "materialnr",
            "produktnummer",
            "bestellnummer",
            "bestellnr",
            "teilenummer",
            "artikelcode",
            "productnummer",
            "productcode",
            "bestelnummer",
            "refarticle",
            "referencearticle",
            "codearticle",
            "codeproduit",
            "refproduit",
            "numeroarticle",
            "noarticle",
            "codigoarticulo",
            "codigoproducto",
            "numeroarticulo",
            "refarticulo",
        ],
    ),
    (
        Column::Sku,
        LIKELY,
        &[
            "item",
            "article",
            "product",
            "part",
            "code",
            "kode",
            "barang",
            "produk",
            "artikel",
            "produkt",
            "material",
            "reference",
            "ref",
            "produit",
            "productref",
            "articulo",
            "producto",
            "codigo",
            "referencia",
        ],
    ),
    (Column::Gtin, SURE, &["gtin", "ean", "ean13", "eancode", "upc", "barcode", "strichcode", "codebarres", "streepjescode"]),
    (
        Column::CustomerSku,
        SURE,
        &[
            "customersku",
            "oursku",
            "ourref",
            "buyersitemid",
            "customeritemno",
            "kundenartikelnummer",
            "ihreartikelnummer",
            "klantartikelnummer",
            "refclient",
            "kodebarangkami",
        ],
    ),
    (
        Column::Name,
        SURE,
        &[
            "name",
            "description",
            "productname",
            "itemname",
            "itemdescription",
            "productdescription",
            "nama",
            "namabarang",
            "namaproduk",
            "deskripsi",
            "bezeichnung",
            "artikelbezeichnung",
            "beschreibung",
            "produktname",
            "omschrijving",
            "productnaam",
            "naam",
            "designation",
            "libelle",
            "descripcion",
            "nom",
            "desc",
        ],
    ),
    (
        Column::Quantity,
        SURE,
        &[
            "qty",
            "quantity",
            "orderqty",
            "orderquantity",
            "qtyordered",
            "quantityordered",
            "orderedquantity",
            "jumlah",
            "jumlahpesan",
            "jumlahpesanan",
            "kuantitas",
            "banyak",
            "banyaknya",
            "menge",
            "bestellmenge",
            "anzahl",
            "stuckzahl",
            "stueckzahl",
            "aantal",
            "hoeveelheid",
            "besteldaantal",
            "quantite",
            "qte",
            "quantitecommandee",
            "qtecommandee",
            "cantidad",
            "cant",
        ],
    ),
    (Column::Quantity, LIKELY, &["pcs", "pieces", "units", "ordered", "stuck", "stueck", "stuks", "nombre", "pesan"]),
    (Column::Unit, SURE, &["unit", "uom", "unitofmeasure", "satuan", "einheit", "mengeneinheit", "eenheid", "unite", "unidad", "unitcode"]),
    (
        Column::UnitPrice,
        SURE,
        &[
            "unitprice",
            "price",
            "priceperunit",
            "netprice",
            "harga",
            "hargasatuan",
            "preis",
            "einzelpreis",
            "stuckpreis",
            "stueckpreis",
            "nettopreis",
            "prijs",
            "stukprijs",
            "eenheidsprijs",
            "prix",
            "prixunitaire",
            "prixunit",
            "puht",
            "pu",
            "prixunitaireht",
            "precio",
            "preciounitario",
        ],
    ),
    (
        Column::RequestedOn,
        SURE,
        &[
            "deliverydate",
            "requesteddate",
            "requestedon",
            "requireddate",
            "needby",
            "needbydate",
            "duedate",
            "tanggalkirim",
            "tanggalpengiriman",
            "liefertermin",
            "lieferdatum",
            "wunschtermin",
            "leverdatum",
            "gewenstedatum",
            "datedelivraison",
            "datelivraison",
        ],
    ),
    (Column::Currency, SURE, &["currency", "currencycode", "ccy", "matauang", "wahrung", "waehrung", "valuta", "munt", "devise", "moneda"]),
    (Column::Discount, SURE, &["discount", "discountpercent", "diskon", "potongan", "rabatt", "korting", "remise"]),
];

/// What the column of this name holds; `None` for a name of none of ours.
pub fn of_name(name: &str) -> Option<(Column, Confidence)> {
    let folded = folded(name);
    let known = NAMES.iter().find(|(_, _, names)| names.contains(&folded.as_str()))?;
    Some((known.0, Confidence::of(known.1)))
}

/// Lower case, accents folded, letters and digits alone.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(80).flat_map(char::to_lowercase) {
        match c {
            'à' | 'á' | 'â' | 'ä' | 'ã' => out.push('a'),
            'è' | 'é' | 'ê' | 'ë' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' => out.push('i'),
            'ò' | 'ó' | 'ô' | 'ö' | 'õ' => out.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => out.push('u'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            'ß' => out.push_str("ss"),
            c if c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
    out
}

/// Columns that say nothing about what is ordered: numbers of rows, kinds of goods, sums, weights.
const ASIDE: &str = "no nr pos position line lineno linenumber rownumber num number nomor nummer numero baris zeile ligne linea regel category \
    kategori kategorie categorie categoria brand merek merk marke marque marca group productgroup warengruppe artikelgroep supplier vendor \
    pemasok lieferant leverancier fournisseur proveedor manufacturer hersteller producent total amount value subtotal linetotal lineamount \
    nettotal grandtotal totalprice jumlahharga totalharga hargatotal betrag gesamt gesamtpreis summe bedrag totaal totaalprijs montant \
    montantht importe vat tax ppn mwst ust btw tva iva image picture photo foto gambar bild link url weight berat gewicht poids peso packsize \
    packaging kemasan verpackung verpakking emballage origin hscode";

/// Whether a column of this name can be passed over.
pub fn is_aside(name: &str) -> bool {
    let folded = folded(name);
    ASIDE.split_whitespace().any(|known| known == folded) || is_sum(name)
}

/// Columns that tell more of the product or of who wants it: worth a note, no question.
const DESCRIBING: &str = "size ukuran grosse groesse maat taille talla colour color warna farbe kleur couleur variant varian variante type \
    tipe typ model modell spec specification spesifikasi department departemen abteilung afdeling service costcenter costcentre kostenstelle \
    project proyek projekt projet requester requestedby pemohon buyer pembeli";

/// Whether a column of this name describes what is ordered or for whom.
pub fn is_describing(name: &str) -> bool {
    let folded = folded(name);
    DESCRIBING.split_whitespace().any(|known| known == folded)
}

/// Words for the buyer's own number of the order.
const ORDER_NUMBERS: &[&str] = &[
    "po",
    "pono",
    "ponumber",
    "purchaseorder",
    "purchaseorderno",
    "purchaseordernumber",
    "orderno",
    "ordernumber",
    "ourorder",
    "nopo",
    "nomorpo",
    "nopesanan",
    "nomorpesanan",
    "suratpesanan",
    "bestellnummer",
    "bestellung",
    "bestellungnr",
    "bestellnr",
    "auftragsnummer",
    "bestelnummer",
    "bestelling",
    "bestelbon",
    "inkooporder",
    "inkoopordernummer",
    "commande",
    "bondecommande",
    "nocommande",
    "numerodecommande",
    "commandeno",
    "commanden",
];

/// Whether it is a label of the buyer's own number of the order.
pub fn is_order_number_label(text: &str) -> bool {
    ORDER_NUMBERS.contains(&folded(text).as_str())
}

/// Words that begin a row of sums.
pub fn is_sum(text: &str) -> bool {
    let folded = folded(text);
    [
        "total",
        "subtotal",
        "grandtotal",
        "sum",
        "jumlahtotal",
        "summe",
        "gesamt",
        "zwischensumme",
        "totaal",
        "subtotaal",
        "totalht",
        "totalttc",
        "soustotal",
        "montanttotal",
        "vat",
        "ppn",
        "mwst",
        "btw",
        "tva",
    ]
    .contains(&folded.as_str())
        || folded.starts_with("total")
        || folded.starts_with("grandtotal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_in_five_languages() {
        for (name, column) in [
            ("SKU", Column::Sku),
            ("Item No.", Column::Sku),
            ("Kode Barang", Column::Sku),
            ("Artikel-Nr.", Column::Sku),
            ("Artikelcode", Column::Sku),
            ("Réf. article", Column::Sku),
            ("ProductID", Column::Sku),
            ("Qty.", Column::Quantity),
            ("Jumlah", Column::Quantity),
            ("Menge", Column::Quantity),
            ("Stückzahl", Column::Quantity),
            ("Aantal", Column::Quantity),
            ("Quantité", Column::Quantity),
            ("Harga Satuan", Column::UnitPrice),
            ("Einzelpreis", Column::UnitPrice),
            ("Prix unitaire", Column::UnitPrice),
            ("Satuan", Column::Unit),
            ("EAN", Column::Gtin),
            ("Désignation", Column::Name),
        ] {
            let (found, confidence) = of_name(name).unwrap();
            assert_eq!((found, confidence), (column, Confidence::of(SURE)), "{name}");
        }
        assert_eq!(of_name("Product"), Some((Column::Sku, Confidence::of(LIKELY))));
        assert_eq!(of_name("Total"), None);
        assert!(is_sum("Total :") && is_sum("Jumlah total") && !is_sum("Totem"));
        assert!(is_order_number_label("PO No:") && is_order_number_label("N° commande".replace('°', "o").as_str()));
    }

    #[test]
    fn no_name_says_two_things() {
        let mut seen = std::collections::HashMap::new();
        for (column, _, names) in NAMES {
            for name in *names {
                assert_eq!(folded(name), *name);
                let before = seen.insert(*name, *column);
                assert!(before.is_none_or(|before| before == *column), "{name}");
            }
        }
    }
}
