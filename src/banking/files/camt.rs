//! Bank-to-customer statements of ISO 20022: camt.053.001.02 and camt.053.001.08.
//!
//! Read is what is booked (`BOOK`). An entry that is a batch whose parts have amounts that add up to it becomes its parts. The
//! balances of a statement must agree with its entries.

use super::element::{self, Element, Refused, Token};
use super::statement_entry::{Direction, Identity, Section, StatementEntry, StatementFile, check_period};
use super::{is_hopeless, too_many};
use crate::platform::limits;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use chrono::NaiveDate;
use quick_xml::reader::Reader;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

/// The versions that are read, by their namespace.
pub const NAMESPACES: [&str; 2] = ["urn:iso:std:iso:20022:tech:xsd:camt.053.001.02", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"];

/// References that banks write where they have none.
const NO_REFERENCE: [&str; 3] = ["NONREF", "NOTPROVIDED", "NOREF"];

/// Reads a document; faults point by XPath.
pub fn read(bytes: &[u8]) -> Result<StatementFile, Vec<Fault>> {
    let text = std::str::from_utf8(bytes).map_err(|_| Faults::one("", "not_utf8", "send the document in UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut faults = Faults::new();
    let mut file = StatementFile::default();
    match document(&mut reader, &mut file, &mut faults) {
        Ok(()) => faults.into_result().map(|()| file),
        Err(refused) => Err(Faults::one("", refused.code, refused.detail)),
    }
}

fn document(reader: &mut Reader<&[u8]>, file: &mut StatementFile, faults: &mut Faults) -> Result<(), Refused> {
    let root = start(reader)?;
    let known = |(name, value): &(String, String)| name.starts_with("xmlns") && NAMESPACES.contains(&value.as_str());
    if root.name != "Document" || !root.attributes.iter().any(known) {
        return Err(Refused::new("unsupported_format", "send a Document of camt.053.001.02 or camt.053.001.08"));
    }
    let statements = start(reader)?;
    if statements.name != "BkToCstmrStmt" {
        return Err(Refused::new("unsupported_format", "the document holds no BkToCstmrStmt"));
    }
    let (mut number, mut known) = (0, Known::default());
    while let Some(child) = child(reader)? {
        match child {
            (element, false) if element.name == "Stmt" => {
                number += 1;
                statement(reader, number, file, &mut known, faults)?;
            }
            (element, false) => drop(element::content(reader, element)?),
            (_, true) => {}
        }
    }
    if number == 0 {
        faults.add("/Document/BkToCstmrStmt/Stmt", "required", "the document holds no statement");
    }
    // What stands after the root is read to its end, so that a document that is cut off or goes on is told.
    loop {
        match element::next(reader)? {
            Token::Eof => return Ok(()),
            Token::Start(..) => return Err(Refused::new("malformed_xml", "the document goes on after its end")),
            Token::End | Token::Text(_) => {}
        }
    }
}

/// The next element that begins.
fn start(reader: &mut Reader<&[u8]>) -> Result<Element, Refused> {
    loop {
        match element::next(reader)? {
            Token::Start(element, false) => return Ok(element),
            Token::Start(_, true) | Token::End | Token::Eof => {
                return Err(Refused::new("unsupported_format", "send a Document of camt.053.001.02 or camt.053.001.08"));
            }
            Token::Text(_) => {}
        }
    }
}

/// The next child of the element that is open, and whether it is empty; `None` at its end.
fn child(reader: &mut Reader<&[u8]>) -> Result<Option<(Element, bool)>, Refused> {
    loop {
        match element::next(reader)? {
            Token::Start(element, empty) => return Ok(Some((element, empty))),
            Token::End => return Ok(None),
            Token::Eof => return Err(Refused::new("malformed_xml", "the document ends before its elements do")),
            Token::Text(_) => {}
        }
    }
}

/// What a statement says before its entries.
#[derive(Default)]
struct Head {
    reference: Option<String>,
    account: Option<String>,
    currency: Option<Currency>,
    opening: Option<Decimal>,
    closing: Option<Decimal>,
}

/// The keys of a file.
#[derive(Default)]
struct Known {
    referenced: HashSet<Vec<u8>>,
    /// How many equal ones without a reference there are.
    counted: HashMap<Vec<u8>, usize>,
}

impl Known {
    /// The booking with its key; `None` where a reference comes again.
    fn keyed(&mut self, entry: StatementEntry, identity: Option<Identity<'_>>) -> Option<StatementEntry> {
        match identity {
            Some(identity) => {
                let entry = entry.keyed(identity);
                self.referenced.insert(entry.key.clone()).then_some(entry)
            }
            None => {
                let entry = entry.keyed(Identity::Content(0));
                let count = self.counted.entry(entry.key.clone()).or_default();
                let place = *count;
                *count += 1;
                Some(entry.keyed(Identity::Content(place)))
            }
        }
    }
}

fn statement(
    reader: &mut Reader<&[u8]>,
    number: usize,
    file: &mut StatementFile,
    known: &mut Known,
    faults: &mut Faults,
) -> Result<(), Refused> {
    let path = format!("/Document/BkToCstmrStmt/Stmt[{number}]");
    let (mut head, mut entries) = (Head::default(), 0);
    let first = file.entries.len();
    while let Some((element, empty)) = child(reader)? {
        if empty {
            continue;
        }
        let element = element::content(reader, element)?;
        match element.name.as_str() {
            "Id" => head.reference = Some(element.text.trim().to_owned()).filter(|text| !text.is_empty()),
            "Acct" => {
                let account = element.text_at(&["Id", "IBAN"]).or_else(|| element.text_at(&["Id", "Othr", "Id"]));
                head.account = account.map(|account| account.split_whitespace().collect());
                head.currency = element.text_at(&["Ccy"]).and_then(|code| Currency::from_code(&code));
            }
            "Bal" => balance(&element, &mut head),
            "Ntry" => {
                entries += 1;
                let path = format!("{path}/Ntry[{entries}]");
                let Some(account) = head.account.clone() else {
                    faults.add(format!("{path}/../Acct/Id"), "required", "the account of the statement is not told before its entries");
                    return Err(Refused::new("required", "a statement without Acct/Id/IBAN or Acct/Id/Othr/Id"));
                };
                if file.entries.len() >= limits::BULK_ROWS {
                    too_many(faults, &path);
                    return Ok(());
                }
                match entry(&element, &path, &account, head.reference.as_deref(), known) {
                    Ok(Some(parts)) => file.entries.extend(parts),
                    Ok(None) => file.skipped += 1,
                    Err(fault) => faults.add(fault.pointer, fault.code, fault.detail),
                }
            }
            _ => {}
        }
        if is_hopeless(faults.len()) {
            return Err(Refused::new("unreadable", "too many entries of the statement cannot be read"));
        }
    }
    let own = &file.entries[first..];
    if let (Some(opening), Some(closing), true) = (head.opening, head.closing, faults.is_empty()) {
        let signed = |entry: &StatementEntry| if entry.direction == Direction::Credit { entry.amount } else { -entry.amount };
        let moved: Decimal = own.iter().map(signed).sum();
        if opening + moved != closing {
            let detail = format!("the entries move the balance from {opening} to {}, not to {closing}: some are missing", opening + moved);
            faults.add(format!("{path}/Bal"), "balance_mismatch", detail);
        }
    }
    file.sections.push(Section {
        account: head.account.unwrap_or_default(),
        reference: head.reference,
        currency: head.currency.or(own.first().map(|entry| entry.currency)),
        opening_balance: head.opening.map(Amount),
        closing_balance: head.closing.map(Amount),
        entry_count: own.len(),
    });
    Ok(())
}

/// Opening and closing booked balance; others are of the way between.
fn balance(element: &Element, head: &mut Head) {
    let Some(amount) = element.text_at(&["Amt"]).and_then(|text| text.parse::<Decimal>().ok()) else { return };
    let signed = if element.text_at(&["CdtDbtInd"]).as_deref() == Some("DBIT") { -amount } else { amount };
    match element.text_at(&["Tp", "CdOrPrtry", "Cd"]).as_deref() {
        Some("OPBD" | "PRCD") => head.opening = head.opening.or(Some(signed)),
        Some("CLBD") => head.closing = Some(signed),
        _ => {}
    }
}

/// The bookings of an entry, `None` where it is not booked yet, or moves nothing.
fn entry(
    element: &Element,
    path: &str,
    account: &str,
    statement: Option<&str>,
    known: &mut Known,
) -> Result<Option<Vec<StatementEntry>>, Fault> {
    let fault = |at: &str, code: &str, detail: &str| Fault { pointer: format!("{path}{at}"), code: code.into(), detail: detail.into() };
    let status = element.text_at(&["Sts", "Cd"]).or_else(|| element.text_at(&["Sts"]));
    match status.as_deref() {
        Some("BOOK") => {}
        Some("PDNG" | "INFO" | "FUTR") => return Ok(None),
        _ => return Err(fault("/Sts", "unknown_value", "BOOK, PDNG, INFO or FUTR")),
    }
    let amount = element.at(&["Amt"]).ok_or_else(|| fault("/Amt", "required", "an entry has an amount"))?;
    let currency = currency_of(amount).ok_or_else(|| fault("/Amt/@Ccy", "unknown_currency", "an ISO 4217 code with minor units"))?;
    // Banks tell of closings by entries that move nothing.
    if amount.text.trim().parse::<Decimal>().is_ok_and(|value| value.is_zero()) {
        return Ok(None);
    }
    let value =
        value_of(amount, currency).ok_or_else(|| fault("/Amt", "invalid_decimal", "an amount above 0 in the currency's minor units"))?;
    let direction = direction_of(element).ok_or_else(|| fault("/CdtDbtInd", "unknown_value", "CRDT or DBIT"))?;
    let booked_on =
        date_at(element, "BookgDt").ok_or_else(|| fault("/BookgDt", "invalid_date", "a date of the calendar such as 2026-03-02"))?;
    let references = |own: Option<String>| own.filter(|text| !NO_REFERENCE.contains(&text.to_ascii_uppercase().as_str()));
    let bank_reference = references(element.text_at(&["AcctSvcrRef"]));
    let entry_reference = references(element.text_at(&["NtryRef"]));
    let whole = StatementEntry {
        pointer: path.to_owned(),
        account: account.to_owned(),
        statement_reference: statement.map(str::to_owned),
        booked_on,
        value_on: date_at(element, "ValDt"),
        amount: value,
        currency,
        direction,
        reversal: element.text_at(&["RvslInd"]).as_deref().is_some_and(|text| matches!(text, "true" | "1")),
        remittance_text: element.text_at(&["AddtlNtryInf"]).unwrap_or_default(),
        structured_reference: None,
        end_to_end_id: None,
        counterparty_name: None,
        counterparty_account: None,
        bank_reference: bank_reference.clone().or(entry_reference.clone()),
        key: vec![],
        is_told_by_its_text: false,
    };
    let details: Vec<&Element> = element.all("NtryDtls").flat_map(|details| details.all("TxDtls")).collect();
    let parts = match details.as_slice() {
        [] => vec![whole],
        [only] => vec![detailed(&whole, only)],
        many => batch(&whole, many),
    };
    let keyed = |(place, part): (usize, StatementEntry)| {
        let identity = match (&bank_reference, &entry_reference, statement) {
            (Some(reference), _, _) => Some(Identity::Bank(reference, place)),
            (None, Some(reference), Some(statement)) => Some(Identity::Statement(statement, reference, place)),
            (None, Some(reference), None) => Some(Identity::Bank(reference, place)),
            (None, None, _) => None,
        };
        known.keyed(part, identity)
    };
    Ok(Some(parts.into_iter().enumerate().filter_map(keyed).collect()))
}

/// The parts of a batch, where their amounts add up to it; else the batch with all that its parts say.
fn batch(whole: &StatementEntry, details: &[&Element]) -> Vec<StatementEntry> {
    let amount = |detail: &&Element| {
        let amount = detail.at(&["Amt"]).or_else(|| detail.at(&["AmtDtls", "TxAmt", "Amt"]))?;
        let fits = currency_of(amount) == Some(whole.currency) && direction_of(detail).unwrap_or(whole.direction) == whole.direction;
        value_of(amount, whole.currency).filter(|_| fits)
    };
    let amounts: Option<Vec<Decimal>> = details.iter().map(amount).collect();
    match amounts.filter(|amounts| amounts.iter().sum::<Decimal>() == whole.amount) {
        Some(amounts) => (1..)
            .zip(details.iter().zip(amounts))
            .map(|(number, (detail, amount))| {
                let part = detailed(whole, detail);
                StatementEntry { amount, pointer: format!("{}/NtryDtls/TxDtls[{number}]", whole.pointer), ..part }
            })
            .collect(),
        None => {
            let texts: Vec<String> = details.iter().map(|detail| detailed(whole, detail).remittance_text).collect();
            vec![StatementEntry { remittance_text: cut(&texts.join(" "), 2_000), ..whole.clone() }]
        }
    }
}

/// The entry with what its one detail says.
fn detailed(whole: &StatementEntry, detail: &Element) -> StatementEntry {
    let parties = detail.at(&["RltdPties"]);
    let of_party = |path: &[&str]| parties.and_then(|parties| parties.text_at(path));
    let (payer, payee) = (("Dbtr", "DbtrAcct"), ("Cdtr", "CdtrAcct"));
    // What takes an entry back keeps its parties as they were there; banks that turn them round show our own account.
    let theirs = if (whole.direction == Direction::Credit) != whole.reversal { payer } else { payee };
    let is_ours = of_party(&[theirs.1, "Id", "IBAN"]).is_some_and(|iban| iban.split_whitespace().collect::<String>() == whole.account);
    let (party, account) = match is_ours {
        true if theirs == payer => payee,
        true => payer,
        false => theirs,
    };
    let name = of_party(&[party, "Pty", "Nm"]).or_else(|| of_party(&[party, "Nm"]));
    let counterparty_account = of_party(&[account, "Id", "IBAN"]).or_else(|| of_party(&[account, "Id", "Othr", "Id"]));
    let remittance = detail.at(&["RmtInf"]);
    let mut texts: Vec<String> =
        remittance.map(|info| info.all("Ustrd").map(|text| text.text.trim().to_owned()).collect()).unwrap_or_default();
    let structured: Vec<&Element> = remittance.map(|info| info.all("Strd").collect()).unwrap_or_default();
    let documents = structured.iter().flat_map(|part| part.all("RfrdDocInf")).filter_map(|document| document.text_at(&["Nb"]));
    texts.extend(documents);
    texts.extend(detail.text_at(&["AddtlTxInf"]));
    texts.retain(|text| !text.is_empty());
    let own = (!texts.is_empty()).then(|| texts.join(" "));
    let reference = structured.iter().find_map(|part| part.text_at(&["CdtrRefInf", "Ref"]));
    let given = |id: Option<String>| id.filter(|id| !NO_REFERENCE.contains(&id.to_ascii_uppercase().as_str()));
    StatementEntry {
        remittance_text: cut(&own.unwrap_or_else(|| whole.remittance_text.clone()), 2_000),
        structured_reference: reference.map(|reference| cut(&reference, 140)),
        end_to_end_id: given(detail.text_at(&["Refs", "EndToEndId"])).map(|id| cut(&id, 140)),
        counterparty_name: name.map(|name| cut(&name, 200)),
        counterparty_account: counterparty_account.map(|account| cut(&account.split_whitespace().collect::<String>(), 64)),
        bank_reference: whole.bank_reference.clone().or_else(|| given(detail.text_at(&["Refs", "AcctSvcrRef"]))),
        ..whole.clone()
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn currency_of(amount: &Element) -> Option<Currency> {
    Currency::from_code(amount.attribute("Ccy")?)
}

fn value_of(amount: &Element, currency: Currency) -> Option<Decimal> {
    let value: Decimal = amount.text.trim().parse().ok()?;
    let fine = value > Decimal::ZERO && currency.is_exact(value) && value < Decimal::from(100_000_000_000_000_i64);
    fine.then(|| currency.round(value))
}

fn direction_of(element: &Element) -> Option<Direction> {
    match element.text_at(&["CdtDbtInd"])?.as_str() {
        "CRDT" => Some(Direction::Credit),
        "DBIT" => Some(Direction::Debit),
        _ => None,
    }
}

fn date_at(element: &Element, name: &str) -> Option<NaiveDate> {
    let text = element.text_at(&[name, "Dt"]).or_else(|| element.text_at(&[name, "DtTm"]))?;
    text.get(..10)?.parse().ok().filter(|date| check_period(*date))
}

#[cfg(test)]
mod tests;
