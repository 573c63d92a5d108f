//! Gathers what entries may be for, and lets the rules propose.

use super::super::creditor_reference::{plain, reference_part};
use super::super::entries::entry::{BankEntry, BankEntryStatus, SuggestedAllocation, Suggestion};
use super::super::files::Direction;
use super::super::tolerances;
use super::candidates::{self, CameBefore, Transfer};
use super::{BookedPayment, Debt, Incoming, MatchReason, Matching, PaidOut, Proposal, index_of, named_numbers, propose, propose_refunds};
use crate::error::Error;
use crate::organization::Settings;
use crate::payments::body::Target;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, InvoiceId, OrganizationId, RefundId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How far the day of a payment that was booked by hand may be from the bank's.
const DAYS_APART: i64 = 10;

/// An entry with what its text says.
struct Read<'a> {
    entry: &'a BankEntry,
    named: HashSet<String>,
    referred: Option<String>,
    words: Vec<String>,
    emails: Vec<String>,
    name: Option<String>,
}

impl<'a> Read<'a> {
    fn of(entry: &'a BankEntry) -> Self {
        let text = entry.text();
        let mut named = named_numbers(&text);
        let references: Vec<String> = named.iter().filter_map(|number| reference_part(number)).collect();
        named.extend(references);
        let referred = entry.structured_reference.as_deref();
        let words =
            || text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty());
        Self {
            referred: referred.map(|reference| reference_part(reference).unwrap_or_else(|| plain(reference))),
            words: words().filter(|word| word.bytes().any(|b| b.is_ascii_digit())).take(60).map(str::to_owned).collect(),
            emails: words().filter(|word| word.contains('@')).take(5).map(str::to_lowercase).collect(),
            name: entry.counterparty_name.as_deref().map(plain).filter(|name| name.len() >= 3),
            named,
            entry,
        }
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.named.iter().chain(&self.referred)
    }

    fn tells(&self, name: &String) -> bool {
        self.named.contains(name) || self.referred.as_ref() == Some(name)
    }
}

/// Writes suggestions into entries that nothing is decided about, and whether the first is certain; nothing is stored. The number
/// of statements is the same for one entry and for thousands.
pub fn suggest(connection: &mut PgConnection, settings: &Settings, entries: &mut [BankEntry], now: DateTime<Utc>) -> Result<(), Error> {
    let matchings = {
        let (credits, debits): (Vec<&BankEntry>, Vec<&BankEntry>) = entries.iter().partition(|entry| entry.direction == Direction::Credit);
        let mut matchings = incoming(connection, settings, &credits, now)?;
        matchings.extend(outgoing(connection, settings.id, &debits)?);
        matchings
    };
    for entry in entries {
        if let Some((suggestions, certain)) = matchings.get(&entry.id) {
            entry.suggestions.clone_from(suggestions);
            entry.certain = *certain && entry.possible_duplicate_of.is_none();
            entry.status = if suggestions.is_empty() { BankEntryStatus::Unmatched } else { BankEntryStatus::Suggested };
        }
    }
    Ok(())
}

type Suggested = HashMap<crate::types::id::BankEntryId, (Vec<Suggestion>, bool)>;

