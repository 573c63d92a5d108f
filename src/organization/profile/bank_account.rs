//! Where buyers pay to.

use crate::types::currency::Currency;
use crate::types::fault::Faults;
use crate::types::text::{check_optional_text, check_text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bank account, by IBAN (ISO 13616) or by the bank's own account number, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    #[schema(example = "PT Nusantara Niaga")]
    pub holder: String,
    #[serde(default)]
    pub iban: Option<String>,
    #[serde(default)]
    #[schema(example = "1234567890")]
    pub account_number: Option<String>,
    /// ISO 9362, 8 or 11 characters.
    #[serde(default)]
    #[schema(example = "CENAIDJA")]
    pub bic: Option<String>,
    #[schema(example = "Bank Central Asia")]
    pub bank_name: String,
    pub currency: Currency,
}

impl BankAccount {
    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        check_text(faults, &format!("{pointer}/holder"), &self.holder, 200);
        check_text(faults, &format!("{pointer}/bank_name"), &self.bank_name, 200);
        check_optional_text(faults, &format!("{pointer}/account_number"), self.account_number.as_deref(), 50);
        if let Some(iban) = &self.iban {
            faults.require(is_iban(&compact(iban)), format!("{pointer}/iban"), "invalid_iban", "the IBAN's form or check digits are wrong");
        }
        if let Some(bic) = &self.bic {
            faults.require(is_bic(&compact(bic)), format!("{pointer}/bic"), "invalid_bic", "a BIC has 8 or 11 characters such as CENAIDJA");
        }
        let known = self.iban.is_some() || self.account_number.is_some();
        faults.require(known, format!("{pointer}/account_number"), "required", "give iban or account_number");
    }

    /// IBAN and BIC as machines read them: without spaces, upper case.
    pub fn normalized(mut self) -> Self {
        self.iban = self.iban.as_deref().map(compact);
        self.bic = self.bic.as_deref().map(compact);
        self
    }
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect()
}

/// ISO 13616: country, two check digits, up to 30 more; the whole, turned around, is 1 modulo 97 (ISO 7064).
fn is_iban(iban: &str) -> bool {
    let bytes = iban.as_bytes();
    let formed = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    formed
        && bytes[4..].iter().chain(&bytes[..4]).fold(0u32, |remainder, byte| match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            letter => (remainder * 100 + u32::from(letter - b'A') + 10) % 97,
        }) == 1
}

/// ISO 9362: four letters or digits of the party, two letters of the country, two of the place, three of the branch or none.
fn is_bic(bic: &str) -> bool {
    let bytes = bic.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes[4..6].iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_are_checked_by_their_digits() {
        for good in ["DE89370400440532013000", "GB82WEST12345698765432", "NO9386011117947"] {
            assert!(is_iban(good), "{good}");
        }
        for bad in ["DE89370400440532013001", "DE8937040044053201300", "", "1289370400440532013000", "DE89 3704", "ÄE89370400440532013000"]
        {
            assert!(!is_iban(bad), "{bad}");
        }
        assert!(is_bic("CENAIDJA") && is_bic("DEUTDEFF500") && !is_bic("CENA1DJA") && !is_bic("CENAIDJ"));
    }

    #[test]
    fn an_account_needs_a_number_of_some_kind_and_is_stored_compact() {
        let mut account = BankAccount {
            holder: "PT Nusantara Niaga".into(),
            iban: None,
            account_number: None,
            bic: Some("cena idja".into()),
            bank_name: "BCA".into(),
            currency: Currency::from_code("IDR").unwrap(),
        };
        let fault = |account: &BankAccount| {
            let mut faults = Faults::new();
            account.check(&mut faults, "/bank_accounts/0");
            faults.into_result().err().map(|faults| faults[0].pointer.clone())
        };
        assert_eq!(fault(&account).as_deref(), Some("/bank_accounts/0/account_number"));
        account.iban = Some("de89 3704 0044 0532 0130 00".into());
        assert_eq!(fault(&account), None);
        let stored = account.normalized();
        assert_eq!((stored.iban.as_deref(), stored.bic.as_deref()), (Some("DE89370400440532013000"), Some("CENAIDJA")));
    }
}
