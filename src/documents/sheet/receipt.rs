use super::parties::{buyer, footer, seller};
use super::trade::date_parts;
use super::{Variant, object};
use crate::documents::facts::{Receipt, ReceiptLine};
use crate::documents::labels::Labels;
use crate::documents::language::Money;
use crate::payments::payment::PaymentMethod;
use crate::payments::settlement::AdjustmentKind;
use serde_json::{Map, Value, json};

/// What `receipt.typ` shows.
pub fn sheet(receipt: &Receipt, variant: Variant) -> Map<String, Value> {
    let (language, words) = (variant.language, variant.language.labels());
    let amounts =
        receipt.lines.iter().flat_map(|line| line.adjustments.iter().map(|adjustment| adjustment.amount.0).chain([line.amount.0]));
    let money = Money::new(language, receipt.currency, amounts.chain([receipt.amount.0, receipt.unapplied.0, receipt.refunded.0]));
    let mut facts = vec![[words.received_on.to_owned(), language.date(receipt.received_on)]];
    facts.push([words.method.to_owned(), method(receipt.method, words).to_owned()]);
    facts.extend(receipt.reference.as_ref().map(|reference| [words.reference.to_owned(), reference.clone()]));
    facts.push([words.currency.to_owned(), receipt.currency.to_string()]);
    let mut lines: Vec<Value> = receipt.lines.iter().map(|line| shown(line, words, &money, variant)).collect();
    for (label, amount) in [(words.unapplied, receipt.unapplied.0), (words.refund, receipt.refunded.0)] {
        if !amount.is_zero() {
            lines.push(json!({ "document": label, "date": "", "details": [], "amount": money.amount(amount) }));
        }
    }
    object(json!({
        "language": language,
        "paper": variant.paper,
        "title": words.receipt,
        "number": receipt.number,
        "subtitle": null,
        "issued": date_parts(receipt.received_on),
        "seller": seller(&receipt.seller, language),
        "footer": footer(&receipt.seller, language),
        "page": words.page,
        "carry": null,
        "parties": receipt.payer.iter().map(|payer| buyer(payer, words.received_from, language)).collect::<Vec<_>>(),
        "facts": facts,
        "received": { "label": words.amount_received, "value": money.with_currency(receipt.amount.0) },
        "words": { "label": words.in_words, "text": language.in_words(receipt.amount.0, receipt.currency) },
        "heads": { "document": words.for_payment_of, "date": words.date, "amount": words.amount },
        "lines": lines,
        "signature": { "label": words.issued_by, "name": receipt.seller.legal_name },
    }))
}

fn shown(line: &ReceiptLine, words: &Labels, money: &Money, variant: Variant) -> Value {
    let document = if line.is_invoice { words.invoice } else { words.advance_for };
    let detail = |kind, amount| format!("{}: {}", adjustment(kind, words), money.amount(amount));
    json!({
        "document": format!("{document} {}", line.number),
        "date": line.issued_on.map_or_else(String::new, |on| variant.language.date(on)),
        "details": line.adjustments.iter().map(|it| detail(it.kind, it.amount.0)).collect::<Vec<_>>(),
        "amount": money.amount(line.amount.0),
    })
}

fn method(method: PaymentMethod, words: &Labels) -> &'static str {
    match method {
        PaymentMethod::BankTransfer => words.bank_transfer,
        PaymentMethod::Card => words.card,
        PaymentMethod::Cash => words.cash,
        PaymentMethod::EWallet => words.e_wallet,
        PaymentMethod::Other => words.other_method,
    }
}

/// What an adjustment is called.
pub fn adjustment(kind: AdjustmentKind, words: &Labels) -> &'static str {
    match kind {
        AdjustmentKind::WithholdingTax => words.withholding_tax,
        AdjustmentKind::BankFee => words.bank_fee,
        AdjustmentKind::EarlyPaymentDiscount => words.early_payment_discount,
        AdjustmentKind::WriteOff => words.write_off,
    }
}