fn incoming(connection: &mut PgConnection, settings: &Settings, entries: &[&BankEntry], now: DateTime<Utc>) -> Result<Suggested, Error> {
    if entries.is_empty() {
        return Ok(HashMap::new());
    }
    let organization_id = settings.id;
    let read: Vec<Read<'_>> = entries.iter().map(|entry| Read::of(entry)).collect();
    let mut named = named_debts(connection, organization_id, &read)?;
    offer_discounts(connection, organization_id, &mut named)?;
    let customers = Customers::of(connection, organization_id, &read)?;
    let index = index_of(&named);
    let named_of = |read: &Read<'_>| -> Vec<&Debt> {
        let mut found: Vec<&Debt> = read.names().filter_map(|name| index.get(name.as_str())).flatten().copied().collect();
        found.retain(|debt| debt.currency == read.entry.currency);
        found.sort_by(|a, b| a.number.cmp(&b.number));
        found.dedup();
        found
    };
    let is_surely_named = |read: &Read<'_>| named_of(read).iter().any(|debt| debt.sure_names().any(|name| read.tells(name)));
    let told: BTreeSet<CustomerId> = read.iter().filter(|read| !is_surely_named(read)).flat_map(|read| customers.of_entry(read)).collect();
    let mut of_customers = candidates::open_invoices_of(connection, organization_id, &told.into_iter().collect::<Vec<_>>())?;
    offer_discounts(connection, organization_id, &mut of_customers)?;
    let mut by_customer: HashMap<CustomerId, Vec<&Debt>> = HashMap::new();
    for debt in &of_customers {
        by_customer.entry(debt.customer_id).or_default().push(debt);
    }
    let nameless = |read: &&Read<'_>| named_of(read).is_empty() && customers.of_entry(read).is_empty();
    let amounts: Vec<(Currency, Decimal)> = read.iter().filter(nameless).map(|read| (read.entry.currency, read.entry.amount)).collect();
    let of_amounts = candidates::open_invoices_of_amounts(connection, organization_id, &amounts)?;
    let mut by_amount: HashMap<(Currency, Decimal), Vec<&Debt>> = HashMap::new();
    for debt in &of_amounts {
        by_amount.entry((debt.currency, debt.due.normalize())).or_default().push(debt);
    }
    let transfers = transfers(connection, organization_id, entries)?;
    let tolerances = tolerances::service::by_currency(connection, organization_id)?;
    let today = settings.local_date(now);
    let matching = |read: &Read<'_>| {
        let entry = read.entry;
        let mut debts = named_of(read);
        let identified = customers.of_entry(read);
        if !is_surely_named(read) {
            let theirs = identified.iter().filter_map(|customer| by_customer.get(customer)).flatten().copied();
            debts.extend(theirs.filter(|debt| debt.currency == entry.currency));
        }
        if debts.is_empty() && identified.is_empty() {
            debts.extend(by_amount.get(&(entry.currency, entry.amount.normalize())).into_iter().flatten().copied());
        }
        let incoming = Incoming {
            amount: entry.amount,
            received_on: entry.booked_on,
            named: read.named.clone(),
            referred: read.referred.clone(),
            by_account: customers.by_account(read),
            by_email: customers.by_email(read),
            by_name: customers.by_name(read),
            date_is_open: entry.booked_on <= today && settings.books_closed_through_on.is_none_or(|closed| entry.booked_on > closed),
        };
        let near = |transfer: &&Transfer| (transfer.received_on - entry.booked_on).num_days().abs() <= DAYS_APART;
        let booked = transfers.get(&(entry.currency, entry.amount.normalize())).into_iter().flatten().filter(near);
        let booked: Vec<BookedPayment> = booked.take(20).map(|transfer| transfer.payment.clone()).collect();
        let tolerance = tolerances.get(&entry.currency).copied().unwrap_or_default();
        // What takes an earlier entry back is no payment.
        let Matching { proposals, certain } = propose(&incoming, &debts, &booked, tolerance);
        (entry.id, (proposals.into_iter().map(suggestion).collect(), certain && !entry.reversal))
    };
    Ok(read.iter().map(matching).collect())
}

fn suggestion(proposal: Proposal) -> Suggestion {
    let allocation = |share: super::Share| SuggestedAllocation {
        invoice_id: match share.target {
            Target::Invoice(id) => Some(id),
            Target::Order(_) => None,
        },
        order_id: match share.target {
            Target::Order(id) => Some(id),
            Target::Invoice(_) => None,
        },
        number: share.number,
        amount: Amount(share.amount),
        bank_fee: Amount(share.bank_fee),
        early_payment_discount: Amount(share.early_payment_discount),
    };
    Suggestion {
        score: proposal.score,
        reasons: proposal.reasons,
        customer_id: proposal.customer_id,
        allocations: proposal.shares.into_iter().map(allocation).collect(),
        payment_id: proposal.payment.map(|payment| payment.payment_id),
        refund_id: None,
        reversed_payment_id: None,
    }
}

