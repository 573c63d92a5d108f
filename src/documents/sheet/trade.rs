use super::parties::{buyer, footer, place, seller};
use super::tax::{exemption_text, group_name, has_other_base, tax_name};
use super::{Variant, joined, object};
use crate::documents::facts::{TradeDocument, TradeKind, TradeLine};
use crate::documents::labels::Labels;
use crate::documents::language::{Language, Money};
use crate::invoicing::own_lines::{OwnLine, return_of};
use crate::organization::profile::bank_account::BankAccount;
use crate::types::currency::Currency;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// More accounts than these are for the website.
const MOST_ACCOUNTS: usize = 3;

/// What `invoice.typ` shows of an invoice or a credit note.
pub fn sheet(document: &TradeDocument, variant: Variant) -> Map<String, Value> {
    let writer = Writer::new(document, variant.language);
    let words = writer.words;
    let has_discounts = document.lines.iter().any(|line| !line.discount_amount.0.is_zero());
    let is_invoice = document.kind.asks();
    let due = document.due();
    let stamp = (is_invoice && due.is_zero() && !document.paid.0.is_zero()).then_some(words.stamp_paid);
    let spelled = json!({ "label": words.in_words, "text": variant.language.in_words(document.total.0, document.currency) });
    object(json!({
        "language": variant.language,
        "paper": variant.paper,
        "title": match document.kind {
            TradeKind::Invoice => words.invoice,
            TradeKind::Prepayment => words.prepayment_invoice,
            TradeKind::CreditNote => words.credit_note,
        },
        "number": document.number,
        "subtitle": document.corrects.as_ref().map(|corrected| {
            format!("{} {} {} {}", words.corrects, corrected.number, words.of_date, variant.language.date(corrected.issued_on))
        }),
        "issued": date_parts(document.issued_on),
        "seller": seller(&document.seller, variant.language),
        "footer": footer(&document.seller, variant.language),
        "page": words.page,
        "parties": writer.parties(),
        "facts": writer.facts(),
        "heads": {
            "number": words.number, "description": words.description, "quantity": words.quantity, "price": words.unit_price,
            "discount": words.discount, "tax": tax_name(document.seller.country.code()), "amount": words.amount,
        },
        "has_discounts": has_discounts,
        "lines": writer.lines(),
        "carry": { "over": words.carried_over, "forward": words.carried_forward },
        "totals": writer.totals(),
        "taxes": writer.taxes(),
        "words": (variant.language == Language::Indonesian).then_some(spelled),
        "stamp": stamp,
        "payment": is_invoice.then(|| writer.payment()),
        "notes": writer.notes(),
    }))
}

/// For the PDF's own date.
pub fn date_parts(on: chrono::NaiveDate) -> Value {
    use chrono::Datelike;
    json!([on.year(), on.month(), on.day()])
}

struct Writer<'a> {
    document: &'a TradeDocument,
    language: Language,
    words: &'static Labels,
    money: Money,
}

impl<'a> Writer<'a> {
    fn new(document: &'a TradeDocument, language: Language) -> Self {
        Self { document, language, words: language.labels(), money: Money::new(language, document.currency, document.amounts()) }
    }

    fn parties(&self) -> Vec<Value> {
        let document = self.document;
        let mut parties = vec![buyer(&document.buyer, self.words.bill_to, self.language)];
        if let Some(address) = document.ship_to.as_ref().filter(|address| Some(*address) != document.buyer.address.as_ref()) {
            parties.push(place(Some(address), self.words.ship_to, &document.buyer.name));
        }
        parties
    }

    fn facts(&self) -> Vec<[String; 2]> {
        let (document, words) = (self.document, self.words);
        let mut facts = vec![];
        let mut add = |label: &str, value: Option<String>| facts.extend(value.map(|value| [label.to_owned(), value]));
        let date = |on| self.language.date(on);
        let is_invoice = document.kind.asks();
        add(if is_invoice { words.issued_on } else { words.credited_on }, Some(date(document.issued_on)));
        add(words.supply_on, document.supply_on.map(date));
        add(words.due_on, document.due_on.filter(|_| !document.due().is_zero()).map(date));
        add(words.fiscal_number, document.fiscal_number.clone());
        let join = |values: Vec<&str>| (!values.is_empty()).then(|| values.join(", "));
        add(words.order, join(document.orders.iter().map(|order| order.number.as_str()).collect()));
        add(words.purchase_order, join(document.orders.iter().filter_map(|order| order.purchase_order_number.as_deref()).collect()));
        add(words.buyer_reference, document.buyer_reference.clone());
        add(words.buyer_document, document.corrects.as_ref().and_then(|corrected| corrected.buyer_document_number.clone()));
        add(words.currency, Some(document.currency.to_string()));
        facts
    }

