use super::parties::{buyer, footer, seller};
use super::trade::{account_blocks, date_parts};
use super::{Variant, joined, object};
use crate::documents::facts::Seller;
use crate::documents::language::Money;
use crate::documents::statement::body::{Statement, StatementEntry, StatementEntryKind};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// What `statement.typ` shows.
pub fn sheet(statement: &Statement, from: &Seller, variant: Variant) -> Map<String, Value> {
    let (language, words) = (variant.language, variant.language.labels());
    let amounts = statement.entries.iter().flat_map(|entry| [entry.debit.0, entry.credit.0, entry.balance.0]);
    let money = Money::new(language, statement.currency, amounts.chain([statement.opening_balance.0, statement.overdue.0]));
    let blank = |value: Decimal| if value.is_zero() { String::new() } else { money.amount(value) };
    let kind = |entry: &StatementEntry| match entry.kind {
        StatementEntryKind::Invoice => words.invoice,
        StatementEntryKind::CreditNote => words.credit_note,
        StatementEntryKind::Payment => words.payment_received,
        StatementEntryKind::Refund => words.refund,
        StatementEntryKind::Adjustment => words.adjustment,
    };
    let line = |entry: &StatementEntry| {
        let due = entry.due_on.map(|on| format!("{} {}", words.due_on, language.date(on)));
        json!({
            "date": language.date(entry.on),
            "document": entry.number,
            "description": kind(entry),
            "detail": joined([entry.reference.clone(), due], " · "),
            "debit": blank(entry.debit.0),
            "credit": blank(entry.credit.0),
            "balance": money.amount(entry.balance.0),
        })
    };
    let closing = statement.closing_balance.0;
    let period = format!("{} – {}", language.date(statement.from), language.date(statement.to));
    object(json!({
        "language": language,
        "paper": variant.paper,
        "title": words.statement,
        "number": period,
        "subtitle": null,
        "issued": date_parts(statement.to),
        "seller": seller(from, language),
        "footer": footer(from, language),
        "page": words.page,
        "carry": { "over": words.carried_over, "forward": words.carried_forward },
        "parties": [buyer(&statement.customer, words.customer, language)],
        "facts": [
            [words.opening_balance, &money.amount(statement.opening_balance.0)],
            [words.debit, &money.amount(statement.total_debit.0)],
            [words.credit, &money.amount(-statement.total_credit.0)],
            [words.closing_balance, &money.with_currency(closing)],
        ],
        "heads": {
            "date": words.date, "document": words.document, "description": words.description, "debit": words.debit,
            "credit": words.credit, "balance": words.balance,
        },
        "opening": { "label": words.opening_balance, "value": money.amount(statement.opening_balance.0) },
        "lines": statement.entries.iter().map(line).collect::<Vec<_>>(),
        "closing": {
            "label": if closing < Decimal::ZERO { words.in_your_favour } else { words.balance_due },
            "value": money.with_currency(closing.abs()),
        },
        "overdue": (!statement.overdue.0.is_zero()).then(|| json!({ "label": words.overdue, "value": money.with_currency(statement.overdue.0) })),
        "accounts": if closing > Decimal::ZERO { account_blocks(&from.bank_accounts, statement.currency, words) } else { vec![] },
    }))
}