/// Tells invoices what their terms grant for paying early.
fn offer_discounts(connection: &mut PgConnection, organization_id: OrganizationId, debts: &mut [Debt]) -> Result<(), Error> {
    let invoice = |debt: &Debt| match debt.target {
        Target::Invoice(id) if debt.due > Decimal::ZERO => Some(id),
        Target::Invoice(_) | Target::Order(_) => None,
    };
    let ids: Vec<InvoiceId> = debts.iter().filter_map(invoice).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let offers = candidates::offers(connection, organization_id, &ids)?;
    for debt in debts {
        debt.offer = invoice(debt).and_then(|id| offers.get(&id).copied());
    }
    Ok(())
}

/// Invoices and orders that texts name.
fn named_debts(connection: &mut PgConnection, organization_id: OrganizationId, read: &[Read<'_>]) -> Result<Vec<Debt>, Error> {
    let names: BTreeSet<&str> = read.iter().flat_map(|read| read.names()).map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut numbers: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    // As orders are numbered here: without the mark it is not the number.
    let marked =
        |name: &&str| name.strip_prefix("SO").filter(|rest| rest.bytes().all(|b| b.is_ascii_digit())).map(|rest| format!("SO-{rest}"));
    numbers.extend(names.iter().filter_map(marked));
    let words: BTreeSet<&str> = read.iter().flat_map(|read| &read.words).map(String::as_str).collect();
    let mut debts = candidates::invoices_named(connection, organization_id, &names)?;
    debts.extend(candidates::orders_named(connection, organization_id, &numbers, &words.into_iter().collect::<Vec<_>>())?);
    Ok(debts)
}

fn transfers(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    entries: &[&BankEntry],
) -> Result<HashMap<(Currency, Decimal), Vec<Transfer>>, Error> {
    let days = || entries.iter().map(|entry| entry.booked_on);
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return Ok(HashMap::new()) };
    let amounts: BTreeSet<Decimal> = entries.iter().map(|entry| entry.amount.normalize()).collect();
    let apart = TimeDelta::days(DAYS_APART);
    let found = candidates::transfers(connection, organization_id, &amounts.into_iter().collect::<Vec<_>>(), first - apart, last + apart)?;
    let mut transfers: HashMap<(Currency, Decimal), Vec<Transfer>> = HashMap::new();
    for transfer in found {
        transfers.entry((transfer.currency, transfer.amount.normalize())).or_default().push(transfer);
    }
    Ok(transfers)
}

/// Who may have sent the entries.
struct Customers {
    by_account: HashMap<String, Vec<CustomerId>>,
    by_email: HashMap<String, Vec<CustomerId>>,
    by_name: HashMap<String, Vec<CustomerId>>,
}

