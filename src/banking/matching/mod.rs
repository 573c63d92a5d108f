//! Which documents an entry is for: proposals with a score, and whether the best is certain enough to be booked without a person.
//!
//! | what speaks for a proposal | points |
//! | --- | --- |
//! | a structured reference (ISO 11649, or the number itself) names its document | 60 |
//! | the text names all of its documents | 50 |
//! | it is named by a short number of the buyer alone, such as `2025`: such numbers stand in texts by chance | 35 |
//! | the amount is what is due | 40 |
//! | the amount is less by no more than the tolerance of the currency | 40 |
//! | the amount is what is due less the early payment discount that is granted on that day | 40 |
//! | the amount is a part of what is due, or more | 10 |
//! | the payer's account is known from earlier matches | 25 |
//! | his e-mail address stands in the text | 15 |
//! | the payer's name is the customer's | 15 |
//! | the payer's account is known as another customer's | −30 |
//! | the payer's name is another customer's, and his account is not known from this one's payments | −30 |
//!
//! Certain is a proposal of 90 points or more whose documents are named, whose amount is due to the minor unit (within the
//! tolerance, or less the discount), against which nothing speaks, and beside which none has as many.

mod candidates;
mod numbers;
mod suggest;

pub use numbers::named_numbers;
pub use suggest::suggest;

use crate::payments::body::Target;
use crate::payments::early_payment::Offer;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use crate::types::text_enum::text_enum;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap, HashSet};

text_enum! {
    /// What speaks for a proposal, or against it.
    pub enum MatchReason {
        StructuredReference = "structured_reference",
        NumberInText = "number_in_text",
        /// Nothing but a short number of the buyer names it, which may stand there by chance.
        ShortNumber = "short_number",
        AmountDue = "amount_due",
        AmountWithinTolerance = "amount_within_tolerance",
        /// What is due less what the terms grant for paying early.
        AmountLessDiscount = "amount_less_discount",
        PartOfAmountDue = "part_of_amount_due",
        MoreThanDue = "more_than_due",
        KnownAccount = "known_account",
        EmailInText = "email_in_text",
        PayerName = "payer_name",
        /// The account is known as another customer's.
        AccountOfAnother = "account_of_another",
        /// The payer's name is another customer's.
        NameOfAnother = "name_of_another",
        /// Money that is booked already, perhaps by hand before the statement came.
        BookedBefore = "booked_before",
        /// The day of the booking is in closed books, or still to come.
        DateNotOpen = "date_not_open",
    }
}

impl MatchReason {
    const fn points(self) -> i32 {
        match self {
            Self::StructuredReference => 60,
            Self::NumberInText => 50,
            Self::ShortNumber => 35,
            Self::AmountDue | Self::AmountWithinTolerance | Self::AmountLessDiscount => 40,
            Self::BookedBefore => 35,
            Self::KnownAccount => 25,
            Self::EmailInText | Self::PayerName => 15,
            Self::PartOfAmountDue | Self::MoreThanDue => 10,
            Self::AccountOfAnother | Self::NameOfAnother => -30,
            Self::DateNotOpen => 0,
        }
    }
}

/// From so many points on a proposal may be certain.
const CERTAIN: i32 = 90;
/// The most proposals that are kept for a person.
const KEPT: usize = 5;

/// Something that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    pub target: Target,
    pub number: String,
    /// Numbers that name it, as [`super::creditor_reference::plain`] has them: its own, and the buyer's for an order.
    pub names: Vec<String>,
    /// That of `names` which is the buyer's and short.
    pub short_name: Option<String>,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// Who has ordered it.
    pub buyer_id: CustomerId,
    pub currency: Currency,
    pub due: Decimal,
    /// What the terms of an invoice grant for paying early.
    pub offer: Option<Offer>,
}

impl Debt {
    /// Numbers that stand in no text by chance.
    pub fn sure_names(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|name| self.short_name.as_ref() != Some(name))
    }

    /// What is granted where all that is due is settled by money that came on that day.
    fn discount(&self, received_on: NaiveDate) -> Decimal {
        self.offer.map_or(Decimal::ZERO, |offer| offer.granted(self.due, received_on, self.currency))
    }

    /// Whether the money is all that has to be paid of it.
    fn is_settled_by(&self, incoming: &Incoming) -> bool {
        self.due == incoming.amount || self.due - self.discount(incoming.received_on) == incoming.amount
    }
}

