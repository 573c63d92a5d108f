//! The rule, as a plain function.

use crate::customers::body::CustomerKind;
use crate::types::address::{Address, Contact};
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use crate::types::tax_id::normalized;

/// A company or person as another system knows it. Texts are within the bounds of a customer's.
#[derive(Clone, Debug)]
pub struct Party {
    /// The other system's name among external ids, such as `hubspot`.
    pub system: &'static str,
    /// Its id there; none where only an order names it.
    pub external_id: Option<String>,
    pub kind: CustomerKind,
    pub name: String,
    pub tax_id: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub currency: Option<Currency>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    /// Whom to talk to.
    pub contact: Option<Contact>,
}

/// A customer that the party could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: CustomerId,
    pub guest: bool,
    /// Of the party's system.
    pub external_id: Option<String>,
    pub tax_id: Option<String>,
    pub email: Option<String>,
}

/// What the rule comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is this one.
    Known(CustomerId),
    /// It is this one, which does not know the party's external id yet.
    Link(CustomerId),
    /// Somebody has its e-mail address, which proves nothing.
    EmailOnly,
    /// It could be any of these: a person has to say which.
    Ambiguous(Vec<CustomerId>),
    Nobody,
}

/// Decides who the party is among `candidates`.
pub fn decide(party: &Party, candidates: &[Candidate]) -> Match {
    let of = |fits: &dyn Fn(&Candidate) -> bool| -> Vec<CustomerId> {
        let mut ids: Vec<_> = candidates.iter().filter(|candidate| fits(candidate)).map(|candidate| candidate.id).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    if let Some(id) = &party.external_id {
        match of(&|candidate| candidate.external_id.as_ref() == Some(id)).as_slice() {
            [] => {}
            [one] => return Match::Known(*one),
            several => return Match::Ambiguous(several.to_vec()),
        }
    }
    let spellings = party.tax_id.as_deref().map(tax_id_spellings).unwrap_or_default();
    let same_tax_id = |candidate: &Candidate| {
        // Guests have proved nothing, whatever they wrote.
        !candidate.guest && candidate.tax_id.as_deref().is_some_and(|known| spellings.contains(&normalized(known)))
    };
    let free = of(&|candidate| same_tax_id(candidate) && candidate.external_id.is_none());
    match (free.as_slice(), of(&same_tax_id).as_slice()) {
        (_, []) => {}
        ([one], _) if party.external_id.is_some() => return Match::Link(*one),
        // The same company twice in the other system: ours keeps the id that it has.
        ([], [one]) | ([_], [one]) => return Match::Known(*one),
        (_, several) => return Match::Ambiguous(several.to_vec()),
    }
    let email = party.email.as_deref().map(str::to_lowercase);
    let same_email = |candidate: &&Candidate| email.is_some() && candidate.email.as_deref().map(str::to_lowercase) == email;
    let (mut somebody, mut an_account) = (false, false);
    for candidate in candidates.iter().filter(same_email) {
        somebody = true;
        an_account |= !candidate.guest;
    }
    // A company that a person once bought for as a guest is no less new.
    let is_new_company = party.kind == CustomerKind::Company && party.external_id.is_some() && !an_account;
    if somebody && !is_new_company { Match::EmailOnly } else { Match::Nobody }
}

/// The ways in which the same tax number is written, without what people put between its digits; none for what is too short to tell
/// anybody apart. An Indonesian number of 15 digits has a zero in front since 2024 (PMK 112/2022).
pub fn tax_id_spellings(text: &str) -> Vec<String> {
    let number = normalized(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let first = number.chars().next();
    if number.len() > 50 || digits < 5 || number.chars().all(|c| Some(c) == first) {
        return vec![];
    }
    let all_digits = digits == number.len();
    match number.strip_prefix('0') {
        Some(rest) if all_digits && number.len() == 16 => vec![number.clone(), rest.to_owned()],
        _ if all_digits && number.len() == 15 => vec![number.clone(), format!("0{number}")],
        _ => vec![number],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(n: u128) -> CustomerId {
        CustomerId(Uuid::from_u128(n))
    }

    fn party(external_id: Option<&str>, tax_id: Option<&str>, email: Option<&str>, kind: CustomerKind) -> Party {
        Party {
            system: "hubspot",
            external_id: external_id.map(str::to_owned),
            kind,
            name: "Toko Sumber Rejeki".to_owned(),
            tax_id: tax_id.map(str::to_owned),
            email: email.map(str::to_owned),
            phone: None,
            currency: None,
            billing_address: None,
            shipping_address: None,
            contact: None,
        }
    }

    fn known(n: u128, guest: bool, external_id: Option<&str>, tax_id: Option<&str>, email: Option<&str>) -> Candidate {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Candidate { id: id(n), guest, external_id: owned(external_id), tax_id: owned(tax_id), email: owned(email) }
    }

    #[test]
    fn an_external_id_comes_before_a_tax_number_and_that_before_an_address() {
        let tax = Some("01.234.567.8-421.000");
        let company = |external, tax, email| party(external, tax, email, CustomerKind::Company);
        let linked = known(1, false, Some("7"), None, None);
        let of_tax = known(2, false, None, Some("012345678421000"), None);
        let of_mail = known(3, false, None, None, Some("Beli@Toko.example"));
        let all = [linked.clone(), of_tax.clone(), of_mail.clone()];
        let mail = Some("beli@toko.example");
        assert_eq!(decide(&company(Some("7"), tax, mail), &all), Match::Known(id(1)));
        assert_eq!(decide(&company(Some("8"), tax, mail), &all), Match::Link(id(2)));
        assert_eq!(decide(&company(None, tax, mail), &all), Match::Known(id(2)));
        assert_eq!(decide(&company(Some("8"), None, mail), &all), Match::EmailOnly);
        assert_eq!(decide(&company(Some("8"), Some("09.999.999.9-999.999"), None), &all), Match::Nobody);
        assert_eq!(decide(&company(None, None, None), &all), Match::Nobody);
    }

    #[test]
    fn several_who_fit_are_for_a_person_to_choose_from() {
        let company = |external| party(external, Some("DE136695976"), None, CustomerKind::Company);
        let free = |n| known(n, false, None, Some("DE 136 695 976"), None);
        let taken = |n, by| known(n, false, Some(by), Some("DE136695976"), None);
        assert_eq!(decide(&company(Some("7")), &[free(1), free(2)]), Match::Ambiguous(vec![id(1), id(2)]));
        assert_eq!(decide(&company(Some("7")), &[free(1), taken(2, "9")]), Match::Link(id(1)));
        assert_eq!(decide(&company(Some("7")), &[taken(2, "9")]), Match::Known(id(2)));
        assert_eq!(decide(&company(Some("7")), &[taken(2, "9"), taken(3, "8")]), Match::Ambiguous(vec![id(2), id(3)]));
        assert_eq!(decide(&company(Some("7")), &[taken(2, "7"), taken(3, "7")]), Match::Ambiguous(vec![id(2), id(3)]));
        assert_eq!(decide(&company(None), &[free(1), taken(2, "9")]), Match::Ambiguous(vec![id(1), id(2)]));
    }

    #[test]
    fn an_address_alone_proves_nothing() {
        let mail = Some("beli@toko.example");
        let (account, guest) = (known(1, false, None, None, mail), known(2, true, None, Some("DE136695976"), mail));
        let company = |external| party(external, Some("DE136695976"), mail, CustomerKind::Company);
        let person = |external| party(external, None, mail, CustomerKind::Person);
        assert_eq!(decide(&company(Some("7")), &[account.clone(), guest.clone()]), Match::EmailOnly);
        assert_eq!(decide(&company(Some("7")), std::slice::from_ref(&guest)), Match::Nobody);
        assert_eq!(decide(&company(None), std::slice::from_ref(&guest)), Match::EmailOnly);
        assert_eq!(decide(&person(Some("7")), std::slice::from_ref(&guest)), Match::EmailOnly);
        assert_eq!(decide(&person(None), &[account]), Match::EmailOnly);
    }

    #[test]
    fn tax_numbers_are_the_same_however_they_are_written() {
        let same = |a: &str, b: &str| tax_id_spellings(a).contains(&normalized(b));
        assert!(same("01.234.567.8-421.000", "0012345678421000"));
        assert!(same("0012345678421000", "01.234.567.8-421.000"));
        assert!(same("de 136 695 976", "DE136695976"));
        assert!(!same("DE136695976", "DE136695977"));
        for nothing in ["", "-", "n/a", "none", "1234", "00000000", "000.000.000.0-000.000", "N/A12"] {
            assert_eq!(tax_id_spellings(nothing), Vec::<String>::new(), "{nothing}");
        }
    }

    fn arb_candidate() -> impl Strategy<Value = Candidate> {
        let (ids, taxes) = (prop::option::of("[78]"), prop::option::of("DE1366959[0-2]"));
        (1u128..5, any::<bool>(), ids, taxes, prop::option::of("[ab]@x\\.example"))
            .prop_map(|(n, guest, external_id, tax_id, email)| Candidate { id: id(n), guest, external_id, tax_id, email })
    }

    proptest! {
        #[test]
        fn terms_need_more_than_an_address(
            candidates in prop::collection::vec(arb_candidate(), 0..5),
            external_id in prop::option::of("[78]"), tax_id in prop::option::of("DE1366959[0-2]"), is_company: bool,
        ) {
            let kind = if is_company { CustomerKind::Company } else { CustomerKind::Person };
            let party = party(external_id.as_deref(), tax_id.as_deref(), Some("a@x.example"), kind);
            let found = decide(&party, &candidates);
            let mut reversed = candidates.clone();
            reversed.reverse();
            prop_assert_eq!(&decide(&party, &reversed), &found, "no order of candidates");
            if let Match::Known(one) | Match::Link(one) = found {
                let proof = candidates.iter().any(|candidate| {
                    candidate.id == one
                        && (external_id.is_some() && candidate.external_id == external_id
                            || !candidate.guest && tax_id.is_some() && candidate.tax_id == tax_id)
                });
                prop_assert!(proof);
            }
        }
    }
}