impl Customers {
    fn of(connection: &mut PgConnection, organization_id: OrganizationId, read: &[Read<'_>]) -> Result<Self, Error> {
        let accounts: BTreeSet<&str> = read.iter().filter_map(|read| read.entry.counterparty_account.as_deref()).collect();
        let emails: BTreeSet<&str> = read.iter().flat_map(|read| &read.emails).map(String::as_str).collect();
        let names: BTreeSet<&str> = read.iter().filter_map(|read| read.name.as_deref()).collect();
        Ok(Self {
            by_account: candidates::customers_of_accounts(connection, organization_id, &accounts.into_iter().collect::<Vec<_>>())?,
            by_email: candidates::customers_of_emails(connection, organization_id, &emails.into_iter().collect::<Vec<_>>())?,
            by_name: candidates::customers_of_names(connection, organization_id, &names.into_iter().collect::<Vec<_>>())?,
        })
    }

    fn by_account(&self, read: &Read<'_>) -> Vec<CustomerId> {
        read.entry.counterparty_account.as_ref().and_then(|account| self.by_account.get(account)).cloned().unwrap_or_default()
    }

    fn by_email(&self, read: &Read<'_>) -> Vec<CustomerId> {
        read.emails.iter().filter_map(|email| self.by_email.get(email)).flatten().copied().collect()
    }

    fn by_name(&self, read: &Read<'_>) -> Vec<CustomerId> {
        read.name.as_ref().and_then(|name| self.by_name.get(name)).cloned().unwrap_or_default()
    }

    /// Each once, whatever tells him.
    fn of_entry(&self, read: &Read<'_>) -> BTreeSet<CustomerId> {
        [self.by_account(read), self.by_email(read), self.by_name(read)].concat().into_iter().collect()
    }
}

/// Money that left: refunds, or money that the payer's bank has taken back.
fn outgoing(connection: &mut PgConnection, organization_id: OrganizationId, entries: &[&BankEntry]) -> Result<Suggested, Error> {
    if entries.is_empty() {
        return Ok(HashMap::new());
    }
    let named: Vec<HashSet<String>> = entries.iter().map(|entry| named_numbers(&entry.text())).collect();
    let names: BTreeSet<&str> = named.iter().flatten().map(String::as_str).collect();
    let amounts: BTreeSet<Decimal> = entries.iter().map(|entry| entry.amount.normalize()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let found = candidates::refunds(connection, organization_id, &names, &amounts.into_iter().collect::<Vec<_>>())?;
    let mut by_amount: HashMap<(Currency, Decimal), Vec<&PaidOut>> = HashMap::new();
    for (currency, refund) in &found {
        by_amount.entry((*currency, refund.amount.normalize())).or_default().push(refund);
    }
    let reversed = candidates::came_before(connection, organization_id, entries)?;
    let mut taken: HashSet<RefundId> = HashSet::new();
    let mut suggested = HashMap::new();
    for (entry, named) in entries.iter().zip(&named) {
        let refunds = by_amount.get(&(entry.currency, entry.amount.normalize())).map(Vec::as_slice).unwrap_or_default();
        let (ids, certain) = propose_refunds(entry.amount, named, refunds);
        let reasons = if certain { vec![MatchReason::NumberInText, MatchReason::AmountDue] } else { vec![MatchReason::AmountDue] };
        let suggestion = |refund_id: &RefundId| Suggestion {
            score: reasons.iter().map(|reason| reason.points()).sum(),
            reasons: reasons.clone(),
            customer_id: None,
            allocations: vec![],
            payment_id: None,
            refund_id: Some(*refund_id),
            reversed_payment_id: None,
        };
        // Two entries that name one refund: the first has it.
        let certain = certain && !entry.reversal && ids.first().is_some_and(|id| taken.insert(*id));
        let mut suggestions: Vec<Suggestion> = ids.iter().map(suggestion).collect();
        let back = reversed.iter().filter(|came| came.entry_id == entry.id).map(taken_back);
        // Where the bank says that it takes something back, that comes first.
        let place = if entry.reversal { 0 } else { suggestions.len() };
        suggestions.splice(place..place, back);
        suggested.insert(entry.id, (suggestions, certain));
    }
    Ok(suggested)
}

/// A payment that came from the account to which the money has gone. It is a person's to say so: nothing certain tells it from a refund
/// that was sent by hand.
fn taken_back(came: &CameBefore) -> Suggestion {
    let reasons = vec![MatchReason::BookedBefore, MatchReason::KnownAccount];
    Suggestion {
        score: reasons.iter().map(|reason| reason.points()).sum(),
        reasons,
        customer_id: came.customer_id,
        allocations: vec![],
        payment_id: None,
        refund_id: None,
        reversed_payment_id: Some(came.payment_id),
    }
}