/// Whether a buyer's number, as [`super::creditor_reference::plain`] has it, is one that stands in texts for other things too: a year, a
/// month, a day, a number of somebody else.
pub fn is_short(name: &str) -> bool {
    let length = name.chars().count();
    length <= 5 || length <= 8 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Money that somebody has booked already and that no entry stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedPayment {
    pub payment_id: crate::types::id::PaymentId,
    pub number: String,
    pub customer_id: Option<CustomerId>,
}

/// Money that came in, and what is known about it.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    pub amount: Decimal,
    pub received_on: NaiveDate,
    /// Numbers in the text.
    pub named: HashSet<String>,
    /// The structured reference, without what makes it a reference.
    pub referred: Option<String>,
    pub by_account: Vec<CustomerId>,
    pub by_email: Vec<CustomerId>,
    pub by_name: Vec<CustomerId>,
    /// Whether the day it was booked on may be booked on.
    pub date_is_open: bool,
}

/// An amount for a document, what a bank on the way kept, and what paying early earned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub target: Target,
    pub number: String,
    pub amount: Decimal,
    pub bank_fee: Decimal,
    pub early_payment_discount: Decimal,
}

/// What an entry may be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub score: i32,
    pub reasons: Vec<MatchReason>,
    pub customer_id: Option<CustomerId>,
    /// None: the money is the customer's, for no document.
    pub shares: Vec<Share>,
    /// A payment that is there already.
    pub payment: Option<BookedPayment>,
}

/// All proposals, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    pub proposals: Vec<Proposal>,
    /// The first one is to be booked.
    pub certain: bool,
}

/// What an entry may be for, of what is owed in its currency. `booked` are payments of its amount around its date.
pub fn propose(incoming: &Incoming, debts: &[&Debt], booked: &[BookedPayment], tolerance: Decimal) -> Matching {
    let mut proposals = Vec::new();
    let named: Vec<&Debt> = debts.iter().copied().filter(|debt| incoming.names(debt)).collect();
    for (customer_id, of_customer) in by_customer(&named) {
        proposals.extend(for_named(incoming, customer_id, &of_customer, tolerance));
    }
    let identified = incoming.customers();
    // A number that may stand there by chance does not hide what the payer owes.
    if proposals.iter().all(|proposal| proposal.reasons.contains(&MatchReason::ShortNumber)) {
        for customer_id in &identified {
            let theirs: Vec<&Debt> = debts
                .iter()
                .copied()
                .filter(|debt| debt.customer_id == *customer_id && debt.due > Decimal::ZERO && is_invoice(debt))
                .collect();
            proposals.extend(for_customer(incoming, *customer_id, &theirs, tolerance));
        }
    }
    if proposals.is_empty() {
        let same: Vec<&Debt> = debts.iter().copied().filter(|debt| debt.due == incoming.amount && is_invoice(debt)).collect();
        proposals.extend(same.into_iter().take(KEPT).map(|debt| incoming.proposal(debt.customer_id, &[debt], &[], tolerance)));
    }
    proposals.extend(booked.iter().filter_map(|payment| before(incoming, payment, &named, &identified)));
    proposals.sort_by_key(|proposal| std::cmp::Reverse(proposal.score));
    proposals.truncate(KEPT);
    let certain = is_certain(incoming, &proposals);
    if !incoming.date_is_open
        && let Some(first) = proposals.first_mut()
    {
        first.reasons.push(MatchReason::DateNotOpen);
    }
    Matching { proposals, certain }
}

fn is_certain(incoming: &Incoming, proposals: &[Proposal]) -> bool {
    let Some(best) = proposals.first() else { return false };
    let is = |reason| best.reasons.contains(&reason);
    let alone = proposals.get(1).is_none_or(|next| next.score < best.score);
    let booked_before = proposals.iter().any(|proposal| proposal.payment.is_some());
    best.score >= CERTAIN
        && alone
        && !booked_before
        && incoming.date_is_open
        && (is(MatchReason::StructuredReference) || is(MatchReason::NumberInText) || is(MatchReason::ShortNumber))
        && (is(MatchReason::AmountDue) || is(MatchReason::AmountWithinTolerance) || is(MatchReason::AmountLessDiscount))
        && !is(MatchReason::AccountOfAnother)
        && !is(MatchReason::NameOfAnother)
}

fn is_invoice(debt: &Debt) -> bool {
    matches!(debt.target, Target::Invoice(_))
}