    fn lines(&self) -> Vec<Value> {
        let mut running = Decimal::ZERO;
        let line = |(i, line): (usize, &TradeLine)| {
            running += line.net_amount.0;
            let discount = line.discount_amount.0;
            let code = line.customer_sku.as_ref().map(|code| format!("{} {code}", self.words.customer_sku));
            let own = OwnLine::read(&line.sku, &line.name).map(|own| self.own_line(&own));
            let details = own.is_none().then(|| joined([Some(line.sku.clone()), code], "  ·  "));
            json!({
                "number": (i + 1).to_string(),
                "name": own.as_deref().unwrap_or(&line.name),
                "details": details.as_slice(),
                "quantity": format!("{}\u{a0}{}", self.language.plain(line.quantity.0, 0), self.language.unit(&line.unit)),
                "price": self.price(line),
                "discount": if discount.is_zero() { String::new() } else { self.money.amount(-discount) },
                "tax": self.tax_mark(line),
                "amount": self.money.amount(line.net_amount.0),
                "running": self.money.amount(running),
            })
        };
        self.document.lines.iter().enumerate().map(line).collect()
    }

    fn own_line(&self, line: &OwnLine) -> String {
        let words = self.words;
        match line {
            OwnLine::PrepaymentFor(order) => format!("{} {order}", words.prepayment_for),
            OwnLine::Prepayment(number, on) => {
                format!("{} {number} {} {}", words.prepayment_deducted, words.of_date, self.language.date(*on))
            }
            OwnLine::RestockingFee => words.restocking_fee.to_owned(),
        }
    }

    fn price(&self, line: &TradeLine) -> String {
        let places = self.document.currency.minor_units() + 2;
        let price = self.money.price(line.net_price(self.document.prices_include_tax, places));
        let per = line.price_quantity.0;
        if per == Decimal::ONE { price } else { format!("{price}\u{a0}/\u{a0}{}", self.language.plain(per, 0)) }
    }

    fn tax_mark(&self, line: &TradeLine) -> String {
        match line.tax_scheme_category.as_str() {
            "O" => "–".to_owned(),
            "S" | "Z" => self.language.percent(line.tax_rate.0),
            other => other.to_owned(),
        }
    }

    fn totals(&self) -> Vec<Value> {
        let (document, words, money) = (self.document, self.words, &self.money);
        let mut rows = vec![];
        let mut add = |kind: &str, label: &str, value: String| rows.push(json!({ "kind": kind, "label": label, "value": value }));
        add("plain", words.subtotal, money.amount(document.subtotal.0));
        if !document.discount_total.0.is_zero() {
            add("plain", words.order_discount, money.amount(-document.discount_total.0));
        }
        if !document.shipping_net.0.is_zero() {
            add("plain", words.shipping, money.amount(document.shipping_net.0));
        }
        for group in document.tax_breakdown.iter().filter(|group| matches!(group.tax_scheme_category.as_str(), "S" | "Z")) {
            add("plain", &group_name(group, document.seller.country.code(), self.language), money.amount(group.tax_amount.0));
        }
        if !document.rounding_amount.0.is_zero() {
            add("plain", words.rounding, money.amount(document.rounding_amount.0));
        }
        let label = if document.kind.asks() { words.total } else { words.total_credit };
        add("total", label, money.with_currency(document.total.0));
        if !document.paid.0.is_zero() {
            add("plain", words.paid, money.amount(-document.paid.0));
            add("strong", words.amount_due, money.with_currency(document.due()));
        }
        rows
    }

    fn taxes(&self) -> Value {
        let (words, country) = (self.words, self.document.seller.country.code());
        let rows = self.document.tax_breakdown.iter().map(|group| {
            let fraction = has_other_base(group)
                .then(|| format!("{} {}\u{a0}×\u{a0}{}", words.other_base, group.base_fraction, self.money.amount(group.net_amount.0)));
            let reason = exemption_text(group, country).filter(|_| !matches!(group.tax_scheme_category.as_str(), "S" | "Z"));
            json!({
                "label": group_name(group, country, self.language),
                "detail": joined([fraction, reason], " · "),
                "base": self.money.amount(group.taxable_amount.0),
                "tax": self.money.amount(group.tax_amount.0),
            })
        });
        let named = self.document.tax_breakdown.iter().any(|group| group.tax_name.is_some());
        json!({
            "label": words.tax_breakdown,
            "heads": [words.rate, words.taxable_amount, if named { words.tax } else { tax_name(country) }],
            "rows": rows.collect::<Vec<_>>(),
        })
    }

    fn payment(&self) -> Value {
        let (document, words) = (self.document, self.words);
        let due = document.due();
        if due <= Decimal::ZERO {
            // A deducted prepayment has an invoice of its own, which nobody may have paid.
            let deducted = document.lines.iter().any(|line| line.net_amount.0 < Decimal::ZERO);
            let terms = if deducted && document.paid.0.is_zero() { words.settled_in_advance } else { words.paid_in_full };
            return json!({ "label": words.payment, "terms": terms, "texts": [], "accounts": [] });
        }
        let mut texts = vec![];
        let by = document.due_on.map(|on| format!("{} {}", words.payable_by, self.language.date(on)));
        let terms = match &document.payment_terms {
            Some(terms) if terms.cash_on_delivery => words.cash_on_delivery.to_owned(),
            Some(terms) if terms.prepayment => words.prepayment.to_owned(),
            Some(terms) if terms.net_days == 0 && !terms.end_of_month => words.due_at_once.to_owned(),
            Some(terms) => by.map_or_else(|| terms.name.clone(), |by| format!("{by} ({})", terms.name)),
            None => by.unwrap_or_else(|| words.due_at_once.to_owned()),
        };
        if let Some((percent, days)) =
            document.payment_terms.as_ref().and_then(|terms| Some((terms.discount_percent?, terms.discount_days?)))
        {
            let until = self.language.date(document.issued_on + TimeDelta::days(days.into()));
            texts.push(format!("{}% {} {until}", self.language.plain(percent.0, 0), words.early_discount));
        }
        texts.push(format!("{} {}", words.please_quote, document.number));
        let accounts = document.payment_means.iter().filter_map(|means| serde_json::from_value::<BankAccount>(means.account.clone()).ok());
        let accounts: Vec<BankAccount> = accounts.collect();
        json!({ "label": words.payment, "terms": terms, "texts": texts, "accounts": account_blocks(&accounts, document.currency, words) })
    }

    fn notes(&self) -> Vec<Value> {
        let (document, words) = (self.document, self.words);
        let mut notes = vec![];
        if let Some(corrected) = &document.corrects {
            let returned = return_of(&corrected.reason).map(|number| format!("{} {number}", words.returned_with));
            let reason = returned.as_ref().unwrap_or(&corrected.reason);
            notes.push(json!({ "label": format!("{}:", words.reason), "text": reason }));
        }
        // Art. 230 of Directive 2006/112/EC: the tax also in the currency of the seller's country.
        if let Some(tax) = document.tax_total_base_currency.filter(|_| document.base_currency != document.currency) {
            let money = Money::new(self.language, document.base_currency, [tax.0].into_iter());
            let rate = document.exchange_rate.map_or_else(String::new, |rate| {
                let rate = self.language.plain(rate.0, 0);
                format!(" ({} {} 1 = {} {rate})", words.at_rate, document.currency, document.base_currency)
            });
            notes.push(json!({ "label": format!("{} {}:", words.tax_in_base, document.base_currency), "text": format!("{}{rate}", money.with_currency(tax.0)) }));
        }
        notes
    }
}

/// Where to pay to: accounts in the document's currency first.
pub fn account_blocks(accounts: &[BankAccount], currency: Currency, words: &Labels) -> Vec<Value> {
    let mut accounts: Vec<&BankAccount> = accounts.iter().collect();
    accounts.sort_by_key(|account| account.currency != currency);
    let block = |account: &BankAccount| {
        let mut rows = vec![[String::new(), account.holder.clone()], [String::new(), account.bank_name.clone()]];
        rows.extend(account.iban.as_ref().map(|iban| ["IBAN".to_owned(), grouped(iban)]));
        rows.extend(account.account_number.as_ref().map(|number| [words.account_number.to_owned(), number.clone()]));
        rows.extend(account.bic.as_ref().map(|bic| ["BIC".to_owned(), bic.clone()]));
        json!({ "label": format!("{} ({})", words.bank_account, account.currency), "rows": rows })
    };
    accounts.into_iter().take(MOST_ACCOUNTS).map(block).collect()
}

/// An IBAN as it is printed: in groups of four (ISO 13616).
fn grouped(iban: &str) -> String {
    let letters: Vec<char> = iban.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