fn by_customer<'a>(debts: &[&'a Debt]) -> BTreeMap<CustomerId, Vec<&'a Debt>> {
    let mut groups: BTreeMap<CustomerId, Vec<&Debt>> = BTreeMap::new();
    for debt in debts {
        groups.entry(debt.customer_id).or_default().push(debt);
    }
    groups
}

/// Documents that the entry names: all of them, or one whose amount it is.
fn for_named(incoming: &Incoming, customer_id: CustomerId, named: &[&Debt], tolerance: Decimal) -> Vec<Proposal> {
    let invoices: Vec<&Debt> = named.iter().copied().filter(|debt| is_invoice(debt)).collect();
    // Who names an order and its invoice means the invoice.
    let documents = if invoices.is_empty() { named.to_vec() } else { invoices };
    let open: Vec<&Debt> = documents.iter().copied().filter(|debt| debt.due > Decimal::ZERO).collect();
    if open.is_empty() {
        // Paid already: the money is the customer's.
        return vec![incoming.proposal(customer_id, &[], &documents, tolerance)];
    }
    let whole = incoming.proposal(customer_id, &open, &documents, tolerance);
    let exact = |debt: &&&Debt| open.len() > 1 && debt.is_settled_by(incoming);
    let single = open.iter().filter(exact).map(|debt| incoming.proposal(customer_id, &[*debt], &[], tolerance));
    let mut all: Vec<Proposal> = single.collect();
    all.push(whole);
    all
}

/// Documents of a customer whom the entry tells: one whose amount it is, all of them, or the oldest as far as it goes.
fn for_customer(incoming: &Incoming, customer_id: CustomerId, open: &[&Debt], tolerance: Decimal) -> Vec<Proposal> {
    let exact: Vec<&Debt> = open.iter().copied().filter(|debt| debt.is_settled_by(incoming)).collect();
    if !exact.is_empty() {
        return exact.into_iter().take(KEPT).map(|debt| incoming.proposal(customer_id, &[debt], &[], tolerance)).collect();
    }
    // Oldest first, until the amount is used up.
    let mut left = incoming.amount;
    let mut oldest = Vec::new();
    for debt in open {
        if left <= Decimal::ZERO {
            break;
        }
        left -= debt.due;
        oldest.push(*debt);
    }
    vec![incoming.proposal(customer_id, &oldest, &[], tolerance)]
}

/// A payment of the same amount that is there already, of a customer that the entry is about.
fn before(incoming: &Incoming, payment: &BookedPayment, named: &[&Debt], identified: &[CustomerId]) -> Option<Proposal> {
    let customer_id = payment.customer_id?;
    let theirs: Vec<&Debt> = named.iter().copied().filter(|debt| debt.customer_id == customer_id).collect();
    let is_named = !theirs.is_empty();
    if !is_named && !identified.contains(&customer_id) {
        return None;
    }
    let mut reasons = vec![MatchReason::BookedBefore, MatchReason::AmountDue];
    if is_named {
        let surely = theirs.iter().any(|debt| incoming.names_surely(debt));
        reasons.push(if surely { MatchReason::NumberInText } else { MatchReason::ShortNumber });
    }
    reasons.extend(incoming.about(customer_id, &theirs));
    let score = reasons.iter().map(|reason| reason.points()).sum();
    Some(Proposal { score, reasons, customer_id: Some(customer_id), shares: vec![], payment: Some(payment.clone()) })
}

impl Incoming {
    fn names(&self, debt: &Debt) -> bool {
        debt.names.iter().any(|name| self.is_told(name))
    }

    /// Whether a number names it that hardly stands there for anything else.
    fn names_surely(&self, debt: &Debt) -> bool {
        debt.sure_names().any(|name| self.is_told(name))
    }

    fn is_told(&self, name: &String) -> bool {
        self.named.contains(name) || self.referred.as_ref() == Some(name)
    }

    /// Who may have paid, the surest first.
    fn customers(&self) -> Vec<CustomerId> {
        let mut seen = HashSet::new();
        [&self.by_account, &self.by_email, &self.by_name].into_iter().flatten().copied().filter(|id| seen.insert(*id)).take(KEPT).collect()
    }

    /// What speaks for a customer as the payer of these documents, or against him.
    fn about(&self, customer_id: CustomerId, documents: &[&Debt]) -> Vec<MatchReason> {
        let mut reasons = Vec::new();
        let is_theirs = |id: &CustomerId| *id == customer_id || documents.iter().any(|debt| debt.buyer_id == *id);
        if self.by_account.contains(&customer_id) {
            reasons.push(MatchReason::KnownAccount);
        } else if !self.by_account.is_empty() {
            reasons.push(MatchReason::AccountOfAnother);
        }
        if self.by_email.contains(&customer_id) {
            reasons.push(MatchReason::EmailInText);
        }
        if self.by_name.contains(&customer_id) {
            reasons.push(MatchReason::PayerName);
        } else if !self.by_name.is_empty() && !self.by_name.iter().any(is_theirs) && !self.by_account.contains(&customer_id) {
            reasons.push(MatchReason::NameOfAnother);
        }
        reasons
    }

    /// The amount on these documents in their order, with its reasons. `paid` are documents that the entry names and that owe
    /// nothing.
    fn proposal(&self, customer_id: CustomerId, documents: &[&Debt], paid: &[&Debt], tolerance: Decimal) -> Proposal {
        let mut reasons = Vec::new();
        let meant: Vec<&Debt> = if documents.is_empty() { paid.to_vec() } else { documents.to_vec() };
        let refers = |debt: &&Debt| self.referred.as_ref().is_some_and(|referred| debt.names.contains(referred));
        let surely = meant.iter().all(|debt| self.names_surely(debt));
        if !meant.is_empty() && surely && meant.iter().all(refers) {
            reasons.push(MatchReason::StructuredReference);
        } else if !meant.is_empty() && meant.iter().all(|debt| self.names(debt)) {
            reasons.push(if surely { MatchReason::NumberInText } else { MatchReason::ShortNumber });
        }
        let due: Decimal = documents.iter().map(|debt| debt.due).sum();
        let missing = due - self.amount;
        let granted: Decimal = documents.iter().map(|debt| debt.discount(self.received_on)).sum();
        let early = missing > Decimal::ZERO && missing == granted;
        let within = !early && missing > Decimal::ZERO && missing <= tolerance;
        reasons.extend(match () {
            () if documents.is_empty() => None,
            () if missing.is_zero() => Some(MatchReason::AmountDue),
            () if early => Some(MatchReason::AmountLessDiscount),
            () if within => Some(MatchReason::AmountWithinTolerance),
            () if missing > Decimal::ZERO => Some(MatchReason::PartOfAmountDue),
            () => Some(MatchReason::MoreThanDue),
        });
        reasons.extend(self.about(customer_id, &meant));
        let mut left = self.amount;
        let mut shares: Vec<Share> = Vec::new();
        for debt in documents {
            let early_payment_discount = if early { debt.discount(self.received_on) } else { Decimal::ZERO };
            let amount = (debt.due - early_payment_discount).min(left);
            left -= amount;
            let bank_fee = if within { debt.due - amount } else { Decimal::ZERO };
            // A document that only a fee would be left for takes no money, which no allocation can have.
            if amount > Decimal::ZERO {
                shares.push(Share { target: debt.target, number: debt.number.clone(), amount, bank_fee, early_payment_discount });
            }
        }
        let score = reasons.iter().map(|reason| reason.points()).sum();
        Proposal { score, reasons, customer_id: Some(customer_id), shares, payment: None }
    }
}

/// A refund that money that left may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOut {
    pub refund_id: crate::types::id::RefundId,
    /// As [`super::creditor_reference::plain`] has it.
    pub name: String,
    pub amount: Decimal,
}

/// The refunds that money that left may be, those that its text names first, and whether the first is certain: named, and of this
/// amount.
pub fn propose_refunds(amount: Decimal, named: &HashSet<String>, refunds: &[&PaidOut]) -> (Vec<crate::types::id::RefundId>, bool) {
    let of_amount: Vec<&&PaidOut> = refunds.iter().filter(|refund| refund.amount == amount).collect();
    let by_name: Vec<&&&PaidOut> = of_amount.iter().filter(|refund| named.contains(&refund.name)).collect();
    match by_name.as_slice() {
        [only] => (vec![only.refund_id], true),
        [] => (of_amount.iter().take(KEPT).map(|refund| refund.refund_id).collect(), false),
        many => (many.iter().take(KEPT).map(|refund| refund.refund_id).collect(), false),
    }
}

/// Debts by the numbers that name them, so that an entry finds its own among many.
pub fn index_of<'a>(debts: impl IntoIterator<Item = &'a Debt>) -> HashMap<&'a str, Vec<&'a Debt>> {
    let mut index: HashMap<&str, Vec<&Debt>> = HashMap::new();
    for debt in debts {
        for name in &debt.names {
            index.entry(name.as_str()).or_default().push(debt);
        }
    }
    index
}

#[cfg(test)]
mod tests;
